"""What keeps people apart where values lie: constraints, guards alone, caps and thresholds on the same values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import inf
from operator import itemgetter
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Scale, measure, table

if TYPE_CHECKING:
    import polars as pl

    import idgraph as ig

__all__ = ["Evidence", "adobe", "bench", "compare", "components", "segment", "splink"]

_SEED: Final = 1
_USER: Final = "app.user_id"
_LEFT: Final = "values that guards leave"
_LINK: Final = "link"  # the type of what joins two records without being an identifier
_IDENTITIES: Final = 50
_LIMITS: Final = {_USER: 1, _LINK: inf}
_LIMIT: Final = 5
_RANKS: Final = {_USER: 1, "email": 2}
_MANY: Final = 5  # records that make it plain that a person was taken for another
_METHOD: Final = """\
People of `saas_world({companies:,}, seed={seed})` and of its hostile variant. All rules take the values as idgraph
reads and normalises them, and to all of them what a source system merged is one record from the start. *All values* are
those of every type that links, except texts that mean nothing (`null`, `n/a`), which everybody blocks; *values that
guards leave* are those that idgraph does not suppress, and its links by time on shared devices.

- **components**: records that share a value are one.
- **Adobe's cap**: links newest first; one that would make a graph of more than {identities} identities is left out.
  *One user id*: so is one that would bring two user ids together.
- **Segment's limits**: records in order of time join the profiles that hold their values. Where one would then hold two
  user ids, or more than {limit} values of another type, values of the record are given up one by one, user id last.
- **Splink**: `cluster_pairwise_predictions_at_threshold` over all pairs that share a value, with the sum of idgraph's
  weights as match weight. The least threshold is left out: it gives the components.
- **idgraph, exact**: `resolve(…)` on exact evidence alone (`without=("similar",)`): guards, then constraints.
- **idgraph**: its defaults, which also link people who share no value by likeness.

*Largest* is the largest entity, in records. *Two in one* are entities that hold at least {many} records of each of two
true people."""


@dataclass(frozen=True)
class Evidence:
    """What joins records, for all rules alike.

    Attributes:
        count: how many records there are; they are numbered from 0.
        held: record, type, value, weight, first, last (when it was known of the record), node (a number of the type and
            value, from `count` on).
    """

    count: int
    held: pl.DataFrame


def compare(companies: int, *, hostile: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Score every rule on one world: which values, rule, score."""
    import polars as pl

    from idgraph import Config, discover, resolve
    from idgraph.datasets import saas_world

    world = saas_world(companies, seed=_SEED, hostile=hostile)
    with TemporaryDirectory() as folder:
        world.write(folder)
        graph = resolve(*discover(folder), config=Config(without=("similar",)))
        whole = resolve(*discover(folder))
    records, values = _records(graph), _values(graph)
    left = values.filter(pl.col("state").is_in(["used", "cut"]))
    found = {
        name: {
            rule: _score(records.select("record_id", entity_id=pl.Series(entity).gather(records["record"])), world)
            for rule, entity in _partitions(_evidence(records, rows))
        }
        for name, rows in (("all values", values), (_LEFT, left))
    }
    for rule, ours in (("idgraph, exact", graph), ("idgraph", whole)):
        people = ours.assignments.filter(pl.col("level") == "person").select("record_id", "entity_id")
        found[_LEFT][rule] = _score(people, world)
    return found


def _records(graph: ig.Graph) -> pl.DataFrame:
    """The records of people, those that a source system merged under one number: record_id, record."""
    import polars as pl

    from idgraph.engines.components import smallest_member
    from idgraph.schema import PERSON_KINDS

    people: pl.DataFrame = graph.records.filter(pl.col("kind").is_in(PERSON_KINDS))
    ids = people.select("record_id").sort("record_id").with_row_index("place")
    left, right = (
        graph.aliases.select(record_id=end).join(ids, on="record_id", how="left", maintain_order="left")["place"]
        for end in ("survivor_record_id", "merged_record_id")
    )
    both = left.is_not_null() & right.is_not_null()
    itself = ids["place"]
    _, whole = smallest_member(
        pl.concat([itself, left.filter(both)]).to_numpy(), pl.concat([itself, right.filter(both)]).to_numpy()
    )
    return ids.select("record_id", record=pl.Series(whole).rank("dense").cast(pl.Int64) - 1)


