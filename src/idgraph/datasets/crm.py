"""People as the CRMs hold them: typed by reps, uploaded from lists, filled in by the people themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.companies import company_text
from idgraph.datasets.draw import (
    END,
    chance,
    choose,
    later,
    numbered,
    order_within,
    pick,
    salesforce_ids,
    short_ids,
    stamp,
    typo,
    when,
)
from idgraph.datasets.places import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.datasets.draw import Rng
    from idgraph.datasets.rates import Rates

__all__ = ["hubspot_contacts", "salesforce_contacts", "salesforce_leads"]

_ISO = "%Y-%m-%dT%H:%M:%S%.3f"
_JUNK_MAIL = ("test@test.com", "none@none.com", "n/a", "noemail@noemail.com", "test@test.com", "x@x.com", "unknown")
_JUNK_PHONE = ("0000000000", "n/a", "+1-111-111-1111", "000-000-0000", "1234567890", "unknown")
_NO_NAME = ("Unknown", "[not provided]", "-", ".", "n/a")
_ROLES = ("info", "info", "sales", "office", "contact", "admin", "billing", "hello", "support")

_REP_MAIL = {"none": 0.46, "work": 0.42, "typo": 0.05, "private": 0.04}
_SYNC_MAIL = {"work": 0.9, "private": 0.06, "none": 0.02, "typo": 0.02}
_LIST_MAIL = {"work": 0.69, "private": 0.08, "none": 0.1, "typo": 0.06}
_FORM_MAIL = {"work": 0.74, "private": 0.22, "typo": 0.03}
_REP_NAME = {"exact": 0.42, "nick": 0.2, "initial": 0.08, "ascii": 0.14, "typo": 0.1, "swapped": 0.03, "last": 0.03}
_LIST_NAME = {"exact": 0.36, "upper": 0.24, "ascii": 0.16, "swapped": 0.1, "typo": 0.06, "initial": 0.04, "lower": 0.04}
_FORM_NAME = {"exact": 0.62, "nick": 0.12, "lower": 0.1, "ascii": 0.08, "missing": 0.06, "typo": 0.02}
_SCRIPT_MAIL = {"work": 1.0}


def _rows(people: pl.DataFrame, column: str) -> tuple[pl.DataFrame, pl.Series]:
    rows = people[np.repeat(np.arange(people.height), people[column].to_numpy())]
    return rows, order_within(rows["person"])


def _employer_then(rng: Rng, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `at`, the company when the record was made, and `mail_then`.

    Half of the records of those who moved are from before.
    """
    before = (rows["old_company"] >= 0) & pl.Series(chance(rng, rows.height, 0.5))
    at = pl.select(pl.when(before).then(rows["old_company"]).otherwise(rows["company"])).to_series()
    return rows.with_columns(at=at, mail_then=when(before, rows["old_email"], rows["work_email"]))


def _mail(rng: Rng, rows: pl.DataFrame, shares: pl.Series, companies: pl.DataFrame, rates: Rates) -> pl.Series:
    """The address a record got, by the kind drawn for it; scripted people keep theirs."""
    size = rows.height
    mail = when(shares == "private", rows["private_email"], rows["mail_then"])
    mail = when(shares == "typo", typo(rng, mail), mail)
    mail = when(shares == "none", None, mail)
    role = pick(rng, _ROLES, size) + "@" + companies["domain"].gather(rows["at"])
    draw = rng.random(size)
    mail = when(draw < rates.role_mail, role, mail)
    mail = when(
        (draw >= rates.role_mail) & (draw < rates.role_mail + rates.junk_mail), pick(rng, _JUNK_MAIL, size), mail
    )
    mail = when(draw > 1 - rates.wrong_mail, rows["mate_email"], mail)
    return when(rows["script"].is_null(), mail, rows["work_email"])


def _mixed(rng: Rng, typed: pl.Series, yes: Mapping[str, float], no: Mapping[str, float]) -> pl.Series:
    return when(typed, choose(rng, yes, len(typed)), choose(rng, no, len(typed)))


