"""The people of an account: the champion, how to reach each, who is not there yet, and how many there are and were."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from idgraph.pql import Activity, points
from idgraph.pql.activity import CONTACTS, ENTITIES
from idgraph.pql.people import people_of, sizes

NOW = datetime(2026, 3, 31, tzinfo=UTC)
USE = points({"report_made": 5, "member_invited": 1, "login": 1})


def activity(*rows, entities=()):
    """Events: days before now, account, tenant, person, event, how often."""
    columns = ["days", "account", "tenant", "who", "event", "times"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    table = table.with_columns(at=pl.lit(NOW) - pl.duration(days=pl.col("days")))
    made = Activity.from_frame(table, person="who", tenant="tenant", account="account", count="times").as_of(NOW)
    known = pl.LazyFrame([(*entity, None) for entity in entities], schema=ENTITIES, orient="row")
    return Activity(made.history, made.told, known, made.now)


def person(name, account, crm_id=None):
    return ("person", name, account, name.title(), crm_id)


ACTIVITY = activity(
    (1, "acme", "t1", "ana", "login", 9),
    (3, "acme", "t1", "bo", "report_made", 2),
    (9, "acme", "t2", "bo", "member_invited", 3),
    (9, "acme", "t2", "cy", "page_viewed", 99),  # that is no use
    (40, "acme", "t2", "dee", "login", 1),
    (70, "acme", "t3", "dee", "login", 1),
    (2, "beta", "t9", "ana", "login", 1),
    entities=[
        person("ana", "acme"),
        person("bo", "acme", "crm:bo"),
        person("cy", "acme", "crm:cy"),
        person("dee", "acme", "crm:dee"),
        person("ed", "acme", "crm:ed"),
        person("flo", "acme"),  # nobody in sales knows how to reach her
        person("gus", "core", "crm:gus"),
        ("account", "acme", "holding", "Acme", "crm:acme"),
        ("account", "core", "holding", "Core", None),
    ],
)


def shown(frame, *columns):
    return frame.select("entity_id", "place", "person_id", *columns).rows()


def test_the_champion_comes_first_and_who_can_be_reached_but_is_not_there_last():
    found = people_of(ACTIVITY, "account", USE)
    assert shown(found.filter(pl.col("entity_id") == "acme"), "crm_id", "name") == [
        ("acme", 1, "bo", "crm:bo", "Bo"),
        ("acme", 2, "ana", None, "Ana"),
        ("acme", 3, "dee", "crm:dee", "Dee"),
        ("acme", None, "cy", "crm:cy", "Cy"),
        ("acme", None, "ed", "crm:ed", "Ed"),
    ]
    bo, ana = found.filter(pl.col("entity_id") == "acme").head(2).to_dicts()
    assert (bo["share"], bo["kinds"], bo["invites"]) == (13 / 24, 2, 3)
    assert (ana["share"], ana["kinds"], ana["invites"]) == (9 / 24, 1, 0)
    assert bo["last_at"] == datetime(2026, 3, 28, tzinfo=UTC)


def test_a_person_counts_in_each_account_for_what_they_did_there():
    found = people_of(ACTIVITY, "account", USE).filter(pl.col("person_id") == "ana")
    assert found.select("entity_id", "share").rows() == [("acme", 9 / 24), ("beta", 1.0)]


def test_tenants_have_users_alone_and_parents_all_people_of_their_accounts():
    assert shown(people_of(ACTIVITY, "tenant", USE).filter(pl.col("entity_id") == "t2")) == [
        ("t2", 1, "bo"),
        ("t2", 2, "dee"),
    ]
    assert ("holding", None, "gus") in shown(people_of(ACTIVITY, "parent", USE))
    assert people_of(ACTIVITY, "person", USE).is_empty()


def test_a_person_of_several_accounts_is_reached_by_the_record_of_each():
    contacts = [("dee", "acme", "crm:dee at acme"), ("dee", "core", "crm:dee at core"), ("ana", "core", "crm:ana")]
    said = replace(ACTIVITY, contacts=pl.LazyFrame(contacts, schema=CONTACTS, orient="row"))
    for level, where, place, crm_id in (
        ("account", "acme", 3, "crm:dee at acme"),
        ("account", "core", None, "crm:dee at core"),  # known there too, and does not use it there
        ("tenant", "t3", 1, "crm:dee"),  # of a tenant without an account: any record of hers
        ("parent", "holding", None, "crm:dee at acme"),
    ):
        found = people_of(said, level, USE).filter(pl.col("entity_id") == where, pl.col("person_id") == "dee")
        assert found.select("place", "crm_id").rows() == [(place, crm_id)], (level, where)
    tenants = pl.LazyFrame([("tenant", "t3", "acme", None, None, None)], schema=ENTITIES, orient="row")
    placed = replace(said, entities=pl.concat([said.entities, tenants]))
    dee = people_of(placed, "tenant", USE).filter(pl.col("entity_id") == "t3")
    assert dee["crm_id"].to_list() == ["crm:dee at acme"]
    assert people_of(said, "account", USE).filter(pl.col("person_id") == "gus")["crm_id"].to_list() == ["crm:gus"]


def test_how_large_an_account_is_and_was():
    found = sizes(ACTIVITY, "account", USE, "28d")
    assert found.filter(pl.col("entity_id") == "acme").to_dicts() == [
        {
            "entity_id": "acme",
            "tenants": 3,
            "people": 3,
            "active_people": 2,
            "tenants_before": 2,
            "people_before": 1,
            "active_people_before": 1,
        }
    ]
    beta = found.filter(pl.col("entity_id") == "beta").row(0, named=True)
    assert (beta["people"], beta["people_before"]) == (1, 0)