def _values(graph: ig.Graph) -> pl.DataFrame:
    """What records of people hold, and what links them: record_id, type, value, weight, observed_at, state."""
    import polars as pl

    types = graph.identifiers["type"].cast(pl.String).unique()
    linking = [name for name in types if graph.config.type_of("person", name).trust != "none"]
    rest = [pl.col("weight"), pl.col("observed_at"), pl.col("state").cast(pl.String)]
    words = [pl.col(name).cast(pl.String) for name in ("type", "value", "reason")]
    held: pl.DataFrame = graph.identifiers.select("record_id", *words, *rest)
    means_something = pl.col("reason").ne_missing("null_like")
    said = held.filter(pl.col("type").is_in(linking), means_something, pl.col("state") != "unused").drop("reason")
    pair = pl.concat_str("left_id", "right_id", separator=" ")
    links: pl.DataFrame = graph.links.filter(pl.col("level") == "person", pl.col("rule") == "device_at")
    ends = [
        links.select(pl.col(end).alias("record_id"), pl.lit(_LINK).alias("type"), pair.alias("value"), *rest)
        for end in ("left_id", "right_id")
    ]
    return pl.concat([said, *ends])


def _evidence(records: pl.DataFrame, values: pl.DataFrame) -> Evidence:
    import polars as pl

    count = int(records["record"].max()) + 1  # type: ignore[arg-type]
    seen = pl.col("observed_at")
    held = (
        values.join(records, on="record_id")
        .group_by("record", "type", "value")
        .agg(pl.col("weight").min(), seen.min().alias("first"), seen.max().alias("last"))
        .with_columns(node=count - 1 + pl.struct("type", "value").rank("dense").cast(pl.Int64))
    )
    return Evidence(count, held)


def _partitions(evidence: Evidence) -> Iterator[tuple[str, list[int]]]:
    """What each rule makes of the evidence: its name, the entity of each record."""
    yield "components", components(evidence)
    yield "Adobe's cap", adobe(evidence, one_user=False)
    yield "Adobe's cap, one user id", adobe(evidence, one_user=True)
    yield "Segment's limits", segment(evidence)
    for least in sorted(evidence.held["weight"].unique())[1:]:
        yield f"Splink, weight from {least:g}", splink(evidence, least)


def components(evidence: Evidence) -> list[int]:
    """Join all that share a value."""
    import numpy as np

    from idgraph.engines.components import smallest_member

    itself = np.arange(evidence.count)
    left = np.concatenate([itself, evidence.held["record"].to_numpy()])
    right = np.concatenate([itself, evidence.held["node"].to_numpy()])
    _, component = smallest_member(left, right)
    return list(component[: evidence.count])


def adobe(evidence: Evidence, *, one_user: bool) -> list[int]:
    """Take links newest first, and leave out each that would break a limit, as Adobe Real-Time CDP documents it.

    A graph has at most 50 identities, and the oldest go ("Guardrails for Identity Service data"). Where a limit is
    broken, links are sorted by latest event, and the graph is made anew without those that break it ("Identity
    optimization algorithm", which says so of namespaces that are declared unique: here the user id). Of one time the
    stronger type comes first, in place of a priority of namespaces: so a record is always of the graph of one of its
    values, the primary identity, and it is links to the others that are left out.

    Args:
        evidence: what joins records; a value is an identity, a link is none.
        one_user: whether the user id is unique in a graph.
    """
    from scipy.cluster.hierarchy import DisjointSet

    order = ["last", "weight", "record", "node"]
    rows = evidence.held.sort(order, descending=[True, True, False, False], nulls_last=True)
    kinds = dict(rows.select("node", "type").iter_rows())
    groups = DisjointSet([*range(evidence.count), *kinds])
    identities = defaultdict(int, {node: int(kind != _LINK) for node, kind in kinds.items()})
    users = defaultdict(frozenset, {node: frozenset([node]) for node, kind in kinds.items() if kind == _USER})
    for record, node in rows.select("record", "node").iter_rows():
        one, other = groups[record], groups[node]
        both = users[one] | users[other]
        size = identities[one] + identities[other]
        if one == other or size > _IDENTITIES or (one_user and len(both) > 1):
            continue
        groups.merge(one, other)
        identities[groups[one]], users[groups[one]] = size, both
    return [groups[record] for record in range(evidence.count)]


