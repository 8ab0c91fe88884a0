"""What holds for every normaliser, whatever is thrown at it."""

import socket
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idgraph.errors import ConfigError
from idgraph.normalise import NORMALISERS, email_base, email_domain, normalise, surname
from idgraph.normalise.batches import COLUMNS, in_batches

SCHEMA = pl.Schema(COLUMNS)
NAMES = sorted(NORMALISERS)

# Characters that mean something to one normaliser or another, so that random texts come near to being values.
LATIN = "aAbeinosßÉéüØøłİıKﬀ"
MARKED = "@..--__++''\"\"<>()[],,;:/\\&  \t\u00a0\u200b|?#*=%"
OTHER = "0012345679٣５李がЙйςΣ한हि\u0301\u0308\u0338\ud7ff😀"
WORDS = [
    *(
        "www.",
        "https://",
        "mailto:",
        "@gmail.com",
        "@acme.io",
        ".co.uk",
        ".github.io",
        "xn--mnchen-3ya.de",
        "localhost",
    ),
    *(
        "Dr. ",
        ", Jr.",
        " PhD",
        "null",
        "N/A",
        "test",
        "The ",
        " Inc.",
        " GmbH & Co. KG",
        " S.A.",
        "株式会社",
        " the pt ",
    ),
    *("+1", "+49", "0049", "011", "(0)", " x12", "555-0100", "00", "0031G00000rfAvu", "QAE", "[object Object]"),
]
TEXTS = st.one_of(
    st.text(alphabet=LATIN + MARKED + OTHER, max_size=24),
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(alphabet=LATIN + MARKED + OTHER, max_size=4)), max_size=6).map(
        "".join
    ),
    st.emails(),
    st.from_regex(r"[+(]?[0-9]{1,4}[ )./-]{0,2}[0-9 ./-]{3,14}", fullmatch=True),
    st.text(max_size=12),
)
COLUMN = st.lists(st.one_of(st.none(), TEXTS), max_size=12).map(lambda texts: pl.Series("raw", texts, dtype=pl.String))


@pytest.mark.parametrize("name", NAMES)
@given(raw=COLUMN)
def test_each_row_gets_a_value_or_a_reason(name, raw):
    cleaned = normalise(name, raw, region="US")
    assert cleaned.schema == SCHEMA
    assert cleaned.height == len(raw)
    for text, (value, note, reason) in zip(raw, cleaned.rows(), strict=True):
        if text is None:
            assert (value, note, reason) == (None, None, None)
        else:
            assert (value is None) != (reason is None)
            assert note is None or value is not None
            assert value != ""


@pytest.mark.parametrize("name", NAMES)
@given(raw=COLUMN)
@example(
    raw=pl.Series(
        ["ana@xn--mnchen-3ya.de", "+49 0 0 30 12345", "the pt inc", "dr jr", "0-,É", "'\u0301a", "zendesk.com"]
    )
)
@example(
    raw=pl.Series(["\u1fefana@acme.io", "a.\u0308 b", "www.zendesk.com", "Å.\u0301", "0000", "ς inc", "İ@gmail.com"])
)
def test_normalising_twice_is_normalising_once(name, raw):
    once = normalise(name, raw, region="US")
    twice = normalise(name, once["value"], region="US")
    assert twice["value"].equals(once["value"])
    assert twice["note"].equals(once["note"])
    assert twice["reason"].null_count() == len(raw)


@pytest.mark.parametrize("name", NAMES)
def test_normalising_twice_is_normalising_once_on_real_texts(name, real_texts):
    once = normalise(name, real_texts)
    twice = normalise(name, once["value"])
    assert twice["value"].equals(once["value"])
    assert twice["note"].equals(once["note"])


@pytest.mark.parametrize("name", NAMES)
@given(raw=COLUMN, cut=st.integers(0, 12))
def test_a_row_is_cleaned_by_itself(name, raw, cut):
    halves = [normalise(name, raw.slice(0, cut)), normalise(name, raw.slice(cut))]
    assert pl.concat(halves).equals(normalise(name, raw))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_without_rows_or_without_values(name):
    assert normalise(name, pl.Series([], dtype=pl.String)).equals(SCHEMA.to_frame())
    assert normalise(name, pl.Series([None, None])).rows() == [(None, None, None)] * 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "  ", "NULL", "null", "None", "N/A", "undefined", "'null'", "00000000", "--"])
def test_texts_that_mean_no_value_are_refused_by_all(name, text):
    assert normalise(name, pl.Series([text])).row(0) == (None, None, "null_like")


@pytest.mark.parametrize("name", NAMES)
def test_big_batches_say_what_small_ones_say(name):
    texts = ["Ana.Silva@Gmail.com", "+14155238886", "Dr. Ana Silva", "Acme, Inc.", "null", None, "https://acme.io/x"]
    small = normalise(name, pl.Series(texts))
    times = 250_000  # more than three batches, and they do not begin at the same text
    big = normalise(name, pl.Series(texts * times))
    assert big.equals(pl.concat([small] * times))


@pytest.mark.parametrize("name", NAMES)
def test_runs_inside_a_streaming_query(name):
    texts = pl.LazyFrame({"raw": ["ana@acme.io", "+14155238886", "null", None] * 50_000})
    found = texts.map_batches(lambda rows: normalise(name, rows["raw"]), schema=SCHEMA, streamable=True)
    eager = normalise(name, texts.collect()["raw"])
    assert found.collect(engine="streaming").equals(eager)


def test_an_unknown_normaliser_is_named():
    with pytest.raises(ConfigError, match="'e-mail'"):
        normalise("e-mail", pl.Series(["ana@acme.io"]))


def test_batches_keep_their_order(monkeypatch):
    monkeypatch.setattr("idgraph.normalise.batches._BATCH", 3)
    numbers = pl.Series("number", range(100))
    assert in_batches(numbers, pl.Series.to_frame)["number"].equals(numbers)


@given(raw=COLUMN)
def test_derived_columns_are_as_long_as_their_values(raw):
    addresses = normalise("email", raw)["value"]
    assert email_base(addresses).null_count() == addresses.null_count()
    assert email_base(email_base(addresses)).equals(email_base(addresses))
    assert email_domain(addresses).height == len(raw)
    names = normalise("person_name", raw)["value"]
    assert len(surname(names)) == len(raw)


def test_nothing_is_looked_up_on_the_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in NAMES:
        normalise(name, pl.Series(["ana@bücher.example", "ana@acme.co.uk", "https://a.b.kobe.jp", "+4420 70313000 x1"]))


def test_slow_libraries_are_imported_only_when_asked_for():
    slow = ["phonenumbers", "tldextract", "email_validator", "idna", "requests"]
    code = f"import sys, idgraph.normalise; print([name for name in {slow} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
