"""What people do and how they answer: which features they use, whose use is slipping, who replies and who asks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import polars as pl
from pydantic import Field

from idgraph.pql.activity import Activity, Level, id_of
from idgraph.pql.quantity import Fixed, Names, Node
from idgraph.pql.scope import micros
from idgraph.pql.score import summed

__all__ = ["Communication", "Features", "communication", "features", "slipping"]

_Time = datetime | date | str | None
_LEVELS: Final = ("novice", "intermediate", "advanced")
_USUAL: Final = 4  # fewer active days than this are no habit that could slip
_HOUR: Final = 3_600_000_000  # microseconds


class Features(Node):
    """The key features of a product, and how far into it those are who use them.

    Somebody is as far as the furthest feature that they used on `days` days or more: to have tried it once is not
    to use it.

    Attributes:
        basic: events of features that everybody uses; those who use no more are `novice`.
        intermediate: those of features that come later.
        advanced: those of features that few use.
        window: how far back it looks.
        days: on how many days in it.
    """

    kind = "features"
    basic: Names
    intermediate: Names
    advanced: Names
    window: Fixed = "28d"
    days: int = Field(default=2, ge=1)

    def used(self, activity: Activity, level: Level, as_of: _Time = None) -> pl.DataFrame:
        """Say who uses what.

        Returns:
            entity_id (everyone who did anything), sophistication (`novice`, `intermediate`, `advanced`; null: uses none
            of them), uses (event names of the features in use), lacks (those that are not), in the order of the lists.
        """
        now = activity.as_of(as_of)
        key = id_of(level)
        named = [
            (step, event)
            for step, events in enumerate((self.basic, self.intermediate, self.advanced))
            for event in events
        ]
        table = pl.LazyFrame(named, schema={"step": pl.UInt32, "event": pl.String}, orient="row").with_row_index(
            "place"
        )
        begin = pl.lit(now.now) - pl.duration(microseconds=micros(self.window))
        days = pl.col("at").filter(pl.col("at") > begin).dt.date().n_unique()
        events = now.read([key, "event", "at"]).drop_nulls(key)
        in_use = events.group_by(key, "event").agg(used=days >= self.days)
        every = events.select(key).unique().join(table, how="cross").join(in_use, on=[key, "event"], how="left")
        used, in_order = pl.col("used").fill_null(value=False), pl.col("event").sort_by("place")
        whole = every.group_by(entity_id=key).agg(
            step=pl.col("step").filter(used).max(),
            uses=in_order.filter(used.sort_by("place")),
            lacks=in_order.filter(~used.sort_by("place")),
        )
        words = pl.col("step").replace_strict(dict(enumerate(_LEVELS)), return_dtype=pl.String)
        return whole.select("entity_id", sophistication=words, uses="uses", lacks="lacks").sort("entity_id").collect()


def features(basic: Names, intermediate: Names, advanced: Names, *, window: str = "28d", days: int = 2) -> Features:
    """List the key features by how far into the product they are; see `Features`."""
    return Features.of_words(basic=basic, intermediate=intermediate, advanced=advanced, window=window, days=days)


def slipping(activity: Activity, level: Level, *events: str, window: str = "28d", as_of: _Time = None) -> pl.DataFrame:
    """Find those who were used to come and come less: the days they were active on fell to half, or further.

    Args:
        activity: what happened.
        level: who is looked at.
        events: what counts as use; none named: anything.
        window: two of them are compared, the one that ends now and the one before. Fewer than four active days in that
            one are no habit.
        as_of: the time to stand at; default: the activity's own.

    Returns:
        entity_id, before, now (active days), last_at (when they were last active), those who lost most first.

    >>> days = [f"2026-01-{day:02}" for day in (1, 2, 5, 6, 8, 12)] + ["2026-02-20"]
    >>> use = Activity.from_frame(
    ...     pl.DataFrame({"at": days, "event": ["login"] * 7, "who": ["ana"] * 6 + ["bo"]}), person="who"
    ... )
    >>> slipping(use, "person", as_of="2026-02-20").select("entity_id", "before", "now").rows()
    [('ana', 6, 0)]
    """
    here = activity.as_of(as_of)
    key, length = id_of(level), micros(window)
    found = here.read([key, "event", "at"]).drop_nulls(key)
    used = found.filter(pl.col("event").is_in(list(events))) if events else found
    back = (pl.lit(here.now) - pl.col("at")).dt.total_microseconds() // length
    days = used.with_columns(back=back, day=pl.col("at").dt.date())
    counts = days.group_by(entity_id=key).agg(
        before=pl.col("day").filter(pl.col("back") == 1).n_unique().cast(pl.Int64),
        now=pl.col("day").filter(pl.col("back") == 0).n_unique().cast(pl.Int64),
        last_at=pl.col("at").max(),
    )
    less = counts.filter(pl.col("before") >= _USUAL, pl.col("now") * 2 <= pl.col("before"))
    return less.sort(pl.col("before") - pl.col("now"), "entity_id", descending=[True, False]).collect()


class Communication(Node):
    """How somebody answers, and whether they come by themselves.

    What they send within `patience` after the latest thing they got is a reply to it; only the first such is. Whatever
    else they send is unprompted.

    Attributes:
        sent: events of what they were sent: `email_sent`, `task_logged`.
        received: events of what came from them: `email_replied`, `ticket_opened`, `meeting_held`.
        window: how far back it looks.
        patience: after how long an answer is none any more.
    """

    kind = "communication"
    sent: Names = Field(min_length=1)
    received: Names = Field(min_length=1)
    window: Fixed = "30d"
    patience: Fixed = "7d"

    def score(self, activity: Activity, level: Level, as_of: _Time = None) -> pl.DataFrame:
        """Score everyone who did anything.

        Returns:
            entity_id; value: replies and unprompted messages together, its parts; sent; answered (the share of what
            was sent that got a reply; null where nothing was); hours (the median time to a reply); active: whether half
            or more was answered, or something came unprompted.
        """
        now = activity.as_of(as_of)
        key = id_of(level)
        told = self._told(now, key).collect()
        everyone = now.read([key]).drop_nulls().unique().collect().select(entity_id=key)
        came = told.filter(~pl.col("ours"))
        part = pl.when("reply").then(pl.lit("replies")).otherwise(pl.lit("unprompted"))
        counts = came.group_by("entity_id", part=part).agg(value=pl.len().cast(pl.Float64))
        facts = told.group_by("entity_id").agg(
            sent=pl.col("ours").sum(),
            replies=pl.col("reply").sum(),
            unprompted=(~pl.col("ours") & ~pl.col("reply")).sum(),
            hours=pl.col("wait").filter("reply").median() / _HOUR,
        )
        scores = summed(counts, everyone).join(facts, on="entity_id", how="left", maintain_order="left")
        answered = pl.when(pl.col("sent") > 0).then(pl.col("replies") / pl.col("sent"))
        active = (answered >= 1 / 2).fill_null(value=False) | (pl.col("unprompted") > 0).fill_null(value=False)
        return scores.select(
            "entity_id", "value", "parts", pl.col("sent").fill_null(0), "hours", answered=answered, active=active
        )

    def _told(self, activity: Activity, key: str) -> pl.LazyFrame:
        """What went to and fro: entity_id, ours, reply, wait (microseconds since the latest of ours)."""
        begin = pl.lit(activity.now) - pl.duration(microseconds=micros(self.window))
        events = activity.read(["event_id", key, "event", "at"]).drop_nulls(key).filter(pl.col("at") > begin)
        told = events.filter(pl.col("event").is_in([*self.sent, *self.received]))
        ordered = told.with_columns(ours=pl.col("event").is_in(list(self.sent)), entity_id=key)
        ordered = ordered.sort("entity_id", "at", ~pl.col("ours"), "event_id")
        latest = pl.col("at").filter("ours")  # of those before, by the number of ours so far
        numbered = ordered.with_columns(turn=pl.col("ours").cum_sum().over("entity_id"))
        turns = numbered.with_columns(asked=latest.first().over("entity_id", "turn"))
        wait = (pl.col("at") - pl.col("asked")).dt.total_microseconds()
        first = (~pl.col("ours")).cum_sum().over("entity_id", "turn") == 1
        reply = ~pl.col("ours") & first & (wait <= micros(self.patience)).fill_null(value=False)
        return turns.with_columns(wait=wait).select("entity_id", "ours", "wait", reply=reply)


def communication(sent: Names, received: Names, *, window: str = "30d", patience: str = "7d") -> Communication:
    """Say which events are messages to them, and which from them; see `Communication`."""
    return Communication.of_words(sent=sent, received=received, window=window, patience=patience)
