"""The file beside the documents that says how the manifest they are made of was trimmed.

``build`` writes or removes it; whatever makes or checks documents later obeys it, so that nobody
has to give the budget again.
"""

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mnistreport.errors import EnvironmentFault
from mnistreport.files import find_kept_name, read_kept, replacing
from mnistreport.study.trimming import Trim

NAME: Final = "budget.json"
FORMAT: Final = 1
MOST_BYTES: Final = 1000
"""What is longer than any such file is not read to its end."""
_AGAIN: Final = "build again, with or without --budget, which makes it anew"

_Count = Annotated[int, Field(ge=1, le=10**9)]


class _File(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: Literal[1]
    budget_seconds: _Count
    seeds: _Count
    epochs: Annotated[list[_Count], Field(min_length=2, max_length=2)]

    @field_validator("epochs")
    @classmethod
    def _is_share(cls, epochs: list[int]) -> list[int]:
        if epochs[0] > epochs[1]:
            msg = "more epochs than there were"
            raise ValueError(msg)
        return epochs


def load_trim(output: Path) -> Trim | None:
    """Return how the documents in ``output`` were trimmed, or ``None`` if they were not.

    Raises:
        EnvironmentFault: The file cannot be read, or is not what a build wrote.
    """
    path = output / NAME
    try:
        kept = _File.model_validate_json(read_kept(path, MOST_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise EnvironmentFault(msg, file=path, next_step=_AGAIN) from error
    except ValidationError as error:
        msg = "what a time budget left of the manifest is damaged"
        raise EnvironmentFault(msg, file=path, next_step=_AGAIN) from error
    share, of = kept.epochs
    return Trim(kept.budget_seconds, kept.seeds, Fraction(share, of))


def keep_trim(
    output: Path, trim: Trim | None, on_warning: Callable[[str], None] = lambda _warning: None
) -> None:
    """Write how the manifest was trimmed, or that it was not: then there is no file.

    Args:
        output: Folder of the documents.
        trim: What was left out of the manifest.
        on_warning: Is told where a file of that name is now that no build wrote.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    path = output / NAME
    kept = {path: find_kept_name(path)} if _is_own(path) else {}
    content = trim and {
        "format": FORMAT,
        "budget_seconds": trim.budget_seconds,
        "seeds": trim.seeds,
        "epochs": list(trim.epochs.as_integer_ratio()),
    }
    text = json.dumps(content, indent=1, allow_nan=False)
    files = {path: f"{text}\n".encode()} if trim else {}
    outdated = [path] if not trim and os.path.lexists(path) else []
    with replacing(files, outdated, kept):
        pass
    for copy in kept.values():
        on_warning(f"{path} was not written by a build; it is kept as {copy.name}")


def _is_own(path: Path) -> bool:
    """Tell whether a file is a person's: it is there, and no build wrote it."""
    try:
        return load_trim(path.parent) is None and path.is_symlink()
    except EnvironmentFault:
        return path.is_file()
