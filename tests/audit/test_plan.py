"""A plan says what a run would do: the counts that the run then shows."""

from __future__ import annotations

import polars as pl
import pytest

import idgraph as ig


@pytest.fixture(scope="module")
def plan(sources):
    return ig.plan(*sources)


def counts(frame, *by):
    """How many rows there are of each, in order."""
    return frame.select(pl.col(by).cast(pl.String)).group_by(by).len().sort(by).rows()


def test_records_are_those_of_the_run(plan, graph):
    assert plan.records.select("source", "kind", "records").rows() == counts(graph.records, "source", "kind")
    assert plan.records["stubs"].sum() == graph.records["stub"].sum()


def test_suppressed_values_are_those_of_the_run(plan, graph):
    told = plan.suppressed.group_by("type", "reason").agg(pl.col("values").sum()).sort("type", "reason")
    assert told.rows() == counts(graph.suppressed, "type", "reason")


def test_rejects_are_those_of_the_run(plan, graph):
    assert plan.rejects.sort("source", "grain", "reason").rows() == counts(graph.rejects, "source", "grain", "reason")


def test_pairs_are_counted_by_level_and_key(plan):
    assert set(plan.keys["level"]) == {"person", "account"}
    assert plan.pairs == plan.keys["pairs"].sum() > 0
    people = plan.keys.filter(pl.col("level") == "person")
    assert people["pairs"].to_list() == sorted(people["pairs"], reverse=True)
    assert any("given" in key and "family" in key for key in people["key"])


def test_the_values_that_most_hold_come_first(plan, graph):
    risk = plan.risks.filter(pl.col("level") == "person").row(0, named=True)
    used = graph.identifiers.filter(pl.col("state").cast(pl.String) == "used")
    held = used.filter((pl.col("type").cast(pl.String) == risk["type"]) & (pl.col("value") == risk["value"]))
    assert held["record_id"].n_unique() == risk["records"]
    assert plan.hubs["records"].min() > 1


def test_what_is_switched_off_is_not_planned(sources):
    plan = ig.plan(*sources, config=ig.Config(without=("similar", "phone")))
    assert plan.pairs == plan.keys.height == 0
    assert "phone" not in set(plan.edges["rule"])


def test_too_few_to_compare():
    users = pl.DataFrame({"user_id": ["u1", "u2"], "email": ["ana@acme.io", "ana@acme.io"]})
    plan = ig.plan(ig.Source("app_users", kind="user", data=users, id="user_id", identifiers={"email": "email"}))
    assert plan.edges.rows() == [("person", "email", 1)]
    assert plan.keys.is_empty()
    assert plan.hubs.is_empty()


def test_printed_values_are_masked_and_frames_hold_them(plan):
    whole = set(plan.hubs["value"])
    assert whole
    for shown in (str(plan), repr(plan), plan._repr_html_(), str(plan.as_dict())):
        assert not [value for value in whole if value in shown]


def test_it_prints_the_keys_of_most_pairs_and_counts_the_others(plan):
    assert str(plan).endswith("GB of memory on one machine.")
    assert f"… and {plan.keys.height - 20} more" in str(plan)
    assert "<h4>Pairs to compare" in plan._repr_html_()


def test_a_value_of_a_source_stands_inert_in_a_notebook():
    named = "<script>alert(1)</script>@acme.io"
    users = pl.DataFrame({"user_id": ["u1", "u2"], "device": [named, named]})
    plan = ig.plan(ig.Source("app_users", kind="user", data=users, id="user_id", identifiers={"device": "device"}))
    assert plan.hubs.height + plan.risks.height > 0
    assert "<script" not in plan._repr_html_()
