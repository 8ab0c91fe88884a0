"""Read JSON and JSON Lines: each record becomes one line of JSON text, from which fields are taken by address.

JSON Lines stay where they are. A document (a list of records, an object around one list of records such as HubSpot's
and Mixpanel's `results`, records one after the other, or a single record) is streamed into JSON Lines in a private
copy; the text of each record is kept as written, so that no number passes through a float.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, TextIO

import polars as pl

from idgraph.engines.files.address import leaf_addresses
from idgraph.engines.files.delimited import as_utf8
from idgraph.engines.files.kinds import Format, bom_encoding
from idgraph.engines.files.misfits import NOT_UTF8, refuse_encoding, refuse_if_most
from idgraph.engines.files.parts import JSON, ROW, Part, Reading, Reject, without_rows
from idgraph.engines.files.rows import is_utf8
from idgraph.engines.files.unpack import read_head, replaced, to_utf8, write_copy

RECORDS_LOOKED_AT = 1000
_BLOCK = 1 << 20
_DEEPEST = 127  # serde_json's limit, which Polars has
_OUT_OF_RANGE = f"JSON of more than {_DEEPEST} levels, with half a surrogate pair, or with a number too large"


def read_records(part: Part, found: Format, encoding: str | None) -> Reading:
    """Open one JSON or JSON Lines file.

    Args:
        part: an unpacked file.
        found: "jsonl" to take each line as a record whatever the first looks like, else "json".
        encoding: a Python codec name, or None for UTF-8.

    Returns:
        `__json` (String, one object each) and `__row` (UInt32, from 1: the place of the record, or its line).

    Raises:
        FileError: a document that is truncated or no JSON, or lines that mostly are none.
    """
    part = as_utf8(part, encoding)
    if bom_encoding(read_head(part)):
        part = to_utf8(part, "utf-8")
    if not _is_lines(part, found):
        part = replaced(part, write_copy(part, _as_lines(part)))
    part, rejects = _only_utf8(part)
    frame = pl.scan_lines(part.path, name=JSON, row_index_name=ROW, row_index_offset=1, glob=False)
    no_record = pl.col(JSON).map_batches(_no_record, return_dtype=pl.Boolean, is_elementwise=True)
    bad = frame.select(JSON, ROW).filter(no_record).collect(engine="streaming")
    rejects += [Reject(row, line, _why_no_record(line) or _OUT_OF_RANGE) for line, row in bad.rows() if line.strip()]
    if rejects:
        count = frame.select(pl.len()).collect().item()
        refuse_encoding(part, count, rejects, len(rejects))
        refuse_if_most(part, count, rejects, "holds few records", "A record is a JSON object, on a line or in a list.")
    if len(bad):
        frame = without_rows(frame, bad[ROW])
    return Reading(frame, _addresses(frame), part.path.stat().st_size, sorted(rejects))


def _is_lines(part: Part, found: Format) -> bool:
    with part.path.open("rb") as file:
        first, second = (next((line.strip() for line in file if line.strip()), b"") for _ in range(2))
    if first.startswith(b"[") or first == b"{":
        return False
    return found == "jsonl" or (second.startswith(b"{") and not _why_no_record(first.decode("utf-8", "replace")))


def _as_lines(part: Part) -> Iterator[bytes]:
    """Stream the records of a document, each on one line."""
    with part.path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        document = _Document(part, file)
        records = document.elements() if document.peek() == "[" else _records_of(part, document)
        for text in records:
            # A newline cannot stand inside a JSON string, only between tokens.
            yield text.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogateescape") + b"\n"


def _records_of(part: Part, document: _Document) -> Iterator[str]:
    """Tell an object around a list of records from a record, and from records one after the other."""
    first, value = document.value()
    if document.peek():
        yield first
        while document.peek():
            yield document.value()[0]
        return
    lists = [
        key for key, inner in value.items() if isinstance(inner, list) and all(isinstance(one, dict) for one in inner)
    ]
    if len(lists) != 1 or {"id", "_id", "uuid"} & value.keys():
        yield first
        return
    members = _Document(part, io.StringIO(first)).members()
    yield from _Document(part, io.StringIO(dict(members)[lists[0]])).elements()


class _Document:
    """A JSON text read piece by piece, giving values together with the text they were written in."""

    def __init__(self, part: Part, file: TextIO) -> None:
        self.part = part
        self.file = file
        self.text = ""
        self.place = 0
        self.decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)

    def peek(self) -> str:
        """Show the next character that is not blank; "" at the end."""
        while True:
            while self.place < len(self.text) and self.text[self.place] in " \t\r\n":
                self.place += 1
            if self.place < len(self.text) or not self._more():
                return self.text[self.place : self.place + 1]

    def value(self) -> tuple[str, Any]:
        """Read the next value and its text."""
        if not self.peek():
            raise self._truncated()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.place)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self.text) - 16
                if not cut:
                    raise self._damaged() from error
                if not self._more():
                    raise self._truncated() from error
            except RecursionError as error:
                raise self.part.error("is JSON nested too deep", f"Up to {_DEEPEST} levels are read.") from error
            else:
                text, self.place = self.text[self.place : end], end
                return text, value

    def elements(self) -> Iterator[str]:
        """Read a list, element by element."""
        self._expect("[")
        while self.peek() != "]":
            yield self.value()[0]
            if self.peek() != "]":
                self._expect(",")
        self._expect("]")
        if self.peek():
            raise self._damaged()

    def members(self) -> Iterator[tuple[str, str]]:
        """Read an object: each key, and the text of its value."""
        self._expect("{")
        while self.peek() != "}":
            key = self.value()[1]
            self._expect(":")
            yield key, self.value()[0]
            if self.peek() != "}":
                self._expect(",")

    def _expect(self, character: str) -> None:
        if self.peek() != character:
            raise self._damaged() if self.peek() else self._truncated()
        self.place += 1

    def _more(self) -> bool:
        """Read on, at least as much as is waiting, so that a long value is not tried again and again."""
        waiting = self.text[self.place :]
        more = self.file.read(max(_BLOCK, len(waiting)))
        self.text, self.place = waiting + more, 0
        return bool(more)

    def _truncated(self) -> Exception:
        return self.part.error("is truncated: its JSON ends too early", "Fetch or export it again.")

    def _damaged(self) -> Exception:
        return self.part.error("is not valid JSON", "Export it again, or name its format if it is none.")


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is no JSON", "", 0)


def _only_utf8(part: Part) -> tuple[Part, list[Reject]]:
    """Blank out the lines that are not UTF-8, in a copy, where there are any."""
    rejects: list[Reject] = []
    with part.path.open("rb") as file:
        if all(is_utf8(b"".join(lines)) for lines in iter(lambda: file.readlines(_BLOCK), [])):
            return part, rejects

    def lines() -> Iterator[bytes]:
        with part.path.open("rb") as file:
            for row, line in enumerate(file, start=1):
                if is_utf8(line):
                    yield line
                else:
                    rejects.append(Reject(row, line.decode("utf-8", "replace").strip(), NOT_UTF8))
                    yield b"\n"

    return replaced(part, write_copy(part, lines())), rejects


def _no_record(lines: pl.Series) -> pl.Series:
    """Mark the lines that are not one JSON object each.

    Decoding a batch as a whole takes a fifth of the time that reading each line takes. It joins the lines, so it is
    believed only where it gives as many objects as lines; and it takes half a surrogate pair and any depth, which the
    reading of fields does not, so lines with such escapes or many brackets are read one by one.
    """
    no_object = ~lines.str.contains(r"^\s*\{")
    brackets = lines.str.count_matches("{", literal=True) + lines.str.count_matches("[", literal=True)
    doubtful = no_object | (brackets > _DEEPEST) | lines.str.contains(r"\\u[dD][89abAB]")
    clear = lines.filter(~doubtful)
    try:
        believed = clear.is_empty() or clear.str.json_decode(pl.Struct([])).len() == clear.len()
    except pl.exceptions.ComputeError:
        believed = False
    if believed and not doubtful.any():
        return doubtful
    wrong = no_object | lines.str.json_path_match("$").is_null()
    return wrong & doubtful if believed else wrong


def _why_no_record(line: str) -> str:
    """Say why a line is no record; "" where Python at least can read it."""
    try:
        value = json.loads(line, parse_int=str, parse_constant=_refuse_constant)
    except RecursionError:
        return _OUT_OF_RANGE
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated") or error.pos >= len(line)
        return "JSON that ends too early" if cut else f"not valid JSON: {error.msg} at character {error.pos + 1}"
    return "" if isinstance(value, dict) else "JSON, but not an object"


def _addresses(frame: pl.LazyFrame) -> list[str]:
    """List the addresses in the first records, in the order met."""
    seen: dict[str, None] = {}
    for line in frame.select(JSON).head(RECORDS_LOOKED_AT).collect()[JSON]:
        seen |= dict.fromkeys(leaf_addresses(json.loads(line, parse_int=str)))
    return list(seen)
