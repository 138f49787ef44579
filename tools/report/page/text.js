// How numbers, packets and verdicts are put into words.

const grouped = value => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");

function bytesText(value) {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (value >= size) return `${(value / size).toFixed(1)} ${unit}`;
  }
  return `${Math.round(value)} B`;
}

const rateText = value => `${(value / 1e6).toPrecision(3)} MB/s`;
const secondsText = (t, places = 6) => (t / 1e6).toFixed(places);
const millisecondsText = us => `${Math.floor(us / 1000)}.${String(Math.round(us % 1000)).padStart(3, "0")} ms`;

const plural = (count, word) => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;

const lineStart = (n, t, from, to) => `${String(n).padStart(4)} ${secondsText(t).padStart(9)} ${from} > ${to} `;
const sequenceText = (flow, value) => String((((flow.sequence + value) % 4294967296) + 4294967296) % 4294967296);

// As in the dump's line, except for what the page does not know.
function dataLine(flow, i) {
  const d = flow.data;
  let text = `${lineStart(d.n[i], d.t[i], flow.from, flow.to)}DATA seq=${sequenceText(flow, d.seq[i])}`;
  if (d.attempt[i] > 0) text += ` attempt=${d.attempt[i]}`;
  const kind = report.messages[d.kind[i] & 255];
  if (kind === "BLOCK") {
    const space = ["", " manifest", " tree"][d.kind[i] >> 8] ?? ` ${d.kind[i] >> 8}`;
    text += ` BLOCK file=${d.file[i]}${space} offset=${d.offset[i]} content=${d.content[i]}`;
  } else if (kind) text += ` ${kind}`;
  const marks = dataMarks(flow, i);
  return `${text} len=${d.len[i]}${marks ? ` [${marks}]` : ""}`;
}

function dataMarks(flow, i) {
  const d = flow.data, marks = d.marks[i];
  if (!marks) return "";
  const at = flow.repeatOf.get(i);
  const r = at === undefined ? null
    : { first: flow.repeats.first[at], span: flow.repeats.span[at], cause: flow.repeats.cause[at], extra: flow.repeats.extra[at],
      timeouts: flow.repeats.timeouts[at] };
  const span = r && r.span >= 0 ? `, ${millisecondsText(r.span)}` : "";
  const words = [];
  if (isMarked(marks, "resent")) words.push(`resent, attempt ${d.attempt[i]}${span}`);
  if (isMarked(marks, "spurious")) words.push("needless: it had arrived");
  if (isMarked(marks, "lost_by_ack")) words.push(`lost, found by ACK${r && r.cause ? ` ${r.cause}` : ""}`);
  if (isMarked(marks, "lost_by_timeout")) words.push(`lost, found by timeout${r && r.cause ? ` after ACK ${r.cause}` : ""}`);
  if (isMarked(marks, "pto")) words.push(`probe timeout${r ? ` ${r.timeouts}` : ""}`);
  if (isMarked(marks, "go_back")) words.push(`go-back: ${r ? r.extra : ""} sent again`);
  if (isMarked(marks, "out_of_order")) words.push("out of order");
  if (isMarked(marks, "duplicate")) words.push(`duplicate${r && r.first ? ` of ${r.first}` : ""}${span}`);
  if (isMarked(marks, "window_full")) words.push("window full");
  if (isMarked(marks, "address_changed")) words.push("address changed");
  if (isMarked(marks, "path_mtu")) words.push("path falls back");
  if (isMarked(marks, "malformed")) words.push("malformed");
  return words.join("; ");
}

function ackLine(flow, i) {
  const a = flow.acks;
  let text = `${lineStart(a.n[i], a.t[i], flow.to, flow.from)}ACK next=${sequenceText(flow, a.next[i])}`;
  text += ` top=${sequenceText(flow, a.top[i])}`;
  if (a.corrupt[i]) text += ` corrupt=${a.corrupt[i]}`;
  const words = [];
  const needless = a.needless[i];
  if (needless) words.push(`shows that ${needless > 1 ? `${grouped(needless)} repeats were` : "a repeat was"} needless`);
  if (isMarked(a.marks[i], "ack_late")) words.push(`ACK late, at most ${millisecondsText(a.limit[i])} was asked for`);
  if (isMarked(a.marks[i], "address_changed")) words.push("address changed");
  if (a.rtt[i]) text += `, RTT ${millisecondsText(a.rtt[i])}`;
  return text + (words.length ? ` [${words.join("; ")}]` : "");
}

const hex = value => value.toString(16).padStart(8, "0");

function corruptLine(flow, i) {
  const c = flow.corrupted;
  const mend = c.mend[i] ? `; flipping bit ${(c.mend[i] - 1) % 8} of byte ${Math.floor((c.mend[i] - 1) / 8)} mends it` : "";
  return `${lineStart(c.n[i], c.t[i], flow.from, flow.to)}${report.types[c.type[i]] || ""}? len=${c.len[i]} ` +
    `[corrupt: found ${hex(c.found[i])}, computed ${hex(c.computed[i])}${mend}]`;
}
