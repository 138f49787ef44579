// The values that a graph shows for the pointer's place, in addition to the packet there.

// The value at a time of a line whose values each last until the next; null before the first.
function valueAt(line, t) {
  const i = lowerBound(line.t, t, line.count);
  if (i < line.count && line.t[i] === t) return line.value[i];
  return i > 0 ? line.value[i - 1] : null;
}

// The value of the nearest sample, for samples that say nothing about the time between them; null if there is none.
function nearestValue(line, t) {
  const i = lowerBound(line.t, t, line.count);
  const isBefore = i > 0 && (i === line.count || t - line.t[i - 1] < line.t[i] - t);
  return line.count ? line.value[isBefore ? i - 1 : i] : null;
}

const parts = (...words) => words.filter(Boolean).join(", ");
const named = (name, value, text) => value === null ? "" : `${name} ${text(value)}`;

function valueText(panel, flow, x, y) {
  const t = timeAt(panel.plane, x), stall = stallAt(flow, t);
  const pause = stall ? `stalled for ${secondsText(stall[1], 3)} s, ${stall[2]}; ` : "", at = `${secondsText(t)} s: ${pause}`;
  switch (panel.id) {
    case "sequence": {
      const sent = valueAt(flow.first, t), next = valueAt(flow.next, t);
      const here = Math.floor(panel.plane.low + (panel.plane.y1 - y) / panel.plane.unit);
      return at + parts(here >= 0 ? `number ${grouped(here)} here` : "", named(flow.receivers ? "arrived up to" : "sent up to", sent, grouped),
        named("acknowledged below", next, grouped));
    }
    case "flight": return at + parts(
      named("in flight", valueAt(flightOf(flow), t), bytesText),
      named("congestion window", valueAt(qlogOf(flow, "cwnd"), t), bytesText), stateAt(flow, t));
    case "rtt": {
      const { samples, smoothed } = rttOf(flow);
      return at + parts(named("round trip", nearestValue(samples, t), millisecondsText), named("smoothed", valueAt(smoothed, t), millisecondsText));
    }
    case "rates": return at + parts(
      ...[["goodput", flow.rates.good], [flow.receivers ? "arriving" : "sent", flow.rates.sent]].map(([name, line]) => named(name, valueAt(line, t), rateText)),
      named("pacing rate", valueAt(qlogOf(flow, "pacing"), t), rateText));
    case "losses": {
      const { width, count, lost, corrupt } = flow.losses, bin = Math.max(0, Math.min(count - 1, Math.floor((t - view.t0) / width)));
      return `${at}${grouped(lost[bin])} lost, ${grouped(corrupt[bin])} corrupt within ${widthText(width)}`;
    }
    case "limits": return at + limitText(flow, panel.plane, t);
    case "behind": return at + named("behind the first gap", valueAt(behindOf(flow), t) || 0, value => plural(value, "packet"));
    case "ackdelay": return at + named("ACK after", nearestValue(ackDelaysOf(flow).line, t), millisecondsText);
    case "swarm": return at + (chunkAt(flow, panel.plane, x, y) || { text: "" }).text;
    default: return at;
  }
}

function stateAt(flow, t) {
  const states = flow.qlog && flow.qlog.states || [];
  const now = states.filter(([time]) => time <= t).pop();
  return now ? now[1] : "";
}

// Puts the text beside the pointer, wherever that is, and never out of sight.
function placeTip(clientX, clientY, lines) {
  const tip = document.getElementById("tip");
  tip.replaceChildren(...lines.filter(Boolean).map((text, i) => {
    const line = document.createElement("div");
    line.textContent = text;
    if (i) line.className = "value";
    return line;
  }));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect(), gap = 14, edge = 4;
  const [w, h] = [document.documentElement.clientWidth, window.innerHeight];
  const x = clientX + gap + width + edge <= w ? clientX + gap : Math.max(edge, Math.min(clientX - gap - width, w - width - edge));
  // If there is no room beside the pointer, it goes above or below.
  const isBeside = x >= clientX + gap || x + width <= clientX;
  const below = clientY + gap, above = clientY - gap - height;
  const y = below + height + edge <= h ? below : above >= edge ? above : isBeside ? Math.max(edge, h - height - edge) : edge;
  tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

const hideTip = () => { document.getElementById("tip").hidden = true; };
