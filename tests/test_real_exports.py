"""What must hold on exports that vendors wrote: what is one, what is not, what is refused, and that all is read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

import idgraph as ig
from idgraph.normalise import normalise
from idgraph.sources.discover import Discovery, survey


@pytest.fixture(scope="module")
def exports(data_dir: Path) -> Path:
    return data_dir / "exports"


def profiles_of(graph: ig.Graph) -> dict[str, str]:
    return dict(graph.assignments.filter(pl.col("level") == "person").select("record_id", "entity_id").iter_rows())


def suppressed(graph: ig.Graph) -> set[tuple[str, str, str, int]]:
    return set(graph.suppressed.select("type", "value", "reason", "records").iter_rows())


# HubSpot


@pytest.fixture(scope="module")
def hubspot(exports: Path) -> ig.Graph:
    return ig.resolve(*ig.discover(exports / "hubspot_fivetran"))


def test_hubspot_contacts_are_the_people_that_hubspot_says(hubspot):
    contacts = hubspot.records.filter(pl.col("source") == "hubspot_contacts")
    assert contacts.height == 22
    assert hubspot.profiles.height == 19
    survivor = hubspot.profile("hubspot_contacts:78971951")
    assert len(survivor["record_ids"]) == 4
    assert survivor["contact_records"] == survivor["records"] == 4
    assert survivor["weakest_rule"] == "source_merge"
    assert hubspot.aliases["survivor_record_id"].unique().to_list() == ["hubspot_contacts:78971951"]


def test_hubspot_hashes_are_no_addresses_and_their_records_stay(hubspot):
    refused = hubspot.rejects.filter(pl.col("source") == "hubspot_contacts")
    assert refused["reason"].to_list() == ["hashed"] * 22
    assert refused["grain"].unique().to_list() == ["value"]
    assert refused["column"].unique().to_list() == ["property_email"]
    assert refused["file"].unique().to_list() == ["contact_data.csv"]
    assert sorted(refused["row"].to_list()) == list(range(1, 23))
    assert hubspot.identifiers.filter(pl.col("type") == "email").is_empty()


def test_hubspot_merges_can_be_left_out(exports):
    graph = ig.resolve(*ig.discover(exports / "hubspot_fivetran"), config=ig.Config(without=("source_merge",)))
    assert graph.profiles.height == 22
    assert graph.links.is_empty()


def test_hubspot_accounts_are_read_beside_the_contacts(hubspot):
    accounts = hubspot.records.filter(pl.col("source") == "hubspot_companies")
    assert accounts.height == 24
    assert accounts["name"].null_count() == 0
    assert hubspot.accounts.height == 24


def test_hubspot_as_the_api_gives_it(exports):
    graph = ig.resolve(*ig.discover(exports / "hubspot_dlt"))
    # Both files hold contacts 1 and 51; in the later one Maria has become Brian, and has another address.
    first = graph.profile("hubspot_contacts:1")
    assert first["first_name"] == "Brian"
    assert sorted(first["emails"]) == ["emailmaria@hubspot.com", "thisisnewemail@hubspot.com"]
    assert sorted(graph.records["record_id"]) == [
        "hubspot_companies:7086461639",
        "hubspot_companies:7086464459",
        "hubspot_contacts:1",
        "hubspot_contacts:51",
    ]
    assert graph.members["via"].to_list() == ["domain", "domain"]
    assert graph.members["account_id"].unique().to_list() == [
        graph.account("hubspot_companies:7086461639")["entity_id"]
    ]
    assert graph.rejects.is_empty()


# Zendesk, Stripe, Amplitude: what all rows share is nobody's


def test_zendesk_users_stay_ten(exports):
    users = ig.Source(
        "zendesk_users",
        kind="user",
        data=str(exports / "zendesk_fivetran" / "user_data.csv"),
        id="id",
        time="created_at",
        version="updated_at",
        identifiers={"email": "email", "phone": "phone"},
        attributes={"full_name": "name"},
    )
    graph = ig.resolve(users)
    assert graph.profiles.height == 10
    assert suppressed(graph) == {("email", "example@email.com", "placeholder", 10)}


def test_zendesk_agents_are_nobody_s_customers(exports):
    graph = ig.resolve(*ig.discover(exports / "zendesk_fivetran"))
    assert graph.profiles.height == 9
    assert suppressed(graph) == {("email", "example@email.com", "placeholder", 9)}
    refused = graph.rejects.filter(pl.col("source") == "zendesk_users")
    assert refused.select("grain", "value", "reason").rows() == [("row", "1111", "no_kind")]
    organisations = graph.records.filter((pl.col("kind") == "crm_account") & ~pl.col("stub"))
    assert organisations.height == organisations["name"].n_unique() == 10
    assert graph.members["via"].cast(str).to_list() == ["crm"] * 9
    assert "zendesk_users:1111" not in graph.memberships["person_record_id"].to_list()


def test_stripe_customers_are_twelve_companies_one_of_them_deleted(exports):
    graph = ig.resolve(*ig.discover(exports / "stripe_fivetran"))
    assert (graph.accounts.height, graph.profiles.height) == (12, 0)
    assert graph.records["deleted"].sum() == 1
    assert graph.records["name"].null_count() == 0
    assert graph.rejects.is_empty()


def test_stripe_customers_stay_twelve(exports):
    customers = ig.Source(
        "stripe_customers",
        kind="user",
        data=str(exports / "stripe_fivetran" / "customer_data.csv"),
        id="id",
        time="created",
        identifiers={"email": "email", "app.user_id": "metadata.external_id"},
        attributes={"full_name": "name"},
        deleted="is_deleted",
    )
    graph = ig.resolve(customers)
    assert graph.profiles.height == 12
    assert suppressed(graph) == {("app.user_id", "80755622-45b3-40a6-9544-25af39e0e50c", "over_limit", 12)}


def test_amplitude_users_of_one_device_stay_five(exports):
    graph = ig.resolve(*ig.discover(exports / "amplitude_fivetran"))
    device, amplitude_id = "3b41cbe7-b482-5ab6-a52e-cd02daa7c2e5", "75605632776"
    held = graph.identifiers.filter(pl.col("value") == device)
    assert held.height == 5
    assert len({profiles_of(graph)[record] for record in held["record_id"]}) == 5
    assert ("device", device, "several_users", 5) in suppressed(graph)
    assert ("amplitude_id", amplitude_id, "several_users", 5) in suppressed(graph)


# Snowplow


def test_snowplow_infers_the_users_that_its_own_model_infers(exports):
    folder = exports / "snowplow_dbtlabs"
    graph = ig.resolve(*ig.discover(folder))
    assert graph.profiles.height == 4
    assert "NULL" not in graph.identifiers["value"].to_list()
    person = profiles_of(graph)
    identifiers = graph.identifiers.with_columns(pl.col("record_id").replace_strict(person).alias("profile"))
    cookies = identifiers.filter(pl.col("type") == "device", pl.col("value").str.starts_with("domain_"))
    of_device = dict(cookies.select("value", "profile").iter_rows())
    users = {
        profile: sorted(set(values))
        for profile, values in identifiers.filter(pl.col("type") == "app.user_id")
        .group_by("profile")
        .agg("value")
        .iter_rows()
    }
    expected = pl.read_csv(folder / "snowplow_sessions_expected.csv")
    for device, inferred in expected.select("user_snowplow_domain_id", "inferred_user_id").iter_rows():
        known = [] if inferred == device else [inferred]
        assert users.get(of_device[device], []) == known
    assert len(set(of_device.values())) == 4
    assert users.get(of_device["domain_userid_4"]) is None


# Google Analytics, Pendo, Intercom, Marketo


def test_google_analytics_events_are_of_browsers_and_users(exports):
    graph = ig.resolve(*ig.discover(exports / "ga4_fivetran"))
    assert graph.profiles.height == 3
    assert set(graph.identifiers["type"].cast(str)) == {"app.user_id", "device"}
    assert graph.events.height == 6


def test_pendo_visitors_and_accounts_are_the_product_s_users_and_tenants(exports):
    graph = ig.resolve(*ig.discover(exports / "pendo_fivetran"))
    known = graph.records.filter(pl.col("source") == "pendo_visitors")
    assert known.filter(~pl.col("stub"))["kind"].cast(str).to_list() == ["clickstream"] * 5
    assert graph.profile("pendo_visitors:straddle_cloud")["email"] == "yo@github.io"
    tenants = graph.records.filter((pl.col("source") == "pendo_accounts") & ~pl.col("stub"))
    assert sorted(tenants["tenant_name"]) == ["cheese", "facebook", "sandwich", "sandwich", "test1_23"]
    said = graph.memberships.filter(pl.col("person_record_id") == "pendo_visitors:straddle_cloud")
    assert said["company_record_id"].to_list() == ["pendo_accounts:comedy_cras"]


def test_intercom_leads_have_no_id_of_the_product(exports):
    graph = ig.resolve(*ig.discover(exports / "intercom_fivetran"))
    assert graph.profiles["lead_records"].to_list() == [1] * 9
    assert "app.user_id" not in graph.identifiers["type"].cast(str).to_list()
    assert graph.records.filter((pl.col("source") == "intercom_companies") & ~pl.col("stub")).height == 9
    member = ("intercom_contacts:5edd386afc6d3d1112079b18", "intercom_companies:5edd3d988953a42a49b104f0")
    assert graph.memberships.select("person_record_id", "company_record_id").rows() == [member]


def test_marketo_merges_count_where_one_of_the_leads_is_there(exports, tmp_path):
    """None is in the export's own leads, whose columns are not Marketo's alone either."""
    shutil.copy(exports / "marketo_fivetran" / "marketo_activity_merge_leads_data.csv", tmp_path / "merges.csv")
    rows = "51227,ana@acme.io,Ana,1\n60856,bo@acme.io,Bo,1\n1169644,bo@beta.io,Bo,1\n"
    (tmp_path / "leads.csv").write_text("id,email,first_name,lead_partition_id\n" + rows)
    graph = ig.resolve(*ig.discover(tmp_path))
    assert sorted(graph.aliases.select("survivor_record_id", "merged_record_id").rows()) == [
        ("marketo_leads:1169644", "marketo_leads:60856"),
        ("marketo_leads:51227", "marketo_leads:60935"),
    ]
    assert graph.profiles.height == 2
    missing = graph.rejects.filter(pl.col("reason") == "no_such_row")
    assert missing.height == 100 - 2
    assert graph.rejects.height == missing.height


def test_hubspot_s_own_list_of_merges_counts_too(exports, tmp_path):
    shutil.copy(exports / "hubspot_fivetran" / "contact_merge_audit_data.csv", tmp_path / "merges.csv")
    (tmp_path / "contacts.csv").write_text("hs_object_id,email,firstname\n5555,a@acme.io,Ana\n11111,b@acme.io,Bea\n")
    graph = ig.resolve(*ig.discover(tmp_path))
    (alias,) = graph.aliases.iter_rows(named=True)
    assert (alias["survivor_record_id"], alias["merged_record_id"]) == (
        "hubspot_contacts:5555",
        "hubspot_contacts:11111",
    )
    assert str(alias["at"]) == "2019-10-08 15:50:57+00:00"
    assert graph.profiles.height == 1


# Salesforce

LONG = re.compile(r"0[0-9A-Za-z]{17}")  # standard objects; all begin with a zero


def test_what_analytics_says_twice_under_one_name_is_read_or_refused(exports):
    path = exports / "ga4_fivetran" / "event_data.csv"
    mapping = {"kind": "visitor", "data": str(path), "time": "date", "identifiers": {"device": "user_pseudo_id"}}
    both = ig.resolve(ig.Source("ga4_events", **mapping, attributes={"engaged": "param_session_engaged"}))
    told = both.rejects.select("column", pl.col("reason").cast(pl.String)).unique().rows()
    assert told == [("param_session_engaged_duplicated_0", "repeated_column")]
    assert set(both.records["engaged"].drop_nulls()) <= {"true", "false"}
    apart = {"engaged": "param_session_engaged", "counted": "param_session_engaged_duplicated_0"}
    assert ig.resolve(ig.Source("ga4_events", **mapping, attributes=apart)).rejects.is_empty()


def test_every_salesforce_id_passes_its_checksum(exports):
    cells: set[str] = set()
    for path in (exports / "salesforce_fivetran").glob("*.csv"):
        table = pl.read_csv(path, infer_schema_length=0)
        cells |= {cell for name in table.columns for cell in table[name] if cell and LONG.fullmatch(cell)}
    ids = sorted(cells)
    assert len(ids) == 108
    read = normalise("salesforce_id", pl.Series(ids))
    assert read["reason"].null_count() == 108
    assert read["value"].to_list() == ids
    short = normalise("salesforce_id", pl.Series([cell[:15] for cell in ids]))
    assert short["value"].to_list() == ids


def test_salesforce_ids_of_17_characters_are_refused_and_never_padded(exports):
    graph = ig.resolve(*ig.discover(exports / "salesforce_fivetran"))
    rejects = graph.rejects.filter(pl.col("reason") == "wrong_length").sort("value")
    assert rejects.select("source", "row", "grain", "column", "value").rows() == [
        ("salesforce_contacts", 3, "value", "account_id", "0011G00000f8NwQAU"),
        ("salesforce_contacts", 2, "row", "id", "0031G00000q9jPQAQ"),
        ("salesforce_contacts", 1, "row", "id", "0033700000JmrFPAA"),
        ("salesforce_accounts", 2, "value", "master_record_id", "L4izOo4yZpLq5io5YM8pvA=="),  # encrypted
    ]
    assert graph.records.filter((pl.col("source") == "salesforce_contacts") & ~pl.col("stub")).height == 2
    real = graph.records.filter(pl.col("source").cast(str).str.starts_with("salesforce"))
    assert real["native_id"].str.len_chars().unique().to_list() == [18]


def made_salesforce(folder: Path, account_ids: list[str], contact: str, account_of_contact: str) -> ig.Graph:
    lines = [
        f"{account},{name},acme{place}.io,Rome"
        for place, (account, name) in enumerate(zip(account_ids, "AB", strict=False))
    ]
    (folder / "accounts.csv").write_text("Id,Name,Website,BillingCity\n" + "\n".join(lines) + "\n")
    (folder / "contacts.csv").write_text(
        f"Id,LastName,AccountId,Email\n{contact},Silva,{account_of_contact},ana@acme.io\n"
    )
    return ig.resolve(*ig.discover(folder))


def test_salesforce_ids_of_15_and_18_characters_are_one(tmp_path):
    graph = made_salesforce(tmp_path, ["0011G00000eM9wv"], "0031G00000rfAvu", "0011G00000eM9wvQAC")
    assert graph.records["record_id"].sort().to_list() == [
        "salesforce_accounts:0011G00000eM9wvQAC",
        "salesforce_contacts:0031G00000rfAvuQAE",
    ]
    assert graph.members["via"].to_list() == ["crm"]


def test_salesforce_ids_that_differ_in_case_alone_are_two(tmp_path):
    graph = made_salesforce(tmp_path, ["0011G00000eM9wv", "0011G00000eM9wV"], "0031G00000rfAvu", "0011G00000eM9wV")
    accounts = graph.records.filter(pl.col("kind") == "crm_account")["native_id"].to_list()
    assert sorted(account[:15] for account in accounts) == ["0011G00000eM9wV", "0011G00000eM9wv"]
    assert graph.accounts.height == 2
    contact = graph.memberships.filter(pl.col("via") == "crm")
    assert contact["company_record_id"].item().startswith("salesforce_accounts:0011G00000eM9wV")


def test_salesforce_foreign_id_of_17_characters_only_loses_the_value(tmp_path):
    graph = made_salesforce(tmp_path, ["0011G00000eM9wvQAC"], "0031G00000rfAvuQAE", "0011G00000eM9wvQA")
    assert graph.profile("salesforce_contacts:0031G00000rfAvuQAE")["email"] == "ana@acme.io"
    assert graph.memberships.filter(pl.col("via") == "crm").is_empty()
    assert graph.rejects.select("file", "row", "grain", "column", "value", "reason").rows() == [
        ("contacts.csv", 1, "value", "AccountId", "0011G00000eM9wvQA", "wrong_length")
    ]


# Every file: read, or refused with words that help


@pytest.fixture(scope="module")
def everything(exports: Path) -> Discovery:
    return survey(exports)


def test_every_csv_is_recognised_or_told_how_to_map(exports, everything):
    files = set(exports.rglob("*.csv"))
    assert len(files) == 74
    recognised = {found.path for found in everything.recognised}
    unknown = {found.path: found for found in everything.unknown}
    assert files <= recognised | set(unknown)
    for path in files - recognised:
        assert unknown[path].why == "no known table has its columns"
        assert unknown[path].stanza.startswith("[[source]]")


def test_files_are_taken_for_what_they_are(everything):
    taken = {everything.within(found.path): found.source for found in everything.recognised}
    assert taken == {
        "amplitude_fivetran/amplitude_event_data.csv": "amplitude_events",
        "hubspot_dlt/mock_companies_data.json": "hubspot_companies_2",
        "hubspot_dlt/mock_contacts_data.json": "hubspot_contacts_2",
        "hubspot_dlt/mock_contacts_with_history.json": "hubspot_contacts_2",
        "hubspot_fivetran/company_data.csv": "hubspot_companies",
        "hubspot_fivetran/contact_data.csv": "hubspot_contacts",
        "hubspot_fivetran/deal_data.csv": "hubspot_deals",
        "hubspot_fivetran/deal_company_data.csv": "hubspot_deal_companies",
        "hubspot_fivetran/deal_contact_data.csv": "hubspot_deal_contacts",
        "hubspot_fivetran/ticket_company_data.csv": "hubspot_ticket_companies",
        "hubspot_fivetran/ticket_contact_data.csv": "hubspot_ticket_contacts",
        "hubspot_fivetran/email_event_data.csv": "hubspot_email_events",
        "hubspot_fivetran/ticket_data.csv": "hubspot_tickets",
        "hubspot_dlt/mock_deals_data.json": "hubspot_deals_2",
        "hubspot_fivetran/contact_merge_audit_data.csv": "hubspot_merged_contacts",
        "ga4_fivetran/event_data.csv": "ga4_events",
        "intercom_fivetran/company_history_data.csv": "intercom_companies",
        "intercom_fivetran/contact_company_history_data.csv": "intercom_contact_companies",
        "intercom_fivetran/contact_history_data.csv": "intercom_contacts",
        "marketo_fivetran/marketo_activity_merge_leads_data.csv": "marketo_merged_leads",
        "mixpanel_fivetran/event.csv": "mixpanel_events",
        "pendo_fivetran/account_history.csv": "pendo_accounts",
        "pendo_fivetran/visitor_account_history.csv": "pendo_visitor_accounts",
        "pendo_fivetran/visitor_history.csv": "pendo_visitors",
        "snowplow_dbtlabs/sp_event.csv": "snowplow_events",
        "snowplow_dbtlabs/sp_event_update.csv": "snowplow_events",
        "stripe_fivetran/customer_data.csv": "stripe_customers",
        "zendesk_fivetran/domain_name_data.csv": "zendesk_organization_domains",
        "zendesk_fivetran/organization_data.csv": "zendesk_organizations",
        "zendesk_fivetran/user_data.csv": "zendesk_users",
        "pendo_fivetran/event.csv": "pendo_events",
        "pendo_fivetran/feature_event.csv": "pendo_feature_events",
        "pendo_fivetran/page_event.csv": "pendo_page_events",
        "stripe_fivetran/subscription_data.csv": "stripe_subscriptions",
        "zendesk_fivetran/ticket_data.csv": "zendesk_tickets",
        "salesforce_fivetran/sf_account_data.csv": "salesforce_accounts",
        "salesforce_fivetran/sf_contact_data.csv": "salesforce_contacts",
        "salesforce_fivetran/sf_event_data.csv": "salesforce_events",
        "salesforce_fivetran/sf_lead_data.csv": "salesforce_leads",
        "salesforce_fivetran/sf_opportunity_data.csv": "salesforce_opportunities",
        "salesforce_fivetran/sf_task_data.csv": "salesforce_tasks",
        "segment_dbtlabs/example_segment_pages.csv": "segment_pages",
    }


def test_each_folder_by_itself(exports):
    """What is known in it resolves, and nothing in it goes without a word."""
    for folder in sorted(path for path in exports.iterdir() if path.is_dir()):
        found = survey(folder)
        assert {item.path for item in (*found.recognised, *found.unknown)} >= set(folder.glob("*.csv"))
        if any(source.kind for source in found):
            assert ig.resolve(*found).records.height > 0, folder.name


def test_all_exports_together_are_one_run(everything):
    graph = ig.resolve(*everything)
    assert graph.profiles.filter(pl.col("contact_records") == 4)["records"].to_list() == [4]
    contacts = graph.records.filter(pl.col("source") == "hubspot_contacts")
    assert contacts.height == 22
    assert graph.records.filter(pl.col("source") == "hubspot_contacts_2").height == 2
    assert set(graph.rejects.filter(pl.col("grain") == "row")["reason"]) == {"wrong_length", "deleted", "no_kind"}
    events = graph.events.group_by(pl.col("source").cast(str)).agg(pl.len(), pl.col("count").sum()).sort("source")
    assert events.rows() == [
        ("amplitude_events", 10, 10),
        ("ga4_events", 6, 6),
        ("hubspot_deals", 44, 44),
        ("hubspot_deals_2", 2, 2),
        ("hubspot_email_events", 100, 100),
        ("hubspot_tickets", 48, 48),
        ("mixpanel_events", 5, 5),
        ("pendo_events", 5, 54),
        ("pendo_feature_events", 5, 6),
        ("pendo_page_events", 5, 82),
        ("salesforce_events", 10, 10),
        ("salesforce_tasks", 10, 10),
        ("segment_pages", 1, 1),
        ("snowplow_events", 9, 9),
        ("stripe_subscriptions", 6, 6),
        ("zendesk_tickets", 10, 10),
    ]
    deals = pl.col("name").cast(pl.String) == "deal"
    assert graph.facts.filter(deals).height == 11  # of contacts that are not in the export
    assert graph.facts.filter(~deals).select("name", "value").unique().sort("name", "value").rows() == [
        ("seats", "4"),
        ("seats", "5"),
        ("subscription_status", "active"),
    ]


def mapped(found: Discovery, name: str, folder: Path, *completed: tuple[str, str]) -> ig.Graph:
    """Resolve one file by its stanza, pasted into idgraph.toml and completed."""
    item = next(item for item in found.unknown if found.within(item.path) == name)
    copy = folder / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(item.path, copy)
    lines = item.stanza
    for before, after in completed:
        assert before in lines, lines
        lines = lines.replace(before, after)
    (folder / "idgraph.toml").write_text(lines)
    return ig.resolve(*ig.discover(folder))


@pytest.mark.parametrize(
    ("name", "completed", "people", "accounts"),
    [
        ("salesforce_fivetran/sf_contact_history_data.csv", [], 4, 0),
        ("marketo_fivetran/marketo_lead_data.csv", [('"contact"', '"lead"')], 100, 0),
        ("salesforce_fivetran/sf_account_history_data.csv", [('"contact"', '"crm_account"')], 0, 10),
        (
            "hubspot_fivetran/contact_property_history_data.csv",
            [("identifiers = {}", 'identifiers = { "hubspot_contacts.id" = "contact_id" }')],
            97,
            0,
        ),
        (
            "pendo_fivetran/poll_event.csv",
            [('"contact"', '"user"'), ("identifiers = {}", 'identifiers = { "app.user_id" = "visitor_id" }')],
            3,
            0,
        ),
    ],
)  # fmt: skip
def test_a_stanza_pasted_and_completed_works(everything, tmp_path, name, completed, people, accounts):
    graph = mapped(everything, name, tmp_path, *completed)
    assert (graph.profiles.height, graph.accounts.height) == (people, accounts)
    assert graph.rejects.filter(pl.col("grain") == "row").is_empty()


def test_every_stanza_is_toml_that_names_a_table_of_its_own(everything, tmp_path):
    """Pasted together as they are, all of them say what is missing, each by itself."""
    stanzas = [item.stanza for item in everything.unknown if item.stanza]
    names = [re.search(r'^name = "(.*)"$', stanza, re.MULTILINE)[1] for stanza in stanzas]
    assert len(set(names)) == len(names)
    complete = [
        stanza.replace("identifiers = {}", 'identifiers = { email = "?" }').replace('# time = "…"', 'time = "?"')
        for stanza in stanzas
    ]
    (tmp_path / "idgraph.toml").write_text("\n\n".join(complete))
    found = survey(tmp_path)
    assert sorted(source.name for source in found) == sorted(names)


def test_a_folder_of_files_nobody_knows_says_what_to_do(exports):
    with pytest.raises(
        ig.IdgraphError, match=r"no known export is in this folder; it holds .*customer360__nicknames\.csv"
    ) as told:
        ig.discover(exports / "lookup_fivetran_customer360")
    assert "idgraph.toml" in str(told.value)
    assert "idgraph discover" in str(told.value)
