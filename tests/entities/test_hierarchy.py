"""Who stands at the top: through accounts of several records, several owners, and circles."""

from datetime import UTC, datetime

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.entities.hierarchy import ultimate_parents

ACCOUNTS = {1: "acc_a", 2: "acc_b", 3: "acc_c", 4: "acc_d", 5: "acc_b"}


def tops(*owned: tuple[int, int, int | None]) -> dict[str, str]:
    """By account, who is at the top; given who owns whom since which day."""
    rows = [(child, parent, datetime(2026, 1, day, tzinfo=UTC) if day else None) for child, parent, day in owned]
    schema = {"child": pl.UInt32, "parent": pl.UInt32, "observed_at": pl.Datetime("us", "UTC")}
    hierarchy = nw.from_native(pl.DataFrame(rows, schema=schema, orient="row").lazy())
    placed = pl.DataFrame(list(ACCOUNTS.items()), schema={"record": pl.UInt32, "entity_id": pl.String}, orient="row")
    found = ultimate_parents(hierarchy, nw.from_native(placed.lazy()), engine_for())
    return dict(found.collect().to_native().rows())


def test_the_top_is_found_through_all_that_lie_between():
    assert tops((1, 2, None), (5, 3, None), (3, 4, None)) == dict.fromkeys(("acc_a", "acc_b", "acc_c"), "acc_d")


def test_an_account_does_not_own_itself():
    assert tops((2, 5, 1)) == {}


@pytest.mark.parametrize(
    ("owned", "top"),
    [
        ([(1, 2, 1), (1, 3, 2)], "acc_c"),
        ([(1, 3, 1), (1, 2, None)], "acc_c"),
        ([(1, 3, 1), (1, 2, 1)], "acc_b"),
    ],
)
def test_of_several_owners_the_one_known_last_counts(owned, top):
    assert tops(*owned)["acc_a"] == top


def test_in_a_circle_nobody_is_at_the_top_and_neither_is_above_who_hangs_on_it():
    assert tops((1, 2, 1), (2, 3, 1), (3, 2, 1)) == {}


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.none()), max_size=8))
def test_whoever_is_at_the_top_has_no_owner(owned):
    found = tops(*owned)
    owners = {ACCOUNTS[child] for child, parent, _ in owned if ACCOUNTS[child] != ACCOUNTS[parent]}
    assert set(found) <= owners
    assert not set(found.values()) & set(found)
    assert all(top not in owners for top in found.values())


def test_accounts_know_their_ultimate_parent_though_nothing_merges_them():
    rows = pl.DataFrame(
        {
            "uuid": ["c", "g", "h"],
            "name": ["Acme Tools", "Acme Group", "Acme Holding"],
            "parent_uuid": ["g", "h", None],
            "parent_name": ["Acme Group", "Acme Holding", None],
        }
    )
    source = ig.Source(
        "companies",
        kind="company",
        id="uuid",
        data=rows,
        attributes={"name": "name"},
        owned_by={"companies.id": "parent_uuid"},
    )
    accounts = ig.resolve(source).accounts
    by_name = {
        name: (entity, top) for name, entity, top in accounts.select("name", "entity_id", "ultimate_parent_id").rows()
    }
    assert len(by_name) == 3
    assert by_name["Acme Tools"][1] == by_name["Acme Group"][1] == by_name["Acme Holding"][0]
    assert by_name["Acme Holding"][1] is None
