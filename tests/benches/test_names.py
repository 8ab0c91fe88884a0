"""The made-up company names must be what the benchmark says they are, and thresholds must be what is looked for."""

from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3_000


@pytest.fixture(scope="module")
def benches():
    """The modules, which are not shipped and so not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benches import firms, names

        yield {"firms": firms, "names": names}


@pytest.fixture(scope="module")
def made(benches, tmp_path_factory):
    folder = tmp_path_factory.mktemp("firms")
    benches["firms"].make(ROWS, str(folder), seed=3)
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in ("left", "right", "truth")}


def test_one_seed_gives_one_pair_of_lists(benches, made, tmp_path):
    assert benches["firms"].make(ROWS, str(tmp_path), seed=3) == {"rows": ROWS, "pairs": ROWS // 2}
    for name, frame in made.items():
        assert pl.read_parquet(tmp_path / f"{name}.parquet").equals(frame)


def test_half_of_the_second_list_are_companies_of_the_first_in_no_order(made):
    assert made["left"].height == made["right"].height == ROWS
    assert made["truth"].height == made["truth"]["left"].n_unique() == made["truth"]["right"].n_unique() == ROWS // 2
    for side in ("left", "right"):
        assert made["truth"][side].is_in(made[side]["id"].implode()).all()
        assert not made["truth"][side].str.slice(1).cast(pl.Int64).is_sorted()


def test_copies_are_dirty_and_still_of_their_company(benches, made):
    name = benches["firms"].NAME
    pairs = made["truth"].join(made["left"], left_on="left", right_on="id")
    pairs = pairs.join(made["right"].rename({name: "copy"}), left_on="right", right_on="id")
    assert 0.6 < (pairs[name] != pairs["copy"]).mean() < 0.95
    assert pairs["copy"].str.len_chars().min() >= 2
    letters = pairs.select(pl.col(name, "copy").str.to_lowercase().str.slice(0, 2))
    assert (letters[name] == letters["copy"]).mean() > 0.85  # who is turned round, or mistyped at once, is not


def test_no_two_companies_of_the_first_list_have_one_name(benches, made):
    assert made["left"][benches["firms"].NAME].is_unique().all()


def test_more_names_than_there_are_is_an_error(benches, tmp_path, monkeypatch):
    monkeypatch.setattr(benches["firms"], "_SPARE", 0.5)
    with pytest.raises(ValueError, match="were asked for"):
        benches["firms"].make(ROWS, str(tmp_path / "more"))


@pytest.mark.parametrize(("recall", "expected"), [(0.25, 0.9), (0.5, 0.7), (0.75, 0.55), (1.0, 0.4)])
def test_the_threshold_of_a_recall_is_that_of_the_last_pair_it_needs(benches, tmp_path, recall, expected):
    truth = pl.DataFrame({"left": list("abcd"), "right": list("wxyz")})
    found = pl.DataFrame(
        {"left": list("aabc"), "right": list("wxxy"), "similarity": [0.9003, 0.95, 0.7, 0.5509]}
    )  # a–x is none of them, and d–z was not found
    truth.write_parquet(tmp_path / "truth.parquet")
    found.write_parquet(tmp_path / "pairs.parquet")
    files = str(tmp_path / "pairs.parquet"), str(tmp_path / "truth.parquet")
    assert benches["names"].reaching(*files, recall) == expected
    said = benches["names"].score(*files)
    assert (said["precision"], said["recall"], said["f1"]) == (0.75, 0.75, 0.75)
