// Runs if the URL's hash is #check: does what a user would do, and writes what failed into the document.

function selfCheck() {
  const failures = [];
  const expect = (what, holds) => { if (!holds) failures.push(what); };
  const plot = id => document.querySelector(`.plot[data-panel=${id}]`);
  const pointerAt = (id, type, x, y, more) => {
    const box = plot(id).getBoundingClientRect();
    plot(id).dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y, bubbles: true, button: 0,
      pointerId: 1, ...more }));
  };
  const drag = (id, from, to, more) => {
    pointerAt(id, "pointerdown", from, 60, more);
    pointerAt(id, "pointermove", (from + to) / 2, 60, more);
    pointerAt(id, "pointermove", to, 60, more);
    pointerAt(id, "pointerup", to, 60, more);
    drawAll();
  };
  const key = name => { document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true })); drawAll(); };
  const span = () => view.t1 - view.t0;
  const close = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));

  Element.prototype.setPointerCapture = () => {};
  showAll();
  drawAll();
  const all = span();
  const plane = panels[0].plane;
  const [t0, t1] = [timeAt(plane, 200), timeAt(plane, 400)];
  drag("sequence", 200, 400);
  expect("a drag zooms to where it was", close(view.t0, t0) && close(view.t1, t1));
  const zoomed = span();
  drag("rates", 300, 200, { shiftKey: true });
  expect("a drag with shift pans", close(span(), zoomed) && view.t0 > t0);
  plot("losses").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  expect("a double click shows all", close(span(), all));
  plot("sequence").dispatchEvent(new WheelEvent("wheel", { deltaY: -300, clientX: 300, bubbles: true, cancelable: true }));
  expect("the wheel zooms", span() < all);
  const before = view.t0;
  key("ArrowRight");
  expect("an arrow key pans", view.t0 > before || view.t1 === whole.t1);
  key("0");
  expect("0 shows all", close(span(), all));

  const flow = flowAt(view.flow), { data } = flow;
  const row = flow.resent.length ? flow.resent[0] : 0;
  if (data.count) {
    show(data.t[row] - 500, data.t[row] + 500);
    drawAll();
    const near = panels[0].plane;
    const [x, y] = [near.x(data.t[row]), near.y(data.seq[row] + 0.5)];
    pointerAt("sequence", "pointermove", x, y);
    const tip = document.getElementById("tip"), said = tip.textContent;
    expect(`hovering says the packet: ${said}`, / (DATA|ACK) /.test(said));
    const corner = plot("sequence").getBoundingClientRect(), box = tip.getBoundingClientRect();
    expect("and at the pointer", isBeside(box, corner.left + x, corner.top + y));
    pointerAt("sequence", "pointerdown", x, y);
    pointerAt("sequence", "pointerup", x, y);
    drawAll();
    expect("a click pins", view.pin !== null && document.getElementById("pinned").textContent.length > 0);
    expect("the hash describes the view", /^#flow=\d+&t=[\d.-]+,[\d.-]+.*&pin=\d+$/.test(hashText()));
    key("Escape");
    expect("Escape unpins", view.pin === null);
  }

  showAll();
  drawAll();
  for (const panel of panels.filter(panel => panel.plane && !panel.section.hidden)) {
    const { plane } = panel;
    pointerAt(panel.id, "pointermove", (plane.x0 + plane.x1) / 2, (plane.y0 + plane.y1) / 2);
    const said = document.getElementById("tip").textContent;
    expect(`${panel.id} says its value: ${said}`, /^(.* (DATA|ACK).*)?\d+\.\d+ s: .*\d/.test(said));
    for (const axis of [[view.t0 / 1e6, view.t1 / 1e6, plane.w / 90], [plane.low, plane.high, plane.h / 30, panel.least]]) {
      const count = panel.axis ? 3 : ticks(...axis).values.length;
      expect(`${panel.id} has ${count} ticks`, count > 2);
    }
    expect(`${panel.id} is named`, panel.canvas.getAttribute("role") === "img" && panel.canvas.ariaLabel.length > 20);
  }
  plot("sequence").dispatchEvent(new PointerEvent("pointerleave", { bubbles: true }));
  expect("the text leaves with the pointer", document.getElementById("tip").hidden);
  checkSwarm(expect, pointerAt);
  const isDrawn = id => Boolean(panels.find(one => one.id === id).plane);
  expect("limits are drawn", !flow.limits.count || inkOf(panels.find(one => one.id === "limits"), "sent") > 0);
  expect("the receiver's end shows what it knows", !flow.receivers || !flow.acks.count || (isDrawn("behind") && isDrawn("ackdelay")));
  expect("and the other end does not", flow.receivers || !(isDrawn("behind") || isDrawn("ackdelay")));
  checkInk(expect);

  for (const panel of panels) {
    expect(`${panel.id} is drawn, or says why not`, panel.plot.hidden === panel.shown.textContent.startsWith("left out: "));
  }
  document.querySelector("input[data-series=ack]").click();
  drawAll();
  expect("a series is switched off", !isShown("ack") && hashText().includes("hide=ack"));
  document.querySelector("input[data-series=ack]").click();
  const here = view.flow;
  if (flow.reverse !== null && report.flows[flow.reverse].shown) {
    document.getElementById("direction").click();
    drawAll();
    expect("the direction turns", view.flow === flow.reverse);
    document.getElementById("direction").click();
    drawAll();
    expect("and back", view.flow === here);
  }
  const item = document.querySelector("#marks li");
  if (item) {
    item.click();
    drawAll();
    expect("a mark zooms", span() < all && view.pin !== null);
    const rows = shownMarks.length, chips = [...document.querySelectorAll("#marks-filter button")];
    for (const chip of chips) chip.click();
    expect("marks are filtered", shownMarks.length === 0);
    for (const chip of chips) chip.click();
    expect("and shown again", shownMarks.length === rows);
  }
  showAll();
  drawAll();
  // However many packets share a pixel, what must never be left out is on the canvas.
  expect("a repeat is visible from afar", !flow.resent.length || hasColour(panels[0], "resent"));
  expect("corruption is visible from afar", !flow.corrupted.count || hasColour(panels[0], "corrupt"));
  expect("losses are those that stats counts", flow.found.length === flow.declared && flow.lost.length === flow.declared);
  document.body.dataset.check = failures.length ? failures.join("; ") : "passed";
  document.body.dataset.slowest = slowest.toFixed(0);
}

