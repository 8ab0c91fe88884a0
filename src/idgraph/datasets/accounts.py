"""Companies as the CRMs and a Crunchbase-shaped reference list them: doubled, half without a website, partly wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.companies import company_text
from idgraph.datasets.draw import (
    END,
    chance,
    choose,
    moments,
    numbered,
    order_within,
    pick,
    salesforce_ids,
    stamp,
    uuids,
    when,
)
from idgraph.datasets.places import COUNTRIES

if TYPE_CHECKING:
    from idgraph.datasets.draw import Rng

__all__ = ["hubspot_companies", "organizations", "salesforce_accounts"]

_ISO = "%Y-%m-%dT%H:%M:%S%.3f"


def _spread(companies: pl.DataFrame, column: str) -> tuple[pl.DataFrame, pl.Series]:
    """A row for each record that a company has of one sort, and its number among them."""
    owners = companies[np.repeat(np.arange(companies.height), companies[column].to_numpy())]
    return owners, order_within(owners["company"])


def _website(rng: Rng, domain: pl.Series) -> pl.Series:
    size = len(domain)
    shape = choose(rng, {"bare": 0.35, "https": 0.3, "www": 0.2, "capitals": 0.05, "path": 0.1}, size)
    www = "www." + domain
    site = when(shape == "https", "https://" + www + "/", domain)
    site = when(shape == "www", www, site)
    site = when(shape == "capitals", www.str.to_uppercase(), site)
    return when(shape == "path", "http://" + domain + "/en/about-us?ref=crm", site)


def _one_domain(rng: Rng, owners: pl.DataFrame, share: float) -> pl.Series:
    return when(chance(rng, owners.height, share), owners["domain2"].fill_null(owners["domain"]), owners["domain"])


def salesforce_accounts(rng: Rng, companies: pl.DataFrame) -> pl.DataFrame:
    """Account rows, with _company, _entity and _script beside the exported columns."""
    owners, order = _spread(companies, "accounts")
    size = owners.height
    script = owners["script"]
    ids = salesforce_ids("001", size)
    merged = (order == 1) & (
        (script == "merged_account").fill_null(value=False) | (pl.Series(chance(rng, size, 0.15)) & script.is_null())
    )
    first = pl.DataFrame({"company": owners["company"], "first": ids}).unique(
        "company", keep="first", maintain_order=True
    )
    firsts = owners.select("company", "parent").join(first, on="company", how="left", maintain_order="left")
    parents = firsts.drop("first").join(first, left_on="parent", right_on="company", how="left", maintain_order="left")[
        "first"
    ]
    created = moments(rng, size)
    return pl.DataFrame(
        {
            "Id": ids,
            "Name": when(script.is_null(), company_text(rng, owners), _distinct_name(owners, order)),
            "Website": _account_website(rng, owners, companies),
            "Phone": when(chance(rng, size, 0.55) & script.is_null().to_numpy(), owners["phone"], None),
            "Industry": when(chance(rng, size, 0.7), owners["industry"], None),
            "BillingCountry": pl.Series([c.name for c in COUNTRIES]).gather(owners["country_no"]),
            "BillingCity": when(chance(rng, size, 0.8), owners["city"], None),
            "NumberOfEmployees": pl.select(
                pl.when(pl.Series(chance(rng, size, 0.6))).then(
                    (owners["employees"] * rng.lognormal(0, 0.2, size)).cast(pl.Int64)
                )
            ).to_series(),
            "ParentId": when(chance(rng, size, 0.8), parents, None),
            "MasterRecordId": when(merged, firsts["first"], None),
            "IsDeleted": merged | pl.Series(chance(rng, size, 0.01)),
            "CreatedDate": stamp(created).dt.strftime(_ISO) + "+0000",
            "LastModifiedDate": stamp(rng.integers(created, END)).dt.strftime(_ISO) + "+0000",
            "_company": owners["company"],
            "_entity": owners["_entity"],
            "_script": script,
        }
    )


def _distinct_name(owners: pl.DataFrame, order: pl.Series) -> pl.Series:
    """Names that no rule on names could join: the last account of a scripted company bears a name of its own."""
    return when(order == owners["accounts"] - 1, owners["old_name"], owners["name"])


def _account_website(rng: Rng, owners: pl.DataFrame, companies: pl.DataFrame) -> pl.Series:
    """About half of the accounts have a website that names the company's domain, customers more often than others."""
    size = owners.height
    script = owners["script"]
    kind = choose(
        rng,
        {
            "own": 0.55,
            "none": 0.275,
            "n/a": 0.04,
            "http://": 0.02,
            "social": 0.05,
            "mail": 0.02,
            "phone": 0.01,
            "other": 0.005,
            "tbd": 0.03,
        },
        size,
    )
    customer = owners["tenants"] > 0
    kind = when((kind == "none") & customer & pl.Series(chance(rng, size, 0.4)), "own", kind)
    kind = when((kind == "own") & ~customer & pl.Series(chance(rng, size, 0.25)), "none", kind)
    parent = owners["parent"].to_numpy()
    parent_domain = companies["domain"].gather(np.where(parent < 0, 0, parent))
    from_parent = (parent >= 0) & chance(rng, size, 0.12)
    domain = when(from_parent, parent_domain, _one_domain(rng, owners, 0.1))
    stranger = companies["domain"].gather(rng.integers(0, companies.height, size))
    slug = owners["domain"].str.extract(r"^([^.]+)")
    site = when(kind == "own", _website(rng, domain), None)
    site = when((kind == "n/a") | (kind == "http://") | (kind == "tbd"), kind, site)
    site = when(
        kind == "social",
        pick(rng, ("https://www.linkedin.com/company/", "https://www.facebook.com/"), size) + slug,
        site,
    )
    site = when(kind == "mail", "gmail.com", site)
    site = when(kind == "phone", owners["phone"], site)
    site = when(kind == "other", _website(rng, stranger), site)
    whole = _website(rng, owners["domain"])
    return when(script.is_null(), site, when(script.is_in(["crm_account_tenant", "account_domain"]), whole, None))


