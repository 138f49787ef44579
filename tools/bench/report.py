"""Makes Markdown tables, pictures and the section of the README from the CSV files."""

import csv
import json
import os
import platform
import re
import statistics
from collections import Counter

import machine
import pictures
from cases import all_cases

BEGIN, END = "<!-- tools/bench/run writes from here -->", "<!-- to here -->"
NUMBERS = ["bytes", "seconds", "goodput", "percent", "cpu", "wire", "excess", "value"]
# The systems in the README's table.
SHOWN = ["shoal", "TCP BBR", "TCP CUBIC", "libtorrent uTP", "iroh", "quic-go"]
# What `value` is, by the kind of case.
VALUES = {"rtt": "RTT, ms", "beside TCP CUBIC": "TCP CUBIC keeps, % of the limit", "two": "Jain's index", "tiny": "ms",
          "idle": "ticks"}
COLUMNS = [("goodput", "MB/s"), ("percent", "% of the limit"), ("cpu", "CPU s/GB"), ("wire", "wire B/B"),
           ("excess", "× unavoidable")]


def read(path):
    """The runs in a CSV file."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def show(value, kind="goodput"):
    """A figure with as many digits as are significant."""
    if value is None or value == "":
        return ""
    value = float(value)
    if kind in ("wire", "excess"):
        return f"{value:.3f}"
    if kind == "percent":
        return f"{value:.1f}"
    if kind == "ticks":
        return f"{value:.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def line(case, row, got):
    """One run, as it is printed when it is over."""
    figures = [f"{show(got[key], key)} {unit}" for key, unit in COLUMNS if got.get(key) is not None]
    if got.get("value") is not None:
        figures.append(f"{VALUES.get(case.kind, 'value')} {show(got['value'])}")
    return f"{case.name:18} {row:24} {'  '.join(figures)}  {got.get('note', '')}".rstrip()


class Table:
    """The runs of one case: medians and spreads by row."""

    def __init__(self, case, runs):
        self.case, self.runs = case, [run for run in runs if run["row"] in case.rows]
        self.rows = [row for row in case.rows if any(run["row"] == row for run in runs)]
        # The row that the others are compared with, and the commit of its newest run, which is the last in the file.
        self.ours = next((row for row in self.rows if row.startswith("shoal")), None)
        self.commit = next((run["commit"] for run in reversed(self.runs) if run["row"] == self.ours), None)

    def all(self, row, metric):
        """Every run's figure."""
        return [float(run[metric]) for run in self.runs if run["row"] == row and run.get(metric)]

    def median(self, row, metric):
        """The median, or None."""
        figures = self.all(row, metric)
        return statistics.median(figures) if figures else None

    def of(self, row):
        """The runs of a row."""
        return [run for run in self.runs if run["row"] == row]

    def late(self, row):
        """The emulator's faults, for each run that had any."""
        parts = [part for run in self.of(row) for part in run["note"].split("; ")]
        return [part for part in parts if part.endswith(" ms late") or part.startswith("the emulator dropped")]

    def note(self, row):
        """What went wrong, or else the last run's note; the emulator's faults; the commit, if it is not the case's."""
        runs, late = self.of(row), self.late(row)
        parts = [part for run in runs for part in run["note"].split("; ") if part not in late]
        bad = [part for part in parts if "failed" in part or "stopped" in part]
        last = [part for part in runs[-1]["note"].split("; ") if part and part not in late]
        said = [f"{len(bad)} of {len(runs)}: {bad[-1]}"] if bad else last
        if late:
            worst = max(late, key=lambda part: max(map(float, re.findall(r"over ([0-9.]+) ms", part)), default=0))
            said.append(f"{len(late)} of {len(runs)}, at worst: {worst}")
        others = Counter(run["commit"] for run in runs if self.commit and run["commit"] != self.commit)
        if others:
            part = "" if others.total() == len(runs) else f"{others.total()} of {len(runs)} "
            said.append(f"{part}measured at {', '.join(others)}")
        return "; ".join(said)

    def markdown(self):
        """The table."""
        shown = [(key, title) for key, title in COLUMNS if any(self.all(row, key) for row in self.rows)]
        if self.case.kind in VALUES:
            shown.insert(0, ("value", VALUES[self.case.kind]))
        out = [f"### {self.case.title}", ""]
        link = f", link `{self.case.link}`" if self.case.link else ""
        out += [f"`{self.case.name}`{link}" + (f", measured at {self.commit}" if self.commit else ""), ""]
        ours = self.ours
        compared = self.case.kind in ("transfer", "rtt") and ours and len(self.rows) > 1
        titles = [title for _, title in shown] + ([f"{ours} ÷ this"] if compared else []) + ["runs", ""]
        out += ["| | " + " | ".join(titles) + " |", "|---|" + "---|" * len(titles)]
        for row in self.rows:
            cells = []
            for key, _ in shown:
                figures = sorted(self.all(row, key))
                text = show(self.median(row, key), key)
                if len(figures) > 1 and key in ("goodput", "value") and show(figures[0]) != show(figures[-1]):
                    text += f" [{show(figures[0], key)}–{show(figures[-1], key)}]"
                cells.append(text)
            if compared:
                mine, other = self.median(ours, "goodput"), self.median(row, "goodput")
                cells.append(f"{mine / other:.3g}" if mine and other and row != ours else "")
            cells += [str(len(self.of(row))), self.note(row)]
            out.append(f"| {row} | " + " | ".join(cells) + " |")
        if left := [row for row in self.case.rows if row not in self.rows]:
            out += ["", f"Not measured: {'; '.join(left)}."]
        return "\n".join(out) + "\n"


