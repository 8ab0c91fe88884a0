"""The board: who qualifies, since when and through what, how large they are, whom to call, and why; best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from idgraph.engines.output import replace_table
from idgraph.errors import NotFoundError, mask_id, mask_text, mistaken
from idgraph.pql.activity import Activity, Level
from idgraph.pql.card import Scorecard
from idgraph.pql.definition import Definition
from idgraph.pql.merged import STATES, grounds, merged
from idgraph.pql.people import people_of, sizes
from idgraph.pql.quantity import walk
from idgraph.pql.reasons import REASONS, reasons
from idgraph.pql.score import Points
from idgraph.pql.spoken import spoken
from idgraph.pql.tree import Moment

__all__ = ["Board", "board"]

_SHOWN: Final = {"+": 3, "-": 2, "?": 1}  # how many reasons of each sign a row shows


@dataclass(frozen=True, eq=False)
class Board:
    """Who qualifies, best first.

    Attributes:
        level: what a row is: a person, tenant, account or parent.
        now: the time as of which it stands.
        rows: one row for everyone in a population; see `board`.
        people: the people of each: see `idgraph.pql.people.people_of`.
        reasons: all reasons, with numbers and evidence: see `idgraph.pql.reasons.reasons`; besides, `reached` (through
            what it qualified) and, with the sign `?`, `identity` (the uncertain evidence that it hangs on).
    """

    level: Level
    now: datetime
    rows: pl.DataFrame
    people: pl.DataFrame
    reasons: pl.DataFrame

    def __repr__(self) -> str:
        """Say how many there are of each state."""
        states = ", ".join(f"{number:,} {state}" for state, number in self.states.items())
        return f"<Board: {states or 'nobody'}; by {self.level}, as of {self.now:%Y-%m-%d %H:%M}>"

    @property
    def states(self) -> dict[str, int]:
        """How many are in each state, best first."""
        numbers = dict(self.rows["state"].value_counts().iter_rows())
        return {state: numbers[state] for state in STATES if state in numbers}

    def explain(self, entity_id: str) -> str:
        """Say of one entity, in words that are read in ten seconds, why to call, whom, and what to look out for.

        Raises:
            NotFoundError: it is not on the board.
        """
        found = self.rows.filter(pl.col("entity_id") == entity_id)
        if found.is_empty():
            msg = f"there is no {self.level} {mask_id(entity_id)!r} on this board"
            raise NotFoundError(msg)
        row = found.row(0, named=True)
        lines = [
            f"{mask_text(row['name'] or entity_id)}: {_standing(row)}",
            *(f"  {_masked(text)}" for text in row["reasons"]),
        ]
        lines += [f"  next: {text}" for text in row["missing"]]
        if self.level != "person":
            lines.append(f"  {_size(row)}")
            lines += [f"  {line}" for line in self._whom(entity_id)]
        return "\n".join(lines)

    def _whom(self, entity_id: str) -> list[str]:
        """Whom to call, champion first, and who is not there yet; the first three of each."""
        people = self.people.filter(pl.col("entity_id") == entity_id)
        users, others = people.drop_nulls("place"), people.filter(pl.col("place").is_null())
        lines = [f"{'champion' if row['place'] == 1 else 'also'}: {_person(row)}" for row in users.head(3).to_dicts()]
        return lines + [f"not using it yet: {_person(row)}" for row in others.head(3).to_dicts()]

    def as_dict(self, limit: int | None = None) -> dict[str, Any]:
        """Give plain values, for JSON: as_of, level, states (how many of each), board (rows); addresses are shortened.

        Args:
            limit: the most rows; None: all.
        """
        rows = self.rows if limit is None else self.rows.head(limit)
        board = [{name: _masked(value) for name, value in row.items()} for row in rows.to_dicts()]
        return {"as_of": self.now, "level": self.level, "states": self.states, "board": board}

    def brief(self) -> pl.DataFrame:
        """What is read of each first: name, state (Enum), since, score, people, champion, why (or what is missing)."""
        why = pl.when(pl.col("reasons").list.len() > 0).then("reasons").otherwise("missing")
        named = pl.coalesce("name", "entity_id").alias("name")
        state = pl.col("state").cast(pl.Enum(STATES))
        return self.rows.select(named, state, "score", "people", "champion", since="reached_at", why=why).select(
            "name", "state", "since", "score", "people", "champion", "why"
        )

    def write(self, path: str | Path) -> Path:
        """Write the rows as CSV or Parquet, by the name's ending; an earlier board of that name is replaced.

        Raises:
            OutputError: it is neither, the file is somebody else's, or it cannot be written.
        """
        replace_table(self.rows.lazy(), Path(path))
        return Path(path)


def board(activity: Activity, card: Scorecard | Definition, as_of: datetime | date | str | None = None) -> Board:
    """Ask all definitions of a scorecard side by side, and rank who qualifies by potential × readiness.

    Args:
        activity: what happened.
        card: definitions and scores; or a definition alone.
        as_of: the time to stand at; default: the activity's own.

    Returns:
        A board; its rows, by state and then by score, are

        - entity_id, name, crm_id (the record by which sales knows it);
        - state: `ready`, `review` (it qualifies only through uncertain identity), `waiting`, `missed` (it can qualify
          no more, because a window is over), `vetoed`, `won`;
        - by (the definition that was met first, or is nearest), via (its branch), reached_at, reached_at_strict (the
          same without identity evidence weaker than `sure`), missing (the next steps of that definition, in words),
          vetoed_at, won_at, and `<definition>_at` for each;
        - score = potential × readiness, each 0 to 1. Potential is the mean of size (the rank among all by known people)
          and fit, where that is known; readiness the mean of nearness (1 once reached; else one by one more than the
          steps missing; missed or vetoed: 0), engagement / 100, and activation, where there is a checklist;
        - engagement, activation, fit, fit_known: see `Points`, `Checklist`, `Fit`; null where the card has none;
        - tenants, people, active_people; and a window earlier, with `_before`: see `idgraph.pql.people.sizes`;
        - champion, champion_id, reach (the contacts or leads of its users, champion first), not_using (those of people
          who do not use the product yet);
        - weakest_rule, weakest_weight: the weakest identity evidence that it qualifies by; null: all of it is sure;
          weakest_record: the company or person that it makes part of this one, to be explained by the graph;
        - reasons: the strongest, in words: `+`, `−`, and `?` what to look at first.

    Raises:
        ConfigError: the activity or the card is none.
    """
    card = Scorecard.of(card)
    if not isinstance(activity, Activity):
        raise mistaken("activity", activity, "what happened, as graph.activity() gives it")
    now = _held(activity.as_of(as_of).on_the_way_to(card.level))
    card.check(now)
    usage = card.usage(now)
    met = merged(now, card)
    people = people_of(now, card.level, usage).join(met, on="entity_id", how="semi")
    rows = _ranked(_described(now, card, usage, met).join(_reach(people), on="entity_id", how="left"), card.level)
    told = pl.concat([reasons(now, card.level, usage, card.definitions), _reached(rows, card), _doubts(rows)])
    order = {"entity_id": False, "sign": False, "strength": True, "text": False}
    told = told.join(rows, on="entity_id", how="semi").sort(*order, descending=[*order.values()])
    rows = rows.join(_in_words(told), on="entity_id", how="left", maintain_order="left")
    names = [f"{definition.name}_at" for definition in card.definitions]
    filled = rows.with_columns(pl.col("reasons", "reach", "not_using").fill_null([]))
    return Board(card.level, now.now, filled.select(*_FIRST, *names, *_THEN), people, told.select(list(REASONS)))


def _held(activity: Activity) -> Activity:
    """Work out once what is asked again and again; events stay where they are, and each question reads its own."""
    return replace(activity, told=activity.told.collect().lazy(), entities=activity.entities.collect().lazy())


_FIRST: Final = (
    "entity_id", "name", "crm_id", "state", "by", "via", "reached_at", "reached_at_strict", "missing", "vetoed_at",
    "won_at",
)  # fmt: skip
_THEN: Final = (
    "score", "potential", "readiness", "engagement", "activation", "fit", "fit_known", "tenants", "people",
    "active_people", "tenants_before", "people_before", "active_people_before", "champion", "champion_id", "reach",
    "not_using", "weakest_rule", "weakest_weight", "weakest_record", "reasons",
)  # fmt: skip


def _described(activity: Activity, card: Scorecard, usage: Points, met: pl.DataFrame) -> pl.DataFrame:
    """Add who they are, what they qualified by, how large they are, and their scores."""
    everyone = activity.entities.filter(pl.col("level") == card.level)
    sized = sizes(activity, card.level, usage, card.window)
    parts = (
        everyone.select("entity_id", "name", "crm_id").collect(),
        grounds(activity, card, met),
        sized,
        _scores(activity, card, usage),
    )
    rows = reduce(lambda left, right: left.join(right, on="entity_id", how="left"), parts, met)
    return rows.with_columns(pl.col(sized.columns).exclude("entity_id").fill_null(0))


def _scores(activity: Activity, card: Scorecard, usage: Points) -> pl.DataFrame:
    """entity_id, engagement, activation, fit, fit_known."""
    level = card.level
    scores = usage.score(activity, level).select("entity_id", engagement="value")
    nothing = pl.lit(None, pl.Float64)
    empty = scores.clear().select("entity_id")
    steps = empty.with_columns(activation=nothing)
    if card.activation is not None:
        steps = card.activation.rate(activity, level).select("entity_id", activation="value")
    fits = empty.with_columns(fit=nothing, fit_known=nothing)
    if card.fit is not None:
        fits = card.fit.score(activity, level).select("entity_id", fit="value", fit_known="known")
    both = scores.join(steps, on="entity_id", how="full", coalesce=True)
    return both.join(fits, on="entity_id", how="full", coalesce=True)


def _reach(people: pl.DataFrame) -> pl.DataFrame:
    """entity_id, known (people), champion, champion_id, reach, not_using."""
    uses, ids = pl.col("place").is_not_null(), pl.col("crm_id").is_not_null()
    return people.group_by("entity_id", maintain_order=True).agg(
        known=pl.len(),
        champion=pl.col("name").filter(pl.col("place") == 1).first(),
        champion_id=pl.col("person_id").filter(pl.col("place") == 1).first(),
        reach=pl.col("crm_id").filter(uses & ids),
        not_using=pl.col("crm_id").filter(~uses),
    )


def _ranked(rows: pl.DataFrame, level: Level) -> pl.DataFrame:
    size = pl.lit(None, pl.Float64) if level == "person" else pl.col("known").fill_null(0).rank() / pl.len()
    fit = pl.when(pl.col("fit_known") > 0).then(pl.col("fit"))
    near = pl.when(pl.col("reached_at").is_not_null()).then(1.0).otherwise(1 / (pl.col("lacks") + 1))
    nearness = pl.when("missed").then(0.0).otherwise(near)
    potential = pl.mean_horizontal(size, fit).fill_null(1.0)
    readiness = pl.mean_horizontal(nearness, pl.col("engagement").fill_null(0.0) / 100, "activation")
    scored = rows.with_columns(pl.col("engagement").fill_null(0.0), potential=potential, readiness=readiness)
    order = pl.col("state").replace_strict(STATES, range(len(STATES)), return_dtype=pl.Int64)
    best = scored.with_columns(score=pl.col("potential") * pl.col("readiness"), order=order)
    return best.sort(
        "order", "score", "reached_at", "entity_id", descending=[False, True, False, False], nulls_last=True
    )


def _reason(rows: pl.DataFrame, sign: Literal["+", "?"], kind: str, text: pl.Expr) -> pl.DataFrame:
    """A reason that has no comparison."""
    given = {"sign": pl.lit(sign), "kind": pl.lit(kind), "text": text, "strength": pl.lit(float("inf"))}
    filled = rows.with_columns(**given)
    return filled.select(
        (pl.col(name) if name in {"entity_id", "evidence", *given} else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in REASONS.items()
    )


def _reached(rows: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """Through what each qualified, in words: named branches in full."""
    met = rows.filter(pl.col("reached_at").is_not_null()).rename({"grounds": "evidence"})
    nodes = [node for definition in card.definitions for node in walk(definition)]
    said = {str(node): spoken(node) for node in nodes if isinstance(node, Moment)}
    day = pl.col("reached_at").dt.strftime("%-d %B %Y")
    branch = pl.col("via").replace_strict(said, default=pl.col("via"), return_dtype=pl.String)
    return _reason(met, "+", "reached", pl.format("{} since {}: {}", "by", day, branch))


def _doubts(rows: pl.DataFrame) -> pl.DataFrame:
    doubtful = rows.filter(pl.col("state") == "review").rename({"doubtful": "evidence"})
    weight = (pl.col("weakest_weight") * 10).floor() / 10  # what is less than `sure` may not look as much
    of = pl.format(" of {}", "weakest_record").fill_null("")
    found = pl.format(" ({}, weight {}{})", "weakest_rule", weight, of)
    words = pl.format("hangs on uncertain identity{}: without it, not qualified", found.fill_null(""))
    return _reason(doubtful, "?", "identity", words)


def _in_words(told: pl.DataFrame) -> pl.DataFrame:
    """The strongest reasons of each: entity_id, reasons."""
    shown = told.with_columns(most=pl.col("sign").replace_strict(_SHOWN, return_dtype=pl.Int64))
    first = shown.filter(pl.int_range(pl.len()).over("entity_id", "sign") < pl.col("most"))
    sign = pl.col("sign").replace({"-": "−"})
    ordered = first.sort("entity_id", sign.replace_strict(["+", "−", "?"], range(3)), maintain_order=True)
    return ordered.group_by("entity_id", maintain_order=True).agg(reasons=pl.format("{} {}", sign, "text"))


def _standing(row: dict[str, object]) -> str:
    score = f"score {row['score']:.2f}"
    if isinstance(at := row["reached_at"], datetime):
        return f"{row['state']}, since {at.day} {at:%B %Y}; {score}"
    return f"{row['state']}, nearest to {row['by']}; {score}"


def _size(row: dict[str, object]) -> str:
    active = f"{row['active_people']} active, {row['active_people_before']} before"
    return f"people using it: {row['people']} ({active}); tenants: {row['tenants']}"


def _person(row: dict[str, object]) -> str:
    """Name, share, and how to reach them; addresses are shortened."""
    name = mask_text(str(row["name"] or row["person_id"]))
    share = f", {row['share']:.0%} of use" if row["share"] is not None else ""
    invites = f", invited {row['invites']}" if row["invites"] else ""
    return f"{name}{share}{invites} ({mask_id(str(row['crm_id'])) if row['crm_id'] else 'not in the CRM'})"


def _masked(value: Any) -> Any:  # noqa: ANN401 - a value of a row
    if isinstance(value, list):
        return [_masked(part) for part in value]
    return mask_text(value) if isinstance(value, str) else value
