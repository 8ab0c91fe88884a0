"""Spark's workers write, both engines open it, and nothing passes through this process."""

import json
import re
import uuid
from datetime import UTC, datetime

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.engines.output import part_files, refuse_folder
from idgraph.engines.spark import SparkEngine, writing
from idgraph.errors import ConfigError, EngineError, OutputError
from idgraph.schema import FRAMES, cast

pytestmark = pytest.mark.spark
NEW_YEAR = datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
PEOPLE = 24


def world(given=lambda frame: frame):
    """People of two systems who share addresses, one shared cookie, companies, and attributes with odd names."""
    users = pl.DataFrame({"record_id": [f"app:{number}" for number in range(PEOPLE)]}).with_columns(
        kind=pl.lit("user"),
        source=pl.lit("app_users"),
        native_id=pl.col("record_id").str.slice(4),
        first_seen=pl.lit(NEW_YEAR, dtype=pl.Datetime("us", "UTC")),
        stub=pl.lit(value=False),
        **{"full name": pl.lit("Ana, Silva"), "plan, tier;=": pl.lit(None, dtype=pl.String)},
    )
    leads = users.head(9).with_columns(
        record_id=pl.concat_str(pl.lit("crm:"), "native_id"), kind=pl.lit("lead"), source=pl.lit("crm_leads")
    )
    companies = users.head(2).with_columns(
        record_id=pl.concat_str(pl.lit("acc:"), "native_id"), kind=pl.lit("crm_account"), source=pl.lit("crm_accounts")
    )
    records = pl.concat([users, leads, companies])
    emails = pl.concat([users, leads]).select(
        "record_id",
        type=pl.lit("email"),
        value=pl.concat_str("native_id", pl.lit("@acme.io")),
        observed_at="first_seen",
        reason=pl.lit(None, dtype=pl.String),
        state=pl.lit("used"),
    )
    cookies = emails.head(4).with_columns(
        type=pl.lit("device"), value=pl.lit("d-1"), reason=pl.lit("hub"), state=pl.lit("suppressed")
    )
    belongs = users.select(person_record_id="record_id", company_record_id=pl.lit("acc:0"), via=pl.lit("crm"))
    frames = {"records": records, "identifiers": pl.concat([emails, cookies]), "memberships": belongs}
    return {name: given(frame) for name, frame in frames.items()}


@pytest.fixture(scope="module")
def expected():
    return ig.Graph.from_frames(**world())


@pytest.fixture(scope="module")
def graph(spark):
    engine = SparkEngine(spark)
    return ig.Graph.from_frames(**world(lambda frame: engine.native(engine.lazy(frame))))


@pytest.fixture(scope="module")
def out(graph, tmp_path_factory):
    """What Spark wrote, in a folder whose name would be a pattern."""
    return graph.write(tmp_path_factory.mktemp("[a] %20*") / "out {1}")


@pytest.fixture
def buckets(monkeypatch):
    """As if a file of two rows were a large one."""
    monkeypatch.setattr(writing, "_FILE_ROWS", 2)


def assert_same_frames(found, expected):
    for name in FRAMES:
        by = sorted(set(expected[name].columns) - {"examples"})
        left, right = (frames[name].sort(by, nulls_last=True) for frames in (found, expected))
        assert_frame_equal(left, right, categorical_as_str=True)


def frames_of(graph):
    """The frames of a graph here, in their declared dtypes."""
    return {name: declared(graph._engine.collect(graph._frames[name]), name) for name in FRAMES}


def declared(frame, name):
    return cast(nw.from_native(frame.lazy()), name).to_native().collect()


# ---------------------------------------------------------------------------------------------------------- round trip


def test_what_spark_wrote_opens_in_polars_as_a_polars_run_would_give_it(out, expected):
    opened = ig.open(out)
    assert isinstance(opened.profiles, pl.DataFrame)
    assert opened.profiles.height == PEOPLE
    for name in FRAMES:
        assert getattr(opened, name).schema == getattr(expected, name).schema, name
    assert_same_frames(frames_of(opened), frames_of(expected))
    assert opened.run["engine"] == "spark"
    assert opened.run["counts"] == opened.counts() == expected.counts()
    assert opened.profile("app:3") == expected.profile("app:3")
    assert str(opened.explain("app:3", "crm:3")) == str(expected.explain("app:3", "crm:3"))


def test_what_spark_wrote_opens_on_spark(out, expected, spark):
    opened = ig.open(out, session=spark)
    assert opened.profiles.sparkSession is spark
    assert "bucket" not in opened.profiles.columns
    assert_same_frames(frames_of(opened), frames_of(expected))
    assert opened.profile("app:3") == expected.profile("app:3")


def test_what_polars_wrote_opens_on_spark(expected, spark, tmp_path):
    opened = ig.open(expected.write(tmp_path / "out"), session=spark)
    assert_same_frames(frames_of(opened), frames_of(expected))


