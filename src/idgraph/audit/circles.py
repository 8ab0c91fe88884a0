"""Circles: companies that by what sources say own each other, so that nobody is at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["circles"]


def circles(frames: Mapping[str, nw.LazyFrame]) -> nw.LazyFrame:
    """Find the accounts that have an owner and yet nobody at the top, with the rows of `hierarchy` that say so.

    Those are the accounts that own each other in a circle, and what they own.

    Args:
        frames: hierarchy, assignments, accounts.

    Returns:
        account_id, child_record_id, parent_record_id.
    """
    placed = frames["assignments"].filter(nw.col("level").cast(TEXT) == "account")
    owned = frames["hierarchy"].select("child_record_id", "parent_record_id")
    for end, name in (("child_record_id", "account_id"), ("parent_record_id", "owner_id")):
        owned = owned.join(placed.select(nw.col("record_id").alias(end), nw.col("entity_id").alias(name)), on=end)
    topless = frames["accounts"].filter(nw.col("ultimate_parent_id").is_null()).select(account_id="entity_id")
    found = owned.filter(nw.col("account_id") != nw.col("owner_id")).drop("owner_id")
    return found.join(topless, on="account_id", how="semi").unique(
        ["account_id", "child_record_id", "parent_record_id"]
    )
