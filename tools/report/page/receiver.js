// What only a capture at the receiver shows: which packets wait there behind gaps, and when it acknowledges.

const isReceivers = flow => flow.receivers;

// For each ACK, from the first missing number to the highest that has arrived.
function behindOf(flow) {
  if (!flow.behind) flow.behind = new Line(flow.acks.t, flow.acks.top.map((top, i) => Math.max(0, top - flow.acks.next[i])));
  return flow.behind;
}

const emptyBehind = flow => flow.acks.count ? "" : "no ACK was captured";
const behindRange = flow => upTo(Math.max(highIn(behindOf(flow)), 2));

function drawBehind(g, flow, plane) {
  if (isShown("behind")) {
    g.strokeStyle = theme.ack;
    g.lineWidth = 1.3;
    drawLine(g, plane, behindOf(flow), true);
  }
  return `up to ${plural(highIn(behindOf(flow)), "packet")}; ${plural(outOfOrder(flow), "arrival")} out of order in view`;
}

// First arrivals below the highest number so far: packets that arrived out of order.
function outOfOrder(flow) {
  const [from, end] = rowsInView(flow.first.t);
  let high = -Infinity, count = 0;
  for (let i = from; i < end; i++) {
    if (flow.first.value[i] < high) count++; else high = flow.first.value[i];
  }
  return count;
}

// For each ACK that answers something, how long the first packet that it answers had waited.
function ackDelaysOf(flow) {
  if (!flow.ackDelays) {
    const rows = [], times = [], values = [];
    for (let i = 0, row = 0; i < flow.acks.count; i++) {
      const first = row;
      while (row < flow.data.count && flow.data.t[row] <= flow.acks.t[i]) row++;
      if (row === first) continue;
      rows.push(i);
      times.push(flow.acks.t[i]);
      values.push(flow.acks.t[i] - flow.data.t[first]);
    }
    flow.ackDelays = { rows, line: new Line(Float64Array.from(times), Float64Array.from(values)) };
  }
  return flow.ackDelays;
}

const emptyAckDelays = flow => ackDelaysOf(flow).rows.length ? "" : "no ACK was captured";
const ackDelayRange = flow => upTo(highIn(ackDelaysOf(flow).line));

function drawAckDelays(g, flow, plane) {
  const { line } = ackDelaysOf(flow), total = countInView(line.t);
  if (!isShown("ackdelay")) return "";
  g.fillStyle = theme.ack;
  return shownText(drawSamples(g, plane, line), total, "ACKs");
}
