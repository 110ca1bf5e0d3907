"""Sentences about single digits."""

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.findings.confusions import Confusion
from mnistreport.report.wording import Prose


def say_confused(finding: Finding) -> Prose:
    """Say which digits were most often taken for which."""
    pairs = finding.get_all("pairs", Confusion)
    said = ", ".join(
        f"{pair.true} taken for {pair.predicted} "
        f"({'once' if pair.count == 1 else f'{pair.count} times'})"
        for pair in pairs
    )
    verb = "confusion is" if len(pairs) == 1 else "confusions are"
    return Prose(f"The most frequent {verb} {said}.")
