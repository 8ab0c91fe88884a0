"""A moment is what replaying the events one by one says it is: random definitions over random events.

The replay below knows nothing of frames. It asks of each time that may matter whether the words hold of the events up
to it, and takes the first.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, groupby
from math import ceil, exp, log1p, sqrt
from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idgraph.pql import Activity
from idgraph.pql.moment import reached, standing
from idgraph.pql.progress import progress, via
from idgraph.pql.scope import scope_of
from idgraph.pql.tree import All, AnyOf, AtLeast, By, Condition, First, InAny, InEach, Named, Then, Unless, Within
from idgraph.pql.words import (
    active_days,
    adoption,
    at_least,
    attribute,
    consistency,
    count,
    distinct,
    first,
    growth,
    session_length,
    sessions,
    share_of,
    since,
    spike,
    streak,
    time_to,
    total,
)

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
NOW = DAWN + timedelta(hours=400)


def span(text):
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[text[-1]]: int(text[:-1])})


@dataclass(frozen=True)
class Event:
    at: datetime
    name: str
    person: str | None
    count: int
    value: int | None
    session: str | None


@dataclass(frozen=True)
class History:
    """What counts of one entity: its events, what is known of it, who belongs to it, and from when until when."""

    events: tuple[Event, ...]
    facts: tuple[tuple[datetime, str], ...]
    people: frozenset[str]
    start: datetime = BEGINNING
    end: datetime | None = None

    def upto(self, at):
        return replace(self, events=tuple(event for event in self.events if event.at <= at))

    def between(self, start, end=None, *, strictly=False):
        inside = [
            e for e in self.events if (e.at > start if strictly else e.at >= start) and (end is None or e.at < end)
        ]
        ends = [time for time in (end, self.end) if time]
        return replace(self, events=tuple(inside), start=max(start, self.start), end=min(ends, default=None))

    def of(self, person):
        return replace(self, events=tuple(event for event in self.events if event.person == person), facts=())

    def matching(self, words):
        named = [event for event in self.events if not words.events or event.name in words.events]
        return [e for e in named if all(str(e.value) == str(value) for value in words.where.values())]


def sessions_of(events, gap):
    spans = []
    whose = lambda event: (event.person or "", event.session or "")  # noqa: E731
    for _, own in groupby(sorted(events, key=lambda e: (*whose(e), e.at)), key=whose):
        for number, event in enumerate(own):
            if number and event.at - spans[-1][1] < gap:
                spans[-1][1] = event.at
            else:
                spans.append([event.at, event.at])
    return spans


def known(history, at):
    """The latest of what was told by a time; of several told for one time the larger text, and null last."""
    told = [(time, value is not None, value or "") for time, value in history.facts if time <= at]
    return max(told)[2] or None if told else None


def limit_of(measure, history, at):
    """The limit at a time: what is no number is none."""
    limit = known(history, at) if isinstance(measure.limit, str) else measure.limit
    return None if limit in {None, "unlimited"} else float(limit)


def running_streak(days, step, at):
    length, day = 0, max(days) if days else at
    this = midnight(at) if step == timedelta(days=1) else monday(at)
    if not days or day < this - step:
        return 0
    while day in days:
        length, day = length + 1, day - step
    return length


def midnight(at):
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def monday(at):
    return midnight(at) - timedelta(days=at.weekday())


def full_at(measure, history, at):
    """When a limit is full, as seen when it or its use last changed, at or before a time; overdue long, never."""
    used_at = lambda time: value(measure.measure, history.upto(time), time) or 0  # noqa: E731
    events = sorted({event.at for event in history.matching(measure.measure) if event.at <= at})
    changes = [time for time in events if used_at(time) != used_at(time - timedelta(microseconds=1))]
    limit = limit_of(measure, history, at)
    if not changes or limit is None:
        return None
    told = [max(time, history.start) for time, _ in history.facts] if isinstance(measure.limit, str) else []
    seen = max(time for time in (*events, *told) if time <= at)
    latest, window = changes[-1], span(measure.rate_over)
    before = max((time for time in changes if time <= latest - window), default=None)
    added = used_at(latest) - (used_at(before) if before else 0)
    if used_at(latest) >= limit:
        return seen
    if added <= 0 or len(changes) == 1:
        return None
    took = (latest - before if before else window) / timedelta(microseconds=1)
    wait = timedelta(microseconds=round((limit - used_at(latest)) / (added / took)))
    return None if at > latest + 2 * wait else max(seen, latest + wait)


def in_steps(events, step, number, at):
    born = min(event.at for event in events)
    counted = []
    for back in range(number):
        begin, end = at - (back + 1) * step, at - back * step
        counted.append(sum(e.count for e in events if begin < e.at <= end) if begin >= born else None)
    return counted


def trend(measure, events, at):
    step = span(measure.step)
    number = 1 + span(measure.baseline) // step if measure.kind == "spike" else span(measure.over) // step
    counts = in_steps(events, step, number, at)
    if measure.kind == "consistency":
        return sum(bool(one) for one in counts) / number
    if measure.kind == "spike":
        before = [one for one in counts[1:] if one is not None]
        if len(before) < 4:
            return None
        usual = median(before)
        spread = 1.4826 * median(abs(one - usual) for one in before)
        return (counts[0] - usual) / max(spread, sqrt(max(usual, 1)))
    seen = [(-back, log1p(one)) for back, one in enumerate(counts) if one is not None]
    slopes = [(high - low) / (late - early) for (late, high), (early, low) in combinations(seen, 2)]
    return exp(median(slopes) * number) if len(seen) >= 4 else None


def value(measure, history, at):  # noqa: C901, PLR0911, PLR0912 - one case for each measure
    """What a measure is at a time, by the events up to it."""
    if measure.kind == "attribute":
        return known(history, at)
    if measure.kind in {"share_of", "time_to"}:
        if measure.kind == "time_to":
            full = full_at(measure, history, at)
            return None if full is None else max(full - at, timedelta())
        limit = limit_of(measure, history, at)
        used = value(measure.measure, history, at)
        return None if limit is None else (used or 0) / limit
    events = history.matching(measure)
    if not events:
        return None
    match measure.kind:
        case "count":
            return sum(event.count for event in events)
        case "distinct":
            return len({event.value for event in events if event.value is not None})
        case "total":
            known_values = [event.value * event.count for event in events if event.value is not None]
            return sum(known_values) if known_values else None
        case "active_days":
            return len({midnight(event.at) for event in events})
        case "adoption":
            return len({event.name for event in events}) / len(measure.events)
        case "sessions":
            return len(sessions_of(events, span(measure.gap)))
        case "session_length":
            ended = [
                end - start for start, end in sessions_of(events, span(measure.gap)) if end + span(measure.gap) <= at
            ]
            return sum(ended, timedelta()) / len(ended) if ended else None
        case "streak":
            step, begin = (timedelta(days=1), midnight) if measure.period == "1d" else (timedelta(days=7), monday)
            return running_streak({begin(event.at) for event in events}, step, at)
        case "since":
            return at - max(event.at for event in events)
        case _:
            return trend(measure, events, at)


def compared(condition, number):
    if number is None:
        return False
    if condition.sign == "is_in":
        return number in condition.than
    if number == "unlimited":
        return False
    than = span(condition.than) if isinstance(condition.than, str) else condition.than
    number = number if isinstance(number, timedelta) else float(number)
    signs = {
        "at_least": number >= than,
        "more_than": number > than,
        "at_most": number <= than,
        "less_than": number < than,
    }
    return signs[condition.sign]


def times_of(condition, history):
    """When a condition may come true."""
    measure = condition.measure
    told = [max(time, history.start) for time, _ in history.facts]
    if measure.kind == "attribute":
        return told
    if measure.kind in {"share_of", "time_to"}:
        times = [*told, *(event.at for event in history.matching(measure.measure))]
        if measure.kind == "share_of":
            return times
        near = [(time, full_at(measure, history, time)) for time in times]
        return [
            *times,
            *(full - span(condition.than) for time, full in near if full and full - span(condition.than) > time),
        ]
    times = [event.at for event in history.matching(measure)]
    if measure.kind == "since":
        return [time + span(condition.than) for time in times]
    if measure.kind == "session_length":
        return [end + span(measure.gap) for _, end in sessions_of(history.matching(measure), span(measure.gap))]
    return times


def replayed(moment, history):  # noqa: C901, PLR0911 - one case for each word
    """When a moment came, or None."""
    match moment:
        case Named():
            return replayed(moment.what, history)
        case First():
            return min((event.at for event in history.matching(moment)), default=None)
        case Condition():
            times = [at for at in times_of(moment, history) if at <= NOW and (history.end is None or at < history.end)]
            true = [at for at in times if compared(moment, value(moment.measure, history.upto(at), at))]
            return min(true, default=None)
        case All() | AnyOf() | AtLeast():
            times = sorted(filter(None, (replayed(part, history) for part in moment.of)))
            needed = {"all": len(moment.of), "any": 1}.get(moment.kind) or moment.k
            return times[needed - 1] if len(times) >= needed else None
        case Then():
            at = replayed(moment.of[0], history)
            for part in moment.of[1:]:
                at = at and replayed(part, history.between(at, strictly=True))
            return at
        case Within():
            start = replayed(moment.of, history) if moment.of else BEGINNING
            if start is None:
                return None
            ends = [replayed(moment.until, history)] if moment.until else []
            ends += [start + span(moment.window)] if moment.window else []
            end = min(filter(None, ends), default=None)
            at = replayed(moment.what, history.between(start, end))
            return at if at and (end is None or at < end) else None
        case Unless():
            at, veto = replayed(moment.what, history), replayed(moment.veto, history)
            return at if at and (veto is None or at < veto) else None
        case By():
            times = sorted(filter(None, (replayed(moment.what, history.of(person)) for person in history.people)))
            needed = people_needed(moment, history)
            return times[needed - 1] if len(times) >= needed else None
        case InEach():
            begin = monday if moment.period == "1w" else midnight
            step = timedelta(days=7 if moment.period == "1w" else 1)
            starts = {begin(event.at) for event in history.events}
            times = [replayed(moment.what, history.between(start, start + step)) for start in starts]
            return min(filter(None, times), default=None)
        case InAny():
            window = span(moment.window)
            times = {time for event in history.events for time in (event.at, event.at + window)}
            return min((at for at in times if so_in_window(moment.what, history, at, window)), default=None)
    raise AssertionError(moment)


def people_needed(moment, history):
    return moment.users or max(1, ceil(round(moment.share * len(history.people), 6)))


def so_in_window(moment, history, at, window):
    """Whether something is so of the events less than a window back."""
    match moment:
        case Named():
            return so_in_window(moment.what, history, at, window)
        case All() | AnyOf() | AtLeast():
            needed = {"all": len(moment.of), "any": 1}.get(moment.kind) or moment.k
            return sum(so_in_window(part, history, at, window) for part in moment.of) >= needed
        case By():
            so = [so_in_window(moment.what, history.of(person), at, window) for person in history.people]
            return sum(so) >= people_needed(moment, history)
        case First():
            return bool(history.between(at - window, strictly=True).upto(at).matching(moment))
    if moment.measure.kind == "sessions":
        begun = [start for start, _ in sessions_of(history.matching(moment.measure), span(moment.measure.gap))]
        return compared(moment, sum(at - window < start <= at for start in begun))
    seen = value(moment.measure, history.upto(at), at)
    now = value(moment.measure, history.between(at - window, strictly=True).upto(at), at)
    return seen is not None and compared(moment, now or 0)


# -------------------------------------------------------------------------------------------- random words and events

NAMES = st.sampled_from([("a",), ("b",), ("a", "b"), ()])
SOME = st.sampled_from([("a",), ("b",), ("a", "b")])
WHERE = st.sampled_from([{}, {}, {}, {"value": 1}])
WINDOWS = st.sampled_from(["12h", "2d", "5d"])
SMALL = st.integers(1, 4)


def counted(names, where):
    return {
        "count": st.one_of(
            st.builds(lambda k: count(*names, **where) >= k, SMALL),
            st.builds(lambda k: count(*names, **where) > k, SMALL),
        ),
        "distinct": st.builds(lambda k: distinct(names, "value", **where) >= k, SMALL),
        "total": st.one_of(
            st.builds(lambda k: total(names, "value", **where) >= k, st.integers(-2, 8)),
            st.builds(lambda k: total(names, "value", **where) < k, st.integers(-2, 8)),
        ),
        "active_days": st.builds(lambda k: active_days(*names, **where) >= k, SMALL),
        "sessions": st.builds(
            lambda k, gap: sessions(*names, gap=gap, **where) >= k, SMALL, st.sampled_from(["6h", "12h"])
        ),
        "first": st.just(first(*(names or ("c",)), **where)),
    }


def measured(names):
    base = st.sampled_from([count(*names), distinct(names, "value"), active_days(*names), total(names, "value")])
    limit = st.one_of(st.just("cap"), st.integers(2, 6))
    share = st.sampled_from([0.25, 0.5, 1.0])
    return {
        "streak": st.builds(lambda k, by: streak(*names, by=by) >= k, st.integers(1, 3), st.sampled_from(["1d", "1w"])),
        "since": st.builds(lambda d: since(*names) >= d, WINDOWS),
        "session_length": st.builds(
            lambda d: session_length(*names, gap="12h") <= d, st.sampled_from(["1h", "6h", "9h"])
        ),
        "growth": st.builds(lambda k: growth(*names, over="6d", by="1d") >= k, st.sampled_from([0.4, 1.3, 3.3])),
        "spike": st.builds(lambda k: spike(*names, window="1d", baseline="5d") >= k, st.sampled_from([0.3, 1.1])),
        "consistency": st.builds(lambda k: consistency(*names, over="6d") > k, share),
        "adoption": st.builds(lambda k: adoption("a", "b", "c") >= k, st.sampled_from([0.3, 2 / 3, 1.0])),
        "share_of": st.builds(lambda m, most, k: share_of(m, most) >= k, base, limit, share),
        "time_to": st.builds(lambda m, most, d: time_to(m, most, rate_over="3d") <= d, base, limit, WINDOWS),
        "attribute": st.one_of(
            st.builds(lambda k: attribute("cap") >= k, SMALL), st.just(attribute("cap").is_in(["2", "3"]))
        ),
    }


def windowed(parts):
    return st.one_of(
        parts,
        st.builds(lambda m, w: m.in_any(w), parts, WINDOWS),
        st.builds(lambda m, p: m.in_each(p), parts, st.sampled_from(["1d", "1w"])),
        st.builds(lambda m, k: m.by(users=k), parts, st.integers(1, 2)),
        st.builds(lambda m, k, w: m.by(users=k).in_any(w), parts, st.integers(1, 2), WINDOWS),
    )


def joined(parts):
    two = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda ms: All.of_words(all=ms), two),
        st.builds(lambda ms: AnyOf.of_words(any=ms), two),
        st.builds(lambda ms: at_least(2, *ms), two),
    )


COUNTED = st.tuples(NAMES, WHERE).flatmap(lambda drawn: st.one_of(*counted(*drawn).values()))
MEASURED = SOME.flatmap(lambda names: st.one_of(*measured(names).values()))
KINDS = {
    **{kind: windowed(words) for kind, words in counted(("a",), {}).items()},
    **measured(("a",)),
}
POOLED = st.one_of(COUNTED, joined(COUNTED))
PEOPLE = st.one_of(
    st.builds(lambda m, k: m.by(users=k), POOLED, st.integers(1, 3)),
    st.builds(lambda m, p: m.by(share=p), POOLED, st.sampled_from([0.3, 0.5, 1.0])),
)
WINDOWED = st.one_of(POOLED, PEOPLE, joined(st.one_of(COUNTED, PEOPLE)))
LEAVES = st.one_of(
    COUNTED,
    MEASURED,
    PEOPLE,
    st.builds(lambda m, w: m.in_any(w), WINDOWED, WINDOWS),
    st.builds(lambda m, p: m.in_each(p), WINDOWED, st.sampled_from(["1d", "1w"])),
)


def nested(parts):
    return st.one_of(
        parts,
        joined(parts),
        st.builds(lambda a, b: a.then(b), parts, parts),
        st.builds(lambda a, b: a.unless(b), parts, parts),
        st.builds(lambda a, w, b: a.within(w, of=b), parts, WINDOWS, parts),
        st.builds(lambda a, b, c: a.within(of=b, until=c), parts, parts, parts),
        st.builds(lambda a, b: a.within(until=b), parts, parts),
        st.builds(lambda a: a.named("it"), parts),
    )


MOMENTS = nested(nested(LEAVES))
EVENT = st.builds(
    Event,
    at=st.integers(0, 24).map(lambda step: DAWN + timedelta(hours=6 * step)),
    name=st.sampled_from("aabbc"),
    person=st.sampled_from(["ana", "bo", "cy", None]),
    count=st.sampled_from([1, 1, 1, 2]),
    value=st.sampled_from([None, -1, 1, 2, 3]),
    session=st.sampled_from([None, None, None, "s"]),
)
FACTS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 24).map(lambda step: DAWN + timedelta(hours=6 * step))),
        st.sampled_from(["1", "2", "3", "5", "unlimited", None]),
    ),
    max_size=3,
)
MANY = st.lists(EVENT, min_size=8, max_size=20) | st.lists(EVENT, max_size=3)
DENSE = st.lists(EVENT.map(lambda event: replace(event, name="a")), min_size=5, max_size=14)
SINGLY = st.lists(EVENT.map(lambda event: replace(event, count=1)), min_size=8, max_size=20)
WORLDS = st.one_of(*(st.lists(st.tuples(events, FACTS), min_size=1, max_size=3) for events in (SINGLY, MANY)))


def activity_of(world):
    rows = [
        {"at": e.at, "event": e.name, "who": e.person, "org": f"org {number}", "n": e.count, "session": e.session}
        | {"props": None if e.value is None else f'{{"value": {e.value}}}'}
        for number, (events, _) in enumerate(world)
        for e in events
    ]
    rows.append({"at": DAWN, "event": "c", "who": None, "org": None, "n": 1, "session": None, "props": None})
    told = [
        {"level": "account", "entity_id": f"org {number}", "name": "cap", "value": value, "at": at}
        for number, (_, facts) in enumerate(world)
        for at, value in facts
    ]
    schema = {"level": pl.String, "entity_id": pl.String, "name": pl.String, "value": pl.String}
    given = {"person": "who", "account": "org", "count": "n", "session": "session", "properties": "props"}
    facts = pl.DataFrame(told, schema={**schema, "at": pl.Datetime("us", "UTC")})
    frame = pl.DataFrame(rows, schema_overrides={"props": pl.String, "session": pl.String, "who": pl.String})
    return Activity.from_frame(frame, facts=facts, **given).as_of(NOW)


def histories(world):
    for number, (events, facts) in enumerate(world):
        people = frozenset(event.person for event in events if event.person)
        told = tuple((at or BEGINNING, value) for at, value in facts)
        yield f"org {number}", History(tuple(events), told, people)


def agree(moment, world):
    found = reached(moment, scope_of(activity_of(world), "account", [moment])).collect()
    said = {name: at for name, history in histories(world) if (at := replayed(moment, history)) is not None}
    assert dict(found.select("account_id", "at").iter_rows()) == said, str(moment)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(data=st.data())
def test_a_condition_of_each_kind_is_what_replaying_the_events_says(kind, data):
    world = data.draw(st.lists(st.tuples(DENSE, FACTS), min_size=4, max_size=4))
    agree(data.draw(KINDS[kind]), world)


@settings(max_examples=100)
@given(MOMENTS, WORLDS)
def test_a_moment_is_what_replaying_the_events_says(moment, world):
    agree(moment, world)


@settings(max_examples=40)
@given(nested(LEAVES), WORLDS)
def test_progress_gives_the_same_time_and_misses_something_where_there_is_none(moment, world):
    scope = scope_of(activity_of(world), "account", [moment])
    seen = progress(moment, scope)
    everyone = pl.LazyFrame({"account_id": [name for name, _ in histories(world)]})
    columns = {"at": seen.at, "missing": seen.missing.list.len(), "via": via(moment, seen).is_not_null()}
    found = seen.joined(everyone, scope.keys).select("account_id", **columns).collect()
    came = reached(moment, scope).select("account_id", "at").collect()
    assert dict(found.drop_nulls("at").select("account_id", "at").iter_rows()) == dict(came.iter_rows())
    assert found.filter(pl.col("at").is_null() == (pl.col("missing") == 0)).is_empty()
    assert found.filter(pl.col("at").is_null() == pl.col("via")).is_empty()


@settings(max_examples=50)
@given(MEASURED | COUNTED, WORLDS)
def test_a_condition_stands_while_its_measure_does(condition, world):
    found = standing(condition, scope_of(activity_of(world), "account", [condition])).collect()["account_id"].to_list()
    if isinstance(condition, First):
        said = [name for name, history in histories(world) if history.matching(condition)]
    else:
        said = [
            name for name, history in histories(world) if compared(condition, value(condition.measure, history, NOW))
        ]
    assert sorted(found) == sorted(said), str(condition)
