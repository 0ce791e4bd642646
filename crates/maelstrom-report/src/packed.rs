//! The run as the page's script reads it: columns of small numbers, deflated, in Base64.
//!
//! The bytes begin with the length of a JSON header (four bytes, the lowest first) and the
//! header, whose `columns` names the columns that follow: how many bytes each has, how many
//! numbers, and whether only those that are not 0 stand there. `shapes` is text, and the bytes of
//! `wideBytes` are long numbers. Most of what a run is can be guessed from what came before in it
//! (`guess.rs`), so what stands here is mostly zeros. `data.mjs` reads it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use maelstrom_check::{Op, OpType, Process, Value as Edn};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::guess::{Column, Pending, Ranks, Request, Texts};
use crate::lanes::Lanes;
use crate::shapes::{Apart, Known};
use crate::{Fate, Message, Report};

/// What the run's messages and operations are, for the script.
pub(crate) fn packed(report: &Report) -> String {
    let lanes = Lanes::of(report);
    let mut pack = Pack::of(report, &lanes);
    pack.fill();
    let bytes = pack.bytes(header(report, &lanes));
    STANDARD.encode(bytes)
}

fn header(report: &Report, lanes: &Lanes) -> Value {
    let lane = |name: &String| lanes.all.iter().position(|lane| lane.name == *name);
    let micros = |nanos: u64| nanos / 1000;
    let faults = report.faults().into_iter().map(|fault| {
        let sides = fault.sides();
        let cuts = fault.unheard.iter().flat_map(|(node, from)| {
            from.iter().filter_map(move |from| Some([lane(from)?, lane(node)?]))
        });
        json!({
            "kind": fault.kind.name(),
            "from": micros(fault.from),
            "to": micros(fault.to),
            "lanes": fault.nodes.iter().filter_map(lane).collect::<Vec<_>>(),
            "sides": sides.iter().map(|side| side.iter().filter_map(lane).collect()).collect::<Vec<Vec<_>>>(),
            "cuts": cuts.collect::<Vec<_>>(),
        })
    });
    json!({
        "workload": report.workload().map(|workload| workload.name()),
        "end": micros(report.end()),
        "lanes": lanes.all,
        "names": report.journal().map_or(&[][..], |journal| journal.names()),
        "laneOf": lanes.of_name,
        "faults": faults.collect::<Vec<_>>(),
        "journal": report.journal().is_some(),
    })
}

/// What is known of a message's end before its turn: the first thing that became of it.
#[derive(Clone, Copy)]
struct End {
    at: u64,
    fate: Option<Fate>,
}

/// The columns under construction.
struct Pack<'a> {
    report: &'a Report,
    lanes: &'a Lanes,
    messages: &'a [Message],
    ends: Vec<End>,
    apart: Apart,
    /// By lane, the value and the result of the last operation that began there: what a client
    /// asks and is told often has them word for word.
    known: Vec<[Known; 2]>,
    texts: Texts,
    /// Messages and operations, in order of time: which it is, and microseconds after the one before.
    is_op: Column,
    step: Column,
    last: i64,
    /// Of each message: what became of it first, and when.
    fate: Column,
    took: Column,
    /// What became of messages after that.
    again_of: Column,
    again_at: Column,
    again: Column,
    /// A reply has the place of its request among those that wait, counted from 1; -1 if it is
    /// not there. What is sent again word for word has -2, and how many ids ago it was.
    reply: Column,
    reply_id: Column,
    again_id: Column,
    src: Ranks,
    dest: Ranks,
    body: Ranks,
    /// Whether the message has an id where others of its shape had none, or the other way round.
    odd: Column,
    msg_id: Column,
    pending: Pending,
    /// What was told with an id, by the sender and the id.
    told: FxHashMap<(usize, i64), Request>,
    /// Of each name: its last id, and who it told last.
    last_id: Vec<i64>,
    last_dest: Vec<usize>,
    /// By shape, whether the last had an id.
    has_id: Vec<bool>,
    last_src: usize,
    /// Messages in the order in which they arrived, and how many of them are pending or were.
    arrivals: Vec<usize>,
    arrived: usize,
    /// Of each message told: the request that it is, if it is one.
    requests: Vec<Option<Request>>,
    /// Of each operation.
    op_took: Column,
    op_outcome: Column,
    op_process: Column,
    op_lane: Column,
    op_f: Column,
    op_value: Ranks,
    op_result: Ranks,
    op_error: Ranks,
    op_index: Column,
    op_completion: Column,
    op_final: Column,
    last_index: i64,
    last_process: i64,
    /// The names of operations.
    fs: Vec<String>,
}

