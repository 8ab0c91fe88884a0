"""Open the files of a source as one lazy frame."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import polars as pl

from idgraph.engines.files.address import column_expr
from idgraph.engines.files.columnar import read_parquet
from idgraph.engines.files.delimited import read_delimited
from idgraph.engines.files.kinds import Format, format_of
from idgraph.engines.files.parts import FILE, JSON, ROW, Part, Reading, rejects_frame
from idgraph.engines.files.records import read_records
from idgraph.engines.files.unpack import new_copy, read_head, remove_copies, unpack
from idgraph.errors import FileError

MAX_PARTS = 1 << 16
FEW_PARTS = 32
BATCH_PARTS = 256
BATCH_BYTES = 1 << 26


Opened: TypeAlias = tuple[Part, Format, Reading]


@dataclass(frozen=True)
class Scan:
    """The files of one source, opened but not yet read.

    Attributes:
        frame: the columns (String for text formats, their own dtypes for Parquet; `__json` alone for JSON), `__file`
            (UInt16, place in `files`) and `__row` (UInt32, from 1 within the file, the header not counted).
        columns: what can be addressed: column names, fields of struct columns, and for JSON the addresses seen in the
            first thousand records of each file.
        files: the file each `__file` stands for; a zip is listed once for each of its members.
        rejects: rows that could not be read, as the frame `rejects`.
    """

    frame: pl.LazyFrame
    columns: list[str]
    files: list[Path]
    rejects: pl.DataFrame

    def column(self, address: str) -> pl.Expr:
        """Find what an address means; see `column_expr`.

        An address that the first JSON records do not hold is looked for in all of them before it is refused.

        Raises:
            KeyError: nothing fits; its message names close matches.
        """
        schema = self.frame.collect_schema()
        try:
            return column_expr(schema, address, self.columns)
        except KeyError:
            if JSON in schema:
                late = column_expr(schema, address)
                if self.frame.select(late.is_not_null().any()).collect(engine="streaming").item():
                    return late
            raise


def scan(
    source: str,
    paths: str | Path | Sequence[str | Path],
    *,
    format: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Scan:
    """Open the files of a source: CSV, TSV, JSON, JSON Lines or Parquet, also as .gz, .zst or .zip.

    Several files are parts of one table: columns in any order, missing ones null. Text is checked here, once, and read
    when the frame is collected; what is packed or of another encoding is copied to a private temporary folder first.

    Args:
        source: the source's name, for messages.
        paths: a path or glob, or several.
        format: "csv", "tsv", "json", "jsonl" or "parquet"; by default what name and content say.
        delimiter: of delimited text; by default what the header line says.
        encoding: of text, such as "cp1252"; by default UTF-8, or what a byte-order mark says.

    Returns:
        The scan; rows that cannot be read are in its `rejects`.

    Raises:
        FileError: no such file, or one that cannot be read as a whole; the message names it and the mend.
    """
    found_files = [Part(source, path, path, str(path)) for path in find_files(source, paths)]
    opened = [one for file in found_files for one in open_file(file, format, delimiter, encoding)]
    refuse_unlike(source, opened)
    parts, readings = [one[0] for one in opened], [one[2] for one in opened]
    frame = _under_each_other(parts, readings)
    columns = dict.fromkeys(name for reading in readings for name in reading.columns)
    found = ((part.label, reject) for part, reading in zip(parts, readings, strict=True) for reject in reading.rejects)
    return Scan(
        frame=frame.select(pl.exclude(FILE, ROW), FILE, ROW),
        columns=list(columns),
        files=[part.origin for part in parts],
        rejects=rejects_frame(source, found),
    )


# What was opened before in this process: first to recognise a file, then to read it, each with the same check and the
# same private copy.
_opened: dict[tuple[object, ...], list[Opened]] = {}
_OPENED_AT_MOST = 4096


def open_file(file: Part, asked: str | None, delimiter: str | None, encoding: str | None) -> list[Opened]:
    """Open one file, or take it over if it was opened in the same way and has not changed since.

    Raises:
        FileError: it cannot be read as a whole.
    """
    state = file.path.stat()
    key = (file.label, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, asked, delimiter, encoding)
    if key not in _opened:
        found = [
            (part, kind := format_of(part, read_head(part), asked), _read(part, kind, delimiter, encoding))
            for part in unpack(file)
        ]
        if len(_opened) >= _OPENED_AT_MOST:
            _opened.clear()
        _opened[key] = found
    return [(replace(part, source=file.source), kind, reading) for part, kind, reading in _opened[key]]


def forget_files() -> None:
    """Forget what was opened in this process, and remove the private copies made for it."""
    _opened.clear()
    remove_copies()


def _read(part: Part, found: Format, delimiter: str | None, encoding: str | None) -> Reading:
    if found == "parquet":
        return read_parquet(part)
    if found == "csv":
        return read_delimited(part, delimiter, encoding)
    return read_records(part, found, encoding)


def _under_each_other(parts: list[Part], readings: list[Reading]) -> pl.LazyFrame:
    """Union the parts by column name, and say in `__file` which is which.

    A plan over a thousand files takes Polars some ten seconds, however small they are, and over two thousand thirty. So
    of many parts the small ones are gathered into private Parquet copies first, which takes a second.
    """
    frames = [
        reading.frame.with_columns(pl.lit(place, dtype=pl.UInt16).alias(FILE)) for place, reading in enumerate(readings)
    ]
    if len(frames) > FEW_PARTS:
        batches = _batches(reading.size for reading in readings)
        frames = [_gathered(parts[places[0]], [frames[place] for place in places]) for places in batches]
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")


def _batches(sizes: Iterable[int]) -> list[list[int]]:
    """Batch neighbouring small parts, by place."""
    batches: list[list[int]] = []
    room = count = 0
    for place, size in enumerate(sizes):
        if size > room or count == BATCH_PARTS:
            batches.append([])
            room, count = BATCH_BYTES, 0
        batches[-1].append(place)
        room, count = room - size, count + 1
    return batches


def _gathered(part: Part, frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    if len(frames) == 1:
        return frames[0]
    rows = pl.concat(pl.collect_all(frames), how="diagonal_relaxed")
    copy = new_copy(part)
    rows.write_parquet(copy, compression="lz4")
    return pl.scan_parquet(copy, glob=False)


def find_files(source: str, paths: str | Path | Sequence[str | Path]) -> list[Path]:
    """List the files that paths and globs mean, in order of name, each once.

    Raises:
        FileError: a path or glob that means no file, or a folder.
    """
    wanted = [paths] if isinstance(paths, str | Path) else list(paths)
    if not wanted:
        raise FileError(source, "no file was given", "Give a path or a glob.")
    found: dict[Path, None] = {}
    for pattern in wanted:
        path = Path(pattern)
        if path.is_dir():
            raise FileError(source, f"{path} is a folder", f"Name its files, such as {path}/*.csv.")
        if path.is_file():
            found[path] = None
            continue
        if path.exists():
            raise FileError(source, f"{path} is not a regular file", "Save what it gives to a file first.")
        matches = map(Path, glob.glob(str(pattern), recursive=True))  # noqa: PTH207 - pathlib's refuses absolute patterns
        files = sorted(match for match in matches if match.is_file())
        if not files:
            raise FileError(source, f"no file matches {str(pattern)!r}", "Paths are relative to the working folder.")
        found |= dict.fromkeys(files)
    return list(found)


def refuse_unlike(source: str, opened: Sequence[Opened]) -> None:
    """Refuse files that cannot be laid under each other.

    Raises:
        FileError: too many of them, of several formats, or of several tables.
    """
    if len(opened) > MAX_PARTS:
        raise FileError(source, f"{len(opened):,} files", f"Up to {MAX_PARTS:,} are read; merge some.")
    parts, formats, readings = [list(column) for column in zip(*opened, strict=True)]
    _refuse_mixture(parts, formats)
    _refuse_strangers(parts, formats, readings)


def _refuse_mixture(parts: list[Part], formats: list[Format]) -> None:
    kinds = ["json" if found == "jsonl" else found for found in formats]
    other = next((place for place, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is not None:
        raise parts[other].error(f"is {kinds[other]}, but {parts[0].label} is {kinds[0]}", "Make two sources of them.")


def _refuse_strangers(parts: list[Part], formats: list[Format], readings: list[Reading]) -> None:
    """Refuse to lay tables of different columns under each other: a zip or glob that holds several tables."""
    if formats[0] in {"json", "jsonl"}:
        return
    first = set(readings[0].columns)
    for part, reading in zip(parts[1:], readings[1:], strict=True):
        columns = set(reading.columns)
        if 2 * len(first & columns) <= min(len(first), len(columns)):
            raise part.error(
                f"is not of one table with {parts[0].label}: they share {len(first & columns)} columns",
                "Make two sources of them; unpack a zip that holds several tables.",
            )
