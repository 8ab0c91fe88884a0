"""What the readers of this folder share: a file to read, what reading it gave, and the rows it refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl

from idgraph.errors import FileError

FILE = "__file"
ROW = "__row"
JSON = "__json"
RESERVED = (FILE, ROW, JSON)

REJECTS_SCHEMA = {
    "source": pl.String,
    "file": pl.String,
    "row": pl.Int64,
    "grain": pl.String,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True)
class Part:
    """One table of text or Parquet: a file the user named, or a private copy of what was packed in it."""

    source: str
    path: Path
    """Where the bytes are."""
    origin: Path
    """The file the user named."""
    label: str
    """How messages and rejects call it: the origin, and the number of the member for a zip."""

    def error(self, problem: str, mend: str) -> FileError:
        """Name the file in an error that the caller raises."""
        return FileError(self.source, f"{self.label} {problem}", mend)


class Reject(NamedTuple):
    """A row that could not be read: its number, its text and why."""

    row: int
    value: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """One part, opened: a lazy frame with `__row`, the addresses it offers, its size, and the rows it refused."""

    frame: pl.LazyFrame
    columns: list[str]
    size: int
    """Bytes of the file that the frame scans."""
    rejects: list[Reject] = field(default_factory=list)


def rejects_frame(source: str, found: Iterable[tuple[str, Reject]]) -> pl.DataFrame:
    """Lay out refused rows as the `rejects` frame.

    Args:
        source: the source's name.
        found: pairs of file label and reject.

    Returns:
        source, file, row (Int64), grain ("row"), column (null), value (the row's text), reason.
    """
    rows = [(source, label, reject.row, "row", None, reject.value, reject.reason) for label, reject in found]
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")


def without_rows(frame: pl.LazyFrame, numbers: Iterable[int]) -> pl.LazyFrame:
    """Leave out rows by their `__row`."""
    return frame.filter(~pl.col(ROW).is_in(pl.Series(list(numbers), dtype=pl.UInt32).implode()))
