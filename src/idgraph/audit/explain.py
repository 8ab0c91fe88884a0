"""Why two records are one entity, or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from idgraph.errors import NotFoundError, mask, mask_id
from idgraph.linkage.guards import STATE_REASONS
from idgraph.linkage.rules import ALIAS_RULE
from idgraph.schema import FRAMES, level_of

if TYPE_CHECKING:
    import networkx as nx
    import polars as pl

__all__ = ["Explanation", "Step", "evidence_graph", "example", "explain"]

Rows = Callable[[nw.LazyFrame], "pl.DataFrame"]


@dataclass(frozen=True)
class Step:
    """One step of a path: two records and what joins them.

    Attributes:
        left_id, right_id: the records.
        rule: the rule, or `source_merge`.
        type, value: the shared identifier; for a link, the rule and what supports it.
        weight: log2 odds of the weaker end.
    """

    left_id: str
    right_id: str
    rule: str
    type: str
    value: str
    weight: float

    @property
    def shown(self) -> str:
        """The value as it may be shown; which column a merge was recorded in is no value of anybody."""
        return self.value if self.rule == ALIAS_RULE or not self.value else mask(self.value)


@dataclass(frozen=True)
class Explanation:
    """Whether two records share an entity, and what says so.

    Attributes:
        left_id, right_id: the records asked for.
        level: person or account; None where one is a person and the other a company.
        same: whether they share an entity.
        steps: the path of used evidence between them; empty where they do not.
        reasons: where they do not, what could have joined them and did not.
    """

    left_id: str
    right_id: str
    level: str | None
    same: bool
    steps: list[Step] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def weakest(self) -> Step | None:
        """The step with the least weight, the first of several."""
        return min(self.steps, key=lambda step: step.weight, default=None)

    def __str__(self) -> str:
        """A few lines for a terminal; values are masked."""
        if not self.same:
            return "\n".join(
                [f"{mask_id(self.left_id)} and {mask_id(self.right_id)} are not one", *(f"  {r}" for r in self.reasons)]
            )
        lines = [f"{mask_id(self.left_id)} and {mask_id(self.right_id)} are one {self.level}:"]
        for step in self.steps:
            mark = "   ← weakest" if step is self.weakest and len(self.steps) > 1 else ""
            lines.append(
                f"  {mask_id(step.left_id)} — {f'{step.type} {step.shown}'.strip()} — {mask_id(step.right_id)}"
                f"   (rule {step.rule}, weight {step.weight:g}){mark}"
            )
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Give the same for machines; values are masked here too."""
        steps = [
            {
                "left_id": mask_id(step.left_id),
                "right_id": mask_id(step.right_id),
                "rule": step.rule,
                "type": step.type,
                "value": step.shown,
                "weight": step.weight,
                "weakest": step is self.weakest,
            }
            for step in self.steps
        ]
        return {
            "left_id": mask_id(self.left_id),
            "right_id": mask_id(self.right_id),
            "level": self.level,
            "same": self.same,
            "steps": steps,
            "reasons": self.reasons,
        }


def evidence_graph(identifiers: pl.DataFrame, links: pl.DataFrame) -> nx.Graph:
    """Draw used evidence as a graph of records and values.

    Args:
        identifiers: the frame `identifiers`, of the records of interest.
        links: the frame `links`, likewise.

    Returns:
        Nodes are record ids, and (rule, type, value) for values; edges carry rule, type, value and weight.
    """
    import networkx as nx  # slow to import, and only explanations need it

    graph: nx.Graph[Any] = nx.Graph()
    columns = ["record_id", "type", "value", "rules", "weight", "state"]
    for record_id, kind, value, rules, weight, state in identifiers.select(columns).iter_rows():
        if state == "used":
            for rule in rules.split(","):
                node = (rule, kind, value)
                graph.add_edge(record_id, node, rule=rule, type=kind, value=value, weight=weight)
    for left, right, rule, weight, evidence, state in links.select(
        "left_id", "right_id", "rule", "weight", "evidence", "state"
    ).iter_rows():
        if state == "used":
            graph.add_edge(left, right, rule=rule, type=rule, value=evidence or "", weight=weight)
    return graph


def explain(frames: Mapping[str, nw.LazyFrame], left_id: str, right_id: str, collect: Rows) -> Explanation:
    """Find the path of evidence between two records.

    Args:
        frames: records, identifiers, links, assignments, memberships, members.
        left_id: a record id.
        right_id: another.
        collect: brings a small frame to this process.

    Returns:
        The shortest path, of several the strongest; or what the two share that may not link.

    Raises:
        NotFoundError: a record is not in the graph.
    """
    pair = [left_id, right_id]
    found = collect(frames["records"].filter(nw.col("record_id").is_in(pair)).select("record_id", "kind"))
    kinds = dict(found.iter_rows())
    for record_id in pair:
        if record_id not in kinds:
            msg = (
                f"there is no record {mask_id(record_id)!r}. Record ids are '<source>:<native id>'; see graph.records."
            )
            raise NotFoundError(msg)
    levels = {level_of(kind) for kind in kinds.values()}
    if len(levels) > 1:
        return Explanation(left_id, right_id, None, same=False, reasons=_memberships(frames, pair, collect))
    level = levels.pop()
    placed = frames["assignments"].filter(nw.col("level") == level)
    entities = dict(
        collect(placed.filter(nw.col("record_id").is_in(pair)).select("record_id", "entity_id")).iter_rows()
    )
    if entities[left_id] != entities[right_id]:
        return Explanation(left_id, right_id, level, same=False, reasons=_why_not(frames, pair, collect))
    inside = placed.filter(nw.col("entity_id") == entities[left_id]).select("record_id")
    identifiers = frames["identifiers"].join(inside, on="record_id", how="semi")
    links = frames["links"].join(inside.rename({"record_id": "left_id"}), on="left_id", how="semi")
    graph = evidence_graph(collect(identifiers), collect(links))
    return Explanation(left_id, right_id, level, same=True, steps=_path(graph, left_id, right_id))


