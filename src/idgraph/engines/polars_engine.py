"""The embedded engine: Polars on one machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.engines.base import Blocks, Kernel, PairKernel, Readable, Size, Table, as_polars
from idgraph.engines.components import smallest_member
from idgraph.engines.files import FILE, ROW, column_expr, scan
from idgraph.engines.meeting import in_parts, sized
from idgraph.engines.ordering import text_order
from idgraph.engines.output import part_files, write_frame
from idgraph.errors import EngineError, MappingError

__all__ = ["PolarsEngine"]

_SIZE: Final = "__size"
_HASH: Final = "__hash"
_SLICE: Final = 1 << 17  # rows of a batch
_PAIRS: Final = 1 << 18  # of a part


class PolarsEngine:
    """Runs every step in this process, on all cores."""

    name: Final = "polars"
    word: Final = nw.Categorical()

    def read(self, source: Readable) -> Table:
        """See `Engine.read`."""
        if isinstance(source.data, str | Path | list | tuple):
            found = scan(
                source.name, source.data, format=source.format, delimiter=source.delimiter, encoding=source.encoding
            )
            return Table(
                nw.from_native(found.frame),
                found.frame.collect_schema(),
                found.column,
                found.files,
                self.lazy(found.rejects),
            )
        native: pl.LazyFrame = self.lazy(source.data).to_native()
        columns = native.collect_schema()
        for name in (FILE, ROW):
            if name in columns:
                raise MappingError(
                    source.name, f"its frame has a column {name!r}, which is a name of ours", "Rename it."
                )
        numbered = native.with_row_index(ROW, 1).with_columns(pl.lit(0, dtype=pl.UInt16).alias(FILE))
        find = partial(column_expr, columns)
        return Table(nw.from_native(numbered), columns, find, [], None)

    def lazy(self, frame: Any) -> nw.LazyFrame:  # noqa: ANN401 - a frame of any library
        """See `Engine.lazy`; anything narwhals or Arrow knows is taken over without copying where it can be."""
        if isinstance(frame, nw.LazyFrame):
            return frame
        if isinstance(frame, nw.DataFrame):
            return frame.lazy()
        if isinstance(frame, pl.DataFrame | pl.LazyFrame):
            return nw.from_native(frame.lazy())
        return nw.from_native(as_polars(frame).lazy())

    def map_batches(self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]) -> nw.LazyFrame:
        """See `Engine.map_batches`; batches stream, so memory does not hold the whole frame twice."""
        native: pl.LazyFrame = frame.to_native()
        declared = nw.Schema(schema).to_polars()
        return nw.from_native(native.map_batches(kernel, schema=declared, streamable=True))

    def map_aside(
        self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]
    ) -> Callable[[], nw.LazyFrame]:
        """See `Engine.map_aside`: plain Python takes one core, which leaves Polars the others."""
        rows = self.collect(frame)
        declared = nw.Schema(schema).to_polars()

        def run() -> nw.LazyFrame:
            done = map(kernel, rows.iter_slices(_SLICE))
            return nw.from_native(pl.concat([pl.DataFrame(schema=declared), *done]).lazy())

        pool = ThreadPoolExecutor(max_workers=1)
        running = pool.submit(run)
        pool.shutdown(wait=False)
        return running.result

    def map_groups(
        self, frame: nw.LazyFrame, by: str, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]
    ) -> nw.LazyFrame:
        """See `Engine.map_groups`: all groups at once."""
        declared = nw.Schema(schema).to_polars()
        found = kernel(self.collect(frame.sort(by)))
        return nw.from_native(found.select(pl.col(name).cast(dtype) for name, dtype in declared.items()).lazy())

    def checkpoint(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.checkpoint`."""
        return nw.from_native(self.collect(frame).lazy())

    def collect(self, frame: nw.LazyFrame) -> pl.DataFrame:
        """See `Engine.collect`."""
        native: pl.LazyFrame = frame.to_native()
        return native.collect(engine="streaming")

    def collect_all(self, frames: Sequence[nw.LazyFrame]) -> list[pl.DataFrame]:
        """See `Engine.collect_all`: one after the other, so that no more than one is held while it is made."""
        return [self.collect(frame) for frame in frames]

    def count(self, frame: nw.LazyFrame) -> int:
        """See `Engine.count`."""
        native: pl.LazyFrame = frame.to_native()
        return int(native.select(pl.len()).collect(engine="streaming").item())

    def number(self, frame: nw.LazyFrame, name: str, start: int = 0) -> nw.LazyFrame:
        """See `Engine.number`."""
        return nw.from_native(self.collect(frame).with_row_index(name, start).lazy())

    def number_by(self, frame: nw.LazyFrame, text: str, name: str, start: int = 0) -> nw.LazyFrame | None:
        """See `Engine.number_by`: sorting numbers, and then moving the rows, takes a fifth of sorting them by texts."""
        rows = self.collect(frame)
        order = text_order(rows[text])
        moved = rows.lazy().select(pl.all().gather(pl.lit(order))).collect()
        if (moved[text] == moved[text].shift(1)).any():
            return None
        return nw.from_native(moved.with_row_index(name, start).lazy())

    def newest_first(self, frame: nw.LazyFrame, time: str, ties: str, name: str) -> nw.LazyFrame:
        """See `Engine.newest_first`: a stable sort of rows that are in their order takes a tenth of one by two keys."""
        rows = self.collect(frame)
        if not rows[ties].is_sorted():
            rows = rows.sort(ties)
        ordered = rows.lazy().sort(time, descending=True, nulls_last=True, maintain_order=True)
        return nw.from_native(ordered.collect(engine="streaming").with_row_index(name).lazy())

    def lookup_table(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.lookup_table`: in one chunk, since of several a text takes twenty times as long to gather."""
        return nw.from_native(self.collect(frame).rechunk().lazy())

    def lookup(
        self, frame: nw.LazyFrame, key: str, table: nw.LazyFrame, by: str, columns: Mapping[str, str]
    ) -> nw.LazyFrame:
        """See `Engine.lookup`: the integers are places in an array, so no hash table is built and no row moves."""
        found = self.collect(table.select(by, **{new: nw.col(old) for new, old in columns.items()}))
        places = _Places(found[by])
        found = found.drop(by).rechunk()

        def kernel(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.with_columns(found.select(pl.all().gather(places.of(rows[key]))))

        native: pl.LazyFrame = frame.to_native()
        schema = {**native.collect_schema(), **found.schema}
        return nw.from_native(native.map_batches(kernel, schema=schema, streamable=True))

    def with_totals(self, frame: nw.LazyFrame, by: Sequence[str], **totals: nw.Expr) -> nw.LazyFrame:
        """See `Engine.with_totals`: a window."""
        return frame.with_columns(**{new: total.over(*by) for new, total in totals.items()})

    def repeated(self, frame: nw.LazyFrame, text: str, size: str, **totals: nw.Expr) -> nw.LazyFrame:
        """See `Engine.repeated`: by hashes first, which take half the time of texts, and then by the texts left."""
        held = self.collect(frame).lazy()
        hashed = held.filter(pl.col(text).is_not_null()).with_columns(pl.col(text).hash().alias(_HASH))
        left = self.checkpoint(nw.from_native(hashed.filter(pl.len().over(_HASH) > 1).drop(_HASH)))
        return self.with_totals(left, [text], **{size: nw.len()}, **totals).filter(nw.col(size) > 1)

    def having(self, frame: nw.LazyFrame, table: nw.LazyFrame, on: Sequence[str]) -> nw.LazyFrame:
        """See `Engine.having`: a semi join."""
        return frame.join(table.select(on), on=list(on), how="semi")

    def lists(self, frame: nw.LazyFrame, by: Sequence[str], value: str, order: Sequence[str] = ()) -> nw.LazyFrame:
        """See `Engine.lists`: most groups have one value, and need no sorting."""
        native: pl.LazyFrame = frame.to_native()
        held = native.drop_nulls(value).with_columns(pl.len().over(by).alias(_SIZE))
        one = held.filter(pl.col(_SIZE) == 1).select(*by, pl.concat_list(value))
        distinct = held.filter(pl.col(_SIZE) > 1).group_by(*by, value).agg(pl.col(name).min() for name in order)
        several = distinct.sort(*by, *order, value).group_by(by, maintain_order=True).agg(value)
        return nw.from_native(pl.concat([one, several]))

    def native(self, frame: nw.LazyFrame) -> pl.DataFrame:
        """See `Engine.native`: a Polars frame, computed."""
        return self.collect(frame)

    def write(self, frame: nw.LazyFrame, path: Path, format: str, by: str | None = None) -> int:  # noqa: ARG002
        """See `Engine.write`: one file."""
        native: pl.LazyFrame = frame.to_native()
        return write_frame(native, path, format)

    def stored(self, path: Path) -> nw.LazyFrame:
        """See `Engine.stored`."""
        return nw.from_native(pl.scan_parquet(part_files(path), glob=False, hive_partitioning=False))

    def save_tables(self, frames: Mapping[str, nw.LazyFrame], prefix: str, format: str, mode: str) -> dict[str, int]:  # noqa: ARG002
        """See `Engine.save_tables`: there is no catalog here."""
        msg = (
            "tables are saved by a Spark session, and this graph is in Polars. Write it, and open it on Spark: "
            f"ig.open(graph.write('out/'), session=spark).save_tables({prefix!r}, format={format!r})."
        )
        raise EngineError(msg)

    def blocks(self, keyed: Iterable[nw.LazyFrame], most: int, *, across: bool) -> Blocks:
        """See `Engine.blocks`: one frame of keys after the other."""
        sizes, held = [], []
        for frame in keyed:
            (few, small), (many, large) = _parted(sized(self.collect(frame), across=across), most)
            sizes.append((few, many))
            held.append((small, large))
        return _Blocks(sizes, held)

    def meeting(self, blocks: Sequence[nw.LazyFrame], *, across: bool) -> Iterator[nw.LazyFrame]:
        """See `Engine.meeting`."""
        for left, right in in_parts([self.collect(block) for block in blocks], _PAIRS, across=across):
            yield nw.from_native(pl.LazyFrame({"left": left, "right": right}))

    def map_pairs(
        self,
        parts: Iterable[nw.LazyFrame],
        table: nw.LazyFrame,
        kernel: PairKernel,
        schema: Mapping[str, nw.dtypes.DType],
    ) -> nw.LazyFrame:
        """See `Engine.map_pairs`: the kernel gets the whole table as it is, and takes from it what it needs."""
        known = self.collect(table)
        places = _Places(known["row"])
        declared = nw.Schema(schema).to_polars()

        def run(pairs: pl.DataFrame) -> pl.DataFrame:
            found = (places.of(pairs[side]).alias(f"{side}_place") for side in ("left", "right"))
            return kernel(pairs.with_columns(found), known)

        pieces = (piece for part in parts for piece in self.collect(part).iter_slices(_PAIRS))
        done = [pl.DataFrame(schema=declared), *_side_by_side(run, pieces)]
        return nw.from_native(pl.concat(done).lazy())

    def components(self, edges: nw.LazyFrame) -> nw.LazyFrame:
        """See `Engine.components`."""
        native = self.collect(edges.select("left", "right"))
        node, component = smallest_member(native["left"].to_numpy(), native["right"].to_numpy())
        return nw.from_native(pl.LazyFrame({"node": node, "component": component}))


@dataclass(frozen=True)
class _Blocks:
    """See `Blocks`.

    Attributes:
        sizes: see `Blocks.sizes`.
        held: row, side, key: of each frame of keys the rows of small blocks, and those of larger ones.
    """

    sizes: Sequence[tuple[Size, Size]]
    held: Sequence[tuple[pl.DataFrame, pl.DataFrame]]

    def small(self, frames: Sequence[int]) -> list[nw.LazyFrame]:
        """See `Blocks.small`."""
        return [nw.from_native(self.held[frame][0].lazy()) for frame in frames]

    def rows(self, frame: int, *, small: bool) -> nw.LazyFrame:
        """See `Blocks.rows`."""
        asked = self.held[frame] if small else self.held[frame][1:]
        return nw.from_native(pl.concat(asked).lazy())


def _parted(rows: pl.DataFrame, most: int) -> Iterator[tuple[Size, pl.DataFrame]]:
    """Small blocks, and larger ones."""
    for which in (pl.col("n") <= most, pl.col("n") > most):
        held = rows.filter(which, pl.col("partners") > 0)
        yield Size(held.height, int(held["partners"].sum()) // 2), held.select("row", "side", "key")


def _side_by_side(run: Kernel, pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Run a kernel over pieces on all cores, in their order; no piece is made long before it is wanted."""
    cores = pl.thread_pool_size()
    with ThreadPoolExecutor(cores) as pool:
        running: deque[Future[pl.DataFrame]] = deque()
        for piece in pieces:
            running.append(pool.submit(run, piece))
            if len(running) > cores:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


class _Places:
    """Where each integer of a column stands."""

    def __init__(self, codes: pl.Series) -> None:
        numbers = codes.to_numpy()
        self._missing = len(numbers)
        self._last = int(numbers.max(initial=0)) + 1
        # Records are numbered in their order: of all of them each stands at its own number.
        self._place: np.ndarray | None = None
        if self._last > self._missing or not codes.is_sorted():
            self._place = np.full(self._last + 1, self._missing, dtype=np.uint32)
            self._place[numbers] = np.arange(self._missing, dtype=np.uint32)

    def of(self, keys: pl.Series) -> pl.Series:
        """The places of keys, null where there is none."""
        if self._place is None:
            return pl.select(pl.when(keys < self._missing).then(keys)).to_series()
        known = keys.fill_null(self._last).to_numpy()
        places = pl.Series(self._place[np.minimum(known, self._last)])
        return places.set(places == self._missing, None)
