"""What was measured: raw timings by group, each with its day and its machine, kept as JSON."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mnistreport.options import count_cores


@dataclass(frozen=True, slots=True)
class Group:
    """Timings that belong together, of one machine.

    Attributes:
        data: What the networks learned from, in words.
        machine: What it was measured on, by name of a property.
        date: Day of the measuring, as ISO has it.
        samples: By key, a number for each repeat.
        missing: By key, why there are none.
    """

    data: str
    machine: dict[str, str]
    date: str
    samples: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    missing: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, measured: dict[str, float]) -> None:
        """Add what one more repeat measured."""
        for key, value in measured.items():
            self.samples.setdefault(key, []).append(value)


def start_group(data: str) -> Group:
    """Return a group of today, on this machine, without any timings yet."""
    return Group(data, describe_machine(), datetime.now(UTC).date().isoformat())


def load_record(file: Path) -> dict[str, Group]:
    """Return the groups that ``file`` holds, by name; none if it is not there yet."""
    if not file.exists():
        return {}
    return {name: Group(**group) for name, group in json.loads(file.read_text("utf-8")).items()}


def save_record(record: dict[str, Group], file: Path) -> None:
    """Write the groups to ``file``."""
    plain = {name: asdict(group) for name, group in record.items()}
    file.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", "utf-8")


def describe_machine() -> dict[str, str]:
    """Return what a reader has to know of this machine to judge a time."""
    import torch

    from mnistreport.training.processor import name_processor

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    about = {
        "processor": name_processor(),
        "cores": str(count_cores()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "torch": f"{torch.__version__}, {torch.get_num_threads()} threads unless told otherwise",
    }
    if torch.cuda.is_available():
        about["GPU"] = torch.cuda.get_device_name()
    for name in ("skorch", "lightning"):
        try:
            about[name] = version(name)
        except PackageNotFoundError:
            continue
    return about
