"""The machine on which this runs, and the folder for its results."""

import os
import platform
import re

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = f"{HERE}/results"
# The machine whose summary the README shows.
SHOWN = "epyc"


def processor():
    """The processor's name."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def folder():
    """Where this machine's results are kept: named after its processor's family."""
    found = re.search(r"EPYC|Xeon|Ryzen|Core|Neoverse", processor())
    return f"{RESULTS}/{(found[0] if found else platform.machine()).lower()}"
