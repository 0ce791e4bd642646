// What the packed run leaves out because it can be guessed: the other half of `guess.rs`, step
// for step. What is read there must be remembered here in the same order, or all after is wrong.

// A column's numbers: seven bits a byte, the lowest first; the lowest bit of all is the sign.
// A sparse one has only those that are not 0, each after how many zeros.
export function column(bytes, count, sparse) {
  const numbers = new Float64Array(count);
  let at = 0;
  const next = () => {
    let value = 0;
    let scale = 1;
    let byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    return value % 2 ? -(value + 1) / 2 : value / 2;
  };
  if (!sparse) {
    for (let n = 0; n < count; n++) numbers[n] = next();
    return numbers;
  }
  for (let n = 0; at < bytes.length; n++) {
    n += next();
    numbers[n] = next();
  }
  return numbers;
}

// What has followed in the same situation before, the latest first.
export class Ranks {
  constructor(rank, fresh) {
    Object.assign(this, { rank, fresh, seen: new Map(), at: 0, freshAt: 0 });
  }

  next(one, other) {
    const situation = one * 0x4000000 + other;
    let seen = this.seen.get(situation);
    if (!seen) this.seen.set(situation, (seen = []));
    const rank = this.rank[this.at++];
    if (rank === 0 && seen.length) return seen[0];
    const value = rank === seen.length ? this.fresh[this.freshAt++] : seen.splice(rank, 1)[0];
    seen.unshift(value);
    return value;
  }
}

// Requests that were delivered and not answered yet, the eldest first.
export class Pending {
  constructor() {
    this.all = [];
  }

  push(request) {
    if (this.all.length === 256) this.all.shift();
    this.all.push(request);
  }

  answer(place) {
    return this.all.splice(place, 1)[0];
  }
}

const INT = "\u0001";
const REPEAT = "\u0002";
const END = "\u0003";
const WIDE = "\u0004";

// A shape as its parts: text, integers, long numbers, and parts that are repeated, with how many
// integers each time, if that is always the same.
export function compile(shape) {
  let at = 0;
  const parts = () => {
    const all = [];
    let text = "";
    const put = (part) => {
      if (text) all.push({ text });
      text = "";
      all.push(part);
    };
    for (; at < shape.length && shape[at] !== END; at++) {
      if (shape[at] === INT) put({ int: true });
      else if (shape[at] === WIDE) put({ wide: true });
      else if (shape[at] === REPEAT) {
        at++;
        const inner = parts();
        const plain = inner.every((part) => !part.repeat && !part.wide);
        put({ repeat: inner, ints: plain ? inner.filter((part) => part.int).length : -1 });
      } else text += shape[at];
    }
    if (text) all.push({ text });
    return all;
  };
  return parts();
}

const RECENT = 3;
const SLOTS = 24;
const KNOWN = 3 + 2 * RECENT;
const ITSELF = KNOWN - 1;
const LAST = KNOWN - 2;
const MOST_TRUST = 8;
const MOST_PAUSE = 63;
const NEAR = 16;

// How many bits a step has, without its sign.
function bits(step) {
  const size = Math.abs(step);
  return size < 0x100000000 ? 32 - Math.clz32(size) : 64 - Math.clz32(size / 0x100000000);
}

// All texts: their shapes, their integers, their long numbers.
export class Texts {
  constructor(shapes, [texts, ints, wides, short], columns, wideBytes, lanes) {
    this.shapes = shapes;
    this.parts = shapes.map(compile);
    this.count = 0;
    this.shapeOf = new Uint32Array(texts);
    this.numbers = short ? new Int32Array(ints) : new Float64Array(ints);
    this.numberAt = new Uint32Array(texts + 1);
    this.wides = new Uint32Array(wides);
    this.wideAt = new Uint32Array(texts + 1);
    this.wideTexts = [];
    this.wideSeen = [];
    Object.assign(this, columns, { wideBytes, rightAt: 0, wrongAt: 0, wideIndex: 0, wideFrom: 0 });
    this.recent = Array.from({ length: lanes }, () => new Array(RECENT).fill(-1));
    this.memories = shapes.map(() => null);
    this.from = new Int32Array(KNOWN);
    this.to = new Int32Array(KNOWN);
    this.left = this.nextRun();
  }

