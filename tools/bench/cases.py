"""The cases: the rows of each, and its goals."""

from dataclasses import dataclass, field

import install
import systems
from systems import Program, Shoal, Torrent

MB, GB = 1_000_000, 1_000_000_000
# Our largest DATA packet on a path of 1,500 bytes: its IP length, and the bytes of the file in it.
DATA_IP, DATA_PAYLOAD = 1500, 1430


@dataclass
class Goal:
    """`row`'s median `metric` must be `at least` or `at most` `value`; with `of`, times that row's."""

    row: str
    metric: str
    bound: str
    value: float
    of: str = ""


@dataclass
class Case:
    """One table: a link, a size, the rows that take turns."""

    name: str
    title: str
    rows: list
    size: int = 50 * MB
    cap: float = 20
    link: str = ""
    rate: float = 0  # bits a second of IP packets
    loss: float = 0  # the fraction that is lost or corrupted each way
    kind: str = "transfer"
    runs: int = 3
    goals: list = field(default_factory=list)
    light: bool = False  # several can run at once: they leave the processor idle, and no result depends on microseconds
    sizes: dict = field(default_factory=dict)  # of the rows that have a size of their own
    env: dict = field(default_factory=dict)

    @property
    def limit(self):
        """The goodput that is possible, in bytes a second; 0 without a rate."""
        return self.rate / 8 * (1 - self.loss) * DATA_PAYLOAD / DATA_IP

    def unavoidable(self, size):
        """IP bytes that A must send so that `size` bytes arrive."""
        return size / DATA_PAYLOAD * DATA_IP / (1 - self.loss)


def at_least(row, metric, value, of=""):
    return Goal(row, metric, "at least", value, of)


def at_most(row, metric, value, of=""):
    return Goal(row, metric, "at most", value, of)


def rows(folder):
    """Every row by its name. `folder` holds the built pair programs."""
    peers, python = install.PEERS, systems.python_in(f"{folder}/python")
    both = [
        Shoal("shoal"),
        Shoal("shoal, cubic", ["--congestion", "cubic"]),
        Shoal("shoal, ledbat", ["--congestion", "ledbat"]),
        Shoal("shoal, none, window 1024", ["--congestion", "none", "--window", "1024"]),
        Shoal("shoal, window 256", ["--window", "256"]),
        Shoal("shoal, window 1024", ["--window", "1024"]),
        Shoal("shoal, go-back-N", ["--arq", "gbn"]),
        Shoal("shoal, discard", discard=True),
        # Packets as on Ethernet, where loopback would take larger ones.
        Shoal("shoal, discard, 1500", ["--mtu", "1500"], discard=True),
        Shoal("shoal, cubic, discard", ["--congestion", "cubic"], discard=True),
        Shoal("shoal, none, discard", ["--congestion", "none"], discard=True),
        Shoal("shoal, go-back-N, discard", ["--arq", "gbn"], discard=True),
        Program("raw UDP", [f"{folder}/raw"], "", content="not compared"),
        Program("TCP BBR", [f"{folder}/tcp"], "", {"CONGESTION": "bbr"}, "not compared"),
        Program("TCP CUBIC", [f"{folder}/tcp"], "", {"CONGESTION": "cubic"}, "not compared"),
        Program("UDT", [f"{folder}/udt"], "libudt-dev"),
        Program("SRT", [f"{folder}/srt"], "libsrt-openssl-dev"),
        Program("ENet", [f"{folder}/enet"], "libenet-dev"),
        Program("quic-go", [f"{folder}/quic"], "golang-github-lucas-clemente-quic-go-dev"),
        Program("iroh", [python, f"{peers}/iroh_pair.py"], "iroh", content="authenticated"),
        Torrent("libtorrent uTP", [python, f"{peers}/torrent_pair.py"], "libtorrent", {"TRANSPORT": "utp"}, "hashed"),
        Torrent("libtorrent TCP", [python, f"{peers}/torrent_pair.py"], "libtorrent", {"TRANSPORT": "tcp"}, "hashed"),
    ]
    return {row.name: row for row in both}


OTHERS = ["TCP BBR", "TCP CUBIC", "libtorrent uTP", "libtorrent TCP", "iroh", "quic-go", "UDT", "SRT", "ENet"]
OURS = ["shoal", "shoal, cubic", "shoal, ledbat", "shoal, none, window 1024", "shoal, window 256", "shoal, window 1024",
        "shoal, go-back-N"]


