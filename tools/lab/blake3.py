"""BLAKE3 of many nodes at once: a number holds one word of each node, 64 bits apart, so that one operation serves all."""

import struct
from array import array

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
START, END, PARENT, ROOT = 1, 2, 4, 8
LEAF = 1024


class Lanes:
    def __init__(self, count):
        self.count = count
        self.ones = int.from_bytes(struct.pack("<Q", 1) * count, "little")
        self.mask = self.ones * 0xFFFFFFFF

    def load(self, words):
        """A number that holds one word of each node."""
        return int.from_bytes(array("Q", words).tobytes(), "little")

    def rotate(self, x, n):
        return (x >> n | x << 32 - n) & self.mask

    def mix(self, v, a, b, c, d, x, y):
        m, r = self.mask, self.rotate
        v[a] = v[a] + v[b] + x & m
        v[d] = r(v[d] ^ v[a], 16)
        v[c] = v[c] + v[d] & m
        v[b] = r(v[b] ^ v[c], 12)
        v[a] = v[a] + v[b] + y & m
        v[d] = r(v[d] ^ v[a], 8)
        v[c] = v[c] + v[d] & m
        v[b] = r(v[b] ^ v[c], 7)

    def compress(self, value, block, counter, length, flags):
        v = list(value) + [self.ones * x for x in IV[:4]] + [counter, 0, self.ones * length, self.ones * flags]
        for turn in range(7):
            for i, (a, b, c, d) in enumerate(((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                                              (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))):
                self.mix(v, a, b, c, d, block[2 * i], block[2 * i + 1])
            block = [block[i] for i in ORDER]
        return [v[i] ^ v[i + 8] for i in range(8)]

    def values(self, words):
        lanes = [array("Q", word.to_bytes(8 * self.count, "little")) for word in words]
        return [struct.pack("<8I", *(lane[i] for lane in lanes)) for i in range(self.count)]


def leaf_values(data, first=0, flags=0):
    """The values of the leaves of some bytes, the first of which has this index; the last may be short."""
    out, whole = [], len(data) // LEAF
    if whole:
        out += hash_leaves(data[:whole * LEAF], whole, LEAF, first, flags)
    if len(data) % LEAF or not data:
        out += hash_leaves(data[whole * LEAF:], 1, len(data) % LEAF, first + whole, flags)
    return out


def hash_leaves(data, count, size, first, flags):
    lanes, words = Lanes(count), array("I")
    blocks = max(-(-size // 64), 1)
    words.frombytes(data + bytes(blocks * 64 - size) if count == 1 else data)
    value = [lanes.ones * x for x in IV]
    counter = lanes.load(range(first, first + count))
    for i in range(blocks):
        block = [lanes.load(words[16 * i + j::16 * blocks]) for j in range(16)]
        last = i == blocks - 1
        value = lanes.compress(value, block, counter, min(64, size - 64 * i) if last else 64,
                               (START if i == 0 else 0) | (END | flags if last else 0))
    return lanes.values(value)


def parents(pairs, flags=0):
    """The values of the parents of pairs of values."""
    lanes, words = Lanes(len(pairs)), array("I")
    words.frombytes(b"".join(left + right for left, right in pairs))
    block = [lanes.load(words[j::16]) for j in range(16)]
    return lanes.values(lanes.compress([lanes.ones * x for x in IV], block, 0, 64, PARENT | flags))


def fold(values, root=True):
    """The node over values, as section 7.5 of Protocol.md folds them."""
    while len(values) > 1:
        pairs = list(zip(values[0::2], values[1::2]))
        flags = ROOT if root and len(values) == 2 else 0
        values = parents(pairs, flags) + (values[-1:] if len(values) % 2 else [])
    return values[0]


def value(data, first):
    """The chaining value of a node whose first leaf has this index."""
    return fold(leaf_values(data, first), root=False)


def digest(data):
    if len(data) <= LEAF:
        return leaf_values(data, 0, ROOT)[0]
    return fold(leaf_values(data))
