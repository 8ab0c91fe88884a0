"""Texts in order, by sorting numbers."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from idgraph.engines.ordering import text_order

# Few letters, and what begins alike, so that eight bytes often do not tell texts apart.
WORDS = st.one_of(st.text(alphabet="ab\0é", max_size=20), st.text("a", max_size=30), st.text(max_size=12))


@given(st.lists(WORDS, max_size=30), st.text(max_size=3))
def test_the_order_is_that_of_a_sort(words, prefix):
    texts = pl.Series([prefix + word for word in words], dtype=pl.String)
    order = text_order(texts)
    assert sorted(order) == list(range(len(texts)))
    assert texts.gather(order).equals(texts.sort())
