"""`Graph`: what a run found, to ask, to write and to open again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from idgraph.audit.apart import Learnt
from idgraph.audit.blast import BlastRadius, blast_radius, standings
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
from idgraph.collapse.judgements import read_judgements
from idgraph.config import Config
from idgraph.engines import engine_for
from idgraph.engines.computed import Computed
from idgraph.engines.output import (
    MODELS_FILE,
    RUN_FILE,
    WRITTEN,
    entity_column,
    new_folder,
    refuse_folder,
    run_of,
    write_page,
)
from idgraph.engines.run import previous_facts, run_facts, when
from idgraph.entities.again import judged_again, leave_out
from idgraph.entities.as_of import known_at
from idgraph.entities.build import build
from idgraph.entities.changes import changes_between
from idgraph.entities.crosswalk import crosswalk
from idgraph.entities.evidence import evidence_of
from idgraph.errors import ConfigError, mask, mask_id, mistaken, needed
from idgraph.linkage.models import Models
from idgraph.normalise.instants import instant
from idgraph.pql.board import Board
from idgraph.pql.card import Scorecard
from idgraph.pql.events import told_by
from idgraph.pql.reach import activity_of
from idgraph.pql.spoken import many
from idgraph.schema import FRAMES, LEVELS, TEXT, cast, empty
from idgraph.sources.references import Owner

if TYPE_CHECKING:
    import networkx as nx
    import polars as pl

    from idgraph.audit.charts import Charts
    from idgraph.audit.judging.widget import Judging
    from idgraph.engines import Engine
    from idgraph.entities.evidence import Evidence
    from idgraph.pql.activity import Activity
    from idgraph.pql.definition import Definition
    from idgraph.sources.table import Source

__all__ = ["Graph"]


class Graph:
    """Profiles and accounts, and all the evidence they stand on.

    Every frame of `idgraph.schema.FRAMES` is an attribute: `graph.profiles`, `graph.links`, `graph.suppressed` … In a
    Polars run they are `polars.DataFrame`s.

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
        """Say how much came out of how much."""
        names = ("records", "profiles", "accounts", "suppressed")
        counts = {name: self._engine.count(self._frames[name]) for name in names}
        came = " → ".join(many(counts[f"{noun}s"], noun) for noun in ("record", "profile"))
        barred = f"{many(counts['suppressed'], 'value')} suppressed"
        return f"<Graph: {came}, {many(counts['accounts'], 'account')}; {barred}>"

    @classmethod
    def from_frames(cls, *, config: Config | None = None, **frames: Any) -> Graph:  # noqa: ANN401
        """Collapse evidence that was found elsewhere, e.g. links of another tool.

        Args:
            config: settings; the key of ids, and which types are contact points.
            frames: `records` (at least record_id and kind), and any of `identifiers`, `links`, `memberships`,
                `hierarchy`, `aliases`, in the columns of `idgraph.schema.FRAMES`; absent columns are null.
                Identifiers and links whose state is null count as used.

        Returns:
            The graph; nothing is matched that the frames do not say.
        """
        config = config or Config()
        engine = engine_for(*frames.values())
        given = {name: engine.lazy(frame) for name, frame in frames.items()}
        return cls.collapsed(evidence_of(given, config, engine), config, engine, run_facts(config, engine, []))

    @classmethod
    def collapsed(
        cls,
        evidence: Evidence,
        config: Config,
        engine: Engine,
        run: Mapping[str, Any],
        previous: Graph | None = None,
    ) -> Graph:
        """Collapse decided evidence; see `idgraph.entities.build.build`.

        Args:
            evidence: what is known.
            config: the settings of the run.
            engine: what runs it.
            run: what `run.json` says of it.
            previous: an earlier result, whose ids stay.

        Raises:
            ConfigError: the previous result was made with other ids: another key, or without one.
        """
        if previous is None:
            return cls(build(evidence, config, engine), config, engine, run, models=evidence.models)
        if _known_graph(previous).run.get("id_key") != run.get("id_key"):
            msg = "the previous result was made with another id_key: its ids mean nothing here. Give the same key."
            raise ConfigError(msg)
        before = engine.lazy(previous.assignments).select("record_id", nw.col("level").cast(TEXT), "entity_id")
        before = engine.checkpoint(before)
        frames = build(evidence, config, engine, before)
        now = engine.checkpoint(frames["assignments"])
        at = datetime.fromisoformat(run["at"])
        frames |= {"changes": changes_between(before, now, frames, engine, run["run_id"], at), "assignments": now}
        facts = {**run, "previous": previous_facts(previous.run, run)}
        return cls(frames, config, engine, facts, models=evidence.models)

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

    def as_of(self, at: datetime | date | str) -> Graph:
        """Give the graph as it was known at a time, by when its evidence was observed; nothing is matched again.

        What is suppressed, what a model or a majority decided, attributes and the flag `deleted` are today's. What
        nobody knows the time of is left out: see `idgraph.entities.as_of.known_at`, and `docs/how-to/as-of.md`.

        Args:
            at: a datetime, a date (its first moment), or either as ISO 8601 text; without a zone it is UTC.

        Returns:
            The graph; `run["as_of"]` says `at`, and by frame how many rows were `left_out` because they have no known
            time, and how many came `later`.

        Raises:
            ConfigError: it is no point in time, or the graph was opened without the key of its ids.
        """
        known = known_at(self._frames, instant(at), self._engine)
        said = {"at": instant(at).isoformat(), "left_out": known.left_out, "later": known.later}
        return self._again(known.frames, as_of=said)

    def without(
        self,
        *,
        rule: str | None = None,
        value: str | tuple[str, str] | None = None,
        link: tuple[str, str] | None = None,
    ) -> Graph:
        """Give the graph that would be without a rule, a value or a link; nothing is matched again.

        Guards are not asked again either: what is suppressed today stays so.

        Args:
            rule: an identifier type (`email`), or a rule of `identifiers.rules` or `links.rule` (`source_merge`).
            value: a value of `identifiers`, or (type, value).
            link: two record ids that a row of `links` joins.

        Returns:
            The graph; `changes` says which profiles and accounts differ. What was left out stands in its frames, and
            masked in the list `run["without"]`.

        Raises:
            ConfigError: nothing is to be left out, what is to be is not there, or the graph was opened without the key
                of its ids.
        """
        left = leave_out(self._frames, rule, value, link, self._engine)
        shown = [value] if isinstance(value, str) else list(value or ())
        said = {
            "rule": rule,
            "value": [*shown[:-1], *map(mask, shown[-1:])] or None,
            "link": [mask_id(record_id) for record_id in link or ()] or None,
        }
        named = {what: name for what, name in said.items() if name is not None}
        return self._again(left, self, without=[*self.run.get("without", []), named])

    def blast_radius(
        self,
        *,
        rule: str | None = None,
        value: str | tuple[str, str] | None = None,
        link: tuple[str, str] | None = None,
        card: Scorecard | Definition | None = None,
    ) -> BlastRadius:
        """Say which profiles, accounts and memberships hang on a rule, a value or a link; see `without`.

        Args:
            rule: see `without`.
            value: see `without`.
            link: see `without`.
            card: definitions of who qualifies: then also which qualifications hang on it, by the events that the graph
                holds; see `with_events`.

        Returns:
            What would come apart: see `idgraph.audit.blast.BlastRadius`.

        Raises:
            ConfigError: see `without`; or the card is none.
            EngineError: qualifications are asked of a graph on Spark: write it, and open it here.
        """
        asked = None if card is None else Scorecard.of(card)
        after = self.without(rule=rule, value=value, link=link)
        moved = None if asked is None else standings(self.activity(), after.activity(), asked)
        return blast_radius(self._frames, after._frames, self._engine, moved)  # noqa: SLF001 - another of its kind

    def with_judgements(self, judgements: Any) -> Graph:  # noqa: ANN401 - a path or a frame of any library
        """Give the graph that would be if this were said too; nothing is matched again.

        Args:
            judgements: a table (CSV, Parquet, a frame) in the columns of the frame `judgements`; those that the graph
                has stay.

        Returns:
            The graph; `changes` says which profiles and accounts differ.

        Raises:
            SourceError: the table cannot be read, or a row of it not be used.
            ConfigError: a person and a company are judged.
        """
        said = read_judgements(judgements, self._engine)
        return self._again(judged_again(self._frames, said, self._engine), self)

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

    def with_events(self, *sources: Source) -> Graph:
        """Give the graph with what further sources tell: the frames `events` and `facts`; nothing is linked.

        Whom a row is about is looked up by its identifiers among those of the graph; the rows of a source that the
        graph was made of are its own records. See `idgraph.pql.events.told_by`.

        Args:
            sources: those with `event`, or without a kind.

        Raises:
            SourceError: a source cannot be read, or its mapping does not fit.
        """
        owners = [Owner(said["name"], frozenset(said["kinds"]), said["id_type"]) for said in self.run["sources"]]
        told = told_by(sources, self._plans, owners, self.config, self._engine)
        return Graph({**self._plans, **told}, self.config, self._engine, self.run, models=self.models)

    def activity(self, *sources: Source) -> Activity:
        """Give what happened, each event with the person, tenant, account and parent it counts for.

        Args:
            sources: of events that the graph does not hold yet; see `with_events`.

        Returns:
            The activity up to its latest event; `as_of` clips what was known of identities too, as `Graph.as_of` does.

        Raises:
            EngineError: the graph is on Spark: write it, and open it here.
            SourceError: a source cannot be read, or its mapping does not fit.
        """
        if sources:
            return self.with_events(*sources).activity()
        now = instant(self.run["as_of"]["at"]) if "as_of" in self.run else None
        return activity_of(self._frames, now, lambda at: self.as_of(at).activity(), self._engine)

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

    def drift(self, previous: Graph) -> pl.DataFrame:
        """Say which rates are not what they were: of each source what is null, held, linked, joined and so on.

        Args:
            previous: an earlier result, such as last week's.

        Returns:
            A row for each rate, those worth looking at first: their `note` says `fell`, `rose`, `new` or `gone`. See
            `idgraph.audit.drift.drift` for columns and the test, `idgraph.audit.drift.rates` for what is counted.

        Raises:
            ConfigError: the previous result is no graph.
        """
        earlier = _known_graph(previous)
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
        previous: Graph | None = None,
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
        before = None if previous is None else _known_graph(previous)._frames  # noqa: SLF001 - another of its kind
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

    @staticmethod
    def refuse_folder(out: str | Path) -> None:
        """Refuse what `write` would refuse, before the work and not after it.

        Raises:
            OutputError: the folder is somebody else's.
        """
        refuse_folder(Path(out), WRITTEN)

    def write(
        self,
        out: str | Path,
        format: Literal["parquet", "csv"] = "parquet",
        *,
        frames: Sequence[str] = tuple(FRAMES),
    ) -> Path:
        """Write frames, `run.json` and `models.json` into a folder, at once: a failed write leaves nothing.

        A frame becomes a file; on Spark a folder of Parquet files that the workers write, in folders `bucket=…` by the
        first two digits of the entity id if it has one: 1 to 256 of them, so that a file holds some million rows.

        Args:
            out: a folder that is new, empty, or one of ours, which is then replaced.
            format: `parquet`, or `csv` with texts that a spreadsheet would run neutralised (not on Spark).
            frames: names of those to write; a folder without some of them cannot be opened again as a graph.

        Returns:
            The folder.

        Raises:
            OutputError: the folder is somebody else's, not on this machine, or cannot be written.
            EngineError: Spark was to write CSV, or an attribute is called `bucket`.
            ConfigError: there is no such frame.
        """
        plans = self._named(frames)
        with new_folder(Path(out), WRITTEN) as folder:
            counts = {  # straight from the plans: what is only written is never held whole
                name: self._engine.write(plan, folder / f"{name}.{format}", format, entity_column(name))
                for name, plan in plans.items()
            }
            run = {**self.run, "counts": counts, "format": format}
            (folder / RUN_FILE).write_text(json.dumps(run, indent=2, sort_keys=True) + "\n")
            if self.models != Models():
                self.models.save(folder / MODELS_FILE)
        return Path(out)

    def save_tables(
        self,
        prefix: str,
        format: str = "parquet",
        mode: Literal["error", "overwrite"] = "error",
        *,
        frames: Sequence[str] = tuple(FRAMES),
    ) -> dict[str, int]:
        """Save frames as tables of the Spark session's catalog, one after the other: `<prefix>profiles` and so on.

        Those with entity ids are partitioned by a further column `bucket`; see `write`.

        Args:
            prefix: such as `sales.idgraph_`.
            format: any table format that the session has: `parquet`, `delta`, `iceberg` …
            mode: `error` refuses if one of the tables exists, `overwrite` replaces it.
            frames: names of those to save.

        Returns:
            By the name of each table, how many rows were saved.

        Raises:
            EngineError: the graph is not on Spark, its session lacks the format, or an attribute is called `bucket`.
            OutputError: a table exists, has a name that Spark refuses, or could not be saved.
            ConfigError: there is no such frame or mode.
        """
        return self._engine.save_tables(self._named(frames), prefix, format, mode)

    @classmethod
    def open(cls, out: str | Path, session: Any = None) -> Graph:  # noqa: ANN401 - a SparkSession
        """Open a folder that `write` made, on whichever engine; frames are read when they are asked for.

        Args:
            out: the folder.
            session: a Spark session to read it with, whose workers see the folder; default Polars.

        Raises:
            OutputError: the folder is not one of ours, lacks a frame, or was written as CSV, which keeps no dtypes.
            EngineError: it is no session, or Spark cannot be used as it is.
        """
        run, config = run_of(Path(out))
        engine = engine_for(session=session)
        frames = {name: cast(engine.stored(Path(out) / f"{name}.parquet"), name) for name in FRAMES}
        learnt = Path(out) / MODELS_FILE
        models = Models.load(learnt) if learnt.exists() else None
        return cls(frames, config, engine, run, models=models, stored=True)

    def _learnt(self) -> dict[str, Learnt | None]:
        """What the run learnt of likeness, by level."""
        facts = self.run.get("likeness", {})
        models = {"person": self.models.people, "account": self.models.companies}
        return {level: Learnt.of(model, facts.get(level)) for level, model in models.items()}

    def _named(self, frames: Sequence[str]) -> dict[str, nw.LazyFrame]:
        """Plans of frames by name."""
        if strange := sorted(set(frames) - set(FRAMES)):
            msg = f"there is no frame {' or '.join(map(repr, strange))}; the frames are {', '.join(FRAMES)}"
            raise ConfigError(msg)
        return {name: self._plans[name] for name in frames}

    def _again(
        self,
        frames: Mapping[str, nw.LazyFrame],
        previous: Graph | None = None,
        **facts: Any,  # noqa: ANN401 - what JSON can hold
    ) -> Graph:
        """Collapse some of this graph's evidence once more."""
        if self.run.get("id_key") and self.config.id_key is None:
            msg = (
                "the ids of this graph are keyed, and the key is not kept with it, so other ids would come out. Set "
                "it: graph.config = graph.config.model_copy(update={'id_key': pydantic.SecretStr(…)})"
            )
            raise ConfigError(msg)
        evidence = replace(evidence_of(frames, self.config, self._engine), models=self.models)
        run = {name: fact for name, fact in self.run.items() if name not in {"counts", "format", "previous"}}
        run |= {"engine": self._engine.name, **when(), **facts}
        return Graph.collapsed(evidence, self.config, self._engine, run, previous)


def _known_level(level: str) -> str:
    if level not in LEVELS:
        msg = f"{level!r} is no level; it is one of {', '.join(LEVELS)}"
        raise ConfigError(msg)
    return level


def _known_graph(previous: Graph) -> Graph:
    """Refuse what is no graph: the path of one, say."""
    if not isinstance(previous, Graph):
        raise mistaken("previous", previous, "a Graph; one that was written is opened by ig.open(folder)")
    return previous
