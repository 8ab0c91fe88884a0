"""Unpack .gz, .zst and .zip into private copies, and bring other encodings to UTF-8.

A copy lies in a folder only its owner can enter, under a name of our own (what a zip calls its members is never used
as a path), and is removed when the interpreter ends. Size and ratio are checked while the bytes flow, so that an
archive made to fill the disk is stopped early.
"""

from __future__ import annotations

import atexit
import codecs
import functools
import gzip
import itertools
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from idgraph.engines.files.kinds import HEAD_BYTES, is_parquet, packing
from idgraph.engines.files.parts import Part

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_UNPACKED_BYTES = 20 * 2**30
MAX_RATIO = 200
# Small files of one repeated line pack far better than any real export; the ratio counts from here.
RATIO_FROM_BYTES = 64 * 2**20
MAX_MEMBERS = 10_000
MAX_LAYERS = 3
_BLOCK = 1 << 20

_AGAIN = "Fetch or export it again."
_IF_RIGHT = "If that is right, unpack it first."


def unpack(part: Part) -> list[Part]:
    """Give the plain files in a part: the part itself, its decompressed copy, or the members of its zip.

    Raises:
        FileError: a damaged or truncated archive, one that unpacks to too much, a zip in a zip, a password.
    """
    head = read_head(part)
    if packing(head) == "zip":
        return _members(part)
    return [_peel(part)]


def read_head(part: Part) -> bytes:
    """Read the first bytes of a part; a file that cannot be opened or holds nothing is an error."""
    try:
        with part.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except PermissionError as error:
        raise part.error("may not be read", "Give this user permission to read it.") from error
    except OSError as error:
        raise part.error(f"cannot be opened ({error.strerror})", "Check the path.") from error
    if not head.strip(b"\xef\xbb\xbf\r\n \t"):
        raise part.error("is empty", "Export it again, or leave it out.")
    return head


def _peel(part: Part) -> Part:
    limit = _Limit(part, part.path.stat().st_size)
    for _ in range(MAX_LAYERS):
        head = read_head(part)
        kind = packing(head)
        if is_parquet(head) or kind is None:
            return part
        if kind == "zip":
            raise part.error("holds a zip inside another archive", "Unpack it into a folder first.")
        with _damage(part, kind), _opener(kind)(part.path, "rb") as packed:
            copy = _pour(packed, limit)
        part = replaced(part, copy)
    raise part.error("is packed more than three times over", "Unpack it first.")


def _members(part: Part) -> list[Part]:
    limit = _Limit(part, part.path.stat().st_size)
    with _damage(part, "zip"), zipfile.ZipFile(part.path) as archive:
        infos = [info for info in archive.infolist() if not _ignored(info)]
        if any(info.filename in {"[Content_Types].xml", "mimetype"} for info in infos):
            raise part.error("looks like an Excel or other office file", "Open it and save the sheet as CSV (UTF-8).")
        if not infos:
            raise part.error("is a zip with no file in it", "Export it again, or leave it out.")
        if len(infos) > MAX_MEMBERS:
            raise part.error(
                f"is a zip of {len(infos):,} files", f"Up to {MAX_MEMBERS:,} are read; unpack it into a folder."
            )
        if any(info.flag_bits & 0x1 for info in infos):
            raise part.error("is a zip with a password", "Unpack it first.")
        parts = []
        for number, info in enumerate(infos, start=1):
            with archive.open(info) as packed:
                copy = _pour(packed, limit)
            parts.append(
                Part(part.source, copy, part.origin, part.label if len(infos) == 1 else f"{part.label}#{number}")
            )
    return [_peel(member) for member in parts]


def _ignored(info: zipfile.ZipInfo) -> bool:
    name = info.filename.rpartition("/")[2]
    return info.is_dir() or info.filename.startswith("__MACOSX/") or name.startswith("._") or name == ".DS_Store"


class _Limit:
    """How much one archive has given so far, against how much it may."""

    def __init__(self, part: Part, packed: int) -> None:
        self.part = part
        self.packed = packed
        self.unpacked = 0

    def add(self, count: int) -> None:
        self.unpacked += count
        if self.unpacked > MAX_UNPACKED_BYTES:
            raise self.part.error(
                f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes", "If that is right, unpack it first."
            )
        if self.unpacked > RATIO_FROM_BYTES and self.unpacked > MAX_RATIO * self.packed:
            raise self.part.error(
                f"unpacks to more than {MAX_RATIO} times its size", "If that is right, unpack it first."
            )


