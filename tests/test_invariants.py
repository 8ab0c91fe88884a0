"""What must hold of every graph, whatever the exports: invariants 1, 3, 4 and 6 of the design, on generated worlds."""

from __future__ import annotations

from typing import Any

import networkx as nx
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import idgraph as ig
from idgraph.schema import FRAMES, LEVELS

FEW = settings(max_examples=settings().max_examples // 4)  # each example resolves six tables, which takes half a second

EMAILS = ["ana@acme.io", "bo@acme.io", "cy@beta.de", "ana@gmail.com", "info@acme.io", "null", "Ana@Acme.io "]
DEVICES = ["device-aaa1", "device-bbb2", "device-ccc3", "undefined"]
USERS = ["u1", "u2", "u3"]
TENANTS = ["t1", "t2"]
ACCOUNTS = ["a1", "a2", "a3"]
NAMES = ["Ana Silva", "Bo Larsen", "Cy Young", None]


def rows(size: int = 6, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[pl.DataFrame]:
    """Tables of up to `size` rows, with an own id where the columns have none."""
    schema = dict.fromkeys(columns, pl.String)
    listed = st.lists(st.fixed_dictionaries(columns), max_size=size)
    return listed.map(lambda found: pl.DataFrame(found, schema=schema).with_row_index("id", 1).cast(pl.String))


def maybe(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


WORLDS = st.fixed_dictionaries(
    {
        "users": rows(email=maybe(EMAILS), device=maybe(DEVICES), tenant=maybe(TENANTS), name=st.sampled_from(NAMES)),
        "leads": rows(email=maybe(EMAILS), device=maybe(DEVICES), contact=maybe(["1", "2", "9"])),
        "contacts": rows(email=maybe(EMAILS), account=maybe(ACCOUNTS), name=st.sampled_from(NAMES)),
        "visits": rows(user=maybe(USERS), device=maybe(DEVICES), email=maybe(EMAILS)),
        "accounts": rows(3, domain=maybe(["acme.io", "https://www.beta.de/x", "gmail.com"]), parent=maybe(["1", "2"])),
        "tenants": rows(3, domain=maybe(["acme.io", "beta.de"])),
    }
)


def sources(world: dict[str, pl.DataFrame]) -> list[ig.Source]:
    who = {"email": "email", "device": "device"}
    visits = world["visits"].with_columns(pl.lit("2026-01-01").alias("at"))
    mapped = [
        ig.Source(
            "app_users",
            kind="user",
            data=world["users"].with_columns(("u" + pl.col("id")).alias("id")),
            id="id",
            id_type="app.user_id",
            identifiers=who,
            attributes={"full_name": "name"},
            belongs_to={"tenant": "tenant"},
        ),
        ig.Source(
            "crm_leads",
            kind="lead",
            data=world["leads"],
            id="id",
            identifiers=who,
            same_as={"crm_contacts.id": "contact"},
        ),
        ig.Source(
            "crm_contacts",
            kind="contact",
            data=world["contacts"],
            id="id",
            identifiers={"email": "email"},
            attributes={"full_name": "name"},
            belongs_to={"crm_accounts.id": "account"},
        ),
        ig.Source(
            "web_visits",
            kind="visitor",
            data=visits,
            time="at",
            identifiers={"app.user_id": "user", "device": "device", "email": "email"},
        ),
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            data=world["accounts"],
            id="id",
            identifiers={"domain": "domain"},
            owned_by={"crm_accounts.id": "parent"},
        ),
        ig.Source(
            "app_tenants",
            kind="tenant",
            data=world["tenants"].with_columns(("t" + pl.col("id")).alias("id")),
            id="id",
            id_type="app.tenant_id",
            identifiers={"domain": "domain"},
        ),
    ]
    return [source for source in mapped if not source.data.is_empty()]


def resolved(world: dict[str, pl.DataFrame]) -> ig.Graph | None:
    found = sources(world)
    return ig.resolve(*found) if found else None


def comparable(graph: ig.Graph, name: str) -> list[dict[str, Any]]:
    frame = getattr(graph, name)
    return sorted(frame.to_dicts(), key=repr)


@FEW
@given(world=WORLDS, seed=st.integers(0, 99))
def test_shuffling_rows_and_sources_changes_nothing(world: dict[str, pl.DataFrame], seed: int) -> None:
    """Invariant 1."""
    first = resolved(world)
    if first is None:
        return
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in world.items()}
    second = ig.resolve(*reversed(sources(shuffled)))
    for name in FRAMES:
        if name != "rejects":  # where a row stands in its file is what a reject tells
            assert comparable(first, name) == comparable(second, name), name


@FEW
@given(world=WORLDS)
def test_every_record_is_in_one_entity_of_each_level_it_has(world: dict[str, pl.DataFrame]) -> None:
    """Invariant 3."""
    graph = resolved(world)
    if graph is None:
        return
    for level, kinds in LEVELS.items():
        expected = graph.records.filter(pl.col("kind").is_in(kinds))["record_id"].sort().to_list()
        placed = graph.assignments.filter(pl.col("level") == level)
        assert placed["record_id"].sort().to_list() == expected
    read = sum(frame.height for name, frame in world.items() if name != "visits")
    assert graph.records.filter(~pl.col("stub") & (pl.col("source") != "web_visits")).height == read


@FEW
@given(world=WORLDS)
def test_entities_are_what_used_evidence_joins(world: dict[str, pl.DataFrame]) -> None:
    """Invariant 4: suppressed values, memberships and hierarchy join nothing. Checked against networkx."""
    graph = resolved(world)
    if graph is None:
        return
    kinds = dict(graph.records.select("record_id", "kind").iter_rows())
    for level in ("person", "account"):
        joined: nx.Graph[Any] = nx.Graph()
        joined.add_nodes_from(record for record, kind in kinds.items() if kind in LEVELS[level])
        held = graph.identifiers.filter(pl.col("state") == "used").select("record_id", "type", "value")
        joined.add_edges_from((r, (t, v)) for r, t, v in held.iter_rows() if kinds[r] in LEVELS[level])
        links = graph.links.filter((pl.col("state") == "used") & (pl.col("level") == level))
        joined.add_edges_from(links.select("left_id", "right_id").iter_rows())
        expected = {
            frozenset(node for node in part if isinstance(node, str)) for part in nx.connected_components(joined)
        }
        placed = graph.assignments.filter(pl.col("level") == level).group_by("entity_id").agg("record_id")
        assert {frozenset(part) for part in placed["record_id"].to_list()} == expected


@FEW
@given(world=WORLDS)
def test_explain_finds_a_path_exactly_within_an_entity(world: dict[str, pl.DataFrame]) -> None:
    """Invariant 6: and every step of it is used evidence."""
    graph = resolved(world)
    if graph is None:
        return
    used = set(graph.identifiers.filter(pl.col("state") == "used").select("record_id", "type", "value").iter_rows())
    linked = set(graph.links.filter(pl.col("state") == "used").select("left_id", "right_id").iter_rows())
    for level in ("person", "account"):
        placed = graph.assignments.filter(pl.col("level") == level).sort("record_id").head(5)
        entity = dict(placed.select("record_id", "entity_id").iter_rows())
        for left, of_left in entity.items():
            for right, of_right in entity.items():
                found = graph.explain(left, right)
                assert found.same == (of_left == of_right)
                assert bool(found.steps) == (found.same and left != right)
                assert found.same or found.reasons
                for step in found.steps:
                    ends = {(record, step.type, step.value) for record in (step.left_id, step.right_id)}
                    assert ends <= used or tuple(sorted((step.left_id, step.right_id))) in linked
                if found.steps:
                    assert (found.steps[0].left_id, found.steps[-1].right_id) == (left, right)


@FEW
@given(world=WORLDS)
def test_the_same_evidence_gives_the_same_graph(world: dict[str, pl.DataFrame]) -> None:
    """Collapsing a graph's own frames again changes nothing: what was matched is all that joins."""
    graph = resolved(world)
    if graph is None:
        return
    names = ("records", "identifiers", "links", "memberships", "hierarchy", "aliases")
    again = ig.Graph.from_frames(config=graph.config, **{name: getattr(graph, name) for name in names})
    for name in ("assignments", "profiles", "tenants", "accounts", "members"):
        # Which attributes are declared, though nobody has them, is not in the frames.
        assert [_held(row) for row in comparable(graph, name)] == [_held(row) for row in comparable(again, name)], name


def _held(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if value is not None}
