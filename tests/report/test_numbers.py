import math

import pytest

from mnistreport.analysis.statistics import Measure, Unit, summarise_values
from mnistreport.report.numbers import (
    format_count,
    format_loss,
    format_measure,
    format_p,
    format_percent,
    format_points,
    format_seconds,
)

NARROW = "\u202f"


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace(NARROW, " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("p_value", "named", "bare"),
    [
        (0.01234, "p = 0.012", "0.012"),
        (0.0004, "p < 0.001", "< 0.001"),
        (0.04996, "p = 0.049", "0.049"),  # clear, so not printed as if on the limit
        (0.0501, "p = 0.050", "0.050"),
        (1.0, "p = 1.000", "1.000"),
        (0.0, "p < 0.001", "< 0.001"),
    ],
)
def test_p_values(p_value: float, named: str, bare: str) -> None:
    """A p-value has three decimals, is never 0, and never on the limit when it is below."""
    assert (named, bare) == (plain(format_p(p_value)), plain(format_p(p_value, named=False)))


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.98125, 2, "98.13 %"),
        (0.97914, 2, "97.91 %"),
        (0.5, 0, "50 %"),
        (0.1, 1, "10.0 %"),
        (0.0, 2, "0.00 %"),
        (1.0, 2, "100.00 %"),
        (0.99999, 2, "99.99 %"),
        (0.9996, 1, "99.9 %"),
        (0.00001, 2, "< 0.01 %"),
        (12.5, 0, "1,250 %"),
        (math.nan, 2, "–"),
    ],
)
def test_percent(share: float, digits: int, text: str) -> None:
    """A share is rounded half up, and neither all nor nothing is claimed that is not so."""
    assert text == plain(format_percent(share, digits))


def test_unit_is_never_torn_off() -> None:
    """Between a number and its unit stands a narrow space that no line is broken at."""
    assert format_percent(0.5) == f"50.00{NARROW}%"
    assert format_points(0.01) == f"+1.00{NARROW}pp"
    assert " " not in format_seconds(125) + format_measure(summarise_values([0.9, 0.8]))


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.0031, "+0.31 pp"),
        (-0.0031, "\u22120.31 pp"),
        (0.0, "0.00 pp"),
        (-0.00001, "0.00 pp"),
        (0.00001, "0.00 pp"),
        (math.inf, "–"),
    ],
)
def test_points(difference: float, text: str) -> None:
    """A difference has its true sign, and one that rounds to nothing has none."""
    assert text == plain(format_points(difference))


def test_points_without_sign() -> None:
    """Where a distance is meant, there is no plus; a minus is never dropped."""
    assert plain(format_points(0.0031, signed=False)) == "0.31 pp"
    assert plain(format_points(-0.0031, signed=False)) == "\u22120.31 pp"


@pytest.mark.parametrize(
    ("nats", "text"),
    [
        (0.08124, "0.0812"),
        (2.302585, "2.3026"),
        (0.0, "0.0000"),
        (0.00002, "< 0.0001"),
        (0.00005, "0.0001"),
        (12.3456, "12.35"),
        (1234.5, "1,234.50"),
        (1_300_000, "1.3 × 10⁶"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_loss(nats: float, text: str) -> None:
    """A loss has four decimals; a small one is not called nothing, a large one stays readable."""
    assert text == plain(format_loss(nats))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (0.042, "0.04 s"),
        (0.996, "1.0 s"),
        (3.21, "3.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (3720, "1 h 02 min"),
        (360_000, "100 h 00 min"),
        (math.nan, "–"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    """A duration has the units that suit it, and rounding carries over: never 60 s."""
    assert text == plain(format_seconds(seconds))


def test_count() -> None:
    """Thousands are grouped."""
    assert [format_count(n) for n in (0, 999, 42_000, -1500)] == [
        "0",
        "999",
        "42,000",
        "\u22121,500",
    ]


def test_measure() -> None:
    """Mean and standard deviation, and no spread where one seed cannot have any."""
    assert plain(format_measure(Measure(0.9791, 0.0008, 3, (0.1,) * 3))) == "97.91 % ± 0.08 %"
    assert plain(format_measure(summarise_values([0.9791]))) == "97.91 %"
    assert plain(format_measure(summarise_values([0.5, 0.5]), 1)) == "50.0 % ± 0.0 %"


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ((0.98, 0.99), "share", "98.50 % ± 0.71 %"),
        ((0.01, 0.02), "points", "1.50 pp ± 0.71 pp"),
        ((0.1, 0.2), "nats", "0.1500 ± 0.0707"),
        ((1.0, 2.0), "seconds", "1.5 s ± 0.71 s"),
        ((2.0,), "seconds", "2.0 s"),
    ],
)
def test_a_measure_is_printed_in_its_unit(
    values: tuple[float, ...], unit: Unit, expected: str
) -> None:
    """A loss or a duration is never printed as a percentage."""
    assert expected == plain(format_measure(summarise_values(values, unit)))
