"""What the tables of known systems tell of: in the shape that each system's documentation gives them."""

import json

import polars as pl
import pytest

import idgraph as ig

ACCOUNT, CONTACT, LEAD = "0011G00000eLwuWQAS", "0031G00001S3ckZQAR", "00Q1G00000nDnM5UAK"
ACCOUNTS = f"Id,Name,BillingCity,Website,CreatedDate\n{ACCOUNT},Acme,Rome,acme.io,2026-01-01\n"
CONTACTS = f"Id,FirstName,LastName,AccountId,Email,CreatedDate\n{CONTACT},Ana,Silva,{ACCOUNT},ana@acme.io,2026-01-01\n"
USERS = "user_id,email,tenant_id,created_at\nu_7,ana@acme.io,acme,2026-01-02\n"


@pytest.fixture
def told(tmp_path):
    """Resolve files beside a product's users and a CRM's accounts and contacts; say what happened, and to whom."""

    def run(**files):
        for name, text in {"users": USERS, "accounts": ACCOUNTS, "contacts": CONTACTS, **files}.items():
            ending = "jsonl" if text.startswith("{") else "csv"
            (tmp_path / f"{name}.{ending}").write_text(text)
        found = ig.discover(tmp_path)
        assert not found.unknown, found
        graph = ig.resolve(*found)
        assert graph.rejects.is_empty(), graph.rejects
        activity = graph.activity()
        account = graph.account(f"salesforce_accounts:{ACCOUNT}")["entity_id"]
        events = activity.events.sort("at", "event").collect()
        return activity, [
            (row["event"], row["count"], row["person_id"] is not None, row["account_id"] == account)
            for row in events.iter_rows(named=True)
        ]

    return run


def properties(activity):
    return [text and json.loads(text) for text in activity.events.sort("at", "event").collect()["properties"]]


def test_segment_pages_and_tracks(told):
    pages = "id,anonymous_id,user_id,received_at,path,title\np1,5f2c9e01-a,,2026-01-01 10:00:00,/pricing,Pricing\n"
    tracks = (
        "id,anonymous_id,user_id,received_at,event,event_text,context_group_id\n"
        "t1,5f2c9e01-a,u_7,2026-01-02 10:00:00,report_made,Report Made,acme\n"
    )
    activity, events = told(pages=pages, tracks=tracks)
    assert events == [("page_viewed", 1, True, True), ("report_made", 1, True, True)]
    assert properties(activity)[0] == {"path": "/pricing", "title": "Pricing"}
    assert activity.events.filter(pl.col("tenant_id").is_not_null()).collect()["event"].to_list() == ["report_made"]


def test_amplitude_knows_a_visit_and_that_there_is_none(told):
    line = {"amplitude_id": 75605632776, "device_id": "d-91-5f2c", "user_id": "u_7", "event_type": "open"}
    line |= {"event_time": "2026-01-05 10:00:00.1", "groups": {"org": ["acme"]}, "event_properties": {"n": 3}}
    lines = [{**line, "uuid": "1", "session_id": 1767607200000}, {**line, "uuid": "2", "session_id": -1}]
    activity, events = told(amplitude="\n".join(map(json.dumps, lines)))
    assert events == [("open", 1, True, True)] * 2
    assert sorted(activity.events.collect()["session_id"], key=str) == ["1767607200000", None]
    assert properties(activity) == [{"n": 3}] * 2


def test_mixpanel_in_its_raw_export(told):
    known = {"distinct_id": "u_7", "$device_id": "18f2c9e0-5", "$user_id": "u_7", "company_id": "acme"}
    lines = [
        {"event": "Opened", "properties": {"time": 1767607200, "$insert_id": "a", "plan": "free", **known}},
        {"event": "Opened", "properties": {"time": 1767607200, "$insert_id": "b", **known}},
    ]
    people = (
        '{"$distinct_id": "u_7", "$properties": {"$email": "ana@acme.io", "$name": "Ana", "$last_seen": "2026-01-05"}}'
    )
    activity, events = told(mixpanel="\n".join(map(json.dumps, lines)), people=people)
    assert events == [("Opened", 1, True, True)] * 2
    assert "free" in {found.get("plan") for found in properties(activity)}


