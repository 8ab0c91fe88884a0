"""Interesting: the profiles and accounts that a page lets one search, since it cannot hold them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.schema import FRAMES, TEXT

if TYPE_CHECKING:
    from idgraph.audit.report.shown import Shown
    from idgraph.engines import Engine

__all__ = ["interesting"]

Frames = Mapping[str, nw.LazyFrame]
_EACH: Final = {"profiles": 400, "accounts": 200}  # of each sort: large, weak and so on
_RECORDS: Final = 10  # of an entity that are named
_FACTS: Final = 25  # attributes of an entity that are shown
_ACCOUNTS: Final = 5  # of a profile that are named
_NAMES: Final = {
    "profiles": (("full_name",), ("name",), ("first_name", "last_name"), ("email",), ("phone",)),
    "accounts": (("name",), ("company_name",), ("tenant_name",), ("legal_name",), ("domain",)),
}
_CHANGES: Final = ("merged", "split", "moved")


def interesting(frames: Frames, asked: Sequence[str], shown: Shown, engine: Engine) -> list[dict[str, Any]]:
    """Choose the entities that are most worth a look, and some at random.

    Args:
        frames: all frames of a graph.
        asked: ids of entities that the review queue asks about.
        shown: how values are shown.
        engine: what runs it.

    Returns:
        For each: id, level, name, why (it is here), records, weakest, seen, facts (attribute and value), of (its
        accounts, or how many people it has), ids (of some records). The first of `why` says most.
    """
    return [entity for name in _EACH for entity in _entities(name, frames, asked, shown, engine)]


def _entities(name: str, frames: Frames, asked: Sequence[str], shown: Shown, engine: Engine) -> list[dict[str, Any]]:
    chosen = _chosen(name, frames, asked, engine)
    ids = engine.lazy(chosen.select("entity_id"))
    rows = engine.collect(frames[name].join(ids, on="entity_id", how="semi")).join(chosen, on="entity_id")
    records = _records(frames, ids, engine)
    related = _accounts(frames, ids, shown, engine) if name == "profiles" else _people(frames, ids, engine)
    declared = FRAMES[name].columns
    attributes = [
        column
        for column, dtype in rows.schema.items()
        if column not in declared and column != "why" and dtype == pl.String and not column.endswith("_record_id")
    ]
    return [
        _entity(name, row, attributes, records.get(row["entity_id"], []), related.get(row["entity_id"], ""), shown)
        for row in rows.sort("records", "entity_id", descending=[True, False]).iter_rows(named=True)
    ]


def _chosen(name: str, frames: Frames, asked: Sequence[str], engine: Engine) -> pl.DataFrame:
    """Ids and why: entity_id, why (list)."""
    most = _EACH[name]
    real = frames[name].filter(~nw.col("stub"))
    joined = real.filter(nw.col("records") > 1).select("entity_id", "records", "weakest_weight")
    changes = frames["changes"].filter(nw.col("change").cast(TEXT).is_in(list(_CHANGES))).select("entity_id")
    sorts = {
        "in the review queue": engine.lazy(pl.DataFrame({"entity_id": list(asked)}, schema={"entity_id": pl.String})),
        "among the largest": joined.sort("records", "entity_id", descending=[True, False]),
        "weakest evidence": joined.sort("weakest_weight", "entity_id", nulls_last=True),
        "changed": changes.sort("entity_id"),
        "drawn at random": real.select("entity_id").sort("entity_id"),  # ids are hashes: the first are as good as any
    }
    found = [
        engine.collect(frame.select("entity_id").head(most)).with_columns(why=pl.lit(why))
        for why, frame in sorts.items()
    ]
    return pl.concat(found).unique(maintain_order=True).group_by("entity_id", maintain_order=True).agg("why")


def _records(frames: Frames, ids: nw.LazyFrame, engine: Engine) -> dict[str, list[str]]:
    placed = frames["assignments"].select("entity_id", "record_id").join(ids, on="entity_id", how="semi")
    held = engine.collect(placed).sort("record_id").group_by("entity_id").agg(pl.col("record_id").head(_RECORDS))
    return dict(held.iter_rows())


def _accounts(frames: Frames, ids: nw.LazyFrame, shown: Shown, engine: Engine) -> dict[str, str]:
    """The accounts of each profile, by name, and how it is known."""
    members = frames["members"].join(ids.rename({"entity_id": "profile_id"}), on="profile_id", how="semi")
    told = engine.collect(members.select("profile_id", "account_id", nw.col("via").cast(TEXT)))
    accounts = engine.lazy(told.select(entity_id="account_id").unique())
    rows = engine.collect(frames["accounts"].join(accounts, on="entity_id", how="semi"))
    names = {row["entity_id"]: _name("accounts", row, shown) for row in rows.iter_rows(named=True)}
    found: dict[str, list[str]] = {}
    for profile, account, via in told.sort("profile_id", "account_id").iter_rows():
        found.setdefault(profile, []).append(f"{names.get(account, account)} (by {via})")
    return {profile: _some(held) for profile, held in found.items()}


def _some(names: Sequence[str]) -> str:
    more = f"; and {len(names) - _ACCOUNTS:,} more" if len(names) > _ACCOUNTS else ""
    return "; ".join(names[:_ACCOUNTS]) + more


def _people(frames: Frames, ids: nw.LazyFrame, engine: Engine) -> dict[str, str]:
    members = frames["members"].join(ids.rename({"entity_id": "account_id"}), on="account_id", how="semi")
    counted = engine.collect(members.select("account_id")).group_by("account_id").len()
    return {account: f"{number:,} people" for account, number in counted.iter_rows()}


def _entity(
    name: str, row: Mapping[str, Any], attributes: Sequence[str], records: Sequence[str], related: str, shown: Shown
) -> dict[str, Any]:
    facts = [[column, shown.value(row[column])] for column in attributes if row[column]][:_FACTS]
    weakest = f"{row['weakest_rule']} {row['weakest_weight']:g}" if row["weakest_rule"] else ""
    return {
        "id": row["entity_id"],
        "level": name.removesuffix("s"),
        "name": _name(name, row, shown),
        "why": row["why"],
        "records": row["records"],
        "weakest": weakest,
        "seen": _seen(row),
        "facts": facts,
        "of": related,
        "ids": [shown.record(record_id) for record_id in records],
    }


def _seen(row: Mapping[str, Any]) -> str:
    days = [f"{row[end]:%Y-%m-%d}" for end in ("first_seen", "last_seen") if row[end] is not None]
    return " to ".join(dict.fromkeys(days))


def _name(name: str, row: Mapping[str, Any], shown: Shown) -> str:
    """What an entity is called: the first of the usual attributes that it has."""
    for columns in _NAMES[name]:
        if held := [shown.value(row[column]) for column in columns if row.get(column)]:
            return " ".join(held)
    return "(without a name)"
