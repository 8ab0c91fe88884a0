"""Components on the workers of Spark: what they find is what one machine finds."""

import logging
import random
import re
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from idgraph.engines.components import smallest_member
from idgraph.engines.spark import SparkEngine, skew
from idgraph.engines.spark.components import contracted
from idgraph.errors import EngineError

LIMIT = "spark.idgraph.driverEdges"

pytestmark = pytest.mark.spark


@pytest.fixture
def limited(spark):
    """An engine that solves nothing on the driver."""
    session = spark.newSession()
    session.conf.set(LIMIT, "0")
    session.conf.set("spark.sql.shuffle.partitions", "3")
    return SparkEngine(session)


def frame(edges):
    return pl.DataFrame(edges, schema={"left": pl.Int64, "right": pl.Int64}, orient="row")


def by_hand(edges):
    left, right = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    return sorted(zip(*(found.tolist() for found in smallest_member(left, right)), strict=True))


def found(engine, edges):
    return sorted(engine.collect(engine.components(engine.lazy(frame(edges)))).select("node", "component").rows())


SHAPES = {
    "shuffled chain": list(pairwise(random.Random(1).sample(range(65), 65))),
    "star around the smallest": [(0, node) for node in range(1, 60)],
    "star around the largest": [(99, node) for node in range(60)],
    "stars in a chain": [(hub, hub + 10 + leaf) for hub in (0, 200, 400) for leaf in range(30)]
    + [(12, 215), (220, 405)],
    "by itself, twice, both ways": [(7, 7), (1, 2), (2, 1), (1, 2), (2, 2)],
    "nothing": [],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_workers_find_what_one_machine_finds(limited, shape):
    assert found(limited, SHAPES[shape]) == by_hand(SHAPES[shape])


def test_nodes_of_too_many_edges_for_a_task_are_found_the_same(limited, monkeypatch):
    monkeypatch.setattr(skew, "HEAVY", 4)
    assert found(limited, SHAPES["stars in a chain"]) == by_hand(SHAPES["stars in a chain"])


def test_random_graphs_have_the_components_of_one_machine(limited):
    @settings(max_examples=3, phases=(Phase.reuse, Phase.generate))  # each takes seconds
    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=60))
    def agrees(edges):
        assert found(limited, edges) == by_hand(edges)

    agrees()


def test_a_chain_takes_rounds_by_the_logarithm_of_its_length_and_says_how_many(limited, caplog):
    edges = frame(SHAPES["shuffled chain"])
    with caplog.at_level(logging.INFO, logger="idgraph"):
        contracted(limited.lazy(edges).to_native())
    rounds = [re.fullmatch(r"components: round (\d+) moved (\d+) edges", record.message) for record in caplog.records]
    assert [int(said[1]) for said in rounds] == list(range(1, len(rounds) + 1))
    assert len(rounds) <= 8
    assert int(rounds[-1][2]) == 0


def test_the_limit_is_a_setting_of_the_session(spark, caplog):
    session = spark.newSession()
    edges = [(1, 2), (2, 3), (9, 8)]
    with caplog.at_level(logging.INFO, logger="idgraph"):
        for limit, on_workers in (("3", False), ("2", True)):
            session.conf.set(LIMIT, limit)
            assert found(SparkEngine(session), edges) == by_hand(edges)
            assert bool(caplog.records) == on_workers
    session.conf.set(LIMIT, "many")
    with pytest.raises(EngineError, match=r"spark\.idgraph\.driverEdges is 'many'\. Set it to the number of edges"):
        found(SparkEngine(session), edges)
