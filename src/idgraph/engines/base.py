"""What an engine must do beyond what narwhals says for all of them.

Relations (join, window, group) are narwhals on lazy frames; row logic is a kernel, a function from `polars.DataFrame`
to `polars.DataFrame`, which every engine runs on batches. The rest is this protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.errors import ConfigError, mask_text

__all__ = ["Blocks", "Engine", "Kernel", "PairKernel", "Readable", "Size", "Table", "as_polars"]

Kernel = Callable[[pl.DataFrame], pl.DataFrame]

# Of pairs (left, right, and left_place, right_place: where the two stand in a table) and of that table.
PairKernel = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]


def as_polars(frame: Any) -> pl.DataFrame:  # noqa: ANN401 - a frame of any library
    """Bring what Polars or Arrow knows to Polars, without copying where it can be.

    Raises:
        ConfigError: it is a path.
    """
    if isinstance(frame, str | Path):
        path = mask_text(repr(str(frame)))
        msg = f"{path} is a path, and a frame is taken here: read the file first, by polars.read_csv(…) say"
        raise ConfigError(msg)
    return pl.DataFrame(frame)


class Readable(Protocol):
    """What an engine must know of a source to read it."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def data(self) -> Any:  # noqa: ANN401 - any of these
        """A path, several, or a frame of any library."""

    @property
    def format(self) -> str | None:
        """How its files are written, where they do not tell."""

    @property
    def delimiter(self) -> str | None:
        """What parts their fields, where they do not tell."""

    @property
    def encoding(self) -> str | None:
        """The encoding of their text, where they do not tell."""


@dataclass(frozen=True)
class Table:
    """A source's rows as they are.

    Attributes:
        frame: its columns, and `__file` (place in `files`) and `__row` (from 1, within the file).
        columns: the dtypes of the columns.
        find: the expression of a column, or of an address within one; KeyError with what there is, in words, and
            a list of close matches.
        files: where the rows came from; empty for a frame.
        rejects: rows that could not be read, as the frame `rejects`; None where none could go wrong.
    """

    frame: nw.LazyFrame
    columns: Mapping[str, pl.DataType]
    find: Callable[[str], pl.Expr]
    files: list[Path]
    rejects: nw.LazyFrame | None


@dataclass(frozen=True)
class Size:
    """How much a number of blocks is.

    Attributes:
        rows: that may be paired with others, once for each block that they are in.
        pairs: of them; one that is in two blocks counts twice.
    """

    rows: int
    pairs: int


class Blocks(Protocol):
    """Blocks of rows that share a key, of several frames of keys: small ones, and larger ones."""

    @property
    def sizes(self) -> Sequence[tuple[Size, Size]]:
        """For each frame of keys its small blocks, and its larger ones."""

    def small(self, frames: Sequence[int]) -> Sequence[nw.LazyFrame]:
        """The rows of small blocks, given the places of frames of keys: row, side, key."""

    def rows(self, frame: int, *, small: bool) -> nw.LazyFrame:
        """The rows of one frame of keys that are in larger blocks, or in any: row, side, key."""