def test_pendo_adds_up_by_the_hour(told):
    head = "visitor_id,account_id,timestamp,num_events,num_minutes,feature_id,remote_ip\n"
    hours = "u_7,acme,2026-01-05 11:00:00,21,4,f1,1.1.1.1\nu_7,acme,2026-01-05 11:00:00,21,4,f1,2.2.2.2\n"
    activity, events = told(features=head + hours)
    assert events == [("feature_used", 21, True, True)] * 2
    assert properties(activity)[0] == {"feature": "f1", "minutes": "4"}


def test_a_plain_table_of_events(told):
    _, events = told(log="user_id,tenant_id,event,occurred_at\nu_7,acme,report_made,2026-01-05\n")
    assert events == [("report_made", 1, True, True)]


def test_salesforce_opportunities_are_won_when_they_are(told):
    head = "Id,AccountId,StageName,CloseDate,IsWon,IsClosed,CreatedDate,Amount,IsDeleted\n"
    rows = (
        f"006A,{ACCOUNT},Closed Won,2026-03-01,true,true,2026-02-01,900,false\n"
        f"006B,{ACCOUNT},Closed Lost,2026-03-02,false,true,2026-02-02,,false\n"
        f"006C,{ACCOUNT},Prospecting,2026-12-31,false,false,2026-02-03,,false\n"
    )
    activity, events = told(opportunities=head + rows)
    assert [event for event, *_ in events] == [*["opportunity_created"] * 3, "opportunity_won", "opportunity_lost"]
    assert all(reaches for *_, reaches in events)
    assert properties(activity)[0]["amount"] == "900"


def test_what_salesforce_people_did(told):
    tasks = f"Id,WhoId,AccountId,Subject,Status,CreatedDate\n00T1,{CONTACT},{ACCOUNT},Call,Done,2026-02-01\n"
    meetings = f"Id,WhoId,AccountId,Subject,StartDateTime,EndDateTime\n00U1,{CONTACT},,Demo,2026-02-02,2026-02-02\n"
    members = f"Id,CampaignId,LeadId,ContactId,Status,CreatedDate\n00v1,701A,,{CONTACT},Sent,2026-02-03\n"
    _, events = told(tasks=tasks, meetings=meetings, members=members)
    assert [event for event, *_ in events] == ["task_logged", "meeting_held", "campaign_joined"]
    assert all(person and account for *_, person, account in events)


def test_hubspot_deals_mails_and_forms(told):
    people = "hs_object_id,email,firstname,lastname,createdate\n51,ana@acme.io,Ana,Silva,2026-01-03\n"
    deals = "hs_object_id,dealname,dealstage,closedate,createdate\n9,Big,closedwon,2026-03-01,2026-02-01\n"
    mails = "id,type,created,recipient,email_campaign_id\nm1,OPEN,2026-02-02,Ana@acme.io,2\n"
    forms = "contact_id,form_id,conversion_id,timestamp,page_url\n51,f1,c1,2026-02-03,https://acme.io\n"
    _, events = told(people=people, deals=deals, mails=mails, forms=forms)
    assert [(event, person) for event, _, person, _ in events] == [
        ("deal_created", False),
        ("OPEN", True),
        ("form_submitted", True),
        ("deal_won", False),
    ]


def test_tickets_say_what_they_are_about(told):
    rows = "ticket_id,email,topic,created_at\n1,ana@acme.io,pricing,2026-02-01\n2,ana@acme.io,basics,2026-02-02\n"
    activity, events = told(tickets=rows)
    assert events == [("ticket_opened", 1, True, True)] * 2
    assert [found["topic"] for found in properties(activity)] == ["pricing", "basics"]


def test_a_plan_and_its_limits_hold_from_their_start(told):
    rows = "tenant_id,plan,seats,started_at,ended_at\nacme,free,3,2026-01-02,2026-02-01\nacme,team,20,2026-02-01,\n"
    activity, events = told(subscriptions=rows)
    assert [event for event, *_ in events] == ["plan_started", "plan_ended", "plan_started"]
    limits = activity.facts.filter(pl.col("level") == "account", pl.col("name") == "seats").sort("at").collect()
    assert limits.select("value", pl.col("at").dt.date().cast(str)).rows() == [
        ("3", "2026-01-02"),
        ("20", "2026-02-01"),
    ]
