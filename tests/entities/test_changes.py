"""Ids stay with the records they stood for; what changed is told once, with the evidence that did it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from idgraph.config import Config
from idgraph.engines import engine_for
from idgraph.entities.carry import carried, carry_ids, churn
from idgraph.entities.changes import changes_between
from idgraph.errors import ConfigError
from idgraph.schema import FRAMES

AT = datetime(2026, 11, 22, tzinfo=UTC)
LEVELS = ["person", "account"]
# Few ids and few records, the same ids before and after: most examples have ties, and ids that moved away.
PLACES = st.dictionaries(
    st.tuples(st.sampled_from("abcdefg"), st.sampled_from(LEVELS)),
    st.sampled_from(["prf_1", "prf_2", "prf_3", "4"]),
    max_size=12,
)
Places = dict[tuple[str, str], str]


def mapping(places: Places) -> pl.DataFrame:
    rows = [(record, level, entity) for (record, level), entity in places.items()]
    return pl.DataFrame(rows, dict.fromkeys(["record_id", "level", "entity_id"], pl.String), orient="row")


def placed(frame: pl.DataFrame) -> Places:
    return {(record, level): entity for record, level, entity in frame.iter_rows()}


def carry(old: Places, new: Places) -> Places:
    return placed(carry_ids(mapping(old), mapping(new)))


def one(**entities: str) -> Places:
    """Entities of one level by id, each letter a record."""
    return {(record, "person"): entity for entity, records in entities.items() for record in records}


def parts(places: Places) -> dict[tuple[str, str], frozenset[str]]:
    """The records of each entity."""
    found = defaultdict(set)
    for (record, level), entity in places.items():
        found[level, entity].add(record)
    return {entity: frozenset(records) for entity, records in found.items()}


# ----------------------------------------------------------------------------------------------------------------- ids


@given(old=PLACES, new=PLACES)
def test_only_ids_are_carried(old: Places, new: Places) -> None:
    found = carry(old, new)
    assert list(found) == list(new)
    assert sorted(map(sorted, parts(found).values())) == sorted(map(sorted, parts(new).values()))
    assert set(parts(found).values()) == set(parts(new).values())


@settings(max_examples=60)
@given(old=PLACES, new=PLACES)
def test_carrying_twice_is_carrying_once(old: Places, new: Places) -> None:
    found = carry(old, new)
    assert carry(old, found) == found
    assert carry(found, new) == found
    assert carry(old, old) == old


@given(old=PLACES, new=PLACES, seed=st.integers(0, 9))
def test_the_order_of_rows_does_not_matter(old: Places, new: Places, seed: int) -> None:
    shuffled = [mapping(places).sample(fraction=1, shuffle=True, seed=seed) for places in (old, new)]
    assert placed(carry_ids(*shuffled)) == carry(old, new)


@given(old=PLACES, new=PLACES)
def test_records_that_stay_together_keep_their_id(old: Places, new: Places) -> None:
    found = carry(old, new)
    here = old.keys() & new.keys()
    before = parts({key: old[key] for key in here})
    after = parts({key: found[key] for key in here})
    same = {key for key in here if before[key[1], old[key]] == after[key[1], found[key]]}
    assert all(found[key] == old[key] for key in same)
    counted = churn(mapping(old), mapping(found))
    assert (counted.records, counted.needless) == (len(here), 0)
    assert counted.changed == sum(found[key] != old[key] for key in here)


@given(old=PLACES, new=PLACES)
def test_an_old_id_is_only_where_most_of_its_records_are(old: Places, new: Places) -> None:
    found = carry(old, new)
    overlaps = Counter((level, old[key], found[key]) for key in old.keys() & new.keys() for level in [key[1]])
    known = {(level, entity) for (_, level), entity in old.items()}
    for level, entity in parts(found).keys() & known:
        most = max((count for (on, was, _), count in overlaps.items() if (on, was) == (level, entity)), default=0)
        assert overlaps[level, entity, entity] == most > 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (one(prf_1="abc"), one(prf_7="ab", prf_1="c"), {"ab": "prf_1"}),
        (one(prf_1="ab", prf_2="cde"), one(prf_1="abcde"), {"abcde": "prf_2"}),
        (one(prf_2="ab", prf_1="cd"), one(prf_9="abcd"), {"abcd": "prf_1"}),
        (one(prf_1="abcd"), one(prf_1="abx", prf_2="cd"), {"cd": "prf_1", "abx": None}),
        (one(prf_1="abcd"), one(prf_3="ab", prf_2="cd"), {"ab": "prf_1", "cd": "prf_2"}),
        (one(prf_1="ab"), one(prf_1="cd", prf_2="ab"), {"ab": "prf_1", "cd": None}),
        (one(prf_1="ab"), one(prf_1="cd"), {"cd": None}),
        (one(), one(prf_1="cd"), {"cd": "prf_1"}),
    ],
    ids=[
        "the larger part, not the founder's",
        "the larger of two that merge",
        "as large: the smaller id",
        "as large a part: the entity of fewest records",
        "as large an entity: the one that holds the first record",
        "an id that moved away is not given anew",
        "nor is one whose records are gone",
        "a new entity keeps its own",
    ],
)
def test_who_gets_an_id(old: Places, new: Places, expected: dict[str, str | None]) -> None:
    found = {"".join(sorted(records)): entity for (_, entity), records in parts(carry(old, new)).items()}
    for records, entity in expected.items():
        if entity:
            assert found[records] == entity
        else:  # another one, made for it
            assert found[records] not in {*old.values(), *new.values()}
            assert found[records].startswith("prf_")
            assert len(found[records]) == len("prf_") + 16


def test_an_id_in_use_is_not_made_again() -> None:
    old, new = one(prf_1="abc"), one(prf_1="a", prf_2="bc")
    made = carry(old, new)["a", "person"]
    again = carry(one(**{"prf_1": "abc", made: "x"}), new)["a", "person"]
    assert again not in {made, "prf_1", "prf_2"}
    assert carry(one(prf_1="abc"), one(**{"prf_1": "a", "prf_2": "bc", made: "x"}))["a", "person"] == again


def test_a_key_hides_what_an_id_was_made_of() -> None:
    engine = engine_for()
    old, new = (engine.lazy(mapping(places)) for places in (one(prf_1="abc"), one(prf_1="a", prf_2="bc")))
    made = {
        engine.collect(carried(old, new, engine, config)).filter(fresh="prf_1")["entity_id"].item()
        for config in (None, Config(), Config(id_key="one"), Config(id_key="two"))
    }
    assert len(made) == 3


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "arrow"])
def test_frames_of_any_library(kind: str) -> None:
    def to(frame: pl.DataFrame) -> Any:
        pytest.importorskip("pyarrow")
        if kind == "pandas":
            pytest.importorskip("pandas")
            return frame.to_pandas()
        return {"polars": frame, "lazy": frame.lazy(), "arrow": frame.to_arrow()}[kind]

    old = to(pl.DataFrame({"record_id": [1, 2, 3], "entity_id": [10, 10, 30]}))
    new = to(pl.DataFrame({"score": [0.5, None, 0.25], "record_id": [3, 2, 1], "entity_id": [1, 2, 2]}))
    found = carry_ids(old, new)
    assert type(found) is type(new)
    rows = found.collect() if kind == "lazy" else pl.DataFrame(found)
    if kind == "lazy":
        rows = rows.sort("record_id", descending=True)
    assert rows.columns == ["score", "record_id", "entity_id"]
    assert rows.rows() == [(0.5, 3, "30"), (None, 2, "10"), (0.25, 1, "10")]
    assert churn(old, new).as_dict() == {
        "records": 3,
        "changed": 3,
        "needless": 3,
        "kept": 0,
        "created": 2,
        "retired": 2,
        "changed_share": 1.0,
        "needless_share": 1.0,
    }


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ({"record_id": ["a"], "id": ["1"]}, "old has no column 'entity_id'; its columns are record_id, id"),
        ({"record_id": ["a", "b"], "entity_id": ["1", None]}, r"old.entity_id is null in 1 rows"),
        ({"record_id": [None], "entity_id": ["1"]}, r"old.record_id is null in 1 rows"),
        ({"record_id": ["x:a@b.io", "x:a@b.io"], "entity_id": ["1", "2"]}, r"old has several rows of 'x:a…@b.io';"),
        ({"record_id": ["a", "a"], "entity_id": ["1", "1"]}, "old has several rows of 'a'; a record is in one entity"),
        ({"record_id": ["a"], "entity_id": ["1"], "level": ["person"]}, "only old has a column 'level'"),
    ],
)
def test_mappings_that_cannot_be_compared(old: dict[str, list[str]], message: str) -> None:
    new = pl.DataFrame({"record_id": ["a"], "entity_id": ["1"]})
    with pytest.raises(ConfigError, match=message):
        carry_ids(pl.DataFrame(old), new)
    with pytest.raises(ConfigError, match=message):
        churn(pl.DataFrame(old), new)


def test_a_record_may_be_in_an_entity_of_each_level() -> None:
    old = {("a", "tenant"): "1", ("a", "account"): "1", ("b", "account"): "1"}
    new = {("a", "tenant"): "2", ("a", "account"): "3", ("b", "account"): "3"}
    assert carry(old, new) == old
    with pytest.raises(ConfigError, match="several rows of 'a' on level 'tenant'"):
        carry_ids(pl.concat([mapping(old), mapping(old).head(1)]), mapping(new))


# ------------------------------------------------------------------------------------------------------------- changes


def identifiers(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Values held: record, "type value", weight, state, reason."""
    held = [
        {
            "record_id": record,
            "type": kind,
            "value": value,
            "rules": kind,
            "state": state,
            "weight": weight,
            "reason": why,
        }
        for record, text, weight, state, why in ((*row, "used", None)[:5] for row in rows)
        for kind, value in [text.split(" ")]
    ]
    dtypes = dict.fromkeys(["record_id", "type", "value", "rules", "state", "reason"], pl.String)
    return pl.DataFrame(held, {**dtypes, "weight": pl.Float64})


