"""Numbers over moments, against counting by hand."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.errors import ConfigError
from idgraph.pql import Activity, Definition, first
from idgraph.pql.funnels import funnel, snapshot, snapshot_growth
from idgraph.pql.metrics import active_users, churn, conversion, pql_count, time_between
from idgraph.pql.metrics import moments as moments_of
from idgraph.pql.waiting import waiting

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def moments(days):
    rows = [(name, BEGIN + timedelta(days=day)) for name, day in days.items()]
    return pl.DataFrame(rows, schema={"entity_id": pl.String, "reached_at": pl.Datetime("us", "UTC")}, orient="row")


def test_weeks_begin_on_monday_and_the_running_one_is_immature():
    counted = pql_count(moments({"a": 0, "b": 4, "c": 5}), "1w", "2026-01-08")
    assert counted["period"].dt.date().to_list() == [date(2025, 12, 29), date(2026, 1, 5)]
    assert counted.select("number", "mature").rows() == [(1, True), (2, False)]


def test_nobody_gives_no_rows():
    nobody = moments({})
    for found in (
        pql_count(nobody, "1mo", "2026-02-01"),
        conversion(nobody, nobody, "1mo", "30d", "2026-02-01"),
        time_between(nobody, nobody, "1mo", "2026-02-01"),
        waiting(nobody, nobody, "2026-02-01"),
        churn(nobody, nobody, "1mo", "2026-02-01"),
        funnel({"in": nobody, "out": nobody}, "1mo", "30d", "2026-02-01"),
    ):
        assert found.is_empty()


def test_who_paid_before_is_not_asked_and_who_is_late_does_not_count():
    entered = moments({"before": 5, "soon": 5, "late": 5, "never": 5})
    paid = moments({"before": 1, "soon": 14, "late": 15})
    (row,) = conversion(entered, paid, "1mo", "10d", "2026-01-31").rows(named=True)
    assert (row["already"], row["entered"], row["reached"], row["mature"]) == (1, 3, 1, False)
    assert conversion(entered, paid, "1mo", "10d", "2026-02-11")["mature"].to_list() == [True, False]


def test_a_length_of_time_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="no length of time"):
        conversion(moments({"a": 1}), moments({}), "1mo", "soon", "2026-03-01")


def test_a_period_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="'fortnight' is no period of the calendar: it is one of 1d, 1w"):
        pql_count(moments({"a": 1}), "fortnight", "2026-03-01")


def test_the_newest_cohort_is_not_quick_because_the_slow_ones_still_wait():
    entered = moments({f"{n}": 0 for n in range(10)})
    quick = moments({"0": 2, "1": 3, "2": 4})
    (row,) = time_between(entered, quick, "1mo", "2026-01-20").rows(named=True)
    assert (row["quarter"], row["median"], row["mature"]) == (timedelta(days=4), None, False)


def test_churn_asks_those_who_were_there_when_the_period_began():
    started = moments({"a": 0, "b": 3, "c": 40})
    ended = moments({"b": 35, "c": 45})
    found = churn(started, ended, "1mo", "2026-03-10").select("there", "left", "mature").rows()
    assert found == [(0, 0, True), (2, 1, True), (1, 0, False)]


@given(st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 70))))
def test_churn_equals_a_count_month_by_month(people):
    started = moments({str(place): begun for place, (begun, _) in enumerate(people)})
    ended = moments({str(place): end for place, (_, end) in enumerate(people) if end is not None})
    for row in churn(started, ended, "1w", "2026-04-01").iter_rows(named=True):
        begin = (row["period"] - BEGIN).days
        there = [end for begun, end in people if begun < begin and (end is None or end >= begin)]
        assert row["there"] == len(there)
        assert row["left"] == sum(end is not None and end < begin + 7 for end in there)


def test_a_funnel_follows_a_cohort_and_a_snapshot_mixes_them():
    stages = {
        "signed_up": moments({"a": 0, "b": 1, "c": 2, "d": 40}),
        "ready": moments({"a": 5, "b": 10, "d": 41}),
        "paid": moments({"a": 20, "c": 3, "d": 42}),
    }
    january, february = funnel(stages, "1mo", "30d", "2026-03-01").partition_by("period")
    assert january.select("stage", "reached", "stuck", "mature").rows() == [
        ("signed_up", 3, 1, False),
        ("ready", 2, 1, False),
        ("paid", 1, None, False),
    ]  # c paid without having been ready
    assert january["median_wait"].to_list() == [None, timedelta(days=9), timedelta(days=15)]
    assert february["share"].to_list() == [1.0, 1.0, 1.0]
    assert snapshot(stages, "2026-01-08").select("stage", "standing").rows() == [
        ("signed_up", 2),
        ("ready", 1),
        ("paid", 0),
    ]


def test_a_stage_that_is_left_shrinks_between_two_snapshots():
    stages = {"signed_up": moments({"a": 0, "b": 1}), "paid": moments({"a": 10, "b": 12})}
    assert snapshot_growth(stages, "2026-01-05", "2026-01-12").rows() == [
        ("signed_up", 2, 1, -1, 0.5),
        ("paid", 0, 1, 1, None),
    ]


def test_moments_of_another_level_are_refused():
    events = Activity.from_frame(pl.DataFrame({"at": [BEGIN], "event": "paid", "who": "ana"}), person="who")
    of_accounts = Definition(name="paid", version="1", level="account", when=first("paid"))
    with pytest.raises(ConfigError, match="paid is defined for the level account"):
        moments_of(events, "person", paid=of_accounts)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 70)), min_size=1))
def test_active_users_equal_a_count_day_by_day(visits):
    rows = [(name, "visit", BEGIN + timedelta(days=day)) for name, day in visits]
    frame = pl.DataFrame(rows, schema=["who", "event", "at"], orient="row")
    for row in active_users(Activity.from_frame(frame, person="who")).iter_rows(named=True):
        place = (row["day"] - BEGIN.date()).days
        seen = [len({who for who, day in visits if place - length < day <= place}) for length in (1, 7, 30)]
        assert [row["daily"], row["weekly"], row["monthly"]] == seen


@given(st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 60)), min_size=1))
def test_with_everybody_waiting_long_enough_the_curve_is_the_plain_share(people):
    entered = moments({str(place): begun for place, (begun, _) in enumerate(people)})
    reached = moments({str(p): begun + wait for p, (begun, wait) in enumerate(people) if wait is not None})
    for row in waiting(entered, reached, "2027-01-01").iter_rows(named=True):
        there = sum(wait is not None and timedelta(days=wait) <= row["after"] for _, wait in people)
        assert row["share"] == pytest.approx(there / len(people))
        assert row["low"] is None or row["low"] <= row["share"] <= row["high"]


def test_half_there_of_a_hundred_is_between_four_and_six_tenths():
    entered = moments({str(n): 0 for n in range(100)})
    (row,) = waiting(entered, moments({str(n): 5 for n in range(50)}), "2026-03-01").rows(named=True)
    assert row["share"] == pytest.approx(0.5)
    assert (round(row["low"], 2), round(row["high"], 2)) == (0.41, 0.6)
