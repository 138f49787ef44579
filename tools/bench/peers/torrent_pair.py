"""libtorrent: a file from one session to another, hashed and stored, over uTP or TCP ($TRANSPORT).

    torrent_pair.py recv ADDRESS PORT BYTES TORRENT FOLDER      torrent_pair.py send ADDRESS PORT BYTES TORRENT FOLDER

The one that has the file connects to the other, so that both are counted from the connection on. Both are told of one
another, and every rate limit, queue and request limit is raised, so that the transport is what is measured."""

import os
import sys
import time

import libtorrent

from pair import Pair


def settings(pair, utp):
    port = pair.port if not pair.sends else pair.port + 1
    return {
        "listen_interfaces": f"{os.environ['ADDRESS']}:{port}", "enable_dht": False, "enable_lsd": False,
        "enable_upnp": False, "enable_natpmp": False, "allow_multiple_connections_per_ip": True,
        "enable_outgoing_utp": utp, "enable_incoming_utp": utp, "enable_outgoing_tcp": not utp,
        "enable_incoming_tcp": not utp, "out_enc_policy": 2, "in_enc_policy": 2, "mixed_mode_algorithm": 0,
        "max_out_request_queue": 3000, "max_allowed_in_request_queue": 5000, "request_queue_time": 10,
        "send_buffer_watermark": 16 << 20, "send_buffer_watermark_factor": 200, "send_buffer_low_watermark": 4 << 20,
        "send_socket_buffer_size": 16 << 20, "recv_socket_buffer_size": 16 << 20, "unchoke_slots_limit": -1,
        "max_queued_disk_bytes": 64 << 20, "alert_mask": 0,
    }


def make_torrent(path, torrent):
    """Writes the torrent of a file."""
    files = libtorrent.list_files(path)
    create = libtorrent.create_torrent(files, 1 << 20)
    libtorrent.set_piece_hashes(create, os.path.dirname(path))
    with open(torrent, "wb") as file:
        file.write(libtorrent.bencode(create.generate()))


def main(pair, torrent, folder):
    session = libtorrent.session(settings(pair, os.environ["TRANSPORT"] == "utp"))
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(torrent)
    parameters.save_path = folder
    flags = libtorrent.torrent_flags
    parameters.flags &= ~(flags.auto_managed | flags.paused)
    if pair.sends:
        parameters.flags |= flags.seed_mode
    handle = session.add_torrent(parameters)
    while not pair.sends and str(handle.status().state).endswith("checking_files"):
        time.sleep(0.01)
    pair.ready()
    if pair.sends:
        handle.connect_peer((pair.host, pair.port))
        while True:
            time.sleep(60)
    while True:
        status = handle.status()
        pair.received = status.total_done
        if status.is_seeding:
            pair.end()
        time.sleep(0.005)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make_torrent(sys.argv[2], sys.argv[3])
    else:
        main(Pair(), sys.argv[5], sys.argv[6])
