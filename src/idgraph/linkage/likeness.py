"""Likeness: links between records that share no value, of companies first, then of people who know their company.

Then of companies once more, with the people they have in common: that never feeds back to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.linkage.alike import Alike, with_edges
from idgraph.linkage.employers import Companies, employers
from idgraph.linkage.exact import Exact, names_of
from idgraph.linkage.firms import Firms, keys_of_firms, similar_firms
from idgraph.linkage.models import Models
from idgraph.linkage.people import keys_of_people, similar_people
from idgraph.linkage.persons import People
from idgraph.normalise import country_code
from idgraph.schema import ACCOUNT_KINDS, PERSON_KINDS, Level

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Likeness", "Linked", "keys_of", "likeness"]


@dataclass(frozen=True)
class Linked:
    """What a run knows before anybody is compared.

    Attributes:
        records: record, kind, first_seen and attributes.
        exact: exact evidence of people and of accounts.
        memberships: person, company (records).
        addresses: record, domain: the company domains that people write from.
        hierarchy: child, parent (records).
        same: left, right (records): what source systems merged, and what was judged to be one.
    """

    records: nw.LazyFrame
    exact: Mapping[Level, Exact]
    memberships: nw.LazyFrame
    addresses: nw.LazyFrame
    hierarchy: nw.LazyFrame
    same: nw.LazyFrame


@dataclass(frozen=True)
class Likeness:
    """Records that are alike; None where there were too few to learn from, or none were compared.

    Attributes:
        people: see `idgraph.linkage.alike.Alike`.
        companies: likewise.
        memberships: person, company (records), via: people and the known companies that go by the name they give.
    """

    people: Alike | None = None
    companies: Alike | None = None
    memberships: nw.LazyFrame | None = None

    @property
    def links(self) -> list[nw.LazyFrame]:
        """All links."""
        return [alike.links for alike in (self.people, self.companies) if alike is not None]

    @property
    def facts(self) -> dict[str, Mapping[str, Any]]:
        """How they were found, by level: see `Alike.facts`."""
        of_level = {"person": self.people, "account": self.companies}
        return {level: alike.facts for level, alike in of_level.items() if alike is not None}

    @property
    def models(self) -> Models:
        """What their weights come from."""
        return Models(
            people=self.people.model if self.people else None,
            companies=self.companies.model if self.companies else None,
        )


def likeness(known: Linked, models: Models, config: Config, engine: Engine) -> Likeness:
    """Compare companies, people, and companies by their people.

    Args:
        known: what exact evidence says.
        models: weights learnt before; where there is none they are learnt from these records.
        config: which weight is strict.
        engine: what runs it.

    Raises:
        ConfigError: a model is of another kind of table.
    """
    known = replace(known, records=_with_countries(known.records, engine))
    firms = similar_firms(_firms(known, None), config, engine, models.companies)
    at = _employers(known, with_edges(known.exact["account"].edges, firms), engine)
    people = similar_people(_people(known, at, config, engine), config, engine, models.people)
    if firms is not None:  # known by what they are called, now by their people too
        firms = similar_firms(_firms(known, _inside(known, people, engine)), config, engine, models.companies)
    return Likeness(people, firms, _named(at, engine))


def keys_of(known: Linked, models: Models, config: Config, engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Count the pairs that `likeness` would compare, by level; what companies have in common is taken from `known`.

    Returns:
        `person` and `account`: see `idgraph.linkage.candidates.Candidates.keys`.
    """
    known = replace(known, records=_with_countries(known.records, engine))
    firms = keys_of_firms(_firms(known, _inside(known, None, engine)), engine, models.companies)
    at = _employers(known, known.exact["account"].edges, engine)
    return {"person": keys_of_people(_people(known, at, config, engine), engine, models.people), "account": firms}


def _inside(known: Linked, people: Alike | None, engine: Engine) -> nw.LazyFrame:
    """Who belongs to companies: record (a company's), person (the smallest record of a person)."""
    persons = engine.components(with_edges(known.exact["person"].edges, people).select("left", "right"))
    belongs = known.memberships.select("person", record="company")
    placed = engine.lookup(belongs, "person", persons, "node", {"whole": "component"})
    return engine.checkpoint(placed.select("record", nw.coalesce("whole", "person").alias("person")))


def _with_countries(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Write countries in one way: one system has names, another codes."""
    schema = records.collect_schema()
    return engine.map_batches(records, _country, schema) if "country" in schema.names() else records


def _country(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(country_code(rows["country"]).alias("country"))


def _firms(known: Linked, people: nw.LazyFrame | None) -> Firms:
    exact = known.exact["account"]
    return Firms(
        records=known.records.filter(nw.col("kind").is_in(list(ACCOUNT_KINDS))),
        identifiers=exact.identifiers,
        edges=nw.concat([exact.edges.select("left", "right"), known.same]),
        hierarchy=known.hierarchy,
        people=people,
    )


def _named(employers: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The known companies that go by the name that a record gives; there may be several."""
    named = employers.filter((nw.col("via") == "company_name") & ~nw.col("account").is_null())
    said = named.select(person="record", company="account", via=nw.lit("company_name"))
    return engine.checkpoint(said.unique(["person", "company"]))


def _employers(known: Linked, accounts: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    domains = known.exact["account"].identifiers["domain"]
    companies = Companies(
        edges=accounts,
        domains=domains.filter(nw.col("state") == "used").select("record", "value"),
        names=names_of(known.records.filter(nw.col("kind").is_in(list(ACCOUNT_KINDS))), "account"),
    )
    said = _companies_said(known.records.filter(nw.col("kind").is_in(list(PERSON_KINDS))))
    return employers(known.memberships, known.addresses, said, companies, engine)


def _people(known: Linked, at: nw.LazyFrame, config: Config, engine: Engine) -> People:
    exact = known.exact["person"]
    records = known.records.filter(nw.col("kind").is_in(list(PERSON_KINDS)))
    undoubted = exact.edges.filter(nw.col("weight") >= config.strict_weight).select("left", "right")
    return People(
        records=records,
        names=engine.checkpoint(names_of(records, "person")),
        identifiers=exact.identifiers,
        edges=nw.concat([undoubted, known.same]),
        employers=at,
    )


def _companies_said(records: nw.LazyFrame) -> nw.LazyFrame:
    """The companies that people's records name: record, name."""
    if "company_name" not in records.collect_schema().names():
        return records.head(0).select("record", nw.lit("").alias("name"))
    return records.select("record", nw.col("company_name").alias("name")).filter(~nw.col("name").is_null())
