"""False pairs: records that were joined and are two, by the links that joined them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.evaluation.errors import BLAMED, Blamed
from idgraph.linkage.parts import from_text
from idgraph.linkage.rules import ALIAS_RULE, JUDGEMENT_RULE, SIMILAR_RULE
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.audit.evaluation.joins import Joins
    from idgraph.engines import Engine

__all__ = ["false_pairs"]

_MOST: Final = 300_000  # records of the entities that are taken apart
_OF_RULES: Final = {SIMILAR_RULE: "likeness", JUDGEMENT_RULE: "judgement", ALIAS_RULE: "source merge"}
_NO_FIELDS: Final = {"prior", "ceiling"}
_Group = dict[str, tuple[int, str]]  # by true entity how many records, and one of them


def false_pairs(held: Joins, engine: Engine) -> Blamed:
    """Lay false pairs to the links that joined them.

    The links of an entity are laid one after the other: those that the truth holds right first, then those that it does
    not know, then the wrong ones; the strongest before others. A link answers for the false pairs between the two
    groups that it joins. So a wrong link does, where there is one, and else the weakest on the way.
    """
    told = held.records.filter(~nw.col("true").is_null())
    cells = told.group_by("entity_id", "true").agg(nw.len().cast(COUNT).alias("n"))
    cells = cells.with_columns(squared=nw.col("n") * nw.col("n"))
    sizes = cells.group_by("entity_id").agg(
        nw.len().cast(COUNT).alias("parts"), nw.col("n").sum(), nw.col("squared").sum()
    )
    mixed = engine.collect(sizes.filter(nw.col("parts") > 1)).sort("entity_id")
    every = int((mixed["n"] ** 2 - mixed["squared"]).sum()) // 2
    drawn = mixed.sample(fraction=1.0, shuffle=True, seed=0).with_row_index("place")
    drawn = drawn.filter((pl.col("n").cum_sum() <= _MOST) | (pl.col("place") == 0))
    asked = engine.lazy(drawn.select("entity_id"))
    links = engine.collect(held.links.join(asked, on="entity_id", how="semi"))
    known = engine.collect(told.join(asked, on="entity_id", how="semi").select("record", "record_id", "true"))
    groups: dict[int, _Group] = {record: {true: (1, record_id)} for record, record_id, true in known.iter_rows()}
    return Blamed(pl.DataFrame(_blamed(links, groups), schema=BLAMED, orient="row"), every)


def _blamed(links: pl.DataFrame, groups: dict[int, _Group]) -> Iterator[tuple[str, str, str | None, int, str, str]]:
    """Lay links; give cause, rule, detail, pairs and an example of those that join different entities of the truth."""
    order = {"verdict": False, "weight": True, "rule": False, "left": False, "right": False, "evidence": False}
    laid = links.sort(*order, descending=[*order.values()])
    above: dict[int, int] = {}

    def top(record: int) -> int:
        path = []
        while (upper := above.get(record, record)) != record:
            path.append(record)
            record = upper
        above.update(dict.fromkeys(path, record))
        return record

    for left, right, rule, evidence in laid.select("left", "right", "rule", "evidence").iter_rows():
        one, other = top(left), top(right)
        if one == other:
            continue
        larger, smaller = groups.pop(one, {}), groups.pop(other, {})
        if len(larger) < len(smaller):
            larger, smaller = smaller, larger
        if pairs := _pairs(larger, smaller):
            detail = _levels(evidence) if rule == SIMILAR_RULE else None
            cause = "shared value" if evidence is None else _OF_RULES.get(rule, "link")
            yield cause, rule, detail, pairs, *_two(larger, smaller)
        for true, (n, record_id) in smaller.items():
            larger[true] = (n + larger[true][0], larger[true][1]) if true in larger else (n, record_id)
        above[other] = one
        groups[one] = larger


def _pairs(larger: _Group, smaller: _Group) -> int:
    """How many pairs of records between two groups are of different entities."""
    every = sum(n for n, _ in larger.values()) * sum(n for n, _ in smaller.values())
    return every - sum(n * larger[true][0] for true, (n, _) in smaller.items() if true in larger)


def _two(larger: _Group, smaller: _Group) -> list[str]:
    """Two records of two groups that are of different entities."""
    return sorted(
        next(
            (one, other)
            for true, (_, other) in smaller.items()
            for of_larger, (_, one) in larger.items()
            if true != of_larger
        )
    )


def _levels(evidence: str) -> str:
    """What was compared of two that were found alike, and how far it agreed."""
    parts = [part for part in from_text(evidence) if part.field not in _NO_FIELDS and " and " not in part.field]
    return ", ".join(f"{part.field} {part.level}" for part in parts)