def test_frames_of_many_rows_are_parted_by_their_ids(graph, expected, spark, tmp_path, buckets):
    out = graph.write(tmp_path / "out")
    assert_same_frames(frames_of(ig.open(out)), frames_of(expected))
    assert_same_frames(frames_of(ig.open(out, session=spark)), frames_of(expected))
    for name, by in (("profiles", "entity_id"), ("assignments", "entity_id"), ("members", "profile_id")):
        files = part_files(out / f"{name}.parquet")
        starts = {path.parent.name.removeprefix("bucket=") for path in files}
        assert starts <= {f"{start:02x}" for start in range(0, 256, 8 if name == "assignments" else 16)}
        assert len(starts) > 4
        step = 8 if name == "assignments" else 16
        for path in files:
            digits = {int(id[4:6], 16) for id in pl.read_parquet(path, hive_partitioning=False)[by]}
            assert {f"{digit // step * step:02x}" for digit in digits} == {path.parent.name.removeprefix("bucket=")}


def test_one_large_entity_is_in_several_files(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_FILE_ROWS", 100)
    one = spark.range(1000).selectExpr("concat('app:', id) AS record_id", "'prf_00aa0000000000ff' AS entity_id")
    path = tmp_path / "assignments.parquet"
    assert writing.write_folder(one, path, "entity_id") == 1000
    sizes = [pl.scan_parquet(file).select(pl.len()).collect().item() for file in part_files(path)]
    assert max(sizes) < 300
    assert {file.parent.name for file in part_files(path)} == {"bucket=00"}


def test_small_frames_are_one_file_each(out):
    assert {name: len(part_files(out / f"{name}.parquet")) for name in FRAMES} == dict.fromkeys(FRAMES, 1)
    assert (out / "profiles.parquet" / "bucket=00").is_dir()


def test_times_are_written_as_every_reader_knows_them(out, spark):
    schema = pl.scan_parquet(part_files(out / "records.parquet"), glob=False).collect_schema()
    assert schema["first_seen"] == pl.Datetime("us", "UTC")
    assert spark.conf.get(writing._TIMES[0]) == "INT96"


def test_only_the_owner_can_read_it(out):
    for path in (out, *out.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
        assert path.is_dir() or path.name == "run.json" or path.match("part-*.parquet")


def test_nothing_is_collected(graph, spark, tmp_path, monkeypatch):
    collected = []
    for name in ("collect", "toArrow", "toPandas", "toLocalIterator", "take", "head"):
        monkeypatch.setattr(type(graph.profiles), name, lambda *_, name=name: collected.append(name))
    out = graph.write(tmp_path / "out")
    assert collected == []
    assert json.loads((out / "run.json").read_text())["counts"]["profiles"] == PEOPLE


def test_a_frame_that_was_sorted_by_what_it_lost(spark, tmp_path):
    frame = spark.range(9).selectExpr("id", "9 - id AS order").sort("order").localCheckpoint().select("id")
    assert writing.write_folder(frame, tmp_path / "links.parquet", None) == 9


# ------------------------------------------------------------------------------------------------------------ refusals


def test_csv_is_refused_and_had_the_other_way(graph, out, tmp_path):
    with pytest.raises(EngineError, match=r"Spark does not write csv.*ig\.open\(graph\.write\('out/'\)\)\.write"):
        graph.write(tmp_path / "out_csv", format="csv")
    assert list(tmp_path.iterdir()) == []
    assert (ig.open(out).write(tmp_path / "out_csv", format="csv") / "profiles.csv").is_file()


@pytest.mark.parametrize("place", ["s3://bucket/out", "hdfs://name:8020/out", "dbfs:/out", "file:///tmp/out"])
def test_an_address_is_refused(graph, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"is no folder of this machine.*graph\.save_tables"):
        graph.write(place)
    with pytest.raises(OutputError, match="is no folder of this machine"):
        ig.open(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stranger", ["profiles.parquet/notes.txt", "members.parquet/bucket=00/mine.parquet"])
def test_strangers_files_among_ours_are_left_alone(expected, tmp_path, stranger):
    out = tmp_path / "out"
    for name in FRAMES:
        (out / f"{name}.parquet" / "bucket=00").mkdir(parents=True)
        (out / f"{name}.parquet" / "bucket=00" / "part-0.parquet").touch()
    (out / "run.json").write_text('{"idgraph": "0"}')
    refuse_folder(out, {path.name for path in out.iterdir()})
    (out / stranger).touch()
    with pytest.raises(OutputError, match=f"did not write, such as {re.escape(stranger)}, so it is left alone"):
        expected.write(out)
    assert (out / stranger).is_file()


def test_each_engine_replaces_what_the_other_wrote(graph, expected, tmp_path):
    out = graph.write(tmp_path / "out")
    expected.write(out)
    assert (out / "profiles.parquet").is_file()
    graph.write(out)
    assert (out / "profiles.parquet").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_frame_that_fails_leaves_nothing_and_what_was_there(spark, graph, expected, tmp_path):
    from pyspark.sql import functions as sf

    out = expected.write(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    frames = dict(graph._plans)
    links: nw.LazyFrame = nw.from_native(spark.range(3).select(sf.raise_error(sf.lit("no more")).alias("evidence")))
    broken = ig.Graph(frames | {"links": links}, graph.config, graph._engine, graph.run, stored=True)
    with pytest.raises(Exception, match="no more"):
        broken.write(out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_disk_that_cannot_be_written_is_named_with_the_cause(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_address", lambda path: f"file://{tmp_path}/a_file/{path.name}")
    (tmp_path / "a_file").touch()
    with pytest.raises(OutputError, match=r"could not be written: Spark's workers say: .*not a directory.*Nothing of"):
        graph.write(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]


def test_workers_that_write_elsewhere_are_noticed(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_address", lambda path: f"file://{tmp_path}/disk_of_a_worker/{path.name}")
    with pytest.raises(OutputError, match=r"of 35 rows of records only 0 are there.*disks of their own.*share"):
        graph.write(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["disk_of_a_worker"]


def test_an_attribute_called_bucket_is_refused(spark, tmp_path):
    frame = spark.sql("SELECT 'prf_00' AS entity_id, 'x' AS Bucket")
    with pytest.raises(EngineError, match="'bucket', which is a name of ours"):
        writing.write_folder(frame, tmp_path / "profiles.parquet", "entity_id")


def test_what_is_no_session_is_refused(out):
    with pytest.raises(EngineError, match=r"'local\[2\]' is no Spark session"):
        ig.open(out, session="local[2]")


# -------------------------------------------------------------------------------------------------------------- tables


@pytest.fixture
def database(spark, tmp_path):
    """A database of its own in Spark's catalog."""
    name = f"test_{uuid.uuid4().hex}"
    spark.sql(f"CREATE DATABASE {name} LOCATION 'file://{tmp_path}/warehouse'")
    yield name
    spark.sql(f"DROP DATABASE {name} CASCADE")


def test_tables_hold_the_frames(spark, graph, expected, database, buckets):
    saved = graph.save_tables(f"{database}.ig_")
    assert saved == {f"{database}.ig_{name}": rows for name, rows in expected.counts().items()}
    tables = {name: pl.DataFrame(spark.table(f"{database}.ig_{name}").drop("bucket").toArrow()) for name in FRAMES}
    assert_same_frames({name: declared(table, name) for name, table in tables.items()}, frames_of(expected))
    parts = {row["partition"] for row in spark.sql(f"SHOW PARTITIONS {database}.ig_members").collect()}
    assert 4 < len(parts & {f"bucket={start:02x}" for start in range(0, 256, 16)}) == len(parts)
    assert spark.table(f"{database}.ig_hierarchy").count() == 0


def test_tables_are_replaced_only_when_told_so(spark, graph, database):
    some = ["profiles", "changes"]
    spark.sql(f"CREATE TABLE {database}.changes (mine STRING) USING parquet")
    with pytest.raises(OutputError, match=rf"{database}\.changes exists already\..*mode='overwrite'"):
        graph.save_tables(f"{database}.", frames=some)
    assert not spark.catalog.tableExists(f"{database}.profiles")
    assert graph.save_tables(f"{database}.", mode="overwrite", frames=some)[f"{database}.profiles"] == PEOPLE
    assert "mine" not in spark.table(f"{database}.changes").columns
    assert graph.save_tables(f"{database}.", mode="overwrite", frames=some)[f"{database}.profiles"] == PEOPLE


@pytest.mark.parametrize("format", ["delta", "iceberg", "parket"])
def test_a_format_that_the_session_lacks_is_named_before_any_work(graph, database, format, spark):
    with pytest.raises(EngineError, match=rf"no table format '{format}'.*spark\.jars\.packages.*delta-spark.*iceberg"):
        graph.save_tables(f"{database}.", format=format)
    assert spark.catalog.listTables(database) == []


def test_what_spark_cannot_save_is_said(graph, database):
    with pytest.raises(OutputError, match=rf"table {database}\.suppressed: .*ARRAY<STRING>.*Saved.*\.records\."):
        graph.save_tables(f"{database}.", format="csv", frames=["records", "suppressed"])
    with pytest.raises(OutputError, match=r"refuses 'no such\.records' as the name of a table.*Give a prefix"):
        graph.save_tables("no such.")
    with pytest.raises(OutputError, match=r"save the table nowhere\.records: .*nowhere.* cannot be found"):
        graph.save_tables("nowhere.", frames=["records"])


def test_modes_and_frames_are_checked(graph):
    with pytest.raises(ConfigError, match="there is no mode 'append'; it is one of error, overwrite"):
        graph.save_tables("ig_", mode="append")
    with pytest.raises(ConfigError, match="there is no frame 'profile'"):
        graph.save_tables("ig_", frames=["profile"])


def test_a_graph_in_polars_has_no_tables(expected):
    with pytest.raises(EngineError, match=r"is in Polars.*ig\.open\(graph\.write\('out/'\), session=spark\)"):
        expected.save_tables("ig_")
