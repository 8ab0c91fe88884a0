"""Values that many share: each guard keeps apart what it should, says so, and lets pass what it should."""

from __future__ import annotations

import polars as pl
import pytest

import idgraph as ig

PEOPLE = {"email": "email", "phone": "phone", "device": "device"}


def people(name: str, rows: list[dict[str, str | None]], **mapping: object) -> ig.Source:
    """A table of people by email, phone, device and name; ids are 1, 2 … where the rows have none."""
    columns = ["id", "email", "phone", "device", "name", "tenant", "account", "same"]
    table = [{**dict.fromkeys(columns), "id": str(place), **row} for place, row in enumerate(rows, 1)]
    known = {
        "kind": "contact",
        "id": "id",
        "identifiers": PEOPLE,
        "attributes": {"full_name": "name"},
        "data": pl.DataFrame(table, schema=dict.fromkeys(columns, pl.String)),
    }
    return ig.Source(**{"name": name, **known, **mapping})


def companies(name: str, rows: list[dict[str, str | None]], **mapping: object) -> ig.Source:
    """A table of companies by domain and name."""
    columns = ["id", "domain", "name", "parent"]
    table = [{**dict.fromkeys(columns), "id": str(place), **row} for place, row in enumerate(rows, 1)]
    known = {
        "kind": "crm_account",
        "id": "id",
        "identifiers": {"domain": "domain"},
        "attributes": {"name": "name"},
        "data": pl.DataFrame(table, schema=dict.fromkeys(columns, pl.String)),
    }
    return ig.Source(**{"name": name, **known, **mapping})


def entities(graph: ig.Graph, level: str = "person") -> list[list[str]]:
    placed = graph.assignments.filter(pl.col("level") == level).group_by("entity_id").agg("record_id")
    return sorted(sorted(records) for records in placed["record_id"].to_list())


def barred(graph: ig.Graph) -> list[tuple[str, str, str, int]]:
    return sorted(graph.suppressed.select("type", "value", "reason", "records").rows())


def apart(graph: ig.Graph, left: str, right: str) -> str:
    """Why two records are not one."""
    found = graph.explain(left, right)
    assert not found.same
    return str(found)


# Values by themselves


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("device", "undefined", "null_like"),
        ("device", "00000000-0000-0000-0000-000000000000", "null_like"),
        ("email", "test@example.com", "placeholder"),
        ("phone", "+15555555555", "placeholder"),
        ("email", "info@acme.io", "role_mailbox"),
    ],
)
def test_a_value_that_is_nobodys_joins_nobody(column, value, reason):
    graph = ig.resolve(people("crm_contacts", [{column: value}, {column: value}, {column: value}]))
    assert len(entities(graph)) == 3
    assert barred(graph) == [(column, value, reason, 3)]
    assert graph.suppressed["entities"].to_list() == [3]
    assert graph.suppressed["examples"].to_list() == [[f"crm_contacts:{number}" for number in (1, 2, 3)]]
    assert f"suppressed, {reason}" in apart(graph, "crm_contacts:1", "crm_contacts:2")


def test_a_role_mailbox_points_to_the_account():
    contacts = people("crm_contacts", [{"email": "info@acme.io"}, {"email": "info@acme.io"}])
    graph = ig.resolve(contacts, companies("crm_accounts", [{"domain": "acme.io"}]))
    assert len(entities(graph)) == 2
    assert graph.members.select("via", "account_id").unique().height == 1
    assert graph.members["via"].to_list() == ["domain", "domain"]


# Limits


@pytest.mark.parametrize(("holders", "joined"), [(5, 1), (6, 6)])
def test_more_ids_of_one_source_than_a_person_has_bar_a_value(holders, joined):
    graph = ig.resolve(people("crm_contacts", [{"email": "ana@acme.io"}] * holders))
    assert len(entities(graph)) == joined
    assert barred(graph) == ([] if joined == 1 else [("email", "ana@acme.io", "over_limit", 6)])


