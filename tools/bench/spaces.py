"""Network namespaces for a swarm: one for each member, joined to a router's namespace by an emulator of its own link."""

import json
import os
import subprocess

from process import Died, Process


class Spaces:
    """Members 0, 1, ... at the ends of these links; up is away from the member."""

    def __init__(self, folder, links, seed):
        self.name = f"shoal-crowd-{os.getpid()}"
        self.hub, self.count, self.emulators = f"{self.name}-hub", len(links), []
        self.made = []
        try:
            self.make(self.hub)
            self.inside(self.hub, "sysctl", "-qw", "net.ipv4.ip_forward=1")
            for i, link in enumerate(links):
                self.make(self.space(i))
                emulator = Process([
                    os.path.join(folder, "shoal-wan"), "--link", f"{link},seed={1000 * seed + i + 1}", "--ns-a", self.space(i),
                    "--ns-b", self.hub, "--device", f"wan{i}", "--address-a", f"{self.address(i)}/24", "--address-b",
                    f"10.78.{i}.1/24", "--json"])
                self.emulators.append(emulator)
            for i, emulator in enumerate(self.emulators):
                if json.loads(emulator.line(20) or "{}").get("event") != "ready":
                    raise Died(f"shoal-wan {i} is not ready")
                self.inside(self.space(i), "ip", "route", "add", "10.78.0.0/16", "via", f"10.78.{i}.1")
        except BaseException:
            self.close()
            raise

    def space(self, i):
        return f"{self.name}-{i}"

    def address(self, i):
        return f"10.78.{i}.2"

    def enter(self, i):
        return ["ip", "netns", "exec", self.space(i)]

    def make(self, space):
        subprocess.run(["ip", "netns", "add", space], check=True)
        self.made.append(space)
        self.inside(space, "ip", "link", "set", "lo", "up")

    @staticmethod
    def inside(space, *command):
        subprocess.run(["ip", "netns", "exec", space, *command], check=True)

    def close(self):
        for emulator in self.emulators:
            emulator.end()
        for space in self.made:
            subprocess.run(["ip", "netns", "del", space], check=False)
