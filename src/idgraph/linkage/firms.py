"""Firms: one row for each company that exact evidence holds together, and links between those that are alike.

A tenant, an account of a CRM and a row of a reference are compared by what they are called, by name or by domain, by
telephone, place, trade and the people they have in common. Who belongs to a company is no evidence of who somebody is,
and here the other way round: people in common speak for one company only beside its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.linkage.alike import (
    LEAST_ROWS,
    Alike,
    commonest,
    facts_of,
    fields_of,
    filled,
    levels_of,
    links_of,
    with_fields,
)
from idgraph.linkage.compare import SEPARATOR
from idgraph.linkage.employers import keyed
from idgraph.linkage.similar import keys_to_compare, similar
from idgraph.normalise import normalise
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    import numpy.typing as npt

    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.linkage.fields import Field
    from idgraph.linkage.model import Model
    from idgraph.linkage.similar import Similar

__all__ = ["COMPANY_NAMES", "Firms", "firms_table", "keys_of_firms", "similar_firms"]

COMPANY_NAMES: Final = ("name", "legal_name", "tenant_name")  # attributes that say what a company is called
_ATTRIBUTES: Final = {"city": "text", "country": "category", "industry": "category", "employees": "size"}
_HOLDS: Final[dict[str, str]] = {
    "name": "text",
    "domain": "several",
    "phone": "phone",
    "people": "several",
    **_ATTRIBUTES,
}
_MOST: Final = 60  # names, domains or people of one company that are compared
_COMPANIES: Final = 4  # of one person; whoever is with more is a consultant or an agency


@dataclass(frozen=True)
class Firms:
    """What is known of the companies of a run.

    Attributes:
        records: record, kind, first_seen and attributes, of companies.
        identifiers: by type record, value, state, reason: exact evidence.
        edges: left, right (records): what exact evidence, source systems and judgements join.
        hierarchy: child, parent (records).
        people: record (a company's), person (an integer that names one): who belongs to it; None: not asked.
    """

    records: nw.LazyFrame
    identifiers: Mapping[str, nw.LazyFrame]
    edges: nw.LazyFrame
    hierarchy: nw.LazyFrame
    people: nw.LazyFrame | None = None


def similar_firms(firms: Firms, config: Config, engine: Engine, model: Model | None = None) -> Alike | None:
    """Link companies that are alike.

    Args:
        firms: what is known.
        config: which weight is strict.
        engine: what runs it.
        model: weights learnt before; default: learnt from these companies.

    Returns:
        The links; None where no model was given and there are too few companies to learn one from.

    Raises:
        ConfigError: the model is of another kind of table.
    """
    ready = _ready(firms, engine, model)
    if ready is None:
        return None
    units, table, fields = ready
    found = similar(table.drop("record", "first_seen"), fields, engine, model=model)
    links = links_of(found, table, _named_alike, config, engine)
    return Alike(_without_kin(links, firms, units, engine), found.model, facts_of(found, table, engine))


def keys_of_firms(firms: Firms, engine: Engine, model: Model | None = None) -> list[dict[str, Any]]:
    """How pairs to compare would be found; see `similar_firms` and `idgraph.linkage.candidates.Candidates.keys`."""
    ready = _ready(firms, engine, model)
    return [] if ready is None else keys_to_compare(ready[1], ready[2], engine)


def _ready(firms: Firms, engine: Engine, model: Model | None) -> tuple[nw.LazyFrame, nw.LazyFrame, list[Field]] | None:
    """The companies' records, the table of companies, and its fields; None where there are too few."""
    if model is None and engine.count(firms.records) < LEAST_ROWS:
        return None
    units = _units(firms, engine)
    table = _table(firms, units, engine)
    rows = engine.count(table)
    fields = fields_of(model, _HOLDS) if model else filled(table, rows, _HOLDS, engine, names_differ=0.0)
    if rows < (2 if model else LEAST_ROWS) or "name" not in {field.name for field in fields}:
        return None
    return units, engine.checkpoint(with_fields(table, fields)), fields


def firms_table(firms: Firms, engine: Engine) -> nw.LazyFrame:
    """One row a company, as companies are compared: row, side, record (the smallest), first_seen, and its values."""
    return _table(firms, _units(firms, engine), engine)


def _units(firms: Firms, engine: Engine) -> nw.LazyFrame:
    """The records with the company each is part of so far: record, unit, first_seen and attributes."""
    known = engine.components(firms.edges)
    records = engine.lookup(firms.records, "record", known, "node", {"unit": "component"})
    return engine.checkpoint(records.with_columns(nw.coalesce("unit", "record").alias("unit")))


def _table(firms: Firms, units: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """One row a company: row, side, record (the smallest), first_seen (when), and columns of `_HOLDS`.

    Who has no name is called by the letters of a domain; who has neither is left out.
    """
    of_record, columns = units.select("record", "unit"), units.collect_schema().names()
    said = [units.select("record", nw.col(name)).rename({name: "name"}) for name in COMPANY_NAMES if name in columns]
    none = units.head(0).select("record", nw.lit("").alias("name"))
    names = nw.concat([none, *said]).filter(~nw.col("name").is_null())
    names = engine.map_batches(names, _cleaned, names.collect_schema())
    domains = engine.checkpoint(_domains(firms, of_record))
    clear = domains.filter(nw.col("state") == "used").select("record", name="domain")
    named = engine.checkpoint(names.join(of_record, on="record").select("unit", said="name"))
    by_domain = keyed(clear, "domain", engine).join(of_record, on="record").join(named, on="unit", how="anti")
    told = {"name": nw.concat([named, by_domain.select("unit", said="key")])}
    told |= {name: units.select("unit", said=name) for name in _ATTRIBUTES if name in columns}
    if "phone" in firms.identifiers:
        phones = firms.identifiers["phone"].filter(nw.col("reason").is_null()).select("record", said="value")
        told["phone"] = phones.join(of_record, on="record").select("unit", "said")
    several = {"domain": domains.select("unit", "domain")}
    if firms.people is not None:
        several["people"] = _in_common(firms.people.join(of_record, on="record"), engine)
    table = units.group_by("unit").agg(nw.col("record").min(), nw.col("first_seen").min())
    for name, values in told.items():
        best = commonest(values, engine)
        table = table.join(best.rename({"said": name}), on="unit", how="left")
    for name, values in several.items():
        listed = engine.lists(values.select("unit", said=name), ["unit"], "said")
        joined = engine.map_batches(listed, _joined, {**listed.collect_schema(), "said": TEXT})
        table = table.join(joined.rename({"said": name}), on="unit", how="left")
    named = table.filter(~nw.col("name").is_null()).drop("unit")
    return engine.number(named.sort("record"), "row").with_columns(nw.lit(0).cast(COUNT).alias("side"))


def _domains(firms: Firms, of_record: nw.LazyFrame) -> nw.LazyFrame:
    """The domains of companies, those that others hold too included: record, unit, domain, state."""
    if "domain" not in firms.identifiers:
        return of_record.head(0).with_columns(nw.lit("").alias("domain"), nw.lit("").alias("state"))
    own = (nw.col("state") != "suppressed") | (nw.col("reason").cast(TEXT) == "ambiguous_domain")
    domains = firms.identifiers["domain"].filter(own).select("record", "state", domain="value")
    return domains.join(of_record, on="record").unique(["record", "domain"])


def _in_common(people: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The people of companies, without those who are with many: unit, people (texts that name one)."""
    once = people.select("unit", "person").unique(["unit", "person"])
    few = engine.with_totals(once, ["person"], n=nw.len()).filter(nw.col("n") <= _COMPANIES)
    return few.select("unit", nw.col("person").cast(TEXT).alias("people"))


def _cleaned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(normalise("company_name", rows["name"])["value"].alias("name")).drop_nulls("name")


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("said").list.sort().list.head(_MOST).list.join(SEPARATOR))


def _named_alike(found: Similar, patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the two are called alike."""
    holding = next(field.holding for field in found.comparison.fields if field.name == "name")
    agrees = np.array([level.agrees > 0 for level in holding.levels])
    alike: npt.NDArray[np.bool_] = agrees[levels_of(found, patterns, "name")["name"]]
    return alike


def _without_kin(links: nw.LazyFrame, firms: Firms, units: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Leave to a person whether companies are one of which one owns the other, or somebody both."""
    of_record = units.select("record", "unit")
    family = engine.components(_in_units(firms.hierarchy, of_record, engine))
    for side in ("left", "right"):
        links = engine.lookup(links, side, of_record, "record", {f"{side}_unit": "unit"})
        links = engine.lookup(links, f"{side}_unit", family, "node", {f"{side}_kin": "component"})
    kin = nw.coalesce(nw.col("left_kin") == nw.col("right_kin"), nw.lit(value=False)) & (nw.col("state") == "used")
    state = nw.when(kin).then(nw.lit("review")).otherwise("state").alias("state")
    reason = nw.when(kin).then(nw.lit("related")).otherwise("reason").alias("reason")
    return engine.checkpoint(links.with_columns(state, reason).drop("left_unit", "right_unit", "left_kin", "right_kin"))


def _in_units(hierarchy: nw.LazyFrame, of_record: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    ends = hierarchy.select("child", "parent")
    ends = engine.lookup(ends, "child", of_record, "record", {"left": "unit"})
    ends = engine.lookup(ends, "parent", of_record, "record", {"right": "unit"})
    return ends.select("left", "right").filter(~nw.col("left").is_null() & ~nw.col("right").is_null())
