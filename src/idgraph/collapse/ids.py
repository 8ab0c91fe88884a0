"""Entity ids: a hash of the founding record's id."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import polars as pl

from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    import narwhals.stable.v2 as nw

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["PREFIXES", "entity_ids"]

PREFIXES: Final = {"person": "prf_", "tenant": "ten_", "account": "acc_"}
_BYTES: Final = 8


def entity_ids(
    founders: nw.LazyFrame, group: str, name: str, level: str, config: Config, engine: Engine
) -> Callable[[], nw.LazyFrame]:
    """Name each group of records after its founder.

    The id is BLAKE2b of the record id, 8 bytes; with `Config.id_key` it is BLAKE2b's keyed mode (RFC 7693, section
    2.9), a message authentication code, so that nobody without the key can find the id of a record they guess.

    Args:
        founders: group (an integer), founder (a record_id).
        group: the name of that column.
        name: the column to add.
        level: person, tenant or account: the id's prefix.
        config: the key.
        engine: what runs it.

    Returns:
        What waits for the group and its id: the prefix and 16 hex digits.
    """
    key = config.id_key.get_secret_value().encode() if config.id_key else b""
    kernel = partial(_hashed, group=group, name=name, prefix=PREFIXES[level], key=blake2b(key).digest() if key else b"")
    return engine.map_aside(founders, kernel, {group: founders.collect_schema()[group], name: TEXT})


def _hashed(rows: pl.DataFrame, *, group: str, name: str, prefix: str, key: bytes) -> pl.DataFrame:
    if rows.is_empty():
        return rows.select(group, pl.lit("").alias(name))
    fresh = blake2b(digest_size=_BYTES, key=key).copy  # twice as fast as a new one

    def digest(founder: bytes) -> bytes:
        state = fresh()
        state.update(founder)
        return state.digest()

    digests = b"".join(map(digest, rows["founder"].cast(pl.Binary).to_list()))
    texts = (
        pl.Series([digests.hex(" ", _BYTES)]).str.split(" ").explode()
    )  # one text for all takes half of one for each
    return rows.select(group, (pl.lit(prefix) + texts).alias(name))
