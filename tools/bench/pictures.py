"""The pictures: goodput over loss, and what loopback allows."""

import plot

LOSSES = [0, 1, 5, 10]
LINES = ["shoal", "TCP BBR", "TCP CUBIC", "quic-go", "iroh", "libtorrent uTP", "UDT"]
COLOURS = {name: index for index, name in enumerate(LINES)}


def draw(found, results):
    """Draws what has been measured; returns (file, title) of each picture."""
    by_name = {table.case.name: table for table in found}
    made = []
    if picture := over_loss(by_name, f"{results}/loss.svg"):
        made.append(("loss.svg", picture))
    if "loopback" in by_name:
        made += loopback(by_name["loopback"], results)
    return made


def over_loss(by_name, path):
    """Per cent of what is possible, over the loss in each direction."""
    title = "Goodput on 100 Mbit/s, 40 ms, over loss in each direction"
    chart = plot.Chart(title, "loss each way, %", "% of the limit", x_ticks=LOSSES, even=True, y_max=100,
                       subtitle="50 MB, start-up included; the limit is what loss leaves of the rate, without headers")
    drawn = 0
    for name in LINES:
        points = []
        for loss in LOSSES:
            table = by_name.get(f"wan-loss{loss}")
            figure = table.median(name, "percent") if table else None
            if figure is not None:
                points.append((loss, figure))
        if points:
            chart.line(name, points, colour=COLOURS[name])
            drawn += len(points) > 1
    if not drawn:
        return None
    chart.write(path)
    return title


def loopback(table, results):
    """Two charts of bars: rate, and processor time."""
    made = []
    for metric, unit, title, name in [
        ("goodput", "MB/s", "Loopback: page cache to nowhere", "loopback.svg"),
        ("cpu", "s/GB", "Processor time for a gigabyte, both sides together", "cpu.svg"),
    ]:
        rows = []
        for row in table.rows:
            figures = table.all(row, metric)
            if figures:
                rows.append((row, table.median(row, metric), min(figures), max(figures), row.startswith("shoal")))
        if len(rows) > 1:
            rows.sort(key=lambda row: row[1], reverse=metric == "goodput")
            plot.bars(f"{results}/{name}", title, rows, unit)
            made.append((name, title))
    return made
