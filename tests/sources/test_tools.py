"""Tables of support, billing, messaging, marketing and analytics tools: what a row of each comes to mean."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import idgraph as ig

USERS = "user_id,email,tenant_id,created_at\nu_7,ana@acme.io,t_1,2026-01-02\n"
ACCOUNT, CONTACT = "0011G00000eM9wvQAC", "0031G00000rfAvuQAE"
CONTACTS = f"Id,LastName,AccountId,Email\n{CONTACT},Silva,{ACCOUNT},ana@acme.io\n"


def graph_of(folder: Path, **files: str | dict | list) -> ig.Graph:
    """Resolve a folder of files, all of which are known; what is no text is written as JSON."""
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.{'csv' if content is text else 'json'}").write_text(text)
    found = ig.discover(folder)
    assert not found.unknown, found
    return ig.resolve(*found, config=found.config)


def profile(graph: ig.Graph, record: str) -> list[str]:
    return graph.profile(record)["record_ids"]


def account(graph: ig.Graph, record: str) -> list[str]:
    return graph.account(record)["record_ids"]


def memberships(graph: ig.Graph) -> set[tuple[str, str, str]]:
    columns = ("person_record_id", "company_record_id", "via")
    return set(graph.memberships.filter(pl.col("via") != "domain").select(columns).iter_rows())


# Zendesk

PERSON = {"role": "end-user", "organization_id": 31, "restricted_agent": True, "ticket_restriction": "requested"}
ZENDESK_USERS = [
    {"id": 11, "name": "Ana Silva", "email": "ana@acme.io", "external_id": "u_8", "phone": "+14158673709", **PERSON},
    {"id": 12, "name": "Bo Berg", "email": "bo@acme.com", "external_id": None, "phone": None, **PERSON},
    {"id": 13, "name": "Al Agent", "email": "al@vendor.io", "external_id": None, **PERSON, "role": "agent"},
    {"id": 14, "name": "Ad Admin", "email": "ad@vendor.io", "external_id": None, **PERSON, "role": "admin"},
]
SHARED = {"shared_tickets": False, "shared_comments": False, "created_at": "2026-01-01T10:00:00Z"}
ORGANISATIONS = [
    {"id": 31, "name": "Acme", "domain_names": ["acme.io", "acme.com"], "external_id": "t_9", **SHARED},
    {"id": 32, "name": "Beta", "domain_names": [], "external_id": None, **SHARED},
]


def test_zendesk_as_its_interface_gives_it(tmp_path):
    ticket = {"organization_id": 31, "status": "open", "subject": "?"}
    tickets = [
        {"id": 1, "requester_id": 11, "created_at": "2026-02-01", **ticket},
        {"id": 2, "requester_id": 13, "created_at": "2026-02-02", **ticket},
    ]
    graph = graph_of(
        tmp_path, app=USERS, users={"users": ZENDESK_USERS}, orgs={"organizations": ORGANISATIONS},
        tickets={"tickets": tickets},
    )  # fmt: skip
    assert profile(graph, "app_users:u_7") == ["app_users:u_7", "zendesk_users:11"]
    people = graph.records.filter(pl.col("source") == "zendesk_users")
    assert people.select("native_id", "kind", "zendesk_external_id").sort("native_id").rows() == [
        ("11", "contact", "u_8"),  # what an external id is of, nothing says
        ("12", "contact", None),
    ]
    assert graph.rejects.select("value", "reason").sort("value").rows() == [("13", "no_kind"), ("14", "no_kind")]
    assert sorted(graph.account("zendesk_organizations:31")["domains"]) == ["acme.com", "acme.io"]
    assert {("zendesk_users:11", "zendesk_organizations:31", "crm")} < memberships(graph)
    events = graph.events.sort("at").select("record_id", "company_record_id").rows()
    assert events == [("zendesk_users:11", "zendesk_organizations:31"), (None, "zendesk_organizations:31")]


def test_zendesk_domains_may_be_a_table_of_their_own(tmp_path):
    graph = graph_of(
        tmp_path,
        organisations="id,name,shared_tickets,shared_comments,created_at\n31,Acme,false,false,2026-01-01\n",
        domains="index,organization_id,domain_name,_fivetran_deleted\n0,31,acme.io,false\n1,31,acme.com,false\n2,31,old.io,true\n",
        app=USERS,
    )  # fmt: skip
    assert sorted(graph.account("zendesk_organizations:31")["domains"]) == ["acme.com", "acme.io"]
    assert graph.account("zendesk_organizations:31")["crm_account_records"] == 1
    assert account(graph, "app_tenants:t_1") == ["app_tenants:t_1", "zendesk_organizations:31"]  # by the users' domain


# Stripe


def customer(number: int, **more: object) -> dict:
    plain = {"object": "customer", "created": 1767607200, "livemode": True, "delinquent": False, "phone": None}
    return {"id": f"cus_{number}", **plain, "metadata": {"external_id": "same"}, **more}


def test_stripe_customers_are_companies_that_their_addresses_do_not_join(tmp_path):
    customers = [
        customer(1, name="Acme Inc", email="ana@agency.io", address={"city": "Rome", "country": "IT"}),
        customer(2, name="Beta Ltd", email="ana@agency.io", address=None),
    ]
    head = "id,customer,status,current_period_end,start_date,quantity\n"
    graph = graph_of(
        tmp_path,
        customers={"object": "list", "data": customers},
        subscriptions=head + "sub_1,cus_1,active,2026-12-01,2026-01-05,20\n",
    )
    assert (graph.accounts.height, graph.profiles.height) == (2, 0)
    first = graph.account("stripe_customers:cus_1")
    assert (first["name"], first["city"], first["email"]) == ("Acme Inc", "Rome", "ana@agency.io")
    seats = graph.activity().facts.filter(pl.col("name") == "seats", pl.col("level") == "account").collect()
    assert seats.select("entity_id", "value").rows() == [(first["entity_id"], "20")]


def test_stripe_metadata_joins_once_a_mapping_says_what_it_is(tmp_path):
    (tmp_path / "idgraph.toml").write_text(
        '[[source]]\nname = "stripe_customers"\nkind = "crm_account"\ndata = "customers.json"\nid = "id"\n'
        'identifiers = { "app.tenant_id" = "metadata.org_id" }\n'
    )
    customers = [customer(1, name="Acme Inc", email=None, metadata={"org_id": "t_1"})]
    graph = graph_of(tmp_path, app=USERS, customers=customers)
    assert account(graph, "app_tenants:t_1") == ["app_tenants:t_1", "stripe_customers:cus_1"]


# Intercom

CHATS = (
    "id,role,external_id,workspace_id,email,name,created_at,updated_at,_fivetran_start\n"
    "5f1,user,u_7,w,ana@silva.org,Ana Silva,2026-01-03,2026-01-03,2026-01-03\n"
    "5f2,lead,3f7a-made-up,w,bo@acme.io,Bo Berg,2026-01-03,2026-01-04,2026-01-04\n"
    "5f3,lead,77aa-made-up,w,cy@beta.io,Cy Roe,2026-01-03,2026-01-03,2026-01-03\n"
    "5f3,user,u_9,w,cy@beta.io,Cy Roe,2026-01-03,2026-01-05,2026-01-05\n"
)


def test_an_intercom_user_is_the_product_s_and_a_lead_is_not(tmp_path):
    graph = graph_of(tmp_path, app=USERS, contacts=CHATS)
    assert profile(graph, "app_users:u_7") == ["app_users:u_7", "intercom_contacts:5f1"]
    kinds = graph.records.filter(pl.col("source") == "intercom_contacts").sort("native_id")["kind"].cast(str)
    assert kinds.to_list() == ["contact", "lead", "contact"]
    held = graph.identifiers.filter((pl.col("type") == "app.user_id") & (pl.col("record_id") != "app_users:u_7"))
    assert sorted(held.select("record_id", "value").rows()) == [
        ("intercom_contacts:5f1", "u_7"),
        ("intercom_contacts:5f3", "u_9"),
    ]


def test_an_intercom_company_is_the_product_s_tenant_and_no_name_of_one_keeps_it_apart(tmp_path):
    companies = (
        "id,company_id,name,website,session_count,user_count,remote_created_at,created_at,updated_at\n"
        "5e1,t_1,My workspace,,3,1,,2026-01-03,2026-01-03\n"
        "5e2,5e2-qualification-company,Beta,beta.io,0,1,,2026-01-03,2026-01-03\n"
    )
    links = "company_id,contact_id,contact_updated_at\n5e1,5f2,2026-01-04\n5e2,5f3,2026-01-04\n5e2,5f9,2026-01-04\n"
    accounts = f"Id,Name,Website,BillingCity\n{ACCOUNT},Acme,acme.io,Rome\n"
    graph = graph_of(tmp_path, app=USERS, contacts=CHATS, companies=companies, links=links, accounts=accounts)
    assert account(graph, "app_tenants:t_1") == [
        "app_tenants:t_1",
        "intercom_companies:5e1",
        f"salesforce_accounts:{ACCOUNT}",
    ]
    assert {("intercom_contacts:5f2", "intercom_companies:5e1", "crm")} < memberships(graph)
    assert graph.tenants.height == 1
    assert graph.rejects.select("value", "reason").rows() == [("5f9", "no_such_row")]


# Marketo


@pytest.mark.parametrize(
    "head",
    [
        "id,email,firstName,lastName,sfdcType,sfdcContactId,sfdcAccountId,createdAt,updatedAt",
        "id,email,first_name,last_name,sfdc_type,sfdc_contact_id,sfdc_account_id,created_at,updated_at",
    ],
    ids=["field names", "snake_case"],
)
def test_marketo_leads_hold_their_ids_of_salesforce_and_were_merged(tmp_path, head):
    leads = (
        f"{head}\n1,a@silva.org,Ana,Silva,Contact,{CONTACT[:15]},{ACCOUNT},2026-01-01,2026-01-02\n"
        "2,bo@acme.io,Bo,Berg,,,,2026-01-01,2026-01-02\n"
    )
    merges = 'id,lead_id,merge_ids,activity_date\n900,1,"[7, 8]",2026-02-01\n901,8,[9],2026-01-20\n902,2,,2026-01-20\n'
    graph = graph_of(tmp_path, leads=leads, merges=merges, contacts=CONTACTS)
    assert profile(graph, "marketo_leads:1") == [
        *(f"marketo_leads:{number}" for number in (1, 7, 8, 9)),
        f"salesforce_contacts:{CONTACT}",
    ]
    kinds = graph.records.filter(~pl.col("stub"), pl.col("source") == "marketo_leads").sort("native_id")["kind"]
    assert kinds.cast(str).to_list() == ["contact", "lead"]
    assert {("marketo_leads:1", f"salesforce_accounts:{ACCOUNT}", "crm")} < memberships(graph)
    assert graph.rejects.is_empty()


# Pendo


def test_pendo_as_its_interface_gives_it(tmp_path):
    auto = {"firstvisit": 1767607200000, "lastvisit": 1767707200000, "idhash": 1, "lastbrowsername": "Chrome"}
    visitors = [
        {
            "visitorId": "u_7",
            "metadata": {"auto": {**auto, "accountids": ["t_1", "t_2"]}, "agent": {"email": "ana@acme.io"}},
        },
        {"visitorId": "u_8", "metadata": {"auto": {**auto, "accountid": "t_2"}, "agent": {"email": "bo@beta.io"}}},
    ]
    times = {name: auto[name] for name in ("firstvisit", "lastvisit", "idhash")}
    accounts = [
        {"accountId": "t_1", "metadata": {"auto": times, "agent": {"name": "A", "salesforceaccountid": ACCOUNT}}}
    ]
    graph = graph_of(
        tmp_path, app=USERS, visitors={"results": visitors}, accounts={"results": accounts}, contacts=CONTACTS
    )
    assert profile(graph, "app_users:u_7") == ["app_users:u_7", "pendo_visitors:u_7", f"salesforce_contacts:{CONTACT}"]
    assert {company for person, company, _ in memberships(graph) if person == "pendo_visitors:u_7"} == {
        "pendo_accounts:t_1",
        "pendo_accounts:t_2",
    }
    assert account(graph, "pendo_accounts:t_1") == ["pendo_accounts:t_1", f"salesforce_accounts:{ACCOUNT}"]


def test_pendo_says_in_a_table_of_its_own_who_was_in_which_account(tmp_path):
    head = "id,account_id,agent_email,id_hash,first_visit,last_visit,last_browser_name,last_updated_at\n"
    graph = graph_of(
        tmp_path,
        visitors=head + "u_7,t_2,ana@acme.io,1,2026-01-01,2026-02-01,Chrome,2026-02-01\n",
        both="visitor_id,account_id,visitor_last_updated_at\nu_7,t_1,2026-01-05\nu_7,t_3,2026-02-01\nu_7,t_3,2026-02-01\n",
    )
    said = graph.memberships.filter(pl.col("via") == "tenant").sort("company_record_id")
    assert [
        (company[-3:], until is not None) for company, until in said.select("company_record_id", "until").rows()
    ] == [
        ("t_1", True),
        ("t_2", False),
        ("t_3", False),
    ]


# Google Analytics, Snowplow


def test_google_analytics_as_bigquery_has_it(tmp_path):
    event = {"event_date": "20260105", "event_name": "page_view", "user_pseudo_id": "1234567.5678", "platform": "WEB"}
    events = [
        {**event, "event_timestamp": "1767607200000000", "user_id": None, "traffic_source": {"medium": "organic"}},
        {**event, "event_timestamp": "1767607200000000", "user_id": None, "traffic_source": {"medium": "organic"}},
        {**event, "event_timestamp": "1767607260000000", "user_id": "u_7", "traffic_source": {"medium": "organic"}},
    ]
    graph = graph_of(tmp_path, app=USERS, events=events)
    assert profile(graph, "app_users:u_7") == [
        "app_users:u_7",
        "ga4_events:u_7|1234567.5678",
        "ga4_events:|1234567.5678",
    ]
    assert graph.events.select("event").to_series().to_list() == ["page_view"] * 2  # one was delivered twice
    assert json.loads(graph.events["properties"][0]) == {"platform": "WEB", "medium": "organic"}


def test_snowplow_cookies_lead_to_the_user_and_null_is_nobody(tmp_path):
    rows = (
        "event_id,collector_tstamp,event_name,domain_userid,network_userid,user_id,domain_sessionid\n"
        "e1,2026-01-01 10:00:00,page_view,5f2c9e01-a,aa77bb88-1,NULL,s1\n"
        "e2,2026-01-02 10:00:00,page_view,5f2c9e01-b,aa77bb88-1,u_7,s2\n"
        "e3,2026-01-03 10:00:00,page_view,77aa9e01-c,00000000-0000-0000-0000-000000000000,NULL,s3\n"
        "e4,2026-01-03 10:00:00,page_view,77aa9e01-d,00000000-0000-0000-0000-000000000000,NULL,s4\n"
    )
    graph = graph_of(tmp_path, app=USERS, events=rows)
    assert len(profile(graph, "app_users:u_7")) == 3
    assert graph.profiles.height == 3
    assert sorted(graph.events["session_id"]) == ["s1", "s2", "s3", "s4"]
