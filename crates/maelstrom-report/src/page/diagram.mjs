// The space-time diagram: lanes down, time across, drawn on a canvas. Only what is seen is
// drawn; messages too many to be told apart are shown as how many each lane has.

import { opInWords } from "./data.mjs";
import { fit, inWords, lowerBound, panned, ticks, within, zoomed } from "./time.mjs";
import { colourOf } from "./colours.mjs";
import { Spans, density } from "./visible.mjs";

// More messages than this in view are shown as density.
const MOST_LINES = 6000;
const MOST_BARS = 4000;
const AXIS = 22;
const FAULTS = 16;

// Where the lanes lie: each with its middle and its height.
export function layOut(lanes, hidden, room) {
  const shown = lanes.flatMap((lane, i) => (hidden.has(i) ? [] : [i]));
  const wanted = (i) => (lanes[i].kind === "client" ? 15 : 24);
  const sum = shown.reduce((all, i) => all + wanted(i), 0);
  const scale = Math.min(Math.max(room / Math.max(sum, 1), 0.6), 1.7);
  const rows = lanes.map(() => null);
  let y = AXIS + FAULTS;
  for (const i of shown) {
    const height = wanted(i) * scale;
    rows[i] = { middle: y + height / 2, height };
    y += height;
  }
  return { rows, height: y + 6 };
}

export class Diagram {
  constructor(run, styles, box, canvas) {
    Object.assign(this, { run, styles, box, canvas });
    this.context = canvas.getContext("2d");
    this.view = fit(run.end);
    this.hidden = new Set();
    this.keep = null;
    this.keepOps = null;
    this.trail = null;
    this.picked = null;
    this.moment = null;
    this.messageSpans = new Spans(run.messages.sent, run.messages.end);
    this.opSpans = new Spans(run.ops.at, run.ops.to);
    this.waiting = false;
    this.onView = () => {};
  }

  // Asks for a new picture, once per frame.
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  set(view) {
    this.view = within(view, this.run.end);
    this.redraw();
  }

  zoom(factor, at = (this.view.from + this.view.to) / 2) {
    this.set(zoomed(this.view, factor, at, this.run.end));
  }

  pan(share) {
    this.set(panned(this.view, share, this.run.end));
  }

  fit() {
    this.set(fit(this.run.end));
  }

  // Shows a stretch with room on both sides.
  reveal(from, to) {
    const room = Math.max((to - from) * 0.6, 2000);
    this.set({ from: from - room, to: to + room });
  }

  get left() {
    return this.width < 560 ? 58 : 84;
  }

  x(time) {
    return this.left + ((time - this.view.from) / (this.view.to - this.view.from)) * (this.width - this.left);
  }

  time(x) {
    return this.view.from + ((x - this.left) / (this.width - this.left)) * (this.view.to - this.view.from);
  }

