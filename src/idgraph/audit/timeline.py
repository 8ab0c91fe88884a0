"""Who held a device when: what a person needs to see to judge whose the activity on a shared one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.errors import ConfigError, NotFoundError, mask
from idgraph.linkage.devices import SAYS_NOTHING, when_seen
from idgraph.linkage.exact import names_of
from idgraph.schema import PERSON_KINDS, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["timeline"]

_COLUMNS: Final = ("device", "from", "until", "profile_id", "record_id", "source", "kind", "how")


def timeline(
    frames: Mapping[str, nw.LazyFrame], device: str, type: str | None, config: Config, engine: Engine
) -> pl.DataFrame:
    """List who held a device when.

    Args:
        frames: records, identifiers, assignments.
        device: a value of a type of trust `device`, as it stands in `identifiers`.
        type: which type, where the value is of several.
        config: what types are trusted for.
        engine: what runs it.

    Returns:
        One row for each record that holds the device, by time, then by record id; those without known time last:

        - device (String): the value.
        - from, until (Datetime, UTC): of an event table's record its first and last event; of another when it was
          created; null where only an update or nothing is known.
        - profile_id (String): who it was; null where anonymous.
        - record_id (String), source, kind (Categorical).
        - how (Categorical): `identified` (the record itself holds an id, an address or a name), `attributed` (other
          evidence, the device among it, joins it to somebody who does) or `anonymous`.

    Raises:
        NotFoundError: no record of a person holds it.
        ConfigError: the type is not of trust `device`, or the value is of several types and none is named.
    """
    if type is not None and config.type_of("person", type).trust != "device":
        msg = f"{type!r} is not trusted like a device, so it has no timeline; such types are 'device', 'hubspotutk' …"
        raise ConfigError(msg)
    held = _held(frames, device, type, config, engine)
    placed = frames["assignments"].filter(nw.col("level") == "person").select("record_id", "entity_id")
    named = engine.collect(placed.filter(nw.col("record_id").is_in(held["record_id"].to_list())))
    mates = placed.filter(nw.col("entity_id").is_in(named["entity_id"].unique().to_list()))
    known = engine.collect(_identified(frames, config, engine).join(mates, on="record_id"))
    itself = pl.col("record_id").is_in(known["record_id"].to_list())
    somebody = pl.col("entity_id").is_in(known["entity_id"].to_list())
    how = pl.when(itself).then(pl.lit("identified")).when(somebody).then(pl.lit("attributed"))
    start, end = when_seen()
    seen = held.with_columns(start.alias("from"), end.alias("until"), pl.col("value").alias("device"))
    seen = seen.group_by("device", "record_id", "source", "kind").agg(pl.col("from").min(), pl.col("until").max())
    whose = seen.join(named, on="record_id").with_columns(
        how.otherwise(pl.lit("anonymous")).cast(pl.Categorical).alias("how"),
        pl.when(somebody).then("entity_id").alias("profile_id"),
    )
    return whose.sort("from", "record_id", nulls_last=True).select(_COLUMNS)


def _held(
    frames: Mapping[str, nw.LazyFrame], device: str, type: str | None, config: Config, engine: Engine
) -> pl.DataFrame:
    """The people's records that hold the device: value, observed_at, observed_basis, and columns of `records`."""
    people = frames["records"].filter(nw.col("kind").is_in(list(PERSON_KINDS)))
    identifiers = frames["identifiers"].with_columns(nw.col("type").cast(TEXT), nw.col("observed_basis").cast(TEXT))
    held = identifiers.filter(nw.col("value") == device).join(people.select("record_id"), on="record_id", how="semi")
    types = engine.collect(held.select("type").unique("type")).to_series().sort().to_list()
    types = [name for name in types if type in {None, name} and config.type_of("person", name).trust == "device"]
    if not types:
        msg = f"no record of a person holds the device {mask(device)!r}; devices are rows of graph.identifiers"
        raise NotFoundError(msg)
    if len(types) > 1:
        msg = f"{mask(device)!r} is a value of {' and of '.join(types)}; say which: type={types[0]!r}"
        raise ConfigError(msg)
    columns = ["record_id", "source", "kind", "first_seen", "last_seen"]
    rows = held.filter(nw.col("type") == types[0]).select("record_id", "value", "observed_at", "observed_basis")
    return engine.collect(rows.join(people.select(columns), on="record_id"))


def _identified(frames: Mapping[str, nw.LazyFrame], config: Config, engine: Engine) -> nw.LazyFrame:
    """The records of people that say who they are: record_id."""
    types = engine.collect(frames["identifiers"].select(nw.col("type").cast(TEXT)).unique()).to_series().sort()
    trusted = [name for name in types if config.type_of("person", name).trust in {"id", "contact"}]
    said = nw.col("reason").is_null() | ~nw.col("reason").cast(TEXT).is_in(list(SAYS_NOTHING))
    holders = frames["identifiers"].filter(said & nw.col("type").is_in(trusted)).select("record_id")
    people = frames["records"].filter(nw.col("kind").is_in(list(PERSON_KINDS)))
    named = names_of(people.with_columns(nw.col("record_id").alias("record")), "person")
    return nw.concat([holders, named.select(nw.col("record").alias("record_id"))]).unique("record_id")