def test_a_limit_counts_each_source_by_itself():
    rows = [{"email": "ana@acme.io"}] * 4
    graph = ig.resolve(people("crm_contacts", rows), people("old_contacts", rows))
    assert len(entities(graph)) == 1


def test_a_limit_can_be_set():
    rows = [{"email": "ana@acme.io"}] * 3
    email = {"name": "email", "trust": "contact", "normaliser": "email", "weight": 14, "limit": 2}
    assert len(entities(ig.resolve(people("crm_contacts", rows), config=ig.Config(types=[email])))) == 3


def test_events_repeat_a_person_and_are_exempt():
    graph = ig.resolve(logins([("u1", f"device-{n}") for n in range(20)]))
    assert graph.records.height == 20
    assert len(entities(graph)) == 1
    assert barred(graph) == []


# Devices


def visits(columns: dict[str, str], *rows: tuple[str | None, ...]) -> ig.Source:
    """Visits by type of identifier: the columns that hold them, in order."""
    table = pl.DataFrame(rows, schema=dict.fromkeys(columns.values(), pl.String), orient="row")
    return ig.Source(
        "web_visits",
        kind="visitor",
        data=table.with_columns(at=pl.lit("2026-01-05")),
        time="at",
        identifiers=dict(columns),
    )


def logins(rows: list[tuple[str | None, str]]) -> ig.Source:
    return visits({"app.user_id": "user", "device": "device"}, *rows)


def identified(rows: list[tuple[str | None, str]]) -> ig.Source:
    return visits({"email": "email", "device": "device"}, *rows)


def test_a_device_of_two_users_joins_nobody():
    graph = ig.resolve(logins([("u1", "device-aa"), ("u2", "device-aa"), (None, "device-aa")]))
    assert len(entities(graph)) == 3
    assert barred(graph) == [("device", "device-aa", "several_users", 3)]
    assert "a device that several people were seen on" in apart(
        graph, "web_visits:u1|device-aa", "web_visits:u2|device-aa"
    )


def test_a_device_of_one_user_brings_the_earlier_visits_along():
    graph = ig.resolve(logins([("u1", "device-aa"), ("u1", "device-bb"), (None, "device-aa"), (None, "device-bb")]))
    assert len(entities(graph)) == 1


def test_two_user_ids_that_the_systems_say_are_one_are_no_conflict():
    users = people(
        "app_users",
        [{"id": "u1"}, {"id": "u2", "same": "u1"}],
        kind="user",
        id_type="app.user_id",
        same_as={"app.user_id": "same"},
    )
    seen = logins([("u1", "device-aa"), ("u2", "device-aa"), (None, "device-aa")])
    graph = ig.resolve(users, seen)
    assert len(entities(graph)) == 1
    assert barred(graph) == []
    apart_again = ig.resolve(users, seen, config=ig.Config(without=("source_merge",)))
    assert barred(apart_again) == [("device", "device-aa", "several_users", 3)]


def test_a_device_of_people_whose_names_differ_joins_nobody():
    rows = [
        {"id": "1", "email": "ana@acme.io", "name": "Ana Silva"},
        {"id": "2", "email": "bo@acme.io", "name": "Bo Berg"},
    ]
    known = people("crm_contacts", rows)
    graph = ig.resolve(known, identified([("ana@acme.io", "device-aa"), ("bo@acme.io", "device-aa")]))
    assert len(entities(graph)) == 2
    assert barred(graph) == [("device", "device-aa", "several_users", 2)]


