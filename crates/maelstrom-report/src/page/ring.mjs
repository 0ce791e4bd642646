// The replay: nodes on a ring at one moment, messages on their way, what is cut.

import { colourOf } from "./colours.mjs";
import { inWords } from "./time.mjs";
import { ring, sideOf, standing, travelling } from "./replay.mjs";

// More links than this between sides are not drawn one by one.
const MOST_CUTS = 60;

export class Ring {
  constructor(run, styles, spans, box, canvas) {
    Object.assign(this, { run, styles, spans, box, canvas });
    this.context = canvas.getContext("2d");
    this.places = ring(run.lanes);
    this.time = 0;
    this.keep = null;
    this.only = null;
    // How long a message that took no time is seen.
    this.glimpse = 40000;
  }

  point(lane) {
    const place = this.places[lane];
    return place && { x: this.middle + place.x * this.radius, y: this.middle + place.y * this.radius };
  }

  draw() {
    const { context, canvas, box, run, theme } = this;
    const size = Math.max(Math.min(box.clientWidth, 560), 220);
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(size * ratio)) {
      canvas.width = canvas.height = Math.round(size * ratio);
      canvas.style.width = canvas.style.height = `${size}px`;
    }
    this.middle = size / 2;
    this.radius = size / 2 - 14;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = theme.back;
    context.fillRect(0, 0, size, size);
    const faults = standing(run.faults, this.time);
    const sides = sideOf(faults, run.lanes);
    this.drawCuts(faults, sides);
    this.drawTravelling();
    this.drawLanes(faults, sides);
  }

  // The links that a partition cut, and a thick stroke across the ring between its sides.
  drawCuts(faults, sides) {
    const { context, theme, run } = this;
    const cuts = faults.flatMap((fault) => fault.cuts);
    context.strokeStyle = theme.mark;
    if (cuts.length <= MOST_CUTS * 2) {
      context.globalAlpha = 0.35;
      context.lineWidth = 1;
      context.setLineDash([3, 5]);
      context.beginPath();
      for (const [from, to] of cuts) {
        const [a, b] = [this.point(from), this.point(to)];
        if (!a || !b) continue;
        context.moveTo(a.x, a.y);
        context.lineTo(b.x, b.y);
      }
      context.stroke();
      context.setLineDash([]);
    }
    context.globalAlpha = 1;
    // Between neighbours on different sides: the cut, from the rim inwards.
    const nodes = run.lanes.flatMap((lane, i) => (lane.kind === "node" ? [i] : []));
    const gaps = nodes.flatMap((lane, n) => {
      const next = nodes[(n + 1) % nodes.length];
      if (sides[lane] < 0 || sides[next] < 0 || sides[lane] === sides[next]) return [];
      const turn = (this.places[lane].turn + 0.5 / nodes.length) * 2 * Math.PI;
      return [{ sin: Math.sin(turn), cos: -Math.cos(turn) }];
    });
    const at = ({ sin, cos }, share) => [this.middle + share * this.radius * sin, this.middle + share * this.radius * cos];
    context.lineWidth = 3;
    context.beginPath();
    if (gaps.length === 2) {
      // Each side stands together: one cut through the ring.
      context.moveTo(...at(gaps[0], 0.88));
      context.lineTo(...at(gaps[1], 0.88));
    } else {
      for (const gap of gaps) {
        context.moveTo(...at(gap, 0.56));
        context.lineTo(...at(gap, 0.88));
      }
    }
    context.stroke();
  }

  drawTravelling() {
    const { context, theme, styles } = this;
    const { messages } = this.run;
    this.moving = travelling(this.spans, messages, this.time, this.keep, this.glimpse);
    for (const { message, share } of this.moving) {
      const [a, b] = [this.point(messages.from[message]), this.point(messages.to[message])];
      if (!a || !b) continue;
      const style = styles[messages.type[message]];
      const x = a.x + (b.x - a.x) * share;
      const y = a.y + (b.y - a.y) * share;
      const picked = message === this.only;
      context.strokeStyle = context.fillStyle = colourOf(theme, style);
      context.globalAlpha = picked ? 1 : 0.45;
      context.lineWidth = picked ? 3 : 1.2;
      context.setLineDash(style.dashed ? [5, 3] : []);
      context.beginPath();
      context.moveTo(a.x, a.y);
      context.lineTo(x, y);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
      context.beginPath();
      context.arc(x, y, picked ? 6 : 4, 0, 2 * Math.PI);
      context.fill();
      if (messages.fate[message] === 2 && share >= 0.5) {
        context.strokeStyle = theme.mark;
        context.lineWidth = 2.4;
        context.beginPath();
        context.moveTo(x - 6, y - 6);
        context.lineTo(x + 6, y + 6);
        context.moveTo(x - 6, y + 6);
        context.lineTo(x + 6, y - 6);
        context.stroke();
      }
    }
  }

  drawLanes(faults, sides) {
    const { context, theme, run } = this;
    const { ops } = run;
    const count = run.lanes.filter((lane) => lane.kind === "node").length;
    // Neighbours on the ring leave a gap.
    const size = Math.min(20, (1.9 * this.radius) / Math.max(count, 1));
    const busy = new Set();
    this.opSpans.each({ from: this.time - this.glimpse, to: this.time }, null, (op) => {
      if (ops.at[op] <= this.time) busy.add(ops.lane[op]);
    });
    const has = (kind, lane) => faults.some((fault) => fault.kind === kind && fault.lanes.includes(lane));
    context.textAlign = "center";
    context.textBaseline = "middle";
    run.lanes.forEach((lane, i) => {
      const point = this.point(i);
      if (!point) return;
      if (lane.kind === "client") {
        context.beginPath();
        context.arc(point.x, point.y, 3.5, 0, 2 * Math.PI);
        context.fillStyle = busy.has(i) ? theme.ok : theme.line;
        context.fill();
        return;
      }
      const side = sides[i];
      this.shape(point, lane.kind === "service" ? size * 0.9 : size, lane.kind === "service" ? 1 : Math.max(side, 0) % 4);
      context.fillStyle = theme.back;
      context.fill();
      if (side >= 0) {
        context.fillStyle = theme.sides[side % theme.sides.length];
        context.fill();
      }
      if (has("kill", i)) {
        context.fillStyle = theme.dead;
        context.fill();
      }
      context.strokeStyle = has("kill", i) || has("pause", i) ? theme.mark : theme.text;
      context.setLineDash(has("pause", i) ? [3, 3] : []);
      context.lineWidth = 2;
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = theme.text;
      context.font = `600 ${Math.max(Math.min(13, size * 0.85), 9)}px system-ui, sans-serif`;
      const label = has("kill", i) ? "✘" : has("pause", i) ? "Ⅱ" : lane.name;
      context.fillText(label, point.x, point.y, size * 2 - 2);
    });
    context.textAlign = "left";
  }

  // The sides of a partition differ in shape too: circle, square, diamond, octagon.
  shape({ x, y }, size, kind) {
    const { context } = this;
    context.beginPath();
    if (kind === 0) {
      context.arc(x, y, size, 0, 2 * Math.PI);
      return;
    }
    const corners = kind === 3 ? 8 : 4;
    const turn = kind === 1 ? Math.PI / 4 : kind === 3 ? Math.PI / 8 : 0;
    const reach = kind === 3 ? size * 1.05 : size * 1.2;
    for (let n = 0; n < corners; n++) {
      const angle = turn + (2 * Math.PI * n) / corners;
      context[n ? "lineTo" : "moveTo"](x + reach * Math.cos(angle), y + reach * Math.sin(angle));
    }
    context.closePath();
  }

  // The moment in words.
  inWords() {
    const { run } = this;
    const faults = standing(run.faults, this.time).map((fault) => {
      const names = (lanes) => lanes.map((lane) => run.lanes[lane].name).join(" ");
      if (fault.kind === "partition") return `partition ${fault.sides.map(names).join(" | ")}`;
      return `${fault.kind} ${names(fault.lanes)}`.trim();
    });
    const moving = this.moving?.length ?? 0;
    const still = moving === 1 ? "1 message on its way" : `${moving} messages on their way`;
    return `At ${inWords(this.time)}: ${still}; ${faults.length ? faults.join("; ") : "no fault stands"}.`;
  }
}
