// Asked for by the hash #check: does what a person would, and writes into the document what of it did not work.

function selfCheck() {
  const failures = [];
  const expect = (what, holds) => { if (!holds) failures.push(what); };
  const plot = id => document.querySelector(`.plot[data-panel=${id}]`);
  const pointerAt = (id, type, x, y, more) => {
    const box = plot(id).getBoundingClientRect();
    plot(id).dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y, bubbles: true, button: 0,
      pointerId: 1, ...more }));
  };
  const drag = (id, from, to, more) => {
    pointerAt(id, "pointerdown", from, 60, more);
    pointerAt(id, "pointermove", (from + to) / 2, 60, more);
    pointerAt(id, "pointermove", to, 60, more);
    pointerAt(id, "pointerup", to, 60, more);
    drawAll();
  };
  const key = name => { document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true })); drawAll(); };
  const span = () => view.t1 - view.t0;
  const close = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));

  Element.prototype.setPointerCapture = () => {};
  showAll();
  drawAll();
  const all = span();
  const plane = panels[0].plane;
  const [t0, t1] = [timeAt(plane, 200), timeAt(plane, 400)];
  drag("sequence", 200, 400);
  expect("a drag zooms to where it was", close(view.t0, t0) && close(view.t1, t1));
  const zoomed = span();
  drag("rates", 300, 200, { shiftKey: true });
  expect("a drag with shift pans", close(span(), zoomed) && view.t0 > t0);
  plot("losses").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  expect("a double click shows all", close(span(), all));
  plot("sequence").dispatchEvent(new WheelEvent("wheel", { deltaY: -300, clientX: 300, bubbles: true, cancelable: true }));
  expect("the wheel zooms", span() < all);
  const before = view.t0;
  key("ArrowRight");
  expect("an arrow key pans", view.t0 > before || view.t1 === whole.t1);
  key("0");
  expect("0 shows all", close(span(), all));

  const flow = flowAt(view.flow), { data } = flow;
  const row = flow.resent.length ? flow.resent[0] : 0;
  if (data.count) {
    show(data.t[row] - 500, data.t[row] + 500);
    drawAll();
    const near = panels[0].plane;
    const [x, y] = [near.x(data.t[row]), near.y(data.seq[row] + 0.5)];
    pointerAt("sequence", "pointermove", x, y);
    const said = document.getElementById("hover").textContent;
    expect(`hovering says the packet: ${said}`, / (DATA|ACK) /.test(said));
    pointerAt("sequence", "pointerdown", x, y);
    pointerAt("sequence", "pointerup", x, y);
    drawAll();
    expect("a click pins", view.pin !== null && document.getElementById("pinned").textContent.length > 0);
    expect("the hash tells the view", /^#flow=\d+&t=[\d.-]+,[\d.-]+.*&pin=\d+$/.test(hashText()));
    key("Escape");
    expect("Escape unpins", view.pin === null);
  }

  for (const panel of panels) {
    expect(`${panel.id} is drawn, or says why not`, panel.plot.hidden === panel.shown.textContent.startsWith("left out: "));
  }
  document.querySelector("input[data-series=ack]").click();
  drawAll();
  expect("a series is switched off", !isShown("ack") && hashText().includes("hide=ack"));
  document.querySelector("input[data-series=ack]").click();
  const here = view.flow;
  if (flow.reverse !== null && report.flows[flow.reverse].shown) {
    document.getElementById("direction").click();
    drawAll();
    expect("the direction turns", view.flow === flow.reverse);
    document.getElementById("direction").click();
    drawAll();
    expect("and back", view.flow === here);
  }
  const item = document.querySelector("#marks li");
  if (item) {
    item.click();
    drawAll();
    expect("a mark zooms", span() < all && view.pin !== null);
    const rows = shownMarks.length, chip = document.querySelector("#marks-filter button");
    chip.click();
    expect("marks are filtered", shownMarks.length < rows);
    chip.click();
    expect("and shown again", shownMarks.length === rows);
  }
  showAll();
  drawAll();
  // What must never be left out is on the canvas, however many packets share a pixel.
  expect("a repeat is visible from afar", !flow.resent.length || hasColour(panels[0], "resent"));
  expect("corruption is visible from afar", !flow.corrupted.count || hasColour(panels[0], "lost"));
  expect("losses are those that stats counts", flow.found.length === flow.declared && flow.lost.length === flow.declared);
  document.body.dataset.check = failures.length ? failures.join("; ") : "passed";
  document.body.dataset.slowest = slowest.toFixed(0);
}

function hasColour(panel, name) {
  const { canvas } = panel;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const [r, g, b] = [1, 3, 5].map(at => parseInt(theme[name].slice(at, at + 2), 16));
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 12) return true;
  }
  return false;
}

const isChecked = location.hash === "#check";
addEventListener("error", event => { document.body.dataset.error = `${event.message} ${event.lineno}`; });
addEventListener("unhandledrejection", event => { document.body.dataset.error = String(event.reason); });
start();
if (isChecked && panels[0].canvas) selfCheck();
