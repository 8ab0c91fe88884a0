"""Whether a study of a definition finds what was planted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from idgraph import Source, resolve
from idgraph.errors import ConfigError
from idgraph.pql import Activity, Definition, count, first
from idgraph.pql.study import backtest, diagnose

BEGIN = datetime(2026, 1, 2, tzinfo=UTC)
PAID = first("paid")
EVERYBODY = "all conditions"


def activity(events):
    rows = [(f"e{n}", org, event, BEGIN + timedelta(days=day)) for n, (org, event, day) in enumerate(events)]
    frame = pl.DataFrame(rows, schema=["id", "org", "event", "at"], orient="row")
    found = Activity.from_frame(frame, account="org", id="id")
    return replace(found, history=found.history.with_columns(record_id="event_id"))  # each names a record of its own


def definition(when, **more):
    return Definition(name="ready", version="1", level="account", when=when, **more)


def planted(size=40):
    """A fourth of all make a project and invite; of these nearly all pay 40 days later, and of others nobody."""
    events = [("last", "login", 200)]
    for number in range(size):
        org = f"org{number}"
        events.append((org, "signed_up", 0))
        if number % 2 == 0:
            events.append((org, "project", 3))
        if number % 4 == 0:
            events += [(org, "invite", 4), (org, "login", 5)]
        if number % 4 == 0 and number:
            events.append((org, "paid", 40))
    return activity(events)


def test_a_backtest_in_which_nobody_is_called_is_refused():
    with pytest.raises(ConfigError, match="capacity=0 calls nobody"):
        backtest(definition(first("invite")), PAID, planted(), every="1mo", horizon="30d", capacity=0)


def test_a_backtest_counts_who_was_qualified_and_who_then_paid():
    ready = definition(first("invite"), among=first("signed_up"))
    found = backtest(ready, PAID, planted(), every="1mo", horizon="30d", capacity=4)
    february, march, *_ = found.rows(named=True)
    assert (february["asked"], february["wins"], february["qualified"], february["hits"]) == (40, 9, 10, 9)
    assert (february["precision"], february["recall"], february["lift"]) == (0.9, 1.0, pytest.approx(4.0))
    assert february["lift_low"] < 4 < february["lift_high"]
    assert february["lead_time"] == timedelta(days=36)
    assert (february["called"], february["called_hits"], february["precision_called"]) == (4, 3, 0.75)
    assert (march["asked"], march["wins"], march["recall"], march["lift"]) == (31, 0, None, None)
    assert found["mature"].to_list() == [True] * 5 + [False]


def test_identities_that_were_learnt_from_the_purchase_are_a_leak_that_shows():
    """Every account is seen to act; whose users they were is known only from the day each account pays."""
    events = [("last", "login", 200)]
    for number in range(40):
        events += [(f"org{number}", "signed_up", 0), (f"org{number}", "visit", 2)]
        events += [(f"org{number}", "paid", 40)] if number % 4 == 0 else []
    today = activity(events)
    buyers = [f"org{number}" for number in range(0, 40, 4)]
    linked = pl.when(pl.col("account_id").is_in(buyers) | (pl.col("event") != "visit")).then("account_id")
    today = replace(today, history=today.history.with_columns(account_id=linked))
    unlinked = pl.when(pl.col("event") != "visit").then("account_id")

    def known(at):
        late = at < BEGIN + timedelta(days=40)
        history = today.history.with_columns(account_id=unlinked) if late else today.history
        return replace(today, history=history)

    found = backtest(
        definition(first("visit")), PAID, replace(today, known=known), every="1mo", horizon="30d", capacity=5
    )
    rows = {row["identity"]: row for row in found.rows(named=True)[:2]}
    assert (rows["today"]["qualified"], rows["today"]["lift"]) == (10, 4.0)
    assert (rows["then"]["qualified"], rows["then"]["lift"]) == (0, None)


def test_an_account_that_was_merged_later_wins_by_what_it_is_today():
    today = activity([("old", "visit", 0), ("old", "visit", 3), ("old", "paid", 40), ("x", "login", 200)])

    def known(_at):
        named = pl.when(pl.col("at") < BEGIN + timedelta(days=10)).then(pl.lit("stray")).otherwise("account_id")
        return replace(today, history=today.history.with_columns(account_id=named))

    found = backtest(
        definition(count("visit") >= 2), PAID, replace(today, known=known), every="1mo", horizon="30d", capacity=5
    )
    (row,) = found.filter(pl.col("identity") == "then").head(1).rows(named=True)
    assert (row["asked"], row["qualified"], row["hits"]) == (1, 1, 1)


def test_what_was_two_accounts_then_is_asked_once():
    today = activity([("acme", "visit", 0), ("acme", "visit", 3), ("acme", "paid", 40), ("x", "login", 200)])

    def known(_at):
        named = pl.when(pl.col("at") < BEGIN + timedelta(days=2)).then(pl.lit("stray")).otherwise("account_id")
        return replace(today, history=today.history.with_columns(account_id=named))

    found = backtest(
        definition(first("visit")), PAID, replace(today, known=known), every="1mo", horizon="30d", capacity=5
    )
    counts = found.select("asked", "wins", "qualified", "hits", "lead_time").rows()
    assert counts[0] == counts[1] == (1, 1, 1, 1, timedelta(days=40))


def test_everybody_is_those_among_whom_it_asks_and_has_the_same_time():
    slow = [(f"slow{number}", event, day) for number in range(40) for event, day in (("signed_up", 0), ("paid", 150))]
    visitors = [(f"visitor{number}", "visit", 0) for number in range(100)]
    quick = [(f"quick{number}", event, day) for number in range(10) for event, day in (("signed_up", 0), ("paid", 9))]
    events = activity([*slow, *visitors, *quick, ("last", "login", 200)])
    asked = definition(first("signed_up"), among=first("signed_up"))
    *_, everybody = diagnose(asked, PAID, events, "60d").rows(named=True)
    assert (everybody["qualified"], everybody["hits"]) == (50, 10)


def findings(when, events=None, horizon="60d"):
    found = diagnose(definition(when), PAID, events or planted(), horizon)
    return found, dict(found.select(pl.col("without").fill_null("whole"), "finding").rows())


def test_a_condition_that_others_imply_adds_nothing_and_one_that_sorts_out_stays():
    found, said = findings(first("project") & first("invite"))
    assert said == {"whole": "too complex", "first project": "adds nothing", "first invite": None, EVERYBODY: None}
    assert found["qualified"].to_list() == [10, 10, 20, 40]
    assert found["precision"].to_list() == [0.9, 0.9, 0.45, 0.225]
    assert found["reach"].to_list() == [1.0, 1.0, 2.0, 4.0]


def test_a_definition_that_everybody_meets_is_too_broad():
    assert findings(first("signed_up"))[1] == {"whole": "too broad", EVERYBODY: None}


def test_a_condition_that_keeps_good_ones_out_is_too_narrow():
    events = [("last", "login", 200)]
    for number in range(40):
        org = f"org{number}"
        events += [(org, "invite", 1), (org, "paid", 30)] if number < 20 else [(org, "signed_up", 1)]
        events += [(org, "blog", 2)] if number < 8 else []
    _, said = findings(first("invite") & first("blog"), activity(events))
    assert said == {"whole": "too narrow", "first invite": "adds nothing", "first blog": "too narrow", EVERYBODY: None}


def test_an_alternative_that_lets_in_others_is_too_broad():
    assert findings(first("invite") | first("signed_up"))[1]["first signed_up"] == "too broad"


def test_windows_and_vetoes_are_conditions_too():
    when = first("invite").within("2d", of=first("signed_up")) | first("project").unless(first("login"))
    found, _ = findings(when.named("ready"))
    assert found["without"].to_list() == [
        None,
        "first invite within 2d of first signed_up",
        "within 2d of first signed_up",
        "first project unless first login",
        "unless first login",
        EVERYBODY,
    ]


def test_a_graph_is_asked_as_it_was_known_then():
    """Whose visits they were is told when she signs up, the day before her firm pays."""
    clicks = {
        "id": ["c1", "c2"],
        "cookie": ["5f2c9e01-a"] * 2,
        "at": ["2026-01-05", "2026-01-20"],
        "what": ["visit"] * 2,
    }
    users = {"user": ["u1"], "cookie": ["5f2c9e01-a"], "mail": ["ana@acme.io"], "tenant": ["t1"], "at": ["2026-02-09"]}
    tenants = {"tenant": ["t1"], "at": ["2026-01-02"]}
    told = {"tenant": ["t1"] * 3, "what": ["opened", "paid", "login"], "at": ["2026-01-02", "2026-02-10", "2026-04-30"]}
    of_tenant = {"belongs_to": {"app_tenants.id": "tenant"}, "time": "at"}
    graph = resolve(
        Source("app_tenants", kind="tenant", data=pl.DataFrame(tenants), id="tenant", time="at"),
        Source(
            "app_users",
            kind="user",
            data=pl.DataFrame(users),
            id="user",
            identifiers={"email": "mail", "device": "cookie"},
            **of_tenant,
        ),
        Source("app_told", data=pl.DataFrame(told), event="what", **of_tenant),
        Source(
            "web_clicks",
            kind="visitor",
            data=pl.DataFrame(clicks),
            time="at",
            event="what",
            event_id="id",
            identifiers={"device": "cookie"},
        ),
    )
    curious = definition(count("visit") >= 2, among=first("opened"))
    found = backtest(curious, PAID, graph.activity(), every="1mo", horizon="28d", capacity=5)
    february = found.filter(pl.col("date").dt.month() == 2)
    columns = ["identity", "asked", "wins", "qualified", "hits"]
    assert february.select(columns).rows() == [("then", 1, 1, 0, 0), ("today", 1, 1, 1, 1)]
