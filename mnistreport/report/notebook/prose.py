r"""The report's prose as Markdown cells, which somebody else's Markdown will set.

Jupyter has two readers of Markdown, and each reads more into it than the report does: HTML,
formulas, addresses, lists of tasks and of definitions. So the prose is not copied but read as the
report reads it, and written anew in the few forms on which all agree, its words escaped.

JupyterLab looks for formulas twice, the second time in the page that it has set, where ``\$`` is a
dollar sign like any other. It begins none in an element of its own, which is why these have one.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from markdown_it.tree import SyntaxTreeNode

from mnistreport.report.markdown import Draft, spell_remarks, strip_markdown

_ALONE: Final = "<span>{}</span>"
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", **{each: f"&#{ord(each)};" for each in "\n\r\t\v\f"}}
_READ: Final = re.compile(
    r"[\\$]|[&<\n\r\t\v\f]|[`*\[\]>#|~@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.|!\Z",
    re.IGNORECASE,
)
"""What some reader of Markdown may take for more than a letter, wherever it stands."""
_READ_FIRST: Final = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=:]))", re.MULTILINE)
"""Where a backslash keeps the beginning of a line from being read."""
_EDGES: Final = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)
_NO_SPAN: Final = re.compile(r"[`|\n]|^\s|\s$|\$\$|\\(?:begin|end)\{|\\\\[()\[\]]")
"""Code in which Jupyter finds a formula, or a table its bars, between backticks too."""
_ADDRESS: Final = re.compile(r"(?:https?://|[\w.+-]+@)[\w./?=#-]+")
_PLAIN: Final = re.compile(r"[\w./:?=#%-]+")
_AFTER: Final = tuple(" .,;:!?)")
"""Letters before which emphasis may end, whatever it ends with."""
_LANGUAGE: Final = re.compile(r"(?!mermaid\b)[\w+#-]+")  # JupyterLab draws Mermaid's


def write_prose(draft: Draft, *, below: int = 2) -> str:
    """Return a template's Markdown for a cell; its headings start below level ``below``."""
    return _write_blocks(SyntaxTreeNode(spell_remarks(draft)).children, below)


def write_text(text: str) -> str:
    """Return plain text as Markdown that shows it as it stands, in Jupyter too."""
    return _escape_first(_escape(text))


def read_words(text: str) -> str:
    """Return a cell's Markdown, with what ``write_text`` made in it, as plain text on one line."""
    return strip_markdown(re.sub("</?span>", "", text))


def _write_blocks(nodes: Iterable[SyntaxTreeNode], below: int, *, tight: bool = False) -> str:
    return ("\n" if tight else "\n\n").join(_write_block(node, below) for node in nodes)


def _write_block(node: SyntaxTreeNode, below: int) -> str:
    match node.type:
        case "heading":
            level = "#" * min(6, below + int(node.tag[1]))
            text = f"{level} {_write_on_one_line(node)}"
        case "blockquote":
            text = _indent(_write_blocks(node.children, below), "> ", "> ")
        case "bullet_list" | "ordered_list":
            text = _write_list(node, below)
        case "fence" | "code_block":
            text = _write_code(node)
        case "table":
            text = _write_table(node)
        case "hr":
            text = "___"
        case _:
            text = _escape_first(_write_words(node.children))
    return text


def _write_list(node: SyntaxTreeNode, below: int) -> str:
    tight = not any(
        block.type == "paragraph" and not block.hidden for item in node for block in item.children
    )
    items: list[str] = []
    for number, item in enumerate(node.children, int(node.attrs.get("start", 1))):
        mark = f"{number if node.type == 'ordered_list' else ''}{item.markup} "
        text = _write_blocks(item.children, below, tight=tight)
        items.append(_indent(text, mark, " " * len(mark)))
    return ("\n" if tight else "\n\n").join(items)


def _write_code(node: SyntaxTreeNode) -> str:
    runs = re.findall("`+", node.content)
    fence = "`" * max(3, 1 + max(map(len, runs), default=0))
    language = _LANGUAGE.match(node.info)
    code = node.content.removesuffix("\n")
    return f"{fence}{language[0] if language else ''}\n{code}\n{fence}"


