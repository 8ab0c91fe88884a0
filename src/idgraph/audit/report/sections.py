"""Sections: the parts of a page, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit import overview
from idgraph.audit.circles import circles
from idgraph.audit.coverage import coverage
from idgraph.audit.drift import drift, rates
from idgraph.audit.report.since import Difference, compared, id_churn
from idgraph.audit.report.tables import Section, Table, table
from idgraph.linkage.rules import SIMILAR_RULE
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from idgraph.audit.report.shown import Shown
    from idgraph.engines import Engine

__all__ = ["Told", "sections"]

Frames = Mapping[str, nw.LazyFrame]
_TORN: Final = ("merged", "split", "moved")
_CHANGED: Final = 50  # of these that are listed
_VALUES: Final = 50  # suppressed values that are listed
_WEAKEST: Final = 25  # profiles that are listed
_QUEUE: Final = 25  # questions that are listed
_BOARD: Final = 100  # accounts that are listed


@dataclass(frozen=True)
class Told:
    """What the sections tell of.

    Attributes:
        frames: all frames of a graph.
        summary: see `idgraph.audit.summary.summary`.
        queue: see `idgraph.audit.review.review`.
        previous: the frames of an earlier result.
        board: a board, best first.
        evaluation: how right the graph is.
        shown: how values are shown.
        engine: what runs it.
    """

    frames: Frames
    summary: Mapping[str, Any]
    queue: pl.DataFrame
    previous: Frames | None
    board: nw.LazyFrame | None
    evaluation: Section | None
    shown: Shown
    engine: Engine

    @cached_property
    def flow(self) -> pl.DataFrame:
        """See `idgraph.audit.overview.flow`."""
        return overview.flow(self.frames, self.engine)

    @cached_property
    def differing(self) -> list[Difference]:
        """Counts that are not what they were in the earlier result."""
        return [] if self.previous is None else compared(self.previous, self.frames, self.engine)


def sections(told: Told) -> list[Section]:
    """Give the sections of a page."""
    made = (
        _review,
        attrgetter("evaluation"),
        _weakest,
        _suppressed,
        _board,
        _changes,
        _flow,
        _coverage,
        _sizes,
        _rejects,
        _circles,
    )
    return [section for make in made if (section := make(told)) is not None]


def _shown(frame: pl.DataFrame, **how: Callable[[str | None], str]) -> pl.DataFrame:
    """Put columns as they may be shown."""
    return frame.with_columns(
        pl.Series(name, [show(value) for value in frame[name]], pl.String) for name, show in how.items()
    )


def _review(told: Told) -> Section:
    queue = told.queue.with_columns(pl.col("question", "level", "rule", "reason").cast(pl.String))
    evidence = pl.Series(
        [
            text if rule == SIMILAR_RULE and question == "same?" else told.shown.value(text)
            for text, rule, question in queue.select("evidence", "rule", "question").iter_rows()
        ],
        dtype=pl.String,
    )
    rows = _shown(queue.with_columns(evidence=evidence), left_id=told.shown.record, right_id=told.shown.record)
    rows = rows.select("question", "left_id", "right_id", "rule", "evidence", "reason", "weight", "effect")
    says = "What a person should decide, what changes most first. A judgement settles it in every later run."
    questions = table(
        "Questions",
        rows,
        bar="effect",
        most=_QUEUE,
        left_id="record",
        right_id="other record",
        effect="expected effect",
    )
    return Section("review", "Review queue", says, [questions])


def _weakest(told: Told) -> Section:
    by_rule = overview.weakest(told.frames, told.engine)
    weak = told.frames["profiles"].filter(~nw.col("weakest_weight").is_null())
    columns = weak.select("entity_id", "records", nw.col("weakest_rule").cast(TEXT), "weakest_weight")
    rows = told.engine.collect(columns.sort("weakest_weight", "entity_id").head(_WEAKEST))
    of = int(by_rule.filter(level="person")["entities"].sum())
    says = "A profile is as sure as the weakest evidence it needs. Weights are log2 odds: 10 is a thousand to one."
    tables = [
        table("By the rule of the weakest evidence", by_rule, bar="entities", weight="least weight"),
        table("The weakest profiles", rows, of=of, entity_id="profile", weakest_rule="by", weakest_weight="weight"),
    ]
    return Section("weakest", "Weakest evidence", says, tables)


def _suppressed(told: Told) -> Section:
    words = [nw.col(name).cast(TEXT) for name in ("type", "reason")]
    values = told.frames["suppressed"].select(*words, "value", "records", "entities")
    ordered = values.sort("records", "type", "value", descending=[True, False, False]).head(_VALUES)
    rows = _shown(told.engine.collect(ordered), value=told.shown.value)
    tables = [
        table("By reason", overview.refused(told.frames, told.engine), bar="records"),
        table(
            "The values that most records hold",
            rows.select("type", "value", "reason", "records", "entities"),
            of=sum(row["count"] for row in told.summary["suppressed"]),
        ),
    ]
    if told.summary["cut"]:
        cut = pl.DataFrame(told.summary["cut"]).rename({"count": "identifiers"})
        tables.append(table("Cut from entities that would hold too much", cut, bar="identifiers"))
    tables += _overridden(told)
    says = "Values that may not link, because too many share them or because they name nobody."
    return Section("suppressed", "Suppressed values", says, tables)


def _overridden(told: Told) -> Iterator[Table]:
    """The domains that are on a list of providers or hosts, and used as the holder's own."""
    of = sum(row["count"] for row in told.summary["overridden"])
    if of:
        used = told.frames["identifiers"].filter((nw.col("state") == "used") & ~nw.col("reason").is_null())
        words = [nw.col(name).cast(TEXT) for name in ("type", "reason")]
        counted = used.select(*words, "value").group_by("type", "value", "reason").agg(nw.len().alias("records"))
        ordered = counted.sort("records", "type", "value", descending=[True, False, False]).head(_VALUES)
        rows = _shown(told.engine.collect(ordered), value=told.shown.value)
        yield table("Used although they are on a list: their holders are called so", rows, of=of)


