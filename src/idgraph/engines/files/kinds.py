"""Tell from its first bytes what a file is, whatever it is called."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Literal

from idgraph.engines.files.parts import Part

Format = Literal["csv", "json", "jsonl", "parquet"]

HEAD_BYTES = 1 << 16

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".psv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PACKED_SUFFIXES = frozenset({".gz", ".gzip", ".zst", ".zstd", ".zip"})
_FORMATS: dict[str, Format] = {
    "csv": "csv",
    "tsv": "csv",
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
}

_AS_TEXT = "Open it where it came from and save or export it as CSV (UTF-8)."
_AS_PARQUET = "Convert it to Parquet or CSV first."
_UNPACK = "Unpack it first, or pack it as .gz, .zst or .zip."
# First bytes, what the file is, and the mend. The patterns are long enough that no header line starts that way.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (rb"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _AS_TEXT),
    (rb"%PDF-", "a PDF", _AS_TEXT),
    (rb"ARROW1", "an Arrow file", _AS_PARQUET),
    (rb"ORC[^\x20-\x7e]", "an ORC file", _AS_PARQUET),
    (rb"Obj\x01", "an Avro file", _AS_PARQUET),
    (rb"SQLite format 3\x00", "an SQLite database", "Export the table as CSV or Parquet."),
    (rb"BZh[1-9]1AY&SY", "a bzip2 archive", _UNPACK),
    (rb"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (
        rb"(?i:\s*<(?:!doctype|html|head|body|table|script|meta|div))",
        "a web page (HTML)",
        "A failed download often saves a login page; download the export again.",
    ),
    (rb"\s*<\?xml", "XML", _AS_TEXT),
)
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
# "{" or "[" alone may start a header line; what follows in JSON may not.
_JSON_START = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\"{\[\]\d-])")

BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def bom_encoding(head: bytes) -> str | None:
    r"""Name the encoding that a byte-order mark declares.

    >>> bom_encoding(b"\xef\xbb\xbfid,email"), bom_encoding(b"id,email")
    ('utf-8-sig', None)
    """
    return next((name for mark, name in BOMS if head.startswith(mark)), None)


def packing(head: bytes) -> str | None:
    r"""Name the compression of a file: "gzip", "zstd", "zip", or None.

    >>> packing(b"PK\x03\x04..."), packing(b"id,email")
    ('zip', None)
    """
    return next((name for magic, name in _PACKED if head.startswith(magic)), None)


def is_parquet(head: bytes) -> bool:
    """Whether a file begins as Parquet does; a header line may begin with PAR1 too, but not with what follows."""
    return head[:4] in {b"PAR1", b"PARE"} and (len(head) < 5 or head[4] < 0x20)


def format_of(part: Part, head: bytes, asked: str | None) -> Format:
    """Settle how to read a part: what it holds decides, and a name or request that says otherwise is an error.

    Args:
        part: the unpacked part.
        head: its first bytes.
        asked: the format the caller named, if any.

    Returns:
        "csv" (any delimiter), "json", "jsonl" or "parquet".

    Raises:
        FileError: the content is of a kind that is not read, or not what its name or the caller says.
    """
    expected = _expected(part, asked)
    for pattern, what, mend in _FOREIGN:
        if re.match(pattern, head.removeprefix(codecs.BOM_UTF8)):
            raise part.error(f"looks like {what}{_instead_of(expected)}", mend)
    found = _found(head)
    if found == "parquet" and expected in {None, "parquet"}:
        return "parquet"
    if found == "parquet":
        raise part.error(f"looks like Parquet{_instead_of(expected)}", _rename("parquet"))
    if expected == "parquet":
        raise part.error(f"is not Parquet: it looks like {_SHOWN[found]}", _rename(found))
    if expected == "csv" and found == "json":
        raise part.error("looks like JSON, not delimited text", _rename("json"))
    if expected in {"json", "jsonl"} and found == "csv":
        raise part.error("is not JSON: it looks like delimited text", _rename("csv"))
    return "jsonl" if expected == "jsonl" else found


_SHOWN: dict[Format, str] = {"csv": "delimited text", "json": "JSON", "jsonl": "JSON lines", "parquet": "Parquet"}


def _rename(found: Format) -> str:
    return f'Rename it to end in .{found}, or pass format="{found}".'


def _found(head: bytes) -> Format:
    if is_parquet(head):
        return "parquet"
    # NULs go so that UTF-16 without a mark is told as what it holds.
    text = head.decode(bom_encoding(head) or "utf-8", "replace").removeprefix("\ufeff").replace("\0", "")
    return "json" if _JSON_START.match(text) else "csv"


def _instead_of(expected: Format | None) -> str:
    return f", not {_SHOWN[expected]}" if expected else ""


def _expected(part: Part, asked: str | None) -> Format | None:
    if asked is None:
        return suffix_format(part.origin)
    if asked.lower() not in _FORMATS:
        raise part.error(f"cannot be read as {asked!r}", f"Formats are: {', '.join(_FORMATS)}.")
    return _FORMATS[asked.lower()]


def suffix_format(path: Path) -> Format | None:
    """Read the format off a file's name, under any .gz, .zst or .zip.

    >>> from pathlib import Path
    >>> suffix_format(Path("leads.csv.gz")), suffix_format(Path("leads.txt"))
    ('csv', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _PACKED_SUFFIXES:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None