def test_devices_of_two_types_join_no_people_whose_names_differ():
    known = people(
        "hubspot_contacts",
        [
            {"id": "1", "email": "ana@acme.io", "name": "Ana Silva", "device": None},
            {"id": "2", "email": "bo@acme.io", "name": "Bo Berg", "device": "c00kie-1"},
        ],
        identifiers={"email": "email", "hubspotutk": "device"},
    )
    columns = {"email": "email", "device": "device", "hubspotutk": "cookie"}
    seen = visits(columns, ("ana@acme.io", "device-aa", None), (None, "device-aa", "c00kie-1"))
    graph = ig.resolve(known, seen)
    assert graph.profile("hubspot_contacts:1")["entity_id"] != graph.profile("hubspot_contacts:2")["entity_id"]
    assert barred(graph) == [("hubspotutk", "c00kie-1", "several_users", 2)]


@pytest.mark.parametrize("name", ["Ana Silva", "A. Silva", None])
def test_a_device_of_one_person_with_two_addresses_joins_them(name):
    rows = [
        {"id": "1", "email": "ana@acme.io", "name": "Ana Silva"},
        {"id": "2", "email": "silva@gmail.com", "name": name},
    ]
    known = people("crm_contacts", rows)
    graph = ig.resolve(known, identified([("ana@acme.io", "device-aa"), ("silva@gmail.com", "device-aa")]))
    assert len(entities(graph)) == 1
    assert barred(graph) == []


# Names


def test_a_phone_whose_holders_names_disagree_joins_nobody():
    phone = "+14152007986"
    rows = [{"phone": phone, "name": "Ana Silva"}, {"phone": phone, "name": "Bo Larsen"}]
    graph = ig.resolve(people("crm_contacts", rows))
    assert len(entities(graph)) == 2
    assert barred(graph) == [("phone", phone, "names_disagree", 2)]


@pytest.mark.parametrize("other", ["Ana M. Silva", "SILVA, Ana", "ana silva", None])
def test_a_phone_whose_holders_names_agree_joins_them(other):
    phone = "+14152007986"
    rows = [{"phone": phone, "name": "Ana Silva"}, {"phone": phone, "name": other}]
    assert len(entities(ig.resolve(people("crm_contacts", rows)))) == 1


def test_an_address_joins_those_whose_names_hang_together():
    """Typing and nicknames leave one group: each name has a part in common with another."""
    rows = [{"email": "bob@acme.io", "name": name} for name in ("Bob Smith", "Bob Smyth", "Robert Smith", None)]
    assert len(entities(ig.resolve(people("crm_contacts", rows)))) == 1


def test_an_address_of_people_named_otherwise_is_a_shared_inbox():
    rows = [{"email": "ana.silva@acme.io", "name": name} for name in ("Ana Silva", "Cy Young", "Bo Larsen")]
    graph = ig.resolve(people("crm_contacts", rows))
    assert len(entities(graph)) == 3
    assert barred(graph) == [("email", "ana.silva@acme.io", "names_disagree", 3)]


def test_how_much_names_must_agree_can_be_set():
    rows = [{"email": "ana@acme.io", "name": name} for name in ("Ana Silva", "Ana Silva", "Ana Rossi", "Bo Larsen")]
    most = ig.Config(types=[{"name": "email", "agreement": 0.5}])
    assert len(entities(ig.resolve(people("crm_contacts", rows), config=most))) == 1


# Domains


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        ("gmail.com", "free_domain"),
        ("mailinator.com", "disposable_domain"),
        ("privaterelay.appleid.com", "relay_domain"),
        ("github.io", "shared_host"),
    ],
)
def test_a_providers_domain_links_no_companies(domain, reason):
    graph = ig.resolve(companies("crm_accounts", [{"domain": domain}, {"domain": domain}]))
    assert len(entities(graph, "account")) == 2
    ((_, _, why, records),) = barred(graph)
    assert (why, records) == (reason, 2)


@pytest.mark.parametrize("site", ["facebook.com", "https://www.linkedin.com/", "x.com", "m.facebook.com/"])
def test_a_social_network_is_nobodys_domain_who_is_not_called_so(site):
    rows = [{"domain": site, "name": "Wenniro Foods"}, {"domain": site, "name": "Wenniro Foods"}]
    graph = ig.resolve(companies("crm_accounts", rows))
    assert len(entities(graph, "account")) == 2
    ((_, _, why, records),) = barred(graph)
    assert (why, records) == ("profile_host", 2)


