"""Judgements: the word that two records are the same, or different; read, added and revoked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.engines import Engine, Table, engine_for
from idgraph.engines.files import repeated
from idgraph.errors import ConfigError, MappingError, NotFoundError, SourceError, mask, mask_id, mask_text
from idgraph.schema import FRAMES, cast
from idgraph.sources.mapping import ABSENT
from idgraph.sources.times import parse_column

__all__ = ["append", "read_judgements", "revoke"]

_NAME: Final = "judgements"
_DTYPES: Final = pl.Schema(nw.Schema(FRAMES[_NAME].columns).to_polars())
_NEEDED: Final = ("left_id", "right_id", "verdict")
_TIMES: Final = ("at", "revoked_at")
_PAIR: Final = ["left_id", "right_id"]
_VERDICTS: Final = ("same", "different", "unsure")
_ALIKE: Final = 0.75  # `revoked` and `revoked_on` for revoked_at, but not `created_at`

# Reading


class _Fault(NamedTuple):
    """Something that keeps a row from being a judgement."""

    column: str
    wrong: pl.Expr
    problem: str
    mend: str
    shown: Callable[[str], str] = mask


_ID_MEND: Final = "Write the record id as in the frame records: '<source>:<native id>'."
_VERDICT_MEND: Final = f"Write one of {', '.join(_VERDICTS)}."
_TIME_MEND: Final = "Write it as 2026-01-05 or 2026-01-05T10:00:00Z, or leave it empty."
_FAULTS: Final = (
    *(_Fault(column, pl.col(column).is_null(), "is empty", _ID_MEND) for column in _PAIR),
    *(_Fault(c, ~pl.col(c).str.contains(r"^[^:\s]+:."), "does not name a source", _ID_MEND) for c in _PAIR),
    _Fault("right_id", pl.col("left_id") == pl.col("right_id"), "is left_id again", "Name two records.", mask_id),
    _Fault("verdict", pl.col("verdict").is_null(), "is empty", _VERDICT_MEND),
    _Fault("verdict", ~pl.col("verdict").is_in(list(_VERDICTS)), "is no verdict", _VERDICT_MEND),
    *(_Fault(c, pl.col(c).is_not_null() & pl.col(f"{c}_read").is_null(), "is no time", _TIME_MEND) for c in _TIMES),
)


@dataclass(frozen=True)
class _Given:
    """What an engine reads judgements from."""

    data: Any
    name: str = _NAME
    format: None = None
    delimiter: None = None
    encoding: None = None


def read_judgements(data: Any, engine: Engine) -> nw.LazyFrame:  # noqa: ANN401 - a frame of any library
    """Read a table of judgements, or say which rows are none.

    Args:
        data: a path or glob (CSV, TSV, JSON or Parquet, packed or not), or a frame of any library, with `left_id`,
            `right_id` and `verdict` (same, different or unsure, in any case), and any of `by`, `at`, `why`,
            `revoked_at`. Times without a zone are UTC; other columns are not looked at.
        engine: whose frame is wanted.

    Returns:
        The frame `judgements`: all rows, revoked ones too, with left_id < right_id; absent columns are null.

    Raises:
        ConfigError: this is nothing to read.
        FileError: the file cannot be read.
        MappingError: a column is missing, or seems misspelled.
        SourceError: a row cannot be read or is no judgement; the first is named, all are counted.

    >>> table = {"left_id": ["crm:2"], "right_id": ["app:7"], "verdict": ["Same"], "at": ["2026-01-05"]}
    >>> found = read_judgements(pl.DataFrame(table), engine_for())
    >>> found.select("left_id", "right_id", "verdict", "by").collect().rows()
    [('app:7', 'crm:2', 'same', None)]
    """
    if data is None or isinstance(data, bool | int | float | bytes | list | tuple):
        raise ConfigError(f"judgements are a path, a glob or a frame, not {type(data).__name__}. Give one of those.")
    reader = engine_for(data)  # not always the one wanted: judgements are few, and Polars reads a file at once
    table = reader.read(_Given(data))
    _refuse_unread(table, reader)
    columns = [_column(table, name) for name in _DTYPES]
    rows = _cleaned(reader.collect(table.frame).select(*columns, "__file", "__row"))
    faulty = _faulty(rows)
    if not faulty.is_empty():
        first = faulty.sort("__file", "__row").row(0, named=True)
        file = f" of {table.files[first['__file']].name}" if table.files else ""
        problem, mend = _said_of(first)
        raise SourceError(_NAME, f"row {first['__row']}{file}: {problem}{_first_of(faulty)}", mend)
    return cast(engine.lazy(_declared(rows)), _NAME)


def _refuse_unread(table: Table, reader: Engine) -> None:
    """Refuse a file with rows that are no rows: a judgement must not get lost."""
    unread = None if table.rejects is None else reader.collect(table.rejects).sort("file", "row")
    if unread is not None and not unread.is_empty():
        first = unread.row(0, named=True)
        problem = f"row {first['row']} of {Path(first['file']).name}: it cannot be read, {first['reason']}"
        raise SourceError(_NAME, f"{problem}{_first_of(unread)}", "Mend the file: a judgement must not get lost.")


def _first_of(faulty: pl.DataFrame) -> str:
    return f" (the first of {faulty.height:,} faulty rows)" if faulty.height > 1 else ""


def _column(table: Table, name: str) -> pl.Expr:
    """Find a column; one that is not needed may be missing, but not under another spelling, and none be there twice."""
    if name in repeated(table.columns):
        raise MappingError(_NAME, f"there are several columns {name!r}", "Keep one: a judgement must not get lost.")
    try:
        return table.find(name).alias(name)
    except KeyError as error:
        strange = [column for column in table.columns if column not in _DTYPES]
        close = get_close_matches(name, strange, n=1, cutoff=_ALIKE)
        if name not in _NEEDED and not close:
            return pl.lit(None, dtype=pl.String).alias(name)
        mend = f"Is it {close[0]!r}? Rename that." if close else error.args[0]
        raise MappingError(_NAME, f"there is no column {name!r}", mask_text(mend)) from None


def _cleaned(given: pl.DataFrame) -> pl.DataFrame:
    """Texts without surrounding space, null where they say nothing; times beside what they were read from."""
    texts = [name for name in _DTYPES if not given.schema[name].is_temporal()]
    trimmed = [pl.col(name).cast(pl.String).str.strip_chars() for name in texts]
    rows = given.with_columns(pl.when(~text.is_in(ABSENT)).then(text) for text in trimmed)
    times = [parse_column(rows[name], "UTC").alias(f"{name}_read") for name in _TIMES]
    return rows.with_columns(*times, pl.col("verdict").str.to_lowercase())


def _faulty(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that are no judgement, with the number of their first fault."""
    first = pl.coalesce(pl.when(fault.wrong).then(pl.lit(place)) for place, fault in enumerate(_FAULTS))
    return rows.with_columns(first.alias("fault")).filter(pl.col("fault").is_not_null())


