"""Evidence from the frames of a graph: what was decided before, or by another tool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.collapse.decisions import among, decide
from idgraph.collapse.judgements import read_judgements
from idgraph.entities.again import LEFT_OUT
from idgraph.errors import ConfigError, mask_id
from idgraph.linkage.derived import address_domains
from idgraph.linkage.models import Models
from idgraph.linkage.rules import JUDGEMENT_RULE
from idgraph.schema import FRAMES, KINDS, LEVELS, PERSON_KINDS, TEXT, Level, cast, empty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Evidence", "evidence_of", "judged_pairs"]

# The frames that may be given, and the columns without which they say nothing.
_GIVEN: Final[dict[str, tuple[str, ...]]] = {
    "records": ("record_id", "kind"),
    "identifiers": ("record_id", "type", "value"),
    "links": ("left_id", "right_id"),
    "memberships": ("person_record_id", "company_record_id"),
    "hierarchy": ("child_record_id", "parent_record_id"),
    "aliases": ("survivor_record_id", "merged_record_id"),
    "judgements": ("left_id", "right_id", "verdict"),
    "rejects": (),
    "events": ("event_id", "event", "at"),
    "facts": ("name", "value"),
}
_RULE: Final = "given"
_ENDS: Final = ("left_id", "right_id")
_STATE: Final = nw.coalesce(nw.col("state").cast(TEXT), nw.lit("used"))


@dataclass(frozen=True)
class Evidence:
    """All that is known, with `record` an integer that names a record within this run.

    Attributes:
        records: record, and the columns of the frame `records`.
        attributes: which attributes people have, and which companies.
        identifiers: for people and for companies, by type: record, kind, and the columns of the frame `identifiers`
            except record_id.
        edges: for each level left, right (records), rule, weight: exact evidence, each holder of a value joined to one.
        memberships: person, company (records), via, observed_at, until.
        addresses: record, domain, observed_at: the company domains that people write from.
        hierarchy: child, parent (records), via, observed_at.
        aliases: survivor, merged (records), via, at.
        rejects: the frame `rejects`.
        judged: left, right (records), verdict (same, different, unsure; contradiction: same, but left out), by, at:
            what judgements come to.
        judgements: the frame `judgements`.
        links: left, right (records), and the columns of the frame `links` from rule on: found elsewhere; or None.
        models: what the weights of links between records that are alike come from.
        told: the frames `events` and `facts`, where there are any: no evidence, but kept with it.
    """

    records: nw.LazyFrame
    attributes: Mapping[Level, Sequence[str]]
    identifiers: Mapping[Level, Mapping[str, nw.LazyFrame]]
    edges: Mapping[str, nw.LazyFrame]
    memberships: nw.LazyFrame
    addresses: nw.LazyFrame
    hierarchy: nw.LazyFrame
    aliases: nw.LazyFrame
    rejects: nw.LazyFrame
    judged: nw.LazyFrame
    judgements: nw.LazyFrame
    links: nw.LazyFrame | None = None
    models: Models = field(default_factory=Models)
    told: Mapping[str, nw.LazyFrame] = field(default_factory=dict)


def evidence_of(frames: Mapping[str, nw.LazyFrame], config: Config, engine: Engine) -> Evidence:
    """Read evidence off frames.

    Args:
        frames: `records`, and any of `identifiers`, `links`, `memberships`, `hierarchy`, `aliases`, `judgements`,
            `rejects`, `events`, `facts`, in the columns of `idgraph.schema.FRAMES`; those that are absent are null. A
            null state means used. Links by judgement are made anew from `judgements`, where that is given.
        config: what the types of identifiers mean.
        engine: what runs it.

    Returns:
        The evidence, numbered anew.

    Raises:
        ConfigError: a frame of another name, or without the columns it needs; records without id, of an unknown kind
            or repeated; evidence of records that are not there; a link between a person and a company.
    """
    _refuse_shapes(frames)
    frames = _judged_anew(frames, engine)
    given = {name: cast(frames[name] if name in frames else engine.lazy(empty(name)), name) for name in _GIVEN}
    records = engine.number(_ordered(_checked(given["records"], engine)), "record")
    codes = records.select("record", "record_id")

    def coded(name: str, **columns: str) -> nw.LazyFrame:
        frame = given[name]
        for column, code in columns.items():
            if name in frames:
                _refuse_strangers(name, column, frame, codes, engine)
            frame = frame.join(codes.select(nw.col("record_id").alias(column), nw.col("record").alias(code)), on=column)
        return frame

    held = coded("identifiers", record_id="record").join(records.select("record", "kind", "source"), on="record")
    held = _stated(held, engine)
    identifiers = _by_type(engine.checkpoint(held.drop("record_id")), config, engine)
    links = coded("links", left_id="left", right_id="right").with_columns(
        _STATE.alias("state"),
        nw.coalesce(nw.col("rule").cast(TEXT), nw.lit(_RULE)).alias("rule"),
        nw.col("weight").fill_null(0.0),
    )
    links = engine.checkpoint(links)
    if "links" in frames:
        _refuse_mixed(links, records, engine)
    used = links.filter(nw.col("state") == "used")
    by_domain = nw.coalesce(nw.col("via").cast(TEXT), nw.lit("")) == "domain"  # these follow from addresses, below
    return Evidence(
        records=records,
        attributes={level: _attributes(records, level, engine) for level in ("person", "account")},
        identifiers=identifiers,
        edges={level: _edges(level, identifiers, used, records, config, engine) for level in LEVELS},
        memberships=coded("memberships", person_record_id="person", company_record_id="company").filter(~by_domain),
        addresses=engine.checkpoint(address_domains(identifiers["person"].get("email", held.head(0)), engine)),
        hierarchy=coded("hierarchy", child_record_id="child", parent_record_id="parent"),
        aliases=coded("aliases", survivor_record_id="survivor", merged_record_id="merged"),
        rejects=given["rejects"],
        judged=judged_pairs(given["judgements"], records, engine),
        judgements=given["judgements"],
        links=links.with_columns(*(nw.col(name).cast(TEXT) for name in ("rule", "state", "reason"))),
        told={name: given[name] for name in ("events", "facts") if name in frames},
    )


def _judged_anew(frames: Mapping[str, nw.LazyFrame], engine: Engine) -> dict[str, nw.LazyFrame]:
    """Read judgements, where they are given; links by judgement are then made from them, but for what was left out."""
    if "judgements" not in frames:
        return dict(frames)
    found = {**frames, "judgements": read_judgements(frames["judgements"], engine)}
    if "links" in frames:
        judged = nw.coalesce(nw.col("rule").cast(TEXT), nw.lit("")) == JUDGEMENT_RULE
        left_out = nw.coalesce(nw.col("reason").cast(TEXT), nw.lit("")) == LEFT_OUT
        found["links"] = cast(frames["links"], "links").filter(~judged | left_out)
    return found


def _stated(identifiers: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say the state of each value, and under which rules it links: where nobody said, its type."""
    rules = nw.when(_STATE == "used").then(nw.coalesce(nw.col("rules").cast(TEXT), nw.col("type").cast(TEXT)))
    return identifiers.with_columns(
        _STATE.cast(engine.word).alias("state"),
        rules.otherwise(nw.col("rules").cast(TEXT)).cast(engine.word).alias("rules"),
    )


