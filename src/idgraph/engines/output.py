"""Writing: into a temporary folder that is moved into place at the end, private, and safe to open in a spreadsheet."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import polars as pl

from idgraph.config import Config
from idgraph.errors import IdgraphError, OutputError
from idgraph.schema import FRAMES

__all__ = [
    "MODELS_FILE",
    "RUN_FILE",
    "WRITTEN",
    "entity_column",
    "is_ours",
    "new_folder",
    "part_files",
    "refuse_folder",
    "replace_table",
    "run_of",
    "write_frame",
    "write_page",
]

RUN_FILE: Final = "run.json"
MODELS_FILE: Final = "models.json"
# What the folder of a graph consists of.
WRITTEN: Final = frozenset(
    {RUN_FILE, MODELS_FILE, *(f"{name}.{ending}" for name in FRAMES for ending in ("parquet", "csv"))}
)
_PARTS: Final = "part-*.parquet"  # as Spark names them
# Rows stand in the order of their record ids, or in runs of it: of small groups the statistics say in which an id is
# not, so that a question need not read them.
_ROW_GROUP: Final = 1 << 13
_PAGE_MARK: Final = b'<meta name="generator" content="idgraph '
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # s3://…, hdfs:/…; not the drive C:/
# What a spreadsheet takes for a formula (OWASP, "CSV injection"); numbers and E.164 phone numbers are none.
_FORMULA: Final = r"^[=+\-@\t\r]"
_NUMBER: Final = r"^[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?$"


def refuse_folder(out: Path, names: Collection[str]) -> None:
    """Refuse a folder that is not ours to replace.

    Args:
        out: where the output is to be.
        names: what the output consists of; a folder that holds anything else besides is left alone.

    Raises:
        OutputError: `out` is a file, is where nothing can be written, or holds something that is not ours.
    """
    _refuse_address(out)
    if out.exists() and not out.is_dir():
        msg = f"{out} is a file. Name a folder for the output."
        raise OutputError(msg)
    above = next(path for path in out.resolve().parents if path.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        what = "you may not write there" if above.is_dir() else "that is a file"
        msg = f"{out} cannot be written to {above}: {what}. Name a folder that you may write to."
        raise OutputError(msg)
    found = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    others = [name for name in found if name not in names] + _strangers(out)
    if others or (found and not is_ours(out)):
        example = f", such as {others[0]}" if others else ""
        msg = f"{out} holds files that idgraph did not write{example}, so it is left alone. Name a new or empty folder."
        raise OutputError(msg)


def _refuse_address(out: Path) -> None:
    if _ADDRESS.match(str(out)):
        msg = (
            f"{out} is no folder of this machine, and elsewhere an output cannot appear whole or not at all. Write to "
            "one and copy it; or on Spark let the session write: graph.save_tables('idgraph_'), or frame by frame "
            "graph.profiles.write.parquet('s3://…')."
        )
        raise OutputError(msg)


def _strangers(out: Path) -> list[str]:
    """Files in the folders of frames that Spark did not put there."""
    folders = [path for path in out.glob("*.parquet") if path.is_dir()]
    inside = [path for folder in folders for path in folder.rglob("*") if not path.is_dir()]
    return sorted(path.relative_to(out).as_posix() for path in inside if not path.match(_PARTS))


def is_ours(folder: Path) -> bool:
    """Whether a folder holds the `run.json` of a run of ours."""
    try:
        run = json.loads((folder / RUN_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(run, dict) and "idgraph" in run


def run_of(folder: Path) -> tuple[dict[str, Any], Config]:
    """Read what a folder says of its run, and of its settings, if all frames are there to open.

    Raises:
        OutputError: the folder is not one of ours, lacks a frame, or was written as CSV, which keeps no dtypes.
    """
    _refuse_address(folder)
    command = f"idgraph merge exports/ --out {folder}"
    again = f"Write it again: {command}"
    if not is_ours(folder):
        msg = f"{folder} holds no {RUN_FILE} of ours, so it is no graph. Write one: {command}"
        raise OutputError(msg)
    run = json.loads((folder / RUN_FILE).read_text("utf-8"))
    if run.get("format") != "parquet":
        msg = f"{folder} was written as {run.get('format')}, which keeps no dtypes. {again} --format parquet"
        raise OutputError(msg)
    missing = [f"{name}.parquet" for name in FRAMES if not part_files(folder / f"{name}.parquet")]
    if missing:
        msg = f"{folder} lacks {', '.join(missing)}. {again}"
        raise OutputError(msg)
    try:
        return run, Config.model_validate(run.get("config", {}))
    except IdgraphError as error:
        msg = f"{folder} was written by idgraph {run['idgraph']} with settings unknown to this one: {error}. {again}"
        raise OutputError(msg) from None


def part_files(path: Path) -> list[Path]:
    """The files of a frame: one that this process wrote, or those that Spark's workers wrote into a folder."""
    return sorted(path.rglob(_PARTS)) if path.is_dir() else [path] if path.is_file() else []


