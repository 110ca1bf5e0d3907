"""Numbers as a reader sees them: every rounding and every unit of the report.

Tables, figures and prose print through these functions, so that one result reads the same
wherever it stands. Halves are rounded up, as on paper. Units stand after a narrow no-break space.
"""

import math
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import partial
from typing import Final

from mnistreport.analysis.statistics import ALPHA, Measure, Unit

NARROW_SPACE: Final = "\u202f"
"""Between a number and its unit; a line never breaks there."""
SPACE: Final = "\u00a0"
"""Between minutes and seconds."""
MINUS: Final = "\u2212"
UNKNOWN: Final = "–"
"""What stands for a number that is none."""

_LOSS_DIGITS: Final = 4
_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_percent(share: float, digits: int = 2) -> str:
    """Return a share as ``98.12 %``.

    What falls short of everything is never printed as ``100 %``, and what is more than nothing
    never as ``0 %``: 0.99999 is ``99.99 %``, 0.00001 is ``< 0.01 %``.
    """
    if not math.isfinite(share):
        return UNKNOWN
    percent, least = _exact(share) * 100, Decimal(1).scaleb(-digits)
    rounded = percent.quantize(least, ROUND_HALF_UP)
    if rounded == 0 < percent:
        return _unit(f"<{NARROW_SPACE}{least}", "%")
    if percent < 100 <= rounded:  # noqa: PLR2004
        rounded = percent.quantize(least, ROUND_DOWN)
    return _unit(_group(rounded), "%")


def format_probability(probability: float, digits: int = 1) -> str:
    """Return a model's probability as ``98.1 %``, ``> 99.9 %`` or ``< 0.1 %``.

    A softmax gives no answer for certain, though a computer may round it to 1: what would be
    printed as all or nothing is printed as more or less than the last number that is neither.
    """
    if not math.isfinite(probability):
        return UNKNOWN
    least = Decimal(1).scaleb(-digits)
    rounded = (_exact(probability) * 100).quantize(least, ROUND_HALF_UP)
    if rounded >= 100:  # noqa: PLR2004
        return _unit(f">{NARROW_SPACE}{100 - least}", "%")
    if rounded <= 0:
        return _unit(f"<{NARROW_SPACE}{least}", "%")
    return _unit(_group(rounded), "%")


def format_points(
    difference: float, digits: int = 2, *, signed: bool = True, unit: bool = True
) -> str:
    """Return a difference of two shares in percentage points, as ``+0.31 pp``.

    Args:
        difference: As a share: 0.01 is one percentage point.
        digits: Decimals.
        signed: Whether a positive difference has a plus. Zero never has a sign.
        unit: Whether ``pp`` follows; a table has it in the heading.
    """
    if not math.isfinite(difference):
        return UNKNOWN
    rounded = _round(_exact(difference) * 100, digits)
    plus = "+" if signed and rounded > 0 else ""
    number = plus + _group(rounded)
    return _unit(number, "pp") if unit else number


def format_loss(nats: float) -> str:
    """Return a loss with four decimals, ``0.0812``; with two from 10 on, and ``1.3 × 10⁶``."""
    if not math.isfinite(nats):
        return UNKNOWN
    value = _exact(nats)
    if 0 < value < Decimal(5).scaleb(-_LOSS_DIGITS - 1):
        return f"<{NARROW_SPACE}{Decimal(1).scaleb(-_LOSS_DIGITS)}"
    if abs(value) >= 10**6:
        mantissa, exponent = f"{value:.1e}".split("e")
        power = str(int(exponent)).translate(_SUPERSCRIPTS)
        return f"{mantissa.replace('-', MINUS)}{NARROW_SPACE}×{NARROW_SPACE}10{power}"
    return _group(_round(value, _LOSS_DIGITS if abs(value) < 10 else 2))  # noqa: PLR2004


