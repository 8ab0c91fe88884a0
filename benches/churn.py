"""How many ids change while data grows: with ids carried over, without, and named after the smallest record."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Scale, measure, table

if TYPE_CHECKING:
    import polars as pl

    import idgraph as ig
    from idgraph.datasets.world import World
    from idgraph.entities.carry import Churn
    from idgraph.linkage.models import Models

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
merged or were split, where somebody has to take another id.

Every day likeness is learnt anew. What that alone changes is in the last row: all rows resolved with the models of the
day before, and then with those learnt from all."""


def grown(companies: int) -> dict[str, dict[str, dict[str, float]]]:
    """Resolve the days one by one: level, ids, figures added up over the days."""
    from idgraph.datasets import saas_world
    from idgraph.entities.carry import carry_ids, churn

    world = saas_world(companies, seed=_SEED)
    found: dict[str, dict[str, list[Churn]]] = {level: {} for level in _LEVELS}
    before: dict[str, pl.DataFrame] = {}
    models = []
    for graph in _days(world):
        fresh = _ids(graph)
        after = {
            "carried": carry_ids(before.get("carried", fresh), fresh),
            "founder": fresh,
            "smallest record": _smallest(fresh),
        }
        for name, old in before.items():
            for level, parts in found.items():
                parts.setdefault(name, []).append(churn(old.filter(level=level), after[name].filter(level=level)))
        before = after
        models.append(graph.models)
    old = _ids(_resolved(world, models[-2]))
    new = carry_ids(old, before["founder"])
    for level, parts in found.items():
        parts["models learnt anew, carried"] = [churn(old.filter(level=level), new.filter(level=level))]
    return {level: {name: _added(days) for name, days in parts.items()} for level, parts in found.items()}


def _days(world: World) -> Iterator[ig.Graph]:
    """The graph of each day, of which the last holds all."""
    from dataclasses import replace

    import numpy as np
    import polars as pl

    draw = np.random.default_rng(_SEED)
    lots = {name: pl.Series(draw.random(rows.height)) for name, rows in world.tables.items()}
    for day in range(_DAYS + 1):
        share = 1 - _DAILY * (_DAYS - day)
        tables = {name: rows.filter(lots[name] < share) for name, rows in world.tables.items()}
        yield _resolved(replace(world, tables=tables), None)


def _resolved(world: World, models: Models | None) -> ig.Graph:
    from idgraph import discover, resolve

    with TemporaryDirectory() as folder:
        world.write(folder)
        return resolve(*discover(folder), models=models)


def _ids(graph: ig.Graph) -> pl.DataFrame:
    """Assignments: record_id, level, entity_id."""
    import polars as pl

    assignments: pl.DataFrame = graph.assignments
    return assignments.select("record_id", pl.col("level").cast(pl.String), "entity_id")


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
