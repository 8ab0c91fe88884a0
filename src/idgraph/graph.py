"""`Graph`: what a run found, to ask, to change, to write and to open again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from idgraph.audit.blast import BlastRadius, blast_radius, standings
from idgraph.collapse.judgements import read_judgements
from idgraph.config import Config
from idgraph.engines import engine_for
from idgraph.engines.output import (
    MODELS_FILE,
    RUN_FILE,
    WRITTEN,
    entity_column,
    new_folder,
    refuse_folder,
    run_of,
)
from idgraph.engines.run import previous_facts, run_facts, when
from idgraph.entities.again import judged_again, leave_out
from idgraph.entities.as_of import known_at
from idgraph.entities.build import build
from idgraph.entities.changes import changes_between
from idgraph.entities.evidence import evidence_of
from idgraph.errors import ConfigError, mask, mask_id
from idgraph.linkage.models import Models
from idgraph.normalise.instants import instant
from idgraph.pql.card import Scorecard
from idgraph.pql.events import told_by
from idgraph.pql.reach import activity_of
from idgraph.questions import Questions, known
from idgraph.schema import FRAMES, TEXT, cast
from idgraph.sources.references import Owner

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.entities.evidence import Evidence
    from idgraph.pql.activity import Activity
    from idgraph.pql.definition import Definition
    from idgraph.sources.table import Source

__all__ = ["Graph"]


class Graph(Questions):
    """Profiles and accounts, and all the evidence they stand on.

    Every frame of `idgraph.schema.FRAMES` is an attribute: `graph.profiles`, `graph.links`, `graph.suppressed` … In a
    Polars run they are `polars.DataFrame`s.

    Attributes:
        config: the settings of the run.
        run: versions, sources and counts; what `run.json` holds.
        models: what the weights of records that are alike come from.
    """

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
        if known(previous).run.get("id_key") != run.get("id_key"):
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
