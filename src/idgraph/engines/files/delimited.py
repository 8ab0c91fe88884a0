"""Read delimited text: CSV, TSV, and the same with semicolons or bars.

Every column is a string and an empty cell, quoted or not, is null; the text NULL stays text. The frame is a lazy
`polars.scan_csv` of the file itself; the rows that such a scan would get wrong were found before by `rows.check_rows`
and are filtered out by number, so one bad row costs nothing but itself. Only a file whose quotes are out of place is
read record by record and copied (`repair`).

What happens to a row that does not fit:

- blank lines are skipped (they count in row numbers);
- too many fields: refused, unless all that is beyond the header is empty (a trailing delimiter);
- too few fields: refused, because half a record is worse than none (a line break in an unquoted field leaves two
  halves), unless such rows are so many that leaving out trailing empty cells is the writer's way
  (`misfits.writer_leaves_out`); then they are null;
- a NUL or bytes that are not UTF-8: refused;
- a quote that is never closed or has text behind it: refused.
"""

from __future__ import annotations

import codecs

import polars as pl

from idgraph.engines.files.header import Header, read_header
from idgraph.engines.files.kinds import bom_encoding
from idgraph.engines.files.misfits import (
    NOT_UTF8,
    fields_of,
    misfit,
    no_field_limit,
    refuse_encoding,
    refuse_misfits,
    writer_leaves_out,
)
from idgraph.engines.files.parts import ROW, Part, Reading, Reject, without_rows
from idgraph.engines.files.repair import repair
from idgraph.engines.files.rows import Rows, check_rows
from idgraph.engines.files.unpack import read_head, to_utf8, translate_returns


def read_delimited(part: Part, delimiter: str | None, encoding: str | None) -> Reading:
    """Open one delimited file.

    Args:
        part: an unpacked file.
        delimiter: one character, or None to tell it from the header line.
        encoding: a Python codec name, or None for UTF-8; a byte-order mark in the file wins.

    Returns:
        The columns as String, and `__row` (UInt32, from 1).

    Raises:
        FileError: another encoding or delimiter than asked or supposed, no header, or rows that mostly do not fit it.
    """
    part = as_utf8(part, encoding)
    header = read_header(part, delimiter)
    rows = check_rows(part.path, header.start, header.delimiter, len(header.names))
    if rows.broken or not header.plain or (rows.odd and not rows.odd[0][0]):
        return repair(part, header)
    dropped, rejects = _judge(part, header, rows)
    frame = pl.scan_csv(
        part.path,
        separator=header.delimiter,
        skip_lines=header.skip_lines,
        infer_schema=False,
        new_columns=header.names,
        null_values=[""],
        truncate_ragged_lines=bool(rows.odd),
        encoding="utf8-lossy" if any(reject.reason == NOT_UTF8 for reject in rejects) else "utf8",
        row_index_name=ROW,
        row_index_offset=1,
        glob=False,
    )
    if dropped:
        frame = without_rows(frame, dropped)
    return Reading(frame, header.names, part.path.stat().st_size, rejects)


def as_utf8(part: Part, encoding: str | None) -> Part:
    """Give the part itself where it is UTF-8 with ordinary line ends, else a copy that is."""
    head = read_head(part)
    codec = bom_encoding(head) or _codec(part, encoding)
    if codec not in {None, "utf-8", "utf-8-sig", "ascii"}:
        part = to_utf8(part, str(codec))
        head = read_head(part)
    elif not head.strip(b"\0"):
        raise part.error("holds nothing but NUL bytes", "Its copy or its disk is damaged: fetch it again.")
    elif head.count(0) > len(head) // 4:
        wide = "utf-16-le" if head[0] else "utf-16-be"
        raise part.error("is full of NUL bytes, as UTF-16 is", f'Pass encoding="{wide}".')
    return translate_returns(part) if b"\r" in head and b"\n" not in head else part


def _codec(part: Part, encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        "".encode(encoding)  # refuses codecs that are not of text
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        mend = 'Pass one that Python knows, such as "cp1252".'
        raise part.error(f"cannot be read with encoding {encoding!r}", mend) from error


def _judge(part: Part, header: Header, rows: Rows) -> tuple[list[int], list[Reject]]:
    """Decide on the odd rows: which to drop, and which of those to report."""
    due = len(header.names)
    blank: list[int] = []
    short: list[tuple[int, int]] = []
    refused: dict[int, Reject] = {}
    with part.path.open("rb") as file, no_field_limit():
        for row, start, end in rows.odd:
            file.seek(start)
            raw = file.read(end - start).removesuffix(b"\r")
            cells = fields_of(raw, header.delimiter)
            reason = cells if isinstance(cells, str) else misfit(cells, due)
            if not raw:
                blank.append(row)
            elif reason:
                refused[row] = Reject(row, raw.decode("utf-8", "replace"), reason)
                if len(cells) < due and not isinstance(cells, str):
                    short.append((row, len(cells)))
        beyond_ascii = 0
        if any(reject.reason == NOT_UTF8 for reject in refused.values()):
            file.seek(header.end)
            beyond_ascii = sum(not line.isascii() for line in file)
    if writer_leaves_out(short, rows.count, due):
        for row, _ in short:
            del refused[row]
    rejects = list(refused.values())
    refuse_encoding(part, rows.count, rejects, beyond_ascii)
    refuse_misfits(part, rows.count, rejects)
    return [*blank, *refused], rejects
