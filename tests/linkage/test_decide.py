"""Deciding: links of which a stated share is expected to be right, and groups that what was compared is for."""

from itertools import combinations, product
from math import inf

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from idgraph.engines import engine_for
from idgraph.linkage.decide import least_odds, probability, torn_groups
from idgraph.linkage.fields import NEVER
from idgraph.linkage.kept_apart import KeptApart

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


def groups(pairs, least=2.0, apart=None):
    frame = pl.DataFrame(pairs, schema={"left": pl.UInt32, "right": pl.UInt32, "odds": pl.Float64}, orient="row")
    engine = engine_for()
    found = engine.collect(torn_groups(engine.lazy(frame), least, engine, apart))
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


def joined_one_by_one(pairs, sources, rules, least=2.0):
    """The rule itself: of all pairs of groups that may be joined the strongest, until there is none."""
    members = {row: {row} for pair in pairs for row in pair}

    def strength(one, other):
        met = [bits for pair, bits in pairs.items() if set(pair) & members[one] and set(pair) & members[other]]
        said = [round(max(-12.0, min(12.0, bits)) * 2**20) / 2**20 if bits > NEVER / 2 else -inf for bits in met]
        met_sources = product(*({sources[row] for row in members[group]} for group in (one, other)))
        if not said or max(met) < least or sum(said) / len(said) < -2.0 or rules & set(met_sources):
            return None
        return sum(said) / len(said)

    while offers := [
        (-found, one, other)
        for one, other in combinations(sorted(members), 2)
        if (found := strength(one, other)) is not None
    ]:
        _, one, other = min(offers)
        into, gone = (one, other) if len(members[one]) >= len(members[other]) else (other, one)
        members[into] |= members.pop(gone)
    return {row: min(group) for group in members.values() for row in group}


tied = st.sampled_from([NEVER, -12.0, -6.5, -3.0, -1.0, 0.3, 2.0, 2.5, 6.0, 9.0, 14.0]) | st.floats(-12, 14)
many_nodes = st.integers(0, 11)
many_compared = st.dictionaries(
    st.tuples(many_nodes, many_nodes).filter(lambda pair: pair[0] < pair[1]), tied, min_size=6, max_size=50
)


@given(
    many_compared, st.lists(st.integers(0, 2), min_size=12, max_size=12), st.sampled_from([(), ((0, 0),), ((0, 1),)])
)
def test_groups_are_joined_strongest_first(pairs, sources, rules):
    rules = frozenset(rules) | {(other, one) for one, other in rules}
    rows = pl.DataFrame({"row": range(12), "source": sources}, schema={"row": pl.UInt32, "source": pl.Int64})
    apart = KeptApart(engine_for().lazy(rows), rules) if rules else None
    found = groups([(*pair, bits) for pair, bits in pairs.items()], apart=apart)
    expected = joined_one_by_one(pairs, sources, rules)
    assert found == {row: expected[row] for row in found}
