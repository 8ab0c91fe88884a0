"""Why a person belongs to an account, and why another of theirs is not the primary one."""

from __future__ import annotations

import json

import polars as pl
import pytest

import idgraph as ig
from idgraph.datasets import saas_world
from idgraph.errors import NotFoundError


@pytest.fixture(scope="module")
def graph():
    """Ana belongs to one account by the CRM, to another by her workspace; Bo to two of the CRM; Cy to nobody."""
    kinds = {
        "app_users:u": "user",
        "crm_contacts:": "contact",
        "crm_accounts:": "crm_account",
        "app_tenants:": "tenant",
    }
    named = {"app_users:u": "12", "crm_contacts:": "12", "crm_accounts:": "1234", "app_tenants:": "1"}
    records = [(f"{prefix}{n}", kinds[prefix]) for prefix, numbers in named.items() for n in numbers]
    mails = {"app_users:u1": "ana@acme.io", "crm_contacts:1": "ana@acme.io", "app_users:u2": "cy@gamma.de"}
    domain = {"record_id": ["crm_accounts:4"], "type": ["domain"], "value": ["gamma.de"]}
    barred = pl.DataFrame({**domain, "state": ["suppressed"], "reason": ["ambiguous_domain"]})
    held = pl.DataFrame({"record_id": [*mails], "type": "email", "value": [*mails.values()]})
    belongs = [
        ("app_users:u1", "app_tenants:1", "tenant", "2026-01-05"),
        ("crm_contacts:1", "crm_accounts:1", "crm", "2026-01-02"),
        ("crm_contacts:2", "crm_accounts:2", "crm", "2026-01-02"),
        ("crm_contacts:2", "crm_accounts:3", "crm", "2026-01-05"),
        ("crm_contacts:2", "crm_accounts:2", "crm", "2026-02-02"),
    ]
    columns = ["person_record_id", "company_record_id", "via", "observed_at"]
    memberships = pl.DataFrame(belongs, schema=columns, orient="row")
    return ig.Graph.from_frames(
        records=pl.DataFrame(records, schema=["record_id", "kind"], orient="row"),
        identifiers=pl.concat([held, barred], how="diagonal"),
        memberships=memberships.with_columns(pl.col("observed_at").str.to_datetime(time_zone="UTC")),
    )


def test_the_path_leads_over_the_strongest_membership(graph):
    found = graph.explain("app_users:u1", "crm_accounts:1")
    assert (found.same, found.member) == (False, True)
    assert [(step.left_id, step.right_id, step.rule) for step in found.steps] == [
        ("app_users:u1", "crm_contacts:1", "email"),
        ("crm_contacts:1", "crm_accounts:1", "crm"),
    ]
    assert found.reasons == []


def test_accounts_are_told_with_what_decided_between_them(graph):
    """The account named is not the primary: which is, and why."""
    found = graph.explain("crm_contacts:1", "app_tenants:1")
    assert [step.rule for step in found.steps] == ["email", "tenant"]
    assert [(one.company_record_id, one.via, one.is_primary, one.why) for one in found.accounts] == [
        ("crm_accounts:1", "crm", True, "crm counts more than tenant"),
        ("app_tenants:1", "tenant", False, "tenant counts less than crm"),
    ]
    lines = str(found).splitlines()
    assert lines[0] == "crm_contacts:1 and app_tenants:1 are a person and a company; the person belongs to it:"
    assert lines[-3] == "  accounts of the person:"
    assert lines[-2].startswith("    1. crm_accounts:1 (acc_")
    assert lines[-2].endswith("), by crm, weight 20, last seen 2026-01-02: primary; crm counts more than tenant")


def test_of_equal_ways_the_one_seen_later_is_the_primary(graph):
    found = graph.explain("crm_contacts:2", "crm_accounts:2")
    assert [(one.company_record_id, one.why) for one in found.accounts] == [
        ("crm_accounts:2", "crm both, but seen later"),
        ("crm_accounts:3", "crm both, but seen earlier"),
    ]


def moving(*rows):
    """What is said of one contact: of each row the account, and the days of first and last sight."""
    records = pl.DataFrame(
        {"record_id": [f"c:{n}" for n, _ in enumerate(rows)], "last_seen": [last for *_, last in rows]}
    )
    companies = pl.DataFrame({"record_id": sorted({account for account, *_ in rows}), "kind": "crm_account"})
    people = records.with_columns(pl.col("last_seen").str.to_datetime(time_zone="UTC"), kind=pl.lit("contact"))
    belongs = pl.DataFrame(
        {
            "person_record_id": records["record_id"],
            "company_record_id": [account for account, *_ in rows],
            "observed_at": [first for _, first, _ in rows],
        }
    )
    held = {"record_id": records["record_id"], "type": "email", "value": "ana@acme.io"}
    return ig.Graph.from_frames(
        records=pl.concat([people, companies], how="diagonal"),
        identifiers=pl.DataFrame(held),
        memberships=belongs.with_columns(pl.col("observed_at").str.to_datetime(time_zone="UTC"), via=pl.lit("crm")),
    )


def test_an_account_that_somebody_left_is_told_as_over():
    """Last seen in May there, and first seen elsewhere in July."""
    made = moving(("acme:1", "2026-01-02", "2026-05-04"), ("beta:1", "2026-07-01", "2026-07-02"))
    found = made.explain("c:0", "acme:1")
    assert found.member
    assert str(found).startswith(
        "c:0 and acme:1 are a person and a company; the person belonged to it until 2026-05-04:"
    )
    assert found.reasons == []
    assert [(one.company_record_id, one.is_primary, one.why) for one in found.accounts] == [
        ("beta:1", True, "the other is over"),
        ("acme:1", False, "it is over: it was last seen before another account was first known in the same way"),
    ]
    assert "by crm, weight 20, ended 2026-05-04; it is over" in str(found)
    assert "the person belongs to it:" in str(made.explain("c:0", "beta:1"))


