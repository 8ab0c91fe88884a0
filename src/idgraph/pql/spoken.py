"""Definitions as one would say them to somebody in sales: `count(project_created) ≥ 3` is "3 projects created"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

from idgraph.pql.quantity import (
    ActiveDays,
    Count,
    Distinct,
    Growth,
    Measure,
    Node,
    ShareOf,
    TimeTo,
    filtered,
    walk,
)
from idgraph.pql.tree import (
    All,
    AnyOf,
    AtLeast,
    By,
    Condition,
    First,
    InAny,
    InEach,
    Moment,
    Named,
    Then,
    Unless,
    Within,
)

__all__ = ["duration", "limit_name", "many", "phrase", "spoken"]

_PARTICIPLE: Final = re.compile(r"(?i).*(ed|made|sent|seen|read|won|lost|begun|run)$")
_UNITS: Final = {
    "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "q": "quarter", "y": "year",
}  # fmt: skip
_SIGNS: Final = {"at_least": "at least", "more_than": "more than", "at_most": "at most", "less_than": "less than"}


def phrase(event: str, number: float = 2) -> str:
    """Say an event's name: `project_created` is `projects created`, and of one `project created`.

    >>> phrase("project_created"), phrase("Reply Sent", 1), phrase("login")
    ('projects created', 'reply sent', 'login')
    """
    words = re.sub(r"[_\s]+", " ", event).strip().lower().split(" ")
    if len(words) > 1 and number != 1 and _PARTICIPLE.fullmatch(words[-1]):
        words[-2] = _plural(words[-2])
    return " ".join(words)


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


def many(number: float, noun: str) -> str:
    """Say how many.

    >>> many(1, "day"), many(1400, "day"), many(2.5, "week")
    ('1 day', '1,400 days', '2.5 weeks')
    """
    written = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{written} {noun if number == 1 else _plural(noun)}"


def duration(window: str) -> str:
    """Say how long.

    >>> duration("14d"), duration("1mo")
    ('14 days', '1 month')
    """
    number = re.match(r"[0-9]+", window)
    length = number[0] if number else ""
    return many(int(length), _UNITS[window.removeprefix(length)])


def limit_name(measure: ShareOf | TimeTo) -> str:
    """Say what fills: `storage_limit` is `storage`.

    >>> limit_name(ShareOf.of_words(share_of={"count": "file_uploaded"}, limit="storage_limit"))
    'storage'
    """
    if not isinstance(measure.limit, str):
        return phrase(str(measure.measure))
    return phrase(re.sub(r"(?i)[_\s]*(limit|max|quota)$", "", measure.limit) or measure.limit)


def spoken(moment: Moment) -> str:
    """Say a moment in words; a named one in full, vetoes left out.

    >>> from idgraph.pql import count, first
    >>> spoken((count("project_created") >= 3).within("7d", of=first("signed_up")).named("aha"))
    '3 projects created within 7 days of signed up'
    """
    return _SAID[type(moment)](moment)


def _several(moment: All | AnyOf | Then | AtLeast) -> str:
    if isinstance(moment, AtLeast):
        return f"{moment.k} of these: {'; '.join(map(spoken, moment.of))}"
    joint = {All: " and ", AnyOf: " or ", Then: ", then "}[type(moment)]
    return joint.join(map(spoken, moment.of))


def _within(moment: Within) -> str:
    parts = [spoken(moment.what)]
    if moment.of is not None:
        parts.append(f"within {duration(moment.window)} of" if moment.window else "after")
        parts.append(spoken(moment.of))
    if moment.until is not None:
        parts.append(f"before {spoken(moment.until)}")
    return " ".join(parts)


def _compared(condition: Condition) -> str:
    """A condition, the commonest ones as one would say them."""
    measure, than, sign = condition.measure, condition.than, condition.sign
    if sign == "at_least" and isinstance(than, float) and type(measure) in _AT_LEAST:
        return _AT_LEAST[type(measure)](measure, than)
    if isinstance(measure, TimeTo) and isinstance(than, str):
        return f"{limit_name(measure)} full in {duration(than)} at the current rate"
    if isinstance(than, tuple):
        return f"{_phrased(measure)}: {' or '.join(than)}"
    shown = duration(than) if isinstance(than, str) else f"{than:g}"
    return f"{_phrased(measure)} {_SIGNS[sign]} {shown}"


def _events(names: Sequence[str], number: float = 2) -> str:
    return " or ".join(phrase(name, number) for name in names) or "events"


def _phrased(measure: Measure) -> str:
    """The measure as it is written, its events as they are said."""
    names: set[Any] = {name for node in walk(measure) for name in _named(node)}
    return reduce(
        lambda said, name: said.replace(name, phrase(name)), sorted(names, key=len, reverse=True), str(measure)
    )


def _named(node: Node) -> Sequence[str]:
    names: Sequence[str] = getattr(node, "events", ())
    return names


_AT_LEAST: Final[dict[type[Measure], Callable[[Any, float], str]]] = {
    Count: lambda measure, than: f"{than:g} {_events(measure.events, than)}{filtered(measure.where)}",
    Distinct: lambda measure, than: f"{many(than, f'different {measure.property}')} in {_events(measure.events)}",
    ActiveDays: lambda _, than: f"active on {many(than, 'day')}",
    ShareOf: lambda measure, than: f"{than:.0%} of {limit_name(measure)} used",
    Growth: lambda measure, than: f"{_events(measure.events)} ×{than:g} over {duration(measure.over)}",
}


def _first(moment: First) -> str:
    return " or ".join(phrase(event, 1) for event in moment.events) + filtered(moment.where)


def _by(moment: By) -> str:
    people = f"{moment.users} people each" if moment.users else f"{moment.share:.0%} of people each"
    return f"{people}: {spoken(moment.what)}"


_SAID: Final[dict[type[Moment], Callable[[Any], str]]] = {
    Named: lambda moment: spoken(moment.what),
    Unless: lambda moment: spoken(moment.what),
    First: _first,
    Condition: _compared,
    All: _several,
    AnyOf: _several,
    Then: _several,
    AtLeast: _several,
    Within: _within,
    InAny: lambda moment: f"{spoken(moment.what)} within {duration(moment.window)}",
    InEach: lambda moment: f"{spoken(moment.what)} in one {duration(moment.period).removeprefix('1 ')}",
    By: _by,
}
