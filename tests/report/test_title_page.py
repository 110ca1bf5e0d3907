"""The title page: its date, and the findings that it puts before everything else."""

import re
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault
from mnistreport.report import dates
from mnistreport.report.context import make_context
from mnistreport.report.dates import EPOCH, date_report, find_given_date, format_date, say_moment
from mnistreport.report.document import Document, render_all_prose
from mnistreport.report.main_findings import MOST, choose_main_findings
from mnistreport.report.stamp import digest_inputs
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.resources import PROJECT_FILES
from tests.fake_results import make_results
from tests.report.reports import (
    EVERY_LEVEL,
    INFO,
    leave_seeds_out,
    make_material,
    make_small_material,
    read_page,
)


class Later(datetime):
    """A clock that is ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Later":
        """Return noon of a day to come."""
        return cls(2099, 5, 6, 12, tzinfo=tz)


NOVEMBER = "1794268800"  # 2026-11-10T00:00:00Z


@pytest.fixture(autouse=True)
def _without_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set where the tests run does not count."""
    monkeypatch.delenv(EPOCH, raising=False)


def test_the_date_is_the_manifests_then_the_epochs_then_todays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a person wrote goes before what a build system says, and that before the clock."""
    assert "" == find_given_date(INFO)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", date_report(INFO))
    monkeypatch.setenv(EPOCH, NOVEMBER)
    assert "2026-11-10" == find_given_date(INFO) == date_report(INFO)
    assert "2025-01-02" == date_report(replace(INFO, date="2025-01-02"))


@pytest.mark.parametrize("seconds", ["yesterday", "1.5", "9" * 30, "9" * 14, " 5", "1_000", "١٢"])
def test_an_epoch_that_is_no_time_is_told(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    """A build system's mistake is one sentence with the next step."""
    monkeypatch.setenv(EPOCH, seconds)
    with pytest.raises(EnvironmentFault, match=f"{EPOCH} is .*, but must be a whole number"):
        date_report(INFO)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-09T23:59:59+00:00", "2026-11-09T23:59:59+00:00"),
        ("2026-11-10T00:00:01+00:00", "2026-11-10T00:00:00+00:00"),
        ("2026-11-10T01:30:00+02:00", "2026-11-10T01:30:00+02:00"),
        ("2027-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("one day", "one day"),
    ],
)
def test_no_moment_is_later_than_now(
    monkeypatch: pytest.MonkeyPatch, moment: str, expected: str
) -> None:
    """Where a build system says what time it is, the test split was read by then, or then."""
    assert moment == say_moment(moment)
    monkeypatch.setenv(EPOCH, NOVEMBER)
    assert expected == say_moment(moment)


def test_a_date_reads_as_words() -> None:
    """Day and month stay on one line."""
    assert "3\u00a0November 2026" == format_date("2026-11-03")


def test_another_day_is_no_reason_to_write_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only a date that was given counts among what documents are made of."""
    material = make_small_material()

    def digest() -> str:
        return digest_inputs(material, tmp_path, tmp_path, ())

    before = digest()
    monkeypatch.setattr(dates, "datetime", Later)
    assert "2099-05-06" == date_report(INFO)
    assert before == digest()
    monkeypatch.setenv(EPOCH, NOVEMBER)
    assert before != digest()


def test_main_findings_are_headlines_clear_ones_first(context: ReportContext) -> None:
    """At most three, as the studies say them; what is clear before what is not, larger first."""
    found = context.main_findings
    headlines = {study.slug: study.headline for study in context.studies}
    assert MOST == len(found)
    assert [headlines[each.slug] for each in found] == [each.sentence for each in found]
    order = [(each.strength != "clear", -(each.lead or 0)) for each in found]
    assert sorted(order) == order
    left_out = [study for study in context.studies if study.slug not in {f.slug for f in found}]
    clear = [each for study in left_out for each in study.findings if each.kind == "best"]
    if any(each.strength == "clear" for each in clear):
        assert {"clear"} == {each.strength for each in found}


def test_a_lead_is_that_over_the_baseline_or_of_it(context: ReportContext) -> None:
    """The largest lead is the learning rate's: 0.1 ends at 2.3 % errors, the baseline at 5.3 %."""
    first = context.main_findings[0]
    study = next(each for each in context.studies if each.slug == first.slug)
    assert study.best
    assert study.best.against_baseline
    assert study.best.against_baseline.mean == pytest.approx(first.lead)
    missing = leave_seeds_out([0.001, 0.1, 0.5], (0, 1, 2))
    alone = make_context(make_material(make_results(missing=missing, combined=False)))
    (found,) = choose_main_findings(alone.studies[:1], {"mlp": "network"})
    assert found.lead is None


def test_one_seed_has_findings_that_say_they_are_not_shown() -> None:
    """Nothing is clear, so what stands there are headlines that say so."""
    context = make_context(make_material(make_results((0,)), seeds=(0,)))
    assert MOST == len(context.main_findings)
    for each in context.main_findings:
        assert "clear" != each.strength
        assert "cannot show" in each.sentence


def test_nothing_finished_is_no_finding() -> None:
    """Without a finished run the title page has none, and the prose around it is empty."""
    material = make_material(make_results(diverged=EVERY_LEVEL, combined=False))
    context = make_context(material)
    assert () == context.main_findings
    passages = render_all_prose(context, Templates(PROJECT_FILES)).html
    assert "" == passages["findings"].strip()


def test_it_shows_date_and_findings_with_links(html: str, document: Document) -> None:
    """Each finding names its study and model, and leads to its section."""
    context = document.context
    title_page = html.split('<header class="title-page">')[1].split("</header>", maxsplit=1)[0]
    text = read_page(title_page).text
    assert format_date(context.date).replace("\u00a0", " ") in text.replace("\u00a0", " ")
    for each in context.main_findings:
        assert f"{each.title}, {each.model}. " in text
        assert f'href="#study-{each.slug}"' in title_page
        assert read_page(each.sentence).text in text
