"""Names in each other's column: found in either order, and only where they do not agree as they stand."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.linkage.fields import Field
from idgraph.linkage.recognise import may_be_swapped
from idgraph.linkage.swapped import SWAPPED, swapped

NAMES = ("left_given", "left_family", "right_given", "right_family")
name = st.none() | st.text("abn", min_size=1, max_size=5)
four = st.tuples(name, name, name, name)


def said(*names):
    return SWAPPED[swapped(pl.DataFrame([names], schema=dict.fromkeys(NAMES, pl.String), orient="row")).item()]


@pytest.mark.parametrize(
    ("names", "level"),
    [
        (("amber", "dixon", "dixon", "amber"), "swapped"),
        (("amrbr", "dixon", "dixon", "amber"), "swapped"),
        ((None, "dixon", "dixon", "amber"), "in the other column"),
        (("amber", "dixon", "amber", "dixon"), ""),
        (("lee", "james", "bruce", "lee"), ""),
        (("thomas", "thomas", "thomas", "thomas"), ""),
        ((None, None, "dixon", "amber"), ""),
    ],
)
def test_names_that_agree_crosswise_are_found(names, level):
    assert said(*names) == level


@given(pairs=st.lists(four, min_size=1, max_size=6))
def test_neither_the_order_of_a_pair_nor_what_else_is_compared_matters(pairs):
    assert [said(*pair) for pair in pairs] == [said(*pair[2:], *pair[:2]) for pair in pairs]
    together = swapped(pl.DataFrame(pairs, schema=dict.fromkeys(NAMES, pl.String), orient="row"))
    assert [SWAPPED[place] for place in together] == [said(*pair) for pair in pairs]


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (["surname", "first_name"], (1, 0)),
        (["middle_name", "first_name", "last_name"], (1, 2)),
        (["vorname", "zuname"], (0, 1)),
        (["full_name"], None),
        (["a", "b", "c"], None),
    ],
)
def test_given_and_family_names_may_be_swapped(names, places):
    assert may_be_swapped([Field(name, "name") for name in names]) == places
