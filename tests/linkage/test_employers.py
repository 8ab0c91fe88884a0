"""Which companies people's records name: by membership, by domain, by the name they give, mistyped or not."""

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from idgraph.engines import engine_for
from idgraph.linkage.employers import Companies, employers

ACME, ACME_AGAIN, BETA = 100, 101, 102


def _lazy(rows, **schema):
    return nw.from_native(pl.DataFrame(rows, schema=schema, orient="row").lazy())


def _found(addresses=(), said=(), memberships=(), names=((ACME, "Acme Robotics, Inc."), (BETA, "Betamax"))):
    companies = Companies(
        edges=_lazy([(ACME, ACME_AGAIN)], left=pl.UInt32, right=pl.UInt32),
        domains=_lazy([(ACME_AGAIN, "getacmerobotics.io")], record=pl.UInt32, value=pl.String),
        names=_lazy(list(names), record=pl.UInt32, name=pl.String),
    )
    found = employers(
        _lazy(list(memberships), person=pl.UInt32, company=pl.UInt32),
        _lazy(list(addresses), record=pl.UInt32, domain=pl.String),
        _lazy(list(said), record=pl.UInt32, name=pl.String),
        companies,
        engine_for(),
    )
    return sorted(found.select("record", "company").collect().to_native().unique().rows())


@pytest.mark.parametrize("domain", ["getacmerobotics.io", "acmerobotics.com", "acmerobotcis.com"])
def test_a_domain_names_a_company_though_it_is_another_or_mistyped(domain):
    assert _found(addresses=[(1, domain)]) == [(1, f"company {ACME}")]


@pytest.mark.parametrize("name", ["ACME ROBOTICS", "Acme Robotics Ltd", "AcmeRobotics", "Acme Robtics"])
def test_a_name_names_a_company_however_it_is_written(name):
    assert _found(said=[(1, name)]) == [(1, f"company {ACME}")]


def test_a_member_belongs_to_the_company_that_its_tenant_is_part_of():
    assert _found(memberships=[(1, ACME_AGAIN)], said=[(1, "Betamax")]) == [
        (1, f"company {ACME}"),
        (1, f"company {BETA}"),
    ]


def test_strangers_of_one_unknown_company_have_it_in_common():
    assert _found(addresses=[(1, "gammarays.org")], said=[(2, "Gamma Rays GmbH")]) == [
        (1, "called gammarays"),
        (2, "called gammarays"),
    ]


def test_a_short_name_is_not_taken_for_a_mistyped_one():
    assert _found(said=[(1, "Bitmax")], names=[(ACME, "Betmax"), (BETA, "Bitmix")]) == [(1, "called bitmax")]


def test_a_name_of_several_companies_means_each_and_of_many_none():
    several = [(ACME, "Mercury"), (BETA, "Mercury AG")]
    assert _found(said=[(1, "mercury")], names=several) == [(1, f"company {ACME}"), (1, f"company {BETA}")]
    many = [(200 + place, "Mercury") for place in range(4)]
    assert _found(said=[(1, "mercury")], names=many) == [(1, "called mercury")]
