"""The studies of a manifest: what each asks, of which model, and under which name."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnistreport.study.baselines import Models, describe_excess
from mnistreport.study.complaints import Complaints
from mnistreport.study.document import Document, as_list, as_table
from mnistreport.study.expansion import override_fields, resolve_fields
from mnistreport.study.levels import read_levels
from mnistreport.study.manifest import Baseline, FieldValue, Level, Study
from mnistreport.study.naming import fold_name, make_slug
from mnistreport.study.positions import KeyPath, find_line
from mnistreport.study.schema import MOST_STUDIES
from mnistreport.study.wording import quote, suggest


def build_studies(document: Document, models: Models, complaints: Complaints) -> tuple[Study, ...]:
    """Make the studies, and complain about what no single key tells."""
    tables = as_list(document.values.get("studies"))
    if len(tables) > MOST_STUDIES:  # the only complaint there is about them then
        return ()
    studies: dict[KeyPath, Study] = {}
    strangers: dict[str, list[KeyPath]] = {}
    for index, value in enumerate(tables):
        table, path = as_table(value), ("studies", index)
        if not table:
            continue  # without keys all are missing, and ``schema`` has said so
        _check_question(table, path, complaints)
        model = "" if complaints.touch((*path, "model")) else str(table["model"])
        if model and model not in models.names:
            strangers.setdefault(model, []).append((*path, "model"))
        levels: tuple[Level, ...] = ()
        if baseline := models.baselines.get(model):
            is_certain = model not in models.doubtful
            levels = read_levels(
                table, path, baseline, complaints, is_certain=is_certain, lines=document.lines
            )
        if not complaints.touch((*path, "name")):
            line = find_line(document.lines, path) or 1
            studies[path] = _make_study(table, model, levels, line)
    _check_names(studies, complaints)
    if models.names:  # else the missing models are the one mistake
        _check_strangers(strangers, models.names, document, complaints)
    return tuple(studies.values())


def check_combinations(
    studies: Sequence[Study], baselines: Mapping[str, Baseline], complaints: Complaints
) -> None:
    """Complain if joining the best level of each study could make too large a model.

    Which levels are best is known only after hours of training, so the largest are joined here:
    the number of parameters grows with every field that it depends on.
    """
    for baseline in baselines.values():
        changes = [
            change
            for study in studies
            if study.model == baseline.model
            for level in study.levels
            for change in level.fields.items()
        ]
        if reason := _find_excess(baseline, changes):
            said = f"joining the largest levels of the studies of models.{baseline.model} {reason}"
            complaints.add(("final", "combine"), said)


def _check_question(table: Mapping[str, Any], path: KeyPath, complaints: Complaints) -> None:
    given = {
        key for key in ("factor", "levels", "variants") if complaints.is_given(table, (*path, key))
    }
    if not given:
        complaints.add(path, "needs `factor` and `levels`, or `variants`")
    elif "variants" in given and len(given) > 1:
        reason = "a study has either `factor` and `levels`, or `variants`, but not both"
        complaints.add((*path, "variants"), reason)
    elif given == {"factor"}:
        complaints.add_missing((*path, "levels"))
    elif given == {"levels"}:
        complaints.add_missing((*path, "factor"))


def _make_study(
    table: Mapping[str, Any], model: str, levels: tuple[Level, ...], line: int
) -> Study:
    name = str(table["name"])
    return Study(
        name=name,
        slug=make_slug(name),
        title=table.get("title") or name,
        model=model,
        factor=table.get("factor"),
        levels=levels,
        line=line,
    )


def _check_names(studies: Mapping[KeyPath, Study], complaints: Complaints) -> None:
    first: dict[str, Study] = {}
    for path, study in studies.items():
        other = first.setdefault(study.slug, study)
        if other is study:
            continue
        both = (
            f"{quote(other.name)} (line {other.line}) and {quote(study.name)} (line {study.line})"
        )
        is_same = fold_name(other.name) == fold_name(study.name)
        why = "are the same name" if is_same else f"would name the same files, {study.slug}"
        complaints.add((*path, "name"), f"{both} {why}")


def _check_strangers(
    strangers: Mapping[str, Sequence[KeyPath]],
    names: Sequence[str],
    document: Document,
    complaints: Complaints,
) -> None:
    """Complain once about each name that no model has, however many studies use it."""
    for name, paths in strangers.items():
        reason = f"there is no model {quote(name)}{suggest(name, names)}"
        if others := [str(find_line(document.lines, path)) for path in paths[1:]]:
            reason += f" (also in line {', '.join(others)})"
        complaints.add(paths[0], reason)


def _find_excess(baseline: Baseline, changes: Sequence[tuple[str, FieldValue]]) -> str | None:
    largest: dict[str, FieldValue] = dict(baseline.fields)
    for name, value in changes:
        known = largest.get(name)
        if isinstance(value, int | float) and isinstance(known, int | float):
            largest[name] = max(value, known)
    lists = [{name: value} for name, value in changes if isinstance(value, tuple)]
    tables = [resolve_fields(override_fields(largest, change)) for change in ({}, *lists)]
    return describe_excess(max(tables, key=lambda table: table.architecture.parameters))