def tables(results):
    """Every case that has been run, in order."""
    found = []
    for case in all_cases():
        path = f"{results}/{case.name}.csv"
        if os.path.exists(path) and (runs := read(path)):
            found.append(Table(case, runs))
    return found


def goal_rows(found):
    """(case, row, the goal, what was measured, how many runs reach the goal, whether the median does) for every goal that
    was measured."""
    out = []
    names = {**dict(COLUMNS), "value": ""}
    for table in found:
        for goal in table.case.goals:
            got = table.median(goal.row, goal.metric)
            if got is None:
                continue
            unit = names[goal.metric] if goal.metric != "value" else VALUES[table.case.kind]
            other = table.median(goal.of, goal.metric) if goal.of else 1
            if not other:
                continue

            def reaches(figure):
                return figure / other >= goal.value if goal.bound == "at least" else figure / other <= goal.value

            asked = f"{goal.bound} {goal.value:g} {f'× {goal.of}' if goal.of else unit}"
            shown = f"{got / other:.2f} ×" if goal.of else show(got, goal.metric)
            # A run that failed has no figure and does not reach the goal.
            runs = f"{sum(map(reaches, table.all(goal.row, goal.metric)))} of {len(table.of(goal.row))}"
            out.append((table.case.title, goal.row, asked, shown, runs, reaches(got)))
    return out


def goals_markdown(found):
    """The goals beside what was measured."""
    out = ["The median decides. *Runs* are those that reach the goal each by itself; where it is a multiple of another "
           "row, of that\nrow's median.\n",
           "| case | row | asked | measured | runs | |", "|---|---|---|---|---|---|"]
    out += [f"| {title} | {row} | {asked} | {shown} | {runs} | {'yes' if reached else '**no**'} |"
            for title, row, asked, shown, runs, reached in goal_rows(found)]
    return "\n".join(out) + "\n"


def described():
    """The processor and the kernel, in a line."""
    return f"{os.cpu_count()} cores of {machine.processor()}, Linux {platform.release()}"


def default_tcp():
    """The congestion control that the kernel uses if a program asks for none."""
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        return file.read().strip()