impl<'a> Pack<'a> {
    fn of(report: &'a Report, lanes: &'a Lanes) -> Self {
        let journal = report.journal();
        let messages = journal.map_or(&[][..], |journal| journal.messages());
        let names = journal.map_or(0, |journal| journal.names().len());
        let still = |message: &Message| End {
            at: message.sent / 1000,
            fate: None,
        };
        Self {
            report,
            lanes,
            messages,
            ends: messages.iter().map(still).collect(),
            apart: Apart::default(),
            known: lanes.all.iter().map(|_| Default::default()).collect(),
            texts: Texts::new(lanes.all.len()),
            last_id: vec![0; names],
            last_dest: vec![0; names],
            requests: Vec::with_capacity(messages.len()),
            is_op: Column::default(),
            step: Column::default(),
            last: 0,
            fate: Column::default(),
            took: Column::default(),
            again_of: Column::default(),
            again_at: Column::default(),
            again: Column::default(),
            reply: Column::default(),
            reply_id: Column::default(),
            again_id: Column::default(),
            src: Ranks::default(),
            dest: Ranks::default(),
            body: Ranks::default(),
            odd: Column::default(),
            msg_id: Column::default(),
            pending: Pending::default(),
            told: FxHashMap::default(),
            has_id: Vec::new(),
            last_src: 0,
            arrivals: Vec::new(),
            arrived: 0,
            op_took: Column::default(),
            op_outcome: Column::default(),
            op_process: Column::default(),
            op_lane: Column::default(),
            op_f: Column::default(),
            op_value: Ranks::default(),
            op_result: Ranks::default(),
            op_error: Ranks::default(),
            op_index: Column::default(),
            op_completion: Column::default(),
            op_final: Column::default(),
            last_index: 0,
            last_process: 0,
            fs: Vec::new(),
        }
    }

    fn fill(&mut self) {
        self.fates();
        let history = self.report.history();
        let mut ops = starts(self.report).into_iter().peekable();
        for number in 0..self.messages.len() {
            let sent = self.messages[number].sent / 1000;
            while let Some(position) = ops.next_if(|p| time(&history.ops()[*p]) / 1000 <= sent) {
                self.op(position);
            }
            self.message(number);
        }
        ops.for_each(|position| self.op(position));
    }

    /// What became of messages comes first, since the order of what follows is known by it.
    fn fates(&mut self) {
        let (mut last, mut again) = (0, 0);
        let code = |fate| match fate {
            Fate::Received => 0,
            Fate::Dropped => 1,
        };
        let fates = self
            .report
            .journal()
            .map_or(&[][..], |journal| journal.fates());
        for (number, at, fate) in fates {
            let (end, at) = (&mut self.ends[*number], at / 1000);
            if end.fate.is_none() {
                *end = End {
                    at,
                    fate: Some(*fate),
                };
                continue;
            }
            self.again_of.push(*number as i64 - again);
            self.again_at
                .push(at as i64 - (self.messages[*number].sent / 1000) as i64);
            self.again.push(code(*fate));
            again = *number as i64;
        }
        for (message, end) in self.messages.iter().zip(&self.ends) {
            self.fate.push(end.fate.map_or(2, code));
            let took = end.at as i64 - (message.sent / 1000) as i64;
            self.took.push(took - std::mem::replace(&mut last, took));
        }
        self.arrivals = (0..self.messages.len()).collect();
        self.arrivals.sort_by_key(|number| self.ends[*number].at);
    }

    fn step(&mut self, time: u64, is_op: bool) {
        let time = (time / 1000) as i64;
        self.is_op.push(is_op.into());
        self.step
            .push(time - std::mem::replace(&mut self.last, time));
    }

