"""A world of exports, resolved by Spark's workers: the same graph, and what comes to the driver is not the records."""

import traceback
from collections import Counter

import polars as pl
import pytest

import idgraph as ig
from idgraph.datasets import saas_world
from idgraph.engines import engine_for

pytestmark = pytest.mark.spark

# The one step that one machine takes for all, up to a number of edges: see `spark.idgraph.driverEdges`.
ON_THE_DRIVER = {"engine.py:components"}
# How often each pattern of a comparison occurs; there are as many as the levels of what is compared allow.
COUNTED = {"similar.py:_counted"}


@pytest.fixture
def collected(spark, monkeypatch):
    """The most rows that came to the driver at a time, by who asked for them."""
    dataframe = pytest.importorskip("pyspark.sql.classic.dataframe").DataFrame
    rows = Counter()
    for name, count in (("toArrow", lambda found: found.num_rows), ("collect", len), ("toPandas", len), ("take", len)):
        original = getattr(dataframe, name)

        def counted(self, *args, original=original, count=count):
            found = original(self, *args)
            asked = [f for f in traceback.extract_stack() if "/idgraph/" in f.filename and f.name != "collect"]
            if asked:  # not by the test
                place = f"{asked[-1].filename.rpartition('/')[2]}:{asked[-1].name}"
                rows[place] = max(rows[place], count(found))
            return found

        monkeypatch.setattr(dataframe, name, counted)
    return rows


def test_a_world_is_resolved_by_workers_as_on_one_machine(spark, collected, tmp_path, assert_same_graph):
    saas_world(12, seed=3).write(tmp_path)
    names = {"app_users", "app_tenants", "salesforce_leads"}
    found = [source for source in ig.discover(tmp_path) if source.name in names]
    assert {source.name for source in found} == names
    # A type that allows one value: so components break, and are rebuilt.
    one_user = ig.IdentifierType(name="app.user_id", level="person", kind="user", unique="entity")
    config = ig.Config(types=[one_user])
    joined = ig.resolve(*found, config=config).example()
    said = pl.DataFrame([(*joined, "different")], ["left_id", "right_id", "verdict"], orient="row")
    expected = ig.resolve(*found, config=config, judgements=said)
    graph = ig.resolve(*found, config=config, judgements=said, session=spark)
    assert graph.summary() == expected.summary()
    assert expected.counts()["suppressed"]
    assert not ON_THE_DRIVER - collected.keys()
    assert any(place.startswith("similar.py") for place in collected)
    many = {place for place, rows in collected.items() if rows >= expected.profiles.height}
    assert many <= ON_THE_DRIVER | COUNTED
    assert graph.run["sources"] == expected.run["sources"]
    assert_same_graph(engine_for(spark.range(1)), expected, graph)
