// The pure parts of the page's script: `node --test crates/maelstrom-report/tests/`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { read } from "../src/page/data.mjs";
import { Pending, Ranks, Texts, column } from "../src/page/guess.mjs";
import { fit, inWords, lowerBound, panned, ticks, took, within, zoomed } from "../src/page/time.mjs";
import { stylesOf } from "../src/page/colours.mjs";
import { Spans, density, kept } from "../src/page/visible.mjs";
import { holds, mentions } from "../src/page/mentions.mjs";
import { choices, follow, keysOf } from "../src/page/follow.mjs";
import { lastBefore, ring, sideOf, standing, step, travelling } from "../src/page/replay.mjs";
import { distance, layOut } from "../src/page/diagram.mjs";

// Texts as the page holds them: whole, with their numbers beside them.
function textsOf(all) {
  const numbers = [];
  const numberAt = [0];
  for (const text of all) {
    numbers.push(...(text.match(/-?\d+/g) ?? []).map(Number));
    numberAt.push(numbers.length);
  }
  return { count: all.length, shapes: all, shapeOf: all.map((_, i) => i), numbers, numberAt, text: (t) => all[t] };
}

// A run of three nodes. A message is [from, to, sent, end, body, fate]; an operation
// [lane, at, to, f, value, result, outcome].
function runOf(workload, messages, ops) {
  const lanes = ["n0", "n1", "n2"].flatMap((node, i) => [
    { name: `client ${i}`, kind: "client", node },
    { name: node, kind: "node", node: null },
  ]);
  const texts = [];
  const text = (value) => texts.push(JSON.stringify(value)) - 1;
  const lane = (name) => lanes.findIndex((lane) => lane.name === name);
  const fs = [...new Set(ops.map((op) => op[3]))];
  const run = {
    workload,
    lanes,
    fs,
    end: 1000,
    faults: [],
    typeNames: ["x"],
    messages: {
      count: messages.length,
      from: messages.map((m) => lane(m[0])),
      to: messages.map((m) => lane(m[1])),
      sent: messages.map((m) => m[2]),
      end: messages.map((m) => m[3]),
      body: messages.map((m) => text(m[4])),
      fate: messages.map((m) => m[5] ?? 1),
      type: messages.map(() => 0),
    },
    ops: {
      count: ops.length,
      lane: ops.map((op) => lane(op[0])),
      at: ops.map((op) => op[1]),
      to: ops.map((op) => op[2]),
      f: ops.map((op) => fs.indexOf(op[3])),
      value: ops.map((op) => text(op[4])),
      result: ops.map((op) => text(op[5])),
      outcome: ops.map((op) => op[6] ?? 0),
      index: ops.map((_, i) => 2 * i),
      completion: ops.map((_, i) => 2 * i + 1),
    },
  };
  run.texts = textsOf(texts);
  return run;
}

test("a column's numbers are read with their signs", () => {
  const bytes = Uint8Array.of(0, 1, 2, 128, 1, 255, 255, 3);
  assert.deepEqual([...column(bytes, 5, false)], [0, -1, 1, 64, -32768]);
  assert.deepEqual([...column(Uint8Array.of(4, 1, 0, 6), 6, true)], [0, 0, -1, 3, 0, 0]);
});

test("what followed last is the first guess", () => {
  const ranks = new Ranks([0, 1, 1, 0, 0], [7, 8, 9]);
  const seen = [0, 0, 0, 0, 5].map((situation) => ranks.next(situation, 1));
  assert.deepEqual(seen, [7, 8, 7, 7, 9]);
  const pending = new Pending();
  for (let id = 0; id < 300; id++) pending.push(id);
  assert.deepEqual([pending.answer(0), pending.answer(1), pending.answer(0)], [44, 46, 45]);
});