def _name(rng: Rng, rows: pl.DataFrame, kind: pl.Series) -> tuple[pl.Series, pl.Series]:
    """First and last name, as far as the way of writing leaves them."""
    given, family, plain = rows["given"], rows["family"], kind.is_in(["ascii", "upper", "lower", "swapped"])
    half = pl.Series(chance(rng, rows.height, 0.5))
    first = when(plain, rows["given_ascii"], given)
    last = when(plain, rows["family_ascii"], family)
    first = when(kind == "nick", rows["nick"].fill_null(rows["given_ascii"]), first)
    first = when(kind == "initial", given.str.slice(0, 1) + ".", first)
    first = when((kind == "typo") & half, typo(rng, given), first)
    last = when((kind == "typo") & ~half, typo(rng, family), last)
    first, last = (
        when(kind == "upper", first.str.to_uppercase(), first),
        when(kind == "upper", last.str.to_uppercase(), last),
    )
    first, last = (
        when(kind == "lower", first.str.to_lowercase(), first),
        when(kind == "lower", last.str.to_lowercase(), last),
    )
    first, last = when(kind == "swapped", last, first), when(kind == "swapped", first, last)
    gone = kind == "missing"
    return when(gone | (kind == "last"), None, first), when(gone, None, last)


def _written_phone(rng: Rng, phone: pl.Series) -> pl.Series:
    """An E.164 number as people type it; only North Americans leave the country code out."""
    size = len(phone)
    kind = choose(rng, {"plain": 0.4, "spaced": 0.25, "local": 0.25, "extension": 0.1}, size)
    spaced = phone.str.replace(r"^(\+\d{1,3})(\d{2,3})(\d{3})(\d+)$", "${1} ${2} ${3} ${4}")
    local = phone.str.replace(r"^\+1(\d{3})(\d{3})(\d{4})$", "(${1}) ${2}-${3}")
    text = when(kind == "spaced", spaced, phone)
    text = when(kind == "local", local, text)
    extension = " x" + pl.Series(rng.integers(100, 999, size)).cast(pl.String)
    return when(kind == "extension", spaced + extension, text)


def _phone(
    rng: Rng, rows: pl.DataFrame, companies: pl.DataFrame, shares: Mapping[str, float], rates: Rates
) -> pl.Series:
    """Mobile, the company's switchboard (a habit of a few firms' reps), junk or nothing."""
    size = rows.height
    firm = companies[rows["at"]]
    lazy_rep = ((firm["company"] * 7919) % 100 < 5) & (firm["people"] >= 6)
    kind = choose(rng, shares, size)
    desk = (kind == "desk") | (lazy_rep & pl.Series(chance(rng, size, 0.75 * min(1.0, shares.get("desk", 0) * 100))))
    phone = when(kind == "mobile", _written_phone(rng, rows["mobile"]), None)
    phone = when(desk, _written_phone(rng, firm["phone"]), phone)
    phone = when(chance(rng, size, rates.junk_phone), pick(rng, _JUNK_PHONE, size), phone)
    return when(rows["script"].is_null(), phone, None)


def _dates(rng: Rng, rows: pl.DataFrame, suffix: str) -> tuple[pl.Series, pl.Series]:
    created = later(rng, rows["touched"], 40)
    edited = rng.integers(created.to_numpy(), END + 1)
    return stamp(created).dt.strftime(_ISO) + suffix, stamp(edited).dt.strftime(_ISO) + suffix


