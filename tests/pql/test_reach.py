"""Whom the events of a graph count for: the person, tenant and account, how surely, and as of when."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError
from idgraph.pql import Definition, Scorecard, board, count, share_of

ACME, BETA = "0011G00000eLwuWQAS", "0011G00000gXz9HQAS"
USERS = {"user": ["u1", "u2"], "mail": ["ana@acme.io", "bo@gmail.com"], "tenant": ["t1", "t2"]}
USERS |= {"cookie": ["5f2c9d3e-ana", None], "at": ["2026-01-10", "2026-01-12"]}
TENANTS = {"tenant": ["t1", "t2"], "account": [ACME, None], "at": ["2026-01-01"] * 2}
TRACKS = {
    "id": ["before", "inside", "other", "lost"],
    "user": [None, "u1", "u2", "u1"],
    "cookie": ["5f2c9d3e-ana", "5f2c9d3e-ana", None, None],
    "what": ["page_viewed", "report_made", "report_made", "report_made"],
    "tenant": [None, "t1", "t1", "t3"],
    "at": ["2026-01-05", "2026-01-13", "2026-01-11", "2026-01-09"],
}


def source(name, rows, **mapping):
    return ig.Source(name, data=pl.DataFrame(rows), **mapping)


def tables(**changed):
    given = {"users": USERS, "tenants": TENANTS, "tracks": TRACKS} | changed
    return (
        source(
            "app_users",
            given["users"],
            kind="user",
            id="user",
            id_type="app.user_id",
            time="at",
            identifiers={"email": "mail", "device": "cookie"},
            belongs_to={"tenant": "tenant"},
        ),
        source(
            "app_tenants",
            given["tenants"],
            kind="tenant",
            id="tenant",
            id_type="app.tenant_id",
            time="at",
            identifiers={"salesforce_accounts.id": "account"},
        ),
        source(
            "salesforce_accounts",
            {"id": [ACME, BETA], "name": ["Acme", "Beta"], "at": ["2026-01-01"] * 2},
            kind="crm_account",
            id="id",
            time="at",
            attributes={"name": "name"},
        ),
        source(
            "web_tracks",
            given["tracks"],
            kind="visitor",
            time="at",
            event="what",
            event_id="id",
            identifiers={"app.user_id": "user", "device": "cookie"},
            belongs_to={"tenant": "tenant"},
        ),
    )


@pytest.fixture(scope="module")
def graph():
    return ig.resolve(*tables())


def rows(activity):
    found = activity.events.collect()
    return {row["event_id"].split(":", 1)[1]: row for row in found.iter_rows(named=True)}


def entity(graph, record_id, level="person"):
    placed = graph.assignments.filter(pl.col("record_id") == record_id, pl.col("level").cast(str) == level)
    return placed["entity_id"].item()


def test_a_visit_before_sign_up_counts_for_the_person_and_their_account(graph):
    events = rows(graph.activity())
    assert events["before"]["person_id"] == entity(graph, "app_users:u1")
    assert events["before"]["account_id"] == entity(graph, f"salesforce_accounts:{ACME}", "account")
    assert (events["before"]["tenant_id"], events["before"]["via"]) == (None, "tenant")


def test_an_event_belongs_to_the_tenant_in_which_it_happened(graph):
    other = rows(graph.activity())["other"]
    assert other["person_id"] == entity(graph, "app_users:u2")
    assert other["tenant_id"] == entity(graph, "app_tenants:t1", "tenant")
    assert other["account_id"] == entity(graph, f"salesforce_accounts:{ACME}", "account")
    assert (other["strict"], other["weight"]) == (True, None)


def test_a_tenant_known_by_reference_alone_takes_nothing_to_the_persons_account(graph):
    assert rows(graph.activity())["lost"]["account_id"] == entity(graph, "app_tenants:t3", "account")


def test_a_company_that_nobody_knows_gets_no_account_and_lends_none(graph):
    calls = source(
        "crm_calls",
        {"who": ["u1"], "account": ["0011G00000jWVWoQAO"], "at": ["2026-01-20"]},
        event={"called": "at"},
        identifiers={"app.user_id": "who"},
        belongs_to={"salesforce_accounts.id": "account"},
    )
    (event,) = [row for row in rows(graph.activity(calls)).values() if row["event"] == "called"]
    assert event["person_id"] == entity(graph, "app_users:u1")
    assert (event["account_id"], event["via"], event["strict"]) == (None, "unknown", None)


def test_events_of_other_tables_find_their_people_by_identifiers(graph):
    tickets = source(
        "help_tickets",
        {"id": ["7", "8"], "mail": ["Bo@Gmail.com", "who@else.io"], "at": ["2026-02-01", "2026-02-02"]},
        event={"ticket_opened": "at"},
        event_id="id",
        identifiers={"email": "mail"},
    )
    events = rows(graph.activity(tickets))
    assert events["7"]["person_id"] == entity(graph, "app_users:u2")
    assert events["7"]["account_id"] == entity(graph, "app_tenants:t2", "account")
    assert (events["8"]["person_id"], events["8"]["account_id"], events["8"]["via"]) == (None, None, None)


def test_a_deal_counts_for_the_account_it_names_and_no_tenant(graph):
    deals = source(
        "salesforce_opportunities",
        {"id": ["006A"], "account": [ACME], "at": ["2026-03-01"]},
        event={"deal_won": "at"},
        event_id="id",
        belongs_to={"salesforce_accounts.id": "account"},
    )
    won = rows(graph.activity(deals))["006A"]
    assert won["account_id"] == entity(graph, f"salesforce_accounts:{ACME}", "account")
    assert (won["tenant_id"], won["person_id"], won["via"]) == (None, None, "crm")


def test_as_of_a_time_nobody_is_known_from_later(graph):
    before = graph.activity().as_of("2026-01-08")
    assert list(rows(before)) == ["before"]
    assert rows(before)["before"]["account_id"] is None
    assert rows(before.as_of("2026-01-31")).keys() == {"before", "inside", "other", "lost"}


def test_a_person_told_by_a_mail_domain_alone_is_not_sure():
    users = {**USERS, "tenant": ["t1", None], "mail": ["ana@acme.io", "bo@acme.io"]}
    tracks = {name: values[2:3] for name, values in {**TRACKS, "tenant": [None] * 4}.items()}
    activity = ig.resolve(*tables(users=users, tracks=tracks)).activity()
    (event,) = rows(activity).values()
    assert (event["via"], event["strict"], event["weight"], event["rule"]) == ("domain", False, 10.0, "domain")
    assert (event["person_strict"], event["person_weight"], event["person_rule"]) == (True, None, None)
    assert states(activity, "account", sure=11.0) == ["review"]
    assert states(activity, "person", sure=11.0) == ["ready"]  # whose account they are of is not their doubt


def states(activity, level, sure=10.0):
    """The states of those who qualify by one event of any kind."""
    one = Definition(name="one", version="1", level=level, when=count() >= 1)
    found = board(activity, Scorecard(definitions=(one,), sure=sure)).rows
    return found.filter(pl.col("reached_at").is_not_null())["state"].to_list()


def test_a_person_is_for_review_where_it_is_not_sure_that_it_was_them():
    tracks = {name: values[:1] for name, values in TRACKS.items()}
    activity = ig.resolve(*tables(tracks=tracks)).activity()
    (event,) = rows(activity).values()
    assert (event["person_strict"], event["person_weight"], event["person_rule"]) == (False, 9.0, "device")
    assert states(activity, "person") == ["review"]
    assert states(activity, "person", sure=9.0) == ["ready"]


def test_who_reaches_no_account_qualifies_all_the_same():
    users = {**USERS, "tenant": [None, None]}
    tracks = {name: values[2:3] for name, values in {**TRACKS, "tenant": [None] * 4}.items()}
    activity = ig.resolve(*tables(users=users, tracks=tracks)).activity()
    assert [event["account_id"] for event in rows(activity).values()] == [None]
    assert states(activity, "person") == ["ready"]


def test_a_doubtful_merge_of_two_accounts_makes_the_smaller_part_doubtful():
    records = pl.DataFrame(
        {
            "record_id": ["app_tenants:t1", "crm_accounts:1", "crm_accounts:2", "app_tenants:t2"],
            "kind": ["tenant", "crm_account", "crm_account", "tenant"],
        }
    )
    ids = {"record_id": ["app_tenants:t1", "crm_accounts:1"], "type": ["crm_accounts.id"] * 2, "value": ["1"] * 2}
    links = {"level": ["account"] * 2, "left_id": ["app_tenants:t2", "crm_accounts:1"], "rule": ["given", "similar"]}
    links |= {"right_id": ["crm_accounts:2", "crm_accounts:2"], "weight": [20.0, 7.5]}
    happened = {"event_id": ["a", "b"], "event": ["x"] * 2, "at": ["2026-01-05", "2026-01-06"]}
    happened |= {"company_record_id": ["app_tenants:t1", "app_tenants:t2"], "count": [1, 1]}
    graph = ig.Graph.from_frames(
        records=records,
        identifiers=pl.DataFrame(ids).with_columns(weight=pl.lit(20.0)),
        links=pl.DataFrame(links),
        events=pl.DataFrame(happened).with_columns(pl.col("at").str.to_datetime(time_zone="UTC")),
    )
    found = graph.activity().events.collect()
    assert found["account_id"].n_unique() == 1
    assert sorted(found.select("strict", "weight", "rule").rows()) == [(False, 7.5, "similar"), (True, None, None)]
    assert states(graph.activity(), "tenant") == ["ready", "ready"]  # whose account it is is not a tenant's doubt


def test_sales_knows_people_and_accounts_by_a_record(graph):
    known = dict(graph.activity().entities.select("entity_id", "crm_id").collect().iter_rows())
    assert known[entity(graph, f"salesforce_accounts:{ACME}", "account")] == f"salesforce_accounts:{ACME}"
    assert known[entity(graph, "app_users:u1", "person")] is None


def test_a_contact_is_the_way_to_a_person_before_a_lead_and_the_one_seen_last_before_others():
    records = pl.DataFrame(
        {
            "record_id": ["crm:old", "crm:new", "crm:lead", "crm:gone", "app:u1"],
            "kind": ["contact", "contact", "lead", "contact", "user"],
            "last_seen": ["2026-01-01", "2026-01-02", "2026-01-09", "2026-01-08", "2026-01-09"],
            "deleted": [False, False, False, True, False],
        }
    ).with_columns(pl.col("last_seen").str.to_datetime(time_zone="UTC"))
    held = {"record_id": records["record_id"], "type": ["email"] * 5, "value": ["ana@acme.io"] * 5}
    happened = {"event_id": ["a"], "record_id": ["app:u1"], "event": ["x"], "at": ["2026-01-05"], "count": [1]}
    graph = ig.Graph.from_frames(
        records=records,
        identifiers=pl.DataFrame(held).with_columns(weight=pl.lit(20.0)),
        events=pl.DataFrame(happened).with_columns(pl.col("at").str.to_datetime(time_zone="UTC")),
    )
    people = graph.activity().entities.filter(pl.col("level") == "person").collect()
    assert people["crm_id"].to_list() == ["crm:new"]


def test_a_person_whom_the_crm_has_at_two_accounts_has_a_contact_at_each(graph):
    contacts = source(
        "crm_contacts",
        {
            "id": ["c1", "c2", "c3", "c4"],
            "mail": ["bo@gmail.com", "bo@gmail.com", "bo@gmail.com", "ana@acme.io"],
            "account": [ACME, BETA, BETA, None],
            "at": ["2026-01-03", "2026-01-02", "2026-01-01", "2026-01-02"],
        },
        kind="contact",
        id="id",
        time="at",
        identifiers={"email": "mail"},
        belongs_to={"salesforce_accounts.id": "account"},
    )
    known = ig.resolve(*tables(), contacts)
    bo = entity(known, "app_users:u2")
    found = known.activity().contacts.collect()
    assert dict(found.filter(pl.col("person_id") == bo).select("account_id", "crm_id").iter_rows()) == {
        entity(known, f"salesforce_accounts:{ACME}", "account"): "crm_contacts:c1",
        entity(known, f"salesforce_accounts:{BETA}", "account"): "crm_contacts:c2",
    }
    assert found["person_id"].unique().to_list() == [bo]  # whose account the CRM does not say is at none
    assert known.activity().as_of("2026-01-02").contacts.collect()["crm_id"].to_list() != found["crm_id"].to_list()
    assert graph.activity().contacts.collect().is_empty()


def test_a_plan_holds_from_its_time_on(graph):
    plans = source(
        "billing_plans",
        {"tenant": ["t1", "t1"], "seats": ["5", "20"], "since": ["2026-01-02", "2026-02-01"]},
        belongs_to={"tenant": "tenant"},
        attributes={"seats": "seats"},
        time="since",
    )
    activity = graph.activity(plans)
    seats = activity.facts.filter(pl.col("name") == "seats").collect()
    account = entity(graph, "app_tenants:t1", "account")
    for level in ("account", "parent"):  # nobody owns the account
        of_level = pl.col("name") == "seats", pl.col("level") == level, pl.col("entity_id") == account
        assert seats.filter(of_level)["value"].to_list() == ["5"]  # up to the latest event
        later = activity.as_of("2026-03-01").facts.filter(of_level)
        assert sorted(later.collect()["value"]) == ["20", "5"]


def test_entities_without_events_are_there_too(graph):
    entities = graph.activity().entities.collect()
    beta = entities.filter(pl.col("entity_id") == entity(graph, f"salesforce_accounts:{BETA}", "account"))
    assert sorted(beta.select("level", "name").rows()) == [("account", "Beta"), ("parent", "Beta")]


def test_events_are_written_and_read_with_the_graph(graph, tmp_path):
    opened = ig.open(graph.write(tmp_path / "out"))
    assert opened.events.sort("event_id").equals(graph.events.sort("event_id"))
    assert rows(opened.activity()) == rows(graph.activity())


def test_events_given_twice_count_once(graph):
    assert graph.activity(tables()[3]).events.collect().height == 4


def test_shuffled_rows_give_the_same_activity(graph):
    turned = ig.resolve(*tables(tracks={name: values[::-1] for name, values in TRACKS.items()}))
    assert rows(turned.activity()) == rows(graph.activity())


def test_a_graph_without_events_says_what_to_do():
    with pytest.raises(ConfigError, match="event='…'"):
        ig.resolve(*tables()[:3]).activity()


def test_coverage_counts_what_reaches_nobody_too(graph):
    tickets = source(
        "help_tickets",
        {"id": ["8"], "mail": ["who@else.io"], "at": ["2026-02-02"]},
        event={"ticket_opened": "at"},
        event_id="id",
        identifiers={"email": "mail"},
    )
    counts = graph.activity(tickets).coverage().rows()
    assert counts == [
        ("before_sign_up", "one", "tenant", False, 1),
        ("before_sign_up", "one", "tenant", True, 2),
        ("event", "none", None, None, 1),
        ("event", "one", "tenant", False, 1),
        ("event", "one", "tenant", True, 3),
        ("nobody", "none", None, None, 1),
        ("person", "one", "tenant", True, 1),
        ("person", "several", "tenant", None, 1),
        ("tenant", "one", "tenant", True, 2),
    ]


def test_coverage_counts_what_is_too_early_too_late_and_no_event():
    calls = source(
        "crm_calls",
        {
            "id": ["c1", "c1", "c2", "c3", "c4"],
            "who": ["u1", "u1", "u1", "u1", "u1"],
            "tenant": ["t1", "t1", "t1", None, "t1"],
            "at": ["2025-12-01", "2025-12-01", "2199-01-01", "soon", "2026-01-20"],
        },
        event={"called": "at"},
        event_id="id",
        identifiers={"app.user_id": "who"},
        belongs_to={"tenant": "tenant"},
    )
    tracks = {name: [values[1]] * 20 for name, values in TRACKS.items()} | {"id": [f"e{n}" for n in range(20)]}
    found = ig.resolve(*tables(tracks=tracks)).activity(calls)
    counts = found.coverage().filter(~pl.col("level").is_in(["event", "person", "tenant", "nobody"]))
    assert counts.select("level", "via", "number").rows() == [
        ("before_sign_up", "tenant", 1),
        ("before_tenant", "tenant", 1),
        ("later", "tenant", 1),
        ("refused", "not_a_time", 1),
        ("refused", "repeated", 1),
    ]


def test_what_would_be_without_a_rule_counts_as_it_would(graph):
    events = rows(graph.without(rule="device").activity())
    assert events["before"]["account_id"] is None
    assert events["inside"]["account_id"] == entity(graph, f"salesforce_accounts:{ACME}", "account")


def test_tables_given_later_are_clipped_and_placed_as_of_a_time_too(graph):
    tickets = source(
        "help_tickets",
        {"id": ["7", "9"], "mail": ["ana@acme.io", "ana@acme.io"], "at": ["2026-01-09", "2026-02-01"]},
        event={"ticket_opened": "at"},
        event_id="id",
        identifiers={"email": "mail"},
    )
    activity = graph.activity(tickets)
    assert rows(activity)["7"]["person_id"] == entity(graph, "app_users:u1")  # who signed up the day after
    then = rows(activity.as_of("2026-01-09"))
    assert then.keys() == {"before", "lost", "7"}
    assert then["7"]["person_id"] is None


@pytest.mark.parametrize("later", [None, "unlimited"])
def test_a_plan_without_a_limit_ends_the_limit_before(graph, later):
    """Null is not zero, and a limit that is gone is not near."""
    plans = source(
        "billing_plans",
        {"tenant": ["t1", "t1"], "reports": ["2", later], "since": ["2026-01-01", "2026-01-12"]},
        time="since",
        belongs_to={"tenant": "tenant"},
        attributes={"reports": "reports"},
    )
    near = share_of(count("report_made"), "reports") >= 0.5
    definition = Definition(name="near", version="1", level="tenant", when=near)
    activity = graph.activity(plans)
    assert definition.standing_at(activity, "2026-01-11T12:00")["entity_id"].to_list() == [
        entity(graph, "app_tenants:t1", "tenant")
    ]
    assert definition.standing_at(activity, "2026-01-14")["entity_id"].to_list() == []


def test_a_column_that_is_missing_ends_nothing(graph):
    plans = source(
        "billing_plans",
        {"tenant": ["t1"], "reports": ["2"], "since": ["2026-01-01"]},
        time="since", belongs_to={"tenant": "tenant"}, attributes={"reports": "reports"},
    )  # fmt: skip
    others = source(
        "stripe_plans",
        {"tenant": ["t1"], "since": ["2026-01-12"], "seats": [None]},
        time="since", belongs_to={"tenant": "tenant"}, attributes={"reports": "reports", "seats": "seats"},
        optional=True,
    )  # fmt: skip
    told = graph.activity(plans, others).facts.filter(pl.col("name").is_in(["reports", "seats"])).collect()
    assert told.filter(pl.col("level") == "tenant").sort("name").select("name", "value").rows() == [
        ("reports", "2"),
        ("seats", None),
    ]
