"""Files on Spark: its Python workers read them, each file in one task, with the reader that the Polars engine has.

So rows, row numbers and rejects are the same on both. The files have to lie where every worker finds them under the
path that was given: on storage that all machines share, or all on one machine. A file that is packed or of another
encoding is copied to the temporary folder of its worker for as long as its task takes; a worker that is killed leaves
its copies there.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.engines.base import Engine, Readable, Table
from idgraph.engines.files import (
    FILE,
    JSON,
    ROW,
    Opened,
    Part,
    Reading,
    column_expr,
    find_files,
    forget_files,
    open_file,
    refuse_unlike,
)
from idgraph.engines.spark.dtypes import schemas, spark_dtypes
from idgraph.errors import FileError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["read_files"]

# Thousands of tasks of a few rows take Spark longer to hand out than to run: then each reads several files.
_TASKS: Final = 1024
_ROWS: Final = 1 << 16  # of a batch

_REPORT: Final = pl.Schema(
    {
        "file": pl.Int64(),
        "part": pl.Int64(),
        "facts": pl.String(),
        "schema": pl.Binary(),
        "label": pl.String(),
        "row": pl.Int64(),
        "value": pl.String(),
        "reason": pl.String(),
    }
)


@dataclass(frozen=True)
class _Files:
    """The files of one source, as they are sent to the workers."""

    source: str
    paths: list[str]
    labels: list[str]
    """How the user named them, for messages."""
    format: str | None
    delimiter: str | None
    encoding: str | None

    def open(self, number: int) -> list[Opened]:
        """Open one of them: the file itself, or the members of its zip."""
        path, label = Path(self.paths[number]), self.labels[number]
        if not path.is_file():
            problem = f"{label} is not there for Spark's workers, which look for it at {path}"
            mend = "Put it where all of them find it under this path, or give a frame: data=spark.read.parquet(…)."
            raise FileError(self.source, problem, mend)
        return open_file(Part(self.source, path, path, label), self.format, self.delimiter, self.encoding)


def read_files(source: Readable, session: SparkSession, engine: Engine) -> Table:
    """Open files on Spark; `__file` and `__row` are Int64.

    They are opened twice: here, so that what cannot be read is an error before any work, and again when their rows are
    asked for. A zip is one task, whatever it holds. Only the columns of each file and the first error come to the
    driver; rows, and what was refused of them, stay with Spark.

    Args:
        source: paths or globs, which the driver resolves.
        session: whose workers read.
        engine: what runs on it.

    Raises:
        FileError: there is no such file, workers do not see it, or it cannot be read as a whole.
    """
    paths = find_files(source.name, source.data)
    files = _Files(
        source.name,
        [str(path.absolute()) for path in paths],
        [str(path) for path in paths],
        source.format,
        source.delimiter,
        source.encoding,
    )
    numbers = session.range(0, len(paths), 1, min(len(paths), _TASKS))
    native, arrow = schemas(_REPORT)
    reported = engine.checkpoint(nw.from_native(numbers.mapInArrow(partial(_report, files=files, arrow=arrow), native)))
    facts = reported.filter(~nw.col("facts").is_null()).select("file", "part", "facts", "schema")
    found = _opened(source.name, files, engine.collect(facts).sort("file", "part"))
    opened = [one for ones in found for one in ones]
    refuse_unlike(source.name, opened)
    declared = _columns(opened)
    first = [0, *accumulate(len(ones) for ones in found)]
    native, arrow = schemas(declared)
    read = partial(_rows, files=files, first=first, declared=declared, arrow=arrow)
    rows: DataFrame = numbers.mapInArrow(read, native)
    columns = pl.DataFrame(arrow.empty_table()).schema
    known = list(dict.fromkeys(name for _, _, reading in opened for name in reading.columns))
    find = partial(_find, frame=nw.from_native(rows), columns=columns, known=known, engine=engine)
    origins = [path for path, ones in zip(paths, found, strict=True) for _ in ones]
    return Table(nw.from_native(rows), columns, find, origins, _rejects(reported, source.name))


def _opened(source: str, files: _Files, facts: pl.DataFrame) -> list[list[Opened]]:
    """What the workers found, file by file, as if it had been opened here.

    Raises:
        FileError: a file cannot be read.
    """
    found: list[list[Opened]] = [[] for _ in files.paths]
    for row in facts.iter_rows(named=True):
        said = json.loads(row["facts"])
        if "problem" in said:
            raise FileError(source, said["problem"], said["mend"])
        path = Path(files.paths[row["file"]])
        empty = pl.read_ipc(io.BytesIO(row["schema"])).lazy()
        reading = Reading(empty, said["columns"], said["size"])
        found[row["file"]].append((Part(source, path, path, said["label"]), said["format"], reading))
    return found


def _columns(opened: Sequence[Opened]) -> pl.Schema:
    """The columns of all parts under each other, as the Polars engine lays them."""
    empty = {tuple(schema.items()): schema for _, _, reading in opened if (schema := reading.frame.collect_schema())}
    together = pl.concat([pl.DataFrame(schema=schema) for schema in empty.values()], how="diagonal_relaxed")
    return pl.Schema({**together.drop(ROW).schema, FILE: pl.Int64(), ROW: pl.Int64()})


def _find(address: str, *, frame: nw.LazyFrame, columns: pl.Schema, known: Sequence[str], engine: Engine) -> pl.Expr:
    """See `Scan.column`: what the first JSON records do not hold is looked for in all of them."""
    try:
        return column_expr(columns, address, known)
    except KeyError:
        if JSON in columns:
            late = column_expr(columns, address)
            held = engine.map_batches(
                frame.select(JSON), lambda rows: rows.select(held=late.is_not_null().any()), {"held": nw.Boolean()}
            )
            if engine.count(held.filter(nw.col("held")).head(1)):
                return late
        raise


def _rejects(reported: nw.LazyFrame, source: str) -> nw.LazyFrame:
    """The rows that were refused, as the frame `rejects`."""
    return reported.filter(nw.col("facts").is_null()).select(
        nw.lit(source).alias("source"),
        nw.col("label").alias("file"),
        "row",
        nw.lit("row").alias("grain"),
        nw.lit(None).cast(nw.String()).alias("column"),
        "value",
        "reason",
    )


def _report(batches: Iterator[pa.RecordBatch], files: _Files, arrow: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Open files in a worker: a row of facts for each table in them, and a row for each row that was refused."""
    for number in _numbers(batches):
        try:
            found = [
                row
                for place, (part, kind, reading) in enumerate(files.open(number))
                for row in _facts(part, kind, reading, {"file": number, "part": place})
            ]
        except FileError as error:
            found = [{"file": number, "part": 0, "facts": json.dumps({"problem": error.problem, "mend": error.mend})}]
        finally:
            forget_files()
        yield from _batches(pl.DataFrame(found, schema=_REPORT), arrow)


