"""Where everything of a report stands, by the numbers that a reader sees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mnistreport.report.views import StudyView
from mnistreport.report.wording import join_words


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section.

    Attributes:
        anchor: Its id in the document.
        number: As printed: ``3``, ``A``.
        title: Its heading.
        kind: Name of its template in ``sections/``.
        study: The study that it tells of, if it is one.
    """

    anchor: str
    number: str
    title: str
    kind: str
    study: StudyView | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """Sections, figures and tables of a report, without their content.

    Attributes:
        sections: Numbers (``3``, ``A``) by anchor.
        figures: Names, in the order of their numbers.
        tables: Likewise.
    """

    sections: Mapping[str, str]
    figures: tuple[str, ...]
    tables: tuple[str, ...]

    def cite_sections(self, anchors: Iterable[str]) -> str:
        """Return ``Section 3``, ``Sections 3 and 4``, ``Appendix A``; ``""`` if there is none."""
        numbers = [self.sections[each] for each in anchors if each in self.sections]
        cited = [_cite("Section", [number for number in numbers if number.isdecimal()])]
        cited += [f"Appendix {number}" for number in numbers if not number.isdecimal()]
        return ", ".join(filter(None, cited))

    def cite_figures(self, names: Iterable[str]) -> str:
        """Return ``Figure 5`` or ``Figures 5 and 6``; ``""`` if there is none."""
        return _cite("Figure", _number(names, self.figures))

    def cite_tables(self, names: Iterable[str]) -> str:
        """Return ``Table 2`` or ``Tables 2 and 3``; ``""`` if there is none."""
        return _cite("Table", _number(names, self.tables))

    def cite(
        self,
        sections: Iterable[str] = (),
        *,
        figures: Iterable[str] = (),
        tables: Iterable[str] = (),
    ) -> str:
        """Return all of them: ``Section 3, Figures 5 and 6, Table 2``."""
        cited = (
            self.cite_sections(sections),
            self.cite_figures(figures),
            self.cite_tables(tables),
        )
        return ", ".join(filter(None, cited))


def _number(names: Iterable[str], known: tuple[str, ...]) -> list[str]:
    return [str(known.index(name) + 1) for name in names if name in known]


def _cite(word: str, numbers: list[str]) -> str:
    if not numbers:
        return ""
    return f"{word}{'s' if len(numbers) > 1 else ''} {join_words(numbers)}"
