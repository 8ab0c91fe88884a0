"""The people of accounts: who did what, champion first, how sales reaches them, who is not there yet; how many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from idgraph.pql.activity import Activity, Level, id_of
from idgraph.pql.scope import micros
from idgraph.pql.score import Points

__all__ = ["PEOPLE", "people_of", "sizes"]

PEOPLE: Final[Mapping[str, Any]] = {
    "entity_id": pl.String,
    "place": pl.Int64,
    "person_id": pl.String,
    "name": pl.String,
    "crm_id": pl.String,
    "share": pl.Float64,
    "kinds": pl.Int64,
    "invites": pl.Int64,
    "last_at": pl.Datetime("us", "UTC"),
}
_INVITES: Final = "(?i)invit"  # what names of events that bring in others hold


def people_of(activity: Activity, level: Level, usage: Points) -> pl.DataFrame:
    """List the people of each tenant, account or parent: those who use the product, champion first, then the others.

    The champion is first by the mean of three shares: of what all did there (in points), of the kinds of events that
    occurred there, and of the invitations. Those who never used it are people known to belong to the account whom
    sales can reach; a tenant has none.

    Args:
        activity: what happened.
        level: whose people.
        usage: which events are use of the product, and what each is worth; all of the past counts.

    Returns:
        entity_id, place (1 is the champion; null: has not used it), person_id, name, crm_id (the contact or lead to
        reach them by, one that the CRM has at the account before others; or null), share (of what all did there), kinds
        (of events), invites, last_at.
    """
    if level == "person":
        return pl.DataFrame(schema=PEOPLE)
    key = id_of(level)
    known = activity.entities.filter(pl.col("level") == "person")
    named = known.select("name", elsewhere="crm_id", person_id="entity_id")
    contacts = _contacts(activity, level).collect()
    users = _reached(_users(activity, key, usage).join(named, on="person_id", how="left").collect(), contacts)
    belonging = _belonging(activity, level, contacts.lazy()).join(named, on="person_id").collect()
    there = _reached(belonging, contacts).filter(pl.col("crm_id").is_not_null())
    others = there.join(users, on=["entity_id", "person_id"], how="anti")
    every = pl.concat([users, others], how="diagonal").select(
        pl.col(name).cast(dtype) if name in users.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in PEOPLE.items()
    )
    return every.sort("entity_id", "place", "name", "person_id", nulls_last=True)


def _reached(people: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Add crm_id: the record that the CRM has there, or else one it has elsewhere."""
    both = people.join(contacts, on=["entity_id", "person_id"], how="left")
    return both.with_columns(crm_id=pl.coalesce("crm_id", "elsewhere"))


def _users(activity: Activity, key: str, usage: Points) -> pl.LazyFrame:
    """Those who did something, ranked."""
    did = usage.earned(activity).drop_nulls([key, "person_id"])
    invites = pl.col("count").filter(pl.col("event").str.contains(_INVITES)).sum()
    each = did.group_by(pl.col(key).alias("entity_id"), "person_id").agg(
        pl.col("points").sum(), kinds=pl.col("event").n_unique(), invites=invites, last_at=pl.col("at").max()
    )
    there = did.group_by(pl.col(key).alias("entity_id")).agg(
        all_points=pl.col("points").sum(), all_kinds=pl.col("event").n_unique(), all_invites=invites
    )
    rated = each.join(there, on="entity_id").with_columns(share=pl.col("points") / pl.col("all_points"))
    invited = (pl.col("invites") / pl.col("all_invites")).fill_nan(0.0)
    merit = (pl.col("share") + pl.col("kinds") / pl.col("all_kinds") + invited).round(9)
    ordered = rated.with_columns(merit=merit).sort("entity_id", "merit", "person_id", descending=[False, True, False])
    return ordered.with_columns(place=pl.int_range(1, pl.len() + 1).over("entity_id"))


def _belonging(activity: Activity, level: Level, contacts: pl.LazyFrame) -> pl.LazyFrame:
    """Who is known to belong where, of the accounts of several the CRM's too: entity_id, person_id."""
    if level == "tenant":
        return contacts.select("entity_id", "person_id").clear()
    people = activity.entities.filter(pl.col("level") == "person").drop_nulls("parent")
    primary = _of_accounts(people.select(account_id="parent", person_id="entity_id"), activity, level)
    return pl.concat([frame.select("entity_id", "person_id") for frame in (primary, contacts)]).unique()


def _contacts(activity: Activity, level: Level) -> pl.LazyFrame:
    """By which record the CRM knows a person there: entity_id, person_id, crm_id."""
    found = _of_accounts(activity.contacts, activity, level)
    return found.group_by("entity_id", "person_id").agg(pl.col("crm_id").min())


def _of_accounts(rows: pl.LazyFrame, activity: Activity, level: Level) -> pl.LazyFrame:
    """Give what is said of accounts to them, their tenants or their parents: as entity_id, without account_id."""
    if level == "account":
        return rows.rename({"account_id": "entity_id"})
    entities = activity.entities.filter(pl.col("level") == ("account" if level == "parent" else level))
    account, entity = ("entity_id", "parent") if level == "parent" else ("parent", "entity_id")
    above = entities.drop_nulls("parent").select(account_id=account, entity_id=entity)
    return rows.join(above, on="account_id").drop("account_id")


def sizes(activity: Activity, level: Level, usage: Points, window: str) -> pl.DataFrame:
    """Say how large each entity is, now and a window earlier, in its use of the product.

    Who is who is as it is known now, both times: only what they did tells the two apart.

    Returns:
        entity_id; tenants, people (who ever used it); active_people (who did in the window that ends then); and the
        same as tenants_before, people_before, active_people_before.
    """
    length = timedelta(microseconds=micros(window))
    did = usage.earned(activity)
    now = _size(did, level, activity.now, length)
    before = _size(did, level, activity.now - length, length)
    earlier = before.rename({name: f"{name}_before" for name in _COUNTS})
    both = now.join(earlier, on="entity_id", how="left")
    return both.with_columns(pl.exclude("entity_id").fill_null(0)).collect()


_COUNTS: Final = ("tenants", "people", "active_people")


def _size(did: pl.LazyFrame, level: Level, at: datetime, window: timedelta) -> pl.LazyFrame:
    by_then = did.filter(pl.col("at") <= at).drop_nulls(id_of(level))
    tenants, people = (pl.col(name).drop_nulls() for name in ("tenant_id", "person_id"))
    lately = pl.col("person_id").filter(pl.col("at") > at - window).drop_nulls()
    counts = dict(zip(_COUNTS, (tenants, people, lately), strict=True))
    return by_then.group_by(pl.col(id_of(level)).alias("entity_id")).agg(
        values.n_unique().cast(pl.Int64).alias(name) for name, values in counts.items()
    )
