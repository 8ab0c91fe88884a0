"""People whom nothing brings to an account, and why not: whose domain or company nobody knows, or who said neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.linkage.employers import keyed
from idgraph.linkage.exact import names_of
from idgraph.linkage.guards import NOTES_THAT_BAR, STATE_REASONS
from idgraph.normalise import email_domain
from idgraph.schema import ACCOUNT_KINDS, COUNT, TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from idgraph.engines import Engine

__all__ = ["UNPLACED_REASONS", "unplaced"]

_BARS: Final = NOTES_THAT_BAR["account"]
_NOT_USED: Final = "not_used"

# Why somebody has no account, the reason that most can be done about first: of several that hold it is the one given.
# Before all of these come the reasons for which a company's domain may not join, as for instance `two_companies`.
UNPLACED_REASONS: Final[dict[str, str]] = {
    "name_shared": "so many accounts go by the name that they give that nobody is asked which one it is",
    _NOT_USED: "an account has their domain or the name that they give, but the rule that tells so is off",
    "new_domain": "they write from a company's domain that no account and no tenant has",
    "new_name": "they name a company, and no account goes by that name",
    **{reason: f"they write from {STATE_REASONS[reason]}" for reason in _BARS.values() if reason != "role_mailbox"},
    "nothing_said": "they gave no address and named no company",
}


def unplaced(
    frames: Mapping[str, nw.LazyFrame], engine: Engine, profiles: Collection[str] | None = None
) -> nw.LazyFrame:
    """Say of each profile that has no account why not.

    Args:
        frames: records, identifiers, assignments, members.
        engine: what runs it.
        profiles: those asked about; default: all.

    Returns:
        profile_id, reason (see `UNPLACED_REASONS` and `idgraph.linkage.guards.STATE_REASONS`), value (the domain or the
        name that it is about; null where nothing was said), each profile once.
    """
    placed = frames["assignments"].select("record_id", nw.col("level").cast(TEXT), "entity_id")
    people = placed.filter(nw.col("level") == "person").select("record_id", profile_id="entity_id")
    if profiles is not None:
        people = people.filter(nw.col("profile_id").is_in(list(profiles)))
    has_account = frames["members"].select("profile_id").unique("profile_id")
    people = engine.checkpoint(people.join(has_account, on="profile_id", how="anti"))
    accounts = placed.filter(nw.col("level") == "account").select("record_id", account_id="entity_id")
    domains = frames["identifiers"].filter(nw.col("type") == "domain").join(accounts, on="record_id")
    domains = domains.select("account_id", "value", nw.col("state", "reason").cast(TEXT))
    told = [
        _by_address(frames["identifiers"].join(people, on="record_id"), domains, engine),
        _by_name(frames["records"], people, accounts, domains, engine),
        people.select("profile_id", nw.lit("nothing_said").alias("reason"), nw.lit(None).cast(TEXT).alias("value")),
    ]
    rank = nw.lit(-1).cast(COUNT)
    for place, reason in enumerate(UNPLACED_REASONS):
        rank = nw.when(nw.col("reason") == reason).then(nw.lit(place).cast(COUNT)).otherwise(rank)
    ranked = nw.concat(told).with_columns(rank.alias("rank"), nw.coalesce("value", nw.lit("")).alias("place"))
    first = ranked.unique("profile_id", keep="first", order_by=["rank", "reason", "place"])
    return engine.checkpoint(first.select("profile_id", "reason", "value"))


def _by_address(held: nw.LazyFrame, domains: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """What stands between the domains that people write from and an account: profile_id, reason, value."""
    addresses = held.filter((nw.col("type") == "email") & ~nw.col("value").is_null()).select("profile_id", "value")
    schema = {"profile_id": TEXT, "value": TEXT, "reason": TEXT}
    written = engine.map_batches(addresses, _domains_kernel, schema).unique(["profile_id", "value", "reason"])
    written = engine.checkpoint(written)
    clear = written.filter(nw.col("reason").is_null()).drop("reason")
    known = domains.group_by("value").agg(nw.coalesce("reason", nw.lit(_NOT_USED)).min().alias("reason"))
    known = engine.checkpoint(clear.join(known, on="value", how="left"))
    reason = nw.coalesce("reason", nw.lit("new_domain")).alias("reason")
    found = [known.with_columns(reason), written.filter(~nw.col("reason").is_null())]
    return nw.concat([frame.select("profile_id", "reason", "value") for frame in found])


def _domains_kernel(rows: pl.DataFrame) -> pl.DataFrame:
    """The domains of addresses, and why one names no company."""
    found = email_domain(rows["value"])
    reason = pl.col("note").replace_strict(_BARS, default=None, return_dtype=pl.String)
    return rows.select("profile_id").with_columns(found.select("value", reason=reason)).drop_nulls("value")


def _by_name(
    records: nw.LazyFrame, people: nw.LazyFrame, accounts: nw.LazyFrame, domains: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """What stands between the companies that people name and an account: profile_id, reason, value."""
    if "company_name" not in records.collect_schema().names():
        return people.head(0).select("profile_id", reason=nw.lit(""), value=nw.lit(""))
    said = records.select("record_id", name="company_name").join(people, on="record_id")
    said = said.filter(~nw.col("name").is_null()).select("name", record="profile_id").unique(["record", "name"])
    asked = engine.checkpoint(keyed(said, "name", engine))
    companies = records.filter(nw.col("kind").is_in(list(ACCOUNT_KINDS))).join(accounts, on="record_id")
    names = names_of(companies.with_columns(nw.col("account_id").alias("record")), "account")
    used = domains.filter(nw.col("state") == "used").select(record="account_id", name="value")
    known = nw.concat(
        [keyed(names, "name", engine).select("record", "key"), keyed(used, "domain", engine).select("record", "key")]
    )
    known = known.unique(["record", "key"]).group_by("key").agg(nw.len().alias("accounts"))
    met = engine.checkpoint(asked.join(known, on="key", how="left"))
    several = nw.when(nw.col("accounts") > 1).then(nw.lit("name_shared")).otherwise(nw.lit(_NOT_USED))
    reason = nw.when(nw.col("accounts").is_null()).then(nw.lit("new_name")).otherwise(several)
    return met.select(nw.col("record").alias("profile_id"), reason.alias("reason"), nw.col("name").alias("value"))
