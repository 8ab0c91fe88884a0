"""E-mail addresses as identity keys: one spelling for one mailbox, and what kind of mailbox it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Final

import polars as pl

from idgraph.normalise.batches import Cleaned, changed_where, finish, in_batches, kept_where, nothing
from idgraph.normalise.mail_lists import (
    DISPOSABLE,
    PLACEHOLDER_DOMAINS,
    PLACEHOLDER_LOCALS,
    PLACEHOLDER_MAILS,
    RELAY,
    RESERVED_DOMAINS,
    RESERVED_TLDS,
    ROLES,
)
from idgraph.normalise.nulls import EDGE, is_null_text, null_text

__all__ = ["email_base", "normalise_email"]

# The part of RFC 5321 that needs no second look: a dot-atom of plain characters and a host name with a dot in it.
# What this and the length refuse goes to email-validator. At 64 bytes no part can be too long (RFC 5321 4.5.3.1).
_WELL_FORMED: Final = r"^[a-z0-9_][a-z0-9_+&'=-]*(?:\.[a-z0-9_+&'=-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}$"
_WELL_FORMED_BYTES: Final = 64

# Gmail ignores dots and everything after a plus, and knows its users under two domains.
_ENDS_AS_GMAIL: Final = "mail.com"
_GMAIL_TO_FOLD: Final = r"(?:[.+][^@]*@(?:gmail|googlemail)|@googlemail)\.com$"
_HASH: Final = r"^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$"


def _spelled(words: Iterable[str]) -> str:
    """Make a pattern of words in which a space is an optional dot, hyphen or underscore."""
    return "|".join(re.escape(word).replace(r"\ ", "[._-]?") for word in words)


def _below(domains: Iterable[str]) -> str:
    """Make a pattern of addresses at these domains or below them."""
    return "[@.](?:" + "|".join(map(re.escape, sorted(domains))) + ")$"


_FAKE_HOSTS: Final = RESERVED_TLDS | RESERVED_DOMAINS | PLACEHOLDER_DOMAINS
_FAKE_LOCAL: Final = (
    f"^(?:(?:{_spelled(PLACEHOLDER_LOCALS)})[0-9]*(?:[+][^@]*)?@"
    f"|(?:{'|'.join(map(re.escape, sorted(PLACEHOLDER_MAILS)))})$)"
)
_KNOWN_LOCAL: Final = rf"{_FAKE_LOCAL}|^(?:{_spelled(ROLES)})(?:[+][^@]*)?@"
_KNOWN_HOST: Final = _below(_FAKE_HOSTS | DISPOSABLE | RELAY)


def normalise_email(raw: pl.Series) -> pl.DataFrame:
    """Give each mailbox one spelling, say what kind it is, and refuse what is no address.

    White space, quotes, angle brackets, a display name before them and `mailto:` are dropped; all is lower-cased; the
    domain is in its ASCII form; at Gmail dots and plus tags are dropped and googlemail.com becomes gmail.com. Plus tags
    elsewhere stay: see `email_base`. Nothing is looked up on the network.

    Args:
        raw: String.

    Returns:
        value: String, the address.
        note: String, the first that holds of
            `placeholder` (reserved by RFC 2606 and 6761, or typed to fill a form: `test@…`, `noreply@…`),
            `disposable` (a throw-away mailbox), `relay` (a mask for one sender), `role` (a function's mailbox).
        reason: String, why there is no value: `null_like`, `hashed` (32, 40 or 64 hex digits), `not_an_email`.

    >>> normalise_email(pl.Series(["Ana.Silva+x@GoogleMail.com", "<info@acme.io>", "NULL", "acme.io"])).rows()
    [('anasilva@gmail.com', None, None), ('info@acme.io', 'role', None), (None, None, 'null_like'),
     (None, None, 'not_an_email')]
    """
    return finish(raw, in_batches(raw, _well_formed), _by_library)


def email_base(value: pl.Series) -> pl.Series:
    """Drop plus tags everywhere: a weaker key, since not every mail system ignores them (RFC 5233).

    Args:
        value: String, normalised addresses.

    Returns:
        String.

    >>> email_base(pl.Series(["ana+news@acme.io", "ana@acme.io", "+1@acme.io", None])).to_list()
    ['ana@acme.io', 'ana@acme.io', '+1@acme.io', None]
    """
    return changed_where(
        value.str.contains("+", literal=True), value, lambda some: some.str.replace(r"^([^+@]+)[+].*@", "${1}@")
    )


def _well_formed(raw: pl.Series) -> pl.DataFrame:
    """Normalise what is plainly an address, refuse what plainly is none, and leave the rest null."""
    text = raw.str.to_lowercase()
    plain = _plain(text)
    odd = ~plain
    text = changed_where(odd, text, _bare)
    plain = changed_where(odd, plain, lambda _: _plain(text.filter(odd)))
    value = kept_where(plain, text)
    value = changed_where(value.str.ends_with(_ENDS_AS_GMAIL), value, _fold_gmail)
    return pl.select(value=value, note=_note(value), reason=_refusal(text, plain))


def _plain(text: pl.Series) -> pl.Series:
    return text.str.contains(_WELL_FORMED) & (text.str.len_bytes() <= _WELL_FORMED_BYTES)


def _bare(text: pl.Series) -> pl.Series:
    return text.str.strip_chars(EDGE).str.strip_prefix("mailto:").str.strip_chars(EDGE).str.strip_chars_end(EDGE + ".")


def _fold_gmail(value: pl.Series) -> pl.Series:
    return changed_where(value.str.contains(_GMAIL_TO_FOLD), value, _without_dots)


def _without_dots(value: pl.Series) -> pl.Series:
    local = value.str.replace(r"(?:[+].*)?@[^@]*$", "").str.replace_all(".", "", literal=True)
    return local + "@gmail.com"


def _note(value: pl.Series) -> pl.Series:
    """Class the addresses; two patterns find the few that are of any class, and only those are asked which."""
    known = value.str.contains(_KNOWN_LOCAL) | value.str.contains(_KNOWN_HOST)
    return changed_where(known, nothing(len(value)), lambda _: _class_of(value.filter(known)))


def _class_of(value: pl.Series) -> pl.Series:
    return pl.select(
        pl.when(value.str.contains(_FAKE_LOCAL) | value.str.contains(_below(_FAKE_HOSTS)))
        .then(pl.lit("placeholder"))
        .when(value.str.contains(_below(DISPOSABLE)))
        .then(pl.lit("disposable"))
        .when(value.str.contains(_below(RELAY)))
        .then(pl.lit("relay"))
        .otherwise(pl.lit("role"))
    ).to_series()


def _refusal(text: pl.Series, plain: pl.Series) -> pl.Series:
    """Name the reason for texts without an at sign; whether one with an at sign is an address, the library says."""
    return changed_where(~plain, nothing(len(text)), lambda _: _why_not(text.filter(~plain)))


def _why_not(text: pl.Series) -> pl.Series:
    return pl.select(
        pl.when(text.str.contains("@", literal=True))
        .then(None)
        .when(is_null_text(text))
        .then(pl.lit("null_like"))
        .when(text.str.contains(_HASH))
        .then(pl.lit("hashed"))
        .otherwise(pl.lit("not_an_email"))
    ).to_series()


def _by_library(raw: str) -> Cleaned:
    """Normalise one text with email-validator: slow, and what the vectorised path is held against in the tests."""
    text = unicodedata.normalize("NFC", raw).strip(EDGE)
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0].strip(EDGE)
    text = text.rpartition("<")[2].strip(EDGE).rstrip(EDGE + ".")
    if "@" not in text:
        hashed = re.fullmatch(_HASH, text.lower())
        return None, None, "null_like" if null_text(text) else "hashed" if hashed else "not_an_email"
    value = _validated(text)
    return (value, _note_of(value), None) if value else (None, None, "not_an_email")


def _validated(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    local, _, host = text.rpartition("@")
    # The library refuses reserved names whatever its settings, but for `test`: they are addresses all the same, and
    # noted as placeholders.
    top = host.rpartition(".")[2].lower()
    reserved = top in RESERVED_TLDS
    probe = host[: len(host) - len(top)] + "test" if reserved else host
    try:
        found = validate_email(f"{local}@{probe}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    host = found.ascii_domain.removesuffix("test") + top if reserved else found.ascii_domain
    local = unicodedata.normalize("NFC", found.local_part.lower())
    if host in {"gmail.com", "googlemail.com"}:
        local, host = local.partition("+")[0].replace(".", ""), "gmail.com"
    return f"{local}@{host}" if local else None


def _note_of(value: str) -> str | None:
    local, _, host = value.rpartition("@")
    above = {host, *(host[dot.end() :] for dot in re.finditer("[.]", host))}
    word = local.partition("+")[0]
    if value in PLACEHOLDER_MAILS or above & _FAKE_HOSTS or word.rstrip("0123456789") in _spellings(PLACEHOLDER_LOCALS):
        return "placeholder"
    if above & DISPOSABLE:
        return "disposable"
    if above & RELAY:
        return "relay"
    return "role" if word in _spellings(ROLES) else None


@cache
def _spellings(words: tuple[str, ...]) -> frozenset[str]:
    """Spell out words in which a space is an optional dot, hyphen or underscore."""
    return frozenset(
        "".join(part for pair in zip(parts, (*joints, ""), strict=True) for part in pair)
        for parts in (word.split(" ") for word in words)
        for joints in product(("", ".", "-", "_"), repeat=len(parts) - 1)
    )