    fn message(&mut self, number: usize) {
        let message = &self.messages[number];
        self.step(message.sent, false);
        let sent = message.sent / 1000;
        while let Some(arrived) = self.arrivals.get(self.arrived).copied() {
            if arrived >= number || self.ends[arrived].at > sent {
                break;
            }
            self.arrived += 1;
            if let (Some(request), Some(Fate::Received)) =
                (self.requests[arrived], self.ends[arrived].fate)
            {
                self.pending.push(request);
            }
        }

        let (src, dest) = (message.src, message.dest);
        let lanes = [self.lanes.of_name[src], self.lanes.of_name[dest]];
        let known = lanes.map(|lane| &self.known[lane]);
        let known = known.into_iter().find(|known| !known[0].text.is_empty());
        let known = known.map_or(&[][..], <[Known; 2]>::as_slice);
        self.apart.of_body(message.body.as_bytes(), known);
        let id = self.apart.msg_id;
        let shape = self.texts.shape(&self.apart.shape);
        let told = (shape, &self.apart.ints[..], &self.apart.wides[..]);
        let before = id.and_then(|id| self.told.get(&(src, id)).copied());
        let same = before.filter(|before| before.dest == dest && self.texts.is(before.text, told));
        let again = same.filter(|_| self.apart.reply.is_none());
        let answered = self
            .apart
            .reply
            .and_then(|id| self.pending.answer(src, dest, id));
        match (answered, self.apart.reply) {
            _ if again.is_some() => self.reply.push(-2),
            (Some((place, _)), _) => self.reply.push(place as i64 + 1),
            (None, Some(id)) => {
                self.reply.push(-1);
                self.reply_id.push(id);
            }
            (None, None) => self.reply.push(0),
        }
        if answered.is_none() {
            let last_dest = self.last_dest.get(self.last_src).copied();
            self.src.push((self.last_src, last_dest.unwrap_or(0)), src);
            if again.is_none() {
                self.dest.push((src, self.last_dest[src]), dest);
            }
        }
        (self.last_src, self.last_dest[src]) = (src, dest);

        let text = again.map_or_else(
            || {
                let answers = answered.map(|(_, request)| request.text);
                let latest = || self.texts.latest(lanes[0]);
                let situation = match answers {
                    Some(text) => (1, self.texts.shape_of[text]),
                    None => (2, latest().map_or(0, |text| self.texts.shape_of[text] + 1)),
                };
                self.body.push(situation, shape);
                self.texts.tell(told, answers, lanes)
            },
            |request| request.text,
        );
        lanes
            .into_iter()
            .for_each(|lane| self.texts.remember(lane, text));

        let request = id.map(|id| Request {
            src,
            dest,
            id,
            text,
        });
        self.requests.push(request);
        match (again, request) {
            (Some(request), _) => self.again_id.push(self.last_id[src] - request.id),
            (None, request) => {
                self.has_id.resize(self.texts.shape_texts.len(), false);
                let had = std::mem::replace(&mut self.has_id[shape], request.is_some());
                self.odd.push((had != request.is_some()).into());
                if let Some(request) = request {
                    self.msg_id.push(
                        request.id - 1 - std::mem::replace(&mut self.last_id[src], request.id),
                    );
                    self.told.insert((src, request.id), request);
                }
            }
        }
    }

    /// An operation from where it begins: its invocation, or a completion that has none.
    fn op(&mut self, position: usize) {
        let history = self.report.history();
        let op = &history.ops()[position];
        let end = match op.kind {
            OpType::Invoke => history.completion(position),
            _ => Some(op),
        };
        self.step(time(op), true);
        let at = time(op) / 1000;
        let took = end.map(|end| (time(end) / 1000) as i64 - at as i64);
        self.op_took.push(took.unwrap_or(-1));
        let outcome = match end.map(|end| end.kind) {
            Some(OpType::Ok) => 0,
            Some(OpType::Fail) => 1,
            Some(OpType::Info) => 2,
            Some(OpType::Invoke) | None => 3,
        };
        self.op_outcome.push(outcome);
        let process = match op.process {
            Process::Client(process) => process,
            _ => 0,
        };
        self.op_process
            .push(process as i64 - std::mem::replace(&mut self.last_process, process as i64));
        let lane = self.lanes.of_process(process);
        self.op_lane.push(lane as i64);
        let f = self.fs.iter().position(|f| *f == *op.f);
        let f = f.unwrap_or_else(|| {
            self.fs.push(op.f.to_string());
            self.fs.len() - 1
        });
        self.op_f.push(f as i64);
        let mut known = std::mem::take(&mut self.known[lane]);
        let [own_value, own_result] = &mut known;
        let value = self.text(Some(&op.value), None, lane, own_value);
        self.op_value.push((f, 0), self.texts.shape_of[value]);
        let result = self.text(end.map(|end| &end.value), Some(value), lane, own_result);
        self.op_result
            .push((f, self.texts.shape_of[value]), self.texts.shape_of[result]);
        self.known[lane] = known;
        let error = end.and_then(|end| end.error.as_ref());
        let error = self.text(error, None, lane, &mut Known::default());
        self.op_error
            .push((f, outcome as usize), self.texts.shape_of[error]);
        self.texts.remember(lane, value);
        self.texts.remember(lane, result);
        self.op_index.push(op.index as i64 - self.last_index);
        self.last_index = op.index as i64;
        self.op_completion
            .push(end.map_or(-1, |end| end.index as i64 - self.last_index));
        self.op_final.push(op.is_final().into());
    }

