"""Fields: the columns of a table that are compared, what each holds, and the levels on which two values may agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf
from typing import Final

import polars as pl

from idgraph.linkage.compare import WORDED
from idgraph.normalise import normalise
from idgraph.normalise.folding import folded
from idgraph.normalise.latin import in_latin

__all__ = [
    "ALIKE",
    "CROWDED",
    "HOLDINGS",
    "NEARLY",
    "NEVER",
    "NULL",
    "Field",
    "Holding",
    "Level",
    "alone",
    "only_called",
    "tidy",
]

NULL: Final = 0  # the code of a pair of which one has no value
NEVER: Final = -100.0  # bits that all other fields together do not make up for


@dataclass(frozen=True)
class Level:
    """How far two values agree.

    Attributes:
        name: in explanations.
        share: how often one entity's two values agree so, before any data was seen.
        agrees: 2 the same, 1 alike, 0 different.
        counted: whether a rarer value says more.
        most_bits: the most that it may say for one entity, in log2 odds, whatever the table seems to teach.
    """

    name: str
    share: float
    agrees: int
    counted: bool = False
    most_bits: float = inf


@dataclass(frozen=True)
class Holding:
    """What a kind of column holds.

    Attributes:
        levels: from the same to different; the first is that of equal values.
        apart: levels that are shares of each other; those of an e-mail address made of its holder's name are apart from
            the others, for there only the domain says something that the name does not.
        most_different: how often at most one entity's two values are different: what is so more often is not the
            same people, but the same firm, or town.
    """

    levels: tuple[Level, ...]
    apart: tuple[int, ...] = ()
    most_different: float = 0.7

    @property
    def groups(self) -> list[list[int]]:
        """Levels, by place, whose shares add up to one."""
        found = [[place for place in range(len(self.levels)) if place not in self.apart], list(self.apart)]
        return [group for group in found if group]


def _levels(*said: tuple[str, float, int], counted: bool = True) -> tuple[Level, ...]:
    return tuple(Level(name, share, agrees, counted and agrees == 2) for name, share, agrees in said)


_TEXT: Final = _levels(
    ("same", 0.7, 2),
    ("nearly the same", 0.1, 1),
    ("alike", 0.08, 1),
    ("alike but for numbers", 0.03, 1),
    ("some words", 0.04, 1),
    ("different", 0.05, 0),
)

HOLDINGS: Final[dict[str, Holding]] = {
    "name": Holding(
        _levels(
            ("same", 0.75, 2),
            ("mistyped", 0.12, 1),
            ("short form or alike", 0.05, 1),
            ("distant", 0.03, 1),
            ("swapped", 0.01, 1),
            ("in the other column", 0.01, 1),
            ("different", 0.04, 0),
        ),
        most_different=0.25,
    ),
    "email": Holding(
        (
            *_levels(
                ("same", 0.7, 2),
                ("mistyped", 0.1, 1),
                ("same before the @", 0.05, 1),
                ("alike before the @", 0.05, 1),
                ("different", 0.1, 0),
            ),
            Level("names at one domain", 0.8, 2, counted=True),
            Level("another count of one name at one domain", 0.001, 0, most_bits=NEVER),
            Level("other names at one domain", 0.02, 0, most_bits=-2.0),
            Level("names at two domains", 0.2, 0),
        ),
        apart=(5, 6, 7, 8),
    ),
    "phone": Holding(_levels(("same", 0.8, 2), ("mistyped", 0.08, 1), ("distant", 0.04, 1), ("different", 0.08, 0))),
    "date": Holding(
        _levels(
            ("same", 0.8, 2),
            ("mistyped", 0.1, 1),
            ("two parts of three", 0.04, 1),
            ("same year", 0.02, 1),
            ("different", 0.04, 0),
        ),
        most_different=0.3,
    ),
    "code": Holding(_levels(("same", 0.8, 2), ("mistyped", 0.1, 1), ("distant", 0.05, 1), ("different", 0.05, 0))),
    "text": Holding(_TEXT),
    "title": Holding(_TEXT, most_different=0.25),
    "list": Holding(
        _levels(("same", 0.2, 2), ("most of it shared", 0.2, 1), ("some of it shared", 0.2, 1), ("different", 0.4, 0)),
        most_different=0.95,
    ),
    "category": Holding(_levels(("same", 0.9, 2), ("different", 0.1, 0))),
    "several": Holding((*_levels(("same", 0.7, 2)), Level("some the same", 0.2, 2), Level("different", 0.1, 0))),
    "number": Holding(_levels(("same", 0.8, 2), ("near", 0.1, 1), ("different", 0.1, 0))),
    "size": Holding(_levels(("same", 0.4, 2), ("within twice", 0.4, 1), ("different", 0.2, 0))),
}

# How many others are nearly the same as either of two names that are, and how many are nearly so or alike.
NEARLY: Final = ("none", "1", "2 or more")
ALIKE: Final = ("none", "1", "2 to 3", "4 to 7", "8 to 15", "16 to 31", "32 or more")
_CROWDS: Final = [
    f"nearly the same, beside {near} nearly so and {alike} alike" for near, alike in product(NEARLY, ALIKE)
]
# The first of them, where nobody else is like the two, stays where it is.
CROWDED: Final = (*_CROWDS[1:], *(f"{crowd}, and one has its equal" for crowd in _CROWDS))
_SAME, _NEARLY, *_REST = _TEXT
_SHARE: Final = _NEARLY.share / (1 + len(CROWDED))
_ALONE: Final = Holding(
    (_SAME, replace(_NEARLY, share=_SHARE), *_REST, *(replace(_NEARLY, name=name, share=_SHARE) for name in CROWDED)),
    most_different=HOLDINGS["title"].most_different,
)


@dataclass(frozen=True)
class Field:
    """A column that is compared.

    Attributes:
        name: of the column.
        holds: a key of `HOLDINGS`; `several` are values of one column, parted by `SEPARATOR`.
        most_different: how often at most one entity's two values are different; None: as its holding has it.
        alone: whether it is what things are called, and all that is compared: see `idgraph.linkage.crowds`.
    """

    name: str
    holds: str
    most_different: float | None = None
    alone: bool = False

    @property
    def holding(self) -> Holding:
        """The levels on which two of its values may agree."""
        return _ALONE if self.alone else HOLDINGS[self.holds]


_LONG, _LONGEST = 500, 10_000  # letters; the latter of what is compared by its words


def only_called(fields: Sequence[Field]) -> bool:
    """Whether what things are called is all that is compared."""
    return [field.holds for field in fields] == ["title"]


def alone(fields: Sequence[Field]) -> list[Field]:
    """Let what things are called know of crowds, where that is all that is compared."""
    return [replace(field, alone=only_called(fields)) for field in fields]


def tidy(field: Field, column: pl.Series) -> pl.Series:
    """Bring the values of a field into the spelling in which they are compared; what means nothing is null.

    Of a value without end its beginning is compared.
    """
    raw = column.cast(pl.String).str.head(_LONGEST if field.holds in WORDED else _LONG)
    if field.holds == "email":
        read = normalise("email", raw)["value"]
        text = pl.select(pl.coalesce(read, raw.str.strip_chars().str.to_lowercase())).to_series()
    elif field.holds == "phone":
        text = raw.str.replace_all(r"\D", "")
    elif field.holds == "date":
        text = _day(raw)
    elif field.holds == "list":
        things = folded(raw).str.replace_all("[*]{2,}|[|;]", "\n").str.replace_all(r"[^\p{L}\p{M}\p{N}\n]+", "")
        text = things.str.split("\n").list.unique().list.sort().list.join(" ").str.strip_chars()
    elif field.holds == "size":
        text = _size(raw)
    elif field.holds == "title":
        text = in_latin(normalise("company_name", raw)["value"])
    else:
        text = in_latin(folded(raw)).str.replace_all("['’`]", "")
        if field.holds == "code":
            text = text.str.replace_all(r"[^\p{L}\p{N}]+", "")
        elif field.holds in {"name", "text", "category"}:
            text = text.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    return pl.select(pl.when((text != "") & text.is_not_null()).then(text)).to_series().rename(field.name)


def _day(raw: pl.Series) -> pl.Series:
    """A date as eight digits, year first; as its letters and digits where it is written otherwise.

    Where the day cannot be told from the month the day is taken to come first; two dates of which these are swapped
    count as mistyped. A year of two digits is of this century to 30.
    """
    plain = raw.str.strip_chars().str.replace("[T ].*$", "")
    iso = plain.str.replace(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$", "${1}-0${2}-0${3}")
    short = iso.str.replace(r"^(\d{1,2}[./-]\d{1,2}[./-])([0-2]\d|30)$", "${1}20${2}")
    long = short.str.replace(r"^(\d{1,2}[./-]\d{1,2}[./-])(\d{2})$", "${1}19${2}")
    american = long.str.replace(r"^(\d{1,2})[./-](1[3-9]|2\d|3[01])[./-](\d{4})$", "${3}-0${1}-0${2}")
    european = american.str.replace(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$", "${3}-0${2}-0${1}")
    return european.str.replace_all(r"-0(\d{2})", "-${1}").str.replace_all(r"[^\p{L}\p{N}]+", "").str.to_lowercase()


def _size(raw: pl.Series) -> pl.Series:
    """How many there are, as a whole number: of a range such as `11-50` what lies in the middle by ratio, 23."""
    plain = raw.str.replace_all(r"[ ,.'’](\d{3})\b", "${1}").str.replace_all(r"[.,]\d{1,2}\b", "")
    numbers = plain.str.extract_all(r"\d+").list.head(2).list.eval(pl.element().cast(pl.Float64).log())
    middle = numbers.list.mean().exp().round()
    return pl.select(pl.when(middle >= 1).then(middle).cast(pl.Int64, strict=False).cast(pl.String)).to_series()
