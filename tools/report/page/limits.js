// What limited the transfer, over time: a lane for each cause, filled by that limit's share of each pixel's time.

const limitLane = 17;

function limitsOf(flow) {
  if (!flow.limited) {
    const { t, limit, count } = table(flow.limits);
    const lanes = [...new Set(limit)].sort((a, b) => a - b);
    flow.limited = { t, limit, count, lanes, end: flow.limits_end };
  }
  return flow.limited;
}

const limitsHeight = flow => limitLane * Math.max(limitsOf(flow).lanes.length, 1) + top_ + bottom;
const emptyLimits = flow => flow.limits.count ? "" : "no content went this way";

// Calls `call` with the limit and the length of each stretch between two times.
function eachLimit(flow, t0, t1, call) {
  const { t, limit, count, end } = limitsOf(flow);
  for (let i = Math.max(0, lowerBound(t, t0, count) - 1); i < count && t[i] < t1; i++) {
    const from = Math.max(t[i], t0), until = Math.min(i + 1 < count ? t[i + 1] : end, t1);
    if (until > from) call(limit[i], from, until);
  }
}

// The limits between two times with their shares, largest first.
function limitShares(flow, t0, t1) {
  const sums = new Map();
  let all = 0;
  eachLimit(flow, t0, t1, (limit, from, until) => {
    sums.set(limit, (sums.get(limit) || 0) + until - from);
    all += until - from;
  });
  return [...sums].sort((a, b) => b[1] - a[1]).map(([limit, sum]) => [limit, sum / all]);
}

const sharesText = shares => shares.map(([limit, share]) =>
  `${report.limit_names[limit]} ${share < 0.01 ? "<1" : Math.round(share * 100)}%`).join(", ");

function drawLimits(g, flow, plane) {
  const { lanes } = limitsOf(flow), columns = Math.ceil(plane.w);
  const filled = lanes.map(() => new Float64Array(columns));
  const scale = plane.w / (view.t1 - view.t0);
  eachLimit(flow, view.t0, view.t1, (limit, from, until) => {
    const lane = filled[lanes.indexOf(limit)], x0 = (from - view.t0) * scale, x1 = (until - view.t0) * scale;
    for (let column = Math.floor(x0); column < x1 && column < columns; column++) {
      lane[column] += Math.min(x1, column + 1) - Math.max(x0, column);
    }
  });
  g.fillStyle = theme.sent;
  filled.forEach((lane, row) => {
    const base = plane.y0 + (row + 1) * limitLane;
    for (let column = 0; isShown("limits") && column < columns; column++) {
      const height = lane[column] * (limitLane - 4);
      // A limit gets a mark if it applied at all.
      if (lane[column] > 0) g.fillRect(plane.x0 + column, base - Math.max(height, 1), 1, Math.max(height, 1));
    }
    g.fillStyle = theme.line;
    g.fillRect(plane.x0, base, plane.w, 1);
    g.fillStyle = theme.sent;
  });
  const isOpen = lanes.some(limit => report.limit_names[limit] === "not known");
  return sharesText(limitShares(flow, view.t0, view.t1)) +
    (isOpen ? `; what is not known shows only in the sender's ${flow.receivers ? "files" : "qlog"}` : "");
}

function drawLimitsAxis(g, flow, plane) {
  g.font = '11px system-ui, "DejaVu Sans", sans-serif';
  g.fillStyle = theme.faint;
  g.textAlign = "right";
  g.textBaseline = "middle";
  limitsOf(flow).lanes.forEach((limit, row) => {
    g.fillText(report.limit_names[limit], plane.x0 - 6, plane.y0 + (row + 0.5) * limitLane);
  });
}

// Which limit applied at a time, and for how much of the span that a few pixels show.
function limitText(flow, plane, t) {
  const around = (view.t1 - view.t0) / plane.w * 3;
  const shares = limitShares(flow, t - around, t + around);
  return shares.length ? `limited by ${sharesText(shares)}` : "nothing went on: limited by 0%";
}
