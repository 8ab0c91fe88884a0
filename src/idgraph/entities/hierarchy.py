"""Hierarchy: which account stands at the top of those that own an account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["ultimate_parents"]

_FOUND: Final = {"entity_id": TEXT, "ultimate_parent_id": TEXT}


def ultimate_parents(hierarchy: nw.LazyFrame, accounts: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Find the account at the top of each hierarchy.

    Args:
        hierarchy: child, parent (records), observed_at.
        accounts: record, entity_id: the account that each record is part of.
        engine: what runs it.

    Returns:
        entity_id, ultimate_parent_id: of accounts that have an owner. Of several owners the one known last counts, then
        the smaller id. Accounts that own each other in a circle, and what they own, have nobody at the top, and no row.
    """
    owned = hierarchy.select("child", "parent", "observed_at")
    for end in ("child", "parent"):
        owned = engine.lookup(owned, end, accounts, "record", {f"{end}_id": "entity_id"})
    owned = engine.checkpoint(owned.filter(nw.col("child_id") != nw.col("parent_id")).drop("child", "parent"))
    ends = nw.concat([owned.select(id=f"{end}_id") for end in ("child", "parent")])
    codes = engine.number(ends.unique("id"), "code")
    for end in ("child", "parent"):
        owned = owned.join(codes.rename({"id": f"{end}_id", "code": end}), on=f"{end}_id")
    owned = engine.checkpoint(owned)
    families = engine.components(owned.select(left="child", right="parent"))
    grouped = engine.lookup(owned, "child", families, "node", {"family": "component"})
    rows = grouped.select(nw.col("family").cast(COUNT), "child_id", "parent_id", "observed_at")
    return engine.map_groups(rows, "family", _tops, _FOUND)


def _tops(rows: pl.DataFrame) -> pl.DataFrame:
    newest = rows.sort("family", "child_id", "observed_at", "parent_id", descending=[False, False, True, False])
    ordered = newest.sort("family", "child_id", pl.col("observed_at").is_null(), maintain_order=True)
    once = ordered.unique(["family", "child_id"], keep="first", maintain_order=True)
    found: list[tuple[str, str]] = []
    columns = once.select("family", "child_id", "parent_id")
    for _, family in groupby(columns.iter_rows(), key=itemgetter(0)):
        found += _of_family({child: parent for _, child, parent in family})
    return pl.DataFrame(found, schema=dict.fromkeys(_FOUND, pl.String), orient="row")


def _of_family(owner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The top of each account; None where one comes back to where one was."""
    top: dict[str, str | None] = {}
    for start in owner:
        path, at = [], start
        while at in owner and at not in top and at not in path:
            path.append(at)
            at = owner[at]
        end = top.get(at, at) if at not in path else None
        top.update(dict.fromkeys(path, end))
    yield from ((account, end) for account, end in top.items() if end is not None)