test("a text is put together from its shape and its numbers", () => {
  const shapes = ['{"k":[\u0002[\u0002\u0001\u0003]\u0003],"by":"n\u0001-\u0004"}'];
  // No guess is right; the second text differs from the first in nothing.
  const columns = { right: new Array(12).fill(0), wrong: [2, 1, 5, 1, 6, 3, 0, 0, 0, 0, 0, 0], wide_: [0, 1], wideForm: [5] };
  const texts = new Texts(shapes, [2, 12, 2, true], columns, Uint8Array.of(1, 0xab, 0xcd), 1);
  const first = texts.tell(0, -1, 0, 0);
  assert.equal(texts.text(first), '{"k":[[5],[6]],"by":"n3-1abcd"}');
  texts.tell(0, first, 0, 0);
  assert.equal(texts.text(1), texts.text(0));
});

test("a run without messages is read", () => {
  const names =
    "shapes wideBytes isOp step fate took againOf againAt again reply replyId againId odd msgId opTook opOutcome opProcess opLane opF opIndex opCompletion opFinal src newSrc dest newDest body newBody opValue newOpValue opResult newOpResult opError newOpError right wrong wide wideForm";
  const columns = names.split(" ").map((name) => [name, 0, 0, false]);
  const header = new TextEncoder().encode(JSON.stringify({ columns, texts: [0, 0, 0, true], lanes: [], names: [] }));
  const run = read(Uint8Array.of(header.length & 255, header.length >> 8, 0, 0, ...header));
  assert.equal(run.messages.count + run.ops.count, 0);
});

test("binary search finds the first that is not less", () => {
  const sorted = [1, 3, 3, 7];
  assert.deepEqual([0, 1, 2, 3, 7, 8].map((x) => lowerBound(sorted, x)), [0, 0, 1, 1, 3, 4]);
});

test("zooming keeps the time under the pointer, and never leaves the run", () => {
  const view = zoomed({ from: 0, to: 1000 }, 0.5, 250, 1000);
  assert.deepEqual(view, { from: 125, to: 625 });
  assert.deepEqual(zoomed(view, 1000, 300, 1000), fit(1000));
  const end = panned({ from: 500, to: 900 }, 5, 1000);
  assert.equal(end.to, fit(1000).to);
  assert.equal(end.to - end.from, 400);
  assert.equal(within({ from: 5, to: 6 }, 1000).to - within({ from: 5, to: 6 }, 1000).from, 20);
});

test("ticks are round, and times as exact as they need", () => {
  assert.deepEqual(ticks({ from: -100, to: 2_000_000 }, 5).all, [0, 500_000, 1_000_000, 1_500_000, 2_000_000]);
  assert.equal(inWords(1_500_000, 500_000), "1.5 s");
  assert.equal(inWords(2_000_000, 1_000_000), "2 s");
  assert.equal(inWords(1_234, 100), "0.0012 s");
  assert.deepEqual([12, 1500, 250_000, 2_500_000].map(took), ["12 µs", "1.50 ms", "250 ms", "2.50 s"]);
});

test("a request and its reply share a colour, and what only sets up has none", () => {
  const styles = stylesOf(["init", "read", "read_ok", "gossip"], [5, 10, 10, 50]);
  assert.deepEqual(styles.map((style) => style.colour), [-1, 1, 1, 0]);
  assert.deepEqual(styles.map((style) => style.dashed), [false, false, true, false]);
});

test("what is seen is what a look at everything sees", () => {
  // Lengths that differ widely, from a generator of our own.
  let state = 7;
  const draw = (most) => (state = (state * 48271) % 2147483647) % most;
  const from = Float64Array.from({ length: 5000 }, () => draw(100000)).sort();
  const to = from.map((at, i) => at + (i % 100 === 0 ? draw(50000) : draw(50)));
  const keep = Uint8Array.from(from, () => draw(2));
  const spans = new Spans(from, to);
  for (let round = 0; round < 50; round++) {
    const start = draw(100000);
    const view = { from: start, to: start + draw(2000) };
    const all = [...from.keys()].filter((i) => keep[i] && from[i] < view.to && to[i] >= view.from);
    assert.deepEqual(spans.list(view, keep, Infinity).list, all);
  }
  assert.equal(spans.list({ from: 0, to: 200000 }, null, 10).list, null);
  assert.equal(spans.list({ from: 0, to: 200000 }, null, 10).count, 5000);
});

