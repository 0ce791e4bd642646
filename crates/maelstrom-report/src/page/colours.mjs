// Colours that the colour-blind tell apart, after Okabe and Ito; a second sign goes with each.

export const LIGHT = {
  types: ["#0072b2", "#d55e00", "#009e73", "#b3578f", "#a87000", "#3a8fc4"],
  other: "#8a8f98",
  text: "#1b1f24",
  faint: "#6b7280",
  line: "#d5dae1",
  back: "#ffffff",
  band: "#f3f5f8",
  ok: "#0072b2",
  fail: "#d55e00",
  info: "#a87000",
  open: "#a87000",
  fault: "#b3578f",
  sides: ["rgba(213,94,0,.20)", "rgba(0,114,178,.18)", "rgba(0,158,115,.20)", "rgba(179,87,143,.20)"],
  dead: "rgba(27,31,36,.40)",
  still: "rgba(27,31,36,.18)",
  mark: "#c00040",
};

export const DARK = {
  types: ["#56b4e9", "#ff8a3d", "#2ec79b", "#e39ac2", "#f0b429", "#9ad2f5"],
  other: "#9aa3b0",
  text: "#e8ebf0",
  faint: "#9aa3b0",
  line: "#3a424e",
  back: "#14181e",
  band: "#1c222b",
  ok: "#56b4e9",
  fail: "#ff8a3d",
  info: "#f0b429",
  open: "#f0b429",
  fault: "#e39ac2",
  sides: ["rgba(255,138,61,.26)", "rgba(86,180,233,.24)", "rgba(46,199,155,.26)", "rgba(227,154,194,.26)"],
  dead: "rgba(232,235,240,.42)",
  still: "rgba(232,235,240,.20)",
  mark: "#ff6f91",
};

// Types that only set nodes up never get a colour of their own.
const SET_UP = ["init", "topology"];

// Which colour and which dashes each type of message has: a request and its reply share the
// colour, and the reply is dashed. The commonest come first; those left over are grey.
export function stylesOf(typeNames, counts) {
  const base = (name) => name.replace(/_ok$/, "");
  const sums = new Map();
  typeNames.forEach((name, type) => {
    if (SET_UP.includes(base(name)) || !counts[type]) return;
    sums.set(base(name), (sums.get(base(name)) ?? 0) + counts[type]);
  });
  const ranked = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a) || (a < b ? -1 : 1));
  return typeNames.map((name) => {
    const place = ranked.indexOf(base(name));
    const colour = place >= 0 && place < LIGHT.types.length ? place : -1;
    return { colour, dashed: name.endsWith("_ok") };
  });
}

// The colour of a style under a theme.
export const colourOf = (theme, style) => (style.colour < 0 ? theme.other : theme.types[style.colour]);
