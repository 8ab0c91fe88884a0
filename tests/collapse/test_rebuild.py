"""The kernel that rebuilds components: what it joins, what it leaves out, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals.stable.v2 as nw
import networkx as nx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.collapse.rebuild import ROWS, Limits, rebuild

Line = dict[str, Any]
WEIGHTS = {"id": 20.0, "email": 14.0, "device": 9.0, "phone": 8.0}
SCHEMA = nw.Schema(ROWS).to_polars()


def limits(**more: Any) -> Limits:
    found: dict[str, Any] = {
        "strict": 12.0,
        "certain": 20.0,
        "dense": 3,
        "records": 20,
        "parts": 20,
        "days": {"user": None},
        "at_most": {},
        "normaliser": "person_name",
    }
    return Limits(**found | more)


def rows(lines: Iterable[Line], records: Iterable[int] = (), uncounted: Iterable[int] = ()) -> pl.DataFrame:
    """One component of these lines and their records."""
    listed = list(lines)
    named = {line[end] for line in listed for end in ("record", "other") if end in line and line["what"] in ENDS[end]}
    known = [
        {"what": "record", "record": record, "counted": int(record not in set(uncounted))}
        for record in sorted(named | set(records))
    ]
    return pl.DataFrame([{"component": 1, **line} for line in [*known, *listed]], schema=SCHEMA)


ENDS = {"record": {"value", "link", "apart", "unique", "limited", "name"}, "other": {"link", "apart"}}


def share(kind: str, value: str, *records: int, rules: str | None = None) -> list[Line]:
    held = {"type": kind, "value": value, "rules": rules or kind, "weight": WEIGHTS[kind]}
    return [{"what": "value", "record": record, **held} for record in records]


def link(left: int, right: int, weight: float = 10.0, rule: str = "fuzzy") -> Line:
    return {"what": "link", "record": left, "other": right, "rules": rule, "weight": weight, "value": "because"}


def apart(left: int, right: int) -> Line:
    return {"what": "apart", "record": left, "other": right}


def users(codes: dict[int, int], kind: str = "user", days: dict[int, float] | None = None) -> list[Line]:
    """One value of a unique type for each record."""
    seen = days or {}
    return [
        {"what": "unique", "record": record, "other": code, "type": kind, "weight": seen.get(record)}
        for record, code in codes.items()
    ]


def limited(codes: dict[int, int]) -> list[Line]:
    return [
        {"what": "limited", "record": record, "other": code, "type": "email→user"} for record, code in codes.items()
    ]


def named(names: dict[int, str]) -> list[Line]:
    return [{"what": "name", "record": record, "value": name} for record, name in names.items()]


def groups(found: pl.DataFrame, column: str = "entity") -> set[frozenset[int]]:
    placed = found.filter(pl.col("what") == "record").group_by(column).agg("record")
    return {frozenset(records) for records in placed["record"].to_list()}


def cut(found: pl.DataFrame) -> dict[tuple[Any, ...], str | None]:
    """Evidence that is left out altogether, and why."""
    out = found.filter(pl.col("what").is_in(["value", "link"]) & pl.col("rules").is_null() | (pl.col("what") == "link"))
    ids = {"value": ("record", "type", "value"), "link": ("record", "other", "rules")}
    return {tuple(row[name] for name in ids[row["what"]]): row["reason"] for row in out.iter_rows(named=True)}


def sets(*found: str) -> set[frozenset[int]]:
    return {frozenset(map(int, group.split())) for group in found}


def run(lines: Iterable[Line], of: Limits | None = None, **more: Any) -> pl.DataFrame:
    return rebuild(of or limits())(rows(lines, **more))


# Each reason

TWO_DENSE = [*share("id", "a", 1, 2, 3), *share("id", "b", 4, 5, 6)]


def test_two_who_are_not_one_are_parted_and_the_rest_joins():
    found = run([*share("email", "x", 1, 2, 3), apart(1, 3)])
    assert groups(found) == sets("1 2", "3")
    assert cut(found) == {(3, "email", "x"): "cannot_link"}


def test_the_stronger_evidence_goes_first():
    found = run([*share("phone", "x", 1, 2), *share("email", "y", 2, 3), apart(1, 3)])
    assert groups(found) == sets("1", "2 3")
    assert cut(found) == {(2, "phone", "x"): "cannot_link"}


def test_of_equal_evidence_what_fewer_share_goes_first():
    found = run([*share("email", "many", 1, 2, 3), *share("email", "two", 3, 4), apart(1, 4)])
    assert groups(found) == sets("1 2", "3 4")
    assert cut(found) == {(3, "email", "many"): "cannot_link"}


def test_a_link_between_two_who_are_not_one_is_cut():
    found = run([link(1, 2, rule="splink"), link(2, 3, weight=11.0), apart(1, 3)])
    assert groups(found) == sets("1", "2 3")
    assert cut(found) == {(1, 2, "splink"): "cannot_link"}


def test_a_value_of_two_rules_is_left_under_the_one_that_holds():
    both = share("email", "x", 2, rules="email:a,email:b")
    found = run(
        [*share("email", "x", 1, rules="email:a"), *both, *share("email", "x", 3, rules="email:b"), apart(1, 2)]
    )
    assert groups(found) == sets("1", "2 3")
    assert cut(found) == {}
    assert found.filter(pl.col("what") == "value").select("record", "rules").rows() == [(2, "email:b")]


def test_a_unique_type_has_one_value():
    found = run([*share("email", "x", 1, 2, 3), *users({1: 7, 2: 8, 3: 7})])
    assert groups(found) == sets("1 3", "2")
    assert cut(found) == {(2, "email", "x"): "unique"}


def test_a_record_that_holds_two_values_itself_may_meet_either():
    both = [*users({1: 7}), *users({2: 7}), *users({2: 8}), *users({3: 8})]
    assert groups(run([*share("email", "x", 1, 2, 3), *both])) == sets("1 2 3")
    assert groups(run([*share("email", "x", 1, 2, 3), *both, *users({4: 9}), *share("phone", "y", 3, 4)])) == sets(
        "1 2 3", "4"
    )


def test_unique_in_a_source_says_nothing_of_another_source():
    shared = share("email", "x", 1, 2)
    assert groups(run([*shared, *users({1: 7}, "user crm"), *users({2: 8}, "user app")])) == sets("1 2")
    found = run([*shared, *users({1: 7}, "user crm"), *users({2: 8}, "user crm")])
    assert groups(found) == sets("1", "2")
    assert cut(found) == {(2, "email", "x"): "unique"}


@pytest.mark.parametrize(
    ("allowed", "seen", "joined"),
    [
        (30.0, {1: 0.0, 2: 31.0}, True),
        (30.0, {1: 0.0, 2: 30.0}, False),
        (30.0, {1: 31.0, 2: 0.0}, True),
        (30.0, {1: 0.0}, False),
        (None, {1: 0.0, 2: 9999.0}, False),
    ],
)
def test_values_seen_far_apart_may_both_be_right(allowed, seen, joined):
    lines = [*share("email", "x", 1, 2), *users({1: 7, 2: 8}, days=seen)]
    assert groups(run(lines, limits(days={"user": allowed}))) == (sets("1 2") if joined else sets("1", "2"))


def test_a_value_meets_no_more_values_than_it_may():
    lines = [*share("email", "x", 1, 2, 3, 4), *limited({1: 7, 2: 8, 3: 7})]
    found = run(lines, limits(at_most={"email→user": 1}))
    assert groups(found) == sets("1 3 4", "2")
    assert cut(found) == {(2, "email", "x"): "cardinality"}
    assert groups(run(lines, limits(at_most={"email→user": 2}))) == sets("1 2 3 4")


def test_a_limit_between_two_types_says_nothing_of_others():
    lines = [*share("phone", "x", 1, 2), link(2, 3), *limited({1: 7, 2: 8, 3: 9})]
    assert groups(run(lines, limits(at_most={"email→user": 1}))) == sets("1 2 3")


def test_what_would_make_more_records_than_one_has_joins_nobody():
    lines = [*share("email", "x", 1, 2), *share("phone", "y", 2, 3, 4)]
    found = run(lines, limits(records=3))
    assert groups(found) == sets("1 2", "3", "4")
    assert cut(found) == {(record, "phone", "y"): "too_large" for record in (2, 3, 4)}


def test_cookies_do_not_make_anybody_large():
    lines = [*share("email", "x", 1, 2), *share("phone", "y", 2, 3, 4)]
    assert groups(run(lines, limits(records=3), uncounted=[3])) == sets("1 2 3 4")


def test_size_tells_nothing_against_an_id():
    assert groups(run(share("id", "x", 1, 2, 3, 4), limits(records=1, parts=1))) == sets("1 2 3 4")


def test_what_would_join_more_parts_than_one_has_joins_nobody():
    lines = [*share("email", "x", 1, 2), *share("phone", "y", 2, 3), *share("device", "z", 3, 4)]
    found = run(lines, limits(parts=2))
    assert groups(found) == sets("1 2", "3 4")
    assert cut(found) == {(2, "phone", "y"): "too_loose", (3, "phone", "y"): "too_loose"}


def test_weak_evidence_alone_joins_no_dense_groups():
    found = run([*TWO_DENSE, *share("phone", "x", 3, 4)])
    assert groups(found) == sets("1 2 3", "4 5 6")
    assert cut(found) == {(4, "phone", "x"): "weak_bridge"}


def test_strict_evidence_joins_dense_groups():
    assert groups(run([*TWO_DENSE, *share("email", "x", 3, 4)])) == sets("1 2 3 4 5 6")


def test_weak_evidence_joins_a_dense_group_and_a_sparse_one():
    assert groups(run([*share("id", "a", 1, 2, 3), *share("id", "b", 4, 5), *share("phone", "x", 3, 4)])) == sets(
        "1 2 3 4 5"
    )


def test_two_weak_values_add_up():
    found = run([*TWO_DENSE, *share("phone", "x", 3, 4), *share("device", "y", 2, 5)])
    assert groups(found) == sets("1 2 3 4 5 6")
    assert cut(found) == {}


def test_one_weak_value_held_twice_is_one():
    found = run([*TWO_DENSE, *share("phone", "x", 2, 3, 4, 5)])
    assert groups(found) == sets("1 2 3", "4 5 6")


def test_a_value_that_a_group_mostly_does_not_hold_is_worth_less():
    found = run([*TWO_DENSE, *share("email", "x", 3, 4), *share("email", "y", 5, 6)])
    assert groups(found) == sets("1 2 3", "4 5 6")
    assert cut(found) == {(4, "email", "x"): "weak_bridge"}


@pytest.mark.parametrize(
    ("kind", "left", "right", "joined"),
    [
        ("phone", "Ana Silva", "SILVA, Ana", True),
        ("phone", "Ana Maria Silva", "Ana Silva", True),
        ("phone", "Ana Silva", "Bo Silva", False),  # a family
        ("phone", "A. Silva", "Ana Silva", False),  # an initial tells nothing
        ("email", "Ana Silva", "Bo Silva", True),
        ("email", "Ana Silva", "Bo Larsen", False),
    ],
)
def test_names_speak_for_and_against_a_bridge(kind, left, right, joined):
    found = run([*TWO_DENSE, *share(kind, "x", 3, 4), *named({1: left, 6: right})])
    assert groups(found) == (sets("1 2 3 4 5 6") if joined else sets("1 2 3", "4 5 6"))


def test_a_bridge_that_adds_up_parts_no_two_who_are_not_one():
    lines = [*TWO_DENSE, *share("phone", "x", 3, 4), *share("device", "y", 2, 5), apart(1, 6)]
    found = run(lines)
    assert groups(found) == sets("1 2 3", "4 5 6")
    assert set(cut(found).values()) == {"cannot_link"}


def test_components_are_rebuilt_each_by_itself():
    one = rows([*share("email", "x", 1, 2), apart(1, 2)])
    other = rows(share("email", "x", 3, 4)).with_columns(pl.lit(2, pl.Int64).alias("component"))
    assert groups(rebuild(limits())(pl.concat([one, other]))) == sets("1", "2", "3 4")


def test_no_rows_give_no_rows():
    assert rebuild(limits())(pl.DataFrame(schema=SCHEMA)).is_empty()


# What always holds

RECORDS = st.integers(1, 5)  # too few for two dense groups
VALUES = st.sets(st.tuples(RECORDS, st.sampled_from(sorted(WEIGHTS)), st.sampled_from("xyz")), max_size=12)
PAIRS = st.sets(st.tuples(RECORDS, RECORDS).filter(lambda pair: pair[0] < pair[1]), max_size=3)
CODES = st.dictionaries(RECORDS, st.sets(st.integers(7, 9), min_size=1, max_size=2), max_size=5)


def evidence(values: set[tuple[int, str, str]], links: set[tuple[int, int]]) -> list[Line]:
    held = [line for record, kind, value in sorted(values) for line in share(kind, value, record)]
    return [*held, *(link(*pair) for pair in sorted(links))]


def constraints(different: set[tuple[int, int]], codes: dict[int, set[int]]) -> list[Line]:
    held = [line for record, of_record in codes.items() for code in of_record for line in users({record: code})]
    return [*(apart(*pair) for pair in sorted(different)), *held]


def connected(found: pl.DataFrame, values: set[tuple[int, str, str]], links: set[tuple[int, int]]) -> Any:
    """What evidence joins that is not cut."""
    lost = cut(found)
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(range(1, 6))
    graph.add_edges_from((record, (kind, value)) for record, kind, value in values - lost.keys())
    graph.add_edges_from(pair for pair in links if (*pair, "fuzzy") not in lost)
    return {frozenset(node for node in part if isinstance(node, int)) for part in nx.connected_components(graph)}


@given(values=VALUES, links=PAIRS, different=PAIRS, codes=CODES, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(values, links, different, codes, seed):
    table = rows([*evidence(values, links), *constraints(different, codes)], records=range(1, 6))
    found, again = (rebuild(limits())(given) for given in (table, table.sample(fraction=1, shuffle=True, seed=seed)))
    assert found.equals(again)


@given(values=VALUES, links=PAIRS, different=PAIRS, codes=CODES)
def test_no_constraint_is_broken_and_kept_evidence_holds_each_group(values, links, different, codes):
    found = run([*evidence(values, links), *constraints(different, codes)], records=range(1, 6))
    assert groups(found) == connected(found, values, links)
    for group in groups(found):
        assert not any(set(pair) <= group for pair in different)
        held = [codes[record] for record in group if record in codes]
        assert not held or set().union(*held) in held  # no more than one record holds itself


@given(values=VALUES, links=PAIRS, different=PAIRS, codes=CODES)
def test_edges_span_the_groups_and_cores_refine_them(values, links, different, codes):
    found = run([*evidence(values, links), *constraints(different, codes)], records=range(1, 6))
    spanned: nx.Graph[int] = nx.Graph()
    spanned.add_nodes_from(range(1, 6))
    spanned.add_edges_from(found.filter(pl.col("what") == "edge").select("record", "other").iter_rows())
    assert {frozenset(part) for part in nx.connected_components(spanned)} == groups(found)
    for row in found.filter(pl.col("what") == "record").iter_rows(named=True):
        assert row["entity"] <= row["core"] <= row["record"]
    assert all(any(core <= group for group in groups(found)) for core in groups(found, "core"))


@given(values=VALUES, links=PAIRS)
def test_where_nothing_is_broken_all_stay_together(values, links):
    found = run(evidence(values, links), records=range(1, 6))
    assert cut(found) == {}
    assert groups(found) == connected(found, values, links)


@given(codes=st.lists(st.sampled_from([None, 7, 8, 9]), min_size=2, max_size=8))
def test_cutting_one_who_shares_a_value_strands_no_others(codes):
    held = {record: code for record, code in enumerate(codes, 1) if code is not None}
    found = run([*share("email", "x", *range(1, len(codes) + 1)), *users(held)])
    first = next(iter(held.values()), None)
    out = {record for record, code in held.items() if code != first}
    assert groups(found) == {frozenset(range(1, len(codes) + 1)) - out, *(frozenset([record]) for record in out)}
    assert cut(found) == {(record, "email", "x"): "unique" for record in out}


@given(codes=st.lists(st.integers(7, 9), min_size=2, max_size=8), most=st.integers(1, 3))
def test_a_limited_value_takes_in_all_it_may(codes, most):
    held = dict(enumerate(codes, 1))
    found = run([*share("email", "x", *held), *limited(held)], limits(at_most={"email→user": most}))
    taken = list(dict.fromkeys(codes))[:most]
    joined = frozenset(record for record, code in held.items() if code in taken)
    assert joined in groups(found)
    assert cut(found) == {(record, "email", "x"): "cardinality" for record in held.keys() - joined}


def test_two_groups_that_add_up_to_one_make_no_larger_one_than_there_is():
    """For tests/collapse/test_rebuild.py, after test_a_bridge_that_adds_up_parts_no_two_who_are_not_one."""
    lines = [*TWO_DENSE, *share("id", "c", 7, 8, 9), *share("phone", "x", 3, 4), *share("phone", "y", 6, 7)]
    found = run([*lines, *named({1: "Ana Silva", 4: "Ana Silva", 7: "Ana Silva"})], limits(records=6))
    assert groups(found) == sets("1 2 3 4 5 6", "7 8 9")
    found = run([*lines, *named({1: "Ana Silva", 4: "Ana Silva", 7: "Ana Silva"})], limits(parts=2))
    assert groups(found) == sets("1 2 3 4 5 6", "7 8 9")


@pytest.mark.parametrize("first", [0.0, 100.0])
def test_a_value_seen_twice_was_there_in_between(first):
    lines = [*share("email", "x", 1, 2, 3), *users({1: 7, 2: 7, 3: 8}, days={1: first, 2: 100.0 - first, 3: 50.0})]
    assert groups(run(lines, limits(days={"user": 30.0}))) == sets("1 2", "3")
