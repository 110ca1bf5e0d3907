"""Runs that were trained elsewhere, each found to be one of the experiments that are asked for.

What a file and its ``[[runs]]`` do not say of a run is the model's baseline. Nothing here is taken
for something else: a run that is no experiment of the manifest, or not all of one, is an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from typing import Any, Final

from pydantic import ValidationError

from mnistreport.errors import ManifestError
from mnistreport.study.expansion import expand_variants, override_fields, resolve_fields
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.manifest import Baseline, FieldValue, Import, Manifest
from mnistreport.study.schema import manifest_schema
from mnistreport.study.settings import MODEL_TABLES
from mnistreport.study.spelling import format_label
from mnistreport.study.wording import explain_error, quote, suggest
from mnistreport.training.histories import NUMBER, VARIANT, WHOLE, Faults, History, read_histories
from mnistreport.training.patterns import Search, TooWideError
from mnistreport.training.result import ImportedRun

MOST_FILES: Final = 1000
"""Files that one manifest imports."""
MOST_BYTES: Final = 64 * 2**20
"""Of all of them together."""
_FORMULA: Final = "=+-@"
"""What begins so is computed by whatever opens a table."""
_SEED, _MODEL, _LAYERS = "seed", "model", "layers"
_SIZES: Final = ("hidden_layers", "neurons")
"""What ``layers`` says instead."""
_SHOWN_SEEDS: Final = 10


@dataclass(frozen=True, slots=True)
class ImportedHistory:
    """A history, and the experiment that it is said to be of.

    Attributes:
        assumed: ``hidden_layers`` or ``neurons``, where only the other of the two was told.
    """

    variant: Variant
    seed: int
    history: History
    assumed: str = ""

    def make_run(self, split_sha256: str) -> ImportedRun:
        """Return the run that stands for the experiment on a split."""
        history = self.history
        fingerprint = Experiment(self.variant, self.seed, split_sha256).fingerprint
        return ImportedRun(fingerprint, history.rows, history.name, history.line, history.sha256)


def import_histories(manifest: Manifest) -> tuple[ImportedHistory, ...]:
    """Read every file that a manifest imports, and find each run's experiment.

    Raises:
        ManifestError: A pattern matches nothing, or what is outside the manifest's folder.
        DataError: A file is not as it should be, or a run in it is none of the experiments that
            the manifest asks for; with everything that is wrong, of all files.
    """
    folder = manifest.path.parent
    search = Search(folder, MOST_FILES)
    places = [(entry, _find_files(entry, manifest, search)) for entry in manifest.imports]
    files = [(entry, folder / name) for entry, names in places for name in names]
    if sum(path.lstat().st_size for _, path in files) > MOST_BYTES:
        reason = f"all files together are larger than {MOST_BYTES // 2**20} MiB"
        raise _refuse(files[-1][0], manifest, reason)
    faults = Faults()
    finder = _Finder(manifest, faults)
    found = [
        ImportedHistory(*experiment, history, _find_assumed(history, entry))
        for entry, names in places
        for name in names
        for history in read_histories(folder / name, name, faults)
        if (experiment := finder.find(history, entry))
    ]
    _refuse_twins(found, faults)
    faults.raise_if_any()
    return tuple(found)


def _find_assumed(history: History, entry: Import) -> str:
    told = history.told.keys() | entry.fields.keys()
    if _LAYERS in history.told or not told & {*_SIZES}:
        return ""
    return next((name for name in _SIZES if name not in told), "")


def place_histories(
    histories: Sequence[ImportedHistory], split_sha256: str
) -> dict[str, ImportedRun]:
    """Return the runs, by fingerprint, that stand for experiments on a split."""
    runs = (each.make_run(split_sha256) for each in histories)
    return {run.fingerprint: run for run in runs}


def _find_files(entry: Import, manifest: Manifest, search: Search) -> list[str]:
    """Return the names of the files of an entry, relative to the manifest, in their order."""
    folder = manifest.path.parent
    inside = folder.resolve()
    try:
        paths = search.find(entry.pattern)
        strays = [path for path in paths if not path.resolve().is_relative_to(inside)]
    except TooWideError as error:
        step = "name the folders themselves in the pattern, such as histories/*.csv"
        raise _refuse(entry, manifest, str(error), step) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise _refuse(entry, manifest, f"cannot be looked for: {error}") from error
    names = [path.relative_to(folder).as_posix() for path in paths]
    if not names:
        reason = f"no file of this name, or that matches it: {quote(entry.pattern)}"
        step = "put the histories there, or correct the pattern"
        if search.passed_links:
            link = quote(search.passed_links[0])
            step = f"{link} is a link to a folder, which no pattern follows: put the folder there"
        raise _refuse(entry, manifest, reason, step)
    if strays:
        reason = f"{quote(strays[0].name)} leads out of the manifest's folder"
        raise _refuse(entry, manifest, reason, "put the file itself there, not a link to it")
    if strange := [name for name in names if not name.isprintable() or name[0] in _FORMULA]:
        reason = f"the name {quote(strange[0])} cannot stand in a table"
        raise _refuse(entry, manifest, reason, "rename the file")
    return names


def _refuse(
    entry: Import, manifest: Manifest, reason: str, next_step: str | None = None
) -> ManifestError:
    key = f"runs[{manifest.imports.index(entry)}].import"
    return ManifestError(reason, file=manifest.path, line=entry.line, key=key, next_step=next_step)


def _refuse_twins(found: Sequence[ImportedHistory], faults: Faults) -> None:
    """Complain where two histories are of one experiment, under whichever model's name."""
    first: dict[str, History] = {}
    for each in found:
        history = each.history
        other = first.setdefault(Experiment(each.variant, each.seed, "").fingerprint, history)
        if other is not history:
            reason = f"this is the same run as in {other.name}:{other.line}; one experiment, once"
            faults.add(reason, history.path, history.line, next_step="import one of the two")