def hubspot_companies(rng: Rng, companies: pl.DataFrame) -> pl.DataFrame:
    """HubSpot company rows, with _company, _entity and _script beside the exported columns."""
    owners, order = _spread(companies, "hubspots")
    size = owners.height
    ids = numbered("", size, 7_080_000_001)
    created = moments(rng, size)
    second = pl.DataFrame({"company": owners["company"], "order": order, "id": ids}).filter(pl.col("order") == 1)
    merged = second.filter(pl.Series(chance(rng, second.height, 0.5))).select("company", merged="id")
    listed = owners.select("company").join(merged, on="company", how="left", maintain_order="left")["merged"]
    return pl.DataFrame(
        {
            "hs_object_id": ids,
            "name": company_text(rng, owners),
            "domain": when(chance(rng, size, 0.95), _one_domain(rng, owners, 0.1), None),
            "hs_additional_domains": when(chance(rng, size, 0.6), owners["domain2"] + ";" + owners["domain"], None),
            "phone": when(chance(rng, size, 0.4), owners["phone"], None),
            "industry": when(
                chance(rng, size, 0.5), owners["industry"].str.to_uppercase().str.replace_all(" ", "_"), None
            ),
            "country": pl.Series([c.name for c in COUNTRIES]).gather(owners["country_no"]),
            "city": when(chance(rng, size, 0.6), owners["city"], None),
            "numberofemployees": when(chance(rng, size, 0.4), owners["employees"].cast(pl.String), None),
            "lifecyclestage": choose(rng, {"lead": 0.5, "opportunity": 0.3, "customer": 0.2}, size),
            "hs_merged_object_ids": when(order == 0, listed, None),
            "createdate": stamp(created).dt.strftime(_ISO) + "Z",
            "hs_lastmodifieddate": stamp(rng.integers(created, END)).dt.strftime(_ISO) + "Z",
            "_company": owners["company"],
            "_entity": owners["_entity"],
            "_script": owners["script"],
        }
    )


def organizations(rng: Rng, companies: pl.DataFrame) -> pl.DataFrame:
    """Rows in the shape of Crunchbase's organizations.csv; 4 % carry a wrong domain, some a social host."""
    owners, _ = _spread(companies, "references")
    size = owners.height
    plain = owners["script"].is_null()
    wrong = pl.Series(chance(rng, size, 0.04)) & plain
    social = pl.Series(chance(rng, size, 0.04)) & plain
    absent = pl.Series(chance(rng, size, 0.05)) & plain
    stranger = companies["domain"].gather(rng.integers(0, companies.height, size))
    domain = when(wrong, stranger, _one_domain(rng, owners, 0.1))
    domain = when(plain, domain, owners["domain"])
    domain = when(social, "facebook.com", domain)
    domain = when(absent, None, domain)
    permalink = owners["domain"].str.replace(r"\..*$", "")
    homepage = when(social, "https://www.facebook.com/" + permalink, "https://www." + domain)
    scripted = ~plain
    return pl.DataFrame(
        {
            "uuid": uuids(rng, size),
            "name": owners["name"],
            "type": pl.Series(["organization"]).new_from_index(0, size),
            "permalink": permalink,
            "cb_url": "https://www.crunchbase.com/organization/" + permalink,
            "rank": pl.Series(rng.permutation(size) + 1),
            "created_at": stamp(moments(rng, size)),
            "updated_at": stamp(moments(rng, size)),
            "legal_name": when(chance(rng, size, 0.6), owners["legal_name"], None),
            "roles": pl.Series(["company"]).new_from_index(0, size),
            "domain": domain,
            "homepage_url": homepage,
            "country_code": pl.Series([c.code3 for c in COUNTRIES]).gather(owners["country_no"]),
            "city": owners["city"],
            "status": choose(rng, {"operating": 0.9, "acquired": 0.06, "closed": 0.04}, size),
            "employee_count": choose(
                rng, {"1-10": 0.3, "11-50": 0.4, "51-100": 0.15, "101-250": 0.1, "unknown": 0.05}, size
            ),
            "alias1": when(pl.Series(chance(rng, size, 0.7)) | scripted, owners["old_name"], None),
            "alias2": when(chance(rng, size, 0.5), owners["acronym"], None),
            "alias3": when(chance(rng, size, 0.1), company_text(rng, owners), None),
            "primary_role": pl.Series(["company"]).new_from_index(0, size),
            "num_exits": pl.Series(rng.integers(0, 3, size)),
            "_entity": owners["_entity"],
            "_script": owners["script"],
        }
    )
