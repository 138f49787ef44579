// The time-sequence graph, as tcptrace draws it: what was sent, what was sent again, what arrived, what may be sent.

function sequenceRange(flow) {
  let low = Infinity, high = -Infinity;
  const include = (line, above) => {
    line.measure(...rowsInView(line.t));
    low = Math.min(low, line.low);
    high = Math.max(high, line.high + above);
  };
  include(flow.first, 1);
  include(flow.next, 0);
  include(flow.top, 0);
  const [from, end] = rowsInView(flow.resentTimes);
  for (let k = from; k < end; k++) {
    low = Math.min(low, flow.data.seq[flow.resent[k]]);
    high = Math.max(high, flow.data.seq[flow.resent[k]] + 1);
  }
  if (low > high) return [0, 1];
  const margin = Math.max((high - low) * 0.04, 1);
  return [low - margin, high + margin];
}

function drawSequence(g, flow, plane) {
  if (isShown("window")) drawWindow(g, flow, plane);
  const shown = isShown("sent") ? drawSent(g, flow, plane) : 0;
  if (isShown("sack")) drawSlices(g, flow, plane);
  if (isShown("ack")) drawStaircase(g, flow, plane);
  const crosses = isShown("lost") ? drawLost(g, flow, plane) : 0;
  const letters = isShown("resent") ? drawResent(g, flow, plane) : 0;
  if (isShown("corrupt")) drawCorruptAt(g, flow, plane, plane.y1 - 7);
  return [shownText(shown, countInView(flow.first.t), "sent"),
    signedText("resent", countInView(flow.resentTimes), letters, "R"),
    signedText("lost", countInView(flow.lostTimes), crosses, "a cross")].filter(Boolean).join("; ");
}

// All are there; where they crowd, not each has its sign.
const signedText = (name, total, signs, sign) =>
  !isShown(name) || (!total && name === "lost") ? ""
    : `all ${grouped(total)} ${name}${signs < total ? `, ${grouped(signs)} with ${sign}` : ""}`;

const shownText = (shown, total, word) =>
  shown >= total ? `all ${grouped(total)} ${word} shown` : `${grouped(Math.max(shown, 0))} of ${grouped(total)} ${word} shown`;

// First sendings: their numbers ascend, so a column's lowest and highest tell all that a pixel can.
function drawSent(g, flow, plane) {
  const { first } = flow;
  const [from, end] = rowsInView(first.t);
  g.fillStyle = theme.sent;
  if (end - from <= plane.w * 3) {
    const height = Math.max(plane.unit, 2);
    for (let i = from; i < end; i++) g.fillRect(plane.x(first.t[i]) - 1, plane.y(first.value[i] + 1), 2, height);
    return end - from;
  }
  let shown = 0;
  for (let x = Math.floor(plane.x0), row = from; x <= plane.x1 && row < end; x++) {
    const stop = Math.min(end, lowerBound(first.t, timeAt(plane, x + 1), end));
    if (stop <= row) continue;
    const { low, high } = first.measure(row, stop);
    shown += low === high ? 1 : 2;
    const y = plane.y(high + 1);
    g.fillRect(x, y, 1, Math.max(plane.y(low) - y, 2));
    row = stop;
  }
  return shown;
}

function drawResent(g, flow, plane) {
  const { data } = flow;
  const [from, end] = rowsInView(flow.resentTimes);
  const pixels = new Cells(plane, 1, 1), room = new Cells(plane, 9, 11);
  g.fillStyle = theme.resent;
  const height = Math.max(plane.unit, 3);
  const signs = [];
  for (let k = from; k < end; k++) {
    const i = flow.resent[k];
    const x = plane.x(data.t[i]), y = plane.y(data.seq[i] + 1);
    if (!pixels.take(x, y)) continue;
    g.fillRect(x - 1.5, y, 3, height);
    if (room.take(x, y)) signs.push(x, y);
  }
  for (let k = 0; k < signs.length; k += 2) stamp(g, "R", theme.resent, signs[k], signs[k + 1] - 7);
  return signs.length / 2;
}

function drawLost(g, flow, plane) {
  const [from, end] = rowsInView(flow.lostTimes);
  // Far away a dot for each, and a sign where there is room for one: what was sent must stay visible.
  const pixels = new Cells(plane, 1, 1), room = new Cells(plane, 22, 22);
  g.fillStyle = theme.lost;
  let crosses = 0;
  for (let k = from; k < end; k++) {
    const i = flow.lost[k];
    const x = plane.x(flow.data.t[i]), y = plane.y(flow.data.seq[i] + 0.5);
    if (!pixels.take(x, y)) continue;
    g.fillRect(x - 1, y - 1, 2, 2);
    if (!room.take(x, y)) continue;
    stamp(g, "x", theme.lost, x, y);
    crosses++;
  }
  return crosses;
}

// Nothing that a corrupt datagram says is believed, so it has a time and no number.
function drawCorruptAt(g, flow, plane, y) {
  const [from, end] = rowsInView(flow.corrupted.t);
  const pixels = new Cells(plane, 1, plane.h + 1);
  for (let i = from; i < end; i++) {
    const x = plane.x(flow.corrupted.t[i]);
    if (pixels.take(x, plane.y0)) stamp(g, "diamond", theme.lost, x, y);
  }
}

function drawStaircase(g, flow, plane) {
  g.strokeStyle = theme.ack;
  g.lineWidth = 1.5;
  drawLine(g, plane, flow.next, true);
}

function drawSlices(g, flow, plane) {
  const { acks, runs, runsBefore } = flow;
  const [from, end] = rowsInView(acks.t);
  g.fillStyle = theme.ack;
  let last = NaN, low = NaN;
  for (let i = from; i < end; i++) {
    const x = plane.x(acks.t[i]);
    for (let k = runsBefore[i]; k < runsBefore[i + 1]; k++) {
      const y = plane.y(runs.start[k] + runs.many[k]), h = Math.max(runs.many[k] * plane.unit, 1.5);
      if (Math.abs(x - last) < 0.4 && Math.abs(y - low) < 0.4 && h < 2) continue;
      g.fillRect(x - 0.5, y, 1, h);
      [last, low] = [x, y];
    }
  }
}

function drawWindow(g, flow, plane) {
  if (!flow.window) return;
  g.strokeStyle = theme.window;
  g.lineWidth = 1.5;
  g.setLineDash([5, 4]);
  drawLine(g, plane, flow.edge, true);
  g.setLineDash([]);
}