class _Finder:
    """Finds the experiment that a history is of."""

    def __init__(self, manifest: Manifest, faults: Faults) -> None:
        self._manifest, self._faults = manifest, faults
        self._variants = expand_variants(manifest)

    def find(self, history: History, entry: Import) -> tuple[Variant, int] | None:
        """Return variant and seed of a history; complain if it is not all of an experiment."""
        seed = self._find_seed(history, entry)
        variant = self._find_variant(history, entry)
        if variant is None or seed is None:
            return None
        done, asked = len(history.rows), variant.training.epochs
        if done == asked:
            return variant, seed
        if done < asked:
            reason = f"the run ends after epoch {done} of {asked}: a run that is not finished"
            step = "import all of its epochs, or leave it out, and it is trained"
        else:
            reason = f"the run has {done} epochs, and the manifest asks for {asked}"
            step = "ask for as many in the manifest"
        self._complain(history, reason, "epoch", step, line=history.last)
        return None

    def _find_seed(self, history: History, entry: Import) -> int | None:
        told = history.told.get(_SEED)
        seed = entry.seed if told is None else _read_value(told)
        if seed is None:
            step = "add a column seed, or say seed in [[runs]]"
            self._complain(history, "which seed this run had is not told", _SEED, step)
        elif type(seed) is not int or seed not in self._manifest.seeds:
            seeds = ", ".join(map(str, self._manifest.seeds[:_SHOWN_SEEDS]))
            more = ", …" if len(self._manifest.seeds) > _SHOWN_SEEDS else ""
            shown = told if told is not None else str(seed)
            reason = f"{quote(shown)} is none of the manifest's seeds: {seeds}{more}"
            self._complain(history, reason, _SEED)
        else:
            return seed
        return None

    def _find_variant(self, history: History, entry: Import) -> Variant | None:
        baseline = self._find_baseline(history, entry)
        if baseline is None:
            return None
        kind = str(baseline.fields["kind"])
        told = {
            name: _read_value(text, is_list=name in MODEL_TABLES[kind].list_fields)
            for name, text in history.told.items()
            if name not in (_SEED, _MODEL)
        }
        if VARIANT in told:
            return self._find_key(history, baseline.model, told)
        strange = [name for name in told if name not in MODEL_TABLES[kind].model_fields]
        strange += [name for name in entry.fields if name not in MODEL_TABLES[kind].model_fields]
        if strange:
            self._complain(history, f"a model of kind {kind} has no such field", strange[0])
            return None
        changes, ambiguous = _join(baseline, entry.fields, told)
        if ambiguous:
            reason = "leaves open which layers the network has: give all of them as layers"
            self._complain(history, reason, ambiguous)
            return None
        return self._resolve(history, baseline, changes)

    def _find_baseline(self, history: History, entry: Import) -> Baseline | None:
        baselines = self._manifest.baselines
        name = history.told.get(_MODEL, entry.model)
        if not name and len(baselines) == 1:
            return next(iter(baselines.values()))
        if not name:
            step = "add a column model, or say model in [[runs]]"
            self._complain(history, "which model this run is of is not told", _MODEL, step)
        elif name not in baselines:
            self._complain(history, f"there is no model {quote(name)}{suggest(name, baselines)}",
                           _MODEL)  # fmt: skip
        return baselines.get(name)

    def _find_key(self, history: History, model: str, told: Mapping[str, object]) -> Variant | None:
        if others := [name for name in told if name != VARIANT]:
            self._complain(history, f"the column {VARIANT} says this already", others[0])
            return None
        key = history.told[VARIANT]
        for variant in self._variants:
            if (variant.key, variant.model) == (key, model):
                return variant
        self._complain(history, f"{quote(key)} is no variant of {model} in the manifest", VARIANT)
        return None

    def _resolve(
        self, history: History, baseline: Baseline, changes: Mapping[str, object]
    ) -> Variant | None:
        try:
            table = resolve_fields(override_fields(baseline.fields, changes))
        except ValidationError as error:
            nodes: Mapping[str, Any] = manifest_schema()["$defs"]
            properties = nodes[MODEL_TABLES[str(baseline.fields["kind"])].__name__]["properties"]
            for found in error.errors(include_url=False):
                field = str(found["loc"][0])
                self._complain(history, explain_error(found, properties.get(field, {})), field)
            return None
        ours = Variant(baseline.model, table.architecture, table.setting)
        if ours in self._variants:
            return ours
        own = [each for each in self._variants if each.model == ours.model]
        nearest = min(own, key=lambda each: _measure_distance(ours, each))
        differing = "; ".join(
            f"{name} {_show(theirs)}, not {_show(mine)}"
            for name, mine, theirs in _compare(ours, nearest)
        )
        reason = f"no experiment of the manifest is like this run; the nearest has {differing}"
        self._complain(history, reason, next_step="add it to a study, or correct the columns")
        return None

    def _complain(
        self,
        history: History,
        reason: str,
        key: str | None = None,
        next_step: str | None = None,
        *,
        line: int | None = None,
    ) -> None:
        self._faults.add(reason, history.path, line or history.line, key, next_step)


