"""Candidates: keys within the room there is, and common names found by a third field."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.linkage.candidates import _chosen, _room

meetings = st.lists(st.floats(0, 1e9), min_size=1, max_size=9)


@given(meetings=meetings, rows=st.sampled_from([100, 30_000, 300_000]))
def test_keys_fit_into_the_room_and_none_is_part_of_another_by_chance(meetings, rows):
    features = [(number // 2, "whole") for number in range(len(meetings))]
    possible = rows * (rows - 1) / 2
    meeting = {number: min(pairs, possible) for number, pairs in enumerate(meetings)}
    keys = _chosen(features, meeting, rows)
    expected = [possible * np.prod([meeting[number] / possible for number in key]) for key in keys]
    assert sum(expected) <= _room(rows) * (1 + 1e-9)
    assert len(set(keys)) == len(keys)
    three = [key for key in keys if len(key) == 3]
    assert not any(set(one) < set(key) for key in three for one in keys if len(one) < 3)
    assert all(len({features[number][0] for number in key}) == len(key) for key in keys)
    assert rows > 20_000 or not three
    assert all(len(set(pair)) == 2 for key in three for pair in combinations(key, 2))


@pytest.mark.parametrize(("rows", "found"), [(5_000, False), (200_000, True)])
def test_common_names_meet_by_a_third_field_in_a_large_table(rows, found):
    """A given name of 4 %, a family name of 2 % and a town of 0.5 % of the rows; and a date that tells."""
    features = [(0, "word"), (1, "word"), (2, "whole"), (3, "whole")]
    possible = rows * (rows - 1) / 2
    meeting = {number: share * possible for number, share in enumerate([0.04, 0.02, 0.005, 0.00005])}
    keys = _chosen(features, meeting, rows)
    assert ((0, 1) in keys) is not found
    assert ((0, 1, 2) in keys) is found
