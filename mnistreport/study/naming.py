"""What files are called after a study, a submission's zip, and the files that its notebook reads.

A zip is named by a scheme such as ``id1_id2_id3``, filled with ids:
``id1``, ``id2`` and so on stand for the ids of a team's members, in that order; everything else
in a scheme stands for itself.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

DEFAULT_SCHEME: Final = "id1_id2_id3"
"""Three ids, joined by ``_``."""
SCHEME_RULE: Final = (
    'id1, id2 and so on in this order, with letters, "-" or "_" between them, such as "id1_id2_id3"'
)
PLACEHOLDER: Final = "000000"
"""What the ids begin with that the default manifest has in the place of real ones."""
RUNS, EPOCHS, LEVELS = "runs.csv", "epochs.csv", "levels.csv"
TABLES: Final = (RUNS, EPOCHS, LEVELS)
"""Made of the runs and their studies alone; what the notebook reads, besides weights."""
_LONGEST_SLUG: Final = 60
_PLACE: Final = re.compile("id([1-9][0-9]?)")
_ID: Final = "[0-9]{1,20}"


def fold_name(name: str) -> str:
    """Make two names equal that look equal or differ in upper and lower case only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def make_slug(name: str) -> str:
    """Make a file name of a study's name: ASCII letters, digits, ``-`` and ``_``, never empty."""
    plain = unicodedata.normalize("NFKD", fold_name(name)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9_-]+", "-", plain)[:_LONGEST_SLUG].strip("-_")
    return slug or f"study-{hashlib.sha256(fold_name(name).encode()).hexdigest()[:8]}"


def name_weights(model: str) -> str:
    """Return the name of the file with the weights of a model's winner."""
    return f"best_{model}.safetensors"


def list_read(models: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all that the notebook reads, for ``models`` of these names."""
    return (*TABLES, *map(name_weights, models))


def is_placeholder(name: str) -> bool:
    """Tell whether an author's name is one that the default manifest has in the place of a real."""
    return "(replace me)" in name


def is_scheme(text: str) -> bool:
    """Tell whether ``text`` is a scheme: numbered places in order, and nothing that misleads."""
    places = [int(number) for number in _PLACE.findall(text)]
    return bool(
        places == list(range(1, len(places) + 1))
        and places
        and re.fullmatch("[A-Za-z0-9_-]{1,100}", text)
        # Two numbers would run together, or a place would be none that anybody meant.
        and not re.search("id[1-9][0-9]?+(?=[0-9]|id)|id0", text)
    )


def count_ids(scheme: str) -> int:
    """Return how many ids a scheme has places for."""
    return len(_PLACE.findall(scheme))


def name_zip(scheme: str, ids: Sequence[str]) -> str:
    """Return the file name of the zip, for as many ids as ``scheme`` has places for."""
    return f"{_PLACE.sub(lambda place: ids[int(place[1]) - 1], scheme)}.zip"


def follows_scheme(scheme: str, name: str) -> bool:
    """Tell whether a file's ``name`` is as ``scheme`` says, whatever its ids."""
    return _match(scheme, name) is not None


def explain_misnamed(scheme: str, name: str) -> str | None:
    """Return why a file's ``name`` is not as ``scheme`` says, or ``None`` if it is."""
    found = _match(scheme, name)
    if not found:
        return f"it is not named {scheme}.zip, with a number in the place of each id"
    ids = found.groups()
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        return f"the id {twice[0]} is in its name twice"
    placeholders = [each for each in ids if each.startswith(PLACEHOLDER)]
    return f"{placeholders[0]} is a placeholder, not an id" if placeholders else None


def _match(scheme: str, name: str) -> re.Match[str] | None:
    """Return the ids in a zip's ``name`` as groups."""
    literals = _PLACE.split(f"{scheme}.zip")[::2]
    return re.fullmatch(f"({_ID})".join(map(re.escape, literals)), name)