def test_over_counts_before_strength():
    """The CRM knew Ana at Acme, until her contact was moved to nobody's; at Beta only her workspace knows her."""
    source = ig.Source(
        "crm_contacts",
        kind="contact",
        id="id",
        time="at",
        identifiers={"email": "email"},
        belongs_to={"crm_accounts.id": "account", "app.tenant_id": "tenant"},
        data=pl.DataFrame(
            {
                "id": ["1", "1", "1"],
                "email": "ana@gmail.com",
                "account": ["acme", "beta", None],
                "tenant": [None, None, "t1"],
                "at": ["2026-01-02", "2026-02-02", "2026-03-02"],
            }
        ),
    )
    found = ig.resolve(source).explain("crm_contacts:1", "crm_accounts:acme")
    moved = "it is over: newer rows name other companies in its place"
    told = {one.company_record_id: (one.is_primary, one.why) for one in found.accounts}
    assert told["crm_accounts:acme"] == (False, moved)
    assert str(found).splitlines()[0].endswith("the person belonged to it until 2026-02-02:")


def test_what_waits_for_somebody_to_decide_is_no_membership():
    """A lead writes from one company's domain and names another."""
    companies = pl.DataFrame(
        {"id": ["1", "2"], "name": ["Acme Robotics", "Betamax"], "web": ["acme.io", "betamax.com"]}
    )
    lead = pl.DataFrame({"id": ["5"], "mail": ["ana@acme.io"], "company": ["Betamax"]})
    made = ig.resolve(
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            id="id",
            identifiers={"domain": "web"},
            attributes={"name": "name"},
            data=companies,
        ),
        ig.Source(
            "crm_leads",
            kind="lead",
            id="id",
            identifiers={"email": "mail"},
            attributes={"company_name": "company"},
            data=lead,
        ),
    )
    found = made.explain("crm_leads:5", "crm_accounts:1")
    assert not found.member
    first, *_, last = str(found).splitlines()
    assert first.endswith("a company; whether the person belongs to it waits for somebody to decide:")
    assert last.endswith("it waits for somebody to decide: the address is one company's, and the name given another's")
    assert [(one.state, one.reason, one.is_primary) for one in found.accounts] == [
        ("review", "companies_disagree", False)
    ] * 2
    assert [step.rule for step in found.steps] == ["domain"]


def test_why_a_person_does_not_belong(graph):
    found = graph.explain("crm_accounts:4", "app_users:u2")
    assert (found.member, found.steps, found.accounts) == (False, [], [])
    assert found.reasons[0] == "nothing says that app_users:u2 belongs to crm_accounts:4"
    assert found.reasons[1].startswith("they write from gamma.de, which the account holds too: suppressed, ambiguous_")
    other = graph.explain("app_users:u1", "crm_accounts:4")
    assert other.reasons == [
        "nothing says that app_users:u1 belongs to crm_accounts:4",
        "the primary account is crm_accounts:1",
    ]


def test_accounts_that_wait_in_review_may_be_one(graph):
    records = pl.DataFrame({"record_id": ["c:1", "a:1", "a:2"], "kind": ["contact", "crm_account", "crm_account"]})
    belongs = {"person_record_id": ["c:1"], "company_record_id": ["a:1"], "via": ["crm"]}
    waits = {"left_id": ["a:1"], "right_id": ["a:2"], "rule": ["similar"], "state": ["review"]}
    made = ig.Graph.from_frames(records=records, memberships=pl.DataFrame(belongs), links=pl.DataFrame(waits))
    assert made.explain("c:1", "a:2").reasons[-1] == "a:2 and a:1 may be one: a:1 and a:2 wait in review, by similar"


def test_entities_can_be_named_instead_of_records(graph):
    profile, account = graph.profile("app_users:u1")["entity_id"], graph.account("app_tenants:1")["entity_id"]
    found = graph.explain(profile, account)
    assert [step.rule for step in found.steps] == ["tenant"]
    assert found.accounts == graph.explain("crm_contacts:1", "app_tenants:1").accounts
    assert graph.explain(profile, "app_users:u1").same
    assert not graph.explain(profile, "app_users:u2").same
    with pytest.raises(NotFoundError, match="there is no entity 'prf_0000000000000000'"):
        graph.explain("prf_0000000000000000", account)


def test_it_is_plain_values_for_machines(graph):
    told = json.loads(json.dumps(graph.explain("app_users:u1", "crm_accounts:1").as_dict(), default=str))
    assert told["member"] is True
    assert [one["is_primary"] for one in told["accounts"]] == [True, False]


def test_every_membership_of_a_world_is_explained(tmp_path):
    saas_world(40).write(tmp_path / "exports")
    opened = ig.open(ig.resolve(*ig.discover(tmp_path / "exports")).write(tmp_path / "out"))
    several = opened.members.filter(pl.len().over("profile_id") > 1)
    assert several.height > 4
    for row in several.iter_rows(named=True):
        found = opened.explain(row["profile_id"], row["account_id"])
        assert found.member == (row["state"] == "used")
        told = ("account_id", "via", "weight", "until", "state", "reason", "is_primary")
        assert [getattr(found.standing, name) for name in told] == [row[name] for name in told]
        assert len(found.accounts) == several.filter(profile_id=row["profile_id"]).height
        assert not any(one.is_primary for one in found.accounts[1:])
        assert all(one.why for one in found.accounts)
