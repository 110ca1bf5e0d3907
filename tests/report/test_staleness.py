import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.report.context import make_context
from mnistreport.report.document import Document, render_all_prose
from mnistreport.report.html import render_html
from mnistreport.report.insights import name_insight
from mnistreport.report.records import Change
from mnistreport.report.staleness import (
    Stale,
    find_changes,
    keep_words,
    renew_words,
    review_words,
    take_snapshot,
)
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.report.written_beside import KeptLevel, Snapshot, WrittenBeside
from mnistreport.resources import find_resource
from tests.fake_results import make_results
from tests.report.reports import find_view, make_material, read_page, write_templates

SLUG = "learning_rate"
INSIGHT = name_insight(SLUG)
WORDS = "A rate of 0.1 is what we recommend."

BASELINE = KeptLevel("learning rate 0.01", 0.95, 0.001, 3, "baseline")
OTHER = KeptLevel("learning rate 0.1", 0.9791, 0.0008, 3, "better")
KEPT = Snapshot("digest", "0.1", {"0.01": BASELINE, "0.1": OTHER})


def print_changes(now: Snapshot, kept: Snapshot = KEPT) -> list[str]:
    """Return what has changed, with plain spaces."""
    return [re.sub(r"[\u202f\u00a0]", " ", str(each)) for each in find_changes(kept, now)]


def change_level(**values: object) -> Snapshot:
    """Return the kept snapshot with another learning rate 0.1."""
    return replace(KEPT, levels={"0.01": BASELINE, "0.1": replace(OTHER, **values)})


# --- What stale is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"mean": 0.9785}, None),  # 0.06 points are less than 0.08
        ({"mean": 0.9780}, "97.91 % ± 0.08 % → 97.80 % ± 0.08 %"),
        ({"mean": 0.9802}, "97.91 % ± 0.08 % → 98.02 % ± 0.08 %"),
        ({"mean": 0.9780, "sd": 0.0020}, None),  # the larger of the two decides
        ({"mean": 0.9780, "sd": 0.0}, "97.91 % ± 0.08 % → 97.80 % ± 0.00 %"),
        ({"mean": 0.9785, "sd": None, "n": 1}, None),
        ({"mean": 0.9780, "sd": None, "n": 1}, "97.91 % ± 0.08 % → 97.80 %"),
        ({"sd": 0.5, "n": 5}, None),  # only the spread has changed
        ({"mean": None, "sd": None, "n": 0}, "97.91 % ± 0.08 % → without a result"),
    ],
)
def test_a_mean_has_moved_beyond_noise_or_not(
    values: dict[str, object], expected: str | None
) -> None:
    """More than the larger standard deviation is a change; a lost result is one."""
    said = [f"validation accuracy of learning rate 0.1: {expected}"] if expected else []
    assert said == print_changes(change_level(**values))


@pytest.mark.parametrize(
    ("mean", "changed"), [(0.979149, False), (0.97916, True), (0.9792, True), (0.97906, False)]
)
def test_a_single_seed_counts_as_far_as_it_is_printed(mean: float, changed: bool) -> None:  # noqa: FBT001
    """Without a standard deviation, what a reader can see has changed."""
    kept, now = (change_level(sd=None, n=1, mean=each) for each in (0.9791, mean))
    assert changed == bool(find_changes(kept, now))


def test_seeds_that_agree_do_not_make_a_change_of_what_nobody_sees() -> None:
    """A standard deviation of zero does not turn the last digits of a float into news."""
    kept, now = (change_level(sd=0.0, mean=each) for each in (0.9791, 0.97910000001))
    assert () == find_changes(kept, now)


def test_another_verdict_or_best_level_is_a_change() -> None:
    """Both are printed with what they were."""
    now = change_level(verdict="no clear difference")
    assert ["the verdict on learning rate 0.1: “better” → “no clear difference”"] == (
        print_changes(now)
    )
    for best, name in (("0.01", "learning rate 0.01"), (None, "none")):
        assert [f"the level with the highest mean: learning rate 0.1 → {name}"] == print_changes(
            replace(KEPT, best=best)
        )


def test_a_level_more_or_less_is_a_change() -> None:
    """A study with other levels is another study."""
    more = replace(
        KEPT, levels={**KEPT.levels, "0.5": replace(OTHER, name="learning rate 0.5", sd=None)}
    )
    assert ["learning rate 0.5: not in the study → 97.91 %"] == print_changes(more)
    assert ["learning rate 0.5: 97.91 % → not in the study"] == print_changes(KEPT, kept=more)


def test_words_that_were_changed_are_never_stale() -> None:
    """Whoever has touched the words has seen the results."""
    assert () == find_changes(KEPT, replace(change_level(mean=0.1), words="another digest"))


