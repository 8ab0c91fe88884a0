"""Reasons: against peers, against the past, limits that fill, warnings; each with the events it rests on."""

from datetime import UTC, datetime

import polars as pl
import pytest

from idgraph.pql import Activity, Definition, count, points, share_of, time_to, total
from idgraph.pql.reasons import reasons

NOW = datetime(2026, 3, 31, tzinfo=UTC)
LOGIN = points({"login": 1})


def activity(*rows, facts=None, level="account"):
    """Events: days before now, account, event, properties; ids are numbers from 1."""
    table = pl.DataFrame([(*row, None)[:4] for row in rows], schema=["days", "firm", "event", "said"], orient="row")
    table = table.with_columns(at=pl.lit(NOW) - pl.duration(minutes=pl.col("days") * 1440))
    return Activity.from_frame(table, properties="said", facts=facts, **{level: "firm"}).as_of(NOW)


def told(found, kind, entity_id="acme"):
    return found.filter(pl.col("kind") == kind, pl.col("entity_id") == entity_id).to_dicts()


def logins(firm, number, days=28):
    return [(days * (place + 0.5) / number, firm, "login") for place in range(number)]


PEERS = [event for number in range(6) for event in logins(f"firm{number}", 28)]


def test_more_often_than_peers():
    found = reasons(activity(*PEERS, *logins("acme", 56)), "account", LOGIN)
    (reason,) = told(found, "peers")
    assert reason["text"] == "login 2.0× as often as at similar accounts (14 vs 7 a week)"
    assert (reason["sign"], reason["value"], reason["against"], reason["strength"]) == ("+", 56, 28, 1.0)
    assert reason["evidence"] == [str(row) for row in range(6 * 28 + 56, 6 * 28, -1)]  # the latest event was made first
    assert found.height == 1


def test_less_often_than_peers():
    found = reasons(activity(*PEERS, *logins("acme", 10)), "account", LOGIN)
    (reason,) = told(found, "peers")
    assert (reason["sign"], reason["text"]) == ("-", "login 0.4× as often as at similar accounts (2.5 vs 7 a week)")


@pytest.mark.parametrize("number", [28, 36, 40])
def test_what_chance_may_do_is_no_reason(number):
    assert told(reasons(activity(*PEERS, *logins("acme", number)), "account", LOGIN), "peers") == []


def test_few_are_no_peers():
    rows = [event for number in range(4) for event in logins(f"firm{number}", 28)]
    assert told(reasons(activity(*rows, *logins("acme", 56)), "account", LOGIN), "peers") == []


def test_peers_are_of_like_size():
    def team(firm, people, each):
        return [(days, firm, f"{firm}{who}", "login") for who in range(people) for days in range(1, each + 1)]

    small = [row for number in range(6) for row in team(f"small{number}", 1, 10)]
    large = [row for number in range(6) for row in team(f"large{number}", 16, 10)]
    rows = [*small, *large, *team("acme", 1, 27), *team("giant", 17, 10)]
    table = pl.DataFrame(rows, schema=["days", "firm", "who", "event"], orient="row")
    table = table.with_columns(at=pl.lit(NOW) - pl.duration(days=pl.col("days")))
    found = reasons(Activity.from_frame(table, person="who", account="firm").as_of(NOW), "account", LOGIN)
    assert found.select("entity_id", "against").rows() == [("acme", 10.0)]


def widgets(first, last):
    """So many in the first of three months, and in the last."""
    early = [(60.5 + 29 * place / first, "acme", "widget_made") for place in range(first)]
    return [*early, *((29.5 * place / last, "acme", "widget_made") for place in range(last)), (100, "acme", "other")]


def test_growth_against_the_own_past():
    (reason,) = told(reasons(activity(*widgets(12, 49)), "account", points({"widget_made": 1, "other": 1})), "past")
    assert reason["text"] == "widgets made ×4.1 over the last 90 days (12 → 49)"
    assert (reason["sign"], len(reason["evidence"])) == ("+", 61)


def test_decline_against_the_own_past():
    (reason,) = told(reasons(activity(*widgets(49, 12)), "account", points({"widget_made": 1, "other": 1})), "past")
    assert (reason["sign"], reason["text"]) == ("-", "widgets made ×0.2 over the last 90 days (49 → 12)")


@pytest.mark.parametrize(("first", "last", "said"), [(9, 0, "stopped"), (0, 9, "started")])
def test_what_began_or_ceased(first, last, said):
    rows = [*((75, "acme", "widget_made") for _ in range(first)), *((3, "acme", "widget_made") for _ in range(last))]
    found = reasons(activity(*rows, (100, "acme", "other")), "account", points({"widget_made": 1, "other": 1}))
    (reason,) = told(found, "past")
    assert reason["text"] == f"widgets made {said} over the last 90 days ({first} → {last})"


