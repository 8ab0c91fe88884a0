"""The evidence for the cost of constraints must be what the benchmark says it is, or its figures mean nothing."""

from pathlib import Path

import networkx as nx
import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
EDGES = 3_000


@pytest.fixture
def made(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT))  # benches is not shipped, so it is not installed
    from benches.constraints import make

    facts = make(EDGES, str(tmp_path), seed=3)
    return facts, {path.stem: pl.read_parquet(path) for path in tmp_path.iterdir()}


def test_edges_join_the_components_that_are_told(made):
    facts, frames = made
    components = list(nx.connected_components(nx.Graph(frames["edges"].select("left", "right").rows())))
    assert len(components) == facts["components"]
    assert sum(map(len, components)) == facts["records"] == frames["records"].height
    assert {len(found) for found in components} == set(range(2, 13))
    assert frames["edges"].height == facts["edges"] == pytest.approx(EDGES, rel=0.1)


def test_edges_are_what_the_identifiers_say(made):
    _, frames = made
    for name in ("email", "device"):
        first = pl.col("record").min().over("value")
        stars = frames[name].select(left="record", right=first).filter(pl.col("left") != pl.col("right"))
        edges = frames["edges"].filter(pl.col("rule") == name).select("left", "right")
        assert edges.sort("left").equals(stars.sort("left"))


def test_each_broken_component_has_one_pair_that_may_not_be_one(made):
    facts, frames = made
    graph = nx.Graph(frames["edges"].select("left", "right").rows())
    whole = [frozenset(nx.node_connected_component(graph, left)) for left in frames["apart"]["left"]]
    assert len(set(whole)) == len(whole) == facts["broken"] > 0
    assert all(right in found for right, found in zip(frames["apart"]["right"], whole, strict=True))
