"""Definitions as YAML: read safely, each fault with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process

from idgraph.config import IN_A_FILE
from idgraph.errors import ConfigError
from idgraph.pql.quantity import MEASURES
from idgraph.pql.tree import KEYS, AnyMoment, Moment, Named

__all__ = ["Origin", "Place", "Words", "near", "read", "resolve", "text_of"]

Place = tuple[str | int, ...]

_LARGEST: Final = 1 << 20
_MOST: Final = 10_000  # nodes, each use of an alias counted
_WHOLE: Final = re.compile(r"[-+]?[0-9][0-9_]*")
_DECIMAL: Final = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)")
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
_PLAIN_TAGS: Final = {f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map")}
_ONE: Final = ("what", "of", "until", "unless", "when", "among", "won")  # keys under which a moment stands
_SEVERAL: Final = ("all", "any", "then", "of", "checklist")  # keys under which several do
_AROUND: Final = ("definitions", "activation", "fit", "traits")  # keys under which such keys stand
_NAMING: Final = {*MEASURES, "first", "property", "limit"}  # keys under which events, properties and facts are named
_MOMENT: Final[TypeAdapter[Moment]] = TypeAdapter(AnyMoment)


@dataclass(frozen=True)
class Origin:
    """Where something was read, to name the line of a text in it; it is no part of what was read, so all are equal.

    Attributes:
        name: the file's, for messages; empty: it was said in Python.
        lines: on which line each event, property or fact is first named.
    """

    name: str = field(default="", compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def place(self, name: str) -> str:
        """Say in which file and line something is named; empty where it is not."""
        return f"{self.name}, line {self.lines[name]}" if name in self.lines else ""


@dataclass
class Words:
    """What a file says.

    Attributes:
        name: the file's, for messages.
        lines: on which line each part stands, by its keys and positions.
        said: the whole of it, in plain Python.
        texts: on which line each event, property or fact is first named.
    """

    name: str
    lines: dict[Place, int] = field(default_factory=dict)
    said: Any = None
    texts: dict[str, int] = field(default_factory=dict)

    @property
    def origin(self) -> Origin:
        """Where it was read."""
        return Origin(self.name, self.texts)

    def fault(self, place: Place, problem: str) -> ConfigError:
        """Make an error that names the line of a part, or of the nearest around it."""
        return ConfigError(f"{self.name}, line {self.line(place)}: {problem}")

    def line(self, place: Place) -> int:
        """Find the line of the deepest part that a place leads to; what is no key of the file is passed over."""
        found: dict[Place, int] = {(): -1}
        for depth, step in enumerate(place):
            found |= {(*known, step): depth for known in found if (*known, step) in self.lines}
        return self.lines.get(max(found, key=lambda known: (found[known], len(known))), 1)

    def faults(self, error: ValidationError, under: Place = ()) -> ConfigError:
        """Make one error of all that does not fit."""
        return ConfigError(
            "; ".join(
                str(self.fault((*under, *fault["loc"]), _problem((*under, *fault["loc"]), fault)))
                for fault in error.errors()
            )
        )


def _problem(place: Place, fault: ErrorDetails) -> str:
    key = next((step for step in reversed(place) if isinstance(step, str) and step not in _UNSAID), "")
    said = fault["input"] if fault["type"] == "no_word" and isinstance(fault["input"], dict) else {}
    hint = next((found for name in said if (found := near(str(name), KEYS))), "")
    mend = _MENDS.get(fault["type"])
    message = (mend or fault["msg"]).removeprefix("Value error, ") + hint
    return f"{key}: {message}" if key else message


_UNSAID: Final = {"condition", "constrained-str", "function-before", "than", "str", "float", "int", "bool"}
_MENDS: Final = {
    "missing": "it is missing: say it",
    "extra_forbidden": "there is no such key here: take it out, or write it as the others are",
    "string_pattern_mismatch": "a length of time is a whole number with s, m, h, d, w, mo, q or y, such as 7d",
}


def text_of(path: str | Path) -> str:
    """Read a file.

    Raises:
        ConfigError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return Path(path).read_text("utf-8-sig")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(msg) from None
    except UnicodeDecodeError:
        msg = f"{path} is no text in UTF-8"
        raise ConfigError(msg) from None


def read(text: str, name: str) -> Words:
    """Read YAML as plain texts, numbers, lists and mappings.

    Only `true`, `false`, `null` and numbers are more than text: `NO` and `2026-11` stay what they are.

    Args:
        text: the whole file.
        name: the file's name, for messages.

    Raises:
        ConfigError: it is no YAML, too large, says a key twice, or carries tags.
    """
    words = Words(name)
    if len(text.encode()) > _LARGEST:
        msg = f"{name} is larger than {_LARGEST:,} bytes; it is no definition"
        raise ConfigError(msg)
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        msg = f"{name}, line {line}: it is no YAML: {error.problem}"
        raise ConfigError(msg) from None
    except yaml.YAMLError as error:
        msg = f"{name} is no YAML: {error}"
        raise ConfigError(msg) from None
    if not isinstance(root, yaml.MappingNode):
        msg = f"{name}, line 1: a definition is a mapping: name, level, when"
        raise ConfigError(msg)
    words.said = _plain(root, (), words, iter(range(_MOST)))
    return words


