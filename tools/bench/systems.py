"""The systems compared: how a pair of each is run, and the result of a run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

from link import PORTS
from process import Died, Process

HERE = os.path.dirname(os.path.abspath(__file__))
START_PATIENCE = 20


def monotonic():
    """CLOCK_MONOTONIC in seconds, as the pair programs print it."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e9


@dataclass
class Outcome:
    """The result of one transfer."""

    bytes: int
    seconds: float
    cpu: float  # seconds of both sides together, during the transfer
    complete: bool
    note: str = ""
    samples: list = field(default_factory=list)  # (seconds since the start, bytes so far), if the program reports them

    @property
    def goodput(self):
        """Bytes a second."""
        return self.bytes / self.seconds if self.seconds > 0 else 0.0


class Files:
    """Files of random bytes in memory-backed storage, one of each size, and a folder for what is received."""

    def __init__(self, folder):
        self.folder, self.lock = folder, threading.Lock()

    def of(self, size, make=None, suffix=""):
        """The path of a file of `size` random bytes or, with a suffix, of what `make` makes of that file, once."""
        path = f"{self.folder}/{size}.bin"
        with self.lock:
            if not os.path.exists(path):
                with open(path, "wb") as file:
                    for start in range(0, size, 1 << 24):
                        file.write(os.urandom(min(1 << 24, size - start)))
            if make and not os.path.exists(path + suffix):
                make(path, path + suffix)
        return path + suffix

    def fresh(self):
        """A new empty folder."""
        return tempfile.mkdtemp(dir=self.folder)


class Shoal:
    """`shoal share` on side A, `shoal get` on side B: verified, and stored unless `discard`."""

    program = None

    def __init__(self, name, options=(), discard=False, env=None):
        self.name, self.options, self.discard, self.env = name, list(options), discard, env

    def missing(self):
        """Why this cannot run here, or None."""
        if self.discard and "--discard" not in self.help("get"):
            return "this shoal has no --discard"
        for option in self.options:
            if option.startswith("--") and option not in self.help("share"):
                return f"this shoal has no {option}"
        return None

    @classmethod
    def help(cls, command):
        """The help text of a subcommand."""
        return subprocess.run([cls.program, command, "--help"], capture_output=True, text=True).stdout

    def share(self, place, path):
        """A sharer that has hashed its file, and its ticket."""
        sharer = Process([*place.a, self.program, "share", path, "--listen", f"{place.address_a}:{next(PORTS)}",
                          *self.options, "--json"], self.env)
        while True:
            line = sharer.line(120)
            if line is None:
                raise Died("shoal share: no ticket within 120 s")
            event = json.loads(line)
            if event["event"] == "sharing":
                return sharer, event
            if event["event"] == "error":
                raise Died(event["message"])

    def get(self, place, ticket, folder, more=()):
        """A receiver of `ticket`."""
        where = ["--discard"] if self.discard else ["--output", f"{folder}/out"]
        return Process([*place.b, self.program, "get", ticket, *where, *self.options, *more, "--json"], self.env)

    def run(self, place, size, cap, files, during=None):
        """One transfer of `size` bytes, for at most `cap` seconds. `during` is called once it has begun."""
        folder = files.fresh()
        path = files.of(size)
        sharer, event = self.share(place, path)
        try:
            before, start = sharer.cpu(), monotonic()
            getter = self.get(place, event["ticket"], folder)
            if during:
                during()
            outcome = self.follow(getter, start, cap)
            outcome.cpu = getter.end(signal.SIGINT, 5) + sharer.cpu() - before
            if outcome.complete and not self.discard:
                if subprocess.run(["cmp", "-s", path, f"{folder}/out"], check=False).returncode != 0:
                    raise Died("what came differs from what was sent")
            return outcome
        finally:
            sharer.end(signal.SIGINT)
            shutil.rmtree(folder)

    def follow(self, getter, start, cap):
        """Reads a receiver's events until it is done or `cap` seconds have passed since `start`."""
        samples = [(0.0, 0)]
        while (left := start + cap - monotonic()) > 0:
            line = getter.line(left)
            now = monotonic() - start
            if line is None:
                break
            event = json.loads(line)
            if event["event"] == "progress":
                samples.append((now, event["bytes"]))
            elif event["event"] == "done":
                return Outcome(event["bytes"], now, 0, True, self.repeats(event), samples + [(now, event["bytes"])])
            elif event["event"] == "error":
                raise Died(event["message"])
        return Outcome(samples[-1][1], samples[-1][0] or cap, 0, False, f"stopped after {cap:.0f} s", samples)

    @staticmethod
    def repeats(event):
        """How many datagrams arrived again, for the note."""
        counts = event.get("datagrams", {})
        return f"{counts.get('repeats', 0)} repeats, {counts.get('duplicate', 0)} duplicate"


class Program:
    """A pair program of peers/: the command line and the lines it prints are in pair.h."""

    def __init__(self, name, command, package, env=None, content="compared"):
        self.name, self.command, self.package, self.env, self.content = name, command, package, env, content
        self.reason = None

    def missing(self):
        """Why this cannot run here, or None."""
        return self.reason

    def arguments(self, files, size):
        """More arguments of the receiver and of the sender."""
        return [], []

    def run(self, place, size, cap, files, during=None):
        """One transfer of `size` bytes, for at most `cap` seconds. `during` is called once it has begun."""
        port, more = next(PORTS), self.arguments(files, size)
        rest = [place.address_b, str(port), str(size)]
        receiver = Process([*place.b, *self.command, "recv", *rest, *more[0]],
                           {**(self.env or {}), "ADDRESS": place.address_b})
        sender = None
        try:
            receiver.word("ready", START_PATIENCE)
            sender = Process([*place.a, *self.command, "send", *rest, *more[1]],
                             {**(self.env or {}), "ADDRESS": place.address_a})
            sender.word("ready", START_PATIENCE)
            before = receiver.cpu() + sender.cpu()
            sender.tell("go\n")
            start = int(sender.word("start", 5)[1]) / 1e9
            if during:
                during()
            line = receiver.line(cap)
            complete = line is not None
            if not complete:
                receiver.send(signal.SIGTERM)
                line = receiver.line(5) or ""
            if not line.startswith("end "):
                raise Died(f"no end: {line or 'silent'}")
            end, received = (int(word) for word in line.split()[1:])
            spent = receiver.wait(5)
            if sender.total_cpu is None:
                sender.wait(0.5 if complete else 0)
            spent += sender.cpu() - before
            note = "" if complete else f"stopped after {cap:.0f} s"
            if complete and received < size:
                complete, note = False, f"{100 * (1 - received / size):.1f} % lost"
            return Outcome(received, end / 1e9 - start, spent, complete, note)
        finally:
            receiver.end(signal.SIGKILL)
            if sender:
                sender.end(signal.SIGKILL)
            self.tidy()

    def tidy(self):
        """Removes what a run left."""


class Torrent(Program):
    """libtorrent, which needs a torrent, a file to send and a folder to receive in."""

    def arguments(self, files, size):
        torrent = files.of(size, lambda *paths: subprocess.run([*self.command, "make", *paths], check=True), ".torrent")
        self.folder = files.fresh()
        return [torrent, self.folder], [torrent, files.folder]

    def tidy(self):
        shutil.rmtree(self.folder)


def python_in(environment):
    """The interpreter of a virtual environment."""
    return f"{environment}/bin/python3" if environment else sys.executable
