"""What the pair programs in Python have in common; the command line and what is printed are those of pair.h."""

import os
import signal
import sys
import time

BLOCK = 1 << 20


class Pair:
    """The arguments, and how many bytes have arrived."""

    def __init__(self):
        if len(sys.argv) < 5:
            sys.exit(f"usage: {sys.argv[0]} send|recv ADDRESS PORT BYTES")
        self.sends = sys.argv[1] == "send"
        self.host, self.port, self.bytes = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
        self.received = 0
        if not self.sends:
            signal.signal(signal.SIGTERM, lambda *_: self.end())

    def ready(self):
        """From now on the receiver accepts connections, and the sender waits to be told to start."""
        print("ready", flush=True)
        if self.sends:
            sys.stdin.readline()
            print("start", time.clock_gettime_ns(time.CLOCK_MONOTONIC), flush=True)

    def end(self):
        """Reports, and exits without waiting for a library to tidy up."""
        print("end", time.clock_gettime_ns(time.CLOCK_MONOTONIC), self.received, flush=True)
        os._exit(0)
