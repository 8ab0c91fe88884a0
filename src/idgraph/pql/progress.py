"""How far each entity is: when each part of a moment came, and what is still missing, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import count
from typing import Final

import polars as pl

from idgraph.pql.measure import value_now
from idgraph.pql.moment import after, bounds_of, needed, reached
from idgraph.pql.quantity import Attribute, Measure
from idgraph.pql.scope import Scope
from idgraph.pql.tree import (
    All,
    AnyOf,
    AtLeast,
    By,
    Condition,
    Moment,
    Named,
    Then,
    Unless,
    Within,
)

__all__ = ["Progress", "progress", "via"]

_NOTHING: Final = pl.lit([], pl.List(pl.String))
_DAY: Final = 86_400_000_000  # microseconds
_PERCENT: Final = 100
_FAR: Final = 1_000_000  # what is too late lacks more than anything else


@dataclass(frozen=True)
class Progress:
    """What is known of a moment for each entity.

    Attributes:
        moment: which.
        at: when it came, or null.
        missing: what is still to happen, in words; empty where it came.
        late: whether it can come no more: its window is over, or a veto came.
        parts: those of its parts.
        frames: what `at` and `missing` are computed from: frames with the keys of the scope, to be joined.
    """

    moment: Moment
    at: pl.Expr
    missing: pl.Expr
    late: pl.Expr
    parts: tuple[Progress, ...] = ()
    frames: tuple[pl.LazyFrame, ...] = ()

    @property
    def vetoed_at(self) -> pl.Expr:
        """When the first of the vetoes in it came, or null."""
        return pl.min_horizontal(pl.lit(None, pl.Datetime("us", "UTC")), *self._vetoes())

    def _vetoes(self) -> Iterator[pl.Expr]:
        if isinstance(self.moment, Unless):
            yield self.parts[1].at
        for part in self.parts[:1] if isinstance(self.moment, Unless) else self.parts:
            yield from part._vetoes()  # noqa: SLF001 - of this very class

    def joined(self, entities: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        """Give entities the columns that `at` and `missing` need."""
        return reduce(lambda left, right: left.join(right, on=list(keys), how="left"), self.frames, entities)


def progress(moment: Moment, scope: Scope, numbers: Iterator[int] | None = None) -> Progress:
    """Look at a moment and its parts.

    Args:
        moment: which.
        scope: whose events count.
        numbers: what tells the columns of different parts apart.
    """
    numbers = numbers or count()
    match moment:
        case Named():
            return progress(moment.what, scope, numbers)
        case All() | AnyOf() | AtLeast():
            return _of_parts(moment, tuple(progress(part, scope, numbers) for part in moment.of))
        case Unless():
            return _unless(moment, progress(moment.what, scope, numbers), progress(moment.veto, scope, numbers))
        case Then():
            return _then(moment, scope, numbers)
        case Within():
            return _within(moment, scope, numbers)
        case _:
            return _leaf(moment, scope, next(numbers))


def via(moment: Moment, seen: Progress) -> pl.Expr:
    """Name the branch by which a moment came: of alternatives the earliest, the first named of those at one time."""
    if isinstance(moment, Unless):
        return pl.when(seen.at.is_not_null()).then(via(moment.what, seen.parts[0]))
    if not isinstance(moment, AnyOf):
        return pl.when(seen.at.is_not_null()).then(pl.lit(str(moment)))
    branches = zip(moment.of, seen.parts, strict=True)
    return pl.coalesce(pl.when(part.at == seen.at).then(via(branch, part)) for branch, part in branches)


def _frames(parts: Sequence[Progress]) -> tuple[pl.LazyFrame, ...]:
    return tuple(frame for part in parts for frame in part.frames)


def _said(at: pl.Expr, words: pl.Expr) -> pl.Expr:
    return pl.when(at.is_null()).then(words).otherwise(_NOTHING)


def _of_parts(moment: All | AnyOf | AtLeast, parts: tuple[Progress, ...]) -> Progress:
    words: dict[type[Moment], Callable[[], pl.Expr]] = {
        All: lambda: pl.concat_list(part.missing for part in parts),
        AnyOf: lambda: _nearest(parts),
        AtLeast: lambda: _some_more(needed(moment), parts),
    }
    times = pl.concat_list(part.at for part in parts).list.drop_nulls().list.sort()
    at = times.list.get(needed(moment) - 1, null_on_oob=True)
    lost = pl.sum_horizontal(part.late.cast(pl.Int64) for part in parts)
    late = at.is_null() & (lost > len(parts) - needed(moment))
    return Progress(moment, at, _said(at, words[type(moment)]()), late, parts, _frames(parts))


def _nearest(parts: Sequence[Progress]) -> pl.Expr:
    """Of alternatives the one that lacks least and can still come, the first named of equals."""
    lacks = [part.missing.list.len() + _FAR * part.late.cast(pl.UInt32) for part in parts]
    least = pl.min_horizontal(lacks)
    return pl.coalesce(pl.when(lack == least).then(part.missing) for lack, part in zip(lacks, parts, strict=True))


def _some_more(k: int, parts: Sequence[Progress]) -> pl.Expr:
    more = k - pl.sum_horizontal(part.at.is_not_null().cast(pl.Int64) for part in parts)
    words = pl.concat_list(part.missing for part in parts).list.join("; ")
    return pl.concat_list(pl.format("{} more of: {}", more, words))


def _unless(moment: Unless, what: Progress, veto: Progress) -> Progress:
    free = veto.at.is_null() | (what.at < veto.at)
    at = pl.when(free).then(what.at)
    vetoed = pl.concat_list(pl.lit(f"vetoed: {moment.veto}"))
    words = pl.when(veto.at.is_null()).then(what.missing).otherwise(vetoed)
    late = at.is_null() & (what.late | veto.at.is_not_null())
    return Progress(moment, at, _said(at, words), late, (what, veto), _frames((what, veto)))


def _then(moment: Then, scope: Scope, numbers: Iterator[int]) -> Progress:
    parts = [progress(moment.of[0], scope, numbers)]
    before = moment.of[0]
    for part in moment.of[1:]:
        later = scope.inside(after(reached(before, scope), scope))
        parts.append(progress(part, later, numbers))
        before = Then.of_words(then=(*(before.of if isinstance(before, Then) else (before,)), part))
    at = parts[-1].at
    words = pl.coalesce(pl.when(part.missing.list.len() > 0).then(part.missing) for part in parts)
    late = at.is_null() & pl.any_horizontal(part.late for part in parts)
    return Progress(moment, at, _said(at, words), late, tuple(parts), _frames(parts))


def _within(moment: Within, scope: Scope, numbers: Iterator[int]) -> Progress:
    bounds = bounds_of(moment, scope)
    anchor = progress(moment.of, scope, numbers) if moment.of else None
    what = progress(moment.what, scope.inside(bounds), numbers)
    number = next(numbers)
    ends = bounds.frame.select(*scope.keys, pl.col("until").alias(f"until {number}"))
    came = reached(moment, scope).select(*scope.keys, pl.col("at").alias(f"at {number}"))
    at, until = pl.col(f"at {number}"), pl.col(f"until {number}")
    over = (until <= scope.now).fill_null(value=False)
    since = pl.concat_list(pl.format(f"{moment.what}: too late since {{}}", until.dt.to_string("%Y-%m-%d %H:%M")))
    words, late = pl.when(over).then(since).otherwise(what.missing), over | what.late
    if anchor:
        words = pl.when(anchor.at.is_null()).then(anchor.missing).otherwise(words)
        late = pl.when(anchor.at.is_null()).then(anchor.late).otherwise(late)
    parts = (what, *([anchor] if anchor else []))
    return Progress(moment, at, _said(at, words), at.is_null() & late, parts, (*_frames(parts), ends, came))


def _leaf(moment: Moment, scope: Scope, number: int) -> Progress:
    came = reached(moment, scope).select(*scope.keys, pl.col("at").alias(f"at {number}"))
    at = pl.col(f"at {number}")
    frames = [came]
    words = pl.lit(str(moment))
    if isinstance(moment, Condition):
        frames.append(value_now(moment.measure, scope).rename({"value": f"value {number}"}))
        words = pl.format("{}, now {}", words, shown(moment.measure, pl.col(f"value {number}")))
    if isinstance(moment, By):
        each = reached(moment.what, scope.people()).group_by(scope.keys).agg(pl.len().alias(f"value {number}"))
        frames.append(each)
        words = pl.format("{}, now {}", words, pl.col(f"value {number}").fill_null(0))
    return Progress(moment, at, _said(at, pl.concat_list(words)), pl.lit(value=False), (), tuple(frames))


def shown(measure: Measure, value: pl.Expr) -> pl.Expr:
    """Write a measure's value as text: durations in days."""
    if isinstance(measure, Attribute):
        return value.fill_null("unknown")
    unit = "d" if measure.timed else ""
    scaled = value.cast(pl.Float64) / _DAY if measure.timed else value.cast(pl.Float64)
    rounded = (scaled * _PERCENT).round() / _PERCENT
    whole = pl.when(rounded == rounded.floor()).then(rounded.cast(pl.Int64, strict=False).cast(pl.String))
    text = pl.concat_str(whole.otherwise(rounded.cast(pl.String)), pl.lit(unit))
    return text.fill_null("0" if measure.counts else "unknown")
