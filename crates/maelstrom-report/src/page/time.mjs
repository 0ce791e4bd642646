// Stretches of time: finding, zooming, ticks, words. Times are microseconds.

// The first place in a sorted array whose number is at least `x`.
export function lowerBound(sorted, x, length = sorted.length) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The least stretch that is shown.
const LEAST = 20;

// A stretch moved and cut so that it lies within the run.
export function within(view, end) {
  const length = Math.min(Math.max(view.to - view.from, LEAST), fit(end).to - fit(end).from);
  const { from, to } = fit(end);
  const start = Math.min(Math.max(view.from, from), to - length);
  return { from: start, to: start + length };
}

// The whole run, with some room on either side.
export function fit(end) {
  const room = Math.max(end * 0.01, LEAST);
  return { from: -room, to: end + room };
}

// A stretch `factor` times as long, in which `at` stays where it is.
export function zoomed(view, factor, at, end) {
  const from = at - (at - view.from) * factor;
  return within({ from, to: from + (view.to - view.from) * factor }, end);
}

// A stretch moved by a share of its length.
export function panned(view, share, end) {
  const step = (view.to - view.from) * share;
  return within({ from: view.from + step, to: view.to + step }, end);
}

// Round times between two, at most `most` of them.
export function ticks(view, most) {
  const rough = (view.to - view.from) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(Math.max(view.from, 0) / step);
  const last = Math.floor(view.to / step);
  const all = [];
  for (let n = first; n <= last; n++) all.push(n * step);
  return { step, all };
}

// A time in seconds, as exact as the step between ticks needs.
export function inWords(time, step = 1000) {
  const places = Math.min(6, Math.max(0, Math.ceil(6 - Math.log10(Math.max(step, 1)) - 1e-9)));
  return `${(time / 1e6).toFixed(places)} s`;
}

// How long something took.
export function took(micros) {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${(micros / 1000).toFixed(micros < 1e4 ? 2 : 0)} ms`;
  return `${(micros / 1e6).toFixed(2)} s`;
}
