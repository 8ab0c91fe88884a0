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
        ("crm_contacts:2", "crm_accounts:3", "crm", "2026-02-02"),
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
        ("crm_accounts:3", "crm both, but seen later"),
        ("crm_accounts:2", "crm both, but seen earlier"),
    ]


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
    with pytest.raises(NotFoundError, match="there is no record or entity 'prf_0000000000000000'"):
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
    for profile, account, via, primary in several.select("profile_id", "account_id", "via", "is_primary").iter_rows():
        found = opened.explain(profile, account)
        (mine,) = [one for one in found.accounts if one.account_id == account]
        assert (found.member, mine.via, mine.is_primary) == (True, via, primary)
        assert len(found.accounts) == several.filter(profile_id=profile).height
        assert [one.is_primary for one in found.accounts] == [True] + [False] * (len(found.accounts) - 1)