def links(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Links: left, right, rule, weight, state, reason."""
    names = ["left_id", "right_id", "rule", "weight", "state", "reason"]
    dtypes = dict.fromkeys(names, pl.String) | {"weight": pl.Float64}
    return pl.DataFrame([(*row, "used", None)[:6] for row in rows], dtypes, orient="row")


def told(
    old: Places, new: Places, held: pl.DataFrame | None = None, linked: pl.DataFrame | None = None
) -> dict[str, tuple[str, str, str | None]]:
    """The change, from_ids (joined) and cause of each entity that changed."""
    engine = engine_for()
    evidence = {
        "identifiers": engine.lazy(identifiers() if held is None else held),
        "links": engine.lazy(links() if linked is None else linked),
    }
    frames = [engine.lazy(mapping(places)) for places in (old, new)]
    found = engine.collect(changes_between(*frames, evidence, engine, "run-1", AT))
    assert found.columns == list(FRAMES["changes"].columns)
    assert set(found["run_id"]) <= {"run-1"}
    assert set(found["at"]) <= {AT}
    rows = found.select("entity_id", pl.col("change").cast(str), pl.col("from_ids").list.join(","), "cause").rows()
    assert len(rows) == len({row[0] for row in rows})
    return {row[0]: row[1:] for row in rows}


def test_nothing_is_told_of_what_did_not_change() -> None:
    assert told(one(p="ab", q="c"), one(p="ab", q="c")) == {}
    assert told(one(p="ab", q="c"), one(p="a", q="c")) == {}  # a record that is no more


def test_created() -> None:
    held = identifiers(("b", "email x", 9.0), ("c", "email x", 9.0))
    assert told(one(p="a"), one(p="a", q="bc"), held) == {"q": ("created", "", None)}


def test_grown_by_the_strongest_that_joins_old_and_new() -> None:
    held = identifiers(
        *((record, "email known", 30.0) for record in "ab"),  # old ones were one before
        *((record, "email new", 30.0) for record in "cd"),  # and new ones brought nothing together
        *((record, "device x", 5.0) for record in "ac"),
        *((record, "phone y", 5.0) for record in "bc"),
        *((record, "email barred", 20.0, "suppressed", "hub") for record in "ac"),
    )
    assert told(one(p="ab"), one(p="abcd"), held) == {"p": ("grown", "", "device x")}
    linked = links(("a", "c", "source_merge", 6.0), ("b", "d", "fuzzy", 7.0, "review"))
    assert told(one(p="ab"), one(p="abcd"), held, linked) == {"p": ("grown", "", "source_merge")}


def test_a_value_under_two_rules_joins_nobody_across_them() -> None:
    held = identifiers(("a", "email x", 9.0), ("b", "email x", 9.0), ("a", "phone y", 1.0), ("b", "phone y", 1.0))
    rules = pl.when(value="x").then(pl.format("email:{}", "record_id")).otherwise("rules")
    assert told(one(p="a"), one(p="ab"), held.with_columns(rules=rules))["p"][2] == "phone y"


def test_merged() -> None:
    held = identifiers(*((record, "email x", 9.0) for record in "ac"))
    assert told(one(p="ab", q="c", r="z"), one(p="abcn", r="z"), held) == {
        "p": ("merged", "q", "email x"),
        "q": ("retired", "", "into p"),
    }


def test_merged_whole_though_a_record_is_no_more() -> None:
    assert told(one(p="ab", q="cd"), one(p="abc")) == {"p": ("merged", "q", None), "q": ("retired", "", "into p")}


def test_split_in_parts() -> None:
    assert told(one(p="abc"), one(p="ab", q="cn")) == {
        "p": ("split", "", "evidence withdrawn"),
        "q": ("split", "p", "evidence withdrawn"),
    }


def test_split_by_what_may_not_join() -> None:
    why = "one app.user_id each"
    held = identifiers(
        ("a", "email x", 9.0),
        ("c", "email x", 9.0, "cut", why),
        *((record, "phone y", 5.0, "suppressed", "over_limit") for record in "bc"),
        *((record, "email inside", 30.0, "suppressed", "over_limit") for record in "ab"),
    )
    cause = f"cut by {why}: email x"
    both = {"p": ("split", "", cause), "q": ("split", "p", cause)}
    assert told(one(p="abc"), one(p="ab", q="c"), held) == both
    linked = links(("a", "c", "fuzzy", 12.0, "cut", None))
    assert told(one(p="abc"), one(p="ab", q="c"), held, linked) == {
        "p": ("split", "", "cut: fuzzy"),
        "q": ("split", "p", "cut: fuzzy"),
    }


def test_moved() -> None:
    held = identifiers(("c", "email x", 9.0), ("d", "email x", 9.0))
    assert told(one(p="abc", q="de"), one(p="ab", q="cde"), held) == {
        "p": ("split", "", "evidence withdrawn"),
        "q": ("moved", "p", "email x"),
    }


def test_retired_with_its_records() -> None:
    assert told(one(p="ab", q="c"), one(q="c")) == {"p": ("retired", "", "records gone")}
    gone = told(one(p="abc", q="defg", r="hijk"), one(q="adefg", r="bchijk"))
    assert gone["p"] == ("retired", "", "into r")
    assert gone["q"][:2] == gone["r"][:2] == ("moved", "p")


@settings(max_examples=40)
@given(old=PLACES, new=PLACES)
def test_every_entity_that_changed_has_one_row(old: Places, new: Places) -> None:
    engine = engine_for()
    found = carry_ids(mapping(old), mapping(new))
    none = {"identifiers": engine.lazy(identifiers()), "links": engine.lazy(links())}
    frames = [engine.lazy(frame) for frame in (mapping(old), found)]
    rows = engine.collect(changes_between(*frames, none, engine, "run-1", AT))
    changes = {(level, entity): change for entity, level, change in rows.select("entity_id", "level", "change").rows()}
    assert len(changes) == rows.height
    before, after = parts(old), parts(placed(found))
    assert {entity for entity, change in changes.items() if change == "retired"} == before.keys() - after.keys()
    known = set(old)
    for (level, entity), records in after.items():
        there = {record for record in records if (record, level) in known}
        still = {record for record in before.get((level, entity), ()) if (record, level) in new}
        told_of = changes.get((level, entity))
        assert (told_of == "created") == (not there)
        assert (told_of is None) == (records == still)
        if told_of == "grown":
            assert there == still < records


# -------------------------------------------------------------------------------------------------------------- parity


def test_both_engines_agree(engine) -> None:
    old = one(p="abc", q="de", r="f", s="ghij", t="kl", u="mn")
    fresh = one(p="a", v="bc", w="def", x="gh", s="ijz", y="klmno", new="AB")
    held = identifiers(
        *((record, "email x", 9.0) for record in "ef"),
        *((record, "email cut", 9.0, "cut", "one app.user_id each") for record in "ab"),
        *((record, "phone y", 4.0) for record in "iz"),
    )
    linked = links(("l", "m", "source_merge", 30.0), ("g", "i", "fuzzy", 9.0, "cut", "too loose"))

    def run(used: Any) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        frames = [used.lazy(mapping(places)) for places in (old, fresh)]
        names = used.collect(carried(*frames, used))
        new = used.lazy(carry_ids(*(used.native(frame) for frame in frames)))
        evidence = {"identifiers": used.lazy(held), "links": used.lazy(linked)}
        changes = used.collect(changes_between(frames[0], new, evidence, used, "run-1", AT))
        return names, used.collect(new.select("record_id", "level", "entity_id")), changes

    for ours, theirs in zip(run(engine_for()), run(engine), strict=True):
        by = [name for name in ("record_id", "fresh", "entity_id") if name in ours.columns]
        plain = [frame.with_columns(pl.col(pl.Categorical).cast(str)).sort(by) for frame in (ours, theirs)]
        assert_frame_equal(*plain)
        assert not ours.is_empty()
