// Drawing on a canvas in units of CSS pixels, sharp on every screen.

const left = 66, right = 12, top_ = 6, bottom = 20;
const theme = {};

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["sent", "resent", "ack", "lost", "corrupt", "window", "text", "ground", "line", "soft", "faint"]) {
    theme[name] = style.getPropertyValue(`--${name}`).trim();
  }
  letters.clear();
}

function sized(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  canvas.style.height = `${height}px`;
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

// A panel's plane: `x` of a time, `y` of a value.
function planeOf(width, height, range) {
  const plane = { x0: left, x1: width - right, y0: top_, y1: height - bottom, low: range[0], high: range[1] };
  plane.w = plane.x1 - plane.x0;
  plane.h = plane.y1 - plane.y0;
  const perTime = plane.w / (view.t1 - view.t0), perValue = plane.h / (plane.high - plane.low);
  plane.x = t => plane.x0 + (t - view.t0) * perTime;
  plane.y = value => plane.y1 - (value - plane.low) * perValue;
  plane.unit = perValue;
  return plane;
}

const timeAt = (plane, x) => view.t0 + (x - plane.x0) / plane.w * (view.t1 - view.t0);

// Values that are 1, 2 or 5 times a power of ten apart, and at least `least`: no more than `most`, but at least three.
function ticks(low, high, most, least = 0) {
  let best = null, few = { values: [], step: high - low };
  for (let power = 10 ** Math.ceil(Math.log10(high - low)); power > 1e-12; power /= 10) {
    for (const step of [5 * power, 2 * power, power]) {
      if (step < least) return best || few;
      const first = Math.ceil(low / step - 1e-9), count = Math.floor(high / step + 1e-9) - first + 1;
      if (best && count > most) return best;
      const found = { values: Array.from({ length: count }, (_, i) => (first + i) * step), step };
      if (count >= 3) best = found; else few = found;
    }
  }
  return best || few;
}

function drawAxes(g, plane, label, least) {
  g.font = '11px system-ui, "DejaVu Sans", sans-serif';
  g.strokeStyle = theme.line;
  g.fillStyle = theme.faint;
  g.lineWidth = 1;
  g.beginPath();
  g.textAlign = "right";
  g.textBaseline = "middle";
  for (const value of label ? ticks(plane.low, plane.high, plane.h / 30, least).values : []) {
    const y = Math.round(plane.y(value)) + 0.5;
    g.moveTo(plane.x0, y);
    g.lineTo(plane.x1, y);
    g.fillText(label(value), plane.x0 - 6, y);
  }
  g.textAlign = "center";
  g.textBaseline = "top";
  const { values, step } = ticks(view.t0 / 1e6, view.t1 / 1e6, plane.w / 90);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  let free = plane.x0 - 12;
  for (const value of values) {
    const x = Math.round(plane.x(value * 1e6)) + 0.5;
    g.moveTo(x, plane.y0);
    g.lineTo(x, plane.y1);
    const text = `${value.toFixed(places)} s`, half = g.measureText(text).width / 2;
    const at = Math.min(x, plane.x1 + right - half);
    // Labels keep away from each other, and from the other axis's corner.
    if (at - half < free) continue;
    g.fillText(text, at, plane.y1 + 4);
    free = at + half + 6;
  }
  g.stroke();
}

// Times without progress are shaded in every graph.
function drawStalls(g, flow, plane) {
  g.fillStyle = theme.soft;
  for (const [start, length] of flow.stalls || []) {
    const from = Math.max(plane.x(start), plane.x0), end = Math.min(plane.x(start + length), plane.x1);
    if (end > from) g.fillRect(from, plane.y0, Math.max(end - from, 1), plane.h);
  }
}

const stallAt = (flow, t) => (flow.stalls || []).find(([start, length]) => t >= start && t < start + length);

function clipped(g, plane, draw) {
  g.save();
  g.beginPath();
  g.rect(plane.x0, plane.y0, plane.w, plane.h);
  g.clip();
  draw();
  g.restore();
}

// Remembers which cells of a plane are taken, so that marks in the same place are drawn only once.
class Cells {
  constructor(plane, width, height) {
    Object.assign(this, { plane, width, height, columns: Math.ceil(plane.w / width) + 2 });
    this.taken = new Uint8Array(this.columns * (Math.ceil(plane.h / height) + 2));
  }
  take(x, y) {
    const column = Math.floor((x - this.plane.x0) / this.width) + 1, row = Math.floor((y - this.plane.y0) / this.height) + 1;
    const place = row * this.columns + column;
    if (column < 0 || row < 0 || column >= this.columns || place >= this.taken.length || this.taken[place]) return false;
    this.taken[place] = 1;
    return true;
  }
  // Takes the cell and those around it, if all are free.
  takeAround(x, y) {
    const column = Math.floor((x - this.plane.x0) / this.width) + 1, row = Math.floor((y - this.plane.y0) / this.height) + 1;
    const places = [];
    for (let i = Math.max(0, column - 1); i <= Math.min(this.columns - 1, column + 1); i++) {
      for (let k = Math.max(0, row - 1); k <= row + 1; k++) places.push(k * this.columns + i);
    }
    if (places.some(place => this.taken[place])) return false;
    for (const place of places) if (place < this.taken.length) this.taken[place] = 1;
    return true;
  }
}

// A letter or sign is drawn once and then copied, because drawing text is slow.
const letters = new Map();
function stamp(g, sign, colour, x, y) {
  const key = sign + colour;
  if (!letters.has(key)) {
    const scale = window.devicePixelRatio || 1;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 14 * scale;
    const c = canvas.getContext("2d");
    c.scale(scale, scale);
    drawSign(c, sign, colour, 7, 7);
    letters.set(key, canvas);
  }
  g.drawImage(letters.get(key), x - 7, y - 7, 14, 14);
}

function drawSign(c, sign, colour, x, y) {
  c.strokeStyle = c.fillStyle = colour;
  c.lineWidth = 1.8;
  c.beginPath();
  if (sign === "x") {
    c.moveTo(x - 4, y - 4); c.lineTo(x + 4, y + 4); c.moveTo(x + 4, y - 4); c.lineTo(x - 4, y + 4);
    c.stroke();
  } else if (sign === "diamond") {
    c.moveTo(x, y - 5); c.lineTo(x + 4.5, y); c.lineTo(x, y + 5); c.lineTo(x - 4.5, y); c.closePath();
    c.stroke();
  } else {
    c.font = 'bold 12px system-ui, "DejaVu Sans", sans-serif';
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(sign, x, y + 0.5);
  }
}

// A line through points, of which there may be far more than pixels: it goes through the first, lowest, highest and
// last of each column.
function drawLine(g, plane, line, isStep) {
  const [from, end] = rowsInView(line.t);
  const perRow = plane.w / (view.t1 - view.t0), perValue = plane.unit;
  let previous = NaN;
  const column = (x, first, last, low, high) => {
    if (Number.isNaN(previous)) g.moveTo(x, first); else {
      if (isStep) g.lineTo(x, previous);
      g.lineTo(x, first);
    }
    if (low !== high) { g.lineTo(x, low); g.lineTo(x, high); g.lineTo(x, last); }
    previous = last;
  };
  const y = value => plane.y1 - (value - plane.low) * perValue;
  g.beginPath();
  if (end - from < plane.w * 3) {
    for (let i = from; i < end; i++) {
      const at = y(line.value[i]);
      column(plane.x0 + (line.t[i] - view.t0) * perRow, at, at, at, at);
    }
  } else {
    for (let x = Math.floor(plane.x0), row = from; x <= plane.x1 && row < end; x++) {
      const stop = Math.min(end, lowerBound(line.t, timeAt(plane, x + 1), end));
      if (stop <= row) continue;
      line.measure(row, stop);
      column(x + 0.5, y(line.value[row]), y(line.value[stop - 1]), y(line.high), y(line.low));
      row = stop;
    }
  }
  g.stroke();
}

const countInView = times => lowerBound(times, view.t1) - lowerBound(times, view.t0);

// The rows in view, and one more on each side so that lines reach the edges.
function rowsInView(times, count = times.length) {
  const from = Math.max(0, lowerBound(times, view.t0, count) - 1);
  const end = Math.min(count, lowerBound(times, view.t1, count) + 1);
  return [from, Math.max(from, end)];
}
