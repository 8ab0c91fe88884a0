"""What only Spark has: a session to check, packages and a Java that may be missing, and no files yet."""

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
    assert SparkEngine().session == spark


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
def test_files_are_refused_before_any_work(spark):
    source = ig.Source("app_users", kind="user", data="users.csv", id="user_id")
    with pytest.raises(EngineError, match=r"'app_users': files are not read on Spark yet.*spark\.read"):
        SparkEngine(spark).read(source)
