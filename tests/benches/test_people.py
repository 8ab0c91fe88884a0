"""The made-up people must be what the benchmark says they are, and scores must be what their names say."""

from pathlib import Path

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.audit.metrics import quality

ROOT = Path(__file__).resolve().parents[2]
ROWS = 4_000


@pytest.fixture(scope="module")
def benches():
    """The modules, which are not shipped and so not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benches import population, scoring, splink_models, tables

        yield {"population": population, "scoring": scoring, "splink": splink_models, "tables": tables}


@pytest.fixture(scope="module")
def made(benches, tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    facts = benches["population"].make(ROWS, str(folder), seed=3)
    return facts, pl.read_parquet(folder / "people.parquet"), pl.read_parquet(folder / "truth.parquet")


def test_one_seed_gives_one_population(benches, made, tmp_path):
    facts, people, truth = made
    assert benches["population"].make(ROWS, str(tmp_path), seed=3) == facts
    assert pl.read_parquet(tmp_path / "people.parquet").equals(people)
    assert pl.read_parquet(tmp_path / "truth.parquet").equals(truth)


def test_a_quarter_of_the_rows_are_copies_in_no_order(made):
    facts, people, truth = made
    assert people["id"].equals(truth["record_id"].rename("id"))
    assert truth["entity_id"].n_unique() == facts["people"] == 0.75 * ROWS
    sizes = truth["entity_id"].value_counts()["count"]
    assert facts["pairs"] == (sizes * (sizes - 1) // 2).sum()
    numbers = truth["entity_id"].str.slice(1).cast(pl.Int64)
    assert not numbers.is_sorted()


def test_copies_are_dirty_and_addresses_are_one_person_s(made):
    _, people, truth = made
    placed = people.with_columns(truth["entity_id"])
    twice = placed.filter(pl.len().over("entity_id") > 1)
    differ = twice.group_by("entity_id").agg(pl.col("first_name", "last_name", "born", "email").n_unique())
    assert all(0.1 < (differ[name] > 1).mean() < 0.7 for name in ("first_name", "last_name", "born", "email"))
    held = placed.drop_nulls("email").group_by("email").agg(pl.col("entity_id").n_unique())
    assert (held["entity_id"] > 1).mean() < 0.01  # only what was mistyped may meet another


def test_names_and_towns_are_as_unequal_as_real_ones(made):
    _, people, _ = made
    for name, least, most in (("last_name", 0.004, 0.03), ("first_name", 0.005, 0.05), ("city", 0.01, 0.08)):
        assert least < people[name].value_counts()["count"].max() / ROWS < most


partitions = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(partitions)
def test_scores_are_those_of_the_audit(benches, cells):
    ids = [f"r{number}" for number in range(len(cells))]
    found, true = ([str(cell[side]) for cell in cells] for side in (0, 1))
    frames = [pl.DataFrame({"record_id": ids, "entity_id": entities}) for entities in (found, true)]
    scores = benches["scoring"].scores(*frames)
    said = quality(*(nw.from_native(frame, eager_only=True) for frame in frames))
    assert [scores.precision, scores.recall, scores.f1] == pytest.approx([said.precision, said.recall, said.f1])
    assert scores.bcubed_f1 == pytest.approx(said.bcubed_f1)


def test_intervals_hold_the_score_and_narrow_with_more_entities(benches):
    def partition(entities):
        rng = np.random.default_rng(1)
        ids = [f"r{number}" for number in range(2 * entities)]
        true = [str(number // 2) for number in range(2 * entities)]
        found = [one if rng.random() < 0.9 else f"alone {one} {number}" for number, one in enumerate(true)]
        frames = [pl.DataFrame({"record_id": ids, "entity_id": some}) for some in (found, true)]
        return benches["scoring"].scores(*frames)

    few, many = partition(50), partition(5_000)
    for scores in (few, many):
        assert scores.f1_low < scores.f1 < scores.f1_high
        assert scores.bcubed_low < scores.bcubed_f1 < scores.bcubed_high
    assert many.f1_high - many.f1_low < (few.f1_high - few.f1_low) / 4


def test_records_that_nothing_was_found_for_are_alone(benches):
    truth = pl.DataFrame({"record_id": ["a", "b", "c"], "entity_id": ["1", "1", "2"]})
    scores = benches["scoring"].scores(truth.head(0), truth)
    assert (scores.precision, scores.recall) == (1.0, 0.0)


def test_the_best_threshold_is_the_one_of_the_highest_f1(benches, tmp_path):
    truth = pl.DataFrame({"record_id": ["a", "b", "c", "d"], "entity_id": ["1", "1", "2", "2"]})
    pairs = pl.DataFrame({"left": ["a", "b", "c"], "right": ["b", "c", "d"], "probability": [0.97, 0.6, 0.85]})
    truth.write_parquet(tmp_path / "truth.parquet")
    pairs.write_parquet(tmp_path / "pairs.parquet")
    found = benches["scoring"].best(str(tmp_path / "pairs.parquet"), str(tmp_path / "truth.parquet"))
    assert (found["threshold"], found["f1"]) == (0.8, 1.0)


def test_a_model_without_a_column_names_it_nowhere(benches):
    models = benches["splink"].MODELS
    for name, dropped in (("febrl3", "soc_sec_id"), ("febrl4", "soc_sec_id"), ("contacts", "phone")):
        whole, model = models[name], models[name].without([dropped])
        kinds = (model.rules, model.certain, model.trained, model.comparisons, [tuple(model.derived.values())])
        parts = [part for rules in kinds for rule in rules for part in rule]
        assert len(model.comparisons) == len(whole.comparisons) - 1
        assert model.rules
        assert model.certain
        assert not any(dropped in part for part in parts)


def test_every_table_has_a_model(benches):
    for one in benches["tables"].TABLES:
        assert one.model in benches["splink"].MODELS
