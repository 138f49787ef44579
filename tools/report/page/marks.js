// The table of marks: every remarkable packet of the connection, in the order of the capture; a click zooms there.

const rowHeight = 22;
const offMarks = new Set();
let markRows = [], markFlow = null;

// Every mark with its row. The lines themselves are made when they scroll into view.
function collectMarks(flow) {
  const rows = [];
  const add = (source, columns, kind) => {
    for (let i = 0; i < columns.count; i++) if (columns.marks[i]) rows.push({ n: columns.n[i], t: columns.t[i], marks: columns.marks[i], source, kind, i, needless: columns.needless ? columns.needless[i] : 1 });
  };
  add(flow, flow.data, "data");
  add(flow, flow.acks, "ack");
  for (let i = 0; i < flow.corrupted.count; i++) {
    rows.push({ n: flow.corrupted.n[i], t: flow.corrupted.t[i], marks: markBit.corrupt, source: flow, kind: "corrupt", i });
  }
  return rows;
}

// That a datagram is a reply is not worth a row by itself.
const isRemarkable = line => line.marks && line.marks !== markBit.reply;

function fillMarks(flow) {
  if (markFlow === flow.index) return;
  markFlow = flow.index;
  const reverse = flow.reverse === null ? [] : collectMarks(flowAt(flow.reverse));
  const lines = report.lines.filter(line => isRemarkable(line) && (line.flow === null || line.flow === flow.index || line.flow === flow.reverse))
    .map((line, i) => ({ n: line.n, t: line.t, marks: line.marks, kind: "line", text: line.text, i }));
  markRows = [...collectMarks(flow), ...reverse, ...lines].sort((a, b) => a.n - b.n);
  makeFilter();
  drawMarks();
}

function textOfMark(row) {
  switch (row.kind) {
    case "data": return dataLine(row.source, row.i);
    case "ack": return ackLine(row.source, row.i);
    case "corrupt": return corruptLine(row.source, row.i);
    default: return row.text;
  }
}

function makeFilter() {
  // One ACK may report many needless repeats.
  const manyOf = (row, name) => name === "spurious" && row.needless || 1;
  const counts = report.marks.map((name, bit) =>
    markRows.reduce((sum, row) => sum + Math.floor(row.marks / 2 ** bit) % 2 * manyOf(row, name), 0));
  const buttons = report.marks.map((name, bit) => {
    if (!counts[bit]) return null;
    const button = document.createElement("button");
    button.textContent = `${name.replaceAll("_", " ")} ${grouped(counts[bit])}`;
    button.dataset.mark = name;
    button.classList.toggle("off", offMarks.has(name));
    button.addEventListener("click", () => {
      if (offMarks.has(name)) offMarks.delete(name); else offMarks.add(name);
      button.classList.toggle("off", offMarks.has(name));
      drawMarks();
    });
    return button;
  });
  document.getElementById("marks-filter").replaceChildren(...buttons.filter(Boolean));
}

// A row is shown while one of its marks is selected.
function wantedMarks() {
  if (!offMarks.size) return markRows;
  const off = report.marks.reduce((sum, name) => offMarks.has(name) ? sum + markBit[name] : sum, 0);
  return markRows.filter(row => (row.marks & ~off) !== 0);
}

let shownMarks = [];
function drawMarks() {
  shownMarks = wantedMarks();
  document.getElementById("marks-all").style.height = `${shownMarks.length * rowHeight}px`;
  document.getElementById("marks-count").textContent =
    shownMarks.length === markRows.length ? grouped(markRows.length) : `${grouped(shownMarks.length)} of ${grouped(markRows.length)}`;
  scrollMarks();
}

function scrollMarks() {
  const box = document.getElementById("marks-list");
  const from = Math.max(0, Math.floor(box.scrollTop / rowHeight) - 4);
  const end = Math.min(shownMarks.length, from + Math.ceil(box.clientHeight / rowHeight) + 8);
  const list = box.querySelector("ol");
  list.style.transform = `translateY(${from * rowHeight}px)`;
  list.replaceChildren(...shownMarks.slice(from, end).map(row => {
    const item = document.createElement("li");
    item.textContent = item.title = textOfMark(row);
    item.classList.toggle("pinned", row.n === view.pin);
    item.addEventListener("click", () => zoomTo(row));
    return item;
  }));
}

// Shows eight round trips around a row, or a hundredth of the whole.
function zoomTo(row) {
  const flow = flowAt(view.flow);
  const span = Math.min(whole.t1 - whole.t0, Math.max(medianRtt(flow) * 8, (whole.t1 - whole.t0) / 100));
  view.pin = row.n;
  show(row.t - span / 2, row.t + span / 2);
}
