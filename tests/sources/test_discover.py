"""Recognising exports: by columns and not by names, parts together, strangers apart, and what is left out told how."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

import idgraph as ig
from idgraph.datasets import saas_world
from idgraph.sources.discover import survey
from idgraph.sources.stanza import stanza


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def taken(folder: Path) -> dict[str, str]:
    found = survey(folder)
    return {found.within(item.path): item.source for item in found.recognised}


CONTACTS = "hs_object_id,email,firstname\n{id},{mail},Ana\n"
USERS = "user_id,email,tenant_id\nu1,ana@acme.io,t1\n"


def test_every_table_of_the_known_systems_is_recognised(tmp_path):
    world = saas_world(10)
    world.write(tmp_path)
    found = ig.discover(tmp_path)
    assert sorted(source.name for source in found) == sorted(world.tables)
    assert found.unknown == ()
    assert len([item for item in found.recognised if item.source == "amplitude_events"]) == 3


def test_a_table_is_recognised_by_its_columns_and_not_by_its_name(tmp_path):
    assert taken(write(tmp_path, report_7__csv=USERS)) == {"report_7.csv": "app_users"}


def test_dated_files_are_parts_of_one_source(tmp_path):
    write(
        tmp_path,
        contacts_2026_01__csv=CONTACTS.format(id=1, mail="ana@acme.io"),
        contacts_2026_02__csv="firstname,jobtitle,email,hs_object_id\nBo,CTO,bo@acme.io,2\n",
    )
    (source,) = ig.discover(tmp_path)
    assert source.name == "hubspot_contacts"
    assert ig.resolve(source).records["record_id"].sort().to_list() == ["hubspot_contacts:1", "hubspot_contacts:2"]


def test_packed_files_are_recognised_too(tmp_path):
    (tmp_path / "users.csv.gz").write_bytes(gzip.compress(USERS.encode()))
    assert taken(tmp_path) == {"users.csv.gz": "app_users"}


def test_one_table_written_in_two_ways_is_two_sources_whose_people_are_one(tmp_path):
    """Properties as columns, as `property_*` and as the API's JSON: each is read by its own columns."""
    write(
        tmp_path,
        plain__csv=CONTACTS.format(id=1, mail="ana@acme.io"),
        loaded__csv="id,property_email,property_firstname\n1,ana@acme.io,Ana\n2,bo@acme.io,Bo\n",
        api__json=json.dumps({"results": [{"id": "3", "properties": {"email": "bo@acme.io", "firstname": "Bo"}}]}),
    )
    assert taken(tmp_path) == {
        "plain.csv": "hubspot_contacts",
        "loaded.csv": "hubspot_contacts_2",
        "api.json": "hubspot_contacts_3",
    }
    graph = ig.resolve(*ig.discover(tmp_path))
    assert graph.rejects.is_empty()
    assert graph.profiles.height == 2
    assert graph.profile("hubspot_contacts:1")["record_ids"] == ["hubspot_contacts:1", "hubspot_contacts_2:1"]


def test_which_of_two_ways_comes_first_does_not_hang_on_the_names_of_files(tmp_path):
    loaded = "id,property_email,property_firstname\n1,ana@acme.io,Ana\n"
    first = taken(write(tmp_path / "one", a__csv=loaded, b__csv=CONTACTS.format(id=1, mail="x@y.io")))
    second = taken(write(tmp_path / "two", b__csv=loaded, a__csv=CONTACTS.format(id=1, mail="x@y.io")))
    assert first == {"b.csv": "hubspot_contacts", "a.csv": "hubspot_contacts_2"}
    assert second == {"a.csv": "hubspot_contacts", "b.csv": "hubspot_contacts_2"}


