"""What the CSV files say: Markdown tables, pictures, and the section of the README."""

import csv
import json
import os
import platform
import statistics

import pictures
from cases import all_cases

BEGIN, END = "<!-- tools/bench/run writes from here -->", "<!-- to here -->"
NUMBERS = ["bytes", "seconds", "goodput", "percent", "cpu", "wire", "excess", "value"]
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
    """A figure in as many digits as it deserves."""
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
        self.case, self.runs = case, runs
        self.rows = [row for row in case.rows if any(run["row"] == row for run in runs)]

    def all(self, row, metric):
        """Every run's figure."""
        return [float(run[metric]) for run in self.runs if run["row"] == row and run.get(metric)]

    def median(self, row, metric):
        """The median, or None."""
        figures = self.all(row, metric)
        return statistics.median(figures) if figures else None

    def note(self, row):
        """What went wrong, or how the row's last run was ended, if it was."""
        notes = [run["note"] for run in self.runs if run["row"] == row]
        bad = [note for note in notes if "failed" in note or "stopped" in note]
        return f"{len(bad)} of {len(notes)}: {bad[-1].split(';')[-1].strip()}" if bad else notes[-1]

    def markdown(self):
        """The table."""
        shown = [(key, title) for key, title in COLUMNS if any(self.all(row, key) for row in self.rows)]
        if self.case.kind in VALUES:
            shown.insert(0, ("value", VALUES[self.case.kind]))
        out = [f"### {self.case.title}", ""]
        if self.case.link:
            out += [f"`{self.case.name}`, link `{self.case.link}`", ""]
        else:
            out += [f"`{self.case.name}`", ""]
        ours = next((row for row in self.rows if row.startswith("shoal")), None)
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
            cells += [str(sum(run["row"] == row for run in self.runs)), self.note(row)]
            out.append(f"| {row} | " + " | ".join(cells) + " |")
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
    """(case, what is asked, what was measured, whether it is reached) for every goal that was measured."""
    out = []
    names = {**dict(COLUMNS), "value": ""}
    for table in found:
        for goal in table.case.goals:
            got = table.median(goal.row, goal.metric)
            if got is None:
                continue
            unit = names[goal.metric] if goal.metric != "value" else VALUES[table.case.kind]
            if goal.of:
                other = table.median(goal.of, goal.metric)
                if not other:
                    continue
                asked, measured = f"{goal.bound} {goal.value:g} × {goal.of}", got / other
                shown = f"{measured:.2f} ×"
            else:
                asked, measured = f"{goal.bound} {goal.value:g} {unit}", got
                shown = show(measured, goal.metric)
            reached = measured >= goal.value if goal.bound == "at least" else measured <= goal.value
            out.append((table.case.title, goal.row, asked, shown, reached))
    return out


def goals_markdown(found):
    """What is asked for beside what was measured."""
    out = ["| case | row | asked | measured | |", "|---|---|---|---|---|"]
    out += [f"| {title} | {row} | {asked} | {shown} | {'yes' if reached else '**no**'} |"
            for title, row, asked, shown, reached in goal_rows(found)]
    return "\n".join(out) + "\n"


def machine():
    """The processor and the kernel, in a line."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((text.split(":")[1].strip() for text in file if text.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def default_tcp():
    """The kernel's congestion control where a program asks for none."""
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        return file.read().strip()


def write(results, root, measured=False):
    """Writes bench.md, the pictures, and the README's section, all from the CSV files."""
    about_path = f"{results}/about.json"
    about = {}
    if os.path.exists(about_path):
        with open(about_path, encoding="utf-8") as file:
            about = json.load(file)
    if measured:
        about = {"machine": machine(), "tcp": default_tcp()}
        with open(about_path, "w", encoding="utf-8") as file:
            json.dump(about, file, indent=2)
            file.write("\n")
    found = tables(results)
    if not found:
        return
    days = sorted({run["date"] for table in found for run in table.runs})
    commits = list(dict.fromkeys(run["commit"] for table in found for run in table.runs))
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    made = f"{when}, {about.get('machine', '')}, commit {', '.join(commits)}, `sudo tools/bench/run`"
    names = pictures.draw(found, results)
    default = f"libtorrent's TCP is the kernel's default, {about['tcp']}.\n" if "tcp" in about else ""
    with open(f"{results}/bench.md", "w", encoding="utf-8") as file:
        file.write(f"# Shoal beside others\n\n{made}\n\n{NOTES}{default}\n")
        file.writelines(f"![{title}]({name})\n\n" for name, title in names)
        file.write(f"## What is asked, what was measured\n\n{goals_markdown(found)}\n## Every case\n\n")
        file.write("\n".join(table.markdown() for table in found))
    readme = f"{root}/README.md"
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    if BEGIN in text and END in text and os.path.abspath(results).startswith(os.path.abspath(root)):
        before, rest = text.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        relative = os.path.relpath(results, root)
        section = "".join(f"![{title}]({relative}/{name})\n\n" for name, title in names[:2])
        section += f"{summary(found)}\n{elsewhere(found)}\n({made}; every figure is in [{relative}/bench.md]({relative}/bench.md))\n"
        with open(readme, "w", encoding="utf-8") as file:
            file.write(f"{before}{BEGIN}\n\n{section}\n{END}{after}")


def summary(found):
    """The README's table: every system over loopback and over the lossy links."""
    wanted = [("loopback", "loopback"), ("wan-loss0", "100 Mbit/s, 0 %"), ("wan-loss1", "1 %"), ("wan-loss5", "5 %"),
              ("wan-loss10", "10 %"), ("gigabit-loss0.1", "1 Gbit/s, 0.1 %"), ("gigabit-loss1", "1 %")]
    by_name = {table.case.name: table for table in found}
    columns = [(by_name[name], title) for name, title in wanted if name in by_name]
    if not columns:
        return ""
    systems = ["raw UDP", "shoal", "TCP BBR", "TCP CUBIC", "libtorrent uTP", "libtorrent TCP", "iroh", "quic-go", "UDT",
               "SRT", "ENet"]
    titles = [title for _, title in columns] + (["CPU s/GB on loopback"] if "loopback" in by_name else [])
    out = ["| MB/s | " + " | ".join(titles) + " |", "|---|" + "---|" * len(titles)]
    for system in systems:
        cells = []
        for table, _ in columns:
            row = "shoal, discard" if system == "shoal" and table.case.name == "loopback" else system
            cells.append(show(table.median(row, "goodput")))
        if "loopback" in by_name:
            cells.append(show(by_name["loopback"].median("shoal, discard" if system == "shoal" else system, "cpu")))
        if any(cells):
            out.append(f"| {'**shoal**' if system == 'shoal' else system} | " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def elsewhere(found):
    """The README's second table: all other cases, ours beside the kernel's TCP."""
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
The rows of a case take turns. *The limit* is rate × (1 − loss) × 1,430 ÷ 1,500, the file's share of our largest
datagram. *Wire B/B* is IP bytes that the sending side offered to the link for each byte of the file; *unavoidable*
are those of the file's datagrams ÷ (1 − loss). CPU counts both sides together during the transfer, without the
emulator and without the hashing that precedes sharing. iroh, quic-go and Shoal check what comes (the first two also
encrypt); UDT, SRT and ENet are compared with what was sent; libtorrent hashes and stores; TCP and raw UDP are not
checked, and raw UDP loses what does not fit the receiver's buffer. What has not come after the time that a case
allows, mostly 20 s, is stopped, and its goodput until then counts.
"""
