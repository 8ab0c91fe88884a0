"""Identifiers that follow from others: addresses in ids, addresses without tags, domains of a company's people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.normalise import email_base, email_domain
from idgraph.schema import TEXT
from idgraph.sources.load import IDENTIFIER
from idgraph.sources.values import VALUE_SCHEMA, value_kernel

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["address_domains", "addresses_in_ids", "member_domains", "untagged_addresses"]


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

    Args:
        memberships: person, company (records).
        addresses: see `address_domains`.
        config: what share is a majority.
        engine: what runs it.

    Returns:
        record (the company's), value (the domain), support (addresses), observed_at (when first known), reason
        (`minority`, or null for the majority).
    """
    held = memberships.select("person", "company").join(addresses, left_on="person", right_on="record")
    distinct = held.group_by("company", "domain", "value").agg(nw.col("observed_at").min())
    counted = distinct.group_by("company", "domain").agg(nw.len().alias("support"), nw.col("observed_at").min())
    counted = engine.with_totals(counted, ["company"], total=nw.col("support").sum())
    share = nw.when(nw.col("support") <= config.domain_majority * nw.col("total")).then(nw.lit("minority"))
    return engine.checkpoint(
        counted.select(
            nw.col("company").alias("record"),
            nw.col("domain").alias("value"),
            "support",
            "observed_at",
            share.alias("reason"),
        )
    )
