// Explains every mark outside the graphs, where it can also be switched on and off.

const series = [
  { name: "sent", sign: "bar", colour: "sent", label: "sent", there: "arrived", note: "a bar from one number to the next; from afar, a dot for many" },
  { name: "resent", sign: "R", colour: "resent", label: "sent again", there: "arrived as a repeat", note: "R for some from afar, for more close up" },
  { name: "ack", sign: "stairs", colour: "ack", label: "acknowledged", note: "all below the stairs has arrived" },
  { name: "sack", sign: "thin", colour: "ack", label: "arrived beyond", note: "what an ACK was the first to report" },
  { name: "window", sign: "dashes", colour: "window", label: "window edge", note: "nothing above it may be sent; often out of view" },
  { name: "lost", sign: "x", colour: "lost", label: "lost", note: "found by ACK or timeout, and drawn where it was sent; × as R",
    noteThere: "arrived only as a repeat, drawn where that arrived; × as R" },
  { name: "corrupt", sign: "diamond", colour: "corrupt", label: "corrupt", note: "wrong checksum: a time, but no number to trust" },
  { name: "limits", sign: "area", colour: "sent", label: "limited by", note: "the share of the time" },
  { name: "flight", sign: "line", colour: "sent", label: "bytes in flight", note: "sent and not acknowledged", only: flow => flightOf(flow).count > 0 },
  { name: "cwnd", sign: "dashes", colour: "window", label: "congestion window", note: "and its state", only: flow => qlogOf(flow, "cwnd").count > 0 },
  { name: "rtt", sign: "dot", colour: "ack", label: "round trip", note: "a dot for each sample" },
  { name: "srtt", sign: "line", colour: "sent", label: "smoothed round trip", note: "", only: flow => rttOf(flow).smoothed.count > 0 },
  { name: "behind", sign: "line", colour: "ack", label: "behind gaps", note: "from the first missing to the highest", only: isReceivers },
  { name: "ackdelay", sign: "dot", colour: "ack", label: "ACK delay", note: "since the first arrival that it answers", only: isReceivers },
  { name: "goodput", sign: "line", colour: "ack", label: "goodput", note: "acknowledged, without headers" },
  { name: "rate", sign: "line", colour: "sent", label: "sending rate", there: "arrival rate", note: "headers and repeats too" },
  { name: "pacing", sign: "dashes", colour: "window", label: "pacing rate", note: "", only: flow => qlogOf(flow, "pacing").count > 0 },
  { name: "chunks", sign: "bar", colour: "sent", label: "chunk in progress", note: "from its first block to its last" },
  { name: "whole", sign: "thin", colour: "ack", label: "chunk whole", note: "all its bytes arrived or are acknowledged" },
  { name: "had", sign: "area", colour: "window", label: "had before", note: "according to OFFER and HAVE" },
];

const seriesNamed = name => series.find(one => one.name === name);
const isShown = name => !view.hidden.has(name);

function drawLegendSign(canvas, { sign, colour }) {
  const g = sized(canvas, 30, 18);
  g.strokeStyle = g.fillStyle = theme[colour];
  g.lineWidth = 1.8;
  g.beginPath();
  switch (sign) {
    case "bar": g.fillRect(14, 3, 3, 12); break;
    case "thin": g.fillRect(14.5, 3, 1.2, 12); break;
    case "dot": g.fillRect(13, 7, 3, 3); break;
    case "R": g.fillRect(14, 9, 3, 7); drawSign(g, "R", theme[colour], 15.5, 5); break;
    case "stairs": g.moveTo(4, 15); g.lineTo(12, 15); g.lineTo(12, 9); g.lineTo(20, 9); g.lineTo(20, 4); g.lineTo(27, 4); g.stroke(); break;
    case "dashes": g.setLineDash([5, 4]); g.moveTo(3, 9); g.lineTo(28, 9); g.stroke(); g.setLineDash([]); break;
    case "line": g.moveTo(3, 11); g.lineTo(10, 5); g.lineTo(18, 12); g.lineTo(27, 6); g.stroke(); break;
    case "area": g.globalAlpha = 0.35; g.fillRect(3, 3, 24, 12); g.globalAlpha = 1; break;
    case "x": drawSign(g, sign, theme[colour], 8, 9); drawBar(g, "lost", 20, 3, 4, 12); break;
    case "diamond": drawSign(g, sign, theme[colour], 8, 9); drawBar(g, "corrupt", 20, 3, 4, 12); break;
  }
}

function toggle(name) {
  if (view.hidden.has(name)) view.hidden.delete(name); else view.hidden.add(name);
  changed();
}

const legendRows = new Map();
function makeLegend() {
  const list = document.getElementById("legend");
  for (const one of series) {
    const item = document.createElement("li"), label = document.createElement("label");
    const box = document.createElement("input"), canvas = document.createElement("canvas");
    const text = document.createElement("span"), note = document.createElement("small");
    canvas.ariaHidden = "true";
    box.type = "checkbox";
    box.dataset.series = one.name;
    box.addEventListener("change", () => toggle(one.name));
    const name = document.createTextNode("");
    text.append(name, note);
    label.append(box, canvas, text);
    item.append(label);
    list.append(item);
    legendRows.set(one.name, { item, label, box, canvas, name, note });
  }
}

function drawLegend(flow) {
  for (const one of series) {
    const { item, label, box, canvas, name, note } = legendRows.get(one.name);
    item.hidden = Boolean(one.only) && !one.only(flow);
    name.data = flow.receivers && one.there || one.label;
    note.textContent = flow.receivers && one.noteThere || one.note;
    box.checked = isShown(one.name);
    label.classList.toggle("off", !box.checked);
    drawLegendSign(canvas, one);
  }
}
