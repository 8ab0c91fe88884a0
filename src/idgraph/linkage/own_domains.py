"""Own domains: those of providers, hosts and networks that the lists name, of the companies that are called so.

Public lists of mail providers hold companies' own domains, and a provider is a company too: `Comcast` with the website
`comcast.net`. Its name outranks the list, for itself alone: whoever else has that domain has it from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.linkage.employers import keyed
from idgraph.linkage.guards import NOTES_OF_LISTS, OWN_DOMAIN
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["own_domains", "with_reason", "without_note"]


def own_domains(rows: nw.LazyFrame, names: nw.LazyFrame, engine: Engine) -> nw.LazyFrame | None:
    """Find the domains on a list whose holders are called so.

    Args:
        rows: identifiers of companies, of a type of domains.
        names: record, name: what companies are called; tenants, who name themselves freely, are not asked.
        engine: what runs it.

    Returns:
        record, value, each once; None where there is none.
    """
    noted = rows.filter(nw.col("note").is_in(list(NOTES_OF_LISTS))).select("record", name="value")
    listed = engine.checkpoint(keyed(noted, "domain", engine))
    if not engine.count(listed):
        return None
    named = names.join(listed.select("record"), on="record", how="semi")
    called = keyed(named, "name", engine).select("record", "key")
    own = listed.join(called, on=["record", "key"]).select("record", value="name").unique(["record", "value"])
    own = engine.checkpoint(own)
    return own if engine.count(own) else None


def without_note(rows: nw.LazyFrame, own: nw.LazyFrame | None, engine: Engine) -> nw.LazyFrame:
    """Take the note of a list off what is the holder's own; see `own_domains`."""
    if own is None:
        return rows
    rows = rows.join(own.with_columns(nw.lit(value=True).alias("own")), on=["record", "value"], how="left")
    note = nw.when(nw.col("own").is_null()).then(nw.col("note").cast(TEXT)).alias("note")
    return engine.checkpoint(rows.with_columns(note).drop("own"))


def with_reason(marked: nw.LazyFrame, own: nw.LazyFrame | None, engine: Engine) -> nw.LazyFrame:
    """Say of used domains that they are on a list and used all the same."""
    if own is None:
        return marked
    told = own.with_columns(nw.lit(OWN_DOMAIN).alias("own"))
    marked = marked.join(told, on=["record", "value"], how="left")
    overridden = nw.when(nw.col("state") == "used").then(nw.col("own"))
    reason = nw.coalesce(nw.col("reason").cast(TEXT), overridden).cast(engine.word).alias("reason")
    return engine.checkpoint(marked.with_columns(reason).drop("own"))
