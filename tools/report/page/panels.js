// The panels below the time-sequence graph, and the range that each shows for what is in view.

const countLabel = value => Math.abs(value) >= 1e4 ? `${+(value / 1e3).toPrecision(6)}k` : `${+value.toPrecision(6)}`;
const kilobytesLabel = value => value >= 1e6 ? `${+(value / 1e6).toPrecision(4)} MB` : `${+(value / 1e3).toPrecision(4)} kB`;

function highest(values, from, end, start = 0) {
  let high = start;
  for (let i = from; i < end; i++) if (values[i] > high) high = values[i];
  return high;
}

// A width, rounded to two digits, since it depends on the window and measures nothing.
const widthText = us => `${+(us / 1000).toPrecision(2)} ms`;

// From zero to somewhat above the highest value.
const upTo = high => [0, high > 0 ? high * 1.08 : 1];

// What the host's own qlog says of the flow, if it was given: rows of time and value, only where the value changed.
const nothing = new Line(new Float64Array(0), new Float64Array(0));
function qlogOf(flow, name) {
  const series = flow.qlog && flow.qlog[name];
  if (!series) return nothing;
  if (!series.line) {
    const { t, value } = table(series);
    series.line = new Line(t, value);
  }
  return series.line;
}

function drawQlog(g, flow, plane, name, colour, dash) {
  g.strokeStyle = colour;
  g.lineWidth = 1.5;
  g.setLineDash(dash);
  drawLine(g, plane, qlogOf(flow, name), true);
  g.setLineDash([]);
}

function highIn(line) {
  const { high } = line.measure(...rowsInView(line.t));
  return Math.max(high, 0);
}

// At the receiver's end, this is known only from the sender's qlog.
const flightOf = flow => flow.receivers ? qlogOf(flow, "flight") : flow.flight;

function flightRange(flow) {
  const high = highIn(flightOf(flow)), cwnd = isShown("cwnd") ? highIn(qlogOf(flow, "cwnd")) : 0;
  // A window that is never filled would flatten everything else.
  return upTo(cwnd < high * 4 || !high ? Math.max(high, cwnd) : high);
}

function drawFlight(g, flow, plane) {
  if (isShown("cwnd")) {
    drawStates(g, flow, plane);
    drawQlog(g, flow, plane, "cwnd", theme.window, [5, 4]);
  }
  const line = flightOf(flow);
  if (isShown("flight")) {
    g.strokeStyle = theme.sent;
    g.lineWidth = 1.3;
    drawLine(g, plane, line, true);
  }
  const window = isShown("cwnd") ? highIn(qlogOf(flow, "cwnd")) : 0;
  const above = window > plane.high ? `; congestion window up to ${kilobytesLabel(window)}, above this` : "";
  const whose = flow.receivers ? "by the sender's qlog: " : "";
  return `${whose}${plural(countInView(line.t), "point")}, lowest and highest of each pixel${above}`;
}

// The controller's states, as names along the top and lines where they change.
function drawStates(g, flow, plane) {
  if (!flow.qlog || !flow.qlog.states) return;
  g.font = '10px system-ui, "DejaVu Sans", sans-serif';
  g.textAlign = "left";
  g.textBaseline = "top";
  let free = plane.x0;
  const states = flow.qlog.states;
  states.forEach(([t, name], i) => {
    const end = i + 1 < states.length ? states[i + 1][0] : Infinity;
    if (t > view.t1 || end < view.t0) return;
    const x = Math.max(plane.x(t), plane.x0);
    g.fillStyle = theme.line;
    if (t >= view.t0) g.fillRect(x, plane.y0, 1, plane.h);
    const width = g.measureText(name).width + 6;
    if (x < free || Math.min(plane.x(end), plane.x1) - x < width) return;
    g.fillStyle = theme.faint;
    g.fillText(name, x + 3, plane.y0 + 1);
    free = x + width;
  });
}

// At the receiver's end, this is known only from the sender's qlog.
const sendersOnly = flow => flow.receivers && !flow.qlog
  ? "captured where the data arrives; the sender's qlog would show it" : "";