def test_a_social_network_has_its_own_domain_and_people():
    rows = [{"domain": "github.com", "name": "GitHub, Inc."}, {"domain": "github.com", "name": "Github"}]
    accounts = companies("crm_accounts", [*rows, {"domain": "github.com", "name": "Wenniro Foods"}])
    graph = ig.resolve(accounts, people("crm_contacts", [{"email": "ana@github.com"}]))
    entity = graph.assignments.filter(pl.col("level") == "account").sort("record_id")["entity_id"].to_list()
    assert entity[0] == entity[1] != entity[2]
    assert graph.members["account_id"].to_list() == [entity[0]]
    assert barred(graph) == [("domain", "github.com", "profile_host", 1)]


@pytest.mark.parametrize(
    ("domain", "name", "reason"),
    [
        ("comcast.net", "Comcast", "free_domain"),
        ("vodafone.de", "Vodafone", "isp_domain"),
        ("mailinator.com", "Mailinator", "disposable_domain"),
        ("duck.com", "Duck", "relay_domain"),
        ("wenniro.wixsite.com", "Wenniro", "shared_host"),
    ],
)
def test_a_domain_on_a_list_is_the_own_one_of_who_is_called_so_and_of_nobody_else(domain, name, reason):
    rows = [{"domain": domain, "name": called} for called in (f"{name} Inc.", name, "Orange County Plumbing")]
    users = [{"email": f"{local}@{domain}", "tenant": "t1"} for local in ("ana", "bo")]
    graph = ig.resolve(
        companies("crm_accounts", rows),
        people("app_users", users, kind="user", belongs_to={"app.tenant_id": "tenant"}),
        config=ig.Config(without=("similar",)),
    )
    assert len(entities(graph, "account")) == 3
    assert ["crm_accounts:1", "crm_accounts:2"] in entities(graph, "account")
    assert barred(graph) == [("domain", domain, reason, 1)]
    used = graph.identifiers.filter(type="domain", state="used")
    assert used.select("value", "reason").unique().rows() == [(domain, "own_domain")]
    assert graph.summary()["overridden"] == [{"type": "domain", "reason": "own_domain", "count": 2}]


def test_a_tenant_that_is_called_like_a_provider_does_not_have_its_domain():
    tenants = companies("app_tenants", [{"domain": "gmail.com", "name": "Gmail"}] * 2, kind="tenant")
    assert len(entities(ig.resolve(tenants), "account")) == 2


@pytest.mark.parametrize("domain", ["gmail.com", "mailinator.com", "privaterelay.appleid.com"])
def test_users_with_a_providers_addresses_link_no_companies(domain):
    users = people(
        "app_users",
        [{"email": f"ana@{domain}", "tenant": "t1"}, {"email": f"bo@{domain}", "tenant": "t2"}],
        kind="user",
        belongs_to={"app.tenant_id": "tenant"},
    )
    graph = ig.resolve(users)
    assert len(entities(graph, "account")) == 2
    assert graph.identifiers.filter(pl.col("type") == "domain").is_empty()


def test_a_domain_of_a_person_links_no_people():
    rows = [{"account": "acme.io"}, {"account": "acme.io"}]
    graph = ig.resolve(people("crm_leads", rows, kind="lead", identifiers={"domain": "account"}))
    assert len(entities(graph)) == 2
    assert graph.identifiers["state"].to_list() == ["unused", "unused"]


def test_accounts_of_one_domain_are_one():
    rows = [{"domain": "https://www.acme.io/about", "name": "Acme, Inc."}, {"domain": "acme.io", "name": "ACME"}]
    graph = ig.resolve(companies("crm_accounts", rows))
    assert len(entities(graph, "account")) == 1


