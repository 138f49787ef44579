"""Shoal's packets, messages and runs, written from Protocol.md alone, for the attacks and the peer in this folder."""

import struct

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def packet(kind, connection, body=b""):
    datagram = bytearray(struct.pack(">HBBIQ", 0x5368, 1, kind, 0, connection) + body)
    struct.pack_into(">I", datagram, 4, crc32c(datagram))
    return bytes(datagram)


def open_packet(connection, window=65536, token=b"", max_datagram=65507):
    body = struct.pack(">IIBHH", 0, window, 0, max_datagram, 30) + token
    return packet(2, connection, body + bytes(1200 - 16 - len(body)))


def data_packet(connection, number, message=b"", ack_every=2, attempt=0, timestamp=0):
    fields = struct.pack(">IBIBH", number & 0xFFFFFFFF, attempt, timestamp & 0xFFFFFFFF, ack_every, 25000)
    return packet(4, connection, fields + message)


def ack_packet(connection, next, top=None, echo=0, delay=65535, first=None, count=0, encoding=0, slice=b""):
    top, first = next if top is None else top, next if first is None else first
    fields = [x & 0xFFFFFFFF for x in (next, top, echo)], [x & 0xFFFFFFFF for x in (0, first, count)]
    return packet(5, connection, struct.pack(">III", *fields[0]) + struct.pack(">H", delay)
                  + struct.pack(">IIIB", *fields[1], encoding) + slice)


def message(kind, body):
    return struct.pack(">BH", kind, len(body)) + body


def want(number, id, serves=0):
    return message(1, struct.pack(">H", number) + id + bytes([serves]))


def ranges_message(kind, number, ranges, space=0):
    return message(kind, struct.pack(">HBB", number, space, len(ranges)) + b"".join(struct.pack(">QI", *r) for r in ranges))


def refuse(number, code, ranges=(), space=0):
    return message(7, struct.pack(">HHBB", number, code, space, len(ranges)) + b"".join(struct.pack(">QI", *r) for r in ranges))


def varint(number):
    for size, (limit, prefix) in enumerate(((1 << 6, 0), (1 << 14, 1), (1 << 30, 2), (1 << 62, 3))):
        if number < limit:
            return (number | prefix << (8 << size) - 2).to_bytes(1 << size, "big")
    raise ValueError(number)


def read_varint(data, at):
    size = 1 << (data[at] >> 6)
    return int.from_bytes(data[at:at + size], "big") & (1 << 8 * size - 2) - 1, at + size


def runs(chunks):
    """The runs of a set of chunks."""
    out, count, end = b"", 0, 0
    ordered = sorted(chunks)
    while ordered:
        first = ordered[0]
        length = 1
        while length < len(ordered) and ordered[length] == first + length:
            length += 1
        out += varint(first - end) + varint(length)
        count, end, ordered = count + 1, first + length, ordered[length:]
    return struct.pack(">H", count) + out


def read_runs(data, at, chunks=1 << 22):
    """The set of chunks that runs describe, all below a number, and where the runs end."""
    count, at, end, found = struct.unpack(">H", data[at:at + 2])[0], at + 2, 0, set()
    for _ in range(count):
        gap, at = read_varint(data, at)
        length, at = read_varint(data, at)
        found.update(range(min(end + gap, chunks), min(end + gap + length, chunks)))
        end += gap + length
    return found, at


def text(words):
    encoded = words.encode()
    return bytes([len(encoded)]) + encoded


def address(where):
    """An IPv4 address and a port, as a field."""
    return b"\4" + bytes(int(part) for part in where[0].split(".")) + struct.pack(">H", where[1])


def read_address(data, at):
    size = 4 if data[at] == 4 else 16
    host = ".".join(str(x) for x in data[at + 1:at + 5]) if size == 4 else data[at + 1:at + 17].hex()
    return (host, struct.unpack(">H", data[at + 1 + size:at + 3 + size])[0]), at + 3 + size
