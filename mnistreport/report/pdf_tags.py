"""Tags of a PDF, set right where WeasyPrint leaves something to a screen reader's guess.

See ISO 14289-1 (PDF/UA-1): 7.8 for running headers, 7.5 for the headings of tables.
"""

from collections.abc import Collection, Iterator
from typing import Any, TypeGuard


def settle_tags(pdf: Any) -> None:  # noqa: ANN401 - pydyf has no types
    """Make running headers and page numbers artifacts, and give headings of tables their scope.

    Args:
        pdf: The ``pydyf.PDF``: complete, and not yet written.
    """
    root = _look_up(pdf, pdf.catalog["StructTreeRoot"])
    told = {element.number for element in _settle_scopes(pdf, root, in_head=False)}
    _drop_untold(pdf, told)
    by_page = _look_up(pdf, root["ParentTree"])["Nums"]
    elements = dict(zip(by_page[::2], by_page[1::2], strict=True))
    for reference in pdf.page_references:
        page = _look_up(pdf, reference)
        marked = elements[page["StructParents"]]
        untold = {place for place, each in enumerate(marked) if _number(each) not in told}
        _make_artifacts(_look_up(pdf, page["Contents"]).stream, untold)
        for place in untold:
            marked[place] = b"null"


def _settle_scopes(pdf: Any, element: Any, *, in_head: bool) -> Iterator[Any]:  # noqa: ANN401
    """Yield an element and all below it, in the order of reading; give headings their scope."""
    yield element
    in_head |= element.get("S") == "/THead"
    if element.get("S") == "/TH":
        element["A"]["Scope"] = "/Column" if in_head else "/Row"
    for kid in element.get("K", ()):
        if isinstance(kid, bytes):  # a reference; a number is content of a page
            below = _look_up(pdf, kid)
            if below["Type"] == "/StructElem":
                yield from _settle_scopes(pdf, below, in_head=in_head)


def _drop_untold(pdf: Any, told: Collection[int]) -> None:  # noqa: ANN401
    """Empty the elements that belong to nothing: what stands in the margins."""
    for number, each in enumerate(pdf.objects):
        if _is_dictionary(each) and each.get("Type") == "/StructElem" and number not in told:
            each.clear()


def _make_artifacts(stream: list[Any], untold: Collection[int]) -> None:
    """Say of marked pieces of a page, by their numbers, that they are repeated on every page."""
    for place, operand in enumerate(stream):
        if _is_dictionary(operand) and operand.get("MCID") in untold:
            stream[place - 1] = "/Artifact"
            operand.clear()
            operand["Type"] = "/Pagination"


def _is_dictionary(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _look_up(pdf: Any, reference: bytes) -> Any:  # noqa: ANN401
    return pdf.objects[_number(reference)]


def _number(reference: bytes) -> int:
    return int(reference.split()[0])