def format_seconds(seconds: float) -> str:
    """Return a duration as ``0.04 s``, ``3.2 s``, ``2 min 05 s`` or ``1 h 02 min``."""
    if not math.isfinite(seconds):
        return UNKNOWN
    value = _exact(seconds)
    tenths = _round(value, 1)
    if tenths < 1:
        return _unit(_group(_round(value, 2)), "s")
    if tenths < 60:  # noqa: PLR2004
        return _unit(_group(tenths), "s")
    minutes, rest = divmod(int(_round(value, 0)), 60)
    if minutes < 60:  # noqa: PLR2004
        return _unit(str(minutes), "min") + SPACE + _unit(f"{rest:02}", "s")
    hours, minutes = divmod(int(_round(value / 60, 0)), 60)
    return _unit(_group(Decimal(hours)), "h") + SPACE + _unit(f"{minutes:02}", "min")


def format_count(count: int) -> str:
    """Return a whole number with a comma between thousands: ``42,000``."""
    return _group(Decimal(int(count)))


def format_p(p_value: float, *, named: bool = True) -> str:
    """Return a p-value as ``p = 0.012``, or ``p < 0.001``; never as 0.

    One that is below the limit of what counts as clear is not printed as if it were on it.

    Args:
        p_value: From 0 to 1.
        named: Whether ``p =`` goes before it; a table has it in the heading.
    """
    least = Decimal("0.001")
    rounded = _round(_exact(p_value), 3)
    if p_value < ALPHA and rounded >= _exact(ALPHA):
        rounded = _exact(p_value).quantize(least, ROUND_DOWN)
    if rounded < least:
        return f"p{SPACE}<{SPACE}{least}" if named else f"<{NARROW_SPACE}{least}"
    return f"p{SPACE}={SPACE}{rounded}" if named else str(rounded)


def format_factor(factor: float) -> str:
    """Return how many times one thing is another, with two decimals: ``1.04``."""
    return _group(_round(_exact(factor), 2))


def format_mean(mean: float) -> str:
    """Return the mean of counts, with one decimal: ``4.7``."""
    return _group(_round(_exact(mean), 1))


def format_weight(weight: float) -> str:
    """Return a weight of a network with two decimals, ``−0.39``; with four if it is small."""
    if not math.isfinite(weight):
        return UNKNOWN
    return _group(_round(_exact(weight), 2 if abs(weight) >= 0.1 else 4))  # noqa: PLR2004


def format_range(ends: tuple[int, int]) -> str:
    """Return the smallest and largest of some whole numbers: ``840 to 52,500``, ``20`` if equal."""
    smallest, largest = map(format_count, ends)
    return smallest if smallest == largest else f"{smallest} to {largest}"


def format_measure(measure: Measure, digits: int = 2) -> str:
    """Return a measure over the seeds, mean ± standard deviation, as its unit asks for.

    A share is ``97.91 % ± 0.08 %``, a difference of shares ``1.31 pp ± 0.10 pp``, a loss
    ``0.1087 ± 0.0011``, a duration ``15.2 s ± 0.3 s``. A single seed has no spread, and none is
    claimed: ``97.91 %``. Only the first two have ``digits`` decimals.
    """
    forms: dict[Unit, Callable[[float], str]] = {
        "share": partial(format_percent, digits=digits),
        "points": partial(format_points, digits=digits, signed=False),
        "nats": format_loss,
        "seconds": format_seconds,
    }
    mean = forms[measure.unit](measure.mean)
    if measure.sd is None:
        return mean
    is_share = measure.unit == "share"
    spread = _format_spread(measure.sd, digits) if is_share else forms[measure.unit](measure.sd)
    return f"{mean}{SPACE}±{SPACE}{spread}"


def _format_spread(sd: float, digits: int) -> str:
    least = Decimal(1).scaleb(-digits)
    rounded = _round(_exact(sd) * 100, digits)
    return _unit(f"<{NARROW_SPACE}{least}" if rounded == 0 < sd else _group(rounded), "%")


def _exact(value: float) -> Decimal:
    # The shortest decimal that stands for the float: 0.98125 is meant, not 0.981249999…
    return Decimal(repr(float(value)))


def _round(value: Decimal, digits: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return rounded or abs(rounded)  # no zero with a minus


def _group(value: Decimal) -> str:
    return f"{value:,f}".replace("-", MINUS)


def _unit(number: str, unit: str) -> str:
    return f"{number}{NARROW_SPACE}{unit}"
