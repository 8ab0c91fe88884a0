"""What keeps two people, or two companies, apart: values that may not link, links that wait, too little likeness."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.between import links_between, shared_between
from idgraph.audit.compared import Compared, sides_of, weighed, with_values
from idgraph.errors import mask, mask_id
from idgraph.linkage.candidates import AND
from idgraph.linkage.guards import STATE_REASONS
from idgraph.linkage.parts import Part, as_link, from_text
from idgraph.linkage.rules import SIMILAR_RULE
from idgraph.pql.spoken import many

if TYPE_CHECKING:
    from idgraph.linkage.model import Model

__all__ = ["Apart", "Learnt", "most_against", "why_apart"]

Collect = Callable[[nw.LazyFrame], pl.DataFrame]
_MOST: Final = 12  # reasons of one kind that are told
_ENDS: Final = ("left_id", "right_id")


@dataclass(frozen=True)
class Learnt:
    """What a run learnt of likeness on one level.

    Attributes:
        model: what weighs a pair.
        rows: how many people or companies were compared.
        least: the log2 odds from which on two are linked.
        keys: names of those by which pairs met.
    """

    model: Model
    rows: int
    least: float
    keys: Sequence[str]

    @staticmethod
    def of(model: Model | None, facts: Mapping[str, Any] | None) -> Learnt | None:
        """Read what a run says of itself; None where nobody was compared."""
        if model is None or facts is None:
            return None
        return Learnt(model, facts["rows"], facts["least"], [key["key"] for key in facts["keys"] if key["pairs"]])

    @property
    def prior(self) -> float:
        """The log2 odds that two are one before anything is compared."""
        return round(self.model.prior(self.rows, self.rows * (self.rows - 1) / 2), 4)

    def met_by(self, common: Collection[str]) -> list[str]:
        """The keys by which two meet that have some features in common."""
        return [key for key in self.keys if set(key.split(AND)) <= set(common)]


@dataclass(frozen=True)
class Apart:
    """Why two are not one.

    Attributes:
        reasons: in words, values masked.
        parts: what each comparison says of the two; empty where they were not compared.
    """

    reasons: list[str]
    parts: list[Compared]


def why_apart(
    frames: Mapping[str, nw.LazyFrame],
    held: tuple[pl.DataFrame, pl.DataFrame],
    pair: Sequence[str],
    level: str,
    wholes: Sequence[Sequence[str]],
    units: Sequence[Sequence[str]],
    learnt: Learnt | None,
    collect: Collect,
) -> Apart:
    """Say what could have joined two records of different entities, and why it did not.

    Args:
        frames: records, identifiers, assignments, memberships, hierarchy.
        held: what `idgraph.audit.inside.evidence_held` says of both.
        pair: the two record ids.
        level: person or account.
        wholes: the records of the entity of each.
        units: the records of each that are held together without likeness.
        learnt: what the run learnt of likeness; None where nobody was compared.
        collect: brings a small frame to this process.
    """
    placed = pl.DataFrame(
        [(record_id, entity, record_id in pair) for entity, whole in enumerate(wholes) for record_id in whole],
        schema={"record_id": pl.String, "entity": pl.Int64, "own": pl.Boolean},
        orient="row",
    )
    two = pl.DataFrame({"pair": [0], "left": [0], "right": [1]})
    identifiers, links = held
    shared = _shared(shared_between(identifiers, placed, two), pair)
    links = links_between(links, placed.drop("own"), two).sort("left_id", "right_id", "evidence")
    waiting = [
        f"{_whose(pair, left, right, ': ')}a link by {rule} is in state {state}{_because(reason)}"
        for left, right, rule, state, reason in links.select(*_ENDS, "rule", "state", "reason").iter_rows()
    ]
    nothing = [] if shared or waiting else ["they share no identifier, and no chain of records joins them"]
    reasons = [*_owned(frames["hierarchy"], placed, collect), *shared, *waiting[:_MOST], *nothing]
    if learnt is None:
        return Apart([*reasons, "nobody was compared by likeness: it was off, or too few are known by name"], [])
    sides = sides_of(frames, units, level, learnt.model, collect)
    if unknown := [mask_id(record) for unit, record in enumerate(pair) if unit not in sides.units]:
        said = f"likeness was not asked: of {' and '.join(unknown)} no full name is known"
        return Apart([*reasons, said], [])
    ((common, parts),) = weighed(sides, [(0, 1)])
    alike = links.filter(pl.col("rule") == SIMILAR_RULE).sort("weight", descending=True)
    found = alike.height > 0
    compared = with_values(
        from_text(alike["evidence"][0]) if found else as_link(parts, learnt.prior, inf), sides, (0, 1)
    )
    return Apart([*reasons, _met(common, learnt, found=found), _scored(compared, learnt)], compared)


def _owned(hierarchy: nw.LazyFrame, placed: pl.DataFrame, collect: Collect) -> list[str]:
    """Which records of the one are owned by records of the other, in words."""
    ids, entities = placed["record_id"].to_list(), dict(placed.select("record_id", "entity").iter_rows())
    ends = ("child_record_id", "parent_record_id")
    found = collect(hierarchy.filter(*(nw.col(end).is_in(ids) for end in ends))).sort(ends)
    return [
        f"{mask_id(child)} is owned by {mask_id(parent)}, by its {via}: that never joins"
        for child, parent, via in found.select(*ends, "via").iter_rows()
        if entities[child] != entities[parent]
    ][:_MOST]


def _shared(both: pl.DataFrame, pair: Sequence[str]) -> list[str]:
    """Values that both entities hold: those of the two records first, in words."""
    both = both.with_columns(both=pl.col("own") & pl.col("own_other"))
    by = ["type", "value"]
    told = both.sort("both", *by, descending=[True, False, False]).head(_MOST)
    said = []
    for row in told.iter_rows(named=True):
        barred = sorted({(row[f"state{side}"], row[f"reason{side}"]) for side in ("", "_other")}, key=str)
        state, reason = next((found for found in barred if found[1]), (None, None))
        why = f"{state}, {reason}: {STATE_REASONS.get(reason, reason)}" if reason else "not used: no rule links by it"
        who = _whose(pair, row["record_id"], row["record_id_other"], ", ") or "they "
        said.append(f"{who}share {row['type']} {mask(row['value'])}, {why}")
    return said


def _whose(pair: Sequence[str], one: str, other: str, then: str) -> str:
    """Name two records, where they are not those asked for but others of theirs."""
    return "" if {one, other} == set(pair) else f"{mask_id(one)} and {mask_id(other)}, of theirs{then}"


def _because(reason: str | None) -> str:
    return f": {STATE_REASONS.get(reason, reason)}" if reason else ""


def _met(common: Collection[str], learnt: Learnt, *, found: bool) -> str:
    """Whether likeness compared the two, and what brought them together."""
    if met := learnt.met_by(common):
        more = f", and by {many(len(met) - 1, 'other key')}" if len(met) > 1 else ""
        return f"likeness compares them: they meet by {met[0]}{more}"
    if found:
        return "likeness compared them"
    return f"likeness never compared them: by none of its {len(learnt.keys)} keys do they meet"


def _scored(compared: Sequence[Compared], learnt: Learnt) -> str:
    """What the two score, and what they lack."""
    score = round(sum(part.weight for part in compared), 4)
    against = f"; most against it: {worst}" if (worst := most_against(compared)) else ""
    if score >= learnt.least:
        return f"they score {score:+.1f}, enough for a link, which takes {learnt.least:+.1f}{against}"
    lacks = f"{learnt.least - score:.1f} short of a link, which takes {learnt.least:+.1f}"
    review = "; review takes 0" if score < 0 else ", enough for review"
    return f"they score {score:+.1f}, {lacks}{review}{against}"


def most_against(parts: Sequence[Part]) -> str | None:
    """What says most against two being one; None where nothing does."""
    fields = [part for part in parts if part.field not in {"prior", "ceiling"}]
    worst = min(fields, key=lambda part: part.weight, default=None)
    return f"{worst.field} {worst.level}" if worst is not None and worst.weight < 0 else None
