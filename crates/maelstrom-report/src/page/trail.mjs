// What was followed, as text: each node's first sight, the hop that brought it, how long it took.

import { opInWords } from "./data.mjs";
import { inWords, took } from "./time.mjs";

// An element with text and children.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const at = (time, text = inWords(time)) => element("a", { href: "#diagram", "data-at": time }, text);

function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, head),
      element("tbody", {}, ...body),
    ),
  );
}

// The lines under the form.
export function describe(run, trail) {
  const { lanes, messages, ops, typeNames } = run;
  const out = [];
  const name = (lane) => lanes[lane].name;
  if (trail.kind === "value") {
    const words = [`${trail.label}: `];
    if (trail.origin >= 0) {
      const node = lanes[ops.lane[trail.origin]].node;
      words.push(`${opInWords(run, trail.origin)}, told ${node ? `to ${node} ` : ""}at `, at(ops.at[trail.origin]));
    } else {
      words.push("no client told it");
    }
    if (trail.acknowledged !== null) words.push(", acknowledged at ", at(trail.acknowledged));
    words.push(". ");
    if (trail.missing.length === 0 && trail.last !== null) {
      const since = trail.acknowledged === null ? null : Math.max(trail.last - trail.acknowledged, 0);
      words.push("The last node learned of it at ", at(trail.last));
      if (since !== null) words.push(`, ${took(since)} after it was acknowledged`);
      words.push(".");
    } else if (trail.missing.length) {
      words.push(`Never seen by ${trail.missing.map(name).join(", ")}.`);
    }
    out.push(element("p", { class: "summary" }, ...words));
    const rows = trail.sights.map((sight) => {
      const m = sight.message;
      const how =
        m < 0
          ? "seen in a read; no message shows how it came"
          : `${typeNames[messages.type[m]]} from ${name(sight.from)}, ${took(messages.end[m] - messages.sent[m])} on its way`;
      const after = trail.acknowledged === null ? "" : took(Math.max(sight.at - trail.acknowledged, 0));
      const read = trail.reads.get(sight.lane);
      return [name(sight.lane), at(sight.at), how, after, read ? at(read.at) : "none"];
    });
    out.push(table("First sights", ["Node", "First sight", "The hop that brought it", "After the ack", "First read"], rows));
    return out;
  }
  const count = trail.ops.length;
  const of = count === 1 ? "1 operation" : `${count} operations`;
  out.push(
    element("p", { class: "summary" }, `${trail.label}: ${of}, ${trail.messages.length} messages, from `, at(trail.from), "."),
  );
  const rows = trail.ops.slice(0, 200).map((op) => [
    element("a", { href: "#diagram", "data-op": ops.index[op] }, `T${ops.completion[op] < 0 ? ops.index[op] : ops.completion[op]}`),
    inWords(ops.at[op]),
    name(ops.lane[op]),
    opInWords(run, op),
    ["ok", "fail", "info", "open"][ops.outcome[op]],
  ]);
  out.push(table("Operations", ["Operation", "Began", "By", "What", "Outcome"], rows));
  if (count > 200) out.push(element("p", {}, `… and ${count - 200} more.`));
  return out;
}
