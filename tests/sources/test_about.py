"""Tables of associations: whom the rows of another table are about, and to which companies its people belong."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import MappingError
from idgraph.sources.discover import discover

CONTACTS = {"id": ["1", "2", "3"], "mail": ["ana@acme.io", "bo@acme.io", "cy@beta.io"], "company": ["70", "70", "80"]}
COMPANIES = {"id": ["70", "80"], "name": ["Acme", "Beta"]}
DEALS = {"id": ["d1", "d2", "d3"], "made": ["2026-01-05", "2026-01-06", "2026-01-07"]}


def source(name, rows, **mapping):
    return ig.Source(name, data=pl.DataFrame(rows), **mapping)


def of_deals(rows, **mapping):
    return source("crm_deal_parties", rows, about={"crm_deals": "deal"}, **mapping)


def tables(*more):
    company = {"crm_companies.id": "company"}
    return (
        source("crm_contacts", CONTACTS, kind="contact", id="id", identifiers={"email": "mail"}, belongs_to=company),
        source("crm_companies", COMPANIES, kind="crm_account", id="id", attributes={"name": "name"}),
        source("crm_deals", DEALS, event={"deal_created": "made"}, event_id="id"),
        *more,
    )


def told(*more, as_of=None):
    """Whom and which company each event is about."""
    graph = ig.resolve(*tables(*more))
    events = (graph.as_of(as_of) if as_of else graph).events
    return {row["event_id"].split(":", 1)[1]: (row["record_id"], row["company_record_id"]) for row in events.to_dicts()}


def test_a_deal_is_of_whom_the_associations_say():
    companies = of_deals({"deal": ["d1", "d2"], "company": ["70", "80"]}, belongs_to={"crm_companies.id": "company"})
    people = source(
        "crm_deal_people", {"deal": ["d1", "d9"], "who": ["2", "1"]}, about={"crm_deals": "deal"},
        identifiers={"crm_contacts.id": "who"},
    )  # fmt: skip
    assert told(companies, people) == {
        "d1": ("crm_contacts:2", "crm_companies:70"),
        "d2": (None, "crm_companies:80"),
        "d3": (None, None),
    }
    refused = ig.resolve(*tables(companies, people)).rejects
    assert refused.select("source", "row", "column", "value", "reason").rows() == [
        ("crm_deal_people", 2, "deal", "d9", "no_such_row")
    ]


def test_what_a_row_says_itself_counts_first():
    deals = source(
        "crm_deals", DEALS | {"company": ["80", None, None]}, event={"deal_created": "made"}, event_id="id",
        belongs_to={"crm_companies.id": "company"},
    )  # fmt: skip
    said = of_deals({"deal": ["d1", "d2"], "company": ["70", "70"]}, belongs_to={"crm_companies.id": "company"})
    events = ig.resolve(*tables()[:2], deals, said).events.sort("event_id")
    assert events["company_record_id"].to_list() == ["crm_companies:80", "crm_companies:70", None]


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_the_primary_counts_then_the_first_then_the_smallest(order):
    rows = {
        "deal": ["d1", "d1", "d2", "d2", "d3", "d3"],
        "company": ["70", "80", "80", "70", "80", "70"],
        "label": [None, "Main", None, None, None, None],
        "since": ["2026-01-01", "2026-01-02", "2026-01-01", "2026-01-02", None, None],
    }
    said = of_deals(
        {name: values[::order] for name, values in rows.items()},
        belongs_to={"crm_companies.id": "company"}, time="since", primary={"label": "main"},
    )  # fmt: skip
    assert {deal: company for deal, (_, company) in told(said).items()} == {
        "d1": "crm_companies:80",
        "d2": "crm_companies:80",
        "d3": "crm_companies:70",
    }


def test_who_came_to_a_deal_later_was_not_known_before():
    roles = {"deal": ["d1", "d2"], "who": ["1", "2"], "at": ["2026-01-20", None], "changed": ["2026-02-20", None]}
    people = source(
        "crm_roles", roles, about={"crm_deals": "deal"}, identifiers={"crm_contacts.id": "who"}, time="at",
        version="changed",
    )  # fmt: skip
    firms = of_deals(
        {"deal": ["d1", "d3"], "company": ["70", "80"], "at": ["2026-01-10", "2026-01-30"]},
        belongs_to={"crm_companies.id": "company"}, time="at",
    )  # fmt: skip
    joined = source(
        "crm_joined", {"id": ["j"], "deal": ["d3"], "who": ["3"], "at": ["2026-01-08"]},
        about={"crm_deals": "deal"}, identifiers={"crm_contacts.id": "who"}, event={"joined": "at"}, event_id="id",
    )  # fmt: skip
    then, soon, later = (told(people, firms, joined, as_of=f"2026-01-{day}") for day in ("09", "10", "20"))
    bo, cy = ("crm_contacts:2", None), ("crm_contacts:3", None)
    assert then == {"d1": (None, None), "d2": bo, "d3": cy, "j": cy}  # a table without times holds always
    assert soon == then | {"d1": (None, "crm_companies:70")}
    assert later == then | {"d1": ("crm_contacts:1", "crm_companies:70")}
    beta = ("crm_contacts:3", "crm_companies:80")
    assert told(people, firms, joined) == later | {"d3": beta, "j": beta}


def test_a_deleted_association_says_nothing():
    said = of_deals(
        {"deal": ["d1"], "company": ["70"], "gone": ["true"]},
        belongs_to={"crm_companies.id": "company"}, deleted="gone",
    )  # fmt: skip
    assert told(said)["d1"] == (None, None)


def test_who_is_in_a_deal_acts_in_its_company_even_where_theirs_is_another():
    companies = of_deals({"deal": ["d1"], "company": ["70"]}, belongs_to={"crm_companies.id": "company"})
    roles = source(
        "crm_roles", {"id": ["r1"], "deal": ["d1"], "who": ["3"], "role": ["Buyer"], "at": ["2026-01-09"]},
        about={"crm_deals": "deal"}, identifiers={"crm_contacts.id": "who"}, attributes={"deal_role": "role"},
        event={"joined": "at"}, event_id="id", time="at",
    )  # fmt: skip
    graph = ig.resolve(*tables(companies, roles))
    joined = graph.events.filter(pl.col("event") == "joined")
    assert joined.select("record_id", "company_record_id").rows() == [("crm_contacts:3", "crm_companies:70")]
    role = graph.activity().facts.filter(pl.col("name") == "deal_role").collect()
    assert role.select("level", "value").rows() == [("person", "Buyer")]


def test_a_contact_belongs_to_further_companies_too():
    more = source(
        "crm_contact_companies", {"who": ["1", "9", "2"], "company": ["80", "70", "80"], "gone": ["no", "no", "yes"]},
        about={"crm_contacts": "who"}, belongs_to={"crm_companies.id": "company"}, deleted="gone",
    )  # fmt: skip
    graph = ig.resolve(*tables()[:2], more)
    known = graph.memberships.filter(pl.col("via").cast(pl.String) == "crm")
    assert sorted(known.select("person_record_id", "company_record_id").rows()) == [
        ("crm_contacts:1", "crm_companies:70"),
        ("crm_contacts:1", "crm_companies:80"),
        ("crm_contacts:2", "crm_companies:70"),
        ("crm_contacts:3", "crm_companies:80"),
    ]
    assert graph.records.filter(~pl.col("stub")).height == 5  # an association is no record


def test_a_company_holds_what_rows_about_it_say():
    rows = {"firm": ["70", "70", "99"], "site": ["acme.io", "www.acme.com", "gone.io"]}
    domains = source("crm_domains", rows, about={"crm_companies": "firm"}, identifiers={"domain": "site"})
    graph = ig.resolve(*tables()[:2], domains)
    assert sorted(graph.account("crm_companies:70")["domains"]) == ["acme.com", "acme.io"]
    held = graph.identifiers.filter((pl.col("type") == "domain") & (pl.col("origin") == "own"))
    assert held["record_id"].unique().to_list() == ["crm_companies:70"]
    assert graph.records.height == 5
    missing = graph.rejects.filter(pl.col("reason") == "no_such_row")
    assert missing.select("source", "value").rows() == [("crm_domains", "99")]


def test_a_person_holds_what_rows_about_them_say():
    rows = {"who": ["1", "2", "3"], "address": ["ana@silva.org", "Ana@Silva.org", "by post"]}
    more = source("crm_addresses", rows, about={"crm_contacts": "who"}, identifiers={"email": "address"})
    graph = ig.resolve(*tables()[:2], more)
    assert graph.profile("crm_contacts:1")["record_ids"] == ["crm_contacts:1", "crm_contacts:2"]
    assert graph.rejects.select("source", "row", "column", "value", "reason").rows() == [
        ("crm_addresses", 3, "address", "by post", "not_an_email")
    ]


def merges(survivors, merged):
    rows = {"kept": survivors, "gone": merged, "at": ["2026-02-01"] * len(merged)}
    return source(
        "crm_merges", rows, about={"crm_contacts": "kept"}, merged={"crm_contacts.id": "gone"}, time="at"
    )  # fmt: skip


def test_rows_say_what_was_merged_into_whom():
    graph = ig.resolve(*tables()[:2], merges(["1"], ["[2]"]))
    assert graph.profile("crm_contacts:1")["record_ids"] == ["crm_contacts:1", "crm_contacts:2"]
    (alias,) = graph.aliases.iter_rows(named=True)
    assert (alias["survivor_record_id"], alias["merged_record_id"]) == ("crm_contacts:1", "crm_contacts:2")
    assert (alias["via"], str(alias["at"])) == ("gone", "2026-02-01 00:00:00+00:00")
    without = ig.resolve(*tables()[:2], merges(["1"], ["[2]"]), config=ig.Config(without=("source_merge",)))
    assert without.profiles.height == 3


def test_merges_lead_over_records_that_are_gone():
    """7 was merged into 9, that into 8, that into 2, who alone is still there; of 5 and 6 nobody is."""
    graph = ig.resolve(*tables()[:2], merges(["2", "8", "9", "5"], ["8", "9", "7", "6"]))
    assert graph.profile("crm_contacts:2")["record_ids"] == [f"crm_contacts:{number}" for number in "2789"]
    assert graph.profiles.height == 3
    assert graph.records.filter(~pl.col("stub")).height == 5
    assert graph.rejects.select("source", "value", "reason").rows() == [("crm_merges", "5", "no_such_row")]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"about": {"crm_orders": "deal"}}, "'crm_orders', and there is no such source"),
        ({"about": {"crm_companies": "deal"}}, "'crm_companies', which are companies"),
        ({"about": {"crm_contacts": "deal"}, "merged": {"crm_deals.id": "deal"}}, "which their ids are not of"),
        ({"merged": {"crm_contacts.id": "deal"}, "event": {"x": "deal"}}, "it has merged, but no kind"),
        ({"about": {"crm_deals": "deal", "crm_contacts": "deal"}}, "about"),
        ({"about": {"crm_deals": "deal"}, "kind": "contact", "id": "deal"}, "also a kind"),
        ({"primary": {"deal": "x"}, "event": {"x": "deal"}}, "say of which table"),
    ],
)
def test_what_cannot_be_meant_is_refused(mapping, said):
    rows = {"deal": ["d1"], "company": ["70"]}
    with pytest.raises(MappingError, match=said):
        ig.resolve(*tables()[:2], source("crm_parties", rows, belongs_to={"crm_companies.id": "company"}, **mapping))


def test_rows_about_nobody_are_refused():
    with pytest.raises(MappingError, match="'crm_deals': its rows name neither a person nor a company"):
        ig.resolve(*tables())


EXPORTS = {
    "contact.csv": "id,property_email,property_firstname\n1,ana@acme.io,Ana\n2,bo@acme.io,Bo\n",
    "company.csv": "id,property_name,property_domain\n70,Acme,acme.io\n80,Beta,beta.io\n",
    "deal.csv": "deal_id,property_dealname,property_createdate\n5,Big,2026-01-05\n",
    "deal_company.csv": "deal_id,company_id,type_id,category\n5,70,341,HUBSPOT_DEFINED\n5,80,5,HUBSPOT_DEFINED\n",
    "deal_contact.csv": "contact_id,deal_id,type_id,category\n2,5,3,HUBSPOT_DEFINED\n1,5,3,HUBSPOT_DEFINED\n",
    "ticket.csv": "id,property_subject,property_hs_pipeline_stage,property_createdate\n8,Help,1,2026-01-06\n",
    "ticket_company.csv": "ticket_id,company_id,category\n8,70,HUBSPOT_DEFINED\n",
    "ticket_contact.csv": "ticket_id,contact_id,category\n8,1,HUBSPOT_DEFINED\n",
    "contact_company.csv": "contact_id,company_id,type_id,category\n1,70,1,HUBSPOT_DEFINED\n",
}


def written(folder, exports):
    for name, text in exports.items():
        (folder / name).write_text(text)
    return discover(folder)


def test_hubspots_associations_are_known(tmp_path):
    found = written(tmp_path, EXPORTS)
    assert found.unknown == ()
    graph = ig.resolve(*found)
    events = graph.events.sort("event").select("event", "record_id", "company_record_id").rows()
    assert events == [
        ("deal_created", "hubspot_contacts:1", "hubspot_companies:80"),
        ("ticket_opened", "hubspot_contacts:1", "hubspot_companies:70"),
    ]
    in_deal = graph.activity().facts.filter(pl.col("name") == "deal").collect()
    assert in_deal.select("level", "value").rows() == [("person", "5")] * 2
    stated = graph.memberships.filter(pl.col("via").cast(pl.String) == "crm")
    assert stated.select("person_record_id", "company_record_id").rows() == [
        ("hubspot_contacts:1", "hubspot_companies:70")
    ]


ACME, DEAL, ANA, BO = "0011G00000eLwuWQAS", "0061G00000fQbCfQAK", "0031G00000rfAvuQAE", "0031G00000rfAvzQAE"
ROLES = {
    "accounts.csv": f"Id,Name,Website,BillingCity\n{ACME},Acme,acme.io,Oslo\n",
    "contacts.csv": f"Id,LastName,AccountId,Email\n{ANA},Silva,{ACME},ana@acme.io\n{BO},Berg,,bo@adviser.io\n",
    "opportunities.csv": f"Id,AccountId,StageName,CloseDate,CreatedDate\n{DEAL},{ACME},Open,2026-09-01,2026-01-05\n",
    "roles.csv": "Id,OpportunityId,ContactId,Role,IsPrimary,CreatedDate,IsDeleted\n"
    f"00K1,{DEAL},{ANA},User,false,2026-01-06,false\n00K2,{DEAL},{BO},Decision Maker,true,2026-01-07,false\n",
}


def test_salesforces_contact_roles_say_who_is_in_an_opportunity(tmp_path):
    graph = ig.resolve(*written(tmp_path, ROLES))
    events = graph.activity().events.collect().sort("at")
    assert events["event"].to_list() == ["opportunity_created", *["opportunity_contact_added"] * 2]
    assert events["record_id"].to_list() == [f"salesforce_contacts:{who}" for who in (BO, ANA, BO)]
    assert events["company_record_id"].unique().to_list() == [f"salesforce_accounts:{ACME}"]
    assert events["properties"][2] == f'{{"role":"Decision Maker","primary":"true","opportunity":"{DEAL}"}}'
