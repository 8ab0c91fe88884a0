"""Nearest: of a record that is not there, those that may be meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.errors import mask_id

if TYPE_CHECKING:
    import polars as pl

__all__ = ["no_record"]

_NAMED: Final = 3
_ASKED: Final = 1_000_000  # record ids that are looked through
_NEAR: Final = 75.0  # per cent of their letters that are the same


def no_record(records: nw.LazyFrame, record_id: str, collect: Callable[[nw.LazyFrame], pl.DataFrame]) -> str:
    """Say that a record is not there, and name those most like it: of its source if there is one, the likest first.

    Args:
        records: record_id, source.
        record_id: what was asked for.
        collect: brings a small frame to this process.
    """
    from rapidfuzz import fuzz, process

    source, _, _ = record_id.partition(":")
    own = collect(records.filter(nw.col("source") == source).select("record_id").head(_ASKED))
    among = (own if own.height else collect(records.select("record_id").head(_ASKED)))["record_id"].to_list()
    found = process.extract(record_id, among, scorer=fuzz.ratio, limit=_NAMED, score_cutoff=_NEAR)
    near = " or ".join(mask_id(name) for name, *_ in found)
    meant = f"Did you mean {near}?" if near else "Record ids are '<source>:<native id>'; see graph.records."
    return f"there is no record {mask_id(record_id)!r} in this graph. {meant}"