def _said_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong with a faulty row, and the mend."""
    fault = _FAULTS[row["fault"]]
    value = row[fault.column]
    shown = "" if value is None else f" {fault.shown(str(value))!r}"
    return f"{fault.column}{shown} {fault.problem}", fault.mend


def _declared(rows: pl.DataFrame) -> pl.DataFrame:
    """Cleaned rows without fault in the declared columns, the smaller id first."""
    ordered = rows.with_columns(
        pl.min_horizontal(_PAIR).alias("left_id"),
        pl.max_horizontal(_PAIR).alias("right_id"),
        *(pl.col(f"{name}_read").alias(name) for name in _TIMES),
    )
    return ordered.select(pl.col(name).cast(dtype) for name, dtype in _DTYPES.items())


# Adding and revoking


def append(
    judgements: pl.DataFrame,
    left_id: str,
    right_id: str,
    verdict: str,
    *,
    by: str | None,
    at: datetime | None,
    why: str | None,
) -> pl.DataFrame:
    """Add a judgement; what was said before stays, and the later word counts.

    Args:
        judgements: the frame `judgements`.
        left_id: a record id.
        right_id: another; the smaller of the two becomes left_id.
        verdict: same, different or unsure.
        by: who says so: a person, `source:<name>` or `rule:<name>`.
        at: when; without a zone UTC.
        why: in a few words.

    Returns:
        The frame with one row more.

    Raises:
        ConfigError: it is no judgement.

    >>> none = pl.DataFrame(schema=_DTYPES)
    >>> said = append(none, "crm:2", "app:7", "same", by="ana", at=datetime(2026, 1, 5), why="same phone")
    >>> said.select("left_id", "right_id", "verdict", "why").rows()
    [('app:7', 'crm:2', 'same', 'same phone')]
    """
    said = {"left_id": left_id, "right_id": right_id, "verdict": verdict, "by": by, "at": at, "why": why}
    row = _cleaned(pl.DataFrame([{**said, "revoked_at": None}]))
    faulty = _faulty(row)
    if not faulty.is_empty():
        raise ConfigError("{}. {}".format(*_said_of(faulty.row(0, named=True))))
    return pl.concat([judgements.cast(_DTYPES), _declared(row)])


def revoke(judgements: pl.DataFrame, left_id: str, right_id: str, *, at: datetime) -> pl.DataFrame:
    """Take back all that is in force on a pair: its rows stay, with the time in `revoked_at`.

    Args:
        judgements: the frame `judgements`.
        left_id: a record id.
        right_id: another, in whichever order.
        at: when; without a zone UTC.

    Returns:
        The frame with as many rows.

    Raises:
        ConfigError: the time is none.
        NotFoundError: nothing is in force on this pair.

    >>> table = {"left_id": ["app:7"], "right_id": ["crm:2"], "verdict": ["same"]}
    >>> said = read_judgements(pl.DataFrame(table), engine_for()).collect().to_native()
    >>> revoked = revoke(said, "crm:2", "app:7", at=datetime(2026, 1, 9))
    >>> from idgraph.collapse.decisions import decide
    >>> revoked.height, decide(revoked).same.height
    (1, 0)
    """
    time = parse_column(pl.Series([at]), "UTC")[0]
    if time is None:
        raise ConfigError(f"at {mask(str(at))!r} is no time between 1900 and 2199. Say when it is taken back.")
    pair = (pl.col("left_id") == min(left_id, right_id)) & (pl.col("right_id") == max(left_id, right_id))
    active = pair & pl.col("revoked_at").is_null()
    if judgements.filter(active).is_empty():
        msg = f"no judgement on {mask_id(left_id)!r} and {mask_id(right_id)!r} is in force; see the frame judgements"
        raise NotFoundError(msg)
    taken = pl.when(active).then(pl.lit(time, dtype=_DTYPES["revoked_at"])).otherwise("revoked_at")
    return judgements.with_columns(taken.alias("revoked_at"))
