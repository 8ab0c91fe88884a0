"""From one source to records, identifiers and references, and rejects for what could not be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.errors import MappingError, mask
from idgraph.schema import COUNT, TEXT, cast
from idgraph.sources.mapping import located, row_map
from idgraph.sources.repeats import with_repeats
from idgraph.sources.times import MIXED_DATES, SLASHED, date_orders
from idgraph.sources.values import NOTHING, VALUE_SCHEMA, value_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from idgraph.config import Config
    from idgraph.engines import Engine, Kernel, Table
    from idgraph.schema import Level
    from idgraph.sources.table import Cell, Role, Source
    from idgraph.sources.times import DateOrder

__all__ = ["IDENTIFIER", "Loaded", "Said", "load", "load_said"]

_OBSERVED: Final = ("record", "kind", "observed_at", "observed_basis", "support")
IDENTIFIER: Final = (*_OBSERVED, "source", "value", "raw", "origin", "note", "reason")
_REFERENCES: Final[tuple[Role, ...]] = ("belongs_to", "same_as", "merged", "owned_by")
# Values that say they are nothing are kept as suppressed identifiers; values of a wrong form are rejected.
_FOR_REJECTS: Final = ("row_reason", "row_value", "bad_time", "bad_version")


@dataclass(frozen=True)
class Loaded:
    """What one source gave; `record` is an integer that names a record within this run, in the order of native ids.

    Attributes:
        records: record, and the columns of the frame `records` except stub.
        identifiers: for each type record, kind, source, value, raw (null where it equals the value), observed_at,
            observed_basis, origin, support, note (class of the value: role, relay …), reason (`null_like`, or null).
        references: record, role, type, value, via, observed_at.
        rejects: the frame `rejects`.
        files: where the rows came from; empty for a frame.
        size: how many records.
    """

    records: nw.LazyFrame
    identifiers: dict[str, nw.LazyFrame]
    references: nw.LazyFrame
    rejects: nw.LazyFrame
    files: list[Path]
    size: int


def load(source: Source, config: Config, engine: Engine, start: int = 0) -> Loaded:
    """Read a source.

    Args:
        source: where, and what its columns mean.
        config: zone, region and identifier types.
        engine: what runs it.
        start: the first number to give to a record.

    Returns:
        The source's frames.

    Raises:
        FileError: a file cannot be read.
        MappingError: the mapping names a column that is not there, or rows of one id contradict each other.
    """
    source, table = with_repeats(source, engine.read(source), engine)
    mapped, no_times = _mapped(source, table, config, engine)
    misread = engine.checkpoint(nw.concat([_without_id(mapped, source), no_times]))
    usable = mapped.filter(~nw.col("native_id").is_null()).drop(*_FOR_REJECTS)
    records, rows, references = (_events if source.is_events else _versions)(usable, source, engine, start)
    del mapped, usable  # the rows are held once, in their order
    identifiers, refused = _identifiers(rows, source, source.level, config, engine)
    referring, unusable = _references(references, rows, source, _REFERENCES, source.level, config, engine)
    placed = _rejected(nw.concat([misread, refused, unusable]), source, table)
    unread = [] if table.rejects is None else [cast(table.rejects, "rejects")]
    rejects = [frame.with_columns(nw.col("file").str.replace_all(r"^.*[/\\]", "")) for frame in unread]
    records = _named(records, source, engine)
    return Loaded(
        records=records,
        identifiers=identifiers,
        references=referring,
        rejects=engine.checkpoint(nw.concat([*rejects, placed])),
        files=table.files,
        size=engine.count(records),
    )


@dataclass(frozen=True)
class Said:
    """What the rows of one source say of the records of another.

    Attributes:
        references: record, role, type, value, via, observed_at, of records that there are.
        merged: the same of all that are said to have absorbed others, with the native id that names them in place of
            the record: the records of a merge may both be gone.
        identifiers: as in `Loaded`.
        rejects: the frame `rejects`.
    """

    references: nw.LazyFrame
    merged: nw.LazyFrame
    identifiers: dict[str, nw.LazyFrame]
    rejects: nw.LazyFrame


def load_said(source: Source, records: nw.LazyFrame, level: Level, config: Config, engine: Engine) -> Said:
    """Read what rows say of the records of another source.

    Args:
        source: one that is `about` those records.
        records: record, native_id and kind of that other source.
        level: person or account: whose records they are.
        config: zone, region and identifier types.
        engine: what runs it.

    Returns:
        What it says.

    Raises:
        FileError: a file cannot be read.
        MappingError: the mapping names a column that is not there.
    """
    source, table = with_repeats(source, engine.read(source), engine)
    mapped, _ = _mapped(source, table, config, engine)
    (cell,) = source.cells("about")
    named = mapped.filter(~nw.col("deleted"), ~nw.col(cell.column).is_null()).drop("native_id", "kind")
    known = nw.coalesce("version_time", "time").alias("observed_at")
    basis = nw.when(~nw.col("observed_at").is_null()).then(nw.lit("updated")).otherwise(nw.lit("unknown"))
    said = named.with_columns(known, nw.col(cell.column).alias("native_id"), nw.lit(1).cast(COUNT).alias("support"))
    said = engine.checkpoint(said.with_columns(basis.cast(engine.word).alias("observed_basis")))
    rows = engine.checkpoint(said.join(records.select("native_id", "record", "kind"), on="native_id"))
    identifiers, refused = _identifiers(rows, source, level, config, engine)
    belonging, unusable = _references(rows, rows, source, ("belongs_to",), level, config, engine)
    unnamed = said.with_columns(nw.col("native_id").alias("record"))
    merged, wrong = _references(unnamed, unnamed, source, ("merged",), level, config, engine)
    return Said(
        references=belonging,
        merged=merged.rename({"record": "native_id"}),
        identifiers=identifiers,
        rejects=engine.checkpoint(_rejected(nw.concat([refused, unusable, wrong]), source, table)),
    )


def _named(records: nw.LazyFrame, source: Source, engine: Engine) -> nw.LazyFrame:
    """Say the source of records and give them their ids; the native id is held only as a part of that."""
    prefix = f"{source.name}:"
    named = records.with_columns(
        nw.lit(source.name).cast(engine.word).alias("source"),
        nw.concat_str(nw.lit(prefix), nw.col("native_id")).alias("record_id"),
    )
    held = engine.checkpoint(named.drop("native_id"))
    return held.with_columns(nw.col("record_id").str.slice(len(prefix)).alias("native_id"))


def _mapped(source: Source, table: Table, config: Config, engine: Engine) -> tuple[nw.LazyFrame, nw.LazyFrame]:
    """Run the row kernel, and again where dates with slashes turn out to be in another order; and what is no time."""
    orders: dict[str, DateOrder] = {}
    while True:
        mapping = row_map(source, table, config, orders)
        rows = engine.map_batches(table.frame.select(mapping.columns), mapping.kernel, mapping.schema)
        mapped = engine.checkpoint(rows)
        no_times = engine.checkpoint(_no_times(mapped, source, orders))
        following = date_orders(no_times, orders, engine) if source.day_first is None else None
        if following is None:
            return mapped, no_times
        orders = following


def _without_id(mapped: nw.LazyFrame, source: Source) -> nw.LazyFrame:
    """Rows that the row kernel could not name."""
    return _refused(mapped.filter(nw.col("native_id").is_null()), "row_value", source.id or "", "row_reason", "row")


def _no_times(mapped: nw.LazyFrame, source: Source, orders: Mapping[str, DateOrder]) -> nw.LazyFrame:
    """Values that the row kernel could not read as a time or version."""
    found = []
    for name, column in (("time", source.time or ""), ("version", source.version or "")):
        why: nw.Expr = nw.lit(f"not_a_{name}")
        if orders.get(column) == "mixed":
            why = nw.when(nw.col(f"bad_{name}").str.contains(SLASHED)).then(nw.lit(MIXED_DATES)).otherwise(why)
        unread = mapped.filter(~nw.col(f"bad_{name}").is_null()).with_columns(why.alias("why"))
        found.append(_refused(unread, f"bad_{name}", column, "why"))
    return nw.concat(found)


def _events(
    usable: nw.LazyFrame, source: Source, engine: Engine, start: int
) -> tuple[nw.LazyFrame, nw.LazyFrame, nw.LazyFrame]:
    """Make one record of each distinct combination of identifiers."""
    combination = ["native_id", "kind", *(cell.column for cell in source.cells("identifier"))]
    grouped = usable.group_by(combination).agg(
        nw.col("time").min().alias("first_seen"),
        nw.col("time").max().alias("last_seen"),
        nw.col("deleted").min(),
        nw.len().cast(COUNT).alias("support"),
        nw.col("file").min(),
        nw.col("row").min(),
    )
    rows = engine.number(grouped.sort("native_id"), "record", start).with_columns(
        nw.col("first_seen").alias("observed_at"), _basis("first_seen", "event", engine)
    )
    records = rows.select("record", "native_id", "kind", "first_seen", "last_seen", "deleted")
    codes = rows.select("record", "native_id")
    for cell in source.cells("attribute"):
        known = usable.filter(~nw.col(cell.column).is_null()).select("native_id", "time", cell.column)
        latest = known.unique(subset="native_id", keep="last", order_by=["time", cell.column])
        values = latest.join(codes, on="native_id").select("record", nw.col(cell.column).alias(cell.name))
        records = records.join(values, on="record", how="left")
    cells = [cell.column for cell in source.cells(*_REFERENCES)]
    seen = usable.group_by(["native_id", *cells]).agg(nw.col("time").min().alias("observed_at"))
    return records, rows, seen.join(codes, on="native_id")


def _versions(
    usable: nw.LazyFrame, source: Source, engine: Engine, start: int
) -> tuple[nw.LazyFrame, nw.LazyFrame, nw.LazyFrame]:
    """Make one record of each own id: its newest row, the older ones being dated evidence."""
    known = nw.coalesce("version_time", "time")
    rows = engine.number_by(usable, "native_id", "record", start)
    if rows is not None:  # no id repeats
        newest = rows.with_columns(nw.col("time").alias("first_seen"), known.alias("last_seen"))
    else:
        content = [column for column in usable.collect_schema().names() if column not in {"file", "row"}]
        distinct = engine.checkpoint(usable.unique(subset=content, keep="first", order_by=["file", "row"]))
        _refuse_contradictions(distinct, source, engine)
        spans = distinct.group_by("native_id").agg(
            nw.col("time").min().alias("first_seen"), known.max().alias("last_seen")
        )
        latest = distinct.unique(subset="native_id", keep="last", order_by=["version", *sorted(content)])
        newest = engine.number(latest.join(spans, on="native_id", how="left").sort("native_id"), "record", start)
        rows = distinct.join(newest.select("native_id", "record"), on="native_id")
    updated = nw.when(~nw.col("version_time").is_null()).then(nw.lit("updated"))
    rows = rows.with_columns(
        known.alias("observed_at"),
        nw.coalesce(updated, _basis("time", "created", engine).cast(TEXT)).cast(engine.word).alias("observed_basis"),
        nw.lit(1).cast(COUNT).alias("support"),
    )
    attributes = [nw.col(cell.column).alias(cell.name) for cell in source.cells("attribute")]
    return newest.select("record", "native_id", "kind", "first_seen", "last_seen", "deleted", *attributes), rows, rows


def _basis(time: str, basis: str, engine: Engine) -> nw.Expr:
    known = nw.when(~nw.col(time).is_null()).then(nw.lit(basis)).otherwise(nw.lit("unknown"))
    return known.cast(engine.word).alias("observed_basis")


def _refuse_contradictions(distinct: nw.LazyFrame, source: Source, engine: Engine) -> None:
    """Rows of one id that differ need something that tells the newer: without it no choice would be right."""
    if source.version or source.time:
        return
    rows = distinct.group_by("native_id").agg(
        nw.len().alias("rows"), nw.col("row").min().alias("one"), nw.col("row").max().alias("other")
    )
    found = engine.collect(rows.filter(nw.col("rows") > 1).sort("one").head(1))
    if not found.is_empty():
        native_id, _, one, other = found.row(0)
        raise MappingError(
            source.name,
            f"rows {one} and {other} have the id {mask(native_id)!r} and contradict each other",
            "Name the column that tells the newer row, version=…, or a column whose ids are not repeated, id=….",
        )


def _identifiers(
    rows: nw.LazyFrame, source: Source, level: Level, config: Config, engine: Engine
) -> tuple[dict[str, nw.LazyFrame], nw.LazyFrame]:
    """Normalise every identifier cell; apart from them, what was refused."""
    kept: dict[str, list[nw.LazyFrame]] = {}
    refused = [_refused(rows.head(0), "native_id", "", "native_id")]
    for cell in source.cells("identifier"):
        kernel = value_kernel(config.type_of(level, cell.name).normaliser, config.region)
        values = engine.checkpoint(_values(rows, cell, kernel, engine))
        usable = ~nw.col("value").is_null() | (nw.col("reason") == NOTHING)
        wrong = engine.checkpoint(values.filter(~usable))
        if engine.count(wrong):
            values = values.filter(usable)
            refused.append(_unusable(wrong, rows, cell))
        kept.setdefault(cell.name, []).append(
            values.with_columns(
                nw.coalesce("value", "raw").alias("value"),
                nw.lit("own").cast(engine.word).alias("origin"),
                nw.lit(source.name).cast(engine.word).alias("source"),
            ).select(*IDENTIFIER)
        )
    return {name: engine.checkpoint(nw.concat(frames)) for name, frames in kept.items()}, nw.concat(refused)


def _values(rows: nw.LazyFrame, cell: Cell, kernel: Kernel, engine: Engine) -> nw.LazyFrame:
    """Run the value kernel over one column of cells; one row for each value in them."""
    held = rows.filter(~nw.col(cell.column).is_null())
    carried = [name for name in _OBSERVED if name in rows.collect_schema()]
    table = held.select(*carried, nw.col(cell.column).alias("raw"))
    return engine.map_batches(table, kernel, {**table.select(carried).collect_schema(), **VALUE_SCHEMA})


def _unusable(wrong: nw.LazyFrame, rows: nw.LazyFrame, cell: Cell) -> nw.LazyFrame:
    """Reject values of one column, naming the first row of the record that holds them."""
    places = rows.select("record", "file", "row").join(wrong.select("record"), on="record", how="semi")
    first = places.unique("record", keep="first", order_by=["file", "row"])
    return _refused(wrong.join(first, on="record"), "raw", cell.address, "reason")


def _references(
    references: nw.LazyFrame,
    rows: nw.LazyFrame,
    source: Source,
    roles: tuple[Role, ...],
    own: Level,
    config: Config,
    engine: Engine,
) -> tuple[nw.LazyFrame, nw.LazyFrame]:
    """Normalise what refers to other records; apart from them, what was refused. Who says `null` refers to nobody."""
    text = nw.lit("")
    found = [
        references.head(0).select(
            "record", text.alias("value"), "observed_at", *(text.alias(c) for c in ("role", "type", "via"))
        )
    ]
    refused = [_refused(rows.head(0), "native_id", "", "native_id")]
    for cell in source.cells(*roles):
        level = own if cell.role in {"same_as", "merged"} else "account"
        kernel = value_kernel(config.type_of(level, cell.name).normaliser, config.region, reference=True)
        values = engine.checkpoint(_values(references, cell, kernel, engine))
        wrong = engine.checkpoint(values.filter(nw.col("value").is_null() & (nw.col("reason") != NOTHING)))
        if engine.count(wrong):
            refused.append(_unusable(wrong, rows, cell))
        if cell.role == "owned_by" and cell.name == source.own_type:
            values, itself = _but_itself(values, rows, engine)
            refused.append(_unusable(itself, rows, cell))
        found.append(
            values.filter(~nw.col("value").is_null()).select(
                "record",
                "value",
                "observed_at",
                nw.lit(cell.role).alias("role"),
                nw.lit(cell.name).alias("type"),
                nw.lit(cell.address).alias("via"),
            )
        )
    return engine.checkpoint(nw.concat(found)), nw.concat(refused)


def _but_itself(values: nw.LazyFrame, rows: nw.LazyFrame, engine: Engine) -> tuple[nw.LazyFrame, nw.LazyFrame]:
    """References to other records; apart from them, those to the record itself: nobody owns itself."""
    own = rows.select("record", nw.col("native_id").alias("value"))
    said = nw.coalesce("raw", "value").alias("raw")
    itself = values.join(own, on=["record", "value"], how="semi").with_columns(said, reason=nw.lit("owns_itself"))
    return engine.checkpoint(values.join(own, on=["record", "value"], how="anti")), engine.checkpoint(itself)


def _refused(rows: nw.LazyFrame, value: str, column: str, reason: str, grain: str = "value") -> nw.LazyFrame:
    return rows.select(
        "file",
        "row",
        nw.lit(grain).alias("grain"),
        nw.lit(column).alias("column"),
        nw.col(value).alias("value"),
        nw.col(reason).cast(TEXT).alias("reason"),
    )


def _rejected(refused: nw.LazyFrame, source: Source, table: Table) -> nw.LazyFrame:
    """What was refused, with its source and file: the frame `rejects`."""
    return cast(located(refused, table).with_columns(nw.lit(source.name).alias("source")), "rejects")
