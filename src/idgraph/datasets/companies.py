"""The true companies of a world: names, domains, size, parent; and the tenants they opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.draw import chance, folded, moments, numbered, order_within, pick, pick_by, stamp, typo, when
from idgraph.datasets.names import FAMILY
from idgraph.datasets.places import (
    COUNTRIES,
    DESCRIPTORS,
    ENDINGS,
    INDUSTRIES,
    STEMS,
    SYLLABLES_END,
    SYLLABLES_MIDDLE,
    SYLLABLES_START,
    WORDS,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from idgraph.datasets.draw import Ints, Rng

__all__ = ["COMPANY_SCRIPTS", "company_text", "make_companies", "make_tenants", "phones"]

COMPANY_SCRIPTS = ("crm_account_tenant", "tenant_crm_id", "reference_only", "merged_account", "account_domain")
"""Links that alone join the records of some companies; such a company has no other evidence for them."""


def make_companies(rng: Rng, size: int) -> pl.DataFrame:
    """One row a company.

    Returns:
        company (row number), _entity, name, legal_name, old_name (some), acronym, country_no, city, industry,
        employees, people (how many of them the exports know), domain, domain2, domain3 (some), pattern (how it writes
        mail addresses), phone, parent (row number, -1 for none), tenants, accounts, hubspots, references (how many
        records of each), script.
    """
    country = rng.choice(len(COUNTRIES), size, p=_weights())
    people = np.clip(rng.lognormal(1.15, 0.85, size), 1, 60).round().astype(np.int64)
    name = _brands(rng, country)
    old_name = when(chance(rng, size, 0.10), _brands(rng, country), None)
    parent = np.where(chance(rng, size, 0.07), rng.integers(0, size, size), -1)
    parent[(parent >= np.arange(size)) | (parent % 11 == 0)] = -1  # earlier companies only: no circles
    counts = _record_counts(rng, people)
    frame = pl.DataFrame(
        {
            "company": np.arange(size),
            "_entity": numbered("cmp_", size),
            "name": name,
            "legal_name": _legal(rng, name, country),
            "old_name": old_name,
            "country_no": country,
            "city": pick_by(rng, [place.cities for place in COUNTRIES], country),
            "industry": pick(rng, INDUSTRIES, size, 1.4),
            "employees": (people * rng.lognormal(2.2, 1.0, size)).astype(np.int64) + people,
            "people": people,
            "pattern": rng.choice(6, size, p=[0.42, 0.22, 0.12, 0.08, 0.08, 0.08]),
            "phone": phones(rng, country, landline=True),
            "parent": parent,
            **counts,
        }
    )
    return _scripted(rng, frame.with_columns(_domains(rng, frame), acronym=_acronym(name)))


def _weights() -> npt.NDArray[np.float64]:
    total = sum(place.weight for place in COUNTRIES)
    return np.array([place.weight / total for place in COUNTRIES])


def _brands(rng: Rng, country: Ints) -> pl.Series:
    size = len(country)
    languages = [FAMILY[place.language] for place in COUNTRIES]
    parts = pl.DataFrame(
        {
            "kind": rng.choice(6, size, p=[0.28, 0.16, 0.2, 0.14, 0.1, 0.12]),
            "start": pick(rng, SYLLABLES_START, size),
            "middle": pick(rng, SYLLABLES_MIDDLE, size),
            "end": pick(rng, SYLLABLES_END, size),
            "stem": pick(rng, STEMS, size),
            "ending": pick(rng, ENDINGS, size),
            "word": pick(rng, WORDS, size),
            "what": pick(rng, DESCRIPTORS, size),
            "family": pick_by(rng, languages, country),
            "partner": pick_by(rng, languages, country),
        }
    )
    col, space = pl.col, pl.lit(" ")
    made_up = col("start") + col("middle") + col("end")
    choices = [
        made_up,
        made_up + space + col("what"),
        col("stem") + col("ending"),
        col("stem") + col("ending") + space + col("what"),
        col("family") + pl.lit(" & ") + col("partner"),
        col("word") + space + col("what"),
    ]
    chosen = pl.coalesce(pl.when(col("kind") == kind).then(choice) for kind, choice in enumerate(choices))
    return parts.select(chosen).to_series()


def _legal(rng: Rng, name: pl.Series, country: Ints) -> pl.Series:
    form = pick_by(rng, [place.legal for place in COUNTRIES], country)
    gap = when(form.str.starts_with(","), "", " ")
    return name + gap + form


def _acronym(name: pl.Series) -> pl.Series:
    initials = name.str.replace_all(r"[^A-Z ]", "").str.replace_all(" ", "")
    return when(initials.str.len_chars() >= 3, initials, None)


def _domains(rng: Rng, frame: pl.DataFrame) -> list[pl.Series]:
    """Up to three registrable domains a company, no two alike in the world."""
    size = frame.height
    country = frame["country_no"].to_numpy()
    slug = folded(frame["name"]).str.to_lowercase().str.replace_all(r"[^a-z0-9]", "")
    first_word = folded(frame["name"]).str.to_lowercase().str.extract(r"^([a-z0-9]+)").fill_null("co")
    short = when((first_word.str.len_chars() >= 5) & pl.Series(chance(rng, size, 0.4)), first_word, slug)
    decorated = short + pick(rng, ("hq", "group", "global", "app", "labs"), size)
    old = folded(frame["old_name"]).str.to_lowercase().str.replace_all(r"[^a-z0-9]", "")
    tlds = [place.tlds for place in COUNTRIES]
    main = when(chance(rng, size, 0.07), "get" + short, short)
    second = old.fill_null(when(chance(rng, size, 0.5), decorated, short))
    wanted = pl.DataFrame(
        {
            "domain": main + "." + pick_by(rng, tlds, country),
            "domain2": when(chance(rng, size, 0.3), second + "." + pick_by(rng, tlds, country), None),
            "domain3": when(
                chance(rng, size, 0.06), decorated + "." + pick(rng, ("com", "io", "eu", "net"), size), None
            ),
        }
    )
    return _unique_domains(wanted)


def _unique_domains(wanted: pl.DataFrame) -> list[pl.Series]:
    size = wanted.height
    every = pl.concat([wanted[column].alias("domain") for column in wanted.columns])
    for _ in range(4):
        seen = order_within(every)
        again = (seen > 0) & every.is_not_null()
        if not again.any():
            break
        label = every.str.replace(r"\..*$", "") + (seen + 1).cast(pl.String)
        every = when(again, label + every.str.extract(r"(\..*)$"), every)
    return [every.slice(i * size, size).alias(column) for i, column in enumerate(wanted.columns)]


def _record_counts(rng: Rng, people: Ints) -> dict[str, Ints]:
    """How many tenants, CRM accounts, HubSpot companies and reference rows each company has."""
    size = len(people)
    product = chance(rng, size, 0.62)
    tenants = np.where(
        product, 1 + (chance(rng, size, 0.3) & (people > 4)) + (chance(rng, size, 0.3) & (people > 9)), 0
    )
    accounts = np.where(chance(rng, size, 0.82), 1 + chance(rng, size, 0.2) + chance(rng, size, 0.05), 0)
    hubspots = np.where(chance(rng, size, 0.66), 1 + chance(rng, size, 0.07), 0)
    references = chance(rng, size, 0.6).astype(np.int64)
    return {"tenants": tenants, "accounts": accounts, "hubspots": hubspots, "references": references}


def _scripted(rng: Rng, frame: pl.DataFrame) -> pl.DataFrame:
    """Give some companies records that one named link alone holds together."""
    size = frame.height
    each = max(2, size // 50)
    free = np.flatnonzero((frame["parent"] < 0).to_numpy() & (frame["people"] <= 12).to_numpy())
    chosen = rng.permutation(free)[: each * len(COMPANY_SCRIPTS)]
    script = np.full(size, None, dtype=object)
    for number, name in enumerate(COMPANY_SCRIPTS):
        script[chosen[number :: len(COMPANY_SCRIPTS)]] = name
    marked = frame.with_columns(script=pl.Series(script.tolist(), dtype=pl.String))
    fixed = {
        "crm_account_tenant": (1, 1, 0, 0),
        "tenant_crm_id": (1, 1, 0, 0),
        "reference_only": (1, 1, 0, 1),
        "merged_account": (0, 2, 0, 0),
        "account_domain": (0, 2, 0, 0),
    }
    columns = ("tenants", "accounts", "hubspots", "references")
    return marked.with_columns(
        pl.coalesce(
            *(
                pl.when(pl.col("script") == name).then(pl.lit(counts[place], pl.Int64))
                for name, counts in fixed.items()
            ),
            pl.col(column),
        ).alias(column)
        for place, column in enumerate(columns)
    ).with_columns(
        old_name=when(
            marked["script"].is_not_null(),
            _brands(rng, frame["country_no"].to_numpy()) + " Holding",
            frame["old_name"],
        )
    )


def phones(rng: Rng, country: Ints, *, landline: bool) -> pl.Series:
    """Numbers as E.164, of the shape that each country uses."""
    size = len(country)
    prefix = pick_by(
        rng, [["+" + c.calling + area for area in (c.landline if landline else c.mobile)] for c in COUNTRIES], country
    )
    digits = np.array([c.digits[int(landline)] for c in COUNTRIES])[country]
    number = rng.integers(2_000_000_000, 10_000_000_000, size)
    return prefix + (pl.Series(number).cast(pl.String)).str.slice(0, pl.Series(digits)) if size else prefix


def company_text(rng: Rng, frame: pl.DataFrame) -> pl.Series:
    """A company's name as people write it: brand, legal name, former name, acronym, capitals, mistyped."""
    draw = rng.random(frame.height)
    name = frame["name"]
    text = when(draw < 0.30, frame["legal_name"], name)
    text = when((draw >= 0.30) & (draw < 0.38), name.str.to_uppercase(), text)
    text = when((draw >= 0.38) & (draw < 0.45), typo(rng, name), text)
    text = when((draw >= 0.45) & (draw < 0.49), name.str.replace(r" .*$", ""), text)
    text = when((draw >= 0.49) & (draw < 0.52), frame["acronym"].fill_null(name), text)
    text = when((draw >= 0.52) & (draw < 0.56), frame["old_name"].fill_null(name), text)
    return when((draw >= 0.56) & (draw < 0.60), folded(name).str.to_lowercase(), text)


