"""Rows of events: the kernels that read what happened, and what is told from a time on, off the rows of one source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.schema import COUNT, FLAG, TEXT, TIME
from idgraph.sources.mapping import find_column, order_of, row_map, said, text_of
from idgraph.sources.table import TimeIf
from idgraph.sources.times import MIXED_DATES, SLASHED, parse_times
from idgraph.sources.values import NOTHING, value_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.config import Config
    from idgraph.engines import Table
    from idgraph.sources.table import Cell, Source
    from idgraph.sources.times import DateOrder

__all__ = ["ABOUT", "FACT", "PLACE", "SAID", "WRONG", "EventRows", "joined", "reference"]

Kernel = Callable[[pl.DataFrame], pl.DataFrame]

SAID: Final = {
    "native_id": TEXT,  # of the row's own record, where the source has records
    "event_id": TEXT,
    "event": TEXT,
    "at": TIME,
    "session_id": TEXT,
    "count": COUNT,
    "properties": TEXT,
}
FACT: Final = {"name": TEXT, "value": TEXT, "at": TIME}
PLACE: Final = {"row_id": TEXT, "version": COUNT, "file": COUNT, "row": COUNT}
WRONG: Final = {"grain": TEXT, "column": TEXT, "wrong": TEXT, "reason": TEXT}
ABOUT: Final = {"row_id": TEXT, "primary": FLAG, "at": TIME, "file": COUNT, "row": COUNT, "value": TEXT}
_ID: Final = "event_id:"
_MAIN: Final = "primary:"
_BYTES: Final = 8
_NO_SESSION: Final = "-1"  # of an event outside of any visit, by Amplitude's documentation
_OBJECT: Final = r"(?s)^\s*\{.*\}\s*$"


def reference(cell: Cell) -> str:
    """The column of `Told` that holds a cell's value, normalised; of several the first."""
    return f"to:{cell.column}"


