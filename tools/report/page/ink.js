// How much of the time-sequence graph each class of packets gets. Where many packets share a dot, a dot stands for the
// same number of packets of any class, so that a class has ink in proportion to its share; but wherever a class occurs,
// it has a dot within `farthest` pixels, so that none vanishes.

const farthest = 64;
// The size of a dot, larger where there are few packets.
let dot = 3;
const sizeDots = (plane, packets) => { dot = Math.max(3, Math.min(5, Math.round(Math.sqrt(plane.w * plane.h / Math.max(packets, 1) / 60)))); };

// The area of a sign, in square pixels. Signs add half as much ink as a class's dots have, and there is at least one.
const signInk = { R: 34, x: 40, diamond: 34 };
const signsFor = (ink, sign) => Math.max(1, Math.floor(ink / signInk[sign]));

// The dots of a plane, each with the class that took it last.
class Dots {
  constructor(plane) {
    this.plane = plane;
    this.columns = Math.ceil(plane.w / dot) + 1;
    this.rows = Math.ceil(plane.h / dot) + 1;
    this.classes = new Uint8Array(this.columns * this.rows);
  }
  column(x) { return Math.floor((x - this.plane.x0) / dot); }
  row(y) { return Math.floor((y - this.plane.y0) / dot); }
  // The place of a dot, or -1 outside the plane.
  at(x, y) {
    const column = this.column(x), row = this.row(y);
    return column < 0 || row < 0 || column >= this.columns || row >= this.rows ? -1 : column * this.rows + row;
  }
  // Calls `visit` with the places of a column from y `high` down to y `low`.
  each(column, high, low, visit) {
    if (column < 0 || column >= this.columns) return;
    const from = Math.max(0, this.row(high)), end = Math.min(this.rows - 1, Math.max(this.row(low - 0.01), this.row(high)));
    for (let row = from; row <= end; row++) visit(column * this.rows + row);
  }
  count(kind) {
    let count = 0;
    for (const one of this.classes) if (one === kind) count++;
    return count;
  }
  // Paints the dots of each [class, colour, share of the dot's width].
  paint(g, paints) {
    const { plane, rows, classes } = this;
    for (const [kind, colour, share = 1] of paints) {
      g.fillStyle = colour;
      for (let column = 0; column < this.columns; column++) {
        for (let row = 0, place = column * rows; row < rows; row++, place++) {
          if (classes[place] !== kind) continue;
          const from = row;
          while (row + 1 < rows && classes[place + 1] === kind) { row++; place++; }
          g.fillRect(plane.x0 + column * dot, plane.y0 + from * dot, Math.floor(dot * share), (row + 1 - from) * dot);
        }
      }
    }
  }
}

// Hands out ink in the order of time: `earn` what a packet is worth, and `spend` it where a dot is taken.
class Budget {
  constructor(perPacket) { Object.assign(this, { perPacket, held: 0, last: -Infinity }); }
  // Whether the packet at x gets a dot.
  earn(x, many = 1) {
    this.held += this.perPacket * many;
    return this.isDue(x);
  }
  isDue(x) { return this.held >= 1 || x - this.last >= farthest; }
  spend(x) {
    this.held = Math.max(0, this.held - 1);
    this.last = x;
  }
}

// Puts at most `most` signs at some of these places (x, y, x, y, …), evenly spread and none on top of another.
function placeSigns(room, places, most, put) {
  const count = places.length / 2;
  let placed = 0;
  for (let k = 0; k < count && placed < most; k++) {
    if (k * most < placed * count) continue;
    const [x, y] = [places[2 * k], places[2 * k + 1]];
    if (!room.takeAround(x, y)) continue;
    put(x, y);
    placed++;
  }
  return placed;
}
