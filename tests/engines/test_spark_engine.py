"""What only Spark has: sessions to check, packages and a Java that may be missing, and workers."""

import os
import subprocess
import sys
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl
import pytest

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.engines.spark import SparkEngine, session
from idgraph.errors import EngineError

ZONE = "spark.sql.session.timeZone"


def test_a_missing_package_is_named_with_the_mend(monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda name: None if name == "pandas" else object())
    with pytest.raises(EngineError, match=r"needs pandas.*pip install 'idgraph-b2b\[spark\]'"):
        SparkEngine()


def test_an_old_pyspark_is_refused(monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setattr("pyspark.__version__", "3.5.1")
    with pytest.raises(EngineError, match=r"needs pyspark 4, not 3\.5\.1"):
        SparkEngine()


def test_no_java_is_said_before_spark_starts(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=r"needs Java, and there is none in JAVA_HOME=.*Install Java 17"):
        session.check_java()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="none in PATH"):
        session.check_java()


def test_without_java_a_command_ends_before_any_work(tmp_path):
    pytest.importorskip("pyspark")
    (tmp_path / "users.csv").write_text("user_id,email,tenant_id\nu1,ana@acme.io,t1\n")
    idgraph = Path(sys.executable).with_name("idgraph")
    command = [idgraph, "merge", tmp_path, "--out", tmp_path / "out", "--engine", "spark"]
    environment = {**os.environ, "PATH": "", "JAVA_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "Spark needs Java, and there is none in JAVA_HOME" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22"])
def test_an_old_java_is_refused(monkeypatch, tmp_path, version):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=f"needs Java 17, and .*java is {version.split('.')[0]}"):
        session.check_java()


@pytest.mark.spark
def test_the_active_session_is_taken_where_none_is_given(spark):
    for one in (spark.newSession(), spark):
        one.createDataFrame([], "id INT")  # which makes it the active one
        assert session.same_session(SparkEngine().session, one)


@pytest.mark.spark
def test_a_session_in_another_zone_is_refused(spark):
    other = spark.newSession()
    other.conf.set(ZONE, "Europe/Berlin")
    with pytest.raises(EngineError, match=r"counts in Europe/Berlin.*spark\.conf\.set"):
        engine_for(other.range(1))
    other.conf.set(ZONE, "UTC")
    assert engine_for(other.range(1)).name == "spark"


@pytest.mark.spark
def test_a_zone_that_narwhals_remembers_is_refused(spark):
    import narwhals.stable.v2 as nw

    other = spark.newSession()
    other.conf.set(ZONE, "Europe/Berlin")
    nw.from_native(other.sql("SELECT current_timestamp() AS at")).collect_schema()
    other.conf.set(ZONE, "UTC")
    with pytest.raises(EngineError, match="Start a new one"):
        SparkEngine(other)


@pytest.mark.spark
def test_what_spark_has_no_dtype_for_is_refused_or_made_text(spark):
    engine = SparkEngine(spark)
    with pytest.raises(EngineError, match="column hash holds integers above"):
        engine.lazy(pl.DataFrame({"id": [1], "hash": pl.Series([2**63], dtype=pl.UInt64)}))
    taken = engine.lazy(spark.sql("SELECT NULL AS nothing, 1 AS `a.b`"))
    assert engine.collect(taken).schema == {"nothing": pl.String, "a.b": pl.Int32}


@pytest.mark.spark
def test_a_checkpoint_forgets_the_size_that_was_guessed(spark):
    engine = engine_for(spark.range(1))
    rows = pl.DataFrame({"key": [1, 1, 2], "text": ["x", None, "y"]})
    frame = engine.lazy(rows)
    for _ in range(6):  # each time what is joined was made of what it is joined to
        frame = engine.checkpoint(engine.with_totals(frame, ["key"], n=nw.len()).drop("n"))
    plan = frame.to_native()._jdf.queryExecution().optimizedPlan()
    assert int(str(plan.stats().sizeInBytes())) < 2**64
    assert engine.collect(frame).sort("key", "text").equals(rows.sort("key", "text"))
    dotted = pl.DataFrame({"a.b": [1], "a`c": ["x"]})
    assert engine.collect(engine.checkpoint(engine.lazy(dotted))).equals(dotted)


