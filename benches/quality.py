"""How right idgraph is on made-up worlds, beside simpler rules over the same normalised evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from benches.harness import Candidate, Scale, measure, table

if TYPE_CHECKING:
    import polars as pl

    import idgraph as ig

__all__ = ["bench", "compare"]

_SEED: Final = 1
_FEW: Final = 6
_CAPS: Final = (10, 20, 50, 100, 200, 500)
_METHOD: Final = """\
`saas_world({companies:,}, seed={seed})` and its hostile variant, written as exports, recognised and resolved; all rules
against the same truth. *Named* counts only pairs of records that both hold a name or an e-mail address: visitors and
events without one make up most of the others.

- **idgraph**: `resolve(*discover(…))` with its defaults.
- **idgraph, exact evidence alone**: the same, without linking what is alike.
- **union**: records that share any normalised value, or that a source system merged, are one; nothing is suppressed.
- **union, values of at most {few} records**: the same, leaving out each value that more records hold.
- **union, at most … records**: the same as union, but a larger group is taken apart into its records; the limit is the
  best of {caps} by the truth."""

_SCORES: Final = ("precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")
_NAMES: Final = ("full_name", "first_name", "last_name")


def compare(companies: int, *, hostile: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Score every rule on one world: group of records, rule, score."""
    import polars as pl

    from idgraph import Config, discover, resolve
    from idgraph.datasets import saas_world
    from idgraph.schema import ACCOUNT_KINDS, PERSON_KINDS

    world = saas_world(companies, seed=_SEED, hostile=hostile)
    with TemporaryDirectory() as folder:
        world.write(folder)
        graph = resolve(*discover(folder))
        exact = resolve(*discover(folder), config=Config(without=("similar",)))
    ours = world.company_truth.filter(~pl.col("record_id").str.starts_with("crunchbase_"))
    named = world.people_truth.join(_named(graph), on="record_id", how="semi")
    with_name = world.people_truth.join(_with_name(graph), on="record_id", how="semi")
    people = {"people": world.people_truth, "people, named": named, "people, with a name": with_name}
    firms = {"companies": world.company_truth, "companies, without the reference": ours}
    return {
        group: {name: _score(found, truth) for name, found in rules.items()}
        for rules, truths in (
            (_partitions(graph, exact, "person", PERSON_KINDS, named), people),
            (_partitions(graph, exact, "account", ACCOUNT_KINDS, ours), firms),
        )
        for group, truth in truths.items()
    }


def _named(graph: ig.Graph) -> pl.DataFrame:
    """Records that hold a name or an e-mail address of their own: record_id."""
    import polars as pl

    by_name = _with_name(graph)
    own = (pl.col("type") == "email") & (pl.col("origin") == "own")
    by_address: pl.DataFrame = graph.identifiers.filter(own).select("record_id")
    return pl.concat([by_name, by_address]).unique()


def _with_name(graph: ig.Graph) -> pl.DataFrame:
    """Records that hold a name of their own: record_id."""
    import polars as pl

    held = [pl.col(name).is_not_null() for name in _NAMES if name in graph.records.columns]
    found: pl.DataFrame = graph.records.filter(pl.any_horizontal(held)).select("record_id")
    return found


def _partitions(
    graph: ig.Graph, exact: ig.Graph, level: str, kinds: tuple[str, ...], truth: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The entities that each rule finds: record_id, entity_id."""
    import polars as pl

    records = graph.records.filter(pl.col("kind").is_in(kinds)).select("record_id").with_row_index("record")
    linking = graph.identifiers.filter(pl.col("state") != "unused").select("record_id", "type", "value")
    held = linking.unique().join(records, on="record_id")
    few = held.filter(pl.len().over("type", "value") <= _FEW)
    merged = _merged(graph, records)
    union = _joined(records, held, merged)
    size = pl.len().over("entity_id")
    capped = {
        f"union, at most {cap} records": union.with_columns(
            pl.when(size <= cap).then("entity_id").otherwise(-1 - pl.int_range(pl.len()))
        )
        for cap in _CAPS
    }
    best = max(capped, key=lambda name: _score(capped[name], truth)["f1"])
    ours = {"idgraph": graph, "idgraph, exact evidence alone": exact}
    return {
        name: one.assignments.filter(pl.col("level") == level).select("record_id", "entity_id")
        for name, one in ours.items()
    } | {
        "union": union,
        f"union, values of at most {_FEW} records": _joined(records, few, merged),
        best: capped[best],
    }


def _merged(graph: ig.Graph, records: pl.DataFrame) -> pl.DataFrame:
    """What source systems merged: left, right (places in the records)."""
    import polars as pl

    ends = graph.aliases.select("survivor_record_id", "merged_record_id")
    left = records.select(pl.col("record_id").alias("survivor_record_id"), pl.col("record").alias("left"))
    right = records.select(pl.col("record_id").alias("merged_record_id"), pl.col("record").alias("right"))
    pairs: pl.DataFrame = ends.join(left, on="survivor_record_id").join(right, on="merged_record_id")
    return pairs.select("left", "right")


def _joined(records: pl.DataFrame, held: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    from idgraph.engines.components import smallest_member

    itself = records.select(left="record", right="record")
    edges = held.select(left="record", right=pl.col("record").min().over("type", "value"))
    every = pl.concat([itself, edges, merged])
    _, component = smallest_member(every["left"].to_numpy(), every["right"].to_numpy())
    return records.select("record_id", entity_id=pl.Series(component, dtype=pl.Int64))


def _score(found: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    import narwhals.stable.v2 as nw

    from idgraph.audit.metrics import quality

    return quality(nw.from_native(found, eager_only=True), nw.from_native(truth, eager_only=True)).as_dict()


def bench(scale: Scale) -> str:
    """Score both worlds; give the table in Markdown."""
    parts = [_METHOD.format(companies=scale.companies, seed=_SEED, few=_FEW, caps=", ".join(map(str, _CAPS)))]
    for name, hostile in (("the usual world", False), ("the hostile world", True)):
        given = {"companies": scale.companies, "hostile": hostile}
        found = measure([Candidate(name, "benches.quality:compare", given)], 1)[name]
        head = [name, "precision", "recall", "F1", "B³ precision", "B³ recall", "B³ F1"]
        parts.append(table(head, _rows(found.facts)))
    return "\n\n".join(parts)


def _rows(groups: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[list[str]]:
    for group, rules in groups.items():
        records = int(rules["idgraph"]["records"])
        yield [f"**{group}: {records:,} records**", *[""] * len(_SCORES)]
        for rule, scores in rules.items():
            yield [rule, *(f"{scores[name]:.3f}" for name in _SCORES)]
