"""The review queue: what is asked, of whom, in which order, and what is not asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.audit.review import COLUMNS, DOUBT, DOUBTS, review
from idgraph.collapse.decisions import decide
from idgraph.collapse.judgements import append
from idgraph.config import Config
from idgraph.datasets import saas_world
from idgraph.engines import Engine, engine_for
from idgraph.errors import ConfigError
from idgraph.schema import FRAMES

POLARS = engine_for()
# Each example collapses frames twice, which takes a quarter of a second.
FEW = settings(max_examples=settings().max_examples // 4)
KINDS = {"app": "user", "crm": "contact", "web": "visitor", "ten": "tenant", "acc": "crm_account"}
WORDS = nw.Schema(FRAMES["judgements"].columns).to_polars()


def people(*record_ids: str, **names: str) -> pl.DataFrame:
    """Records whose kind follows from their source, and names by `source_number`."""
    named = {record.replace("_", ":"): name for record, name in names.items()}
    rows = [(record, KINDS[record.partition(":")[0]], named.get(record)) for record in record_ids]
    return pl.DataFrame(rows, {"record_id": pl.String, "kind": pl.String, "full_name": pl.String}, orient="row")


def table(columns: str, *rows: tuple[Any, ...]) -> pl.DataFrame:
    found = pl.DataFrame(rows, columns.split(), orient="row", infer_schema_length=None)
    return found.with_columns(pl.col(pl.Null).cast(pl.String))


def held(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return table("record_id type value state reason", *rows)


def links(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return table("left_id right_id rule evidence weight state reason", *rows)


def words(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Judgements: left_id, right_id, verdict, day, and whether revoked."""
    said = pl.DataFrame(schema=WORDS)
    for left, right, verdict, day, revoked in rows:
        said = append(said, left, right, verdict, by="ana", at=datetime(2026, 1, day, tzinfo=UTC), why=None)
        if revoked:
            last = pl.int_range(pl.len()) == pl.len() - 1
            said = said.with_columns(pl.when(last).then("at").otherwise("revoked_at").alias("revoked_at"))
    return said


def queue(
    judgements: pl.DataFrame | None = None,
    *,
    engine: Engine = POLARS,
    limit: int = 1000,
    config: Config | None = None,
    **frames: pl.DataFrame,
) -> pl.DataFrame:
    graph = ig.Graph.from_frames(config=config, **frames)
    known = {name: engine.lazy(getattr(graph, name)) for name in FRAMES}
    if judgements is not None:
        known["judgements"] = engine.lazy(judgements)
    return engine.collect(review(known, config or Config(), engine, limit))


def pairs(found: pl.DataFrame) -> list[tuple[str, str | None]]:
    return found.select("left_id", "right_id").rows()


# ------------------------------------------------------------------------------------------------------------- pairs


def test_a_link_in_review_is_a_question():
    row = queue(
        records=people("app:1", "app:2", "crm:1"),
        identifiers=held(*((record, "email", "ana@acme.io", "used", None) for record in ("app:1", "crm:1"))),
        links=links(("app:2", "crm:1", "judgement", None, 10.0, "review", None)),
    ).row(0, named=True)
    graph_ids = {row.pop("left_entity"), row.pop("right_entity")}
    assert len(graph_ids) == 2
    assert row == {
        "question": "same?",
        "level": "person",
        "left_id": "app:1",  # the smallest record of Ana's, whichever record the link names
        "right_id": "app:2",
        "rule": "judgement",
        "evidence": None,
        "reason": None,
        "weight": 10.0,
        "records": 1,
        "people": 2,
        "accounts": 0,
        "effect": 1.5,
    }


def test_a_word_of_unsure_is_a_question_of_even_odds():
    unsure = ("app:1", "crm:1", "judgement", None, 30.0, "review", "unsure")
    found = queue(records=people("app:1", "crm:1"), links=links(unsure))
    assert found.select("weight", "reason", "effect").rows() == [(0.0, "unsure", 1.5)]
    found = queue(
        records=people("app:1", "crm:1"), links=links(unsure, ("app:1", "crm:1", "fuzzy", "x", 3.0, "review", None))
    )
    assert found.select("rule", "weight").rows() == [("fuzzy", 3.0)]


