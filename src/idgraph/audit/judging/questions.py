"""Questions: what is asked of a person, and all that is known of the records it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.inside import rows_of
from idgraph.audit.report.shown import Shown
from idgraph.entities.nearest import no_record
from idgraph.errors import ConfigError, NotFoundError, mask_id
from idgraph.linkage.exact import names_of
from idgraph.linkage.firms import COMPANY_NAMES
from idgraph.schema import FRAMES, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["Asked", "asked_of"]

Frames = Mapping[str, nw.LazyFrame]
_MOST: Final = 50  # records of an entity that are shown
_ENDS: Final = ("left_id", "right_id")
_TOLD: Final = ("rule", "evidence", "reason", "weight", "effect")
_ENTITIES: Final = {"person": "person", "account": "company"}
_SHOWN: Final = Shown(redact=False)


@dataclass(frozen=True)
class Asked:
    """What is asked, in the form that a widget takes.

    Attributes:
        questions: for each `asks` (the question in words), `left` and `right` (ids of the records on that side, the one
            to be judged first), `more` (how many records of each are not shown), `choose` (whether the two records are
            to be chosen among them) and `told` (label and text: what the graph says of it).
        records: by id `about` (what it is) and `facts` (name and values).
    """

    questions: list[dict[str, Any]]
    records: dict[str, dict[str, Any]]


def asked_of(pairs: nw.LazyFrame, frames: Frames, engine: Engine) -> Asked:
    """Look up what a person needs to know to answer.

    Args:
        pairs: `left_id` and `right_id`; two that stand there several times are asked about once. With a column
            `question`, as the review queue has, they stand for their whole entities. `rule`, `evidence`, `reason`,
            `weight` and `effect` are told where they are there.
        frames: records, identifiers, memberships, assignments.
        engine: what runs it.

    Raises:
        ConfigError: a column is not there, or a row is no question.
        NotFoundError: a record is not in the graph.
    """
    columns = pairs.collect_schema().names()
    if missing := [name for name in _ENDS if name not in columns]:
        raise ConfigError(
            f"pairs lack the column {missing[0]!r}; they are record ids, as graph.review() and graph.sample() give them"
        )
    known = [name for name in (*_ENDS, "question", *_TOLD) if name in columns]
    every = engine.collect(pairs.select(*(nw.col(name).cast(TEXT) for name in known)))
    two = pl.struct(least=pl.min_horizontal(_ENDS), most=pl.max_horizontal(_ENDS))
    rows = every.filter(two.is_first_distinct())
    placed = _placed(frames, rows, engine)
    held = _held(frames, {entity_id for _, entity_id in placed.values()}, engine) if "question" in columns else {}
    drafts = [_draft(row, placed, held) for row in rows.iter_rows(named=True)]
    ids = sorted({record_id for draft in drafts for end in ("left", "right") for record_id in draft[end]})
    names, records = _records(frames, ids, engine)
    questions = [_chosen(draft, names, records) if draft["choose"] else draft for draft in drafts]
    return Asked(questions, records)


def _placed(frames: Frames, rows: pl.DataFrame, engine: Engine) -> dict[str, tuple[str, str]]:
    """Level and entity of the records that are asked about."""
    ids = {record_id for end in _ENDS for record_id in rows[end].drop_nulls()}
    found = rows_of(frames, "assignments", "record_id", ids, engine.collect).cast({"level": pl.String})
    placed = found.filter(pl.col("level") != "tenant").select("record_id", "level", "entity_id")
    known = {record_id: (level, entity_id) for record_id, level, entity_id in placed.iter_rows()}
    if strange := sorted(ids - known.keys()):
        raise NotFoundError(no_record(frames["records"], strange[0], engine.collect))
    return known


def _held(frames: Frames, entities: Collection[str], engine: Engine) -> dict[str, list[str]]:
    """The records of entities."""
    found = rows_of(frames, "assignments", "entity_id", entities, engine.collect).sort("record_id")
    return dict(found.group_by("entity_id").agg("record_id").iter_rows())


def _draft(
    row: Mapping[str, str | None], placed: Mapping[str, tuple[str, str]], held: Mapping[str, list[str]]
) -> dict[str, Any]:
    """One question, with all the records that it is about."""
    left, right = (row[end] for end in _ENDS)
    choose = row.get("question") == "one?"
    if left is None or (right is None) != choose or left == right:
        named = [mask_id(record_id) if record_id else "nobody" for record_id in (left, right)]
        raise ConfigError(f"{named[0]} and {named[1]} are no question; name two records, or rows of graph.review()")
    level = placed[left][0]
    if right is not None and placed[right][0] != level:
        raise ConfigError(f"{mask_id(left)!r} and {mask_id(right)!r} are a person and a company; ask of two of a level")
    sides = [_side(record_id, placed, held) for record_id in (left, left if right is None else right)]
    what = _ENTITIES[level]
    return {
        "asks": f"Is this profile one {what}?" if choose else f"Are these two one {what}?",
        "left": sides[0] if choose else sides[0][:_MOST],
        "right": sides[1] if choose else sides[1][:_MOST],
        "more": [max(len(side) - _MOST, 0) for side in sides],
        "choose": choose,
        "told": [[name, _SHOWN.value(text)] for name in _TOLD if (text := row.get(name))],
    }


def _side(record_id: str, placed: Mapping[str, tuple[str, str]], held: Mapping[str, list[str]]) -> list[str]:
    """A record, and the others of its entity if the whole is asked about."""
    others = held.get(placed[record_id][1], ())
    return [record_id, *(other for other in others if other != record_id)]


def _chosen(
    draft: dict[str, Any], names: Mapping[str, str], records: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Put first those records of a profile that contradict each other: the evidence is `one name or id / another`."""
    evidence = dict(draft["told"]).get("evidence", "")
    ids = draft["left"]

    def says(record_id: str) -> set[str]:
        values = (value for _, held in records[record_id]["facts"] for value in held)
        return {names.get(record_id, ""), *values} - {""}

    left = next((one for one in ids if any(evidence.startswith(f"{value} / ") for value in says(one))), ids[0])
    others = [one for one in ids if one != left]
    right = next((one for one in others if any(evidence.endswith(f" / {value}") for value in says(one))), others[0])
    some = [record_id for record_id in ids if record_id not in {left, right}][: _MOST - 2]
    return {**draft, "left": [left, right, *some], "right": [right, left, *some]}


