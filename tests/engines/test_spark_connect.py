"""Spark Connect, in a process of its own: one process has classic sessions or those of Connect."""

import json
import subprocess
import sys

import polars as pl
import pytest

import idgraph as ig

pytestmark = pytest.mark.spark

# First with workers that lack idgraph, then with those that have it.
PROGRAM = """
import json, sys
from pyspark.sql import SparkSession
exports, bare_python, out, settings = sys.argv[1:]
session = SparkSession.builder.remote("local[1]").config(map=json.loads(settings)).getOrCreate()
import idgraph as ig
workers = "spark.sql.execution.pyspark.python"
try:
    session.conf.set(workers, bare_python)
    try:
        ig.resolve(*ig.discover(exports), session=session)
    except ig.IdgraphError as error:
        print("refused:", error)
    session.conf.unset(workers)
    exact = ig.Config(without=("similar",))
    graph = ig.resolve(*ig.discover(exports), session=session, config=exact)
    assert type(graph.assignments).__module__.startswith("pyspark.sql.connect"), type(graph.assignments)
    graph.write(out, frames=["assignments"])
finally:
    session.stop()  # without it a process that failed would not end
"""


def test_a_connect_server_gives_the_same_graph(tmp_path, python_without_idgraph, spark_settings):
    exports, out, program = tmp_path / "exports", tmp_path / "out", tmp_path / "program.py"
    exports.mkdir()
    (exports / "users.csv").write_text("user_id,email,tenant_id\nu1,ana@acme.io,t1\nu2,ana@acme.io,t1\nu3,,t1\n")
    program.write_text(PROGRAM)
    local = {**spark_settings, "spark.connect.grpc.binding.address": "127.0.0.1"}
    command = [sys.executable, program, exports, python_without_idgraph, out, json.dumps(local)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "refused: Spark's workers have no idgraph-b2b. Install there what is here: pip install" in done.stdout
    found = pl.concat(pl.read_parquet(part, hive_partitioning=False) for part in out.rglob("part-*.parquet"))
    expected = ig.resolve(*ig.discover(exports), config=ig.Config(without=("similar",))).assignments
    assert found.sort(pl.all()).rows() == expected.with_columns(pl.col("level").cast(str)).sort(pl.all()).rows()
