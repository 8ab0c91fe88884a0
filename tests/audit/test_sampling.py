"""A sample judged blind says how good a graph is, and its interval holds the truth as often as it says."""

import numpy as np
import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError

SHARES = {2.0: 0.7, 6.0: 0.85, 10.0: 0.95, 14.0: 0.99, 30.0: 0.999}  # how many pairs of a weight are right
SIZES = {2.0: 150, 6.0: 250, 10.0: 500, 14.0: 1000, 30.0: 2100}


def world(seed: int = 0) -> tuple[ig.Graph, dict[tuple[str, str], bool]]:
    """Four thousand pairs of two records, each joined by a link, and which of them are right."""
    rng = np.random.default_rng(seed)
    weights = [weight for weight, size in SIZES.items() for _ in range(size)]
    ends = [(f"a:{n:04}", f"b:{n:04}") for n in range(len(weights))]
    records = pl.DataFrame({"record_id": [end for pair in ends for end in pair], "kind": "lead"})
    links = pl.DataFrame(ends, schema=["left_id", "right_id"], orient="row").with_columns(
        rule=pl.lit("theirs"), weight=pl.Series(weights)
    )
    truth = {pair: bool(rng.random() < SHARES[weight]) for pair, weight in zip(ends, weights, strict=True)}
    return ig.Graph.from_frames(records=records, links=links), truth


def judged(drawn: pl.DataFrame, truth: dict[tuple[str, str], bool]) -> pl.DataFrame:
    pairs = drawn.select("left_id", "right_id").iter_rows()
    return drawn.with_columns(verdict=pl.Series(["same" if truth[pair] else "different" for pair in pairs]))


@pytest.mark.parametrize("size", [60, 200])
def test_the_interval_holds_the_truth_as_often_as_it_says(size):
    graph, truth = world()
    right = np.mean(list(truth.values()))
    found = [graph.estimate(judged(graph.sample(size, seed=seed), truth)) for seed in range(200)]
    held = np.mean([one.low <= right <= one.high for one in found])
    assert held >= 0.93  # of 200 draws; 0.95 is stated
    assert np.mean([one.precision for one in found]) == pytest.approx(right, abs=0.005)
    assert np.mean([one.high - one.low for one in found]) < (0.12 if size == 60 else 0.06)


def test_where_everything_drawn_is_right_some_doubt_remains():
    graph, _ = world()
    drawn = graph.sample(100)
    found = graph.estimate(drawn.with_columns(verdict=pl.lit("same")))
    assert found.precision == found.high == 1.0
    assert 0.9 < found.low < 0.99


def test_where_all_pairs_are_judged_none_remains():
    graph, truth = world()
    everything = judged(graph.sample(10**6), truth)
    found = graph.estimate(everything)
    assert found.labelled == found.pairs == len(truth) == 4000
    assert found.low == found.high == found.precision == pytest.approx(np.mean(list(truth.values())))
    assert [row["precision"] for row in found.bands.iter_rows(named=True)] == sorted(found.bands["precision"])


def test_doubtful_pairs_are_drawn_more_often_than_their_share():
    graph, truth = world()
    bands = graph.estimate(judged(graph.sample(200), truth)).bands
    share = (bands["labelled"] / bands["pairs"]).to_list()
    assert share == sorted(share, reverse=True)
    assert bands["labelled"].sum() == pytest.approx(200, abs=10)


def test_a_sample_is_blind_and_comes_in_an_order_that_tells_nothing():
    graph, _ = world()
    drawn = graph.sample(100)
    assert drawn.columns == ["left_id", "right_id", "verdict"]
    assert drawn["verdict"].null_count() == drawn.height
    assert not drawn["left_id"].is_sorted()
    assert graph.sample(100).equals(drawn)
    assert not graph.sample(100, seed=1).equals(drawn)


def test_who_is_unsure_does_not_count():
    graph, truth = world()
    said = judged(graph.sample(200), truth)
    strange = pl.DataFrame({"left_id": ["a:0000"], "right_id": ["b:0001"], "verdict": ["same"]})
    unsure = said.with_columns(verdict=pl.when(pl.arange(pl.len()) == 0).then(pl.lit("unsure")).otherwise("verdict"))
    turned = pl.concat([unsure, strange]).rename({"left_id": "right_id", "right_id": "left_id"}).select(said.columns)
    found = graph.estimate(turned)
    assert (found.labelled, found.left_out) == (said.height - 1, 2)
    assert "joined pairs are right" in str(found)
    assert str(found).endswith("; 2 more do not count: unsure, or not joined")


def test_pairs_that_share_a_value_are_drawn_too():
    users = pl.DataFrame({"id": ["1", "2", "3", "4"], "mail": ["ana@acme.io"] * 3 + ["bo@acme.io"]})
    graph = ig.resolve(ig.Source("users", kind="user", id="id", data=users, identifiers={"email": "mail"}))
    assert graph.sample().select("left_id", "right_id").sort("right_id").rows() == [
        ("users:1", "users:2"),
        ("users:1", "users:3"),
    ]
    with pytest.raises(ConfigError, match="nothing is joined on level account"):
        graph.sample(level="account")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": pl.lit("yes")}, "'yes' is no verdict"),
        ({"verdict": pl.lit(None, pl.String)}, "no pair of weight 0 and more is judged"),
    ],
)
def test_labels_that_are_none_are_refused(change, message):
    graph, _ = world()
    with pytest.raises(ConfigError, match=message):
        graph.estimate(graph.sample(100).with_columns(**change))


def test_labels_that_contradict_each_other_are_refused():
    graph, _ = world()
    drawn = graph.sample(100).with_columns(verdict=pl.lit("same"))
    with pytest.raises(ConfigError, match="judged in two ways"):
        graph.estimate(pl.concat([drawn, drawn.with_columns(verdict=pl.lit("different"))]))
    with pytest.raises(ConfigError, match="labels lack the column 'verdict'"):
        graph.estimate(drawn.drop("verdict"))
    with pytest.raises(ConfigError, match="'people' is no level"):
        graph.sample(level="people")
    with pytest.raises(ConfigError, match=r"sample\(size=0\) draws nothing"):
        graph.sample(0)
