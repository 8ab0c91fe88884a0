"""Files on Spark: its workers read them, row for row as the Polars engine does."""

import gzip
import json
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.engines.spark import reading
from idgraph.errors import FileError
from idgraph.schema import FRAMES, cast

pytestmark = pytest.mark.spark
POLARS = engine_for()


@pytest.fixture(scope="module")
def on_spark(spark):
    return engine_for(session=spark)


def users(data, **settings):
    return ig.Source("app_users", kind="user", data=data, id="id", **settings)


def put(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder / "*")


def as_text(frame):
    """A frame with every cell as text, in an order of ours: Spark's integers are all of 64 bits."""
    rows = frame.with_columns(pl.all().cast(pl.String, strict=False)) if not frame.is_empty() else frame
    return rows.sort(rows.columns, nulls_last=True).rows()


def assert_same_table(engine, source):
    expected, table = POLARS.read(source), engine.read(source)
    assert table.files == expected.files
    assert list(table.columns) == list(expected.columns)
    found = engine.collect(table.frame)
    assert found.schema == table.columns
    assert as_text(found) == as_text(POLARS.collect(expected.frame))
    assert as_text(engine.collect(table.rejects)) == as_text(POLARS.collect(expected.rejects))
    return table


def assert_same_graph(expected, graph):
    assert graph.run["engine"] == "spark"
    assert graph.run["sources"] == expected.run["sources"]
    for name in FRAMES:
        frames = [getattr(expected, name).lazy(), pl.DataFrame(getattr(graph, name).toArrow()).lazy()]
        one, other = (cast(nw.from_native(frame), name).to_native().collect() for frame in frames)
        one, other = (frame.sort(frame.columns, nulls_last=True) for frame in (one, other))
        assert_frame_equal(one, other, categorical_as_str=True)


def test_parts_of_a_table_are_read_with_their_rows_and_rejects(on_spark, tmp_path):
    files = {
        "1.csv": "id,email\nu1,ana@acme.io\nu2\n\nu3,\n",
        "2.tsv": "email\tid\tname\nbo@acme.io\tu4\tBo\nx\ty\n",
        "3.csv.gz": gzip.compress(b'id,email\nu5,"cy@acme.io"\n'),
        "4.csv": "id;email\nu6;di@acme.io\n".encode("utf-16"),
        "5.csv": 'id,email\nu7,e"d@acme.io\nu8,"open\n',
    }
    with zipfile.ZipFile(tmp_path / "6.zip", "w") as archive:
        archive.writestr("a.csv", "id,email\nu9,a@acme.io\n")
        archive.writestr("b.csv", "id,email\nu10,b@acme.io\nu11,c,d\n")
    table = assert_same_table(on_spark, users(put(tmp_path, files)))
    assert [path.name for path in table.files][-2:] == ["6.zip", "6.zip"]
    assert on_spark.collect(table.rejects)["file"].n_unique() == 4
    assert on_spark.collect(table.frame.select("__file")).n_unique() == 7


