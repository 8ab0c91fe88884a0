"""Scores that need no fitting: a checklist, points for usage, fit; each is a sum of parts that are shown.

Three axes, never mixed: activation is how far somebody has come, engagement how much they do at present, fit who they
are. A score gives everyone asked for a row: entity_id, value, parts (a list of part and value, which sum to the value).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final

import polars as pl
from pydantic import Field, StringConstraints

from idgraph.pql.activity import Activity, Level, id_of
from idgraph.pql.measure import value_now
from idgraph.pql.moment import reached, standing
from idgraph.pql.quantity import Attribute, Fixed, Node, walk
from idgraph.pql.scope import Scope, micros, scope_of
from idgraph.pql.tree import AnyMoment, Moment

__all__ = ["CAPPED", "Checklist", "Fit", "Points", "Trait", "checklist", "fit", "points", "summed"]

CAPPED: Final = "above the cap"
_Name = Annotated[str, StringConstraints(min_length=1)]
_Weight = Annotated[float, Field(gt=0)]
_FEWEST, _MOST = 5, 10  # steps of a checklist
_FULL: Final = 100.0
_Time = datetime | date | str | None


def summed(parts: pl.DataFrame, entities: pl.DataFrame) -> pl.DataFrame:
    """Make scores of their parts.

    Args:
        parts: entity_id, part, value; one row a part.
        entities: entity_id of everyone who gets a row; without parts their score is 0.

    Returns:
        entity_id, value, parts (those of most weight first), sorted by entity_id.
    """
    ordered = parts.sort(pl.col("value").abs(), "part", descending=[True, False])
    held = ordered.group_by("entity_id", maintain_order=True).agg(
        pl.col("value").sum().alias("total"), parts=pl.struct("part", "value")
    )
    none = pl.lit([], held.schema["parts"])
    full = entities.select("entity_id").unique().join(held, on="entity_id", how="left").sort("entity_id")
    return full.select("entity_id", value=pl.col("total").fill_null(0.0), parts=pl.col("parts").fill_null(none))


class Checklist(Node):
    """How many of some steps were done, ever: the activation rate. 3 of 4 is 0.75.

    Attributes:
        steps: moments; 5 to 10 of them tell most, and others are warned of.
        among: who is asked at all: those for whom this moment came; None: everyone who did anything.
    """

    kind = "checklist"
    steps: tuple[AnyMoment, ...] = Field(alias="checklist", min_length=1)
    among: AnyMoment | None = None

    def _cross_check(self) -> None:
        if not _FEWEST <= len(self.steps) <= _MOST:
            said = f"a checklist of {len(self.steps)} steps says little: {_FEWEST} to {_MOST} are usual"
            warnings.warn(said, stacklevel=2)

    def rate(self, activity: Activity, level: Level, as_of: _Time = None) -> pl.DataFrame:
        """Give the activation rate of each person, tenant, account or parent; what all people of it did is pooled.

        Returns:
            entity_id, value (0 to 1), parts (a share for each step done), missing (the steps that are left, in words).

        >>> from idgraph.pql import Activity, first
        >>> table = pl.DataFrame({"at": ["2026-01-05"] * 3, "event": ["a", "b", "c"], "who": ["ana"] * 3})
        >>> with warnings.catch_warnings(action="ignore"):
        ...     steps = checklist(*map(first, "abcd"))
        >>> steps.rate(Activity.from_frame(table, person="who"), "person").select("value", "missing").rows()
        [(0.75, ['first d'])]
        """
        each = self._each(activity.as_of(as_of), level)
        done = each.filter("did").select("entity_id", "part", value=pl.lit(1 / len(self.steps)))
        left = each.group_by("entity_id").agg(
            missing=pl.col("part").sort_by("place").filter(~pl.col("did").sort_by("place"))
        )
        return summed(done, each).join(left, on="entity_id", how="left", maintain_order="left")

    def product(self, activity: Activity, level: Level, as_of: _Time = None) -> pl.DataFrame:
        """Say where people, tenants or accounts get stuck: the mean of `share` is the product's activation rate.

        Returns:
            step (in words, in order), done (how many did it), of (how many are asked), share.
        """
        each = self._each(activity.as_of(as_of), level)
        steps = each.group_by("place", step="part").agg(done=pl.col("did").sum(), of=pl.len()).sort("place")
        return steps.select("step", "done", "of", share=pl.col("done") / pl.col("of"))

    def _each(self, activity: Activity, level: Level) -> pl.DataFrame:
        """Everyone who is asked, with every step: entity_id, place, part, did."""
        among = () if self.among is None else (self.among,)
        key = id_of(level)
        scope = scope_of(activity, level, [*self.steps, *among])
        asked = activity.read([key]).drop_nulls() if self.among is None else reached(self.among, scope)
        words = pl.LazyFrame({"part": list(map(str, self.steps))}).with_row_index("place")
        every = asked.select(entity_id=key).unique().join(words, how="cross")
        did = [
            reached(step, scope).select(entity_id=key, place=pl.lit(place, pl.UInt32), did=pl.lit(value=True))
            for place, step in enumerate(self.steps)
        ]
        known = every.join(pl.concat(did), on=["entity_id", "place"], how="left")
        return known.with_columns(pl.col("did").fill_null(value=False)).collect()


class Points(Node):
    """How much the parts of the product that matter are used at present: the engagement score, 0 to 100.

    A person has the points of each event in the window; 100 is the percentile `cap` of all who have any, and more is
    cut to it, so that one who does nothing else skews nobody's score. An account has the sum of its people's capped
    points, and 100 is the same percentile of all accounts: another active person always adds, and no single one can
    carry it. What nobody is known to have done counts as one person's.

    Attributes:
        weights: points for each event, by its name.
        window: how far back it looks.
        cap: the percentile.
    """

    kind = "points"
    weights: dict[_Name, _Weight] = Field(alias="points", min_length=1)
    window: Fixed = "7d"
    cap: float = Field(default=0.9, gt=0, le=1)

    def score(self, activity: Activity, level: Level, as_of: _Time = None) -> pl.DataFrame:
        """Score everyone who did anything.

        Returns:
            entity_id, raw (points before they are scaled; of people before they are capped), value, parts: of a person
            by event, of others by person id (`""`: nobody known). What lies above the cap is a part below zero.
        """
        now = activity.as_of(as_of)
        key = id_of(level)
        everyone = now.read([key]).drop_nulls().unique().collect().rename({key: "entity_id"})
        by = [pl.col(key).alias("entity_id"), *([] if level == "person" else [pl.col("person_id").fill_null("")])]
        part = "event" if level == "person" else "person_id"
        rows = self._lately(now).drop_nulls(key).group_by(*by, "event").agg(pl.col("points").sum()).collect()
        if level != "person":
            rows = _capped_people(rows, self.cap)
        return _scaled(rows.select("entity_id", part=part, value="points"), everyone, self.cap)

    def trend(self, activity: Activity, level: Level, windows: int = 12, as_of: _Time = None) -> pl.DataFrame:
        """Follow the engagement of the whole product, window by window back from now.

        Returns:
            until (the end of each window, the latest last), active (who had points in it), points, mean (points of each
            of them; null of none).
        """
        now = activity.as_of(as_of)
        key, length = id_of(level), micros(self.window)
        back = (pl.lit(now.now) - pl.col("at")).dt.total_microseconds() // length
        earned = self.earned(now).drop_nulls(key).with_columns(back=back).filter(pl.col("back") < windows)
        seen = earned.group_by("back").agg(active=pl.col(key).n_unique(), points=pl.col("points").sum()).collect()
        every = pl.DataFrame({"back": range(windows)}, schema={"back": seen.schema["back"]})
        until = pl.lit(now.now, pl.Datetime("us", "UTC")) - pl.duration(microseconds=pl.col("back") * length)
        joined = every.join(seen, on="back", how="left").sort("back", descending=True)
        return joined.select(
            until=until, active=pl.col("active").fill_null(0), points=pl.col("points").fill_null(0.0)
        ).with_columns(mean=pl.when(pl.col("active") > 0).then(pl.col("points") / pl.col("active")))

    def earned(self, activity: Activity) -> pl.LazyFrame:
        """Give all events that earn points, also those before the window: the columns of `events`, and points."""
        events = activity.events.filter(pl.col("event").is_in(list(self.weights)))
        worth = pl.col("event").replace_strict(self.weights, return_dtype=pl.Float64)
        return events.with_columns(points=worth * pl.col("count"))

    def _lately(self, activity: Activity) -> pl.LazyFrame:
        """Those of the window that ends now; its beginning is not included."""
        begin = pl.lit(activity.now) - pl.duration(microseconds=micros(self.window))
        return self.earned(activity).filter(pl.col("at") > begin)


def _capped_people(rows: pl.DataFrame, cap: float) -> pl.DataFrame:
    """Cut what each person of an account has to the percentile of all: entity_id, person_id, points."""
    each = rows.group_by("entity_id", "person_id").agg(pl.col("points").sum())
    most = each["points"].quantile(cap, "linear")
    return each.with_columns(pl.min_horizontal("points", pl.lit(most)))


def _scaled(rows: pl.DataFrame, everyone: pl.DataFrame, cap: float) -> pl.DataFrame:
    """Scale points so that the percentile of all who have any is 100, and cut what lies above."""
    raw = rows.group_by("entity_id").agg(raw=pl.col("value").sum())
    full = raw["raw"].quantile(cap, "linear") or 1.0
    scaled = rows.with_columns(pl.col("value") * _FULL / full)
    above = raw.filter(pl.col("raw") > full).select(
        "entity_id", part=pl.lit(CAPPED), value=_FULL - pl.col("raw") * _FULL / full
    )
    scores = summed(pl.concat([scaled, above]), everyone)
    joined = scores.join(raw, on="entity_id", how="left", maintain_order="left")
    return joined.select("entity_id", pl.col("raw").fill_null(0.0), "value", "parts")


class Trait(Node):
    """Something that those whom the product is for have in common.

    Attributes:
        when: a condition, e.g. `attribute("industry").is_in(["software"])`, or a tool they connected.
        points: how much it counts.
    """

    kind = "trait"
    when: AnyMoment
    points: _Weight = 1.0


class Fit(Node):
    """How like those whom the product is for: the points of the traits that they have, as a share of all, 0 to 1.

    Attributes:
        traits: who they are (industry, size, place, title) and what they use.
    """

    kind = "fit"
    traits: tuple[Trait, ...] = Field(min_length=1)

    def score(self, activity: Activity, level: Level, as_of: _Time = None) -> pl.DataFrame:
        """Score every entity of a level.

        Returns:
            entity_id, value, parts (by trait, in words), known: the share of points about which something is known:
            null is not zero, and a value of 0 that nothing is known of is no bad fit.
        """
        now = activity.as_of(as_of)
        scope = scope_of(now, level, [trait.when for trait in self.traits])
        everyone = now.entities.filter(pl.col("level") == level).select("entity_id").unique().collect()
        whole = sum(trait.points for trait in self.traits)
        has = [
            standing(trait.when, scope).select(
                entity_id=id_of(level), part=pl.lit(str(trait.when)), value=pl.lit(trait.points / whole)
            )
            for trait in self.traits
        ]
        scores = summed(pl.concat(has).join(everyone.lazy(), on="entity_id", how="semi").collect(), everyone)
        return scores.join(self._known(scope, everyone), on="entity_id", how="left", maintain_order="left")

    def _known(self, scope: Scope, everyone: pl.DataFrame) -> pl.DataFrame:
        """How much of the points rests on attributes that are known now; what is told by events always is."""
        asked = everyone.with_columns(known=pl.lit(0.0))
        for trait in self.traits:
            known = everyone.lazy()
            for node in walk(trait.when):
                if isinstance(node, Attribute):
                    told = value_now(node, scope).drop_nulls("value").rename({scope.keys[0]: "entity_id"})
                    known = known.join(told, on="entity_id", how="semi")
            asked = asked.join(known.with_columns(worth=trait.points).collect(), on="entity_id", how="left")
            asked = asked.select("entity_id", known=pl.col("known") + pl.col("worth").fill_null(0.0))
        return asked.with_columns(pl.col("known") / sum(trait.points for trait in self.traits))


def checklist(*steps: Moment, among: Moment | None = None) -> Checklist:
    """Make a checklist of moments, in the order in which they are usually done; see `Checklist`."""
    return Checklist.of_words(checklist=steps, among=among)


def points(weights: Mapping[str, float], *, window: str = "7d", cap: float = 0.9) -> Points:
    """Give points for events: `points({"widget_made": 9, "share": 7, "login": 1})`; see `Points`."""
    return Points.of_words(points=dict(weights), window=window, cap=cap)


def fit(*traits: Moment | tuple[Moment, float]) -> Fit:
    """Say whom the product is for: conditions, each perhaps with its points; see `Fit`."""
    pairs = (trait if isinstance(trait, tuple) else (trait, 1.0) for trait in traits)
    return Fit.of_words(traits=[{"when": when, "points": worth} for when, worth in pairs])
