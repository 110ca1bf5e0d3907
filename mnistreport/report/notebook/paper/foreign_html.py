"""HTML that others wrote, fit to stand in a document: what it says stays, what it does goes.

Outputs of a notebook and Markdown cells may hold any HTML. A list of what is allowed is kept, so
that nothing is loaded, linked, hidden or laid over anything else.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Final

from bs4 import BeautifulSoup, UnusualUsageWarning
from bs4.element import PreformattedString, Tag
from pygments.token import STANDARD_TYPES

from mnistreport.errors import RenderingError
from mnistreport.report.figures.style import clean_text
from mnistreport.report.notebook.paper.foreign_tables import settle_table

_PLAIN: Final = frozenset(
    {
        *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dfn"),
        *("div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins"),
        *("kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong"),
        *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
    }
)
_SILENT: Final = frozenset(
    {
        *("base", "head", "link", "meta", "noembed", "noframes", "noscript", "script", "style"),
        *("template", "title"),
    }
)
"""What shows nothing by itself, and goes with all that is in it."""
_ELSEWHERE: Final = frozenset(
    {
        *("applet", "audio", "canvas", "embed", "frame", "frameset", "iframe", "math", "object"),
        *("svg", "video"),
    }
)
"""What shows something, but not here; a remark takes its place."""
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "*": frozenset({"id", "class", "style"}),
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt", "width"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
}
_CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "code": frozenset({"formula"}),
    "div": frozenset({"listing", "code"}),
    "img": frozenset({"formula"}),
    "p": frozenset({"line", "long"}),
    "span": frozenset({"formula", *STANDARD_TYPES.values()}),
    "table": frozenset({"dataframe"}),
}
"""What cells are set with, and what pandas calls a table; ``notebook.css`` moves none of these. All
other classes are somebody else's, or of the page around."""
_SPACED: Final = frozenset({"div", "p", "pre"})
_NUMBERS: Final = frozenset({"width", "start", "colspan", "rowspan"})
_MOST: Final = 999
_WIDEST: Final = 100
"""Columns that a cell may span."""
_DEEPEST: Final = 100
"""Elements in each other; WeasyPrint can lay out some more."""
_LOOKS: Final = frozenset({"background-color", "color", "font-style", "font-weight", "text-align"})
_IN_LINES: Final = frozenset({"height", "vertical-align"})
"""Of a formula."""
_ON_LINES: Final = frozenset({"background-position", "padding-left", "text-indent"})
"""Of a line of code."""
_VALUE: Final = re.compile(r"(?:rgba?\([\d., %]+\)|[#\w.%+ -])+")
_ADDRESS: Final = re.compile(r"(?:https?://|mailto:|#)\S+", re.IGNORECASE)
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_ID: Final = re.compile(r"#([\w-]+)")


def clean_html(html: str) -> str:
    """Return a piece of HTML as it is allowed, each element closed; its tables in our own look.

    Raises:
        RenderingError: A picture in it is not in the document itself, or it is nested too deep.
    """
    soup = parse_html(clean_text(html))
    _check_depth(soup)
    looks = dict(_read_looks(soup))
    for text in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        text.extract()  # comments, and what is like them
    for element in soup.find_all(name=True):
        if not element.decomposed:
            _settle(element, looks)
    for table in soup.find_all("table"):
        settle_table(table)
    return str(soup)


def parse_html(html: str) -> BeautifulSoup:
    """Return the tree of a piece of HTML, with all its spaces: code needs them."""
    with warnings.catch_warnings():
        # Words that look like an address or like XML are words all the same.
        warnings.simplefilter("ignore", category=UnusualUsageWarning)
        return BeautifulSoup(html, "html.parser", preserve_whitespace_tags=_SPACED)


def _check_depth(soup: BeautifulSoup) -> None:
    depths = {id(soup): 0}
    for element in soup.find_all(name=True):
        depths[id(element)] = depth = depths[id(element.parent)] + 1
        if depth > _DEEPEST:
            msg = f"the notebook has HTML of more than {_DEEPEST} elements in each other"
            raise RenderingError(msg, next_step="is one of them never closed?")


def _settle(element: Tag, looks: Mapping[str, str]) -> None:
    if element.name in _SILENT:
        element.decompose()
    elif element.name in _ELSEWHERE:
        _replace(element, f"[{element.name}: not shown on paper]", "left-out")
    elif element.name == "input":
        is_ticked = element.get("checked") is not None
        is_box = element.get("type") == "checkbox"
        _replace(element, ("\u2611" if is_ticked else "\u2610") if is_box else "", "tick-box")
    elif element.name not in _PLAIN:
        element.unwrap()
    else:
        if element.name == "img":
            _check_picture(element)
        if look := looks.get(str(element.get("id", ""))):
            element["style"] = f"{element.get('style', '')};{look}"
        _settle_attributes(element)


def _replace(element: Tag, words: str, kind: str) -> None:
    element.clear(decompose=True)
    element.name = "span"
    element.attrs = {"class": kind}
    element.string = words


def _check_picture(picture: Tag) -> None:
    address = str(picture.get("src", "")).strip()
    if not address.lower().startswith("data:image/"):
        msg = f"the notebook shows the picture {address[:80]!r}, which is not in it"
        step = "paste the picture into its cell as an attachment, or leave it out"
        raise RenderingError(msg, next_step=step)
    if not str(picture.get("alt", "")).strip():
        picture["alt"] = "a picture without a description"


def _settle_attributes(element: Tag) -> None:
    allowed = _ATTRIBUTES["*"] | _ATTRIBUTES.get(element.name, frozenset())
    for name in set(element.attrs) - allowed:
        del element[name]
    for name in _NUMBERS & set(element.attrs):
        value = str(element[name])
        most = _WIDEST if name == "colspan" else _MOST
        if not (value.isascii() and value.isdecimal() and int(value[:5]) <= most):
            del element[name]
    if element.name == "img" and "width" in element.attrs:  # WeasyPrint heeds no such attributes
        element["style"] = f"width: {element['width']}px; {element.get('style', '')}"
    if "href" in element.attrs and not _ADDRESS.fullmatch(str(element["href"])):
        del element["href"]
    _settle_classes(element)
    if "style" in element.attrs:
        _settle_style(element)


def _settle_classes(element: Tag) -> None:
    allowed = _CLASSES.get(element.name, frozenset[str]())
    kept = [each for each in element.get_attribute_list("class") if each in allowed]
    if kept:
        element["class"] = " ".join(kept)
    else:
        del element["class"]


def _settle_style(element: Tag) -> None:
    classes = str(element.get("class", "")).split()
    allowed = _LOOKS
    if element.name == "img":
        allowed = _IN_LINES if "formula" in classes else frozenset({"width"})
    elif element.name == "p" and "line" in classes:
        allowed = _ON_LINES
    pairs = (each.partition(":") for each in str(element["style"]).split(";"))
    settled = ((name.strip().lower(), value.strip()) for name, _, value in pairs)
    kept = [f"{n}: {v}" for n, v in settled if n in allowed and _VALUE.fullmatch(v)]
    element["style"] = "; ".join(kept)
    if not kept:
        del element["style"]


def _read_looks(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Yield what style sheets say of elements by their id, as pandas has it for cells."""
    for sheet in soup.find_all("style"):
        for selectors, look in _RULE.findall(sheet.get_text()):
            for selector in selectors.split(","):
                if found := _ID.fullmatch(selector.strip()):
                    yield found[1], look
