"""Scores: the texts' worked numbers come out, and the parts always add up."""

import warnings
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idgraph.errors import ConfigError
from idgraph.pql import Activity, attribute, checklist, count, distinct, first, fit, points
from idgraph.pql.score import CAPPED

NOW = datetime(2026, 3, 31, tzinfo=UTC)
SHERLOCK = [475, 89, 101, 7, 3, 21, 2, 149, 223, 1, 13, 9, 37]  # raw scores of the vendor's own example


def activity(*rows, facts=None):
    """Events: days before now, account, person, event, how often."""
    columns = ["days", "account", "who", "event", "times"]
    table = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    table = table.with_columns(at=pl.lit(NOW) - pl.duration(minutes=pl.col("days") * 1440))
    made = Activity.from_frame(table, person="who", account="account", count="times", facts=facts)
    return made.as_of(NOW)


def scores(frame):
    return dict(frame.select("entity_id", pl.col("value").round(1)).iter_rows())


def parts(frame, entity_id):
    (row,) = frame.filter(pl.col("entity_id") == entity_id)["parts"].to_list()
    return {part["part"]: round(part["value"], 1) for part in row}


# Points


def test_the_vendors_example_comes_out():
    users = activity(*((1, "a", f"u{number:02}", "point", raw) for number, raw in enumerate(SHERLOCK)))
    found = points({"point": 1}).score(users, "person")
    assert found["raw"].quantile(0.9, "linear") == pytest.approx(208.2)
    values = [value for _, value in sorted(scores(found).items())]
    assert values == [min(round(raw / 2.082, 1), 100.0) for raw in SHERLOCK]
    assert parts(found, "u00") == {"point": 228.1, CAPPED: -128.1}


def test_points_are_those_of_the_window_and_by_event():
    users = activity(
        (1, "a", "ana", "share", 2),
        (2, "a", "ana", "login", 3),
        (7, "a", "ana", "share", 9),
        (9, "a", "bo", "login", 1),
    )
    found = points({"share": 7, "login": 1}, cap=1).score(users, "person")
    assert dict(found.select("entity_id", "raw").iter_rows()) == {"ana": 17.0, "bo": 0.0}
    assert parts(found, "ana") == {"share": 82.4, "login": 17.6}


def test_no_single_user_carries_an_account_and_a_big_one_is_not_punished():
    team = [(1, "team", f"t{number}", "login", 10) for number in range(8)]
    others = [(1, f"firm{number}", f"f{number}", "login", 10) for number in range(4)]
    idle = [(1, "team", f"i{number}", "login", 1) for number in range(20)]
    alone = (1, "alone", "max", "login", 5_000)
    login = points({"login": 1}, cap=0.75)
    found = login.score(activity(*team, *others, alone, *idle), "account")
    raw = dict(found.select("entity_id", "raw").iter_rows())
    assert raw["alone"] == raw["firm0"] == 10.0  # cut to what the others do
    assert raw["team"] == 100.0  # and those who do little still add: an average would punish them
    assert parts(found, "alone") == {"max": 100.0}


def test_what_nobody_is_known_to_have_done_counts_as_one_persons():
    found = points({"login": 1}, cap=1).score(
        activity((1, "a", None, "login", 3), (1, "a", "ana", "login", 1)), "account"
    )
    assert parts(found, "a") == {"": 75.0, "ana": 25.0}


def test_the_trend_of_a_product():
    rows = [
        (1, "a", "ana", "login", 4),
        (2, "a", "bo", "login", 2),
        (8, "a", "ana", "login", 3),
        (22, "a", "ana", "x", 1),
    ]
    found = points({"login": 2}).trend(activity(*rows), "person", windows=3)
    assert found.select("active", "points", "mean").rows() == [(0, 0.0, None), (1, 6.0, 6.0), (2, 12.0, 6.0)]
    assert found["until"].to_list() == [NOW - timedelta(days=days) for days in (14, 7, 0)]


_EVENTS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from([None, "ana", "bo", "cy", "di"]),
        st.sampled_from(["share", "login", "other"]),
        st.integers(1, 50),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(events=_EVENTS, cap=st.sampled_from([0.1, 0.5, 0.9, 1.0]), level=st.sampled_from(["person", "account"]))
def test_parts_of_points_add_up(events, cap, level):
    worth = {"share": 7, "login": 1}
    found = points(worth, cap=cap).score(activity(*events, (40, "z", "zed", "other", 1)), level)
    for _, raw, value, made in found.iter_rows():
        assert sum(part["value"] for part in made) == pytest.approx(value)
        assert -1e-9 <= value <= 100 + 1e-9
        assert raw >= 0
    if level == "person":
        replayed = {
            who: sum(times * worth.get(event, 0) for days, _, one, event, times in events if one == who and days < 7)
            for _, _, who, _, _ in events
            if who
        }
        assert dict(found.select("entity_id", "raw").iter_rows()) == {**replayed, "zed": 0}


