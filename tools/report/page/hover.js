// Which packet is under the pointer, and which is pinned.

const reach = 14;

// The nearest item that a panel shows: the row's line of text, its number, time and place.
function nearest(panel, flow, x, y) {
  const { plane } = panel;
  const best = { distance: reach * reach };
  const consider = (times, count, row, value, found) => {
    const from = lowerBound(times, timeAt(plane, x - reach), count), end = lowerBound(times, timeAt(plane, x + reach), count);
    for (let k = from; k < end; k++) {
      const i = row(k), v = value(i);
      const dx = plane.x(times[k]) - x, dy = (v === null ? y : plane.y(v)) - y;
      const distance = dx * dx + dy * dy;
      if (distance < best.distance) Object.assign(best, { distance, i, found, px: x + dx, py: y + dy });
    }
  };
  const same = k => k;
  const { data, acks, corrupted } = flow;
  const asData = i => ({ n: data.n[i], t: data.t[i], text: dataLine(flow, i) });
  const asAck = i => ({ n: acks.n[i], t: acks.t[i], text: ackLine(flow, i) });
  const asCorrupt = i => ({ n: corrupted.n[i], t: corrupted.t[i], text: corruptLine(flow, i) });
  switch (panel.id) {
    case "sequence":
      if (isShown("resent")) consider(flow.resentTimes, flow.resent.length, k => flow.resent[k], i => data.seq[i] + 0.5, asData);
      if (isShown("sent")) consider(data.t, data.count, same, i => data.seq[i] + 0.5, asData);
      if (isShown("ack")) consider(acks.t, acks.count, same, i => acks.next[i], asAck);
      break;
    case "flight":
      if (flow.receivers || !isShown("flight")) break;
      consider(data.t, data.count, same, i => data.flight[i], asData);
      consider(acks.t, acks.count, same, i => acks.flight[i], asAck);
      break;
    case "rtt": {
      const { own } = rttOf(flow), asOwn = i => ({ n: own.acks.n[i], t: own.acks.t[i], text: ackLine(own, i) });
      if (isShown("rtt")) consider(own.rttTimes, own.rttRows.length, k => own.rttRows[k], i => own.acks.rtt[i], asOwn);
      break;
    }
    case "behind": if (isShown("behind")) consider(acks.t, acks.count, same, i => behindOf(flow).value[i], asAck); break;
    case "ackdelay": {
      const { rows, line } = ackDelaysOf(flow);
      if (isShown("ackdelay")) consider(line.t, line.count, same, k => line.value[k], k => asAck(rows[k]));
      break;
    }
    case "losses":
      if (isShown("lost")) consider(flow.foundTimes, flow.found.length, k => flow.found[k], () => null, asData);
      break;
  }
  const isBand = panel.id === "losses" || (panel.id === "sequence" && y > plane.y1 - reach);
  if (isBand && isShown("corrupt")) consider(corrupted.t, corrupted.count, same, () => null, asCorrupt);
  return best.found ? { ...best.found(best.i), px: best.px, py: best.py } : null;
}

let pointer = null;

// The crosshair goes through all panels, since they share the time axis.
function drawOver() {
  const flow = flowAt(view.flow);
  const pinned = view.pin === null ? null : packetOf(flow, view.pin);
  for (const panel of panels) {
    if (!panel.plane) continue;
    const g = sized(panel.over, panel.width, panel.height);
    const { plane } = panel;
    if (pinned && pinned.t >= view.t0 && pinned.t <= view.t1) {
      g.fillStyle = theme.resent;
      g.fillRect(plane.x(pinned.t) - 0.5, plane.y0, 1, plane.h);
    }
    if (!pointer) continue;
    g.strokeStyle = theme.faint;
    g.setLineDash([2, 3]);
    g.beginPath();
    g.moveTo(pointer.x, plane.y0);
    g.lineTo(pointer.x, plane.y1);
    if (panel === pointer.panel) {
      g.moveTo(plane.x0, pointer.y);
      g.lineTo(plane.x1, pointer.y);
    }
    g.stroke();
    g.setLineDash([]);
    const chunk = panel === pointer.panel && panel.id === "swarm" ? chunkAt(flow, plane, pointer.x, pointer.y) : null;
    if (chunk && chunk.box) {
      g.strokeStyle = theme.text;
      g.lineWidth = 1.5;
      g.strokeRect(...chunk.box);
    }
    if (panel === pointer.panel && pointer.found) {
      g.strokeStyle = theme.text;
      g.lineWidth = 1.5;
      g.beginPath();
      g.arc(pointer.found.px, pointer.found.py, 6, 0, 7);
      g.stroke();
    }
    if (pointer.from !== undefined) {
      g.fillStyle = theme.sent;
      g.globalAlpha = 0.15;
      g.fillRect(Math.min(pointer.from, pointer.x), plane.y0, Math.abs(pointer.x - pointer.from), plane.h);
      g.globalAlpha = 1;
    }
  }
  document.getElementById("pinned").textContent = pinned ? pinned.text : "";
  if (!pointer) return hideTip();
  const box = pointer.panel.plot.getBoundingClientRect();
  placeTip(box.left + pointer.x, box.top + pointer.y,
    [pointer.found && pointer.found.text, valueText(pointer.panel, flow, pointer.x, pointer.y)]);
}

// A packet of the connection by its number in the capture.
function packetOf(flow, n) {
  const at = (rows, text) => {
    const i = lowerBound(rows.n, n);
    return i < rows.count && rows.n[i] === n ? { n, t: rows.t[i], text: text(i) } : null;
  };
  return at(flow.data, i => dataLine(flow, i)) || at(flow.acks, i => ackLine(flow, i)) ||
    at(flow.corrupted, i => corruptLine(flow, i)) || lineOf(n);
}

function lineOf(n) {
  const line = report.lines.find(one => one.n === n);
  return line ? { n, t: line.t, text: line.text } : null;
}

function pin(n) {
  view.pin = n === view.pin ? null : n;
  changed();
}
