"""Entity ids: a hash of the founding record's id."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Kernel

__all__ = ["PREFIXES", "name_founded"]

PREFIXES: Final = {"person": "prf_", "tenant": "ten_", "account": "acc_"}
_BYTES: Final = 8


def name_founded(level: str, config: Config) -> Kernel:
    """Make the kernel that names groups of records after their founders.

    The id is BLAKE2b of the record id, 8 bytes; with `Config.id_key` it is BLAKE2b's keyed mode (RFC 7693, section
    2.9), a message authentication code, so that nobody without the key can find the id of a record they guess.

    Args:
        level: person, tenant or account: the id's prefix.
        config: the key.

    Returns:
        A kernel that puts entity_id, the prefix and 16 hex digits, in the place of founder, a record_id.
    """
    key = config.id_key.get_secret_value().encode() if config.id_key else b""
    return partial(_named, prefix=PREFIXES[level], key=blake2b(key).digest() if key else b"")


def _named(rows: pl.DataFrame, *, prefix: str, key: bytes) -> pl.DataFrame:
    fresh = blake2b(digest_size=_BYTES, key=key).copy  # twice as fast as a new one

    def digest(founder: bytes) -> bytes:
        state = fresh()
        state.update(founder)
        return state.digest()

    digests = b"".join(map(digest, rows["founder"].cast(pl.Binary).to_list()))
    # One text, split, takes half the time of one for each.
    texts = pl.Series([digests.hex(" ", _BYTES)]).str.split(" ").explode().head(rows.height)
    return rows.drop("founder").with_columns(entity_id=pl.lit(prefix) + texts)