def test_a_domain_that_a_parent_and_its_child_hold_names_neither():
    accounts = companies(
        "crm_accounts",
        [{"domain": "acme.io", "name": "Acme"}, {"domain": "acme.io", "name": "Acme Italia", "parent": "1"}],
        owned_by={"crm_accounts.id": "parent"},
    )
    users = people("app_users", [{"email": "ana@acme.io", "tenant": "t1"}], belongs_to={"app.tenant_id": "tenant"})
    graph = ig.resolve(accounts, users)
    assert len(entities(graph, "account")) == 3
    assert ("domain", "acme.io", "ambiguous_domain", 3) in barred(graph)
    review = graph.links.filter(pl.col("state") == "review").sort("right_id")
    assert review.select("left_id", "right_id", "rule", "evidence", "reason").rows() == [
        ("app_tenants:t1", f"crm_accounts:{number}", "domain", "acme.io", "ambiguous_domain") for number in (1, 2)
    ]
    assert graph.members.filter(pl.col("via") == "domain").is_empty()


def test_a_domain_of_accounts_whose_names_disagree_is_for_a_person_to_decide():
    rows = [{"domain": "acme.io", "name": "Acme"}, {"domain": "acme.io", "name": "Zenith"}]
    graph = ig.resolve(companies("crm_accounts", rows))
    assert len(entities(graph, "account")) == 2
    assert barred(graph) == [("domain", "acme.io", "ambiguous_domain", 2)]
    assert graph.links.select("left_id", "right_id", "state", "reason").rows() == [
        ("crm_accounts:1", "crm_accounts:2", "review", "ambiguous_domain")
    ]
    assert "a link by domain is in state review" in apart(graph, "crm_accounts:1", "crm_accounts:2")


def test_a_tenant_has_the_domain_that_most_of_its_users_write_from():
    addresses = ["ana@acme.io", "bo@acme.io", "cy@acme.io", "di@agency.com"]
    users = people(
        "app_users",
        [{"email": address, "tenant": "t1"} for address in addresses],
        kind="user",
        belongs_to={"app.tenant_id": "tenant"},
    )
    accounts = companies("crm_accounts", [{"domain": "acme.io"}, {"domain": "agency.com"}])
    graph = ig.resolve(users, accounts)
    assert entities(graph, "account") == [["app_tenants:t1", "crm_accounts:1"], ["crm_accounts:2"]]
    domains = graph.identifiers.filter((pl.col("type") == "domain") & (pl.col("origin") == "derived"))
    assert sorted(domains.select("value", "state", "reason", "support").rows()) == [
        ("acme.io", "used", None, 3),
        ("agency.com", "suppressed", "minority", 1),
    ]
    assert ("app_tenants:t1", "crm_accounts:2") in graph.links.filter(pl.col("state") == "review").select(
        "left_id", "right_id"
    ).rows()


def test_a_tenant_without_a_majority_has_no_domain():
    users = people(
        "app_users",
        [{"email": "ana@acme.io", "tenant": "t1"}, {"email": "bo@agency.com", "tenant": "t1"}],
        kind="user",
        belongs_to={"app.tenant_id": "tenant"},
    )
    graph = ig.resolve(users, companies("crm_accounts", [{"domain": "acme.io"}, {"domain": "agency.com"}]))
    assert len(entities(graph, "account")) == 3
    assert {reason for _, _, reason, _ in barred(graph)} == {"minority"}


def users_of(tenants: dict[str, list[str]]) -> ig.Source:
    """The users of a product, by their tenant and address."""
    rows = [{"email": address, "tenant": tenant} for tenant, found in tenants.items() for address in found]
    return people("app_users", rows, kind="user", belongs_to={"app.tenant_id": "tenant"})


def at(domain: str, number: int) -> list[str]:
    return [f"{name}@{domain}" for name in ("ana", "bo", "cy", "di", "eli", "fay")[:number]]


