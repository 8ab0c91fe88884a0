"""Why one entity qualified, or how far it is: every part with its time, its number and the events it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import indent
from typing import Any

import polars as pl

from idgraph.errors import NotFoundError, mask_id
from idgraph.pql.activity import Activity, id_of
from idgraph.pql.measure import value_now
from idgraph.pql.moment import after, bounds_of, reached
from idgraph.pql.progress import shown
from idgraph.pql.quantity import OfEvents, ShareOf, TimeTo
from idgraph.pql.scope import Scope, matching, scope_of
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

__all__ = ["Explained", "explained"]


@dataclass(frozen=True)
class Explained:
    """A part of a definition, for one entity.

    Attributes:
        text: the part in words.
        at: when it came, or None.
        value: what its number is at the end, as text; None where it has none.
        evidence: ids of the events that it counts, up to when it came, in order of time and then of id.
        parts: what it is made of.
    """

    text: str
    at: datetime | None
    value: str | None = None
    evidence: tuple[str, ...] = ()
    parts: tuple[Explained, ...] = ()

    def __str__(self) -> str:
        """Draw the tree, one part a line."""
        came = f"{self.at:%Y-%m-%d %H:%M}" if self.at else "not yet"
        now = f", now {self.value}" if self.value is not None else ""
        events = f" [{', '.join(self.evidence)}]" if self.evidence else ""
        inside = "\n".join(map(str, self.parts))
        return f"{came}  {self.text}{now}{events}" + (f"\n{indent(inside, '  ')}" if inside else "")


def explained(moment: Moment, activity: Activity, level: str, entity_id: str) -> Explained:
    """Explain a moment of one entity.

    Raises:
        NotFoundError: nothing is known of the entity.
    """
    known = activity.entities.filter(pl.col("level") == level, pl.col("entity_id") == entity_id)
    if known.collect().is_empty():
        msg = f"there is no {level} {mask_id(entity_id)!r} in this activity"
        raise NotFoundError(msg)
    own = activity.events.filter(pl.col(id_of(level)) == entity_id).collect().lazy()
    scope = scope_of(replace(activity, history=own, numbered=False), level, [moment], also=("event_id",))
    return _explained(moment, scope, entity_id)


def _explained(moment: Moment, scope: Scope, key: str) -> Explained:
    at = _came(reached(moment, scope), scope.keys[-1], key)
    match moment:
        case Named():
            return replace(_explained(moment.what, scope, key), text=f"{moment.name}: {moment.what}")
        case First() | Condition():
            return Explained(str(moment), at, _value(moment, scope, key), _evidence(moment, scope, key, at))
        case By():
            return Explained(str(moment), at, parts=_people(moment, scope))
        case _:
            inside = _parts(moment, scope, at)
            return Explained(str(moment), at, parts=tuple(_explained(part, within, key) for part, within in inside))


def _came(times: pl.LazyFrame, column: str, key: str) -> datetime | None:
    found = times.filter(pl.col(column) == key).select(pl.col("at").min()).collect().item()
    return found if isinstance(found, datetime) else None


def _parts(moment: Moment, scope: Scope, at: datetime | None) -> list[tuple[Moment, Scope]]:
    """What a moment is made of, and over which events each part is asked."""
    match moment:
        case All() | AnyOf() | AtLeast():
            return [(part, scope) for part in moment.of]
        case Then():
            first, *rest = moment.of
            parts, before = [(first, scope)], reached(first, scope)
            for part in rest:
                later = scope.inside(after(before, scope))
                parts.append((part, later))
                before = reached(part, later)
            return parts
        case Within():
            anchors = [part for part in (moment.of, moment.until) if part is not None]
            return [(moment.what, scope.inside(bounds_of(moment, scope))), *((part, scope) for part in anchors)]
        case Unless():
            return [(moment.what, scope), (moment.veto, scope)]
        case InAny() | InEach():
            return [(moment.what, replace(scope, events=_window(moment, scope, at or scope.now)))]
    raise TypeError(moment.kind)


def _window(moment: InAny | InEach, scope: Scope, at: datetime) -> pl.LazyFrame:
    """The events of the window in which it came, or of the latest one."""
    end = pl.lit(at, pl.Datetime("us", "UTC"))
    if isinstance(moment, InAny):
        return scope.events.filter(pl.col("at").dt.offset_by(moment.window) > end, pl.col("at") <= end)
    return scope.events.filter(pl.col("at").dt.truncate(moment.period) == end.dt.truncate(moment.period))


def _people(moment: By, scope: Scope) -> tuple[Explained, ...]:
    """Those who did it, the earliest first."""
    people = scope.people()
    did = reached(moment.what, people).sort("at", "person_id").collect()["person_id"].to_list()
    each = ((person, _one(moment.what, people, person)) for person in did)
    return tuple(replace(part, text=f"{person}: {part.text}") for person, part in each)


def _one(moment: Moment, people: Scope, person: str) -> Explained:
    own = replace(people, events=people.events.filter(pl.col("person_id") == person))
    return _explained(moment, own, person)


def _value(moment: First | Condition, scope: Scope, key: str) -> str | None:
    if isinstance(moment, First):
        return None
    now = value_now(moment.measure, scope).filter(pl.col(scope.keys[-1]) == key).select("value").collect()
    text = pl.DataFrame({"value": [now["value"][0] if len(now) else None]}, schema=now.schema)
    return str(text.select(shown(moment.measure, pl.col("value"))).item())


def _evidence(moment: First | Condition, scope: Scope, key: str, at: datetime | None) -> tuple[str, ...]:
    names, where = _counted(moment)
    if names is None:
        return ()
    found = matching(scope, names, where, "event_id").filter(pl.col(scope.keys[-1]) == key)
    ids = found.filter(pl.col("at") <= (at or scope.now)).sort("at", "event_id").select("event_id")
    listed = ids.head(1) if isinstance(moment, First) else ids
    return tuple(listed.collect()["event_id"].drop_nulls())


def _counted(moment: First | Condition) -> tuple[Sequence[str] | None, Mapping[str, Any]]:
    measure = moment if isinstance(moment, First) else moment.measure
    if isinstance(measure, ShareOf | TimeTo):
        measure = measure.measure
    return (measure.events, measure.where) if isinstance(measure, First | OfEvents) else (None, {})
