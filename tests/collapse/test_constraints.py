"""Constraints and judgements: what may not be one, what shows of it, and what never breaks."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.schema import FRAMES, cast

GIVEN = ("records", "identifiers", "links", "memberships", "hierarchy", "aliases", "judgements")
UNIQUE = {"types": [{"name": "app.user_id", "unique": "entity"}]}
KINDS = {"u": "user", "c": "contact", "l": "lead", "v": "visitor"}


def config(**said: Any) -> ig.Config:
    return ig.Config.model_validate(said)


def judged(*said: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(said, schema=["left_id", "right_id", "verdict"], orient="row")


def collapsed(*held: str, config: ig.Config | None = None, **frames: Any) -> ig.Graph:
    """The graph of identifiers such as `u:1 email x`; the source is the first letter of the kind."""
    rows = [line.split() for line in held]
    identifiers = pl.DataFrame(rows, schema=["record_id", "type", "value"], orient="row")
    ids = identifiers["record_id"].unique().sort()
    records = pl.DataFrame({"record_id": ids, "kind": [KINDS[record[0]] for record in ids]})
    return ig.Graph.from_frames(config=config, **{"records": records, "identifiers": identifiers, **frames})


def people(graph: ig.Graph, column: str = "entity_id") -> set[frozenset[str]]:
    placed = graph.assignments.filter(pl.col("level") == "person").group_by(column).agg("record_id")
    return {frozenset(records) for records in placed["record_id"].to_list()}


def sets(*found: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in found}


def cut(graph: ig.Graph) -> set[tuple[str, str, str]]:
    """The identifiers that were cut, and why; all that is cut says why, and nothing else does."""
    of = graph.identifiers.filter(pl.col("state") == "cut")
    return set(of.select("record_id", "value", pl.col("reason").cast(pl.String)).iter_rows())


# Each constraint


def resolved(given: ig.Config, **tables: list[dict[str, str]]) -> ig.Graph:
    """Users and contacts with an address, and the customer that a billing system says they are."""
    mapped: dict[str, dict[str, Any]] = {
        "app": {"kind": "user", "id_type": "app.user_id"},
        "crm": {"kind": "contact"},
    }
    sources = [
        ig.Source(
            name,
            data=pl.DataFrame(rows, schema=dict.fromkeys(("id", "email", "customer", "at"), pl.String)),
            id="id",
            time="at",
            identifiers={"email": "email", "billing.customer_id": "customer"},
            **mapped[name],
        )
        for name, rows in tables.items()
    ]
    return ig.resolve(*sources, config=given)


def test_one_person_has_one_value_of_a_unique_type():
    app = [{"id": name, "email": "ana@acme.io"} for name in ("u1", "u2")]
    crm = [{"id": "1", "email": "ana@acme.io"}]
    assert people(resolved(config(), app=app, crm=crm)) == sets("app:u1 app:u2 crm:1")
    graph = resolved(config(**UNIQUE), app=app, crm=crm)
    assert people(graph) == sets("app:u1 crm:1", "app:u2")
    assert cut(graph) == {("app:u2", "ana@acme.io", "unique")}
    assert graph.suppressed.is_empty()  # a cut value still joins others


def test_values_of_records_that_a_system_merged_are_one():
    held = ["u:1 app.user_id 1", "u:2 app.user_id 2", "u:1 email ana@acme.io", "u:2 email ana@acme.io"]
    aliases = pl.DataFrame({"survivor_record_id": ["u:1"], "merged_record_id": ["u:2"]})
    assert people(collapsed(*held, config=config(**UNIQUE))) == sets("u:1", "u:2")
    assert people(collapsed(*held, config=config(**UNIQUE), aliases=aliases)) == sets("u:1 u:2")


def test_a_type_may_be_unique_in_each_source():
    given = config(types=[{"name": "billing.customer_id", "unique": "source"}])
    crm = [{"id": "1", "email": "ana@acme.io", "customer": "c7"}, {"id": "2", "email": "ana@acme.io", "customer": "c8"}]
    app = [{"id": "u1", "email": "ana@acme.io", "customer": "c9"}]
    graph = resolved(given, crm=crm, app=app)
    assert people(graph) == sets("app:u1 crm:1", "crm:2")
    assert cut(graph) == {("crm:2", "ana@acme.io", "unique")}


@pytest.mark.parametrize(("second", "joined"), [("2026-03-01", True), ("2026-01-20", False), (None, False)])
def test_values_seen_long_after_each_other_may_both_be_right(second, joined):
    given = config(types=[{"name": "app.user_id", "unique": "entity", "unique_days": 30}])
    app = [
        {"id": "u1", "email": "ana@acme.io", "at": "2026-01-01"},
        {"id": "u2", "email": "ana@acme.io", "at": second},
    ]
    assert len(people(resolved(given, app=app))) == (1 if joined else 2)


def test_an_address_meets_no_more_users_than_it_may():
    given = config(cardinality=[{"of": "email", "to": "app.user_id", "at_most": 2}])
    app = [{"id": f"u{n}", "email": "ana@acme.io"} for n in range(1, 5)]
    graph = resolved(given, app=app, crm=[{"id": "1", "email": "ana@acme.io"}])
    assert people(graph) == sets("app:u1 app:u2 crm:1", "app:u3", "app:u4")
    assert cut(graph) == {(f"app:u{n}", "ana@acme.io", "cardinality") for n in (3, 4)}


SHARED = ["c:1 email x@a.io", "l:1 email x@a.io", "l:1 phone 7", "l:2 phone 7", "v:1 phone 7"]


def test_a_person_has_so_many_records():
    graph = collapsed(*SHARED, config=config(most_records=2))
    assert people(graph) == sets("c:1 l:1", "l:2", "v:1")
    assert cut(graph) == {(record, "7", "too_large") for record in ("l:1", "l:2", "v:1")}
    assert people(collapsed(*SHARED, config=config(most_records=3))) == sets("c:1 l:1 l:2 v:1")  # a cookie is none


def test_a_person_has_so_many_parts():
    graph = collapsed(*SHARED, config=config(most_parts=2))
    assert people(graph) == sets("c:1 l:1", "l:2", "v:1")
    assert cut(graph) == {(record, "7", "too_loose") for record in ("l:1", "l:2", "v:1")}
    assert people(collapsed(*SHARED, config=config(most_parts=3))) == sets("c:1 l:1 l:2 v:1")


@pytest.mark.parametrize(("kind", "reason"), [("l", "too_large"), ("v", "too_loose")])
def test_what_is_too_much_is_found_from_the_data(kind, reason):
    """Among forty people of two records thirty are too many for one person, and three are not."""
    pairs = [f"{end}:p{n} phone 1{n:02}" for n in range(40) for end in ("c", "l")]
    many = [f"{kind}:m{n} phone 999" for n in range(30)]
    graph = collapsed(*pairs, *many, "l:t1 phone 5", "l:t2 phone 5", "l:t3 phone 5")
    assert {len(person) for person in people(graph)} == {1, 2, 3}
    assert cut(graph) == {(f"{kind}:m{n}", "999", reason) for n in range(30)}
    assert len(people(collapsed(*many))) == 1  # nothing else says what is usual


DENSE = [f"{kind}:{n} billing.customer_id {n}" for kind in ("c", "l", "u") for n in (1, 2)]


def test_a_weak_value_alone_joins_no_dense_groups():
    graph = collapsed(*DENSE, "u:1 phone 7", "u:2 phone 7")
    assert people(graph) == sets("c:1 l:1 u:1", "c:2 l:2 u:2")
    assert cut(graph) == {("u:2", "7", "weak_bridge")}
    joined = collapsed(*DENSE, "u:1 phone 7", "u:2 phone 7", "c:1 device 8", "l:2 device 8")
    assert people(joined) == sets("c:1 l:1 u:1 c:2 l:2 u:2")
    assert cut(joined) == set()


def test_what_is_weak_is_a_setting():
    held = [*DENSE, "u:1 phone 7", "u:2 phone 7"]
    assert len(people(collapsed(*held, config=config(strict_weight=8)))) == 1


def test_why_two_are_not_one_is_explained():
    graph = collapsed("u:1 app.user_id 1", "u:2 app.user_id 2", "u:1 email x", "u:2 email x", config=config(**UNIQUE))
    found = graph.explain("u:1", "u:2")
    assert not found.same
    assert "unique" in str(found)


# Judgements


def judgement_links(graph: ig.Graph) -> set[tuple[str, ...]]:
    of = graph.links.filter(pl.col("rule") == "judgement")
    words = [pl.col(name).cast(pl.String) for name in ("state", "reason")]
    return set(of.select("left_id", "right_id", *words).iter_rows())


def test_different_parts_what_evidence_joined():
    graph = collapsed(
        "c:1 email x@a.io", "l:1 email x@a.io", "u:1 email x@a.io", judgements=judged(("l:1", "c:1", "different"))
    )
    assert people(graph) == sets("c:1 u:1", "l:1")
    assert cut(graph) == {("l:1", "x@a.io", "cannot_link")}
    assert judgement_links(graph) == {("c:1", "l:1", "rejected", "different")}


def test_different_parts_what_a_system_merged():
    aliases = pl.DataFrame({"survivor_record_id": ["c:1"], "merged_record_id": ["l:1"]})
    said = judged(("c:1", "l:1", "different"))
    assert people(collapsed("c:1 email x", "l:1 email y", aliases=aliases)) == sets("c:1 l:1")
    assert people(collapsed("c:1 email x", "l:1 email y", aliases=aliases, judgements=said)) == sets("c:1", "l:1")


def test_of_a_chain_between_two_who_are_not_one_the_weakest_goes():
    held = ["c:1 phone 7", "l:1 phone 7", "l:1 email x@a.io", "l:2 email x@a.io"]
    graph = collapsed(*held, judgements=judged(("c:1", "l:2", "different")))
    assert people(graph) == sets("c:1", "l:1 l:2")
    assert cut(graph) == {("l:1", "7", "cannot_link")}


def test_same_joins_what_nothing_joined():
    graph = collapsed("c:1 email x@a.io", "l:1 email y@a.io", judgements=judged(("c:1", "l:1", "same")))
    assert people(graph) == sets("c:1 l:1")
    assert people(graph, "strict_id") == sets("c:1 l:1")
    assert judgement_links(graph) == {("c:1", "l:1", "used", None)}


def test_unsure_joins_and_parts_nobody():
    said = judged(("c:1", "l:1", "unsure"), ("c:1", "u:1", "unsure"))
    graph = collapsed("c:1 email x@a.io", "l:1 email x@a.io", "u:1 email y@a.io", judgements=said)
    assert people(graph) == sets("c:1 l:1", "u:1")
    assert judgement_links(graph) == {("c:1", "l:1", "review", "unsure"), ("c:1", "u:1", "review", "unsure")}


def test_a_judgement_on_an_unknown_record_waits_for_it():
    app, crm = [{"id": "u1", "email": "ana@acme.io"}], [{"id": "1", "email": "ana@gmail.com"}]
    users, contacts = (
        ig.Source(name, kind=kind, data=pl.DataFrame(rows), id="id", identifiers={"email": "email"})
        for name, kind, rows in (("app", "user", app), ("crm", "contact", crm))
    )
    first = ig.resolve(users, judgements=judged(("crm:1", "app:u1", "same")))
    assert people(first) == sets("app:u1")
    assert first.links.is_empty()
    assert first.judgements.select("left_id", "right_id", "verdict").rows() == [("app:u1", "crm:1", "same")]
    second = ig.resolve(users, contacts, previous=first)
    assert people(second) == sets("app:u1 crm:1")
    assert second.judgements.rows() == first.judgements.rows()
    assert second.changes.select("change", "cause").rows() == [("grown", "judgement")]


def test_a_contradicting_word_is_left_out_and_shown():
    said = judged(("c:1", "l:1", "same"), ("l:1", "u:1", "same"), ("c:1", "u:1", "different"))
    graph = collapsed("c:1 email x", "l:1 email y", "u:1 email z", judgements=said)
    assert people(graph) == sets("c:1", "l:1 u:1")
    assert judgement_links(graph) == {
        ("c:1", "l:1", "cut", "contradiction"),
        ("l:1", "u:1", "used", None),
        ("c:1", "u:1", "rejected", "different"),
    }


def test_same_joins_no_two_values_of_a_unique_type():
    said = judged(("u:1", "u:2", "same"))
    assert people(collapsed("u:1 app.user_id 1", "u:2 app.user_id 2", judgements=said)) == sets("u:1 u:2")
    graph = collapsed("u:1 app.user_id 1", "u:2 app.user_id 2", judgements=said, config=config(**UNIQUE))
    assert people(graph) == sets("u:1", "u:2")


# Strict and likely


def test_weak_evidence_alone_is_likely_and_not_strict():
    graph = collapsed("u:1 email x", "l:1 email x", "v:1 device 7", "u:1 device 7", "v:2 device 7", "v:2 email x")
    assert people(graph) == sets("l:1 u:1 v:1 v:2")
    assert people(graph, "strict_id") == sets("l:1 u:1 v:2", "v:1")
    placed = {record: (entity, strict) for record, _, entity, strict in graph.assignments.iter_rows()}
    assert placed["l:1"][0] == placed["l:1"][1]  # the core of the founder
    assert placed["v:1"][0] != placed["v:1"][1]


# What always holds

# Each example resolves four tables, which takes half a second.
FEW = settings(max_examples=settings().max_examples // 4)
EMAILS = ["ana@acme.io", "bo@acme.io", "cy@beta.de"]
DEVICES = ["device-aaa1", "device-bbb2"]
USERS = ["u1", "u2", "u3"]
IDS = ["app_users:u1", "app_users:u2", "app_users:u3", "crm_contacts:1", "crm_contacts:2", "crm_leads:1", "crm_leads:2"]


def maybe(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[pl.DataFrame]:
    """Tables of one to five rows, with an own id."""
    schema = dict.fromkeys(columns, pl.String)
    listed = st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=5)
    return listed.map(lambda found: pl.DataFrame(found, schema=schema).with_row_index("id", 1).cast(pl.String))


PAIRS = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] < pair[1])
JUDGEMENTS = st.dictionaries(PAIRS, st.sampled_from(["same", "different", "different", "unsure"]), max_size=4)
WORLDS = st.fixed_dictionaries(
    {
        "app_users": rows(email=maybe(EMAILS), device=maybe(DEVICES)),
        "crm_leads": rows(
            email=maybe(EMAILS), device=maybe(DEVICES), contact=maybe(["1", "2", "9"]), user=maybe(USERS)
        ),
        "crm_contacts": rows(email=maybe(EMAILS), user=maybe(USERS), second=maybe(USERS)),
        "web_visits": rows(email=maybe(EMAILS), device=maybe(DEVICES), user=maybe(USERS)),
        "judgements": JUDGEMENTS.map(lambda said: judged(*((*pair, verdict) for pair, verdict in said.items()))),
    }
)
World = dict[str, pl.DataFrame]


def resolve(world: World) -> ig.Graph:
    who = {"email": "email", "device": "device"}
    users = world["app_users"].with_columns("u" + pl.col("id"))
    visits = world["web_visits"].with_columns(pl.lit("2026-01-01").alias("at"))
    mapped: dict[str, dict[str, Any]] = {
        "app_users": {"kind": "user", "data": users, "id": "id", "id_type": "app.user_id", "identifiers": who},
        "crm_leads": {
            "kind": "lead",
            "data": world["crm_leads"],
            "id": "id",
            "identifiers": {**who, "app.user_id": "user"},
            "same_as": {"crm_contacts.id": "contact"},
        },
        "crm_contacts": {
            "kind": "contact",
            "data": world["crm_contacts"],
            "id": "id",
            "identifiers": {"email": "email", "app.user_id": ["user", "second"]},
        },
        "web_visits": {"kind": "visitor", "data": visits, "time": "at", "identifiers": {**who, "app.user_id": "user"}},
    }
    sources = [ig.Source(name, **said) for name, said in mapped.items()]
    return ig.resolve(*sources, config=config(**UNIQUE), judgements=world["judgements"])


def user_of(graph: ig.Graph) -> dict[str, set[str]]:
    """The users that each record names, after merges, each by one of its ids."""
    held = graph.identifiers.filter((pl.col("type") == "app.user_id") & (pl.col("state") != "suppressed"))
    named: dict[str, set[str]] = {}
    for record, value in held.select("record_id", "value").iter_rows():
        named.setdefault(record, set()).add(value)
    one: nx.Graph[str] = nx.Graph()
    one.add_nodes_from(value for values in named.values() for value in values)
    for survivor, merged in graph.aliases.select("survivor_record_id", "merged_record_id").iter_rows():
        one.add_edges_from((a, b) for a in named.get(survivor, ()) for b in named.get(merged, ()))
    smallest = {value: min(part) for part in nx.connected_components(one) for value in part}
    return {record: {smallest[value] for value in values} for record, values in named.items()}


@FEW
@given(world=WORLDS)
def test_nobody_holds_what_may_not_be_one(world: World) -> None:
    """Invariant 5. A record that holds two values of a unique type itself stays as it is."""
    graph = resolve(world)
    different = world["judgements"].filter(pl.col("verdict") == "different").select("left_id", "right_id").rows()
    users = user_of(graph)
    for person in people(graph):
        assert not any({left, right} <= person for left, right in different)
        held = [users[record] for record in person if record in users]
        assert not held or set().union(*held) in held


@FEW
@given(world=WORLDS)
def test_strict_parts_refine_people(world: World) -> None:
    graph = resolve(world)
    assert all(any(strict <= person for person in people(graph)) for strict in people(graph, "strict_id"))
    for _, person in graph.assignments.group_by("entity_id"):
        assert person["entity_id"][0] in person["strict_id"]


def comparable(graph: ig.Graph, name: str) -> list[dict[str, Any]]:
    return sorted(getattr(graph, name).to_dicts(), key=repr)


@FEW
@given(world=WORLDS)
def test_collapsing_a_graph_again_changes_nothing(world: World) -> None:
    graph = resolve(world)
    again = ig.Graph.from_frames(config=graph.config, **{name: getattr(graph, name) for name in GIVEN})
    for name in ("assignments", "judgements", "identifiers", "links", "profiles", "tenants", "accounts"):
        assert comparable(graph, name) == comparable(again, name), name


@FEW
@given(world=WORLDS, seed=st.integers(0, 99))
def test_the_order_of_rows_and_judgements_changes_nothing(world: World, seed: int) -> None:
    graph = resolve(world)
    again = resolve({name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in world.items()})
    for name in FRAMES:
        if name != "rejects":  # where a row stands in its file is what a reject tells
            assert comparable(graph, name) == comparable(again, name), name


def test_every_engine_cuts_the_same(engine):
    bridged = [*DENSE, "u:1 phone 7", "u:2 phone 7", "c:1 email x", "v:1 email x", "v:2 email x", "l:3 email z"]
    held = [*bridged, "u:3 email y", "u:4 email y", "u:3 app.user_id 3", "u:4 app.user_id 4"]
    records = [*sorted({line.split()[0] for line in held})]
    frames = {
        "records": pl.DataFrame({"record_id": records, "kind": [KINDS[record[0]] for record in records]}),
        "identifiers": pl.DataFrame(
            [line.split() for line in held], schema=["record_id", "type", "value"], orient="row"
        ),
        "links": pl.DataFrame({"left_id": ["l:3"], "right_id": ["u:2"], "rule": ["splink"], "weight": [15.0]}),
        "aliases": pl.DataFrame({"survivor_record_id": ["u:3"], "merged_record_id": ["l:3"]}),
        "judgements": judged(("v:1", "v:2", "different"), ("u:3", "v:2", "same")),
    }
    expected = ig.Graph.from_frames(config=config(**UNIQUE), **frames)
    assert {reason for _, _, reason in cut(expected)} == {"weak_bridge", "cannot_link", "unique"}
    native = {name: engine.native(engine.lazy(frame)) for name, frame in frames.items()}
    graph = ig.Graph.from_frames(config=config(**UNIQUE), **native)
    assert graph.run["engine"] == engine.name
    for name in FRAMES:
        found = engine.collect(engine.lazy(getattr(graph, name)))
        assert_frame_equal(declared(getattr(expected, name), name), declared(found, name), categorical_as_str=True)


def declared(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """A frame in its declared dtypes and in an order of ours."""
    found = cast(nw.from_native(frame.lazy()), name).to_native().collect()
    return found.sort(found.columns, nulls_last=True)


def test_a_link_that_is_cut_says_why():
    said = judged(("c:1", "u:1", "different"))
    links = pl.DataFrame(
        {"left_id": ["c:1", "l:1"], "right_id": ["l:1", "u:1"], "rule": ["splink", "splink"], "weight": [15.0, 13.0]}
    )
    graph = collapsed("c:1 email x", "l:1 email y", "u:1 email z", links=links, judgements=said)
    words = [pl.col(name).cast(pl.String) for name in ("rule", "state", "reason")]
    assert set(graph.links.select("left_id", "right_id", *words).iter_rows()) == {
        ("c:1", "l:1", "splink", "used", None),
        ("l:1", "u:1", "splink", "cut", "cannot_link"),
        ("c:1", "u:1", "judgement", "rejected", "different"),
    }
    assert graph.profiles["weakest_rule"].cast(pl.String).to_list().count("splink") == 1


def test_a_merge_and_a_judgement_that_are_cut_say_why():
    aliases = pl.DataFrame({"survivor_record_id": ["c:1"], "merged_record_id": ["l:1"]})
    said = judged(("c:1", "l:1", "different"), ("u:1", "u:2", "same"))
    held = ["c:1 email x", "l:1 email y", "u:1 app.user_id 1", "u:2 app.user_id 2"]
    graph = collapsed(*held, aliases=aliases, judgements=said, config=config(**UNIQUE))
    assert people(graph) == sets("c:1", "l:1", "u:1", "u:2")
    words = [pl.col(name).cast(pl.String) for name in ("rule", "state", "reason")]
    assert set(graph.links.select("left_id", "right_id", *words).iter_rows()) == {
        ("c:1", "l:1", "source_merge", "cut", "cannot_link"),
        ("c:1", "l:1", "judgement", "rejected", "different"),
        ("u:1", "u:2", "judgement", "cut", "unique"),
    }


@FEW
@given(world=WORLDS)
def test_used_evidence_holds_people_and_nothing_else_does(world: World) -> None:
    """Invariant 4, with cuts."""
    graph = resolve(world)
    joined: nx.Graph[Any] = nx.Graph()
    joined.add_nodes_from(graph.records["record_id"])
    held = graph.identifiers.filter(pl.col("state") == "used").select("record_id", "type", "value")
    joined.add_edges_from((record, (kind, value)) for record, kind, value in held.iter_rows())
    linked = graph.links.filter(pl.col("state") == "used").select("left_id", "right_id")
    joined.add_edges_from(linked.iter_rows())
    parts = nx.connected_components(joined)
    assert people(graph) == {frozenset(node for node in part if isinstance(node, str)) for part in parts}


def test_tenants_that_are_judged_apart_are_two_though_they_share_an_id():
    tenants = pl.DataFrame({"record_id": ["a:1", "b:1"], "kind": ["tenant", "tenant"]})
    held = pl.DataFrame({"record_id": ["a:1", "b:1"], "type": ["app.tenant_id"] * 2, "value": ["t1"] * 2})
    assert ig.Graph.from_frames(records=tenants, identifiers=held).tenants.height == 1
    graph = ig.Graph.from_frames(records=tenants, identifiers=held, judgements=judged(("a:1", "b:1", "different")))
    assert graph.tenants.height == graph.accounts.height == 2
    assert set(graph.tenants["account_id"]) == set(graph.accounts["entity_id"])


def test_what_dense_groups_wait_for_counts_against_a_cardinality_too():
    held = [f"{kind}:{user}{place} app.user_id u{user}" for user in (1, 2, 3) for place, kind in enumerate("ucl")]
    held += [f"{kind}:{user}{place} email ana@acme.io" for user in (1, 2, 3) for place, kind in enumerate("ucl")]
    assert len(people(collapsed(*held))) == 1
    limit = [{"of": "email", "to": "app.user_id", "at_most": 2}]
    assert sorted(map(len, people(collapsed(*held, config=config(cardinality=limit))))) == [3, 6]