class Engine(Protocol):
    """One way to run the pipeline: embedded Polars, or Spark."""

    @property
    def name(self) -> str:
        """How users call it."""

    @property
    def word(self) -> nw.dtypes.DType:
        """The dtype of columns that hold few distinct words."""

    def read(self, source: Readable) -> Table:
        """Open a source's data; its text columns are strings, whatever they look like.

        Raises:
            FileError: a file is missing or cannot be read.
        """

    def lazy(self, frame: Any) -> nw.LazyFrame:  # noqa: ANN401 - a frame of any library
        """Bring a frame of this engine, or a Polars frame, to a lazy frame of this engine."""

    def map_batches(self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]) -> nw.LazyFrame:
        """Run a kernel over batches of rows; it must accept an empty batch and return the columns of `schema`."""

    def map_aside(
        self, frame: nw.LazyFrame, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]
    ) -> Callable[[], nw.LazyFrame]:
        """Run a kernel of plain Python beside what follows: `map_batches`, and a call that waits for its checkpoint."""

    def map_groups(
        self, frame: nw.LazyFrame, by: str, kernel: Kernel, schema: Mapping[str, nw.dtypes.DType]
    ) -> nw.LazyFrame:
        """Run a kernel over whole groups of rows, one or several at a time, and checkpoint."""

    def checkpoint(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """Compute a frame once, so that what follows starts from its rows and not from its plan."""

    def collect(self, frame: nw.LazyFrame) -> pl.DataFrame:
        """Bring a frame to this process."""

    def collect_all(self, frames: Sequence[nw.LazyFrame]) -> list[pl.DataFrame]:
        """Bring frames of the same columns to this process: at once, where a job costs more than the rows it brings."""

    def count(self, frame: nw.LazyFrame) -> int:
        """Count rows."""

    def number(self, frame: nw.LazyFrame, name: str, start: int = 0) -> nw.LazyFrame:
        """Number the rows from `start` on and checkpoint; the numbers mean nothing beyond this run."""

    def number_by(self, frame: nw.LazyFrame, text: str, name: str, start: int = 0) -> nw.LazyFrame | None:
        """Sort the rows by a text column, number them from `start` on, and checkpoint; None where a text repeats."""

    def newest_first(self, frame: nw.LazyFrame, time: str, ties: str, name: str) -> nw.LazyFrame:
        """Number rows from the newest on, those without time last, and checkpoint.

        Args:
            frame: any rows.
            time: their time.
            ties: an integer that orders rows of one time.
            name: the column to add.
        """

    def lookup_table(self, frame: nw.LazyFrame) -> nw.LazyFrame:
        """Checkpoint what is looked up again and again, in the form that `lookup` need not copy."""

    def lookup(
        self, frame: nw.LazyFrame, key: str, table: nw.LazyFrame, by: str, columns: Mapping[str, str]
    ) -> nw.LazyFrame:
        """Add columns of a table that has one row for each integer: a left join, as cheap as the engine can make it.

        Args:
            frame: any rows; their number stays.
            key: its integer column, null where there is nothing to look up.
            table: the rows to look up.
            by: the table's integer column, each value once.
            columns: new column to the table's column; null where nothing is found.
        """

    def with_totals(self, frame: nw.LazyFrame, by: Sequence[str], **totals: nw.Expr) -> nw.LazyFrame:
        """Add to each row what its group adds up to, however large a group is: a window that no task holds whole.

        A window by narwhals (`.over`) is for groups that are small whatever the data: on Spark one task sorts each.

        Args:
            frame: any rows; their number stays, their order may not.
            by: the group; null is a group too.
            totals: new column to an aggregate over the group: `nw.len()`, `nw.col(…).min()` …
        """

    def repeated(self, frame: nw.LazyFrame, text: str, size: str, **totals: nw.Expr) -> nw.LazyFrame:
        """Keep the rows whose text others hold too, and add what those of one text add up to.

        Args:
            frame: any rows.
            text: the column; null is no text.
            size: the column to be added that says how many rows hold the text.
            totals: see `with_totals`.
        """

    def having(self, frame: nw.LazyFrame, table: nw.LazyFrame, on: Sequence[str]) -> nw.LazyFrame:
        """Keep the rows whose key a table has: a semi join, however many rows of one key there are.

        A join by narwhals is for keys of few rows: on Spark one task may get all rows of a key.

        Args:
            frame: any rows.
            table: the keys, each any number of times.
            on: their columns; null is no key.
        """

    def lists(self, frame: nw.LazyFrame, by: Sequence[str], value: str, order: Sequence[str] = ()) -> nw.LazyFrame:
        """Gather the distinct values of a column into one list for each group; a group without values has no row.

        Args:
            frame: the columns named; null values do not count.
            by: the group.
            value: the column to gather; its list takes its name.
            order: integers, none of them null, to sort a list by, ties by value; by default by value alone. Of a
                value's several integers the smallest counts.
        """

    def native(self, frame: nw.LazyFrame) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """Give a frame to the user, as the engine's own kind."""

    def write(self, frame: nw.LazyFrame, path: Path, format: str, by: str | None = None) -> int:
        """Write a frame, readable by its owner only, and count its rows.

        Args:
            frame: any frame.
            path: a new file; or a new folder, where the engine writes in parts.
            format: `parquet`, or `csv` where the engine can.
            by: the column of entity ids to part the rows by, where the engine writes in parts.

        Raises:
            EngineError: the engine cannot write the format, or the frame has a column that it needs itself.
            OSError: the rows cannot be written there.
        """

    def stored(self, path: Path) -> nw.LazyFrame:
        """Open what an engine, this or another, wrote as Parquet."""

    def save_tables(self, frames: Mapping[str, nw.LazyFrame], prefix: str, format: str, mode: str) -> dict[str, int]:
        """Save frames, by name, as tables of the engine's catalog; see `Graph.save_tables`."""

    def blocks(self, keyed: Iterable[nw.LazyFrame], most: int, *, across: bool) -> Blocks:
        """Find the rows that share their key with others, and checkpoint.

        Args:
            keyed: row, side (0 or 1), key (Int64): a row has a key once, and a key stands in one frame only.
            most: rows of a small block.
            across: whether only rows of two sides are paired.
        """

    def meeting(self, blocks: Sequence[nw.LazyFrame], *, across: bool) -> Iterator[nw.LazyFrame]:
        """Pair the rows that share a key, each two once, in parts that need not be held all at once.

        Args:
            blocks: row, side (0 or 1), key (Int64): a row has a key once, and a key stands in one frame only.
            across: whether only rows of two sides are paired.

        Yields:
            left, right (rows, left < right).
        """

    def map_pairs(
        self,
        parts: Iterable[nw.LazyFrame],
        table: nw.LazyFrame,
        kernel: PairKernel,
        schema: Mapping[str, nw.dtypes.DType],
    ) -> nw.LazyFrame:
        """Run a kernel over pairs of rows and what a table holds of them, and checkpoint.

        Args:
            parts: left, right (rows).
            table: row, and more: one row for each.
            kernel: what it is given of the table may be no more than the rows of some pairs.
            schema: what it returns.
        """

    def components(self, edges: nw.LazyFrame) -> nw.LazyFrame:
        """Find connected components.

        Args:
            edges: left, right (integers).

        Returns:
            node, component (its smallest node): one row for each node that has an edge.
        """
