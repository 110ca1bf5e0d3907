"""The folder of figures beside a report: for slides and word processors, and to draw none twice.

figures/<name>.svg, <name>.png
figures/figures.json    number, caption and text alternative of each, and what it was drawn from

The index is believed only as the last build of this user left it (``stamp``): digests that lie
beside the pictures show rot, and somebody else's forgery has fitting ones.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnistreport.files import read_kept
from mnistreport.report.figures.figure import Figure, Picture
from mnistreport.report.figures.loading import load_matplotlib
from mnistreport.report.figures.plan import PlannedFigure
from mnistreport.report.figures.svg import is_plain_drawing
from mnistreport.report.stamp import load_stamp, read_stamped

FOLDER = "figures"
INDEX = "figures.json"
MOST_BYTES = 64 * 2**20
"""No picture is larger."""


@dataclass(frozen=True, slots=True)
class FigureFolder:
    """Figures in a folder, each drawn only if it does not stand there just as it would be drawn.

    Attributes:
        path: The folder; it need not exist.
        program: Digest of what draws them.
    """

    path: Path
    program: str

    def draw(self, planned: Sequence[PlannedFigure]) -> dict[str, Figure]:
        """Return figures by name, in their order; nothing is written."""
        figures = self._find(planned)
        if missing := [each for each in planned if each.name not in figures]:
            load_matplotlib()
            from mnistreport.report.figures.gallery import draw_figures  # matplotlib, seaborn

            figures |= draw_figures(missing)
        return {each.name: figures[each.name] for each in planned}

    def list_files(
        self, planned: Sequence[PlannedFigure], figures: Mapping[str, Figure]
    ) -> dict[str, bytes]:
        """Return what the folder is to hold, by file name."""
        files: dict[str, bytes] = {}
        index: list[dict[str, object]] = []
        for number, each in enumerate(planned, 1):
            figure = figures[each.name]
            pictures = {"svg": figure.picture.svg, "png": figure.picture.png}
            files |= {f"{each.name}.{kind}": content for kind, content in pictures.items()}
            words = {"caption": figure.caption, "alt": figure.alt}
            origin = {"drawn_by": self.program, "drawn_from": each.digest}
            digests = {kind: _digest(content) for kind, content in pictures.items()}
            index.append({"number": number, "name": each.name, **words, **origin, **digests})
        text = json.dumps({"figures": index}, indent=1, allow_nan=False, ensure_ascii=False)
        return files | {INDEX: (text + "\n").encode()}

    def list_outdated(self, planned: Sequence[PlannedFigure]) -> Iterator[Path]:
        """Yield the pictures of an earlier build, unchanged, that are not among ``planned``."""
        kept = {each.name.casefold() for each in planned}  # some disks do not tell A from a
        for name, entry in self._read_index().items():
            if name.casefold() not in kept and name == Path(name).name:
                for kind in ("svg", "png"):
                    path = self.path / f"{name}.{kind}"
                    if not path.is_symlink() and _digest(_read(path)) == entry[kind]:
                        yield path

    def _find(self, planned: Sequence[PlannedFigure]) -> dict[str, Figure]:
        entries, found = self._read_index(), dict[str, Figure]()
        for each in planned:
            entry = entries.get(each.name, {})
            try:
                if (entry["drawn_by"], entry["drawn_from"]) == (self.program, each.digest):
                    picture = self._read_picture(each.name, entry)
                    found[each.name] = Figure(each.name, picture, entry["caption"], entry["alt"])
            except (OSError, KeyError, ValueError):
                continue  # it is drawn again
        return found

    def _read_index(self) -> dict[str, dict[str, Any]]:
        output = self.path.parent
        index = read_stamped(output, f"{self.path.name}/{INDEX}", load_stamp(output))
        entries = json.loads(index)["figures"] if index else ()
        return {entry["name"]: entry for entry in entries}

    def _read_picture(self, name: str, entry: Mapping[str, Any]) -> Picture:
        paths = (self.path / f"{name}.{kind}" for kind in ("svg", "png"))
        svg, png = (read_kept(path, MOST_BYTES) for path in paths)
        if (_digest(svg), _digest(png)) != (entry["svg"], entry["png"]):
            msg = "somebody changed it"
            raise ValueError(msg)
        if not is_plain_drawing(svg):
            msg = "is no drawing of this program's"
            raise ValueError(msg)
        return Picture(svg, png)


def _read(path: Path) -> bytes:
    try:
        return read_kept(path, MOST_BYTES)
    except OSError:
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
