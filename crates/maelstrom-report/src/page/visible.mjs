// Which messages and operations are seen in a stretch of time, and how many where they are
// too many to be drawn one by one.

import { lowerBound } from "./time.mjs";

const BLOCK = 256;

// Finds what overlaps a stretch of time among things that are sorted by their beginning.
export class Spans {
  constructor(from, to) {
    this.from = from;
    this.to = to;
    // Of each block of things the latest end, so that blocks which are over are skipped.
    this.latest = new Float64Array(Math.ceil(from.length / BLOCK));
    this.latest.fill(-Infinity);
    for (let i = 0; i < from.length; i++) {
      const block = (i / BLOCK) | 0;
      if (to[i] > this.latest[block]) this.latest[block] = to[i];
    }
  }

  // Rows of things, some of which overlap the stretch: where each row begins, and where it is over.
  *rows(view) {
    const stop = lowerBound(this.from, view.to);
    for (let block = 0; block * BLOCK < stop; block++) {
      if (this.latest[block] >= view.from) yield [block * BLOCK, Math.min((block + 1) * BLOCK, stop)];
    }
  }

  // Calls `see` with each that overlaps the stretch and is kept, in order.
  each(view, keep, see) {
    for (const [first, last] of this.rows(view)) {
      for (let i = first; i < last; i++) {
        if (this.to[i] >= view.from && (!keep || keep[i])) see(i);
      }
    }
  }

  // Those that overlap the stretch and are kept; `null` where they are more than `most`, with their number.
  list(view, keep, most) {
    const list = [];
    let count = 0;
    this.each(view, keep, (i) => {
      if (++count <= most) list.push(i);
    });
    return { list: count > most ? null : list, count };
  }
}

// How many messages leave or reach each lane in each column of the picture, and how many of those
// that leave are dropped. A loop without calls: there may be hundreds of thousands, in each frame.
export function density(messages, spans, view, keep, lanes, columns) {
  const counts = new Uint32Array(lanes * columns);
  const drops = new Uint32Array(lanes * columns);
  const { from, to, sent, end, fate } = messages;
  const scale = columns / (view.to - view.from);
  for (const [first, last] of spans.rows(view)) {
    for (let m = first; m < last; m++) {
      if (end[m] < view.from || (keep && !keep[m])) continue;
      const left = Math.floor((sent[m] - view.from) * scale);
      if (left >= 0 && left < columns) {
        counts[from[m] * columns + left]++;
        if (fate[m] === 2) drops[from[m] * columns + left]++;
      }
      if (fate[m] !== 1) continue;
      const reached = Math.floor((end[m] - view.from) * scale);
      if (reached >= 0 && reached < columns) counts[to[m] * columns + reached]++;
    }
  }
  return { counts, drops };
}

// For each message whether it is to be seen: not of a type or a lane that was taken away.
// A lane takes away what begins or ends there.
export function kept(messages, { types, lanes, dropped, only }) {
  const keep = new Uint8Array(messages.count);
  for (let m = 0; m < messages.count; m++) {
    keep[m] =
      !types.has(messages.type[m]) &&
      !lanes.has(messages.from[m]) &&
      !lanes.has(messages.to[m]) &&
      (!dropped || messages.fate[m] === 2) &&
      (!only || only[m] === 1)
        ? 1
        : 0;
  }
  return keep;
}
