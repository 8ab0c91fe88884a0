import subprocess
import sys

import polars as pl
import pytest

from idgraph.datasets import World, saas_world
from idgraph.datasets.names import FREE_MAIL
from idgraph.datasets.truth import EVENT_KEYS, ROW_KEYS, native_ids
from idgraph.datasets.world import COMPANY_TABLES

TRUTHS = ("people_truth", "company_truth", "membership_truth", "links_truth")


@pytest.fixture(scope="module", params=[False, True], ids=["usual", "hostile"])
def world(request) -> World:
    return saas_world(200, seed=3, hostile=request.param)


def text(world: World, table: str, column: str) -> pl.Series:
    return world.tables[table][column].drop_nulls()


# ------------------------------------------------------------------------------------------------- truth and files


@pytest.mark.parametrize("hostile", [False, True])
def test_the_same_seed_gives_the_same_world(hostile):
    one, two = saas_world(40, seed=5, hostile=hostile), saas_world(40, seed=5, hostile=hostile)
    assert list(one.tables) == list(two.tables)
    assert all(one.tables[name].equals(two.tables[name]) for name in one.tables)
    assert all(getattr(one, name).equals(getattr(two, name)) for name in TRUTHS)


def test_another_seed_gives_another_world():
    assert not saas_world(40, seed=5).tables["app_users"].equals(saas_world(40, seed=6).tables["app_users"])


@pytest.mark.parametrize("companies", [1, 2, 3, 7])
def test_tiny_worlds_exist(companies):
    assert saas_world(companies).tables["salesforce_accounts"].height <= 3 * companies


def test_a_world_needs_a_company():
    with pytest.raises(ValueError, match="must be 1 or more, not 0"):
        saas_world(0)


@pytest.mark.parametrize("source", [*ROW_KEYS, *EVENT_KEYS])
def test_truth_names_every_record_of_a_table_once(world, source):
    truth = world.company_truth if source in COMPANY_TABLES else world.people_truth
    named = truth.filter(pl.col("record_id").str.starts_with(source + ":"))["record_id"]
    native = world.tables[source].select(native_ids(source)).to_series()
    assert named.is_unique().all()
    assert native.null_count() == 0
    assert set(named) == {f"{source}:{value}" for value in native}
    if source in ROW_KEYS:
        assert native.is_unique().all()


def test_truth_holds_nothing_else(world):
    assert world.people_truth["record_id"].is_unique().all()
    assert world.people_truth["entity_id"].null_count() == world.company_truth["entity_id"].null_count() == 0
    assert set(world.people_truth["entity_id"].str.extract(r"^([a-z]+)_")) == {"per", "vis", "shared"}
    assert set(world.company_truth["entity_id"].str.extract(r"^([a-z]+)_")) == {"cmp", "wsp"}
    assert set(world.membership_truth["company_id"].str.extract(r"^([a-z]+)_")) == {"cmp", "wsp"}


def test_exported_tables_hold_no_truth_and_no_empty_text(world):
    for table in world.tables.values():
        assert not [column for column in table.columns if column.startswith("_")]
        assert not any((table[column] == "").any() for column, kind in table.schema.items() if kind == pl.String)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_written_files_are_private_and_read_back(world, tmp_path, form):
    files = world.write(tmp_path / "exports", form)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.name for path in files} == {path.name for path in (tmp_path / "exports").iterdir()}
    assert tmp_path / "exports" / f"amplitude_events_2026-01-05.{form}" in files
    read = pl.read_csv if form == "csv" else pl.read_parquet
    parts = [
        read(path, **({"infer_schema": False} if form == "csv" else {})) for path in files if "amplitude" in path.name
    ]
    assert sum(part.height for part in parts) == world.tables["amplitude_events"].height
    assert read(tmp_path / "exports" / f"app_users.{form}").columns == world.tables["app_users"].columns


def test_truth_is_written_only_when_asked(world, tmp_path):
    world.write(tmp_path / "without")
    world.write(tmp_path / "with", truth=True)
    assert not (tmp_path / "without" / "truth").exists()
    assert pl.read_parquet(tmp_path / "with" / "truth" / "people.parquet").equals(world.people_truth)


def test_importing_the_package_stays_light():
    heavy = "{'scipy', 'pandas', 'phonenumbers', 'tldextract', 'networkx', 'narwhals'}"
    code = f"import sys, idgraph.datasets; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    without = f"import sys, polars, idgraph; print(sorted({heavy} & set(sys.modules)))"
    base = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=True).stdout
    assert loaded == base


