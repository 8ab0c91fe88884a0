"""From files to an account's activity: one person under six ids, one company under three, and all that they did."""

import json

import polars as pl
import pytest

import idgraph as ig
from idgraph.pql import Definition, Scorecard, board, count

ACME, ACME_ID = "0011G00000eLwuWQAS", "salesforce_accounts:0011G00000eLwuWQAS"
CONTACT, LEADS = "0031G00001S3ckZQAR", ("00Q1G00000nDnM5UAK", "51")
COOKIE, PHONE = "5f2c9e01-7ab3-4c1d-9e55-0a1b2c3d4e5f", "9d81c2f0-1111-4222-8333-444455556666R"


def amplitude(day, event, **known):
    line = {"amplitude_id": 75605632776, "device_id": PHONE, "user_id": "u_7", "groups": {"org": ["t_acme"]}}
    line |= {"event_type": event, "event_time": f"2026-03-{day:02} 10:00:00", "uuid": f"{day}-{event}", **known}
    return json.dumps(line)


FILES = {
    "site/pages.csv": (
        "id,anonymous_id,user_id,received_at,path\n"
        f"p1,{COOKIE},,2026-02-20 09:00:00,/pricing\n"
        f"p2,{COOKIE},,2026-02-27 09:00:00,/signup\n"
    ),
    "site/identifies.csv": (
        f"id,anonymous_id,user_id,received_at,email\ni1,{COOKIE},u_7,2026-03-01 09:00:00,ana.silva@acme.io\n"
    ),
    "app/users.csv": (
        "user_id,email,name,tenant_id,created_at\n"
        "u_7,ana.silva@acme.io,Ana Silva,t_acme,2026-03-01 09:00:00\n"
        "u_8,bo.lind@acme.io,Bo Lind,t_acme,2026-03-02 09:00:00\n"
    ),
    "app/tenants.csv": (
        f"tenant_id,name,domain,salesforce_account_id,created_at\nt_acme,Acme,acme.io,{ACME},2026-03-01 09:00:00\n"
    ),
    "app/subscriptions.csv": "tenant_id,plan,seats,started_at\nt_acme,free,5,2026-03-01\nt_acme,team,50,2026-04-20\n",
    "amplitude.jsonl": "\n".join(
        [
            amplitude(3, "project_created", event_properties={"kind": "board"}),
            amplitude(4, "project_created"),
            amplitude(5, "member_invited", event_properties={"invitee": "bo.lind@acme.io"}),
            amplitude(5, "member_invited"),
        ]
    ),
    "crm/accounts.csv": f"Id,Name,BillingCity,Website,CreatedDate\n{ACME},Acme Inc,Rome,www.acme.io,2026-01-05\n",
    "crm/contacts.csv": (
        f"Id,FirstName,LastName,AccountId,Email,CreatedDate\n{CONTACT},Ana,Silva,{ACME},Ana.Silva@acme.io,2026-04-10\n"
    ),
    "crm/leads.csv": (
        "Id,FirstName,LastName,Company,Email,Status,CreatedDate\n"
        f"{LEADS[0]},Ana,Silva,Acme,ana.silva@acme.io,Open,2026-02-28\n"
    ),
    "crm/opportunities.csv": (
        "Id,AccountId,StageName,CloseDate,IsWon,IsClosed,CreatedDate\n"
        f"006A,{ACME},Closed Won,2026-04-20,true,true,2026-04-10\n"
    ),
    "hubspot.csv": (
        "hs_object_id,email,firstname,lastname,lifecyclestage,createdate\n"
        f"{LEADS[1]},ana.silva@acme.io,Ana,Silva,lead,2026-02-21\n"
    ),
    "tickets.csv": "ticket_id,email,topic,created_at\n1,ana.silva@acme.io,pricing,2026-04-01\n",
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = ig.discover(folder)
    assert not found.unknown, found
    return ig.open(ig.resolve(*found).write(folder.parent / "graph"))


def of_account(activity, graph):
    account = graph.account(ACME_ID)["entity_id"]
    return activity.events.filter(pl.col("account_id") == account).sort("at", "event_id").collect()


def test_one_profile_holds_every_kind_of_record(graph):
    ana = graph.profile("app_users:u_7")
    kinds = graph.records.filter(pl.col("record_id").is_in(ana["record_ids"]))["kind"].cast(str)
    assert set(kinds) == {"visitor", "user", "clickstream", "contact", "lead"}
    assert {f"salesforce_leads:{LEADS[0]}", f"hubspot_contacts:{LEADS[1]}"} <= set(ana["record_ids"])


def test_all_that_happened_counts_for_the_account(graph):
    events = of_account(graph.activity(), graph)
    assert events["event"].to_list() == [
        "page_viewed",  # of a visitor, before anybody knew who
        "page_viewed",
        "plan_started",
        "project_created",
        "project_created",
        "member_invited",
        "ticket_opened",
        "opportunity_created",
        "plan_started",
        "opportunity_won",
    ]
    ana = graph.profile("app_users:u_7")["entity_id"]
    whose = events.filter(pl.col("person_id").is_not_null())
    assert whose["person_id"].unique().to_list() == [ana]
    assert whose.height == 6


def test_each_event_says_how_surely(graph):
    events = of_account(graph.activity(), graph)
    sure = {event: tuple(how) for event, *how in events["event", "via", "strict", "weight", "rule"].rows()}
    assert sure["project_created"] == ("tenant", True, None, None)
    assert sure["opportunity_won"] == ("crm", True, None, None)
    assert sure["ticket_opened"] == ("crm", True, None, None)
    assert sure["page_viewed"] == ("crm", False, 9.0, "device")  # one cookie says whose visit it was


def test_identity_as_it_was_known_then(graph):
    activity = graph.activity()
    before = activity.as_of("2026-02-25").events.collect()
    assert before["event"].to_list() == ["page_viewed"]
    assert before["account_id"].to_list() == [None]  # the lead was there, but nobody knew whose cookie it was
    after = of_account(activity.as_of("2026-03-10"), graph.as_of("2026-03-10"))
    assert after["event"].to_list() == ["page_viewed"] * 2 + ["plan_started"] + ["project_created"] * 2 + [
        "member_invited"
    ]


def test_a_repeated_event_counts_once_and_is_told(graph):
    assert graph.rejects.select("source", "grain", "reason").cast(str).rows() == [
        ("amplitude_events", "row", "repeated")
    ]


def test_limits_are_those_of_the_day(graph):
    account = graph.account(ACME_ID)["entity_id"]
    seats = (pl.col("name") == "seats") & (pl.col("level") == "account") & (pl.col("entity_id") == account)
    known = graph.activity().as_of("2026-04-01").facts.filter(seats).collect()
    assert known["value"].to_list() == ["5"]


def test_files_may_go_once_the_run_is_over(tmp_path):
    for name in ("app/users.csv", "app/subscriptions.csv", "amplitude.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(FILES[name])
    graph = ig.resolve(*ig.discover(tmp_path))
    for path in tmp_path.rglob("*.*"):
        path.unlink()
    assert graph.events.height == 5
    assert graph.facts.height == 4
    assert graph.rejects.height == 1


def test_the_account_is_on_the_board_with_what_it_rests_on(graph):
    account, ana = graph.account(ACME_ID)["entity_id"], graph.profile("app_users:u_7")["entity_id"]
    pql = Definition(name="pql", version="1", level="account", when=count("project_created") >= 2)
    found = board(graph.activity(), Scorecard(definitions=(pql,)))
    row = found.rows.filter(pl.col("entity_id") == account).row(0, named=True)
    assert (row["state"], row["crm_id"]) == ("ready", ACME_ID)
    assert row["reached_at"] == row["reached_at_strict"]
    assert (row["champion_id"], row["reach"]) == (ana, [f"salesforce_contacts:{CONTACT}"])
    assert row["reasons"] == [
        "+ pql since 4 March 2026: 2 projects created",
        "− nobody has used it since 4 March 2026",  # the deal was won on 20 April
    ]


def test_who_qualifies_by_one_cookie_is_for_review_and_the_reason_names_it(graph):
    account = graph.account(ACME_ID)["entity_id"]
    curious = Definition(name="curious", version="1", level="account", when=count("page_viewed") >= 2)
    found = board(graph.activity(), Scorecard(definitions=(curious,)))
    row = found.rows.filter(pl.col("entity_id") == account).row(0, named=True)
    assert (row["state"], row["reached_at_strict"]) == ("review", None)
    assert row["weakest_record"] == f"segment_pages:|{COOKIE}"
    said = f"? hangs on uncertain identity (device, weight 9.0 of {row['weakest_record']}): without it, not qualified"
    assert row["reasons"][-1] == said
    why = str(graph.explain(row["weakest_record"], row["reach"][0]))
    assert "(rule device, weight 9)   ← weakest" in why
    doubt = found.reasons.filter(pl.col("kind") == "identity")
    visits = graph.events.filter(pl.col("event").cast(pl.String) == "page_viewed").sort("at")
    assert doubt["evidence"].to_list() == [visits["event_id"].to_list()]