def segment(evidence: Evidence) -> list[int]:
    """Join records to profiles one by one, within limits for each type, as Segment Unify documents it.

    A record joins, and merges, all profiles that hold one of its values. If the profile would then hold more than one
    user id, or more than five values of another type, the value of the lowest priority is taken off the record, and it
    tries again: the user id comes first, the e-mail second, the others by the alphabet ("Identity Resolution Settings":
    limit, priority, flat matching logic). A value that was taken off stays unknown to the profile.
    """
    from scipy.cluster.hierarchy import DisjointSet

    profiles = DisjointSet(range(evidence.count))
    owner: dict[int, int] = {}
    holds: dict[int, dict[str, set[int]]] = {}
    for record, values in _arrivals(evidence):
        while True:
            met = {profiles[owner[node]] for _, node in values if node in owner}
            whole = _together([*(holds[profile] for profile in met), _by_type(values)])
            if all(len(nodes) <= _LIMITS.get(kind, _LIMIT) for kind, nodes in whole.items()):
                break
            values.pop()
        for profile in met:
            profiles.merge(record, profile)
        holds[profiles[record]] = whole
        owner.update((node, record) for _, node in values)
    return [profiles[record] for record in range(evidence.count)]


def _arrivals(evidence: Evidence) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """The records in order of time, each with its values, type and node, by priority."""
    import polars as pl

    rank = pl.col("type").replace_strict(_RANKS, default=len(_RANKS) + 1)
    came = pl.col("first").min().over("record")
    rows = evidence.held.with_columns(came.alias("came"), rank.alias("rank"))
    ordered = rows.sort("came", "record", "rank", "type", "node", nulls_last=True).select("record", "type", "node")
    for record, values in groupby(ordered.iter_rows(), key=itemgetter(0)):
        yield record, [(kind, node) for _, kind, node in values]


def _by_type(values: list[tuple[str, int]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for kind, node in values:
        found[kind].add(node)
    return found


def _together(parts: list[dict[str, set[int]]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for part in parts:
        for kind, nodes in part.items():
            found[kind] |= nodes
    return found


def splink(evidence: Evidence, least: float) -> list[int]:
    """Cluster pairs of records by Splink, taking those whose weights add up to a threshold."""
    import duckdb
    import polars as pl
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    held = evidence.held.select("record", "node", "weight")
    pairs = held.join(held, on="node").filter(pl.col("record") < pl.col("record_right"))
    weight = pairs.group_by("record", "record_right").agg(pl.col("weight").sum())
    odds = weight.select("record", "record_right", match_probability=1 / (1 + pl.lit(2.0) ** -pl.col("weight")))
    with TemporaryDirectory() as folder, duckdb.connect() as database:
        odds.write_parquet(f"{folder}/edges.parquet")
        database.execute(f"create table edges as select * from '{folder}/edges.parquet'")
        database.execute(f"create table nodes as select range as id from range({evidence.count})")
        clusters = cluster_pairwise_predictions_at_threshold(
            database.table("nodes"),
            database.table("edges"),
            DuckDBAPI(database),
            "id",
            "record",
            "record_right",
            threshold_match_weight=least - 1e-6,  # a sum that is the threshold reaches it, however it is rounded
        )
        said = database.sql(f"select cluster_id from {clusters.physical_name} order by id").fetchall()
    return [int(cluster) for (cluster,) in said]


def _score(found: pl.DataFrame, world: Any) -> dict[str, float]:  # noqa: ANN401 - a World, which is not yet imported
    import narwhals.stable.v2 as nw
    import polars as pl

    from idgraph.audit.metrics import quality

    truth = world.people_truth
    scores = quality(nw.from_native(found, eager_only=True), nw.from_native(truth, eager_only=True)).as_dict()
    cells = found.join(truth.rename({"entity_id": "person"}), on="record_id").group_by("entity_id", "person").len()
    sizes = cells.group_by("entity_id").agg(pl.col("len").sum())
    several = cells.filter(pl.col("len") >= _MANY).group_by("entity_id").len().filter(pl.col("len") > 1)
    return {**scores, "largest": sizes["len"].max(), "two_in_one": several.height}  # type: ignore[dict-item]


def bench(scale: Scale) -> str:
    """Score both worlds; give the tables in Markdown."""
    limits = {"identities": _IDENTITIES, "limit": _LIMIT, "many": _MANY}
    parts = [_METHOD.format(companies=scale.companies, seed=_SEED, **limits)]
    for name, hostile in (("the usual world", False), ("the hostile world", True)):
        given = {"companies": scale.companies, "hostile": hostile}
        found = measure([Candidate(name, "benches.hostile:compare", given)], 1)[name]
        head = [name, "precision", "recall", "F1", "B³ F1", "largest", "two in one"]
        parts.append(table(head, _rows(found.facts)))
    return "\n\n".join(parts)


def _rows(bases: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[list[str]]:
    for base, rules in bases.items():
        yield [f"**{base}**", *[""] * 6]
        for rule, scores in rules.items():
            shares = [f"{scores[name]:.3f}" for name in ("precision", "recall", "f1", "bcubed_f1")]
            yield [rule, *shares, *(f"{scores[name]:,}" for name in ("largest", "two_in_one"))]
