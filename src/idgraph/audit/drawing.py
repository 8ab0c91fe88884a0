"""Drawing: where the records of one entity, and what joins them, stand in a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from idgraph.errors import mask, mask_id
from idgraph.linkage.rules import ALIAS_RULE, JUDGEMENT_RULE, SIMILAR_RULE
from idgraph.pql.spoken import many

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["ELSEWHERE", "VALUE", "Drawing", "drawing"]

VALUE: Final = "value"
ELSEWHERE: Final = "of another entity"
_MOST: Final = 150  # records and values that can be told apart in one picture
_STATES: Final = ("used", "cut", "review")
_NO_VALUE: Final = (ALIAS_RULE, JUDGEMENT_RULE, SIMILAR_RULE)  # what their links say is no value of anybody
_SEED: Final = 0
_NODES: Final = pl.Schema(
    {
        "node": pl.Int64(),
        "kind": pl.String(),
        "label": pl.String(),
        "about": pl.String(),
        "x": pl.Float64(),
        "y": pl.Float64(),
    }
)
_EDGES: Final = pl.Schema(
    {
        "rule": pl.String(),
        "state": pl.String(),
        "weight": pl.Float64(),
        "about": pl.String(),
        "x": pl.Float64(),
        "y": pl.Float64(),
        "x2": pl.Float64(),
        "y2": pl.Float64(),
    }
)


@dataclass(frozen=True)
class Drawing:
    """A picture of one entity.

    Attributes:
        nodes: node, kind (of a record; `value`; or `of another entity`), label, about, x, y.
        edges: rule, state, weight (log2 odds; null where nothing says it), about, x, y, x2, y2.
        records: how many the entity has.
        summarised: whether they are too many to draw: then a node is all records of one source, or all that one rule
            says, and an edge how often that is.
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame
    records: int
    summarised: bool


def drawing(records: pl.DataFrame, identifiers: pl.DataFrame, links: pl.DataFrame) -> Drawing:
    """Draw an entity: its records, the values that several of them hold, what was cut and what waits for a person.

    Args:
        records: record_id, source, kind (String), all of the entity.
        identifiers: the frame `identifiers`, of these records.
        links: the frame `links`, those with an end among these records.
    """
    held = _held(records, identifiers)
    linked = _linked(links)
    ends = pl.concat([linked["left_id"], linked["right_id"]]).unique().to_frame("record_id")
    others = ends.join(records, on="record_id", how="anti")
    summarised = records.height + held.n_unique("value") + others.height > _MOST
    graph = _summary(records, held, linked) if summarised else _whole(records, held, linked, others)
    return _placed(graph, records.height, summarised=summarised)


def _held(records: pl.DataFrame, identifiers: pl.DataFrame) -> pl.DataFrame:
    """Values that join or were kept from joining: record_id, source, kind, rule, value, state, weight."""
    words = identifiers.with_columns(pl.col("type", "state").cast(pl.String)).filter(pl.col("state").is_in(_STATES))
    shared = words.filter((pl.col("state") != "used") | (pl.col("record_id").n_unique().over("type", "value") > 1))
    told = shared.select("record_id", "value", "state", "weight", rule="type")
    return told.join(records, on="record_id").sort("record_id", "rule", "value")


def _linked(links: pl.DataFrame) -> pl.DataFrame:
    words = links.with_columns(pl.col("rule", "state").cast(pl.String)).filter(pl.col("state").is_in(_STATES))
    return words.select("left_id", "right_id", "rule", "state", "weight", "evidence").sort(
        "left_id", "right_id", "rule"
    )


def _whole(records: pl.DataFrame, held: pl.DataFrame, linked: pl.DataFrame, others: pl.DataFrame) -> nx.MultiGraph[Any]:
    """Every record and shared value a node."""
    import networkx as nx

    graph: nx.MultiGraph[Any] = nx.MultiGraph()
    for record, source, kind in records.select("record_id", "source", "kind").sort("record_id").iter_rows():
        graph.add_node(record, kind=kind, label=source, about=mask_id(record))
    for record in others["record_id"].sort():
        graph.add_node(record, kind=ELSEWHERE, label=ELSEWHERE, about=mask_id(record))
    for record, rule, value, state, weight in held.select("record_id", "rule", "value", "state", "weight").iter_rows():
        graph.add_node((rule, value), kind=VALUE, label=rule, about=f"{rule} {mask(value)}")
        graph.add_edge(record, (rule, value), rule=rule, state=state, weight=weight, about=mask(value))
    for left, right, rule, state, weight, evidence in linked.iter_rows():
        about = evidence or ""
        graph.add_edge(
            left, right, rule=rule, state=state, weight=weight, about=about if rule in _NO_VALUE else mask(about)
        )
    return graph


def _summary(records: pl.DataFrame, held: pl.DataFrame, linked: pl.DataFrame) -> nx.MultiGraph[Any]:
    """A node for each source and each rule, however many records there are."""
    import networkx as nx

    graph: nx.MultiGraph[Any] = nx.MultiGraph()
    for source, kind, number in records.group_by("source", "kind").len().sort("source", "kind").iter_rows():
        graph.add_node((source, kind), kind=kind, label=f"{source} ×{number:,}", about=many(number, "record"))
    ends = pl.concat([linked.select("rule", "state", "weight", record_id=end) for end in ("left_id", "right_id")])
    inside = ends.join(records, on="record_id")
    by = ["source", "kind", "rule", "state"]
    columns = [*by, "weight"]
    counted = pl.concat([held.select(columns), inside.select(columns)]).group_by(by)
    for *group, rule, state, number, weight in counted.agg(pl.len(), pl.col("weight").min()).sort(by).iter_rows():
        graph.add_node(rule, kind=VALUE, label=rule, about=f"all that {rule} says")
        graph.add_edge(tuple(group), rule, rule=rule, state=state, weight=weight, about=f"{number:,} times")
    return graph


def _placed(graph: nx.MultiGraph[Any], records: int, *, summarised: bool) -> Drawing:
    import networkx as nx

    places: dict[Any, Any] = nx.spring_layout(nx.Graph(graph), weight=None, iterations=200, seed=_SEED)

    def at(node: Any) -> Iterable[float]:  # noqa: ANN401 - a record id, or a tuple
        return map(float, places[node])

    nodes = [
        (number, facts["kind"], facts["label"], facts["about"], *at(node))
        for number, (node, facts) in enumerate(graph.nodes(data=True))
    ]
    edges = [
        (facts["rule"], facts["state"], facts["weight"], facts["about"], *at(one), *at(other))
        for one, other, facts in graph.edges(data=True)
    ]
    return Drawing(
        nodes=pl.DataFrame(nodes, schema=_NODES, orient="row"),
        edges=pl.DataFrame(edges, schema=_EDGES, orient="row"),
        records=records,
        summarised=summarised,
    )
