"""The crosswalk: every id of every person by system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["crosswalk"]


def crosswalk(frames: Mapping[str, nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """Put the ids of each person side by side.

    Args:
        frames: records, assignments.
        engine: what runs it.

    Returns:
        profile_id, and for each source with people a list of native ids, named after the source; sorted.
    """
    people = frames["assignments"].filter(nw.col("level") == "person").select("record_id", "entity_id")
    held = frames["records"].select("record_id", "source", "native_id").join(people, on="record_id")
    sources = engine.collect(held.select("source").unique("source")).to_series().cast(str).sort().to_list()
    wide = people.select(nw.col("entity_id").alias("profile_id")).unique("profile_id")
    for source in sources:
        own = held.filter(nw.col("source") == source)
        ids = own.select(nw.col("entity_id").alias("profile_id"), nw.col("native_id").alias(source))
        wide = wide.join(engine.lists(ids, ["profile_id"], source), on="profile_id", how="left")
    return wide.sort("profile_id")
