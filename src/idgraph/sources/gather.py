"""Gather: all sources read, and what their records say of each other resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.schema import COUNT, TEXT, Level, level_of
from idgraph.sources.load import IDENTIFIER, Loaded, Said, load, load_said
from idgraph.sources.references import Resolved, resolve_references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.sources.table import Source

__all__ = ["USERS", "Gathered", "gather"]

USERS: Final = ("user", "clickstream")  # kinds of records that name a user of the product


@dataclass(frozen=True)
class Gathered:
    """What all sources gave together; see `idgraph.sources.load.Loaded` and `Resolved`.

    Identifiers are by level and type.
    """

    records: nw.LazyFrame
    identifiers: dict[Level, dict[str, nw.LazyFrame]]
    references: Resolved
    rejects: nw.LazyFrame
    files: dict[str, list[Path]]


def gather(everything: Sequence[Source], config: Config, engine: Engine, say: Callable[[str], None]) -> Gathered:
    """Read all sources that have records, and resolve what is said of these: by each other, and by rows about them."""
    loaded: list[Loaded] = []
    start = 0
    sources = [source for source in everything if source.kind]
    for source in sources:
        say(f"reading {source.name}")
        loaded.append(load(source, config, engine, start))
        start += loaded[-1].size
    records = nw.concat([part.records for part in loaded], how="diagonal")
    said = [
        (owner, _said(source, owner, records, config, engine))
        for source in everything
        for owner in sources
        if owner.name in source.about
    ]
    references = nw.concat([*(part.references for part in loaded), *(found.references for _, found in said)])
    merged = [found.merged for _, found in said]
    resolved = resolve_references(records, references, merged, sources, config, engine, start)
    everyone = _everyone(records, resolved.stubs)
    identifiers: dict[Level, dict[str, list[nw.LazyFrame]]] = {"person": {}, "account": {}}
    parts: list[tuple[Source, Loaded | Said]] = [*zip(sources, loaded, strict=True), *said]
    for source, part in parts:
        for name, frame in part.identifiers.items():
            identifiers[source.level].setdefault(name, []).append(frame)
    for level, name, owned in _owned(everyone, resolved.stubs, sources, config, engine):
        identifiers[level].setdefault(name, []).append(_own_ids(owned, engine))
    return Gathered(
        records=everyone,
        identifiers={
            level: {name: nw.concat(frames) for name, frames in types.items()} for level, types in identifiers.items()
        },
        references=resolved,
        rejects=nw.concat([part.rejects for _, part in parts]),
        files={source.name: part.files for source, part in zip(sources, loaded, strict=True)},
    )


def _said(source: Source, owner: Source, records: nw.LazyFrame, config: Config, engine: Engine) -> Said:
    """What a source says of the records of another."""
    return load_said(source, records.filter(nw.col("source") == owner.name), owner.level, config, engine)


def _everyone(records: nw.LazyFrame, stubs: nw.LazyFrame) -> nw.LazyFrame:
    """All records and stubs. Each source's are held apart, so that no memory goes to attributes that it lacks."""
    ids = nw.concat_str(nw.col("source").cast(TEXT), nw.col("native_id"), separator=":")
    named = stubs.drop("type").with_columns(ids.alias("record_id"), nw.lit(value=True).alias("stub"))
    known = nw.concat([records, named], how="diagonal")
    return known.with_columns(nw.col("stub").fill_null(value=False), nw.col("deleted").fill_null(value=False))


def _owned(
    records: nw.LazyFrame, stubs: nw.LazyFrame, sources: Sequence[Source], config: Config, engine: Engine
) -> Iterator[tuple[Level, str, nw.LazyFrame]]:
    """The records whose own ids are identifiers too, by level and type.

    That is where other sources hold values of the type or own it as well; of users always where there are devices,
    since two users on one device must be seen to be two; and where a constraint counts them.
    """
    counted = {(t.level, t.name) for t in config.types if t.unique}
    counted |= {(limit.level, name) for limit in config.cardinality for name in (limit.of, limit.to)}
    cells = [(s.level, cell.name) for s in sources for cell in s.cells("identifier")]
    devices = any(config.type_of(level, name).trust == "device" for level, name in cells)
    for source in sources:
        kind, name = min(source.kinds), source.own_type
        several = sum(other.own_type == name for other in sources) > 1
        asked = (level_of(kind), name) in {*cells, *counted}
        if name and (several or asked or (devices and kind in USERS)):
            yield level_of(kind), name, records.filter(nw.col("source") == source.name)
    owned = {source.own_type for source in sources}
    for name, kind in (
        engine.collect(stubs.select(nw.col("type"), nw.col("kind").cast(TEXT)).unique()).sort("type").rows()
    ):
        if name not in owned and (level_of(kind), name) in cells:
            known = stubs.filter(nw.col("type") == name).select("record")
            yield level_of(kind), name, records.join(known, on="record", how="semi")


def _own_ids(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    known = nw.when(~nw.col("first_seen").is_null()).then(nw.lit("created")).otherwise(nw.lit("unknown"))
    none = nw.lit(None).cast(TEXT)
    return records.with_columns(
        nw.col("first_seen").alias("observed_at"),
        known.cast(engine.word).alias("observed_basis"),
        nw.lit(1).cast(COUNT).alias("support"),
        nw.col("native_id").alias("value"),
        none.alias("raw"),
        nw.lit("own").cast(engine.word).alias("origin"),
        none.cast(engine.word).alias("note"),
        none.cast(engine.word).alias("reason"),
    ).select(*IDENTIFIER)
