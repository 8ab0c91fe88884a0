"""The tables of words: each in the spelling it is looked up in, and no domain in two classes."""

from itertools import combinations

import polars as pl
import pytest

from idgraph.normalise import legal_forms, mail_lists, normalise_domain, normalise_email, web_hosts
from idgraph.normalise.folding import folded

CLASSES = {
    "FREE": mail_lists.FREE,
    "ISP": mail_lists.ISP,
    "DISPOSABLE": mail_lists.DISPOSABLE,
    "RELAY": mail_lists.RELAY,
}
DOMAINS = CLASSES | {
    "PLACEHOLDER_DOMAINS": mail_lists.PLACEHOLDER_DOMAINS,
    "RESERVED_DOMAINS": mail_lists.RESERVED_DOMAINS,
    "EXTRA_SUFFIXES": web_hosts.EXTRA_SUFFIXES,
    "PLACEHOLDER_SITES": web_hosts.PLACEHOLDER_SITES,
    "PROFILE_HOSTS": web_hosts.PROFILE_HOSTS,
    "REGISTRY_LIKE": web_hosts.REGISTRY_LIKE,
}


def test_no_domain_is_in_two_classes():
    assert {(one, other): CLASSES[one] & CLASSES[other] for one, other in combinations(CLASSES, 2)} == {
        pair: frozenset() for pair in combinations(CLASSES, 2)
    }


@pytest.mark.parametrize("name", DOMAINS)
def test_domains_are_spelled_as_hosts(name):
    wrong = [
        domain
        for domain in DOMAINS[name]
        if pl.Series([domain]).str.contains("^[a-z0-9-]+([.][a-z0-9-]+)+$").not_().any()
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "note"), [("FREE", "free"), ("ISP", "isp"), ("DISPOSABLE", "disposable"), ("RELAY", "relay")]
)
def test_a_listed_domain_gets_its_note(name, note):
    domains = pl.Series(sorted(DOMAINS[name]))
    found = normalise_domain(domains).with_columns(domains.alias("domain"))
    assert found.filter(pl.col("note").ne_missing(note)).rows() == []


@pytest.mark.parametrize(
    ("words", "note"), [(mail_lists.ROLES, "role"), (mail_lists.PLACEHOLDER_LOCALS, "placeholder")]
)
@pytest.mark.parametrize("joint", ["", ".", "-", "_"])
def test_a_listed_mailbox_gets_its_note(words, note, joint):
    addresses = pl.Series([word.replace(" ", joint) + "@acme.io" for word in words])
    found = normalise_email(addresses)
    assert found.filter(pl.col("note").ne_missing(note)).rows() == []


@pytest.mark.parametrize(
    "words", [legal_forms.LEGAL_ENDINGS, legal_forms.LEGAL_OPENINGS, legal_forms.GENERIC, legal_forms.SORTS]
)
def test_company_words_are_spelled_as_names_are_left(words):
    listed = pl.Series(sorted(words))
    assert folded(listed).to_list() == listed.to_list()
    assert listed.filter(~listed.str.contains(r"^[\p{L}\p{N}]+(?: [\p{L}\p{N}]+)*$")).to_list() == []


@pytest.mark.parametrize("word", ["me", "founder", "ceo", "ana"])
def test_a_persons_mailbox_is_no_role(word):
    assert normalise_email(pl.Series([f"{word}@acme.io"]))["note"].item() is None
