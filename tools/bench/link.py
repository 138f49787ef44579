"""Where a pair runs: on this machine's loopback, or in two network namespaces that shoal-wan joins."""

import itertools
import json
import os
import signal
import subprocess

from process import Process

serial = itertools.count()
PORTS = itertools.count(20000)


def _ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True)


class Loopback:
    """Both sides on 127.0.0.1."""

    a, b, address_a, address_b, rtt = [], [], "127.0.0.1", "127.0.0.1", 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def sent(self):
        """IP bytes from A to B: not counted here."""
        return None


class Link:
    """Two namespaces, A and B, and an emulated link between them.

    `up` is what befalls that which A sends, `down` the same for B, both as `--link` has it."""

    emulator = None

    def __init__(self, spec, seed):
        self.spec, self.seed = spec, seed
        self.name = f"shoal-bench-{os.getpid()}-{next(serial)}"
        self.spaces = [f"{self.name}-a", f"{self.name}-b"]
        self.a, self.b = (["ip", "netns", "exec", space] for space in self.spaces)
        self.address_a, self.address_b = "10.77.0.1", "10.77.0.2"
        self.counters = None

    def __enter__(self):
        try:
            for space in self.spaces:
                _ip("netns", "add", space)
                _ip("-n", space, "link", "set", "lo", "up")
                # No chatter on the wire; room for a window of 1 Gbit/s over 300 ms in TCP; nothing learnt from earlier runs.
                subprocess.run(
                    ["ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                     "net.ipv6.conf.default.disable_ipv6=1", "net.ipv4.tcp_rmem=4096 131072 67108864",
                     "net.ipv4.tcp_wmem=4096 131072 67108864", "net.ipv4.tcp_no_metrics_save=1"], check=True)
            self.process = Process([self.emulator, *self.spaces, f"{self.spec},seed={self.seed}", "--json"])
            self.process.word("ready", 10)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if hasattr(self, "process"):
            self.stop()
        for space in self.spaces:
            _ip("netns", "del", space, check=False)

    def stop(self):
        """Stops the emulator, and returns its counters of both directions."""
        if self.counters is None:
            self.process.send(signal.SIGTERM)
            self.counters = json.loads(self.process.line(10) or "{}")
            self.process.end()
        return self.counters

    def sent(self):
        """IP bytes that A offered to the link since it came up; the link is over then."""
        return self.stop()["up"]["offered_bytes"]
