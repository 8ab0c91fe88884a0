"""How right each rule is, and what errors come from: counted by hand, by brute force, and as `explain` tells it."""

from __future__ import annotations

from itertools import combinations

import narwhals.stable.v2 as nw
import networkx as nx
import polars as pl
import pytest

import idgraph as ig
from idgraph.audit.evaluation import false_pairs, missed_pairs
from idgraph.audit.metrics import quality
from idgraph.datasets import saas_world
from idgraph.errors import ConfigError


@pytest.fixture(scope="module")
def world():
    return saas_world(120)


@pytest.fixture(scope="module")
def graph(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    world.write(folder)
    return ig.resolve(*ig.discover(folder))


def crm(ids, **frames):
    """A graph of contacts named by letters."""
    records = pl.DataFrame({"record_id": [f"crm:{letter}" for letter in ids], "kind": "contact"})
    return ig.Graph.from_frames(records=records, **frames)


def links(*pairs, **columns):
    ends = {"left_id": [f"crm:{pair[0]}" for pair in pairs], "right_id": [f"crm:{pair[1]}" for pair in pairs]}
    return pl.DataFrame({**ends, **columns})


def values(**held):
    """Each letter of a value holds it."""
    rows = [(f"crm:{letter}", value) for value, letters in held.items() for letter in letters]
    return pl.DataFrame(rows, schema=["record_id", "value"], orient="row").with_columns(type=pl.lit("email"))


def truth(**entities):
    """Each letter of an entity is in it."""
    rows = [(f"crm:{letter}", entity) for entity, letters in entities.items() for letter in letters]
    return pl.DataFrame(rows, schema=["record_id", "entity_id"], orient="row")


def causes(found, error):
    rows = found.errors.filter(error=error)
    return [tuple(row) for row in rows.select("cause", "rule", "detail", "pairs", "places").rows()]


def test_links_of_a_rule_are_right_wrong_or_unknown():
    """Of a value that five hold: two of one, one of another, two of whom nothing is known."""
    found = crm("abcde", identifiers=values(mail="abcde")).evaluate(truth(x="ab", y="c"))
    row = found.rules.row(0, named=True)
    assert (row["rule"], row["links"], row["right"], row["wrong"], row["unknown"]) == ("email", 4, 1, 1, 2)
    assert row["precision"] == 0.5
    assert (row["right_alone"], row["wrong_alone"]) == (1, 2)
    assert (row["precision_without"], row["recall_without"]) == (1.0, 0.0)
    assert (found.records, found.records_of_graph, found.records_of_truth) == (3, 5, 3)


def test_what_another_rule_holds_too_does_not_hang_on_one_alone():
    graph = crm("abc", identifiers=values(mail="abc"), links=links("ab", rule=["given"], weight=[9.0]))
    rows = {row["rule"]: row for row in graph.evaluate(truth(x="abc")).rules.to_dicts()}
    assert (rows["email"]["right_alone"], rows["email"]["recall_without"]) == (2, pytest.approx(1 / 3))
    assert (rows["given"]["right_alone"], rows["given"]["recall_without"]) == (0, 1.0)


def without(graph, level, rule):
    """Entities by all evidence but that of one rule, found by another library: record_id, entity_id."""
    words = {"type": pl.String, "rules": pl.String, "rule": pl.String, "state": pl.String, "level": pl.String}
    placed = graph.assignments.cast({"level": pl.String}).filter(level=level).select("record_id")
    held = graph.identifiers.cast({name: words[name] for name in ("type", "rules", "state")})
    held = held.filter(state="used").join(placed, on="record_id")
    joined = graph.links.cast({name: words[name] for name in ("rule", "state", "level")})
    drawn = nx.Graph()
    drawn.add_nodes_from(placed["record_id"])
    for record_id, kind, value, rules in held.select("record_id", "type", "value", "rules").iter_rows():
        drawn.add_edges_from((record_id, (one, kind, value)) for one in rules.split(",") if one != rule)
    others = joined.filter((pl.col("state") == "used") & (pl.col("level") == level) & (pl.col("rule") != rule))
    drawn.add_edges_from(others.select("left_id", "right_id").iter_rows())
    rows = [
        (node, number)
        for number, nodes in enumerate(nx.connected_components(drawn))
        for node in nodes
        if isinstance(node, str)
    ]
    return pl.DataFrame(rows, schema=["record_id", "entity_id"], orient="row")


@pytest.mark.parametrize("level", ["person", "account"])
def test_pairs_that_hang_on_a_rule_alone_are_those_that_come_apart_without_it(graph, world, level):
    known = world.people_truth if level == "person" else world.company_truth
    found = graph.evaluate(known, level)
    assert found.rules["links"].sum() == (found.rules["right"] + found.rules["wrong"] + found.rules["unknown"]).sum()
    assert found.rules.height >= 4
    for row in found.rules.to_dicts():
        left = quality(nw.from_native(without(graph, level, row["rule"])), nw.from_native(known))
        assert found.pairs_right - left.pairs_right == row["right_alone"], row
        assert found.pairs_found - left.pairs_found == row["right_alone"] + row["wrong_alone"], row
        assert (left.precision, left.recall) == (row["precision_without"], row["recall_without"])


def test_a_wrong_link_answers_for_the_false_pairs_and_not_the_weaker_ones_that_are_right():
    weak = links("ab", "bc", "cd", rule=["r1", "r2", "r1"], weight=[1.0, 20.0, 1.0])
    found = crm("abcd", links=weak).evaluate(truth(x="ab", y="cd"))
    assert causes(found, "false") == [("link", "r2", None, 4, 1)]
    assert causes(found, "missed") == []


def test_where_the_way_leads_over_unknown_records_the_weakest_link_answers():
    way = links("ab", "bc", "cd", rule=["r1", "r2", "r3"], weight=[9.0, 3.0, 8.0])
    found = crm("abcd", links=way).evaluate(truth(x="a", y="d"))
    assert causes(found, "false") == [("link", "r2", None, 1, 1)]
    assert found.errors["examples"].to_list() == [[{"left_id": "crm:a", "right_id": "crm:d"}]]


def test_what_keeps_apart_is_told_by_what_came_nearest():
    waiting = {"rule": ["r1"], "weight": [5.0], "state": ["review"], "reason": ["rivals"]}
    held = values(mail="ab").with_columns(state=pl.lit("suppressed"), reason=pl.lit("over_limit"))
    plain = crm("ab", identifiers=held)
    assert causes(plain.evaluate(truth(x="ab")), "missed") == [("suppressed", "email", "over_limit", 1, 1)]
    both = crm("ab", identifiers=held, links=links("ab", **waiting))
    assert causes(both.evaluate(truth(x="ab")), "missed") == [("review", "r1", "rivals", 1, 1)]
    apart = pl.DataFrame({"left_id": ["crm:b"], "right_id": ["crm:a"], "verdict": ["different"]})
    judged = crm("ab", identifiers=held, links=links("ab", **waiting), judgements=apart)
    assert causes(judged.evaluate(truth(x="ab")), "missed") == [("judgement", "judgement", "different", 1, 1)]


def test_values_that_no_rule_links_by_and_nothing_at_all():
    unused = values(mail="abc").with_columns(state=pl.lit("unused"))
    found = crm("abcd", identifiers=unused).evaluate(truth(x="abc", y="d"))
    assert causes(found, "missed") == [("value not used", "email", None, 3, 3)]
    assert causes(crm("abcd").evaluate(truth(x="abcd")), "missed") == [("nothing in common", None, None, 6, 6)]


def test_states_that_others_gave_are_told_as_they_are():
    odd = links("ab", rule=["r1"], weight=[5.0], state=["pending"], reason=["asked"])
    assert causes(crm("ab", links=odd).evaluate(truth(x="ab")), "missed") == [("pending", "r1", "asked", 1, 1)]
    unused = values(mail="ab").with_columns(state=pl.lit("unused"), reason=pl.lit("left_out"))
    found = crm("ab", identifiers=unused).evaluate(truth(x="ab"))
    assert causes(found, "missed") == [("value not used", "email", "left_out", 1, 1)]


def test_parts_of_several_records_count_as_many_pairs():
    found = crm("abcde", identifiers=values(one="abc", two="de")).evaluate(truth(x="abcde"))
    assert causes(found, "missed") == [("nothing in common", None, None, 6, 1)]
    assert found.errors["share"].to_list() == [1.0]


@pytest.mark.parametrize("level", ["person", "account"])
def test_errors_add_up_and_examples_are_explained_so(graph, world, level):
    known = world.people_truth if level == "person" else world.company_truth
    found = graph.evaluate(known, level)
    pairs = dict(found.errors.group_by("error").agg(pl.col("pairs").sum()).iter_rows())
    assert pairs.get("false", 0) == found.pairs_found - found.pairs_right
    assert pairs.get("missed", 0) == found.pairs_true - found.pairs_right
    assert found.looked_at == {error: (pairs.get(error, 0),) * 2 for error in ("false", "missed")}
    entity = dict(known.select("record_id", "entity_id").iter_rows())
    words = {
        "suppressed": "suppressed",
        "cut": "cut",
        "review": "in state review",
        "scored too low": "they meet by",
        "never a candidate": "never compared them",
        "not known by name": "no full name is known",
    }
    for error, cause, examples in found.errors.select("error", "cause", "examples").iter_rows():
        for example in examples:
            told = graph.explain(**example)
            left, right = (entity[record] for record in example.values())
            assert (told.same, left == right) == ((error == "false"), error == "missed")
            assert words.get(cause, "") in "\n".join(told.reasons), (cause, example)


def test_one_kind_and_tenants(graph, world):
    kind = graph.evaluate(world.people_truth, kind="lead")
    assert kind.kinds["kind"].to_list() == ["lead"]
    assert kind.errors["pairs"].sum() == kind.pairs_found + kind.pairs_true - 2 * kind.pairs_right
    tenants = graph.evaluate(world.company_truth, "tenant")
    assert set(tenants.rules["rule"]) <= {"app.tenant_id", "source_merge", "judgement"}


def test_what_cannot_be_counted_is_refused(graph, world):
    with pytest.raises(ConfigError, match="kind='people' cannot be used: it takes one of level person: visitor, user"):
        graph.evaluate(world.people_truth, kind="people")
    with pytest.raises(ConfigError, match=r"'truth\.csv' is a path, and a frame is taken here"):
        graph.evaluate("truth.csv")


def test_where_errors_are_many_some_are_drawn_and_that_is_said(graph, world, monkeypatch):
    whole = graph.evaluate(world.people_truth)
    monkeypatch.setattr(missed_pairs, "_MOST", 40)
    monkeypatch.setattr(false_pairs, "_MOST", 1)
    some = graph.evaluate(world.people_truth)
    for error, (seen, every) in some.looked_at.items():
        assert 0 < seen < every == whole.looked_at[error][1]
    assert some.errors.filter(error="missed")["places"].sum() <= 40
    assert " missed pairs that were drawn at random" in some._repr_html_()


def test_pairs_of_parts_are_numbered_without_gap_or_repeat(monkeypatch):
    parts = pl.DataFrame({"true": [*"aabbbbcc"], "entity_id": [f"e{n}" for n in range(8)], "n": [1] * 8})
    found = missed_pairs._drawn(parts).select("left", "right").rows()
    of_true = parts.group_by("true").agg("entity_id")["entity_id"].to_list()
    assert {frozenset(pair) for pair in found} == {
        frozenset(pair) for entities in of_true for pair in combinations(entities, 2)
    }
    assert len(found) == 8


def test_a_graph_without_an_error_has_none():
    found = crm("ab", identifiers=values(mail="ab")).evaluate(truth(x="ab"))
    assert found.errors.is_empty()
    assert found.errors.schema["examples"] == pl.List(pl.Struct({"left_id": pl.String, "right_id": pl.String}))
    assert crm("ab").evaluate(truth(x="a", y="b")).rules.is_empty()


def test_in_a_notebook_names_stay_text(hostile_names):
    ids = [f"crm:{name}" for name in hostile_names[:2]]
    records = pl.DataFrame({"record_id": ids, "kind": "contact"})
    shared = pl.DataFrame({"record_id": ids, "type": "email", "value": "a@b.io"})
    wrong = pl.DataFrame({"record_id": ids, "entity_id": ["x", "y"]})
    shown = ig.Graph.from_frames(records=records, identifiers=shared).evaluate(wrong)._repr_html_()
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
    assert "<script" not in shown
    assert "<caption>Errors by cause</caption>" in shown
    assert "nan" not in shown
