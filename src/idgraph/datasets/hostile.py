"""Values that belong to somebody else, for worlds that are to break what trusts a single value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from idgraph.datasets.draw import chance, when

if TYPE_CHECKING:
    from idgraph.datasets.draw import Rng
    from idgraph.datasets.rates import Rates

__all__ = ["poison"]

_POISONED = {
    "app_users": "signup_visitor_id",
    "hubspot_contacts": "hubspotutk",
    "salesforce_contacts": "Phone",
    "salesforce_leads": "Email",
    "segment_users": "email",
    "segment_identifies": "anonymous_id",
}
"""In each table of people the column that gets wrong values."""


def poison(rng: Rng, tables: dict[str, pl.DataFrame], rates: Rates) -> dict[str, pl.DataFrame]:
    """Overwrite one value on a share of the people records by the value of a stranger; nothing else changes."""
    if not rates.poison:
        return tables
    return tables | {
        source: _poisoned(rng, tables[source], column, rates.poison) for source, column in _POISONED.items()
    }


def _poisoned(rng: Rng, table: pl.DataFrame, column: str, share: float) -> pl.DataFrame:
    values = table.filter(pl.col("_script").is_null())[column].drop_nulls()
    if values.is_empty():
        return table
    stranger = values.gather(rng.integers(0, len(values), table.height))
    hit = chance(rng, table.height, share) & table["_script"].is_null().to_numpy()
    return table.with_columns(when(hit, stranger, table[column]).alias(column))
