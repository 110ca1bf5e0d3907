"""Which winners were not read on the test split, and what else was read: the sentences."""

from collections.abc import Iterator, Sequence

from mnistreport.report.dates import say_moment
from mnistreport.report.material import Material, Reading
from mnistreport.report.numbers import format_measure
from mnistreport.report.records import OtherSplitRead, UntestedView
from mnistreport.report.study_views import title_model
from mnistreport.report.tables import Column, Row, Table
from mnistreport.report.views import ReportContext
from mnistreport.report.wording import count_things, describe_variant, join_words

_NOT_READ = {"unread": "not read yet", "imported": "not read: no weights"}
_WARNING = (
    "A test result may have influenced what was decided after that. The ledger lists every look."
)


def view_untested(material: Material) -> tuple[UntestedView, ...]:
    """Return the models whose winner was not read on the test split, in the manifest's order."""
    return tuple(
        UntestedView(
            each.model,
            title_model(material.results, each.model),
            each.reading,
            describe_variant(each.winner.summary.variant) if each.winner else "",
            each.winner.summary.accuracy if each.winner else None,
        )
        for each in material.finalists
        if each.reading != "read"
    )


def say_untested(untested: Sequence[UntestedView]) -> str:
    """Say which models have no test result and why; nothing if all were tested."""
    return " ".join((*say_unread_winners(untested), *_say_models_without_winner(untested)))


def say_unread_winners(untested: Sequence[UntestedView]) -> Iterator[str]:
    """Yield which winners were not read on the test split: those that can be, the others."""
    if unread := _list_winners(untested, "unread"):
        them = "it" if len(unread) == 1 else "them"
        yield (
            "Chosen by validation accuracy, and not yet read on the test split: "
            f"{join_words(unread)}. The final build reads {them}: mnistreport build."
        )
    if imported := _list_winners(untested, "imported"):
        yield (
            f"Not read on the test split: {join_words(imported)} by validation accuracy. "
            "Imported runs come without weights."
        )


def tell_unread(material: Material) -> str:
    """Return which winners the final build will read, for the console; nothing if it is none."""
    unread = [each for each in view_untested(material) if each.reading == "unread"]
    return "".join(say_unread_winners(unread))


def _list_winners(untested: Sequence[UntestedView], reading: Reading) -> list[str]:
    return [f"the best {each.title}" for each in untested if each.reading == reading]


def _say_models_without_winner(untested: Sequence[UntestedView]) -> Iterator[str]:
    if models := [f"the {each.title}" for each in untested if each.reading == "no winner"]:
        yield f"Without a winner: {join_words(models)}, of which no setting finished on every seed."


def say_other_reads(material: Material) -> Iterator[str]:
    """Yield which looks the ledger has besides those at the runs tested here."""
    reads, elsewhere = material.reads, material.reads_elsewhere
    if material.other_reads:
        whose = (
            "not only for the runs tested here" if material.tested else "but not for these winners"
        )
        yield f"The test split was read {_count_times(len(reads))}, {whose}. {_WARNING}"
    known = sum(bool(each.images) for each in elsewhere)
    if known:
        yield f"The same images were read under another split {_count_times(known)}. {_WARNING}"
    if known < len(elsewhere):
        looks = count_things(len(elsewhere) - known, "look")
        yield f"The ledger has {looks} at other splits, perhaps of the same images."


def make_winner_table(context: ReportContext) -> Table:
    """Tabulate the winners of a report without any test: chosen, and not read."""
    columns = (
        Column("Model", is_number=False),
        Column("Setting", is_number=False),
        Column("Validation accuracy"),
        Column("Test accuracy"),
    )
    rows = [
        Row(
            (
                each.title,
                each.setting,
                format_measure(each.validation_accuracy),
                _NOT_READ[each.reading],
            )
        )
        for each in context.untested_models
        if each.validation_accuracy
    ]
    caption = "The winners, chosen by validation accuracy and not read on the test split."
    return Table("final", caption, columns, tuple(rows))


def view_other_splits(material: Material) -> tuple[OtherSplitRead, ...]:
    """Return the looks at other splits of the same images."""
    return tuple(
        OtherSplitRead(
            *(read.split, bool(read.images), read.model, read.setting, len(read.fingerprints)),
            say_moment(read.read_at),
        )
        for read in material.reads_elsewhere
    )


def _count_times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
