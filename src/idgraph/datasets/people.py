"""The true people of a world: names, mail addresses, employers, and which systems get to know them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.companies import phones
from idgraph.datasets.draw import chance, folded, moments, numbered, order_within, pick, pick_by, when
from idgraph.datasets.names import FAMILY, FREE_MAIL, GIVEN, HANDLES, NATIVE, NICKNAMES, TITLES
from idgraph.datasets.places import COUNTRIES

if TYPE_CHECKING:
    import numpy.typing as npt

    from idgraph.datasets.draw import Bools, Ints, Rng
    from idgraph.datasets.rates import Rates

__all__ = ["PERSON_SCRIPTS", "make_people"]

LANGUAGES = tuple(GIVEN)

PERSON_SCRIPTS: dict[str, dict[str, int]] = {
    "visitor_lead": {"hubspots": 1, "form": 1, "devices": 1},
    "visitor_user": {"app": 1, "cookie": 1, "devices": 1},
    "lead_visitor_user": {"app": 1, "private": 1, "cookie": 1, "hubspots": 1, "form": 1, "devices": 1},
    "tenant_user_clickstream": {"app": 1, "clicks": 1},
    "contact_user": {"app": 1, "contacts": 1},
    "lead_contact": {"contacts": 1, "leads": 1},
    "converted_lead": {"contacts": 1, "leads": 1, "converted": 1},
    "merged_record": {"hubspots": 2, "merged": 1},
    "alias": {"app": 1, "alias": 1, "devices": 1},
}
"""Some people leave only these traces, so that one link alone joins their records, and nothing odd befalls them."""

_FLAGS = (
    "app",
    "private",
    "workspace",
    "twice",
    "cookie",
    "identified",
    "form",
    "alias",
    "clicks",
    "converted",
    "merged",
)


def make_people(rng: Rng, companies: pl.DataFrame, rates: Rates) -> pl.DataFrame:
    """One row a person.

    Returns:
        person (row number), _entity, company, old_company and client (row numbers, -1 for none), language, given,
        family, nick, given_ascii, family_ascii, own_script (some), title, work_email, old_email, mate_email (a
        colleague's), private_email, mobile, touched (seconds), script, and the plan: counts of records and devices, and
        the columns of `_FLAGS`.
    """
    company = np.repeat(np.arange(companies.height), companies["people"].to_numpy())
    size = len(company)
    employer = companies[company]
    named = _names(rng, employer)
    old_company = np.where(chance(rng, size, 0.12), rng.integers(0, companies.height, size), -1)
    old_company[old_company == company] = -1
    frame = named.with_columns(
        person=pl.Series(np.arange(size)),
        _entity=numbered("per_", size),
        company=pl.Series(company),
        old_company=pl.Series(old_company),
        title=pick(rng, TITLES, size),
        mobile=phones(rng, employer["country_no"].to_numpy(), landline=False),
        touched=pl.Series(moments(rng, size, last=1_777_000_000)),
    )
    frame = frame.with_columns(_mail(rng, frame, companies, rates))
    return _planned(rng, frame, companies)


def _names(rng: Rng, employer: pl.DataFrame) -> pl.DataFrame:
    """Names of the country's language, one in seven from anywhere; now and then two colleagues share one name."""
    size = employer.height
    languages = np.array([LANGUAGES.index(place.language) for place in COUNTRIES])
    language = languages[employer["country_no"].to_numpy()]
    language = np.where(chance(rng, size, 0.15), rng.integers(0, len(LANGUAGES), size), language)
    given = pick_by(rng, [GIVEN[name] for name in LANGUAGES], language, 1.25)
    family = pick_by(rng, [FAMILY[name] for name in LANGUAGES], language, 1.25)
    family = when(
        chance(rng, size, 0.02), family + "-" + pick_by(rng, [FAMILY[name] for name in LANGUAGES], language), family
    )
    rows = np.arange(size)
    namesake = (
        chance(rng, size, 0.012)
        & (rows > 0)
        & (employer["company"] == employer["company"].shift(1)).fill_null(value=False).to_numpy()
    )
    rows = np.where(namesake, rows - 1, rows)
    given, family = given.gather(rows), family.gather(rows)
    short = given.replace_strict(
        {name: "/".join(nicks) for name, nicks in NICKNAMES.items()}, default=None, return_dtype=pl.String
    )
    both = short.str.split("/")
    nick = when(chance(rng, size, 0.5), both.list.first(), both.list.last())
    native_given = given.replace_strict(NATIVE, default=None, return_dtype=pl.String)
    native_family = family.replace_strict(NATIVE, default=None, return_dtype=pl.String)
    east = pl.Series(language == LANGUAGES.index("cn"))
    own_script = when(east, native_family + native_given, native_given + " " + native_family)
    return pl.DataFrame(
        {
            "language": pl.Series(LANGUAGES).gather(language),
            "given": given,
            "family": family,
            "nick": nick,
            "given_ascii": folded(given),
            "family_ascii": folded(family),
            "own_script": own_script,
        }
    )


def _work_local(frame: pl.DataFrame, pattern: pl.Series) -> pl.Series:
    given, family = (
        pl.col(f"{part}_ascii").str.to_lowercase().str.replace_all(r"[^a-z]", "") for part in ("given", "family")
    )
    locals_ = (
        given + "." + family,
        given.str.slice(0, 1) + family,
        given,
        family,
        given.str.slice(0, 1) + "." + family,
        given + pl.lit("_") + family,
    )
    chosen = pl.coalesce(pl.when(pattern == number).then(local) for number, local in enumerate(locals_))
    return frame.select(chosen).to_series()


def _private_local(rng: Rng, frame: pl.DataFrame) -> pl.Series:
    size = frame.height
    given, family = (
        pl.col(f"{part}_ascii").str.to_lowercase().str.replace_all(r"[^a-z]", "") for part in ("given", "family")
    )
    nick = pl.col("nick").fill_null(pl.col("given_ascii")).str.to_lowercase().str.replace_all(r"[^a-z]", "")
    year = pl.Series(rng.integers(60, 105, size) % 100).cast(pl.String).str.zfill(2)
    handle = pick(rng, HANDLES, size) + pl.Series(rng.integers(1, 999, size)).cast(pl.String)
    kind = pl.Series(rng.choice(7, size, p=[0.3, 0.2, 0.13, 0.1, 0.1, 0.05, 0.12]))
    choices = (
        given + "." + family,
        given + family + pl.lit(year),
        given.str.slice(0, 1) + family + pl.lit(year),
        nick + "." + family,
        family + "." + given,
        nick + pl.lit(year),
        pl.lit(handle),
    )
    return frame.select(
        pl.coalesce(pl.when(kind == number).then(choice) for number, choice in enumerate(choices))
    ).to_series()


def _mail(rng: Rng, frame: pl.DataFrame, companies: pl.DataFrame, rates: Rates) -> list[pl.Series]:
    """Work, former and private addresses; no two people get the same one, except through a shared inbox."""
    size = frame.height
    employer = companies[frame["company"]]
    former_no = frame["old_company"].to_numpy()
    former = companies[np.maximum(former_no, 0)]
    work_domain = when(
        chance(rng, size, 0.07) & employer["script"].is_null().to_numpy(),
        employer["domain2"].fill_null(employer["domain"]),
        employer["domain"],
    )
    free = pick_by(rng, [FREE_MAIL.get(name, FREE_MAIL["any"]) for name in LANGUAGES], _language_no(frame))
    local = pl.concat(
        [_work_local(frame, employer["pattern"]), _work_local(frame, former["pattern"]), _private_local(rng, frame)]
    )
    domain = pl.concat([work_domain, former["domain"], free])
    taken = pl.concat(
        [
            pl.Series([True]).new_from_index(0, size),
            pl.Series(former_no >= 0),
            pl.Series([True]).new_from_index(0, size),
        ]
    )
    address = _unique_mail(when(taken, local + "@" + domain, None))
    private = address.slice(2 * size, size)
    neighbour = np.maximum(np.arange(size) - 1, 0)
    same_firm = frame["company"].to_numpy() == frame["company"].to_numpy()[neighbour]
    shared = chance(rng, size, rates.shared_inbox) & same_firm
    return [
        address.slice(0, size).alias("work_email"),
        address.slice(size, size).alias("old_email"),
        address.slice(0, size).gather(np.where(same_firm, neighbour, np.arange(size))).alias("mate_email"),
        when(shared, private.gather(neighbour), private).alias("private_email"),
    ]


def _language_no(frame: pl.DataFrame) -> Ints:
    numbers = frame["language"].replace_strict(list(LANGUAGES), list(range(len(LANGUAGES))), return_dtype=pl.Int64)
    return numbers.to_numpy()


def _unique_mail(address: pl.Series) -> pl.Series:
    """Number the second and later bearers of an address, as mail servers do: jdoe, jdoe2, and so on."""
    for _ in range(5):
        seen = order_within(address)
        again = (seen > 0) & address.is_not_null()
        if not again.any():
            break
        numbered_local = address.str.extract(r"^([^@]*)@") + (seen + 1).cast(pl.String)
        address = when(again, numbered_local + address.str.extract(r"(@.*)$"), address)
    return address


def _planned(rng: Rng, frame: pl.DataFrame, companies: pl.DataFrame) -> pl.DataFrame:
    """Decide for each person which systems hold a record, and how they came to it."""
    size = frame.height
    employer = companies[frame["company"]]
    plan = _usual_plan(rng, employer)
    firm = employer["script"]
    early = (order_within(frame["company"]) < 2).to_numpy()  # two users make a majority
    plan["app"] |= firm.is_in(["crm_account_tenant", "reference_only"]).fill_null(value=False).to_numpy() & early
    plan["app"] |= (employer["tenants"] > 0).to_numpy() & (order_within(frame["company"]) == 0).to_numpy()
    plan["private"] &= firm.is_null().to_numpy()
    plan["contacts"] *= firm.is_null().to_numpy()
    plan["private"] &= plan["app"]
    none = (plan["contacts"] + plan["leads"] + plan["hubspots"] + plan["app"]) == 0
    plan["leads"] = np.where(none, 1, plan["leads"])
    script = _person_scripts(rng, frame, employer)
    for name, fixed in PERSON_SCRIPTS.items():
        mask = (script == name).fill_null(value=False).to_numpy()
        for column, values in plan.items():
            values[mask] = fixed.get(column, 0)
    client = np.where(
        chance(rng, size, 0.02) & (plan["app"] == 0) & script.is_null().to_numpy(), _clients(rng, companies, size), -1
    )
    plan["app"] = np.where(client >= 0, 1, plan["app"])
    columns = [
        pl.Series(name, values).cast(pl.Boolean if name in _FLAGS else pl.Int64) for name, values in plan.items()
    ]
    return frame.with_columns(*columns, pl.Series("client", client), script.alias("script"))


def _usual_plan(rng: Rng, employer: pl.DataFrame) -> dict[str, Ints]:
    size = employer.height
    has = {column: (employer[column] > 0).to_numpy() for column in ("tenants", "accounts", "hubspots")}

    def flag(share: float | npt.NDArray[np.float64], among: Bools | None = None) -> Ints:
        hit = chance(rng, size, share)
        return (hit if among is None else hit & among).astype(np.int64)

    app = chance(rng, size, np.where(has["tenants"], 0.5, 0.04))
    private = flag(0.23) | ~has["tenants"]
    hubspots = chance(rng, size, np.where(has["hubspots"], 0.6, 0.15))
    contacts = chance(rng, size, np.where(has["accounts"], 0.46, 0.0))
    form = flag(0.45, hubspots)
    return {
        "app": app.astype(np.int64),
        "private": private.astype(np.int64),
        "workspace": flag(0.25) | ~has["tenants"],
        "twice": flag(0.03, app),
        "cookie": flag(0.4, app),
        "identified": flag(0.8, app),
        "form": form,
        "alias": flag(0.05, app),
        "clicks": flag(0.85, app),
        "converted": flag(0.25),
        "merged": flag(0.45),
        "hubspots": hubspots * (1 + flag(0.07)),
        "contacts": contacts * (1 + flag(0.12)),
        "leads": rng.choice(4, size, p=[0.64, 0.25, 0.08, 0.03]),
        "devices": (app | (form > 0)) * (1 + flag(0.25) + flag(0.1)),
    }


def _person_scripts(rng: Rng, frame: pl.DataFrame, employer: pl.DataFrame) -> pl.Series:
    usable = (
        employer["script"].is_null()
        & (employer["tenants"] > 0)
        & (employer["accounts"] > 0)
        & (frame["old_company"] < 0)
    )
    places = rng.permutation(np.flatnonzero(usable.to_numpy()))
    each = max(3, frame.height // 160)
    script = np.full(frame.height, None, dtype=object)
    for number, name in enumerate(PERSON_SCRIPTS):
        script[places[: each * len(PERSON_SCRIPTS)][number :: len(PERSON_SCRIPTS)]] = name
    return pl.Series(script.tolist(), dtype=pl.String)


def _clients(rng: Rng, companies: pl.DataFrame, size: int) -> Ints:
    """Firms that have a tenant and enough staff to outnumber a consultant."""
    firms = np.flatnonzero(
        (companies["tenants"] > 0).to_numpy()
        & (companies["people"] >= 8).to_numpy()
        & companies["script"].is_null().to_numpy()
    )
    return rng.choice(firms, size) if len(firms) else np.full(size, -1)
