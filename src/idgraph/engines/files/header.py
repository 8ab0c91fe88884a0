"""The header of a delimited file: its delimiter and its column names."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from idgraph.engines.files.misfits import NOT_UTF8, encoding_mend, fields_of, no_field_limit
from idgraph.engines.files.parts import RESERVED, Part

MAX_HEADER_BYTES = 1 << 20
# In order of preference where a header line holds equally many of two.
_DELIMITERS = ",\t;|"
_RARE_DELIMITERS = "^~\x01\x1f"
_REPEAT = "_duplicated_"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@dataclass(frozen=True)
class Header:
    """The first record of a delimited file.

    Attributes:
        names: distinct column names.
        delimiter: the character between them.
        skip_lines: lines before it (blank, or Excel's `sep=;`).
        start: where in the file it begins.
        end: where the first row begins.
        plain: Polars can read it too; it refuses a repeated name beside one that ends as its own suffixes do.
    """

    names: list[str]
    delimiter: str
    skip_lines: int
    start: int
    end: int
    plain: bool


def read_header(part: Part, delimiter: str | None) -> Header:
    """Read the header record and settle the delimiter.

    Raises:
        FileError: a first record that cannot be read or is not UTF-8, or a delimiter that is plainly not this file's.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise part.error(f"cannot be split by {delimiter!r}", "A delimiter is one ASCII character, not a quote.")
    whole, first, skipped = b"", b"", 0
    with part.path.open("rb") as file:
        start = len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0
        file.seek(start)
        while (line := file.readline(MAX_HEADER_BYTES)) and len(whole) < MAX_HEADER_BYTES:
            excel = None if whole else re.fullmatch(rb"sep=(.)\r?\n", line, re.IGNORECASE)
            if excel or not (whole or line.strip(b"\r\n")):
                delimiter = delimiter or (excel[1].decode("latin-1") if excel else None)
                skipped, start = skipped + 1, file.tell()
                continue
            whole, first = whole + line, first or line
            if whole.count(b'"') % 2 == 0:
                break
    # Quotes that do not pair on one line hold a name of several lines, or mean nothing.
    problem = "it has no end" if len(whole) >= MAX_HEADER_BYTES else "there is none"
    for record in dict.fromkeys((whole, first)):
        raw = record.rstrip(b"\r\n")
        chosen = _delimiter(part, raw.decode("utf-8", "replace"), delimiter)
        with no_field_limit():
            cells = fields_of(raw, chosen)
        if isinstance(cells, list) and raw and len(raw) < MAX_HEADER_BYTES:
            plain = len(set(cells)) == len(cells) or not any(_REPEAT in cell for cell in cells)
            return Header(column_names(cells), chosen, skipped, start, start + len(record), plain)
        problem = cells if isinstance(cells, str) else problem
    if problem == NOT_UTF8:
        raise part.error("is not UTF-8 (its header is not)", encoding_mend(whole))
    raise part.error(f"has a header that cannot be read: {problem}", "Check its first line, or name its format.")


def _delimiter(part: Part, header: str, asked: str | None) -> str:
    bare = _QUOTED.sub("", header)
    counts = {candidate: bare.count(candidate) for candidate in _DELIMITERS}
    best = max(counts, key=lambda candidate: counts[candidate])
    if asked is not None:
        if asked not in bare and counts[best]:
            raise part.error(
                f"has no {asked!r} in its header, but {counts[best]} of {best!r}", f"Pass delimiter={best!r}."
            )
        return asked
    rare = next((candidate for candidate in _RARE_DELIMITERS if candidate in bare), None)
    if not counts[best] and rare:
        raise part.error("has a header of one column", f"If {rare!r} separates its columns, pass delimiter={rare!r}.")
    return best


def column_names(cells: list[str]) -> list[str]:
    """Make header cells into distinct column names.

    Surrounding blanks go. A repeated name gets the suffix Polars gives it, a blank one its place.

    >>> column_names(["id", " email ", "email", "", "email"])
    ['id', 'email', 'email_duplicated_0', 'column_4', 'email_duplicated_1']
    """
    plain = [cell.strip() or f"column_{place}" for place, cell in enumerate(cells, start=1)]
    taken = {*plain, *RESERVED}
    used = set(RESERVED)
    repeats: dict[str, int] = {}
    names = []
    for name in plain:
        unique = name
        while unique in used or (unique != name and unique in taken):
            unique = f"{name}{_REPEAT}{repeats.setdefault(name, 0)}"
            repeats[name] += 1
        used.add(unique)
        names.append(unique)
    return names


def repeated(names: Iterable[str]) -> dict[str, list[str]]:
    """Find the columns of which `column_names`, or Polars, says that a header had their name before.

    >>> repeated(["id", "email", "email_duplicated_0", "phone_duplicated_0"])
    {'email': ['email_duplicated_0']}
    """
    found: dict[str, list[str]] = {}
    for column in (names := list(names)):
        name, _, number = column.rpartition(_REPEAT)
        if number.isdecimal() and name in names:
            found.setdefault(name, []).append(column)
    return found
