// The way of one value through a run: which node saw it first when, and what brought it.

import { holds, mentions } from "./mentions.mjs";

// What can be followed in a workload: its name, an example, and how it is asked for.
export function followable(workload) {
  switch (workload) {
    case "broadcast":
    case "g-set":
      return { what: "value", hint: "a value that was broadcast, such as 17" };
    case "kafka":
      return { what: "offset", hint: "a log and an offset, such as 9:4" };
    case "lin-kv":
      return { what: "key", hint: "a key, such as 3" };
    case "txn-list-append":
    case "txn-rw-register":
      return { what: "key or transaction", hint: "a key as 3, a transaction as T128" };
    default:
      return { what: "value", hint: "anything that messages mention" };
  }
}

// What there is to follow, for a list to pick from.
export function choices(run, most = 400) {
  const { ops, texts } = run;
  const seen = new Set();
  for (let op = 0; op < ops.count && seen.size < most; op++) {
    const f = run.fs[ops.f[op]];
    const value = JSON.parse(texts.text(ops.outcome[op] === 0 ? ops.result[op] : ops.value[op]));
    if (f === "broadcast" || (f === "add" && run.workload === "g-set")) seen.add(String(value));
    if (run.workload === "kafka") sends(value).forEach((one) => seen.add(one));
    if (run.workload === "lin-kv" && Array.isArray(value)) seen.add(String(value[0]));
    if (f === "txn" && Array.isArray(value)) value.forEach((step) => seen.add(String(step[1])));
  }
  return [...seen];
}

// The logs and offsets of the sends among the steps of an operation.
function sends(value) {
  if (!Array.isArray(value)) return [];
  return value
    .filter((step) => Array.isArray(step) && step[0] === "send" && Array.isArray(step[2]))
    .map((step) => `${step[1]}:${step[2][0]}`);
}

// The operation that sent what stands at an offset of a log, and the message there.
function sentAt(run, key, offset) {
  for (let op = 0; op < run.ops.count; op++) {
    if (run.ops.outcome[op] !== 0) continue;
    const steps = JSON.parse(run.texts.text(run.ops.result[op]));
    if (!Array.isArray(steps)) continue;
    const found = steps.find(
      (step) =>
        Array.isArray(step) &&
        step[0] === "send" &&
        String(step[1]) === key &&
        Array.isArray(step[2]) &&
        String(step[2][0]) === offset,
    );
    if (found) return { op, message: found[2][1] };
  }
  return null;
}

// Follows what was asked for. `null` if nothing of the kind occurs.
export function follow(run, asked) {
  const query = asked.trim();
  const transaction = /^T(\d+)$/i.exec(query);
  if (transaction) return followOp(run, Number(transaction[1]));
  const place = /^(.+):(\d+)$/.exec(query);
  if (place && run.workload === "kafka") {
    const sent = sentAt(run, place[1], place[2]);
    if (sent) return spread(run, query, String(sent.message), place[1], sent.op);
  }
  if (/^(txn-|lin-kv)/.test(run.workload ?? "")) return touching(run, query);
  return spread(run, query, query, null, -1);
}

// Which messages mention the value, and the log beside it where there is one.
function mentioning(run, value, beside) {
  const found = mentions(run.texts, value);
  if (beside === null) return found;
  const others = mentions(run.texts, beside);
  return found.map((yes, text) => yes & others[text]);
}

