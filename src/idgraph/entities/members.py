"""Members: which accounts each profile belongs to, through what, since when, and which is the primary one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.schema import TEXT, cast

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["VIA_WEIGHTS", "domain_memberships", "members"]

# How a membership is known, and the log2 odds that it is right: the CRM says so, the product, the mail domain, or what
# somebody wrote into the field for the company.
VIA_WEIGHTS: Final[dict[str, float]] = {"crm": 20.0, "tenant": 15.0, "domain": 10.0, "company_name": 6.0}


def domain_memberships(addresses: nw.LazyFrame, domains: nw.LazyFrame, records: nw.LazyFrame) -> nw.LazyFrame:
    """People belong to the company whose domain they write from.

    Args:
        addresses: record, domain, observed_at of people.
        domains: record, kind, value, state of the domains that companies hold.
        records: record, record_id.

    Returns:
        person, company (records), via, observed_at. Of the records that hold a domain it is the first account, and only
        where there is none a tenant. A domain that could mean several companies is suppressed, and says nothing here.
    """
    held = domains.filter(nw.col("state") == "used").join(records.select("record", "record_id"), on="record")
    ranked = held.with_columns((nw.col("kind") == "tenant").alias("is_tenant"))
    holders = ranked.unique("value", keep="first", order_by=["is_tenant", "record_id"])
    holders = holders.select("value", nw.col("record").alias("company"))
    found = addresses.join(holders, left_on="domain", right_on="value")
    first = found.group_by("record", "company").agg(nw.col("observed_at").min())
    return first.select(nw.col("record").alias("person"), "company", nw.lit("domain").alias("via"), "observed_at")


def members(memberships: nw.LazyFrame, entities: dict[str, nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """Bring memberships of records to profiles and accounts.

    The primary account is the one known in the strongest way (CRM, then tenant, then mail domain, then company name);
    of several, the one most lately seen; then the smallest account id.

    Args:
        memberships: person, company (records), via, observed_at.
        entities: for each level record, entity_id.
        engine: what runs it.

    Returns:
        The frame `members`: one row for each profile and account.
    """
    people = entities["person"].select(nw.col("record").alias("person"), nw.col("entity_id").alias("profile_id"))
    accounts = entities["account"].select(nw.col("record").alias("company"), nw.col("entity_id").alias("account_id"))
    tenants = entities["tenant"].select(nw.col("record").alias("company"), nw.col("entity_id").alias("tenant_ids"))
    weight = nw.lit(0.0)
    for via, odds in VIA_WEIGHTS.items():
        weight = nw.when(nw.col("via") == via).then(nw.lit(odds)).otherwise(weight)
    known = memberships.join(people, on="person").join(accounts, on="company").join(tenants, on="company", how="left")
    used = nw.when(nw.col("via") != "domain").then(nw.col("tenant_ids"))  # an address tells no workspace
    known = known.with_columns(weight.alias("weight"), used.alias("tenant_ids")).drop("person", "company")
    known = engine.checkpoint(known)
    pair = ["profile_id", "account_id"]
    spans = known.group_by(pair).agg(
        nw.col("weight").max(), nw.col("observed_at").min().alias("since"), nw.col("observed_at").max().alias("latest")
    )
    named = nw.lit(None).cast(TEXT)
    for via, odds in VIA_WEIGHTS.items():
        named = nw.when(nw.col("weight") == odds).then(nw.lit(via)).otherwise(named)
    inside = engine.lists(known.select(*pair, "tenant_ids"), pair, "tenant_ids")
    found = engine.checkpoint(spans.with_columns(named.alias("via")).join(inside, on=pair, how="left"))
    order = ["weight", "latest", "account_id"]
    ordered = engine.number(found.sort(order, descending=[True, True, False], nulls_last=True), "place")
    best = (
        ordered.group_by("profile_id")
        .agg(nw.col("place").min())
        .select("place", nw.lit(value=True).alias("is_primary"))
    )
    flagged = ordered.join(best, on="place", how="left")
    flagged = flagged.with_columns(nw.col("is_primary").fill_null(value=False), nw.lit("used").alias("state"))
    return engine.checkpoint(cast(flagged, "members").sort("profile_id", "account_id"))
