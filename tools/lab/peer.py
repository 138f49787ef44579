"""A small Shoal peer, written from Protocol.md alone: Appendix B and, beyond that, super-seeding, KNOWN, the manifest by
its head and pages, and trees. One thread runs any number of peers."""

import os, random, select, socket, struct, time

import blake3
from packets import *

PATIENCE = 1.0
BLOCK = 1158
PAGE = 2048
TREE_BLOCK = 16384


class Cut:
    def __init__(self, size, exponent, chunks):
        self.size, self.exponent, self.chunks = size, exponent, chunks
        self.piece = 1 << exponent
        self.pieces = -(-size // self.piece)
        leaves = max(-(-size // 1024), 1)
        self.last = size - 1024 * (leaves - 1)
        self.leaves = leaves
        self.proof = self.last + 32 * bin(leaves - 1).count("1") if self.pieces > 1 else 0
        self.groups = -(-self.pieces // PAGE)
        self.index = 32 * self.groups if self.pieces > PAGE else 0
        self.head = self.proof + (self.index or 32 * self.pieces)
        self.manifest = self.proof + self.index + 32 * self.pieces if self.pieces > 1 else 0

    def __eq__(self, other):
        return (self.size, self.exponent, self.chunks) == (other.size, other.exponent, other.chunks)

    def bounds(self, piece):
        return piece * self.piece, min((piece + 1) * self.piece, self.size)

    def of_chunk(self, chunk):
        return range(chunk * self.pieces // self.chunks, (chunk + 1) * self.pieces // self.chunks)

    def page(self, number):
        start = self.proof + self.index + 32 * PAGE * number
        return start, min(32 * PAGE, self.manifest - start)


class Content:
    """A file that is complete or being fetched: its cut, manifest, and pieces."""

    def __init__(self, id, data=None, exponent=16):
        self.id, self.cut, self.manifest, self.values, self.have = id, None, b"", [], set()
        self.data = bytearray(data or b"")
        if data is not None:
            self.cut = Cut(len(data), exponent, max(-(-len(data) >> exponent), 1))
            self.have = set(range(self.cut.pieces))
            self.make_manifest()

    def make_manifest(self):
        cut, leaves = self.cut, blake3.leaf_values(bytes(self.data))
        step = cut.piece // 1024
        self.values = [blake3.fold(leaves[i:i + step], root=False) for i in range(0, len(leaves), step)]
        siblings, end, bits = b"", cut.leaves - 1, cut.leaves - 1
        for bit in range(bits.bit_length()):
            if bits >> bit & 1:
                siblings += blake3.fold(leaves[end - (1 << bit):end], root=False)
                end -= 1 << bit
        index = b""
        if cut.index:
            index = b"".join(blake3.fold(self.values[i:i + PAGE], root=False) for i in range(0, cut.pieces, PAGE))
        self.manifest = bytes(self.data[1024 * (cut.leaves - 1):]) + siblings + index + b"".join(self.values)

    def proves_head(self, head, cut):
        """Section 7.5, steps 4 and 5."""
        siblings = [head[i:i + 32] for i in range(cut.last, cut.proof, 32)]
        node = blake3.leaf_values(head[:cut.last], cut.leaves - 1)[0]
        for i, sibling in enumerate(siblings):
            node = blake3.parents([(sibling, node)], blake3.ROOT if i == len(siblings) - 1 else 0)[0]
        values = [head[i:i + 32] for i in range(cut.proof, cut.head, 32)]
        return node == self.id and blake3.fold(values) == self.id

    def proves_page(self, number, page):
        values = [page[i:i + 32] for i in range(0, len(page), 32)]
        start = self.cut.proof + 32 * number
        return blake3.fold(values, root=False) == self.manifest[start:start + 32]

    def proves_piece(self, piece, data):
        if self.cut.pieces == 1:
            return blake3.digest(data) == self.id
        return blake3.value(data, piece * self.cut.piece // 1024) == self.values[piece]

    def tree(self, start, end):
        """The values of the blocks in these bytes of the tree; None if their content is not here."""
        first, last = start // 32, -(-end // 32)
        begin, stop = first * TREE_BLOCK, min(last * TREE_BLOCK, self.cut.size)
        if begin >= stop or any(p not in self.have for p in range(begin >> self.cut.exponent, (stop - 1 >> self.cut.exponent) + 1)):
            return None
        blocks = [blake3.value(bytes(self.data[at:min(at + TREE_BLOCK, stop)]), at // 1024) for at in range(begin, stop, TREE_BLOCK)]
        return b"".join(blocks)[start - 32 * first:end - 32 * first]

    def chunks(self):
        return {c for c in range(self.cut.chunks) if all(p in self.have for p in self.cut.of_chunk(c))}


class Link:
    """A connection: the reliable layer of Appendix B, and what each end wants from the other."""

    def __init__(self, peer, address, number=0):
        self.peer, self.address, self.own, self.theirs = peer, address, random.getrandbits(63) | 1, 0
        self.is_open, self.is_closed, self.code, self.reason = False, False, None, None
        self.number = self.base = 0
        self.waiting, self.flying, self.blocks = [], {}, []
        self.next, self.come = number, set()
        self.rto, self.due, self.opens, self.token = PATIENCE, None, 0, b""
        self.heard = self.sent = time.monotonic()
        self.served, self.wanted = {}, {}

    # Sending

    def say(self, *messages):
        self.waiting += messages
        self.pump()

    def pump(self):
        if not self.is_open or self.is_closed:
            return
        while len(self.flying) < 10 and (self.waiting or self.blocks):
            text = self.waiting.pop(0) if self.waiting else self.block()
            if text is not None:
                self.flying[self.number] = [text, 0]
                self.transmit(self.number)
                self.number += 1
        if self.flying and self.due is None:
            self.due = time.monotonic() + self.rto

    def block(self):
        """The next block of what was requested."""
        number, space, offset, length = self.blocks[0]
        size = min(length, BLOCK)
        self.blocks[0] = (number, space, offset + size, length - size)
        if length == size:
            self.blocks.pop(0)
        content = self.served.get(number)
        data = content and self.peer.bytes_for(self, content, space, offset, size)
        return data and message(6, struct.pack(">HBQ", number, space, offset) + data)

    def transmit(self, number):
        text, attempt = self.flying[number]
        stamp = int(time.monotonic() * 1e6)
        self.peer.send(data_packet(self.theirs, number, text, 1, min(attempt, 255), stamp), self)
        self.flying[number][1] += 1

    def tick(self, now):
        if self.is_closed:
            return
        if not self.is_open:
            if self.due is not None and now >= self.due:
                if self.opens >= 3:
                    self.end("no answer")
                else:
                    self.open()
            return
        if self.flying and self.due is not None and now >= self.due:
            self.transmit(min(self.flying))
            self.rto = min(2 * self.rto, 4)
            self.due = now + self.rto
        if now - self.sent > 10:
            self.say(b"")
        if now - self.heard > 30:
            self.close(1, "idle")

    def open(self):
        self.peer.send(open_packet(self.own, 1024, self.token, 1200), self)
        self.opens += 1
        self.due = time.monotonic() + (0.25, 0.75, 2.25)[min(self.opens - 1, 2)]

    def close(self, code, reason=""):
        if self.theirs:
            self.peer.send(packet(10, self.theirs, struct.pack(">H", code) + text(reason)), self)
        self.end(reason)

    def end(self, reason):
        self.is_closed, self.reason = True, reason
        self.peer.closed(self)

    # Receiving

    def accept(self):
        return packet(3, self.theirs, struct.pack(">QIIBHH", self.own, self.number, 1024, 0, 1200, 30))

    def take(self, kind, body):
        self.heard = time.monotonic()
        if kind == 3 and not self.theirs:
            self.theirs, self.next = struct.unpack(">QI", body[:12])
        if kind == 3:
            self.is_open, self.due = True, None
            self.peer.send(ack_packet(self.theirs, self.next), self)
            self.peer.opened(self)
            return self.pump()
        if kind == 12 and not self.is_open and self.token != body[:8]:
            self.token, self.opens = body[:8], 0
            return self.open()
        if kind == 10:
            code, size = struct.unpack(">HB", body[:3])
            self.code = code
            return self.end(body[3:3 + size].decode())
        if not self.is_open and kind in (4, 5):
            self.is_open = True
            self.peer.opened(self)
        if kind == 5:
            self.acknowledged(body)
        elif kind == 4:
            self.data(body)
        elif kind == 6:
            self.peer.send(packet(7, self.theirs, body[:2]), self)
        elif kind == 8:
            self.peer.send(packet(9, self.theirs, body[:8]), self)
        elif kind == 11:
            self.end("reset")

    def acknowledged(self, body):
        following, top, _, _, _, first, count, encoding = struct.unpack(">IIIHIIIB", body[:27])
        slice, gone = body[27:], {n for n in self.flying if n < following}
        if encoding == 1:
            gone |= {first + i for i in range(count) if i // 8 < len(slice) and slice[i // 8] >> i % 8 & 1}
        else:
            at, place, here = 0, first, False
            while at < len(slice) and place < first + count:
                run, at = read_varint(slice, at)
                if here:
                    gone.update(range(place, min(place + run, first + count)))
                place, here = place + run, not here
        arrived = [n for n in self.flying if n in gone]
        for number in arrived:
            del self.flying[number]
        if arrived:
            self.rto, self.due = PATIENCE, None
            for number in sorted(self.flying):
                if self.flying[number][1] == 1 and sum(n > number for n in gone) >= 3:
                    self.transmit(number)
        self.pump()

    def data(self, body):
        number, _, stamp = struct.unpack(">IBI", body[:9])
        is_new = self.next <= number < self.next + 1024 and number not in self.come
        if is_new:
            self.come.add(number)
            while self.next in self.come:
                self.come.remove(self.next)
                self.next += 1
        top = max(self.come, default=self.next - 1) + 1
        count = min(top - self.next, 9256)
        bits = bytearray(-(-count // 8))
        for n in self.come:
            if n - self.next < count:
                bits[(n - self.next) // 8] |= 1 << (n - self.next) % 8
        self.peer.send(ack_packet(self.theirs, self.next, top, stamp if is_new else 0, 0 if is_new else 65535,
                                  self.next, count, 1, bytes(bits)), self)
        if is_new:
            at = 12
            while at < len(body) and not self.is_closed:
                kind, size = struct.unpack(">BH", body[at:at + 3])
                self.peer.heard(self, kind, body[at + 3:at + 3 + size])
                at += 3 + size


class Peer:
    """A socket and its connections. It does no more than the protocol requires; tests add the rest."""

    def __init__(self, host="127.0.0.1"):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.bind((host, 0))
        self.udp.setblocking(False)
        self.address = self.udp.getsockname()
        self.links, self.contents = [], {}
        self.known, self.offers, self.haves, self.requests, self.refusals, self.strangers = set(), [], [], [], [], []
        # For tests: which bytes it sends, and whether it answers a request.
        self.spoil = lambda space, offset, data: data
        self.answers = lambda link, space, offset, length: True

    def send(self, datagram, link):
        link.sent = time.monotonic()
        try:
            self.udp.sendto(datagram, link.address)
        except OSError:
            pass

    def call(self, address):
        link = Link(self, address)
        self.links.append(link)
        link.open()
        return link

    def turn(self):
        while True:
            try:
                datagram, address = self.udp.recvfrom(65536)
            except OSError:
                break
            if len(datagram) >= 16 and datagram[:3] == b"\x53\x68\x01" and self.is_intact(datagram):
                self.receive(datagram[3], struct.unpack(">Q", datagram[8:16])[0], datagram[16:], address)
        for link in list(self.links):
            link.tick(time.monotonic())

    @staticmethod
    def is_intact(datagram):
        # Verifying a checksum in Python takes longer than anything else here, so only one in sixteen is verified.
        return random.randrange(16) or crc32c(datagram[:4] + b"\0\0\0\0" + datagram[8:]) == struct.unpack(">I", datagram[4:8])[0]

    def receive(self, kind, id, body, address):
        if kind == 2:
            link = next((l for l in self.links if l.address == address and l.theirs == id), None)
            if link is None:
                self.strangers.append(address)
                link = Link(self, address, struct.unpack(">I", body[:4])[0])
                link.theirs = id
                self.links.append(link)
            return None if link.is_open or link.is_closed else self.send(link.accept(), link)
        for link in self.links:
            if not link.is_closed and link.address == address and id == (link.theirs if kind == 11 else link.own):
                return link.take(kind, body)

    def opened(self, link):
        pass

    def closed(self, link):
        self.links.remove(link)

    # Messages

    def want(self, link, content, serves=1, number=None):
        number = len(link.wanted) if number is None else number
        link.wanted[number] = content
        link.offered, link.chunks = None, set()
        link.say(want(number, content.id, serves))
        return number

    def heard(self, link, kind, body):
        number = struct.unpack(">H", body[:2])[0]
        if kind == 1:
            content = self.contents.get(body[2:34])
            if content is None or content.cut is None:
                return link.say(refuse(number, 0))
            link.served[number] = content
            cut = content.cut
            link.say(message(2, struct.pack(">HQBI", number, cut.size, cut.exponent, cut.chunks) + text("file") + runs(content.chunks())))
        elif kind == 2 and number in link.wanted:
            size, exponent, chunks = struct.unpack(">QBI", body[2:15])
            have, _ = read_runs(body, 16 + body[15], chunks)
            link.offered = Cut(size, exponent, chunks)
            link.chunks |= have
            self.offers.append((link, have))
        elif kind == 3 and number in link.wanted:
            have, _ = read_runs(body, 2)
            link.chunks |= have
            self.haves.append((link, have))
        elif kind == 4:
            self.asked(link, number, body[2], [struct.unpack(">QI", body[4 + 12 * i:16 + 12 * i]) for i in range(body[3])])
        elif kind == 5:
            ranges = [struct.unpack(">QI", body[4 + 12 * i:16 + 12 * i]) for i in range(body[3])]
            inside = lambda b: any(o <= b[2] and b[2] + b[3] <= o + n for o, n in ranges)
            link.blocks = [b for b in link.blocks if b[0] != number or ranges and (b[1] != body[2] or not inside(b))]
            if not ranges:
                link.served.pop(number, None)
        elif kind == 6 and number in link.wanted:
            space, offset = struct.unpack(">BQ", body[2:11])
            self.block(link, link.wanted[number], space, offset, body[11:])
        elif kind == 7:
            self.refusals.append((link, *struct.unpack(">H", body[2:4]), body[5]))
        elif kind == 8:
            at = 3
            for _ in range(body[2]):
                where, at = read_address(body, at)
                self.known.add(where)

    def asked(self, link, number, space, ranges):
        content, absent = link.served.get(number), []
        for offset, length in ranges:
            self.requests.append((link, space, offset, length))
            if content is None:
                absent.append((offset, length))
            elif not self.has(content, space, offset, length):
                absent.append((offset, length))
            elif self.answers(link, space, offset, length):
                place = len(link.blocks) if space == 0 else 0
                link.blocks.insert(place, (number, space, offset, length))
        if absent:
            link.say(refuse(number, 0 if content is None else 2, absent, space))
        link.pump()

    def has(self, content, space, offset, length):
        cut = content.cut
        if length == 0 or space == 1 and offset + length > cut.manifest or space == 0 and offset + length > cut.size:
            return False
        if space == 2:
            return length <= 8192 and content.tree(offset, offset + length) is not None
        return space == 1 or all(p in content.have for p in range(offset >> cut.exponent, (offset + length - 1 >> cut.exponent) + 1))

    def bytes_for(self, link, content, space, offset, size):
        if space == 2:
            data = content.tree(offset, offset + size)
        else:
            data = bytes((content.data if space == 0 else content.manifest)[offset:offset + size])
        return self.spoil(space, offset, data)

    def block(self, link, content, space, offset, data):
        gather = link.__dict__.setdefault("gathered", {}).setdefault(space, {})
        gather[offset] = data

    # What a test waits for

    def ask(self, link, number, space, ranges):
        link.say(ranges_message(4, number, ranges, space))

    @staticmethod
    def gathered(link, space, offset, length):
        """The bytes that have arrived; None if some are missing."""
        out, at = bytearray(length), 0
        parts = link.__dict__.get("gathered", {}).get(space, {})
        for start in sorted(parts):
            data = parts[start]
            if start <= offset + at < start + len(data):
                part = data[offset + at - start:][:length - at]
                out[at:at + len(part)] = part
                at += len(part)
        return bytes(out) if at >= length else None


def run(peers, until, seconds, what):
    """Runs peers until a condition holds, or raises an error that says which did not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        select.select([p.udp for p in peers], [], [], 0.02)
        for peer in peers:
            peer.turn()
        result = until()
        if result:
            return result
    raise AssertionError(f"not within {seconds} s: {what}")
