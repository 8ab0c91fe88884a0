"""Persons: one row for each person whom undoubted evidence holds together and whose name is known.

What such evidence joins is compared as one, by the fullest of its names, the most telling of its addresses, what most
of its records say and all of its companies; so the same evidence is not counted again for each pair of records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.linkage.alike import commonest
from idgraph.linkage.compare import SEPARATOR
from idgraph.linkage.patterns import Comparison
from idgraph.linkage.similar import tidied
from idgraph.normalise import email_domain, normalise
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.fields import Field

__all__ = ["HOLDS", "People", "Persons", "persons", "proven"]

_ATTRIBUTES: Final = {"title": "text", "company_name": "text", "city": "text", "country": "category"}
# What the columns of a person hold: see `idgraph.linkage.fields.HOLDINGS`.
HOLDS: Final[dict[str, str]] = {
    "given": "name",
    "family": "name",
    "email": "email",
    "phone": "phone",
    "company": "several",
    **_ATTRIBUTES,
}
_TYPED: Final = ("lead", "contact")  # kinds of records that somebody typed; those of products copy each other
_COMPANIES: Final = 8  # of one person; who has more is an agency, or no person
_PROVEN: Final = 100_000  # pairs are enough to learn from


@dataclass(frozen=True)
class People:
    """What is known of the people of a run.

    Attributes:
        records: record, kind, first_seen and attributes.
        names: record, name; see `idgraph.linkage.exact.names_of`.
        identifiers: by type record, value, state: exact evidence.
        edges: left, right (records): what undoubted evidence, source systems and judgements join.
        employers: record, company: see `idgraph.linkage.employers`.
    """

    records: nw.LazyFrame
    names: nw.LazyFrame
    identifiers: Mapping[str, nw.LazyFrame]
    edges: nw.LazyFrame
    employers: nw.LazyFrame


@dataclass(frozen=True)
class Persons:
    """The people of a run who are known by name.

    Attributes:
        table: row, side (0), record (the smallest), first_seen (when), and columns of `HOLDS`: one row a person.
        records: record, kind, unit (names a person), and the attributes of `HOLDS`.
        names: record, unit, given, family: of each record with a first and a last name.
    """

    table: nw.LazyFrame
    records: nw.LazyFrame
    names: nw.LazyFrame


def persons(people: People, engine: Engine) -> Persons:
    """Bring together what is known of each person."""
    known = engine.components(people.edges)
    records = engine.lookup(people.records, "record", known, "node", {"unit": "component"})
    units = engine.checkpoint(records.with_columns(nw.coalesce("unit", "record").alias("unit")))
    of_record = units.select("record", "unit")
    names = _given_and_family(people.names, engine)
    names = engine.checkpoint(engine.lookup(names, "record", of_record, "record", {"unit": "unit"}))
    table = _with_values(_named(units, names, engine), people, units, engine)
    ordered = engine.number(table.drop("unit").sort("record"), "row")
    held = [name for name in ("record", "kind", "unit", *_ATTRIBUTES) if name in units.collect_schema().names()]
    return Persons(ordered.with_columns(nw.lit(0).cast(COUNT).alias("side")), units.select(*held), names)


def proven(found: Persons, fields: Sequence[Field], engine: Engine) -> dict[str, Sequence[float]]:
    """Count how records agree that undoubted evidence says are one person's.

    Only names and attributes are asked: the addresses and ids that this evidence consists of agree because of it.

    Args:
        found: people and their records.
        fields: what is compared.
        engine: what runs it.

    Returns:
        By field, how many pairs agree on each of its levels; only pairs of which somebody typed one count.
    """
    asked = [replace(one, most_different=None) for one in fields if one.name in {"given", "family", *_ATTRIBUTES}]
    records = found.records.join(found.names.drop("unit"), on="record")
    told = engine.with_totals(
        records.with_columns(nw.when(nw.col("kind").is_in(_TYPED)).then("record").alias("typed")),
        ["unit"],
        anchor=nw.col("typed").min(),
    )
    pairs = told.filter(nw.col("record") != nw.col("anchor")).select(left="anchor", right="record").sort("right")
    pairs = engine.checkpoint(pairs.head(_PROVEN))
    held = nw.concat([pairs.select(row="left"), pairs.select(row="right")]).unique("row")
    values = records.rename({"record": "row"}).join(held, on="row", how="semi")
    values = values.select("row", nw.lit(0).cast(COUNT).alias("side"), *(field.name for field in asked))
    comparison = Comparison(tidied(values, asked, engine), asked, engine)
    counted = comparison.patterns([pairs]).group_by("pattern").agg(nw.len().alias("pairs"))
    rows = engine.collect(counted).sort("pattern")
    levels = comparison.decoded(rows["pattern"].to_numpy()).levels
    return {
        field.name: np.bincount(
            levels[levels[:, place] >= 0, place],
            weights=rows["pairs"].to_numpy()[levels[:, place] >= 0],
            minlength=len(field.holding.levels),
        ).tolist()
        for place, field in enumerate(asked)
    }


def _given_and_family(named: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Part names into given and family names: record, name, given, family; names of one word are left out.

    The first word is the given name, unless it stands last in the names of others, and the last word first: some
    systems and lists have the family name first.
    """
    words = {"record": named.collect_schema()["record"], "name": TEXT, "first": TEXT, "middle": TEXT, "last": TEXT}
    parted = engine.checkpoint(engine.map_batches(named, _words, words))
    counted = []
    for place, sign in (("first", 1), ("last", -1)):
        seen = parted.group_by(place).agg(nw.len().cast(COUNT).alias("n")).rename({place: "word"})
        counted.append(seen.select("word", (nw.col("n") * sign).alias("n")))
    more = nw.concat(counted).group_by("word").agg(nw.col("n").sum().alias("n"))
    family_first = engine.checkpoint(more.filter(nw.col("n") < 0).select(nw.col("word").alias("first")))
    given_last = engine.checkpoint(more.filter(nw.col("n") > 0).select(nw.col("word").alias("last")))
    turned = parted.join(family_first, on="first", how="semi").join(given_last, on="last", how="semi")
    kept = parted.join(turned.select("record"), on="record", how="anti")
    either = [
        kept.select("record", "name", nw.col("first").alias("given"), _together("middle", "last").alias("family")),
        turned.select("record", "name", nw.col("last").alias("given"), _together("first", "middle").alias("family")),
    ]
    return engine.checkpoint(nw.concat(either))


