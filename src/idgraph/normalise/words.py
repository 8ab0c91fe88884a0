"""Tables of words in source code, readable and quick to extend."""

from __future__ import annotations

__all__ = ["phrases", "words"]


def words(text: str) -> frozenset[str]:
    """Split a table at white space.

    >>> sorted(words("b a"))
    ['a', 'b']
    """
    return frozenset(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Split a table at bars and line ends; phrases may hold spaces.

    >>> phrases("no one | nobody")
    ('no one', 'nobody')
    """
    return tuple(phrase.strip() for line in text.splitlines() for phrase in line.split("|") if phrase.strip())
