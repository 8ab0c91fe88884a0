"""Members: which accounts each profile belongs to, through what, from when to when, and which is primary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.schema import COUNT, TEXT, cast
from idgraph.sources.references import with_ends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine

__all__ = ["DOUBTS", "TENANTS_RANK", "VIA_WEIGHTS", "domain_memberships", "members", "shared_tenants"]

_PAIR: Final = ["profile_id", "account_id"]
_SHARED: Final = "two_companies"
_NAMED: Final = "company_name"

# Why a membership is for a person to decide on, the graver first: of ways in which it is known the surest counts.
DOUBTS: Final[dict[str, str]] = {
    "namesakes": "several accounts go by the name given, and nothing else is known",
    "companies_disagree": "the address is one company's, and the name given another's",
}
_SURE: Final = len(DOUBTS)

# How a membership is known, and the log2 odds that it is right: the CRM says so, the product, the mail domain, or what
# somebody wrote into the field for the company.
VIA_WEIGHTS: Final[dict[str, float]] = {"crm": 20.0, "tenant": 15.0, "domain": 10.0, _NAMED: 6.0}
TENANTS_RANK: Final = (
    VIA_WEIGHTS["domain"] - 1
)  # among the others, of tenants of several accounts that one person is in
_WRITTEN: Final = ("domain", _NAMED)  # what a record says of itself, where nobody said whose it is


def domain_memberships(
    addresses: nw.LazyFrame, domains: nw.LazyFrame, records: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """People belong to the company whose domain they write from.

    Args:
        addresses: record, domain, observed_at of people.
        domains: record, kind, value, state of the domains that companies hold.
        records: record, record_id.
        engine: what runs it.

    Returns:
        person, company (records), via, observed_at, until (when a newer address of the record was another company's).
        Of the records that hold a domain it is the first account, and only where there is none a tenant. A domain that
        could mean several companies is suppressed, and says nothing here.
    """
    held = domains.filter(nw.col("state") == "used").join(records.select("record", "record_id"), on="record")
    ranked = held.with_columns((nw.col("kind") == "tenant").alias("is_tenant"))
    holders = ranked.unique("value", keep="first", order_by=["is_tenant", "record_id"])
    holders = holders.select("value", nw.col("record").alias("company"))
    found = addresses.join(holders, left_on="domain", right_on="value")
    said = found.select("company", "observed_at", nw.lit("domain").alias("via"), person="record")
    return with_ends(said, records.select("record"), engine)


def shared_tenants(domains: nw.LazyFrame) -> nw.LazyFrame:
    """The tenants that two companies use: company (a record)."""
    found = domains.filter((nw.col("kind") == "tenant") & (nw.col("reason").cast(TEXT) == _SHARED))
    return found.select(company="record").unique("company")


def members(
    memberships: nw.LazyFrame,
    records: nw.LazyFrame,
    shared: nw.LazyFrame,
    entities: Mapping[str, nw.LazyFrame],
    engine: Engine,
) -> nw.LazyFrame:
    """Bring memberships of records to profiles and accounts.

    A membership is over where each way in which it was known is: a newer row of the record names other companies, or
    all that tells of it was last seen before another account was first known in the same way. What was seen in turns,
    or at no known time, goes on.

    Where the address of a record is one company's and the name it gives another's, it is evidence of neither: an
    account that nothing else leads to is for a person to decide on, and never primary. So are the accounts that go by
    one name, of a person of whom nothing else is known.

    The primary account is one that is not over; not a tenant that two companies use; the one known in the strongest way
    (CRM, then tenant, then mail domain, then company name; but of who is in tenants of several accounts, as consultants
    are, the mail domain before the tenants); of several, the one most lately known; then the smallest account id.

    Args:
        memberships: person, company (records), via, observed_at, until (when the person's record told otherwise).
        records: record, last_seen.
        shared: see `shared_tenants`.
        entities: for each level record, entity_id.
        engine: what runs it.

    Returns:
        The frame `members`: one row for each profile and account.
    """
    known = _placed(_spanned(memberships, records, engine), shared, entities, engine)
    ways = _ways(known, engine)
    found = ways.group_by(_PAIR).agg(
        nw.col("weight", "rank").max(),
        nw.col("since").min(),
        nw.col("latest").max(),
        nw.col("last").max(),
        nw.col("goes_on").max(),
        nw.col("own").max(),
        nw.col("sure").max(),
    )
    inside = engine.lists(known.select(*_PAIR, "tenant_ids"), _PAIR, "tenant_ids")
    found = engine.checkpoint(found.join(inside, on=_PAIR, how="left"))
    order = ["goes_on", "own", "rank", "latest", "account_id"]
    ordered = engine.number(found.sort(order, descending=[True] * 4 + [False], nulls_last=True), "place")
    sure = nw.col("sure") == _SURE
    best = ordered.filter(sure).group_by("profile_id").agg(nw.col("place").min())
    best = best.select("place", nw.lit(value=True).alias("is_primary"))
    flagged = ordered.join(best, on="place", how="left").with_columns(
        _via_of(nw.col("weight")).alias("via"),
        nw.when(nw.col("goes_on") == 0).then(nw.col("last")).alias("until"),
        nw.col("is_primary").fill_null(value=False),
        nw.when(sure).then(nw.lit("used")).otherwise(nw.lit("review")).alias("state"),
        _reason().alias("reason"),
    )
    return engine.checkpoint(cast(flagged, "members").sort("profile_id", "account_id"))


def _spanned(memberships: nw.LazyFrame, records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Add when each membership was last seen: when its record was, or told otherwise."""
    held = engine.lookup(memberships, "person", records, "record", {"last_seen": "last_seen"})
    seen = nw.max_horizontal("observed_at", "last_seen")
    return held.with_columns(nw.coalesce(nw.col("until"), seen).alias("last"))


def _placed(
    memberships: nw.LazyFrame, shared: nw.LazyFrame, entities: Mapping[str, nw.LazyFrame], engine: Engine
) -> nw.LazyFrame:
    """Name the profile and the account of each membership, its weight and tenant; is it of one company, is it sure?"""
    people = entities["person"].select(nw.col("record").alias("person"), nw.col("entity_id").alias("profile_id"))
    accounts = entities["account"].select(nw.col("record").alias("company"), nw.col("entity_id").alias("account_id"))
    tenants = entities["tenant"].select(nw.col("record").alias("company"), nw.col("entity_id").alias("tenant_ids"))
    shared = shared.select("company", nw.lit(0).cast(COUNT).alias("own"))
    known = memberships.join(people, on="person").join(accounts, on="company")
    known = known.join(tenants, on="company", how="left").join(shared, on="company", how="left")
    weight = nw.lit(0.0)
    for via, odds in VIA_WEIGHTS.items():
        weight = nw.when(nw.col("via") == via).then(nw.lit(odds)).otherwise(weight)
    used = nw.when(nw.col("via") != "domain").then(nw.col("tenant_ids"))  # an address tells no workspace
    known = known.with_columns(weight.alias("weight"), used.alias("tenant_ids"), nw.col("own").fill_null(1))
    return _with_doubts(engine.checkpoint(known.drop("company")), engine)


def _with_doubts(known: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say how sure each membership is, and leave out namesakes of people of whom more is known."""
    is_named = nw.col("via") == _NAMED
    said = known.filter(is_named).select("person", "account_id").unique(["person", "account_id"])
    several = engine.with_totals(said, ["person"], n=nw.len()).filter(nw.col("n") > 1)
    several = engine.checkpoint(several.select("person", nw.lit(value=True).alias("several")).unique("person"))
    known = engine.lookup(known, "person", several, "person", {"several": "several"})
    of_many = is_named & ~nw.col("several").is_null()
    clear = engine.checkpoint(known.filter(~of_many).drop("several"))
    clear = engine.lookup(clear, "person", _torn(clear), "person", {"torn": "torn"})
    doubted = ~nw.col("torn").is_null() & nw.col("via").is_in(list(_WRITTEN))
    clear = clear.with_columns(nw.when(doubted).then(_SURE - 1).otherwise(_SURE).cast(COUNT).alias("sure")).drop("torn")
    others = known.filter(of_many).drop("several")
    others = others.join(clear.select("profile_id").unique("profile_id"), on="profile_id", how="anti")
    others = others.with_columns(nw.lit(0).cast(COUNT).alias("sure"))
    return engine.checkpoint(nw.concat([clear, others]).drop("person"))


def _torn(known: nw.LazyFrame) -> nw.LazyFrame:
    """The records whose address is of no company that they name: person, torn."""
    said = (nw.when(nw.col("via") == via).then(1).otherwise(0).cast(COUNT).alias(via) for via in _WRITTEN)
    held = known.select("person", "account_id", *said).group_by("person", "account_id").agg(nw.col(*_WRITTEN).max())
    both = (nw.col("domain") * nw.col("company_name")).alias("both")
    told = held.with_columns(both).group_by("person").agg(nw.col(*_WRITTEN, "both").max())
    apart = (nw.col("domain") == 1) & (nw.col("company_name") == 1) & (nw.col("both") == 0)
    return told.filter(apart).select("person", nw.lit(1).cast(COUNT).alias("torn"))


def _ways(known: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """One row for each profile, account and way: whether it goes on, as 0 or 1, what it is worth, and its rank."""
    undated = nw.col("observed_at").is_null() | nw.col("last").is_null()
    marked = known.with_columns(
        nw.when(undated).then(1).otherwise(0).cast(COUNT).alias("undated"),
        nw.when(nw.col("until").is_null()).then(1).otherwise(0).cast(COUNT).alias("open"),
    )
    ways = marked.group_by(*_PAIR, "via").agg(
        nw.col("weight").max(),
        nw.col("observed_at").min().alias("since"),
        nw.col("observed_at").max().alias("latest"),
        nw.col("last").max(),
        nw.col("undated").max(),
        nw.col("open").max(),
        nw.col("own").max(),
        nw.col("sure").max(),
    )
    ways = engine.with_totals(ways, ["profile_id", "via"], newest=nw.col("since").max(), accounts=nw.len())
    over = (nw.col("undated") == 0) & ((nw.col("open") == 0) | (nw.col("newest") > nw.col("last")))
    goes_on = nw.when(over).then(0).otherwise(1).cast(COUNT).alias("goes_on")
    elsewhere = (nw.col("via") == "tenant") & (nw.col("accounts") > 1)
    rank = nw.when(elsewhere).then(nw.lit(TENANTS_RANK)).otherwise(nw.col("weight")).alias("rank")
    return ways.with_columns(goes_on, rank)


def _via_of(weight: nw.Expr) -> nw.Expr:
    named = nw.lit(None).cast(TEXT)
    for via, odds in VIA_WEIGHTS.items():
        named = nw.when(weight == odds).then(nw.lit(via)).otherwise(named)
    return named


def _reason() -> nw.Expr:
    """Why a membership is in doubt, or never the primary one before others."""
    reason: nw.Expr = nw.when((nw.col("sure") == _SURE) & (nw.col("own") == 0)).then(nw.lit(_SHARED))
    for sure, doubt in enumerate(DOUBTS):
        reason = nw.when(nw.col("sure") == sure).then(nw.lit(doubt)).otherwise(reason)
    return reason