def _facts(part: Part, kind: str, reading: Reading, place: dict[str, int]) -> Iterator[dict[str, Any]]:
    schema = reading.frame.collect_schema()
    _refuse_large(part, reading)
    facts = {"label": part.label, "format": kind, "columns": reading.columns, "size": reading.size}
    columns = io.BytesIO()
    pl.DataFrame(schema=schema).write_ipc(columns)
    yield {**place, "facts": json.dumps(facts), "schema": columns.getvalue()}
    for reject in reading.rejects:
        yield {**place, "label": part.label, **reject._asdict()}


def _refuse_large(part: Part, reading: Reading) -> None:
    """Spark's largest integers are those of 63 bits."""
    large = [name for name, dtype in reading.frame.collect_schema().items() if dtype == pl.UInt64]
    most = reading.frame.select(pl.col(large).max()).collect(engine="streaming") if large else pl.DataFrame()
    for column in most:
        if (column.item() or 0) >= 1 << 63:
            problem = f"has a column {column.name!r} of integers above 2^63 - 1, which Spark has no dtype for"
            raise part.error(problem, "Write them as text.")


def _rows(
    batches: Iterator[pa.RecordBatch], files: _Files, first: Sequence[int], declared: pl.Schema, arrow: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Read files in a worker, batch by batch."""
    none = pl.DataFrame(schema=declared)
    for number in _numbers(batches):
        try:
            for place, (_, _, reading) in enumerate(files.open(number), start=first[number]):
                for rows in reading.frame.collect_batches(chunk_size=_ROWS, lazy=True, engine="streaming"):
                    placed = rows.with_columns(pl.lit(place).cast(pl.Int64).alias(FILE))
                    yield from _batches(pl.concat([none, placed], how="diagonal_relaxed"), arrow)
        finally:
            forget_files()


def _numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _batches(rows: pl.DataFrame, arrow: pa.Schema) -> Iterator[pa.RecordBatch]:
    ready = rows.select(arrow.names)
    yield from ready.cast(spark_dtypes(ready.schema)).to_arrow().cast(arrow).to_batches()
