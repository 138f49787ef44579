"""libtorrent: one member of a swarm. It knows all others, and reports when it has the file.

    torrent_member.py make PATH TORRENT
    torrent_member.py seed|get ADDRESS PORT TORRENT FOLDER PEER:PORT...

Both transports are on, as users have them; no DHT, tracker or local discovery is needed, as everybody is known."""

import json
import os
import sys
import time

import libtorrent


def make(path, torrent):
    """Writes the torrent of a file, in pieces like Shoal's."""
    files = libtorrent.file_storage()
    libtorrent.add_files(files, path)
    create = libtorrent.create_torrent(files, 64 << 10)
    libtorrent.set_piece_hashes(create, os.path.dirname(path))
    with open(torrent, "wb") as file:
        file.write(libtorrent.bencode(create.generate()))


def main(role, address, port, torrent, folder, *peers):
    session = libtorrent.session({
        "listen_interfaces": f"{address}:{port}", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
        "enable_natpmp": False, "allow_multiple_connections_per_ip": True, "alert_mask": 0})
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(torrent)
    parameters.save_path = folder
    flags = libtorrent.torrent_flags
    parameters.flags &= ~(flags.auto_managed | flags.paused)
    if role == "seed":
        parameters.flags |= flags.seed_mode
    handle = session.add_torrent(parameters)
    start, told = time.monotonic(), False
    print(json.dumps({"event": "sharing" if role == "seed" else "began"}), flush=True)
    called = 0.0
    while True:
        if time.monotonic() - called > 5:
            called = time.monotonic()
            for peer in peers:
                host, number = peer.rsplit(":", 1)
                handle.connect_peer((host, int(number)))
        if not told and role == "get" and handle.status().is_seeding:
            told = True
            print(json.dumps({"event": "done", "seconds": time.monotonic() - start}), flush=True)
        time.sleep(0.02)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