def _board(told: Told) -> Section | None:
    if told.board is None:
        return None
    rows = told.engine.collect(told.board.head(_BOARD))
    texts = {
        name: rows[name].to_list() if dtype == pl.Enum else [told.shown.cell(value) for value in rows[name].to_list()]
        for name, dtype in rows.schema.items()  # the words of an Enum are declared, and are nobody's
    }
    numbers = {name: rows[name] for name, dtype in rows.schema.items() if dtype.is_numeric()}
    frame = pl.DataFrame({name: numbers.get(name, texts[name]) for name in rows.columns})
    says = "Who is qualified, best first, as the definition says."
    return Section(
        "board", "Product-qualified leads", says, [table("Board", frame, most=_BOARD, of=told.engine.count(told.board))]
    )


def _changes(told: Told) -> Section | None:
    tables = [*_changed(told), *_compared(told)]
    says = "Ids stay where records stayed together; what follows is where they did not."
    return Section("changes", "What changed", says, tables) if tables else None


def _changed(told: Told) -> Iterator[Table]:
    """What the graph itself knows of the run before."""
    counted = overview.changed(told.frames, told.engine)
    if counted.is_empty():
        return
    yield table("Entities since the run before", counted, bar="entities")
    told_of = told.frames["changes"].with_columns(nw.col("change").cast(TEXT), nw.col("level").cast(TEXT))
    torn = told_of.filter(nw.col("change").is_in(list(_TORN)))
    columns = ["level", "change", "entity_id", "from_ids", "cause"]
    rows = told.engine.collect(torn.select(columns).sort("level", "change", "entity_id").head(_CHANGED))
    shown = _shown(rows, cause=told.shown.cause).with_columns(pl.col("from_ids").list.join(", "))
    of = int(counted.filter(pl.col("change").is_in(_TORN))["entities"].sum())
    if shown.height:
        yield table("Merged, split and moved", shown, of=of, entity_id="entity", from_ids="was")