def _plain(node: yaml.Node, place: Place, words: Words, left: Iterator[int]) -> Any:  # noqa: ANN401 - what YAML says
    words.lines.setdefault(place, node.start_mark.line + 1)
    if next(left, None) is None or len(place) > _DEEPEST:
        raise words.fault(place, f"more than {_MOST:,} parts, or deeper than {_DEEPEST}: do aliases repeat each other?")
    if node.tag not in _PLAIN_TAGS:
        raise words.fault(place, f"the tag {node.tag} is not read; write plain texts, numbers, lists and mappings")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, words, left)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, number), words, left) for number, item in enumerate(node.value)]
    if next((step for step in reversed(place) if isinstance(step, str)), "") in _NAMING:
        words.texts.setdefault(str(node.value), node.start_mark.line + 1)
    return _scalar(str(node.value), in_quotes=isinstance(node, yaml.ScalarNode) and node.style is not None)


_DEEPEST: Final = 60


def _mapping(node: yaml.MappingNode, place: Place, words: Words, left: Iterator[int]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        if not isinstance(key, str):
            raise words.fault(place, "a key is a text")
        if key in said:
            words.lines[*place, key] = key_node.start_mark.line + 1
            raise words.fault((*place, key), f"the key {key!r} is there twice")
        words.lines[*place, key] = key_node.start_mark.line + 1
        if place[-1:] in {("where",), ("points",)}:
            words.texts.setdefault(key, key_node.start_mark.line + 1)
        said[key] = _plain(value_node, (*place, key), words, left)
    return said


def _scalar(text: str, *, in_quotes: bool) -> str | float | bool | None:
    if in_quotes:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text.replace("_", ""))
    return float(text.replace("_", "")) if _DECIMAL.fullmatch(text) else text


@dataclass
class References:
    """The named moments of a file: a text where a moment is expected is the name of one.

    Attributes:
        words: the file.
        named: what each name says.
        known: those that were made already.
        open: those being made, in order, to see a circle.
    """

    words: Words
    named: Mapping[str, Any]
    known: dict[str, Moment] = field(default_factory=dict)
    open: tuple[str, ...] = ()

    def resolved(self, said: Any, place: Place) -> Any:  # noqa: ANN401 - what YAML says
        """Put moments in place of their names."""
        if isinstance(said, str):
            return self.moment(said, place)
        if not isinstance(said, dict):
            return said
        return {key: self._inside(key, value, (*place, key)) for key, value in said.items()}

    def _inside(self, key: str, value: Any, place: Place) -> Any:  # noqa: ANN401 - what YAML says
        if key in _AROUND and isinstance(value, str):
            return value
        if key in (*_SEVERAL, *_AROUND) and isinstance(value, list):
            return [self.resolved(item, (*place, number)) for number, item in enumerate(value)]
        return self.resolved(value, place) if key in (*_ONE, *_AROUND) else value

    def moment(self, name: str, place: Place) -> Moment:
        """Make the moment of a name.

        Raises:
            ConfigError: there is none, it needs itself, or says something that cannot be meant.
        """
        if name in self.open:
            circle = " → ".join([*self.open[self.open.index(name) :], name])
            raise self.words.fault(place, f"the moment {name!r} needs itself: {circle}")
        if name not in self.named:
            raise self.words.fault(place, f"there is no moment {name!r}{near(name, self.named)}")
        if name not in self.known:
            inside = References(self.words, self.named, self.known, (*self.open, name))
            under = ("moments", name)
            try:
                what = _MOMENT.validate_python(inside.resolved(self.named[name], under), context=IN_A_FILE)
            except ValidationError as error:
                raise self.words.faults(error, under) from None
            self.known[name] = Named(name=name, what=what)
        return self.known[name]


def resolve(words: Words) -> dict[str, Any]:
    """Give what a file says with moments in place of their names; every named moment is looked at.

    Raises:
        ConfigError: see `References.moment`.
    """
    said = dict(words.said)
    named = said.pop("moments", None) or {}
    if not isinstance(named, dict):
        raise words.fault(("moments",), "moments are a mapping from names to moments")
    references = References(words, named)
    for name in named:
        references.moment(name, ("moments", name))
    resolved: dict[str, Any] = references.resolved(said, ())
    return resolved


def near(name: str, names: Sequence[str] | Mapping[str, Any]) -> str:
    """Say which name may have been meant.

    >>> near("projcts", ["projects", "invites"])
    "; near it: 'projects'"
    """
    found = process.extractOne(name, list(names), score_cutoff=60)
    return f"; near it: {found[0]!r}" if found else ""