# ------------------------------------------------------------------------------------------------------- companies


def holders(truth: pl.DataFrame, source: str) -> pl.Series:
    """How many records of a source each entity has."""
    return truth.filter(pl.col("record_id").str.starts_with(source + ":"))["entity_id"].value_counts()["count"]


def test_companies_have_duplicate_accounts_several_tenants_and_several_domains(world):
    assert (holders(world.company_truth, "salesforce_accounts") > 1).sum() >= 10
    assert (holders(world.company_truth, "app_tenants") > 1).sum() >= 5
    assert text(world, "hubspot_companies", "hs_additional_domains").str.contains(";").any()
    mail = world.tables["salesforce_contacts"].select("AccountId", domain=pl.col("Email").str.extract("@(.*)$"))
    assert (mail.drop_nulls().group_by("AccountId").agg(pl.col("domain").n_unique())["domain"] > 1).any()


def test_half_of_the_accounts_lack_a_usable_website(world):
    site = world.tables["salesforce_accounts"]["Website"]
    usable = site.str.contains(r"\.") & ~site.str.contains(r"linkedin|facebook|gmail|^http://$")
    assert 0.4 < usable.fill_null(value=False).mean() < 0.62
    assert site.is_in(["n/a", "tbd", "http://"]).any()
    assert site.str.contains("linkedin").any()


def test_there_are_private_workspaces_subsidiaries_merged_accounts_and_linked_tenants(world):
    tenants, accounts = world.tables["app_tenants"], world.tables["salesforce_accounts"]
    assert (tenants["name"] == "My workspace").sum() >= 5
    assert tenants["domain"].null_count() > 0.6 * tenants.height
    assert tenants["salesforce_account_id"].null_count() > 0.7 * tenants.height
    assert accounts["ParentId"].is_in(accounts["Id"].implode()).any()
    merged = accounts.filter(pl.col("MasterRecordId").is_not_null())
    assert merged["IsDeleted"].all()
    assert merged["MasterRecordId"].is_in(accounts["Id"].implode()).all()


def test_salesforce_ids_carry_their_checksum_and_some_differ_by_case_alone(world):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    for table, prefix in (("salesforce_accounts", "001"), ("salesforce_contacts", "003"), ("salesforce_leads", "00Q")):
        ids = world.tables[table]["Id"]
        assert ids.str.starts_with(prefix).all()
        for value in ids:
            groups = [value[start : start + 5] for start in (0, 5, 10)]
            check = "".join(alphabet[sum(letter.isupper() << place for place, letter in enumerate(g))] for g in groups)
            assert value == value[:15] + check
        assert ids.str.slice(0, 15).str.to_lowercase().n_unique() < len(ids)
    short = world.tables["salesforce_contacts"]["AccountId"].str.len_chars() == 15
    assert 0 < short.sum() < 0.2 * len(short)


def test_the_reference_has_names_aliases_and_wrong_domains(world):
    rows = world.tables["crunchbase_organizations"]
    assert {"legal_name", "alias1", "alias2", "alias3", "homepage_url", "country_code"} <= set(rows.columns)
    assert (rows["domain"] == "facebook.com").any()
    assert not rows["domain"].drop_nulls().is_unique().all()


# ---------------------------------------------------------------------------------------------------------- people


def test_a_fifth_signs_up_with_private_mail_and_some_twice(world):
    free = {domain for domains in FREE_MAIL.values() for domain in domains}
    mail = text(world, "app_users", "email")
    assert 0.15 < mail.str.extract("@(.*)$").is_in(list(free)).mean() < 0.35
    assert mail.is_duplicated().any()


def test_people_have_several_devices_and_change_jobs(world):
    held = world.people_truth.filter(
        pl.col("record_id").str.starts_with("segment_pages:") & pl.col("entity_id").str.starts_with("per_")
    )
    assert held["entity_id"].is_duplicated().any()
    assert world.membership_truth["person_id"].is_duplicated().sum() > 50


def test_names_are_typed_as_people_type_them(world):
    leads, contacts = world.tables["salesforce_leads"], world.tables["salesforce_contacts"]
    assert leads["LastName"].str.contains(r"^[A-Z]{4,}$").any()
    assert contacts["FirstName"].str.contains(r"^\p{L}\.$").any()
    assert contacts["FirstName"].is_in(["Bob", "Mike", "Dave", "Liz", "Kate", "Jim", "Paco"]).any()
    assert leads["Email"].str.contains(r"^[A-Z.]+@").any()
    assert text(world, "app_users", "name").str.contains(r"[À-ž]").any()
    assert leads["LastName"].is_in(["Unknown", "-", ".", "n/a", "[not provided]"]).any()
    names = world.tables["hubspot_contacts"].select("firstname", "lastname")
    assert names["firstname"].null_count() > 0


