"""How an entity grew, and what would come apart without a piece of its evidence."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError, NotFoundError


def largest(graph, frame):
    return getattr(graph, frame).sort("records", "entity_id", descending=[True, False])


# How


@pytest.mark.parametrize("frame", ["profiles", "accounts"])
def test_the_steps_lead_from_single_records_to_the_whole(graph, frame):
    for entity_id, records in largest(graph, frame).select("entity_id", "records").head(12).iter_rows():
        steps = graph.how(entity_id)
        assert steps["step"].to_list() == list(range(1, records))
        assert steps["weight"].to_list() == sorted(steps["weight"], reverse=True)
        assert steps.select(pl.last("left_records") + pl.last("right_records")).item() == records
        assert (steps["left_records"] >= steps["right_records"]).all()
        assert (steps["added"].list.len() == steps["right_records"]).all()
        ids = graph.assignments.filter(pl.col("entity_id") == entity_id)["record_id"]
        assert set(steps["added"].explode()) < set(ids)


def test_each_step_joins_two_records_that_its_rule_joins():
    users = pl.DataFrame(
        {"id": ["1", "2", "3"], "mail": ["ana@acme.io", "ana@acme.io", None], "device": ["5f2c9e01", None, "5f2c9e01"]}
    )
    told = {"email": "mail", "device": "device"}
    graph = ig.resolve(ig.Source("users", kind="lead", id="id", data=users, identifiers=told))
    assert graph.how("users:3").drop("added").rows() == [
        (1, "users:1", "users:2", "email", "ana@acme.io", 14.0, 1, 1),
        (2, "users:1", "users:3", "device", "5f2c9e01", 9.0, 2, 1),
    ]


def test_a_record_that_is_alone_did_not_grow(graph):
    alone = graph.profiles.filter(pl.col("records") == 1)["entity_id"][0]
    assert graph.how(alone).is_empty()
    with pytest.raises(NotFoundError):
        graph.how("prf_0000000000000000")


# Blast radius


def test_what_comes_apart_is_what_the_graph_without_it_shows(graph):
    profile = largest(graph, "profiles")["entity_id"][0]
    step = graph.how(profile).row(-1, named=True)
    found = graph.blast_radius(value=step["value"])
    torn = found.entities.filter(pl.col("entity_id") == profile)
    without = graph.without(value=step["value"])
    ids = graph.assignments.filter(pl.col("entity_id") == profile)["record_id"]
    now = without.assignments.filter(pl.col("record_id").is_in(ids.to_list()))["entity_id"]
    assert torn.height == (now.n_unique() > 1)
    if torn.height:
        assert torn["parts"].item() == now.n_unique()
        assert torn["records"].item() == ids.len()
        assert torn["apart"].item() == ids.len() - now.value_counts()["count"].max()


def test_a_rule_that_holds_much_tears_much_and_its_memberships(graph):
    found = graph.blast_radius(rule="email")
    assert found.entities.filter(pl.col("level") == "person").height > 10
    assert found.entities["apart"].to_list() == sorted(found.entities["apart"], reverse=True)
    before = set(graph.members.select("profile_id", "account_id").iter_rows())
    lost = found.members.filter(pl.col("change") == "lost").select("profile_id", "account_id")
    assert set(lost.iter_rows()) <= before
    gained = found.members.filter(pl.col("change") == "gained").select("profile_id", "account_id")
    assert set(gained.iter_rows()).isdisjoint(before)
    assert "profiles and" in str(found)


def test_evidence_that_others_back_holds_nothing_alone():
    users = pl.DataFrame({"id": ["1", "2"], "mail": ["ana@acme.io"] * 2, "device": ["5f2c9e01"] * 2})
    told = {"email": "mail", "device": "device"}
    graph = ig.resolve(ig.Source("users", kind="lead", id="id", data=users, identifiers=told))
    found = graph.blast_radius(value="5f2c9e01")
    assert found.entities.is_empty()
    assert found.members.is_empty()
    with pytest.raises(ConfigError):
        graph.blast_radius(value="nowhere")
