// The time-sequence graph, as in tcptrace: what was sent, what was sent again, what arrived, and what may be sent.

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

// What a dot shows.
const [noDot, ackDot, sentDot, resentDot, lostDot, bothDot] = [0, 1, 2, 3, 4, 5];

function drawSequence(g, flow, plane) {
  if (isShown("window")) drawWindow(g, flow, plane);
  if (isShown("ack")) drawStaircase(g, flow, plane);
  sizeDots(plane, countInView(flow.first.t) + countInView(flow.resentTimes));
  // If a packet is at least as high as a dot, each has a place of its own.
  const many = plane.unit >= dot ? drawEach(g, flow, plane) : drawDots(g, flow, plane);
  if (isShown("corrupt")) drawCorruptAt(g, flow, plane, plane.y1 - 7, many.perDot);
  return [isShown("sent") ? `${plural(countInView(flow.first.t), "packet")} ${flow.receivers ? "arrived" : "sent"}` : "",
    signedText("resent", flow.receivers ? "arrived as repeats" : "sent again", countInView(flow.resentTimes), many.resent, "R"),
    signedText("lost", "lost", countInView(flow.lostTimes), many.lost, "\u00d7"),
    many.perDot > 1 ? `a dot is ${grouped(many.perDot)} packets` : ""].filter(Boolean).join("; ");
}

// Where marks crowd, not every one gets a sign.
const signedText = (name, words, total, signs, sign) =>
  !isShown(name) || !total ? "" : `${grouped(total)} ${words}${signs < total ? `, ${grouped(signs)} with ${sign}` : ""}`;

// Close up, each packet has a bar, all of the same size, and a sign if its class has ink for one.
function drawEach(g, flow, plane) {
  const { data, first, lost, resent } = flow, height = plane.unit;
  const wide = Math.ceil(dot / 2) + 1;
  // On whole pixels, because a blurred bar would have another colour.
  const bar = (t, number, share = 1) => {
    const width = Math.floor(wide * share);
    g.fillRect(Math.round(plane.x(t) + wide / 2) - width, Math.round(plane.y(number + 1)), width, Math.round(height));
  };
  if (isShown("sent")) {
    g.fillStyle = theme.sent;
    const [from, end] = rowsInView(first.t);
    for (let i = from; i < end; i++) bar(first.t[i], first.value[i]);
  }
  if (isShown("sack")) drawSlices(g, flow, plane);
  // A lost packet keeps half of its bar's own colour, as it may be a repeat.
  const each = (name, times, rows, share) => {
    const places = [];
    if (!isShown(name)) return places;
    const [from, end] = rowsInView(times);
    g.fillStyle = theme[name];
    for (let k = from; k < end; k++) {
      const i = rows[k];
      bar(data.t[i], data.seq[i], share);
      places.push(plane.x(data.t[i]), plane.y(data.seq[i] + 0.5));
    }
    return places;
  };
  const again = each("resent", flow.resentTimes, resent, 1), gone = each("lost", flow.lostTimes, lost, 0.5);
  const ink = places => places.length / 4 * wide * height;
  return drawSigns(g, plane, { places: again, ink: ink(again) }, { places: gone, ink: ink(gone) }, 1);
}

// Letters stand below the packet that they mark, and crosses above it, beside the diagonal: one packet may have both.
function drawSigns(g, plane, again, gone, perDot) {
  const put = (sign, name, { places, ink }, dx, dy) =>
    placeSigns(new Cells(plane, 6, 7), places, signsFor(ink, sign), (x, y) => stamp(g, sign, theme[name], x + dx, y + dy));
  return { perDot, lost: put("x", "lost", gone, -6, -8), resent: put("R", "resent", again, 5, 9) };
}

