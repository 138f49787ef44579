"""Programs that are measured: what they print, how much processor time they take, and how they are ended."""

import os
import select
import signal
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


running = set()


def end_all():
    """Asks every program that is still running to end, when the benchmark is interrupted."""
    for process in list(running):
        process.send(signal.SIGTERM)


class Died(Exception):
    """A program ended too early, or did not print in time what it should have."""


class Process:
    """A running program whose standard output is read line by line."""

    def __init__(self, command, env=None):
        self.command = command
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})})
        self.buffer, self.total_cpu = b"", None
        running.add(self)
        os.set_blocking(self.child.stdout.fileno(), False)
        os.set_blocking(self.child.stderr.fileno(), False)

    def line(self, seconds):
        """The next line; None if none came in time. Raises Died at the end of the output."""
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                return None
            data = self.child.stdout.read()
            if data == b"":
                raise Died(self.complaint())
            self.buffer += data or b""
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def word(self, first, seconds):
        """The words of the next line that begins with `first`. Raises Died if there is none in time."""
        end = time.monotonic() + seconds
        while (line := self.line(max(0, end - time.monotonic()))) is not None:
            if line.split(" ", 1)[0] == first:
                return line.split()
        raise Died(f"{os.path.basename(self.command[-1])}: no {first!r} within {seconds:.0f} s {self.complaint(0)}")

    def complaint(self, patience=0.3):
        """The last line on standard error."""
        time.sleep(patience)
        lines = (self.child.stderr.read() or b"").decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "ended without a word"

    def cpu(self):
        """Seconds of processor time so far, of the program and those of its children that have ended."""
        if self.total_cpu is not None:
            return self.total_cpu
        try:
            with open(f"/proc/{self.child.pid}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return sum(int(field) for field in fields[11:15]) / TICK

    def ticks(self):
        """Processor time as the kernel counts it in /proc."""
        return round(self.cpu() * TICK)

    def tell(self, text):
        """Writes to its standard input."""
        self.child.stdin.write(text.encode())
        self.child.stdin.flush()

    def send(self, number):
        """Sends a signal, unless it has ended."""
        if self.total_cpu is None:
            os.kill(self.child.pid, number)

    def end(self, number=signal.SIGTERM, patience=3.0):
        """Asks it to end, kills it after some time, and returns all the processor time that it took."""
        if self.total_cpu is not None:
            return self.total_cpu
        os.kill(self.child.pid, number)
        return self.wait(patience)

    def wait(self, patience):
        """Waits for its end, at most `patience` seconds, then kills it; returns its processor time."""
        end = time.monotonic() + patience
        while self.total_cpu is None:
            pid, _, usage = os.wait4(self.child.pid, os.WNOHANG)
            if pid:
                self.total_cpu = usage.ru_utime + usage.ru_stime
                self.child.returncode = 0
                running.discard(self)
            elif time.monotonic() > end:
                os.kill(self.child.pid, signal.SIGKILL)
                end += 3600
            else:
                time.sleep(0.002)
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            try:
                stream.close()
            except OSError:
                pass
        return self.total_cpu