def test_evidence_that_a_constraint_cut_is_a_question():
    found = queue(
        records=people("app:1", "app:2", "crm:1", "crm:2"),
        identifiers=held(
            ("app:1", "email", "ana@acme.io", "used", None),
            ("crm:1", "email", "ana@acme.io", "used", None),
            ("app:2", "email", "ana@acme.io", "cut", "unique"),
        ),
        links=links(("app:2", "crm:2", "fuzzy", "name", 12.5, "cut", "weak_bridge")),
    )
    assert found.select("left_id", "right_id", "rule", "evidence", "reason").rows() == [
        ("app:1", "app:2", "email", "ana@acme.io", "unique"),
        ("app:2", "crm:2", "fuzzy", "name", "weak_bridge"),
    ]


def test_a_value_of_many_holders_is_one_question_on_the_two_largest():
    holders = [f"app:{number}" for number in range(1, 8)]
    found = queue(
        records=people(*holders, "crm:1", "crm:2", "crm:3"),
        identifiers=held(
            *((record, "phone", "+14158675309", "suppressed", "over_limit") for record in holders),
            *((record, "email", "ana@acme.io", "used", None) for record in ("app:3", "crm:1", "crm:2")),
            *((record, "email", "bo@acme.io", "used", None) for record in ("app:5", "crm:3")),
        ),
    )
    assert found.select("left_id", "right_id", "records").rows() == [("app:3", "app:5", 2)]


def test_what_one_entity_holds_alone_is_no_question():
    assert queue(
        records=people("app:1", "crm:1", "crm:2"),
        identifiers=held(
            ("app:1", "email", "ana@acme.io", "used", None),
            ("crm:1", "email", "ana@acme.io", "used", None),
            ("app:1", "phone", "+14158675309", "suppressed", "names_disagree"),
            ("crm:1", "phone", "+14158675309", "suppressed", "names_disagree"),
            ("crm:2", "phone", "+14158675300", "suppressed", "over_limit"),
        ),
        links=links(("app:1", "crm:1", "fuzzy", "name", 3.0, "review", None)),
    ).is_empty()


def test_holders_outside_the_majority_are_asked_against_it():
    found = queue(
        records=people("app:1", "app:2", "app:3", "crm:1", "crm:2"),
        identifiers=held(
            ("app:1", "email", "ana@acme.io", "used", None),
            ("app:2", "email", "ana@acme.io", "used", None),
            ("crm:1", "email", "ana@acme.io", "suppressed", "names_disagree"),
        ),
    )
    assert pairs(found) == [("app:1", "crm:1")]


@pytest.mark.parametrize("reason", ["null_like", "placeholder", "role_mailbox"])
def test_what_nobody_would_overrule_is_no_question(reason):
    barred = held(*((record, "email", "info@acme.io", "suppressed", reason) for record in ("app:1", "crm:1")))
    assert queue(records=people("app:1", "crm:1"), identifiers=barred).is_empty()


def test_types_that_could_not_link_anyway_are_no_question():
    barred = held(
        *((r, kind, "x1", "suppressed", "over_limit") for r in ("app:1", "crm:1") for kind in ("ip", "phone"))
    )
    records = people("app:1", "crm:1")
    assert queue(records=records, identifiers=barred)["rule"].to_list() == ["phone"]
    assert queue(config=Config(without=("phone",)), records=records, identifiers=barred).is_empty()


def test_several_values_of_one_pair_are_one_question_and_add_up():
    rows = [("email", "ana@acme.io"), ("email_base", "ana@acme.io"), ("phone", "+14158675309")]
    found = queue(
        records=people("app:1", "crm:1"),
        identifiers=held(*((r, *row, "suppressed", "names_disagree") for r in ("app:1", "crm:1") for row in rows)),
        links=links(("app:1", "crm:1", "fuzzy", None, 2.5, "review", None)),
    )
    # an address is one value, with tags or without: 14 + 8 + 2.5
    assert found.select("rule", "evidence", "weight").rows() == [("email", "ana@acme.io", 24.5)]


