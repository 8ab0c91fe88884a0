"""Who belongs where, and until when: what is over is so by the data's own word, and never the primary account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import idgraph as ig

ACCOUNTS = pl.DataFrame(
    {
        "id": ["acme", "beta"],
        "name": ["Acme Robotics", "Betamax"],
        "site": ["acme.io", "beta.com"],
        "at": ["2025-12-01"] * 2,
    }
)
COLUMNS = ("id", "email", "account", "tenant", "created", "changed")


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def contacts(*rows: dict[str, Any], name: str = "crm_contacts", kind: str = "contact") -> ig.Source:
    """People with the days on which their rows were made and last changed."""
    dated = [{**row, **{key: f"2026-01-{row[key]:02}" for key in ("created", "changed") if key in row}} for row in rows]
    return ig.Source(
        name,
        kind=kind,
        id="id",
        data=pl.DataFrame(dated, schema=dict.fromkeys(COLUMNS, pl.String)),
        identifiers={"email": "email"},
        belongs_to={"crm_accounts.id": "account", "app.tenant_id": "tenant"},
        time="created",
        version="changed",
    )


def resolved(*sources: ig.Source, **settings: Any) -> ig.Graph:
    accounts = ig.Source(
        "crm_accounts",
        kind="crm_account",
        id="id",
        data=ACCOUNTS,
        identifiers={"domain": "site"},
        attributes={"name": "name"},
        time="at",
    )
    return ig.resolve(accounts, *sources, **settings)


def members(graph: ig.Graph, *records: str) -> dict[str, tuple[datetime | None, bool]]:
    """Until when one person belongs to each company, and whether that is the primary one."""
    (person,) = {graph.profile(record)["entity_id"] for record in records}
    of = graph.assignments.filter(pl.col("level") == "account").select(account_id="entity_id", record="record_id")
    found = graph.members.filter(pl.col("profile_id") == person).join(of, on="account_id")
    names = found["record"].str.split(":").list.get(1)
    return dict(zip(names, found.select("until", "is_primary").rows(), strict=True))


def of_one(*rows: dict[str, Any], kind: str = "contact") -> dict[str, tuple[datetime | None, bool]]:
    """The companies of a person of two rows."""
    same = pl.DataFrame({"left_id": ["crm_contacts:1"], "right_id": ["crm_contacts:2"], "verdict": ["same"]})
    graph = resolved(contacts(*rows, kind=kind), judgements=same)
    return members(graph, "crm_contacts:1", "crm_contacts:2")


def test_a_contact_that_was_moved_to_another_account_belonged_to_the_first_until_then():
    rows = [
        {"id": "1", "account": "acme", "created": 1, "changed": 2},
        {"id": "1", "account": "beta", "created": 1, "changed": 9},
    ]
    assert members(resolved(contacts(*rows)), "crm_contacts:1") == {"acme": (day(9), False), "beta": (None, True)}


def test_a_contact_that_was_moved_back_belongs_where_it_is():
    rows = [
        {"id": "1", "account": account, "created": 1, "changed": changed}
        for account, changed in (("acme", 2), ("beta", 5), ("acme", 9))
    ]
    assert members(resolved(contacts(*rows)), "crm_contacts:1") == {"acme": (None, True), "beta": (day(9), False)}


WAYS = {
    "crm": ({"account": "acme"}, {"account": "beta"}),
    "domain": ({"email": "ana@acme.io"}, {"email": "ana@beta.com"}),
    "tenant": ({"tenant": "acme_hq"}, {"tenant": "beta_hq"}),
    "both": ({"account": "acme", "email": "ana@acme.io"}, {"account": "beta", "email": "ana@beta.com"}),
}


def ends(found: dict[str, tuple[datetime | None, bool]]) -> list[tuple[str, datetime | None, bool]]:
    return sorted((name[:4], *rest) for name, rest in found.items())


@pytest.mark.parametrize("way", WAYS)
def test_who_was_last_seen_at_one_company_before_another_knew_them_has_moved(way):
    one, other = WAYS[way]
    found = of_one({"id": "1", **one, "created": 1, "changed": 3}, {"id": "2", **other, "created": 7, "changed": 8})
    assert ends(found) == [("acme", day(3), False), ("beta", None, True)]


@pytest.mark.parametrize("way", WAYS)
def test_who_is_seen_at_two_companies_in_turns_belongs_to_both(way):
    """A contact is known from its last change on; a user from the first day to the last."""
    one, other = WAYS[way]
    sources = [
        ig.Source(
            f"crm_{name}",
            kind="contact",
            data=pl.DataFrame(
                {"mail": ["me@gmail.com"] * 2, "at": at, **{key: [value] * 2 for key, value in of.items()}}
            ),
            identifiers={"email": ["mail", *(key for key in of if key == "email")]},
            belongs_to={
                {"account": "crm_accounts.id", "tenant": "app.tenant_id"}[key]: key for key in of if key != "email"
            },
            time="at",
        )
        for name, of, at in (("one", one, ["2026-01-01", "2026-01-08"]), ("other", other, ["2026-01-05", "2026-01-09"]))
    ]
    graph = resolved(*sources)
    assert graph.profiles.height == 1
    assert [until for _, until, _ in ends(members(graph, *graph.records.filter(kind="contact")["record_id"]))] == [
        None
    ] * 2


def test_what_was_known_in_another_way_ends_nothing():
    rows = {"id": "1", "email": "ana@acme.io", "created": 1}, {"id": "2", "account": "beta", "created": 9}
    assert of_one(*rows) == {"acme": (None, False), "beta": (None, True)}


def test_what_is_not_dated_does_not_end_and_ends_nothing():
    assert of_one({"id": "1", "account": "acme"}, {"id": "2", "account": "beta", "created": 9}) == {
        "acme": (None, False),
        "beta": (None, True),
    }


def test_as_of_a_time_before_nothing_had_ended():
    rows = [
        {"id": "1", "account": "acme", "created": 1, "changed": 2},
        {"id": "1", "email": "ana@beta.com", "account": "beta", "created": 1, "changed": 9},
    ]
    graph = resolved(contacts(*rows))
    assert members(graph, "crm_contacts:1") == {"acme": (day(9), False), "beta": (None, True)}
    then = graph.as_of(day(5))
    assert members(then, "crm_contacts:1") == {"acme": (None, True)}


def test_of_a_tenant_that_two_companies_use_people_are_counted_under_their_own():
    users = [
        {"id": f"{place}", "email": f"{name}@{domain}", "tenant": "both", "created": 1}
        for place, (name, domain) in enumerate(
            ((n, d) for d in ("acme.io", "beta.com") for n in ("ana", "bo", "cy")), 1
        )
    ]
    private = {"id": "9", "email": "di@gmail.com", "tenant": "both", "created": 1}
    graph = resolved(contacts(*users, private, name="app_users", kind="user"))
    assert members(graph, "app_users:1") == {"acme": (None, True), "both": (None, False)}
    assert members(graph, "app_users:9") == {"both": (None, True)}
    shared = graph.members.filter(pl.col("reason") == "two_companies")
    assert shared.height == len(users) + 1


def test_a_consultant_in_tenants_of_several_accounts_is_counted_under_the_own_one():
    rows = [
        {"id": "1", "email": "me@beta.com", "tenant": "one", "created": 1},
        {"id": "2", "email": "me@beta.com", "tenant": "two", "created": 2},
    ]
    graph = resolved(contacts(*rows, name="app_users", kind="user"))
    found = members(graph, "app_users:1", "app_users:2")
    assert {name: is_primary for name, (_, is_primary) in found.items()} == {"beta": True, "one": False, "two": False}
    said = str(graph.explain("app_users:1", "app_tenants:one"))
    assert "tenant counts less than domain, of who is in tenants of several accounts" in said


SEEN = st.lists(st.tuples(st.sampled_from(["acme", "beta"]), st.integers(1, 20)), min_size=1, max_size=6, unique=True)


@given(seen=SEEN)
@settings(max_examples=settings().max_examples // 4)
def test_somebody_always_belongs_somewhere_and_what_is_over_is_never_primary(seen):
    rows = [{"id": str(place), "account": account, "created": at} for place, (account, at) in enumerate(seen, 1)]
    pairs = [
        {"left_id": "crm_contacts:1", "right_id": f"crm_contacts:{place}", "verdict": "same"}
        for place in range(2, len(seen) + 1)
    ]
    schema = dict.fromkeys(("left_id", "right_id", "verdict"), pl.String)
    graph = resolved(contacts(*rows), judgements=pl.DataFrame(pairs, schema=schema))
    days = {name: [at for account, at in seen if account == name] for name, _ in seen}
    latest = max(min(at) for at in days.values())
    expected = {name: day(max(at)) if max(at) < latest else None for name, at in days.items()}
    found = members(graph, "crm_contacts:1")
    assert {name: until for name, (until, _) in found.items()} == expected
    (primary,) = [name for name, (_, is_primary) in found.items() if is_primary]
    assert expected[primary] is None


def torn(*sources: ig.Source) -> dict[str, tuple[bool, str, str | None]]:
    """What is known of the companies of one who writes from Acme and names Beta, with what others say."""
    said = {"id": ["1"], "mail": ["ana@acme.io"], "company": ["Betamax Inc"]}
    lead = ig.Source(
        "crm_leads",
        kind="lead",
        data=pl.DataFrame(said),
        id="id",
        identifiers={"email": "mail"},
        attributes={"company_name": "company"},
    )
    same = [{"left_id": "crm_leads:1", "right_id": f"{source.name}:1", "verdict": "same"} for source in sources]
    graph = resolved(lead, *sources, judgements=pl.DataFrame(same) if same else None)
    of = graph.assignments.filter(pl.col("level") == "account").select(account_id="entity_id", record="record_id")
    (person,) = {graph.profile(f"{source.name}:1")["entity_id"] for source in (lead, *sources)}
    found = graph.members.filter(pl.col("profile_id") == person).join(of, on="account_id")
    found = found.filter(pl.col("record").str.starts_with("crm_accounts:"))
    words = found.select("is_primary", pl.col("state", "reason").cast(pl.String))
    return dict(zip(found["record"].str.split(":").list.get(1), words.rows(), strict=True))


def other(**cells: str) -> ig.Source:
    """Another record of the same person."""
    rows = pl.DataFrame({"id": ["1"], **{name: [cell] for name, cell in cells.items()}})
    return ig.Source(
        "crm_contacts",
        kind="contact",
        data=rows,
        id="id",
        identifiers={"email": "mail"} if "mail" in cells else {},
        belongs_to={"crm_accounts.id": "account"} if "account" in cells else {},
        attributes={"company_name": "company"} if "company" in cells else {},
    )


DOUBTED = (False, "review", "companies_disagree")


def test_who_writes_from_one_company_and_names_another_is_counted_under_neither():
    assert torn() == {"acme": DOUBTED, "beta": DOUBTED}


@pytest.mark.parametrize(
    ("cells", "primary"),
    [
        ({"account": "acme"}, "acme"),
        ({"account": "beta"}, "beta"),
        ({"mail": "ana@beta.com"}, "beta"),
        ({"company": "Acme Robotics"}, "acme"),
        ({"company": "Betamax", "mail": "ana@beta.com"}, "beta"),
    ],
)
def test_another_record_of_the_person_may_say_which(cells, primary):
    found = torn(other(**cells))
    assert found.pop(primary) == (True, "used", None)
    assert list(found.values()) == [DOUBTED]


NAMESAKE = (False, "review", "namesakes")


def named(
    *leads: dict[str, str], accounts: tuple[str, ...] = ("Acme", "ACME Inc.", "Betamax")
) -> list[tuple[Any, ...]]:
    """The accounts of one person, of leads that name companies, among accounts that are called so."""
    crm = ig.Source(
        "crm_accounts",
        kind="crm_account",
        data=pl.DataFrame({"id": [str(place) for place, _ in enumerate(accounts, 1)], "name": accounts}),
        id="id",
        attributes={"name": "name"},
    )
    columns = ("id", "mail", "company", "account")
    rows = [{"id": str(place), "mail": "ana@gmail.com", **lead} for place, lead in enumerate(leads, 1)]
    said = ig.Source(
        "crm_leads",
        kind="lead",
        data=pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String)),
        id="id",
        identifiers={"email": "mail"},
        attributes={"company_name": "company"},
        belongs_to={"crm_accounts.id": "account"},
    )
    graph = ig.resolve(crm, said)
    of = graph.assignments.filter(level="account").select(account_id="entity_id", record="record_id")
    found = graph.members.join(of, on="account_id").sort("record")
    words = found.select("is_primary", pl.col("state", "reason").cast(pl.String))
    return [(name.split(":")[1], *row) for name, row in zip(found["record"], words.rows(), strict=True)]


def test_where_several_accounts_go_by_the_name_given_somebody_has_to_say_which():
    assert named({"company": "Acme"}) == [("1", *NAMESAKE), ("2", *NAMESAKE)]


def test_what_else_is_known_of_the_person_decides_between_namesakes():
    known = ("3", True, "used", None)
    assert named({"company": "Acme"}, {"company": "Betamax"}) == [known]
    assert named({"company": "Acme"}, {"account": "2"}) == [("2", True, "used", None)]


def test_of_more_than_three_namesakes_nobody_is_asked():
    assert named({"company": "Acme"}, accounts=("Acme", "Acme Inc", "Acme Ltd", "Acme GmbH")) == []
