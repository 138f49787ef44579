"""iroh: one stream of N bytes from memory, encrypted and authenticated, by direct addresses, without relays."""

import asyncio

import iroh

from pair import BLOCK, Pair

ALPN = b"bench"
KEY = bytes(range(32))


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
    while pair.received < pair.bytes:
        data = await stream.read(BLOCK)
        if not data:
            break
        pair.received += len(data)
    pair.end()


asyncio.run(main(Pair()))
