//! The run as the page's script reads it: columns of small numbers, deflated, in Base64.
//!
//! The bytes begin with the length of a JSON header (four bytes, the lowest first) and the
//! header, whose `columns` names the columns that follow with their lengths in bytes. A
//! column is a row of numbers as [`Column`] writes them; only `shapes` is text.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use maelstrom_check::{Op, OpType, Process, Value as Edn};
use serde_json::{Value, json};

use crate::lanes::Lanes;
use crate::shapes::{Column, Texts, integer, string_end};
use crate::{Fate, Report};

/// What the run's messages and operations are, for the script.
pub(crate) fn packed(report: &Report) -> String {
    let lanes = Lanes::of(report);
    let mut pack = Pack::default();
    pack.fill(report, &lanes);
    let bytes = pack.bytes(&header(report, &lanes));
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

/// The columns under construction.
#[derive(Default)]
struct Pack {
    texts: Texts,
    /// Of each message: sent, in microseconds after the one before.
    sent: Column,
    src: Column,
    dest: Column,
    body: Column,
    /// Its `msg_id` after the sender's last, and what it replies to; 0 for none, else one more
    /// (or one less, below 0).
    msg_id: Column,
    reply: Column,
    /// Of each fate: the message after the one before, microseconds after it was sent, and what.
    fate_of: Column,
    fate_at: Column,
    fate: Column,
    /// Of each operation.
    op_at: Column,
    op_took: Column,
    op_outcome: Column,
    op_process: Column,
    op_lane: Column,
    op_f: Column,
    op_value: Column,
    op_result: Column,
    op_error: Column,
    op_index: Column,
    op_completion: Column,
    op_final: Column,
    /// The names of operations.
    fs: Vec<String>,
}

impl Pack {
    fn fill(&mut self, report: &Report, lanes: &Lanes) {
        // Messages and operations in order of time, so that texts which are alike lie close.
        let messages = report
            .journal()
            .map_or(&[][..], |journal| journal.messages());
        let mut ops = starts(report).into_iter().peekable();
        let mut last_op = Before::default();
        let mut last_sent = 0;
        let mut last_ids = vec![0; report.journal().map_or(0, |journal| journal.names().len())];
        for message in messages {
            while let Some(position) =
                ops.next_if(|p| time(&report.history.ops()[*p]) / 1000 <= message.sent / 1000)
            {
                self.op(report, lanes, position, &mut last_op);
            }
            let sent = message.sent / 1000;
            self.sent.push(sent as i64 - last_sent);
            last_sent = sent as i64;
            self.src.push(message.src as i64);
            self.dest.push(message.dest as i64);
            let body = Body::of(&message.body);
            let away_from_0 = |id: i64| if id < 0 { id - 1 } else { id + 1 };
            self.msg_id.push(body.msg_id.map_or(0, |id| {
                let step = id - std::mem::replace(&mut last_ids[message.src], id);
                away_from_0(step)
            }));
            self.reply.push(body.reply.map_or(0, away_from_0));
            self.body.push(self.texts.refer(&body.rest));
        }
        for position in ops {
            self.op(report, lanes, position, &mut last_op);
        }
        let mut last = 0;
        for (message, at, fate) in report.journal().map_or(&[][..], |journal| journal.fates()) {
            self.fate_of.push(*message as i64 - last);
            last = *message as i64;
            self.fate_at
                .push((at / 1000) as i64 - (messages[*message].sent / 1000) as i64);
            self.fate.push(match fate {
                Fate::Received => 1,
                Fate::Dropped => 2,
            });
        }
    }

    /// An operation from where it begins: its invocation, or a completion that has none.
    fn op(&mut self, report: &Report, lanes: &Lanes, position: usize, last: &mut Before) {
        let history = &report.history;
        let op = &history.ops()[position];
        let end = match op.kind {
            OpType::Invoke => history.completion(position),
            _ => Some(op),
        };
        let at = time(op) / 1000;
        self.op_at.push(at as i64 - last.at);
        last.at = at as i64;
        let took = end.map(|end| (time(end) / 1000) as i64 - at as i64);
        self.op_took.push(took.unwrap_or(-1));
        self.op_outcome.push(match end.map(|end| end.kind) {
            Some(OpType::Ok) => 0,
            Some(OpType::Fail) => 1,
            Some(OpType::Info) => 2,
            Some(OpType::Invoke) | None => 3,
        });
        let process = match op.process {
            Process::Client(process) => process,
            _ => 0,
        };
        self.op_process.push(process as i64);
        self.op_lane.push(lanes.of_process(process) as i64);
        let f = self.fs.iter().position(|f| *f == *op.f);
        let f = f.unwrap_or_else(|| {
            self.fs.push(op.f.to_string());
            self.fs.len() - 1
        });
        self.op_f.push(f as i64);
        self.op_value
            .push(self.texts.refer(&json_of(Some(&op.value))));
        let result = json_of(end.map(|end| &end.value));
        self.op_result.push(self.texts.refer(&result));
        let error = json_of(end.and_then(|end| end.error.as_ref()));
        self.op_error.push(self.texts.refer(&error));
        self.op_index.push(op.index as i64 - last.index);
        last.index = op.index as i64;
        self.op_completion
            .push(end.map_or(-1, |end| end.index as i64 - last.index));
        self.op_final.push(i64::from(op.is_final()));
    }

    fn bytes(self, header: &Value) -> Vec<u8> {
        let shapes = self.texts.shape_texts.join("\n");
        let columns = [
            ("shapes", shapes.into_bytes()),
            ("shapeOf", self.texts.shape_of.0),
            ("numbers", self.texts.numbers.0),
            ("sent", self.sent.0),
            ("src", self.src.0),
            ("dest", self.dest.0),
            ("body", self.body.0),
            ("msgId", self.msg_id.0),
            ("reply", self.reply.0),
            ("fateOf", self.fate_of.0),
            ("fateAt", self.fate_at.0),
            ("fate", self.fate.0),
            ("opAt", self.op_at.0),
            ("opTook", self.op_took.0),
            ("opOutcome", self.op_outcome.0),
            ("opProcess", self.op_process.0),
            ("opLane", self.op_lane.0),
            ("opF", self.op_f.0),
            ("opValue", self.op_value.0),
            ("opResult", self.op_result.0),
            ("opError", self.op_error.0),
            ("opIndex", self.op_index.0),
            ("opCompletion", self.op_completion.0),
            ("opFinal", self.op_final.0),
        ];
        let mut header = header.clone();
        header["fs"] = json!(self.fs);
        header["columns"] = columns
            .iter()
            .map(|(name, bytes)| json!([name, bytes.len()]))
            .collect();
        let header = header.to_string();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(4));
        // Writing to memory can't fail.
        let _ = deflate.write_all(&(header.len() as u32).to_le_bytes());
        let _ = deflate.write_all(header.as_bytes());
        for (_, bytes) in &columns {
            let _ = deflate.write_all(bytes);
        }
        deflate.finish().unwrap_or_default()
    }
}

