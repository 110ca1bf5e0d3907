"""Claims: sentences that a person ties to a condition on the results.

``{% claim study.best.label == "0.1" %}A rate of 0.1 is the best.{% endclaim %}`` prints its words
whatever the results; where they do not bear them out, the words are set off, with the values that
say otherwise.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, is_dataclass
from itertools import count
from pathlib import Path
from types import GeneratorType
from typing import Final, cast

from jinja2 import Environment, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from mnistreport.errors import TemplateError
from mnistreport.report.evidence import Evidence, describe_value
from mnistreport.report.expressions import say_expression, watch_operands
from mnistreport.report.markdown import seal_words, strip_markdown
from mnistreport.report.missing import Missing, Notes, say_missing

CLAIM_FORM: Final = '{% claim study.best.label == "0.1" %}A rate of 0.1 is the best.{% endclaim %}'
"""How a claim is written, for who wrote it otherwise."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence and the condition it is tied to.

    Attributes:
        file: The template it stands in.
        line: Where it begins there, from 1.
        condition: As in the template; spaces and quotes may differ.
        holds: Whether the results bear it out.
        evidence: The operands that decided, in the order in which they were looked at; what
            ``and`` and ``or`` did not need is not among them.
        words: What it says, as plain text.
        missing: What it asked about and the results lack, with the reason, a clause each. Where
            something is missing, a claim does not hold, whatever its condition comes to.
    """

    file: Path
    line: int
    condition: str
    holds: bool
    evidence: tuple[Evidence, ...]
    words: str
    missing: tuple[str, ...] = ()

    @property
    def refutation(self) -> str:
        """What is said of it if it does not hold: a sentence, with the values."""
        values = (f"{each.name} is {each.value}" for each in self.evidence)
        said = "; ".join((*self.missing, *values))
        return f"Not borne out by the results{said and ': '}{said}."


@dataclass(frozen=True)
class ClaimLog:
    """The claims met while one template is rendered, and the seals of the false ones.

    Attributes:
        claims: In the order in which they were met.
        remarks: By seal, the refutations.
    """

    claims: list[Claim] = field(default_factory=list[Claim])
    remarks: dict[str, str] = field(default_factory=dict[str, str])
    # Seals are taken out again before anyone sees them. They are drawn, so that no text that
    # was written before can hold one.
    _series: int = field(default_factory=lambda: secrets.randbelow(10**15))

    def enter(self, claim: Claim, words: str) -> str:
        """Note a claim and return its words, sealed if it does not hold."""
        self.claims.append(claim)
        if claim.holds:
            return words
        seal = f"{self._series:015}{len(self.claims):07}"
        self.remarks[seal] = claim.refutation
        return seal_words(words, seal)


class ClaimExtension(Extension):
    """Teaches Jinja ``{% claim condition %}words{% endclaim %}``.

    Attributes:
        log: Where claims are noted. Without one, as for a page of HTML, a claim is an error.
    """

    tags = {"claim"}  # noqa: RUF012 - as Jinja declares it

    def __init__(
        self, environment: Environment, log: ClaimLog | None = None, notes: Notes | None = None
    ) -> None:
        super().__init__(environment)
        self.log = log
        self._notes = notes or Notes()
        self._numbers = count()
        self._seen: dict[int, dict[str, str]] = {}
        self._outcomes: dict[int, _Outcome] = {}

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Keep the line's end after a claim, which Jinja would take away with the tag.

        A paragraph or a list that a claim ends is over where the blank line after it says so.
        """
        del name, filename
        return re.sub(r"\bendclaim\s*%}(?=\r?\n)", "endclaim +%}", source)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Read a claim, from its tag to ``endclaim``.

        Its condition becomes a block of its own, which is run and may fail before the words are
        printed.
        """
        line = next(parser.stream).lineno
        condition = _parse_condition(parser, line)
        words = _parse_words(parser, line)
        number = nodes.Const(next(self._numbers))
        said = say_expression(condition)

        def watch(name: str, owner: nodes.Expr, attributes: tuple[str, ...]) -> nodes.Expr:
            path = nodes.Const(attributes)
            call = self.call_method("see", [number, nodes.Const(name), owner, path])
            call.set_lineno(owner.lineno)
            return call

        place = [nodes.Const(str(parser.filename)), nodes.Const(line), nodes.Const(said)]
        watched = self.call_method("look", [number, *place, watch_operands(condition, watch)])
        block: list[nodes.Node] = [nodes.ExprStmt(watched).set_lineno(line)]
        weigh = self.call_method("weigh", [number, nodes.Const(said)])
        tell = self.call_method("tell", [number, *place])
        return [
            nodes.CallBlock(weigh, [], [], block).set_lineno(line),
            nodes.CallBlock(tell, [], [], words).set_lineno(line),
        ]

    def see(self, number: int, name: str, owner: object, attributes: tuple[str, ...]) -> object:
        """Return an operand's value, and remember it for the claim of that number."""
        seen = self._seen.setdefault(number, {})
        owners, value = list[object](), owner
        for attribute in attributes:
            owners.append(value)
            seen[name] = describe_value(Undefined())  # if it comes to no value
            value = self.environment.getattr(value, attribute)
        if isinstance(value, GeneratorType):  # of a filter: looked at here, it would be used up
            value = list(cast("Iterable[object]", value))
        self._notes.look_at_whole(value)
        seen[name] = describe_value(value, owners, attributes[-1] if attributes else "")
        return value

    def weigh(self, number: int, said: str, caller: Callable[[], str]) -> str:
        """Find out whether the claim of that number holds: evaluate its condition."""
        depth = self._notes.depth
        self._notes.open()
        holds = False
        try:
            caller()
            holds = self._outcomes[number].holds
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            UndefinedError,
            ValueError,
        ):
            if not self._list_missing(said):
                raise  # otherwise it is what is missing that cannot be compared
        missing = say_missing(self._list_missing(said))
        self._outcomes[number] = _Outcome(holds and not self._list_missing(said), missing)
        self._notes.drop(depth)
        return ""

    def look(self, number: int, file: str, line: int, said: str, outcome: object) -> None:
        """Take down what the condition of a claim came to."""
        is_plain = isinstance(outcome, str | int | float) and not isinstance(outcome, bool)
        if (is_plain or is_dataclass(outcome)) and not self._list_missing(said):
            msg = f"a claim needs what holds or not, and {said} can only hold"
            step = f"compare it with something: write it as {CLAIM_FORM}"
            raise TemplateError(msg, file=Path(file), line=line, next_step=step)
        self._outcomes[number] = _Outcome(bool(outcome))

    def _list_missing(self, said: str) -> list[Missing]:
        """Return what is missing among all that a condition asked about.

        A condition that names the verdict that a level without one has, or asks for the levels
        that did not finish, asks about just that.
        """
        return [
            each
            for each in self._notes.list_all()
            if not (each.verdict and f'"{each.verdict}"' in said)
            and not (each.attribute == "" and ".unfinished" in said)
        ]

    def tell(self, number: int, file: str, line: int, said: str, caller: Callable[[], str]) -> str:
        """Return the words of a claim, and note whether it holds."""
        if self.log is None:
            msg = "a claim can be checked only in the Markdown of an insight or a section"
            step = "move it into a *.md.j2 file that is no part of another page"
            raise TemplateError(msg, file=Path(file), line=line, next_step=step)
        outcome = self._outcomes.pop(number)
        evidence = tuple(Evidence(*each) for each in self._seen.pop(number, {}).items())
        words = caller()
        plain = strip_markdown(words)
        claim = Claim(Path(file), line, said, outcome.holds, evidence, plain, outcome.missing)
        return self.log.enter(claim, words)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Whether a claim holds, and what is missing."""

    holds: bool
    missing: tuple[str, ...] = ()


def note_claims(environment: Environment, notes: Notes) -> ClaimLog:
    """Return a log of the claims in everything that ``environment`` renders from now on.

    Args:
        environment: What it looks up, it notes.
        notes: Where it notes what is missing.
    """
    log = ClaimLog()
    environment.extensions[ClaimExtension.identifier] = ClaimExtension(environment, log, notes)
    return log


def _parse_condition(parser: Parser, line: int) -> nodes.Expr:
    if parser.stream.current.type == "block_end":
        raise _refuse(parser, line, "a claim needs the condition it is tied to")
    condition = parser.parse_expression()
    if parser.stream.current.type == "assign":
        raise _refuse(parser, line, "a claim compares with ==, and = would set a value")
    return condition


def _parse_words(parser: Parser, line: int) -> list[nodes.Node]:
    try:
        return parser.parse_statements(("name:endclaim",), drop_needle=True)
    except TemplateSyntaxError as error:
        if "looking for the following tags: 'endclaim'" not in str(error.message):
            raise  # it is something else in the words that is wrong
        if parser.stream.current.type == "eof":
            raise _refuse(parser, line, "this claim has no {% endclaim %}") from error
        msg = f"the claim of line {line} is not ended yet: {error.message}"
        raise _refuse(parser, error.lineno, msg) from error


def _refuse(parser: Parser, line: int, reason: str) -> TemplateError:
    return TemplateError(
        reason, file=Path(str(parser.filename)), line=line, next_step=f"write it as {CLAIM_FORM}"
    )
