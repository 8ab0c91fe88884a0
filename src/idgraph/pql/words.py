"""The words with which definitions are written in Python; each makes a node of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idgraph.pql.quantity import (
    ActiveDays,
    Adoption,
    Attribute,
    Consistency,
    Count,
    Distinct,
    Growth,
    Measure,
    SessionLength,
    Sessions,
    ShareOf,
    Since,
    Spike,
    Streak,
    TimeTo,
    Total,
)
from idgraph.pql.tree import AtLeast, Condition, First, Moment

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


@dataclass(frozen=True, eq=False)
class Number:
    """A measure to be compared: `count("ticket") >= 3` is a moment.

    Attributes:
        measure: which.
    """

    measure: Measure

    def __ge__(self, than: float | str) -> Moment:
        """It is at least so much."""
        return Condition.of_words(measure=self.measure, sign="at_least", than=than)

    def __gt__(self, than: float | str) -> Moment:
        """It is more."""
        return Condition.of_words(measure=self.measure, sign="more_than", than=than)

    def __le__(self, than: float | str) -> Moment:
        """It is at most so much."""
        return Condition.of_words(measure=self.measure, sign="at_most", than=than)

    def __lt__(self, than: float | str) -> Moment:
        """It is less."""
        return Condition.of_words(measure=self.measure, sign="less_than", than=than)

    def is_in(self, values: Sequence[str]) -> Moment:
        """It is one of these texts: only of an attribute."""
        return Condition.of_words(measure=self.measure, sign="is_in", than=tuple(values))


def first(*events: str, **where: _Value) -> Moment:
    """The first of some events: `first("signed_up")`, `first("ticket", topic="pricing")`."""
    return First.of_words(first=events, where=where)


def at_least(k: int, *moments: Moment) -> Moment:
    """So many of several moments: the k-th of them."""
    return AtLeast.of_words(at_least=k, of=moments)


def count(*events: str, **where: _Value) -> Number:
    """How many events; none named: all events."""
    return Number(Count.of_words(count=events, where=where))


def distinct(events: _Names, property: str, **where: _Value) -> Number:
    """How many different values of a property: `distinct("member_invited", "invitee")`."""
    return Number(Distinct.of_words(distinct=events, property=property, where=where))


def total(events: _Names, property: str, **where: _Value) -> Number:
    """The sum of a property."""
    return Number(Total.of_words(total=events, property=property, where=where))


def active_days(*events: str, **where: _Value) -> Number:
    """On how many days (UTC) there was such an event."""
    return Number(ActiveDays.of_words(active_days=events, where=where))


def sessions(*events: str, gap: str = "30m", **where: _Value) -> Number:
    """How many sessions: a person's events, of one session id where there are ids, with no pause as long as the gap."""
    return Number(Sessions.of_words(sessions=events, gap=gap, where=where))


def session_length(*events: str, gap: str = "30m", **where: _Value) -> Number:
    """How long sessions were on average, from first to last event; compared with a duration."""
    return Number(SessionLength.of_words(session_length=events, gap=gap, where=where))


def streak(*events: str, by: str = "1d", **where: _Value) -> Number:
    """How many days (`1d`) or weeks (`1w`) in a row have such an event."""
    return Number(Streak.of_words(streak=events, by=by, where=where))


def since(*events: str, **where: _Value) -> Number:
    """How long ago the latest such event was: `since("login") >= "14d"`."""
    return Number(Since.of_words(since=events, where=where))


def growth(*events: str, over: str = "90d", by: str = "1w", **where: _Value) -> Number:
    """By what factor events grew over a window: 2 is doubled. Looked at at each such event."""
    return Number(Growth.of_words(growth=events, over=over, by=by, where=where))


def consistency(*events: str, over: str = "28d", by: str = "1d", **where: _Value) -> Number:
    """The share of steps of a window that have such an event. Looked at at each such event."""
    return Number(Consistency.of_words(consistency=events, over=over, by=by, where=where))


def spike(*events: str, window: str = "7d", baseline: str = "56d", **where: _Value) -> Number:
    """How far a window lies above those before it, in robust standard deviations. Looked at at each such event."""
    return Number(Spike.of_words(spike=events, window=window, baseline=baseline, where=where))


def adoption(*events: str, **where: _Value) -> Number:
    """Which share of the named events there was at least one of."""
    return Number(Adoption.of_words(adoption=events, where=where))


def share_of(number: Number, limit: str | float) -> Number:
    """What share of a limit is used.

    Args:
        number: `count`, `distinct`, `total` or `active_days`.
        limit: the fact that holds the limit, or a number.
    """
    return Number(ShareOf.of_words(share_of=number.measure, limit=limit))


def time_to(number: Number, limit: str | float, rate_over: str = "28d") -> Number:
    """How long until a limit is full at the current rate: `time_to(total("stored", "bytes"), "plan_bytes") <= "30d"`.

    The rate is what was added since the last change that lies `rate_over` or more before the latest one, by the time
    between the two: who makes one in half a year has no other rate on the day on which they do. One change alone is no
    rate. From the latest change on the wait runs down; overdue by as long as it was, it tells nothing any more.
    """
    return Number(TimeTo.of_words(time_to=number.measure, limit=limit, rate_over=rate_over))


def attribute(name: str) -> Number:
    """What is known of the entity itself: `attribute("job_level").is_in(["vp"])`, `attribute("seats") >= 50`."""
    return Number(Attribute.of_words(attribute=name))