  nextRun() {
    return this.rightAt < this.right.length ? this.right[this.rightAt++] : Infinity;
  }

  latest(lane) {
    return this.recent[lane][0];
  }

  remember(lane, text) {
    this.recent[lane].unshift(text);
    this.recent[lane].pop();
  }

  // Reads the next text, which has this shape, and gives its number.
  tell(shape, answers, one, other) {
    const text = this.count++;
    this.shapeOf[text] = shape;
    const memory = (this.memories[shape] ??= {
      last: -1,
      goesOn: 0,
      slots: Array.from({ length: SLOTS }, () => ({ value: 0, text: 0, place: 0, trust: 0, wait: 0, pause: 0, lengths: [0, 0, 0] })),
    });
    const know = (place, text) => {
      this.from[place] = text < 0 ? 0 : this.numberAt[text];
      this.to[place] = text < 0 ? 0 : this.numberAt[text + 1];
    };
    know(0, answers);
    for (let i = 0; i < RECENT; i++) know(1 + i, this.recent[one][i]);
    for (let i = 0; i < RECENT; i++) know(1 + RECENT + i, one === other ? -1 : this.recent[other][i]);
    know(LAST, memory.last);
    memory.last = text;
    this.memory = memory;
    this.start = this.end = this.numberAt[text];
    this.from[ITSELF] = this.start;
    this.like = memory.goesOn;
    this.place = 0;
    this.vain = -1;
    this.look = 0;
    this.pause = 1;
    this.wideEnd = this.wideAt[text];
    this.take(this.parts[shape]);
    memory.goesOn = this.like;
    this.numberAt[text + 1] = this.end;
    this.wideAt[text + 1] = this.wideEnd;
    return text;
  }

  take(parts) {
    for (const part of parts) {
      if (part.int) this.int();
      else if (part.wide) this.wide();
      else if (part.repeat) {
        const times = this.int();
        if (part.ints >= 0) this.takeInts(times * part.ints);
        else for (let i = 0; i < times; i++) this.take(part.repeat);
      }
    }
  }

  takeInts(count) {
    while (count > 0) {
      // What goes on as it did is copied at once.
      const there = this.from[this.like] + this.place;
      const same = Math.min(count, this.left, this.like === ITSELF ? 0 : this.to[this.like] - there);
      if (same < 4 || this.end - this.start < SLOTS) {
        this.int();
        count--;
        continue;
      }
      this.numbers.copyWithin(this.end, there, there + same);
      this.end += same;
      this.place += same;
      this.left -= same;
      this.vain = -1;
      this.memory.slots[SLOTS - 1].value = this.numbers[this.end - 1];
      count -= same;
    }
  }

  // The number at a place of a known text; nothing beyond its end.
  known(text, place) {
    const at = this.from[text] + place;
    return at < this.to[text] ? this.numbers[at] : undefined;
  }

  int() {
    const { numbers, memory } = this;
    const at = this.end - this.start;
    this.to[ITSELF] = this.end;
    const goesOn = this.known(this.like, this.place);
    const own = memory.slots[Math.min(at, SLOTS - 1)];
    const found = this.known(own.text, own.place);
    let number = own.trust >= 0 && at < SLOTS ? found : goesOn;
    if (this.left > 0) {
      this.left--;
    } else {
      const bases = [own.value, goesOn ?? own.value, at > 0 ? numbers[this.end - 1] : own.value];
      const [last, near, before] = own.lengths;
      const base = last <= near && last <= before ? 0 : near <= before ? 1 : 2;
      number = bases[base] + this.wrong[this.wrongAt++];
      for (let i = 0; i < 3; i++) own.lengths[i] += bits(number - bases[i]) - (own.lengths[i] >> 3);
      this.left = this.nextRun();
    }
    own.value = number;
    if (at < SLOTS) {
      const trust = own.trust + (found === number ? 1 : 0) - (goesOn === number ? 1 : 0);
      own.trust = Math.min(Math.max(trust, -MOST_TRUST), MOST_TRUST);
      if (found === number) {
        own.pause = 0;
      } else if (own.wait > 0) {
        own.wait--;
      } else {
        if (this.known(LAST, at) === number) [own.text, own.place] = [LAST, at];
        else if (this.find(number, -1)) [own.text, own.place] = [this.foundText, this.foundPlace];
        else own.wait = own.pause = Math.min(own.pause * 2 + 1, MOST_PAUSE);
      }
    }
    this.follow(number, goesOn === number, at);
    numbers[this.end++] = number;
    return number;
  }