// From afar, packets are dots.
function drawDots(g, flow, plane) {
  const { data } = flow, dots = new Dots(plane), { classes } = dots;
  if (isShown("sent")) markSent(flow, plane, dots);
  const filled = dots.count(sentDot);
  const times = filled ? flow.first.t : flow.resentTimes;
  // A class that is drawn alone may take every dot.
  const perDot = filled ? Math.max(1, countInView(times) / filled) : 1;
  const acknowledged = isShown("ack") || isShown("sack") ? markAcknowledged(flow, plane, dots, perDot) : null;
  if (acknowledged) share(classes, acknowledged);
  const mark = (name, times, rows, kind) => {
    const places = [];
    if (!isShown(name)) return { places, ink: 0 };
    const [from, end] = rowsInView(times);
    const budget = new Budget(1 / perDot), ink = (end - from) * 0.5 / perDot * dot * dot;
    for (let k = from; k < end; k++) {
      const i = rows[k], x = plane.x(data.t[i]), y = plane.y(data.seq[i] + 1);
      if (!budget.earn(x)) continue;
      const place = dots.at(x, y);
      if (place < 0 || classes[place] === kind || classes[place] === bothDot) continue;
      classes[place] = classes[place] === resentDot ? bothDot : kind;
      budget.spend(x);
      places.push(x, y);
    }
    return { places, ink };
  };
  const again = mark("resent", flow.resentTimes, flow.resent, resentDot);
  const gone = mark("lost", flow.lostTimes, flow.lost, lostDot);
  dots.paint(g, [[ackDot, theme.ack], [sentDot, theme.sent], [resentDot, theme.resent], [lostDot, theme.lost],
    [bothDot, theme.resent], [bothDot, theme.lost, 0.5]]);
  return drawSigns(g, plane, again, gone, perDot);
}

// The dots for first transmissions: their numbers ascend, so a column's lowest and highest determine its dots.
function markSent(flow, plane, dots) {
  const { first } = flow, [from, end] = rowsInView(first.t);
  const take = place => { dots.classes[place] = sentDot; };
  if (end - from <= plane.w) {
    for (let i = from; i < end; i++) dots.each(dots.column(plane.x(first.t[i])), plane.y(first.value[i] + 1), plane.y(first.value[i]), take);
    return;
  }
  for (let column = 0, row = from; column < dots.columns && row < end; column++) {
    const stop = Math.min(end, lowerBound(first.t, timeAt(plane, plane.x0 + (column + 1) * dot), end));
    if (stop <= row) continue;
    const { low, high } = first.measure(row, stop);
    dots.each(column, plane.y(high + 1), plane.y(low), take);
    row = stop;
  }
}

// The dots for ACKs: those on the staircase, and for the runs above it as many as their share of ink allows.
function markAcknowledged(flow, plane, dots, perDot) {
  const { acks, runs, runsBefore } = flow, taken = new Uint8Array(dots.classes.length);
  const [from, end] = rowsInView(acks.t);
  const budget = new Budget(0.5 / perDot);
  for (let i = from; i < end; i++) {
    const x = plane.x(acks.t[i]), column = dots.column(x);
    if (isShown("ack") && i > 0 && acks.next[i] > acks.next[i - 1]) {
      dots.each(column, plane.y(acks.next[i]), plane.y(acks.next[i - 1]), place => { taken[place] = 1; });
    }
    for (let k = runsBefore[i]; isShown("sack") && k < runsBefore[i + 1]; k++) {
      budget.earn(x, runs.many[k]);
      dots.each(column, plane.y(runs.start[k] + runs.many[k]), plane.y(runs.start[k]), place => {
        if (dots.classes[place] === sentDot) taken[place] = 1;
        else if (dots.classes[place] === noDot && budget.isDue(x)) {
          dots.classes[place] = ackDot;
          budget.spend(x);
        }
      });
    }
  }
  return taken;
}

// Where sent and acknowledged packets fall on the same dots, one in three is for acknowledged ones, half as wide, as
// close up.
function share(classes, acknowledged) {
  let count = 0;
  for (let place = 0; place < classes.length; place++) {
    if (acknowledged[place] && classes[place] === sentDot && ++count % 3 === 0) classes[place] = ackDot;
  }
}

// Nothing in a corrupt datagram is believed, so it has a time but no number: a stroke, and a sign if there is ink for
// one.
function drawCorruptAt(g, flow, plane, y, perDot) {
  const { t } = flow.corrupted, [from, end] = [lowerBound(t, view.t0), lowerBound(t, view.t1)];
  const budget = new Budget(1 / perDot), places = [];
  let last = NaN;
  g.fillStyle = theme.corrupt;
  for (let i = from; i < end; i++) {
    const x = plane.x(t[i]);
    if (!budget.earn(x) || Math.floor(x) === last) continue;
    last = Math.floor(x);
    budget.spend(x);
    g.fillRect(last, y - 1, 2, 2);
    places.push(x, y);
  }
  if (places.length) placeSigns(new Cells(plane, 6, 7), places, signsFor(places.length * dot, "diamond"), (x, y) => stamp(g, "diamond", theme.corrupt, x, y));
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
