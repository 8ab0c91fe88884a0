"""Domains and websites as identity keys of companies: the registrable domain, and what kind of domain it is."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl

from idgraph.normalise.batches import COLUMNS, Cleaned, changed_where, finish, in_batches, nothing
from idgraph.normalise.mail_lists import (
    DISPOSABLE,
    FREE,
    ISP,
    PLACEHOLDER_DOMAINS,
    RELAY,
    RESERVED_DOMAINS,
    RESERVED_TLDS,
)
from idgraph.normalise.nulls import EDGE, is_null_text
from idgraph.normalise.web_hosts import EXTRA_SUFFIXES, PLACEHOLDER_SITES, PROFILE_HOSTS, REGISTRY_LIKE

if TYPE_CHECKING:
    from tldextract import TLDExtract

__all__ = ["email_domain", "normalise_domain"]

_PLAIN_HOST: Final = r"^[a-z0-9-]+(?:\.[a-z0-9-]+)+$"
_SCHEME: Final = "^(?:[a-z][a-z0-9+.-]*:/+|mailto:|https?:|https?/+|/+)+"
_PORT: Final = r"^([^:]*|\[.*\]):[0-9]*$"
_PATH: Final = "^[^/?#]*/+[^/?#]"
_WWW: Final = "www[0-9]?"

# RFC 1123 section 2.1; a top-level domain is letters or punycode (RFC 5890).
_HOST: Final = r"^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)$"
_HOST_LONGEST: Final = 253
_LABEL_TOO_LONG: Final = "[^.]{64}"
_PROFILE: Final = f"^(?:.*[.])?(?:{'|'.join(map(re.escape, sorted(PROFILE_HOSTS)))})$"

# Below a domain of another class (users.noreply.github.com): named whole, so that a value has one note only.
_LISTED_HOSTS: Final = frozenset(host for host in RELAY | DISPOSABLE | FREE | ISP if host.count(".") > 1)

# Later classes win.
_NOTES: Final[dict[str, str]] = (
    dict.fromkeys(ISP, "isp")
    | dict.fromkeys(FREE, "free")
    | dict.fromkeys(RELAY, "relay")
    | dict.fromkeys(DISPOSABLE, "disposable")
    | dict.fromkeys(RESERVED_DOMAINS | PLACEHOLDER_DOMAINS | PLACEHOLDER_SITES, "placeholder")
)


def normalise_domain(raw: pl.Series) -> pl.DataFrame:
    """Give a domain, website, URL, host or `user@host` its registrable domain, in its ASCII form (RFC 5890).

    The private part of the public suffix list counts as suffixes: below `herokuapp.com` each customer has a name of
    their own, and a common domain would fuse them all. Such a name is lent, not owned, so it is noted `shared_host`;
    names of the few private registries (`uk.com`) are owned like any other. The list is tldextract's bundled one.

    Args:
        raw: String.

    Returns:
        value: String, lower case.
        note: String, the first that holds of `placeholder`, `disposable`, `relay`, `free` (free mail), `isp` (of a
            provider's customers and of its own staff), `shared_host`, `profile_host` (a social network, directory or
            code host by itself: what exports make of the address of a page there, or its own website).
        reason: String, why there is no value: `null_like`, `ip_address`, `profile_page` (a page on a social network,
            directory or code host), `not_a_domain`.

    >>> normalise_domain(
    ...     pl.Series(["https://www.Acme.co.uk/about", "acme.github.io", "linkedin.com/company/acme", "acme"])
    ... ).rows()
    [('acme.co.uk', None, None), ('acme.github.io', 'shared_host', None), (None, None, 'profile_page'),
     (None, None, 'not_a_domain')]
    """
    parts = in_batches(raw, _parts)
    found = _of_hosts(parts["host"])
    page = found["profile"] & parts["path"]
    refused = raw.is_not_null() & found["value"].is_null()
    null_like = changed_where(
        refused, pl.repeat(False, len(raw), eager=True), lambda _: is_null_text(raw.filter(refused))
    )
    host = pl.when(pl.col("value").is_in(sorted(PROFILE_HOSTS))).then(pl.lit("profile_host"))
    return found.with_columns(page=page, null_like=null_like).select(
        value=pl.when(~pl.col("page")).then("value"),
        note=pl.when(~pl.col("page")).then(pl.coalesce("note", host)),
        reason=pl.when("page")
        .then(pl.lit("profile_page"))
        .when("null_like")
        .then(pl.lit("null_like"))
        .otherwise("reason"),
    )


def email_domain(value: pl.Series) -> pl.DataFrame:
    """Give normalised e-mail addresses the registrable domain of their host.

    Args:
        value: String, values of `normalise_email`.

    Returns:
        value, note, reason: as `normalise_domain` says of the host, but never `profile_host`: who writes from there
            works there.

    >>> email_domain(pl.Series(["ana@mail.acme.io", "ana@gmail.com", None])).rows()
    [('acme.io', None, None), ('gmail.com', 'free', None), (None, None, None)]
    """
    return _of_hosts(in_batches(value, _mail_hosts)["host"]).select(*COLUMNS)


def _parts(raw: pl.Series) -> pl.DataFrame:
    """Split a text into its host and whether a path follows."""
    text = raw.str.to_lowercase()
    odd = ~text.str.contains(_PLAIN_HOST)
    text = changed_where(odd, text, _without_scheme)
    path = text.str.contains(_PATH)
    return pl.select(host=changed_where(odd, text, _authority), path=path)


def _without_scheme(text: pl.Series) -> pl.Series:
    return text.str.strip_chars(EDGE).str.replace_all("\\", "/", literal=True).str.replace(_SCHEME, "")


def _authority(text: pl.Series) -> pl.Series:
    host = text.str.replace("[/?#].*$", "").str.replace("^.*@", "").str.replace(_PORT, "${1}")
    return host.str.strip_chars_start("*.").str.strip_chars_end(".")


def _mail_hosts(value: pl.Series) -> pl.DataFrame:
    # Positions count bytes and a tail counts characters, which for a host are the same, whatever stands before it.
    address = pl.col("address")
    behind = address.str.len_bytes() - address.str.find("@", literal=True) - 1
    return value.to_frame("address").select(host=address.str.tail(behind))


def _of_hosts(hosts: pl.Series) -> pl.DataFrame:
    """Look each distinct host up once; value, note, reason and whether a path there is somebody's profile."""
    distinct = hosts.drop_nulls().unique()
    known = finish(distinct, _plain_hosts(distinct), _by_library).with_columns(
        distinct.alias("host"), distinct.str.contains(_PROFILE).alias("profile")
    )
    return hosts.to_frame("host").join(known, on="host", how="left", maintain_order="left").drop("host")


