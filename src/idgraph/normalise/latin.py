"""Text of any script in Latin letters, so that Иванов and Ivanov may be compared. Nobody is shown these spellings."""

from __future__ import annotations

import re
from typing import Final

import polars as pl
from anyascii import anyascii

from idgraph.normalise.batches import changed_where, on_distinct

__all__ = ["in_latin"]

_PLAIN: Final = "^[\x00-\x7f]*$"
_SYLLABLE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")  # Chinese and Korean: each sign begins with a capital


def in_latin(text: pl.Series) -> pl.Series:
    """Write text in ASCII letters, the syllables of Chinese and Korean as words.

    Args:
        text: String, lower case: see `idgraph.normalise.folding.folded`.

    >>> in_latin(pl.Series(["щербаков", "王杰", "김민준", "فيصل", "jose", None])).to_list()
    ['shcherbakov', 'wang jie', 'gim min jun', 'fysl', 'jose', None]
    """
    return changed_where(~text.str.contains(_PLAIN), text, _distinct)


def _distinct(text: pl.Series) -> pl.Series:
    return on_distinct(text, lambda few: pl.DataFrame({"value": list(map(_latin, few))}, {"value": pl.String}))["value"]


def _latin(text: str) -> str:
    return _SYLLABLE.sub(" ", anyascii(text)).lower()
