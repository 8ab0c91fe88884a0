"""People whom no shared value joins: named ones are compared by name, address, employer and what else is known.

What undoubted evidence joins is compared as one, by the fullest of its names, the most telling of its addresses and the
company of most of its records; so the same evidence is not counted again for each pair of records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.linkage.compare import SEPARATOR
from idgraph.linkage.fields import Field
from idgraph.linkage.rules import SIMILAR_RULE
from idgraph.linkage.similar import similar
from idgraph.normalise import email_domain, normalise
from idgraph.schema import COUNT, NUMBER, TEXT

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.linkage.similar import Similar

__all__ = ["People", "similar_people"]

_ATTRIBUTES: Final = {"title": "text", "company_name": "text", "city": "text", "country": "category"}
_BELOW_STRICT: Final = 0.1  # what is alike is never evidence that needs no doubt
_LEAST_ROWS: Final = 20  # fewer people teach nothing
_NAMES_DIFFER: Final = 0.05  # of one person's names; colleagues agree in all but their names
_PRECISION: Final = 0.99
_ADDRESSES: Final = (0, 2)  # levels on which an address makes up for a name that differs: marriage, say
_CLEARLY: Final = 2.0  # bits by which a link has to be likelier than its rival
_COMPANIES: Final = 8  # of one person; who has more is an agency, or no person
_FILLED: Final = 0.02  # a column of which fewer have a value tells little, and costs as much as others


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


def similar_people(people: People, config: Config, engine: Engine) -> nw.LazyFrame | None:
    """Link people who are alike.

    Args:
        people: what is known.
        config: which weight is strict.
        engine: what runs it.

    Returns:
        left, right (records), rule, weight (log2 odds that they are one), probability, strict, evidence, observed_at,
        state (`used`, `cut`, `review`), reason: one row a pair of people; None where there are too few to learn from.
    """
    table = _table(people, engine)
    rows = engine.count(table)
    if rows < _LEAST_ROWS:
        return None
    names = [name for name in table.collect_schema().names() if name not in {"row", "record", "first_seen", "side"}]
    held = engine.collect(table.select(*(nw.col(name).count() for name in names))).row(0)
    fields = [
        Field(name, _HOLDS[name], _NAMES_DIFFER if _HOLDS[name] == "name" else None)
        for name, count in zip(names, held, strict=True)
        if count >= max(_FILLED * rows, 2)
    ]
    if not {"given", "family"} <= {field.name for field in fields}:
        return None
    found = similar(table.drop("record", "first_seen"), fields, engine, precision=_PRECISION)
    return _links(found, table, rows, config, engine)


_HOLDS: Final[dict[str, str]] = {
    "given": "name",
    "family": "name",
    "email": "email",
    "phone": "phone",
    "company": "several",
    **_ATTRIBUTES,
}


def _table(people: People, engine: Engine) -> nw.LazyFrame:
    """One row for each person known by name: row, side, record (the smallest), first_seen (when), and the fields."""
    known = engine.components(people.edges)
    records = engine.lookup(people.records, "record", known, "node", {"unit": "component"})
    units = engine.checkpoint(records.with_columns(nw.coalesce("unit", "record").alias("unit")))
    of_record = units.select("record", "unit")
    names = engine.map_batches(
        people.names, _full_names, {**people.names.select("record").collect_schema(), "said": TEXT}
    )
    table = _fullest(names.join(of_record, on="record"), "said")
    table = _given_and_family(table, engine)
    first = units.group_by("unit").agg(nw.col("record").min(), nw.col("first_seen").min())
    table = table.join(first, on="unit")
    columns = units.collect_schema().names()
    told = {name: units.select("unit", nw.col(name).alias("said")) for name in _ATTRIBUTES if name in columns}
    for kind, ranked in (("email", _ranked_addresses), ("phone", None)):
        if kind in people.identifiers:
            used = (
                people.identifiers[kind]
                .filter(nw.col("state") == "used")
                .select("record", nw.col("value").alias("said"))
            )
            if ranked is not None:
                used = engine.map_batches(used, ranked, used.collect_schema())
            told[kind] = used.join(of_record, on="record").select("unit", "said")
    for name, said in told.items():
        best = _commonest(said.filter(~nw.col("said").is_null()), engine)
        table = table.join(best.select("unit", nw.col("said").alias(name)), on="unit", how="left")
    companies = people.employers.join(of_record, on="record").select("unit", "company").unique(["unit", "company"])
    listed = engine.lists(companies, ["unit"], "company")
    table = table.join(engine.map_batches(listed, _joined, {**listed.collect_schema(), "company": TEXT}), on="unit", how="left")
    if "email" in told:
        table = table.with_columns(nw.col("email").str.replace_all("^[0-9]", ""))
    ordered = engine.number(table.drop("unit").sort("record"), "row")
    return ordered.with_columns(nw.lit(0).cast(COUNT).alias("side"))


def _full_names(rows: pl.DataFrame) -> pl.DataFrame:
    """Names of two words or more, with the number of their letters before them."""
    names = normalise("person_name", rows["name"])["value"]
    full = rows.select("record", names.alias("name")).filter(pl.col("name").str.contains(" ", literal=True))
    letters = full["name"].str.len_chars().cast(pl.String).str.zfill(4)
    return full.select("record", (letters + full["name"]).alias("said"))


def _given_and_family(said: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Part names into given and family names: unit, given, family.

    The first word is the given name, unless it stands last in the names of others, and the last word first: some
    systems and lists have the family name first.
    """
    words = {"unit": said.collect_schema()["unit"], "first": TEXT, "middle": TEXT, "last": TEXT}
    parted = engine.checkpoint(engine.map_batches(said, _words, words))
    counted = []
    for place in ("first", "last"):
        seen = parted.group_by(place).agg(nw.len().cast(COUNT).alias("n")).rename({place: "word"})
        counted.append(seen.select("word", (nw.col("n") if place == "first" else 0 - nw.col("n")).alias("n")))
    more = nw.concat(counted).group_by("word").agg(nw.col("n").sum().alias("n"))
    family_first = engine.checkpoint(more.filter(nw.col("n") < 0).select(nw.col("word").alias("first")))
    given_last = engine.checkpoint(more.filter(nw.col("n") > 0).select(nw.col("word").alias("last")))
    turned = parted.join(family_first, on="first", how="semi").join(given_last, on="last", how="semi")
    kept = parted.join(turned.select("unit"), on="unit", how="anti")
    either = [
        kept.select(
            "unit",
            nw.col("first").alias("given"),
            nw.concat_str("middle", "last", separator=" ", ignore_nulls=True).alias("family"),
        ),
        turned.select(
            "unit",
            nw.col("last").alias("given"),
            nw.concat_str("first", "middle", separator=" ", ignore_nulls=True).alias("family"),
        ),
    ]
    return engine.checkpoint(nw.concat(either))