def _write_table(node: SyntaxTreeNode) -> str:
    rows = [row for part in node.children for row in part.children]
    cells = [[_write_on_one_line(cell) for cell in row.children] for row in rows]
    if node.parent and not node.parent.is_root:
        # nbconvert reads tables neither in lists nor in quotes.
        lines = ("".join(f"<td>\n\n{cell}\n\n</td>" for cell in row) for row in cells)
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
    rules = {"text-align:left": ":--", "text-align:center": ":-:", "text-align:right": "--:"}
    cells.insert(1, [rules.get(str(cell.attrs.get("style")), "---") for cell in rows[0].children])
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _write_on_one_line(node: SyntaxTreeNode) -> str:
    return _write_words(node.children).replace("\\\n", "<br>").replace("\n", " ").strip(" ")


def _write_words(nodes: Sequence[SyntaxTreeNode]) -> str:
    text = ""
    nodes = [node for node in nodes if node.type != "text" or node.content]
    for node, following in zip_longest(nodes, nodes[1:]):
        if node.type in {"em", "strong"}:
            text += _emphasise(node, text, following)
        else:
            text += _write_piece(node)
    return text


def _write_piece(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return _escape(node.content)
        case "softbreak" | "hardbreak":
            return "\n" if node.type == "softbreak" else "\\\n"
        case "code_inline":
            is_read = _NO_SPAN.search(node.content)
            return f"<code>{_escape(node.content)}</code>" if is_read else f"`{node.content}`"
        case "link":
            return _write_link(node)
        case "image":
            return _write_image(node)
        case _:
            return _write_words(node.children)


def _write_link(node: SyntaxTreeNode) -> str:
    shown = "".join(child.content for child in node.children)
    if node.markup == "autolink" and _ADDRESS.fullmatch(shown):
        return f"<{shown}>"
    return f"[{_write_words(node.children)}]({_write_address(node.attrs.get('href', ''))})"


def _write_image(node: SyntaxTreeNode) -> str:
    """Return a link to a picture: the report shows its description, and nothing loads it here."""
    leaves = [leaf for child in node.children for leaf in child.walk() if not leaf.children]
    alt = _escape("".join(leaf.content or " " for leaf in leaves)).strip() or "picture"
    is_linked = node.parent is not None and node.parent.type == "link"
    return alt if is_linked else f"[{alt}]({_write_address(node.attrs.get('src', ''))})"


def _write_address(address: str | float) -> str:
    address = str(address).replace("$", "%24").replace("&", "&amp;")
    return address if _PLAIN.fullmatch(address) else f"<{address}>"


def _emphasise(node: SyntaxTreeNode, before: str, following: SyntaxTreeNode | None) -> str:
    """Return emphasis in stars where all readers find it between them, and else in tags."""
    text = _write_words(node.children)
    opens = text[:1].isalnum() or before[-1:] in " \n("
    ends = following is None or following.type == "softbreak" or following.content[:1] in _AFTER
    closes = text[-1:].isalnum() or ends
    if opens and closes and text == text.strip() and "*" not in before[-1:] + text:
        stars = "*" * len(node.markup)
        return f"{stars}{text}{stars}"
    return f"<{node.tag}>{text}</{node.tag}>"


def _escape(text: str) -> str:
    return _READ.sub(_escape_one, text)


def _escape_one(match: re.Match[str]) -> str:
    letter = match[0]
    escaped = _ENTITIES.get(letter, f"\\{letter}")
    return _ALONE.format(escaped) if letter in r"\$" else escaped


def _escape_first(text: str) -> str:
    return _READ_FIRST.sub(r"\1\\", _EDGES.sub("&#32;", text))


def _indent(text: str, first: str, other: str) -> str:
    lines = text.split("\n")
    marks = (first, *(other for _ in lines[1:]))
    pairs = zip(marks, lines, strict=True)
    return "\n".join(f"{mark}{line}" if line else mark.rstrip() for mark, line in pairs)
