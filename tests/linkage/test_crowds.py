"""Two lists of names: the denser names lie, the less are two believed that are nearly the same."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import idgraph as ig
from idgraph.linkage.crowds import FREE, TAKEN
from idgraph.linkage.fields import CROWDED, Field, alone
from idgraph.linkage.titles import Control, _held_against

FIELD = alone([Field("company", "title")])[0]
SIZE = len(FIELD.holding.levels)
BELIEVED = np.full(SIZE, 0.985)
BELIEVED[[0, 2, 3, 4, 5]] = 0.995, 0.6, 0.02, 0.002, 1e-6
TRADES = ["foods", "systems", "motors", "energy", "media", "textiles"]
many = st.lists(st.floats(0, 1e6), min_size=SIZE, max_size=SIZE).map(np.array)


def counts(same=0.0, near=0.0, taken=0.0):
    found = np.zeros(SIZE)
    found[0], found[list(FREE)], found[list(TAKEN)] = same, near, taken
    return found


@given(met=many, within=many, shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_control_takes_away_and_never_adds(met, within, shares):
    found = _held_against(BELIEVED, met, Control(within, shares))
    assert (found <= BELIEVED).all()
    assert (found > 0).all()
    assert found[0] == BELIEVED[0]


@given(met=many, within=many, more=st.floats(1, 10))
def test_a_list_that_holds_names_twice_as_often_as_both_do_shows_nothing(met, within, more):
    within[0] = met[0] * more + more
    assert (_held_against(BELIEVED, met, Control(within, (0.5, 0.5))) == BELIEVED).all()


def test_what_is_as_frequent_within_a_list_is_chance_and_the_rest_is_not():
    met = counts(same=30_000, near=1_000)
    within = counts()
    within[FREE[0]], within[FREE[1]], within[FREE[2]] = 0, 200, 900
    found = _held_against(BELIEVED, met, Control(within, (0.5, 0.5)))
    assert found[list(FREE[:3])] == pytest.approx([0.98, 0.8, 0.1], abs=0.02)


def test_lists_without_what_was_the_same_in_them_are_no_control():
    """Of each name one spelling was kept: as many are nearly the same within a list as in both, and all are one."""
    met, within = counts(same=3_000, near=300), counts(near=299)
    assert _held_against(BELIEVED, met, Control(within, (0.5, 0.5))) == pytest.approx(BELIEVED, abs=0.005)


def test_few_pairs_leave_belief_as_it_is():
    found = _held_against(BELIEVED, counts(same=8, near=1), Control(counts(near=1), (0.5, 0.5)))
    assert found == pytest.approx(BELIEVED, abs=0.03)


def test_beside_an_equal_there_is_as_much_by_chance_as_elsewhere():
    met, within = counts(same=30_000, near=1_000, taken=400), counts(near=100, taken=400)
    found = _held_against(BELIEVED, met, Control(within, (0.25, 0.25)))
    assert found[list(TAKEN)] == pytest.approx(1 - 300 / 400, abs=0.02)


def lists(signs, size, seed=0):
    """Names of such signs; and copies of half of them, one in three with a letter changed, among strangers."""
    rng = np.random.default_rng(seed)
    names = ["".join(one) for one in itertools.product(signs, repeat=3)] if len(signs) < 30 else signs
    drawn = [f"{name} {rng.choice(TRADES)}" for name in rng.permutation(names)[: size * 3 // 2]]
    known = size // 2

    def copied(name):
        place = int(rng.integers(1, 5))
        return name[:place] + rng.choice(list("aeiou")) + name[place + 1 :] if rng.random() < 1 / 3 else name

    right = [copied(name) for name in drawn[:known]] + drawn[size:]
    ids = [f"l{n}" for n in range(size)], [f"r{n}" for n in range(size)]
    return (pl.DataFrame({"id": id, "company": names}) for id, names in zip(ids, (drawn[:size], right), strict=True))


@pytest.fixture(scope="module")
def dense():
    """Nearly every name there could be is there: whatever is mistyped is nearly the same as several."""
    signs = [a + b for a in "bdfgklmnprstv" for b in "ae"]
    left, right = lists(signs, 8_000)
    return left, right, ig.link_tables(left, right, id="id")


def right_of(found):
    used = found.links.filter(pl.col("state") == "used")
    return (used["left_id"].str.slice(1) == used["right_id"].str.slice(1)), used


def of_one_table(left, right):
    """A model that has nothing to hold names against."""
    return ig.dedupe(pl.concat([left, right]), id="id").model


def test_where_names_lie_close_links_are_as_right_as_is_expected(dense):
    right, used = right_of(dense[2])
    assert right.mean() >= 0.97
    assert used["probability"].mean() >= 0.98
    assert right.sum() > 0.6 * 4_000


def test_believing_all_that_is_nearly_the_same_would_be_wrong(dense):
    left, right, _ = dense
    said, _ = right_of(ig.link_tables(left, right, id="id", model=of_one_table(left, right)))
    assert said.mean() < 0.9


def test_where_names_lie_apart_what_is_mistyped_is_found():
    rng = np.random.default_rng(5)
    names = ["".join(rng.choice(list("abcdefghijklmnoprstuvwz"), 12)) for _ in range(6_000)]
    left, right = lists(names, 4_000)
    said, _ = right_of(ig.link_tables(left, right, id="id"))
    believed, _ = right_of(ig.link_tables(left, right, id="id", model=of_one_table(left, right)))
    assert said.mean() > 0.99
    assert said.sum() == believed.sum() > 0.85 * 2_000


def test_the_order_of_rows_tells_nothing(dense):
    left, right, found = dense
    again = ig.link_tables(left.reverse(), right.sample(fraction=1, shuffle=True, seed=1), id="id")
    assert again.links.equals(found.links)
    assert again.model == found.model


def test_a_model_of_two_lists_knows_crowds_when_it_is_used_again(dense, tmp_path):
    left, right, found = dense
    found.model.save(tmp_path / "model.json")
    model = ig.Model.load(tmp_path / "model.json")
    assert ig.link_tables(left, right, id="id", model=model).links.equals(found.links)
    together = ig.dedupe(pl.concat([left, right]), id="id", model=model)
    assert right_of(together)[0].mean() >= 0.97


def test_a_link_says_what_crowd_its_names_are_in():
    names = ["acme robotics", "zeta foods", "beta textiles", "gamma telecom", "omega motors"]
    others = ["acme robotcs", "zeta foods", "betta textiles", "beta textles", "sigma optics"]
    found = ig.link_tables(pl.DataFrame({"company": names}), pl.DataFrame({"company": others}))
    said = {
        (one, other): found.explain(f"left:{one}", f"right:{other}")[0].level for one, other in [(1, 1), (3, 3), (2, 2)]
    }
    assert said[1, 1] == "nearly the same"
    assert said[2, 2] == "same"
    assert said[3, 3] in CROWDED
    assert "beside 2 or more nearly so and 2 to 3 alike" in said[3, 3]


def test_a_few_names_are_held_against_nothing():
    """Of a long list and a short one the long one alone would have to be compared with itself."""
    left = pl.DataFrame({"company": [f"{a}{b}{c} foods" for a in "bdfg" for b in "aeiou" for c in "klmn"]})
    short = ig.link_tables(left, left.head(2))
    assert short.compared <= 2 * left.height
    assert short.links.filter(pl.col("state") == "used").height >= 2
