"""Submissions: the container changed field by field, and what is in its members."""

import io
import json
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from safetensors.numpy import save

from mnistreport.errors import disarm
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE, MlpArchitecture, TrainingSetting
from mnistreport.training.result import EpochRow
from mnistreport.verification.inspection import INSPECTED
from mnistreport.verification.submission import _read_check, _read_weights, inspect_file
from tests.fake_results import make_run
from tests.torture.fuzz_mutations import ODD_TEXTS, mutate_bytes, mutate_lines
from tests.torture.fuzz_watch import Outcome
from tests.training.small import make_experiment
from tests.verification.submissions import (
    SHARES,
    Members,
    Trained,
    make_notebook,
    make_tables,
    print_notebook,
    print_report,
    store_weights,
    write_sentences,
    write_zip,
)

LONGEST_MESSAGE: Final = 2**20
"""As the process that asks takes them."""
MEMBERS: Final = (
    "../evil",
    "/etc/evil",
    "a\\b",
    "C:x",
    "\x1b[2J.txt",
    "con",
    "x" * 300,
    "",
    "a/",
    "\0",
)
JSON: Final = (
    *(
        "NaN",
        "[" * 900,
        '"\\ud800"',
        "1e999",
        "9" * 5000,
        "null",
        "true",
        "-1",
        "{}",
        '{"a": 1, "a": 2}',
    ),
)
_HEADERS: Final = {b"PK\1\2": 46, b"PK\3\4": 30, b"PK\5\6": 22}
_LARGEST: Final = 400_000


def make_seeds(_folder: Path) -> list[bytes]:
    """Return a submission that passes, and smaller ones without its documents."""
    members = _make_members()
    light = {name: each for name, each in members.items() if not name.endswith(".pdf")}
    tables = {name: each for name, each in light.items() if not name.endswith(".ipynb")}
    return [write_zip(members), write_zip(light), write_zip(tables)]


def _make_members() -> Members:
    """Make a submission of a network that nobody trained."""
    setting = TrainingSetting(learning_rate=0.1, batch_size=64, epochs=2)
    experiment = make_experiment(MlpArchitecture((2,)), setting, split="5" * 64)
    shapes = {"0.weight": (2, IMAGE_SIZE**2), "0.bias": (2,)}
    shapes |= {"2.weight": (CLASSES, 2), "2.bias": (CLASSES,)}
    tensors = save({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    rows = tuple(EpochRow(epoch, 0.5, 0.75, 0.5, 0.75, 1.5) for epoch in (1, 2))
    run = replace(make_run(experiment, 0.1, 0.01), history=rows)
    trained = Trained(experiment, run, tensors, 300, 359)
    sentences = write_sentences(trained)
    notebook = make_notebook(sentences)
    runs, epochs = make_tables(trained)
    about = {
        "format": 1,
        "model": experiment.variant.model,
        **json.loads(json.dumps(experiment.variant.settings)),
        "seed": experiment.seed,
        "fingerprint": experiment.fingerprint,
        "data_sha256": "a" * 64,
        "split_sha256": "5" * 64,
        "split": SHARES,
        "split_seed": 0,
        "test_images": 359,
        "test_right": 300,
    }
    return {
        "notebook.ipynb": json.dumps(notebook, indent=1).encode(),
        "notebook.pdf": print_notebook(notebook),
        "report.pdf": print_report(sentences),
        "runs.csv": runs,
        "epochs.csv": epochs,
        "best_mlp.safetensors": store_weights(tensors, about),
    }


def mutate(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Change a field of the container, a member's content or name, or any bytes."""
    way = draw.randrange(10)
    if way < 2:
        return mutate_bytes(content, draw, fresh)
    if way < 5:
        return _change_field(content, draw)
    try:
        members = _unpack(content)
    except Exception:  # noqa: BLE001 - what zipfile makes of what is damaged already
        return _change_field(content, draw)
    if not members:
        return mutate_bytes(content, draw, fresh)
    name = draw.choice(sorted(members))
    if way == 5:
        members[draw.choice(MEMBERS)] = members[name][: draw.choice((0, 100))]
        members |= {f"{each}.txt": b"" for each in range(draw.choice((0, 0, 0, 199)))}
    elif way == 6:
        members[name + draw.choice(ODD_TEXTS)] = members.pop(name)
    else:
        members[name] = _change_member(name, members[name], draw, fresh)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _pack(members)


def _change_field(content: bytes, draw: Random) -> bytes:
    """Put an odd number into one of the container's headers."""
    kind = draw.choice(sorted(_HEADERS))
    places = [at for at in range(len(content)) if content.startswith(kind, at)] if kind else []
    if not places:
        return content[: draw.randrange(len(content) + 1)]
    at = draw.choice(places) + draw.randrange(4, _HEADERS[kind])
    what = draw.choice(
        (b"\0", b"\1", b"\xff", b"\xff\xff", b"\xff" * 4, bytes([1 << draw.randrange(8)]))
    )
    return content[:at] + what + content[at + len(what) :]


def _change_member(name: str, content: bytes, draw: Random, fresh: bytes) -> bytes:
    if name.endswith(".pdf") and draw.random() < 0.5:
        return _change_stream(content, draw, fresh)
    if name.endswith((".ipynb", ".csv", ".safetensors")) and draw.random() < 0.7:
        changed = mutate_lines(content, draw, (*JSON, ","))
        at = changed.find(draw.choice((b": ", b"[", b",", b'"')), draw.randrange(len(changed) + 1))
        return (
            changed[: at + 1] + draw.choice(JSON).encode() + changed[at + 2 :]
            if at > 0
            else changed
        )
    return mutate_bytes(content, draw, fresh)


def _change_stream(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Change what one of a PDF's streams unpacks to; its length is set right."""
    starts = [at for at in range(len(content)) if content.startswith(b"stream\n", at)]
    if not starts:
        return mutate_bytes(content, draw, fresh)
    start = draw.choice(starts) + 7
    end = content.find(b"endstream", start)
    try:
        inner = zlib.decompress(content[start:end])[:_LARGEST]
    except zlib.error:
        inner = content[start:end]
    packed = zlib.compress(mutate_bytes(inner, draw, fresh), 1)
    return content[:start] + packed + b"\n" + content[end:]


def _unpack(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()[:20]
        if sum(member.file_size for member in members) > _LARGEST:
            return {}
        return {member.filename: archive.read(member) for member in members}


def _pack(members: Members) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def make_check(folder: Path) -> Callable[[bytes], Outcome]:
    """Return what looks through a zip as the process of its own does, and reads what that tells."""
    path = folder / "given" / "1_2_3.zip"

    def check(content: bytes) -> Outcome:
        path.write_bytes(content)
        messages: list[bytes] = []
        with path.open("rb") as file:
            inspect_file(
                file, lambda each: messages.append(json.dumps(each).encode()), len(content)
            )
        assert LONGEST_MESSAGE > max(map(len, messages))
        told = [json.loads(each) for each in messages]
        checks = [check for each in told if (check := _read_check(each))]
        assert [*INSPECTED] == [check.name for check in checks]
        assert len(told) - len(checks) == len(list(_read_weights(told)))
        for each in checks:
            assert each.state == "passed" or each.reasons
            assert len(disarm(each.reason)) < 100_000
        return "refused" if any(each.state == "failed" for each in checks) else "taken"

    return check