def _compared(told: Told) -> Iterator[Table]:
    """What a comparison with an earlier result shows."""
    if told.previous is None:
        return
    schema = {"what": pl.String, "before": pl.Int64, "after": pl.Int64}
    rows = pl.DataFrame(told.differing, schema=schema, orient="row").with_columns(
        difference=pl.col("after") - pl.col("before")
    )
    yield table("Counts that differ", rows, most=_VALUES)
    old, new = (rates(frames, told.engine) for frames in (told.previous, told.frames))
    moved = drift(old, new).drop_nulls("note")
    if moved.height:
        yield table("Rates that moved beyond chance", moved.drop("z"), most=_VALUES)
    ids = id_churn(told.previous, told.frames, told.engine).as_dict()
    facts = {name: ids[name] for name in ("records", "changed", "needless", "kept", "created", "retired")}
    words = {
        "records": "records that are in both",
        "changed": "of them with another id",
        "needless": "of these for no reason",
        "kept": "entity ids in both",
        "created": "entity ids only now",
        "retired": "entity ids only before",
    }
    yield table(
        "Ids", pl.DataFrame({"what": [words[name] for name in facts], "count": [int(n) for n in facts.values()]})
    )


def _flow(told: Told) -> Section:
    def part(column: str, word: str) -> pl.Expr:
        return pl.col("records").filter(pl.col(column) == word).sum().alias(f"{column} {word}")

    by_source = told.flow.group_by("source").agg(
        pl.col("records").sum(),
        part("profile", "joined").alias("joined with others"),
        part("accounts", "one").alias("in one account"),
        part("accounts", "several").alias("in several"),
        part("accounts", "none").alias("in none"),
    )
    ordered = by_source.sort("records", "source", descending=[True, False])
    says = "People's records by source: how many share a profile with another record, and how many reach an account."
    return Section("flow", "From records to accounts", says, [table("People's records", ordered, bar="records")])


def _coverage(told: Told) -> Section:
    rows = told.engine.collect(coverage(told.frames, told.engine)).sort("kind", "accounts", "via")
    says = "Who reaches an account, and through what. Who reaches none is counted for nobody."
    return Section(
        "coverage", "Coverage", says, [table("Records and entities by accounts", rows, bar="records", via="by")]
    )


def _sizes(told: Told) -> Section:
    counted = overview.sizes(told.frames, told.engine)
    one = pl.col("least") == pl.col("most")
    band = pl.when(one).then(pl.format("{}", "most")).otherwise(pl.format("{} to {}", "least", "most"))
    tables = [
        table(caption, counted.filter(level=level).select(band.alias("records"), "entities"), bar="entities")
        for level, caption in (("person", "Profiles"), ("account", "Accounts"))
    ]
    return Section("sizes", "Sizes", "How many entities have how many records.", tables)


def _rejects(told: Told) -> Section | None:
    columns = [nw.col(name).cast(TEXT) for name in ("source", "grain", "column", "reason")]
    by = ["source", "grain", "column", "reason"]
    counted = told.frames["rejects"].select(columns).group_by(by).agg(count=nw.len())
    rows = told.engine.collect(counted).sort("count", *by, descending=[True, *[False] * len(by)])
    if rows.is_empty():
        return None
    shown = _shown(rows, column=lambda name: told.shown.column(name or ""))
    says = "Rows without a usable id, and values that are not of their type's form. Their records stay."
    return Section("rejects", "What could not be used", says, [table("Rejected", shown, bar="count")])


def _circles(told: Told) -> Section | None:
    found = told.engine.collect(circles(told.frames))
    if found.is_empty():
        return None
    rows = found.sort("account_id", "child_record_id", "parent_record_id").rename({"account_id": "account"})
    shown = _shown(rows, child_record_id=told.shown.record, parent_record_id=told.shown.record)
    says = "Companies that own each other, and what they own: their accounts have no `ultimate_parent_id`."
    said = table("Who owns whom", shown, child_record_id="record", parent_record_id="owned by")
    return Section("circles", "Owners in a circle", says, [said])
