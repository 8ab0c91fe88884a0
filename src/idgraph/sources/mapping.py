"""The row kernel of a source: from its own columns to the cells its mapping names, cleaned of absent values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.errors import MappingError, mask_text
from idgraph.normalise import normalise
from idgraph.schema import COUNT, FLAG, TEXT, TIME, WORD
from idgraph.sources.table import KindBy, Source
from idgraph.sources.times import parse_times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config
    from idgraph.engines import Kernel, Table
    from idgraph.sources.times import DateOrder

__all__ = ["RowMap", "find_column", "located", "order_of", "row_map", "said", "text_of"]

# Texts that a database or a data frame writes where there is no value. Other junk is a value, and refused as one.
ABSENT: Final = ("", "NULL", "null", "Null", "None", "NaN", "nan", "N/A", "n/a", "#N/A", "\\N", "<NA>", "NaT")
_IF: Final = "if:"
_TRUE: Final = ("true", "t", "yes", "y", "1", "1.0")
_FIXED: Final = {
    "native_id": TEXT,
    "kind": WORD,
    "time": TIME,
    "version_time": TIME,
    "version": COUNT,
    "deleted": FLAG,
    "row_reason": TEXT,
    "row_value": TEXT,
    "bad_time": TEXT,
    "bad_version": TEXT,
    "file": COUNT,
    "row": COUNT,
}


@dataclass(frozen=True)
class RowMap:
    """How the rows of one source are read.

    Attributes:
        columns: the columns of the file that are needed; nothing else is read.
        kernel: rows of those columns in, mapped rows out.
        schema: the columns and dtypes of the mapped rows.
    """

    columns: list[str]
    kernel: Kernel
    schema: dict[str, nw.dtypes.DType]


def row_map(source: Source, table: Table, config: Config, orders: Mapping[str, DateOrder]) -> RowMap:
    """Prepare a source's row kernel, or say which of its columns are not there.

    Args:
        source: the source.
        table: its data.
        config: for the zone of naive times and the form of ids.
        orders: see `order_of`.

    Returns:
        The kernel. Mapped rows have native_id (null in a refused row), kind, time, version_time, version, deleted,
        row_reason, row_value, bad_time, bad_version, file, row, and a String column for each `Cell`.
    """
    find = partial(find_column, source, table)
    plain = {"time": source.time, "version": source.version}
    kind = source.kind.column if isinstance(source.kind, KindBy) else None
    named = {"deleted": source.deleted, "own_id": source.id, "kind": kind}
    texts = {name: address for name, address in named.items() if address}
    texts |= {cell.column: cell.address for cell in source.cells()}
    held = {cell.column: cell.where for cell in source.cells() if cell.where}
    texts |= {f"{_IF}{column}": column for where in held.values() for column in where}
    selected = [find(address).alias(name) for name, address in plain.items() if address]
    selected += [text_of(find(address), table.columns.get(address)).alias(name) for name, address in texts.items()]
    schema = {**_FIXED, **{cell.column: TEXT for cell in source.cells()}}
    dtypes = nw.Schema(schema).to_polars()
    source = dataclasses.replace(source, data="")  # the kernel may be sent to other machines; the data stays here

    def kernel(rows: pl.DataFrame) -> pl.DataFrame:
        table = rows.select(*selected, pl.col("__file").alias("file"), pl.col("__row").alias("row"))
        table = table.with_columns(map(said, texts))
        table = table.with_columns(pl.when(_holds(where)).then(name).alias(name) for name, where in held.items())
        table = table.with_columns(_times(table, source, config.timezone, orders))
        table = table.with_columns(_kind(source).alias("kind"), _is_true(table).alias("deleted"))
        table = table.with_columns(_ids(table, source, config))
        return table.select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())

    needed = {root for expr in selected for root in expr.meta.root_names()}
    return RowMap([*sorted(needed), "__file", "__row"], kernel, schema)


def order_of(source: Source, column: str, orders: Mapping[str, DateOrder]) -> DateOrder:
    """The order of dates with slashes in a column: what the source says, else what was told from the column."""
    if source.day_first is None:
        return orders.get(column, "month_first")
    return "day_first" if source.day_first else "month_first"


def find_column(source: Source, table: Table, address: str) -> pl.Expr:
    """Find the expression of a mapped column; null where the source may lack it.

    Raises:
        MappingError: there is no such column.
    """
    try:
        return table.find(address)
    except KeyError as error:
        if source.optional and address != source.id:
            return pl.lit(None, dtype=pl.String)
        there, close = mask_text(error.args[0]), error.args[1]
        mend = f"Did you mean {' or '.join(map(repr, close))}?" if close else there
        raise MappingError(source.name, f"there is no column {address!r}", mend) from None


def text_of(cell: pl.Expr, dtype: pl.DataType | None) -> pl.Expr:
    """A cell as text without surrounding space; of several fields JSON, as files of JSON have it."""
    if isinstance(dtype, pl.Struct):
        return pl.when(cell.is_not_null()).then(cell.struct.json_encode())
    if dtype is not None and dtype.is_float():  # where pandas has no value, a column of integers becomes one of floats
        cell = pl.coalesce(pl.when(cell == cell.round()).then(cell.cast(pl.Int64, strict=False)).cast(pl.String), cell)
    listed = cell.cast(pl.List(pl.String)).list.join(";") if isinstance(dtype, pl.List) else cell.cast(pl.String)
    return listed.str.strip_chars()


def said(text: str) -> pl.Expr:
    """A text, null where it only says that there is nothing. A step of its own: the text is made once, not twice."""
    return pl.when(~pl.col(text).is_in(ABSENT)).then(pl.col(text)).alias(text)


def _times(table: pl.DataFrame, source: Source, timezone: str, orders: Mapping[str, DateOrder]) -> list[pl.Series]:
    """Read the time and the version; a text that is none is kept aside for `rejects`."""
    nothing = pl.repeat(None, table.height, dtype=pl.String, eager=True)
    raw_time = table["time"] if source.time else nothing
    time = parse_times(raw_time, timezone, order_of(source, source.time or "", orders))
    found = {"time": time, "version_time": time.clear(table.height), "version": time.to_physical()}
    found |= {"bad_time": _unread(table["time"], time) if source.time else nothing, "bad_version": nothing}
    if source.version:
        raw = table["version"]
        version_time = parse_times(raw, timezone, order_of(source, source.version, orders))
        number = raw.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
        version = version_time.to_physical().zip_with(version_time.is_not_null(), number)
        found |= {"version_time": version_time, "version": version, "bad_version": _unread(raw, version)}
    return [series.alias(name) for name, series in found.items()]


def _unread(raw: pl.Series, read: pl.Series) -> pl.Series:
    """The texts that gave no value, though they say that there is one."""
    failed = (read.is_null() & raw.is_not_null()).arg_true()
    nothing = pl.repeat(None, len(raw), dtype=pl.String, eager=True)
    text = raw.gather(failed).to_frame("raw").select(text_of(pl.col("raw"), raw.dtype)).select(said("raw")).to_series()
    return nothing.scatter(failed, text) if len(failed) else nothing


def _ids(table: pl.DataFrame, source: Source, config: Config) -> list[pl.Series]:
    """Name the record of each row, or say why that cannot be: native_id, row_reason, row_value."""
    if source.kind is None:
        nothing = pl.repeat(None, table.height, dtype=pl.String, eager=True)
        return [nothing.alias(name) for name in ("native_id", "row_reason", "row_value")]
    native_id, reason, value = _event_ids(table, source) if source.is_events else _own_ids(table, source, config)
    of_none = table["kind"].is_null()
    if of_none.any():  # rows that the mapping says are no records
        native_id, reason = native_id.set(of_none, None), reason.set(of_none, "no_kind")
    return [native_id, reason, value]


def _own_ids(table: pl.DataFrame, source: Source, config: Config) -> list[pl.Series]:
    level = source.level
    read = normalise(config.type_of(level, source.own_type or "").normaliser, table["own_id"])
    reason = read.select(pl.when(pl.col("value").is_null()).then(pl.col("reason").fill_null("no_id"))).to_series()
    return [read["value"].alias("native_id"), reason.alias("row_reason"), table["own_id"].alias("row_value")]


def _event_ids(table: pl.DataFrame, source: Source) -> list[pl.Series]:
    """Name an event's record after its identifiers, in declared order; a bar inside a value cannot be mistaken."""
    columns = {cell.address: cell.column for cell in source.cells("identifier")}  # a column may be of two types
    cells = [pl.col(column) for column in columns.values()]
    joined = pl.concat_str(
        [cell.fill_null("").str.replace_all("|", "%7C", literal=True) for cell in cells], separator="|"
    )
    some = pl.any_horizontal([cell.is_not_null() for cell in cells])
    named = table.select(
        pl.when(some).then(joined).alias("native_id"),
        pl.when(~some).then(pl.lit("no_identifier")).alias("row_reason"),
        pl.lit(None, dtype=pl.String).alias("row_value"),
    )
    return named.get_columns()


