"""Rows that share a key are paired: all of them, each two once, on every engine and whatever the size of parts."""

from itertools import combinations

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from idgraph.engines.base import Size
from idgraph.engines.meeting import in_parts

SCHEMA = {"row": pl.UInt32, "side": pl.Int64, "key": pl.Int64}
FIRST = [(0, 0, 5), (1, 1, 5), (2, 0, 5), (3, 0, 6), (4, 1, 6), (5, 0, 7), (6, 0, 8), (7, 0, 8)]
SECOND = [(1, 1, 1), (2, 0, 1), (0, 0, 2), (7, 0, 2)]


def frame(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def met(blocks, *, across):
    """All pairs, found the slow way."""
    return {
        (one[0], other[0])
        for rows in blocks
        for one, other in combinations(sorted(rows), 2)
        if one[2] == other[2] and not (across and one[1] == other[1])
    }


@pytest.mark.parametrize("across", [False, True])
def test_rows_that_share_a_key_are_paired_once(engine, across):
    blocks = [engine.lazy(frame(rows)) for rows in (FIRST, SECOND)]
    parts = [engine.collect(part.select("left", "right")).rows() for part in engine.meeting(blocks, across=across)]
    pairs = [pair for part in parts for pair in part]
    assert sorted(pairs) == sorted(met([FIRST, SECOND], across=across))


@pytest.mark.parametrize("across", [False, True])
def test_blocks_are_parted_by_their_size_and_counted(engine, across):
    blocks = engine.blocks([engine.lazy(frame(FIRST)), engine.lazy(frame(SECOND))], 2, across=across)
    first, second = blocks.sizes
    assert first == ((Size(2, 1), Size(3, 2)) if across else (Size(4, 2), Size(3, 3)))
    assert second == ((Size(2, 1), Size(0, 0)) if across else (Size(4, 2), Size(0, 0)))
    large, both = (engine.collect(blocks.rows(0, small=small).select("row")) for small in (False, True))
    assert sorted(engine.collect(blocks.rows(0, small=False)).columns) == ["key", "row", "side"]
    assert sorted(large["row"]) == [0, 1, 2]
    assert sorted(both["row"]) == ([0, 1, 2, 3, 4] if across else [0, 1, 2, 3, 4, 6, 7])
    small = [engine.collect(part.select("row", "key")).rows() for part in blocks.small([0, 1])]
    few = [(row, key) for row, _, key in (*FIRST[3:5], *SECOND[:2])]
    alone = [(row, key) for row, _, key in (*FIRST[6:], *SECOND[2:])]
    assert sorted(row for part in small for row in part) == sorted(few if across else few + alone)


def test_a_kernel_of_pairs_sees_what_the_table_holds_of_both(engine):
    table = engine.lazy(pl.DataFrame({"row": [3, 1, 2], "word": ["c", "a", "b"]}, schema_overrides={"row": pl.UInt32}))
    parts = [
        engine.lazy(pl.DataFrame({"left": [1], "right": [3]})),
        engine.lazy(pl.DataFrame({"left": [2], "right": [1]})),
    ]
    rows = {"left": nw.Int64(), "right": nw.Int64(), "words": nw.String()}

    def kernel(pairs, known):
        one, other = (known["word"].gather(pairs[f"{side}_place"]) for side in ("left", "right"))
        return pairs.select(pl.col("left", "right").cast(pl.Int64), words=one + other)

    found = engine.collect(engine.map_pairs(parts, table, kernel, rows))
    assert sorted(found.select("left", "right", "words").rows()) == [(1, 3, "ac"), (2, 1, "ba")]


@settings(phases=[Phase.generate, Phase.shrink])
@given(
    blocks=st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.integers(-3, 3)), unique=True, max_size=30).map(
            lambda held: [(row, row % 2, key) for row, key in held]
        ),
        max_size=4,
    ),
    most=st.integers(1, 20),
    across=st.booleans(),
)
def test_parts_hold_every_pair_once(blocks, most, across):
    parts = list(in_parts([frame(rows) for rows in blocks], most, across=across))
    pairs = [pair for left, right in parts for pair in zip(left.tolist(), right.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == met(blocks, across=across)
