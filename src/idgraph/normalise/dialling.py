"""The numbering plans of `phonenumbers` as patterns, so that most numbers can be read without calling it.

Each pattern states a case in which the answer of `phonenumbers.parse` is certain; everything else is left to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from idgraph.errors import ConfigError

__all__ = ["Plan", "World", "plan", "world"]

_NEVER: Final = "[^0-9+][0-9]^"  # matches nothing that a number can be


@dataclass(frozen=True)
class World:
    """Patterns over `+` and digits.

    Attributes:
        known: begins with a calling code.
        possible: has a length of that code's main plan.
        prefixed: may hold a national prefix after the code, as in +44 (0)20, which parsing would drop.
    """

    known: str
    possible: str
    prefixed: str


@dataclass(frozen=True)
class Plan:
    """How one country dials: patterns over digits.

    Attributes:
        code: the calling code.
        zeros_lead_abroad: whether `00` is the way to dial abroad, and the only one.
        doubtful: may begin with a prefix, with the way abroad or with the calling code: not a national number as it is.
        prefixed: the one-digit national prefix, then a number of the plan.
        not_prefixed: begins with something else that parsing drops.
        coded: the calling code, then a number of the plan.
        not_coded: a number of the plan as a whole, or a national prefix follows the code.
    """

    code: str
    zeros_lead_abroad: bool
    doubtful: str
    prefixed: str
    not_prefixed: str
    coded: str
    not_coded: str


@cache
def world() -> World:
    """Read the main plan of every calling code, which is what a number with `+` is held against."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    lengths, prefixes = [], []
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
        if metadata is None or metadata.general_desc is None:
            continue
        counts = "|".join(f"[0-9]{{{length}}}" for length in metadata.general_desc.possible_length)
        lengths.append(f"{code}(?:{counts})")
        if metadata.national_prefix_for_parsing:
            prefixes.append(f"{code}(?:{_not_empty(metadata.national_prefix_for_parsing)})")
    return World(
        known=f"^[+](?:{'|'.join(map(str, COUNTRY_CODE_TO_REGION_CODE))})",
        possible=f"^[+](?:{'|'.join(lengths)})$",
        prefixed=f"^[+](?:{'|'.join(prefixes)})",
    )


@cache
def plan(region: str) -> Plan:
    """Read one country's plan.

    Raises:
        ConfigError: The region is not one that has phone numbers.
    """
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.general_desc is None:
        raise ConfigError(f"region {region!r} has no phone numbers. Give an ISO 3166 code of two letters, such as 'US'")
    code, number = str(metadata.country_code), metadata.general_desc.national_number_pattern
    abroad = metadata.international_prefix or _NEVER
    prefix = metadata.national_prefix_for_parsing
    before = _not_empty(prefix) if prefix else _NEVER
    digit, others = _one_digit(prefix or "")
    return Plan(
        code=code,
        zeros_lead_abroad=abroad == "00",
        doubtful=f"^(?:00|{abroad}|{code}|{before})",
        prefixed=f"^{digit}(?:{number})$" if digit else _NEVER,
        not_prefixed=f"^(?:00|{abroad}|{code}|{others})",
        coded=f"^{code}(?:{number})$",
        not_coded=f"^(?:(?:{number})$|{code}(?:{before})|00|{abroad})",
    )


def _not_empty(pattern: str) -> str:
    """Narrow a prefix pattern that also matches nothing (Argentina's) to its matches of something.

    >>> _not_empty("0?(?:11|22)?"), _not_empty("0")
    ('0|(?:11|22)', '0')
    """
    if re.match(pattern, "") is None:
        return pattern
    optional = re.fullmatch(r"0[?](\(\?:.*\))[?]", pattern)
    return f"0|{optional[1]}" if optional else ""


def _one_digit(prefix: str) -> tuple[str, str]:
    """Take a prefix of one digit out of its alternatives; what is left must not match for the digit to be dropped.

    >>> _one_digit("0"), _one_digit("0|180020"), _one_digit("(1001)|0"), _one_digit("0(1)?")[0]
    (('0', '[^0-9+][0-9]^'), ('0', '180020'), ('0', '(1001)'), '')
    """
    found = re.fullmatch(r"(?P<only>[0-9])|(?P<first>[0-9])[|](?P<after>.+)|(?P<before>.+)[|](?P<last>[0-9])", prefix)
    if found is None:
        return "", _NEVER
    others = found["after"] or found["before"] or _NEVER
    try:
        re.compile(others)
    except re.error:  # the bar was inside a group
        return "", _NEVER
    return found["only"] or found["first"] or found["last"], others
