"""`Questions`: the frames of a result, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import narwhals.stable.v2 as nw

from idgraph.audit.apart import Learnt
from idgraph.audit.coverage import coverage
from idgraph.audit.drift import drift, rates
from idgraph.audit.evaluation import Evaluation, evaluation
from idgraph.audit.explain import drawn, example, explain
from idgraph.audit.explanation import Explanation
from idgraph.audit.growth import growth
from idgraph.audit.inside import entity_row, evidence_held, inside
from idgraph.audit.judging.questions import asked_of
from idgraph.audit.leads import lead_to_account
from idgraph.audit.report import report
from idgraph.audit.review import review
from idgraph.audit.sampling import Estimate, estimate, sample
from idgraph.audit.summary import summary
from idgraph.audit.thresholds import thresholds
from idgraph.audit.timeline import timeline
from idgraph.collapse.decisions import Contradiction, decide
from idgraph.config import Config
from idgraph.engines.computed import Computed
from idgraph.engines.output import write_page
from idgraph.entities.crosswalk import crosswalk
from idgraph.errors import ConfigError, mistaken, needed
from idgraph.linkage.models import Models
from idgraph.pql.board import Board
from idgraph.pql.spoken import many
from idgraph.schema import FRAMES, LEVELS, empty

if TYPE_CHECKING:
    import networkx as nx
    import polars as pl

    from idgraph.audit.charts import Charts
    from idgraph.audit.judging.widget import Judging
    from idgraph.engines import Engine

__all__ = ["Questions", "known"]


class Questions:
    """The frames of a result as attributes, and questions about them: each is a line over what answers it.

    Attributes:
        config: the settings of the run.
        run: versions, sources and counts; what `run.json` holds.
        models: what the weights of records that are alike come from.
    """

    def __init__(
        self,
        frames: Mapping[str, nw.LazyFrame],
        config: Config,
        engine: Engine,
        run: Mapping[str, Any],
        *,
        models: Models | None = None,
        stored: bool = False,
    ) -> None:
        every = {name: frames[name] if name in frames else engine.lazy(empty(name)) for name in FRAMES}
        self._frames: Mapping[str, nw.LazyFrame] = every if stored else Computed(every, engine)
        self._plans = every
        self._engine = engine
        self._native: dict[str, Any] = {}
        self.config = config
        self.run = dict(run)
        self.models = models or Models()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """Give a frame as the engine's own kind, computed once."""
        if name.startswith("_") or name not in FRAMES:
            msg = f"a Graph has no {name!r}; its frames are {', '.join(FRAMES)}"
            raise AttributeError(msg)
        if name not in self._native:
            self._native[name] = self._engine.native(self._frames[name])
        return self._native[name]

    def __dir__(self) -> list[str]:
        """List the frames too, for completion."""
        return [*super().__dir__(), *FRAMES]

    def __repr__(self) -> str:
        """Say how much came out of how much, as `summary` counts it: what is known only by reference apart."""
        count, real = self._engine.count, ~nw.col("stub")
        records = many(count(self._frames["records"]), "record")
        if stubs := count(self._frames["records"].filter(~real)):
            records += f", {stubs:,} of them known only by reference,"
        entities = [many(count(self._frames[f"{noun}s"].filter(real)), noun) for noun in ("profile", "account")]
        barred = f"{many(count(self._frames['suppressed']), 'value')} suppressed"
        return f"<Graph: {records} → {', '.join(entities)}; {barred}>"

    def counts(self) -> dict[str, int]:
        """Count the rows of every frame."""
        return {name: self._engine.count(self._frames[name]) for name in FRAMES}

    def profile(self, id: str) -> dict[str, Any]:
        """Show one profile: its row, and `record_ids`.

        Args:
            id: an entity id (`prf_…`), or the id of any of its records.
        """
        return entity_row(self._frames, "person", id, self._engine.collect)

    def account(self, id: str) -> dict[str, Any]:
        """Show one account: its row, and `record_ids`; see `profile`."""
        return entity_row(self._frames, "account", id, self._engine.collect)

    def crosswalk(self) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """Show every id of every person by system.

        Returns:
            profile_id, and for each source with people a list of native ids, named after the source.
        """
        return self._engine.native(crosswalk(self._frames, self._engine))

    def to_networkx(self, id: str) -> nx.Graph:
        """Draw one entity's evidence as a graph of records and values; see `idgraph.audit.explain.evidence_graph`.

        Args:
            id: an entity id, or the id of one of its records.
        """
        return drawn(self._frames, inside(self._frames, id, self._engine.collect)["record_id"], self._engine.collect)

    def explain(self, left_id: str, right_id: str) -> Explanation:
        """Say why two records are one, or why not; of a person and a company, why the one belongs to the other or not.

        Then also which of the person's accounts is the primary, and why no other: see `Explanation.accounts`.

        Args:
            left_id: a record id, or an entity id, which is asked by its first record.
            right_id: another.

        Raises:
            NotFoundError: a record or an entity is not in the graph.
        """
        return explain(self._frames, left_id, right_id, self._engine, self._learnt(), self.config.strict_weight)

    def how(self, id: str) -> pl.DataFrame:
        """Replay how an entity grew, strongest evidence first; see `idgraph.audit.growth.growth`.

        Args:
            id: an entity id, or the id of one of its records.

        Raises:
            NotFoundError: there is no such entity.
        """
        records = inside(self._frames, id, self._engine.collect)["record_id"]
        return growth(*evidence_held(self._frames, records, self._engine.collect))

    def sample(self, size: int = 100, level: str = "person", seed: int = 0) -> pl.DataFrame:
        """Draw joined pairs to be judged blind, for `estimate`; see `idgraph.audit.sampling.sample`.

        Raises:
            ConfigError: there is no such level, or nothing is joined on it.
        """
        return sample(self._frames, _known_level(level), size, seed, self._engine)

    def estimate(self, labels: Any, level: str = "person") -> Estimate:  # noqa: ANN401 - a frame of any library
        """Estimate from judged pairs how many of all joined pairs are right; see `idgraph.audit.sampling.estimate`.

        Args:
            labels: what `sample` drew, with a verdict for each: `same`, `different` or `unsure`.
            level: that of the sample.

        Raises:
            ConfigError: there is no such level, or the labels are not those of a sample.
        """
        return estimate(self._frames, _known_level(level), labels, self._engine)

    def evaluate(self, truth: Any, level: str = "person", kind: str | None = None) -> Evaluation:  # noqa: ANN401
        """Compare the entities of a level with a known truth; records that only one of them has do not count.

        Args:
            truth: record_id, entity_id: a frame of any library.
            level: person, tenant or account.
            kind: count the records of one kind only.

        Returns:
            Pairwise and B-cubed precision, recall and F1; how right each of `kinds` and `rules` is, and `errors` by
            cause, are found out when they are asked for: see `idgraph.audit.evaluation.Evaluation`.

        Raises:
            ConfigError: there is no such level, the truth lacks a column, puts a record into two entities, or knows
                none of the graph's records.
        """
        learnt = self._learnt().get(_known_level(level))
        return evaluation(self._frames, truth, level, kind, learnt, self.config, self._engine)

    def thresholds(
        self,
        truth: Any = None,  # noqa: ANN401 - a frame of any library
        level: str = "person",
        probabilities: Sequence[float] | None = None,
    ) -> pl.DataFrame:
        """Say what becomes of profiles or accounts as links by likeness have to be likelier or less likely.

        Each threshold is a collapse with all constraints; nothing is compared or weighed again.

        Args:
            truth: record_id, entity_id: to score the entities of each threshold with; see `evaluate`.
            level: person or account.
            probabilities: what a link has to be likely; default some from even odds on, and the graph's own.

        Returns:
            A row for each threshold; see `idgraph.audit.thresholds.thresholds`.

        Raises:
            ConfigError: there is no such level, no link of it has a probability, a threshold is none; and see
                `evaluate`.
        """
        return thresholds(self._frames, _known_level(level), probabilities, truth, self.config, self._engine)

    def contradictions(self) -> list[Contradiction]:
        """List the words `same` that were left out because a chain of them joins two records said to be different."""
        return decide(self._engine.collect(self._frames["judgements"])).contradictions

    def review(self, limit: int = 100) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """List the pairs and profiles most worth a minute of a person, those of most expected effect first.

        Args:
            limit: the most rows to list.

        Returns:
            question, level, left_id, right_id and more; see `idgraph.audit.review.review`.

        Raises:
            ConfigError: limit is less than 1.
        """
        return self._engine.native(review(self._frames, self.config, self._engine, limit))

    def judge(self, pairs: Any = None, *, by: str | None = None) -> Judging:  # noqa: ANN401 - a frame of any library
        """Show pairs in a notebook, side by side, to say of each whether it is the same; `judgements` is what was said.

        Args:
            pairs: what to ask: `left_id` and `right_id`, such as `sample()` draws or rows of `links`, each record by
                itself; or rows of `review()`, which stand for whole entities. Default `review()`. What the rows say of
                `rule`, `evidence`, `reason`, `weight` and `effect` is shown too; those of `sample` say nothing.
            by: who judges.

        Returns:
            A widget: see `idgraph.audit.judging.widget.Judging`.

        Raises:
            ExtraError: anywidget is not installed.
            ConfigError: the pairs lack a column, or a row is no question.
            NotFoundError: a record is not in the graph.
        """
        with needed("anywidget", "widgets", "notebook"):
            from idgraph.audit.judging.widget import Judging
        asked = self._engine.lazy(self.review() if pairs is None else pairs)
        return Judging(asked_of(asked, self._frames, self._engine), by)

    def timeline(self, device: str, type: str | None = None) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """List who held a device when; see `idgraph.audit.timeline.timeline`.

        Args:
            device: the value, as it stands in `identifiers`.
            type: its type, where it is a value of several.

        Raises:
            NotFoundError: no record of a person holds it.
            ConfigError: the type is not trusted like a device, or several types have the value and none is named.
        """
        found = timeline(self._frames, device, type, self.config, self._engine)
        return self._engine.native(self._engine.lazy(found))

    def summary(self) -> dict[str, Any]:
        """Count what came in, what it became and what was refused; see `idgraph.audit.summary.summary`."""
        return summary(self._frames, self._engine)

    def coverage(self) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """Count who reaches an account, and through what; see `idgraph.audit.coverage.coverage`."""
        return self._engine.native(coverage(self._frames, self._engine))

    def lead_to_account(self, *kinds: str) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """Say to which account each lead and contact goes, or why to none; see `idgraph.audit.leads.lead_to_account`.

        Args:
            kinds: of which kinds of people; default: `lead` and `contact`.

        Raises:
            ConfigError: one is no kind of people.
        """
        asked = kinds or ("lead", "contact")
        return self._engine.native(lead_to_account(self._frames, asked, self._engine))

    def drift(self, previous: Self) -> pl.DataFrame:
        """Say which rates are not what they were: of each source what is null, held, linked, joined and so on.

        Args:
            previous: an earlier result, such as last week's.

        Returns:
            A row for each rate, those worth looking at first: their `note` says `fell`, `rose`, `new` or `gone`. See
            `idgraph.audit.drift.drift` for columns and the test, `idgraph.audit.drift.rates` for what is counted.

        Raises:
            ConfigError: the previous result is no graph.
        """
        earlier = known(previous)
        return drift(*(rates(graph._frames, graph._engine) for graph in (earlier, self)))  # noqa: SLF001 - its kind

    def example(self) -> tuple[str, str]:
        """Pick two records of one profile that no single value joins, of as many kinds as can be.

        Returns:
            The record ids; the profile is the one of most kinds, and of few records, so that it can be read.

        Raises:
            NotFoundError: no profile has two records.
        """
        return example(self._frames, self._engine.collect)

    @property
    def chart(self) -> Charts:
        """Charts of this graph, `graph.chart.sizes()` and so on; see `idgraph.audit.charts.Charts`.

        Raises:
            ExtraError: Altair is not installed.
        """
        with needed("altair", "charts", "notebook"):
            from idgraph.audit.charts import Charts
        return Charts(self._frames, self._engine, self.explain, self.thresholds)

    def report(
        self,
        out: str | Path,
        *,
        previous: Self | None = None,
        board: Any = None,  # noqa: ANN401 - a board, or a frame of any library
        evaluation: Evaluation | None = None,
        redact: bool = False,
    ) -> Path:
        """Write one HTML page that needs no network; see `idgraph.audit.report.report`.

        Args:
            out: a file that is new, or an earlier page of ours.
            previous: an earlier result, to say what changed.
            board: what `idgraph.pql.board` gave, to show; or a frame of your own, best first.
            evaluation: what `evaluate` gave, to show how right the graph is.
            redact: shorten personal values.

        Returns:
            The file.

        Raises:
            OutputError: the file is somebody else's, or cannot be written.
            ConfigError: the previous result is no graph, or the evaluation none.
        """
        if evaluation is not None and not isinstance(evaluation, Evaluation):
            raise mistaken("evaluation", evaluation, "what graph.evaluate(truth) gives")
        before = None if previous is None else known(previous)._frames  # noqa: SLF001 - another of its kind
        rows = board.brief() if isinstance(board, Board) else board
        shown = None if rows is None else self._engine.lazy(rows)
        page = report(
            self._frames,
            self.run,
            self.config,
            self._engine,
            previous=before,
            board=shown,
            evaluation=None if evaluation is None else evaluation.section,
            redact=redact,
        )
        write_page(page, Path(out))
        return Path(out)

    def _learnt(self) -> dict[str, Learnt | None]:
        """What the run learnt of likeness, by level."""
        facts = self.run.get("likeness", {})
        models = {"person": self.models.people, "account": self.models.companies}
        return {level: Learnt.of(model, facts.get(level)) for level, model in models.items()}


def _known_level(level: str) -> str:
    if level not in LEVELS:
        msg = f"{level!r} is no level; it is one of {', '.join(LEVELS)}"
        raise ConfigError(msg)
    return level


def known(previous: Questions) -> Questions:
    """Refuse what is no graph: the path of one, say."""
    if not isinstance(previous, Questions):
        raise mistaken("previous", previous, "a Graph; one that was written is opened by ig.open(folder)")
    return previous
