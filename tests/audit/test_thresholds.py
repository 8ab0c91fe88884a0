"""Whole entities as links have to be likelier: the graph's own threshold gives the graph, and less joins no fewer."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.datasets import saas_world
from idgraph.errors import ConfigError


@pytest.fixture(scope="module")
def world():
    return saas_world(100, seed=3)


@pytest.fixture(scope="module")
def graph(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    world.write(folder)
    return ig.resolve(*ig.discover(folder))


def chain(config=None, **more):
    """Four people in a row, by links of another tool, each less likely than the one before."""
    ids = [f"crm:{letter}" for letter in "abcd"]
    links = pl.DataFrame({"left_id": ids[:3], "right_id": ids[1:], "probability": [0.99, 0.9, 0.6], "level": "person"})
    records = pl.DataFrame({"record_id": ids, "kind": "contact"})
    return ig.Graph.from_frames(records=records, links=links.with_columns(**more), config=config)


@pytest.mark.parametrize("level", ["person", "account"])
def test_the_graphs_own_threshold_gives_the_graph(graph, world, level):
    truth = world.people_truth if level == "person" else None
    found = graph.thresholds(truth, level)
    own = found.filter("own").row(0, named=True)
    sizes = graph.assignments.filter(pl.col("level").cast(pl.String) == level)["entity_id"].value_counts()["count"]
    assert own["entities"] == sizes.len()
    assert own["largest"] == sizes.max()
    assert own["joined"] == (sizes > 1).sum()
    assert own["pairs"] == (sizes * (sizes - 1)).sum() // 2
    if truth is not None:
        scores = graph.evaluate(truth).as_dict()
        assert {name: own[name] for name in scores if name != "records"} == pytest.approx(
            {name: scores[name] for name in scores if name != "records"}
        )
    assert 0 < found["links"].min() < found["links"].max()
    assert found["links"].is_sorted(descending=True)


@pytest.mark.parametrize("level", ["person", "account"])
def test_as_many_links_are_right_as_their_probabilities_say(graph, world, level):
    """Without a truth they are what is known of precision."""
    truth = world.people_truth if level == "person" else world.company_truth
    found = graph.evaluate(truth, level).rules.row(by_predicate=pl.col("rule") == "similar", named=True)
    expected = graph.thresholds(level=level).filter("own")["expected"].item()
    assert expected == pytest.approx(found["right"] / (found["right"] + found["wrong"]), abs=0.05)


def test_what_joins_when():
    found = chain().thresholds(probabilities=[0.95, 0.5, 0.8, 0.995])
    columns = ["probability", "own", "links", "expected", "entities", "joined", "largest", "pairs"]
    assert found.columns == columns
    assert found.rows() == [
        (0.5, False, 3, pytest.approx(0.83), 1, 1, 4, 6),
        (0.8, False, 2, pytest.approx(0.945), 2, 1, 3, 3),
        (0.95, False, 1, 0.99, 3, 1, 2, 1),
        (0.995, False, 0, None, 4, 0, 1, 0),
    ]
    assert chain().thresholds().filter("own")["probability"].to_list() == [0.6]


def test_what_waits_for_being_likelier_joins_and_what_waits_for_another_reason_does_not():
    waiting = pl.Series(["used", "review", "review"])
    for_reasons = pl.Series([None, None, "rivals"])
    found = chain(state=waiting, reason=for_reasons).thresholds(probabilities=[0.5])
    assert found.select("links", "largest").rows() == [(2, 3)]
    assert chain(state=waiting, reason=for_reasons).thresholds().filter("own")["probability"].to_list() == [0.99]


def test_constraints_hold_at_every_threshold():
    records = pl.DataFrame({"record_id": [f"crm:{letter}" for letter in "abcd"], "kind": "contact"})
    links = chain().links.select("left_id", "right_id", "probability", "level")
    apart = pl.DataFrame({"left_id": ["crm:a"], "right_id": ["crm:d"], "verdict": ["different"]})
    judged = ig.Graph.from_frames(records=records, links=links, judgements=apart)
    assert judged.thresholds(probabilities=[0.5]).select("links", "entities").rows() == [(3, 2)]


def test_scores_are_of_whole_entities():
    truth = pl.DataFrame({"record_id": ["crm:a", "crm:b", "crm:c", "crm:d"], "entity_id": ["1", "1", "1", "2"]})
    found = chain().thresholds(truth, probabilities=[0.5, 0.8, 1.0])
    assert found["precision"].to_list() == [0.5, 1.0, 1.0]  # three of the six pairs; though all but one link is right
    assert found["recall"].to_list() == [1.0, 1.0, 0.0]
    assert found["bcubed_precision"].to_list() == [pytest.approx(10 / 16), 1.0, 1.0]


def test_what_cannot_be_asked():
    with pytest.raises(ConfigError, match="no link on level account has a probability"):
        chain().thresholds(level="account")
    for wrong in ([], [0.0], [0.5, 1.1]):
        with pytest.raises(ConfigError, match="above 0 and up to 1"):
            chain().thresholds(probabilities=wrong)
    with pytest.raises(ConfigError, match="no level"):
        chain().thresholds(level="people")


@pytest.mark.parametrize("probabilities", ["0.9", 0.5, ["a"], [None], [True]])
def test_thresholds_are_several_numbers(graph, probabilities):
    with pytest.raises(ConfigError, match=r"probabilities=.* cannot be used: it takes .*\[0\.9, 0\.99\]"):
        graph.thresholds(probabilities=probabilities)