def in_review(graph: ig.Graph) -> set[tuple[str, str, str, str]]:
    waiting = graph.links.filter(pl.col("state") == "review")
    return set(waiting.select("left_id", "right_id", "evidence", pl.col("reason").cast(pl.String)).rows())


def test_two_that_something_else_made_one_do_not_wait_for_a_person_any_more():
    rows = [{"domain": "acme.io", "name": "Acme"}, {"domain": "acme.io", "name": "Zenith"}]
    users = people("app_users", [{"email": "ana@acme.io", "tenant": "t1"}], belongs_to={"app.tenant_id": "tenant"})
    pairs = [("app_tenants:t1", "crm_accounts:1"), ("app_tenants:t1", "crm_accounts:2")]
    between = [("crm_accounts:1", "crm_accounts:2")]

    def waiting(*same: tuple[str, str]) -> list[tuple[str, str]]:
        said = pl.DataFrame(same, ["left_id", "right_id"], orient="row").with_columns(verdict=pl.lit("same"))
        graph = ig.resolve(companies("crm_accounts", rows), users, judgements=said if same else None)
        return sorted(pair[:2] for pair in in_review(graph))

    assert waiting() == sorted(pairs + between)
    assert waiting(*between) == pairs
    assert waiting(*between, pairs[0]) == []


TWO = [{"name": "Acme", "domain": "acme.io"}, {"name": "Beta", "domain": "beta.com"}]


@pytest.mark.parametrize(
    ("acme", "beta", "owner"), [(3, 3, None), (4, 3, None), (4, 2, None), (5, 2, "1"), (2, 1, "1")]
)
def test_a_tenant_of_two_companies_waits_for_a_person_unless_one_clearly_has_more_people(acme, beta, owner):
    graph = ig.resolve(users_of({"t1": [*at("acme.io", acme), *at("beta.com", beta)]}), companies("crm_accounts", TWO))
    whole = [["app_tenants:t1", f"crm_accounts:{owner}"]] if owner else []
    assert [records for records in entities(graph, "account") if len(records) > 1] == whole
    asked = {("app_tenants:t1", f"crm_accounts:{place}", row["domain"]) for place, row in enumerate(TWO, 1)}
    reason = "minority" if owner else "two_companies"
    expected = {(*pair, reason) for pair in asked if pair[1] != f"crm_accounts:{owner}"}
    assert in_review(graph) == expected


def test_a_company_that_writes_from_two_domains_of_one_name_is_one():
    users = users_of({"t1": [*at("acme.io", 4), *at("acme.de", 3)]})
    graph = ig.resolve(users, companies("crm_accounts", TWO))
    assert ["app_tenants:t1", "crm_accounts:1"] in entities(graph, "account")


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("number", [2, 6])
def test_a_consultant_fuses_no_tenants(known, number):
    tenants = {f"t{place}": ["ana@agency.com", f"someone{place}@gmail.com"] for place in range(number)}
    accounts = [{"name": "Agency", "domain": "agency.com"}] if known else [{"name": "Acme", "domain": "acme.io"}]
    graph = ig.resolve(users_of(tenants), companies("crm_accounts", accounts))
    assert len(entities(graph, "account")) == number + 1
    pairs = {(f"app_tenants:{tenant}", "crm_accounts:1", "agency.com", "consultant") for tenant in tenants}
    assert in_review(graph) == (pairs if known else set())


def test_people_of_an_agency_who_are_in_many_tenants_leave_each_to_its_own_company():
    agency = at("agency.com", 2)
    tenants = {"t1": [*agency, *at("acme.io", 2)], "t2": [*agency, *at("beta.com", 2)], "t3": agency}
    graph = ig.resolve(users_of(tenants), companies("crm_accounts", TWO))
    assert entities(graph, "account") == [
        ["app_tenants:t1", "crm_accounts:1"],
        ["app_tenants:t2", "crm_accounts:2"],
        ["app_tenants:t3"],
    ]


