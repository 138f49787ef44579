"""iroh: one stream of N bytes from memory, encrypted and authenticated, by direct addresses, without relays.

The Python binding copies what is written byte by byte, in Python. That is replaced here, or the binding would be measured
rather than iroh."""

import asyncio
import ctypes

import iroh
import iroh.iroh_ffi as ffi

from pair import BLOCK, Pair

ALPN = b"bench"
KEY = bytes(range(32))


def write(self, value):
    """Appends bytes to a buffer of the binding at once."""
    with self._reserve(len(value)):
        ctypes.memmove(ctypes.addressof(self.rbuf.data.contents) + self.rbuf.len, bytes(value), len(value))


ffi._UniffiRustBufferBuilder.write = write


async def main(pair):
    options = dict(preset=iroh.preset_minimal(), relay_mode=iroh.RelayMode.disabled(), alpns=[ALPN])
    if not pair.sends:
        options |= dict(bind_addr=f"{pair.host}:{pair.port}", secret_key=KEY)
    endpoint = await iroh.Endpoint.bind(iroh.EndpointOptions(**options))
    block = bytes(range(256)) * (BLOCK // 256)
    pair.ready()
    if pair.sends:
        address = iroh.EndpointAddr(iroh.SecretKey.from_bytes(KEY).public(), None, [f"{pair.host}:{pair.port}"])
        connection = await endpoint.connect(address, ALPN)
        stream = await connection.open_uni()
        for sent in range(0, pair.bytes, BLOCK):
            await stream.write_all(block[: pair.bytes - sent])
        await stream.finish()
        await connection.closed()
        return
    connection = await (await (await endpoint.accept_next()).accept()).connect()
    stream = await connection.accept_uni()
    while (left := pair.bytes - pair.received) > 0:
        # A few large reads, because many of a datagram each are expensive through the binding; small ones at first, so that
        # what a slow link brings is counted.
        size = min(left, BLOCK if pair.received >= 8 * BLOCK else BLOCK // 16)
        pair.received += len(await stream.read_exact(size))
    pair.end()


asyncio.run(main(Pair()))
