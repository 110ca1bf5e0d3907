"""What a template of Markdown makes: its text, its HTML, and the claims that were met in it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mnistreport.report.claims import Claim
from mnistreport.report.evidence import Evidence
from mnistreport.report.markdown import Draft


@dataclass(frozen=True, slots=True)
class Passage:
    """A template's prose.

    Attributes:
        draft: The Markdown that the template made.
        claims: Those met in it, in their order.
        html: The passage as it stands in the report.
    """

    draft: Draft
    claims: tuple[Claim, ...]
    html: Markup

    @property
    def refuted(self) -> tuple[Claim, ...]:
        """The claims that the results do not bear out."""
        return tuple(claim for claim in self.claims if not claim.holds)


def pack_passage(passage: Passage) -> Mapping[str, object]:
    """Return a passage as JSON has it."""
    return {
        "text": passage.draft.text,
        "remarks": dict(passage.draft.remarks),
        "html": str(passage.html),
        "claims": [asdict(each) | {"file": str(each.file)} for each in passage.claims],
    }


def unpack_passage(packed: Mapping[str, Any]) -> Passage:
    """Return what ``pack_passage`` packed."""
    html = Markup(packed["html"])  # noqa: S704 - made of Markdown by `render_markdown`
    claims = tuple(map(_unpack_claim, packed["claims"]))
    return Passage(Draft(packed["text"], packed["remarks"]), claims, html)


def _unpack_claim(packed: Mapping[str, Any]) -> Claim:
    return Claim(
        Path(packed["file"]),
        packed["line"],
        packed["condition"],
        packed["holds"],
        tuple(Evidence(**each) for each in packed["evidence"]),
        packed["words"],
        tuple(packed["missing"]),
    )