def companies() -> dict[str, pl.DataFrame]:
    return {
        "records": people("acc:1", "acc:2", "ten:1", "app:1", "app:2", "app:3"),
        "links": links(
            ("acc:1", "ten:1", "domain", "acme.io", 10.0, "review", "ambiguous_domain"),
            ("acc:2", "ten:1", "domain", "acme.io", 10.0, "review", "ambiguous_domain"),
        ),
        "memberships": table(
            "person_record_id company_record_id via",
            ("app:1", "ten:1", "tenant"),
            ("app:2", "ten:1", "tenant"),
            ("app:3", "acc:1", "crm"),
        ),
    }


def test_people_and_accounts_that_a_yes_touches_are_counted():
    found = queue(**companies())
    assert found.select("left_id", "right_id", "level", "records", "people", "accounts", "effect").rows() == [
        ("acc:1", "ten:1", "account", 1, 2, 2, 2.5),
        ("acc:2", "ten:1", "account", 1, 2, 2, 2.5),
    ]
    asked = links(
        ("app:1", "app:2", "fuzzy", None, 10.0, "review", None), ("app:1", "app:3", "fuzzy", None, 10.0, "review", None)
    )
    found = queue(**{**companies(), "links": asked})
    # both belong to the tenant; or each to another company
    assert found.select("left_id", "right_id", "people", "accounts").rows() == [
        ("app:1", "app:3", 2, 2),
        ("app:1", "app:2", 2, 0),
    ]


def test_a_company_and_its_owner_are_no_question():
    owned = table("child_record_id parent_record_id", ("ten:1", "acc:1"))
    assert pairs(queue(**companies(), hierarchy=owned)) == [("acc:2", "ten:1")]


# -------------------------------------------------------------------------------------------------------- judgements


SHARED = {
    "records": people("app:1", "app:2", "app:3", "crm:1"),
    "identifiers": held(
        *((f"app:{number}", "phone", "+14158675309", "suppressed", "names_disagree") for number in (1, 2, 3)),
        ("app:2", "email", "bo@acme.io", "used", None),
        ("crm:1", "email", "bo@acme.io", "used", None),
    ),
}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ([], ("app:1", "app:2")),
        ([("app:1", "crm:1", "different", 1, False)], ("app:2", "app:3")),  # any records of the two; then the next pair
        ([("app:1", "crm:1", "different", 1, True)], ("app:1", "app:2")),
        ([("app:1", "crm:1", "different", 1, False), ("app:1", "crm:1", "unsure", 2, False)], ("app:1", "app:2")),
        ([("app:1", "crm:9", "different", 1, False)], ("app:1", "app:2")),  # a record that is not there
        ([("app:1", "crm:1", "different", 1, False), ("app:2", "app:3", "different", 1, False)], None),
    ],
)
def test_pairs_judged_different_are_not_asked_again(said, asked):
    assert pairs(queue(words(*said), **SHARED)) == ([asked] if asked else [])


# ---------------------------------------------------------------------------------------------------------- profiles


def test_a_profile_of_clearly_different_names_is_a_question():
    records = people(
        "app:1", "crm:1", "crm:2", "crm:3", app_1="Ana Silva", crm_1="Silva, Ana", crm_2="Bo Berg", crm_3="ana s."
    )
    shared = held(*((record, "device", "device-1", "used", None) for record in records["record_id"]))
    asked = queue(records=records, identifiers=shared)
    assert asked.drop("left_entity", "effect").rows() == [
        ("one?", "person", "app:1", None, None, "device", "Ana Silva / Bo Berg", "names_disagree", 9.0, 1, 2, 0)
    ]
    assert asked["effect"][0] == pytest.approx(3 / (1 + 2 ** (9 - DOUBTS["names_disagree"])), abs=1e-4)


