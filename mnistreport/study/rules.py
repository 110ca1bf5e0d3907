"""What single values of the manifest may be, and what is said of those that may not."""

import re
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from mnistreport.study.naming import SCHEME_RULE, is_scheme
from mnistreport.study.wording import format_value

# Letters joined by these are ordinary text in some scripts, though Python calls them unprintable.
_INVISIBLE_BUT_ORDINARY = re.compile("[\u00a0\u00ad\u200c\u200d]")

Item = TypeVar("Item")


def rule_error(rule: str) -> PydanticCustomError:
    """Complain that a value "must be" as ``rule`` says."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def sentence_error(sentence: str) -> PydanticCustomError:
    """Complain in words that stand for themselves."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def _check_printable(text: str) -> str:
    if not _INVISIBLE_BUT_ORDINARY.sub("", text).isprintable():
        rule = "one line without control characters"
        raise rule_error(rule)
    return text


def _check_not_blank(text: str) -> str:
    if not text.strip():
        rule = "text of at least one visible character"
        raise rule_error(rule)
    return text


def _check_digits(text: str) -> str:
    if not re.fullmatch("[0-9]{1,20}", text):
        rule = "1 to 20 of the digits 0 to 9 and nothing else"
        raise rule_error(rule)
    return text


def _check_language(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}", text):
        rule = 'a language tag such as "en" or "pt-BR"'
        raise rule_error(rule)
    return text


def _read_day(value: object) -> object:
    """Return a TOML date, or text that is one, as ``2026-11-30``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    rule = "a date such as 2026-11-30"
    raise rule_error(rule)


def _check_scheme(text: str) -> str:
    if not is_scheme(text):
        raise rule_error(SCHEME_RULE)
    return text


def _check_inside(text: str) -> str:
    parts = text.split("/")
    if re.search(r"[\\:]", text) or any(part == "" or part.startswith(".") for part in parts):
        rule = "a file inside the output folder, such as report.pdf"
        raise rule_error(rule)
    return text


def _check_pattern(text: str) -> str:
    parts = text.split("/")
    if re.search(r"[\\:]|\*\*", text) or any(part == "" or part[0] == "." for part in parts):
        rule = "files inside the manifest's folder, such as histories/*.csv"
        raise rule_error(rule)
    return text


def _check_odd(size: int) -> int:
    if size % 2 == 0:
        rule = "odd, so that a pixel is in the middle"
        raise rule_error(rule)
    return size


def _check_distinct(values: tuple[Item, ...]) -> tuple[Item, ...]:
    for place, value in enumerate(values):
        if value in values[:place]:
            sentence = f"{format_value(value)} is given twice"
            raise sentence_error(sentence)
    return values


def _drop_sign_of_zero(number: float) -> float:
    return number + 0.0  # -0.0 would be the same setting under another fingerprint


Line = Annotated[str, AfterValidator(_check_printable)]
Title = Annotated[Line, AfterValidator(_check_not_blank)]
Language = Annotated[str, AfterValidator(_check_language)]
Day = Annotated[str, BeforeValidator(_read_day), Field(json_schema_extra={"format": "date"})]
StudentId = Annotated[
    str, AfterValidator(_check_digits), Field(json_schema_extra={"pattern": "^[0-9]{1,20}$"})
]
NamingScheme = Annotated[str, AfterValidator(_check_scheme)]
IncludedFile = Annotated[Title, AfterValidator(_check_inside), Field(max_length=200)]
ImportedFiles = Annotated[Title, AfterValidator(_check_pattern), Field(max_length=200)]

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Width = Annotated[int, Field(ge=1, le=1_000_000_000)]
KernelSize = Annotated[int, Field(ge=1, le=27), AfterValidator(_check_odd)]
Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, lt=1), AfterValidator(_drop_sign_of_zero)]
Penalty = Annotated[float, Field(ge=0, le=1e6), AfterValidator(_drop_sign_of_zero)]

# TOML has lists: only the outside is lax, entries are as strict as everything else.
Several = Annotated[tuple[Item, ...], Strict(strict=False)]
Distinct = Annotated[Several[Item], AfterValidator(_check_distinct)]


class Table(BaseModel):
    """What all tables have in common: exact types, finite numbers, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
