"""What a world's companies did and bought: seeded, true to what its tables say, and added to what was there."""

import json
from collections import defaultdict
from datetime import timedelta

import polars as pl
import pytest

import idgraph as ig
from idgraph.datasets import saas_world


@pytest.fixture(scope="module")
def bare():
    return saas_world(300, seed=4)


@pytest.fixture(scope="module")
def world(bare):
    return bare.with_usage(seed=2)


def events(world):
    """The product's events with their company, each once, without those of nobody and from the future."""
    tenants = world.company_truth.select(
        pl.col("record_id").str.strip_prefix("app_tenants:").alias("tenant_id"), company_id="entity_id"
    )
    rows = world.tables["app_events"].unique("event_id").join(tenants, on="tenant_id")
    return rows.filter(pl.col("occurred_at").dt.year() < 2030).sort("occurred_at", "event_id")


def test_what_the_world_held_stays(bare, world):
    for name, table in bare.tables.items():
        assert world.tables[name].head(table.height).equals(table), name
        assert name == "salesforce_contacts" or world.tables[name].height == table.height
    assert world.people_truth.head(bare.people_truth.height).equals(bare.people_truth)
    assert bare.usage_truth.is_empty()


def test_the_same_seed_gives_the_same_usage(bare, world):
    again = bare.with_usage(seed=2)
    assert all(again.tables[name].equals(table) for name, table in world.tables.items())
    assert again.usage_truth.equals(world.usage_truth)
    assert not bare.with_usage(seed=3).tables["app_events"].equals(world.tables["app_events"])


def test_who_was_ready_is_what_a_replay_of_the_events_says(world):
    start, said, files, ready = {}, defaultdict(list), defaultdict(int), {}
    for row in events(world).iter_rows(named=True):
        company, at = row["company_id"], row["occurred_at"]
        if row["event"] == "signed_up":
            start.setdefault(company, at)
    for row in events(world).iter_rows(named=True):
        company, at = row["company_id"], row["occurred_at"]
        if row["event"] in {"project_created", "member_invited"} and start[company] <= at <= start[company] + timedelta(
            7
        ):
            said[company].append(row["event"])
        if row["event"] == "file_uploaded":
            files[company] += json.loads(row["properties"])["megabytes"]
        is_aha = said[company].count("project_created") >= 3 and said[company].count("member_invited") >= 2
        if company not in ready and (is_aha or files[company] >= 8000):
            ready[company] = at.replace(tzinfo=None)
    truth = world.usage_truth.drop_nulls("ready_at")
    known = dict(zip(truth["company_id"], truth["ready_at"].dt.replace_time_zone(None), strict=True))
    assert ready == known
    assert len(known) > 30


def test_readiness_causes_purchases_and_decoys_do_not(world):
    truth = world.usage_truth
    bought = pl.col("bought_at").is_not_null()
    ready, others = (truth.filter(pl.col("ready_at").is_null() == is_null) for is_null in (False, True))
    assert ready.select(bought.mean()).item() > 3 * others.select(bought.mean()).item()
    assert (ready["bought_at"].drop_nulls() > ready.filter(bought)["ready_at"]).all()
    seen = events(world).filter(pl.col("event") == "billing_page_viewed").join(truth, on="company_id")
    at = pl.col("occurred_at").dt.replace_time_zone("UTC")
    after = seen.filter(bought).select((at > pl.col("bought_at")).mean()).item()
    assert after > 0.9  # of buyers nearly all of it comes after the purchase
    assert ready.height < truth.height / 2


def test_reps_type_contacts_in_as_the_deal_opens(bare, world):
    added = world.tables["salesforce_contacts"].slice(bare.tables["salesforce_contacts"].height)
    deals = world.tables["salesforce_opportunities"].filter("IsWon")
    dated = added.join(deals.select("AccountId", opened="CreatedDate"), on="AccountId")
    assert dated.height == added.height > 0
    assert (dated["CreatedDate"] == dated["opened"]).all()


def test_a_log_is_as_logs_are(world):
    log = world.tables["app_events"]
    assert log["event_id"].n_unique() < log.height
    assert log["user_id"].str.starts_with("u_gone_").any()
    assert not log["occurred_at"].is_sorted()


def test_every_table_is_known_and_reaches_the_true_companies(world, tmp_path):
    small = saas_world(60, seed=5).with_usage()
    small.write(tmp_path, truth=True)
    found = ig.discover(tmp_path)
    assert not [item.path for item in found.unknown if "truth" not in item.path.parts]
    named = {"app_events", "app_subscriptions", "support_tickets", "salesforce_opportunities"}
    assert named <= {source.name for source in found}
    graph = ig.resolve(*(source for source in found if source.name in named or source.kind))
    activity = graph.activity().as_of("2026-07-01")
    used = activity.events.filter(pl.col("source") == "app_events", pl.col("tenant_id").is_not_null()).collect()
    truth = small.company_truth.select("record_id", "entity_id")
    tenants = (
        small.tables["app_events"]
        .select(pl.format("app_events:{}", "event_id").alias("event_id"), "tenant_id")
        .unique()
    )
    company = tenants.with_columns(pl.format("app_tenants:{}", "tenant_id").alias("record_id")).join(
        truth, on="record_id"
    )
    right = used.join(company.select("event_id", "entity_id"), on="event_id")
    assert right.height == used.height
    purity = right.group_by("account_id").agg(pl.col("entity_id").n_unique())
    assert (purity["entity_id"] == 1).mean() > 0.9
