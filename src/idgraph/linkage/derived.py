"""Identifiers that follow from others: addresses in ids, addresses without tags, domains of a company's people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.linkage.employers import keyed
from idgraph.normalise import email_base, email_domain
from idgraph.schema import TEXT
from idgraph.sources.load import IDENTIFIER
from idgraph.sources.values import VALUE_SCHEMA, value_kernel

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["address_domains", "addresses_in_ids", "member_domains", "untagged_addresses"]

_FEWEST: Final = 2  # people of another company; one may be a consultant
_TIMES: Final = 2  # as many people, and a tenant is clearly the one company's
_DIGITS: Final = 6


def addresses_in_ids(ids: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Read user ids that are e-mail addresses as addresses too: many products use the address as the id.

    Args:
        ids: working identifiers (see `idgraph.sources.load.Loaded`) of a type that names users.
        engine: what runs it.

    Returns:
        Further identifiers of type `email`, derived.
    """
    found = ids.filter(nw.col("value").str.contains("@", literal=True)).drop("raw", "note", "reason")
    carried = found.drop("value").collect_schema()
    found = found.select(*carried, nw.col("value").alias("raw"))  # the kernel's columns come last
    read = engine.map_batches(found, value_kernel("email", None), {**carried, **VALUE_SCHEMA})
    return _derived(read.filter(~nw.col("value").is_null()), engine)


def untagged_addresses(addresses: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Give tagged addresses (`ana+news@acme.io`), and plain ones they come down to, the type `email_base`.

    Args:
        addresses: working identifiers of type `email`.
        engine: what runs it.

    Returns:
        Further identifiers of type `email_base`, derived; none where nobody tags.
    """
    usable = addresses.filter(nw.col("reason").is_null())
    tagged = usable.filter(nw.col("value").str.contains("+", literal=True))
    based = engine.checkpoint(engine.map_batches(tagged, _base_kernel, tagged.collect_schema()))
    plain = engine.having(usable, based, ["value"])
    return engine.checkpoint(_derived(nw.concat([based, plain]), engine))


def _base_kernel(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(email_base(rows["value"]).alias("value"))


def _derived(found: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say of values that they were derived: they have no raw form of their own."""
    return found.with_columns(
        nw.lit("derived").cast(engine.word).alias("origin"), nw.lit(None).cast(TEXT).alias("raw")
    ).select(*IDENTIFIER)


def _domain_kernel(rows: pl.DataFrame) -> pl.DataFrame:
    found = email_domain(rows["value"])
    company = found.select(pl.when(pl.col("note").is_null()).then("value")).to_series()
    return rows.with_columns(company.alias("domain")).drop_nulls("domain")


def address_domains(addresses: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Read the company domain of e-mail addresses; providers', relays' and hosts' domains name no company.

    A role mailbox, or one that too many hold, names no person but still names the company.

    Args:
        addresses: record, value, observed_at of people's e-mail addresses.
        engine: what runs it.

    Returns:
        record, value (the address), domain, observed_at.
    """
    held = addresses.select("record", "value", "observed_at")
    return engine.map_batches(held, _domain_kernel, {**held.collect_schema(), "domain": TEXT})


def member_domains(memberships: nw.LazyFrame, addresses: nw.LazyFrame, config: Config, engine: Engine) -> nw.LazyFrame:
    """Give each company record the domains of its people, each address counted once.

    Who is in several tenants, such as a consultant, counts for each of them only in part.

    Args:
        memberships: person, company (records), via.
        addresses: see `address_domains`.
        config: what share is a majority.
        engine: what runs it.

    Returns:
        record (the company's), value (the domain), support (addresses), observed_at (when first known), reason: of a
        tenant `two_companies` where people of another company are about as many, or `consultant` where nobody but one
        who is in other tenants too writes from it; `minority`; or null for the majority.
    """
    held = memberships.select("person", "company", "via").join(addresses, left_on="person", right_on="record")
    held = held.with_columns((nw.col("via").cast(TEXT) == "tenant").alias("is_tenant"))
    distinct = held.group_by("company", "is_tenant", "domain", "value").agg(nw.col("observed_at").min())
    placed = engine.with_totals(distinct, ["is_tenant", "value"], places=nw.len())
    part = nw.when(nw.col("is_tenant")).then(1.0 / nw.col("places")).otherwise(nw.lit(1.0))
    counted = (
        placed.with_columns(part.alias("part"))
        .group_by("company", "is_tenant", "domain")
        .agg(
            nw.len().alias("support"),
            nw.col("part").sum(),
            nw.col("places").min(),
            nw.col("observed_at").min(),
        )
        .with_columns(nw.col("part").round(_DIGITS))
    )
    counted = engine.checkpoint(engine.with_totals(counted, ["company"], total=nw.col("part").sum()))
    counted = counted.join(_rivals(counted, engine), on=["company", "domain"], how="left")
    contested = nw.when(~nw.col("contested").is_null()).then(nw.lit("two_companies"))
    few = nw.when(nw.col("part") <= config.domain_majority * nw.col("total")).then(nw.lit("minority"))
    elsewhere = nw.col("is_tenant") & (nw.col("support") == 1) & (nw.col("places") > 1)
    reason = contested.otherwise(few.otherwise(nw.when(elsewhere).then(nw.lit("consultant"))))
    return engine.checkpoint(
        counted.select(
            nw.col("company").alias("record"),
            nw.col("domain").alias("value"),
            "support",
            "observed_at",
            reason.alias("reason"),
        )
    )


def _rivals(counted: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The domains between which a tenant stands: company, domain, contested.

    One is the domain of most of its people; the others have at least half as many, and two people. `acme.com` and
    `acme.de` are no rivals.
    """
    tenants = counted.filter(nw.col("is_tenant")).select("company", "domain", "support", "part")
    several = engine.with_totals(tenants, ["company"], n=nw.len()).filter(nw.col("n") > 1).drop("n")
    named = several.select(nw.col("company").alias("record"), nw.col("domain").alias("name"))
    keys = keyed(named, "domain", engine).select(company="record", domain="name", key="key")
    marked = several.join(keys, on=["company", "domain"]).with_columns((0.0 - nw.col("part")).alias("place"))
    marked = engine.checkpoint(marked)
    largest = marked.unique("company", keep="first", order_by=["place", "domain"])
    largest = largest.select("company", most="part", first="key")
    beside = engine.checkpoint(marked.join(largest, on="company"))
    is_first = nw.col("key") == nw.col("first")
    as_many = (nw.col("support") >= _FEWEST) & (nw.col("part") * _TIMES >= nw.col("most"))
    contested = beside.filter(~is_first & as_many).select("company").unique("company")
    between = beside.filter(is_first | as_many).join(contested, on="company", how="semi")
    return engine.checkpoint(between.select("company", "domain", nw.lit(value=True).alias("contested")))
