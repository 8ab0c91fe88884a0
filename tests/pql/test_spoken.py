"""Definitions in words that somebody in sales reads in ten seconds."""

import pytest

from idgraph.pql import (
    active_days,
    at_least,
    attribute,
    count,
    distinct,
    first,
    growth,
    share_of,
    since,
    time_to,
    total,
)
from idgraph.pql.spoken import limit_name, phrase, spoken

SIGNUP = first("signed_up")
STORED = total("file_uploaded", "bytes")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("company_added", "companies added"),
        ("key_used", "keys used"),
        ("keys_used", "keys used"),
        ("[App] Page Viewed", "[app] pages viewed"),
        ("signed_up", "signed up"),
        ("viewed", "viewed"),
        ("login", "login"),
    ],
)
def test_events(event, said):
    assert phrase(event) == said
    assert phrase("company_added", 1) == "company added"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (SIGNUP, "signed up"),
        (first("demo_requested", "call_booked", plan="team"), "demo requested or call booked (plan = team)"),
        (count("project_created") >= 1, "1 project created"),
        (count("ticket_opened", topic="basics") >= 3, "3 tickets opened (topic = basics)"),
        (count() >= 5, "5 events"),
        (count("login") > 5, "login more than 5"),
        (distinct("member_invited", "invitee") >= 2, "2 different invitees in members invited"),
        (active_days("login") >= 12, "active on 12 days"),
        (share_of(STORED, "storage_limit") >= 0.8, "80% of storage used"),
        (time_to(STORED, "plan_bytes") <= "30d", "plan bytes full in 30 days at the current rate"),
        (growth("widget_made") >= 2, "widgets made ×2 over 90 days"),
        (attribute("industry").is_in(["software", "banks"]), "industry: software or banks"),
        (attribute("seats") >= 50, "seats at least 50"),
        (since("page_viewed") >= "14d", "time since pages viewed at least 14 days"),
        ((count("a") >= 2) & (count("b") >= 3), "2 a and 3 b"),
        (first("a") | first("b"), "a or b"),
        (first("a").then(first("b")).within("7d", of=SIGNUP), "a, then b within 7 days of signed up"),
        (first("a").within(of=SIGNUP, until=first("paid")), "a after signed up before paid"),
        (at_least(2, first("a"), first("b"), first("c")), "2 of these: a; b; c"),
        ((count("invoice_sent") >= 3).in_any("30d"), "3 invoices sent within 30 days"),
        ((count("invoice_sent") >= 3).in_each("1mo"), "3 invoices sent in one month"),
        ((count("a") >= 2).by(users=2), "2 people each: 2 a"),
        ((count("a") >= 2).by(share=0.5), "50% of people each: 2 a"),
        (first("a").unless(first("b")), "a"),
        (first("a").named("aha"), "a"),
    ],
)
def test_moments(moment, said):
    assert spoken(moment) == said


def test_limits():
    assert limit_name((share_of(STORED, 500) >= 1).measure) == "total bytes of files uploaded"
    assert limit_name((share_of(STORED, "max") >= 1).measure) == "max"