def make_tenants(rng: Rng, companies: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The product's tenants of the companies; private workspaces come with the people who open them.

    Args:
        rng: where the draws come from.
        companies: as `make_companies` gives.
        accounts: salesforce accounts with _company and Id.

    Returns:
        tenant_id, name, domain and salesforce_account_id (both mostly null), plan, created_at, _company, _entity,
        _script.
    """
    rows = np.repeat(np.arange(companies.height), companies["tenants"].to_numpy())
    owners = companies[rows]
    size = owners.height
    order = order_within(pl.Series(rows)).to_numpy()
    script = owners["script"]
    shown = owners["name"] + pick(rng, ("", "", "", " EMEA", " US", " Staging", " Team", " Production"), size)
    name = when(
        order == 0,
        when(pl.Series(chance(rng, size, 0.75)) | script.is_not_null(), owners["name"], company_text(rng, owners)),
        shown,
    )
    unnamed = pl.Series(chance(rng, size, 0.06)) & script.is_null()
    has_domain = pl.Series(chance(rng, size, 0.3)) & (script.is_null() | (script == "reference_only"))
    first = accounts.unique("_company", keep="first", maintain_order=True).select("Id", company="_company")
    crm = owners.join(first, on="company", how="left", maintain_order="left")["Id"]
    linked = (pl.Series(chance(rng, size, 0.2)) & script.is_null()) | (script == "tenant_crm_id").fill_null(value=False)
    return pl.DataFrame(
        {
            "tenant_id": numbered("t_", size, 1),
            "name": when(unnamed, "My workspace", name),
            "domain": when(has_domain, owners["domain"], None),
            "salesforce_account_id": when(linked, when(chance(rng, size, 0.4), crm.str.slice(0, 15), crm), None),
            "plan": pick(rng, ("free", "free", "trial", "team", "business", "enterprise"), size),
            "created_at": stamp(moments(rng, size)),
            "_company": owners["company"],
            "_entity": owners["_entity"],
            "_script": script,
        }
    )
