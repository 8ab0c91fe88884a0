"""Judgements: read from any table, or refused with row and mend; the last word counts; contradictions are settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations, pairwise

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from polars.testing import assert_frame_equal

from idgraph.collapse.decisions import Contradiction, Decisions, among, decide
from idgraph.collapse.judgements import append, read_judgements, revoke
from idgraph.engines import Engine, engine_for
from idgraph.errors import ConfigError, FileError, IdgraphError, MappingError, NotFoundError, SourceError
from idgraph.schema import FRAMES, empty

HEADER = "left_id,right_id,verdict,by,at,why,revoked_at\n"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def none() -> pl.DataFrame:
    return empty("judgements").to_native()


def words(*said: tuple[object, ...]) -> pl.DataFrame:
    """Judgements of left, right, verdict, and perhaps by and the day of January."""
    frame = none()
    for left, right, verdict, *rest in said:
        by, day = [*rest, None, None][:2]
        at = None if day is None else datetime(2026, 1, day, tzinfo=UTC)
        frame = append(frame, left, right, verdict, by=by, at=at, why=None)
    return frame


def read(data: object) -> list[tuple[object, ...]]:
    engine = engine_for(data)
    return engine.collect(read_judgements(data, engine)).rows()


def said(error: type[Exception], data: object) -> str:
    """What the error says; never a whole address."""
    with pytest.raises(error) as told:
        read(data)
    assert isinstance(told.value, IdgraphError)
    assert "ana@acme.io" not in str(told.value)
    return str(told.value)


def pairs(frame: pl.DataFrame) -> list[tuple[str, str]]:
    return frame.select("left_id", "right_id").rows()


# Reading


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_files_give_the_declared_columns_with_the_smaller_id_first(tmp_path, ending):
    path = tmp_path / f"judgements.{ending}"
    table = pl.DataFrame(
        {
            "left_id": ["crm:2", "app:7"],
            "right_id": [" app:7", "crm:3"],
            "verdict": ["same", "Different"],
            "at": ["2026-01-05T13:00:00+01:00", None],
            "ticket": ["T-1", "T-2"],
        }
    )
    write = {
        "csv": table.write_csv,
        "tsv": lambda to: table.write_csv(to, separator="\t"),
        "jsonl": table.write_ndjson,
        "parquet": table.write_parquet,
    }
    write[ending](path)
    engine = engine_for()
    found = engine.collect(read_judgements(path, engine)).sort("right_id")
    assert found.schema == none().schema
    assert found.rows() == [
        ("app:7", "crm:2", "same", None, NOON, None, None),
        ("app:7", "crm:3", "different", None, None, None, None),
    ]


def test_what_a_graph_writes_is_read_again(tmp_path):
    frame = append(none(), "app:7", "crm:2", "same", by="ana", at=NOON, why="met her")
    frame = revoke(frame, "app:7", "crm:2", at=NOON)
    engine = engine_for()
    engine.write(engine.lazy(frame), tmp_path / "judgements.csv", "csv")
    assert read(str(tmp_path / "judgements.csv")) == frame.rows()


def test_several_files_are_one_table(tmp_path):
    for year in ("2025", "2026"):
        (tmp_path / f"{year}.csv").write_text(f"left_id,right_id,verdict\napp:7,crm:{year},same\n")
    assert [row[1] for row in read(f"{tmp_path}/*.csv")] == ["crm:2025", "crm:2026"]


def test_a_table_without_rows_is_no_judgement(tmp_path):
    path = tmp_path / "judgements.csv"
    path.write_text(HEADER)
    assert read(path) == []
    assert read(none()) == []
    assert decide(none()).same.is_empty()


def test_frames_of_any_library_and_times_of_any_dtype():
    pandas = pytest.importorskip("pandas")
    at = pl.Series([NOON.replace(tzinfo=None)])
    row = {"left_id": ["app:7"], "right_id": ["crm:2"], "verdict": ["same"], "at": at, "revoked_at": [None]}
    expected = [("app:7", "crm:2", "same", None, NOON, None, None)]
    table = pl.DataFrame(row)
    assert read(table) == expected
    assert read(table.lazy()) == expected
    assert read(table.with_columns(pl.col("verdict").cast(pl.Categorical))) == expected
    assert read(pandas.DataFrame({**row, "at": pandas.to_datetime(at.to_list())})) == expected
    assert read(table.with_columns(pl.col("at").dt.epoch("s"))) == expected
    assert read(table.with_columns(pl.col("at").dt.date()))[0][4] == NOON.replace(hour=0)


def test_engines_agree(engine: Engine, tmp_path):
    path = tmp_path / "judgements.csv"
    path.write_text(HEADER + "crm:2,app:7,same,ana,2026-01-05T12:00:00Z,,\napp:7,crm:3,different,,,,2026-01-05\n")
    expected = engine_for().collect(read_judgements(path, engine_for()))
    given = engine.native(engine.lazy(pl.read_csv(path, infer_schema=False)))
    for data in (path, given):
        found = engine.collect(read_judgements(data, engine)).sort("right_id")
        assert found.rows() == expected.sort("right_id").rows()
        assert pairs(decide(found).same) == [("app:7", "crm:2")]


@pytest.mark.parametrize(
    ("row", "problem", "mend"),
    [
        ("app:7,,same,,,,", "right_id is empty", "'<source>:<native id>'"),
        ("app:7,NULL,same,,,,", "right_id is empty", "'<source>:<native id>'"),
        (",app:7,same,,,,", "left_id is empty", "'<source>:<native id>'"),
        ("ana@acme.io,app:7,same,,,,", "left_id 'a…@acme.io' does not name a source", "'<source>:<native id>'"),
        ("app:7,+4917012345,same,,,,", "right_id '+4…45' does not name a source", "'<source>:<native id>'"),
        ("app:7,:8,same,,,,", "right_id ':…' does not name a source", "'<source>:<native id>'"),
        ("app:ana@acme.io,app:ana@acme.io,same,,,,", "right_id 'app:a…@acme.io' is left_id again", "Name two records"),
        ("app:7,crm:2,,,,,", "verdict is empty", "same, different, unsure"),
        ("app:7,crm:2,maybe,,,,", "verdict 'm…' is no verdict", "same, different, unsure"),
        ("app:7,crm:2,ana@acme.io,,,,", "verdict 'a…@acme.io' is no verdict", "same, different, unsure"),
        ("app:7,crm:2,same,ana,yesterday,,", "at 'ye…ay' is no time", "2026-01-05T10:00:00Z"),
        ("app:7,crm:2,same,ana,,,soon", "revoked_at 's…' is no time", "2026-01-05T10:00:00Z"),
    ],
)
def test_a_row_that_is_no_judgement_is_named_with_the_mend(tmp_path, row, problem, mend):
    path = tmp_path / "judgements.csv"
    path.write_text(f"{HEADER}app:1,crm:1,same,,,,\n{row}\n")
    message = said(SourceError, path)
    assert f"row 2 of judgements.csv: {problem}. " in message
    assert mend in message
    assert str(tmp_path) not in message


def test_all_faulty_rows_are_counted(tmp_path):
    path = tmp_path / "judgements.csv"
    path.write_text(f"{HEADER}app:1,crm:1,same,,,,\napp:7,,same,,,,\napp:7,crm:2,no,,,,\n")
    assert "row 2 of judgements.csv: right_id is empty (the first of 2 faulty rows)" in said(SourceError, path)
    assert "row 2: right_id is empty (the first of 2" in said(SourceError, pl.read_csv(path, infer_schema=False))


def test_a_row_that_cannot_be_read_is_not_passed_over(tmp_path):
    path = tmp_path / "judgements.csv"
    path.write_text("left_id,right_id,verdict\napp:7,crm:2,same\napp:7,crm:3,same,ana@acme.io,x\n")
    message = said(SourceError, path)
    assert "row 2 of judgements.csv: it cannot be read" in message
    assert "must not get lost" in message


@pytest.mark.parametrize("missing", ["left_id", "right_id", "verdict"])
def test_a_missing_column_is_named(missing):
    table = pl.DataFrame({"left_id": ["app:7"], "right_id": ["crm:2"], "verdict": ["same"], "ana@acme.io": [1]})
    assert f"there is no column {missing!r}" in said(MappingError, table.drop(missing))


@pytest.mark.parametrize("spelling", ["revoked", "revoked_on", "revokedAt"])
def test_a_misspelled_revoked_at_does_not_bring_revoked_words_back(spelling):
    table = pl.DataFrame({"left_id": ["a:1"], "right_id": ["b:1"], "verdict": ["same"], spelling: ["2026-01-05"]})
    assert f"there is no column 'revoked_at'. Is it {spelling!r}?" in said(MappingError, table)


def test_a_column_that_only_looks_a_little_alike_is_let_pass():
    table = {"left_id": ["a:1"], "right_id": ["b:1"], "verdict": ["same"], "created_at": ["2026"], "status": ["ok"]}
    assert len(read(pl.DataFrame(table))) == 1


def test_what_cannot_be_read_is_said(tmp_path):
    assert "no file matches" in said(FileError, str(tmp_path / "nope.csv"))
    for data in (None, 7, ["app:7"]):
        assert "a path, a glob or a frame" in said(ConfigError, data)


# Adding and revoking


def test_words_are_added_in_any_zone_and_nothing_is_overwritten():
    first = append(none(), "crm:2", "app:7", "same", by="ana", at=NOON, why="one phone")
    second = append(
        first, "app:7", "crm:2", "different", by="bo", at=NOON.astimezone(timezone(timedelta(hours=2))), why=None
    )
    assert second.schema == none().schema
    assert second.head(1).rows() == first.rows() == [("app:7", "crm:2", "same", "ana", NOON, "one phone", None)]
    assert second["at"].to_list() == [NOON, NOON]
    assert first.height == 1


@pytest.mark.parametrize(
    ("left", "right", "verdict", "at", "message"),
    [
        ("app:7", "app:7", "same", None, "right_id 'app:7' is left_id again. Name two records."),
        ("7", "crm:2", "same", None, "left_id '7…' does not name a source"),
        ("", "crm:2", "same", None, "left_id is empty"),
        ("app:7", "crm:2", "yes", None, "verdict 'y…' is no verdict. Write one of same, different, unsure"),
        ("app:7", "crm:2", "same", datetime(1, 1, 1, tzinfo=UTC), "at '00…00' is no time"),
    ],
)
def test_a_word_that_is_no_judgement_is_refused(left, right, verdict, at, message):
    with pytest.raises(ConfigError) as told:
        append(none(), left, right, verdict, by=None, at=at, why=None)
    assert message in str(told.value)


def test_revoking_takes_back_all_words_on_the_pair_and_keeps_them():
    frame = words(("a:1", "b:1", "same", "ana", 1), ("a:1", "b:1", "different", "bo", 2), ("a:1", "b:2", "same"))
    revoked = revoke(frame, "b:1", "a:1", at=NOON)
    assert revoked["revoked_at"].to_list() == [NOON, NOON, None]
    assert_frame_equal(revoked.drop("revoked_at"), frame.drop("revoked_at"))
    assert pairs(decide(revoked).same) == [("a:1", "b:2")]
    assert decide(revoked).different.is_empty()
    again = append(revoked, "a:1", "b:1", "same", by="ana", at=NOON, why=None)
    assert pairs(decide(again).same) == [("a:1", "b:1"), ("a:1", "b:2")]
    later = revoke(again, "a:1", "b:1", at=NOON + timedelta(days=1))
    assert later["revoked_at"].to_list() == [NOON, NOON, None, NOON + timedelta(days=1)]  # the first times stay


def test_nothing_to_revoke_is_said():
    frame = revoke(words(("a:ana@acme.io", "b:1", "same")), "a:ana@acme.io", "b:1", at=NOON)
    with pytest.raises(NotFoundError, match=r"'a:a…@acme\.io' and 'b:1' is in force"):
        revoke(frame, "a:ana@acme.io", "b:1", at=NOON)
    with pytest.raises(ConfigError, match="is no time between 1900 and 2199"):
        revoke(frame, "a:1", "b:1", at=datetime(1, 1, 1, tzinfo=UTC))


# Deciding


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ([("same", "ana", 1), ("different", "rule:phone", 2)], "different"),  # the last, whoever said it
        ([("same", "ana", 1), ("different", "ana", None)], "same"),  # no time is earlier than any
        ([("same", "ana", 1), ("different", "source:crm", 1), ("unsure", "rule:x", 1)], "same"),
        ([("same", "source:crm", 1), ("different", "rule:x", 1)], "same"),
        ([("same", None, None), ("different", "source:crm", None)], "same"),  # who is not named is a person
        ([("same", "ana", 1), ("unsure", "bo", 1)], "unsure"),
        ([("different", "ana", 1), ("unsure", "bo", 1), ("same", "cy", 1)], "different"),
    ],
)
def test_the_last_word_counts_then_authority_then_caution(said, verdict):
    for order in (said, said[::-1]):
        found = decide(words(*(("a:1", "b:1", *rest) for rest in order)))
        counts = {name: getattr(found, name).height for name in ("same", "different", "unsure")}
        assert counts == {"same": 0, "different": 0, "unsure": 0} | {verdict: 1}


def test_who_said_it_when_and_why_come_along():
    frame = append(none(), "a:1", "b:1", "unsure", by="ana", at=NOON, why="twins?")
    assert decide(frame).unsure.to_dicts() == [
        {"left_id": "a:1", "right_id": "b:1", "by": "ana", "at": NOON, "why": "twins?"}
    ]


@pytest.mark.parametrize(
    ("one", "other", "dropped"),
    [
        (("ana", 1), ("rule:x", 9), ("b:1", "c:1")),  # the lowest authority
        (("source:crm", 1), ("ana", 1), ("a:1", "b:1")),
        (("ana", 2), ("bo", 1), ("b:1", "c:1")),  # then the oldest
        (("ana", 2), ("bo", None), ("b:1", "c:1")),
        (("ana", 1), ("bo", 1), ("a:1", "b:1")),  # then the smallest pair
    ],
)
def test_a_contradiction_drops_the_weakest_word_of_its_path(one, other, dropped):
    found = decide(words(("a:1", "b:1", "same", *one), ("b:1", "c:1", "same", *other), ("a:1", "c:1", "different")))
    assert found.contradictions == [Contradiction("a:1", "c:1", ("a:1", "b:1", "c:1"), dropped)]
    assert pairs(found.same) == [pair for pair in [("a:1", "b:1"), ("b:1", "c:1")] if pair != dropped]
    assert pairs(found.different) == [("a:1", "c:1")]


def test_the_shortest_path_loses_first_and_settles_longer_ones():
    chain = [(f"a:{n}", f"a:{n + 1}", "same", "ana") for n in range(1, 4)]
    found = decide(
        words(*chain, ("a:4", "a:5", "same", "rule:x"), ("a:1", "a:5", "different"), ("a:2", "a:4", "different"))
    )
    assert [one.path for one in found.contradictions] == [("a:2", "a:3", "a:4")]


def test_a_pair_joined_in_two_ways_loses_both():
    square = [("a:1", "a:2"), ("a:1", "a:3"), ("a:2", "a:4"), ("a:3", "a:4")]
    found = decide(words(*((*pair, "same") for pair in square), ("a:1", "a:4", "different")))
    assert [one.path for one in found.contradictions] == [("a:1", "a:2", "a:4"), ("a:1", "a:3", "a:4")]
    assert pairs(found.same) == [("a:2", "a:4"), ("a:3", "a:4")]


def test_a_path_takes_no_dead_end():
    path = ["a:1", "a:3", "a:4", "a:9"]
    leaves = [("a:1", "a:2"), *(("a:9", f"b:{n}") for n in range(6))]
    joined = [*pairwise(path), *leaves]
    found = decide(words(*((*pair, "same") for pair in joined), ("a:1", "a:9", "different")))
    assert [one.path for one in found.contradictions] == [tuple(path)]


def test_a_contradiction_is_said_in_words_without_addresses():
    found = decide(
        words(("a:1", "b:ana@acme.io", "same"), ("b:ana@acme.io", "c:1", "same"), ("a:1", "c:1", "different"))
    )
    assert str(found.contradictions[0]) == (
        "a:1 and c:1 were said to be different, but a:1 = b:a…@acme.io = c:1; left out: a:1 = b:a…@acme.io"
    )


def test_a_hub_of_many_words_is_settled():
    """The whole neighbourhood of a hub is not gone through for each pair."""
    size, apart = 20_000, 500
    many = [f"crm:{n:05}" for n in range(size)]
    table = pl.DataFrame(
        {
            "left_id": ["app:1"] * size + many[: 2 * apart : 2],
            "right_id": many + many[1 : 2 * apart : 2],
            "verdict": ["same"] * size + ["different"] * apart,
        }
    )
    found = decide(engine_for().collect(read_judgements(table, engine_for())))
    assert found.same.height == size - apart
    assert [one.dropped for one in found.contradictions] == [("app:1", one) for one in many[: 2 * apart : 2]]


# Any words in any order


RECORDS = [f"{source}:{number}" for source in ("app", "crm") for number in (1, 2, 3)]
PAIRS = st.sampled_from(list(combinations(RECORDS, 2)))
BY = st.sampled_from([None, "ana", "source:crm", "rule:phone"])
DAYS = st.none() | st.integers(1, 3)


def strength(word: tuple[object, ...]) -> tuple[object, ...]:
    """Order words on one pair by time, authority and caution."""
    verdict, by, day = word
    authority = {"rule:phone": 0, "source:crm": 1}.get(by, 2)
    return (day or 0, authority, ["same", "unsure", "different"].index(verdict))


class Model:
    """The rules again, by brute force: of all shortest contradictory paths the first, again and again."""

    def __init__(self, said: dict[tuple[str, str], list[tuple[object, ...]]]) -> None:
        last = {pair: max(active, key=strength) for pair, active in said.items() if active}
        self.different = sorted(pair for pair, word in last.items() if word[0] == "different")
        self.unsure = sorted(pair for pair, word in last.items() if word[0] == "unsure")
        self.same = {pair: strength(word) for pair, word in last.items() if word[0] == "same"}
        self.contradictions = []
        while paths := sorted(self.paths(), key=lambda path: (len(path), path[0], path[-1], path)):
            steps = [tuple(sorted(step)) for step in pairwise(paths[0])]
            weakest = min(steps, key=lambda step: (self.same[step][1], self.same[step][0], step))
            del self.same[weakest]
            self.contradictions.append(Contradiction(paths[0][0], paths[0][-1], tuple(paths[0]), weakest))

    def paths(self) -> list[list[str]]:
        graph = nx.Graph(list(self.same))
        joined = [pair for pair in self.different if set(pair) <= set(graph) and nx.has_path(graph, *pair)]
        return [path for pair in joined for path in nx.all_shortest_paths(graph, *pair)]


MANY = st.sampled_from(list(combinations([f"a:{number:02}" for number in range(14)], 2)))


@settings(max_examples=30)
@given(same=st.sets(MANY, min_size=8, max_size=24), different=st.sets(MANY, min_size=1, max_size=3))
def test_long_paths_are_those_of_the_model(same, different):
    verdicts = dict.fromkeys(same, "same") | dict.fromkeys(different, "different")
    found = decide(words(*((*pair, verdict) for pair, verdict in verdicts.items())))
    model = Model({pair: [(verdict, None, None)] for pair, verdict in verdicts.items()})
    assert found.contradictions == model.contradictions
    assert pairs(found.same) == sorted(model.same)


class Words(RuleBasedStateMachine):
    """People say things and take them back; what counts is compared with the model after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.frame = none()
        self.said: dict[tuple[str, str], list[tuple[object, ...]]] = {}

    @rule(
        pair=PAIRS,
        verdict=st.sampled_from(["same", "same", "different", "unsure"]),
        by=BY,
        day=DAYS,
        turned=st.booleans(),
    )
    def add(self, pair, verdict, by, day, turned):
        at = None if day is None else datetime(2026, 1, day, tzinfo=UTC)
        left, right = reversed(pair) if turned else pair
        self.frame = append(self.frame, left, right, verdict, by=by, at=at, why=None)
        self.said.setdefault(pair, []).append((verdict, by, day))

    @precondition(lambda self: any(self.said.values()))
    @rule(data=st.data())
    def take_back(self, data):
        pair = data.draw(st.sampled_from(sorted(pair for pair, active in self.said.items() if active)))
        self.frame = revoke(self.frame, *pair, at=NOON)
        self.said[pair] = []

    @rule(seed=st.integers(0, 9))
    def shuffle(self, seed):
        before = decide(self.frame)
        self.frame = self.frame.sample(fraction=1, shuffle=True, seed=seed)
        after = decide(self.frame)
        for name in ("same", "different", "unsure"):
            assert_frame_equal(getattr(before, name), getattr(after, name))
        assert before.contradictions == after.contradictions

    @invariant()
    def decisions_are_those_of_the_model(self):
        found, model = decide(self.frame), Model(self.said)
        assert pairs(found.same) == sorted(model.same)
        assert pairs(found.different) == model.different
        assert pairs(found.unsure) == model.unsure
        assert found.contradictions == model.contradictions

    @invariant()
    def no_different_pair_is_connected_and_each_drop_has_its_reason(self):
        found = decide(self.frame)
        kept = nx.Graph(pairs(found.same))
        kept.add_nodes_from(RECORDS)
        assert not any(nx.has_path(kept, *pair) for pair in pairs(found.different))
        for one in found.contradictions:
            assert (one.left_id, one.right_id) in pairs(found.different)
            assert one.dropped in {tuple(sorted(step)) for step in pairwise(one.path)}
            assert (one.path[0], one.path[-1]) == (one.left_id, one.right_id)

    @invariant()
    def revoking_all_gives_nothing(self):
        frame = self.frame
        for left, right in {*pairs(frame.filter(pl.col("revoked_at").is_null()))}:
            frame = revoke(frame, left, right, at=NOON)
        found: Decisions = decide(frame)
        assert (found.same.height, found.different.height, found.unsure.height) == (0, 0, 0)
        assert not found.contradictions
        assert frame.height == self.frame.height
        assert list(frame.columns) == list(FRAMES["judgements"].columns)


TestWords = Words.TestCase
TestWords.settings = settings(max_examples=15, stateful_step_count=25)


def test_records_are_the_same_by_one_that_is_not_there():
    words = [
        ("app:1", "crm:9", "same"),
        ("app:2", "crm:9", "same"),
        ("crm:7", "crm:9", "same"),
        ("app:3", "crm:7", "different"),
        ("app:4", "crm:8", "same"),
    ]
    table = pl.DataFrame(words, ["left_id", "right_id", "verdict"], orient="row")
    said = decide(read_judgements(table, engine_for()).collect().to_native())
    found = among(said, pl.Series(["app:1", "app:2", "app:3", "app:4"]))
    assert found.same.select("left_id", "right_id").rows() == [("app:1", "app:2")]
    assert found.different.select("left_id", "right_id").rows() == [("app:1", "app:3")]
    everyone = pl.Series([record for word in words for record in word[:2]])
    assert among(said, everyone).same.equals(said.same)