# --- What is kept ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def later() -> ReportContext:
    """The usual results, but at learning rate 0.1 nothing is learned any more."""
    return make_context(make_material(make_results(at_chance=[0.1])))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which somebody has written about the learning rate."""
    return write_templates(tmp_path, {INSIGHT: WORDS})


@pytest.fixture
def kept(project: Path, context: ReportContext) -> Path:
    """The file that keeps what these words were written beside, after a build."""
    keep_words(Templates(project), context)
    return project / "templates" / "insights" / "written_beside.json"


def test_stale_words_are_found(
    project: Path, kept: Path, context: ReportContext, later: ReportContext
) -> None:
    """After other results, the study and its changes are named; beside the same, nothing is."""
    before = kept.read_bytes()
    assert () == review_words(Templates(project), context)
    [stale] = review_words(Templates(project), later)
    assert (SLUG, "Learning rate", project / "templates" / INSIGHT) == (
        stale.slug, stale.title, stale.file,
    )  # fmt: skip
    assert "validation accuracy of learning rate 0.1" == stale.changes[0].what
    assert stale.changes[0].before.startswith("97.")
    assert stale.changes[0].after.startswith("11.")
    assert "the level with the highest mean" == stale.changes[-1].what
    assert before == kept.read_bytes()


def test_stale_words_stay_stale_until_somebody_acts(
    project: Path, kept: Path, context: ReportContext, later: ReportContext
) -> None:
    """Another build changes nothing about them; accepting them, or editing them, does."""
    before = kept.read_bytes()
    keep_words(Templates(project), later)
    assert before == kept.read_bytes()
    assert review_words(Templates(project), later)

    renew_words(Templates(project), later, find_view(later, SLUG), WORDS)
    assert () == review_words(Templates(project), later)
    assert review_words(Templates(project), context)

    write_templates(project, {INSIGHT: "Other words."})
    assert () == review_words(Templates(project), context)
    keep_words(Templates(project), context)
    assert () == review_words(Templates(project), context)
    assert review_words(Templates(project), later)


def test_nothing_is_written_without_need(project: Path, kept: Path, context: ReportContext) -> None:
    """A second build leaves the file alone, as does a change of line ends in the words."""
    before = kept.stat().st_mtime_ns
    (project / "templates" / INSIGHT).write_bytes(WORDS.encode() + b"\r\n")
    keep_words(Templates(project), context)
    assert before == kept.stat().st_mtime_ns


def test_shipped_words_are_not_kept(tmp_path: Path, context: ReportContext) -> None:
    """They take every number from the results, so that nothing of them goes stale."""
    text = find_resource(f"templates/{INSIGHT}").read_text("utf-8")
    project = write_templates(tmp_path, {INSIGHT: text})
    keep_words(Templates(project), context)
    assert [project / "templates" / INSIGHT] == list((project / "templates/insights").iterdir())


def test_other_digits_make_no_words_stale(
    project: Path, kept: Path, context: ReportContext, later: ReportContext
) -> None:
    """What was written beside MNIST is held against results on MNIST only."""
    elsewhere = replace(later, data=replace(later.data, name="mnist"))
    assert () == review_words(Templates(project), elsewhere)
    keep_words(Templates(project), elsewhere)
    assert () == review_words(Templates(project), elsewhere)
    assert () == review_words(Templates(project), context)
    assert ["digits", "mnist"] == list(json.loads(kept.read_bytes())["studies"][SLUG])


def test_an_edit_during_a_build_is_not_kept_beside_its_results(
    project: Path, context: ReportContext
) -> None:
    """What is kept belongs to the words that stand in the report, not to those in the editor."""
    templates = Templates(project)
    rendered = render_all_prose(context, templates).html[f"study-{SLUG}"]
    others = {name_insight("neurons"): "Written meanwhile."}
    write_templates(project, {INSIGHT: "Edited meanwhile.", **others})
    keep_words(templates, context)
    assert rendered == render_all_prose(context, templates).html[f"study-{SLUG}"]
    assert [SLUG] == list(WrittenBeside(project / "templates").load())
    [snapshot] = WrittenBeside(project / "templates").load()[SLUG].values()
    assert take_snapshot(find_view(context, SLUG), WORDS) == snapshot


def test_the_file_reads_as_what_was_kept(kept: Path, context: ReportContext) -> None:
    """It is indented and sorted JSON that gives back every value, for a person to compare."""
    text = kept.read_text("utf-8")
    assert json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n" == text
    study = find_view(context, SLUG)
    assert take_snapshot(study, WORDS) == WrittenBeside(kept.parent.parent).load()[SLUG]["digits"]


def test_two_builds_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each enters its own words; at the end all are there."""
    names = [f"study-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: WrittenBeside(tmp_path).keep("digits", {name: KEPT}), names))
    assert {name: {"digits": KEPT} for name in names} == WrittenBeside(tmp_path).load()


# --- Faults ---------------------------------------------------------------------------------------


def refuse(action: Callable[[], object], *words: str) -> None:
    """Check that an action ends with exit code 6 and one line with ``words``."""
    with pytest.raises(EnvironmentFault) as caught:
        action()
    problem = caught.value.problems[0]
    assert ExitCode.ENVIRONMENT == caught.value.exit_code
    assert problem.next_step
    assert [] == [word for word in words if word not in f"{problem}; {problem.next_step}"]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut off": lambda text: text[:-9],
    "text for a number": lambda text: re.sub(rb'"mean": ([\d.]+)', rb'"mean": "\1"', text, count=1),
    "no number": lambda text: re.sub(rb'"mean": [\d.]+', b'"mean": NaN', text, count=1),
    "unknown key": lambda text: text.replace(b'"verdict"', b'"verdit"', 1),
    "text for a format": lambda text: text.replace(b'"format": 1', b'"format": "1"'),
    "deep": lambda _: b"[" * 100_000,
    "a list": lambda _: b'["format"]',
    "no studies": lambda _: b'{"format": 1}',
    "no text": lambda _: b"\xff\xfe",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused(
    project: Path, kept: Path, later: ReportContext, damage: str
) -> None:
    """Neither read as if nothing were kept, nor overwritten."""
    damaged = DAMAGES[damage](kept.read_bytes())
    kept.write_bytes(damaged)
    refuse(lambda: review_words(Templates(project), later), str(kept), "damaged", "version control")
    refuse(lambda: keep_words(Templates(project), later), str(kept), "damaged")
    assert damaged == kept.read_bytes()


def test_a_merge_conflict_is_told_with_its_line(project: Path, kept: Path) -> None:
    """The file is in version control, where that happens."""
    kept.write_bytes(kept.read_bytes().replace(b' "studies"', b'<<<<<<< ours\n "studies"'))
    refuse(lambda: WrittenBeside(project / "templates").load(), f"{kept}:3")


def test_a_newer_format_is_not_guessed_at(project: Path, kept: Path) -> None:
    """Somebody else in the team has a newer version."""
    kept.write_bytes(b'{"format": 2, "studies": []}')
    refuse(lambda: WrittenBeside(project / "templates").load(), "format 2", "newer mnistreport")


@pytest.mark.parametrize("link", ["templates", "templates/insights", "templates/insights/x.json"])
def test_nothing_is_kept_behind_a_link(tmp_path: Path, link: str) -> None:
    """A project of somebody else's does not make the program write elsewhere."""
    link = link.replace("x.json", "written_beside.json")
    elsewhere = write_templates(tmp_path / "elsewhere", {INSIGHT: WORDS, "insights/x.json": "{}"})
    project = write_templates(tmp_path / "project", {INSIGHT: WORDS})
    target = elsewhere / link.replace("written_beside", "x")
    place = project / link
    if place.exists():
        place.rename(tmp_path / "aside")
    place.symlink_to(target)
    before = sorted(elsewhere.rglob("*"))
    refuse(
        lambda: WrittenBeside(project / "templates").keep("digits", {SLUG: KEPT}),
        str(place),
        "link",
    )
    assert before == sorted(elsewhere.rglob("*"))


def test_a_place_that_is_no_folder_is_one_line(project: Path) -> None:
    """What the disk refuses is told with the file."""
    place = project / "templates" / "insights" / "written_beside.json"
    place.mkdir()
    refuse(lambda: WrittenBeside(project / "templates").load(), str(place), "cannot be read")


# --- In the report --------------------------------------------------------------------------------


def test_the_report_says_which_words_are_stale(document: Document, templates: Templates) -> None:
    """A notice on the first page leads to the section, which has old and new at its head."""
    changes = (Change("validation accuracy of <b>x</b>", "97.91 %", "11.35 %"),)
    stale = Stale(SLUG, "Learning rate & more", Path("x"), changes)
    html = render_html(replace(document, stale=(stale,)), templates)
    [first] = re.findall(r"<header.*?</header>", html, flags=re.DOTALL)
    assert (
        "The insight about “Learning rate & more” was written beside other results"
        in read_page(first).text
    )
    assert f'href="#study-{SLUG}"' in first
    sections = re.findall(r'<section id="study-([^"]+)"(.*?)</section>', html, flags=re.DOTALL)
    marked = {slug: text for slug, text in sections if "written beside other" in text}
    assert [SLUG] == list(marked)
    insight = read_page(marked[SLUG].partition('class="insight">')[2]).text
    assert insight.startswith(
        "Insight These words were written beside other results: validation accuracy of <b>x</b> "
        "was 97.91 %, and is now 11.35 %"
    )


def test_a_report_without_stale_words_says_nothing_of_them(html: str) -> None:
    """No notice where there is nothing to notice."""
    assert "written beside other results" not in html
