"""How hard a world is, said by a linker of a few lines: who shares a value is one."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from idgraph.datasets import World, saas_world
from idgraph.datasets.names import FREE_MAIL
from idgraph.datasets.truth import EVENT_KEYS, native_ids
from idgraph.datasets.world import COMPANY_TABLES

# source: (what it says, column, type of value): references resolve through the type that they point to
PEOPLE = {
    "salesforce_contacts": ["Id contact", "MasterRecordId contact", "Email email", "Phone phone"],
    "salesforce_leads": ["Id lead", "MasterRecordId lead", "ConvertedContactId contact", "Email email", "Phone phone"],
    "hubspot_contacts": [
        "hs_object_id hubspot",
        "hs_merged_object_ids hubspot",
        "email email",
        "hs_additional_emails email",
        "phone phone",
        "hubspotutk utk",
    ],
    "segment_identifies": ["user_id user", "anonymous_id cookie", "email email", "hubspotutk utk"],
    "segment_tracks": ["user_id user", "anonymous_id cookie"],
    "segment_pages": ["user_id user", "anonymous_id cookie"],
    "segment_groups": ["user_id user", "anonymous_id cookie"],
    "segment_aliases": ["user_id user", "previous_id user", "previous_id cookie"],
    "segment_users": ["id user", "email email"],
    "app_users": ["user_id user", "signup_visitor_id cookie", "email email"],
    "amplitude_events": ["user_id user", "device_id device", "amplitude_id amplitude"],
}
COMPANIES = {
    "salesforce_accounts": ["Id account", "MasterRecordId account", "Website domain", "Name name"],
    "hubspot_companies": ["hs_object_id hubspot", "hs_merged_object_ids hubspot", "domain domain", "_second domain"],
    "app_tenants": ["domain domain", "salesforce_account_id account", "_users domain"],
    "crunchbase_organizations": ["domain domain", "legal_name name", "alias1 name"],
}
NAMED = {
    "salesforce_contacts": ["FirstName", "LastName", "Email"],
    "salesforce_leads": ["FirstName", "LastName", "Email"],
    "hubspot_contacts": ["firstname", "lastname", "email"],
    "segment_identifies": ["email"],
    "segment_users": ["email", "name"],
    "app_users": ["email", "name"],
}
FREE = [domain for domains in FREE_MAIL.values() for domain in domains]


def is_(source: str, *columns: str) -> pl.Expr:
    return (pl.col("source") == source) & pl.col("column").is_in(columns)


SWITCHED_OFF = {
    "visitor_lead": pl.col("type") == "utk",
    "visitor_user": is_("app_users", "signup_visitor_id"),
    "lead_visitor_user": is_("app_users", "signup_visitor_id") | (pl.col("type") == "utk"),
    "tenant_user_clickstream": is_("amplitude_events", "user_id"),
    "contact_user": pl.col("type") == "email",
    "lead_contact": pl.col("type") == "email",
    "converted_lead": is_("salesforce_leads", "ConvertedContactId"),
    "merged_record": is_("hubspot_contacts", "hs_merged_object_ids"),
    "alias": is_("segment_aliases", "previous_id"),
    "crm_account_tenant": is_("app_tenants", "_users"),
    "tenant_crm_id": is_("app_tenants", "salesforce_account_id"),
    "reference_only": pl.col("source") == "crunchbase_organizations",
    "merged_account": is_("salesforce_accounts", "MasterRecordId"),
    "account_domain": is_("salesforce_accounts", "Website"),
}


def evidence(world: World, spec: dict[str, list[str]]) -> pl.DataFrame:
    """record, source, column, type, value: each value that a record holds."""
    second = pl.col("hs_additional_domains").str.split(";").list.first().alias("_second")
    hubspot = world.tables["hubspot_companies"].with_columns(second)
    tables = {**world.tables, "hubspot_companies": hubspot, "app_tenants": with_domain_of_users(world)}
    parts = []
    for source, entries in spec.items():
        for column, kind in (entry.split() for entry in entries):
            parts.append(
                tables[source].select(
                    record=pl.concat_str(pl.lit(source + ":"), native_ids(source)),
                    source=pl.lit(source),
                    column=pl.lit(column),
                    type=pl.lit(kind),
                    value=pl.col(column).cast(pl.String),
                )
            )
    value, kind = pl.col("value"), pl.col("type")
    host = value.str.to_lowercase().str.replace(r"^https?://", "").str.replace(r"^www\.", "").str.replace(r"/.*$", "")
    digits = value.str.replace(r" x\d+$", "").str.replace(r"^\(", "+1(").str.replace_all(r"[^0-9]", "")
    clean = (
        pl.when(kind.is_in(["email", "name"]))
        .then(value.str.to_lowercase())
        .when(kind == "phone")
        .then(digits)
        .when(kind == "domain")
        .then(host)
        .when(kind.is_in(["contact", "account", "lead"]))
        .then(value.str.slice(0, 15))
        .otherwise(value)
    )
    return pl.concat(parts).with_columns(value=clean).drop_nulls("value").unique(maintain_order=True)


def with_domain_of_users(world: World) -> pl.DataFrame:
    """Tenants with the mail domain that most of their users share."""
    users = world.tables["app_users"].select("tenant_id", domain=pl.col("email").str.extract("@(.*)$")).drop_nulls()
    own = users.filter(~pl.col("domain").is_in(FREE)).group_by("tenant_id", "domain").len()
    main = own.filter(pl.col("len") * 2 > pl.col("len").sum().over("tenant_id")).select("tenant_id", _users="domain")
    return world.tables["app_tenants"].join(main, on="tenant_id", how="left")


def guarded(held: pl.DataFrame) -> pl.DataFrame:
    """Leave out placeholders, role mailboxes, values of more than five records of a source, devices of two users."""
    value, kind = pl.col("value"), pl.col("type")
    roles = "info|sales|office|contact|admin|billing|hello|support|test|none|noemail|x"
    bad_mail = ~value.str.contains(r"^[^@\s]+@[^@\s]+\.[a-z]+$") | value.str.contains(rf"^({roles})@")
    bad_phone = (value.str.len_chars() < 8) | value.is_in(["0000000000", "1234567890", "11111111111"])
    bad_domain = ~value.str.contains(r"\.[a-z]+$") | value.is_in([*FREE, "linkedin.com", "facebook.com"])
    bad = ((kind == "email") & bad_mail) | ((kind == "phone") & bad_phone) | ((kind == "domain") & bad_domain)
    kept = held.filter(~bad & ~value.is_in(["undefined", "guest"]))
    soft = kept.filter(~pl.col("source").is_in(list(EVENT_KEYS)) & kind.is_in(["email", "phone", "utk", "cookie"]))
    crowded = soft.group_by("type", "source", "value").agg(pl.col("record").n_unique()).filter(pl.col("record") > 5)
    users = kept.filter(kind == "user").select("record", user="value")
    devices = kept.filter(kind.is_in(["cookie", "device", "amplitude", "utk"])).join(users, on="record")
    shared = devices.group_by("type", "value").agg(pl.col("user").n_unique()).filter(pl.col("user") > 1)
    refused = pl.concat([crowded.select("type", "value"), shared.select("type", "value")])
    return kept.join(refused, on=["type", "value"], how="anti")


def clusters(truth: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """record_id, entity_id, cluster: records joined over the values that they hold."""
    nodes = pl.concat([truth["record_id"], (held["type"] + ":" + held["value"]).unique()]).alias("node").to_frame()
    codes = nodes.with_row_index("code")
    ends = held.select(pl.col("record").alias("left"), (pl.col("type") + ":" + pl.col("value")).alias("right"))
    edges = ends.join(codes, left_on="left", right_on="node").join(codes, left_on="right", right_on="node")
    left, right = edges["code"].to_numpy().astype(np.int64), edges["code_right"].to_numpy().astype(np.int64)
    matrix = coo_array((np.ones(len(left)), (left, right)), shape=(nodes.height, nodes.height))
    _, labels = connected_components(matrix, directed=False)
    return truth.with_columns(cluster=pl.Series(labels[: truth.height]))


def precision_and_recall(found: pl.DataFrame) -> tuple[float, float]:
    def pairs(*columns: str) -> float:
        size = found.group_by(columns).len()["len"].cast(pl.Float64)
        return float((size * (size - 1)).sum() / 2)

    both = pairs("cluster", "entity_id")
    return both / pairs("cluster"), both / pairs("entity_id")


def score_people(world: World, guard: Callable[[pl.DataFrame], pl.DataFrame]) -> tuple[float, float]:
    """Pairwise precision and recall among the records that hold a name or an e-mail."""
    found = clusters(world.people_truth, guard(evidence(world, PEOPLE)))
    named = pl.concat(
        world.tables[source]
        .filter(pl.any_horizontal(pl.col(columns).is_not_null()))
        .select(record_id=pl.concat_str(pl.lit(source + ":"), native_ids(source)))
        for source, columns in NAMED.items()
    ).unique()
    return precision_and_recall(found.join(named, on="record_id", how="semi"))


@pytest.fixture(scope="module")
def large() -> World:
    return saas_world(2000, seed=1)


def test_union_without_guards_fuses_more_strangers_than_friends(large):
    precision, recall = score_people(large, lambda held: held)
    assert precision < 0.5
    assert recall > 0.6


def test_exact_evidence_with_guards_is_right_and_leaves_room_for_fuzzy_links(large):
    precision, recall = score_people(large, guarded)
    assert precision >= 0.97
    assert 0.60 <= recall <= 0.78


def test_domains_and_ids_find_most_company_pairs(large):
    ours = ~pl.col("record_id").str.starts_with("crunchbase")
    held = guarded(evidence(large, COMPANIES)).filter(
        (pl.col("type") != "name") & (pl.col("source") != "crunchbase_organizations")
    )
    precision, recall = precision_and_recall(clusters(large.company_truth, held).filter(ours))
    assert precision >= 0.95
    assert 0.60 <= recall <= 0.78


def test_a_hostile_world_defeats_these_guards():
    precision, _ = score_people(saas_world(2000, seed=1, hostile=True), guarded)
    assert precision < 0.8


# ----------------------------------------------------------------------------------------------------- named links


@pytest.fixture(scope="module", params=[False, True], ids=["usual", "hostile"])
def small(request) -> World:
    return saas_world(200, seed=3, hostile=request.param)


def test_pairs_of_named_links_are_one_entity(small):
    truth = pl.concat([small.people_truth, small.company_truth])
    pairs = small.links_truth.join(truth, left_on="left_record_id", right_on="record_id")
    pairs = pairs.join(truth, left_on="right_record_id", right_on="record_id", suffix="_right")
    assert pairs.height == small.links_truth.height
    assert (pairs["entity_id"] == pairs["entity_id_right"]).all()
    assert (pairs["left_record_id"] != pairs["right_record_id"]).all()


@pytest.mark.parametrize("rule", list(SWITCHED_OFF))
def test_a_named_link_alone_joins_its_pairs(small, rule):
    pairs = small.links_truth.filter(pl.col("rule") == rule)
    assert pairs.height >= 3
    company = pairs["left_record_id"][0].split(":")[0] in COMPANY_TABLES
    truth, spec = (small.company_truth, COMPANIES) if company else (small.people_truth, PEOPLE)
    held = evidence(small, spec)
    assert joined(pairs, clusters(truth, held)).all()
    assert not joined(pairs, clusters(truth, held.filter(~SWITCHED_OFF[rule]))).any()


def joined(pairs: pl.DataFrame, found: pl.DataFrame) -> pl.Series:
    cluster = found.select("record_id", "cluster")
    both = pairs.join(cluster, left_on="left_record_id", right_on="record_id")
    both = both.join(cluster, left_on="right_record_id", right_on="record_id", suffix="_right")
    return both["cluster"] == both["cluster_right"]


def test_every_named_link_has_pairs(small):
    assert set(small.links_truth["rule"]) == set(SWITCHED_OFF)