# -------------------------------------------------------------------------------------------------------------- records


def _records(frames: Frames, ids: Sequence[str], engine: Engine) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """What records are called, and what is known of them."""
    rows = rows_of(frames, "records", "record_id", ids, engine.collect)
    named = names_of(engine.lazy(rows.rename({"record_id": "record"})), "person")
    names = engine.collect(named.select("record", "name"))
    attributes = [name for name in rows.columns if name not in FRAMES["records"].columns]
    held = [_identifiers(frames, ids, engine), _companies(frames, ids, engine)]
    told = {}
    for row in rows.iter_rows(named=True):
        more = [fact for facts in held for fact in facts.get(row["record_id"], [])]
        told[row["record_id"]] = {"about": _about(row), "facts": [*_said(row, attributes), *more]}
    return dict(names.iter_rows()), told


def _said(row: Mapping[str, Any], attributes: Sequence[str]) -> list[Any]:
    """The attributes of a record; whatever its source calls the name of a company, it is compared with other names."""
    found: dict[str, list[str]] = {}
    for attribute in attributes:
        if row[attribute] is not None:
            fact = "name" if attribute in COMPANY_NAMES else attribute
            found.setdefault(fact, []).append(_SHOWN.cell(row[attribute]))
    return [[fact, values] for fact, values in found.items()]


def _about(row: Mapping[str, Any]) -> str:
    days = dict.fromkeys(f"{row[end]:%Y-%m-%d}" for end in ("first_seen", "last_seen") if row[end] is not None)
    parts = [f"{row['kind']} of {row['source']}", f"seen {' to '.join(days)}" if days else ""]
    return ", ".join([*filter(None, parts), *(["deleted"] if row["deleted"] else [])])


def _identifiers(frames: Frames, ids: Sequence[str], engine: Engine) -> dict[str, list[Any]]:
    """The values that records hold, whatever became of them: who judges is not to be told what the graph made of it."""
    held = rows_of(frames, "identifiers", "record_id", ids, engine.collect)
    return _facts(held.select("record_id", pl.col("type").cast(pl.String), "value").iter_rows())


def _companies(frames: Frames, ids: Sequence[str], engine: Engine) -> dict[str, list[Any]]:
    """The companies of people, by name."""
    belongs = rows_of(frames, "memberships", "person_record_id", ids, engine.collect)
    held = belongs.select("person_record_id", "company_record_id")
    companies = rows_of(frames, "records", "record_id", held["company_record_id"].unique(), engine.collect)
    columns = [name for name in COMPANY_NAMES if name in companies.columns]
    named = {
        company: next(filter(None, names), company)
        for company, *names in companies.select("record_id", *columns).iter_rows()
    }
    return _facts((person, "company", named.get(company, company)) for person, company in held.iter_rows())


def _facts(held: Iterable[tuple[str, str, str]]) -> dict[str, list[Any]]:
    """Gather (record, fact, value): by record, each fact with its values."""
    found: dict[str, dict[str, list[str]]] = {}
    for record_id, fact, value in sorted(set(held)):
        found.setdefault(record_id, {}).setdefault(fact, []).append(_SHOWN.value(value))
    return {record_id: [[fact, values] for fact, values in facts.items()] for record_id, facts in found.items()}
