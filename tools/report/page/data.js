// The columns of the page's data; Column.swift says how they are written.

const report = JSON.parse(document.getElementById("data").textContent);

const digits = new Uint8Array(128);
for (let i = 0; i < 64; i++) {
  digits["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charCodeAt(i)] = i;
}

function bytesOf(base64) {
  const end = base64.indexOf("=");
  const length = end < 0 ? base64.length : end;
  const bytes = new Uint8Array(length * 3 >> 2);
  for (let i = 0, place = 0, group = 0; i < length; i++) {
    group = group << 6 | digits[base64.charCodeAt(i)];
    if ((i & 3) === 0) continue;
    bytes[place++] = group >> (6 - 2 * (i & 3)) & 255;
  }
  return bytes;
}

// Doubles hold every whole number below 2^53.
function column(base64, count) {
  const bytes = bytesOf(base64);
  const values = new Float64Array(count);
  let place = 0, last = 0, row = 0;
  const next = () => {
    let value = 0, scale = 1;
    for (;;) {
      const byte = bytes[place++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (row < count) {
    const code = next();
    if (code === 0) {
      const end = Math.min(count, row + 1 + next());
      values.fill(last, row, end);
      row = end;
    } else {
      last += code % 2 ? -(code + 1) / 2 : code / 2;
      values[row++] = last;
    }
  }
  return values;
}

function table(source) {
  const result = { count: source.count };
  for (const name of Object.keys(source)) {
    if (name !== "count") result[name] = column(source[name], source.count);
  }
  return result;
}

// Values over ascending times, with the lowest and highest of each 256, so that a million are drawn as fast as a
// thousand.
class Line {
  constructor(t, value) {
    Object.assign(this, { t, value, count: t.length });
    const blocks = Math.ceil(this.count / 256);
    this.lows = new Float64Array(blocks).fill(Infinity);
    this.highs = new Float64Array(blocks).fill(-Infinity);
    for (let i = 0; i < this.count; i++) {
      const v = value[i], block = i >> 8;
      if (v < this.lows[block]) this.lows[block] = v;
      if (v > this.highs[block]) this.highs[block] = v;
    }
    this.low = this.high = 0;
  }
  // Finds `low` and `high` of the rows `from ..< end`.
  measure(from, end) {
    let low = Infinity, high = -Infinity, i = from;
    while (i < end) {
      if ((i & 255) === 0 && i + 256 <= end) {
        const block = i >> 8;
        if (this.lows[block] < low) low = this.lows[block];
        if (this.highs[block] > high) high = this.highs[block];
        i += 256;
      } else {
        const v = this.value[i++];
        if (v < low) low = v;
        if (v > high) high = v;
      }
    }
    this.low = low;
    this.high = high;
    return this;
  }
}

// The rows of two tables, merged in the order of time.
function merged(a, b, name) {
  const t = new Float64Array(a.count + b.count), value = new Float64Array(t.length);
  for (let i = 0, k = 0, row = 0; row < t.length; row++) {
    const isFirst = k >= b.count || (i < a.count && a.t[i] <= b.t[k]);
    t[row] = isFirst ? a.t[i] : b.t[k];
    value[row] = isFirst ? a[name][i++] : b[name][k++];
  }
  return new Line(t, value);
}

// The first index in 0 ..< count whose value is not below `value`.
function lowerBound(values, value, count = values.length) {
  let low = 0, high = count;
  while (low < high) {
    const middle = low + high >> 1;
    if (values[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

const markBit = {};
report.marks.forEach((name, bit) => { markBit[name] = 2 ** bit; });
const isMarked = (marks, name) => Math.floor(marks / markBit[name]) % 2 === 1;
const isLossMarked = marks => isMarked(marks, "lost_by_ack") || isMarked(marks, "lost_by_timeout");

// The flows as the panels need them, each decoded when it is first looked at.
const decoded = new Map();
function flowAt(index) {
  if (!decoded.has(index)) decoded.set(index, decodeFlow(index));
  return decoded.get(index);
}

function decodeFlow(index) {
  const source = report.flows[index];
  const flow = { ...source, index, data: table(source.data), repeats: table(source.repeats), acks: table(source.acks),
    runs: table(source.runs), corrupted: table(source.corrupted) };
  const { data, acks, repeats } = flow;
  // Where the content lies: coded relative to where the previous packet's content ended.
  for (let i = 0, end = 0; i < data.count; i++) {
    if ((data.kind[i] & 255) !== 6) continue;
    data.offset[i] += end;
    end = data.offset[i] + data.content[i];
  }
  flow.sentBytes = sums(data.count, i => data.len[i]);
  flow.ackedBytes = sums(acks.count, i => acks.bytes[i]);
  flow.freshBytes = sums(data.count, i => data.attempt[i] === 0 && !isMarked(data.marks[i], "duplicate") ? data.content[i] : 0);
  flow.runsBefore = sums(acks.count, i => acks.runs[i]);
  flow.resent = Int32Array.from(rowsOf(data.count, i => data.attempt[i] > 0));
  flow.resentTimes = Float64Array.from(flow.resent, i => data.t[i]);
  const first = Int32Array.from(rowsOf(data.count, i => data.attempt[i] === 0));
  flow.first = new Line(Float64Array.from(first, i => data.t[i]), Float64Array.from(first, i => data.seq[i]));
  flow.next = new Line(acks.t, acks.next);
  flow.top = new Line(acks.t, acks.top);
  flow.edge = new Line(acks.t, acks.next.map(next => next + (flow.window || 0)));
  flow.flight = merged(data, acks, "flight");
  flow.rttRows = Int32Array.from(rowsOf(acks.count, i => acks.rtt[i] > 0));
  flow.rttTimes = Float64Array.from(flow.rttRows, i => acks.t[i]);
  // How many corrupt datagrams each ACK newly reports; an ACK that was overtaken reports fewer than are known.
  let known = 0;
  flow.reported = acks.corrupt.map(count => {
    const news = Math.max(0, count - known);
    known += news;
    return news;
  });
  flow.repeatOf = new Map();
  for (let i = 0; i < repeats.count; i++) flow.repeatOf.set(repeats.row[i], i);
  const firstOf = i => flow.repeatOf.has(i) ? repeats.first[flow.repeatOf.get(i)] : 0;
  // A loss is found when its repeat leaves; in a receiver's capture, when a repeat arrives of what had never arrived.
  const isFound = i => isLossMarked(data.marks[i]) || (flow.receivers && !isMarked(data.marks[i], "duplicate") && !firstOf(i));
  flow.found = flow.resent.filter(isFound);
  flow.foundTimes = Float64Array.from(flow.found, i => data.t[i]);
  // The transmissions that were lost: each is the one before its repeat, or the repeat itself if that was not captured.
  const latest = new Map(), found = new Set(flow.found), lost = [];
  for (const i of flow.resent) {
    if (found.has(i)) {
      const first = lowerBound(data.n, firstOf(i));
      const known = firstOf(i) && data.n[first] === firstOf(i) ? first : i;
      lost.push(latest.has(data.seq[i]) ? latest.get(data.seq[i]) : known);
    }
    latest.set(data.seq[i], i);
  }
  flow.lost = Int32Array.from(lost).sort();
  const times = [data, acks].filter(one => one.count);
  flow.span = { t0: Math.min(...times.map(one => one.t[0])), t1: Math.max(...times.map(one => one.t[one.count - 1])) };
  flow.lostTimes = Float64Array.from(flow.lost, i => data.t[i]);
  return flow;
}

function sums(count, value) {
  const result = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) result[i + 1] = result[i] + value(i);
  return result;
}

function* rowsOf(count, test) { for (let i = 0; i < count; i++) if (test(i)) yield i; }
