"""The engine for those who outgrow one machine: Spark 4, classic or Connect, on a session in UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.engines.base import Blocks, Kernel, PairKernel, Readable, Size, Table, as_polars
from idgraph.engines.components import smallest_member
from idgraph.engines.files import FILE, ROW, column_expr
from idgraph.engines.spark import skew
from idgraph.engines.spark.checkpoint import checkpoint
from idgraph.engines.spark.components import contracted
from idgraph.engines.spark.dtypes import schemas, spark_dtypes
from idgraph.engines.spark.reading import read_files
from idgraph.engines.spark.session import check_packages, check_workers, check_zone, own_session
from idgraph.engines.spark.skew import ROWS, column
from idgraph.engines.spark.writing import read_folder, save_tables, write_folder
from idgraph.errors import EngineError, MappingError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkEngine"]

# A setting of the session: up to how many edges `components` solves in this process, and how many where it is not set.
DRIVER_EDGES: Final = "spark.idgraph.driverEdges"
_DRIVER_EDGES: Final = 20_000_000  # two columns of eight bytes, and eight times that while it solves
_PLACE: Final = "__place"
_FOUND: Final = "__found"
# What `monotonically_increasing_id` is made of: the number of the partition, and 33 bits for the row within it.
_ROW_BITS: Final = 33


class SparkEngine:
    """Runs every step on Spark; only the edges of `components`, and what is collected, pass through here.

    Kernels run in Spark's Python workers, which need idgraph and all it needs. Frames are checkpointed by the workers
    themselves (`localCheckpoint`): one that is lost takes its part of them along, and the run has to start again.
    """

    name: Final = "spark"
    word: Final = nw.String()

    def __init__(self, session: SparkSession | None = None) -> None:
        """Take a session over.

        Args:
            session: the one that the frames belong to; default the active one, or a new one as Spark is configured.

        Raises:
            EngineError: pyspark, what it needs, or Java is missing or too old; the session counts in another zone; or
                its workers lack idgraph, or have another version of it.
        """
        check_packages()
        self.session = own_session() if session is None else session
        check_zone(self.session)
        check_workers(self.session)

    def read(self, source: Readable) -> Table:
        """See `Engine.read`, and for files `read_files`; where a Spark frame's rows stood, its `__row` does not say."""
        from pyspark.sql import functions as sf

        if isinstance(source.data, str | Path | list | tuple):
            return read_files(source, self.session, self)
        frame = self.lazy(source.data)
        columns = self.collect(frame.head(0)).schema
        if clash := {FILE, ROW} & set(columns):
            problem = f"its frame has a column {min(clash)!r}, which is a name of ours"
            raise MappingError(source.name, problem, "Rename it.")
        native: DataFrame = frame.to_native()
        numbered = native.withColumns({ROW: sf.monotonically_increasing_id() + sf.lit(1), FILE: sf.lit(0).cast("long")})
        return Table(nw.from_native(numbered), columns, partial(column_expr, columns), [], None)

    def lazy(self, frame: Any) -> nw.LazyFrame:  # noqa: ANN401 - a frame of any library
        """See `Engine.lazy`; unsigned integers become Int64, words and columns of nulls String, times microseconds."""
        native = nw.to_native(frame, pass_through=True)
        if type(native).__module__.startswith("pyspark."):
            given: DataFrame = native
            texts = {f.name: column(f.name).cast("string") for f in given.schema if f.dataType.typeName() == "void"}
            return nw.from_native(given.withColumns(texts) if texts else given)
        eager = native.collect() if isinstance(native, pl.LazyFrame) else as_polars(native)
        try:
            rows = eager.cast(spark_dtypes(eager.schema))
        except pl.exceptions.InvalidOperationError:
            large = ", ".join(name for name, dtype in eager.schema.items() if dtype in {pl.UInt64, pl.Int128})
            msg = f"column {large} holds integers above 2^63 - 1, which Spark has no dtype for. Give them as text."
            raise EngineError(msg) from None
        schema, arrow = schemas(rows.schema)
        # Of an empty table pyspark makes arrays that Arrow refuses.
        data = [] if rows.is_empty() else rows.to_arrow().cast(arrow)
        return nw.from_native(self.session.createDataFrame(data, schema))

    def map_batches(self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]) -> nw.LazyFrame:
        """See `Engine.map_batches`; UInt64, of which Spark has none, comes out as the Int64 of the same bits."""
        declared = nw.Schema(schema).to_polars()
        native, arrow = schemas(declared)
        run = partial(_run, kernel=kernel, declared=declared, arrow=arrow)
        rows: DataFrame = frame.to_native()
        return nw.from_native(rows.mapInArrow(run, native))

    def map_aside(
        self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]
    ) -> Callable[[], nw.LazyFrame]:
        """See `Engine.map_aside`: every batch is in a process of its own here, so nothing is to be gained aside."""
        done = self.checkpoint(self.map_batches(frame, kernel, schema))
        return lambda: done

    def map_groups(
        self, frame: nw.LazyFrame, by: str, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]
    ) -> nw.LazyFrame:
        """See `Engine.map_groups`: each group in a Python worker, whole."""
        declared = nw.Schema(schema).to_polars()
        native, arrow = schemas(declared)
        rows: DataFrame = frame.to_native()
        found = rows.groupBy(column(by)).applyInArrow(  # which reads the signature of what it runs
            lambda group: _run_group(group, kernel=kernel, declared=declared, arrow=arrow), native
        )
        return self.checkpoint(nw.from_native(found))

    def checkpoint(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.checkpoint`."""
        return nw.from_native(checkpoint(frame.to_native()))

    def collect(self, frame: nw.LazyFrame) -> pl.DataFrame:
        """See `Engine.collect`."""
        return pl.DataFrame(frame.to_native().toArrow())

    def collect_all(self, frames: Sequence[nw.LazyFrame]) -> list[pl.DataFrame]:
        """See `Engine.collect_all`: one job."""
        if not frames:
            return []
        placed = [frame.with_columns(nw.lit(place).alias(_PLACE)) for place, frame in enumerate(frames)]
        found = self.collect(nw.concat(placed))
        return [found.filter(pl.col(_PLACE) == place).drop(_PLACE) for place in range(len(frames))]

    def count(self, frame: nw.LazyFrame) -> int:
        """See `Engine.count`."""
        return int(frame.to_native().count())

    def number(self, frame: nw.LazyFrame, name: str, start: int = 0) -> nw.LazyFrame:
        """See `Engine.number`: without gaps, and in order where the frame was sorted; only counts pass through here."""
        from pyspark.sql import functions as sf

        native: DataFrame = frame.to_native()
        placed = checkpoint(native.withColumn(_PLACE, sf.monotonically_increasing_id()))
        part = sf.shiftright(_PLACE, _ROW_BITS)
        sizes = {row["part"]: row["count"] for row in placed.groupBy(part.alias("part")).count().collect()}
        before = np.cumsum([start, *(sizes.get(number, 0) for number in range(max(sizes, default=0)))])
        first = sf.get(sf.lit(before.tolist()), part.cast("int"))
        number = first + sf.col(_PLACE).bitwiseAND(sf.lit((1 << _ROW_BITS) - 1))
        return nw.from_native(placed.select(number.alias(name), *map(column, native.columns)))

    def number_by(self, frame: nw.LazyFrame, text: str, name: str, start: int = 0) -> nw.LazyFrame | None:
        """See `Engine.number_by`."""
        repeated = frame.group_by(text).agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
        return None if self.count(repeated.head(1)) else self.number(frame.sort(text), name, start)

    def newest_first(self, frame: nw.LazyFrame, time: str, ties: str, name: str) -> nw.LazyFrame:
        """See `Engine.newest_first`."""
        return self.number(frame.sort([time, ties], descending=[True, False], nulls_last=True), name)

    def lookup_table(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.lookup_table`: a checkpoint like any other."""
        return self.checkpoint(frame)

    def lookup(
        self, frame: nw.LazyFrame, key: str, table: nw.LazyFrame, by: str, columns: Mapping[str, str]
    ) -> nw.LazyFrame:
        """See `Engine.lookup`: a left join, computed at once: of a chain of forty Spark plans for minutes."""
        found = table.select(nw.col(by).alias(key), *(nw.col(old).alias(new) for new, old in columns.items()))
        return self.checkpoint(frame.join(found, on=key, how="left"))

    def lists(self, frame: nw.LazyFrame, by: Sequence[str], value: str, order: Sequence[str] = ()) -> nw.LazyFrame:
        """See `Engine.lists`."""
        from pyspark.sql import functions as sf

        cell, keys = column(value), [column(name) for name in by]
        held: DataFrame = frame.to_native().where(cell.isNotNull())
        if not order:
            return nw.from_native(held.groupBy(*keys).agg(sf.sort_array(sf.collect_set(cell)).alias(value)))
        places = [sf.min(column(name)).alias(f"{_PLACE}{number}") for number, name in enumerate(order)]
        placed = held.groupBy(*keys, cell).agg(*places)
        row = sf.struct(*(sf.col(f"{_PLACE}{number}") for number in range(len(order))), cell.alias("value"))
        rows = sf.sort_array(sf.collect_list(row))
        return nw.from_native(placed.groupBy(*keys).agg(sf.transform(rows, lambda one: one["value"]).alias(value)))

    def native(self, frame: nw.LazyFrame) -> DataFrame:
        """See `Engine.native`: a Spark frame."""
        found: DataFrame = frame.to_native()
        return found

    def write(self, frame: nw.LazyFrame, path: Path, format: str, by: str | None = None) -> int:
        """See `Engine.write`: a folder of Parquet files, which the workers write."""
        if format != "parquet":
            msg = (
                f"Spark does not write {format}, which is for a spreadsheet. Write Parquet, and from one machine the "
                f"rest: ig.open(graph.write('out/')).write('out_{format}/', format={format!r})."
            )
            raise EngineError(msg)
        return write_folder(self.native(frame), path, by)

    def stored(self, path: Path) -> nw.LazyFrame:
        """See `Engine.stored`: Spark's own reader."""
        return nw.from_native(read_folder(self.session, path))

    def save_tables(self, frames: Mapping[str, nw.LazyFrame], prefix: str, format: str, mode: str) -> dict[str, int]:
        """See `Engine.save_tables`."""
        native = {name: self.native(frame) for name, frame in frames.items()}
        return save_tables(self.session, native, prefix, format, mode)

    def with_totals(self, frame: nw.LazyFrame, by: Sequence[str], **totals: nw.Expr) -> nw.LazyFrame:
        """See `Engine.with_totals`: aggregated in two stages and joined back, so that no group is whole in one task."""
        rows = self.checkpoint(frame)
        return self._with_found(rows, rows.group_by(by).agg(nw.len().alias(ROWS), **totals), by)

    def repeated(self, frame: nw.LazyFrame, text: str, size: str, **totals: nw.Expr) -> nw.LazyFrame:
        """See `Engine.repeated`."""
        held = frame.filter(~nw.col(text).is_null())
        return self.with_totals(held, [text], **{size: nw.len()}, **totals).filter(nw.col(size) > 1)

    def having(self, frame: nw.LazyFrame, table: nw.LazyFrame, on: Sequence[str]) -> nw.LazyFrame:
        """See `Engine.having`: the rows of keys with too many for one task are told apart from others."""
        rows = self.checkpoint(frame)
        keys = table.select(*on).unique(list(on))
        counted = rows.group_by(on).agg(nw.len().alias(ROWS)).join(keys, on=list(on), how="semi")
        found = self._with_found(rows, counted.with_columns(nw.lit(value=True).alias(_FOUND)), on)
        return found.filter(~nw.col(_FOUND).is_null()).drop(_FOUND)

    def _with_found(self, rows: nw.LazyFrame, counted: nw.LazyFrame, by: Sequence[str]) -> nw.LazyFrame:
        """Add what each group comes to, given that and the number of its rows; `rows` are checkpointed."""
        found: DataFrame = counted.to_native()
        heavy = None
        if self.count(rows) > skew.HEAVY:  # of fewer, one task may take all
            found = checkpoint(found)
            heavy = skew.heavy_keys(found)
        return nw.from_native(skew.with_found(rows.to_native(), found.drop(ROWS), by, heavy))

    def blocks(self, keyed: Iterable[nw.LazyFrame], most: int, *, across: bool) -> Blocks:
        """See `Engine.blocks`: all frames of keys at once."""
        frames = [frame.select("row", "side", "key", nw.lit(place).alias("frame")) for place, frame in enumerate(keyed)]
        if not frames:
            return _Blocks([], self.lazy(pl.DataFrame()))
        n, second = nw.col("n"), nw.col("second")
        found = self.with_totals(nw.concat(frames), ["key"], n=nw.len(), second=nw.col("side").sum())
        others = nw.when(nw.col("side") == 0).then(second).otherwise(n - second) if across else n - 1
        paired = found.with_columns(others.alias("partners"), (n > most).alias("large")).filter(nw.col("partners") > 0)
        rows = self.checkpoint(paired.drop("n", "second"))
        totals = rows.group_by("frame", "large").agg(nw.len().alias("rows"), nw.col("partners").sum())
        sizes = {(frame, large): Size(n, twice // 2) for frame, large, n, twice in self.collect(totals).rows()}
        none = Size(0, 0)
        of_frame = [(sizes.get((place, False), none), sizes.get((place, True), none)) for place in range(len(frames))]
        return _Blocks(of_frame, rows)

    def meeting(self, blocks: Sequence[nw.LazyFrame], *, across: bool) -> Iterator[nw.LazyFrame]:
        """See `Engine.meeting`: one part, which the workers hold."""
        if not blocks:
            return
        rows = nw.concat([block.select("row", "side", "key") for block in blocks])
        left, right = (
            rows.select("key", nw.col("row").alias(name), nw.col("side").alias(f"{name}_side"))
            for name in ("left", "right")
        )
        met = left.join(right, on="key").filter(nw.col("left") < nw.col("right"))
        if across:
            met = met.filter(nw.col("left_side") != nw.col("right_side"))
        yield self.checkpoint(met.select("left", "right").unique(["left", "right"]))

    def map_pairs(
        self,
        parts: Iterable[nw.LazyFrame],
        table: nw.LazyFrame,
        kernel: PairKernel,
        schema: Mapping[str, nw.dtypes.DType],
    ) -> nw.LazyFrame:
        """See `Engine.map_pairs`: the kernel gets the rows of its own pairs."""
        names = [name for name in table.collect_schema().names() if name != "row"]
        done = [self.lazy(nw.Schema(schema).to_polars().to_frame())]
        for part in parts:
            pairs = part
            for side in ("left", "right"):
                pairs = self.lookup(pairs, side, table, "row", {f"{side} {name}": name for name in names})
            run = partial(_run_pairs, kernel=kernel, names=names)
            done.append(self.checkpoint(self.map_batches(pairs, run, schema)))
        return nw.concat(done)

    def components(self, edges: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.components`; on this machine below a number of edges that it holds, above it on the workers."""
        held = self.checkpoint(edges.select("left", "right"))
        if self.count(held) > self._most_edges():
            return nw.from_native(contracted(held.to_native()))
        native = self.collect(held)
        ends = np.concatenate([native["left"].to_numpy(), native["right"].to_numpy()])
        codes, places = np.unique(ends, return_inverse=True)  # numbers need not be dense here; the solver's must
        node, component = smallest_member(places[: native.height], places[native.height :])
        return self.lazy(pl.DataFrame({"node": codes[node], "component": codes[component]}))

    def _most_edges(self) -> int:
        said = self.session.conf.get(DRIVER_EDGES, str(_DRIVER_EDGES)) or ""
        if not said.isdecimal():
            msg = f"{DRIVER_EDGES} is {said!r}. Set it to the number of edges that this process may hold."
            raise EngineError(msg)
        return int(said)


@dataclass(frozen=True)
class _Blocks:
    """See `Blocks`: all in one frame.

    Attributes:
        sizes: see `Blocks.sizes`.
        held: row, side, key, frame, large.
    """

    sizes: Sequence[tuple[Size, Size]]
    held: nw.LazyFrame

    def small(self, frames: Sequence[int]) -> list[nw.LazyFrame]:
        """See `Blocks.small`."""
        if not frames:
            return []
        of_frames = self.held.filter(nw.col("frame").is_in(list(frames)), ~nw.col("large"))
        return [of_frames.select("row", "side", "key")]

    def rows(self, frame: int, *, small: bool) -> nw.LazyFrame:
        """See `Blocks.rows`."""
        of_frame = self.held.filter(nw.col("frame") == frame, nw.lit(small) | nw.col("large"))
        return of_frame.select("row", "side", "key")


def _run(
    batches: Iterator[pa.RecordBatch], kernel: Kernel, declared: pl.Schema, arrow: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Run a kernel in a Python worker of Spark."""
    for batch in batches:
        yield from _run_group(batch, kernel=kernel, declared=declared, arrow=arrow).to_batches()


def _run_group(rows: pa.RecordBatch | pa.Table, *, kernel: Kernel, declared: pl.Schema, arrow: pa.Schema) -> pa.Table:
    unsigned = [pl.col(name).reinterpret(signed=True) for name, dtype in declared.items() if dtype == pl.UInt64]
    found = kernel(pl.DataFrame(rows)).select(pl.col(name).cast(dtype) for name, dtype in declared.items())
    return found.with_columns(unsigned).to_arrow().cast(arrow)


def _run_pairs(rows: pl.DataFrame, kernel: PairKernel, names: Sequence[str]) -> pl.DataFrame:
    """Run a kernel of pairs over rows that hold what is known of both."""
    sides = [rows.select(**{name: pl.col(f"{side} {name}") for name in names}) for side in ("left", "right")]
    places = pl.int_range(rows.height, dtype=pl.UInt32)
    pairs = rows.select("left", "right", left_place=places, right_place=places + rows.height)
    return kernel(pairs, pl.concat(sides))