    /// Tells a value, and gives its number; `known` becomes its text, taken apart.
    fn text(
        &mut self,
        value: Option<&Edn>,
        answers: Option<usize>,
        lane: usize,
        known: &mut Known,
    ) -> usize {
        let value = value.unwrap_or(&Edn::Nil);
        known.text.clear();
        serde_json::to_writer(&mut known.text, value)
            .expect("names are strings and values are plain");
        let apart = &mut known.apart;
        apart.of(&known.text);
        let shape = self.texts.shape(&apart.shape);
        self.texts
            .tell((shape, &apart.ints, &apart.wides), answers, [lane; 2])
    }

    fn bytes(self, mut header: Value) -> Vec<u8> {
        let shapes = self.texts.shape_texts.join("\n").into_bytes();
        header["texts"] = json!(self.texts.counts());
        let (texts, wide_bytes) = self.texts.columns();
        let mut columns = vec![
            ("isOp", self.is_op),
            ("step", self.step),
            ("fate", self.fate),
            ("took", self.took),
            ("againOf", self.again_of),
            ("againAt", self.again_at),
            ("again", self.again),
            ("reply", self.reply),
            ("replyId", self.reply_id),
            ("againId", self.again_id),
            ("odd", self.odd),
            ("msgId", self.msg_id),
            ("opTook", self.op_took),
            ("opOutcome", self.op_outcome),
            ("opProcess", self.op_process),
            ("opLane", self.op_lane),
            ("opF", self.op_f),
            ("opIndex", self.op_index),
            ("opCompletion", self.op_completion),
            ("opFinal", self.op_final),
        ];
        for (names, ranks) in [
            (["src", "newSrc"], self.src),
            (["dest", "newDest"], self.dest),
            (["body", "newBody"], self.body),
            (["opValue", "newOpValue"], self.op_value),
            (["opResult", "newOpResult"], self.op_result),
            (["opError", "newOpError"], self.op_error),
        ] {
            columns.extend(names.into_iter().zip(ranks.columns()));
        }
        columns.extend(texts);
        let mut index = vec![
            json!(["shapes", shapes.len(), 0, false]),
            json!(["wideBytes", wide_bytes.len(), 0, false]),
        ];
        let mut bytes = vec![shapes, wide_bytes];
        for (name, column) in columns {
            let (len, is_sparse) = (column.len(), column.is_sparse());
            let written = column.into_bytes();
            index.push(json!([name, written.len(), len, is_sparse]));
            bytes.push(written);
        }
        header["fs"] = json!(self.fs);
        header["columns"] = Value::from(index);
        let header = header.to_string();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(4));
        // Writing to memory can't fail.
        let _ = deflate.write_all(&(header.len() as u32).to_le_bytes());
        let _ = deflate.write_all(header.as_bytes());
        for bytes in &bytes {
            let _ = deflate.write_all(bytes);
        }
        deflate.finish().unwrap_or_default()
    }
}

/// Where the operations of clients begin: invocations, and completions that have none.
fn starts(report: &Report) -> Vec<usize> {
    let history = &report.history;
    let ops = history.client_ops();
    ops.filter(|(position, op)| op.is_invoke() || history.counterpart(*position).is_none())
        .map(|(position, _)| position)
        .collect()
}

fn time(op: &Op) -> u64 {
    u64::try_from(op.time).unwrap_or(0)
}
