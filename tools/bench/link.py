"""Where a pair of programs runs: on this machine's loopback, or in two network namespaces that shoal-wan joins."""

import itertools
import json
import os
import signal
import subprocess

from process import Died, Process

serial = itertools.count()
PORTS = itertools.count(20000)


class Loopback:
    """Both sides on 127.0.0.1."""

    a, b, address_a, address_b = [], [], "127.0.0.1", "127.0.0.1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def sent(self):
        """IP bytes from A to B, which are not counted here."""
        return None

    def trouble(self):
        """What this machine itself did to the packets."""
        return ""


class Link:
    """Two namespaces, A and B, that shoal-wan makes and joins by a link, specified as for `--link`: up is from A to B."""

    emulator = None

    def __init__(self, spec, seed):
        self.spec, self.seed = spec, seed
        self.name = f"shoal-bench-{os.getpid()}-{next(serial)}"
        self.spaces = [f"{self.name}-a", f"{self.name}-b"]
        self.a, self.b = (["ip", "netns", "exec", space] for space in self.spaces)
        self.address_a, self.address_b = "10.77.0.1", "10.77.0.2"
        self.counters = None

    def __enter__(self):
        self.process = Process([
            self.emulator, "--link", f"{self.spec},seed={self.seed}", "--name", self.name, "--json",
            "--address-a", f"{self.address_a}/24", "--address-b", f"{self.address_b}/24"])
        try:
            ready = json.loads(self.process.line(10) or "{}")
            if ready.get("event") != "ready":
                raise Died(f"shoal-wan: {ready.get('message', 'not ready within 10 s')}")
            for space in self.spaces:
                # Room for a TCP window of 1 Gbit/s over 300 ms; no metrics carried over from earlier runs.
                subprocess.run(
                    ["ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv4.tcp_rmem=4096 131072 67108864",
                     "net.ipv4.tcp_wmem=4096 131072 67108864", "net.ipv4.tcp_no_metrics_save=1"], check=True)
        except BaseException:
            self.process.end()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stops the emulator, and returns its counters of both directions."""
        if self.counters is None:
            self.process.send(signal.SIGTERM)
            try:
                while (line := self.process.line(10)) and self.counters is None:
                    event = json.loads(line)
                    self.counters = event if event["event"] == "done" else None
            except Died:
                pass
            self.counters = self.counters or {}
            self.process.end()
        return self.counters

    def sent(self):
        """IP bytes that A offered to the link since it came up; the link is over then."""
        return self.stop().get("up", {}).get("offered_bytes")

    def trouble(self):
        """What this machine, and not the link, did to the packets; the link is over then."""
        words = []
        for way in ("up", "down"):
            counts = self.stop().get(way, {})
            dropped = sum(counts.get(key, 0) for key in ("ring_dropped", "overflow", "refused"))
            if dropped:
                words.append(f"the emulator dropped {dropped} packets {way}")
            if counts.get("late", {}).get("p99", 0) > 0.001:
                words.append(f"1 % of the packets {way} were over {1000 * counts['late']['p99']:.1f} ms late")
        return ", ".join(words)