  draw() {
    const { canvas, box, context, run } = this;
    this.width = Math.max(box.clientWidth, 200);
    const room = Math.max(Math.min(window.innerHeight * 0.75, 720), 320) - AXIS - FAULTS;
    const { rows, height } = layOut(run.lanes, this.hidden, room);
    this.rows = rows;
    this.height = height;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(this.width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = this.theme.back;
    context.fillRect(0, 0, this.width, height);
    context.font = "12px system-ui, sans-serif";
    this.drawLanes();
    context.save();
    context.beginPath();
    context.rect(this.left, 0, this.width - this.left, height);
    context.clip();
    this.drawAxis();
    this.drawFaults();
    this.drawMessages();
    this.drawOps();
    this.drawTrail();
    this.drawPicked();
    context.restore();
    this.onView();
  }

  drawLanes() {
    const { context, run, theme, rows } = this;
    context.textBaseline = "middle";
    run.lanes.forEach((lane, i) => {
      const row = rows[i];
      if (!row) return;
      if (lane.kind === "node") {
        context.fillStyle = theme.band;
        context.fillRect(0, row.middle - row.height / 2, this.width, row.height);
      }
      context.fillStyle = theme.line;
      context.fillRect(this.left, Math.round(row.middle), this.width - this.left, 1);
      // A label has to have room.
      if (row.height < 8.5) return;
      const narrow = this.width < 560;
      const name = lane.kind === "client" && narrow ? lane.name.replace("client ", "c·") : lane.name;
      context.fillStyle = lane.kind === "client" ? theme.faint : theme.text;
      context.font = `${lane.kind === "node" ? "600 " : ""}${Math.min(12, row.height + 1)}px system-ui, sans-serif`;
      context.fillText(name, 4, row.middle, this.left - 8);
    });
    context.font = "12px system-ui, sans-serif";
  }

  drawAxis() {
    const { context, theme } = this;
    const { step, all } = ticks(this.view, (this.width - this.left) / 90);
    context.fillStyle = theme.faint;
    context.textAlign = "center";
    for (const time of all) {
      const x = Math.round(this.x(time));
      context.fillStyle = theme.line;
      context.fillRect(x, AXIS - 4, 1, this.height - AXIS);
      context.fillStyle = theme.faint;
      const text = inWords(time, step);
      const half = context.measureText(text).width / 2;
      const middle = Math.min(x, this.width - half - 4);
      if (middle - half > this.left && x < this.width) context.fillText(text, middle, AXIS / 2);
    }
    context.textAlign = "left";
  }

  // A fault is a bar above the lanes, and shade on the lanes that it touches: each side of
  // a partition has its own shade and its own hatching.
  drawFaults() {
    const { context, theme, rows, run } = this;
    let written = 0;
    for (const fault of run.faults) {
      const [from, to] = [this.x(fault.from), this.x(fault.to)];
      if (to < this.left || from > this.width) continue;
      const wide = Math.max(to - from, 2);
      context.fillStyle = theme.fault;
      context.fillRect(from, AXIS + 1, wide, 3);
      // Names of faults that stand together follow each other.
      const label = Math.max(from + 3, this.left + 3, written + 8);
      const room = context.measureText(fault.kind).width;
      if (Math.min(to, this.width) - label > room + 4) {
        context.fillText(fault.kind, label, AXIS + 10);
        written = label + room;
      }
      const touched = fault.lanes.length ? fault.lanes : run.lanes.flatMap((l, i) => (l.kind === "node" ? [i] : []));
      for (const lane of touched) {
        const row = rows[lane];
        if (!row) continue;
        const side = fault.sides.length > 1 ? fault.sides.findIndex((side) => side.includes(lane)) : 0;
        const top = row.middle - row.height / 2;
        if (fault.kind === "kill") context.fillStyle = theme.dead;
        else if (fault.kind === "pause") context.fillStyle = theme.still;
        else if (fault.kind === "partition") context.fillStyle = theme.sides[side % theme.sides.length];
        else context.fillStyle = theme.sides[3];
        context.fillRect(from, top, wide, row.height);
        if (fault.kind === "partition" || fault.kind === "pause") {
          this.hatch(Math.max(from, this.left), top, Math.min(to, this.width), row.height, side);
        }
      }
    }
  }

  // Thin lines: rising on the first side, falling on the second, upright on others.
  hatch(from, top, to, height, side) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(from, top, to - from, height);
    context.clip();
    context.strokeStyle = this.theme.faint;
    context.globalAlpha = 0.28;
    context.lineWidth = 1;
    context.beginPath();
    const lean = side === 0 ? height : side === 1 ? -height : 0;
    // Hatching is fixed to the lanes, not to the window.
    const gap = 9;
    for (let x = from - (from % gap) - height; x < to + height; x += gap) {
      context.moveTo(x, top + height);
      context.lineTo(x + lean, top);
    }
    context.stroke();
    context.restore();
  }

  drawMessages() {
    const { list, count } = this.messageSpans.list(this.view, this.keep, MOST_LINES);
    this.drawn = list;
    this.inView = count;
    if (list === null) this.drawDensity();
    else this.drawLines(list, this.trail ? 0.12 : count > 1500 ? 0.35 : count > 400 ? 0.6 : 0.9);
  }

