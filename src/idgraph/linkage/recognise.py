"""Recognise what the columns of a table hold, by their names and by what their values look like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import log2
from typing import Final

import polars as pl

from idgraph.errors import ConfigError
from idgraph.linkage.fields import HOLDINGS, Field
from idgraph.normalise import normalise

__all__ = ["may_be_swapped", "recognise"]

_WORD_SPLIT: Final = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[A-Z])")
_GIVEN: Final = {"first", "given", "fore", "middle", "forename", "firstname", "givenname"}
_FAMILY: Final = {"last", "sur", "family", "surname", "lastname", "familyname"}
_PERSON: Final = {*_GIVEN, *_FAMILY, "full", "fullname", "person", "contact"}
_TITLE: Final = {"name", "title", "company", "organisation", "organization", "product"}
_ENOUGH: Final = 0.6
_SOME: Final = 0.3
_FEW_WORDS: Final = 40
_SHORT: Final = 14
_COVERED: Final = 0.5
_DIGITS: Final = 0.3
_MOST: Final = 10  # fields
_PHONE: Final = {"phone", "tel", "telephone", "mobile", "fax", "cell"}
_ID: Final = {"id", "key", "uuid", "guid"}
_DATE: Final = r"^(?:(?:1[0-9]|20)\d{2}[-/.]?[01]\d[-/.]?[0-3]\d|[0-3]?\d[-/.][0-3]?\d[-/.](?:\d{2}|\d{4}))(?:[T ].*)?$"
_BETWEEN: Final = r"[^\s*|;][ ]*(?:[*]{2,}|[|;])[ ]*[^\s*|;]"  # what parts the things of a list; commas are in any text
_PLAIN_NAME: Final = r"^[\p{L}\p{M}'’`.\- ]+$"


def recognise(
    rows: pl.DataFrame, said: Mapping[str, str] | Sequence[str] | None = None
) -> tuple[list[Field], dict[str, str]]:
    """Say which columns are compared and what each holds, by its name and its values.

    Args:
        rows: the table, or some thousands of its rows: String columns.
        said: the columns to compare, or what some of them hold (a key of `HOLDINGS`, or `ignore`); others are
            recognised.

    Returns:
        The fields, and why columns are left out, by name.

    Raises:
        ConfigError: a column that is not there, or a word that is no holding.
    """
    told = said if isinstance(said, Mapping) else {}
    asked = list(said) if said is not None and not isinstance(said, Mapping) else rows.columns
    for name, holds in told.items():
        if holds not in {*HOLDINGS, "ignore"}:
            msg = f"column {name!r} cannot hold {holds!r}; it is one of {', '.join(HOLDINGS)} or ignore"
            raise ConfigError(msg)
    if missing := [name for name in (*asked, *told) if name not in rows.columns]:
        msg = f"there is no column {missing[0]!r} to compare; there are {', '.join(rows.columns)}"
        raise ConfigError(msg)
    fields, left_out = [], {}
    for name in asked:
        found = told.get(name) or _holds(name, rows[name])
        if found in HOLDINGS:
            fields.append(Field(name, found))
        else:
            left_out[name] = "left out on request" if found == "ignore" else found
    if said is None:
        fields = _without_wholes(rows, _without_echoes(rows, fields, left_out), left_out)
    ranked = sorted(fields, key=lambda field: -_telling(rows[field.name]))
    for field in ranked[_MOST:]:
        left_out[field.name] = f"the {_MOST} others tell more"
    return [field for field in fields if field not in ranked[_MOST:]], left_out


def _without_echoes(rows: pl.DataFrame, fields: Sequence[Field], left_out: dict[str, str]) -> list[Field]:
    """Leave out columns of which each value stands for one of another column that holds the like."""
    kept: list[Field] = []
    distinct = {field.name: rows[field.name].n_unique() for field in fields}
    for field in sorted(fields, key=lambda field: field.name):
        alike = (other.name for other in kept if other.holds == field.holds)
        twins = (name for name in alike if distinct[name] == distinct[field.name])
        twin = next((one for one in twins if rows.select(one, field.name).n_unique() == distinct[field.name]), None)
        if twin is None or distinct[field.name] == rows.height:
            kept.append(field)
        else:
            left_out[field.name] = f"says what {twin} says"
    return [field for field in fields if field in kept]


def _without_wholes(rows: pl.DataFrame, fields: Sequence[Field], left_out: dict[str, str]) -> list[Field]:
    """Leave out whole names, where most rows that have one have its parts too."""
    names = [field.name for field in fields if field.holds == "name"]
    parts = [name for name in names if _is_part(name)]
    if len(parts) < 2:
        return list(fields)
    for whole in (name for name in names if name not in parts):
        having = rows.filter(pl.col(whole).is_not_null())
        known = having.filter(pl.all_horizontal(pl.col(parts).is_not_null()))
        if known.height >= _COVERED * having.height:
            left_out[whole] = f"says what {' and '.join(parts)} say"
    return [field for field in fields if field.name not in left_out]


def may_be_swapped(fields: Sequence[Field]) -> tuple[int, int] | None:
    """The places of the given name and the family name; of any two names, where no others are."""
    names = sorted((field.name, place) for place, field in enumerate(fields) if field.holds == "name")
    given = [place for name, place in names if _is_part(name) and _words(name) & _GIVEN]
    family = [place for name, place in names if _is_part(name) and _words(name) & _FAMILY]
    if given and family:
        return given[0], family[0]
    return (names[0][1], names[1][1]) if len(names) == 2 else None


def _is_part(name: str) -> bool:
    """Whether a column holds given names or family names, not both."""
    words = _words(name)
    return bool(words & _GIVEN) != bool(words & _FAMILY)


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD_SPLIT.split(name) if word} | {
        w for w in _WORD_SPLIT.split(name.lower()) if w
    }


def _holds(name: str, column: pl.Series) -> str:
    """What a column holds, or why it is of no use."""
    values = column.cast(pl.String).str.strip_chars()
    values = values.filter((values != "") & values.is_not_null())
    distinct = values.n_unique()
    if distinct <= 1:
        return "all its values are the same" if len(values) else "it has no values"
    words = _words(name)
    if distinct == len(values) and words & _ID and not words & _PERSON:
        return "its values are all different, as ids of rows are"
    seen = _Look(values)
    tests = {
        "email": seen.share(r"^[^@\s]+@[^@\s]+$") >= _ENOUGH,
        "phone": bool(words & _PHONE) and seen.digits >= _ENOUGH,
        "date": seen.share(_DATE) >= _ENOUGH,
        "number": seen.share(r"^[+-]?\d+\.\d+$") >= _ENOUGH,
        "list": seen.lists() >= _SOME,
        "title": seen.legal_forms() >= _SOME,
        "name": bool(words & _PERSON) and seen.share(_PLAIN_NAME) >= _ENOUGH,
        "category": distinct <= min(_FEW_WORDS, len(values) // 5),
        "code": seen.digits > _DIGITS and seen.letters <= _SHORT and seen.share(r"\d") >= _ENOUGH,
    }
    return next((holds for holds, fits in tests.items() if fits), "title" if words & _TITLE else "text")


class _Look:
    """What values look like."""

    def __init__(self, values: pl.Series) -> None:
        lengths = values.str.len_chars().cast(pl.Float64).to_numpy()
        self._values = values
        self.letters = float(lengths.mean())
        self.digits = float((values.str.replace_all(r"\D", "").str.len_chars().to_numpy() / lengths).mean())

    def share(self, pattern: str) -> float:
        """How many of them a pattern fits."""
        return float(self._values.str.contains(pattern).sum()) / len(self._values)

    def lists(self) -> float:
        """How many are lists of several things."""
        return self.share(_BETWEEN)

    def legal_forms(self) -> float:
        """How many are names of companies that end in a legal form."""
        plain = self._values.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
        named = normalise("company_name", self._values)["value"]
        return float((named.str.count_matches(" ") < plain.str.count_matches(" ")).sum()) / len(self._values)


def _telling(column: pl.Series) -> float:
    """How much a column tells of a pair: bits, times how often both rows have a value."""
    values = column.cast(pl.String).str.strip_chars()
    values = values.filter((values != "") & values.is_not_null())
    counts = values.value_counts()["count"].cast(pl.Float64).to_numpy()
    same = float((counts * (counts - 1)).sum()) / max(len(values) * (len(values) - 1), 1)
    return (len(values) / max(len(column), 1)) ** 2 * -log2(max(same, 1 / max(len(values), 1)))
