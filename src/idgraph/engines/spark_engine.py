"""The engine for those who outgrow one machine: Spark 4, classic or Connect, on a session in UTC."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.engines.base import Kernel, Readable, Table
from idgraph.engines.components import smallest_member
from idgraph.engines.files import FILE, ROW, column_expr
from idgraph.engines.output import write_frame
from idgraph.errors import EngineError
from idgraph.schema import TIME

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["SparkEngine"]

_ZONE: Final = "spark.sql.session.timeZone"
_OLDEST_SPARK: Final = 4
_OLDEST_JAVA: Final = 17
_PLACE: Final = "__place"
# What `monotonically_increasing_id` is made of: the number of the partition, and 33 bits for the row within it.
_ROW_BITS: Final = 33


class SparkEngine:
    """Runs every step on Spark; only the edges of `components`, and what is collected or written, pass through here.

    Kernels run in Spark's Python workers, which need idgraph, Polars and what the kernels use. Frames are checkpointed on
    the workers' own disks (`localCheckpoint`): a worker that is lost takes its part with it, and the run has to start again.
    """

    name: Final = "spark"
    word: Final = nw.String()

    def __init__(self, session: SparkSession | None = None) -> None:
        """Take a session over.

        Args:
            session: the one that the frames belong to; default the active one, or a new one as Spark is configured.

        Raises:
            EngineError: pyspark, what it needs, or Java is missing or too old; or the session counts in another zone.
        """
        _check_packages()
        self.session = session or _session()
        _check_zone(self.session)

    def read(self, source: Readable) -> Table:
        """See `Engine.read`: frames only. `__row` tells rows apart, and says nothing of their place: Spark keeps none."""
        from pyspark.sql import functions as F

        if isinstance(source.data, str | Path | list | tuple):
            msg = (
                f"source {source.name!r}: files are not read on Spark yet. Give the frame: data=spark.read.parquet(…)."
            )
            raise EngineError(msg)
        native = self._taken(source.data)
        columns = self.collect(nw.from_native(native.limit(0))).schema
        numbered = native.withColumns({ROW: F.monotonically_increasing_id() + F.lit(1), FILE: F.lit(0).cast("long")})
        return Table(nw.from_native(numbered), columns, partial(column_expr, columns), [], None)

    def lazy(self, frame: Any) -> nw.LazyFrame:  # noqa: ANN401 - a frame of any library
        """See `Engine.lazy`; unsigned integers become Int64, words and columns of nulls String, times microseconds."""
        return nw.from_native(self._taken(frame))

    def _taken(self, frame: Any) -> DataFrame:  # noqa: ANN401 - a frame of any library
        frame = nw.to_native(frame, pass_through=True)
        if _is_spark(frame):
            texts = [field.name for field in frame.schema if field.dataType.typeName() == "void"]
            return frame.withColumns({name: _column(name).cast("string") for name in texts}) if texts else frame
        native = frame.collect() if isinstance(frame, pl.LazyFrame) else pl.DataFrame(frame)
        try:
            rows = native.cast(_spark_dtypes(native.schema))
        except pl.exceptions.InvalidOperationError as error:
            msg = f"a frame has integers of 64 bits, which Spark lacks: {error}. Give that column as text."
            raise EngineError(msg) from error
        schema, arrow = _schemas(rows.schema)
        if rows.is_empty():  # of which pyspark makes no Arrow arrays
            return self.session.createDataFrame([], schema)
        return self.session.createDataFrame(rows.to_arrow().cast(arrow), schema)

    def map_batches(self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]) -> nw.LazyFrame:
        """See `Engine.map_batches`; UInt64, of which Spark has none, comes out as the Int64 of the same bits."""
        declared = nw.Schema(schema).to_polars()
        native, arrow = _schemas(declared)
        run = partial(_run, kernel=kernel, declared=declared, arrow=arrow)
        return nw.from_native(frame.to_native().mapInArrow(run, native))

    def checkpoint(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.checkpoint`."""
        return nw.from_native(frame.to_native().localCheckpoint())

    def collect(self, frame: nw.LazyFrame) -> pl.DataFrame:
        """See `Engine.collect`."""
        return pl.DataFrame(frame.to_native().toArrow())

    def count(self, frame: nw.LazyFrame) -> int:
        """See `Engine.count`."""
        return int(frame.to_native().count())

    def number(self, frame: nw.LazyFrame, name: str, start: int = 0) -> nw.LazyFrame:
        """See `Engine.number`: without gaps, in the frame's order where it was sorted; only a count by partition is read."""
        from pyspark.sql import functions as F

        native: DataFrame = frame.to_native()
        placed = native.withColumn(_PLACE, F.monotonically_increasing_id()).localCheckpoint()
        part = F.shiftright(_PLACE, _ROW_BITS)
        sizes = {row["part"]: row["count"] for row in placed.groupBy(part.alias("part")).count().collect()}
        before = np.cumsum([start, *(sizes.get(number, 0) for number in range(max(sizes, default=0)))])
        first = F.get(F.lit(before.tolist()), part.cast("int"))
        number = first + F.col(_PLACE).bitwiseAND(F.lit((1 << _ROW_BITS) - 1))
        return nw.from_native(placed.select(number.alias(name), *map(_column, native.columns)))

    def lists(self, frame: nw.LazyFrame, by: Sequence[str], values: Sequence[str]) -> nw.LazyFrame:
        """See `Engine.lists`."""
        from pyspark.sql import functions as F

        gathered = [F.sort_array(F.collect_set(_column(value))).alias(value) for value in values]
        return nw.from_native(frame.to_native().groupBy(*map(_column, by)).agg(*gathered))

    def native(self, frame: nw.LazyFrame) -> DataFrame:
        """See `Engine.native`: a Spark frame."""
        found: DataFrame = frame.to_native()
        return found

    def write(self, frame: nw.LazyFrame, path: Path, format: str) -> None:  # noqa: A002 - the word of the design
        """See `Engine.write`: one file on this machine, so it passes through its memory; `native` frames go elsewhere."""
        write_frame(self.collect(frame).lazy(), path, format)

    def stored(self, path: Path) -> nw.LazyFrame:
        """See `Engine.stored`."""
        return self.lazy(pl.scan_parquet(path))

    def components(self, edges: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.components`; solved on this machine, which the edge list has to fit."""
        native = self.collect(edges.select("left", "right"))
        ends = np.concatenate([native["left"].to_numpy(), native["right"].to_numpy()])
        codes, places = np.unique(ends, return_inverse=True)  # numbers need not be dense here; the solver's must
        node, component = smallest_member(places[: native.height], places[native.height :])
        return self.lazy(pl.DataFrame({"node": codes[node], "component": codes[component]}))


def _is_spark(frame: object) -> bool:
    return type(frame).__module__.startswith("pyspark.sql.")


def _column(name: str) -> Column:
    """A column by its whole name, dots and all."""
    from pyspark.sql import functions as F

    return F.col("`" + name.replace("`", "``") + "`")


def _run(
    batches: Iterator[pa.RecordBatch], kernel: Kernel, declared: pl.Schema, arrow: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Run a kernel in a Python worker of Spark."""
    unsigned = [pl.col(name).reinterpret(signed=True) for name, dtype in declared.items() if dtype == pl.UInt64]
    for batch in batches:
        found = kernel(pl.DataFrame(batch)).select(pl.col(name).cast(dtype) for name, dtype in declared.items())
        yield from found.with_columns(unsigned).to_arrow().cast(arrow).to_batches()


def _schemas(schema: Mapping[str, pl.DataType]) -> tuple[StructType, pa.Schema]:
    """The columns that Spark gives to a Polars frame, and the Arrow form that it takes them in."""
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    native = from_arrow_schema(pl.DataFrame(schema=_spark_dtypes(schema)).to_arrow().schema)
    return native, to_arrow_schema(native, timezone="UTC")


def _spark_dtypes(schema: Mapping[str, pl.DataType]) -> pl.Schema:
    return pl.Schema({name: _spark_dtype(dtype) for name, dtype in schema.items()})


def _spark_dtype(dtype: pl.DataType) -> pl.DataType:
    """The nearest dtype that Spark has too.

    >>> _spark_dtype(pl.List(pl.UInt32())), _spark_dtype(pl.Categorical())
    (List(Int64), String)
    """
    if isinstance(dtype, pl.List):
        return pl.List(_spark_dtype(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return pl.Struct([pl.Field(field.name, _spark_dtype(field.dtype)) for field in dtype.fields])
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return pl.String()
    return pl.Int64() if dtype.is_unsigned_integer() else dtype


def _check_packages() -> None:
    for package in ("pyspark", "pyarrow", "pandas"):
        if find_spec(package) is None:
            msg = f"the Spark engine needs {package}. Install it: pip install 'idgraph-b2b[spark]'"
            raise EngineError(msg)
    from pyspark import __version__ as found

    if int(found.split(".")[0]) < _OLDEST_SPARK:
        msg = (
            f"the Spark engine needs pyspark {_OLDEST_SPARK}, not {found}. Install it: pip install 'idgraph-b2b[spark]'"
        )
        raise EngineError(msg)


def _session() -> SparkSession:
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is None and "SPARK_REMOTE" not in os.environ:
        _check_java()
    return active or SparkSession.builder.config(_ZONE, "UTC").getOrCreate()


def _check_java() -> None:
    """Spark would only say that its gateway exited before sending its port number."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    mend = f"Install Java {_OLDEST_JAVA} or newer and set JAVA_HOME to it."
    if java is None:
        msg = f"Spark needs Java, and there is none in {f'JAVA_HOME={home}' if home else 'PATH'}. {mend}"
        raise EngineError(msg)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - no input
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        msg = f"Spark needs Java {_OLDEST_JAVA}, and {java} is {version[1] if version else 'of an unknown version'}. {mend}"
        raise EngineError(msg)


def _check_zone(session: SparkSession) -> None:
    """In another zone the same day, and a time without zone, would be another instant than on Polars."""
    zone = session.conf.get(_ZONE)
    if zone != "UTC":
        msg = f"Spark's session counts in {zone}. Before reading, set spark.conf.set({_ZONE!r}, 'UTC')"
        raise EngineError(msg)
    # narwhals asks a session for its zone once, and remembers.
    seen = nw.from_native(session.range(1).selectExpr("timestamp_seconds(id) AS t")).collect_schema()["t"]
    if seen != TIME:
        msg = "Spark's session was changed to UTC after narwhals had seen it in another zone. Start a new one in UTC."
        raise EngineError(msg)
