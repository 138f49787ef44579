"""Installs what Shoal is compared with: Debian packages, PyPI wheels, and the pair programs built from peers/."""

import os
import platform
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = f"{HERE}/peers"

# What is built from peers/: source, Debian packages, the command that builds it into the path given last.
CC = ["cc", "-O2", "-Wall"]
BUILDS = {
    "raw": ("raw.c", [], CC, []),
    "tcp": ("tcp.c", [], CC, []),
    "enet": ("enet.c", ["libenet-dev"], CC, ["-lenet"]),
    "srt": ("srt.c", ["libsrt-openssl-dev"], CC, ["-lsrt"]),
    "udt": ("udt.cpp", ["libudt-dev"], ["c++", "-O2", "-Wall"], ["-ludt"]),
    "quic": ("quic.go", ["golang-go", "golang-github-lucas-clemente-quic-go-dev"], ["go", "build"], []),
}
WHEELS = ["libtorrent", "iroh"]
TOOLS = {"ip": "iproute2", "tcpdump": "tcpdump", "ping": "iputils-ping", "cc": "gcc", "c++": "g++"}


def _installed(package):
    result = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True)
    return result.stdout.startswith("install ok installed")


def packages(names, say):
    """Installs missing Debian packages; returns those that could not be installed, with the reason."""
    wanted = [name for name in names if not _installed(name)]
    failed = {}
    if wanted:
        say(f"installing {' '.join(wanted)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], capture_output=True, env=environment, check=False)
        for name in wanted:
            got = subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", name], capture_output=True,
                                 text=True, env=environment, check=False)
            if got.returncode != 0:
                lines = got.stderr.strip().splitlines()
                failed[name] = lines[-1] if lines else "apt-get failed"
    return failed


def versions(folder):
    """The versions of what is compared with, as far as it is installed: the kernel, Debian packages, PyPI wheels."""
    found = {"Linux": platform.release()}
    for package in sorted({package for _, needs, _, _ in BUILDS.values() for package in needs}):
        if _installed(package):
            found[package] = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True,
                                            text=True, check=True).stdout
    for name in WHEELS:
        asked = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
        python = f"{folder}/python/bin/python3"
        if os.path.exists(python):
            got = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
            if got.returncode == 0:
                found[name] = got.stdout.strip()
    return found


def build(name, folder, say):
    """Builds one pair program; returns why it could not be, or None."""
    source, needs, command, libraries = BUILDS[name]
    target = f"{folder}/{name}"
    newest = max(os.path.getmtime(f"{PEERS}/{file}") for file in (source, "pair.h"))
    if os.path.exists(target) and os.path.getmtime(target) > newest:
        return None
    failed = packages(needs, say)
    if failed:
        return "; ".join(f"{package}: {reason}" for package, reason in failed.items())
    if not shutil.which(command[0]):
        return f"{command[0]} is not installed"
    # Debian's Go libraries are a GOPATH of their own, without modules.
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    got = subprocess.run([*command, "-o", target, f"{PEERS}/{source}", *libraries], capture_output=True, text=True,
                         env=environment, check=False)
    if got.returncode != 0:
        return f"{source} does not build: {got.stderr.strip().splitlines()[-1]}"
    return None


def wheel(name, folder, say):
    """Installs one PyPI package into a virtual environment; returns why it could not be, or None."""
    environment = f"{folder}/python"
    python = f"{environment}/bin/python3"
    if not os.path.exists(python):
        made = subprocess.run([sys.executable, "-m", "venv", environment], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            return "python3 -m venv failed; install python3-venv"
    if subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0:
        return None
    say(f"installing {name} from PyPI")
    got = subprocess.run([python, "-m", "pip", "install", "-q", name], capture_output=True, text=True, check=False)
    if got.returncode != 0:
        lines = got.stderr.strip().splitlines()
        return f"pip: {lines[-1] if lines else 'failed'}"
    return None
