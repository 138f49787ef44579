// The panels, and what pointer and keys do.

const panels = [
  { id: "sequence", title: "Time–sequence", height: 340, range: sequenceRange, draw: drawSequence, label: countLabel, least: 1,
    note: "packet numbers from the first" },
  { id: "limits", title: "Limited by", draw: drawLimits, empty: emptyLimits, axis: drawLimitsAxis, heightOf: limitsHeight,
    range: () => [0, 1], note: "share of the time" },
  { id: "flight", title: "Bytes in flight", height: 140, range: flightRange, draw: drawFlight, empty: sendersOnly,
    label: kilobytesLabel },
  { id: "rtt", title: "Round trip", height: 130, range: rttRange, draw: drawRtt, empty: emptyRtt,
    label: value => `${+(value / 1e3).toPrecision(4)} ms` },
  { id: "behind", title: "Waiting behind gaps", height: 110, range: behindRange, draw: drawBehind, empty: emptyBehind,
    label: countLabel, least: 1, only: isReceivers, note: "packets from the first missing to the highest" },
  { id: "ackdelay", title: "ACK delay", height: 110, range: ackDelayRange, draw: drawAckDelays, empty: emptyAckDelays,
    label: value => `${+(value / 1e3).toPrecision(4)} ms`, only: isReceivers, note: "since the first arrival that it answers" },
  { id: "rates", title: "Goodput and sending rate", there: "Goodput and arrival rate", height: 140, range: rateRange, draw: drawRates, empty: emptyRates,
    label: value => `${kilobytesLabel(value)}/s` },
  { id: "losses", title: "Losses and corruption", height: 120, range: lossRange, draw: drawLosses, empty: emptyLosses, label: countLabel,
    least: 1,
    note: "packets in each interval" },
  { id: "swarm", title: "Swarm map", heightOf: swarmHeight, range: () => [0, 1], draw: drawSwarm, axis: drawSwarmAxis,
    only: () => report.lanes.length > 0,
    note: "chunks of the file, for each pair of peers" },
];

function makePanels() {
  for (const panel of panels) {
    const section = document.createElement("section"), title = document.createElement("h2");
    const plot = document.createElement("div");
    panel.shown = document.createElement("small");
    panel.canvas = document.createElement("canvas");
    panel.over = document.createElement("canvas");
    panel.over.className = "over";
    panel.canvas.setAttribute("role", "img");
    panel.over.setAttribute("role", "presentation");
    panel.over.ariaHidden = "true";
    panel.over.ariaLabel = `Crosshair over ${panel.title}`;
    section.className = "panel";
    plot.className = "plot";
    plot.dataset.panel = panel.id;
    panel.heading = document.createTextNode("");
    title.append(panel.heading, panel.shown);
    plot.append(panel.canvas, panel.over);
    section.append(title, plot);
    document.getElementById("panels").append(section);
    panel.section = section;
    panel.plot = plot;
    listen(panel);
  }
}

function drawPanel(panel, flow) {
  panel.section.hidden = Boolean(panel.only) && !panel.only(flow);
  if (panel.section.hidden) {
    panel.plane = null;
    return;
  }
  const title = flow.receivers && panel.there || panel.title;
  panel.heading.data = panel.note ? `${title}, ${panel.note}` : title;
  // A panel that has nothing to show says why.
  const why = panel.empty ? panel.empty(flow) : "";
  panel.plot.hidden = why !== "";
  if (why) {
    panel.plane = null;
    panel.shown.textContent = `left out: ${why}`;
    return;
  }
  panel.width = panel.plot.clientWidth;
  // A window narrower than the axes has no room for a plane.
  if (panel.width < left + right + 40) {
    panel.plane = null;
    return;
  }
  if (panel.heightOf) panel.height = panel.heightOf(flow);
  const g = sized(panel.canvas, panel.width, panel.height);
  // The rates are counted in pixels, so they need a plane before they have a range.
  const range = panel.range(flow, planeOf(panel.width, panel.height, [0, 1]));
  panel.plane = planeOf(panel.width, panel.height, range);
  drawStalls(g, flow, panel.plane);
  drawAxes(g, panel.plane, panel.axis ? null : panel.label, panel.least);
  clipped(g, panel.plane, () => { panel.shown.textContent = panel.draw(g, flow, panel.plane); });
  if (panel.axis) panel.axis(g, flow, panel.plane);
  panel.canvas.ariaLabel = `${title}, ${flow.from} to ${flow.to}, ${secondsText(view.t0, 3)} to ${secondsText(view.t1, 3)} s: ` +
    panel.shown.textContent;
}

let slowest = 0;
function drawAll() {
  const start = performance.now();
  const flow = flowAt(view.flow);
  drawLegend(flow);
  for (const panel of panels) drawPanel(panel, flow);
  document.getElementById("verdict").textContent = flow.verdict;
  document.getElementById("span").textContent = `${secondsText(view.t0, 3)} to ${secondsText(view.t1, 3)} s`;
  document.getElementById("connections").value = String(Math.min(view.flow, flow.reverse === null ? Infinity : flow.reverse));
  const button = document.getElementById("direction");
  button.disabled = flow.reverse === null || !report.flows[flow.reverse].shown;
  button.lastElementChild.textContent = `${flow.from} > ${flow.to}`;
  const other = flow.reverse === null ? null : report.flows[flow.reverse];
  document.getElementById("hint").textContent = other && other.shown && other.qlog && !flow.qlog
    ? `The qlog covers the other direction${flow.receivers ? ", of what the receiver sends" : ""}: press d.` : "";
  if (pointer && !pointer.panel.plane) pointer = null;
  if (pointer) pointer.found = nearest(pointer.panel, flow, pointer.x, pointer.y);
  drawOver();
  slowest = Math.max(slowest, performance.now() - start);
  fillMarks(flow);
  scrollMarks();
}