def entity_column(name: str) -> str | None:
    """The column that says of which entity a frame's rows are.

    >>> entity_column("assignments"), entity_column("members"), entity_column("links")
    ('entity_id', 'profile_id', None)
    """
    return next((column for column in ("entity_id", "profile_id") if column in FRAMES[name].columns), None)


@contextmanager
def new_folder(out: Path, names: Collection[str]) -> Iterator[Path]:
    """Give a private folder to fill; it takes the place of `out` only if the block ends well.

    Args:
        out: where the output is to be; see `refuse_folder`.
        names: what the output consists of.

    Raises:
        OutputError: `out` is a file, holds something that is not ours, or cannot be written.
    """
    refuse_folder(out, names)
    out = out.resolve()  # a link is kept, and what it points to is replaced
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror}. Name a folder that you may write to."
        raise OutputError(msg) from error
    try:
        yield made
        for path in made.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        _take_place(made, out)
    except (OSError, pl.exceptions.ComputeError) as error:
        msg = f"{out} could not be written: {error}. Nothing of it is left; what was there before still is."
        raise OutputError(msg) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _take_place(made: Path, out: Path) -> None:
    if not out.exists():
        made.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    os.replace(out, old)  # noqa: PTH105 - onto an empty folder, which Path.rename words less clearly
    try:
        made.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old)


def write_frame(frame: pl.LazyFrame, path: Path, format: str) -> int:
    """Write one frame, readable by its owner only.

    Args:
        frame: any frame.
        path: the new file.
        format: `parquet`, as it is; `csv`, lists joined by semicolons and texts that would run as formulas
            set off by an apostrophe.

    Returns:
        How many rows were written.
    """
    path.touch(mode=0o600)
    if format == "parquet":
        frame.sink_parquet(path, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    schema = frame.collect_schema()
    lists = [pl.col(name).list.join(";") for name, dtype in schema.items() if dtype == pl.List]
    texts = [name for name, dtype in schema.items() if dtype in {pl.String, pl.Categorical} or dtype == pl.List]
    safe = [_neutral(pl.col(name).cast(pl.String)).alias(name) for name in texts]
    frame.with_columns(lists).with_columns(safe).sink_csv(path)
    return int(pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item())


def replace_table(frame: pl.LazyFrame, out: Path) -> None:
    """Write a frame as one CSV or Parquet file, by the name's ending, at once; see `write_frame`.

    Args:
        frame: any frame.
        out: a file that is new, or an earlier one that began with the same columns.

    Raises:
        OutputError: the name ends otherwise, the file is somebody else's, or it cannot be written.
    """
    format = out.suffix.removeprefix(".").lower()
    if format not in _SCANS:
        msg = f"{out} is neither CSV nor Parquet: let the name end in .csv or .parquet"
        raise OutputError(msg)
    if out.exists() and not _begins_alike(out, format, frame.collect_schema().names()):
        msg = f"{out} is no such table that idgraph wrote, so it is left alone. Name another file."
        raise OutputError(msg)
    with _at_once(out) as made:
        write_frame(frame, made, format)


_SCANS: Final[dict[str, Callable[[Path], pl.LazyFrame]]] = {"csv": pl.scan_csv, "parquet": pl.scan_parquet}
_ALIKE: Final = 5  # columns that tell a table of ours


def _begins_alike(path: Path, format: str, names: Sequence[str]) -> bool:
    try:
        return path.is_file() and _SCANS[format](path).collect_schema().names()[:_ALIKE] == list(names[:_ALIKE])
    except (OSError, pl.exceptions.PolarsError):
        return False


def write_page(page: str, out: Path) -> None:
    """Write an HTML page for its owner's eyes alone, at once: a failed write leaves what was there.

    Args:
        page: the page.
        out: a file that is new, or an earlier page of ours.

    Raises:
        OutputError: the file is somebody else's, or cannot be written.
    """
    if out.exists() and not _is_our_page(out):
        msg = f"{out} is no page that idgraph wrote, so it is left alone. Name another file."
        raise OutputError(msg)
    with _at_once(out) as made:
        made.write_text(page, encoding="utf-8")


@contextmanager
def _at_once(out: Path) -> Iterator[Path]:
    """Give a file to fill, readable by its owner only; it takes the place of `out` only if the block ends well."""
    _refuse_address(out)
    made: str | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
        os.close(handle)
        yield Path(made)
        Path(made).replace(out.resolve())
    except (OSError, pl.exceptions.ComputeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{out} cannot be written: {reason}. Name a file in a folder that you may write to."
        raise OutputError(msg) from error
    finally:
        if made is not None:
            Path(made).unlink(missing_ok=True)


def _is_our_page(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _PAGE_MARK in file.read(2048)


def _neutral(text: pl.Expr) -> pl.Expr:
    risky = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return pl.when(risky).then(pl.lit("'") + text).otherwise(text)
