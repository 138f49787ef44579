"""Plots as SVG, by the standard library alone: lines and bars that follow the reader's light or dark scheme."""

import math
from html import escape

# A series has its own colour, marker and dashes, so that any one of the three is enough to identify it.
LIGHT = ["#2A6FDB", "#CC7614", "#0A6638", "#800D70", "#6B7077", "#B3261E", "#00789A", "#7A5C00"]
DARK = ["#4C9BE8", "#E69A17", "#19FFA3", "#F0529C", "#9AA2AB", "#FF8A80", "#4DD0E1", "#D9C04A"]
DASHES = ["", "7 4", "2 3", "9 3 2 3"]
FONT = "font-family: system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def _style():
    def sheet(text, soft, grid, ground, colours):
        rules = [
            f".ground{{fill:{ground}}} text{{fill:{text}}} .soft{{fill:{soft}}}",
            f".grid{{stroke:{grid};stroke-width:1}} .axis{{stroke:{soft};stroke-width:1}} .lead{{stroke:{soft}}}",
        ]
        for index, colour in enumerate(colours):
            rules.append(f".s{index}{{stroke:{colour}}} .f{index}{{fill:{colour}}}")
        return "".join(rules)

    light = sheet("#1B1F24", "#57606A", "#DDE1E6", "#FFFFFF", LIGHT)
    dark = sheet("#E6E9ED", "#9AA2AB", "#30363D", "#14171A", DARK)
    return (
        f"<style>text{{{FONT};font-size:13px}} .title{{font-size:16px;font-weight:600}}"
        f" .line{{fill:none;stroke-width:2;stroke-linejoin:round}}"
        f"{light} @media (prefers-color-scheme: dark){{{dark}}}</style>"
    )


def _number(value):
    """1500 as 1,500, 0.25 as 0.25, 3.0 as 3."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _ticks(low, high, log, wanted=6):
    if log:
        low_decade, high_decade = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
        decades = high_decade - low_decade
        steps = (1, 2, 5) if decades <= 2 else (1, 3) if decades <= 3 else (1,)
        for steps in (steps, (1, 2, 3, 5, 7)):
            ticks = [s * 10.0**d for d in range(low_decade, high_decade + 1) for s in steps]
            ticks = [t for t in ticks if low * 0.999 <= t <= high * 1.001]
            if len(ticks) > 2:
                break
        return ticks
    raw = (high - low) / wanted
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _marker(kind, x, y, css):
    """One of six shapes, distinguishable at 8 pixels."""
    kind %= 6
    if kind == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="{css}"/>'
    if kind == 5:
        return (
            f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8M{x - 4:.1f} {y + 4:.1f}l8 -8" '
            f'class="{css.replace("f", "s", 1)}" stroke-width="2"/>'
        )
    shapes = {
        1: [(-4, -4), (4, -4), (4, 4), (-4, 4)],
        2: [(0, -5), (5, 4), (-5, 4)],
        3: [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)],
        4: [(-5, -4), (5, -4), (0, 5)],
    }
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shapes[kind])
    return f'<polygon points="{points}" class="{css}"/>'


def _apart(wanted, least, low, high):
    """Heights as near as possible to the wanted ones, in the same order, at least `least` apart, within low...high."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    previous = low - least
    for i in order:
        placed[i] = previous = max(wanted[i], previous + least)
    limit = high + least
    for i in reversed(order):
        placed[i] = limit = min(placed[i], limit - least)
    return placed


