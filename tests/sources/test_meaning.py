"""What a mapping means where two readings are possible, and what is refused because it can mean nothing."""

from __future__ import annotations

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import MappingError


def source(name: str, kind: str | ig.KindBy, rows: list[dict[str, str | None]], **mapping) -> ig.Source:
    columns = dict.fromkeys((column for row in rows for column in row), pl.String)
    return ig.Source(name, kind=kind, data=pl.DataFrame(rows, schema=columns), **mapping)


def people(graph: ig.Graph) -> int:
    return graph.profiles.height


def test_two_users_of_one_table_on_one_device_stay_two():
    rows = [{"id": "u_1", "device": "5f2c9e01aa"}, {"id": "u_2", "device": "5f2c9e01aa"}]
    graph = ig.resolve(source("app_users", "user", rows, id="id", identifiers={"device": "device"}))
    assert people(graph) == 2
    assert graph.suppressed.select("type", "reason").rows() == [("device", "several_users")]


def test_a_type_that_changes_its_limit_is_cleaned_as_before():
    rows = [{"id": "1", "email": "ANA@acme.io"}, {"id": "2", "email": "ana@acme.io"}]
    config = ig.Config(types=(ig.IdentifierType(name="email", limit=10),))
    graph = ig.resolve(source("crm_leads", "lead", rows, id="id", identifiers={"email": "email"}), config=config)
    assert people(graph) == 1
    assert config.type_of("person", "email").agreement == ig.Config().type_of("person", "email").agreement


def test_settings_survive_being_written(tmp_path):
    config = ig.Config(types=(ig.IdentifierType(name="email", limit=10),))
    rows = [{"id": "1", "email": "ana@acme.io"}]
    graph = ig.resolve(source("crm_leads", "lead", rows, id="id", identifiers={"email": "email"}), config=config)
    assert ig.open(graph.write(tmp_path / "out")).config.type_of("person", "email") == config.type_of("person", "email")


def test_what_describes_is_refused_as_an_identifier():
    leads = source("crm_leads", "lead", [{"id": "1", "company": "Acme"}], id="id", identifiers={"company": "company"})
    with pytest.raises(MappingError, match=r"'company' is no known type of identifier.*goes into attributes"):
        ig.resolve(leads)


def test_a_stub_joins_who_holds_its_id_and_keeps_its_own_when_its_table_comes():
    users = source("app_users", "user", [{"id": "u_1", "t": "t_1"}], id="id", belongs_to={"app.tenant_id": "t"})
    bills = source(
        "billing_customers", "crm_account", [{"id": "9", "t": "t_1"}], id="id", identifiers={"app.tenant_id": "t"}
    )
    before = ig.resolve(users, bills)
    assert before.account("app_tenants:t_1")["record_ids"] == ["app_tenants:t_1", "billing_customers:9"]
    tenants = source("app_tenants", "tenant", [{"id": "t_1"}], id="id", id_type="app.tenant_id")
    after = ig.resolve(users, bills, tenants)
    assert after.account("app_tenants:t_1")["entity_id"] == before.account("app_tenants:t_1")["entity_id"]


def test_the_newest_address_is_the_best():
    rows = [
        {"id": "1", "email": "ana@acme.io", "changed": "2026-01-01"},
        {"id": "1", "email": "zoe@acme.io", "changed": "2026-02-01"},
    ]
    graph = ig.resolve(source("crm_leads", "lead", rows, id="id", version="changed", identifiers={"email": "email"}))
    profile = graph.profile("crm_leads:1")
    assert (profile["email"], profile["emails"]) == ("zoe@acme.io", ["zoe@acme.io", "ana@acme.io"])


def test_profiles_have_the_attributes_of_people_only():
    leads = source("crm_leads", "lead", [{"id": "1", "title": "CEO"}], id="id", attributes={"title": "title"})
    accounts = source("crm_accounts", "crm_account", [{"id": "1", "i": "Steel"}], id="id", attributes={"industry": "i"})
    graph = ig.resolve(leads, accounts)
    assert ("title" in graph.profiles.columns, "industry" in graph.profiles.columns) == (True, False)
    assert ("title" in graph.accounts.columns, "industry" in graph.accounts.columns) == (False, True)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"identifiers": {"email": "email"}}, "no id, and is no table of events"),
        ({"id": "id", "owned_by": {"crm_account": "parent"}}, "its records are people"),
        ({"id": "id", "belongs_to": {"user": "owner"}}, "a kind of person"),
        ({"id": "id", "attributes": {"emails": "email"}}, "cannot be an attribute's name"),
    ],
)
def test_mappings_that_mean_nothing_are_refused(mapping, says):
    with pytest.raises(MappingError, match=says):
        ig.Source("crm_leads", kind="lead", data="leads.csv", **mapping)


