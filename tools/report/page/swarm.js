// The swarm map: a lane for each pair of peers, with time to the right and chunks upwards: what was sent when, when
// each chunk was complete, and which chunks the receiver had before.

// The lanes that belong together: those of the file that the flow carries, or of its connection's other direction.
function allLanesOf(flow) {
  const own = report.lanes.filter(lane => lane.flow === flow.index || lane.flow === flow.reverse);
  const ids = new Set(own.map(lane => lane.id));
  const others = report.lanes.filter(lane => !own.includes(lane) && (!own.length || (lane.id && ids.has(lane.id))));
  return [...own, ...others];
}

const lanesOf = flow => allLanesOf(flow).slice(0, mostLanes);

const mostLanes = 24;
// Room for a lane's name, above what it shows.
const laneLabel = 18;
const laneHeight = lanes => Math.max(56 + laneLabel, Math.min(150, 320 / Math.max(lanes.length, 1)));
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
        const [x, width] = span(plane, sent, i);
        g.fillRect(x, y(sent.chunk[i] + 1), width, size);
        shown++;
      }
    }
    if (isShown("whole")) {
      g.fillStyle = theme.ack;
      for (let i = 0; i < whole.count; i++) {
        if (whole.t[i] < view.t0 || whole.t[i] > view.t1) continue;
        // To the right of the chunk's transmissions, so that it hides none of them.
        const k = lowerBound(sent.chunk, whole.chunk[i]), [x, width] = span(plane, sent, k);
        g.fillRect(Math.max(plane.x(whole.t[i]), x + width), y(whole.chunk[i] + 1), 1.5, size);
      }
    }
    g.strokeStyle = theme.line;
    g.strokeRect(plane.x0, base - height + laneLabel, plane.w, height - laneLabel);
  });
  const all = allLanesOf(flow).length;
  return `${plural(shown, "chunk")}${all > lanes.length ? `; ${lanes.length} of ${grouped(all)} pairs of peers` : ""}`;
}

// Where a chunk begins on the time axis, and how wide it is.
function span(plane, sent, i) {
  const x = plane.x(sent.first[i]);
  return [x, Math.max(plane.x(sent.last[i]) - x, 2)];
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
    const inner = height - laneLabel;
    for (const chunk of ticks(0, lane.high, inner / 16, 1).values) {
      const at = base - chunk / lane.high * inner;
      g.fillText(countLabel(chunk), plane.x0 - 6, Math.max(base - inner + 5, Math.min(at, base - 5)));
      g.fillRect(plane.x0 - 4, Math.round(at), 4, 1);
    }
    g.textAlign = "left";
    const ends = report.flows[lane.flow];
    const text = `${ends.from} > ${ends.to}${lane.name ? `  ${lane.name}` : ""}${lane.id ? `  ${lane.id}` : ""}`;
    g.fillStyle = theme.ground;
    g.fillRect(plane.x0, base - height, plane.w, laneLabel - 1);
    g.fillStyle = lane.flow === flow.index ? theme.text : theme.faint;
    g.fillText(text, plane.x0, base - height + 10);
  });
}

// The chunk under the pointer: of those that share its pixel, the one whose time is nearest.
function chunkAt(flow, plane, x, y) {
  const lanes = lanesOf(flow), height = plane.h / Math.max(1, lanes.length);
  const row = Math.floor((y - plane.y0) / height), lane = lanes[row];
  if (!lane) return null;
  const { sent, whole, had } = laneData(lane), base = plane.y0 + (row + 1) * height, unit = (height - laneLabel) / lane.high;
  const under = Math.max(0, Math.min(lane.high - 1, Math.floor((base - y) / unit)));
  const many = Math.max(0, Math.ceil(2 / unit) - 1);
  let best = null, distance = Infinity;
  for (let i = lowerBound(sent.chunk, under - many); i < sent.count && sent.chunk[i] <= under + many; i++) {
    const [left, width] = span(plane, sent, i);
    // The distance in time counts most, the distance in number only a little.
    const off = Math.max(left - x, x - left - width, 0) + Math.abs(sent.chunk[i] - under) * Math.min(unit, 1) / 2;
    if (off < distance) [best, distance] = [i, off];
  }
  const isNear = best !== null && (distance <= reach || sent.chunk[best] === under);
  const chunk = isNear ? sent.chunk[best] : under;
  const ends = report.flows[lane.flow], name = `chunk ${grouped(chunk)} of ${grouped(lane.high)}, ${ends.from} > ${ends.to}: `;
  const told = had.t.filter((t, i) => had.first[i] <= chunk && chunk < had.first[i] + had.many[i]);
  const before = told.length ? `; had by ${ends.from} since ${secondsText(told[0])} s or before` : "";
  if (!isNear) return { text: `${name}not sent here${before}` };
  const k = whole.chunk.indexOf(chunk), t = timeAt(plane, x), [left, width] = span(plane, sent, best);
  const state = k >= 0 && t >= whole.t[k] ? "whole" : t < sent.first[best] ? "not yet sent" : t > sent.last[best] ? "sent" : "in progress";
  const text = `${name}${state}; ${bytesText(sent.bytes[best])} from ${secondsText(sent.first[best])} to ` +
    `${secondsText(sent.last[best])} s, ${k < 0 ? "never whole" : `whole at ${secondsText(whole.t[k])} s`}${before}`;
  return { chunk, text, box: [left - 2, base - (chunk + 1) * unit - 2, width + 4, Math.max(unit, 1) + 4] };
}
