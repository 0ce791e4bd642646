// The page comes to life: theme, links, and the three views around one run.

import { OUTCOMES, bodyOf, opByIndex, opInWords, read, unpack } from "./data.mjs";
import { inWords, took } from "./time.mjs";
import { DARK, LIGHT, colourOf, stylesOf } from "./colours.mjs";
import { kept } from "./visible.mjs";
import { mentions } from "./mentions.mjs";
import { choices, follow, followable } from "./follow.mjs";
import { lastBefore, step } from "./replay.mjs";
import { Diagram } from "./diagram.mjs";
import { Ring } from "./ring.mjs";
import { describe, element } from "./trail.mjs";

const $ = (id) => document.getElementById(id);
const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

// Light or dark: as the system says, until the button says otherwise.
function watchTheme(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const apply = () => {
    const dark = chosen ?? system.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    $("theme").setAttribute("aria-pressed", String(dark));
    changed(dark ? DARK : LIGHT);
  };
  system.addEventListener("change", apply);
  $("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme !== "dark";
    apply();
  });
  apply();
}

function watchCopy() {
  const button = $("copy");
  button?.addEventListener("click", async () => {
    const text = $(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Without the right to copy, what is to be copied is marked.
      getSelection().selectAllChildren($(button.dataset.copy));
      button.textContent = "Marked";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}

class Page {
  constructor(run) {
    this.run = run;
    const counts = new Array(run.typeNames.length).fill(0);
    for (const type of run.messages.type) counts[type]++;
    this.counts = counts;
    this.styles = stylesOf(run.typeNames, counts);
    this.filters = { types: new Set(), lanes: new Set(), dropped: false, only: null };
    this.diagram = new Diagram(run, this.styles, $("canvas-box"), $("canvas"));
    this.ring = new Ring(run, this.styles, this.diagram.messageSpans, $("ring-box"), $("ring"));
    this.ring.opSpans = this.diagram.opSpans;
    this.playing = false;
    this.diagram.onView = () => this.describeView();
    this.watchDiagram();
    this.watchFilters();
    this.watchFollow();
    this.watchReplay();
    this.watchLinks();
    $("replay").hidden = !run.journal;
    $("dropped").parentElement.hidden = !run.journal;
    let width = 0;
    new ResizeObserver(() => {
      // The pictures' own height follows from their width.
      if (document.body.clientWidth === width) return;
      width = document.body.clientWidth;
      requestAnimationFrame(() => this.redraw());
    }).observe(document.body);
  }

  setTheme(theme) {
    this.theme = this.diagram.theme = this.ring.theme = theme;
    this.legend();
    this.redraw();
  }

  redraw() {
    this.diagram.redraw();
    this.ring.draw();
    $("ring-text").textContent = this.ring.inWords();
  }

  // The diagram's buttons, keys, wheel and pointers.
  watchDiagram() {
    const { diagram } = this;
    const box = $("canvas-box");
    const on = (id, act) => $(id).addEventListener("click", act);
    on("zoom-in", () => diagram.zoom(0.5));
    on("zoom-out", () => diagram.zoom(2));
    on("pan-left", () => diagram.pan(-0.3));
    on("pan-right", () => diagram.pan(0.3));
    on("fit", () => diagram.fit());
    const keys = {
      ArrowLeft: () => diagram.pan(-0.15),
      ArrowRight: () => diagram.pan(0.15),
      "+": () => diagram.zoom(0.6),
      "=": () => diagram.zoom(0.6),
      "-": () => diagram.zoom(1.6),
      0: () => diagram.fit(),
      Home: () => diagram.fit(),
      n: () => this.pickNeighbour(1),
      p: () => this.pickNeighbour(-1),
      o: () => this.pickOperation(1),
      O: () => this.pickOperation(-1),
      Escape: () => this.pick(null),
    };
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    box.addEventListener(
      "wheel",
      (event) => {
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
        // A plain wheel scrolls the page, as everywhere, until the diagram was clicked.
        if (!sideways && !event.ctrlKey && !event.metaKey && document.activeElement !== box) return;
        event.preventDefault();
        if (sideways) diagram.pan((event.deltaX || event.deltaY) / diagram.width);
        else diagram.zoom(Math.exp(event.deltaY * 0.004), diagram.time(event.offsetX));
      },
      { passive: false },
    );
    this.watchPointers(box);
  }

  // One pointer drags, two pinch, one that does not move picks.
  watchPointers(box) {
    const { diagram } = this;
    const down = new Map();
    let moved = 0;
    const place = (event) => {
      const { left, top } = $("canvas").getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    box.addEventListener("pointerdown", (event) => {
      down.set(event.pointerId, place(event));
      moved = 0;
      box.focus({ preventScroll: true });
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => {
      const now = place(event);
      const before = down.get(event.pointerId);
      if (!before) return this.hover(now);
      moved += Math.hypot(now.x - before.x, now.y - before.y);
      const others = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      if (others.length) {
        const was = Math.abs(before.x - others[0].x);
        const is = Math.abs(now.x - others[0].x);
        if (was > 8 && is > 8) diagram.zoom(was / is, diagram.time((now.x + others[0].x) / 2));
      } else if (moved > 4) {
        diagram.pan((before.x - now.x) / (diagram.width - diagram.left));
      }
      down.set(event.pointerId, now);
    });
    const up = (event) => {
      const was = down.get(event.pointerId);
      down.delete(event.pointerId);
      if (was && moved <= 4 && event.type === "pointerup") {
        this.pick(diagram.at(was.x, was.y, event.pointerType === "touch" ? 14 : 7));
      }
    };
    box.addEventListener("pointerup", up);
    box.addEventListener("pointercancel", up);
    box.addEventListener("pointerleave", () => ($("tip").hidden = true));
  }

  hover({ x, y }) {
    const tip = $("tip");
    const thing = this.diagram.at(x, y);
    tip.hidden = !thing;
    if (!thing) return;
    tip.textContent = this.inWords(thing);
    const wide = this.diagram.width;
    tip.style.left = `${Math.min(x + 12, Math.max(wide - tip.offsetWidth - 4, 0))}px`;
    tip.style.top = `${y + 14}px`;
  }

  // A message or an operation in words.
  inWords({ message, op }) {
    const { run } = this;
    if (op !== undefined) {
      const { ops } = run;
      const outcome = OUTCOMES[ops.outcome[op]];
      return `${run.lanes[ops.lane[op]].name} (process ${ops.process[op]}): ${opInWords(run, op)}, ${outcome}, ${inWords(ops.at[op])}, took ${took(ops.to[op] - ops.at[op])}`;
    }
    const { messages } = run;
    const names = `${run.names[messages.src[message]]} → ${run.names[messages.dest[message]]}`;
    const fates = ["still on its way at the end", `took ${took(messages.end[message] - messages.sent[message])}`, "dropped"];
    const body = JSON.stringify(bodyOf(run, message));
    const shown = body.length > 300 ? `${body.slice(0, 299)}…` : body;
    return `${names} at ${inWords(messages.sent[message], 1)}, ${fates[messages.fate[message]]}: ${shown}`;
  }

  // Shows one thing below the diagram, with all of its body.
  pick(thing) {
    const { run, diagram } = this;
    diagram.picked = thing;
    diagram.redraw();
    const box = $("picked");
    box.hidden = !thing;
    if (!thing) return;
    const words = element("p", {}, this.inWords(thing));
    box.replaceChildren(words);
    const whole = (text) => element("pre", { tabindex: "0", "aria-label": "Body" }, text);
    if (thing.message !== undefined) {
      box.append(whole(JSON.stringify(bodyOf(run, thing.message), null, 1)));
      const at = run.messages.sent[thing.message];
      box.append(element("a", { href: "#replay", "data-replay": at }, "Replay from here"));
    } else {
      const { ops, texts } = run;
      const error = texts.text(ops.error[thing.op]);
      const index = ops.completion[thing.op] < 0 ? ops.index[thing.op] : ops.completion[thing.op];
      box.append(whole(`asked ${texts.text(ops.value[thing.op])}\ngot   ${texts.text(ops.result[thing.op])}${error === "null" ? "" : `\nerror ${error}`}`));
      box.append(element("a", { href: "#follow", "data-follow": `T${index}` }, "Follow this operation"), " ");
      box.append(element("a", { href: "#replay", "data-replay": ops.at[thing.op] }, "Replay from here"));
    }
  }

  pickNeighbour(direction) {
    const { diagram, run } = this;
    const message = diagram.neighbour(direction);
    if (message === null) return;
    const at = run.messages.sent[message];
    const length = diagram.view.to - diagram.view.from;
    if (at < diagram.view.from || at > diagram.view.to) diagram.set({ from: at - length / 2, to: at + length / 2 });
    this.pick({ message });
  }

  pickOperation(direction) {
    const { diagram, run } = this;
    const { ops } = run;
    let op = diagram.picked?.op;
    if (op === undefined) {
      op = direction > 0 ? ops.at.findIndex((at) => at >= diagram.view.from) : ops.at.findLastIndex((at) => at <= diagram.view.to);
    } else {
      op += direction;
    }
    if (op >= 0 && op < ops.count) this.showOp(op, false);
  }

  showOp(op, zoom = true) {
    const { diagram, run } = this;
    const [from, to] = [run.ops.at[op], run.ops.to[op]];
    const length = diagram.view.to - diagram.view.from;
    if (zoom && (length > 20 * (to - from) + 1e6 || from < diagram.view.from || to > diagram.view.to)) {
      diagram.reveal(from - 50000, Math.min(to, from + 5e6) + 50000);
    } else if (from < diagram.view.from || from > diagram.view.to) {
      diagram.set({ from: from - length / 2, to: from + length / 2 });
    }
    this.pick({ op });
  }

  // The view in words, for who does not see it, and a list of what is in it.
  describeView() {
    const { diagram, run } = this;
    const { from, to } = diagram.view;
    const [start, stop] = [inWords(Math.max(from, 0)), inWords(Math.min(to, run.end))];
    const note = [];
    if (!run.journal) note.push("This run left no journal, so its messages are not shown.");
    else if (diagram.drawn === null) {
      note.push(`${diagram.inView.toLocaleString("en")} messages in view: the bars show how many each lane sent and got. Zoom in for the single ones.`);
    }
    if ($("diagram-note").textContent !== note.join(" ")) $("diagram-note").textContent = note.join(" ");
    $("diagram-text").textContent =
      `From ${start} to ${stop}: ${counted(diagram.inView, "message")} and ${counted(diagram.opsInView, "operation")} on ${counted(run.lanes.length, "lane")}.`;
    if ($("listed").open) this.list();
  }

  list() {
    const { diagram } = this;
    const items = [];
    for (const op of (diagram.drawnOps ?? []).slice(0, 40)) items.push(element("li", {}, this.inWords({ op })));
    for (const message of (diagram.drawn ?? []).slice(0, 60)) items.push(element("li", {}, this.inWords({ message })));
    const all = diagram.inView + diagram.opsInView;
    const lines = [element("p", {}, `${all} in view${all > items.length ? `; ${items.length} of them are listed, more when you zoom in` : ""}.`)];
    if (items.length) lines.push(element("ol", {}, ...items));
    $("list").replaceChildren(...lines);
  }

  watchFilters() {
    const { run, filters } = this;
    const check = (into, label, hidden, key, swatch) => {
      const input = element("input", { type: "checkbox" });
      input.checked = true;
      input.addEventListener("change", () => {
        if (input.checked) hidden.delete(key);
        else hidden.add(key);
        this.filter();
      });
      const made = element("label", {}, input, ...(swatch ? [swatch] : []), label);
      into.append(made);
      return input;
    };
    run.typeNames
      .map((name, type) => ({ name, type }))
      .filter(({ type }) => this.counts[type] > 0)
      .sort((a, b) => this.counts[b.type] - this.counts[a.type])
      .forEach(({ name, type }) => {
        const swatch = element("span", { class: "swatch", "data-type": type, "aria-hidden": "true" });
        check($("types"), `${name} (${this.counts[type]})`, filters.types, type, swatch);
      });
    const clients = run.lanes.flatMap((lane, i) => (lane.kind === "client" ? [i] : []));
    const all = element("input", { type: "checkbox" });
    all.checked = true;
    const boxes = [];
    all.addEventListener("change", () => {
      clients.forEach((lane, n) => {
        boxes[n].checked = all.checked;
        if (all.checked) filters.lanes.delete(lane);
        else filters.lanes.add(lane);
      });
      this.filter();
    });
    $("lanes").append(element("label", {}, all, "all clients"));
    run.lanes.forEach((lane, i) => {
      const input = check($("lanes"), lane.name, filters.lanes, i);
      if (lane.kind === "client") boxes.push(input);
    });
    $("dropped").addEventListener("change", () => {
      filters.dropped = $("dropped").checked;
      this.filter();
    });
    let waiting;
    $("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.search($("search").value), 150);
    });
    $("listed").addEventListener("toggle", () => this.list());
  }

  legend() {
    const { theme } = this;
    document.querySelectorAll(".swatch[data-type]").forEach((swatch) => {
      const style = this.styles[swatch.dataset.type];
      swatch.style.borderTop = `3px ${style.dashed ? "dashed" : "solid"} ${colourOf(theme, style)}`;
    });
    const item = (mark, text) => element("span", {}, element("b", { "aria-hidden": "true", class: `key ${mark}` }), text);
    const others = new Set(this.run.faults.map((fault) => fault.kind).filter((kind) => !["partition", "kill", "pause"].includes(kind)));
    const stood = (kind) => this.run.faults.some((fault) => fault.kind === kind);
    // The commonest types; the filter has them all.
    const common = this.counts.map((count, type) => ({ count, type }));
    common.sort((a, b) => b.count - a.count);
    const types = common.slice(0, 6).filter(({ count }) => count).map(({ type }) => {
      const style = this.styles[type];
      const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.borderTop = `3px ${style.dashed ? "dashed" : "solid"} ${colourOf(theme, style)}`;
      return element("span", {}, swatch, this.run.typeNames[type]);
    });
    $("legend").replaceChildren(
      ...types,
      item("ok", "operation ok"),
      item("fail", "failed"),
      item("info", "outcome unknown"),
      ...(this.run.journal ? [item("drop", "message dropped")] : []),
      ...(stood("partition") ? [item("side-0", "one side of a partition"), item("side-1", "the other")] : []),
      ...(stood("kill") ? [item("dead", "killed")] : []),
      ...(stood("pause") ? [item("still", "paused")] : []),
      ...(others.size ? [item("other", [...others].join(", "))] : []),
    );
  }

  // Keeps what the filters leave, in the diagram and in the replay.
  filter() {
    const { run, filters, diagram } = this;
    const all = !filters.types.size && !filters.lanes.size && !filters.dropped && !filters.only;
    diagram.keep = this.ring.keep = all ? null : kept(run.messages, filters);
    diagram.hidden = filters.lanes;
    diagram.keepOps = filters.onlyOps ?? null;
    this.redraw();
  }

  search(query) {
    const { run, filters } = this;
    filters.only = filters.onlyOps = null;
    $("found").textContent = "";
    if (query.trim() !== "") {
      const found = mentions(run.texts, query);
      filters.only = Uint8Array.from(run.messages.body, (text) => found[text]);
      const { ops } = run;
      filters.onlyOps = Uint8Array.from(ops.value, (text, op) => found[text] | found[ops.result[op]] | found[ops.error[op]]);
      const sum = (marks) => marks.reduce((all, one) => all + one, 0);
      $("found").textContent = `${sum(filters.only)} messages, ${sum(filters.onlyOps)} operations`;
    }
    this.filter();
  }

  watchFollow() {
    const { what, hint } = followable(this.run.workload);
    $("follow-what").textContent = what[0].toUpperCase() + what.slice(1);
    $("follow-value").placeholder = hint;
    $("follow-value").addEventListener(
      "focus",
      () => $("follow-choices").append(...choices(this.run).map((value) => element("option", { value }))),
      { once: true },
    );
    $("follow-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.follow($("follow-value").value);
    });
    $("follow-end").addEventListener("click", () => this.follow(""));
  }

  follow(asked) {
    const { run, diagram } = this;
    $("follow-value").value = asked;
    const trail = asked.trim() === "" ? null : follow(run, asked);
    diagram.trail = trail;
    $("follow-end").hidden = !trail;
    if (trail) {
      $("trail").replaceChildren(...describe(run, trail));
      diagram.reveal(trail.from, trail.to);
    } else {
      const text = asked.trim() === "" ? "" : `Nothing in this run is about ${asked}.`;
      $("trail").replaceChildren(element("p", {}, text));
      diagram.redraw();
    }
  }

  watchReplay() {
    const { run, ring } = this;
    const slider = $("moment");
    slider.max = String(run.end);
    slider.step = String(Math.max(1, Math.round(run.end / 100000)));
    slider.addEventListener("input", () => this.moveTo(Number(slider.value), null));
    $("play").addEventListener("click", () => this.play(!this.playing));
    $("step-on").addEventListener("click", () => this.stepBy(1));
    $("step-back").addEventListener("click", () => this.stepBy(-1));
    $("ring-box").addEventListener("keydown", (event) => {
      const act = { ArrowRight: () => this.stepBy(1), ArrowLeft: () => this.stepBy(-1), " ": () => this.play(!this.playing) }[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
    $("speed").addEventListener("change", () => (ring.glimpse = 40000 * Math.min(Number($("speed").value), 4)));
  }

  moveTo(time, message) {
    const { ring, diagram, run } = this;
    ring.time = Math.min(Math.max(time, 0), run.end);
    ring.only = message;
    $("moment").value = String(Math.round(ring.time));
    $("moment-text").textContent = inWords(ring.time);
    $("moment").setAttribute("aria-valuetext", inWords(ring.time));
    diagram.moment = ring.time;
    this.redraw();
  }

  // From message to message, shown where it is half on its way.
  stepBy(direction) {
    const { run, ring } = this;
    const { messages } = run;
    if (messages.count === 0) return;
    this.play(false);
    const from = ring.only ?? lastBefore(messages, ring.time);
    const next = step(messages, ring.keep ?? new Uint8Array(messages.count).fill(1), from, direction);
    if (next < 0) return;
    const length = Math.max(messages.end[next] - messages.sent[next], ring.glimpse);
    this.moveTo(messages.sent[next] + length / 2, next);
    $("ring-text").setAttribute("aria-live", "polite");
    $("ring-text").textContent = this.inWords({ message: next });
  }

  play(on) {
    this.playing = on;
    $("play").textContent = on ? "Stop" : "Play";
    $("play").setAttribute("aria-pressed", String(on));
    $("ring-text").setAttribute("aria-live", "off");
    if (!on) return;
    if (this.ring.time >= this.run.end) this.moveTo(0, null);
    let last = performance.now();
    // Who asked for less motion gets still pictures, one a second.
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const frame = (now) => {
      if (!this.playing) return;
      if (!calm || now - last >= 1000) {
        this.moveTo(this.ring.time + (now - last) * 1000 * Number($("speed").value), null);
        last = now;
      }
      if (this.ring.time >= this.run.end) this.play(false);
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  // Links to an operation, a moment, a value: from the story, the tables, the pictures.
  watchLinks() {
    const { run } = this;
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("[data-op],[data-at],[data-follow],[data-replay]");
      if (!link) return;
      const { op, at, follow: value, replay } = link.dataset;
      if (op !== undefined) {
        const place = opByIndex(run, Number(op));
        if (place >= 0) this.showOp(place);
      }
      if (at !== undefined) {
        this.diagram.reveal(Number(at) - 300000, Number(at) + 300000);
        this.diagram.moment = Number(at);
      }
      if (value !== undefined) this.follow(value);
      if (replay !== undefined) this.moveTo(Number(replay), null);
    });
  }
}

async function start() {
  watchCopy();
  let page = null;
  let theme = LIGHT;
  watchTheme((changed) => {
    theme = changed;
    page?.setTheme(theme);
  });
  if (!$("diagram")) return;
  const run = read(await unpack($("run").textContent));
  page = new Page(run);
  page.setTheme(theme);
  document.documentElement.dataset.ready = "true";
}

if (typeof document !== "undefined") start();
