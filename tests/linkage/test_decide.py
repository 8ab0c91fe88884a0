"""Deciding: links of which a stated share is expected to be right, and groups that what was compared is for."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from idgraph.engines import engine_for
from idgraph.linkage.decide import least_odds, probability, torn_groups

odds = st.lists(st.tuples(st.floats(-12, 20), st.integers(1, 1000)), min_size=1, max_size=30)


@given(odds, st.floats(0.6, 0.999))
def test_links_are_expected_to_be_as_right_as_asked(patterns, precision):
    bits, counts = (np.array(column, dtype=float) for column in zip(*patterns, strict=True))
    least = least_odds(bits, counts, precision)
    linked = bits >= least
    assert least >= 0
    if linked.any():
        expected = (probability(bits[linked]) * counts[linked]).sum() / counts[linked].sum()
        assert expected >= precision - 1e-6


def groups(pairs, least=2.0):
    frame = pl.DataFrame(pairs, schema={"left": pl.UInt32, "right": pl.UInt32, "odds": pl.Float64}, orient="row")
    engine = engine_for()
    found = engine.collect(torn_groups(engine.lazy(frame), least, engine))
    return dict(found.select("row", "group").iter_rows())


def test_a_chain_that_nothing_speaks_against_stays():
    assert groups([(1, 2, 8.0), (2, 3, 8.0), (1, 3, -1.0)]) == {}


def test_groups_that_were_compared_and_found_different_are_parted_at_the_weakest_link():
    pairs = [(1, 2, 9.0), (3, 4, 9.0), (2, 3, 2.5), (1, 3, -9.0), (1, 4, -9.0), (2, 4, -9.0)]
    assert groups(pairs) == {1: 1, 2: 1, 3: 3, 4: 3}


nodes = st.integers(0, 7)
compared = st.dictionaries(
    st.tuples(nodes, nodes).filter(lambda pair: pair[0] < pair[1]), st.floats(-12, 12), min_size=1
)


@given(compared)
def test_rows_of_one_group_are_joined_by_links(pairs):
    found = groups([(*pair, bits) for pair, bits in pairs.items()])
    reached: dict[int, set[int]] = {}
    for row, group in found.items():
        reached.setdefault(group, set()).add(row)
    for group in reached.values():
        seen, waiting = set(), [min(group)]
        while waiting:
            row = waiting.pop()
            seen.add(row)
            waiting += [
                other
                for pair, bits in pairs.items()
                if bits >= 2.0 and row in pair and (other := pair[0] + pair[1] - row) in group - seen
            ]
        assert seen == group
