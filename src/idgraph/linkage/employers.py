"""Employers: the companies of each person's record, by membership, by the domain it writes from, by the name it gives.

A name and a domain are brought to one key, their letters alone: `Kalitis Retail Ltd` and `kalitisretail.io` are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from idgraph.linkage.names import lacking_a_letter
from idgraph.normalise import normalise
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["Companies", "employers", "keyed"]

_NAMESAKES: Final = 3  # companies of one key; what more go by names none of them
# What companies put around their name where the plain domain was taken: getacme.com, acmehq.io.
_EMPLOYER: Final = ("record", "company", "account", "via")
_AROUND: Final = r"^(?:get|try|use|join|with|go|my)?(.{4,}?)(?:app|hq|inc|labs)?$"


@dataclass(frozen=True)
class Companies:
    """What is known of companies.

    Attributes:
        edges: left, right (records) that exact evidence joins.
        domains: record, value: the domains of companies.
        names: record, name: what companies are called.
    """

    edges: nw.LazyFrame
    domains: nw.LazyFrame
    names: nw.LazyFrame


def employers(
    memberships: nw.LazyFrame, addresses: nw.LazyFrame, said: nw.LazyFrame, companies: Companies, engine: Engine
) -> nw.LazyFrame:
    """Name the companies of each record.

    Args:
        memberships: person, company (records).
        addresses: record, domain: the company domains that people write from.
        said: record, name: the companies that people's records name.
        companies: what is known of companies.
        engine: what runs it.

    Returns:
        record, company (a text that means one company in this run), account (a record of that company; null where none
        is known), via (`belongs`, `domain`, `company_name`): each once.
    """
    joined = engine.components(companies.edges.select("left", "right"))
    known = engine.checkpoint(keyed(companies.domains.rename({"value": "name"}), "domain", engine))
    named = engine.checkpoint(keyed(companies.names, "name", engine))
    by_domain = _company(known.select("record", "key", text="name"), joined, engine)
    by_key = _company(nw.concat([known, named]), joined, engine)
    written = keyed(addresses.select("record", name="domain"), "domain", engine)
    told = [written.with_columns(nw.lit("domain").alias("via"))]
    told.append(keyed(said, "name", engine).with_columns(nw.lit("company_name").alias("via")))
    asked = engine.checkpoint(nw.concat(told))
    domains = by_domain.select("text", "company", "account").unique(["text", "company"])
    direct = engine.checkpoint(asked.join(domains, left_on="name", right_on="text").select("name", *_EMPLOYER))
    rest = asked.join(direct.select("record", "name"), on=["record", "name"], how="anti").select("record", "key", "via")
    keys = _answers(rest.select("key").unique("key"), by_key.select("key", "company", "account"), engine)
    belongs = _company(memberships.select(nw.col("company").alias("record"), "person"), joined, engine)
    belongs = belongs.select(nw.col("person").alias("record"), "company", "account", nw.lit("belongs").alias("via"))
    found = [belongs, direct.select(*_EMPLOYER), rest.join(keys, on="key").select(*_EMPLOYER)]
    return engine.checkpoint(nw.concat(found).unique(["record", "company", "via"]))


def _company(held: nw.LazyFrame, joined: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Add the company that a company's record is part of, as its smallest record and as a text."""
    found = engine.lookup(held, "record", joined, "node", {"whole": "component"})
    found = found.with_columns(nw.coalesce("whole", "record").alias("account")).drop("whole")
    return found.with_columns(nw.concat_str(nw.lit("company "), nw.col("account").cast(TEXT)).alias("company"))


def keyed(named: nw.LazyFrame, by: str, engine: Engine) -> nw.LazyFrame:
    """Add to names or domains of companies their key; those without one are left out.

    Args:
        named: record, name.
        by: what the names are: `name` or `domain`.
        engine: what runs it.

    Returns:
        record, name, key.
    """
    held = named.select("record", "name")
    return engine.map_batches(held, partial(_keys, by=by), {**held.collect_schema(), "key": TEXT})


def _keys(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    if by == "domain":
        text = rows["name"].str.split(".").list.get(0).str.replace(_AROUND, "${1}")
    else:
        text = normalise("company_name", rows["name"])["value"].str.replace_all(r"\band\b", "")
    key = text.str.replace_all(r"[^\p{L}\p{N}]", "")
    return rows.with_columns(key.alias("key")).filter(key.is_not_null() & (key != ""))


def _answers(asked: nw.LazyFrame, known: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say which companies go by each key, or by one that differs from it in a letter; else the key names itself."""
    few = engine.with_totals(known.unique(["key", "company"]), ["key"], n=nw.len())
    few = engine.checkpoint(few.filter(nw.col("n") <= _NAMESAKES).select("key", "company", "account"))
    met = engine.checkpoint(asked.join(few, on="key"))
    strange = engine.checkpoint(asked.join(known.select("key").unique("key"), on="key", how="anti"))
    meant = _mistyped(strange, few.select("key").unique("key"), engine)
    typed = engine.checkpoint(strange.join(meant, on="key").join(few, left_on="meant", right_on="key"))
    answered = nw.concat([frame.select("key", "company", "account") for frame in (met, typed)])
    others = asked.join(answered.select("key").unique("key"), on="key", how="anti")
    none = nw.lit(None).cast(known.collect_schema()["account"]).alias("account")
    called = others.select("key", nw.concat_str(nw.lit("called "), "key").alias("company"), none)
    return nw.concat([answered, called])


def _mistyped(strange: nw.LazyFrame, known: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Find the one known key from which a strange one differs by a letter: key, meant."""
    lacking = {"key": TEXT, "lacking": TEXT}
    one = engine.map_batches(strange, _lacking, lacking)
    other = engine.map_batches(known, _lacking, lacking).rename({"key": "meant"})
    met = engine.checkpoint(one.join(other, on="lacking").select("key", "meant").unique(["key", "meant"]))
    near = engine.checkpoint(engine.map_batches(met, _near, {"key": TEXT, "meant": TEXT}))
    only = near.group_by("key").agg(nw.len().alias("n"), nw.col("meant").min()).filter(nw.col("n") == 1)
    return only.select("key", "meant")


def _lacking(rows: pl.DataFrame) -> pl.DataFrame:
    return lacking_a_letter(rows["key"]).rename({"word": "key"})


def _near(rows: pl.DataFrame) -> pl.DataFrame:
    edits = process.cpdist(rows["key"].to_list(), rows["meant"].to_list(), scorer=OSA.distance)
    return rows.filter(pl.Series(edits <= 1))
