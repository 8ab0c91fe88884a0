"""Questions side by side: what is shown of whom, and what answers come to."""

import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.errors import ConfigError, NotFoundError

pytest.importorskip("anywidget", reason="the extra 'notebook' is not installed")

PEOPLE = {
    "record_id": ["app:1", "crm:1", "crm:2", "crm:3"],
    "kind": ["user", "contact", "contact", "contact"],
    "source": ["app", "crm", "crm", "crm"],
    "full_name": ["Bo Berg", "Bo Berg", "Robert Hill", None],
    "first_seen": [datetime(2026, 1, 5, tzinfo=UTC), None, None, None],
}
FIRM = {"record_id": ["firm:1"], "kind": ["crm_account"], "source": ["firm"], "name": ["Acme"]}


def held(*rows):
    return pl.DataFrame(rows, ["record_id", "type", "value", "state", "reason"], orient="row")


@pytest.fixture(scope="module")
def graph():
    identifiers = held(
        ("app:1", "email", "bo@acme.io", "used", None),
        ("crm:1", "email", "bo@acme.io", "used", None),
        ("crm:1", "phone", "+4930123456", "suppressed", "names_disagree"),
        ("crm:2", "phone", "+4930123456", "suppressed", "names_disagree"),
    )
    records = pl.concat([pl.DataFrame(PEOPLE), pl.DataFrame(FIRM)], how="diagonal_relaxed")
    belongs = pl.DataFrame({"person_record_id": ["app:1"], "company_record_id": ["firm:1"], "via": ["given"]})
    return ig.Graph.from_frames(records=records, identifiers=identifiers, memberships=belongs)


@pytest.fixture(scope="module")
def torn():
    """A profile whose records bear two names, of 60 records in all."""
    ids = [f"crm:{number:03}" for number in range(60)]
    names = ["Bo Berg"] * 59 + ["Robert Hill"]
    records = pl.DataFrame({"record_id": ids, "kind": "contact", "source": "crm", "full_name": names})
    shared = pl.DataFrame({"record_id": ids, "type": "email", "value": "bo@acme.io", "state": "used", "weight": 14.0})
    return ig.Graph.from_frames(records=records, identifiers=shared)


def answer(question, verdict, why="", at="2026-01-05T10:00:00.000Z"):
    """What the widget sets when somebody answers."""
    return {
        "left_id": question["left"][0],
        "right_id": question["right"][0],
        "verdict": verdict,
        "why": why,
        "at": at,
    }


def pairs(*rows):
    return pl.DataFrame(rows, ["left_id", "right_id"], orient="row")


def test_the_review_queue_is_asked_of_whole_entities(graph):
    (question,) = graph.judge().questions
    assert question["asks"] == "Are these two one person?"
    assert (question["left"], question["right"]) == (["app:1", "crm:1"], ["crm:2"])
    assert dict(question["told"])["reason"] == "names_disagree"
    assert dict(question["told"])["evidence"] == "+4930123456"


def test_what_is_known_of_a_record_is_shown_whatever_became_of_it(graph):
    records = graph.judge().records
    assert records["crm:1"]["facts"] == [
        ["full_name", ["Bo Berg"]],
        ["email", ["bo@acme.io"]],
        ["phone", ["+4930123456"]],
    ]
    assert records["app:1"]["about"] == "user of app, seen 2026-01-05"
    assert ["company", ["Acme"]] in records["app:1"]["facts"]


def test_names_of_companies_stand_side_by_side_whatever_a_source_calls_them():
    given = {"tenant_name": ("Acme Inc.", None), "name": (None, "Acme"), "legal_name": (None, "Acme AG")}
    names = {attribute: [*of_companies, None, None] for attribute, of_companies in given.items()}
    kinds = ["tenant", "crm_account", "user", "contact"]
    records = pl.DataFrame({"record_id": ["app:1", "crm:1", "app:7", "crm:7"], "kind": kinds, **names})
    belongs = pl.DataFrame({"person_record_id": ["app:7"], "company_record_id": ["app:1"], "via": ["given"]})
    graph = ig.Graph.from_frames(records=records, memberships=belongs)
    shown = graph.judge(pairs(("app:1", "crm:1"), ("app:7", "crm:7"))).records
    assert shown["app:1"]["facts"] == [["name", ["Acme Inc."]]]
    assert shown["crm:1"]["facts"] == [["name", ["Acme", "Acme AG"]]]
    assert shown["app:7"]["facts"] == [["company", ["Acme Inc."]]]
    assert shown["crm:7"]["facts"] == []


def test_a_sample_is_asked_blind_and_of_records(graph):
    (question,) = graph.judge(graph.sample()).questions
    assert (question["left"], question["right"]) == (["app:1"], ["crm:1"])
    assert question["told"] == []


