"""Domains and websites: whose they are, what kind they are, and that the quick path says what tldextract says."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.normalise import normalise_domain
from idgraph.normalise.domain import _PATH, _PORT, _PROFILE, _SCHEME, _by_library, _plain_hosts, _suffixes
from idgraph.normalise.nulls import EDGE, null_text
from idgraph.normalise.web_hosts import EXTRA_SUFFIXES, PROFILE_HOSTS


def one_by_one(raw: str) -> tuple[str | None, str | None, str | None]:
    """Say of one text what `normalise_domain` says, with Python and tldextract alone."""
    text = re.sub(_SCHEME, "", raw.lower().strip(EDGE).replace("\\", "/"))
    authority = re.split("[/?#]", text, maxsplit=1)[0]
    host = re.sub(_PORT, r"\1", authority.rpartition("@")[2]).lstrip("*.").rstrip(".")
    value, note, reason = _by_library(host)
    if re.search(_PROFILE, host) and re.search(_PATH, text):
        return None, None, "profile_page"
    if value in PROFILE_HOSTS:
        note = note or "profile_host"
    return value, note, "null_like" if value is None and null_text(raw) else reason


def differences(raw: pl.Series) -> list[tuple[str, object, object]]:
    fast = normalise_domain(raw).rows()
    return [(text, quick, slow) for text, quick in zip(raw, fast, strict=True) if quick != (slow := one_by_one(text))]


def test_the_quick_path_says_what_the_library_says_on_real_texts(likely_domains):
    assert differences(likely_domains) == []


def test_the_quick_path_says_what_the_library_says_on_every_suffix():
    suffixes = _suffixes()
    rules = [*suffixes.single, *suffixes.double, *suffixes.deep, *EXTRA_SUFFIXES]
    hosts = pl.Series([prefix + rule for rule in rules for prefix in ("", "a.", "www.", "b.a.")])
    fast = _plain_hosts(hosts)
    wrong = [
        (host, quick, slow)
        for host, quick in zip(hosts, fast.rows(), strict=True)
        if quick[0] and quick != (slow := _by_library(host))
    ]
    assert wrong == []
    assert fast["value"].null_count() < 0.75 * len(hosts)


LABEL = st.text(alphabet="abcAC09-", min_size=1, max_size=8)
SUFFIX = st.sampled_from(
    [
        *("com", "io", "co.uk", "uk.com", "github.io", "blogspot.com", "kobe.jp", "ck", "zendesk.com", "herokuapp.com"),
        *("test", "localhost", "c1", "xn--p1ai", "рф", "arpa"),
    ]
)
HOST = st.builds(
    lambda labels, suffix: ".".join([*labels, suffix]), st.lists(LABEL, max_size=3), st.one_of(SUFFIX, LABEL)
)
KNOWN = st.sampled_from(
    ["www.linkedin.com", "gmail.com", "users.noreply.github.com", "cool.fr.nf", "10.0.0.1", "[::1]", "bücher.de"]
)
URL = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(
        ["", "", "http://", "HTTPS://", "https//", "http:\\\\", "//", "mailto:", "http://http://", "ftp:", " "]
    ),
    st.sampled_from(["", "", "www.", "ana@", "user:pw@", "*.", "www2."]),
    st.one_of(HOST, KNOWN),
    st.sampled_from(["", "", ":8080", ":", "."]),
    st.sampled_from(["", "", "/", "/about", "?x=1", "#top", "/a/b?c", " ", "//x", "\\x", "/?"]),
)


@given(st.lists(st.one_of(URL, st.text(max_size=12)), max_size=20))
def test_the_quick_path_says_what_the_library_says_on_made_up_addresses(texts):
    assert differences(pl.Series(texts, dtype=pl.String)) == []


@pytest.mark.parametrize(
    ("raw", "value", "note"),
    [
        ("acme.io", "acme.io", None),
        ("https://www.Acme.co.uk:8080/about?x#y", "acme.co.uk", None),
        ("http://http://acme.io", "acme.io", None),
        ("http//acme.io/", "acme.io", None),
        ("ana@mail.acme.io", "acme.io", None),
        ("*.acme.io.", "acme.io", None),
        ("Bücher.de", "xn--bcher-kva.de", None),
        ("xn--bcher-kva.de", "xn--bcher-kva.de", None),
        ("www.gov.uk", "www.gov.uk", None),
        ("mail.yahoo.co.jp", "yahoo.co.jp", "free"),
        ("mailinator.com", "mailinator.com", "disposable"),
        ("users.noreply.github.com", "users.noreply.github.com", "relay"),
        ("github.com", "github.com", "profile_host"),
        ("facebook.com/", "facebook.com", "profile_host"),
        ("m.facebook.com", "facebook.com", "profile_host"),
        ("docs.google.com", "google.com", None),
        ("telstra.com", "telstra.com", "isp"),
        ("acme.herokuapp.com", "acme.herokuapp.com", "shared_host"),
        ("www.acme.github.io/docs", "acme.github.io", "shared_host"),
        ("github.io", "github.io", "shared_host"),
        ("acme.zendesk.com", "acme.zendesk.com", "shared_host"),
        ("www.zendesk.com", "zendesk.com", None),
        ("acme.uk.com", "acme.uk.com", None),
        ("www.example.com", "example.com", "placeholder"),
        ("app.acme.test", "acme.test", "placeholder"),
        ("localhost:3000", "localhost", "placeholder"),
        ("company.com", "company.com", "placeholder"),
    ],
)
def test_a_host_belongs_to_its_registrable_domain(raw, value, note):
    assert normalise_domain(pl.Series([raw])).row(0) == (value, note, None)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("10.0.0.1", "ip_address"),
        ("http://192.168.0.1:8080/x", "ip_address"),
        ("http://[2001:db8::1]/", "ip_address"),
        ("2001:db8::1", "ip_address"),
        ("https://www.linkedin.com/company/acme", "profile_page"),
        ("m.facebook.com/acme", "profile_page"),
        ("twitter.com/acme", "profile_page"),
        ("x.com/acme", "profile_page"),
        ("crunchbase.com/organization/acme", "profile_page"),
        ("github.com/acme", "profile_page"),
        ("sites.google.com/view/acme", "profile_page"),
        ("+Z00MuxehkeqPQlcxh/nBA==", "not_a_domain"),
        ("415.523.8886", "not_a_domain"),
        ("Acme", "not_a_domain"),
        ("No", "not_a_domain"),
        ("acme.io and acme.de", "not_a_domain"),
        ("co.uk", "not_a_domain"),
        ("acme.qqqq", "not_a_domain"),
        ("http://", "not_a_domain"),
        ("n/a", "null_like"),
    ],
)
def test_what_is_no_domain_is_refused_with_the_reason(raw, reason):
    assert normalise_domain(pl.Series([raw])).row(0) == (None, None, reason)


def test_encrypted_websites_of_an_export_are_refused(data_dir):
    accounts = pl.read_csv(data_dir / "exports" / "salesforce_fivetran" / "sf_account_data.csv", infer_schema=False)
    websites = normalise_domain(accounts["website"].drop_nulls())
    assert len(websites) > 0
    assert set(websites["reason"]) == {"not_a_domain"}
