// The view: which flow, from when to when, which series, which packet is pinned. The URL's hash holds it.

const view = { flow: 0, t0: 0, t1: 1, hidden: new Set(), pin: null };
const shortest = 10;
let whole = { t0: 0, t1: 1 };

function flowSpan(flow) {
  let t0 = Infinity, t1 = -Infinity;
  for (const { t, count } of [flow.data, flow.acks, flow.corrupted]) {
    if (!count) continue;
    t0 = Math.min(t0, t[0]);
    t1 = Math.max(t1, t[count - 1]);
  }
  if (!isFinite(t0)) [t0, t1] = [0, report.end];
  const margin = Math.max((t1 - t0) * 0.01, shortest);
  return { t0: t0 - margin, t1: t1 + margin };
}

function show(t0, t1) {
  const least = Math.max(shortest, Math.min(t1 - t0, whole.t1 - whole.t0));
  const middle = (t0 + t1) / 2;
  t0 = Math.max(whole.t0, Math.min(middle - least / 2, whole.t1 - least));
  view.t0 = t0;
  view.t1 = Math.min(whole.t1, t0 + least);
  changed();
}

const showAll = () => show(whole.t0, whole.t1);
const pan = share => { const by = (view.t1 - view.t0) * share; show(view.t0 + by, view.t1 + by); };

function zoom(factor, at = (view.t0 + view.t1) / 2) {
  // A view that is as short as possible must not move when the user zooms in further.
  const span = Math.max(shortest, (view.t1 - view.t0) * factor);
  const share = (at - view.t0) / (view.t1 - view.t0);
  show(at - span * share, at + span * (1 - share));
}

function choose(flow) {
  view.flow = flow;
  view.pin = null;
  whole = flowSpan(flowAt(flow));
  showAll();
}

function turn() {
  const reverse = report.flows[view.flow].reverse;
  if (reverse === null || !report.flows[reverse].shown) return;
  const { t0, t1 } = view;
  view.flow = reverse;
  whole = flowSpan(flowAt(reverse));
  show(t0, t1);
}

function hashText() {
  const parts = [`flow=${view.flow}`, `t=${secondsText(view.t0)},${secondsText(view.t1)}`];
  if (view.hidden.size) parts.push(`hide=${[...view.hidden].join(",")}`);
  if (view.pin !== null) parts.push(`pin=${view.pin}`);
  return "#" + parts.join("&");
}

function readHash() {
  const given = new Map(location.hash.slice(1).split("&").map(part => part.split("=")));
  const flow = Number(given.get("flow"));
  if (given.has("flow") && report.flows[flow] && report.flows[flow].shown) view.flow = flow;
  view.hidden = new Set((given.get("hide") || "").split(",").filter(name => seriesNamed(name)));
  view.pin = given.has("pin") && isFinite(Number(given.get("pin"))) ? Number(given.get("pin")) : null;
  whole = flowSpan(flowAt(view.flow));
  const [t0, t1] = (given.get("t") || "").split(",").map(text => parseFloat(text) * 1e6);
  if (isFinite(t0) && isFinite(t1) && t0 < t1) show(t0, t1); else showAll();
}

let isWaiting = false, hashTimer = 0;
function changed() {
  clearTimeout(hashTimer);
  // Browsers limit how often the address may change.
  hashTimer = setTimeout(() => history.replaceState(null, "", hashText()), 200);
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => { isWaiting = false; drawAll(); });
}
