"""Stored weights: what their file says of them, checked before anything is allocated for them.

Only safetensors is read: a length, a header in JSON, and the bare numbers. There is no pickle here.
"""

import json
import struct
from dataclasses import asdict, fields
from math import isclose, prod
from typing import Annotated, Any, Final, cast

from pydantic import Field, ValidationError, model_validator

from mnistreport.data.files import printable
from mnistreport.report.weights import FORMAT, METADATA
from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    Experiment,
    MlpArchitecture,
    Variant,
)
from mnistreport.study.manifest import SplitFractions
from mnistreport.study.rules import Seed, Share, Table, Title, sentence_error
from mnistreport.study.settings import MODEL_TABLES, MOST_PARAMETERS, TrainingFields
from mnistreport.verification.verdict import Unsound

_LENGTH: Final = struct.Struct("<Q")
_LONGEST_HEADER: Final = 2**20
_FLOAT: Final = "F32"
_BYTES: Final = 4
"""Of a number in ``F32``."""
_MOST_SIDES: Final = 4
"""Of a tensor: a convolution's weights have as many."""

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Images = Annotated[int, Field(ge=1, le=100_000_000)]
Shapes = dict[str, tuple[int, ...]]


class About(Table):
    """What a file of weights says of itself."""

    format: int
    model: Title
    architecture: dict[str, Any]
    training: TrainingFields
    seed: Seed
    fingerprint: Digest
    data_sha256: Digest
    split_sha256: Digest
    split: Annotated[list[Share], Field(min_length=3, max_length=3)]
    split_seed: Seed
    test_images: Images
    test_right: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _check_values(self) -> "About":
        if self.format != FORMAT:
            sentence = f"its format is not {FORMAT}"
            raise sentence_error(sentence)
        if not isclose(sum(self.split), 1, rel_tol=1e-9):
            sentence = "the shares of the splits do not add up to 1"
            raise sentence_error(sentence)
        if self.test_right > self.test_images:
            sentence = "more images were classified correctly than there are"
            raise sentence_error(sentence)
        return self

    @property
    def fractions(self) -> SplitFractions:
        """The shares of the splits."""
        return SplitFractions(*self.split)

    @property
    def accuracy(self) -> float:
        """Share of the test split that it says was classified correctly."""
        return self.test_right / self.test_images

    def build_architecture(self) -> Architecture:
        """Return the architecture, its sizes within the bounds that a manifest has.

        Raises:
            Unsound: It is none.
        """
        kinds = {"mlp": MlpArchitecture, "cnn": CnnArchitecture}
        kind = str(self.architecture.get("kind"))
        known = kinds.get(kind)
        if known is None:
            msg = "its kind of network is unknown"
            raise Unsound(msg)
        if {field.name for field in fields(known)} != self.architecture.keys():
            msg = "its architecture has other fields than such a network has"
            raise Unsound(msg)
        try:
            built = MODEL_TABLES[kind].model_validate(self.architecture).architecture
        except ValidationError as error:
            raise Unsound(_tell(error)) from error
        if asdict(built) != _with_tuples(self.architecture):
            msg = "its architecture is given twice"
            raise Unsound(msg)
        if built.parameters > MOST_PARAMETERS:
            msg = f"its network has more than {MOST_PARAMETERS:,} parameters"
            raise Unsound(msg)
        return built


def read_about(content: bytes) -> tuple[About, Shapes]:
    """Return what a file of weights says of itself, and the shapes of its tensors by name.

    The network's number of parameters is that of its architecture, the file has exactly as many,
    and the fingerprint is that of the settings.

    Raises:
        Unsound: Something of this is not so.
    """
    header, size = _read_header(content)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.keys() != {METADATA}:
        msg = f"its metadata is not the one key {METADATA}"
        raise Unsound(msg)
    try:
        about = About.model_validate_json(str(cast("dict[str, Any]", metadata)[METADATA]))
    except ValidationError as error:
        raise Unsound(_tell(error)) from error
    except RecursionError as error:
        msg = "its metadata is nested too deeply"
        raise Unsound(msg) from error
    shapes = _read_shapes(header, size)
    architecture = about.build_architecture()
    held = sum(map(prod, shapes.values()))
    if held != architecture.parameters:
        msg = f"it holds {held:,} parameters; its network has {architecture.parameters:,}"
        raise Unsound(msg)
    variant = Variant(about.model, architecture, about.training.setting)
    if Experiment(variant, about.seed, about.split_sha256).fingerprint != about.fingerprint:
        msg = "its fingerprint is not that of its settings"
        raise Unsound(msg)
    return about, shapes


def _read_header(content: bytes) -> tuple[dict[str, Any], int]:
    """Return the header, and how many bytes of numbers follow it."""
    msg = "it is no safetensors file"
    if len(content) < _LENGTH.size:
        raise Unsound(msg)
    (length,) = _LENGTH.unpack_from(content)
    rest = len(content) - _LENGTH.size
    if length > min(_LONGEST_HEADER, rest):
        raise Unsound(msg)
    raw = content[_LENGTH.size : _LENGTH.size + length]
    try:
        header: object = json.loads(raw, object_pairs_hook=_refuse_twins)
    except (ValueError, RecursionError) as error:
        raise Unsound(msg) from error
    if not isinstance(header, dict):
        raise Unsound(msg)
    return cast("dict[str, Any]", header), rest - length


def _read_shapes(header: dict[str, Any], size: int) -> Shapes:
    """Return the tensors' shapes, if they lie one after the other and fill the file."""
    shapes: Shapes = {}
    spans: list[tuple[int, int]] = []
    for name, entry in header.items():
        match entry:
            case {"dtype": "F32", "shape": [*shape], "data_offsets": [int(start), int(end)]} if (
                len(entry) == len(("dtype", "shape", "data_offsets"))
                and len(shape) <= _MOST_SIDES
                and all(type(side) is int and 0 < side <= size for side in shape)
                and end - start == prod(shape) * _BYTES
            ):
                shapes[name] = tuple(shape)
                spans.append((start, end))
            case _:
                msg = f"its tensor {printable(name)} is not of plain {_FLOAT} numbers"
                raise Unsound(msg)
    reached = 0
    for start, end in sorted(spans):
        if start != reached:
            break
        reached = end
    if reached != size or not spans:
        msg = "its tensors do not fill it"
        raise Unsound(msg)
    return shapes


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        msg = "a key is there twice"
        raise ValueError(msg)
    return made


def _with_tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(cast("list[Any]", value)) if isinstance(value, list) else value
        for name, value in values.items()
    }


def _tell(error: ValidationError) -> str:
    """Return the first complaint, with its place."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "it"
    return f"of its metadata, {printable(place)}: {printable(first['msg'])}"
