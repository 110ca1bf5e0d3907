"""Proofs and budgets as templates see them, and the sentences that say them."""

from collections.abc import Mapping, Sequence

from mnistreport.analysis.budgets import measure_budget
from mnistreport.analysis.results import Results
from mnistreport.analysis.rigour import Departure, LevelProof, OneFactorProof, prove_one_factor
from mnistreport.report.numbers import format_range
from mnistreport.report.records import BudgetView, LevelProofView, ProofView
from mnistreport.report.wording import (
    capitalise,
    count_things,
    format_setting,
    join_words,
    name_factor,
)

SEEDS_LISTED = 5
"""More seeds than these are counted, not listed."""
IMPORTED = "imported, not checked"
SPLIT_DIGITS = 8
"""Hex digits of a split's digest that tell it from another."""


def view_proofs(results: Results) -> tuple[ProofView, ...]:
    """Return each study's one-factor proof, failing levels among the others."""
    return tuple(
        ProofView(
            slug=proof.slug,
            title=proof.title,
            holds=proof.holds,
            sentence=_say_proof(proof),
            levels=tuple(map(_view_level, proof.levels)),
        )
        for proof in prove_one_factor(results)
    )


def _view_level(level: LevelProof) -> LevelProofView:
    return LevelProofView(
        label=level.label,
        is_baseline=not level.asked,
        holds=level.holds,
        differs=tuple(map(_say_departure, level.departures)) if level.is_checked else (),
        splits=tuple(split[:SPLIT_DIGITS] for split in level.splits if not level.is_imported),
        seeds=level.seeds,
        epochs=level.epochs,
        diverged=tuple(level.diverged.items()),
        failures=_list_failures(level),
        imported=not level.is_checked,
    )


def _list_failures(level: LevelProof) -> tuple[str, ...]:
    """Say everything that is not as it should be; nothing if the proof holds."""
    failures: list[str] = []
    if level.is_imported:
        failures.append(IMPORTED)
    elif level.has_imported_baseline:
        failures.append(f"the baseline is {IMPORTED}")
    extra = [each for each in level.departures if each.field not in level.asked]
    lacking = level.asked - {each.field for each in level.departures}
    if extra:
        failures.append(f"{join_words([name_factor(each.field) for each in extra])} differs, too")
    if lacking:
        failures.append(f"{join_words(sorted(map(name_factor, lacking)))} does not differ")
    if not level.shares_split:
        failures.append("another split")
    if not level.has_due_epochs:
        failures.append(f"not the {level.due_epochs} epochs of the others")
    if absent := tuple(e for e in level.missing_seeds if e not in level.broken_seeds):
        failures.append(f"no run of {_name_seeds(absent)}")
    if level.broken_seeds:
        failures.append(f"no finished run of {_name_seeds(level.broken_seeds)}")
    if not level.is_from_scratch:
        failures.append("a history that does not begin at epoch 1")
    return tuple(failures)


def _name_seeds(seeds: tuple[int, ...]) -> str:
    if len(seeds) > SEEDS_LISTED:
        return f"{len(seeds)} seeds"
    return f"seed{'' if len(seeds) == 1 else 's'} {join_words([str(seed) for seed in seeds])}"


def _say_departure(departure: Departure) -> str:
    before, after = format_setting(departure.baseline), format_setting(departure.level)
    return f"{name_factor(departure.field)} {before} → {after}"


def _say_proof(proof: OneFactorProof) -> str:
    unchecked = [level for level in proof.levels if not level.is_checked]
    if not proof.holds:
        reasons = [
            f"“{level.label}”: {', '.join(failures)}"
            for level in proof.levels
            if not level.holds and (failures := _list_failures(level)[not level.is_checked :])
        ]
        said = [_say_unchecked(unchecked)] if unchecked else []
        said += [f"The runs do not bear this out for {'; '.join(reasons)}."] if reasons else []
        return " ".join(said)
    shared = ["one split", count_things(len(proof.levels[0].seeds), "seed")]
    epochs = {level.due_epochs for level in proof.levels}
    if len(epochs) == 1:
        shared.append(count_things(epochs.pop(), "epoch"))
    said = (
        "The settings that were run bear this out, field by field; "
        f"every level was given the same: {join_words(shared)}."
    )
    diverged = sum(len(level.diverged) for level in proof.levels)
    return f"{said} {count_things(diverged, 'run')} diverged." if diverged else said


def _say_unchecked(levels: Sequence[LevelProof]) -> str:
    """Say why it is not known what was run at these levels."""
    imported = [f"“{level.label}”" for level in levels if level.is_imported]
    baseline = ", the baseline among them" if levels[0].has_imported_baseline else ""
    return (
        "That nothing else differs is not shown: the conditions of imported runs were not checked "
        f"({join_words(imported)}{baseline})."
    )


def view_budgets(results: Results, titles: Mapping[str, str]) -> tuple[BudgetView, ...]:
    """Return the budgets of the studies, of the joined variants, and of each model in all.

    Args:
        results: What was run.
        titles: Each model in words.
    """
    views = [
        BudgetView(
            study.study.title, "study", measure_budget(level.summary for level in study.levels)
        )
        for study in results.studies
    ]
    views += [
        BudgetView(
            f"Best levels joined, {titles[model]}",
            "joined",
            measure_budget([results.variants[key]]),
        )
        for model, key in results.combined.items()
    ]
    for model, title in titles.items():
        of_model = [each for each in results.variants.values() if each.variant.model == model]
        views.append(BudgetView(f"{capitalise(title)}, in all", "model", measure_budget(of_model)))
    return tuple(views)


def say_budgets(results: Results, titles: Mapping[str, str]) -> str:
    """Say how much was tried for each model, and where budgets were not equal."""
    by_model = {
        title: measure_budget(e for e in results.variants.values() if e.variant.model == model)
        for model, title in titles.items()
    }
    tried = [
        f"the {title} in {count_things(budget.settings, 'setting')} of "
        f"{format_range(budget.epochs)} epoch{'' if budget.epochs == (1, 1) else 's'}"
        for title, budget in by_model.items()
    ]
    where = ", here and elsewhere," if results.imported else ""
    sentences = [f"Training{where} tried {join_words(tried)}."]
    if results.imported:
        runs = count_things(len(results.imported), "run")
        sentences.append(f"What was tried elsewhere besides the {runs} imported is not known.")
    budgets = {(budget.settings, budget.epochs) for budget in by_model.values()}
    if len(budgets) > 1:
        sentences.append(
            "These budgets are not equal, so what the models reached does not compare the models "
            "alone."
        )
    elif len(by_model) > 1:
        sentences.append("In this these budgets are equal.")
    uneven = [
        f"{study.study.title} ({format_range(updates)})"
        for study in results.studies
        if (updates := measure_budget(level.summary for level in study.levels).updates)
        and updates[0] < updates[1]
    ]
    if uneven:
        sentences.append(f"Levels had different numbers of updates in: {', '.join(uneven)}.")
    return " ".join(sentences)
