// The run as the page carries it: inflated, and its columns as arrays. Times are microseconds.

import { Pending, Ranks, Texts, column } from "./guess.mjs";

// The bytes of the run: Base64, then deflate.
export async function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Each number is the step from the one before.
function summed(steps) {
  const sums = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) sums[i] = sum += steps[i];
  return sums;
}

// The type of a message whose body has this shape.
export function typeOf(shape) {
  const found = /"type"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(shape);
  return found ? found[1] : "?";
}

// The columns by their names.
function columnsOf(header, bytes, at) {
  const columns = {};
  for (const [name, length, count, sparse] of header.columns) {
    const part = bytes.subarray(at, at + length);
    const whole = name === "shapes" || name === "wideBytes";
    columns[name] = whole ? part : column(part, count, sparse);
    at += length;
  }
  return columns;
}

// When messages were sent and operations began, in the order in which they did.
function timesOf({ isOp, step }) {
  const ops = isOp.reduce((sum, one) => sum + one, 0);
  const sent = new Float64Array(isOp.length - ops);
  const opAt = new Float64Array(ops);
  let [time, m, o] = [0, 0, 0];
  isOp.forEach((op, i) => {
    time += step[i];
    if (op) opAt[o++] = time;
    else sent[m++] = time;
  });
  return { sent, opAt };
}

// What became of each message first; 0 is nothing, 1 received, 2 dropped.
const FATES = [1, 2, 0];

// The run from its bytes: messages and operations in order of time, each told by what was guessed
// from those before it (see `packed.rs`).
export function read(bytes) {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const decoder = new TextDecoder();
  const header = JSON.parse(decoder.decode(bytes.subarray(4, 4 + size)));
  const columns = columnsOf(header, bytes, 4 + size);
  const shapeText = decoder.decode(columns.shapes);
  const { right, wrong, wide, wideForm, wideBytes } = columns;
  const shapes = shapeText === "" && header.texts[0] === 0 ? [] : shapeText.split("\n");
  const texts = new Texts(shapes, header.texts, { right, wrong, wide_: wide, wideForm }, wideBytes, header.lanes.length);
  const { sent, opAt } = timesOf(columns);
  const took = summed(columns.took);
  const end = sent.map((time, m) => time + took[m]);
  const fate = Uint8Array.from(columns.fate, (code) => FATES[code]);
  let of = 0;
  const again = Array.from(columns.againOf, (step, i) => {
    of += step;
    return { message: of, at: sent[of] + columns.againAt[i], fate: FATES[columns.again[i]] };
  });
  const messages = { sent, end, fate, arrivals: Uint32Array.from(sent, (_, m) => m).sort((a, b) => end[a] - end[b]) };
  const readMessage = messageReader(header, columns, texts, messages);
  const readOp = opReader(columns, texts);
  const ops = [];
  let m = 0;
  for (const op of columns.isOp) {
    if (op) ops.push(readOp(ops.length));
    else readMessage(m++);
  }

  const typeNames = [];
  const shapeType = texts.shapes.map((shape) => {
    const name = typeOf(shape);
    if (!typeNames.includes(name)) typeNames.push(name);
    return typeNames.indexOf(name);
  });
  const { body, msgId, reply, src, dest } = messages;
  const lane = (name) => header.laneOf[name];
  const opIndex = summed(columns.opIndex);
  return {
    ...header,
    texts,
    typeNames,
    messages: {
      count: sent.length,
      sent,
      end,
      fate,
      again,
      body,
      msgId,
      reply,
      type: Uint16Array.from(body, (t) => shapeType[texts.shapeOf[t]]),
      src,
      dest,
      from: Uint16Array.from(src, lane),
      to: Uint16Array.from(dest, lane),
    },
    ops: {
      count: opAt.length,
      at: opAt,
      // Where it ended; what never did goes on to the run's end.
      to: opAt.map((time, i) => (columns.opTook[i] < 0 ? header.end : time + columns.opTook[i])),
      outcome: Uint8Array.from(columns.opOutcome),
      process: summed(columns.opProcess),
      lane: Uint16Array.from(columns.opLane),
      f: Uint8Array.from(columns.opF),
      value: Uint32Array.from(ops, (op) => op.value),
      result: Uint32Array.from(ops, (op) => op.result),
      error: Uint32Array.from(ops, (op) => op.error),
      index: opIndex,
      completion: opIndex.map((index, i) => (columns.opCompletion[i] < 0 ? -1 : index + columns.opCompletion[i])),
      final: Uint8Array.from(columns.opFinal),
    },
  };
}