def _pour(packed: IO[bytes], limit: _Limit) -> Path:
    def blocks() -> Iterator[bytes]:
        while block := packed.read(_BLOCK):
            limit.add(len(block))
            yield block

    return write_copy(limit.part, blocks())


@contextmanager
def _damage(part: Part, kind: str) -> Iterator[None]:
    """Turn what the decompressors raise into one error that names the file."""
    try:
        yield
    except EOFError as error:
        raise part.error(f"is truncated: its {kind} data ends too early", _AGAIN) from error
    except zipfile.BadZipFile as error:
        raise part.error("is a damaged or truncated zip", _AGAIN) from error
    except NotImplementedError as error:
        raise part.error("is a zip packed in a way that is not read here", "Unpack it first.") from error
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        raise part.error(f"is damaged: its {kind} data cannot be read", _AGAIN) from error


def _opener(kind: str) -> Callable[..., IO[bytes]]:
    return cast("Callable[..., IO[bytes]]", gzip.open if kind == "gzip" else zstd.open)


@functools.cache
def _folder(process: int) -> Path:
    """Make this process's private folder (a forked child has its own, so neither removes the other's)."""
    folder = Path(tempfile.mkdtemp(prefix="idgraph-"))

    def remove() -> None:
        if os.getpid() == process:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def remove_copies() -> None:
    """Remove this process's private folder now; the next copy makes another."""
    if _folder.cache_info().currsize:
        shutil.rmtree(_folder(os.getpid()), ignore_errors=True)
        _folder.cache_clear()


_numbers = itertools.count()


def new_copy(part: Part) -> Path:
    """Make an empty private file (mode 0600), removed when the interpreter ends.

    Raises:
        FileError: the temporary folder cannot be written.
    """
    with _room(part):
        path = _folder(os.getpid()) / str(next(_numbers))
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def write_copy(part: Part, blocks: Iterable[bytes]) -> Path:
    """Write bytes to a new private file.

    Raises:
        FileError: the disk is full or the temporary folder cannot be written.
    """
    path = new_copy(part)
    try:
        with _room(part), path.open("wb") as file:
            file.writelines(blocks)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


@contextmanager
def _room(part: Part) -> Iterator[None]:
    try:
        yield
    except gzip.BadGzipFile:  # which is an OSError, but not of the disk
        raise
    except OSError as error:
        problem = f"could not be unpacked or converted: {error.strerror or error}"
        raise part.error(problem, f"Make room in {tempfile.gettempdir()}, or point TMPDIR elsewhere.") from error


def replaced(part: Part, copy: Path) -> Part:
    """Go on with a copy, and remove the private copy it was made from, if it was one."""
    if part.path != part.origin:
        part.path.unlink(missing_ok=True)
    return replace(part, path=copy)


# What an encoding cannot read becomes a byte that UTF-8 cannot read either: the row check then refuses that row alone.
codecs.register_error("idgraph-mark", lambda error: ("\udcff", cast("UnicodeDecodeError", error).end))


def to_utf8(part: Part, encoding: str) -> Part:
    """Copy a text file as UTF-8, streaming; bytes that are not of the encoding stay invalid."""
    decode: Callable[..., str] = codecs.getincrementaldecoder(encoding)("idgraph-mark").decode

    def blocks() -> Iterator[bytes]:
        with part.path.open("rb") as file:
            first = True
            while raw := file.read(_BLOCK):
                text = decode(raw)
                yield (text.removeprefix("\ufeff") if first else text).encode("utf-8", "surrogateescape")
                first = False
            yield decode(b"", final=True).encode("utf-8", "surrogateescape")

    return replaced(part, write_copy(part, blocks()))


def translate_returns(part: Part) -> Part:
    """Copy a text file whose lines end in carriage returns alone, as old Macs wrote them, with newlines instead."""

    def blocks() -> Iterator[bytes]:
        with part.path.open("rb") as file:
            while raw := file.read(_BLOCK):
                yield raw.replace(b"\r", b"\n")

    return replaced(part, write_copy(part, blocks()))
