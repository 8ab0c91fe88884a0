"""Writing on Spark: the workers write, and no row passes through here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from idgraph.engines.output import entity_column, part_files
from idgraph.engines.spark.failure import cause
from idgraph.engines.spark.skew import column
from idgraph.errors import ConfigError, EngineError, OutputError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession

__all__ = ["read_folder", "save_tables", "write_folder"]

BUCKET: Final = "bucket"
_BUCKETS: Final = 256
# Rows of a file, of which a bucket has one or more: tens of megabytes of profiles, so that no run leaves tiny files.
_FILE_ROWS: Final = 1 << 20
_HASH_START: Final = 5  # `prf_` and the like come before
_MODES: Final = {"error": "errorifexists", "overwrite": "overwrite"}
# Spark's default is a form of times that nobody else writes any more, and that Polars takes for nanoseconds.
_TIMES: Final = ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
_GLOB: Final = str.maketrans({letter: f"\\{letter}" for letter in "\\{}[]*?"})


def write_folder(frame: DataFrame, path: Path, by: str | None) -> int:
    """Let the workers write a frame as Parquet files, into a folder that only its owner can open.

    Args:
        frame: any frame.
        path: the new folder, on a disk that the workers share with this machine.
        by: the column of entity ids that says which folder `bucket=…` within it a row goes to; None for none.

    Returns:
        How many rows were written.

    Raises:
        OSError: the workers cannot write there, or what they write does not arrive here.
        EngineError: the frame has a column `bucket`.
    """
    computed, rows = _computed(frame)
    path.mkdir(mode=0o700)
    with _times(frame.sparkSession):
        # Of no rows in buckets Spark writes no file, and so no columns.
        writer = _writer(computed, rows, by if rows else None)
        try:
            writer.mode("append").option("compression", "zstd").parquet(_address(path))
        except Exception as error:
            msg = f"Spark's workers say: {cause(error)}. They have to be able to write there as the user of this run"
            raise OSError(msg) from error
    for part in path.rglob("*"):
        if part.is_dir() or part.suffix == ".parquet":
            part.chmod(0o700 if part.is_dir() else 0o600)
        else:
            part.unlink()  # a checksum, or a mark of success
    files = part_files(path)
    arrived = pl.scan_parquet(files, glob=False).select(pl.len()).collect().item() if files else 0
    if arrived != rows:
        msg = (
            f"of {rows:,} rows of {path.stem} only {arrived:,} are there, because Spark's workers write to disks of "
            "their own. Name a folder on a disk that they share with this machine, or use graph.save_tables(…)"
        )
        raise OSError(msg)
    return rows


def read_folder(session: SparkSession, path: Path) -> DataFrame:
    """Open a file or folder that was written as Parquet, without the column `bucket`."""
    reader = session.read.option("recursiveFileLookup", value=True)  # which takes no columns from the names of folders
    return reader.parquet(_address(path).translate(_GLOB))


def save_tables(
    session: SparkSession, frames: Mapping[str, DataFrame], prefix: str, format: str, mode: str
) -> dict[str, int]:
    """Let the workers save frames as tables of the session's catalog, those with entity ids partitioned by `bucket`.

    Args:
        session: the one that the frames belong to.
        frames: by name.
        prefix: what comes before a frame's name in the name of its table.
        format: a table format that the session has.
        mode: `error` where a table exists, or `overwrite`.

    Returns:
        By the name of each table, how many rows were saved.

    Raises:
        ConfigError: there is no such mode.
        EngineError: the session has no such format, or a frame has a column `bucket`.
        OutputError: a table exists, has a name that Spark refuses, or could not be saved.
    """
    if mode not in _MODES:
        msg = f"there is no mode {mode!r}; it is one of {', '.join(_MODES)}"
        raise ConfigError(msg)
    _check_format(session, format)
    tables = {name: f"{prefix}{name}" for name in frames}
    there = [table for table in tables.values() if _exists(session, table)]
    if there and mode != "overwrite":
        msg = f"{', '.join(there)} exists already. Give another prefix, or mode='overwrite' to replace what is there."
        raise OutputError(msg)
    saved: dict[str, int] = {}
    for name, frame in frames.items():
        computed, rows = _computed(frame)
        with _times(session):
            writer = _writer(computed, rows, entity_column(name))
            try:
                writer.format(format).mode(_MODES[mode]).saveAsTable(tables[name])
            except Exception as error:
                before = f"Saved before it, and to be replaced with mode='overwrite': {', '.join(saved) or 'none'}."
                msg = f"Spark could not save the table {tables[name]}: {cause(error)}. {before}"
                raise OutputError(msg) from error
        saved[tables[name]] = rows
    return saved


def _computed(frame: DataFrame) -> tuple[DataFrame, int]:
    """Compute a frame once, onto the workers' disks, and count its rows: how it is laid out depends on how many.

    Not by `persist`, which fails ("key not found") on a frame that was sorted, checkpointed, and then lost the column.
    """
    from pyspark import StorageLevel

    computed = frame.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)
    return computed, computed.count()


@contextmanager
def _times(session: SparkSession) -> Iterator[None]:
    """Write times in microseconds of UTC; no option of a writer says so, only the session."""
    setting, ours = _TIMES
    before = str(session.conf.get(setting))
    session.conf.set(setting, ours)
    try:
        yield
    finally:
        session.conf.set(setting, before)


def _writer(frame: DataFrame, rows: int, by: str | None) -> DataFrameWriter:
    """Lay a frame out in files of about as many rows, and in as few buckets as keep a bucket to one file."""
    files = max(1, -(-rows // _FILE_ROWS))
    if by is None:
        return frame.coalesce(files).write
    if BUCKET in map(str.lower, frame.columns):
        msg = f"an attribute is called {BUCKET!r}, which is a name of ours. Give it another in attributes={{…}}."
        raise EngineError(msg)
    buckets = min(_BUCKETS, 1 << (files - 1).bit_length())
    # By ranges, down to the record, so that the rows of one large entity need not all go to one task.
    keys = [column(name) for name in dict.fromkeys([BUCKET, by, frame.columns[0]])]
    placed = frame.withColumn(BUCKET, _bucket(by, buckets)).repartitionByRange(max(files, buckets), *keys)
    return placed.sortWithinPartitions(*keys).write.partitionBy(BUCKET)


def _bucket(by: str, buckets: int) -> Column:
    """The first two hexadecimal digits of the smallest id that would be in the same bucket: `00`, `40`, `80`, `c0`."""
    from pyspark.sql import functions as sf

    first_byte = sf.conv(sf.substring(column(by), _HASH_START, 2), 16, 10).cast("int")
    return sf.format_string("%02x", first_byte.bitwiseAND(sf.lit(_BUCKETS - _BUCKETS // buckets)))


def _address(path: Path) -> str:
    """A path of this machine for Spark, whose own default may be a cluster's file system."""
    return f"file://{path.resolve().as_posix()}"


def _check_format(session: SparkSession, format: str) -> None:
    """Ask for the format by opening nothing with it: any other complaint than that it is unknown will do."""
    try:
        _ = session.read.format(format).schema("id STRING").load(_address(Path("/nothing"))).schema
    except Exception as error:
        if "DATA_SOURCE_NOT_" not in str(error):
            return
        msg = (
            f"this Spark session has no table format {format!r}. parquet and orc are always there. Start the session "
            "with spark.jars.packages set to io.delta:delta-spark_2.13:<version> for delta, or to "
            "org.apache.iceberg:iceberg-spark-runtime-<Spark's version>_2.13:<version> for iceberg, and with the "
            "spark.sql.extensions and spark.sql.catalog.… that its manual names."
        )
        raise EngineError(msg) from error


def _exists(session: SparkSession, table: str) -> bool:
    from pyspark.errors import PySparkException

    try:
        return session.catalog.tableExists(table)
    except PySparkException as error:
        msg = f"Spark refuses {table!r} as the name of a table: {cause(error)}. Give a prefix such as 'sales.idgraph_'."
        raise OutputError(msg) from error