// Reads message after message into `messages`: who, to whom, what.
function messageReader(header, columns, texts, messages) {
  const { sent, end, fate, arrivals } = messages;
  const count = sent.length;
  const src = (messages.src = new Uint16Array(count));
  const dest = (messages.dest = new Uint16Array(count));
  const body = (messages.body = new Uint32Array(count));
  const msgId = (messages.msgId = new Array(count).fill(null));
  const reply = (messages.reply = new Array(count).fill(null));
  const srcs = new Ranks(columns.src, columns.newSrc);
  const dests = new Ranks(columns.dest, columns.newDest);
  const bodies = new Ranks(columns.body, columns.newBody);
  const pending = new Pending();
  const requests = new Array(count).fill(null);
  const names = header.names.length;
  const told = Array.from({ length: names }, () => new Map());
  const lastId = new Float64Array(names);
  const lastDest = new Uint16Array(names);
  const hasId = new Uint8Array(texts.shapes.length);
  const at = { replyId: 0, againId: 0, odd: 0, msgId: 0 };
  const next = (name) => columns[name][at[name]++];
  let [lastSrc, arrived] = [0, 0];

  const arriveUntil = (m) => {
    for (; arrived < count && arrivals[arrived] < m && end[arrivals[arrived]] <= sent[m]; arrived++) {
      const one = arrivals[arrived];
      if (fate[one] === 1 && requests[one]) pending.push(requests[one]);
    }
  };

  return (m) => {
    arriveUntil(m);
    const code = columns.reply[m];
    const answered = code > 0 ? pending.answer(code - 1) : null;
    const from = answered ? answered.dest : srcs.next(lastSrc, lastDest[lastSrc] ?? 0);
    let request = null;
    if (code === -2) request = told[from].get(lastId[from] - next("againId"));
    const to = answered ? answered.src : request ? request.dest : dests.next(from, lastDest[from]);
    if (answered) reply[m] = answered.id;
    else if (code === -1) reply[m] = next("replyId");
    lastSrc = from;
    lastDest[from] = to;
    [src[m], dest[m]] = [from, to];
    const lanes = [header.laneOf[from], header.laneOf[to]];
    if (request) {
      body[m] = request.text;
    } else {
      const latest = texts.latest(lanes[0]);
      const shape = answered
        ? bodies.next(1, texts.shapeOf[answered.text])
        : bodies.next(2, latest < 0 ? 0 : texts.shapeOf[latest] + 1);
      body[m] = texts.tell(shape, answered ? answered.text : -1, ...lanes);
      if (next("odd")) hasId[shape] ^= 1;
      if (hasId[shape]) {
        lastId[from] += 1 + next("msgId");
        request = { src: from, dest: to, id: lastId[from], text: body[m] };
        told[from].set(request.id, request);
      }
    }
    texts.remember(lanes[0], body[m]);
    texts.remember(lanes[1], body[m]);
    requests[m] = request;
    if (request) msgId[m] = request.id;
  };
}

// Reads what an operation asked, what it got, and its error.
function opReader(columns, texts) {
  const values = new Ranks(columns.opValue, columns.newOpValue);
  const results = new Ranks(columns.opResult, columns.newOpResult);
  const errors = new Ranks(columns.opError, columns.newOpError);
  return (op) => {
    const [f, lane] = [columns.opF[op], columns.opLane[op]];
    const asked = values.next(f, 0);
    const value = texts.tell(asked, -1, lane, lane);
    const result = texts.tell(results.next(f, asked), value, lane, lane);
    const error = texts.tell(errors.next(f, columns.opOutcome[op]), -1, lane, lane);
    texts.remember(lane, value);
    texts.remember(lane, result);
    return { value, result, error };
  };
}

export const OUTCOMES = ["ok", "fail", "info", "open"];

// A message's body with its ids, as JSON.
export function bodyOf(run, message) {
  const { body, msgId, reply } = run.messages;
  const value = JSON.parse(run.texts.text(body[message]));
  if (msgId[message] !== null) value.msg_id = msgId[message];
  if (reply[message] !== null) value.in_reply_to = reply[message];
  return value;
}

// The place of an operation by the index of its invocation or its completion; -1 for none.
export function opByIndex(run, index) {
  const { ops } = run;
  for (let i = 0; i < ops.count; i++) {
    if (ops.index[i] === index || ops.completion[i] === index) return i;
  }
  return -1;
}

// An operation in words.
export function opInWords(run, op) {
  const { ops, texts } = run;
  const outcome = ops.outcome[op];
  const value = texts.text(outcome === 0 ? ops.result[op] : ops.value[op]);
  const shown = value.length > 120 ? `${value.slice(0, 119)}…` : value;
  return `${run.fs[ops.f[op]]} ${shown === "null" ? "" : shown}`.trim();
}