// At the receiver's end, the receiver's own round trips are shown: those of the packets that it sends.
function rttOf(flow) {
  const back = flow.receivers && flow.reverse !== null ? flowAt(flow.reverse) : null;
  const own = back && (back.rttRows.length || qlogOf(back, "srtt").count) ? back : flow;
  if (!own.rttLine) own.rttLine = new Line(own.rttTimes, Float64Array.from(own.rttRows, i => own.acks.rtt[i]));
  const smoothed = qlogOf(own, "srtt");
  return { own, samples: own.rttLine, smoothed: smoothed.count ? smoothed : qlogOf(flow, "srtt") };
}

function emptyRtt(flow) {
  const { samples, smoothed } = rttOf(flow);
  return samples.count || smoothed.count ? "" : sendersOnly(flow) || "no ACK gives a round trip here";
}

function rttRange(flow) {
  const { samples, smoothed } = rttOf(flow);
  return upTo(Math.max(highIn(smoothed), highIn(samples)));
}

const shownText = (shown, total, word) => !total ? `no ${word} in view` : shown >= total ? `all ${grouped(total)} ${word} shown`
  : `${grouped(Math.max(shown, 0))} of ${grouped(total)} ${word} shown`;

function drawRtt(g, flow, plane) {
  const { own, samples, smoothed } = rttOf(flow);
  g.fillStyle = theme.ack;
  const shown = isShown("rtt") ? drawSamples(g, plane, samples) : 0;
  if (isShown("srtt")) {
    g.strokeStyle = theme.sent;
    g.lineWidth = 1.5;
    drawLine(g, plane, smoothed, true);
  }
  return (own === flow ? "" : "of what the receiver sends: ") + shownText(shown, countInView(samples.t), "samples");
}

// Draws a dot for each value, or one where several fall on the same pixel; returns how many were drawn.
function drawSamples(g, plane, line) {
  const [from, end] = rowsInView(line.t), pixels = new Cells(plane, 1, 1), size = end - from < plane.w ? 3 : 2;
  let shown = 0;
  for (let i = from; i < end; i++) {
    const x = plane.x(line.t[i]), y = plane.y(line.value[i]);
    if (!pixels.take(x, y)) continue;
    g.fillRect(x - size / 2, y - size / 2, size, size);
    shown++;
  }
  return shown;
}

// Bins of whole pixels, wide enough to hold some packets each.
function binsOf(plane, least) {
  const width = (view.t1 - view.t0) / Math.max(1, Math.floor(plane.w / least));
  return { width, count: Math.ceil((view.t1 - view.t0) / width) };
}

function medianRtt(flow) {
  if (flow.medianRtt === undefined) {
    const samples = Float64Array.from(flow.rttRows, i => flow.acks.rtt[i]).sort();
    flow.medianRtt = samples.length ? samples[samples.length >> 1] : 0;
  }
  return flow.medianRtt;
}

// At one end, only packets in the other direction can show this.
const anyRtt = flow => medianRtt(flow) || (flow.reverse === null ? 0 : medianRtt(flowAt(flow.reverse)));

const emptyRates = flow => flow.data.count || flow.ackedBytes[flow.acks.count] || qlogOf(flow, "pacing").count ? ""
  : "nothing was sent";

// For every few pixels, the average over a round trip, or over more if pixels are wider: averages over less would show
// the bursts of pacing and ACKs rather than the throughput.
function rates(flow, plane) {
  const step = (view.t1 - view.t0) / Math.max(1, Math.floor(plane.w / 3)), count = Math.ceil((view.t1 - view.t0) / step) + 1;
  const width = Math.max(anyRtt(flow), 2 * step);
  // Headers do not count, even acknowledged ones.
  const useful = flow.bytes ? flow.freshBytes[flow.data.count] / Math.max(flow.sentBytes[flow.data.count] - resentBytes(flow), 1) : 1;
  const times = new Float64Array(count), sent = new Float64Array(count), good = new Float64Array(count);
  const hasAcks = flow.ackedBytes[flow.acks.count] > 0;
  const span = flow.span;
  for (let i = 0; i < count; i++) {
    times[i] = view.t0 + i * step;
    // Before the first packet and after the last there is nothing to average.
    const t0 = Math.max(times[i] - width / 2, span.t0), t1 = Math.min(times[i] + width / 2, span.t1);
    if (t1 <= t0) continue;
    const over = Math.max(t1 - t0, Math.min(width, span.t1 - span.t0)) / 1e6;
    const between = (sums, times, rows) => (sums[lowerBound(times, t1, rows)] - sums[lowerBound(times, t0, rows)]) / over;
    sent[i] = between(flow.sentBytes, flow.data.t, flow.data.count);
    good[i] = hasAcks ? between(flow.ackedBytes, flow.acks.t, flow.acks.count) * useful
      : between(flow.freshBytes, flow.data.t, flow.data.count);
  }
  return { width, sent: new Line(times, sent), good: new Line(times, good) };
}

