"""Inside: the records of an entity, and the evidence that they hold.

Rows are asked for by their values and never by a join: of a graph on disk only those parts of a file are read whose
statistics say that they may hold one of the values. See `idgraph.engines.output.write_frame`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.collapse.ids import PREFIXES
from idgraph.entities.describe import ENTITY_FRAMES
from idgraph.entities.nearest import no_record
from idgraph.errors import NotFoundError, mask_id, mistaken

__all__ = ["entities_of", "entity_row", "evidence_held", "inside", "insides", "is_entity_id", "rows_of"]

Frames = Mapping[str, nw.LazyFrame]
Collect = Callable[[nw.LazyFrame], pl.DataFrame]
_FRAMES_BY_PREFIX: Final = {PREFIXES[level]: name for level, name in ENTITY_FRAMES.items()}
_ENTITY_ID: Final = re.compile(rf"({'|'.join(_FRAMES_BY_PREFIX)})[0-9a-f]{{16}}")
_HELD: Final = {
    "identifiers": ("record_id", "type", "value", "rules", "weight", "state", "reason"),
    "links": ("left_id", "right_id", "rule", "weight", "state", "evidence", "reason"),
}


def is_entity_id(id: str) -> bool:
    """Whether an id is that of an entity, by its form; else it is a record's.

    Raises:
        ConfigError: it is no text.
    """
    if not isinstance(id, str):
        raise mistaken("id", id, "the id of a record or an entity, as text")
    return _ENTITY_ID.fullmatch(id) is not None


def rows_of(frames: Frames, name: str, column: str, values: Collection[str], collect: Collect) -> pl.DataFrame:
    """Bring the rows of a frame whose column holds one of a few values."""
    return collect(frames[name].filter(nw.col(column).is_in(list(values))))


def entities_of(frames: Frames, record_ids: Collection[str], collect: Collect) -> dict[str, str]:
    """Find the profiles and accounts of records, by their ids; those that are not there are left out."""
    rows = rows_of(frames, "assignments", "record_id", record_ids, collect)
    return dict(rows.filter(pl.col("level") != "tenant").select("record_id", "entity_id").iter_rows())


def inside(frames: Frames, id: str, collect: Collect) -> pl.DataFrame:
    """Find the records of an entity: record_id, entity_id, in their order.

    Args:
        frames: records, assignments.
        id: an entity id, or the id of one of its records: then its profile or account.
        collect: brings a small frame to this process.

    Raises:
        NotFoundError: there is no such record or entity; of a record the message names those most like it.
    """
    entities = [id] if is_entity_id(id) else entities_of(frames, [id], collect).values()
    found = rows_of(frames, "assignments", "entity_id", entities, collect).select("record_id", "entity_id")
    if found.is_empty():
        entity = f"there is no entity {id!r} in this graph"
        raise NotFoundError(entity if is_entity_id(id) else no_record(frames["records"], id, collect))
    return found.sort("record_id")


def insides(frames: Frames, entities: Collection[str], collect: Collect) -> dict[str, list[str]]:
    """Find the records of several entities at once, by their ids: each in their order."""
    rows = rows_of(frames, "assignments", "entity_id", entities, collect).sort("record_id")
    return dict(rows.group_by("entity_id").agg("record_id").iter_rows())


def entity_row(frames: Frames, level: str, id: str, collect: Collect) -> dict[str, Any]:
    """Give the row of a profile, tenant or account, and `record_ids`; see `inside`.

    Raises:
        NotFoundError: there is no such record or entity, or it is of another level.
    """
    records = inside(frames, id, collect)
    entity_id = records["entity_id"][0]
    rows = rows_of(frames, ENTITY_FRAMES[level], "entity_id", [entity_id], collect)
    if rows.is_empty():
        msg = f"{mask_id(id)!r} is not in {ENTITY_FRAMES[level]}; it is in {_FRAMES_BY_PREFIX[entity_id[:4]]}"
        raise NotFoundError(msg)
    return {**rows.row(0, named=True), "record_ids": records["record_id"].to_list()}


def evidence_held(frames: Frames, records: Collection[str], collect: Collect) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Find what records of an entity, or of several, hold, and the links from them.

    Returns:
        Of `identifiers` record_id, type, value, rules, weight, state, reason; of `links` left_id, right_id, rule,
        weight, state, evidence, reason.
    """
    asked = {name: frames[name].select(*held) for name, held in _HELD.items()}
    identifiers = rows_of(asked, "identifiers", "record_id", records, collect)
    return identifiers, rows_of(asked, "links", "left_id", records, collect)
