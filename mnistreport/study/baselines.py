"""The models of a manifest: the settings that its studies depart from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mnistreport.study.complaints import Complaints
from mnistreport.study.document import Document, as_table
from mnistreport.study.expansion import resolve_fields, resolve_variant
from mnistreport.study.manifest import Baseline
from mnistreport.study.positions import KeyPath, find_line
from mnistreport.study.settings import MOST_MODELS, MOST_PARAMETERS, MlpTable, ModelTable

_SIZES: Final = ("layers", "neurons", "channels", "dense")


@dataclass(frozen=True, slots=True)
class Models:
    """What is known of the models while the manifest is still being checked.

    Attributes:
        names: All names, also of models that cannot be read.
        baselines: Those whose kind is known; defaults stand in for fields with complaints.
        doubtful: Names of the baselines with such fields: comparing with them proves nothing.
    """

    names: tuple[str, ...]
    baselines: Mapping[str, Baseline]
    doubtful: frozenset[str]


def build_baselines(document: Document, complaints: Complaints) -> Models:
    """Make the baseline of every model: ``[training]`` overridden by the model's own table."""
    tables = as_table(document.values.get("models"))
    if len(tables) > MOST_MODELS:  # the only complaint there is about them then
        return Models(tuple(tables), {}, frozenset())
    training = _keep_sound(as_table(document.values.get("training")), ("training",), complaints)
    training.pop("seeds", None)
    baselines: dict[str, Baseline] = {}
    for name, value in tables.items():
        path, table = ("models", name), as_table(value)
        if "kind" not in table or complaints.touch((*path, "kind")):
            continue
        _check_name(path, baselines, complaints)
        own = _keep_sound(table, path, complaints)
        line = find_line(document.lines, path) or 1
        baselines[name] = _build_baseline(path, training, own, line, complaints)
    shared = as_table(document.values.get("training")).keys() - {"seeds"}
    is_shared_doubtful = any(complaints.touch(("training", key)) for key in shared)
    doubtful = {
        name for name in baselines if is_shared_doubtful or complaints.touch(("models", name))
    }
    return Models(tuple(tables), baselines, frozenset(doubtful))


def check_layers(table: Mapping[str, Any], path: KeyPath, complaints: Complaints) -> bool:
    """Tell whether ``layers`` does without the keys that it replaces; complain if not."""
    rivals = [f"`{key}`" for key in ("hidden_layers", "neurons") if key in table]
    if "layers" not in table or not rivals:
        return True
    reason = f"already says what {' and '.join(rivals)} would say: give one or the other"
    complaints.add((*path, "layers"), reason)
    return False


def describe_excess(table: ModelTable) -> str | None:
    """Say that a model is too large to be trained, if it is; nothing is allocated to find out."""
    parameters = table.architecture.parameters
    if parameters <= MOST_PARAMETERS:
        return None
    return f"makes a model of {parameters:,} parameters; at most {MOST_PARAMETERS:,} are allowed"


def name_largest_field(table: ModelTable) -> str:
    """Name the field that makes a model as large as it is."""
    if isinstance(table, MlpTable):
        return "layers" if table.layers else "neurons"
    return "dense" if table.dense >= max(table.channels) else "channels"


def _build_baseline(
    path: tuple[str, str],
    training: Mapping[str, Any],
    own: dict[str, Any],
    line: int,
    complaints: Complaints,
) -> Baseline:
    if not check_layers(own, path, complaints):
        own.pop("layers")
    table = resolve_fields({**training, **own})
    if reason := describe_excess(table):
        complaints.add((*path, name_largest_field(table)), reason)
        # Of default size from here on, so that no level repeats the complaint.
        own = {key: value for key, value in own.items() if key not in _SIZES}
        table = resolve_fields({**training, **own})
    return Baseline(path[1], table.fields, resolve_variant(path[1], table), line)


def _check_name(path: tuple[str, str], others: Mapping[str, Any], complaints: Complaints) -> None:
    for other in others:
        if other.casefold() == path[1].casefold():
            complaints.add(path, f"differs from models.{other} only in upper and lower case")


def _keep_sound(table: dict[str, Any], path: KeyPath, complaints: Complaints) -> dict[str, Any]:
    """Copy the keys of a table that have no complaints."""
    return {key: value for key, value in table.items() if not complaints.touch((*path, key))}
