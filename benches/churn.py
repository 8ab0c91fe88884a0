"""How many ids change while data grows: with ids carried over, without, and named after the smallest record."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Scale, measure, table

if TYPE_CHECKING:
    import polars as pl

    from idgraph.datasets.world import World
    from idgraph.entities.carry import Churn

__all__ = ["bench", "grown"]

_SEED: Final = 1
_DAYS: Final = 10
_DAILY: Final = 0.05
_LEVELS: Final = ("person", "account")
_METHOD: Final = """\
`saas_world({companies:,}, seed={seed})`: half of the rows of each table on the first day, and {daily:.0%} of all more
every day, in random order, until all are there on day {days}. Every day all of it is resolved anew, so all three have
the same entities. Of the records that were there the day before, the share whose id is another one now:

- **carried**: `carry_ids` from the day before;
- **founder**: the ids of `resolve` without any history, a hash of the record first seen;
- **smallest record**: the smallest record_id of the entity, as tools without times name their clusters.

*Needless* are changes of records that are together exactly as they were, new ones aside. What is left are entities that
merged or were split, where somebody has to take another id."""


def grown(companies: int) -> dict[str, dict[str, dict[str, float]]]:
    """Resolve the days one by one: level, ids, figures added up over the days."""
    from idgraph.datasets import saas_world
    from idgraph.entities.carry import carry_ids, churn

    world = saas_world(companies, seed=_SEED)
    found: dict[str, dict[str, list[Churn]]] = {level: {} for level in _LEVELS}
    before: dict[str, pl.DataFrame] = {}
    for fresh in _mappings(world):
        after = {
            "carried": carry_ids(before.get("carried", fresh), fresh),
            "founder": fresh,
            "smallest record": _smallest(fresh),
        }
        for name, old in before.items():
            for level, parts in found.items():
                parts.setdefault(name, []).append(churn(old.filter(level=level), after[name].filter(level=level)))
        before = after
    return {level: {name: _added(days) for name, days in parts.items()} for level, parts in found.items()}


def _mappings(world: World) -> Iterator[pl.DataFrame]:
    """Each day's assignments: record_id, level, entity_id."""
    from dataclasses import replace

    import numpy as np
    import polars as pl

    from idgraph import discover, resolve

    draw = np.random.default_rng(_SEED)
    lots = {name: pl.Series(draw.random(rows.height)) for name, rows in world.tables.items()}
    for day in range(_DAYS + 1):
        share = 1 - _DAILY * (_DAYS - day)
        tables = {name: rows.filter(lots[name] < share) for name, rows in world.tables.items()}
        with TemporaryDirectory() as folder:
            replace(world, tables=tables).write(folder)
            assignments = resolve(*discover(folder)).assignments
        yield assignments.select("record_id", pl.col("level").cast(pl.String), "entity_id")


def _smallest(mapping: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return mapping.with_columns(entity_id=pl.col("record_id").min().over("level", "entity_id"))


def _added(days: list[Churn]) -> dict[str, float]:
    records = sum(day.records for day in days)
    return {
        "changed": sum(day.changed for day in days) / records,
        "needless": sum(day.needless for day in days) / records,
        "retired": sum(day.retired for day in days) / len(days),
        "kept": sum(day.kept for day in days) / len(days),
    }


def bench(scale: Scale) -> str:
    """Count the churn of three ways to name entities; give the table in Markdown."""
    method = _METHOD.format(companies=scale.companies, seed=_SEED, daily=_DAILY, days=_DAYS)
    candidate = Candidate("churn", "benches.churn:grown", {"companies": scale.companies})
    levels = measure([candidate], 1)["churn"].facts
    parts = [method]
    for level, ids in levels.items():
        head = [level, "other id, a day", "needless, a day", "ids kept, a day", "ids gone, a day"]
        parts.append(table(head, _rows(ids)))
    return "\n\n".join(parts)


def _rows(ids: dict[str, dict[str, Any]]) -> Iterator[list[str]]:
    for name, found in ids.items():
        shares = [f"{found[figure]:.2%}" for figure in ("changed", "needless")]
        yield [name, *shares, *(f"{found[figure]:,.0f}" for figure in ("kept", "retired"))]