@pytest.mark.parametrize(
    ("columns", "source"),
    [
        ("id,name,industry,website", None),  # a table of companies, of whatever system
        ("id,name,industry,hs_lastmodifieddate", "hubspot_companies"),
        ("Id,Name,Website,BillingCity", "salesforce_accounts"),
        ("id,name,website,billing_city,industry", "salesforce_accounts"),
        ("id,name,website,billing_city,_fivetran_start", None),  # a history repeats its ids
        ("id,user_id,anonymous_id,url,received_at", "segment_pages"),
        ("id,anonymous_id,event,received_at", "segment_tracks"),
        ("id,subject,requester_id", None),
        ("id,email,first_name,last_name,created_at,updated_at", None),  # a table of people, of whatever system
        ("id,email,first_name,last_name,lead_partition_id", "marketo_leads"),
        ("id,name,email,role,organization_id,created_at", None),
        ("id,name,email,phone,created", None),
        ("id,company_id,name,website,created_at", None),
        ("contact_id,company_id,type_id", "hubspot_contact_companies"),
        ("contact_id,company_id,contact_updated_at", "intercom_contact_companies"),
        ("id,organization_id,domain_name", None),
        ("user_id,user_pseudo_id,event_name,timestamp", "ga4_events"),
        ("user_id,event_id,event,timestamp,domain_userid,collector_tstamp", "snowplow_events"),
    ],
)
def test_what_tells_a_table(tmp_path, columns, source):
    write(tmp_path, export__csv=columns + "\n")
    assert taken(tmp_path) == ({"export.csv": source} if source else {})


def test_what_is_no_table_is_left_out_with_the_reason(tmp_path):
    write(
        tmp_path,
        users__csv=USERS,
        empty__csv="",
        readme__txt="These are our exports.\n",
        list__json='["a.com", "b.com"]',
        page__csv="<html><body>Please sign in</body></html>",
        _hidden__csv=USERS,
        tickets__csv="id,subject\n1,help\n",
    )
    (tmp_path / "_hidden.csv").rename(tmp_path / ".hidden.csv")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    found = ig.discover(tmp_path)
    why = {item.path.name: item.why for item in found.unknown}
    assert set(why) == {"empty.csv", "readme.txt", "list.json", "page.csv", "tickets.csv"}
    assert "is empty. Export it again" in why["empty.csv"]
    assert "one column only" in why["readme.txt"]
    assert "no columns" in why["list.json"]
    assert "looks like a web page" in why["page.csv"]
    assert why["tickets.csv"] == "no known table has its columns"
    assert [item.path.name for item in found.unknown if item.stanza] == ["tickets.csv"]
    assert "tickets.csv: left out, no known table has its columns" in str(found)


def test_a_discovery_is_a_sequence_of_sources(tmp_path):
    found = ig.discover(write(tmp_path, users__csv=USERS, contacts__csv=CONTACTS.format(id=1, mail="x@y.io")))
    assert (len(found), found[0].name, [source.name for source in found[:1]]) == (2, "app_users", ["app_users"])


# The lines that map what nobody knows


def test_a_stanza_names_the_table_after_its_folder_and_not_after_the_day():
    lines = stanza(Path("zendesk/users_2026-11-21.csv"), ["id", "email"]).splitlines()
    assert lines[1] == 'name = "zendesk_users"'
    assert lines[3] == 'data = "zendesk/users_2026-11-21.csv"'
    assert stanza(Path("2026.csv"), ["id"]).splitlines()[1] == 'name = "source_2026"'


def test_a_stanza_of_events_has_a_time_and_no_id():
    lines = stanza(Path("events.csv"), ["event_id", "user_id", "domain_userid", "collector_tstamp"])
    assert '\ntime = "collector_tstamp"\n' in lines
    assert '\nidentifiers = { "app.user_id" = "user_id", device = "domain_userid" }' in lines
    assert "\nid = " not in lines


def test_a_stanza_of_a_history_tells_the_newer_row():
    lines = stanza(Path("contact_history.csv"), ["id", "email", "_fivetran_start", "has_opted_out_of_email"])
    assert '\nid = "id"\nversion = "_fivetran_start"\nidentifiers = { email = "email" }' in lines


def test_a_stanza_survives_columns_that_are_hard_to_write(tmp_path):
    """Quotes, backslashes and line ends in names are written so that TOML gives them back."""
    names = ['e"mail', "back\\slash", "line\nend", "id"]
    frame = pl.DataFrame({name: ["1"] for name in names})
    frame.write_csv(tmp_path / 'a "quoted" name.csv')
    (found,) = survey(tmp_path).unknown
    (tmp_path / "idgraph.toml").write_text(found.stanza)
    assert ig.resolve(*ig.discover(tmp_path)).records.height == 1
