"""Rows that do not fit their header: why, and when there are too many to go on without them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager

from idgraph.engines.files.parts import Part, Reject

# Fewer bad rows than this are refused one by one, whatever their share of the file.
FEW = 3
# Short rows are the writer's habit where they are more than this share of a file; below, damage.
OFTEN = 0.05

NOT_UTF8 = 'not UTF-8; if the file is of another encoding, pass it, such as encoding="cp1252"'
NUL = "holds a NUL byte"
OPEN_QUOTE = "a quote is never closed"


@contextmanager
def no_field_limit() -> Iterator[None]:
    """Let the csv module read fields of any size; by default it stops at 128 KiB, less than some exported notes."""
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def fields_of(raw: bytes, delimiter: str) -> list[str] | str:
    """Split one record, given without its line end; a string says why that cannot be done.

    >>> fields_of(b'u_7,"Acme, Inc."', ","), fields_of(b'u_7,"Acme', ",")
    (['u_7', 'Acme, Inc.'], 'a quote is never closed')
    """
    if b"\0" in raw:
        return NUL
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    if '"' not in text and "\r" not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error as error:
        return next(reason for word, reason in _CSV_ERRORS.items() if word in str(error))


# What the csv module says, in our words; the last one is any other ("',' expected after '\"'").
_CSV_ERRORS = {
    "unexpected end of data": OPEN_QUOTE,
    "new-line character": "a carriage return within an unquoted field",
    "": "text follows a closing quote; a quote within a quoted field must be doubled",
}


def misfit(cells: list[str], due: int) -> str | None:
    """Say why a row does not fit its header, or None; empty fields beyond the header are a trailing delimiter.

    >>> misfit(["u_7", "ana"], 3), misfit(["u_7", "ana", "acme", ""], 3)
    ('2 fields where the header has 3', None)
    """
    if len(cells) == due or (len(cells) > due and not any(cells[due:])):
        return None
    return f"{len(cells)} field{'s' if len(cells) != 1 else ''} where the header has {due}"


def writer_leaves_out(short: list[tuple[int, int]], count: int, due: int) -> bool:
    """Whether short rows are the writer's way with trailing empty cells, rather than damage.

    Excel leaves out the last columns of a block of rows in which they are empty (Stata FAQ, "How Excel writes empty
    cells"); OnlyOffice and others did so row by row. Such rows are many. Damage is rare, or it is a line break in a
    field that should have been quoted: then neighbouring short rows add up to a whole one.

    Args:
        short: number and fields of each row that has fewer fields than due, in order.
        count: rows in the file.
        due: fields of the header.

    >>> writer_leaves_out([(row, 4) for row in range(10, 20)], 100, 5)
    True
    >>> writer_leaves_out([(7, 4)], 1_000_000, 5)
    False
    >>> writer_leaves_out([(row, 2 + 2 * (row % 2)) for row in range(10, 20)], 100, 5)
    False
    """
    if len(short) < FEW or len(short) <= count * OFTEN:
        return False
    halves = open_rows = delimiters = last = 0
    for row, fields in short:
        if row != last + 1 or delimiters + fields - 1 > due - 1:
            open_rows = delimiters = 0
        open_rows, delimiters, last = open_rows + 1, delimiters + fields - 1, row
        if delimiters == due - 1:
            halves += open_rows
            open_rows = delimiters = 0
    return halves * 2 < len(short)


def refuse_encoding(part: Part, count: int, rejects: list[Reject], beyond_ascii: int) -> None:
    """Raise where so many rows are not UTF-8 that the file is of another encoding.

    Args:
        part: the file.
        count: its rows.
        rejects: the rows refused.
        beyond_ascii: how many rows hold bytes beyond ASCII (only asked where some are not UTF-8).

    Raises:
        FileError: most rows with letters beyond ASCII are not UTF-8, and they are more than a handful.
    """
    bad = sum(reject.reason == NOT_UTF8 for reject in rejects)
    if bad >= FEW and bad * 2 > beyond_ascii and bad * 1000 > count:
        raise part.error(f"is not UTF-8 ({bad:,} of its rows are not)", encoding_mend(b""))


def refuse_if_most(part: Part, count: int, rejects: list[Reject], problem: str, mend: str) -> None:
    """Raise where most rows are refused: then the reason is the file's, not theirs.

    Raises:
        FileError: more than half of the rows, and more than a handful.
    """
    if len(rejects) >= FEW and len(rejects) * 2 > count:
        raise part.error(f"{problem} (row {rejects[0].row}: {rejects[0].reason})", mend)


def refuse_misfits(part: Part, count: int, rejects: list[Reject]) -> None:
    """Raise where most rows do not fit the header."""
    mend = "Check that its first line is the header, and its delimiter and quotes."
    refuse_if_most(part, count, rejects, "fits its header in less than half of its rows", mend)


def encoding_mend(sample: bytes) -> str:
    """Name the likeliest encoding: cp1252, unless there is one of the five bytes that it leaves undefined.

    >>> encoding_mend("Zoë".encode("cp1252"))
    'Pass encoding="cp1252", or the one it was exported with.'
    """
    name = "latin-1" if any(byte in sample for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"
    return f'Pass encoding="{name}", or the one it was exported with.'
