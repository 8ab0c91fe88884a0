"""Why two records are one entity, or why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.apart import Learnt, why_apart
from idgraph.audit.belonging import Standing, domains_shared, maybe_one, no_account, standings_of
from idgraph.audit.compared import Compared, sides_of, with_values
from idgraph.audit.explanation import Explanation, Step
from idgraph.audit.inside import entities_of, evidence_held, inside, insides, is_entity_id
from idgraph.collapse.ids import PREFIXES
from idgraph.entities.nearest import no_record
from idgraph.errors import NotFoundError, mask_id
from idgraph.linkage.parts import from_text
from idgraph.linkage.rules import SIMILAR_RULE
from idgraph.schema import FRAMES

if TYPE_CHECKING:
    import networkx as nx

    from idgraph.engines import Engine

__all__ = ["drawn", "evidence_graph", "example", "explain"]

Rows = Callable[[nw.LazyFrame], pl.DataFrame]
_COMPARED: Final = 100  # records of a profile of which two are picked as an example
_LEVELS: Final = {prefix: level for level, prefix in PREFIXES.items()}


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


def explain(
    frames: Mapping[str, nw.LazyFrame],
    left_id: str,
    right_id: str,
    engine: Engine,
    learnt: Mapping[str, Learnt | None],
    strict_weight: float,
) -> Explanation:
    """Find the path of evidence between two records; or between a person and an account, how the one belongs there.

    Args:
        frames: records, identifiers, links, assignments, memberships, members, hierarchy.
        left_id: a record id; or the id of an entity, which is asked by its first record.
        right_id: another.
        engine: what runs it.
        learnt: by level, what the run learnt of likeness.
        strict_weight: from here on evidence needs no doubt.

    Returns:
        The shortest path, of several the strongest; or what the two share that may not link, and how alike they are. Of
        a person and a company the path over the strongest membership, and all accounts of the person.

    Raises:
        NotFoundError: a record or an entity is not in the graph.
    """
    collect = engine.collect
    asked = _asked(frames, [left_id, right_id], collect)
    levels = {one.level for one in asked}
    if len(levels) > 1:
        return _belonging(frames, asked, engine)
    level = levels.pop()
    left_id, right_id = pair = [one.record_id for one in asked]
    wholes = {one.entity_id: one.records for one in asked}
    every = [record_id for whole in wholes.values() for record_id in whole]
    held = evidence_held(frames, every, collect)
    graph = _with_all(evidence_graph(*held), every)
    known = learnt.get(level)
    least = strict_weight if level == "person" else 0.0
    if len(wholes) > 1:
        units = [_unit(graph, record_id, least) for record_id in pair]
        apart = why_apart(frames, held, pair, level, [one.records for one in asked], units, known, collect)
        return Explanation(left_id, right_id, level, same=False, reasons=apart.reasons, parts=apart.parts)
    steps = _path(graph, left_id, right_id)
    for place, step in enumerate(steps):
        if step.rule == SIMILAR_RULE and known is not None:
            ends = [_unit(graph, record_id, least) for record_id in (step.left_id, step.right_id)]
            found = sides_of(frames, ends, level, known.model, collect)
            steps[place] = replace(step, parts=tuple(with_values(from_text(step.value), found, (0, 1))))
    return Explanation(left_id, right_id, level, same=True, steps=steps)


@dataclass(frozen=True)
class _Asked:
    """What is asked about.

    Attributes:
        id: as it was given.
        record_id: the record, or the first one of the entity.
        entity_id: the profile or account.
        records: all records of it.
    """

    id: str
    record_id: str
    entity_id: str
    records: list[str]

    @property
    def level(self) -> str:
        """Person or account."""
        return _LEVELS[self.entity_id[:4]]

    @property
    def is_entity(self) -> bool:
        """Whether no record of it was named."""
        return is_entity_id(self.id)


def _asked(frames: Mapping[str, nw.LazyFrame], ids: Sequence[str], collect: Rows) -> list[_Asked]:
    """Look up records, and entities by their first."""
    firsts = [inside(frames, id, collect)["record_id"][0] if is_entity_id(id) else id for id in ids]
    entities = _placed(frames, firsts, collect)
    records = insides(frames, set(entities.values()), collect)
    return [_Asked(id, first, entities[first], records[entities[first]]) for id, first in zip(ids, firsts, strict=True)]


def _placed(frames: Mapping[str, nw.LazyFrame], pair: Sequence[str], collect: Rows) -> dict[str, str]:
    """The profiles or accounts of two records.

    Raises:
        NotFoundError: one is not there; the message names those most like it.
    """
    entities = entities_of(frames, pair, collect)
    for record_id in pair:
        if record_id not in entities:
            raise NotFoundError(no_record(frames["records"], record_id, collect))
    return entities


def drawn(frames: Mapping[str, nw.LazyFrame], records: Collection[str], collect: Rows) -> nx.Graph[Any]:
    """Draw the evidence of the records of one entity, those without any too; see `evidence_graph`."""
    return _with_all(evidence_graph(*evidence_held(frames, records, collect)), records)


def _with_all(graph: nx.Graph[Any], records: Collection[str]) -> nx.Graph[Any]:
    graph.add_nodes_from(records)
    return graph


def _unit(graph: nx.Graph[Any], record: str, least: float) -> list[str]:
    """The records that are held together with one by evidence of a weight, likeness not counted."""
    import networkx as nx

    def holds(one: object, other: object) -> bool:
        edge = graph.edges[one, other]
        return bool(edge["rule"] != SIMILAR_RULE and edge["weight"] >= least)

    held = nx.node_connected_component(nx.subgraph_view(graph, filter_edge=holds), record)
    return sorted(node for node in held if isinstance(node, str))


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


def _belonging(frames: Mapping[str, nw.LazyFrame], asked: Sequence[_Asked], engine: Engine) -> Explanation:
    """Say whether a person belongs to an account, through what, and which of the person's accounts is the primary."""
    collect = engine.collect
    person, company = sorted(asked, key=lambda one: one.level, reverse=True)
    accounts = standings_of(frames, person.entity_id, person.records, collect)
    told = Explanation(asked[0].id, asked[1].id, None, same=False, accounts=accounts)
    mine = next((one for one in accounts if one.account_id == company.entity_id), None)
    primary = next((one for one in accounts if one.is_primary), None)
    if mine is None:
        nothing = [f"nothing says that {mask_id(person.id)} belongs to {mask_id(company.id)}"]
        reasons = [*nothing, *domains_shared(frames, person.records, company.records, collect)]
        reasons += [] if accounts else no_account(frames, person.entity_id, engine)
    else:
        told = replace(told, standing=mine, steps=_joining(frames, person, company, mine, collect))
        reasons = []
    if primary is not None and primary is not mine:
        others = inside(frames, primary.account_id, collect)["record_id"].to_list()
        called = (mask_id(company.id), mask_id(primary.company_record_id))
        reasons += [f"the primary account is {called[1]}"] if mine is None else []
        reasons += maybe_one(frames, [company.records, others], called, collect)
    return replace(told, reasons=reasons)


def _joining(
    frames: Mapping[str, nw.LazyFrame], person: _Asked, company: _Asked, mine: Standing, collect: Rows
) -> list[Step]:
    """The path from a person's record, over the strongest membership, to an account's record."""
    between = Step(mine.person_record_id, mine.company_record_id, mine.via, "belongs to", "", mine.weight)
    start, end = (
        [] if one.is_entity else _path(drawn(frames, one.records, collect), *ends)
        for one, ends in (
            (person, (person.record_id, mine.person_record_id)),
            (company, (mine.company_record_id, company.record_id)),
        )
    )
    return [
        replace(step, parts=tuple(Compared(**vars(part)) for part in from_text(step.value)))
        if step.rule == SIMILAR_RULE
        else step
        for step in (*start, between, *end)
    ]


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
    graph = drawn(frames, inside(frames, best["entity_id"][0], collect)["record_id"], collect)
    import networkx as nx

    records = sorted(node for node in graph if isinstance(node, str))[:_COMPARED]
    lengths = {record: nx.single_source_shortest_path_length(graph, record) for record in records}
    pairs = [(-lengths[one][other], one, other) for place, one in enumerate(records) for other in records[place + 1 :]]
    return min(pairs)[1:]