/// A value as JSON.
fn json_of(value: Option<&Edn>) -> String {
    let mut out = String::new();
    write_json(value.unwrap_or(&Edn::Nil), &mut out);
    out
}

/// Writes what most values are made of at once; the rest goes the long way.
fn write_json(value: &Edn, out: &mut String) {
    match value {
        Edn::Nil => out.push_str("null"),
        Edn::Int(number) => {
            // Writing to a string can't fail.
            let _ = write!(out, "{number}");
        }
        Edn::Vector(items) | Edn::List(items) | Edn::Set(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_json().to_string()),
    }
}

/// What the operation before had, from which the next one's is told.
#[derive(Default)]
struct Before {
    at: i64,
    index: i64,
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

/// A message's body, with the ids that only join requests and replies taken out.
#[derive(Debug, PartialEq, Eq)]
struct Body {
    rest: String,
    msg_id: Option<i64>,
    reply: Option<i64>,
}

impl Body {
    fn of(text: &str) -> Self {
        let mut body = Self {
            rest: String::with_capacity(text.len()),
            msg_id: None,
            reply: None,
        };
        let bytes = text.as_bytes();
        let (mut at, mut copied, mut depth) = (0, 0, 0);
        while at < bytes.len() {
            match bytes[at] {
                // Some write a space after a comma.
                b' ' | b'\t' | b'\r' => {
                    body.rest.push_str(&text[copied..at]);
                    copied = at + 1;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    let end = string_end(bytes, at);
                    let slot = match &text[at..end] {
                        r#""msg_id""# if depth == 1 => &mut body.msg_id,
                        r#""in_reply_to""# if depth == 1 => &mut body.reply,
                        _ => {
                            at = end;
                            continue;
                        }
                    };
                    // The name of a field, with a plain number after it.
                    let value = after(bytes, end, b':').and_then(|at| integer(bytes, at));
                    let Some((id, end)) = value else {
                        at = end;
                        continue;
                    };
                    *slot = Some(id);
                    // Either comma goes with it, but one only.
                    body.rest.push_str(&text[copied..at]);
                    let to = after(bytes, end, b',').unwrap_or_else(|| {
                        if body.rest.ends_with(',') {
                            body.rest.pop();
                        }
                        end
                    });
                    (at, copied) = (to, to);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        body.rest.push_str(&text[copied..]);
        body
    }
}

/// The place after a mark and the spaces around it, if the mark comes next.
fn after(bytes: &[u8], at: usize, mark: u8) -> Option<usize> {
    let past_spaces = |at: usize| at + bytes[at..].iter().take_while(|byte| **byte == b' ').count();
    let at = past_spaces(at);
    (bytes.get(at) == Some(&mark)).then(|| past_spaces(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_out_of_a_body_wherever_they_stand() {
        for (text, rest, msg_id, reply) in [
            (
                r#"{"type":"read","msg_id":3}"#,
                r#"{"type":"read"}"#,
                Some(3),
                None,
            ),
            (
                r#"{"msg_id":3,"type":"read"}"#,
                r#"{"type":"read"}"#,
                Some(3),
                None,
            ),
            (r#"{"in_reply_to":1,"msg_id":3}"#, "{}", Some(3), Some(1)),
            (
                r#"{"type":"a","in_reply_to":1,"msg_id":3}"#,
                r#"{"type":"a"}"#,
                Some(3),
                Some(1),
            ),
            (
                r#"{"a":{"msg_id":3},"b":"msg_id"}"#,
                r#"{"a":{"msg_id":3},"b":"msg_id"}"#,
                None,
                None,
            ),
            (
                r#"{"a": "b c", "msg_id": 3, "in_reply_to": 4}"#,
                r#"{"a":"b c"}"#,
                Some(3),
                Some(4),
            ),
            (r#"{"msg_id":"x"}"#, r#"{"msg_id":"x"}"#, None, None),
            (
                r#"{"a":"\"msg_id\":1","msg_id":-4}"#,
                r#"{"a":"\"msg_id\":1"}"#,
                Some(-4),
                None,
            ),
        ] {
            let rest = rest.to_owned();
            assert_eq!(
                Body::of(text),
                Body {
                    rest,
                    msg_id,
                    reply
                },
                "{text}"
            );
        }
    }
}
