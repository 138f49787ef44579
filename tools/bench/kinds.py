"""How a case of each kind is run and measured. Each run gives one record for the CSV."""

import copy
import os
import re
import select
import signal
import statistics
import threading
import time

from link import PORTS, Link, Loopback
from process import Died, Process


def place_for(case, seed):
    """Where a run of this case happens."""
    return Link(case.link, seed) if case.link else Loopback()


def record(case, outcome, place, value=None, note=""):
    """The figures of a run: goodput in MB/s, per cent of the limit, CPU seconds per GB, wire bytes per useful byte."""
    useful, sent = outcome.bytes, None if case.kind.startswith(("beside", "two")) else place.sent()
    percent = 100 * outcome.goodput / case.limit if case.limit else None
    return {
        "bytes": outcome.bytes, "seconds": outcome.seconds, "goodput": outcome.goodput / 1e6, "percent": percent,
        "cpu": outcome.cpu / useful * 1e9 if useful else None, "wire": sent / useful if sent and useful else None,
        "excess": sent / case.unavoidable(useful) if sent and outcome.complete else None,
        "value": value, "note": "; ".join(text for text in (note, outcome.note, place.trouble()) if text),
    }


def with_env(row, env):
    """The row with more environment variables, for the pair programs that read them."""
    if env:
        row.env = {**(row.env or {}), **env}
    return row


def transfer(case, row, files, seed):
    """One transfer alone."""
    with place_for(case, seed) as place:
        outcome = with_env(row, case.env).run(place, case.sizes.get(row.name, case.size), case.cap, files)
        return record(case, outcome, place)


def rtt(case, row, files, seed):
    """One transfer while `ping` measures the round trip through the same queue: `value` is its median in ms."""
    with place_for(case, seed) as place:
        pings = []

        def during():
            pings.append(Process([*place.a, "ping", "-n", "-i", "0.05", place.address_b]))

        try:
            outcome = row.run(place, case.size, case.cap, files, during)
        finally:
            for ping in pings:
                ping.send(signal.SIGINT)
        times = []
        try:
            while (line := pings[0].line(1)) is not None:
                if found := re.search(r"time=([0-9.]+) ms", line):
                    times.append(float(found[1]))
        except Died:
            pass
        pings[0].end()
        if not times:
            raise Died("ping measured nothing")
        top = sorted(times)[int(len(times) * 0.95)]
        return record(case, outcome, place, statistics.median(times), f"95th percentile {top:.0f} ms")


def _beside(case, row, other, files, seed):
    """`row` and `other` at once, over one link; the outcomes of both, and the place."""
    with place_for(case, seed) as place:
        results = {}

        def run_other():
            try:
                results["other"] = other.run(place, case.size, case.cap, files)
            except Died as reason:
                results["reason"] = reason

        thread = threading.Thread(target=run_other)
        ours = row.run(place, case.size, case.cap, files, thread.start)
        thread.join()
        if "reason" in results:
            raise results["reason"]
        return ours, results["other"], place


def beside_cubic(case, row, files, seed, cubic):
    """`value` is CUBIC's share, in per cent of the limit."""
    ours, other, place = _beside(case, row, cubic, files, seed)
    kept = 100 * other.goodput / case.limit
    share = 100 * other.goodput / ((other.goodput + ours.goodput) or 1)
    return record(case, ours, place, kept, f"{share:.0f} % of both")


def two(case, row, files, seed, twin):
    """`value` is Jain's index of two flows of the same kind; `goodput` and `percent` are of both together."""
    ours, other, place = _beside(case, row, twin, files, seed)
    a, b = ours.goodput, other.goodput
    jain = (a + b) ** 2 / (2 * (a * a + b * b)) if a + b else 0
    ours.bytes += other.bytes
    ours.cpu += other.cpu
    return record(case, ours, place, value=jain, note=f"{a / 1e6:.2f} and {b / 1e6:.2f} MB/s")


def tiny(case, row, files, seed):
    """A file of 1 KB from a peer whose address is known: `value` is the time in ms from the receiver's first datagram, which
    is its OPEN, until the file has its name. A capture shows the former, a watch on the folder the latter."""
    with place_for(case, seed) as place:
        folder, path = files.fresh(), files.of(case.size)
        sharer, event = row.share(place, path)
        capture = Process([*place.b, "tcpdump", "-n", "-tt", "-l", "--immediate-mode", "-i", "any", "udp"])
        try:
            _await_capture(capture)
            getter = row.get(place, event["id"], folder, ["--peer", event["listen"]])
            target, start = f"{folder}/out", time.monotonic()
            while not os.path.exists(target):
                if time.monotonic() - start > case.cap:
                    raise Died("1 KB did not come")
                time.sleep(0.0002)
            renamed = time.time()
            outcome = row.follow(getter, start - 1e-9, case.cap)
            outcome.cpu = getter.end(signal.SIGINT)
            first = None
            peer = event["listen"].replace(":", ".")
            while first is None:
                line = capture.line(2)
                if line is None:
                    raise Died("the capture saw no OPEN")
                if f"> {peer}: UDP" in line:
                    first = float(line.split()[0])
            outcome.seconds = renamed - first
            return record(case, outcome, place, 1000 * (renamed - first))
        finally:
            capture.end()
            sharer.end(signal.SIGINT)


def _await_capture(capture):
    """Waits until tcpdump has its socket: it says so on standard error."""
    end, said = time.monotonic() + 5, b""
    while b"listening on" not in said:
        if time.monotonic() > end:
            raise Died("tcpdump does not start")
        if select.select([capture.child.stderr], [], [], 0.1)[0]:
            said += capture.child.stderr.read() or b""


def idle(case, row, files, seed):
    """A tracker, a sharer that is registered with it and a receiver that stays: `value` is how many CPU ticks they take
    when the transfer has been over for some seconds."""
    tracker_place = f"127.0.0.1:{next(PORTS)}"
    with Loopback() as place:
        folder, path = files.fresh(), files.of(case.size)
        tracker = Process([row.program, "tracker", "--listen", tracker_place, "--json"])
        time.sleep(0.3)
        parties = [tracker]
        try:
            row.options = ["--tracker", tracker_place]
            sharer, event = row.share(place, path)
            parties.append(sharer)
            getter = row.get(place, event["ticket"], folder, ["--stay"])
            parties.append(getter)
            outcome = row.follow(getter, time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e9, 30)
            if not outcome.complete:
                raise Died("the file did not come")
            time.sleep(10)
            before = [party.ticks() for party in parties]
            time.sleep(case.cap)
            spent = [party.ticks() - ticks for party, ticks in zip(parties, before)]
            each = ", ".join(map(str, spent))
            return record(case, outcome, place, sum(spent), f"tracker, sharer, receiver: {each}")
        finally:
            for party in parties:
                party.end(signal.SIGINT)


def run(case, rows, name, files, seed):
    """Runs a row of a case once. The same seed draws the same losses for every row."""
    row = copy.copy(rows[name])
    if case.kind == "beside TCP CUBIC":
        return beside_cubic(case, row, files, seed, copy.copy(rows["TCP CUBIC"]))
    if case.kind == "two":
        return two(case, row, files, seed, copy.copy(row))
    return {"transfer": transfer, "rtt": rtt, "tiny": tiny, "idle": idle}[case.kind](case, row, files, seed)