def _together(one: str, other: str) -> nw.Expr:
    return nw.concat_str(one, other, separator=" ", ignore_nulls=True)


def _words(rows: pl.DataFrame) -> pl.DataFrame:
    names = normalise("person_name", rows["name"])["value"]
    parts = names.str.extract_groups("^([^ ]+) (?:(.+) )?([^ ]+)$").struct.unnest()
    parted = rows.select("record", name=names, first=parts["1"], middle=parts["2"], last=parts["3"])
    return parted.drop_nulls("last")


def _named(units: nw.LazyFrame, names: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """One row a person, with the longest of its names: unit, given, family, record, first_seen."""
    told = engine.with_totals(
        names.with_columns(nw.col("name").str.len_chars().alias("letters")), ["unit"], most=nw.col("letters").max()
    )
    longest = told.filter(nw.col("letters") == nw.col("most")).select("unit", "name", "given", "family")
    fullest = longest.group_by("unit").agg(nw.col("name").min())
    one = longest.join(fullest, on=["unit", "name"]).group_by("unit").agg(nw.col("given").min(), nw.col("family").min())
    first = units.group_by("unit").agg(nw.col("record").min(), nw.col("first_seen").min())
    return engine.checkpoint(one.join(first, on="unit"))


def _with_values(table: nw.LazyFrame, people: People, units: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Add what is known of each person besides the name."""
    of_record, columns = units.select("record", "unit"), units.collect_schema().names()
    told = {name: units.select("unit", nw.col(name).alias("said")) for name in _ATTRIBUTES if name in columns}
    for kind, ranked in (("email", _ranked_addresses), ("phone", None)):
        if kind in people.identifiers:
            used = people.identifiers[kind].filter(nw.col("state") == "used").select("record", said="value")
            if ranked is not None:
                used = engine.map_batches(used, ranked, used.collect_schema())
            told[kind] = used.join(of_record, on="record").select("unit", "said")
    for name, said in told.items():
        best = commonest(said, engine)
        table = table.join(best.select("unit", nw.col("said").alias(name)), on="unit", how="left")
    if "email" in told:
        table = table.with_columns(nw.col("email").str.replace_all("^[0-9]", ""))
    companies = people.employers.join(of_record, on="record").select("unit", "company").unique(["unit", "company"])
    listed = engine.lists(companies, ["unit"], "company")
    joined = engine.map_batches(listed, _joined, {**listed.collect_schema(), "company": TEXT})
    return engine.checkpoint(table.join(joined, on="unit", how="left"))


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("company").list.sort().list.head(_COMPANIES).list.join(SEPARATOR))


def _ranked_addresses(rows: pl.DataFrame) -> pl.DataFrame:
    """Addresses, those at a company's own domain first: with 0 or 1 before them."""
    of_company = email_domain(rows["said"])["note"].is_null()
    rank = pl.select(pl.when(of_company).then(pl.lit("0")).otherwise(pl.lit("1"))).to_series()
    return rows.select("record", (rank + rows["said"]).alias("said"))
