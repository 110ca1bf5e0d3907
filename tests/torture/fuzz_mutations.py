"""Changes to inputs: blind ones to bytes, and those that know what lines, keys and cells are."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

Mutate = Callable[[bytes, Random, bytes], bytes]
"""Is given an input, what decides, and a few bytes that nobody has thought of; returns another."""

ODD_TEXTS: Final = (
    *(
        "\u202e",
        "\x1b[2J",
        "\x1b]8;;http://a\x07b",
        "\ufeff",
        "\0",
        "\r",
        "[link=x]",
        "é",
        "e\u0301",
    ),
    *("\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\u0663", "\u00ad", "'''"),
)
ODD_BYTES: Final = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    b"PK\3\4",
)


def mutate_bytes(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Replace, insert, leave out, cut off, repeat or flip something somewhere."""
    at = draw.randrange(len(content) + 1)
    if draw.random() < 0.4:  # headers and ends are where readers decide
        at = min(draw.randrange(64), len(content))
        at = len(content) - at if draw.random() < 0.5 else at
    before, after = content[:at], content[at:]
    what = fresh or draw.choice(ODD_BYTES)
    size = draw.choice((1, 2, 4, 30, 784, 4000))
    flipped = bytes([after[0] ^ 1 << draw.randrange(8)]) if after else b""
    number = draw.choice((b"\xff", b"\0", b"\x7f\xff", b"\x80\0\0\0", b"\xff" * 4))
    ends = (
        *(what + after[len(what) :], what + after, after[size:], b"", flipped + after[1:]),
        *(after[:size] * 2 + after[size:], number + after[len(number) :]),
    )
    return before + draw.choice(ends)


def mutate_lines(content: bytes, draw: Random, odd: Sequence[str]) -> bytes:
    """Leave out, double, move, join or break a line, or put an odd text into it."""
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    line = lines[at]
    way = draw.randrange(7)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines[at:at] = [line] * draw.choice((1, 1, 2, 30))
    elif way == 2:
        lines.insert(draw.randrange(len(lines) + 1), lines.pop(at))
    elif way == 3:
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    elif way == 4:
        lines[at] = line.replace(b" ", b"\n", 1)
    elif way == 5:
        lines.insert(at, draw.choice(odd).encode("utf-8", "surrogatepass"))
    else:
        place = draw.randrange(len(line) + 1)
        text = draw.choice((*ODD_TEXTS, *odd)).encode("utf-8", "surrogatepass")
        lines[at] = line[:place] + text + line[place + draw.randrange(3) :]
    return b"\n".join(lines)
