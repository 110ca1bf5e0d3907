"""The runs of a manifest that are not trained: where their histories lie, and whose they are."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from pydantic import ValidationError

from mnistreport.study.baselines import Models, check_layers
from mnistreport.study.complaints import Complaints
from mnistreport.study.document import Document, as_list, as_table
from mnistreport.study.expansion import resolve_fields
from mnistreport.study.manifest import FieldValue, Import
from mnistreport.study.positions import KeyPath, find_line
from mnistreport.study.schema import MOST_IMPORTS
from mnistreport.study.settings import MODEL_TABLES
from mnistreport.study.wording import quote, suggest

_OWN: Final = ("import", "model", "seed")
"""Keys that are no fields of a model."""


def list_fields(kind: str) -> tuple[str, ...]:
    """Name the fields of a kind of model that its runs may differ in."""
    return tuple(name for name in MODEL_TABLES[kind].model_fields if name != "kind")


def build_imports(document: Document, models: Models, complaints: Complaints) -> tuple[Import, ...]:
    """Read the tables of imported runs, and complain about what no single key tells."""
    tables = as_list(document.values.get("runs"))
    if len(tables) > MOST_IMPORTS:  # the only complaint there is about them then
        return ()
    return tuple(_read_imports(tables, document, models, complaints))


def _read_imports(
    tables: list[Any], document: Document, models: Models, complaints: Complaints
) -> Iterator[Import]:
    for index, value in enumerate(tables):
        table, path = as_table(value), ("runs", index)
        model = table.get("model", "")
        if model and not complaints.touch((*path, "model")) and model not in models.names:
            reason = f"there is no model {quote(model)}{suggest(model, models.names)}"
            complaints.add((*path, "model"), reason)
        fields = {key: each for key, each in table.items() if key not in _OWN}
        baselines = [each for name, each in models.baselines.items() if model in ("", name)]
        kinds = dict.fromkeys(str(each.fields["kind"]) for each in baselines)
        if kinds:  # else the missing model is the one mistake
            _check_fields(fields, tuple(kinds), path, complaints)
        if "import" in table and not complaints.touch(path):
            yield Import(
                pattern=table["import"],
                model=model,
                seed=table.get("seed"),
                fields={key: _freeze(each) for key, each in fields.items()},
                line=find_line(document.lines, (*path, "import")) or 1,
            )


def _check_fields(
    fields: Mapping[str, Any], kinds: tuple[str, ...], path: KeyPath, complaints: Complaints
) -> None:
    """Complain about fields that no model in question has, or that cannot be as they are."""
    known = {name: kind for kind in kinds for name in list_fields(kind)}
    for name in fields.keys() - known.keys():
        complaints.add((*path, name), f"unknown key{suggest(name, (*_OWN, *known))}")
    if not check_layers(fields, path, complaints):
        return
    for name in fields.keys() & known.keys():
        try:
            resolve_fields({"kind": known[name], name: fields[name]})
        except ValidationError as error:
            complaints.add_level_errors(error, known[name], {name: (*path, name)})


def _freeze(value: Any) -> FieldValue:  # noqa: ANN401 - whatever a checked manifest holds
    return tuple(cast("list[int]", value)) if isinstance(value, list) else value
