"""Texts that mean "no value", as people and exporters write them."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from idgraph.normalise.batches import changed_where
from idgraph.normalise.words import phrases

__all__ = ["EDGE", "is_null_text", "null_text"]

# What copying and exporting leaves around a value: white space, invisible characters, quotes, brackets, separators.
# Spelled out because Python and Polars do not agree on what white space is.
EDGE: Final = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
    "'\"`´‘’‚“”„«»‹›<>()[]{},;|"
)

_EDGED: Final = f"^[{re.escape(EDGE)}]|[{re.escape(EDGE)}]$"

# Compared in lower case, without what EDGE strips.
_NULL_TEXTS: Final = frozenset(
    phrases(
        """
    #div/0! | #n/a | #n/d | #name? | #null! | #num! | #ref! | #value! | * | ** | *** | . | .. | ... | / | ? | ??
    ??? | \\n | _ | __ | anonymous | blank | default | deleted | desconocido | empty | hidden | inconnu | invalid
    k.a | k.a. | keine | keine angabe | missing | n.a | n.a. | n/a | n\\a | na | nan | nicht bekannt | nil | no data
    no value | none | not applicable | not available | not known | not provided | not set | not specified
    not-provided | not-set | not-specified | not_provided | not_set | not_specified | nothing | null | object object
    placeholder | redacted | removed | sconosciuto | tba | tbd | unassigned | unavailable | undefined | unknown
    unset | unspecified | user_null | void
    """
    )
)


def null_text(text: str) -> bool:
    """Say whether a text means "no value"; only zeros and hyphens do too, and nothing at all.

    >>> [null_text(text) for text in ("NULL", " (not set) ", "'n/a'", "--", "", "0000", "Nulla")]
    [True, True, True, True, True, True, False]
    """
    bare = text.strip(EDGE).lower()
    return bare in _NULL_TEXTS or not bare.strip("-0")


def is_null_text(text: pl.Series) -> pl.Series:
    """Answer `null_text` for a column (Boolean; null for null)."""
    bare = changed_where(text.str.contains(_EDGED), text, lambda some: some.str.strip_chars(EDGE)).str.to_lowercase()
    return bare.is_in(list(_NULL_TEXTS)) | bare.str.contains("^[0-]*$")
