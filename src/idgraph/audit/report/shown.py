"""Shown: values of people as a page may show them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from idgraph.errors import mask, mask_text

__all__ = ["Shown"]

_MOST: Final = 200  # characters that are shown
_ENTITY_ID: Final = re.compile(r"(prf|ten|acc)_[0-9a-f]{16}")
# What `changes.cause` says that is no value: `email ana@acme.io` ends in one, `into prf_…` does not.
_PLAIN: Final = re.compile(r"into (prf|ten|acc)_[0-9a-f]{16}|records gone|evidence withdrawn|\w+")
_NAMED: Final = re.compile(r"((?:cut by [^:]*: )?\S+) (.+)", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """How values are shown.

    Attributes:
        redact: whether personal values are shortened; names of sources, rules and attributes, times, counts and entity
            ids never are.
    """

    redact: bool

    def value(self, value: str | None) -> str:
        """A value of a record: an identifier, a name, an attribute.

        >>> Shown(redact=True).value("Ana Silva"), Shown(redact=False).value("Ana Silva")
        ('An…va', 'Ana Silva')
        """
        return _cut(mask(value) if self.redact and value else value or "")

    def record(self, record_id: str | None) -> str:
        """A record id: its source, and its id there.

        >>> Shown(redact=True).record("visits:ana@acme.io|5f2c9e01")
        'visits:a…@acme.io|5f…01'
        """
        if not self.redact or not record_id:
            return _cut(record_id or "")
        source, colon, native = record_id.partition(":")
        return _cut(f"{source}{colon}{'|'.join(mask(part) if part else part for part in native.split('|'))}")

    def cause(self, cause: str | None) -> str:
        """Why an entity changed.

        >>> Shown(redact=True).cause("cut by unique: phone +14155550123"), Shown(redact=True).cause("records gone")
        ('cut by unique: phone +1…23', 'records gone')
        """
        if not self.redact or not cause or _PLAIN.fullmatch(cause):
            return _cut(cause or "")
        named = _NAMED.fullmatch(cause)
        return _cut(f"{named[1]} {mask(named[2])}" if named else mask(cause))

    def cell(self, value: Any) -> str:  # noqa: ANN401 - a cell of any frame
        """A cell of a frame that is not ours: texts are values, except entity ids."""
        match value:
            case None:
                said = ""
            case str():
                said = value if _ENTITY_ID.fullmatch(value) else self.value(value)
            case list() | tuple():
                said = ", ".join(map(self.cell, value))
            case dict():
                said = ", ".join(f"{name}: {self.cell(held)}" for name, held in value.items())
            case datetime():
                said = f"{value:%Y-%m-%d %H:%M}"
            case _:
                said = str(value)
        return _cut(said)

    def column(self, name: str) -> str:
        """The name of a column, which is a value where a file has no header."""
        return _cut(mask_text(name) if self.redact else name)


def _cut(text: str) -> str:
    """Somebody's export may have a book in a cell, which would make the page one."""
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