function resentBytes(flow) {
  if (flow.resentSum === undefined) flow.resentSum = flow.resent.reduce((sum, i) => sum + flow.data.len[i], 0);
  return flow.resentSum;
}

function rateRange(flow, plane) {
  flow.rates = rates(flow, plane);
  let high = highIn(flow.rates.good);
  if (isShown("rate")) high = Math.max(high, highIn(flow.rates.sent));
  const pacing = isShown("pacing") ? highIn(qlogOf(flow, "pacing")) : 0;
  return upTo(pacing < high * 3 || !high ? Math.max(high, pacing) : high);
}

function drawRates(g, flow, plane) {
  const { width, sent, good } = flow.rates;
  g.lineWidth = 1.5;
  if (isShown("pacing")) drawQlog(g, flow, plane, "pacing", theme.window, [5, 4]);
  for (const [name, line, colour] of [["rate", sent, theme.sent], ["goodput", good, theme.ack]]) {
    if (!isShown(name)) continue;
    g.strokeStyle = colour;
    drawLine(g, plane, line, false);
  }
  const pacing = isShown("pacing") ? highIn(qlogOf(flow, "pacing")) : 0;
  const above = pacing > plane.high ? `; pacing rate up to ${rateText(pacing)}, above this` : "";
  return `averages over ${widthText(width)}${above}`;
}

function lossCounts(flow, plane) {
  const { width, count } = binsOf(plane, 7);
  const result = { width, count, lost: new Float64Array(count), corrupt: new Float64Array(count) };
  const add = (name, times, many) => {
    const from = lowerBound(times, view.t0), end = lowerBound(times, view.t1);
    for (let i = from; i < end; i++) result[name][Math.min(count - 1, Math.floor((times[i] - view.t0) / width))] += many(i);
  };
  add("lost", flow.foundTimes, () => 1);
  // The sender's capture has no packet that was damaged on the way: only the receiver's reports show those.
  if (flow.corrupted.count) add("corrupt", flow.corrupted.t, () => 1);
  else add("corrupt", flow.acks.t, i => flow.reported[i]);
  return result;
}

const emptyLosses = flow => flow.found.length || flow.corrupted.count || flow.reported.some(many => many > 0) ? ""
  : "nothing was lost, and nothing corrupt";

function lossRange(flow, plane) {
  flow.losses = lossCounts(flow, plane);
  let high = 0;
  for (let i = 0; i < flow.losses.count; i++) {
    high = Math.max(high, isShown("lost") ? flow.losses.lost[i] : 0, isShown("corrupt") ? flow.losses.corrupt[i] : 0);
  }
  return [0, Math.max(high * 1.25, 2.2)];
}

// Two bars of the same width for each interval: the lost packets and, as part of them or beside them, the corrupt ones.
function drawLosses(g, flow, plane) {
  const { width, count, lost, corrupt } = flow.losses;
  const wide = Math.max((plane.w / count - 1) / 2, 1);
  let totals = [0, 0];
  for (let i = 0; i < count; i++) {
    const x = plane.x(view.t0 + i * width);
    totals[0] += lost[i];
    totals[1] += corrupt[i];
    [["lost", lost[i]], ["corrupt", corrupt[i]]].forEach(([name, value], k) => {
      if (value && isShown(name)) drawBar(g, name, x + k * wide, plane.y(value), wide, value * plane.unit);
    });
  }
  return `${grouped(totals[0])} lost, ${grouped(totals[1])} ${flow.corrupted.count ? "" : "reported "}corrupt, all counted`;
}

function drawBar(g, name, x, y, w, h) {
  g.fillStyle = theme[name];
  g.fillRect(x, y, w, h);
}