def test_kinds_by_row_are_of_people_or_of_companies():
    kind = ig.KindBy("type", {"p": "lead", "c": "crm_account"}, otherwise="lead")
    with pytest.raises(MappingError, match="make two sources of them"):
        ig.Source("crm_parties", kind=kind, data="parties.csv", id="id")


def test_rows_of_no_kind_are_left_out_with_the_reason():
    rows = [{"id": "1", "role": "Agent"}, {"id": "2", "role": "end-user"}, {"id": "3", "role": None}]
    kind = ig.KindBy("role", {"agent": "none"}, otherwise="contact")
    graph = ig.resolve(source("desk_users", kind, rows, id="id"))
    assert sorted(graph.records["record_id"]) == ["desk_users:2", "desk_users:3"]
    assert graph.rejects.select("row", "grain", "column", "value", "reason").rows() == [
        (1, "row", "id", "1", "no_kind")
    ]


def test_rows_of_no_kind_are_left_out_of_events_too():
    rows = [{"cookie": "5f2c9e01-a", "bot": "yes", "at": "2026-01-01"}, {"cookie": "5f2c9e01-b", "at": "2026-01-02"}]
    kind = ig.KindBy("bot", {"yes": "none"}, otherwise="visitor")
    graph = ig.resolve(source("web_clicks", kind, rows, time="at", identifiers={"device": "cookie"}))
    assert graph.records["native_id"].to_list() == ["5f2c9e01-b"]
    assert graph.rejects["reason"].to_list() == ["no_kind"]


def test_a_column_is_an_identifier_in_some_rows_only():
    rows = [
        {"id": "1", "external": "u_1", "role": "User", "state": "live"},
        {"id": "2", "external": "u_1", "role": "lead", "state": "live"},
        {"id": "3", "external": "u_1", "role": None, "state": "live"},
        {"id": "4", "external": "u_1", "role": "owner", "state": "gone"},
    ]
    of_product = ig.ValueIf("external", where={"role": ["user", "owner"], "state": "live"})
    chats = source("chat_contacts", "lead", rows, id="id", identifiers={"app.user_id": of_product})
    graph = ig.resolve(chats, source("app_users", "user", [{"id": "u_1"}], id="id", id_type="app.user_id"))
    assert graph.profile("app_users:u_1")["record_ids"] == ["app_users:u_1", "chat_contacts:1"]
    assert people(graph) == 4
    assert graph.rejects.is_empty()


def test_a_reference_holds_in_some_rows_only():
    rows = [{"id": "1", "org": "7", "level": "company"}, {"id": "2", "org": "7", "level": "person"}]
    belongs = {"crm_companies.id": ig.ValueIf("org", where={"level": "company"})}
    graph = ig.resolve(source("crm_leads", "lead", rows, id="id", belongs_to=belongs))
    assert graph.memberships["person_record_id"].to_list() == ["crm_leads:1"]


def test_a_condition_on_a_column_that_is_not_there_is_an_error():
    of_product = ig.ValueIf("external", where={"rule": "user"})
    chats = source("chat_contacts", "lead", [{"id": "1", "external": "u", "role": "user"}], id="id",
                   identifiers={"app.user_id": of_product})  # fmt: skip
    with pytest.raises(MappingError, match=r"no column 'rule'.*Did you mean 'role'"):
        ig.resolve(chats)


def test_a_folder_says_what_to_ignore_and_with_which_settings(tmp_path):
    (tmp_path / "idgraph.toml").write_text('ignore = ["old*.csv", "/elsewhere/*", ""]\n[config]\nregion = "US"\n')
    header = "user_id,email,tenant_id\n"
    (tmp_path / "users.csv").write_text(header + "u_1,ana@acme.io,t_1\n")
    (tmp_path / "old_users.csv").write_text(header + "u_1,ana@acme.com,t_1\n")
    found = ig.discover(tmp_path)
    assert [item.path.name for item in found.recognised] == ["users.csv"]
    assert found.config.region == "US"


def test_addresses_in_one_cell_are_parted_but_names_are_not():
    rows = [
        {"id": "1", "email": "ana@acme.io; Silva, Ana <ana.silva@acme.io>"},
        {"id": "2", "email": "Roe, Bo <bo@acme.io>"},
    ]
    graph = ig.resolve(source("crm_leads", "lead", rows, id="id", identifiers={"email": "email"}))
    assert graph.profile("crm_leads:2")["emails"] == ["bo@acme.io"]
    assert graph.profile("crm_leads:1")["emails"] == ["ana.silva@acme.io", "ana@acme.io"]


def test_a_value_of_some_rows_says_of_which():
    with pytest.raises(MappingError, match="where"):
        source(
            "crm",
            "contact",
            [{"id": "1", "ext": "u_1"}],
            id="id",
            identifiers={"app.user_id": {"column": "ext", "where": {}}},
        )