def _path(graph: nx.Graph, left_id: str, right_id: str) -> list[Step]:
    if left_id == right_id:
        return []

    import networkx as nx

    def cost(_one: object, _other: object, edge: dict[str, Any]) -> float:
        return 1 + 1 / (1 + float(edge["weight"]))

    path = nx.dijkstra_path(graph, left_id, right_id, weight=cost)
    records = [place for place, node in enumerate(path) if isinstance(node, str)]
    steps = []
    for start, end in pairwise(records):
        edges = [graph.edges[path[place], path[place + 1]] for place in range(start, end)]
        weakest = min(edges, key=lambda edge: float(edge["weight"]))
        steps.append(Step(path[start], path[end], **{k: weakest[k] for k in ("rule", "type", "value", "weight")}))
    return steps


def _why_not(frames: Mapping[str, nw.LazyFrame], pair: list[str], collect: Rows) -> list[str]:
    """What two records share that may not link, and what waits for a decision."""
    held = frames["identifiers"].filter(nw.col("record_id").is_in(pair))
    rows = collect(held.select("record_id", "type", "value", "state", "reason"))
    one, other = (
        {
            (kind, value): (state, reason)
            for record, kind, value, state, reason in rows.iter_rows()
            if record == record_id
        }
        for record_id in pair
    )
    reasons = []
    for kind, value in sorted(one.keys() & other.keys()):
        states = sorted({one[kind, value], other[kind, value]}, key=str)
        state, barred = next((found for found in states if found[1]), (None, None))
        why = f"{state}, {barred}: {STATE_REASONS.get(barred, barred)}" if barred else "not used: no rule links by it"
        reasons.append(f"they share {kind} {mask(value)}, {why}")
    ordered = sorted(pair)
    waiting = frames["links"].filter((nw.col("left_id") == ordered[0]) & (nw.col("right_id") == ordered[1]))
    for rule, state, reason in collect(waiting.select("rule", "state", "reason")).iter_rows():
        why = f": {STATE_REASONS.get(reason, reason)}" if reason else ""
        reasons.append(f"a link by {rule} is in state {state}{why}")
    return reasons or ["they share no identifier, and no chain of records joins them"]


def _memberships(frames: Mapping[str, nw.LazyFrame], pair: list[str], collect: Rows) -> list[str]:
    between = frames["memberships"].filter(
        nw.col("person_record_id").is_in(pair) & nw.col("company_record_id").is_in(pair)
    )
    via = collect(between.select("via")).to_series().unique().sort().to_list()
    if via:
        return [
            f"one is a person and the other a company: the person belongs to it, by {', '.join(via)}. That is no link"
        ]
    placed = frames["assignments"].filter(
        nw.col("record_id").is_in(pair) & nw.col("level").is_in(["person", "account"])
    )
    entities = collect(placed.select("entity_id")).to_series().to_list()
    known = frames["members"].filter(nw.col("profile_id").is_in(entities) & nw.col("account_id").is_in(entities))
    via = collect(known.select("via")).to_series().unique().sort().to_list()
    if via:
        known_by = f"the person belongs to it by other records of theirs, by {', '.join(via)}"
        return [f"one is a person and the other a company: {known_by}. That is no link"]
    return ["one is a person and the other a company; nothing says that the one belongs to the other"]


def example(frames: Mapping[str, nw.LazyFrame], collect: Rows) -> tuple[str, str]:
    """Pick two records of one profile that are worth explaining; see `Graph.example`."""
    kinds = [name for name in FRAMES["profiles"].columns if name.endswith("_records")]
    variety = nw.sum_horizontal(*((nw.col(name) > 0).cast(nw.Int64()) for name in kinds))
    several = frames["profiles"].filter(nw.col("records") > 1).with_columns(variety.alias("variety"))
    order = ["variety", "records", "entity_id"]
    best = collect(several.select(order).sort(order, descending=[True, False, False]).head(1))
    if best.is_empty():
        msg = "no profile has two records: nothing was linked"
        raise NotFoundError(msg)
    inside = frames["assignments"].filter(nw.col("entity_id") == best["entity_id"][0]).select("record_id")
    identifiers = frames["identifiers"].join(inside, on="record_id", how="semi")
    links = frames["links"].join(inside.rename({"record_id": "left_id"}), on="left_id", how="semi")
    graph = evidence_graph(collect(identifiers), collect(links))
    import networkx as nx

    lengths = dict(nx.all_pairs_shortest_path_length(graph))
    records = sorted(node for node in graph if isinstance(node, str))
    pairs = [(-lengths[one][other], one, other) for place, one in enumerate(records) for other in records[place + 1 :]]
    return min(pairs)[1:]
