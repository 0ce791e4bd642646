// A moment of the run: where everybody stands, what travels, what is cut.

import { lowerBound } from "./time.mjs";

// Where the lanes stand on a ring, from -1 to 1: nodes on it, services within, clients
// outside, beside their node.
export function ring(lanes) {
  const nodes = lanes.flatMap((lane, i) => (lane.kind === "node" ? [i] : []));
  const services = lanes.flatMap((lane, i) => (lane.kind === "service" ? [i] : []));
  const places = lanes.map(() => null);
  const at = (radius, turn) => ({
    x: radius * Math.sin(2 * Math.PI * turn),
    y: -radius * Math.cos(2 * Math.PI * turn),
  });
  const count = Math.max(nodes.length, 1);
  nodes.forEach((lane, n) => (places[lane] = { ...at(0.72, n / count), turn: n / count }));
  services.forEach((lane, n) => {
    places[lane] = at(services.length > 1 ? 0.22 : 0, n / services.length);
  });
  const beside = new Map();
  lanes.forEach((lane, i) => {
    if (lane.kind !== "client") return;
    const node = nodes.find((n) => lanes[n].name === lane.node);
    if (node === undefined) return;
    beside.set(node, [...(beside.get(node) ?? []), i]);
  });
  for (const [node, clients] of beside) {
    clients.forEach((lane, n) => {
      const aside = (n - (clients.length - 1) / 2) * Math.min(0.5 / count / clients.length, 0.03);
      places[lane] = at(0.95, places[node].turn + aside);
    });
  }
  return places;
}

// The messages that travel at a time; those that took no time are seen for `glimpse` after it.
export function travelling(spans, messages, time, keep, glimpse, most = 2000) {
  const list = [];
  spans.each({ from: time - glimpse, to: time }, keep, (m) => {
    if (list.length >= most || messages.sent[m] > time) return;
    const length = Math.max(messages.end[m] - messages.sent[m], glimpse);
    const share = (time - messages.sent[m]) / length;
    // What was dropped gets halfway.
    if (share <= 1) list.push({ message: m, share: messages.fate[m] === 2 ? Math.min(share, 0.5) : share });
  });
  return list;
}

// The faults that stand at a time.
export const standing = (faults, time) =>
  faults.filter((fault) => fault.from <= time && time < fault.to);

// The side of a partition that each lane is on; -1 for none.
export function sideOf(faults, lanes) {
  const sides = lanes.map(() => -1);
  for (const fault of faults) {
    if (fault.kind !== "partition" || fault.sides.length < 2) continue;
    fault.sides.forEach((side, n) => side.forEach((lane) => (sides[lane] = n)));
  }
  return sides;
}

// The next (or the one before) message that is kept, from a place in the order of sending.
export function step(messages, keep, message, direction) {
  let next = message + direction;
  while (next >= 0 && next < messages.count && !keep[next]) next += direction;
  return next >= 0 && next < messages.count ? next : message;
}

// The last message sent at or before a time; -1 for none.
export const lastBefore = (messages, time) => lowerBound(messages.sent, time + 0.5) - 1;
