"""Comparing values: alike in either order, alone or among others."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.linkage.compare import MADE_OF_NAME, NAME_AND_NUMBER, NEARLY_MADE, SEPARATOR, compared
from idgraph.linkage.fields import HOLDINGS, Field, tidy

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=6)


@pytest.mark.parametrize("holds", sorted(HOLDINGS))
@given(pairs=pairs)
def test_the_order_of_two_values_does_not_matter(holds, pairs):
    left, right = (pl.Series(side, dtype=pl.String) for side in zip(*pairs, strict=True))
    assert compared(holds, left, right).to_list() == compared(holds, right, left).to_list()


@pytest.mark.parametrize("holds", sorted(HOLDINGS))
@given(pairs=pairs)
def test_a_pair_alone_is_as_among_others(holds, pairs):
    left, right = (pl.Series(side, dtype=pl.String) for side in zip(*pairs, strict=True))
    alone = [compared(holds, pl.Series([one]), pl.Series([other])).item() for one, other in pairs]
    assert compared(holds, left, right).to_list() == alone


@pytest.mark.parametrize(
    ("holds", "left", "right", "level"),
    [
        ("name", "jane", "jane", "same"),
        ("name", "robinson", "robinsno", "mistyped"),
        ("name", "j", "jane", "short form or alike"),
        ("name", "jane", "oscar", "different"),
        ("name", "jane doe", "doe jane", "mistyped"),
        ("name", "bob", "robert", "short form or alike"),
        ("name", "peggy o hara", "margaret o hara", "short form or alike"),
        ("name", "albert", "alan", "different"),
        ("name", "garcia", "garcia lopez", "short form or alike"),
        ("email", "jdoe7@acme.io", "jdoe7@gmail.com", "same before the @"),
        ("email", f"{MADE_OF_NAME}jane.doe@acme.io", f"{MADE_OF_NAME}jdoe@acme.io", "names at one domain"),
        ("email", f"{MADE_OF_NAME}jane.doe@acme.io", f"{MADE_OF_NAME}jane.doe@acme.io", "names at one domain"),
        ("email", f"{MADE_OF_NAME}jane.doe@acme.io", f"{NEARLY_MADE}jane.deo@acme.io", "names at one domain"),
        ("email", f"{MADE_OF_NAME}jane.doe@acme.io", f"{MADE_OF_NAME}jane.poe@acme.io", "other names at one domain"),
        ("email", f"{MADE_OF_NAME}jane.doe@acme.io", f"{MADE_OF_NAME}jane.doe@beta.io", "names at two domains"),
        ("email", f"{MADE_OF_NAME}jane.doe@acmecorp.io", f"{MADE_OF_NAME}jane.doe@acmecrop.io", "names at one domain"),
        ("email", f"{NAME_AND_NUMBER}jdoe82@gmail.com", f"{MADE_OF_NAME}jdoe@acme.io", "names at two domains"),
        ("email", f"{NAME_AND_NUMBER}jdoe82@gmail.com", f"{NAME_AND_NUMBER}jdoe82@acme.io", "same before the @"),
        (
            "email",
            f"{NAME_AND_NUMBER}jdoe2@acme.io",
            f"{MADE_OF_NAME}jdoe@acme.io",
            "another count of one name at one domain",
        ),
        ("email", f"{NAME_AND_NUMBER}jdoe2@gmail.com", f"{MADE_OF_NAME}jdoe@gmail.com", "names at one domain"),
        ("several", f"acme{SEPARATOR}beta", f"beta{SEPARATOR}gamma", "some the same"),
        ("several", "acme", f"beta{SEPARATOR}gamma", "different"),
        ("email", f"{MADE_OF_NAME}jane.doe", f"{MADE_OF_NAME}jane.do", "mistyped"),
        ("phone", "14155550123", "4155550123", "mistyped"),
        ("date", "19800102", "19800201", "mistyped"),
        ("date", "19800102", "19900102", "mistyped"),
        ("date", "19800102", "19850102", "mistyped"),
        ("date", "19800129", "19800114", "two parts of three"),
        ("date", "19800102", "19800930", "same year"),
        ("code", "ab12cd", "ab21cd", "mistyped"),
        ("text", "12 high street", "high street 12", "nearly the same"),
        ("text", "4314 cottage grove", "4314 cottage grove ave", "alike"),
        ("text", "4314 cottage grove", "3858 cottage grove", "alike but for numbers"),
        ("title", "teddy bear 3", "teddy bear 5", "alike but for numbers"),
        ("list", "c12n a61k", "a61k", "most of it shared"),
        ("list", "c12n", "a61k", "different"),
        ("category", "red", "blue", "different"),
        ("number", "52.1", "52.11", "near"),
        ("size", "23", "40", "within twice"),
        ("size", "23", "47", "different"),
    ],
)
def test_levels_mean_what_they_say(holds, left, right, level):
    place = compared(holds, pl.Series([left]), pl.Series([right])).item()
    assert HOLDINGS[holds].levels[place].name == level


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ("120", "120"),
        ("120.0", "120"),
        ("1,000+", "1000"),
        ("1.000.000", "1000000"),
        ("10 000", "10000"),
        ("11-50", "23"),
        ("1001–5000 employees", "2237"),
        ("0", None),
        ("unknown", None),
        ("9" * 30, None),
    ],
)
def test_sizes_are_read_from_numbers_and_ranges(raw, size):
    assert tidy(Field("employees", "size"), pl.Series([raw])).item() == size


def test_industries_are_the_same_in_the_spelling_of_two_systems():
    column = pl.Series(["COMPUTER_SOFTWARE", "Computer Software"])
    assert tidy(Field("industry", "category"), column).n_unique() == 1