class Chart:
    """Lines over x. `line()` each series, then `write()`.

    `x_ticks` places ticks at given values; `even` spaces those values evenly, as categories.
    """

    def __init__(self, title, x_label, y_label, log_x=False, log_y=False, x_ticks=None, even=False, y_max=None,
                 subtitle="", width=760, height=430):
        self.title, self.subtitle, self.x_label, self.y_label = title, subtitle, x_label, y_label
        self.log_x, self.log_y, self.x_ticks, self.even, self.y_max = log_x, log_y, x_ticks, even, y_max
        self.width, self.height, self.series = width, height, []

    def line(self, name, points, colour=None, dash=0, markers=True, label=None):
        """A series of (x, y); y of None leaves a gap. `colour` is an index, by default the next. `label` stands at its
        end, by default the name; "" for none. `dash` is an index, 0 for a full line; markers=False is for formulas."""
        index = len(self.series) if colour is None else colour
        self.series.append((name if label is None else label, sorted(points, key=lambda p: p[0]), index, dash, markers))

    def write(self, path):
        """Writes the SVG file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg())

    def svg(self):
        """The picture as text."""
        xs = [x for _, points, *_ in self.series for x, y in points if y is not None]
        ys = [y for _, points, *_ in self.series for _, y in points if y is not None]
        assert xs, "a chart needs a point"
        labels = [name for name, *_ in self.series if name]
        right = 24 + (max(len(name) for name in labels) * 7.2 if labels else 0)
        left, top, bottom = 66, 46 + (20 if self.subtitle else 0), 56
        plot_w, plot_h = self.width - left - right, self.height - top - bottom

        y_high = self.y_max or max(ys)
        y_low = min(y for y in ys if y > 0) if self.log_y else min(0, min(ys))
        if self.log_y:
            y_low = 10 ** (math.floor(math.log10(y_low) * 2 + 1e-9) / 2) if y_low > y_high / 3 else y_low
        y_ticks = _ticks(y_low, y_high, self.log_y)
        if not self.log_y and y_ticks[-1] < y_high and self.y_max is None:
            y_ticks.append(y_ticks[-1] + (y_ticks[1] - y_ticks[0]))
        y_high = max(y_high, y_ticks[-1])

        def across(x):
            if self.even:
                return left + plot_w * (self.x_ticks.index(x) + 0.5) / len(self.x_ticks)
            if self.log_x:
                low, high = math.log10(min(xs)), math.log10(max(xs))
                return left + 12 + (plot_w - 24) * ((math.log10(x) - low) / ((high - low) or 1))
            low, high = min(xs), max(xs)
            return left + 12 + (plot_w - 24) * ((x - low) / ((high - low) or 1))

        def up(y):
            if self.log_y:
                low, high = math.log10(y_low), math.log10(y_high)
                return top + plot_h * (1 - (math.log10(max(y, y_low)) - low) / ((high - low) or 1))
            return top + plot_h * (1 - (y - y_low) / (y_high - y_low))

        out = _head(self.width, self.height, self.title, self.subtitle)
        for tick in y_ticks:
            y = up(tick)
            out.append(f'<line class="grid" x1="{left}" x2="{left + plot_w:.0f}" y1="{y:.1f}" y2="{y:.1f}"/>')
            out.append(f'<text class="soft" x="{left - 8}" y="{y + 4.5:.1f}" text-anchor="end">{_number(tick)}</text>')
        for tick in self.x_ticks or _ticks(min(xs), max(xs), self.log_x):
            x = across(tick)
            out.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top + plot_h}" y2="{top + plot_h + 5}"/>')
            out.append(
                f'<text class="soft" x="{x:.1f}" y="{top + plot_h + 20}" text-anchor="middle">{_number(tick)}</text>')
        base = top + plot_h
        out.append(f'<line class="axis" x1="{left}" x2="{left + plot_w:.0f}" y1="{base}" y2="{base}"/>')
        centre, middle = left + plot_w / 2, top + plot_h / 2
        out.append(f'<text x="{centre:.0f}" y="{self.height - 14}" text-anchor="middle">{escape(self.x_label)}</text>')
        out.append(f'<text transform="translate(18 {middle:.0f}) rotate(-90)" text-anchor="middle">'
                   f'{escape(self.y_label)}</text>')

        ends = []
        for order, (name, points, index, dash, markers) in enumerate(self.series):
            colour, known = index % len(LIGHT), [(across(x), up(y)) for x, y in points if y is not None]
            path, pen = [], "M"
            for x, y in points:
                if y is None:
                    pen = "M"
                    continue
                path.append(f"{pen}{across(x):.1f} {up(y):.1f}")
                pen = "L"
            dashes = f' stroke-dasharray="{DASHES[dash % 4]}"' if dash % 4 else ""
            out.append(f'<path class="line s{colour}" d="{"".join(path)}"{dashes}/>')
            if markers:
                out.extend(_marker(index, x, y, f"f{colour}") for x, y in known)
            if name and known:
                ends.append((name, known[-1], colour))
        heights = _apart([y for _, (_, y), _ in ends], 16, top + 4, base - 2)
        for (name, (x, y), colour), height in zip(ends, heights):
            text_x = left + plot_w + 16
            out.append(f'<path class="lead" fill="none" stroke-opacity="0.5" '
                       f'd="M{x + 6:.1f} {y:.1f}L{text_x - 4:.1f} {height:.1f}"/>')
            out.append(f'<text class="f{colour}" x="{text_x:.1f}" y="{height + 4.5:.1f}">{escape(name)}</text>')
        return "\n".join(out + ["</svg>\n"])


def _head(width, height, title, subtitle):
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title, quote=True)}">',
        _style(), f'<rect class="ground" width="{width}" height="{height}"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
    ]
    if subtitle:
        out.append(f'<text class="soft" x="16" y="46">{escape(subtitle)}</text>')
    return out


def bars(path, title, rows, unit, subtitle="", width=760, digits=3):
    """Horizontal bars, one for each (label, value, least, most, is_ours), with the value at its end and the spread as a
    whisker. Linear, from 0."""
    left = 30 + max(len(row[0]) for row in rows) * 7.6
    top, step = 46 + (20 if subtitle else 0), 28
    height = top + step * len(rows) + 16
    high = max(row[3] for row in rows) or 1
    scale = (width - left - 110) / high
    out = _head(width, height, title, subtitle)
    for order, (label, value, least, most, is_ours) in enumerate(rows):
        y = top + step * order
        colour = 0 if is_ours else 4
        weight = ' font-weight="600"' if is_ours else ""
        out.append(f'<text x="{left - 10:.0f}" y="{y + 17}" text-anchor="end"{weight}>{escape(label)}</text>')
        length = max(value * scale, 1)
        out.append(f'<rect class="f{colour}" x="{left:.0f}" y="{y + 3}" width="{length:.1f}" height="18"/>')
        if most > least:
            out.append(f'<path class="axis" d="M{left + least * scale:.1f} {y + 12}H{left + most * scale:.1f}"/>')
        text = f"{value:,.0f}" if value >= 100 else f"{value:.{digits}g}"
        end = left + max(value, most) * scale
        out.append(f'<text x="{end + 8:.1f}" y="{y + 17}"{weight}>{text} {escape(unit)}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>\n"]))