test("density counts both ends of what arrived, and one of what did not", () => {
  const run = runOf("broadcast", [["n0", "n1", 10, 90, {}], ["n0", "n2", 10, 10, {}, 2]], []);
  const spans = new Spans(run.messages.sent, run.messages.end);
  const { counts, drops } = density(run.messages, spans, { from: 0, to: 100 }, null, 6, 2);
  assert.deepEqual([...counts], [0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  assert.deepEqual([...drops], [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const later = density(run.messages, spans, { from: 50, to: 150 }, null, 6, 2);
  assert.deepEqual([...later.counts], [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  const kept = density(run.messages, spans, { from: 0, to: 100 }, [0, 1], 6, 2);
  assert.deepEqual([...kept.counts], [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("filters leave out types and lanes, and keep what was dropped or found", () => {
  const run = runOf("broadcast", [["n0", "n1", 0, 1, {}], ["n0", "n2", 0, 1, {}, 2]], []);
  const none = { types: new Set(), lanes: new Set(), dropped: false, only: null };
  const of = (filter) => [...kept(run.messages, { ...none, ...filter })];
  assert.deepEqual(of({}), [1, 1]);
  assert.deepEqual(of({ dropped: true }), [0, 1]);
  assert.deepEqual(of({ lanes: new Set([5]) }), [1, 0]);
  assert.deepEqual(of({ types: new Set([0]) }), [0, 0]);
  assert.deepEqual(of({ only: [1, 0] }), [1, 0]);
});

test("a number is found as a number or a string of its own, never as part of one", () => {
  const texts = textsOf(['{"a":[1,12]}', '{"k":{"12":[3]}}', '{"a":121}', '{"s":"x12"}']);
  assert.deepEqual([...mentions(texts, "12")], [1, 1, 0, 0]);
  assert.deepEqual([...mentions(texts, " x1 ")], [0, 0, 0, 1]);
  assert.deepEqual([...mentions(texts, "")], [0, 0, 0, 0]);
  assert.ok(holds([["append", 3, 7]], "7") && holds({ 4: [] }, 4) && !holds([[1]], 11));
});

test("a value is followed from its client to the last node", () => {
  const run = runOf(
    "broadcast",
    [
      // A node that mentions the number before it can know of the value means something else.
      ["n2", "n1", 0, 5, { gossip: [17] }],
      ["client 0", "n0", 10, 10, { message: 17 }],
      ["n0", "n1", 20, 120, { gossip: [16, 17] }],
      ["n0", "n2", 20, 20, { gossip: [17] }, 2],
      ["n1", "n2", 130, 230, { gossip: [17] }],
      ["n0", "n2", 200, 300, { gossip: [17] }],
      ["n1", "n0", 125, 225, { gossip: [18] }],
    ],
    [["client 0", 10, 15, "broadcast", 17, 17], ["client 1", 400, 400, "read", null, [17]]],
  );
  const trail = follow(run, "17");
  assert.deepEqual(
    trail.sights.map(({ lane, at, message }) => [run.lanes[lane].name, at, message]),
    [["n0", 10, 1], ["n1", 120, 2], ["n2", 230, 4]],
  );
  assert.equal(trail.acknowledged, 15);
  assert.equal(trail.last, 230);
  assert.deepEqual(trail.missing, []);
  assert.ok(trail.messages.includes(3) && !trail.messages.includes(6) && !trail.messages.includes(0));
  assert.deepEqual(choices(run), ["17"]);
  assert.equal(follow(run, "99"), null);
});

test("a node that never hears of a value is named, and a read shows what messages do not", () => {
  const run = runOf(
    "broadcast",
    [["client 0", "n0", 10, 10, { message: 17 }]],
    [["client 0", 10, 15, "broadcast", 17, 17], ["client 1", 400, 401, "read", null, [17]]],
  );
  const trail = follow(run, "17");
  assert.deepEqual(trail.missing.map((lane) => run.lanes[lane].name), ["n2"]);
  assert.deepEqual(trail.sights.map((sight) => [sight.at, sight.message]), [[10, 0], [401, -1]]);
});

test("an offset of a log is followed by the message that stands there", () => {
  const run = runOf(
    "kafka",
    [
      ["client 0", "n0", 10, 10, { type: "send", key: "9", msg: 5 }],
      ["n0", "n1", 20, 120, { log: { 9: [[4, 5]] } }],
      ["n0", "n2", 20, 90, { log: { 8: [[4, 5]] } }],
    ],
    [["client 0", 10, 12, "send", [["send", "9", 5]], [["send", "9", [4, 5]]]]],
  );
  assert.deepEqual(choices(run), ["9:4"]);
  const trail = follow(run, "9:4");
  assert.deepEqual(trail.sights.map(({ lane, at }) => [run.lanes[lane].name, at]), [["n0", 10], ["n1", 120]]);
});

test("a key is followed through its operations, a transaction through its own messages", () => {
  const run = runOf(
    "txn-rw-register",
    [["client 0", "n0", 10, 10, { txn: [["w", 3, 1]] }], ["n0", "n1", 11, 30, { w: [3] }], ["n1", "n2", 12, 30, { w: [4] }]],
    [["client 0", 10, 15, "txn", [["w", 3, 1]], [["w", 3, 1]]], ["client 1", 20, 25, "txn", [["r", 4, null]], [["r", 4, 1]]]],
  );
  assert.deepEqual(follow(run, "3").ops, [0]);
  assert.deepEqual(follow(run, "T1").messages, [0, 1]);
  assert.equal(follow(run, "T99"), null);
  assert.deepEqual(keysOf([7, [1, 2]]), ["7"]);
});

test("at a moment each message is where its time has brought it", () => {
  const run = runOf("broadcast", [["n0", "n1", 100, 200, {}], ["n0", "n2", 100, 100, {}, 2], ["n1", "n2", 500, 600, {}]], []);
  const spans = new Spans(run.messages.sent, run.messages.end);
  const at = (time) => travelling(spans, run.messages, time, null, 40).map(({ message, share }) => [message, share]);
  assert.deepEqual(at(130), [[0, 0.3], [1, 0.5]]);
  assert.deepEqual(at(150), [[0, 0.5]]);
  assert.deepEqual(at(300), []);
  assert.equal(lastBefore(run.messages, 499), 1);
  assert.equal(step(run.messages, [1, 0, 1], 0, 1), 2);
  assert.equal(step(run.messages, [1, 0, 1], 2, 1), 2);
});

test("a partition has sides while it stands", () => {
  const faults = [{ kind: "partition", from: 10, to: 20, sides: [[1], [3, 5]], cuts: [] }];
  const { lanes } = runOf("broadcast", [], []);
  assert.deepEqual(standing(faults, 20), []);
  assert.deepEqual(sideOf(standing(faults, 10), lanes), [-1, 0, -1, 1, -1, 1]);
});

test("everybody has a place of their own", () => {
  const { lanes } = runOf("broadcast", [], []);
  const all = [...lanes, { name: "seq-kv", kind: "service", node: null }];
  const places = ring(all).map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`);
  assert.equal(new Set(places).size, all.length);
  const { rows, height } = layOut(all, new Set([0]), 300);
  assert.equal(rows[0], null);
  assert.ok(rows[1].middle < rows[2].middle && rows.at(-1).middle < height);
  assert.equal(distance(5, 3, { x0: 0, y0: 0, x1: 10, y1: 0 }), 3);
  assert.equal(distance(13, 4, { x0: 0, y0: 0, x1: 10, y1: 0 }), 5);
});