function listen(panel) {
  const place = event => {
    const box = panel.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  let start = null;
  panel.plot.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    panel.plot.setPointerCapture(event.pointerId);
    start = { ...place(event), t0: view.t0, t1: view.t1, pans: event.shiftKey };
    // A finger cannot hover, so a touch shows the tip instead.
    const { x, y } = start;
    pointer = { panel, x, y, found: nearest(panel, flowAt(view.flow), x, y) };
    drawOver();
  });
  panel.plot.addEventListener("pointermove", event => {
    const { x, y } = place(event);
    const isDragged = start && Math.abs(x - start.x) > 4;
    if (isDragged && start.pans) {
      const by = (start.x - x) / panel.plane.w * (start.t1 - start.t0);
      show(start.t0 + by, start.t1 + by);
    }
    pointer = { panel, x, y, found: nearest(panel, flowAt(view.flow), x, y) };
    if (isDragged && !start.pans) pointer.from = start.x;
    drawOver();
  });
  panel.plot.addEventListener("pointerup", event => {
    if (!start) return;
    const { x, y } = place(event), from = start;
    start = null;
    if (pointer) delete pointer.from;
    if (from.pans) return;
    if (Math.abs(x - from.x) > 4) {
      show(timeAt(panel.plane, Math.min(x, from.x)), timeAt(panel.plane, Math.max(x, from.x)));
    } else {
      const found = nearest(panel, flowAt(view.flow), x, y);
      if (found) pin(found.n);
    }
  });
  panel.plot.addEventListener("pointerleave", event => {
    // What a touch has shown stays when the finger is lifted.
    if (event.pointerType === "touch") return;
    pointer = null;
    drawOver();
  });
  panel.plot.addEventListener("pointercancel", () => { start = pointer = null; drawOver(); });
  panel.plot.addEventListener("dblclick", showAll);
  panel.plot.addEventListener("wheel", event => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / 1000);
    else zoom(Math.exp(event.deltaY / 500), timeAt(panel.plane, place(event).x));
  }, { passive: false });
}

const keys = {
  ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), ArrowUp: () => zoom(0.6), ArrowDown: () => zoom(1 / 0.6),
  "+": () => zoom(0.6), "-": () => zoom(1 / 0.6), 0: showAll, Home: showAll, d: turn,
  Escape: () => { view.pin = null; changed(); },
};

// What is left out of the page because there was too much of it.
function leftOut() {
  const parts = [];
  if (report.left_out) parts.push(plural(report.left_out, "connection"));
  if (report.unlisted) parts.push(plural(report.unlisted, "line"));
  return parts.length ? `, without ${parts.join(" and ")} more` : "";
}

// The capture's name, date, duration and size.
function showTitle() {
  document.title = `${report.file}: Shoal report`;
  document.getElementById("file").textContent = report.file;
  const length = `${secondsText(report.end, 3)} s`;
  document.getElementById("when").textContent =
    [report.start, length, plural(report.datagrams, "datagram") + leftOut()].filter(Boolean).join(", ");
}

function makeControls() {
  const select = document.getElementById("connections");
  report.flows.forEach((flow, index) => {
    if (!flow.shown || (flow.reverse !== null && flow.reverse < index && report.flows[flow.reverse].shown)) return;
    const option = document.createElement("option");
    const other = flow.reverse === null ? { fresh: 0 } : report.flows[flow.reverse];
    option.value = String(index);
    option.textContent = `${flow.from} – ${flow.to}, ${bytesText(flow.fresh + other.fresh)}`;
    select.append(option);
  });
  select.addEventListener("change", () => choose(busier(Number(select.value))));
  document.getElementById("direction").addEventListener("click", turn);
  document.getElementById("reset").addEventListener("click", showAll);
  showTitle();
  document.getElementById("marks-list").addEventListener("scroll", scrollMarks);
  addEventListener("keydown", event => {
    const isTyping = ["SELECT", "INPUT"].includes(event.target.tagName) || event.target.id === "marks-list";
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener("resize", changed);
  addEventListener("scroll", () => { if (pointer) { pointer = null; drawOver(); } }, { passive: true });
  addEventListener("hashchange", () => { if (location.hash !== hashText()) readHash(); });
  const recolour = () => { readTheme(); drawAll(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  const onPaper = isPrinting => { document.documentElement.classList.toggle("print", isPrinting); recolour(); };
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
}

// The direction of a connection in which more content went.
function busier(index) {
  const { reverse, fresh } = report.flows[index];
  return reverse !== null && report.flows[reverse].shown && report.flows[reverse].fresh > fresh ? reverse : index;
}

function start() {
  readTheme();
  const shown = report.flows.map((flow, index) => index).filter(index => report.flows[index].shown);
  if (!shown.length) {
    for (const part of ["nav", "main", "#marks"]) document.querySelector(part).hidden = true;
    showTitle();
    document.getElementById("verdict").textContent = report.datagrams === 0 ? "The capture holds no Shoal datagram."
      : `The capture holds ${plural(report.datagrams, "Shoal datagram")} and no connection that carries anything.`;
    return;
  }
  // If there is a qlog, it was given for the direction that it describes, if anything was sent there.
  const told = shown.filter(index => report.flows[index].qlog && report.flows[index].fresh > 0);
  view.flow = (told.length ? told : shown)
    .reduce((best, index) => report.flows[index].fresh > report.flows[best].fresh ? index : best);
  makePanels();
  makeLegend();
  makeControls();
  readHash();
}
