// The run as the page carries it: inflated, and its columns as arrays. Times are microseconds.

// The bytes of the run: Base64, then deflate.
export async function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A column's numbers: seven bits a byte, the lowest first; the lowest bit of all is the sign.
export function column(bytes) {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] < 128) count++;
  const numbers = new Float64Array(count);
  let at = 0;
  for (let n = 0; n < count; n++) {
    let value = 0;
    let scale = 1;
    let byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    numbers[n] = value % 2 ? -(value + 1) / 2 : value / 2;
  }
  return numbers;
}

// Each number is the step from the one before.
function summed(steps) {
  const sums = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) sums[i] = sum += steps[i];
  return sums;
}

const awayFrom0 = (id) => (id < 0 ? id + 1 : id - 1);

// The texts: shapes, whose marks stand for numbers (see `shapes.rs`).
function readTexts(shapeText, shapeOf, numbers) {
  const shapes = shapeText === "" && shapeOf.length === 0 ? [] : shapeText.split("\n");
  const marks = shapes.map((shape) => shape.replace(/[^\u0001\u0002]/g, ""));
  const count = shapeOf.length;
  // Of each text where its numbers begin, and where the lengths of its runs do.
  const numberAt = new Uint32Array(count + 1);
  const runAt = new Uint32Array(count + 1);
  const flat = new Float64Array(numbers.length);
  const runs = [];
  let from = 0;
  let to = 0;
  for (let text = 0; text < count; text++) {
    for (const mark of marks[shapeOf[text]]) {
      if (mark === "\u0001") {
        flat[to++] = numbers[from++];
        continue;
      }
      const length = numbers[from++];
      runs.push(length);
      let value = 0;
      for (let i = 0; i < length; i++) flat[to++] = value += numbers[from++];
    }
    numberAt[text + 1] = to;
    runAt[text + 1] = runs.length;
  }
  const text = (t) => {
    let number = numberAt[t];
    let run = runAt[t];
    return shapes[shapeOf[t]].replace(/[\u0001\u0002]/g, (mark) => {
      const length = mark === "\u0001" ? 1 : runs[run++];
      number += length;
      return flat.subarray(number - length, number).join(",");
    });
  };
  return { count, shapes, shapeOf, numberAt, numbers: flat, text };
}

// The type of a message whose body has this shape.
export function typeOf(shape) {
  const found = /"type"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(shape);
  return found ? found[1] : "?";
}

// The run from its bytes.
export function read(bytes) {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const decoder = new TextDecoder();
  const header = JSON.parse(decoder.decode(bytes.subarray(4, 4 + size)));
  const columns = {};
  let at = 4 + size;
  for (const [name, length] of header.columns) {
    const part = bytes.subarray(at, at + length);
    columns[name] = name === "shapes" ? decoder.decode(part) : column(part);
    at += length;
  }
  const texts = readTexts(columns.shapes, columns.shapeOf, columns.numbers);
  const sent = summed(columns.sent);
  const opAt = summed(columns.opAt);

  // Texts were numbered in the order in which messages and operations came.
  let known = 0;
  const refer = (back) => (back === 0 ? known++ : known - back);
  const body = new Uint32Array(sent.length);
  const value = new Uint32Array(opAt.length);
  const result = new Uint32Array(opAt.length);
  const error = new Uint32Array(opAt.length);
  let op = 0;
  const opsUntil = (time) => {
    for (; op < opAt.length && opAt[op] <= time; op++) {
      value[op] = refer(columns.opValue[op]);
      result[op] = refer(columns.opResult[op]);
      error[op] = refer(columns.opError[op]);
    }
  };
  for (let m = 0; m < sent.length; m++) {
    opsUntil(sent[m]);
    body[m] = refer(columns.body[m]);
  }
  opsUntil(Infinity);

  const lastId = new Map();
  const msgId = Array.from(columns.msgId, (step, m) => {
    if (step === 0) return null;
    const id = (lastId.get(columns.src[m]) ?? 0) + awayFrom0(step);
    lastId.set(columns.src[m], id);
    return id;
  });
  const reply = Array.from(columns.reply, (id) => (id === 0 ? null : awayFrom0(id)));

  // What became of each message first; 0 is nothing, 1 received, 2 dropped.
  const end = Float64Array.from(sent);
  const fate = new Uint8Array(sent.length);
  const again = [];
  let message = 0;
  columns.fateOf.forEach((step, i) => {
    message += step;
    const time = sent[message] + columns.fateAt[i];
    if (fate[message] === 0) {
      end[message] = time;
      fate[message] = columns.fate[i];
    } else {
      again.push({ message, at: time, fate: columns.fate[i] });
    }
  });

  const typeNames = [];
  const shapeType = texts.shapes.map((shape) => {
    const name = typeOf(shape);
    if (!typeNames.includes(name)) typeNames.push(name);
    return typeNames.indexOf(name);
  });
  const type = Uint16Array.from(body, (t) => shapeType[texts.shapeOf[t]]);
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
      type,
      src: Uint16Array.from(columns.src),
      dest: Uint16Array.from(columns.dest),
      from: Uint16Array.from(columns.src, lane),
      to: Uint16Array.from(columns.dest, lane),
    },
    ops: {
      count: opAt.length,
      at: opAt,
      // Where it ended; what never did goes on to the run's end.
      to: opAt.map((time, i) => (columns.opTook[i] < 0 ? header.end : time + columns.opTook[i])),
      outcome: Uint8Array.from(columns.opOutcome),
      process: columns.opProcess,
      lane: Uint16Array.from(columns.opLane),
      f: Uint8Array.from(columns.opF),
      value,
      result,
      error,
      index: opIndex,
      completion: opIndex.map((index, i) => (columns.opCompletion[i] < 0 ? -1 : index + columns.opCompletion[i])),
      final: Uint8Array.from(columns.opFinal),
    },
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