def _plain_hosts(hosts: pl.Series) -> pl.DataFrame:
    """Answer for hosts whose suffix can only be their last label, or their last two."""
    suffixes = _suffixes()
    top, pair, triple = (hosts.str.extract(rf"((?:[^.]+\.){{{above}}}[^.]+)$") for above in range(3))
    formed = hosts.str.contains(_HOST) & (hosts.str.len_bytes() <= _HOST_LONGEST) & ~hosts.str.contains(_LABEL_TOO_LONG)
    formed &= ~hosts.str.contains("xn--", literal=True)
    under_one = formed & top.is_in(suffixes.single) & ~pair.is_in(suffixes.deep)
    under_two = formed & pair.is_in(suffixes.double) & ~triple.is_in(suffixes.deep)
    value = pl.select(pl.when(under_one).then(pair).when(under_two).then(triple)).to_series()
    note = value.replace_strict(list(_NOTES), list(_NOTES.values()), default=None, return_dtype=pl.String)
    return pl.select(value=value, note=note, reason=nothing(len(hosts)))


@dataclass(frozen=True)
class _Suffixes:
    """What decides most hosts at a glance.

    Attributes:
        single: suffixes of one label (`com`).
        double: public suffixes of two labels (`co.uk`).
        deep: two or three labels that some longer suffix ends in or is, so that more must be looked at.
    """

    single: list[str]
    double: list[str]
    deep: list[str]


@cache
def _suffixes() -> _Suffixes:
    """Sort the rules of the public suffix list.

    A rule is a domain, `*.` and a domain, or `!` and a domain: only hosts that end in that domain can match it
    (publicsuffix.org on the format). So a host that ends in no rule longer than one it matches has that suffix.
    """
    from tldextract import TLDExtract

    rules = [rule.removeprefix("!").split(".") for rule in [*_extractor().tlds, *_LISTED_HOSTS]]
    wild = {".".join(rule[1:]) for rule in rules if rule[0] == "*"}
    longer = [rule[1:] if rule[0] == "*" else rule for rule in rules]
    plain = [rule for rule in TLDExtract(cache_dir=None, suffix_list_urls=()).tlds if rule not in wild]
    public = [rule for rule in plain if rule.rpartition(".")[2] not in RESERVED_TLDS]
    deep = {".".join(rule[-count:]) for rule in longer for count in (2, 3) if len(rule) >= count}
    return _Suffixes(
        single=sorted(rule for rule in public if rule.count(".") == 0),
        double=sorted(rule for rule in public if rule.count(".") == 1),
        deep=sorted(deep),
    )


@cache
def _extractor() -> TLDExtract:
    from tldextract import TLDExtract

    return TLDExtract(
        cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True, extra_suffixes=sorted(EXTRA_SUFFIXES)
    )


def _by_library(host: str) -> Cleaned:
    """Answer for one host with tldextract: slow, and what the vectorised path is held against in the tests."""
    if _is_ip(host):
        return None, None, "ip_address"
    formed = _formed(host)
    value, lent = _registrable(formed) if formed else (None, False)
    if value is None:
        return None, None, "not_a_domain"
    reserved = value.rpartition(".")[2] in RESERVED_TLDS
    return value, "placeholder" if reserved else _NOTES.get(value, "shared_host" if lent else None), None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _formed(host: str) -> str | None:
    """Bring a host into its ASCII form; None if that is no host name."""
    import idna

    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    formed = re.search(_HOST, host) and len(host) <= _HOST_LONGEST and not re.search(_LABEL_TOO_LONG, host)
    return host if formed or host == "localhost" else None


def _registrable(host: str) -> tuple[str | None, bool]:
    """Return the registrable domain of a host name, and whether it is lent by a service rather than owned."""
    labels = host.split(".")
    if labels[-1] in RESERVED_TLDS:
        return ".".join(labels[-2:]), False
    for name in (".".join(labels[start:]) for start in range(len(labels))):
        if name in _LISTED_HOSTS:
            return name, False
    found = _extractor()(host)
    extra = found.suffix in EXTRA_SUFFIXES
    if not found.domain or ((extra or found.is_private) and re.fullmatch(_WWW, found.domain)):
        # A suffix by itself: of a registry it is nobody's, of a service it is the service's own.
        return (found.suffix, found.is_private) if extra or found.is_private else (None, False)
    lent = extra or (found.is_private and found.suffix not in REGISTRY_LIKE)
    return found.top_domain_under_public_suffix or None, lent