@settings(max_examples=40, deadline=None)
@given(events=_EVENTS)
def test_one_more_active_person_never_lowers_an_accounts_points(events):
    login = points({"login": 1, "share": 7}, cap=1)
    before, after = (
        dict(login.score(activity(*rows), "account").select("entity_id", "raw").iter_rows())
        for rows in (events, [*events, (1, "a", "new", "login", 1)])
    )
    assert after["a"] >= before.get("a", 0)


# Checklists


def steps(*names, **said):
    with warnings.catch_warnings(action="ignore"):
        return checklist(*map(first, names), **said)


def test_three_of_four_is_75_percent():
    done = activity(
        (3, "a", "ana", "one", 1), (2, "a", "bo", "two", 1), (1, "a", "ana", "four", 1), (1, "b", "cy", "x", 1)
    )
    rate = steps("one", "two", "three", "four").rate
    assert scores(rate(done, "account").with_columns(pl.col("value") * 100)) == {"a": 75.0, "b": 0.0}
    assert rate(done, "account")["missing"].to_list()[0] == ["first three"]
    assert scores(rate(done, "person")) == {"ana": 0.5, "bo": 0.2, "cy": 0.0}
    assert rate(done, "person", as_of="2026-03-29")["value"].to_list() == [0.25, 0.25]


def test_where_people_get_stuck():
    done = activity(
        *((1, "a", who, event, 1) for who, event in [("ana", "one"), ("bo", "one"), ("ana", "two"), ("di", "x")])
    )
    found = steps("one", "two", among=first("one", "x")).product(done, "person")
    assert found.rows() == [("first one", 2, 3, 2 / 3), ("first two", 1, 3, 1 / 3)]


def test_steps_are_any_moments():
    done = activity((3, "a", "ana", "made", 5), (2, "b", "bo", "made", 4))
    with warnings.catch_warnings(action="ignore"):
        found = checklist(count("made") >= 5, first("made")).rate(done, "account")
    assert scores(found) == {"a": 1.0, "b": 0.5}


@pytest.mark.parametrize("number", [1, 4, 11])
def test_a_checklist_of_few_or_many_steps_is_warned_of(number):
    with pytest.warns(UserWarning, match=f"a checklist of {number} steps"):
        checklist(*(first(f"step {place}") for place in range(number)))
    assert len(checklist(*map(first, "abcde")).steps) == 5


@settings(max_examples=30, deadline=None)
@given(events=_EVENTS)
def test_parts_of_a_checklist_add_up(events):
    found = steps("share", "login", "other").rate(activity(*events, (40, "z", "zed", "other", 1)), "account")
    for _, value, made, missing in found.iter_rows():
        assert sum(part["value"] for part in made) == pytest.approx(value)
        assert len(made) + len(missing) == 3


# Fit


def facts(*rows):
    return pl.DataFrame(rows, schema=["level", "entity_id", "name", "value"], orient="row")


def test_fit_is_a_share_of_points_and_says_how_much_is_known():
    told = facts(
        ("account", "a", "industry", "software"), ("account", "a", "employees", "20"), ("account", "b", "x", "y")
    )
    known = activity((1, "a", "ana", "connected", 1), (1, "b", "bo", "login", 1), facts=told)
    icp = fit((attribute("industry").is_in(["software"]), 2), attribute("employees") >= 50, first("connected"))
    found = icp.score(known, "account")
    assert found.select("entity_id", "value", "known").rows() == [("a", 0.75, 1.0), ("b", 0.0, 0.25)]
    assert parts(found, "a") == {"industry in software": 0.5, "first connected": 0.2}


def test_what_was_known_once_and_is_no_more_is_not_known():
    rows = [("seats", "5", 9), ("seats", None, 2), ("plan", None, 9), ("plan", "pro", 2)]
    table = pl.DataFrame(rows, schema=["name", "value", "days"], orient="row")
    at = pl.lit(NOW) - pl.duration(days=pl.col("days"))
    told = table.with_columns(at=at, level=pl.lit("account"), entity_id=pl.lit("a"))
    happened = activity((10, "a", "ana", "login", 1), facts=told)
    found = fit(attribute("seats") >= 5, (attribute("plan").is_in(["pro"]), 3))
    asked = [found.score(happened, "account", NOW - timedelta(days=days)) for days in (5, 0)]
    assert [score.select("value", "known").row(0) for score in asked] == [(0.25, 0.25), (0.75, 0.75)]


def test_scores_that_cannot_be_meant_are_refused():
    with pytest.raises(ConfigError, match="greater than 0"):
        points({"login": 0})
    with pytest.raises(ConfigError, match="cap"):
        points({"login": 1}, cap=90)
    with pytest.raises(ConfigError):
        points({})
    with pytest.raises(ConfigError):
        fit((distinct("a", "b") >= 1, -1))
