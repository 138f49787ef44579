// The swarm map: for each pair of peers, chunks upward and time along: what went when, what was whole, who had it before.

// The lanes that belong together: those of the file that the flow carries, or of its connection's other direction.
function lanesOf(flow) {
  const own = report.lanes.filter(lane => lane.flow === flow.index || lane.flow === flow.reverse);
  const ids = new Set(own.map(lane => lane.id));
  const others = report.lanes.filter(lane => !own.includes(lane) && (!own.length || (lane.id && ids.has(lane.id))));
  return [...own, ...others].slice(0, mostLanes);
}

const mostLanes = 24;
// Room for a lane's name, above what it shows.
const laneLabel = 18;
const laneHeight = lanes => Math.max(46 + laneLabel, Math.min(150, 320 / Math.max(lanes.length, 1)));
const swarmHeight = flow => laneHeight(lanesOf(flow)) * Math.max(1, lanesOf(flow).length) + top_ + bottom;

function laneData(lane) {
  if (!lane.decoded) {
    lane.decoded = { sent: table(lane.sent), whole: table(lane.whole), had: table(lane.had) };
    const { sent, had } = lane.decoded;
    lane.high = lane.chunks || Math.max(1, ...[highest(sent.chunk, 0, sent.count) + 1,
      had.count ? highest(had.first.map((first, i) => first + had.many[i]), 0, had.count) : 0]);
  }
  return lane.decoded;
}

function drawSwarm(g, flow, plane) {
  const lanes = lanesOf(flow);
  const height = plane.h / Math.max(1, lanes.length);
  let shown = 0;
  lanes.forEach((lane, row) => {
    const { sent, whole, had } = laneData(lane);
    const base = plane.y0 + (row + 1) * height, unit = (height - laneLabel) / lane.high;
    const y = chunk => base - chunk * unit;
    const size = Math.max(unit, 1);
    if (isShown("had")) {
      g.fillStyle = theme.window;
      g.globalAlpha = 0.25;
      for (let i = 0; i < had.count; i++) {
        const x = Math.max(plane.x(had.t[i]), plane.x0);
        const low = Math.min(had.first[i], lane.high), many = Math.min(had.many[i], lane.high - low);
        if (x < plane.x1) g.fillRect(x, y(low + many), plane.x1 - x, Math.max(many * unit, 1));
      }
      g.globalAlpha = 1;
    }
    if (isShown("chunks")) {
      g.fillStyle = theme.sent;
      for (let i = 0; i < sent.count; i++) {
        if (sent.last[i] < view.t0 || sent.first[i] > view.t1) continue;
        const x = plane.x(sent.first[i]);
        g.fillRect(x, y(sent.chunk[i] + 1), Math.max(plane.x(sent.last[i]) - x, 2), size);
        shown++;
      }
    }
    if (isShown("whole")) {
      g.fillStyle = theme.ack;
      for (let i = 0; i < whole.count; i++) {
        if (whole.t[i] < view.t0 || whole.t[i] > view.t1) continue;
        g.fillRect(plane.x(whole.t[i]) - 1, y(whole.chunk[i] + 1) - 0.5, 3, size + 1);
      }
    }
    g.strokeStyle = theme.line;
    g.strokeRect(plane.x0, base - height + laneLabel, plane.w, height - laneLabel);
  });
  return `${grouped(shown)} chunks`;
}

function drawSwarmAxis(g, flow, plane) {
  const lanes = lanesOf(flow);
  const height = plane.h / Math.max(1, lanes.length);
  g.textBaseline = "middle";
  lanes.forEach((lane, row) => {
    laneData(lane);
    const base = plane.y0 + (row + 1) * height;
    g.font = '11px system-ui, "DejaVu Sans", sans-serif';
    g.fillStyle = theme.faint;
    g.textAlign = "right";
    g.fillText("0", plane.x0 - 6, base - 5);
    g.fillText(countLabel(lane.high), plane.x0 - 6, base - height + laneLabel + 5);
    g.textAlign = "left";
    const ends = report.flows[lane.flow];
    const text = `${ends.from} > ${ends.to}${lane.name ? `  ${lane.name}` : ""}${lane.id ? `  ${lane.id}` : ""}`;
    g.fillStyle = theme.ground;
    g.fillRect(plane.x0, base - height, plane.w, laneLabel - 1);
    g.fillStyle = lane.flow === flow.index ? theme.text : theme.faint;
    g.fillText(text, plane.x0, base - height + 10);
  });
}

// What lies under the pointer: a chunk of a lane.
function swarmAt(flow, plane, x, y) {
  const lanes = lanesOf(flow);
  const height = plane.h / Math.max(1, lanes.length);
  const row = Math.floor((y - plane.y0) / height);
  const lane = lanes[row];
  if (!lane) return null;
  const { sent, whole } = laneData(lane);
  const chunk = Math.floor((plane.y0 + (row + 1) * height - y) / ((height - laneLabel) / lane.high));
  const i = lowerBound(sent.chunk, chunk);
  const ends = report.flows[lane.flow];
  let text = `chunk ${Math.max(0, Math.min(chunk, lane.high - 1))} of ${grouped(lane.high)}, ${ends.from} > ${ends.to}`;
  if (i < sent.count && sent.chunk[i] === chunk) {
    text += `: ${bytesText(sent.bytes[i])} from ${secondsText(sent.first[i])} to ${secondsText(sent.last[i])} s`;
    const k = whole.chunk.indexOf(chunk);
    text += k < 0 ? ", not whole" : `, whole at ${secondsText(whole.t[k])} s`;
  }
  return text;
}