def _kind(source: Source) -> pl.Expr:
    if not isinstance(source.kind, KindBy):
        return pl.lit(source.kind)
    cases = {text.lower(): None if kind == "none" else kind for text, kind in source.kind.cases.items()}
    return (
        pl.col("kind").str.to_lowercase().replace_strict(cases, default=source.kind.otherwise, return_dtype=pl.String)
    )


def _holds(where: Mapping[str, str | list[str]]) -> pl.Expr:
    """Whether a row is one of those in which a cell means what its mapping says."""
    wanted = {column: [texts] if isinstance(texts, str) else texts for column, texts in where.items()}
    return pl.all_horizontal(
        pl.col(f"{_IF}{column}").str.to_lowercase().is_in([text.lower() for text in texts])
        for column, texts in wanted.items()
    )


def _is_true(table: pl.DataFrame) -> pl.Expr:
    return (
        pl.col("deleted").str.to_lowercase().is_in(_TRUE).fill_null(value=False)
        if "deleted" in table.columns
        else pl.lit(value=False)
    )


def located(rows: nw.LazyFrame, table: Table) -> nw.LazyFrame:
    """Name the files that mapped rows are of, in place of their numbers: the column file."""
    name = nw.lit(None).cast(TEXT)
    for number, path in enumerate(table.files):
        name = nw.when(nw.col("file") == number).then(nw.lit(path.name)).otherwise(name)
    return rows.with_columns(name.alias("file"))
