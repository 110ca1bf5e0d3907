"""The levels of a study: the baseline overridden by each, resolved and compared."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from pydantic import ValidationError

from mnistreport.study.baselines import check_layers, describe_excess, name_largest_field
from mnistreport.study.complaints import Complaints
from mnistreport.study.document import as_list
from mnistreport.study.expansion import (
    override_fields,
    resolve_fields,
    resolve_variant,
)
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Baseline, FieldValue, Level
from mnistreport.study.naming import fold_name
from mnistreport.study.positions import KeyPath, find_line
from mnistreport.study.schema import MOST_LEVELS
from mnistreport.study.settings import MODEL_TABLES, ModelTable, list_factors
from mnistreport.study.spelling import format_label, spell_fields
from mnistreport.study.wording import format_key, format_value, quote, suggest

BASELINE_LABEL: Final = "baseline"
"""Label of the baseline in a study of named variants that does not name it itself."""

_Found = list[tuple[KeyPath, Level]]


def read_levels(
    study: Mapping[str, Any],
    path: KeyPath,
    baseline: Baseline,
    complaints: Complaints,
    *,
    is_certain: bool,
    lines: Mapping[KeyPath, int],
) -> tuple[Level, ...]:
    """Make the levels of a study, the baseline among them, and complain about those amiss.

    Args:
        study: The study's table.
        path: Where it stands in the manifest.
        baseline: What its levels depart from.
        complaints: Where to complain.
        is_certain: Whether the baseline is as the manifest has it; if not, named variants are
            not compared, since a default may stand in where they would differ.
        lines: Line of every key of the manifest.
    """
    factor = study.get("factor")
    if "variants" in study:
        found = _read_variants(study["variants"], path, baseline, complaints, is_certain=is_certain)
    elif factor is None or complaints.touch((*path, "factor")):
        found = []
    elif _check_factor(factor, (*path, "factor"), baseline, complaints):
        found = _read_factor_levels(study.get("levels"), factor, path, baseline, complaints)
    else:
        found = []
    return tuple(
        replace(level, line=baseline.line if level.is_baseline else find_line(lines, at) or 1)
        for at, level in found
    )


def _check_factor(factor: str, path: KeyPath, baseline: Baseline, complaints: Complaints) -> bool:
    kind = str(baseline.fields["kind"])
    if factor in MODEL_TABLES[kind].list_fields:
        complaints.add(path, f"`{factor}` is a list; vary it with `variants = [{{ label, … }}]`")
    elif factor not in list_factors(kind):
        hint = suggest(factor, list_factors(kind))
        complaints.add(
            path, f"is {quote(factor)}, which models.{baseline.model} does not have{hint}"
        )
    elif _is_ruled_by_layers(factor, baseline):
        complaints.add(path, _ruled_by_layers(factor, baseline))
    else:
        return True
    return False


def _is_ruled_by_layers(field: str, baseline: Baseline) -> bool:
    return field in {"hidden_layers", "neurons"} and "layers" in baseline.fields


def _ruled_by_layers(field: str, baseline: Baseline) -> str:
    return f"`{field}` cannot vary while models.{baseline.model} says `layers`; vary `layers`"


def _read_factor_levels(
    values: object, factor: str, path: KeyPath, baseline: Baseline, complaints: Complaints
) -> _Found:
    found: _Found = []
    for index, value in enumerate(as_list(values)[:MOST_LEVELS]):
        at = (*path, "levels", index)
        table = _resolve(baseline, {factor: value}, at, {factor: at}, complaints)
        if table is not None:
            found.append((at, _make_factor_level(table, factor, baseline)))
    found = _check_contents(found, complaints)
    if not any(level.is_baseline for _, level in found):
        table = resolve_fields(baseline.fields)
        found.append((path, _make_factor_level(table, factor, baseline)))
    return sorted(found, key=lambda each: cast("float", each[1].value))


def _read_variants(
    values: object, path: KeyPath, baseline: Baseline, complaints: Complaints, *, is_certain: bool
) -> _Found:
    found: _Found = []
    for index, value in enumerate(as_list(values)[:MOST_LEVELS]):
        at = (*path, "variants", index)
        if isinstance(value, dict):
            table = cast("dict[str, Any]", value)
            changes = {key: change for key, change in table.items() if key != "label"}
            if _check_changes(changes, at, baseline, complaints):
                places = {key: (*at, key) for key in changes}
                resolved = _resolve(baseline, changes, at, places, complaints)
                if resolved is not None and not complaints.touch((*at, "label")):
                    found.append((at, _make_level(resolved, baseline, str(table.get("label")))))
    if not is_certain:
        _check_labels(found, complaints)
        return []
    found = _check_contents(found, complaints)
    _check_labels(found, complaints)
    if not any(level.is_baseline for _, level in found):
        _check_baseline_label(found, complaints)
        table = resolve_fields(baseline.fields)
        found.insert(0, (path, _make_level(table, baseline, BASELINE_LABEL)))
    return found


def _check_changes(
    changes: Mapping[str, Any], at: KeyPath, baseline: Baseline, complaints: Complaints
) -> bool:
    if "kind" in changes:
        complaints.add((*at, "kind"), "a variant cannot be of another kind; add a model instead")
        return False
    for key in changes:
        if "layers" not in changes and _is_ruled_by_layers(key, baseline):
            complaints.add((*at, key), _ruled_by_layers(key, baseline))
            return False
    return check_layers(changes, at, complaints)


def _resolve(
    baseline: Baseline,
    changes: Mapping[str, Any],
    at: KeyPath,
    places: Mapping[str, KeyPath],
    complaints: Complaints,
) -> ModelTable | None:
    """Override the baseline, or complain at the places of the fields that are wrong."""
    try:
        table = resolve_fields(override_fields(baseline.fields, changes))
    except ValidationError as error:
        complaints.add_level_errors(error, str(baseline.fields["kind"]), places)
        return None
    if reason := describe_excess(table):
        complaints.add(places.get(name_largest_field(table), at), reason)
        return None
    return table


def _make_level(table: ModelTable, baseline: Baseline, label: str) -> Level:
    variant = resolve_variant(baseline.model, table)
    is_baseline = variant == baseline.variant
    # Settings are compared, not spellings: the baseline's own layers may be given as a list.
    own: dict[str, FieldValue] = {
        **spell_fields(baseline.variant, by_layer=True),
        **baseline.fields,
    }
    changed: dict[str, FieldValue] = {
        name: value
        for name, value in table.fields.items()
        if not is_baseline and own.get(name) != value
    }
    return Level(label, None, changed, variant, is_baseline)


def _make_factor_level(table: ModelTable, factor: str, baseline: Baseline) -> Level:
    value = cast("float", table.fields[factor])  # what ``list_factors`` names is a number or a bool
    level = _make_level(table, baseline, format_label(value))
    return Level(level.label, value, level.fields, level.variant, level.is_baseline)


def _check_contents(found: _Found, complaints: Complaints) -> _Found:
    """Complain about levels that are the same setting as another; return the others."""
    first: dict[Variant, KeyPath] = {}
    for at, level in found:
        earlier = first.setdefault(level.variant, at)
        if earlier != at:
            said = quote(level.label) if level.value is None else format_value(level.value)
            complaints.add(at, f"{said} is the same setting as {format_key(earlier)}")
    return [(at, level) for at, level in found if first[level.variant] == at]


def _check_labels(found: _Found, complaints: Complaints) -> None:
    first: dict[str, KeyPath] = {}
    for at, level in found:
        earlier = first.setdefault(fold_name(level.label), at)
        if earlier != at:
            reason = f"{quote(level.label)} is already the label of {format_key(earlier)}"
            complaints.add((*at, "label"), reason)


def _check_baseline_label(found: _Found, complaints: Complaints) -> None:
    for at, level in found:
        if fold_name(level.label) == BASELINE_LABEL:
            reason = f"{quote(level.label)} is kept for the baseline, which this variant is not"
            complaints.add((*at, "label"), reason)