def _wan():
    """100 Mbit/s, 40 ms, a queue of one bandwidth-delay product."""
    base = "rate=100mbit,delay=20ms,queue=500kB"
    common = {"rate": 100e6}
    for percent in (0, 1, 5, 10):
        link = base + (f",loss={percent}%" if percent else "")
        title = f"100 Mbit/s, 40 ms, {percent} % loss each way"
        ours = OURS if percent <= 1 else OURS[:2]
        yield Case(f"wan-loss{percent}", f"{title}, 50 MB", ours + OTHERS, cap=12, link=link, loss=percent / 100, **common,
                   goals=[at_least("shoal", "percent", 90), at_most("shoal", "excess", 1.03)])
        yield Case(f"wan-loss{percent}-200MB", f"{title}, 200 MB", ["shoal"], 200 * MB, 60, link, loss=percent / 100,
                   **common, goals=[at_least("shoal", "percent", 95), at_most("shoal", "excess", 1.03)])
    # The link corrects the checksums of what it corrupts. TCP has no other: it delivers the damage and resends nothing.
    bent = {"corrupt": ("5 % corrupted (TCP does not notice)", "corrupt=5%", 0.05),
            "reorder": ("10 % reordered", "reorder=10%", 0), "bursts": ("3 % loss in bursts of 5", "loss=3%,burst=5", 0.03)}
    for name, (words, spec, loss) in bent.items():
        yield Case(f"wan-{name}", f"100 Mbit/s, 40 ms, {words}, 200 MB", ["shoal", "TCP BBR", "quic-go"], 200 * MB, 30,
                   f"{base},{spec}", loss=loss, **common, goals=[at_least("shoal", "percent", 93)])
    yield Case("wan-deep", "100 Mbit/s, 40 ms, queue of ten BDP: RTT while it runs", [
        "shoal", "shoal, ledbat", "TCP BBR", "TCP CUBIC"], 200 * MB, 60, "rate=100mbit,delay=20ms,queue=5MB",
        kind="rtt", **common, goals=[at_most("shoal", "value", 60), at_most("shoal, ledbat", "value", 115)])
    yield Case("wan-shallow", "100 Mbit/s, 40 ms, queue of a tenth of a BDP", ["shoal", "TCP BBR", "TCP CUBIC"],
               200 * MB, 60, "rate=100mbit,delay=20ms,queue=50kB", **common, goals=[at_least("shoal", "percent", 85)])
    yield Case("wan-tiny", "1 KB, peer known, 40 ms: from the first OPEN to the rename", ["shoal"], 1024, 10,
               "rate=100mbit,delay=20ms,queue=500kB", kind="tiny", runs=7,
               goals=[at_most("shoal", "value", 130)])


def _fast_and_far():
    for name, percent in (("0.1", 0.001), ("1", 0.01)):
        yield Case(f"gigabit-loss{name}", f"1 Gbit/s, 40 ms, {name} % loss each way, 1 GB",
                   ["raw UDP", "shoal", "TCP BBR", "TCP CUBIC", "libtorrent uTP", "iroh", "quic-go"], GB, 20,
                   f"rate=1gbit,delay=20ms,queue=5MB,loss={name}%", rate=1e9, loss=percent, env={"RATE": "1e9"},
                   goals=[at_least("shoal", "goodput", 0.9, "raw UDP")])
    yield Case("satellite", "50 Mbit/s, 300 ms, 2 % loss each way, 300 MB", ["shoal", "TCP BBR", "TCP CUBIC"], 300 * MB,
               75, "rate=50mbit,delay=150ms,queue=1875kB,loss=2%", rate=50e6, loss=0.02,
               goals=[at_least("shoal", "percent", 90)])


def _fair():
    """20 Mbit/s, 30 ms, 60 s beside another flow; `percent` is the row's share of the limit, `value` the other's."""
    for name, words, queue, tested, goals in [
        # CUBIC beside CUBIC is the baseline: the share of a flow beside one of its own kind.
        ("fair", "1 BDP", "75kB", ["shoal", "TCP BBR", "TCP CUBIC"], [
            at_least("shoal", "percent", 30), at_most("shoal", "percent", 70),
            at_least("shoal", "value", 30), at_most("shoal", "value", 70)]),
        ("fair-shallow", "0.25 BDP", "18750B", ["shoal", "TCP BBR"], [at_least("shoal", "value", 1, "TCP BBR")]),
        ("fair-deep", "4 BDP", "300kB", ["shoal, ledbat", "shoal", "TCP BBR"], [
            at_least("shoal, ledbat", "value", 85)]),
    ]:
        yield Case(name, f"20 Mbit/s, 30 ms, queue of {words}, 60 s beside one TCP CUBIC flow", tested, 160 * MB, 60,
                   f"rate=20mbit,delay=15ms,queue={queue}", kind="beside TCP CUBIC", rate=20e6, light=True, goals=goals)
    yield Case("fair-two", "20 Mbit/s, 30 ms, queue of 1 BDP, two of the same for 60 s: Jain's index",
               ["shoal", "TCP CUBIC"], 160 * MB, 60, "rate=20mbit,delay=15ms,queue=75kB", kind="two", rate=20e6,
               light=True, goals=[at_least("shoal", "value", 0.95)])


def all_cases():
    """Every case, in the order in which they run."""
    slow = {name: 500 * MB for name in ("UDT", "SRT", "ENet", "quic-go", "iroh")}
    fast = {"raw UDP": 6 * GB, "TCP BBR": 4 * GB, "TCP CUBIC": 4 * GB}
    discard = "shoal, discard"
    return [
        Case("loopback", "Loopback, from the page cache to nowhere", [
            "raw UDP", discard, "shoal, discard, 1500", "TCP BBR", "TCP CUBIC", "shoal, cubic, discard",
            "shoal, none, discard", "shoal, go-back-N, discard", *slow], 2 * GB, 60, runs=5, sizes={**slow, **fast},
            env={"WINDOW": "16384"}, goals=[
                at_least(discard, "goodput", 0.25, "raw UDP"), at_least(discard, "goodput", 0.8, "TCP BBR"),
                *(at_least(discard, "goodput", 5, name) for name in ("UDT", "SRT", "ENet")),
                *(at_least(discard, "goodput", 10, name) for name in ("iroh", "quic-go"))]),
        Case("loopback-file", "Loopback, file to file in memory-backed storage, verified", [
            "shoal", "libtorrent uTP", "libtorrent TCP"], GB, 60, runs=5, goals=[
                at_least("shoal", "goodput", 1000), at_most("shoal", "cpu", 1.5),
                at_least("shoal", "goodput", 6, "libtorrent uTP"), at_least("shoal", "goodput", 6, "libtorrent TCP")]),
        *_wan(),
        *_fast_and_far(),
        *_fair(),
        Case("idle", "Nothing to do: a tracker, a sharer and a receiver that stays, 30 s", ["shoal"], 50 * MB, 30, kind="idle", runs=1, goals=[at_most("shoal", "value", 0)]),
    ]