def test_many_files_share_tasks(on_spark, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_TASKS", 3)
    where = put(tmp_path, {f"{place:02}.csv": f"id,email\nu{place},a{place}@acme.io\nbad\n" for place in range(40)})
    table = assert_same_table(on_spark, users(where))
    assert table.frame.to_native().selectExpr("spark_partition_id() AS task").distinct().count() == 3


def test_large_files_come_in_batches(on_spark, tmp_path):
    count = 3 * reading._ROWS
    pl.DataFrame({"id": range(count)}).write_csv(tmp_path / "users.csv")
    table = on_spark.read(users(str(tmp_path / "users.csv"), identifiers={"email": "id"}))
    sizes = on_spark.map_batches(table.frame, lambda rows: pl.DataFrame({"rows": [rows.height]}), {"rows": nw.Int64()})
    rows = on_spark.collect(sizes)["rows"]
    assert rows.sum() == count
    assert rows.max() <= reading._ROWS


def test_json_is_addressed_late_too(on_spark, tmp_path):
    lines = [{"id": f"u{number}", "traits": {"email": f"u{number}@acme.io"}} for number in range(1500)]
    lines[1400]["late"] = {"plan": "pro"}
    files = {
        "1.jsonl": "\n".join(map(json.dumps, lines)) + '\n{"id": \n["no record"]\n',
        "2.json": json.dumps({"results": [{"id": "u1", "other": 36893488147419103233}]}),
    }
    source = users(put(tmp_path, files))
    table = assert_same_table(on_spark, source)

    def column(address):
        found = table.find(address)
        cells = on_spark.map_batches(table.frame, lambda rows: rows.select(found.alias("cell")), {"cell": nw.String()})
        return on_spark.collect(cells.filter(~nw.col("cell").is_null()))["cell"].to_list()

    assert column("other") == ["36893488147419103233"]
    assert column("late.plan") == ["pro"]
    assert len(column("traits.email")) == 1500
    with pytest.raises(KeyError, match=r"traits\.email"):
        table.find("trait.email")


def test_parquet_keeps_its_dtypes(on_spark, tmp_path):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    first = pl.DataFrame(
        {
            "id": [1, 2],
            "seen": [at, None],
            "traits": [{"email": "ana@acme.io"}, None],
            "tags": [["a"], []],
            "plan": ["pro", "free"],
            "score": [1.5, None],
        },
        schema_overrides={"id": pl.UInt64, "plan": pl.Categorical, "score": pl.Float32},
    )
    second = pl.DataFrame({"id": [3], "seen": [at], "traits": [{"email": "bo@acme.io", "city": "Rome"}], "new": [True]})
    first.write_parquet(tmp_path / "1.parquet")
    second.write_parquet(tmp_path / "2.parquet")
    table = on_spark.read(users(str(tmp_path / "*")))
    expected = POLARS.collect(POLARS.read(users(str(tmp_path / "*"))).frame).sort("id")
    assert on_spark.collect(table.frame).sort("id").rows() == expected.rows()
    assert table.columns["seen"] == pl.Datetime("us", "UTC")
    assert table.columns["traits"] == pl.Struct({"email": pl.String, "city": pl.String})
    assert table.columns["score"] == pl.Float32
    assert isinstance(table.find("traits.city"), pl.Expr)


def test_what_cannot_be_read_is_an_error_before_any_work(on_spark, tmp_path, monkeypatch):
    pl.DataFrame({"id": [2**63]}, schema={"id": pl.UInt64}).write_parquet(tmp_path / "large.parquet")
    put(tmp_path, {"empty.csv": "", "users.csv": "id,email\nu1,\n", "deals.csv": "deal,amount\n1,2\n", "a.json": "[{}"})
    for name, problem in {
        "empty.csv": r"source 'app_users': empty\.csv is empty\. Export it again",
        "a.json": r"a\.json is truncated",
        "large.parquet": r"large\.parquet has a column 'id' of integers above 2\^63 - 1.*as text",
        "nothing.csv": r"no file matches 'nothing\.csv'",
        "[ud]*s.csv": r"users\.csv is not of one table with deals\.csv",
    }.items():
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileError, match=problem):
            on_spark.read(users(name))


def test_a_file_that_workers_do_not_see_is_named_with_the_mend(on_spark, tmp_path, monkeypatch):
    (tmp_path / "users.csv").write_text("id\nu1\n")
    elsewhere = [tmp_path / "elsewhere" / "users.csv"]
    monkeypatch.setattr(reading, "find_files", lambda *_: elsewhere)
    with pytest.raises(FileError, match=r"users\.csv is not there for Spark's workers.*Put it where all of them"):
        on_spark.read(users(str(tmp_path / "users.csv")))


def test_workers_leave_no_copies_behind(on_spark, tmp_path):
    """Not even where Spark stops after the first row."""
    code = "import os, tempfile; print(*(n for n in os.listdir(tempfile.gettempdir()) if n.startswith('idgraph-')))"

    def left():
        return set(
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        )

    before = left()
    rows = "".join(f"u{number},{number}@acme.io\n" for number in range(5 * reading._ROWS))
    table = on_spark.read(users(put(tmp_path, {"users.csv.gz": gzip.compress(f"id,email\n{rows}".encode())})))
    assert on_spark.count(table.frame) == 5 * reading._ROWS
    assert on_spark.collect(table.frame.head(1)).height == 1
    assert left() == before


def test_real_exports_give_the_same_graph(spark, data_dir):
    found = ig.discover(data_dir / "exports" / "hubspot_fivetran")
    exact = ig.Config(without=("similar",))  # likeness is compared in test_collected.py
    assert_same_graph(ig.resolve(*found, config=exact), ig.resolve(*found, config=exact, session=spark))


def test_every_sort_of_real_export_reads_the_same_or_is_refused_alike(on_spark, data_dir):
    kinds = {}
    for path in sorted((data_dir / "exports").rglob("*")):
        if path.is_file() and path.stat().st_size < 1 << 20 and path.suffix in {".csv", ".json", ".jsonl", ".parquet"}:
            kinds.setdefault((path.suffix, path.parent.name), path)
    refused = []
    for path in kinds.values():
        try:
            POLARS.read(users(str(path)))
        except FileError as error:
            with pytest.raises(FileError, match=re.escape(str(error))):
                on_spark.read(users(str(path)))
            refused.append(path)
        else:
            assert_same_table(on_spark, users(str(path)))
    assert len(kinds) - len(refused) > 5
    assert refused
