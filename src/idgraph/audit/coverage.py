"""Coverage: how many people and tenants reach an account, and through what. What reaches none is counted too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.audit.unplaced import unplaced
from idgraph.schema import COUNT, PERSON_KINDS, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine

__all__ = ["coverage"]

_WORDS: Final = ("none", "one", "several")


def coverage(frames: Mapping[str, nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """Count records of people by the accounts of their profile, and tenants by the CRM accounts in their account.

    Args:
        frames: all frames of a graph.
        engine: what runs it.

    Returns:
        kind, accounts (`none`, `one`, `several`), via (how the primary account is known; null for tenants, and where
        there is none, such as where all are in review), reason (why people have no account, or none but in review: see
        `idgraph.audit.leads.lead_to_account`), records, entities: profiles or tenants (Int64). Stubs are not counted.
    """
    records = frames["records"].filter(~nw.col("stub")).select("record_id", nw.col("kind").cast(TEXT))
    placed = frames["assignments"].select("record_id", nw.col("level").cast(TEXT), "entity_id")
    counted = nw.concat([_people(frames, records, placed, engine), _tenants(frames, records, placed)])
    by = ["kind", "accounts", "via", "reason"]
    order = ["kind", "accounts", "records", "via", "reason"]
    found = counted.group_by(by).agg(
        nw.len().cast(COUNT).alias("records"), nw.col("entity_id").n_unique().cast(COUNT).alias("entities")
    )
    return engine.checkpoint(found.sort(*order, descending=[name == "records" for name in order]))


def _people(
    frames: Mapping[str, nw.LazyFrame], records: nw.LazyFrame, placed: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    people = records.filter(nw.col("kind").is_in(list(PERSON_KINDS)))
    profiles = placed.filter(nw.col("level") == "person").select("record_id", "entity_id")
    members = frames["members"].select("profile_id", "is_primary", nw.col("via", "state", "reason").cast(TEXT))
    doubt = nw.when(nw.col("state") == "review").then("reason")
    doubted = members.with_columns(doubt.alias("doubt"))
    numbers = doubted.group_by("profile_id").agg(nw.len().cast(COUNT).alias("n"), nw.col("doubt").min())
    primary = members.filter("is_primary").select("profile_id", "via")
    whys = unplaced(frames, engine).select("profile_id", "reason")
    told = people.join(profiles.rename({"entity_id": "profile_id"}), on="record_id")
    for known in (numbers, primary, whys):
        told = told.join(known, on="profile_id", how="left")
    reason = nw.when(nw.col("via").is_null()).then(nw.coalesce("reason", "doubt")).alias("reason")
    return told.select("kind", _word().alias("accounts"), "via", reason, entity_id="profile_id")


def _tenants(frames: Mapping[str, nw.LazyFrame], records: nw.LazyFrame, placed: nw.LazyFrame) -> nw.LazyFrame:
    tenants = records.filter(nw.col("kind") == "tenant")
    ids = placed.filter(nw.col("level") == "tenant").select("record_id", "entity_id")
    held = placed.filter(nw.col("level") == "account").select("record_id", nw.col("entity_id").alias("account_id"))
    accounts = frames["accounts"].select("entity_id", nw.col("crm_account_records").cast(COUNT).alias("n"))
    told = tenants.join(ids, on="record_id").join(held, on="record_id")
    told = told.join(accounts, left_on="account_id", right_on="entity_id", how="left")
    return told.select("kind", _word().alias("accounts"), *_nulls("via", "reason"), "entity_id")


def _nulls(*names: str) -> list[nw.Expr]:
    return [nw.lit(None).cast(TEXT).alias(name) for name in names]


def _word() -> nw.Expr:
    number = nw.coalesce("n", nw.lit(0))
    none, one, several = (nw.lit(word) for word in _WORDS)
    return nw.when(number == 0).then(none).otherwise(nw.when(number == 1).then(one).otherwise(several))
