// What mentions a value: a number or a text that somebody looks for.

// A test of texts by number: whether the value stands in it, as a number or as a string of its own;
// and, for what is not a number, anywhere.
export function mentions(texts, query) {
  const found = new Uint8Array(texts.count);
  const whole = query.trim();
  if (whole === "") return found;
  const number = /^(0|-?[1-9]\d{0,14})$/.test(whole) ? Number(whole) : null;
  // Numbers within strings are among the texts' numbers too.
  const alone = new RegExp(`(^|[[,:"])${whole.replace(/[^\w]/g, "\\$&")}($|[\\],}"])`);
  for (let text = 0; text < texts.count; text++) {
    if (number === null) {
      found[text] = texts.text(text).includes(whole) ? 1 : 0;
      continue;
    }
    const stop = texts.numberAt[text + 1];
    for (let at = texts.numberAt[text]; at < stop; at++) {
      if (texts.numbers[at] !== number) continue;
      found[text] = alone.test(texts.text(text)) ? 1 : 0;
      break;
    }
  }
  return found;
}

// Whether a part of a value has what is looked for, as a number or a string of its own.
export function holds(value, wanted) {
  if (value === wanted || String(value) === String(wanted)) return typeof value !== "object";
  if (Array.isArray(value)) return value.some((item) => holds(item, wanted));
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([key, item]) => key === String(wanted) || holds(item, wanted));
}