def test_names_that_hang_together_through_a_third_are_no_question():
    records = people("app:1", "crm:1", "crm:2", app_1="Bob Smith", crm_1="Robert Smith", crm_2="Robert Smyth")
    shared = held(*((record, "email", "bob@acme.io", "used", None) for record in records["record_id"]))
    assert queue(records=records, identifiers=shared).is_empty()


def two_users() -> dict[str, pl.DataFrame]:
    ids = [("app:u1", "u1"), ("app:u2", "u2"), ("web:1", "u1"), ("web:2", "u1")]
    return {
        "records": people("app:u1", "app:u2", "web:1", "web:2"),
        "identifiers": held(
            *((record, "app.user_id", user, "used", None) for record, user in ids),
            ("app:u1", "email", "ana@acme.io", "used", None),
            ("app:u2", "email", "ana@acme.io", "used", None),
        ),
    }


def test_a_profile_of_two_ids_in_one_source_is_a_question():
    found = queue(**two_users())
    assert found.select("question", "left_id", "rule", "evidence", "reason", "records").rows() == [
        ("one?", "app:u1", "email", "u1 / u2", "several_ids", 1)
    ]


def test_ids_of_two_sources_and_of_merged_records_are_no_question():
    frames = two_users()
    elsewhere = frames["records"].with_columns(
        source=pl.col("record_id").replace("app:u2", "old_app").str.split(":").list[0]
    )
    assert queue(**{**frames, "records": elsewhere}).is_empty()
    merged = table("survivor_record_id merged_record_id via", ("app:u1", "app:u2", "merged_into"))
    assert queue(**frames, aliases=merged).is_empty()


def test_a_profile_that_somebody_confirmed_is_not_asked_again():
    assert queue(words(("app:u1", "web:1", "same", 1, False)), **two_users()).is_empty()
    assert not queue(words(("app:u1", "web:1", "same", 1, True)), **two_users()).is_empty()


# ------------------------------------------------------------------------------------------------------------- order


def test_the_first_of_the_queue_are_those_of_most_effect():
    found = [queue(**companies(), limit=limit) for limit in (1, 2, 3)]
    assert [len(frame) for frame in found] == [1, 2, 2]
    assert found[0].equals(found[1].head(1))
    with pytest.raises(ConfigError, match="limit=0"):
        queue(**companies(), limit=0)


@FEW
@given(weights=st.lists(st.floats(-30, 60), min_size=2, max_size=6))
def test_more_weight_is_more_effect(weights):
    rows = [(f"app:{n}", f"crm:{n}", "fuzzy", None, weight, "review", None) for n, weight in enumerate(weights)]
    found = queue(records=people(*(record for row in rows for record in row[:2])), links=links(*rows))
    ordered = found.sort("weight", descending=True)
    assert ordered["effect"].to_list() == found["effect"].to_list()
    assert ordered["effect"].to_list() == pytest.approx(
        [3 / (1 + 2 ** (DOUBT - weight)) for weight in ordered["weight"]], abs=1e-4
    )


RECORDS = [f"{source}:{number}" for source in ("app", "crm", "web") for number in (1, 2, 3)]
VALUES = [("email", "ana@acme.io"), ("email", "bo@acme.io"), ("device", "device-1"), ("app.user_id", "u1")]
STATES = [("used", None), ("suppressed", "names_disagree"), ("suppressed", "null_like"), ("cut", "unique")]
WORLDS = st.fixed_dictionaries(
    {
        "identifiers": st.lists(
            st.tuples(st.sampled_from(RECORDS), st.sampled_from(VALUES), st.sampled_from(STATES)), max_size=20
        ).map(lambda rows: [(record, *value, *state) for record, value, state in rows]),
        "links": st.lists(
            st.tuples(
                st.lists(st.sampled_from(RECORDS), min_size=2, max_size=2, unique=True).map(sorted),
                st.sampled_from([("used", None), ("review", None), ("cut", "too_large")]),
            ),
            max_size=5,
        ).map(lambda rows: [(*ends, "fuzzy", None, 9.5, *state) for ends, state in rows]),
    }
)


