"""E-mail addresses: what is one, which mailbox it is, and that the quick path says what the library says."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.normalise import email_base, email_domain, normalise_email
from idgraph.normalise.email import _by_library, _well_formed


def differences(raw: pl.Series) -> list[tuple[str, object, object]]:
    """Texts on which the vectorised path is certain of something else than the library."""
    fast = _well_formed(raw).rows()
    return [
        (text, quick, slow)
        for text, quick in zip(raw, fast, strict=True)
        if text is not None and (quick[0] or quick[2]) and quick != (slow := _by_library(text))
    ]


def test_the_quick_path_says_what_the_library_says_on_real_texts(real_texts):
    assert differences(real_texts) == []
    quick = _well_formed(real_texts.filter(real_texts.str.contains("@", literal=True)))
    assert quick["value"].null_count() < 0.02 * quick.height


LOCAL = st.text(alphabet="abzAZ09..__--++'&=!#$%~^{|}é", min_size=1, max_size=66)
HOST = st.lists(st.text(alphabet="abzAZ09--é", min_size=1, max_size=9), min_size=1, max_size=4).map(".".join)
TOP = st.sampled_from(["com", "COM", "io", "co.uk", "test", "localhost", "invalid", "c", "1", "x1", "xn--p1ai", "中"])
KNOWN = st.sampled_from(
    [
        *("gmail.com", "GoogleMail.com", "mail.gmail.com", "mailinator.com", "a.mailinator.com", "duck.com"),
        *("users.noreply.github.com", "example.com", "x.example.org", "test.com", "email.com", "acme.test"),
    ]
)
WORD = st.sampled_from(
    [
        "info",
        "sales",
        "support.team",
        "it_support",
        "test",
        "test12",
        "no-reply",
        "donotreply",
        "example",
        "asdf",
        "ana",
    ]
)
TAG = st.sampled_from(["", "+", "+x", "+x.y", "."])
WRAP = st.sampled_from(
    [("", ""), (" ", "\n"), ("<", ">"), ("'", "'"), ("mailto:", ""), ("MailTo: ", "?subject=x"), ("Ana <", ">")]
)


@given(
    st.lists(
        st.builds(
            "{0[0]}{1}{2}@{3}{0[1]}".format,
            WRAP,
            st.one_of(WORD, LOCAL),
            TAG,
            st.one_of(KNOWN, st.builds("{}.{}".format, HOST, TOP)),
        ),
        max_size=20,
    )
)
def test_the_quick_path_says_what_the_library_says_on_made_up_addresses(texts):
    assert differences(pl.Series(texts, dtype=pl.String)) == []


@given(st.lists(st.one_of(st.emails(), st.text()), max_size=20))
def test_the_quick_path_says_what_the_library_says_on_any_text(texts):
    assert differences(pl.Series(texts, dtype=pl.String)) == []


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Ana@Acme.IO", "ana@acme.io"),
        ("  ana@acme.io\u00a0", "ana@acme.io"),
        ('"ana@acme.io";', "ana@acme.io"),
        ("'ana@acme.io", "ana@acme.io"),  # a spreadsheet's sign for text
        ("Ana Silva <ana@acme.io>", "ana@acme.io"),
        ("MAILTO:ana@acme.io?subject=Hi", "ana@acme.io"),
        ("ana@acme.io.", "ana@acme.io"),
        ("o'brien@acme.io", "o'brien@acme.io"),
        ("ana+news@acme.io", "ana+news@acme.io"),
        ("A.n.a+news@gmail.com", "ana@gmail.com"),
        ("ana@googlemail.com", "ana@gmail.com"),
        ("a.n.a@mail.gmail.com", "a.n.a@mail.gmail.com"),
        ("ana@Bücher.de", "ana@xn--bcher-kva.de"),
        ("ana@xn--bcher-kva.de", "ana@xn--bcher-kva.de"),
        ("\u212aate@acme.io", "kate@acme.io"),  # the sign for kelvin
        ("josé@acme.io", "josé@acme.io"),
        ("jose\u0301@acme.io", "josé@acme.io"),
        ("ana@localhost", "ana@localhost"),
    ],
)
def test_one_mailbox_has_one_spelling(raw, value):
    assert normalise_email(pl.Series([raw]))["value"].item() == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("3abfda161ad50142007f6107db915761", "hashed"),
        ("3ABFDA161AD50142007F6107DB915761", "hashed"),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "hashed"),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hashed"),
        ("3abfda161ad50142007f6107db91576", "not_an_email"),
        ("PsO4E5YPnpbcBSOq3aGKtQ==", "not_an_email"),
        ("acme.io", "not_an_email"),
        ("ana@acme", "not_an_email"),
        ("ana@@acme.io", "not_an_email"),
        ("ana@acme.io, bo@acme.io", "not_an_email"),
        ("ana..silva@acme.io", "not_an_email"),
        ("ana@-acme.io", "not_an_email"),
        ("ana@10.0.0.1", "not_an_email"),
        ("+news@gmail.com", "not_an_email"),
        ("@acme.io", "not_an_email"),
        ("unknown", "null_like"),
        ("#N/A", "null_like"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(raw, reason):
    assert normalise_email(pl.Series([raw])).row(0) == (None, None, reason)


@pytest.mark.parametrize(
    ("address", "note"),
    [
        ("ana@acme.io", None),
        ("founder@acme.io", None),
        ("me@acme.io", None),
        ("founder@example.com", "placeholder"),
        ("ana@mail.example.org", "placeholder"),
        ("ana@acme.test", "placeholder"),
        ("ana@acme.invalid", "placeholder"),
        ("ana@acme.local", "placeholder"),
        ("example@email.com", "placeholder"),
        ("first_last@acme.io", "placeholder"),
        ("test+4@acme.io", "placeholder"),
        ("No.Reply@acme.io", "placeholder"),
        ("asdf@acme.io", "placeholder"),
        ("user@email.com", "placeholder"),
        ("tester@mailinator.com", "placeholder"),
        ("ana@mailinator.com", "disposable"),
        ("ana@team.mailinator.com", "disposable"),
        ("x7k2m9@privaterelay.appleid.com", "relay"),
        ("12345+ana@users.noreply.github.com", "relay"),
        ("ana@github.com", None),
        ("info@acme.io", "role"),
        ("Customer_Service@acme.io", "role"),
        ("support+eu@acme.io", "role"),
        ("information@acme.io", None),
    ],
)
def test_mailboxes_are_classed(address, note):
    assert normalise_email(pl.Series([address]))["note"].item() == note


def test_plus_tags_go_everywhere_in_the_weaker_key():
    addresses = pl.Series(["ana+news@acme.io", "ana@acme.io", "a+b+c@acme.io", "+ana@acme.io", None])
    assert email_base(addresses).to_list() == ["ana@acme.io", "ana@acme.io", "a@acme.io", "+ana@acme.io", None]


def test_the_domain_of_an_address_is_its_companys():
    addresses = pl.Series(["ana@eu.acme.co.uk", "josé@acme.io", "a@duck.com", "a@users.noreply.github.com", None])
    assert email_domain(addresses).rows() == [
        ("acme.co.uk", None, None),
        ("acme.io", None, None),
        ("duck.com", "relay", None),
        ("users.noreply.github.com", "relay", None),
        (None, None, None),
    ]


def test_hashed_and_encrypted_exports_give_no_address(data_dir):
    exports = data_dir / "exports"
    hashed = pl.read_csv(exports / "hubspot_fivetran" / "contact_data.csv", infer_schema=False)["property_email"]
    assert set(normalise_email(hashed.drop_nulls())["reason"]) == {"hashed"}
    encrypted = pl.read_csv(exports / "hubspot_fivetran" / "owner_data.csv", infer_schema=False)["email"]
    assert set(normalise_email(encrypted.drop_nulls())["reason"]) == {"not_an_email"}
    shared = pl.read_csv(exports / "zendesk_fivetran" / "user_data.csv", infer_schema=False)["email"]
    assert set(normalise_email(shared)["note"]) == {"placeholder"}
