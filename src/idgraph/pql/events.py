"""From what sources tell to the frames `events` and `facts`: whose record, and which company's, each row is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.linkage.devices import by_time
from idgraph.pql.about import ABOUT, earliest, in_company_of, of_no_row, with_others
from idgraph.schema import LEVELS, TEXT, TIME, cast
from idgraph.sources.event_rows import reference
from idgraph.sources.events import read_told
from idgraph.sources.references import (
    Owner,
    record_sources,
    refuse_misplaced,
    refuse_unknown_rows,
    with_reference_types,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.sources.table import Cell, Source

__all__ = ["told_by"]

_SIGHTINGS: Final = {
    **dict.fromkeys(("left", "left_kind", "right", "right_kind", "group", "person", "value"), TEXT),
    "observed_at": TIME,
}
_FRAMES: Final = ("events", "facts", "rejects")


def told_by(
    sources: Sequence[Source],
    frames: Mapping[str, nw.LazyFrame],
    owners: Sequence[Owner],
    config: Config,
    engine: Engine,
) -> dict[str, nw.LazyFrame]:
    """Read what sources tell, and find out whom each row is about.

    A row of a source that the graph was made of is of its own record. Any other is of the record that holds one of its
    identifiers in use, or owns it; of several records the one that did so first, so that the row is somebody's from
    then on when the graph is asked as of a time. A row that names nobody, or no company, is of whom rows of other
    sources say that are `about` it; and an event of these of the same company, unless it names one. On a shared device
    an event is of whoever was there before and after, as `idgraph.linkage.devices.by_time` tells. A company that nobody
    knows is kept by the id it was named with.

    Args:
        sources: those with `event`, or without a kind.
        frames: of the graph: records, identifiers, assignments, and what it was told before.
        owners: the sources that the graph was made of.
        config: what types of identifiers mean.
        engine: what runs it.

    Raises:
        MappingError: a source is about the rows of another that nobody gave.

    Returns:
        `events`, `facts` and `rejects`: those before and those added. An event that is there already is not added.
    """
    among = {owner.name for owner in owners}
    typed = with_reference_types([_referring(source, among) for source in sources], owners)
    refuse_misplaced(typed, config)
    refuse_unknown_rows(typed, owners)
    parts: dict[str, list[nw.LazyFrame]] = {name: [frames[name]] for name in _FRAMES}
    events: dict[str, nw.LazyFrame] = {}
    about: dict[str, list[nw.LazyFrame]] = {}
    for source in typed:
        told = read_told(source, config, engine)
        known = _Known(source, frames, owners, config, engine)
        unsaid = [nw.lit(None).cast(TIME).alias(name) for name in ("record_known_at", "company_known_at")]
        events[source.name] = known.placed_by_time(known.placed(told.events)).with_columns(unsaid)
        for target in source.about:
            about.setdefault(target, []).append(known.placed(told.about).select(ABOUT))
        parts["rejects"].append(told.rejects)
        if source.kind is None and source.attributes:
            parts["facts"].append(cast(known.placed(told.facts), "facts"))
    events, unknown = _told_of_others(typed, events, about, frames["records"], engine)
    parts["rejects"] += unknown
    before = frames["events"].select("event_id")
    parts["events"] += [cast(rows, "events").join(before, on="event_id", how="anti") for rows in events.values()]
    return {name: nw.concat(several) for name, several in parts.items()}


def _told_of_others(
    sources: Sequence[Source],
    events: Mapping[str, nw.LazyFrame],
    about: Mapping[str, Sequence[nw.LazyFrame]],
    records: nw.LazyFrame,
    engine: Engine,
) -> tuple[dict[str, nw.LazyFrame], list[nw.LazyFrame]]:
    """Let events be of whom rows of other sources say that are about theirs, and those rows of the same company.

    Args:
        sources: see `told_by`.
        events: by source.
        about: what rows say of those of another source, by its name: the columns of `ABOUT`.
        records: record_id.
        engine: what runs it.

    Returns:
        The events, and `rejects`: rows about others that nobody gave.
    """
    found, unknown = dict(events), []
    for target, said in about.items():
        rows = nw.concat(said)
        there = [records.select(nw.col("record_id").alias("row_id"))]
        if target in found:
            found[target] = engine.checkpoint(with_others(found[target], rows, engine))
            there.append(found[target].select("row_id"))
        column = {source.name: source.about[target] for source in sources if target in source.about}
        unknown.append(cast(of_no_row(rows, nw.concat(there), column), "rejects"))
    others = dict(found)
    for source in sources:
        for target in source.about.keys() & found.keys():
            found[source.name] = in_company_of(found[source.name], others[target])
    return found, unknown


def _referring(source: Source, among: set[str]) -> Source:
    """A source whose records the graph does not hold only refers to those of others."""
    if source.kind is None or source.name in among:
        return source
    own = {source.own_type: source.id} if source.own_type and source.id else {}
    return replace(
        source,
        kind=None,
        id=None,
        id_type=None,
        event_id=source.event_id or source.id,
        identifiers={**own, **source.identifiers} if source.level == "person" else {},
        belongs_to=source.belongs_to if source.level == "person" else {**own, **source.identifiers},
        attributes={},
        same_as={},
        merged={},
        owned_by={},
    )


@dataclass(frozen=True)
class _Known:
    """Who and which companies are known, to one source."""

    source: Source
    frames: Mapping[str, nw.LazyFrame]
    owners: Sequence[Owner]
    config: Config
    engine: Engine

    def placed(self, rows: nw.LazyFrame) -> nw.LazyFrame:
        """Add source, record_id and company_record_id to what the source tells."""
        rows = rows.with_columns(nw.lit(self.source.name).alias("source"))
        none = nw.lit(None).cast(TEXT)
        if self.source.kind is None:
            rows = self._looked_up(rows, "record_id", self.source.cells("identifier"), "person")
            return self._looked_up(rows, "company_record_id", self.source.cells("belongs_to"), "account")
        own = nw.concat_str(nw.lit(f"{self.source.name}:"), "native_id")
        if self.source.level == "account":
            return rows.with_columns(none.alias("record_id"), own.alias("company_record_id"))
        named = [self._named(cell) for cell in self.source.cells("belongs_to")]
        company = nw.coalesce(*named) if named else none
        return rows.with_columns(own.alias("record_id"), company.alias("company_record_id"))

    def placed_by_time(self, events: nw.LazyFrame) -> nw.LazyFrame:
        """Give events of nobody on shared devices to whoever was there before and after."""
        devices = [
            c for c in self.source.cells("identifier") if self.config.type_of("person", c.name).trust == "device"
        ]
        if self.source.kind is not None or not devices:
            return events
        people = self.engine.checkpoint(self._people())
        for cell in devices:
            events = self._on_device(self.engine.checkpoint(events), cell, people)
        return events

    def _named(self, cell: Cell) -> nw.Expr:
        """The record of the company that a cell names: one of the graph by that id, or unknown to it."""
        source = record_sources(cell.name, "account", self.owners, self.config)[0]
        return nw.concat_str(nw.lit(f"{source}:"), nw.col(reference(cell)))

    def _looked_up(self, rows: nw.LazyFrame, name: str, cells: Sequence[Cell], level: str) -> nw.LazyFrame:
        """Find the record that the first of cells to mean one means; a company keeps the id it was named with."""
        if not cells:
            return rows.with_columns(nw.lit(None).cast(TEXT).alias(name))
        holders = self._holders(level, sorted({cell.name for cell in cells}))
        found = []
        for place, cell in enumerate(cells):
            of_type = holders.filter(nw.col("type") == cell.name)
            held = of_type.select(nw.col("value").alias(reference(cell)), nw.col("record_id").alias(f"found{place}"))
            rows = rows.join(held, on=reference(cell), how="left")
            found.append(nw.col(f"found{place}"))
        if level == "account":
            found += [self._named(cell) for cell in cells]
        placed = rows.with_columns(nw.coalesce(*found).alias(name))
        return placed.drop(*(f"found{place}" for place in range(len(cells))))

    def _holders(self, level: str, types: Sequence[str]) -> nw.LazyFrame:
        """The record that each value means: type, value, record_id.

        A person's is the first to hold it. A company's is the one whose own id it is, then an account that holds it,
        and only where there is none a tenant.
        """
        records = self._records(level)
        held = self.frames["identifiers"].with_columns(nw.col("type").cast(TEXT), nw.col("observed_at").alias("since"))
        used = held.filter((nw.col("state") == "used") & nw.col("type").is_in(list(types)))
        rank = nw.when(nw.col("kind") == "tenant").then(nw.lit(2)).otherwise(nw.lit(1))
        columns = ["type", "value", "record_id", "since", "rank"]
        parts = [
            used.select(*columns[:-1])
            .join(records.select("record_id", rank.alias("rank")), on="record_id")
            .select(columns)
        ]
        for name in types:
            owned = records.filter(nw.col("source").is_in(record_sources(name, level, self.owners, self.config)))
            named = owned.with_columns(nw.lit(name).alias("type"), rank=nw.lit(0 if level == "account" else 1))
            parts.append(
                named.select(
                    "type", nw.col("native_id").alias("value"), "record_id", "rank", since="first_seen"
                ).select(columns)
            )
        return earliest(nw.concat(parts), ["type", "value"], "record_id", self.engine)

    def _records(self, level: str) -> nw.LazyFrame:
        records = self.frames["records"].with_columns(nw.col("source").cast(TEXT), nw.col("kind").cast(TEXT))
        return records.filter(nw.col("kind").is_in(list(LEVELS[level])))

    def _people(self) -> nw.LazyFrame:
        """People's records, and what their profile is known by: record_id, kind, first_seen, last_seen, group, role."""
        placed = self.frames["assignments"].filter(nw.col("level") == "person")
        columns = ["record_id", "kind", "first_seen", "last_seen"]
        records = (
            self._records("person")
            .select(columns)
            .join(placed.select("record_id", nw.col("entity_id").alias("group")), on="record_id")
        )
        kinds = {name: self.config.type_of("person", name) for name in self._types()}
        users = [name for name, described in kinds.items() if described.kind == "user"]
        contacts = [name for name, described in kinds.items() if described.trust in {"id", "contact"}]
        said = self.frames["identifiers"].filter(nw.col("state") != "suppressed")
        told = [
            records.filter(nw.col("kind") == "user").select("record_id", role=nw.lit(2)),
            records.filter(nw.col("kind").is_in(["contact", "lead"])).select("record_id", role=nw.lit(1)),
            said.filter(nw.col("type").is_in(users)).select("record_id", role=nw.lit(2)),
            said.filter(nw.col("type").is_in(contacts)).select("record_id", role=nw.lit(1)),
        ]
        roles = nw.concat(told).join(records.select("record_id", "group"), on="record_id")
        best = roles.group_by("group").agg(nw.col("role").max())
        return records.join(best, on="group", how="left").with_columns(nw.col("role").fill_null(0))

    def _types(self) -> list[str]:
        types = self.frames["identifiers"].select(nw.col("type").cast(TEXT)).unique("type")
        return sorted(self.engine.collect(types).to_series())

    def _on_device(self, events: nw.LazyFrame, cell: Cell, people: nw.LazyFrame) -> nw.LazyFrame:
        """Give events of nobody on devices of one type to whoever was there before and after."""
        column = reference(cell)
        shared = self.frames["identifiers"].filter((nw.col("type") == cell.name) & (nw.col("state") == "suppressed"))
        held = shared.select("record_id", "value", "observed_at", nw.col("observed_basis").cast(TEXT))
        seen = held.join(people, on="record_id").rename({"record_id": "record"})
        open_ = events.filter(nw.col("record_id").is_null() & ~nw.col(column).is_null())
        left = open_.join(held.select("value").unique("value"), left_on=column, right_on="value", how="semi")
        asked = left.select(
            nw.col("event_id").alias("record"),
            nw.col(column).alias("value"),
            nw.col("at").alias("observed_at"),
            nw.lit("event").alias("observed_basis"),
            nw.lit("visitor").alias("kind"),
            nw.col("at").alias("first_seen"),
            nw.col("at").alias("last_seen"),
            nw.col("event_id").alias("group"),
            nw.lit(0).alias("role"),
        )
        rows = nw.concat([seen.select(asked.collect_schema().names()), asked]).with_columns(
            nw.col("value").alias("node")
        )
        found = self.engine.map_groups(rows, "node", by_time, _SIGHTINGS)
        whose = found.select(nw.col("left").alias("event_id"), nw.col("right").alias("there"))
        joined = events.join(whose, on="event_id", how="left")
        return joined.with_columns(nw.coalesce("record_id", "there").alias("record_id")).drop("there")