def test_of_a_profile_two_that_contradict_each_other_come_first(torn):
    (question,) = torn.judge().questions
    assert question["choose"]
    assert question["asks"] == "Is this profile one person?"
    records = torn.judge().records
    names = [dict(records[question[end][0]]["facts"])["full_name"] for end in ("left", "right")]
    assert sorted(names) == [["Bo Berg"], ["Robert Hill"]]
    assert len(question["left"]) == 50
    assert question["more"] == [10, 10]


def test_answers_are_judgements_as_a_run_takes_them(graph):
    judging = graph.judge(by="ana")
    judging.answers = {"0": answer(judging.questions[0], "same", why="she goes by Robert")}
    assert judging.judgements.schema == graph.judgements.schema
    assert judging.judgements.row(0, named=True) == {
        "left_id": "app:1",
        "right_id": "crm:2",
        "verdict": "same",
        "by": "ana",
        "at": datetime(2026, 1, 5, 10, tzinfo=UTC),
        "why": "she goes by Robert",
        "revoked_at": None,
    }
    assert graph.with_judgements(judging.judgements).profile("app:1")["record_ids"] == ["app:1", "crm:1", "crm:2"]


def test_they_survive_a_file(graph, tmp_path):
    judging = graph.judge(by="ana")
    judging.answers = {"0": answer(judging.questions[0], "different")}
    judging.judgements.write_csv(tmp_path / "judgements.csv")
    again = graph.with_judgements(tmp_path / "judgements.csv").judgements
    assert_frame_equal(again, judging.judgements, categorical_as_str=True)


def test_before_any_answer_there_are_none(graph):
    judging = graph.judge()
    assert judging.judgements.is_empty()
    assert judging.judgements.schema == graph.judgements.schema


def test_answers_of_a_sample_give_an_estimate(graph):
    judging = graph.judge(graph.sample())
    judging.answers = {"0": answer(judging.questions[0], "same")}
    assert graph.estimate(judging.judgements).precision == 1


def test_they_keep_the_order_of_the_questions(torn):
    judging = torn.judge(pairs(*[("crm:000", f"crm:{number:03}") for number in range(1, 12)]))
    judging.answers = {str(place): answer(judging.questions[place], "unsure") for place in (10, 2, 0)}
    assert judging.judgements["right_id"].to_list() == ["crm:001", "crm:003", "crm:011"]


def test_a_long_value_is_cut(graph):
    records = pl.DataFrame({"record_id": ["crm:1", "crm:2"], "kind": "contact", "title": ["x" * 10_000, "y"]})
    judging = ig.Graph.from_frames(records=records).judge(pairs(("crm:1", "crm:2")))
    assert len(judging.records["crm:1"]["facts"][0][1][0]) < 300


def test_two_are_asked_about_once(graph):
    """Else they could be judged both ways."""
    asked = graph.judge(pairs(("crm:1", "crm:2"), ("crm:2", "crm:1"), ("crm:1", "app:1"), ("crm:1", "crm:2")))
    assert [(one["left"], one["right"]) for one in asked.questions] == [(["crm:1"], ["crm:2"]), (["crm:1"], ["app:1"])]


def test_an_empty_queue_asks_nothing():
    records = pl.DataFrame({"record_id": ["crm:1"], "kind": ["contact"]})
    assert ig.Graph.from_frames(records=records).judge().questions == []


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (pl.DataFrame({"left": ["crm:1"]}), ConfigError, "lack the column 'left_id'"),
        (pl.DataFrame({"left_id": ["crm:1"]}), ConfigError, "lack the column 'right_id'"),
        (pairs(("crm:1", "crm:9")), NotFoundError, "no record 'crm:9'"),
        (pairs(("crm:1", "crm:1")), ConfigError, "no question"),
        (pairs(("crm:1", None)), ConfigError, "no question"),
        (pairs((None, "crm:1")), ConfigError, "no question"),
        (pairs(("crm:1", "firm:1")), ConfigError, "a person and a company"),
    ],
)
def test_what_cannot_be_asked(graph, asked, error, said):
    with pytest.raises(error, match=said):
        graph.judge(asked)


def test_addresses_in_record_ids_are_shortened_in_messages():
    records = pl.DataFrame({"record_id": ["crm:ana@acme.io"], "kind": ["contact"]})
    with pytest.raises(ConfigError, match=r"crm:a…@acme\.io and crm:a…@acme\.io are no question"):
        ig.Graph.from_frames(records=records).judge(pairs(("crm:ana@acme.io", "crm:ana@acme.io")))


def test_without_anywidget_the_error_names_the_extra():
    code = """
import sys
sys.modules["anywidget"] = None
import polars as pl, idgraph as ig
from idgraph.errors import ExtraError
graph = ig.Graph.from_frames(records=pl.DataFrame({"record_id": ["web:1"], "kind": ["visitor"]}))
try:
    graph.judge()
except ExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "widgets need anywidget. Install it: pip install 'idgraph-b2b[notebook]'\n"
