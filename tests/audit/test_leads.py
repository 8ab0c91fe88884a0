"""Every lead and contact has an account, waits for a word, or has a reason why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

import idgraph as ig
from idgraph.audit.unplaced import UNPLACED_REASONS
from idgraph.datasets import saas_world
from idgraph.errors import ConfigError
from idgraph.linkage.guards import STATE_REASONS

LEADS = {
    "crm": {"account": "a1"},
    "domain": {"mail": "ana@acme.io"},
    "company_name": {"company": "Betamax Ltd"},
    "namesakes": {"company": "Twin"},
    "companies_disagree": {"mail": "bo@acme.io", "company": "Betamax"},
    "new_domain": {"mail": "cy@hooli.com", "company": "Hooli"},
    "new_name": {"mail": "di@gmail.com", "company": "Hooli"},
    "name_shared": {"company": "Common"},
    "ambiguous_domain": {"mail": "ed@both.com"},
    "free_domain": {"mail": "flo@gmail.com"},
    "isp_domain": {"mail": "gus@vodafone.de"},
    "nothing_said": {"title": "CTO"},
}
ACCOUNTS = {
    "a1": ("Acme", "acme.io"),
    "a2": ("Betamax", "betamax.com"),
    "t1": ("Twin", None),
    "t2": ("Twin Inc.", None),
    "b1": ("Left", "both.com"),
    "b2": ("Right", "both.com"),
    "v1": ("Vodafone", "vodafone.de"),
    **{f"c{place}": ("Common", None) for place in range(5)},
}


def sources() -> list[ig.Source]:
    rows = [{"id": reason, **cells} for reason, cells in LEADS.items()]
    columns = dict.fromkeys(("id", "mail", "company", "account", "title"), pl.String)
    names = [{"id": id, "name": name, "site": site} for id, (name, site) in ACCOUNTS.items()]
    return [
        ig.Source(
            "crm_leads",
            kind="lead",
            data=pl.DataFrame(rows, schema=columns),
            id="id",
            identifiers={"email": "mail"},
            attributes={"company_name": "company", "title": "title"},
            belongs_to={"crm_accounts.id": "account"},
        ),
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            data=pl.DataFrame(names),
            id="id",
            identifiers={"domain": "site"},
            attributes={"name": "name"},
        ),
    ]


@pytest.fixture(scope="module")
def graph() -> ig.Graph:
    return ig.resolve(*sources())


def told(graph: ig.Graph) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in graph.lead_to_account().to_dicts():
        found.setdefault(row["record_id"].split(":")[1], []).append(row)
    return found


def test_a_lead_has_an_account_or_accounts_in_review_or_a_reason(graph: ig.Graph):
    found = told(graph)
    assert list(found) == sorted(LEADS)
    for how in ("crm", "domain", "company_name"):
        (row,) = found.pop(how)
        assert (row["state"], row["via"], row["reason"], row["value"]) == ("matched", how, None, None)
        assert row["crm_account_record_id"] == f"crm_accounts:{'a2' if how == 'company_name' else 'a1'}"
    for why, accounts in {"namesakes": ["t1", "t2"], "companies_disagree": ["a1", "a2"]}.items():
        rows = found.pop(why)
        assert {(row["state"], row["reason"]) for row in rows} == {("review", why)}
        assert sorted(row["crm_account_record_id"].split(":")[1] for row in rows) == accounts
    for why, (row,) in found.items():
        assert (row["state"], row["reason"], row["account_id"]) == ("none", why, None)
    assert {why: row["value"] for why, (row,) in found.items()} == {
        "new_domain": "hooli.com",
        "new_name": "Hooli",
        "name_shared": "Common",
        "ambiguous_domain": "both.com",
        "free_domain": "gmail.com",
        "isp_domain": "vodafone.de",
        "nothing_said": None,
    }


def test_what_no_rule_may_tell_is_said_to_be_so():
    without = ig.Config(without=("similar", "domain"))
    found = told(ig.resolve(*sources(), config=without))
    assert {how: found[how][0]["reason"] for how in ("domain", "company_name")} == dict.fromkeys(
        ("domain", "company_name"), "not_used"
    )


def test_coverage_counts_the_reasons(graph: ig.Graph):
    counted = graph.coverage().filter(kind="lead")
    assert counted["records"].sum() == len(LEADS)
    none = counted.filter(accounts="none")["reason"].to_list()
    assert sorted(none) == sorted(set(LEADS) - {"crm", "domain", "company_name", "namesakes", "companies_disagree"})
    assert set(counted.filter(accounts="several")["reason"]) == {"namesakes", "companies_disagree"}
    assert counted.filter(pl.col("via").is_not_null())["reason"].null_count() == 3


def test_explain_says_why_somebody_has_no_account(graph: ig.Graph):
    said = str(graph.explain("crm_leads:new_domain", "crm_accounts:a1"))
    assert "nor to any other account: they write from a company's domain that no account and no tenant has" in said
    assert "hooli.com" in said


def test_other_kinds_can_be_asked(graph: ig.Graph):
    assert graph.lead_to_account("user").is_empty()
    with pytest.raises(ConfigError, match="'leads' is no kind of people"):
        graph.lead_to_account("leads")
    with pytest.raises(ConfigError, match="is no kind of people"):
        graph.lead_to_account(["lead"])


def test_the_record_of_the_crm_is_one_that_is_still_there():
    frames = {
        "records": pl.DataFrame(
            {
                "record_id": ["crm:old", "crm:new", "crm:gone", "crm:lead"],
                "kind": ["crm_account"] * 3 + ["lead"],
                "deleted": [False, False, True, False],
            }
        ),
        "aliases": pl.DataFrame({"survivor_record_id": ["crm:new"], "merged_record_id": ["crm:old"]}),
        "links": pl.DataFrame({"left_id": ["crm:gone"], "right_id": ["crm:new"]}),
        "memberships": pl.DataFrame(
            {"person_record_id": ["crm:lead"], "company_record_id": ["crm:old"], "via": ["crm"]}
        ),
    }
    (row,) = ig.Graph.from_frames(**frames).lead_to_account().to_dicts()
    assert (row["state"], row["crm_account_record_id"]) == ("matched", "crm:new")


def test_of_a_whole_world_everybody_is_told(tmp_path):
    saas_world(60, seed=3, hostile=True).write(tmp_path)
    graph = ig.resolve(*ig.discover(tmp_path))
    found = graph.lead_to_account()
    asked = graph.records.filter(pl.col("kind").is_in(["lead", "contact"]) & ~pl.col("stub"))
    assert set(found["record_id"]) == set(asked["record_id"])
    once = found.filter(pl.col("state") != "review")
    assert once["record_id"].is_unique().all()
    assert set(found.filter(state="none")["reason"]) <= {*UNPLACED_REASONS, *STATE_REASONS}
    primary = graph.members.filter("is_primary")["account_id"]
    assert set(found.filter(state="matched")["account_id"]) <= set(primary)


def test_the_record_of_the_leads_own_system_comes_first():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    frames = {
        "records": pl.DataFrame(
            {
                "record_id": ["hubspot_companies:1", "salesforce_accounts:2", "salesforce_leads:3", "app_users:4"],
                "kind": ["crm_account", "crm_account", "lead", "user"],
                "first_seen": [at, at + timedelta(days=1), at, at],
            }
        ),
        "links": pl.DataFrame({"left_id": ["hubspot_companies:1"], "right_id": ["salesforce_accounts:2"]}),
        "memberships": pl.DataFrame(
            {
                "person_record_id": ["salesforce_leads:3", "app_users:4"],
                "company_record_id": ["hubspot_companies:1"] * 2,
                "via": ["company_name"] * 2,
            }
        ),
    }
    found = ig.Graph.from_frames(**frames).lead_to_account("lead", "user")
    assert found.select("record_id", "crm_account_record_id").rows() == [
        ("app_users:4", "hubspot_companies:1"),
        ("salesforce_leads:3", "salesforce_accounts:2"),
    ]