class EventRows:
    """The kernels of one source's rows.

    Attributes:
        columns: the columns of the file that they need.
        referring: the cells that say whom or which company a row is about; a record's own identifiers say it already.
    """

    def __init__(self, source: Source, table: Table, config: Config, orders: Mapping[str, DateOrder]) -> None:
        mapping = row_map(source, table, config, orders)
        self.referring = source.cells("belongs_to") if source.kind else source.cells("identifier", "belongs_to")
        texts = _texts(source)
        find = partial(find_column, source, table)
        cells = [text_of(find(at), table.columns.get(at)).alias(name) for name, at in texts.items()]
        if isinstance(source.properties, str):
            cells.append(_json(find(source.properties), table.columns.get(source.properties)).alias("properties"))
        cells += [find(moment.column).alias(f"at:{name}") for name, moment in source.moments.items() if name]
        needed = {root for cell in cells for root in cell.meta.root_names()}
        self.columns = sorted({*mapping.columns, *needed})
        self._mapped, self._cells, self._texts = mapping.kernel, cells, list(texts)
        self._source, self._zone = replace(source, data=""), config.timezone  # the data stays on this machine
        self._orders = orders
        told = [] if source.kind else source.cells("attribute")
        self._told = [cell for cell in told if find(cell.address).meta.root_names()]  # a missing column ends nothing
        self._tells_facts = bool(source.kind is None and source.attributes and source.time)
        self._refer = {reference(cell): (cell.column, _first_value(cell, config)) for cell in self.referring}

    def events(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Give what happened: the columns of `SAID`, references, `PLACE` and `WRONG`; a row for each thing told."""
        table = self._described(self._read(rows))
        moments = self._source.moments
        found = [self._happened(table, name, moment) for name, moment in moments.items()]
        if len(moments) > 1 or any(moment.where for moment in moments.values()):
            found.append(_silent(table))
        if self._tells_facts and not isinstance(self._source.event, str):  # whose time is looked at as well
            found.append(self._undated(table))
        found += self._no_times(table)
        columns = {**SAID, "about": TEXT, **dict.fromkeys(self._refer, TEXT), **PLACE, **WRONG}
        dtypes = nw.Schema(columns).to_polars()
        return pl.concat(
            [pl.DataFrame(schema=dtypes), *(part.select(*dtypes).cast(pl.Schema(dtypes)) for part in found)]
        )

    def facts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Give what is said of others: the columns of `FACT` and references; a row for each attribute."""
        table = self._read(rows).with_columns(at=pl.coalesce("version_time", "time"))
        usable = ~pl.col("deleted") & (pl.col("at").is_not_null() if self._source.time else pl.lit(value=True))
        found = [
            table.filter(usable, self._tells(cell)).select(
                pl.lit(cell.name).alias("name"), pl.col(cell.column).alias("value"), "at", *self._refer
            )
            for cell in self._told
        ]
        dtypes = nw.Schema({**FACT, **dict.fromkeys(self._refer, TEXT)}).to_polars()
        return pl.concat([pl.DataFrame(schema=dtypes), *(part.cast(pl.Schema(dtypes)) for part in found)])

    def about(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Give what is said of the rows of another source: the columns of `ABOUT` and references."""
        table = self._read(rows).with_columns(at=pl.coalesce("time", "version_time"), row_id="about")
        is_main = [
            pl.col(f"{_MAIN}{column}").str.to_lowercase().is_in(_lower(is_)).fill_null(value=False)
            for column, is_ in self._source.primary.items()
        ]
        told = table.filter(~pl.col("deleted"), pl.col("row_id").is_not_null())
        main = pl.all_horizontal(is_main) if is_main else pl.lit(value=False)
        value = pl.coalesce(cell.column for cell in self._source.cells("about")) if self._source.about else pl.lit("")
        return told.select("row_id", main.alias("primary"), "at", "file", "row", value.alias("value"), *self._refer)

    def _tells(self, cell: Cell) -> pl.Expr:
        """Rows that tell of an attribute: with a time also an empty cell does, which ends what was so before."""
        return pl.lit(value=True) if self._source.time else pl.col(cell.column).is_not_null()

    def _read(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The mapped row, and beside it what is read of events, references normalised, and the row it is `about`."""
        own = rows.select("__row", *self._cells).drop("__row")
        table = self._mapped(rows).hstack(own.with_columns(map(said, self._texts)))
        others = [pl.format("{}:{}", pl.lit(cell.name), cell.column) for cell in self._source.cells("about")]
        table = table.with_columns(about=others[0] if others else pl.lit(None, dtype=pl.String))
        return table.with_columns(first(table[column]).alias(name) for name, (column, first) in self._refer.items())

    def _described(self, table: pl.DataFrame) -> pl.DataFrame:
        """Add number (how many times), properties, no_object (properties that are none), row_id, and what may lack."""
        source = self._source
        if "session_id" not in table.columns:
            table = table.with_columns(pl.lit(None, dtype=pl.String).alias("session_id"))
        table = table.with_columns(_event_id(table).alias("event_id"))
        properties, no_object = _properties(table, source)
        own = "native_id" if source.id and not source.event_id else "event_id"
        unnamed = table[own].is_null()
        row_id = table[own].zip_with(~unnamed, _digests(table, unnamed)) if unnamed.any() else table[own]
        return table.with_columns(
            _number("count") if source.count else pl.lit(1, dtype=pl.Int64).alias("number"),
            pl.when(pl.col("session_id") != _NO_SESSION).then("session_id"),
            properties.alias("properties"),
            no_object.alias("no_object"),
            (f"{source.name}:" + row_id).alias("row_id"),
        )

    def _undated(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows whose attributes hold from no known time on."""
        told = table.with_columns(
            pl.lit(None).alias("event"), pl.col("number").alias("count"), at="time", unread="bad_time"
        )
        fault = self._fault(TimeIf(self._source.time or "", {}), asks_event=False)
        return told.filter(pl.col("at").is_null()).with_columns(pl.lit(None).alias("event_id"), fault)

    def _happened(self, table: pl.DataFrame, name: str, moment: TimeIf) -> pl.DataFrame:
        """Read one of the things that rows tell of; rows that do not tell of it are left out."""
        at, unread = table["time"], table["bad_time"]
        if name:
            raw = table[f"at:{name}"]
            at = parse_times(raw, self._zone, order_of(self._source, moment.column, self._orders))
            unread = raw.cast(pl.String).set(at.is_not_null(), None)
        held = [
            pl.col(_condition(name, column)).str.to_lowercase().is_in(_lower(is_))
            for column, is_ in moment.where.items()
        ]
        dated = [pl.col("at").is_not_null() | pl.col("unread").is_not_null()] if name else []
        event_id = pl.format("{}:{}", "row_id", pl.lit(name)) if len(self._source.moments) > 1 else pl.col("row_id")
        found = table.with_columns(at.alias("at"), unread.alias("unread")).filter(pl.lit(value=True), *held, *dated)
        named = pl.lit(name) if name else pl.col("event")
        return found.with_columns(named.alias("event"), event_id.alias("event_id")).with_columns(
            self._fault(moment), pl.col("number").alias("count")
        )

    def _no_times(self, table: pl.DataFrame) -> list[pl.DataFrame]:
        """Times and versions of rows that cannot be read, where no event says so."""
        source = self._source
        columns = {"bad_version": source.version}
        if not (isinstance(source.event, str) or self._tells_facts):
            columns["bad_time"] = source.time
        return [
            _silent(table.filter(pl.col(bad).is_not_null())).with_columns(
                grain=pl.lit("value"), column=pl.lit(column), wrong=pl.col(bad), reason=self._no_time(bad, column)
            )
            for bad, column in columns.items()
            if column
        ]

    def _no_time(self, text: str, column: str) -> pl.Expr:
        """Why a text is no time."""
        why = pl.lit("not_a_version" if text == "bad_version" else "not_a_time")
        if order_of(self._source, column, self._orders) != "mixed":
            return why
        return pl.when(pl.col(text).str.contains(SLASHED)).then(pl.lit(MIXED_DATES)).otherwise(why)

    def _fault(self, moment: TimeIf, *, asks_event: bool = True) -> pl.Expr:
        """See `_fault`: its columns."""
        why = self._no_time("unread", moment.column)
        return _fault(self._source, moment, why, asks_event=asks_event).struct.unnest()


def _silent(table: pl.DataFrame) -> pl.DataFrame:
    """Each row as one that tells nothing: of an id the newest counts, also where it no longer tells what others did."""
    text = pl.lit(None, dtype=pl.String)
    nothing = [text.alias(name) for name in ("event_id", "event", *WRONG)]
    return table.with_columns(*nothing, pl.lit(None, dtype=pl.Datetime).alias("at"), pl.col("number").alias("count"))


def _first_value(cell: Cell, config: Config) -> Callable[[pl.Series], pl.Series]:
    """Prepare the normaliser of what a cell refers to; of several values in it the first counts."""
    level = "person" if cell.role == "identifier" else "account"
    is_id = config.type_of(level, cell.name).trust == "id"
    kernel = value_kernel(config.type_of(level, cell.name).normaliser, config.region, reference=is_id)

    def first(raw: pl.Series) -> pl.Series:
        held = raw.alias("raw").to_frame().with_row_index("place").drop_nulls("raw")
        read = kernel(held).filter(pl.col("reason").is_null() | (pl.col("reason") != NOTHING))
        # What is none of its kind is kept as it is: it means somebody, though nobody who is known.
        found = read.unique("place", keep="first", maintain_order=True).with_columns(pl.coalesce("value", "raw"))
        return pl.repeat(None, len(raw), dtype=pl.String, eager=True).scatter(found["place"], found["value"])

    return first


def _event_id(table: pl.DataFrame) -> pl.Expr:
    """What tells an event apart: of several columns their values, joined; null where all of them are."""
    parts = [pl.col(name) for name in table.columns if name.startswith(_ID)]
    if len(parts) < 2:
        return parts[0] if parts else pl.lit(None, dtype=pl.String)
    some = pl.any_horizontal(part.is_not_null() for part in parts)
    return pl.when(some).then(pl.concat_str([part.fill_null("") for part in parts], separator="|"))


def _number(column: str) -> pl.Expr:
    """How many times it happened: a whole number from 1 on, else null."""
    number = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when((number >= 1) & (number == number.round())).then(number).cast(pl.Int64).alias("number")


def _properties(table: pl.DataFrame, source: Source) -> tuple[pl.Series, pl.Series]:
    """The properties of each row as JSON, and apart what is no JSON object."""
    nothing = pl.repeat(None, table.height, dtype=pl.String, eager=True)
    if source.properties is None:
        return nothing, nothing
    if isinstance(source.properties, str):
        texts = table["properties"]
        wrong = ~texts.str.contains(_OBJECT).fill_null(value=True)
        return texts.set(wrong, None), texts.set(~wrong, None)
    columns = [pl.col(f"property:{name}").alias(name) for name in source.properties]
    some = pl.any_horizontal(column.is_not_null() for column in columns)
    return table.select(pl.when(some).then(pl.struct(columns).struct.json_encode())).to_series(), nothing


def _json(cell: pl.Expr, dtype: pl.DataType | None) -> pl.Expr:
    return cell.struct.json_encode() if isinstance(dtype, pl.Struct) else text_of(cell, dtype)


def _digests(table: pl.DataFrame, asked: pl.Series) -> pl.Series:
    """Name rows after all that is read of them; null where that is not asked."""
    texts = [
        pl.col(name).cast(pl.String).fill_null("") for name in sorted(table.columns) if name not in {"file", "row"}
    ]
    contents = table.filter(asked).select(pl.concat_str(texts, separator="\x1f")).to_series()
    digests = [blake2b(content.encode(), digest_size=_BYTES).hexdigest() for content in contents]
    nothing = pl.repeat(None, table.height, dtype=pl.String, eager=True)
    return nothing.scatter(asked.arg_true(), pl.Series(digests, dtype=pl.String))


def _fault(source: Source, moment: TimeIf, no_time: pl.Expr, *, asks_event: bool) -> pl.Expr:
    """Say why a row tells nothing, or which value of it is refused: the columns of `WRONG`, null where all is well."""
    named = source.event if isinstance(source.event, str) else ""
    faults = [
        (pl.col("deleted"), "row", source.deleted, pl.lit(None, dtype=pl.String), pl.lit("deleted")),
        (pl.col("event").is_null() & asks_event, "row", named, pl.lit(None, dtype=pl.String), pl.lit("no_event")),
        (pl.col("unread").is_not_null(), "row", moment.column, pl.col("unread"), no_time),
        (pl.col("at").is_null(), "row", moment.column, pl.lit(None, dtype=pl.String), pl.lit("no_time")),
        (
            pl.col("number").is_null(),
            "row",
            source.count,
            pl.col("count") if source.count else pl.lit(None),
            pl.lit("not_a_count"),
        ),
        (pl.col("no_object").is_not_null(), "value", source.properties, pl.col("no_object"), pl.lit("not_an_object")),
    ]
    said = [
        pl.when(is_so).then(
            pl.struct(
                pl.lit(grain).alias("grain"),
                pl.lit(column if isinstance(column, str) else "").alias("column"),
                value.alias("wrong"),
                reason.alias("reason"),
            )
        )
        for is_so, grain, column, value, reason in faults
    ]
    return pl.coalesce(said)


def _texts(source: Source) -> dict[str, str]:
    """The columns that describe events, by what they are for."""
    plain = {"session_id": source.session, "count": source.count}
    plain |= {"event": source.event} if isinstance(source.event, str) else {}
    named = source.properties if isinstance(source.properties, dict) else {}
    texts = {name: column for name, column in plain.items() if column}
    ids = [source.event_id] if isinstance(source.event_id, str) else source.event_id or []
    texts |= {f"{_ID}{place}": column for place, column in enumerate(ids)}
    texts |= {f"property:{name}": column for name, column in named.items()}
    texts |= {f"{_MAIN}{column}": column for column in source.primary}
    for name, moment in source.moments.items():
        texts |= {_condition(name, column): column for column in moment.where}
    return texts


def joined(columns: str | Sequence[str] | None) -> str:
    """Name columns in one text."""
    return columns if isinstance(columns, str) else ", ".join(columns or [])


def _condition(event: str, column: str) -> str:
    return f"if:{event}:{column}"


def _lower(texts: str | Sequence[str]) -> list[str]:
    return [text.lower() for text in ([texts] if isinstance(texts, str) else texts)]
