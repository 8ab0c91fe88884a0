"""Read a delimited file whose quotes are out of place: record by record, into a clean private copy.

The slow path, some twenty times slower than Polars, taken only where `rows.check_rows` finds a quote inside an unquoted
field (harmless, but not to a reader that cuts the file into chunks by counting quotes), text behind a closing quote, a
quote never closed, or a carriage return alone. A record that cannot be split loses its first line only: reading goes on
with the next, so an unclosed quote does not swallow what follows.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

import polars as pl

from idgraph.engines.files.header import Header
from idgraph.engines.files.misfits import (
    OPEN_QUOTE,
    fields_of,
    misfit,
    no_field_limit,
    refuse_encoding,
    refuse_misfits,
    writer_leaves_out,
)
from idgraph.engines.files.parts import ROW, Part, Reading, Reject, without_rows
from idgraph.engines.files.unpack import replaced, write_copy

# A quoted field may hold line breaks, but not more lines than this: then the quote was never closed.
MAX_RECORD_LINES = 1000
_BLOCK = 1 << 20


def repair(part: Part, header: Header) -> Reading:
    """Copy the rows that fit, with their numbers, and scan the copy.

    Args:
        part: a file in UTF-8 or nearly.
        header: its header.

    Returns:
        As `read_delimited`.

    Raises:
        FileError: most rows do not fit, or the copy cannot be written.
    """
    records = _Records(header)
    with part.path.open("rb") as file, no_field_limit():
        file.seek(header.end)
        copy = write_copy(part, records.clean(file))
    if writer_leaves_out(records.short, records.row, records.due):
        padded = {row for row, _ in records.short}
        records.rejects = [reject for reject in records.rejects if reject.row not in padded]
        records.short.clear()
    refuse_encoding(part, records.row, records.rejects, records.beyond_ascii)
    refuse_misfits(part, records.row, records.rejects)
    part = replaced(part, copy)
    frame = pl.scan_csv(
        part.path,
        has_header=False,
        infer_schema=False,
        schema=dict.fromkeys([*header.names, ROW], pl.String),
        null_values=[""],
        glob=False,
    ).with_columns(pl.col(ROW).cast(pl.UInt32))
    if records.short:
        frame = without_rows(frame, [row for row, _ in records.short])
    return Reading(frame, header.names, part.path.stat().st_size, records.rejects)


class _Records:
    """The records of one file and what was refused on the way."""

    def __init__(self, header: Header) -> None:
        self.delimiter = header.delimiter
        self.due = len(header.names)
        self.row = 0
        self.beyond_ascii = 0
        self.rejects: list[Reject] = []
        self.short: list[tuple[int, int]] = []
        """Number and fields of rows with too few; they are in the copy, and in the rejects."""

    def clean(self, file: BinaryIO) -> Iterator[bytes]:
        """Give the rows that fit as CSV of one plain dialect, the row number in the last column."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        for cells in self._read(file):
            writer.writerow([*cells[: self.due], self.row])
            if buffer.tell() > _BLOCK:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()

    def _read(self, file: BinaryIO) -> Iterator[list[str]]:
        again: deque[bytes] = deque()

        def line() -> bytes:
            return again.popleft() if again else file.readline()

        while first := line():
            self.row += 1
            if not first.strip(b"\r\n"):
                continue
            self.beyond_ascii += not first.isascii()
            taken = [first]
            cells = self._split(taken)
            while cells == OPEN_QUOTE and len(taken) < MAX_RECORD_LINES and (more := line()):
                taken.append(more)
                if b'"' in more:
                    cells = self._split(taken)
            if isinstance(cells, str):
                self._refuse(first, OPEN_QUOTE if len(taken) > 1 else cells)
                again.extendleft(reversed(taken[1:]))
                continue
            if reason := misfit(cells, self.due):
                self._refuse(b"".join(taken), reason)
            if len(cells) < self.due:
                self.short.append((self.row, len(cells)))
            if len(cells) < self.due or not reason:
                yield cells + [""] * (self.due - len(cells))

    def _split(self, lines: list[bytes]) -> list[str] | str:
        return fields_of(_bare(b"".join(lines)), self.delimiter)

    def _refuse(self, raw: bytes, reason: str) -> None:
        self.rejects.append(Reject(self.row, _bare(raw).decode("utf-8", "replace"), reason))


def _bare(raw: bytes) -> bytes:
    return raw.rstrip(b"\r\n")
