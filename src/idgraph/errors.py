"""Every error a user can meet, each naming the source, the column and the row or value, and the mend.

    IdgraphError
    ├── ConfigError        a setting, an identifier type, a rule name or idgraph.toml
    ├── SourceError        one source: its file, its mapping or its rows
    │   ├── FileError      a file that is missing, empty, truncated, of another encoding or delimiter
    │   └── MappingError   a mapping that names a column, kind or reference which is not there
    ├── OutputError        a folder that cannot be written, or that is not ours to replace
    ├── EngineError        an engine that is missing or cannot run here
    ├── ExtraError         something that needs a package which is not installed
    └── NotFoundError      a record, profile or account asked for that the graph does not have

Messages never show a whole personal value: `mask` shortens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = [
    "ConfigError",
    "EngineError",
    "ExtraError",
    "FileError",
    "IdgraphError",
    "MappingError",
    "NotFoundError",
    "OutputError",
    "SourceError",
    "faults",
    "mask",
    "mask_id",
    "mask_text",
    "mistaken",
    "needed",
]

_TOLD = 60  # letters of a value
_ADDRESS = re.compile(r"[^\s'\"|,;]+@[^\s'\"|,;]+")


class IdgraphError(Exception):
    """Base of all errors raised on purpose; anything else is a bug."""


class ConfigError(IdgraphError):
    """A setting that cannot be used; the message names it and says what it may be."""


class SourceError(IdgraphError):
    """A source that cannot be used; the message begins with its name."""

    def __init__(self, source: str, problem: str, mend: str) -> None:
        super().__init__(f"source {source!r}: {problem}. {mend}")
        self.source = source
        self.problem = problem
        self.mend = mend


class FileError(SourceError):
    """A file of a source that cannot be read."""


class MappingError(SourceError):
    """A source's mapping that does not fit its data or the other sources."""


class OutputError(IdgraphError):
    """An output folder that cannot be written or must not be replaced."""


class EngineError(IdgraphError):
    """An engine that is not installed, too old, or not able to do what was asked."""


class ExtraError(IdgraphError):
    """Something that needs a package which is not installed; the message names the extra that brings it."""


class NotFoundError(IdgraphError):
    """Something asked for by id that the graph does not hold."""


def mistaken(argument: str, value: object, takes: str) -> ConfigError:
    """Say of an argument what it takes, and what it got: a text shortened, of anything else its type.

    >>> print(mistaken("previous", "out/", "a Graph; open a folder with ig.open(…)"))
    previous='out/' cannot be used: it takes a Graph; open a folder with ig.open(…)
    >>> print(mistaken("previous", 7.5, "a Graph"))
    previous=7.5 cannot be used: it takes a Graph
    """
    plain = value is None or isinstance(value, str | int | float)
    return ConfigError(f"{argument}={_plain(value) if plain else _typed(value)} cannot be used: it takes {takes}")


def _plain(value: object) -> str:
    said = mask_text(repr(value))
    return said if len(said) <= _TOLD else f"{said[:_TOLD]}…"


def _typed(value: object) -> str:
    return f"<{type(value).__name__}>"


@contextmanager
def needed(package: str, what: str, extra: str) -> Iterator[None]:
    """Say which extra to install where an import inside this block lacks a package.

    Args:
        package: the package as it is imported.
        what: what needs it, in the plural.
        extra: the extra that brings it.

    Raises:
        ExtraError: the package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        msg = f"{what} need {package}. Install it: pip install 'idgraph-b2b[{extra}]'"
        raise ExtraError(msg) from None


def faults(error: ValidationError) -> str:
    """Put into one line what settings or a mapping got wrong: where it stands, and what may stand there."""
    return "; ".join(
        ": ".join([*([place] if (place := _place(fault["loc"])) else []), fault["msg"].removeprefix("Value error, ")])
        for fault in error.errors()
    )


def _place(location: tuple[int | str, ...]) -> str:
    named = location[1:] if isinstance(location[0] if location else "", int) else location  # a positional argument
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in named)


def mask(value: str) -> str:
    """Shorten a personal value for messages, logs and reports.

    An e-mail keeps its first character and its domain; anything else keeps its first and last two characters.

    >>> mask("ana.silva@acme.io")
    'a…@acme.io'
    >>> mask("+14155550123")
    '+1…23'
    >>> mask("u_7")
    'u…'
    """
    local, at, domain = value.partition("@")
    if at and local:
        return f"{local[0]}…@{domain}"
    return f"{value[:2]}…{value[-2:]}" if len(value) > 6 else f"{value[:1]}…"


def mask_id(record_id: str) -> str:
    """Shorten a record id where its native id could be an e-mail address; other ids stay whole.

    >>> mask_id("amplitude_events:ana@acme.io|d-91|"), mask_id("app_users:u_7")
    ('amplitude_events:a…@acme.io|d-91|', 'app_users:u_7')
    """
    source, colon, native = record_id.rpartition(":")
    return f"{source}{colon}{'|'.join(mask(part) if '@' in part else part for part in native.split('|'))}"


def mask_text(text: str) -> str:
    """Shorten the e-mail addresses in a text: where a file has no header, the names of its columns are values.

    >>> mask_text("There is: '1', 'ana@acme.io'.")
    "There is: '1', 'a…@acme.io'."
    """
    return _ADDRESS.sub(lambda found: mask(found[0]), text)
