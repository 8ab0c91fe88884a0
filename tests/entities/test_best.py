"""Of several records of one company: whose values it shows."""

import polars as pl
import pytest

import idgraph as ig

ROWS = {
    "id": ["1", "2"],
    "name": ["Old Delta", "Delta"],
    "city": ["Lyon", None],
    "merged_into": ["2", None],
    "gone": [True, False],
}


@pytest.mark.parametrize("changed", [("2026-05-02", "2026-05-01"), (None, None), ("2026-05-01", None)])
def test_a_record_that_was_merged_away_is_asked_last(changed):
    accounts = ig.Source(
        "crm_accounts",
        pl.DataFrame({**ROWS, "changed": changed}, schema_overrides={"changed": pl.String}),
        kind="crm_account",
        id="id",
        time="changed",
        attributes={"name": "name", "city": "city"},
        merged={"crm_accounts.id": "merged_into"},
        deleted="gone",
    )
    found = ig.resolve(accounts).accounts
    assert found.select("name", "name_record_id", "city").rows() == [("Delta", "crm_accounts:2", "Lyon")]