def test_colleagues_may_share_a_name(world):
    users = world.tables["app_users"].select("name", "tenant_id", record_id=pl.format("app_users:{}", "user_id"))
    known = users.drop_nulls().join(world.people_truth, on="record_id")
    alike = known.group_by(pl.col("name").str.to_lowercase()).agg(pl.col("entity_id").n_unique())
    assert (alike["entity_id"] > 1).any()


def test_reps_leave_mail_out_and_type_junk(world):
    contacts = world.tables["salesforce_contacts"]
    assert 0.1 < contacts["Email"].null_count() / contacts.height < 0.35
    assert contacts["Phone"].is_in(["0000000000", "n/a", "+1-111-111-1111"]).any()
    assert text(world, "salesforce_leads", "Email").is_in(["test@test.com", "n/a"]).any()
    assert text(world, "salesforce_leads", "Email").str.contains(r"^(?i)(info|sales|office)@").any()
    switchboards = contacts["Phone"].drop_nulls().value_counts().filter(pl.col("Phone").str.starts_with("+"))
    assert (switchboards["count"] > 1).any()


def test_systems_already_know_some_links(world):
    leads, hubspot = world.tables["salesforce_leads"], world.tables["hubspot_contacts"]
    converted = leads.filter("IsConverted")
    assert converted.height > 10
    assert converted["ConvertedContactId"].null_count() == 0
    assert (converted["ConvertedContactId"].str.len_chars() == 15).any()
    assert hubspot["hs_merged_object_ids"].drop_nulls().is_in(hubspot["hs_object_id"].implode()).all()
    assert hubspot["hs_merged_object_ids"].drop_nulls().len() > 2
    assert leads["MasterRecordId"].drop_nulls().is_in(leads["Id"].implode()).all()
    previous = text(world, "segment_aliases", "previous_id")
    assert previous.str.starts_with("legacy-").any()
    assert previous.is_in(world.tables["segment_pages"]["anonymous_id"].implode()).any()


def test_lifecycle_stages_make_leads_and_contacts(world):
    stages = world.tables["hubspot_contacts"]["lifecyclestage"]
    assert {"subscriber", "lead", "opportunity", "customer", None} <= set(stages)
    cookies = text(world, "hubspot_contacts", "hubspotutk")
    assert cookies.is_in(text(world, "segment_identifies", "hubspotutk").implode()).any()


def test_devices_are_shared_and_some_visitors_never_say_who_they_are(world):
    calls = world.tables["segment_identifies"].drop_nulls("user_id")
    users = calls.group_by("anonymous_id").agg(pl.col("user_id").n_unique())["user_id"]
    assert (users > 5).any()
    assert (users == 2).any()
    assert world.people_truth["entity_id"].str.starts_with("vis_").any()
    assert (world.tables["segment_tracks"]["user_id"] == "guest").any()
    clicks = world.tables["amplitude_events"]
    assert clicks.drop_nulls("user_id").group_by("device_id").agg(pl.col("user_id").n_unique())["user_id"].max() > 1
    assert clicks["groups"].str.contains(r'^\{"org":\["t_\d+"\]\}$').any()
    counts = text(world, "hubspot_contacts", "hubspotutk").value_counts()["count"]
    assert counts.max() > 1


def test_consultants_work_in_a_tenant_of_another_company():
    world = saas_world(500, seed=4)
    users = world.tables["app_users"].drop_nulls().with_columns(domain=pl.col("email").str.extract("@(.*)$"))
    firm = users.group_by("tenant_id").agg(pl.col("domain").mode().first().alias("main"), pl.len())
    free = [domain for domains in FREE_MAIL.values() for domain in domains]
    others = users.join(firm.filter(pl.col("len") > 3), on="tenant_id").filter(
        (pl.col("domain") != pl.col("main")) & ~pl.col("domain").is_in(free)
    )
    assert others.height > 0


def test_a_hostile_world_poisons_records():
    usual, hostile = saas_world(200, seed=3), saas_world(200, seed=3, hostile=True)
    changed = usual.tables["app_users"].join(hostile.tables["app_users"], on="user_id")
    stolen = changed["signup_visitor_id_right"].drop_nulls().is_duplicated().sum()
    assert stolen > usual.tables["app_users"]["signup_visitor_id"].drop_nulls().is_duplicated().sum()
