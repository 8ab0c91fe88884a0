"""What happened: the events that a source tells of, and what its rows say of others from a time on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.schema import TEXT, cast
from idgraph.sources.event_rows import ABOUT, FACT, PLACE, SAID, WRONG, EventRows, joined, reference
from idgraph.sources.mapping import located
from idgraph.sources.repeats import with_repeats
from idgraph.sources.times import MIXED_DATES, date_orders

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine, Table
    from idgraph.sources.table import Source
    from idgraph.sources.times import DateOrder

__all__ = ["NO_EVENT", "Told", "read_told"]

# Why a row tells nothing.
NO_EVENT: Final = ("deleted", "no_event", "no_time", "not_a_count", "not_a_time", MIXED_DATES, "repeated")
_NO_TIME: Final = ("not_a_time", "not_a_version")


@dataclass(frozen=True)
class Told:
    """What one source tells.

    Attributes:
        events: native_id (of the row's own record; null where it is none), event_id, event, at, session_id, count,
            properties, row_id (the source and the id of the row), about (the row_id of the row that it is about), and
            for each cell that refers to a person or company a column `reference(cell)`: its value.
        facts: name, value, at, and the same references.
        about: row_id (of a row of the other source), primary, at, file, row, value (which names the other row), and the
            same references: what rows say of others'.
        rejects: the frame `rejects`: rows that tell nothing, and values that are not what they should be.
    """

    events: nw.LazyFrame
    facts: nw.LazyFrame
    about: nw.LazyFrame
    rejects: nw.LazyFrame


def read_told(source: Source, config: Config, engine: Engine) -> Told:
    """Read what a source tells of.

    Of rows with one event id the newest counts, by `version`, then by time; of rows without ids those that are the same
    in all that is read of them are one.

    Args:
        source: one with `event`, or without a kind; its references said by identifier type.
        config: zone, region and identifier types.
        engine: what runs it.

    Raises:
        FileError: a file cannot be read.
        MappingError: the mapping names a column that is not there.
    """
    source, table = with_repeats(source, engine.read(source), engine)
    rows, happened = _read(source, table, config, engine)
    cells = dict.fromkeys(map(reference, rows.referring), TEXT)
    raw = table.frame.select(rows.columns)
    told = {**SAID, "about": TEXT, **cells}
    newest = _newest(happened, engine).filter(nw.col("reason").is_null() | (nw.col("grain") == "value"))
    newest = newest.filter(~nw.col("event").is_null())
    facts = engine.map_batches(raw, rows.facts, {**FACT, **cells})
    return Told(
        events=newest.filter("kept").select(*told, "row_id"),
        facts=engine.checkpoint(facts.unique([*FACT, *cells])) if source.kind is None else facts,
        about=engine.checkpoint(located(engine.map_batches(raw, rows.about, {**ABOUT, **cells}), table)),
        rejects=_rejects(happened, newest, source, table),
    )


def _read(source: Source, table: Table, config: Config, engine: Engine) -> tuple[EventRows, nw.LazyFrame]:
    """Read what happened, and again where dates with slashes turn out to be in another order."""
    orders: dict[str, DateOrder] = {}
    while True:
        rows = EventRows(source, table, config, orders)
        schema = {**SAID, "about": TEXT, **dict.fromkeys(map(reference, rows.referring), TEXT), **PLACE, **WRONG}
        # Held from here on: files may be moved or grow once a run is over.
        happened = engine.checkpoint(engine.map_batches(table.frame.select(rows.columns), rows.events, schema))
        no_times = happened.filter(nw.col("reason").is_in(list(_NO_TIME)))
        said = no_times.select("column", nw.col("wrong").alias("value"))
        following = date_orders(said, orders, engine) if source.day_first is None else None
        if following is None:
            return rows, happened
        orders = following


def _newest(told: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Mark the events of the newest row of each id: `kept`."""
    place = nw.col("file") * (1 << 40) + nw.col("row")
    dated = engine.with_totals(told, ["row_id"], newest=nw.col("version").max())
    is_newest = nw.coalesce("version", nw.lit(0)) == nw.coalesce("newest", nw.lit(0))
    placed = dated.with_columns(nw.when(is_newest).then(place).otherwise(nw.lit(-1)).alias("place"))
    last = engine.with_totals(placed, ["row_id"], last=nw.col("place").max())
    return last.with_columns((nw.col("place") == nw.col("last")).alias("kept"))


def _rejects(happened: nw.LazyFrame, newest: nw.LazyFrame, source: Source, table: Table) -> nw.LazyFrame:
    """What could not be used; of rows that come again those without a version, which tells why they do."""
    wrong = happened.filter(~nw.col("reason").is_null()).select("file", "row", *WRONG).unique(["file", "row", *WRONG])
    if source.kind:  # what of its records' own times cannot be read is refused where those are read
        wrong = wrong.filter(~((nw.col("grain") == "value") & nw.col("reason").is_in([*_NO_TIME, MIXED_DATES])))
    parts = [wrong]
    if not source.version:
        again = newest.filter(~nw.col("kept")).select("file", "row", "event_id").unique(["file", "row", "event_id"])
        parts.append(
            again.select(
                "file",
                "row",
                nw.lit("row").alias("grain"),
                nw.lit(joined(source.event_id)).alias("column"),
                nw.col("event_id").alias("wrong"),
                nw.lit("repeated").alias("reason"),
            )
        )
    placed = located(nw.concat(parts), table).with_columns(
        nw.lit(source.name).alias("source"), nw.col("wrong").alias("value")
    )
    unread = [] if source.kind or table.rejects is None else [cast(table.rejects, "rejects")]
    return nw.concat([*unread, cast(placed.drop("wrong"), "rejects")])
