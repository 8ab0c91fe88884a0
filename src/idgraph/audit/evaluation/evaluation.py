"""`Evaluation`: how right the entities of a level are against a known truth, and what its errors come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.evaluation.errors import Blamed, by_cause
from idgraph.audit.evaluation.false_pairs import false_pairs
from idgraph.audit.evaluation.joins import Joins, joins
from idgraph.audit.evaluation.missed_pairs import missed_pairs
from idgraph.audit.evaluation.rules import rules
from idgraph.audit.evaluation.shown import html, said, shown
from idgraph.audit.metrics import Quality, evaluate, known_of, of_kind
from idgraph.audit.report.tables import Section, Table
from idgraph.errors import mistaken
from idgraph.schema import LEVELS, TEXT

if TYPE_CHECKING:
    from idgraph.audit.apart import Learnt
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Evaluation", "evaluation"]

Frames = Mapping[str, nw.LazyFrame]


@dataclass(frozen=True)
class _Asked:
    """What was asked, to look further into it: see `evaluation`."""

    frames: Frames
    truth: nw.LazyFrame
    level: str
    kind: str | None
    learnt: Learnt | None
    config: Config
    engine: Engine


@dataclass(frozen=True, repr=False)
class Evaluation(Quality):
    """How right the entities of a level are; `kinds`, `rules` and `errors` are found out when they are asked for.

    Frames are of Polars, whatever the engine.

    Attributes:
        level: person, tenant or account.
        records_of_truth: how many records the truth places, those too that the graph has not on this level.
        records_of_graph: how many the graph has there, those too of which the truth says nothing.
    """

    level: str
    records_of_truth: int
    records_of_graph: int
    _asked: _Asked = field(compare=False)

    def __repr__(self) -> str:
        """One line."""
        return f"<Evaluation of level {self.level}: {self}>"

    def __str__(self) -> str:
        """Records, precision and recall, and how many records only the graph or only the truth has."""
        return said(self, self.records_of_graph, self.records_of_truth)

    def _repr_html_(self) -> str:
        """Tables for a notebook: of all and by kind, by rule, and errors by cause."""
        return html(str(self), self.tables)

    @property
    def tables(self) -> list[Table]:
        """The same as tables that people read: scores of all and by kind, rules, the first causes of errors."""
        return shown(self, self.kinds, self.rules, self.errors, self.looked_at)

    @property
    def section(self) -> Section:
        """The same as a part of a page; see `idgraph.audit.report.report`."""
        says = f"Against what is known of the truth, on level {self.level}: {self}."
        return Section("evaluation", "How right", says, self.tables)

    @cached_property
    def kinds(self) -> pl.DataFrame:
        """The same for the records of one kind each.

        kind (String), records (Int64), precision, recall, f1, bcubed_precision, bcubed_recall, bcubed_f1 (Float64);
        those kinds only that the truth knows some records of.
        """
        asked = self._asked
        kinds = LEVELS[self.level] if asked.kind is None else (asked.kind,)
        found = {kind: evaluate(asked.frames, asked.truth, self.level, kind, asked.engine).as_dict() for kind in kinds}
        return pl.DataFrame([{"kind": kind, **scores} for kind, scores in found.items() if scores["records"]])

    @cached_property
    def rules(self) -> pl.DataFrame:
        """How right each rule is, and what hangs on it alone; those of most links first.

        - rule (String);
        - links (Int64): how many it gives that are used; of a value that k records hold k - 1;
        - right, wrong, unknown (Int64): of how many of them the truth says that both ends are one, that they are two,
          and nothing. Of the holders of a value as many links are right as can be;
        - precision (Float64): right of right and wrong; null where there are none;
        - right_alone, wrong_alone (Int64): pairs of records, right and wrong ones, that would come apart without it;
        - precision_without, recall_without (Float64): of pairs, if it alone were left out. Constraints and guards are
          not asked again: `graph.without(rule=…).evaluate(truth)` does that.
        """
        return rules(self._held, self, self._asked.engine)

    @cached_property
    def errors(self) -> pl.DataFrame:
        """What wrong and missed pairs come from; for each error the most frequent causes first.

        - error (String): `false` (joined, but two) or `missed` (one, but not joined);
        - cause (String). Of false pairs what joined them: `shared value`, `likeness`, `judgement`, `source merge`,
          `link` (found elsewhere); told is the link that is wrong, and where the way leads over records that the truth
          does not know, the weakest on it. Of missed pairs what kept the two entities apart, the first of: `judgement`;
          `cut` (by a constraint, or because what else was compared says no); `rejected`; `review`; `suppressed` (a
          value they share); `scored too low` (compared by likeness); `never a candidate` (alike in something, but no
          key brought them together); `value not used` (they share one that no rule links by); `not known by name` (so
          that likeness is not asked); `nothing in common`;
        - rule (String): the rule, or the type of the value; null where there is none;
        - detail (String): of likeness what was compared and how far it agreed, or what was most against it; of what was
          cut, suppressed or waits the reason; else null;
        - pairs (Int64): how many pairs of records; share (Float64): of all of the same error that were looked at;
        - places (Int64): from how many links (false) or pairs of entities (missed);
        - examples (List of Struct of left_id, right_id): up to three pairs, for `graph.explain`.

        Where errors are many, not all are looked at, but some drawn at random: see `looked_at`.
        """
        return by_cause(self._blamed)

    @property
    def looked_at(self) -> dict[str, tuple[int, int]]:
        """By error, `false` and `missed`: how many pairs of records `errors` stands for, and how many there are."""
        return {error: (blamed.looked_at, blamed.pairs) for error, blamed in self._blamed.items()}

    @cached_property
    def _held(self) -> Joins:
        asked = self._asked
        known = known_of(asked.frames, asked.truth, asked.kind, asked.engine)
        return joins(asked.frames, known, self.level, asked.config, asked.engine)

    @cached_property
    def _blamed(self) -> dict[str, Blamed]:
        asked = self._asked
        return {
            "false": false_pairs(self._held, asked.engine),
            "missed": missed_pairs(
                self._held, asked.frames, self.level, asked.learnt, asked.config.strict_weight, asked.engine
            ),
        }


def evaluation(
    frames: Frames,
    truth: Any,  # noqa: ANN401 - a frame of any library
    level: str,
    kind: str | None,
    learnt: Learnt | None,
    config: Config,
    engine: Engine,
) -> Evaluation:
    """Compare the entities of a level with a known truth; see `idgraph.audit.metrics.evaluate`.

    Args:
        frames: all frames of a graph.
        truth: record_id, entity_id: a frame of any library.
        level: person, tenant or account.
        kind: count the records of one kind only.
        learnt: what the run learnt of likeness on this level; None where nobody was compared.
        config: the settings of the run.
        engine: what runs it.

    Raises:
        ConfigError: the truth is no frame, lacks a column, puts a record into two entities, or knows none of the
            graph's records; or no record of the level is of the kind.
    """
    if kind is not None and kind not in LEVELS[level]:
        raise mistaken("kind", kind, f"one of level {level}: {', '.join(LEVELS[level])}")
    asked = _Asked(frames, engine.lazy(truth), level, kind, learnt, config, engine)
    score = evaluate(frames, asked.truth, level, kind, engine)
    known = known_of(frames, asked.truth, kind, engine)
    placed = frames["assignments"].filter(nw.col("level").cast(TEXT) == level).select("record_id")
    if kind is not None:
        placed = placed.join(of_kind(frames, kind), on="record_id", how="semi")
    return Evaluation(
        **vars(score),
        level=level,
        records_of_truth=engine.count(known),
        records_of_graph=engine.count(placed),
        _asked=asked,
    )