def _join(
    baseline: Baseline, given: Mapping[str, FieldValue], told: Mapping[str, object]
) -> tuple[dict[str, object], str]:
    """Join what an entry gives with what a file tells, which counts more.

    Returns:
        The fields; and the one that leaves open which layers there are, if one does.
    """
    said = {name for name in (_LAYERS, *_SIZES) if name in told}
    is_by_layer = _LAYERS in said
    if is_by_layer and len(said) > 1:
        return {}, _LAYERS
    replaced = _SIZES if is_by_layer else (_LAYERS,) if said else ()
    changes: dict[str, object] = {
        name: value for name, value in given.items() if name not in replaced
    }
    changes |= told
    sizes = [name for name in _SIZES if name in changes]
    if _LAYERS in baseline.fields and sizes and _LAYERS not in changes:
        if len(sizes) < len(_SIZES):
            return {}, sizes[0]
        depth, width = (changes.pop(name) for name in _SIZES)
        if isinstance(depth, int) and 0 < depth <= MOST_DEPTH:
            changes[_LAYERS] = (width,) * depth
        else:
            return {}, _SIZES[0]
    return changes, ""


MOST_DEPTH: Final = 64
"""Hidden layers, as in ``settings``."""


def _read_value(text: str, *, is_list: bool = False) -> object:
    """Return what a cell says: true or false, a number, numbers joined by ``-``, or text."""
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    parts = text.split("-")
    if (is_list or len(parts) > 1) and all(map(WHOLE.fullmatch, parts)):
        return tuple(map(int, parts))
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


def _compare(ours: Variant, other: Variant) -> Iterator[tuple[str, FieldValue, FieldValue | None]]:
    """Yield the name and both values of each field in which another variant differs."""
    for mine, theirs in (
        (asdict(ours.architecture), asdict(other.architecture)),
        (asdict(ours.training), asdict(other.training)),
    ):
        for name, value in mine.items():
            if theirs.get(name) != value:
                yield name, value, theirs.get(name)


def _measure_distance(ours: Variant, other: Variant) -> tuple[int, float]:
    """Return in how many fields two variants differ, and how far apart these are."""
    differing = list(_compare(ours, other))
    return len(differing), sum(_measure_ratio(mine, theirs) for _, mine, theirs in differing)


def _measure_ratio(value: FieldValue, other: FieldValue | None) -> float:
    if isinstance(value, tuple) and isinstance(other, tuple) and len(value) == len(other):
        return sum(map(_measure_ratio, value, other))
    if isinstance(value, int | float) and isinstance(other, int | float) and value > 0 < other:
        return abs(log(value / other))
    return _FAR


_FAR: Final = 100.0


def _show(value: FieldValue | None) -> str:
    if isinstance(value, bool | int | float):
        return format_label(value)
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return str(value)