def commits(found):
    """The commits at which Shoal was measured and those at which the others were, in a few words."""
    def some(runs):
        most = [commit for commit, _ in Counter(run["commit"] for run in runs).most_common()]
        return ", ".join(most[:3]) + (f" and {len(most) - 3} more" if len(most) > 3 else "")

    runs = [run for table in found for run in table.runs]
    ours = some(run for run in runs if run["row"].startswith("shoal"))
    others = some(run for run in runs if not run["row"].startswith("shoal"))
    if ours == others or not ours or not others:
        return f"commit {ours or others}"
    return f"shoal at commit {ours}; others at {others}"


def write(results, root, versions=None):
    """Writes bench.md, the pictures, and the README's section, all from the CSV files; with versions, which are those
    of what has just been measured, about.json too."""
    about_path = f"{results}/about.json"
    about = {}
    if os.path.exists(about_path):
        with open(about_path, encoding="utf-8") as file:
            about = json.load(file)
    if versions is not None:
        about = {"machine": described(), "tcp": default_tcp(), "versions": {**about.get("versions", {}), **versions}}
        with open(about_path, "w", encoding="utf-8") as file:
            json.dump(about, file, indent=2)
            file.write("\n")
    found = tables(results)
    if not found:
        return
    days = sorted({run["date"] for table in found for run in table.runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    made = f"{when}, {about.get('machine', '')}, {commits(found)}; `sudo tools/bench/run`"
    names = pictures.draw(found, results)
    rest = f"libtorrent's TCP is the kernel's default, {about['tcp']}.\n" if "tcp" in about else ""
    if "versions" in about:
        rest += f"\nVersions: {', '.join(' '.join(pair) for pair in about['versions'].items())}.\n"
    with open(f"{results}/bench.md", "w", encoding="utf-8") as file:
        file.write(f"# Shoal beside others\n\n{made}\n\n{NOTES}{rest}\n")
        file.writelines(f"![{title}]({name})\n\n" for name, title in names)
        file.write(f"## Summary\n\n{summary(found)}\n{elsewhere(found)}\n")
        file.write(f"## What is asked, what was measured\n\n{goals_markdown(found)}\n## Every case\n\n")
        file.write("\n".join(table.markdown() for table in found))
        measured = {table.case.name for table in found}
        if left := [f"`{case.name}`" for case in all_cases() if case.name not in measured]:
            file.write(f"\nCases that were not measured: {', '.join(left)}.\n")
    # Only one machine's results are shown there, not those of --quick or --results.
    if os.path.realpath(results) != os.path.realpath(f"{machine.RESULTS}/{machine.SHOWN}"):
        return
    readme = f"{root}/README.md"
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    if BEGIN in text and END in text:
        before, rest = text.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        relative = os.path.relpath(results, root)
        section = "".join(f"![{title}]({relative}/{name})\n\n" for name, title in names[:1])
        section += f"{summary(found, SHOWN)}\n({when}, {about.get('machine', '')}; every figure, with its commit: "
        section += f"[{relative}/bench.md]({relative}/bench.md))\n"
        with open(readme, "w", encoding="utf-8") as file:
            file.write(f"{before}{BEGIN}\n\n{section}\n{END}{after}")


def summary(found, only=None):
    """Every system, or only these, over loopback and over the lossy links."""
    wanted = [("loopback", "loopback"), ("wan-loss0", "100 Mbit/s, 0 %"), ("wan-loss1", "1 %"), ("wan-loss5", "5 %"),
              ("wan-loss10", "10 %"), ("gigabit-loss0.1", "1 Gbit/s, 0.1 %"), ("gigabit-loss1", "1 %")]
    by_name = {table.case.name: table for table in found}
    columns = [(by_name[name], title) for name, title in wanted if name in by_name]
    if not columns:
        return ""
    labels = {"shoal": "**shoal**", "shoal, discard, 1500": "shoal, packets of 1,500 bytes"}
    systems = ["raw UDP", *labels, "TCP BBR", "TCP CUBIC", "libtorrent uTP", "libtorrent TCP", "iroh", "quic-go", "UDT",
               "SRT", "ENet"]
    costs = [("loopback", "CPU s/GB on loopback"), ("wan-loss1", "CPU s/GB at 100 Mbit/s, 1 %")]
    costs = [(by_name[name], title) for name, title in costs if name in by_name and not only]
    titles = [title for _, title in columns + costs]
    out = ["| MB/s | " + " | ".join(titles) + " |", "|---|" + "---|" * len(titles)]
    for system in only or systems:
        cells = []
        for metric, several in (("goodput", columns), ("cpu", costs)):
            for table, _ in several:
                row = "shoal, discard" if system == "shoal" and table.case.name == "loopback" else system
                cells.append(show(table.median(row, metric)) + (" †" if table.late(row) else ""))
        if any(cells):
            out.append(f"| {labels.get(system, system)} | " + " | ".join(cells) + " |")
    if any("†" in line for line in out):
        out += ["", "† The emulator was late, to this row's disadvantage."]
    return "\n".join(out) + "\n"


def elsewhere(found):
    """All other cases, ours beside the kernel's TCP."""
    systems = ["shoal", "shoal, ledbat", "TCP BBR", "TCP CUBIC"]
    out = ["| | " + " | ".join(systems) + " |", "|---|" + "---|" * len(systems)]
    for table in found:
        case = table.case
        if not case.link and case.kind == "transfer" or case.name[:-1].startswith(("wan-loss", "gigabit")):
            continue
        metric = "value" if case.kind in VALUES else "percent"
        cells = [show(table.median(system, metric), metric) for system in systems]
        if any(cells):
            unit = VALUES.get(case.kind, "% of the limit")
            out.append(f"| {case.title}: {unit} | " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n" if len(out) > 2 else ""


NOTES = """Goodput counts bytes of the file in 10^6 a second, from the first packet (for Shoal from the start of `shoal get`)
to the last byte received and checked, so that start-up is in it; medians, with the least and the most in brackets.
Rows measured by one invocation of `tools/bench/run` take turns. A row that names a commit other than its case's was
measured in another invocation, at another time; *-dirty* is a commit with changes. *The limit* is rate × (1 − loss) ×
1,430 ÷ 1,500, the file's share of our largest datagram. *Wire B/B* is how many IP bytes the sending side offered to the
link for each byte of the file; *unavoidable* are those of the file's datagrams ÷ (1 − loss). CPU counts both sides
together during the transfer, without the emulator and without the hashing that precedes sharing. For TCP over a link it
misses much of what the kernel does when packets arrive (ACKs, retransmissions), which is not charged to these programs.
iroh, quic-go and Shoal verify what arrives (the first two also encrypt); with UDT, SRT and ENet, the receiver compares it
with what was sent; libtorrent hashes and stores; with TCP and raw UDP nothing is checked, and raw UDP loses what does not
fit the receiver's buffer. The emulator corrects the checksums of what it corrupts, so that TCP delivers it damaged and
resends nothing. A transfer that is not over within the time that its case allows, mostly 20 s, is stopped, and its goodput
until then counts.

A packet is *late* if the emulator, for want of processor time, passes it on after it was due; a row that says so is at a
disadvantage, because its packets were delayed more than the link specifies.

Over loopback, which carries packets of 64 KB, sizes differ. "shoal, discard" and the other rows of Shoal send datagrams
of 65,507 bytes, TCP segments of 65,483. The others send what fits Ethernet: "shoal, discard, 1500" and raw UDP datagrams
of 1,472 bytes, handed to the kernel up to 44 at a time (`UDP_SEGMENT`); iroh 1,452, ten at a time; UDT and SRT 1,472,
libtorrent uTP 1,471, quic-go 1,439 and ENet 1,400, one by one.

"""
