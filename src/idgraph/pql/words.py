"""The words with which definitions are written in Python; each is a node of `idgraph.pql.tree`."""

from __future__ import annotations

from idgraph.pql.tree import (
    ActiveDays,
    Adoption,
    AtLeast,
    Attribute,
    Consistency,
    Count,
    Distinct,
    First,
    Growth,
    Measure,
    Moment,
    SessionLength,
    Sessions,
    ShareOf,
    Since,
    Spike,
    Streak,
    TimeTo,
    Total,
)

__all__ = [
    "active_days",
    "adoption",
    "at_least",
    "attribute",
    "consistency",
    "count",
    "distinct",
    "first",
    "growth",
    "session_length",
    "sessions",
    "share_of",
    "since",
    "spike",
    "streak",
    "time_to",
    "total",
]

_Value = str | float | bool
_Names = str | tuple[str, ...] | list[str]


def first(*events: str, **where: _Value) -> Moment:
    """The first of some events: `first("signed_up")`, `first("ticket", topic="pricing")`."""
    return First.of_words(first=events, where=where)


def at_least(k: int, *moments: Moment) -> Moment:
    """So many of several moments: the k-th of them."""
    return AtLeast.of_words(at_least=k, of=moments)


def count(*events: str, **where: _Value) -> Count:
    """How many events; none named: all events."""
    return Count.of_words(count=events, where=where)


def distinct(events: _Names, property: str, **where: _Value) -> Distinct:
    """How many different values of a property: `distinct("member_invited", "invitee")`."""
    return Distinct.of_words(distinct=events, property=property, where=where)


def total(events: _Names, property: str, **where: _Value) -> Total:
    """The sum of a property."""
    return Total.of_words(total=events, property=property, where=where)


def active_days(*events: str, **where: _Value) -> ActiveDays:
    """On how many days (UTC) there was such an event."""
    return ActiveDays.of_words(active_days=events, where=where)


def sessions(*events: str, gap: str = "30m", **where: _Value) -> Sessions:
    """How many sessions: by session id, or else a person's events with no pause as long as the gap."""
    return Sessions.of_words(sessions=events, gap=gap, where=where)


def session_length(*events: str, gap: str = "30m", **where: _Value) -> SessionLength:
    """How long sessions were on average, from first to last event; compared with a duration."""
    return SessionLength.of_words(session_length=events, gap=gap, where=where)


def streak(*events: str, by: str = "1d", **where: _Value) -> Streak:
    """How many days (`1d`) or weeks (`1w`) in a row have such an event."""
    return Streak.of_words(streak=events, by=by, where=where)


def since(*events: str, **where: _Value) -> Since:
    """How long ago the latest such event was: `since("login") >= "14d"`."""
    return Since.of_words(since=events, where=where)


def growth(*events: str, over: str = "90d", by: str = "1w", **where: _Value) -> Growth:
    """By what factor events grew over a window: 2 is doubled. Looked at at each such event."""
    return Growth.of_words(growth=events, over=over, by=by, where=where)


def consistency(*events: str, over: str = "28d", by: str = "1d", **where: _Value) -> Consistency:
    """The share of steps of a window that have such an event. Looked at at each such event."""
    return Consistency.of_words(consistency=events, over=over, by=by, where=where)


def spike(*events: str, window: str = "7d", baseline: str = "56d", **where: _Value) -> Spike:
    """How far a window lies above those before it, in robust standard deviations. Looked at at each such event."""
    return Spike.of_words(spike=events, window=window, baseline=baseline, where=where)


def adoption(*events: str, **where: _Value) -> Adoption:
    """Which share of the named events there was at least one of."""
    return Adoption.of_words(adoption=events, where=where)


def share_of(measure: Measure, limit: str | float) -> ShareOf:
    """What share of a limit is used.

    Args:
        measure: `count`, `distinct`, `total` or `active_days`.
        limit: the fact that holds the limit, or a number.
    """
    return ShareOf.of_words(share_of=measure, limit=limit)


def time_to(measure: Measure, limit: str | float, rate_over: str = "28d") -> TimeTo:
    """How long until a limit is full at the current rate: `time_to(total("stored", "bytes"), "plan_bytes") <= "30d"`.

    The rate is what was added in the time that ended at the last change, by that time; from then on the wait runs down.
    """
    return TimeTo.of_words(time_to=measure, limit=limit, rate_over=rate_over)


def attribute(name: str) -> Attribute:
    """What is known of the entity itself: `attribute("job_level").is_in(["vp"])`, `attribute("seats") >= 50`."""
    return Attribute.of_words(attribute=name)