def _merged(rows: pl.DataFrame, ids: pl.Series, order: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The id of each person's first row, and which rows were merged into it."""
    first = pl.DataFrame({"id": ids, "person": rows["person"]}).select(pl.col("id").first().over("person")).to_series()
    return first, (order == 1) & rows["merged"]


def _account_of(rng: Rng, at: pl.Series, accounts: pl.DataFrame) -> pl.Series:
    """One of the company's accounts: mostly the first, sometimes a duplicate."""
    first = accounts.unique("_company", keep="first", maintain_order=True).select(company="_company", first="Id")
    last = accounts.unique("_company", keep="last", maintain_order=True).select(company="_company", last="Id")
    found = (
        at.alias("company")
        .to_frame()
        .join(first.join(last, on="company", maintain_order="left"), on="company", how="left", maintain_order="left")
    )
    return when(chance(rng, len(at), 0.3), found["last"], found["first"])


def salesforce_contacts(
    rng: Rng, people: pl.DataFrame, companies: pl.DataFrame, accounts: pl.DataFrame, rates: Rates
) -> pl.DataFrame:
    """Contact rows, with _person, _entity and _script beside the exported columns."""
    rows, order = _rows(people, "contacts")
    rows = _employer_then(rng, rows)
    size = rows.height
    by_rep = pl.Series(chance(rng, size, 0.55))
    first, last = _name(rng, rows, _mixed(rng, by_rep, _REP_NAME, {"exact": 0.85, "ascii": 0.1, "nick": 0.05}))
    ids = salesforce_ids("003", size)
    first_id, merged = _merged(rows, ids, order)
    created, edited = _dates(rng, rows, "+0000")
    account = when(chance(rng, size, 0.88), _account_of(rng, rows["at"], accounts), None)
    return pl.DataFrame(
        {
            "Id": ids,
            "AccountId": short_ids(rng, account, 0.05),
            "FirstName": first,
            "LastName": last.fill_null("[not provided]"),
            "Email": _mail(rng, rows, _mixed(rng, by_rep, _REP_MAIL, _SYNC_MAIL), companies, rates),
            "Phone": _phone(rng, rows, companies, {"mobile": 0.3, "desk": 0.012, "none": 0.69}, rates),
            "Title": when(chance(rng, size, 0.6), rows["title"], None),
            "LeadSource": when(by_rep, "Rep", pick(rng, ("Web", "List", "Partner", "Event"), size)),
            "MasterRecordId": when(merged, first_id, None),
            "IsDeleted": merged | pl.Series(chance(rng, size, 0.005)),
            "CreatedDate": created,
            "LastModifiedDate": edited,
            "_person": rows["person"],
            "_entity": rows["_entity"],
            "_script": rows["script"],
        }
    )


def salesforce_leads(
    rng: Rng, people: pl.DataFrame, companies: pl.DataFrame, contacts: pl.DataFrame, rates: Rates
) -> pl.DataFrame:
    """Lead rows, with _person, _entity and _script beside the exported columns."""
    rows, order = _rows(people, "leads")
    rows = _employer_then(rng, rows)
    size = rows.height
    uploaded = pl.Series(chance(rng, size, 0.6))
    kind = _mixed(rng, uploaded, _LIST_NAME, _FORM_NAME)
    first, last = _name(rng, rows, when(kind == "missing", "exact", kind))
    mail = _mail(rng, rows, _mixed(rng, uploaded, _LIST_MAIL, _FORM_MAIL), companies, rates)
    mail = when((rows["script"] == "converted_lead").fill_null(value=False), None, mail)
    mail = when(uploaded & pl.Series(chance(rng, size, 0.35)), mail.str.to_uppercase(), mail)
    firm = companies[rows["at"]]
    known = contacts.unique("_person", keep="first", maintain_order=True).select("Id", "AccountId", person="_person")
    found = rows.select("person").join(known, on="person", how="left", maintain_order="left")
    ids = salesforce_ids("00Q", size)
    first_id, merged = _merged(rows, ids, order)
    converted = rows["converted"] & (order == 0) & found["Id"].is_not_null()
    created, edited = _dates(rng, rows, "+0000")
    return pl.DataFrame(
        {
            "Id": ids,
            "FirstName": first,
            "LastName": when(
                chance(rng, size, 0.01) & rows["script"].is_null().to_numpy(),
                pick(rng, _NO_NAME, size),
                last.fill_null("[not provided]"),
            ),
            "Email": mail,
            "Company": company_text(rng, firm).fill_null("[not provided]"),
            "Website": when(chance(rng, size, 0.15), "www." + firm["domain"], None),
            "Phone": _phone(rng, rows, companies, {"mobile": 0.3, "none": 0.7}, rates),
            "Title": when(chance(rng, size, 0.5), rows["title"], None),
            "Country": when(
                chance(rng, size, 0.5), pl.Series([c.name for c in COUNTRIES]).gather(firm["country_no"]), None
            ),
            "LeadSource": when(uploaded, "List", "Web"),
            "Status": when(
                converted, "Qualified", choose(rng, {"Open": 0.6, "Working": 0.25, "Unqualified": 0.15}, size)
            ),
            "IsConverted": converted,
            "ConvertedAccountId": when(converted, found["AccountId"], None),
            "ConvertedContactId": when(converted, short_ids(rng, found["Id"], 0.2), None),
            "MasterRecordId": when(merged, first_id, None),
            "IsDeleted": merged | pl.Series(chance(rng, size, 0.005)),
            "CreatedDate": created,
            "LastModifiedDate": edited,
            "_person": rows["person"],
            "_entity": rows["_entity"],
            "_script": rows["script"],
        }
    )


def hubspot_contacts(
    rng: Rng, people: pl.DataFrame, companies: pl.DataFrame, hubs: pl.DataFrame, devices: pl.DataFrame, rates: Rates
) -> pl.DataFrame:
    """HubSpot contact rows, with _person, _entity and _script beside the exported columns."""
    rows, order = _rows(people, "hubspots")
    rows = _employer_then(rng, rows)
    size = rows.height
    filled = rows["form"] & (order == 0)
    first, last = _name(rng, rows, _mixed(rng, filled, _FORM_NAME, _LIST_NAME))
    mail = _mail(rng, rows, _mixed(rng, filled, _FORM_MAIL, _LIST_MAIL), companies, rates)
    mail = when(
        (order == 1) & (rows["script"].is_not_null() | pl.Series(chance(rng, size, 0.5))), rows["private_email"], mail
    )
    cookie = devices.filter(pl.col("number") == 0).select("person", "hubspotutk")
    utk = when(
        filled, rows.select("person").join(cookie, on="person", how="left", maintain_order="left")["hubspotutk"], None
    )
    junk = filled & rows["script"].is_null() & pl.Series(chance(rng, size, 0.02))
    ids = numbered("", size, 510_000_001)
    second = pl.DataFrame({"person": rows["person"], "order": order, "child": ids}).filter(pl.col("order") == 1)
    child = rows.select("person").join(second, on="person", how="left", maintain_order="left")["child"]
    stages = {
        "subscriber": 0.12,
        "lead": 0.36,
        "marketingqualifiedlead": 0.12,
        "salesqualifiedlead": 0.08,
        "opportunity": 0.12,
        "customer": 0.12,
    }
    stage = choose(rng, {**stages, "other": 0.02, "": 0.06}, size)
    scripted = rows["script"].is_in(["visitor_lead", "lead_visitor_user"]).fill_null(value=False)
    extra = when(chance(rng, size, 0.06) & rows["script"].is_null().to_numpy(), rows["private_email"], None)
    hub = hubs.unique("_company", keep="first", maintain_order=True).select(at="_company", hub="hs_object_id")
    created, edited = _dates(rng, rows, "Z")
    return pl.DataFrame(
        {
            "hs_object_id": ids,
            "email": mail,
            "hs_additional_emails": when(extra == mail, None, extra),
            "firstname": first,
            "lastname": last,
            "phone": _phone(rng, rows, companies, {"mobile": 0.22, "none": 0.78}, rates),
            "company": when(chance(rng, size, 0.7), company_text(rng, companies[rows["at"]]), None),
            "jobtitle": when(chance(rng, size, 0.4), rows["title"], None),
            "hubspotutk": when(junk, "undefined", utk),
            "lifecyclestage": when(scripted, "lead", when(stage == "", None, stage)),
            "associatedcompanyid": when(
                chance(rng, size, 0.65),
                rows.select("at").join(hub, on="at", how="left", maintain_order="left")["hub"],
                None,
            ),
            "hs_merged_object_ids": when((order == 0) & rows["merged"], child, None),
            "createdate": created,
            "lastmodifieddate": edited,
            "_person": rows["person"],
            "_entity": rows["_entity"],
            "_script": rows["script"],
        }
    )
