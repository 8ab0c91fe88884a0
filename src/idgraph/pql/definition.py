"""`Definition`: what makes a lead qualified, named and versioned; the same tree in Python and YAML."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import polars as pl
import yaml
from pydantic import Field, PrivateAttr, StringConstraints, ValidationError, WithJsonSchema

from idgraph.config import IN_A_FILE
from idgraph.errors import ConfigError
from idgraph.pql.activity import Activity, Level
from idgraph.pql.explain import Explained, explained
from idgraph.pql.moment import reached, standing
from idgraph.pql.naming import unknown
from idgraph.pql.progress import progress, via
from idgraph.pql.quantity import (
    Attribute,
    Node,
    ShareOf,
    TimeTo,
    walk,
)
from idgraph.pql.reading import Origin, read, resolve, text_of
from idgraph.pql.scope import ALWAYS, Scope, scope_of
from idgraph.pql.tree import AnyMoment, By, Moment

__all__ = ["Definition"]

_Text = Annotated[
    str,
    StringConstraints(min_length=1),
    Field(coerce_numbers_to_str=True),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1}),
]
_KNOWN: Final = (Attribute, ShareOf, TimeTo)  # measures of what is known of an entity, perhaps always


class Definition(Node):
    """What has to be so, of whom.

    Attributes:
        name: what it is called.
        version: which version of it.
        level: whose moment it is: a person's, a tenant's, an account's or a parent's. Nothing is implied.
        when: the moment.
        among: who is asked at all: those for whom this moment came; reached no earlier than that. None: everyone.

    >>> from idgraph.pql import count, first
    >>> slack = Definition(name="slack", version="1", level="tenant", when=count("message_sent") >= 2_000)
    >>> print(slack.to_yaml())
    name: slack
    version: '1'
    level: tenant
    when:
      count:
      - message_sent
      at_least: 2000
    <BLANKLINE>
    """

    kind: ClassVar[str] = "definition"
    name: _Text
    version: _Text
    level: Level
    when: AnyMoment
    among: AnyMoment | None = None
    _origin: Origin = PrivateAttr(default=Origin())

    def _cross_check(self) -> None:
        if self.level == "person" and any(isinstance(node, By) for node in walk(self)):
            msg = "by lifts people to a tenant, account or parent, and this definition is of people"
            raise ValueError(msg)

    @classmethod
    def from_yaml(cls, path: str | Path) -> Definition:
        """Read a definition; see `parse`."""
        return cls.parse(text_of(path), Path(path).name)

    @classmethod
    def parse(cls, text: str, called: str = "definition") -> Definition:
        """Read a definition from YAML.

        Besides the attributes there may be `moments`: moments by name, which stand wherever a moment is expected.

        Args:
            text: the YAML.
            called: the file's name, for messages.

        Raises:
            ConfigError: it cannot be meant; every fault with its line.
        """
        words = read(text, called)
        try:
            return cls.model_validate(resolve(words), context=IN_A_FILE).read_from(words.origin)
        except ValidationError as error:
            raise words.faults(error) from None

    def to_yaml(self) -> str:
        """Write it as YAML that `parse` reads as the same definition."""
        return yaml.safe_dump(self._said(), sort_keys=False, allow_unicode=True)

    @property
    def hash(self) -> str:
        """What it means, as 16 hex digits: those of level, moment and population, whatever it is called."""
        meant = {key: value for key, value in self._said().items() if key in {"level", "when", "among"}}
        return blake2b(json.dumps(meant, sort_keys=True).encode(), digest_size=8).hexdigest()

    @property
    def counted(self) -> list[str] | None:
        """The names of the events that lead to the moment, not those of vetoes; None: all events do."""
        names = [getattr(node, "events", None) for node in walk(self.when, vetoes=False)]
        every = sorted({name for events in names if events for name in events})
        return None if () in names else every

    def reached(self, activity: Activity, as_of: datetime | date | str | None = None) -> pl.DataFrame:
        """Find who qualified, and when: entity_id, reached_at; one row for each who ever did."""
        scope = scope_of(activity.as_of(as_of), self.level, self._moments())
        return self._reached(scope).sort("reached_at", "entity_id").collect()

    def standing_at(self, activity: Activity, at: datetime | date | str) -> pl.DataFrame:
        """Find who is qualified at a time, by what is so then: entity_id. Who once was need not be.

        Conditions are asked anew: of a rolling window the one that ends then, of the calendar its period, and a veto
        that is no longer so no longer counts. What is anchored, came first or came in order stays so.
        """
        scope = scope_of(activity.as_of(at), self.level, self._moments())
        found = standing(self.when, scope)
        if self.among is not None:
            found = found.join(reached(self.among, scope), on=list(scope.keys), how="semi")
        return found.select(pl.col(scope.keys[0]).alias("entity_id")).sort("entity_id").collect()

    def run(self, activity: Activity, as_of: datetime | date | str | None = None) -> pl.DataFrame:
        """Say of everyone in the population whether and when they qualified, through what, and what is missing.

        Args:
            activity: what happened.
            as_of: the time to stand at; default: the activity's own.

        Returns:
            One row per entity: entity_id; reached_at (null: not yet; what always held, from the first event on); via
            (the branch: a name, or the words of it); missing (what is still to happen, in words; of alternatives the
            nearest that can still come); missed (whether it can come no more: a window is over, or a veto came);
            vetoed_at (when the first veto came, also after it was reached); reached_at_strict (the same from events
            alone whose way to the entity needs no doubt); people (who did the events it counts, who did most first).
            Those reached come first, in order of time.
        """
        self.check(activity)
        then = activity.as_of(as_of).on_the_way_to(self.level)
        scope = scope_of(then, self.level, self._moments(), also=("person_id", "strict"))
        seen = progress(self.when, scope)
        people = self._population(scope)
        wide = seen.joined(people, scope.keys).select(
            pl.col(scope.keys[0]).alias("entity_id"),
            reached_at=pl.max_horizontal(seen.at, "since").pipe(_only_if, seen.at),
            via=via(self.when, seen),
            missing=seen.missing,
            missed=seen.late,
            vetoed_at=seen.vetoed_at,
        )
        dated = _dated(wide, scope) if self._knows() else wide
        full = dated.join(self._strict(scope, dated), on="entity_id", how="left")
        full = full.join(self._people(scope, dated), on="entity_id", how="left")
        ordered = full.with_columns(pl.col("people").fill_null(pl.lit([], pl.List(pl.String))))
        return ordered.sort("reached_at", "entity_id", nulls_last=True).collect()

    def explain(self, activity: Activity, entity_id: str, as_of: datetime | date | str | None = None) -> Explained:
        """Say of one entity when each part came, how far each number is, and which events it rests on.

        Args:
            activity: what happened.
            entity_id: whom.
            as_of: the time to stand at; default: the activity's own.
        """
        return explained(self.when, activity.as_of(as_of), self.level, entity_id)

    def diff(self, older: Definition, activity: Activity, as_of: datetime | date | str | None = None) -> pl.DataFrame:
        """Say who qualifies by this definition and not by an older one, or the other way, and through what.

        Returns:
            entity_id, change (gained, lost), reached_at (by the definition that it qualifies by), because (what the
            other definition misses of it, in words).

        Raises:
            ConfigError: they are of different levels.
        """
        if older.level != self.level:
            msg = f"one definition is of level {self.level}, the other of {older.level}: nothing can be compared"
            raise ConfigError(msg)
        new, old = (one.run(activity, as_of).select("entity_id", "reached_at", "missing") for one in (self, older))
        gained = _changed(new, old, "gained", f"not among: {older.among}")
        return pl.concat([gained, _changed(old, new, "lost", f"not among: {self.among}")]).sort("change", "entity_id")

    def check(self, activity: Activity) -> list[str]:
        """Warn of names that never occur, not later either: events, their properties, facts such as a limit.

        Returns:
            What was warned of: the line, where it was read from a file, and the name that may have been meant.
        """
        found = unknown(walk(self), activity, self.level)
        said = [f"{self._origin.place(name) or self.name}: {problem}" for name, problem in found]
        for warning in said:
            warnings.warn(warning, stacklevel=3)
        return said

    def read_from(self, origin: Origin) -> Definition:
        """Give the same with where it was read, which warnings name and which changes nothing else."""
        found = self.model_copy()
        found._origin = origin  # noqa: SLF001 - of this very class
        return found

    def _moments(self) -> tuple[Moment, ...]:
        return (self.when,) if self.among is None else (self.when, self.among)

    def _said(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def _knows(self) -> bool:
        return any(isinstance(node, _KNOWN) for node in walk(self))

    def _reached(self, scope: Scope) -> pl.LazyFrame:
        (key,) = scope.keys
        found = reached(self.when, scope).select(pl.col(key).alias("entity_id"), reached_at="at")
        if self.among is not None:
            since = reached(self.among, scope).select(pl.col(key).alias("entity_id"), since="at")
            later = pl.max_horizontal("reached_at", "since")
            found = found.join(since, on="entity_id").select("entity_id", reached_at=later)
        return _dated(found, scope) if self._knows() else found

    def _population(self, scope: Scope) -> pl.LazyFrame:
        """Who is asked: the key, since (when they came to be, or null)."""
        (key,) = scope.keys
        if self.among is not None:
            return reached(self.among, scope).select(key, since="at")
        everyone = scope.activity.entities.filter(pl.col("level") == self.level)
        return everyone.select(pl.col("entity_id").alias(key), since=pl.lit(None, pl.Datetime("us", "UTC")))

    def _strict(self, scope: Scope, dated: pl.LazyFrame) -> pl.LazyFrame:
        """When it was reached without doubtful events; where there are none, at the same time."""
        doubtful = scope.events.filter(~pl.col("strict")).head(1)
        if doubtful.collect().is_empty():
            return dated.select("entity_id", reached_at_strict="reached_at")
        strict = replace(scope, events=scope.events.filter("strict"))
        return self._reached(strict).select("entity_id", reached_at_strict="reached_at")

    def _people(self, scope: Scope, dated: pl.LazyFrame) -> pl.LazyFrame:
        """Who did what the moment counts, up to when it was reached: who did most comes first, ties by id."""
        (key,) = scope.keys
        events = scope.events.filter(pl.col(key).is_not_null(), pl.col("person_id").is_not_null())
        if self.counted is not None:
            events = events.filter(pl.col("event").is_in(self.counted))
        until = dated.select("entity_id", pl.col("reached_at").fill_null(scope.now))
        did = (
            events.with_columns(entity_id=key).join(until, on="entity_id").filter(pl.col("at") <= pl.col("reached_at"))
        )
        each = did.group_by("entity_id", "person_id").agg(pl.col("count").sum())
        ordered = each.sort("count", "person_id", descending=[True, False])
        return ordered.group_by("entity_id", maintain_order=True).agg(people="person_id")


def _only_if(time: pl.Expr, there: pl.Expr) -> pl.Expr:
    return pl.when(there.is_not_null()).then(time)


def _dated(found: pl.LazyFrame, scope: Scope) -> pl.LazyFrame:
    """What always held is reached with the first event; where there is none, as of now."""
    (key,) = scope.keys
    begun = scope.activity.events.group_by(pl.col(key).alias("entity_id")).agg(__begun=pl.col("at").min())
    first = pl.col("__begun").fill_null(scope.now)
    at = pl.when(pl.col("reached_at") == ALWAYS).then(first).otherwise("reached_at")
    return found.join(begun, on="entity_id", how="left").with_columns(reached_at=at).drop("__begun")


def _changed(has: pl.DataFrame, lacks: pl.DataFrame, change: str, not_among: str) -> pl.DataFrame:
    reached_here = has.filter(pl.col("reached_at").is_not_null()).select("entity_id", "reached_at")
    both = reached_here.join(lacks.rename({"reached_at": "other"}), on="entity_id", how="left")
    because = pl.col("missing").fill_null(pl.concat_list(pl.lit(not_among)))
    return both.filter(pl.col("other").is_null()).select(
        "entity_id", pl.lit(change).alias("change"), "reached_at", because=because
    )
