"""Templates that are after time or memory; each has to end within 10 s and 1 GB."""

from pathlib import Path
from typing import Final

from tests.report.payloads import PAGE, Payload

_BOMBS: Final = {
    "text": ("{{ 'a' * 10 ** 10 }}", "10 GB of text"),
    "list": ("{{ ([0] * 10 ** 10) | length }}", "80 GB of a list"),
    "power": ("{{ 9 ** (9 ** 9) }}", "a number of 370 million digits"),
    "shift": ("{{ (2 ** (10 ** 10)) % 7 }}", "the same in bits"),
    "digits": ("{{ (10 ** 4000000) | string | length }}", "a number in words"),
    "range": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}",
        "ten billion steps",
    ),
    "silent range": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "the same without a word",
    ),
    "nothing in a range": (
        "{% for a in range(99999) %}{% set b = range(99999) | list %}{% endfor %}",
        "ten billion numbers",
    ),
    "center": ("{{ ('a' | center(10 ** 10)) | length }}", "10 GB of spaces"),
    "ljust": ("{{ 'a'.ljust(10 ** 10) | length }}", "the same by a method"),
    "zfill": ("{{ 'a'.zfill(10 ** 10) | length }}", "10 GB of noughts"),
    "expandtabs": ("{{ '\\t'.expandtabs(2 ** 31 - 1) | length }}", "2 GB of spaces"),
    "indent": ("{{ ('a\\n' * 9999) | indent(10 ** 7) | length }}", "100 GB of spaces"),
    "replace": (
        "{{ ('x' * 10 ** 6) | replace('x', 'x' * 10 ** 6) | length }}",
        "a text that grows by each letter",
    ),
    "replace nothing": ("{{ ('x' * 10 ** 6).replace('', 'x' * 10 ** 6) }}", "the same"),
    "translate": ("{{ ('x' * 10 ** 6).translate({120: 'x' * 10 ** 6}) }}", "the same"),
    "join": ("{{ ('x' * 10 ** 6).join('y' * 10 ** 6) }}", "the same"),
    "join filter": ("{{ range(99999) | join('x' * 10 ** 6) }}", "the same"),
    "concatenation": (
        (
            "{% set n = namespace(a='x') %}"
            "{% for _ in range(99) %}{% set n.a = n.a ~ n.a %}{% endfor %}{{ n.a }}"
        ),
        "a text that doubles",
    ),
    "join grows": (
        (
            "{% set n = namespace(a='xy') %}"
            "{% for _ in range(99) %}{% set n.a = [n.a, n.a] | join(n.a) %}{% endfor %}"
        ),
        "a text that trebles",
    ),
    "lists in lists": (
        (
            "{% set n = namespace(a=[1]) %}"
            "{% for _ in range(99) %}{% set n.a = n.a + n.a %}{% endfor %}"
        ),
        "a list that doubles",
    ),
    "numbers": (
        "{% set n = namespace(a=9) %}{% for _ in range(99) %}{% set n.a = n.a * n.a %}{% endfor %}",
        "a number that doubles its digits",
    ),
    "lipsum": ("{{ lipsum(n=10 ** 8) }}", "a hundred million paragraphs"),
    "lipsum long": ("{{ lipsum(n=1, min=10 ** 9, max=10 ** 9 + 1) }}", "one without an end"),
    "percent": ("{{ '%1000000000d' % 1 }}", "1 GB of spaces"),
    "percent filter": ("{{ '%10000000000s' | format('a') }}", "10 GB of spaces"),
    "format": ("{{ '{:>10000000000}'.format(1) }}", "the same by the method"),
    "precision": ("{{ '%.2000000000f' | format(1.0) }}", "2 GB of noughts"),
    "batch": ("{{ [1] | batch(10 ** 9, 0) | list | length }}", "8 GB of a row"),
    "slice": ("{{ [1] | slice(10 ** 9) | list | length }}", "a billion rows"),
    "wordwrap": ("{{ ('a ' * 10 ** 8) | wordwrap(1) | length }}", "a hundred million lines"),
    "urlize": ("{{ ('http://a.b ' * 10 ** 7) | urlize | length }}", "ten million links"),
    "sort": ("{{ (range(99999) | list * 9999) | sort }}", "a billion numbers in order"),
    "tojson": ("{{ ([[1] * 9999] * 99999) | tojson | length }}", "a billion numbers in JSON"),
    "pprint": ("{{ ([[1] * 9999] * 99999) | pprint | length }}", "the same for a reader"),
    "macros": (
        (
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
            "{{ m(60) }}"
        ),
        "a macro that calls itself twice",
    ),
    "recursive loop": (
        "{% for a in [1] recursive %}{{ loop([1, 1, 1, 1]) }}{% endfor %}",
        "a loop without an end",
    ),
    "cycler": (
        (
            "{% set c = cycler(1, 2) %}"
            "{% for a in range(99999) %}{% for b in range(99999) %}{{ c.next() }}{% endfor %}"
            "{% endfor %}"
        ),
        "ten billion steps by a cycler",
    ),
    "joiner": (
        "{% set j = joiner('x' * 10 ** 6) %}{% for a in range(99999) %}{{ j() }}{% endfor %}",
        "100 GB of what stands between",
    ),
    "constant": ("{{ 'a' * 999999999 * 999999999 }}", "a product that the compiler works out"),
    "claim": (
        "{% claim 'a' * 10 ** 10 == 'a' %}a{% endclaim %}",
        "10 GB of text in a condition",
    ),
    "nested markdown": ("{{ '> ' * 10 ** 6 ~ 'a' }}", "a million quotations in each other"),
    "unclosed markdown": ("{{ ('[a](' * 10 ** 6) | safe }}", "a million links that do not end"),
    "nested expression": ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "brackets in brackets"),
    "nested blocks": (
        "{% if 1 %}" * 2000 + "a" + "{% endif %}" * 2000,
        "conditions in conditions",
    ),
    "many braces": ("{{ a }}" * 300_000, "a template of 300,000 names"),
}
"""From any insight, after time or memory."""


def _make_huge(folder: Path, _secret: Path) -> None:
    """Make a template of 4 GB that takes no room on the disk."""
    with (folder / "huge.j2").open("wb") as file:
        file.truncate(4 * 2**30)


_HEAVY_FILES: Final = (
    Payload(
        "huge file", "{% include 'huge.j2' %}", "4 GB of template", prepare=_make_huge
    ),
    Payload(
        "includes each other",
        "{% include 'a.j2' %}{% include 'a.j2' %}",
        "templates that call each other twice",
        files={
            f"{name}.j2": f"{{% include '{after}.j2' %}}{{% include '{after}.j2' %}}"
            for name, after in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz",
                                   strict=True)
        } | {"z.j2": "a" * 1000},
    ),
    Payload(
        "page, text", "{{ 'a' * 10 ** 10 }}", "10 GB of page", PAGE
    ),
    Payload(
        "page, range",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "ten billion steps",
        PAGE,
    ),
)  # fmt: skip

BOMBS: Final = (
    *(Payload(name, text, aim) for name, (text, aim) in _BOMBS.items()),
    *_HEAVY_FILES,
)