// How a value spread: from the client that brought it, over the hops that told a node of it
// first, to the last node. A node that sends it without having been told brought it up itself.
function spread(run, query, value, beside, sender) {
  const { messages, ops, lanes } = run;
  const found = mentioning(run, value, beside);
  const origin = sender >= 0 ? sender : firstOp(run, value);
  const begin = origin >= 0 ? ops.at[origin] : 0;
  const all = [];
  for (let m = 0; m < messages.count; m++) {
    if (found[messages.body[m]] && messages.sent[m] >= begin) all.push(m);
  }
  if (origin < 0 && all.length === 0) return null;
  const isNode = lanes.map((lane) => lane.kind === "node");
  const first = new Map();
  const brought = new Set();
  const arrivals = all.filter((m) => messages.fate[m] === 1);
  arrivals.sort((a, b) => messages.end[a] - messages.end[b] || a - b);
  for (const m of arrivals) {
    const [from, to] = [messages.from[m], messages.to[m]];
    // A message that left before its sender knew of the value means something else by that number.
    const knew = !isNode[from] || (first.has(from) && first.get(from).at <= messages.sent[m]);
    if (!knew) continue;
    brought.add(m);
    if (isNode[to] && !first.has(to)) first.set(to, { lane: to, at: messages.end[m], message: m, from });
  }
  const reads = firstReads(run, value, beside);
  for (const [lane, read] of reads) {
    // A read shows it where messages do not, such as where nodes send sums or ranges.
    if (isNode[lane] && (!first.has(lane) || read.at < first.get(lane).at)) {
      first.set(lane, { lane, at: read.at, message: -1, from: -1, op: read.op });
    }
  }
  const sights = [...first.values()].sort((a, b) => a.at - b.at || a.lane - b.lane);
  const acknowledged = origin >= 0 && ops.outcome[origin] === 0 ? ops.to[origin] : null;
  const nodes = lanes.flatMap((lane, i) => (lane.kind === "node" ? [i] : []));
  const missing = nodes.filter((lane) => !first.has(lane));
  const last = sights.length ? sights[sights.length - 1].at : null;
  return {
    kind: "value",
    label: query,
    origin,
    sights,
    missing,
    reads,
    acknowledged,
    last,
    messages: all.filter((m) => brought.has(m) || messages.fate[m] !== 1),
    ops: [origin, ...[...reads.values()].map((read) => read.op)].filter((op) => op >= 0),
    from: begin,
    to: Math.max(last ?? begin, acknowledged ?? begin),
  };
}

// The operation that brought a value: the first whose own value it is.
function firstOp(run, value) {
  const { ops, texts } = run;
  for (let op = 0; op < ops.count; op++) {
    if (/^(read|poll)$/.test(run.fs[ops.f[op]])) continue;
    if (holds(JSON.parse(texts.text(ops.value[op])), value)) return op;
  }
  return -1;
}

// For each node the first read that showed the value.
function firstReads(run, value, beside) {
  const { ops, texts, lanes } = run;
  const found = mentioning(run, value, beside);
  const reads = new Map();
  for (let op = 0; op < ops.count; op++) {
    const isRead = run.fs[ops.f[op]] === "read" || run.fs[ops.f[op]] === "poll";
    if (!isRead || ops.outcome[op] !== 0 || !found[ops.result[op]]) continue;
    const node = lanes[ops.lane[op]].node;
    const lane = lanes.findIndex((lane) => lane.kind === "node" && lane.name === node);
    const place = lane < 0 ? ops.lane[op] : lane;
    if (!reads.has(place)) reads.set(place, { op, at: ops.to[op] });
  }
  return reads;
}

// The keys that an operation's value touches.
export function keysOf(value) {
  if (!Array.isArray(value)) return [];
  return Array.isArray(value[0]) ? value.map((step) => String(step[1])) : [String(value[0])];
}

// Every operation on a key, and the messages that mention it while one is under way.
function touching(run, key) {
  const { ops, messages, texts } = run;
  const on = [];
  for (let op = 0; op < ops.count; op++) {
    if (keysOf(JSON.parse(texts.text(ops.value[op]))).includes(key)) on.push(op);
  }
  if (on.length === 0) return null;
  const found = mentions(texts, key);
  const all = [];
  for (let m = 0; m < messages.count; m++) if (found[messages.body[m]]) all.push(m);
  return {
    kind: "key",
    label: `key ${key}`,
    origin: on[0],
    sights: [],
    missing: [],
    messages: all,
    ops: on,
    from: ops.at[on[0]],
    to: Math.max(...on.slice(-50).map((op) => ops.to[op])),
  };
}

// One operation: its request, its reply, and what its node exchanged with others meanwhile.
function followOp(run, index) {
  const { ops, messages, lanes } = run;
  let op = -1;
  for (let i = 0; i < ops.count; i++) if (ops.index[i] === index || ops.completion[i] === index) op = i;
  if (op < 0) return null;
  const node = lanes.findIndex((lane) => lane.kind === "node" && lane.name === lanes[ops.lane[op]].node);
  const all = [];
  for (let m = 0; m < messages.count; m++) {
    if (messages.sent[m] < ops.at[op] || messages.sent[m] > ops.to[op]) continue;
    const ends = [messages.from[m], messages.to[m]];
    const own = ends.includes(ops.lane[op]);
    const ofNode = ends.includes(node) && ends.every((lane) => lanes[lane].kind !== "client");
    if (own || ofNode) all.push(m);
  }
  return {
    kind: "operation",
    label: `T${index}`,
    origin: op,
    sights: [],
    missing: [],
    messages: all,
    ops: [op],
    from: ops.at[op],
    to: ops.to[op],
  };
}