def test_who_was_not_there_ninety_days_ago_has_no_such_past():
    rows = [row for row in widgets(12, 49) if row[0] < 90]
    assert told(reasons(activity(*rows), "account", points({"widget_made": 1})), "past") == []


# Limits and vetoes

STORED = total("stored", "mb")
PLAN = pl.DataFrame({"level": ["account"], "entity_id": ["acme"], "name": ["storage_limit"], "value": ["1000"]})


def stored(*mb, every=7):
    """Amounts, the latest one day ago."""
    return [(1 + every * back, "acme", "stored", f'{{"mb": {amount}}}') for back, amount in enumerate(reversed(mb))]


def limit_of(rows):
    plan = Definition(name="full", version="1", level="account", when=share_of(STORED, "storage_limit") >= 0.8)
    twice = plan.model_copy(update={"when": plan.when & (time_to(STORED, "storage_limit") <= "30d")})
    found = reasons(activity(*rows, facts=PLAN), "account", LOGIN, [plan, twice])
    return [(reason["text"], reason["evidence"]) for reason in told(found, "limit")]


def test_a_limit_says_when_it_is_full():
    ids = ["5", "4", "3", "2", "1"]
    rows = stored(100, 180, 180, 180, 180)  # 720 in the 28 days up to the last
    assert limit_of(rows) == [("storage full in 6 days at the current rate (82 % used)", ids)]


def test_a_limit_that_is_full_or_far_off():
    assert limit_of(stored(500, 540))[0][0] == "storage full (104 % used)"
    assert limit_of(stored(100, 200)) == []
    late = [(days + 30, *row) for days, *row in stored(100, 180, 180, 180, 180)]  # it was to be full, and is not
    assert limit_of(late)[0][0] == "storage: 82 % used"
    assert limit_of(stored(900, 1, every=60))[0][0] == "storage full in 5939 days at the current rate (90 % used)"


def test_what_a_veto_counts_is_told_before_it_is_too_much():
    basics = (count("ticket_opened", topic="basics") >= 8).in_any("14d")
    ready = Definition(name="pql", version="1", level="account", when=(count("login") >= 1).unless(basics))
    opened = [(days, "acme", "ticket_opened", '{"topic": "basics"}') for days in (1, 2, 3, 4, 20)]
    found = reasons(activity(*opened, (1, "acme", "login")), "account", LOGIN, [ready])
    (reason,) = told(found, "warning")
    assert (reason["sign"], reason["text"]) == ("-", "4 tickets opened (topic = basics) in 14 days")
    assert reason["evidence"] == ["4", "3", "2", "1"]
    few = reasons(activity(*opened[:3], (1, "acme", "login")), "account", LOGIN, [ready])
    assert told(few, "warning") == []


def test_slipping():
    rows = [(days, "acme", "login") for days in (30, 33, 36, 40, 44, 3)]
    (reason,) = told(reasons(activity(*rows), "account", LOGIN), "slipping")
    assert reason["text"] == "active days: 1 in the last 28, 5 in the 28 before"
    assert len(reason["evidence"]) == 6


def test_who_has_gone_quiet():
    rows = [(days, "acme", "login") for days in (28, 90, 224)] + [(27, "beta", "login"), (28, "core", "ticket")]
    (reason,) = reasons(activity(*rows), "account", LOGIN).to_dicts()
    assert (reason["entity_id"], reason["sign"], reason["kind"]) == ("acme", "-", "quiet")
    assert reason["text"] == "nobody has used it since 3 March 2026"
    assert (reason["value"], reason["against"], reason["strength"], reason["evidence"]) == (28, 28, 0, ["1"])
    long_ago = reasons(activity((224, "ana", "login"), level="person"), "person", LOGIN)
    assert long_ago.select("text", "strength").rows() == [("has not used it since 19 August 2025", 3.0)]


def test_who_stopped_of_late_is_told_of_once():
    rows = [(days, "acme", "login") for days in (30, 33, 36, 40, 44)]
    assert reasons(activity(*rows), "account", LOGIN)["kind"].to_list() == ["slipping"]


def test_people_are_compared_with_people():
    found = reasons(activity(*PEERS, *logins("acme", 56), level="person"), "person", LOGIN)
    assert found["text"].to_list() == ["login 2.0× as often as other people (14 vs 7 a week)"]