def users(name, data):
    return ig.Source(name, kind="user", data=data, id="id", identifiers={"email": "email"})


@pytest.mark.spark
def test_frames_of_two_sessions_are_refused_by_the_names_of_their_sources(spark):
    rows = "SELECT 'u1' AS id, 'ana@acme.io' AS email"
    ours, theirs = users("app_users", spark.sql(rows)), users("crm_leads", spark.newSession().sql(rows))
    with pytest.raises(EngineError, match=r"'crm_leads' is a frame of another Spark session than 'app_users'\. Read"):
        ig.resolve(ours, theirs)
    with pytest.raises(EngineError, match=r"'crm_leads' is a frame not of the Spark session given\. Read"):
        ig.resolve(theirs, session=spark)
    with pytest.raises(EngineError, match="is no Spark session"):
        ig.resolve(users("app_users", pl.DataFrame({"id": ["u1"], "email": None})), session="local[2]")


@pytest.mark.spark
def test_two_objects_may_stand_for_one_session(spark):
    again = type(spark)(spark.sparkContext, spark._jsparkSession)
    assert again is not spark
    assert session.same_session(again, spark)
    assert not session.same_session(spark.newSession(), spark)


@pytest.mark.spark
def test_workers_of_another_version_are_refused(spark, monkeypatch):
    other = spark.newSession()
    real = session.version
    monkeypatch.setattr(session, "version", lambda name: "0.0.1" if name == "idgraph-b2b" else real(name))
    mend = r"have idgraph-b2b [\d.a-z]+\. Install there what is here: pip install idgraph-b2b==0\.0\.1 polars=="
    with pytest.raises(EngineError, match=mend):
        engine_for(other.range(1))


@pytest.mark.spark
def test_workers_without_idgraph_are_refused(spark, monkeypatch, python_without_idgraph):
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(python_without_idgraph))
    mend = r"have no idgraph-b2b\. Install there what is here: pip install idgraph-b2b==[\d.a-z]+ polars=="
    with pytest.raises(EngineError, match=mend):
        engine_for(spark.newSession().range(1))


@pytest.mark.spark
def test_workers_without_python_are_refused(spark, monkeypatch, tmp_path):
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(tmp_path / "python"))
    with pytest.raises(EngineError, match=r"workers cannot run Python functions: .*Install on them the Python that"):
        engine_for(spark.newSession().range(1))


@pytest.mark.spark
def test_workers_are_asked_once_a_session(spark, monkeypatch):
    other = spark.newSession()
    engine_for(other.range(1))
    monkeypatch.setattr(session, "_worker_versions", lambda _: pytest.fail("asked again"))
    assert engine_for(other.range(1)).name == "spark"


@pytest.mark.spark
def test_an_address_where_no_spark_can_be_is_refused():
    """In a process of its own: here a session runs already, which Spark would give instead."""
    code = "from idgraph.engines.spark import spark_session; spark_session('nowhere').__enter__()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "EngineError: Spark does not start at 'nowhere': " in done.stderr
    assert done.stderr.rstrip().endswith("Name its address: --master local[2]")


def test_what_spark_connect_needs_is_named_with_the_mend(monkeypatch):
    pytest.importorskip("pyspark")
    real = session.find_spec
    monkeypatch.setattr(session, "find_spec", lambda name: None if name == "grpc" else real(name))
    with pytest.raises(EngineError, match=r"Spark Connect needs grpc\. Install it: pip install 'idgraph-b2b\[spark\]'"):
        session.spark_session("sc://127.0.0.1").__enter__()
