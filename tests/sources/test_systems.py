"""The presets: what a row of each known system comes to mean, in each way its exports are written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import idgraph as ig


def graph_of(folder: Path, **files: str) -> ig.Graph:
    """Resolve a folder of files; the names are without their ending, which the content tells."""
    for name, text in files.items():
        ending = "json" if text.lstrip().startswith("{") else "csv"
        (folder / f"{name}.{ending}").write_text(text)
    graph = ig.resolve(*ig.discover(folder))
    assert graph.rejects.is_empty(), graph.rejects
    return graph


def profile(graph: ig.Graph, record: str) -> list[str]:
    return graph.profile(record)["record_ids"]


def kinds(graph: ig.Graph) -> dict[str, str]:
    return dict(graph.records.select("native_id", "kind").iter_rows())


def memberships(graph: ig.Graph) -> set[tuple[str, str, str]]:
    columns = ("person_record_id", "company_record_id", "via")
    return set(graph.memberships.filter(pl.col("via") != "domain").select(columns).iter_rows())


# HubSpot

STAGES = ["subscriber", "lead", "marketingqualifiedlead", "opportunity", "customer", "other", ""]


def test_a_hubspot_contact_is_a_lead_until_there_is_an_opportunity(tmp_path):
    rows = "".join(f"{place},p{place}@acme.io,P,{stage}\n" for place, stage in enumerate(STAGES, 1))
    graph = graph_of(tmp_path, contacts="hs_object_id,email,firstname,lifecyclestage\n" + rows)
    assert [kinds(graph)[str(place)] for place in range(1, 8)] == ["lead"] * 3 + ["contact"] * 4


HUBSPOT = {
    "hs_object_id": ["1", "2", "3", "4"],
    "email": ["ana@acme.io", "a.silva@acme.io", "old@acme.io", "bo@beta.de"],
    "hs_additional_emails": ["ana@silva.org;ana@home.net", None, None, "ana@silva.org"],
    "firstname": ["Ana", "Ana", "Ana", None],
    "hs_merged_object_ids": ["2;3", None, None, None],
    "associatedcompanyid": ["70", None, None, None],
    "hubspotutk": ["5f2c9e01", None, None, None],
}


def as_plain() -> str:
    return pl.DataFrame(HUBSPOT).write_csv()


def as_loaded() -> str:
    names = {name: name if name == "hs_object_id" else f"property_{name}" for name in HUBSPOT}
    return pl.DataFrame(HUBSPOT).rename({**names, "hs_object_id": "id"}).write_csv()


def as_json() -> str:
    rows = pl.DataFrame(HUBSPOT).to_dicts()
    return json.dumps({"results": [{"id": row["hs_object_id"], "properties": row} for row in rows]})


@pytest.mark.parametrize("written", [as_plain, as_loaded, as_json], ids=["API names", "property_*", "v3 JSON"])
def test_hubspot_merges_addresses_and_companies_however_it_is_written(tmp_path, written):
    graph = graph_of(tmp_path, contacts=written())
    assert profile(graph, "hubspot_contacts:1") == [f"hubspot_contacts:{number}" for number in (1, 2, 3, 4)]
    assert graph.aliases.select("survivor_record_id", "merged_record_id").sort("merged_record_id").rows() == [
        ("hubspot_contacts:1", "hubspot_contacts:2"),
        ("hubspot_contacts:1", "hubspot_contacts:3"),
    ]
    assert memberships(graph) == {("hubspot_contacts:1", "hubspot_companies:70", "crm")}
    assert graph.identifiers.filter(pl.col("type") == "hubspotutk")["value"].to_list() == ["5f2c9e01"]


# Salesforce

ACCOUNT, MASTER, CONTACT, LEAD = "0011G00000eM9wvQAC", "0011G00000eLwuWQAS", "0031G00000rfAvuQAE", "00Q1G00000nDnM5UAK"
SALESFORCE = {
    "accounts": (
        ["Id", "Name", "Website", "BillingCity", "ParentId", "MasterRecordId", "IsDeleted"],
        [[ACCOUNT, "Acme", "www.acme.io", "Rome", "", "", "false"], [MASTER, "Acme", "", "Rome", "", ACCOUNT, "true"]],
    ),
    "contacts": (
        ["Id", "LastName", "FirstName", "AccountId", "Email", "IsDeleted"],
        [[CONTACT, "Silva", "Ana", ACCOUNT, "ana@acme.io", "FALSE"]],
    ),
    "leads": (
        ["Id", "LastName", "Company", "Email", "IsConverted", "ConvertedContactId", "ConvertedAccountId"],
        [[LEAD, "Silva", "Acme", "ana@silva.org", "true", CONTACT, ACCOUNT]],
    ),
}


def snake(name: str) -> str:
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


@pytest.mark.parametrize("spell", [str, snake], ids=["API names", "snake_case"])
def test_salesforce_conversions_merges_and_accounts_however_it_is_written(tmp_path, spell):
    files = {
        name: "\n".join(",".join(row) for row in [[spell(column) for column in columns], *rows]) + "\n"
        for name, (columns, rows) in SALESFORCE.items()
    }
    graph = graph_of(tmp_path, **files)
    assert profile(graph, f"salesforce_leads:{LEAD}") == [f"salesforce_contacts:{CONTACT}", f"salesforce_leads:{LEAD}"]
    account = graph.account(f"salesforce_accounts:{ACCOUNT}")
    assert account["record_ids"] == [f"salesforce_accounts:{MASTER}", f"salesforce_accounts:{ACCOUNT}"]
    deleted = graph.records.filter(pl.col("deleted"))["record_id"].to_list()
    assert deleted == [f"salesforce_accounts:{MASTER}"]
    assert graph.members.select("account_id", "via").rows() == [(account["entity_id"], "crm")]
    assert graph.profile(f"salesforce_contacts:{CONTACT}")["first_name"] == "Ana"


# Segment and the product

USERS = "user_id,email,tenant_id,signup_visitor_id\nu1,ana@acme.io,t1,visitor-aa\n"


def test_segment_brings_a_visitor_to_the_user_and_to_the_lead(tmp_path):
    graph = graph_of(
        tmp_path,
        users=USERS,
        contacts="hs_object_id,email,firstname,hubspotutk\n1,ana@silva.org,Ana,utk-12345\n",
        pages="id,anonymous_id,user_id,url,received_at\nm1,visitor-aa,,/,2026-01-01\n",
        identifies="id,anonymous_id,user_id,email,hubspotutk,received_at\nm2,visitor-aa,,,utk-12345,2026-01-02\n",
    )
    assert profile(graph, "app_users:u1") == [
        "app_users:u1",
        "hubspot_contacts:1",
        "segment_identifies:|visitor-aa||utk-12345",
        "segment_pages:|visitor-aa",
    ]


def test_an_identify_call_with_an_address_and_no_user_brings_the_visitor_to_the_lead(tmp_path):
    graph = graph_of(
        tmp_path,
        contacts="hs_object_id,email,firstname\n1,ana@acme.io,Ana\n",
        pages="id,anonymous_id,user_id,url,received_at\nm1,visitor-aa,,/,2026-01-01\n",
        identifies="id,anonymous_id,user_id,email,received_at\nm2,visitor-aa,,ana@acme.io,2026-01-02\n",
    )
    assert len(profile(graph, "hubspot_contacts:1")) == 3


def test_a_segment_alias_brings_the_former_visitor_and_the_former_user_along(tmp_path):
    graph = graph_of(
        tmp_path,
        users=USERS,
        aliases="id,user_id,previous_id,received_at\nm1,u1,visitor-bb,2026-01-01\nm2,u1,legacy-7,2026-01-01\n",
        pages="id,anonymous_id,user_id,url,received_at\nm3,visitor-bb,,/,2026-01-01\n",
        tracks="id,anonymous_id,user_id,event,received_at\nm4,visitor-cc,legacy-7,open,2026-01-01\n",
    )
    records = profile(graph, "app_users:u1")
    assert {"segment_pages:|visitor-bb", "segment_tracks:legacy-7|visitor-cc"} <= set(records)


def test_a_segment_group_says_to_which_tenant_a_user_belongs(tmp_path):
    graph = graph_of(tmp_path, groups="id,anonymous_id,user_id,group_id,received_at\nm1,visitor-aa,u1,t9,2026-01-01\n")
    assert memberships(graph) == {("segment_groups:u1|visitor-aa", "app_tenants:t9", "tenant")}


def test_amplitude_joins_by_user_and_says_the_tenant_by_its_groups(tmp_path):
    event = {
        "user_id": "u1",
        "device_id": "device-aa",
        "amplitude_id": 75605632776,
        "event_type": "open",
        "event_time": "2026-01-05 10:00:09.1",
        "groups": {"org": ["t1"]},
    }
    graph = graph_of(tmp_path, users=USERS, events=json.dumps(event))
    events = "amplitude_events:u1|device-aa|75605632776"
    assert profile(graph, "app_users:u1") == [events, "app_users:u1"]
    assert (events, "app_tenants:t1", "tenant") in memberships(graph)


def test_a_tenant_that_knows_its_crm_account_is_part_of_it(tmp_path):
    columns, rows = SALESFORCE["accounts"]
    graph = graph_of(
        tmp_path,
        tenants=f"tenant_id,name,salesforce_account_id\nt1,Workspace,{ACCOUNT[:15]}\n",
        accounts="\n".join(",".join(row) for row in [columns, *rows]) + "\n",
    )
    assert graph.tenants["account_id"].to_list() == [graph.account(f"salesforce_accounts:{ACCOUNT}")["entity_id"]]


def test_crunchbase_is_a_reference_of_companies(tmp_path):
    graph = graph_of(tmp_path, organizations="uuid,name,legal_name,domain\ne139,Acme,Acme Inc.,acme.io\n")
    assert graph.accounts.select("company_records", "domain", "legal_name").rows() == [(1, "acme.io", "Acme Inc.")]
