"""Pairs of records that one named link alone holds together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from idgraph.datasets.truth import native_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LINKS", "links_truth"]


class Pair(NamedTuple):
    """Two tables, and which rows of them hold the records that a link joins."""

    rule: str
    left: str
    right: str
    left_rows: pl.Expr = pl.lit(value=True)
    right_rows: pl.Expr = pl.lit(value=True)


_NO_USER = pl.col("user_id").is_null()
_MASTER = pl.col("MasterRecordId")
_CHILDREN = pl.col("hs_merged_object_ids")
_FIRST = pl.col("_entity").is_first_distinct()

LINKS = (
    Pair("visitor_lead", "hubspot_contacts", "segment_identifies", right_rows=_NO_USER),
    Pair("visitor_user", "app_users", "segment_pages", right_rows=_NO_USER),
    Pair("lead_visitor_user", "hubspot_contacts", "app_users"),
    Pair("tenant_user_clickstream", "app_users", "amplitude_events", right_rows=~_NO_USER),
    Pair("contact_user", "salesforce_contacts", "app_users"),
    Pair("lead_contact", "salesforce_leads", "salesforce_contacts"),
    Pair("converted_lead", "salesforce_leads", "salesforce_contacts"),
    Pair("merged_record", "hubspot_contacts", "hubspot_contacts", _CHILDREN.is_not_null(), _CHILDREN.is_null()),
    Pair("alias", "app_users", "segment_pages", right_rows=pl.col("_aliased")),
    Pair("alias", "app_users", "segment_tracks", right_rows=pl.col("user_id").str.starts_with("legacy-")),
    Pair("crm_account_tenant", "salesforce_accounts", "app_tenants"),
    Pair("tenant_crm_id", "app_tenants", "salesforce_accounts"),
    Pair("reference_only", "app_tenants", "salesforce_accounts"),
    Pair("merged_account", "salesforce_accounts", "salesforce_accounts", _MASTER.is_null(), _MASTER.is_not_null()),
    Pair("account_domain", "salesforce_accounts", "salesforce_accounts", _FIRST, ~_FIRST),
)
"""For each named link the two tables whose records it joins."""


def links_truth(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Find the pairs that the world keeps free of any other evidence.

    Args:
        tables: every table with its columns _entity and _script.

    Returns:
        rule, left_record_id, right_record_id; one pair for each entity that has one.
    """
    joined = pl.col("anonymous_id").is_in(tables["segment_aliases"]["previous_id"].implode()).alias("_aliased")
    marked = {**tables, "segment_pages": tables["segment_pages"].with_columns(joined)}
    parts = []
    for pair in LINKS:
        left = _records(pair.left, marked[pair.left], pair.rule, pair.left_rows)
        right = _records(pair.right, marked[pair.right], pair.rule, pair.right_rows)
        both = left.join(right, on="_entity", maintain_order="left")
        parts.append(
            both.select(
                pl.lit(pair.rule).alias("rule"),
                pl.col("record_id").alias("left_record_id"),
                pl.col("record_id_right").alias("right_record_id"),
            )
        )
    return pl.concat(parts)


def _records(source: str, table: pl.DataFrame, rule: str, only: pl.Expr) -> pl.DataFrame:
    record = pl.concat_str([pl.lit(source), native_ids(source)], separator=":").alias("record_id")
    rows = table.filter(pl.col("_script") == rule).filter(only)
    return rows.select("_entity", record).unique("_entity", keep="first", maintain_order=True)
