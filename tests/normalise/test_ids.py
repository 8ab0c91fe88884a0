"""Opaque ids: never changed, never lower-cased, and refused where they stand for nobody."""

import re
from string import ascii_letters, digits

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.normalise import normalise_device, normalise_id, salesforce_id

EXPORTS = "exports/salesforce_fivetran"


@pytest.mark.parametrize(
    "text", ["u_7", "U_7", "user-456", "USER-456", "456", "Nan", "0x", "a b", "null_island", "ID7"]
)
def test_an_id_is_kept_as_it_is(text):
    assert normalise_id(pl.Series([f" {text}\n"])).row(0) == (text, None, None)


@pytest.mark.parametrize(
    "text",
    [
        *("null", "NULL", "None", "NaN", "nan", "0", "-1", "[object Object]", "\\N", "NA"),
        *("Anonymous", "GUEST", "DistinctId", "distinct_id", "id", "Email", "TRUE", "not_authenticated", "undefined"),
        *("invalid", "void", "abc123", "unknown", "Not Set", "(not set)", "not-specified", "user_null", "N/A", "#N/A"),
        *("", "  ", "---", "0000", "0-0", "00000000-0000-0000-0000-000000000000"),
        *("'null'", '"undefined"', '""', '"0"', "'[object Object]'"),
    ],
)
@pytest.mark.parametrize("normaliser", [normalise_id, normalise_device, salesforce_id])
def test_what_trackers_write_for_nobody_is_refused(normaliser, text):
    assert normaliser(pl.Series([text])).row(0) == (None, None, "null_like")


def test_an_id_that_is_a_document_is_refused():
    found = normalise_id(pl.Series(["é" * 400, "é" * 401]))
    assert found["value"].to_list() == ["é" * 400, None]
    assert found["reason"].to_list() == [None, "too_long"]


@given(st.lists(st.one_of(st.text(alphabet="ab", max_size=9), st.text(max_size=9)), max_size=20))
def test_a_device_has_six_characters_and_three_distinct_ones(texts):
    found = normalise_device(pl.Series(texts, dtype=pl.String))
    for value, note, _reason in found.rows():
        if value is not None:
            assert (note == "placeholder") == (len(value) < 6 or len(set(value)) < 3)


def checksum(stem: str) -> str:
    """Encode capitals as Salesforce documents it: five bits a character, the first character lowest."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return "".join(
        alphabet[sum(1 << place for place, letter in enumerate(part) if letter in alphabet[:26])]
        for part in re.findall(".{5}", stem)
    )


@given(st.lists(st.text(alphabet=ascii_letters + digits, min_size=15, max_size=15), max_size=20))
def test_fifteen_and_eighteen_characters_are_one_id(stems):
    stems = [stem for stem in stems if not stem.startswith("0" * 14)]
    short = salesforce_id(pl.Series(stems, dtype=pl.String))
    assert short["value"].to_list() == [stem + checksum(stem) for stem in stems]
    assert salesforce_id(short["value"]).equals(short)


@given(st.text(alphabet=ascii_letters + digits, min_size=15, max_size=15), st.integers(0, 14))
def test_a_changed_capital_breaks_the_checksum(stem, place):
    stem = "0" + stem[1:]
    changed = stem[:place] + stem[place].swapcase() + stem[place + 1 :]
    if changed != stem:
        assert salesforce_id(pl.Series([changed + checksum(stem)]))["reason"].item() == "bad_checksum"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0031G00000rfAvuQA", "wrong_length"),
        ("0031G00000rfAv", "wrong_length"),
        ("0031G00000rfAvuQAEx", "wrong_length"),
        ("0031G00000rfAvuQAF", "bad_checksum"),
        ("0031g00000rfavuqae", "bad_checksum"),
        ("0031G00000rf-vu", "not_alphanumeric"),
        ("0031G00000rfÁvu", "not_alphanumeric"),
        ("000000000000000AAA", "null_like"),
        ("000000000000000", "null_like"),
    ],
)
def test_a_broken_salesforce_id_is_never_mended(text, reason):
    assert salesforce_id(pl.Series([text])).row(0) == (None, None, reason)


def test_every_id_of_the_real_exports_passes_its_checksum(data_dir):
    ids = set()
    for file in (data_dir / EXPORTS).glob("*.csv"):
        table = pl.read_csv(file, infer_schema=False)
        for column in table.iter_columns():
            ids.update(column.drop_nulls().str.extract("^([0-9a-zA-Z]{15}[A-Z0-5]{3})$").drop_nulls())
    ids = {text for text in ids if re.match("00[0-9A-Za-z]", text)}
    found = salesforce_id(pl.Series(sorted(ids)))
    assert len(ids) >= 100
    assert found["value"].to_list() == sorted(ids)


def test_an_anonymised_id_of_the_real_exports_is_not_padded(data_dir):
    contacts = pl.read_csv(data_dir / EXPORTS / "sf_contact_data.csv", infer_schema=False)
    cut = contacts.filter(pl.col("id").str.len_chars() == 17)["id"]
    assert len(cut) == 2
    assert set(salesforce_id(cut)["reason"]) == {"wrong_length"}
