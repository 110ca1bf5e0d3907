"""The processor of this machine, by name; torch is not needed to ask."""

import platform
from pathlib import Path


def name_processor() -> str:
    """Return the processor's name as the system gives it, or its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