  drawLines(list, alpha, wide = 1.1) {
    const { context, theme, rows, styles } = this;
    const { messages } = this.run;
    // Heads and dashes are for few: dashing thousands of lines takes longer than a frame.
    const few = list.length <= 300;
    const groups = new Map();
    for (const m of list) {
      const [from, to] = [rows[messages.from[m]], rows[messages.to[m]]];
      if (!from || !to) continue;
      const type = messages.type[m];
      if (!groups.has(type)) groups.set(type, []);
      groups.get(type).push(m);
    }
    context.globalAlpha = alpha;
    context.lineWidth = wide;
    for (const [type, of] of groups) {
      context.strokeStyle = context.fillStyle = colourOf(theme, styles[type]);
      context.setLineDash(few && styles[type].dashed ? [5, 3] : []);
      // A path for each: lines that cross in one path are slow to fill.
      for (const m of of) {
        const { x0, y0, x1, y1 } = this.line(m);
        context.beginPath();
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
        context.stroke();
      }
      context.setLineDash([]);
      if (few) {
        context.beginPath();
        for (const m of of) if (messages.fate[m] === 1) this.head(this.line(m));
        context.fill();
      }
    }
    // Where messages were dropped: a cross.
    context.globalAlpha = Math.max(alpha, list.length > 2000 ? 0.5 : 0.9);
    context.strokeStyle = theme.mark;
    context.lineWidth = 1.6;
    context.beginPath();
    for (const m of list) {
      if (messages.fate[m] !== 2 || !rows[messages.from[m]] || !rows[messages.to[m]]) continue;
      const { x1, y1 } = this.line(m);
      context.moveTo(x1 - 3.5, y1 - 3.5);
      context.lineTo(x1 + 3.5, y1 + 3.5);
      context.moveTo(x1 - 3.5, y1 + 3.5);
      context.lineTo(x1 + 3.5, y1 - 3.5);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  // A message's line. One that was dropped ends at the edge of its receiver's lane, where the
  // network drops it; one still on its way goes a little.
  line(m) {
    const { messages } = this.run;
    const [from, to] = [this.rows[messages.from[m]], this.rows[messages.to[m]]];
    const way = to.middle - from.middle;
    const edge = (Math.sign(way) * to.height) / 2;
    return {
      x0: this.x(messages.sent[m]),
      y0: from.middle,
      x1: this.x(messages.end[m]),
      y1: from.middle + (messages.fate[m] === 1 ? way : messages.fate[m] === 2 ? way - edge : way * 0.3),
    };
  }

  head({ x0, y0, x1, y1 }) {
    const angle = Math.atan2(y1 - y0, x1 - x0);
    const { context } = this;
    context.moveTo(x1, y1);
    context.lineTo(x1 - 7 * Math.cos(angle - 0.4), y1 - 7 * Math.sin(angle - 0.4));
    context.lineTo(x1 - 7 * Math.cos(angle + 0.4), y1 - 7 * Math.sin(angle + 0.4));
    context.closePath();
  }

  // Too many messages for lines: each lane's bars say how many it sent and got.
  drawDensity() {
    const { context, theme, rows, run } = this;
    const columns = Math.max(Math.floor((this.width - this.left) / 3), 1);
    const { counts, drops } = density(run.messages, this.messageSpans, this.view, this.keep, run.lanes.length, columns);
    const most = counts.reduce((most, count) => Math.max(most, count), 1);
    context.globalAlpha = this.trail ? 0.3 : 0.9;
    run.lanes.forEach((lane, i) => {
      if (!rows[i]) return;
      const { middle, height } = rows[i];
      context.fillStyle = lane.kind === "client" ? theme.other : theme.types[0];
      for (let c = 0; c < columns; c++) {
        const count = counts[i * columns + c];
        if (!count) continue;
        const size = Math.max(Math.sqrt(count / most) * (height - 4), 1);
        context.fillRect(this.left + c * 3, middle - size / 2, 2.4, size);
      }
      // Drops are told below the bars.
      context.fillStyle = theme.mark;
      for (let c = 0; c < columns; c++) {
        if (drops[i * columns + c]) context.fillRect(this.left + c * 3, middle + height / 2 - 3, 2.4, 3);
      }
    });
    context.globalAlpha = 1;
  }

  // Operations: ok is a full bar, fail a hollow one with a cross, info and open are hatched.
  drawOps() {
    const { run } = this;
    const { list, count } = this.opSpans.list(this.view, this.keepOps, MOST_BARS);
    this.drawnOps = list;
    this.opsInView = count;
    if (list !== null) list.forEach((op) => this.bar(op, this.trail ? 0.25 : 0.9));
    else this.opSpans.each(this.view, this.keepOps, (op) => run.ops.outcome[op] && this.bar(op, 0.9));
  }

  bar(op, alpha) {
    const { context, theme, rows } = this;
    const { ops } = this.run;
    const row = rows[ops.lane[op]];
    if (!row) return;
    const [from, to] = [this.x(ops.at[op]), this.x(ops.to[op])];
    const wide = Math.max(to - from, 3);
    const high = Math.min(row.height - 3, 12);
    const top = row.middle - high / 2;
    const outcome = ["ok", "fail", "info", "open"][ops.outcome[op]];
    context.globalAlpha = alpha;
    context.fillStyle = context.strokeStyle = theme[outcome];
    context.lineWidth = 1.3;
    if (outcome === "ok") {
      context.fillRect(from, top, wide, high);
    } else {
      context.globalAlpha = alpha * 0.25;
      context.fillRect(from, top, wide, high);
      context.globalAlpha = alpha;
      context.strokeRect(from + 0.5, top + 0.5, wide - 1, high - 1);
      if (outcome === "fail") {
        context.beginPath();
        context.moveTo(from, top);
        context.lineTo(from + Math.min(wide, high), top + high);
        context.moveTo(from, top + high);
        context.lineTo(from + Math.min(wide, high), top);
        context.stroke();
      } else if (wide > 8) {
        this.hatch(Math.max(from, this.left), top, Math.min(to, this.width), high, 0);
      }
    }
    const room = Math.min(to, this.width) - Math.max(from, this.left);
    if (room > 70 && high >= 10) {
      const text = opInWords(this.run, op);
      if (context.measureText(text).width < room - 8 - high) {
        context.fillStyle = outcome === "ok" ? theme.back : theme.text;
        context.font = "10px system-ui, sans-serif";
        context.fillText(text, Math.max(from + (outcome === "fail" ? high : 0), this.left) + 4, row.middle + 0.5);
        context.font = "12px system-ui, sans-serif";
      }
    }
    context.globalAlpha = 1;
  }

  // What is followed, over all else.
  drawTrail() {
    const { context, theme, trail, rows } = this;
    if (!trail) return;
    const hops = new Set(trail.sights.map((sight) => sight.message));
    const inView = (m) => this.run.messages.end[m] >= this.view.from && this.run.messages.sent[m] <= this.view.to;
    const seen = trail.messages.filter(inView);
    this.drawLines(seen.filter((m) => !hops.has(m)), 0.4);
    this.drawLines(seen.filter((m) => hops.has(m)), 1, 2.4);
    trail.ops.forEach((op) => this.bar(op, 1));
    context.lineWidth = 2;
    for (const sight of trail.sights) {
      const row = rows[sight.lane];
      if (!row) continue;
      context.beginPath();
      context.arc(this.x(sight.at), row.middle, 5, 0, 2 * Math.PI);
      context.fillStyle = theme.back;
      context.fill();
      context.strokeStyle = theme.mark;
      context.stroke();
    }
    if (trail.acknowledged !== undefined && trail.acknowledged !== null) {
      const x = this.x(trail.acknowledged);
      context.setLineDash([2, 3]);
      context.strokeStyle = theme.text;
      context.beginPath();
      context.moveTo(x, AXIS + FAULTS);
      context.lineTo(x, this.height);
      context.stroke();
      context.setLineDash([]);
    }
  }

  drawPicked() {
    const { context, theme, picked, moment } = this;
    if (picked?.message !== undefined && this.rows[this.run.messages.from[picked.message]] && this.rows[this.run.messages.to[picked.message]]) {
      const { x0, y0, x1, y1 } = this.line(picked.message);
      context.strokeStyle = theme.text;
      context.lineWidth = 3;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
      context.beginPath();
      context.arc(x0, y0, 4, 0, 2 * Math.PI);
      context.fillStyle = theme.text;
      context.fill();
    }
    if (picked?.op !== undefined) {
      const { ops } = this.run;
      const row = this.rows[ops.lane[picked.op]];
      if (row) {
        const from = this.x(ops.at[picked.op]);
        const wide = Math.max(this.x(ops.to[picked.op]) - from, 3);
        context.strokeStyle = theme.text;
        context.lineWidth = 2.5;
        context.strokeRect(from - 3, row.middle - row.height / 2, wide + 6, row.height);
      }
    }
    if (moment !== null) {
      context.fillStyle = theme.mark;
      context.fillRect(this.x(moment) - 0.75, AXIS, 1.5, this.height - AXIS);
    }
  }

  // What is drawn at a point: an operation's bar, else the nearest message within a few pixels.
  at(x, y, reach = 6) {
    const { ops } = this.run;
    if (!this.rows || x < this.left) return null;
    const time = this.time(x);
    const slack = this.time(x + reach) - time;
    const lane = this.rows.findIndex((row) => row && Math.abs(y - row.middle) <= Math.min(row.height / 2, 8));
    if (lane >= 0 && this.run.lanes[lane].kind === "client") {
      let best = null;
      this.opSpans.each({ from: time - slack, to: time + slack }, this.keepOps, (op) => {
        if (ops.lane[op] !== lane) return;
        const far = Math.max(ops.at[op] - time, time - ops.to[op], 0);
        if (!best || far <= best.far) best = { op, far };
      });
      if (best) return { op: best.op };
    }
    let best = null;
    for (const m of this.trail ? this.trail.messages : (this.drawn ?? [])) {
      if (!this.rows[this.run.messages.from[m]] || !this.rows[this.run.messages.to[m]]) continue;
      const far = distance(x, y, this.line(m));
      if (far <= reach && (!best || far < best.far)) best = { message: m, far };
    }
    return best && { message: best.message };
  }

  // The kept message after (or before) the one picked; the first in view if none is.
  neighbour(direction) {
    const { messages } = this.run;
    let m = this.picked?.message;
    if (m === undefined) m = lowerBound(messages.sent, this.view.from) - (direction > 0 ? 1 : 0);
    do m += direction;
    while (m >= 0 && m < messages.count && this.keep && !this.keep[m]);
    return m >= 0 && m < messages.count ? m : null;
  }
}

// How far a point is from a line.
export function distance(x, y, { x0, y0, x1, y1 }) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(Math.max(((x - x0) * dx + (y - y0) * dy) / length, 0), 1);
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}