def _words(rows: pl.DataFrame) -> pl.DataFrame:
    parts = rows["said"].str.slice(4).str.extract_groups("^([^ ]+) (?:(.+) )?([^ ]+)$").struct.unnest()
    return rows.select("unit", first=parts["1"], middle=parts["2"], last=parts["3"])


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("company").list.sort().list.head(_COMPANIES).list.join(SEPARATOR))


def _ranked_addresses(rows: pl.DataFrame) -> pl.DataFrame:
    """Addresses, those at a company's own domain first: with 0 or 1 before them."""
    of_company = email_domain(rows["said"])["note"].is_null()
    rank = pl.select(pl.when(of_company).then(pl.lit("0")).otherwise(pl.lit("1"))).to_series()
    return rows.select("record", (rank + rows["said"]).alias("said"))


def _fullest(said: nw.LazyFrame, name: str) -> nw.LazyFrame:
    return said.group_by("unit").agg(nw.col(name).max())


def _commonest(said: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Of each person's values the one of most records; of several the first in the alphabet."""
    counted = engine.checkpoint(said.group_by("unit", "said").agg(nw.len().cast(COUNT).alias("n")))
    most = engine.with_totals(counted, ["unit"], most=nw.col("n").max())
    return engine.checkpoint(most.filter(nw.col("n") == nw.col("most")).group_by("unit").agg(nw.col("said").min()))


def _links(found: Similar, table: nw.LazyFrame, rows: int, config: Config, engine: Engine) -> nw.LazyFrame:
    prior = found.model.prior(rows, rows * (rows - 1) / 2)
    patterns = engine.collect(found.pairs.select("pattern").unique("pattern"))["pattern"].sort()
    codes = patterns.to_numpy()
    told = {"pattern": patterns, "evidence": _said(found, codes), "named": _named_alike(found, codes)}
    pairs = found.pairs.join(engine.lazy(pl.DataFrame(told)), on="pattern")
    for side in ("left", "right"):
        wanted = {f"{side}_record": "record", f"{side}_seen": "first_seen"}
        pairs = engine.lookup(pairs, side, table, "row", wanted)
    odds = nw.min_horizontal(nw.col("weight") + prior, nw.lit(config.strict_weight - _BELOW_STRICT))
    pairs = _with_rivals(pairs, engine)
    both = ~nw.col("left_seen").is_null() & ~nw.col("right_seen").is_null()
    later = nw.max_horizontal("left_seen", "right_seen")
    used = nw.col("state") == "used"
    doubt = nw.when(used & ~nw.col("named")).then(nw.lit("names_differ"))
    doubt = nw.when(used & nw.col("rivalled")).then(nw.lit("rivals")).otherwise(doubt)
    reason = nw.when(nw.col("state") == "cut").then(nw.lit("compared_apart")).otherwise(doubt)
    return engine.checkpoint(
        pairs.select(
            nw.col("left_record").alias("left"),
            nw.col("right_record").alias("right"),
            nw.lit(SIMILAR_RULE).alias("rule"),
            odds.cast(NUMBER).round(4).alias("weight"),
            "probability",
            nw.lit(value=False).alias("strict"),
            "evidence",
            nw.when(both).then(later).alias("observed_at"),
            nw.when(used & ~doubt.is_null()).then(nw.lit("review")).otherwise("state").alias("state"),
            reason.cast(TEXT).alias("reason"),
        )
    )


def _with_rivals(pairs: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Mark links that are hardly likelier than one to somebody else, from whom they part: of two namesakes, which?"""
    cut = pairs.filter(nw.col("state") == "cut")
    ends = nw.concat([cut.select(nw.col(side).alias("row"), "weight") for side in ("left", "right")])
    best = engine.checkpoint(ends.group_by("row").agg(nw.col("weight").max().alias("best")))
    for side in ("left", "right"):
        pairs = engine.lookup(pairs, side, best, "row", {f"{side}_best": "best"})
    rival = nw.max_horizontal("left_best", "right_best")
    return pairs.with_columns((rival > nw.col("weight") - _CLEARLY).fill_null(value=False).alias("rivalled"))


def _said(found: Similar, patterns: npt.NDArray[np.int64]) -> list[str]:
    """What fields say of each pattern, in words without values."""
    levels = found.comparison.decoded(patterns).levels
    fields = found.comparison.fields
    return [
        ", ".join(
            f"{field.name} {field.holding.levels[level].name}"
            for field, level in zip(fields, row, strict=True)
            if level >= 0 and field.holding.levels[level].agrees
        )
        for row in levels
    ]


def _named_alike(found: Similar, patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether both names agree, or the address does."""
    levels = found.comparison.decoded(patterns).levels
    fields = found.comparison.fields
    alike: npt.NDArray[np.bool_] = np.ones(len(patterns), dtype=bool)
    for place, field in enumerate(fields):
        if field.holds == "name":
            alike &= np.array([field.holding.levels[level].agrees > 0 for level in levels[:, place]], dtype=bool)
    for place, field in enumerate(fields):
        if field.holds == "email":
            alike |= np.isin(levels[:, place], _ADDRESSES)
    return alike