// Neither over the pointer nor far from it, if there is room.
function isBeside(box, x, y) {
  const dx = Math.max(box.left - x, x - box.right, 0), dy = Math.max(box.top - y, y - box.bottom, 0);
  const isInSight = box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
  return y > innerHeight || y < 0 || (isInSight && dx + dy > 0 && dx < 20 && dy < 20);
}

// With the pointer over a chunk, in time and in number, the text names that chunk.
function checkSwarm(expect, pointerAt) {
  const flow = flowAt(view.flow), panel = panels.find(one => one.id === "swarm"), lanes = lanesOf(flow);
  if (!panel.plane || !lanes.length) return;
  const { plane } = panel, { sent } = laneData(lanes[0]);
  const height = plane.h / lanes.length, unit = (height - laneLabel) / lanes[0].high;
  for (const i of [0, sent.count >> 1, sent.count - 1].filter(i => i >= 0)) {
    const [x, width] = span(plane, sent, i);
    pointerAt("swarm", "pointermove", x + width / 2, plane.y0 + height - (sent.chunk[i] + 0.5) * unit);
    const said = document.getElementById("tip").textContent;
    const [, number] = said.match(/ chunk ([\d,]+) of /) || [];
    const k = lowerBound(sent.chunk, Number((number || "-1").replaceAll(",", "")));
    const [left, wide] = k < sent.count ? span(plane, sent, k) : [-99, 0];
    expect(`chunk ${sent.chunk[i]} is named: ${said}`, x + width / 2 >= left - 1 && x + width / 2 <= left + wide + 1
      && Math.abs(sent.chunk[k] - sent.chunk[i]) * unit <= 2.01);
  }
}

// At every zoom, first transmissions, repeats and losses each have ink in proportion to their packets.
function checkInk(expect) {
  const flow = flowAt(view.flow), panel = panels[0];
  const hidden = new Set(view.hidden);
  for (const name of ["ack", "sack", "window", "corrupt"]) view.hidden.add(name);
  for (let share = 1; share > 1e-3; share /= 4) {
    const span = (whole.t1 - whole.t0) * share, middle = (whole.t0 + whole.t1) / 2;
    show(middle - span / 2, middle + span / 2);
    drawAll();
    const packets = { sent: countInView(flow.first.t), resent: countInView(flow.resentTimes), lost: countInView(flow.lostTimes) };
    if (packets.sent < 10) continue;
    const ink = { sent: inkOf(panel, "sent"), resent: inkOf(panel, "resent"), lost: inkOf(panel, "lost") };
    for (const name of ["resent", "lost"]) {
      const fair = (ink.sent + ink.lost) * packets[name] / packets.sent;
      // There is always one sign, and a dot in each stretch.
      const least = signInk[name === "lost" ? "x" : "R"] + panel.plane.w / farthest * dot * dot;
      const room = dotsOf(panel.plane, flow, name) * dot * dot;
      expect(`${name} has ${ink[name]} of ${fair.toFixed(0)} ink, ${packets[name]} packets, at ${share}`,
        packets[name] === 0 || (ink[name] > 0 && ink[name] < 2.5 * fair + 2 * least && ink[name] > 0.25 * Math.min(fair, room) - least));
    }
  }
  view.hidden = hidden;
  showAll();
  drawAll();
}

// The number of dots on which packets of a class lie.
function dotsOf(plane, flow, name) {
  const dots = new Dots(plane), places = new Set();
  const [times, rows] = name === "lost" ? [flow.lostTimes, flow.lost] : [flow.resentTimes, flow.resent];
  const [from, end] = rowsInView(times);
  for (let k = from; k < end; k++) places.add(dots.at(plane.x(flow.data.t[rows[k]]), plane.y(flow.data.seq[rows[k]] + 1)));
  return places.size;
}

const hasColour = (panel, name) => inkOf(panel, name) > 0;

// The pixels of a colour, in CSS pixels.
function inkOf(panel, name) {
  const { canvas } = panel, { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const [r, g, b] = [1, 3, 5].map(at => parseInt(theme[name].slice(at, at + 2), 16));
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 128 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24) count++;
  }
  return count / (devicePixelRatio || 1) ** 2;
}

const isChecked = location.hash === "#check";
addEventListener("error", event => { document.body.dataset.error = `${event.message} ${event.lineno}`; });
addEventListener("unhandledrejection", event => { document.body.dataset.error = String(event.reason); });
start();
if (isChecked && panels[0].canvas) selfCheck();
