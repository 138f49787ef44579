"""The pictures: goodput over loss, what loopback allows, and processor time."""

import plot

LOSSES = [0, 1, 5, 10]
LINES = ["shoal", "TCP BBR", "TCP CUBIC", "quic-go", "iroh", "libtorrent uTP", "UDT"]
COLOURS = {name: index for index, name in enumerate(LINES)}
# Charts of bars: case, metric, unit, title, subtitle, file.
BARS = [
    ("loopback", "goodput", "MB/s", "Loopback: page cache to nowhere", "", "loopback.svg"),
    ("loopback", "cpu", "s/GB", "Processor time for a gigabyte, both sides together", "", "cpu.svg"),
    ("wan-loss1", "cpu", "s/GB", "Processor time for a gigabyte over a slow path, both sides together",
     "100 Mbit/s, 40 ms, 1 % loss each way; per gigabyte of what came, where a run was stopped", "cpu-wan.svg"),
]


def draw(found, results):
    """Draws what has been measured; returns (file, title) of each picture."""
    by_name = {table.case.name: table for table in found}
    made = []
    if picture := over_loss(by_name, f"{results}/loss.svg"):
        made.append(("loss.svg", picture))
    for case, metric, unit, title, subtitle, name in BARS:
        if case in by_name and bars(by_name[case], metric, unit, title, subtitle, f"{results}/{name}"):
            made.append((name, title))
    return made


def over_loss(by_name, path):
    """Per cent of what is possible, over the loss each way; logarithmic, because the lowest is a hundredth of the highest."""
    title = "Goodput on 100 Mbit/s, 40 ms, over loss in each direction"
    chart = plot.Chart(title, "loss each way, %", "% of the limit", x_ticks=LOSSES, even=True, log_y=True, y_max=100,
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


def bars(table, metric, unit, title, subtitle, path):
    """A chart of bars, the best first; returns whether there is anything to compare."""
    rows = []
    for row in table.rows:
        figures = table.all(row, metric)
        if figures:
            rows.append((row, table.median(row, metric), min(figures), max(figures), row.startswith("shoal")))
    if len(rows) < 2:
        return False
    rows.sort(key=lambda row: row[1], reverse=metric == "goodput")
    plot.bars(path, title, rows, unit, subtitle)
    return True
