"""Charts: they can be drawn, show what is there, mask values, and stay small however much there is."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import vl_convert

import idgraph as ig
from idgraph.datasets import saas_world
from idgraph.errors import NotFoundError
from idgraph.pql.funnels import funnel


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    saas_world(100).write(folder)
    return ig.resolve(*ig.discover(folder))


def drawn(chart):
    """What Vega makes of a chart, as SVG; a chart that is wrong is an error."""
    return vl_convert.vegalite_to_svg(chart.to_json())


def data(chart):
    """All rows of a chart's data."""
    return [row for rows in json.loads(chart.to_json())["datasets"].values() for row in rows]


@pytest.mark.parametrize("level", ["person", "account"])
def test_sizes_count_every_entity_once(graph, level):
    chart = graph.chart.sizes(level)
    frame = graph.profiles if level == "person" else graph.accounts
    assert sum(row["entities"] for row in data(chart)) == frame.filter(~pl.col("stub")).height
    assert "3 to 4" in drawn(chart)


def test_suppressed_shows_every_reason(graph):
    chart = graph.chart.suppressed()
    assert {row["reason"] for row in data(chart)} == set(graph.suppressed["reason"].cast(str))
    assert "several_users" in drawn(chart)


def test_the_flow_keeps_every_record_of_a_person_on_its_way(graph):
    chart = graph.chart.flow()
    bands = {row["ribbon"]: row for row in data(chart) if "ribbon" in row}.values()
    people = graph.assignments.filter(pl.col("level").cast(str) == "person").height
    assert sum(band["records"] for band in bands if band["to"] in {"joined", "alone"}) == people
    assert sum(band["records"] for band in bands if band["from"] in {"joined", "alone"}) == people
    assert "in no account" in drawn(chart)


def test_weights_are_those_of_the_path(graph):
    pair = graph.example()
    chart = graph.chart.weights(*pair)
    told = graph.explain(*pair)
    assert [row["weight"] for row in data(chart)] == [step.weight for step in told.steps]
    assert [row["mark"] for row in data(chart)].count("weakest") == 1
    assert "log2 odds" in drawn(chart)


def test_a_waterfall_ends_at_the_weight_of_the_link(graph):
    alike = graph.links.filter(rule="similar", level="person", state="used").sort("weight", "left_id")
    left, right, weight = alike.select("left_id", "right_id", "weight").row(0)
    chart = graph.chart.waterfall(left, right)
    together = [row for row in data(chart) if row["field"] == "together"]
    assert {round(row["end"], 4) for row in together} == {weight}
    assert "prior" in drawn(chart)


def test_what_is_not_there_cannot_be_drawn(graph):
    users = graph.records.filter(kind="user").sort("record_id")["record_id"]
    apart = next(user for user in users[1:] if not graph.explain(users[0], user).same)
    with pytest.raises(NotFoundError, match="no evidence joins"):
        graph.chart.weights(users[0], apart)
    with pytest.raises(NotFoundError, match="no entity"):
        graph.chart.entity("prf_0000000000000000")


def test_thresholds_mark_the_graphs_own_and_score_what_is_known(graph):
    plain = data(graph.chart.thresholds(level="account"))
    assert {row["measure"] for row in plain if "measure" in row} == {
        "accounts of several records",
        "records of the largest",
    }
    assert len({row["odds"] for row in plain if row["own"]}) == 1
    chart = graph.chart.thresholds(saas_world(100).people_truth)
    found = graph.thresholds(saas_world(100).people_truth)
    shown = {row["value"] for row in data(chart) if row.get("measure") == "F1 B-cubed"}
    assert shown == set(found["bcubed_f1"])
    assert "recall of pairs" in drawn(chart)


def test_a_board_shows_its_leads_in_their_order_and_no_address(graph):
    activity = ig.pql.Activity.from_frame(
        pl.DataFrame({"at": ["2026-03-01"] * 3, "event": ["made", "made", "seen"], "who": ["ana@acme.io", "b", "c"]}),
        person="who",
    )
    made = ig.pql.Definition(name="pql", version="1", level="person", when=ig.pql.first("made"))
    found = ig.pql.board(activity, made)
    chart = graph.chart.board(found)
    assert [row["state"] for row in data(chart)] == found.rows["state"].to_list()
    assert "1. a…@acme.io" in drawn(chart)
    assert "ana@acme.io" not in chart.to_json()
    assert "2 ready, 1 waiting" in drawn(chart)


