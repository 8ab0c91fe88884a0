"""Companies that share no value and are alike: joined, unless they are called otherwise or one owns the other."""

from functools import cache

import numpy as np
import polars as pl
import pytest

import idgraph as ig

FIRST = ["Amber", "Birch", "Cobalt", "Delta", "Ember", "Falcon", "Granite", "Harbor"]
LAST = ["craft", "field", "forge", "gate", "light", "mill"]
TRADES = ["Foods", "Robotics", "Media", "Health", "Logistics"]
CITIES = ["Lyon", "Graz", "Turin", "Porto", "Gent", "Bern", "Oslo", "Cork", "Gdynia", "Brno"]
ACCOUNT = ("id", "name", "site", "phone", "city", "parent")


def companies() -> list[dict[str, str | None]]:
    """Two hundred accounts, of which the first is Ambercraft Foods of Lyon."""
    rng = np.random.default_rng(3)
    names = [f"{first}{last} {trade}" for first in FIRST for last in LAST for trade in TRADES][:200]
    return [
        {
            "id": f"a{place}",
            "name": name,
            "site": f"{name.lower().replace(' ', '')}.com",
            "phone": f"+1415555{1000 + place}",
            "city": str(rng.choice(CITIES)) if place else "Lyon",
        }
        for place, name in enumerate(names)
    ]


def resolved(*more: dict[str, str | None], people=(), **settings) -> ig.Graph:
    """Accounts of one CRM, and for every third its twin in another, without a website: a telephone joins nobody."""
    accounts = companies()
    twins = [{**row, "id": f"b{place}", "site": None} for place, row in enumerate(accounts) if place % 3 == 0]
    sources = [
        ig.Source(
            name,
            kind="crm_account",
            id="id",
            data=pl.DataFrame(rows, schema=dict.fromkeys(ACCOUNT, pl.String)),
            identifiers={"domain": "site", "phone": "phone"},
            attributes={"name": "name", "city": "city"},
            owned_by={f"{name}.id": "parent"},
        )
        for name, rows in (("first", accounts), ("second", [*twins, *more]))
    ]
    if people:
        schema = dict.fromkeys(("id", "mail", "name", "one", "other"), pl.String)
        sources.append(
            ig.Source(
                "contacts",
                kind="contact",
                id="id",
                data=pl.DataFrame(people, schema=schema),
                identifiers={"email": "mail"},
                attributes={"full_name": "name"},
                belongs_to={"first.id": "one", "second.id": "other"},
            )
        )
    return ig.resolve(*sources, **settings)


@cache
def plain() -> ig.Graph:
    return resolved()


def entity(graph: ig.Graph, record: str) -> str:
    placed = graph.assignments.filter((pl.col("record_id") == record) & (pl.col("level") == "account"))
    return placed["entity_id"].item()


def reason(graph: ig.Graph, left: str, right: str) -> str | None:
    ends = sorted((left, right))
    found = graph.links.filter((pl.col("left_id") == ends[0]) & (pl.col("right_id") == ends[1]))
    return found["reason"].item() if found.height else None


def test_an_account_without_website_goes_to_its_twin():
    found = [entity(plain(), f"second:b{place}") == entity(plain(), f"first:a{place}") for place in range(0, 200, 3)]
    assert sum(found) >= 0.95 * len(found)
    assert plain().accounts.height == 267 - sum(found)


def test_switched_off_no_company_is_joined():
    assert resolved(config=ig.Config(without=("similar",))).accounts.height == 267


@pytest.mark.parametrize("name", ["AMBERCRAFT FOODS GmbH", "The Ambercraft Foods Co.", "AmbercraftFoods"])
def test_a_name_may_be_written_in_many_ways(name):
    graph = resolved({"id": "x", "name": name, "phone": "+14155551000", "city": "Lyon"})
    assert entity(graph, "second:x") == entity(graph, "first:a0")


def test_a_company_is_not_joined_to_its_owner():
    graph = resolved(
        {"id": "x", "name": "Ambercraft Foods", "city": "Lyon", "parent": "y"},
        {"id": "y", "name": "Ambercraft Foods Holding", "city": "Lyon"},
    )
    assert entity(graph, "second:x") != entity(graph, "second:y")


@pytest.mark.parametrize("name", ["The Company Inc", "Company Ltd", "Group Holding GmbH", "Inc."])
def test_a_name_of_words_that_any_company_has_joins_nobody(name):
    graph = resolved(*({"id": id, "name": name, "city": "Lyon"} for id in "xy"))
    assert entity(graph, "second:x") != entity(graph, "second:y")


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ("https://www.linkedin.com/company/acme-inc", "profile_page"),
        ("facebook.com/acme", "profile_page"),
        ("+1 415 555 0101", "not_a_domain"),
        ("gmail.com", "free_domain"),
    ],
)
def test_a_site_that_is_nobodys_joins_nobody_and_is_named(site, reason):
    graph = resolved(
        {"id": "x", "name": "Zanzibar Spices", "site": site}, {"id": "y", "name": "Quantum Dentistry", "site": site}
    )
    assert entity(graph, "second:x") != entity(graph, "second:y")
    assert any(reason in frame["reason"].cast(str).to_list() for frame in (graph.rejects, graph.suppressed))


def test_ten_thousand_accounts_of_one_domain_stay_apart():
    rows = [{"id": f"h{place}", "name": f"Shop {place}", "site": "bigmarket.com"} for place in range(10_000)]
    graph = resolved(*rows)
    assert graph.suppressed.filter(value="bigmarket.com")["records"].item() == 10_000
    assert graph.assignments.filter(level="account").group_by("entity_id").len()["len"].max() == 2  # a twin


def test_people_in_common_join_nobody_who_is_called_otherwise():
    shared = [
        {"id": f"p{place}", "mail": f"p{place}@gmail.com", "name": f"P{place} Q{place}", "one": "a1", "other": "b3"}
        for place in range(5)
    ]
    graph = resolved(people=shared)
    assert entity(graph, "first:a1") != entity(graph, "second:b3")
    assert graph.members.filter(pl.col("profile_id") == entity_of_person(graph, "contacts:p0")).height == 2


def entity_of_person(graph: ig.Graph, record: str) -> str:
    return graph.assignments.filter(pl.col("record_id") == record)["entity_id"].item()
