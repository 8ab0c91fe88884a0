"""`Scorecard`: what a team sells by: its definitions side by side, and the scores beside them; one file says it all."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field, PrivateAttr, ValidationError

from idgraph.config import IN_A_FILE
from idgraph.errors import mistaken
from idgraph.pql.activity import Activity, Level
from idgraph.pql.definition import Definition
from idgraph.pql.naming import unknown
from idgraph.pql.quantity import Fixed, Node, walk
from idgraph.pql.reading import Origin, read, resolve, text_of
from idgraph.pql.score import Checklist, Fit, Points
from idgraph.pql.tree import AnyMoment

__all__ = ["Scorecard"]

_RESERVED = {"reached", "vetoed", "won"}  # what a board calls its own columns, with `_at`


class Scorecard(Node):
    """Definitions of one level, which are asked side by side, and the scores that rank those who qualify.

    Attributes:
        definitions: such as PQL, MQL and SQL; each has a name of its own. Whoever meets any of them qualifies.
        engagement: what use of the product is worth. None: the events that the definitions count, a point each.
        activation: steps that lead in.
        fit: whom the product is for; it ranks, and never hides anybody.
        won: when somebody has bought, and is no lead any more.
        window: who did something in it is active; sizes are compared with those a window ago.
        sure: evidence of this weight (log2 odds) or more needs no second look: 10, a thousand to one, is that of a
            company's own mail domain. Who qualifies only through weaker evidence is for review.
    """

    kind = "scorecard"
    definitions: tuple[Definition, ...] = Field(json_schema_extra={"minItems": 1})
    engagement: Points | None = None
    activation: Checklist | None = None
    fit: Fit | None = None
    won: AnyMoment | None = None
    window: Fixed = "28d"
    sure: Annotated[float, Field(gt=0)] = 10.0
    _origin: Origin = PrivateAttr(default=Origin())

    def _cross_check(self) -> None:
        if not self.definitions:
            msg = "a scorecard without definitions asks nothing; give one or more"
            raise ValueError(msg)
        if len(levels := {definition.level for definition in self.definitions}) > 1:
            msg = f"definitions side by side are of one level, not of {' and '.join(sorted(levels))}"
            raise ValueError(msg)
        names = [definition.name for definition in self.definitions]
        if wrong := sorted({name for name in names if names.count(name) > 1 or name in _RESERVED}):
            msg = f"each definition needs a name of its own: {', '.join(map(repr, wrong))} is taken"
            raise ValueError(msg)

    @property
    def level(self) -> Level:
        """Who qualifies."""
        return self.definitions[0].level

    def usage(self, activity: Activity) -> Points:
        """Say which events are use of the product, and what each is worth."""
        if self.engagement is not None:
            return self.engagement
        counted = [definition.counted for definition in self.definitions]
        if None in counted or not any(counted):
            every = activity.events.select(pl.col("event").drop_nulls().unique()).collect()["event"].to_list()
        else:
            every = [name for names in counted for name in names or ()]
        return Points.of_words(points=dict.fromkeys(sorted(every), 1), window=self.window)

    @classmethod
    def of(cls, card: Scorecard | Definition) -> Scorecard:
        """Take a scorecard, or a definition alone.

        Raises:
            ConfigError: it is neither.
        """
        if isinstance(card, Definition):
            return cls(definitions=(card,))
        if not isinstance(card, cls):
            raise mistaken(
                "card", card, "a Scorecard or a Definition; one in a file is read by Scorecard.from_yaml(path)"
            )
        return card

    @classmethod
    def from_yaml(cls, path: str | Path) -> Scorecard:
        """Read a file; see `parse`."""
        return cls.parse(text_of(path), Path(path).name)

    @classmethod
    def parse(cls, text: str, called: str = "scorecard") -> Scorecard:
        """Read a scorecard, or a single definition, from YAML; see `Definition.parse`.

        Raises:
            ConfigError: it cannot be meant; every fault with its line.

        >>> card = Scorecard.parse('''
        ... definitions:
        ...   - {name: pql, version: 1, level: account, when: {count: project_created, at_least: 3}}
        ...   - {name: sql, version: 1, level: account, when: {first: demo_requested}}
        ... engagement: {points: {project_created: 5, login: 1}}
        ... ''')
        >>> [definition.name for definition in card.definitions]
        ['pql', 'sql']
        """
        words = read(text, called)
        said = resolve(words)
        try:
            card = cls.model_validate({"definitions": [said]} if "when" in said else said, context=IN_A_FILE)
        except ValidationError as error:
            raise words.faults(error) from None
        definitions = tuple(definition.read_from(words.origin) for definition in card.definitions)
        found = card.model_copy(update={"definitions": definitions})
        found._origin = words.origin  # noqa: SLF001 - of this very class
        return found

    def check(self, activity: Activity) -> list[str]:
        """Warn of names that never occur in the scores beside the definitions; see `Definition.check`.

        Not of `won`: nobody may have bought yet.
        """
        parts = [part for part in (self.engagement, self.activation, self.fit) if part is not None]
        found = unknown((node for part in parts for node in walk(part)), activity, self.level)
        said = [f"{self._origin.place(name) or self.kind}: {problem}" for name, problem in found]
        for warning in said:
            warnings.warn(warning, stacklevel=3)
        return said