  // Where the text that this one is like goes on.
  follow(number, goingOn, at) {
    const was = this.vain;
    this.vain = goingOn ? -1 : this.place;
    this.place++;
    if (goingOn) return;
    if (was >= 0 && this.known(this.like, was) === number) {
      // Something was put in.
      this.place = was + 1;
      this.vain = -1;
      return;
    }
    if (at < this.look) return;
    const before = at > 0 ? this.end - 1 : -1;
    const length = this.to[this.like] - this.from[this.like];
    const near = Math.min(Math.max(this.place - NEAR / 4, 0), length);
    const from = this.from[this.like];
    const found = this.search(from + near, from + Math.min(length, this.place + NEAR), number, before);
    if (found >= 0) this.place = found - from + 1;
    else if (this.find(number, before)) [this.like, this.place] = [this.foundText, this.foundPlace + 1];
    else {
      this.look = at + this.pause;
      this.pause *= 2;
      return;
    }
    this.vain = -1;
    this.pause = 1;
  }

  // The place of a number between two, after the one that stands at `before` if that is not -1.
  search(from, to, number, before) {
    const { numbers } = this;
    if (before < 0) {
      for (let i = from; i < to; i++) if (numbers[i] === number) return i;
      return -1;
    }
    const first = numbers[before];
    for (let i = from + 1; i < to; i++) if (numbers[i] === number && numbers[i - 1] === first) return i;
    return -1;
  }

  find(number, before) {
    for (let text = 0; text < KNOWN; text++) {
      const from = this.from[text];
      const found = this.search(from, Math.min(this.to[text], from + NEAR), number, before);
      if (found < 0) continue;
      this.foundText = text;
      this.foundPlace = found - from;
      return true;
    }
    return false;
  }

  // A long number: one of those seen lately, or a new one.
  wide() {
    const place = this.wide_[this.wideIndex++];
    let which;
    if (place === 0) {
      which = this.wideTexts.length;
      const form = this.wideForm[which];
      const size = form === 0 ? 8 : form === 33 ? 16 : Math.ceil(form / 2);
      let hex = "";
      for (let i = 0; i < size; i++) hex += this.wideBytes[this.wideFrom++].toString(16).padStart(2, "0");
      if (form === 0) hex = BigInt(`0x${hex}`).toString();
      else if (form === 33) hex = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
      else hex = hex.slice(-form);
      this.wideTexts.push(hex);
      this.wideSeen.length = Math.min(this.wideSeen.length, NEAR - 1);
    } else {
      which = this.wideSeen.splice(place - 1, 1)[0];
    }
    this.wideSeen.unshift(which);
    this.wides[this.wideEnd++] = which;
  }

  // A text as it was.
  text(t) {
    let number = this.numberAt[t];
    let wide = this.wideAt[t];
    const write = (parts) => {
      let out = "";
      for (const part of parts) {
        if (part.text !== undefined) out += part.text;
        else if (part.int) out += this.numbers[number++];
        else if (part.wide) out += this.wideTexts[this.wides[wide++]];
        else {
          const times = this.numbers[number++];
          for (let i = 0; i < times; i++) out += (i ? "," : "") + write(part.repeat);
        }
      }
      return out;
    };
    return write(this.parts[this.shapeOf[t]]);
  }
}