def judged_pairs(judgements: nw.LazyFrame, records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say what judgements come to for records that are there. The others wait for theirs, but tell who is the same.

    Args:
        judgements: the frame `judgements`.
        records: record, record_id, kind.
        engine: what runs it.

    Returns:
        left, right (records), verdict (same, different, unsure; contradiction: same, but left out), by, at.

    Raises:
        ConfigError: a person and a company are judged.
    """
    found = decide(engine.collect(judgements))
    asked = pl.concat([frame[end] for frame in (found.same, found.different, found.unsure) for end in _ENDS]).unique()
    there = records.select("record_id").join(engine.lazy(asked.to_frame("record_id")), on="record_id", how="semi")
    found = among(found, engine.collect(there)["record_id"])
    ends = {"left_id": pl.String, "right_id": pl.String}
    dropped = pl.DataFrame([said.dropped for said in found.contradictions], orient="row", schema=ends)
    parts = {"same": found.same, "different": found.different, "unsure": found.unsure, "contradiction": dropped}
    said = [frame.with_columns(pl.lit(verdict).alias("verdict")) for verdict, frame in parts.items()]
    pairs = engine.lazy(pl.concat(said, how="diagonal").drop("why"))
    for end, code in (("left_id", "left"), ("right_id", "right")):
        codes = records.select(nw.col("record_id").alias(end), nw.col("record").alias(code))
        pairs = pairs.join(codes, on=end)
    pairs = engine.checkpoint(pairs)
    if engine.count(pairs):
        _refuse_mixed(pairs, records, engine, "judgements joins")
    return pairs.drop("left_id", "right_id")


def _refuse_shapes(frames: Mapping[str, nw.LazyFrame]) -> None:
    """Refuse frames of other names, and those that lack a column they cannot do without."""
    if "records" not in frames or set(frames) - set(_GIVEN):
        others = [name for name in _GIVEN if name != "records"]
        msg = f"from_frames takes records and any of {', '.join(others)}; got {', '.join(sorted(frames)) or 'none'}"
        raise ConfigError(msg)
    for name, frame in frames.items():
        columns = frame.collect_schema().names()
        missing = [column for column in _GIVEN[name] if column not in columns]
        if missing:
            msg = f"{name} has no column {' or '.join(map(repr, missing))}; its columns are {', '.join(columns)}"
            raise ConfigError(msg)


def _refuse_strangers(name: str, column: str, frame: nw.LazyFrame, codes: nw.LazyFrame, engine: Engine) -> None:
    """Refuse evidence of records that are not among the records: it would be lost."""
    strange = frame.join(codes, left_on=column, right_on="record_id", how="anti").select(column)
    found = engine.collect(strange.unique(column)).to_series().sort()
    if len(found):
        example = "null" if found[0] is None else repr(mask_id(found[0]))
        msg = f"{name}.{column} holds {len(found)} ids that records lacks, such as {example}; add them to records"
        raise ConfigError(msg)


def _refuse_mixed(links: nw.LazyFrame, records: nw.LazyFrame, engine: Engine, what: str = "links joins") -> None:
    """Refuse links from people to companies: those are memberships."""
    is_person = nw.col("kind").is_in(list(PERSON_KINDS))
    people, companies = records.filter(is_person), records.filter(~is_person)
    for one, other in (("left", "right"), ("right", "left")):
        ends = links.join(people, left_on=one, right_on="record", how="semi")
        mixed = engine.collect(ends.join(companies, left_on=other, right_on="record", how="semi").head(1))
        if not mixed.is_empty():
            pair = " and ".join(repr(mask_id(mixed[column][0])) for column in ("left_id", "right_id"))
            msg = f"{what} {pair}, a person and a company; who belongs where goes into memberships"
            raise ConfigError(msg)


def _by_type(identifiers: nw.LazyFrame, config: Config, engine: Engine) -> dict[Level, dict[str, nw.LazyFrame]]:
    """Part identifiers by whose they are and by type, as the steps take them."""
    found: dict[Level, dict[str, nw.LazyFrame]] = {"person": {}, "account": {}}
    for level, of_level in found.items():
        held = identifiers.filter(nw.col("kind").is_in(list(LEVELS[level])))
        names = engine.collect(held.select(nw.col("type").cast(TEXT)).unique("type")).to_series().to_list()
        for name in sorted(names):
            weight = nw.col("weight").fill_null(config.type_of(level, name).weight)
            of_type = held.filter(nw.col("type") == name).with_columns(weight.alias("weight"))
            of_level[name] = engine.checkpoint(of_type)
    found["account"].setdefault("domain", identifiers.head(0))
    return found


def _checked(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Refuse records that cannot be told apart or placed on a level; fill in what has a plain default."""
    kinds = engine.collect(records.select(nw.col("kind").cast(TEXT)).unique("kind")).to_series().to_list()
    wrong = sorted(str(kind) for kind in kinds if kind not in KINDS)
    if wrong:
        msg = f"records.kind holds {', '.join(wrong)}; a kind is one of {', '.join(KINDS)}"
        raise ConfigError(msg)
    if engine.count(records.filter(nw.col("record_id").is_null())):
        msg = "records.record_id is null in some rows; each record needs an id"
        raise ConfigError(msg)
    repeated = records.group_by("record_id").agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
    if engine.count(repeated):
        msg = f"records.record_id repeats {engine.count(repeated)} ids; each record is one row"
        raise ConfigError(msg)
    source = nw.col("record_id").str.split(":").list.get(0)
    native_id = nw.col("record_id").str.replace_all("^[^:]*:", "")
    return records.with_columns(
        nw.coalesce(nw.col("source").cast(TEXT), source).cast(engine.word).alias("source"),
        nw.coalesce("native_id", native_id).alias("native_id"),
        nw.col("stub").fill_null(value=False),
        nw.col("deleted").fill_null(value=False),
    )


def _attributes(records: nw.LazyFrame, level: str, engine: Engine) -> list[str]:
    """The attributes that some record of a level has."""
    names = [name for name in records.collect_schema().names() if name not in {*FRAMES["records"].columns, "record"}]
    held = records.filter(nw.col("kind").is_in(list(LEVELS[level])))
    counts = engine.collect(held.select(*(nw.col(name).count() for name in names))) if names else None
    return [name for name in names if counts is not None and counts[name][0]]


def _ordered(records: nw.LazyFrame) -> nw.LazyFrame:
    """The order in which sources are loaded: it decides between records that nothing else tells apart."""
    # Text sorts as text on every engine; a column of few words may not.
    named = records.with_columns(nw.col("source").cast(TEXT).alias("source_name"))
    return named.sort("source_name", "native_id", "record_id").drop("source_name")


def _edges(
    level: str,
    identifiers: Mapping[Level, Mapping[str, nw.LazyFrame]],
    links: nw.LazyFrame,
    records: nw.LazyFrame,
    config: Config,
    engine: Engine,
) -> nw.LazyFrame:
    """Join each holder of a used value to its first holder, rule by rule, and the ends of used links."""
    ends = records.filter(nw.col("kind").is_in(list(LEVELS[level]))).select(nw.col("record").alias("left"))
    linked = links.join(ends, on="left", how="semi") if level != "tenant" else links.head(0)
    found = [linked.select("left", "right", nw.col("rule").cast(engine.word), "weight")]
    for name, held in identifiers["person" if level == "person" else "account"].items():
        described = config.type_of(level, name)
        if level != "tenant" or described.kind == "tenant":
            found += _stars(held.filter(nw.col("kind").is_in(list(LEVELS[level]))), engine)
    return engine.checkpoint(nw.concat(found))


def _stars(held: nw.LazyFrame, engine: Engine) -> list[nw.LazyFrame]:
    used = held.filter(nw.col("state") == "used")
    listed = engine.collect(used.select("rules").unique("rules")).to_series().to_list()
    found = []
    for rule in sorted({rule for rules in listed for rule in rules.split(",")}):
        under = [rules for rules in listed if rule in rules.split(",")]
        holders = used.filter(nw.col("rules").is_in(under)).select("value", "weight", left="record")
        # Of a value's weights the least, whoever its first holder is: the order of rows tells nothing.
        star = engine.with_totals(holders, ["value"], right=nw.col("left").min(), least=nw.col("weight").min())
        star = star.select("left", "right", nw.lit(rule).cast(engine.word).alias("rule"), weight="least")
        found.append(star.filter(nw.col("left") != nw.col("right")))
    return found