def test_a_funnel_shows_each_stage_of_each_period(graph):
    days = {"signed_up": {"a": 1, "b": 2, "c": 40}, "aha": {"a": 3}, "paid": {"a": 5}}
    stages = {
        name: pl.DataFrame(
            {
                "entity_id": list(at),
                "reached_at": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(n) for n in at.values()],
            }
        )
        for name, at in days.items()
    }
    chart = graph.chart.funnel(funnel(stages, "1mo", "30d", "2026-02-20"))
    assert {(row["period"], row["stage"], row["reached"]) for row in data(chart)} >= {
        ("from 2026-01-01", "signed_up", 2),
        ("from 2026-01-01", "paid", 1),
        ("from 2026-02-01", "signed_up", 1),
    }
    assert "50 %" in drawn(chart)


def test_changes_since_a_run_before(graph):
    assert data(graph.chart.changes()) == []
    drawn(graph.chart.changes())
    without = graph.without(rule="device")
    counted = {(row["level"], row["change"]): row["entities"] for row in data(without.chart.changes())}
    assert counted["person", "split"] > 0
    assert "split" in drawn(without.chart.changes())


def test_an_entity_shows_its_records_and_what_joins_them(graph):
    largest = graph.profiles.sort("records", "entity_id", descending=True)["entity_id"][0]
    chart = graph.chart.entity(largest)
    records = graph.assignments.filter(entity_id=largest)["record_id"]
    points = [row for row in data(chart) if row.get("kind") not in {None, "value", "of another entity"}]
    assert len({row["node"] for row in points}) == len(records)
    assert largest in drawn(chart)


def test_what_waits_for_a_person_is_dashed_and_leads_to_another_entity(graph):
    waits = graph.links.filter(pl.col("state").cast(str) == "review").sort("left_id", "right_id")
    chart = graph.chart.entity(waits["right_id"][0])
    rows = data(chart)
    assert "of another entity" in {row.get("kind") for row in rows}
    assert "review" in {row.get("state") for row in rows}
    assert 'stroke-dasharray="2,3"' in drawn(chart)


def crowd(size):
    """One person of many records: all visits of one user, of whom two share an address."""
    ids = [f"web:{number}" for number in range(size)]
    records = pl.DataFrame({"record_id": ids, "kind": "visitor", "source": "web"})
    identifiers = pl.DataFrame({"record_id": ids, "type": "app.user_id", "value": "ana@acme.io", "weight": 20.0})
    return ig.Graph.from_frames(records=records, identifiers=identifiers)


def test_an_entity_of_ten_thousand_records_is_summarised():
    graph = crowd(10_000)
    chart = graph.chart.entity("web:7")
    assert len(chart.to_json()) < 10_000
    picture = drawn(chart)
    assert "10,000 records, summarised" in picture
    assert "web ×10,000" in picture


def test_values_are_masked():
    graph = crowd(3)
    for chart in (graph.chart.entity("web:0"), graph.chart.weights("web:0", "web:1")):
        said = chart.to_json(ensure_ascii=False)
        assert "ana@acme.io" not in said
        assert "a…@acme.io" in said


def test_a_lone_record_is_drawn():
    graph = ig.Graph.from_frames(records=pl.DataFrame({"record_id": ["web:1"], "kind": ["visitor"], "source": ["web"]}))
    assert "1 record" in drawn(graph.chart.entity("web:1"))


def test_without_altair_the_error_names_the_extra():
    code = """
import sys
sys.modules["altair"] = None
import polars as pl, idgraph as ig
from idgraph.errors import ExtraError
graph = ig.Graph.from_frames(records=pl.DataFrame({"record_id": ["web:1"], "kind": ["visitor"]}))
try:
    graph.chart
except ExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "charts need altair. Install it: pip install 'idgraph-b2b[notebook]'\n"
