"""One value on a great share of the rows: no task gets them all."""

import narwhals.stable.v2 as nw
import polars as pl
import pytest

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.engines.spark import SparkEngine, skew

pytestmark = pytest.mark.spark

ROWS = 4_000
TASKS = 8
HUB = 0.3  # share of the rows that hold one value


@pytest.fixture
def spread(spark, monkeypatch):
    """An engine on several tasks, whose rows of one key are too many at fifty, with Spark's own splitting on."""
    session = spark.newSession()
    settings = {
        "spark.sql.shuffle.partitions": str(TASKS),
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
        "spark.sql.adaptive.skewJoin.skewedPartitionFactor": "1.5",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "2k",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "2k",
        "spark.sql.autoBroadcastJoinThreshold": "-1",  # as it would be of frames that need a cluster
    }
    for name, value in settings.items():
        session.conf.set(name, value)
    monkeypatch.setattr(skew, "HEAVY", 50)
    return SparkEngine(session)


def spread_out(engine, frame):
    """A frame in several parts, as a cluster would read it."""
    return nw.from_native(engine.lazy(frame).to_native().repartition(TASKS)).pipe(engine.checkpoint)


class Shares:
    """The share of the shuffled rows of a stage that its largest task read, of stages since this was made."""

    def __init__(self, session):
        self._context = session.sparkContext
        self._store = self._context._jsc.sc().statusStore()
        self._seen = {stage.stageId() for stage in self._stages()}

    def _stages(self):
        gateway = self._context._gateway
        none, no_quantiles = gateway.jvm.java.util.ArrayList(), gateway.new_array(gateway.jvm.double, 0)
        stages = self._store.stageList(none, False, False, no_quantiles, none)
        return [stages.apply(place) for place in range(stages.size())]

    def largest(self, least=ROWS // 4):
        """The largest share, and the stage, of all stages that read so many rows."""
        self._context._jsc.sc().listenerBus().waitUntilEmpty()
        shares = [(0.0, "")]
        for stage in self._stages():
            if stage.stageId() not in self._seen and stage.shuffleReadRecords() >= least:
                tasks = self._store.taskList(stage.stageId(), stage.attemptId(), 10_000)
                metrics = [tasks.apply(place).taskMetrics().get() for place in range(tasks.size())]
                most = max(found.shuffleReadMetrics().recordsRead() for found in metrics)
                shares.append((most / stage.shuffleReadRecords(), f"{stage.stageId()} {stage.details()[:2000]}"))
        return max(shares)


def hub(rows=ROWS):
    """Keys of two rows each, but one that has a share of all, and null that has as many."""
    several = [n // 2 if n % 10 >= 6 else -1 if n % 10 >= 3 else None for n in range(rows)]
    return pl.DataFrame({"row": range(rows), "key": several})


def test_a_window_brings_a_value_together_and_totals_do_not(spread):
    frame = spread_out(spread, hub())
    totals = {"first": nw.col("row").min(), "size": nw.len(), "rows": nw.col("row").n_unique()}
    seen = Shares(spread.session)
    found = spread.collect(spread.with_totals(frame, ["key"], **totals)).sort("row")
    assert seen.largest()[0] < 0.2
    embedded = engine_for()
    assert found.rows() == embedded.collect(embedded.with_totals(embedded.lazy(hub()), ["key"], **totals)).rows()
    seen = Shares(spread.session)
    spread.collect(frame.with_columns(nw.len().over("key").alias("size")))
    assert seen.largest()[0] > HUB


def test_the_rows_of_a_hub_that_a_table_has_are_shared_out(spread):
    frame, asked = spread_out(spread, hub()), pl.DataFrame({"key": [-1, -1, 1203, None, 10_000]})
    seen = Shares(spread.session)
    found = spread.collect(spread.having(frame, spread.lazy(asked), ["key"])).sort("row")
    assert seen.largest()[0] < 0.2
    embedded = engine_for()
    expected = embedded.collect(embedded.having(embedded.lazy(hub()), embedded.lazy(asked), ["key"])).sort("row")
    assert found.rows() == expected.rows()
    assert found.height == ROWS * 3 // 10 + 2


def test_the_edges_of_a_hub_are_shared_out(spread):
    spread.session.conf.set("spark.idgraph.driverEdges", "0")
    edges = pl.DataFrame({"left": range(ROWS), "right": range(ROWS)}).with_columns(
        right=pl.when(pl.col("left") % 10 < 3).then(ROWS * 2).when(pl.col("left") % 10 < 6).then(0).otherwise("right")
    )
    held = spread_out(spread, edges)
    seen = Shares(spread.session)
    found = spread.components(held)
    assert seen.largest()[0] < 0.2
    joined = ROWS * 6 // 10 + 1  # the two hubs are one component: 0 is the one, and at the other
    assert spread.count(found.filter(nw.col("component") == 0)) == joined


def test_a_run_shares_out_a_value_that_a_third_of_the_records_hold(spread):
    emails = [f"p{n // 2}@acme.io" if n % 10 >= 3 else "hub@acme.io" for n in range(ROWS)]
    names = [f"Ana {n % 97} Silva" for n in range(ROWS)]
    users = pl.DataFrame({"id": range(1, ROWS + 1), "email": emails, "name": names})
    given = spread_out(spread, users)
    source = ig.Source(
        "users",
        kind="user",
        data=given.to_native(),
        id="id",
        identifiers={"email": "email"},
        attributes={"full_name": "name"},
    )
    seen = Shares(spread.session)
    graph = ig.resolve(source, config=ig.Config(without=("similar",)))
    suppressed = graph.suppressed.collect()
    assert [(row["value"], row["records"], len(row["examples"])) for row in suppressed] == [("hub@acme.io", 1200, 3)]
    assert seen.largest()[0] < 0.25