def test_who_works_in_several_tenants_of_one_company_counts_in_each():
    graph = ig.resolve(
        users_of({"t1": at("acme.io", 3), "t2": [*at("acme.io", 3), "di@contractor.com"]}),
        companies("crm_accounts", TWO),
    )
    assert ["app_tenants:t1", "app_tenants:t2", "crm_accounts:1"] in entities(graph, "account")


def bridged(own: dict[str, str | None], users: list[str], names: tuple[str, str]) -> ig.Graph:
    """A tenant that holds values of its own, its users, and the accounts of acme.io and agency.com."""
    row = {"id": "t1", "domain": None, "account": None, **own}
    tenant = ig.Source(
        "app_tenants",
        kind="tenant",
        id="id",
        id_type="app.tenant_id",
        identifiers={"domain": "domain", "crm_accounts.id": "account"},
        data=pl.DataFrame([row], schema=dict.fromkeys(row, pl.String)),
    )
    domains = ("acme.io", "agency.com")
    accounts = [{"name": name, "domain": domain} for name, domain in zip(names, domains, strict=True)]
    return ig.resolve(tenant, users_of({"t1": users}), companies("crm_accounts", accounts))


@pytest.mark.parametrize(
    ("own", "users", "owner", "asked"),
    [
        ({"domain": "agency.com"}, at("acme.io", 3), None, {"acme.io": "1", "agency.com": "2"}),
        ({"account": "1"}, at("agency.com", 3), "1", {"agency.com": "2"}),
        ({"account": "1", "domain": "agency.com"}, at("acme.io", 3), "1", {"agency.com": "2"}),
    ],
)
def test_a_tenant_joins_no_companies_that_are_called_otherwise(own, users, owner, asked):
    graph = bridged(own, users, ("Acme Robotics", "Betamax"))
    whole = [["app_tenants:t1", f"crm_accounts:{owner}"]] if owner else []
    assert [records for records in entities(graph, "account") if len(records) > 1] == whole
    expected = {("app_tenants:t1", f"crm_accounts:{of}", value, "two_companies") for value, of in asked.items()}
    assert in_review(graph) == expected
    for other in ("Acme Inc", "Robbotics GmbH"):  # a part in common, or one that is mistyped
        same = bridged(own, users, ("Acme Robotics", other))
        assert entities(same, "account") == [["app_tenants:t1", "crm_accounts:1", "crm_accounts:2"]]


# What is no identity


def test_a_membership_joins_nobody():
    rows = [{"account": "a1", "name": "Ana Silva"}, {"account": "a1", "name": "Ana Silva"}]
    graph = ig.resolve(people("crm_contacts", rows, belongs_to={"crm_accounts.id": "account"}))
    assert len(entities(graph)) == 2
    assert len(entities(graph, "account")) == 1
    assert graph.members.height == 2
    found = graph.explain("crm_contacts:1", "crm_accounts:a1")
    assert (found.same, found.member, [step.rule for step in found.steps]) == (False, True, ["crm"])


def test_people_of_two_tenants_do_not_join_the_tenants():
    rows = [{"email": "ana@acme.io", "tenant": "t1"}, {"email": "ana@acme.io", "tenant": "t2"}]
    tenant = {"name": "domain", "level": "account", "trust": "none", "normaliser": "domain"}
    users = people("app_users", rows, kind="user", belongs_to={"app.tenant_id": "tenant"})
    graph = ig.resolve(users, config=ig.Config(types=[tenant]))
    assert len(entities(graph)) == 1
    assert len(entities(graph, "account")) == 2


def test_a_hierarchy_joins_nobody():
    rows = [{"name": "Acme"}, {"name": "Acme Italia", "parent": "1"}, {"name": "Acme Roma", "parent": "2"}]
    graph = ig.resolve(companies("crm_accounts", rows, owned_by={"crm_accounts.id": "parent"}))
    assert len(entities(graph, "account")) == 3
    assert graph.links.is_empty()
    assert graph.hierarchy.height == 2
