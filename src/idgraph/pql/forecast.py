"""What deals are worth: their size times how likely they close, with the reason for each likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from idgraph.errors import ConfigError

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True)
class Forecast:
    """What is to be expected of some deals.

    Attributes:
        deals: entity_id, size, likelihood, reason, expected; those of which most is expected first.
        expected: all of it.
        deviation: how far the outcome may well be from that, as a standard deviation, if deals close independently.
    """

    deals: pl.DataFrame
    expected: float
    deviation: float

    def __str__(self) -> str:
        """Say it in one line."""
        whole = f"{self.deals['size'].sum():,.0f} in {len(self.deals)} deals"
        return f"{self.expected:,.0f} ± {self.deviation:,.0f} of {whole}"


def forecast(deals: pl.DataFrame) -> Forecast:
    """Expect of each deal its size times its likelihood.

    Args:
        deals: entity_id, size, likelihood (0 to 1), reason (why it is so likely).

    Raises:
        ConfigError: a likelihood is none, or has no reason; a size is missing or below 0.

    >>> deals = pl.DataFrame({"entity_id": ["a", "b"], "size": [1000, 400], "likelihood": [0.9, 0.5]})
    >>> print(forecast(deals.with_columns(reason=pl.lit("has a budget"))))
    1,100 ± 361 of 1,400 in 2 deals
    """
    if missing := [name for name in ("entity_id", "size", "likelihood", "reason") if name not in deals.columns]:
        msg = f"the deals have no column {', '.join(missing)}; they need entity_id, size, likelihood and reason"
        raise ConfigError(msg)
    chance, reason = pl.col("likelihood").cast(pl.Float64), pl.col("reason").fill_null("").str.strip_chars()
    size = pl.col("size").cast(pl.Float64)
    _refuse(deals, ~chance.is_between(0, 1), "its likelihood is {likelihood}, and a likelihood is from 0 to 1")
    _refuse(deals, reason == "", "its likelihood of {likelihood} has no reason: say why")
    _refuse(deals, ~(size.is_finite() & (size >= 0)), "its size is {size}, and a size is 0 or more")
    known = deals.select("entity_id", size=size, likelihood=chance, reason="reason", expected=size * chance)
    spread = (known["size"] ** 2 * known["likelihood"] * (1 - known["likelihood"])).sum()
    ordered = known.sort("expected", "entity_id", descending=[True, False])
    return Forecast(ordered, float(known["expected"].sum()), float(spread) ** 0.5)


def _refuse(deals: pl.DataFrame, wrong: pl.Expr, problem: str) -> None:
    """Name the first deal of which something is wrong; null is wrong too."""
    found = deals.filter(wrong.fill_null(value=True))
    if len(found):
        row = found.row(0, named=True)
        msg = f"deal {row['entity_id']!r}: {problem.format(**row)}"
        raise ConfigError(msg)