def frames_of(world: dict[str, list[tuple[Any, ...]]], seed: int = 0) -> dict[str, pl.DataFrame]:
    names = dict(zip((record.replace(":", "_") for record in RECORDS), ["Ana", "Bo", "Ana Berg"] * 3, strict=True))
    made = {"identifiers": held, "links": links}
    frames = {"records": people(*RECORDS, **names), **{name: made[name](*rows) for name, rows in world.items() if rows}}
    return {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in frames.items()}


@FEW
@given(world=WORLDS, seed=st.integers(1, 99))
def test_whatever_the_evidence(world, seed):
    frames = frames_of(world)
    found = queue(**frames)
    assert found.equals(queue(**frames_of(world, seed)))
    placed = dict(ig.Graph.from_frames(**frames).assignments.select("record_id", "entity_id").rows())
    asked = found.filter(pl.col("question") == "same?")
    assert len(asked) <= len(VALUES) + len(world["links"])  # never the square of a value's holders
    assert asked.select("left_entity", "right_entity").is_unique().all()
    assert all(left < right and placed[left] != placed[right] for left, right in pairs(asked))
    assert [placed[row["left_id"]] for row in found.to_dicts()] == found["left_entity"].to_list()
    assert found["effect"].is_sorted(descending=True)
    assert found.filter(pl.col("question") == "one?")["left_entity"].is_unique().all()


# ----------------------------------------------------------------------------------------------------------- engines


def test_engines_ask_the_same(engine):
    world = companies()
    both = {
        "records": pl.concat(
            [world["records"], two_users()["records"], people("crm:1", "crm:2", crm_1="Bo", crm_2="Cy")]
        ),
        "identifiers": pl.concat(
            [
                two_users()["identifiers"],
                held(*((f"crm:{n}", "email", "b@acme.io", *state) for n in (1, 2) for state in STATES[:2])),
                held(*((r, "device", "device-1", "cut", "unique") for r in ("app:1", "app:2", "crm:1"))),
            ]
        ),
        "links": world["links"],
        "memberships": world["memberships"],
    }
    said = words(("acc:1", "ten:1", "different", 1, False))
    expected = queue(said, **both)
    assert set(expected["question"].cast(str)) == {"same?", "one?"}
    found = queue(said, **both, engine=engine)
    assert found.columns == list(COLUMNS)
    assert_frame_equal(found, expected, categorical_as_str=True, check_dtypes=engine is POLARS)


# ------------------------------------------------------------------------------------------------------------- worlds


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> ig.Graph:
    folder = tmp_path_factory.mktemp("world")
    saas_world(100, 1, hostile=True).write(folder, "parquet")
    return ig.resolve(*ig.discover(folder))


def test_a_world_has_questions_of_both_kinds_that_can_be_answered(world):
    asked = world.review()
    assert asked.columns == list(COLUMNS)
    assert set(asked["question"].cast(str)) == {"same?", "one?"}
    assert asked["effect"].is_sorted(descending=True)
    ids = set(world.records["record_id"])
    assert set(asked["left_id"]) | set(asked["right_id"].drop_nulls()) <= ids
    assert asked["records"].min() >= 0
    assert world.review(limit=7).equals(asked.head(7))


def test_answers_empty_the_queue(world):
    frames = {name: POLARS.lazy(getattr(world, name)) for name in FRAMES}
    asked = world.review(limit=10_000)
    said = words()
    for left, right in pairs(asked.filter(pl.col("question") == "same?")):
        said = append(said, left, right, "different", by="ana", at=None, why=None)
    assert decide(said).different.height == said.height > 50
    again = review({**frames, "judgements": POLARS.lazy(said)}, world.config, POLARS, 10_000)
    left = POLARS.collect(again).filter(pl.col("question") == "same?")
    assert not set(pairs(left)) & set(pairs(asked))
    assert len(left) < len(asked) / 2
