"""The review queue: pairs and profiles worth a minute of a person, those of most effect first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.collapse.decisions import decide
from idgraph.config import DEFAULT_TYPES
from idgraph.errors import ConfigError
from idgraph.linkage.exact import names_of
from idgraph.linkage.guards import UNCLEAR
from idgraph.linkage.names import name_parts
from idgraph.schema import COUNT, NUMBER, TEXT, WORD, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["COLUMNS", "DOUBT", "DOUBTS", "OVERRULABLE", "review"]

COLUMNS: Final[dict[str, nw.dtypes.DType]] = {
    "question": WORD,
    "level": WORD,
    "left_id": TEXT,
    "right_id": TEXT,
    "left_entity": TEXT,
    "right_entity": TEXT,
    "rule": WORD,
    "evidence": TEXT,
    "reason": WORD,
    "weight": NUMBER,
    "records": COUNT,
    "people": COUNT,
    "accounts": COUNT,
    "effect": NUMBER,
}

# Why a value may not link although it may well be right: who knows the people can tell.
OVERRULABLE: Final = ("names_disagree", "several_users", "over_limit", *UNCLEAR)

# What stands against evidence, in log2 odds, by the reason why it does not join: evidence of that weight is as likely
# right as wrong. Rounded from how often that was so in made-up worlds, usual and hostile ones; for every other reason
# it is what a company's domain weighs. Who is unsure says nothing either way.
DOUBTS: Final[dict[str, float]] = {
    "minority": 13.0,
    "names_disagree": 16.0,
    "over_limit": 16.0,
    "several_users": 20.0,
    "several_ids": 6.0,
    "unsure": 0.0,
}
DOUBT: Final = 10.0

_LN_2: Final = 0.6931471805599453
_DIGITS: Final = 4
_PAIR: Final = ["left_id", "right_id"]
_VALUE: Final = ["level", "type", "value"]
_TORN: Final = ["entity", "reason", "about"]


def review(frames: Mapping[str, nw.LazyFrame], config: Config, engine: Engine, limit: int = 100) -> nw.LazyFrame:
    """List what a person should look at, in order of what the answer is expected to change.

    Asked of a pair (`same?`): links in state `review` or `cut`, and values in state `cut`, or `suppressed` for one of
    `OVERRULABLE`. Of the entities that hold a value one pair is asked at a time, the largest and the largest of the
    others. A pair is one row, whatever joins it. Not asked: entities of which a judgement says that they are different,
    and companies of which one owns the other.

    Asked of a profile (`one?`): those whose records bear names that do not hang together (`names_disagree`, as the
    guard means it), or hold several ids of one type within one source that were not merged there (`several_ids`);
    unless a judgement says of two of its records that they are the same.

    Args:
        frames: records, identifiers, links, assignments, members, profiles, hierarchy, aliases, judgements.
        config: which types of identifiers name one, which may link.
        engine: what runs it.
        limit: the most rows to list.

    Returns:
        question (`same?` or `one?`), level (`person`, `account`);
        left_id, right_id: the smallest record ids of the two entities, left < right, to write a judgement on; of a
        profile right_id and right_entity are null;
        left_entity, right_entity: their ids;
        rule, evidence, reason: the strongest evidence for a pair (an identifier type and value, or a link), and why it
        does not join; of a profile the weakest rule that holds it, what contradicts itself in it, and which way;
        weight (log2 odds): of a pair, of all its distinct values together; of a profile, of its weakest evidence;
        records: those of the smaller entity, or that would leave the profile; people: profiles that change: 2, or the
        members of the smaller account; accounts: those that only one of two profiles, or that a profile, is a member
        of, or 2;
        effect: likelihood x (records + people + accounts), where the likelihood is that of a yes to `same?`,
        1 / (1 + 2^(doubt - weight)), and of a no to `one?`, 1 / (1 + 2^(weight - doubt)), with the doubt of the reason.
        Sorted by effect, largest first, then level, left_id, right_id.

    Raises:
        ConfigError: limit is less than 1.

    >>> import polars as pl
    >>> import idgraph as ig
    >>> people = {"record_id": ["crm:1", "app:7"], "kind": ["contact", "user"]}
    >>> held = {**people, "type": "email", "value": "team@acme.io", "state": "suppressed", "reason": "names_disagree"}
    >>> graph = ig.Graph.from_frames(records=pl.DataFrame(people), identifiers=pl.DataFrame(held).drop("kind"))
    >>> graph.review().select("question", "left_id", "right_id", "evidence", "effect").rows()
    [('same?', 'app:7', 'crm:1', 'team@acme.io', 0.6)]
    """
    if limit < 1:
        raise ConfigError(f"review(limit={limit}) lists nothing; ask for 1 row or more")
    placed = _placed(frames["assignments"], engine)
    words = _words(frames["judgements"], placed, engine)
    pairs = _pairs(frames, placed, words, config, engine)
    profiles = _profiles(frames, placed, words, config, engine)
    order = ["effect", "level", "left_id", "right_id"]
    ordered = nw.concat([pairs, profiles]).sort(order, descending=[True, False, False, False], nulls_last=True)
    few = engine.lazy(engine.collect(ordered.head(limit)))
    words_as = {name: engine.word if dtype == WORD else dtype for name, dtype in COLUMNS.items()}
    return few.select(*(nw.col(name).cast(dtype) for name, dtype in words_as.items()))


def _placed(assignments: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Where each record is: record_id, level, entity_id, and entity: the smallest record id in it, its name here.

    An account contains its tenants, so a pair of tenants is a pair of accounts.
    """
    held = assignments.filter(nw.col("level") != "tenant").select("record_id", nw.col("level").cast(TEXT), "entity_id")
    return engine.checkpoint(held.with_columns(nw.col("record_id").min().over("entity_id").alias("entity")))


def _sizes(placed: nw.LazyFrame, records: nw.LazyFrame) -> nw.LazyFrame:
    """How many records each entity has, stubs not counted: entity, entity_id, size."""
    real = (~nw.col("stub")).cast(COUNT).alias("real")
    counted = placed.join(records.select("record_id", real), on="record_id").group_by("entity", "entity_id")
    return counted.agg(nw.col("real").sum().cast(COUNT).alias("size"))


def _ordered(pairs: nw.LazyFrame, one: str, other: str) -> nw.LazyFrame:
    """Put pairs of entities in order, the smaller one left."""
    turned = nw.col(one) > nw.col(other)
    left = nw.when(turned).then(nw.col(other)).otherwise(nw.col(one))
    right = nw.when(turned).then(nw.col(one)).otherwise(nw.col(other))
    return pairs.with_columns(left.alias("left_id"), right.alias("right_id"))


def _between(pairs: nw.LazyFrame, placed: nw.LazyFrame) -> nw.LazyFrame:
    """Bring pairs of records, left_id and right_id, to pairs of entities; with their level."""
    left = placed.select(nw.col("record_id").alias("left_id"), "level", nw.col("entity").alias("one"))
    right = placed.select(nw.col("record_id").alias("right_id"), "level", nw.col("entity").alias("two"))
    found = pairs.join(left, on="left_id").join(right, on=["right_id", "level"])
    return _ordered(found, "one", "two").drop("one", "two")


def _words(judgements: nw.LazyFrame, placed: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """What judgements come to, on entities: level, left_id, right_id, verdict (same or different)."""
    said = nw.from_native(engine.collect(judgements).lazy())
    decided = decide(cast(said, "judgements").to_native().collect())
    verdicts = {"same": decided.same, "different": decided.different}
    parts = [engine.lazy(rows).select(*_PAIR, nw.lit(verdict).alias("verdict")) for verdict, rows in verdicts.items()]
    return engine.checkpoint(_between(nw.concat(parts), placed))


# ---------------------------------------------------------------------------------------------------------------- pairs


def _pairs(
    frames: Mapping[str, nw.LazyFrame], placed: nw.LazyFrame, words: nw.LazyFrame, config: Config, engine: Engine
) -> nw.LazyFrame:
    """Rows that ask of two entities whether they are the same."""
    sizes = engine.checkpoint(_sizes(placed, frames["records"]))
    owned = frames["hierarchy"].select(
        nw.col("child_record_id").alias("left_id"), nw.col("parent_record_id").alias("right_id")
    )
    different = words.filter(nw.col("verdict") == "different").select(_PAIR)
    apart = engine.checkpoint(nw.concat([different, _between(owned, placed).select(_PAIR)]))
    held = engine.checkpoint(_held(frames["identifiers"], placed, config))
    linked = _linked(frames["links"], placed)
    told = [_told(linked, "rule", "evidence"), _told(_shared(held, sizes, apart), "type", "value")]
    strongest = _strongest(nw.concat(told).join(apart, on=_PAIR, how="anti"))
    pairs = engine.checkpoint(_with_ends(strongest, sizes))
    asked = _with_members(pairs, frames["members"]).with_columns(nw.lit("same?").alias("question"))
    return _with_effect(asked, _doubt() - nw.col("weight"))


def _linked(links: nw.LazyFrame, placed: nw.LazyFrame) -> nw.LazyFrame:
    """Links that wait or were cut, as pairs of entities; whatever a judgement weighs, one of `unsure` adds nothing."""
    weight = nw.when(nw.col("reason") == "unsure").then(nw.lit(0.0)).otherwise(nw.col("weight"))
    waiting = links.filter(nw.col("state").is_in(["review", "cut"])).drop("level")
    found = _between(waiting.with_columns(weight.alias("weight")), placed)
    return found.filter(nw.col("left_id") != nw.col("right_id"))


def _told(pairs: nw.LazyFrame, rule: str, evidence: str) -> nw.LazyFrame:
    """What speaks for pairs. Texts are empty where there are none, so that they sort alike on every engine."""
    texts = {"rule": rule, "evidence": evidence, "reason": "reason"}
    filled = [nw.coalesce(nw.col(column).cast(TEXT), nw.lit("")).alias(name) for name, column in texts.items()]
    return pairs.select("level", *_PAIR, *filled, nw.col("weight").fill_null(0.0))


def _held(identifiers: nw.LazyFrame, placed: nw.LazyFrame, config: Config) -> nw.LazyFrame:
    """Who holds values that could join more than they do.

    Returns:
        level, type, value, entity, doubt (1 where what the entity holds may not join, else 0), reason, weight.
    """
    reason = nw.col("reason").cast(TEXT)
    doubtful = (nw.col("state") == "cut") | ((nw.col("state") == "suppressed") & reason.is_in(OVERRULABLE))
    rows = identifiers.filter(doubtful | (nw.col("state") == "used")).select(
        "record_id",
        nw.col("type").cast(TEXT),
        "value",
        "weight",
        nw.when(doubtful).then(reason).alias("reason"),
        nw.when(doubtful).then(1).otherwise(0).cast(COUNT).alias("doubt"),
    )
    asked = rows.filter(nw.col("doubt") == 1).select("type", "value").unique(["type", "value"])
    held = rows.join(asked, on=["type", "value"], how="semi").join(placed, on="record_id")
    for level in ("person", "account"):
        useless = [*config.without, *_types(level, ["none"], config)]  # they join nobody, whatever is said of a value
        held = held.filter((nw.col("level") != level) | ~nw.col("type").is_in(useless))
    by_entity = held.group_by(*_VALUE, "entity")
    return by_entity.agg(nw.col("doubt").max(), nw.col("reason").min(), nw.col("weight").max())


def _types(level: str, trust: Collection[str], config: Config) -> list[str]:
    """The types of a level that are described and trusted so."""
    names = {described.name for described in (*config.types, *DEFAULT_TYPES) if described.level == level}
    return sorted(name for name in names if config.type_of(level, name).trust in trust)


def _shared(held: nw.LazyFrame, sizes: nw.LazyFrame, apart: nw.LazyFrame) -> nw.LazyFrame:
    """Pair, for each value, its largest holder with the largest of those that may be one with it and are not."""
    sized = held.join(sizes.select("entity", "size"), on="entity").with_columns((0 - nw.col("size")).alias("place"))
    first = sized.unique(_VALUE, keep="first", order_by=["place", "entity"])
    facts = {f"first_{name}": nw.col(name) for name in ("entity", "doubt", "reason", "weight")}
    both = sized.join(first.select(*_VALUE, **facts), on=_VALUE)
    others = both.filter((nw.col("entity") != nw.col("first_entity")) & (nw.col("doubt") + nw.col("first_doubt") > 0))
    pairs = _ordered(others, "entity", "first_entity").join(apart, on=_PAIR, how="anti")
    return pairs.unique(_VALUE, keep="first", order_by=["place", "entity"]).with_columns(
        nw.coalesce("reason", "first_reason").alias("reason"),
        nw.min_horizontal("weight", "first_weight").alias("weight"),
    )


def _strongest(told: nw.LazyFrame) -> nw.LazyFrame:
    """One row for each pair: its strongest evidence, and the weight of all its distinct values together."""
    value = nw.when(nw.col("evidence") == "").then(nw.col("rule")).otherwise(nw.col("evidence"))
    ranked = told.with_columns((0 - nw.col("weight")).alias("place"), value.alias("about"))
    order = ["place", "rule", "evidence", "reason"]  # email and email_base of one address say one thing
    distinct = ranked.unique([*_PAIR, "about"], keep="first", order_by=order)
    together = nw.col("weight").sum().over(*_PAIR).round(_DIGITS)
    return distinct.with_columns(together.alias("weight")).unique(_PAIR, keep="first", order_by=order)


def _with_ends(pairs: nw.LazyFrame, sizes: nw.LazyFrame) -> nw.LazyFrame:
    """Add the entities of a pair, and the smaller of them: who changes on a yes. Of equal ones it is the right one."""
    for end in ("left", "right"):
        facts = {f"{end}_id": "entity", f"{end}_entity": "entity_id", f"{end}_size": "size"}
        pairs = pairs.join(sizes.select(*(nw.col(old).alias(new) for new, old in facts.items())), on=f"{end}_id")
    smaller = nw.when(nw.col("left_size") < nw.col("right_size")).then(nw.col("left_entity"))
    return pairs.with_columns(
        smaller.otherwise(nw.col("right_entity")).alias("smaller"),
        nw.min_horizontal("left_size", "right_size").alias("records"),
    )


def _with_members(pairs: nw.LazyFrame, members: nw.LazyFrame) -> nw.LazyFrame:
    """Count the people and accounts that a yes would touch."""
    is_person = nw.col("level") == "person"
    sides = [
        pairs.filter(is_person).select(*_PAIR, nw.col(f"{end}_entity").alias("profile_id")) for end in ("left", "right")
    ]
    held = nw.concat(sides).join(members.select("profile_id", "account_id"), on="profile_id")
    once = held.group_by(*_PAIR, "account_id").agg(nw.len().alias("holders")).filter(nw.col("holders") == 1)
    touched = once.group_by(_PAIR).agg(nw.len().cast(COUNT).alias("touched"))
    crowd = members.group_by("account_id").agg(nw.len().cast(COUNT).alias("crowd"))
    counted = pairs.join(touched, on=_PAIR, how="left").join(
        crowd, left_on="smaller", right_on="account_id", how="left"
    )
    two = nw.lit(2).cast(COUNT)
    return counted.with_columns(
        nw.when(is_person).then(two).otherwise(nw.col("crowd").fill_null(0)).alias("people"),
        nw.when(is_person).then(nw.col("touched").fill_null(0)).otherwise(two).alias("accounts"),
    )


def _doubt() -> nw.Expr:
    doubt = nw.lit(DOUBT)
    for reason, odds in DOUBTS.items():
        doubt = nw.when(nw.col("reason") == reason).then(nw.lit(odds)).otherwise(doubt)
    return doubt


def _with_effect(asked: nw.LazyFrame, against: nw.Expr) -> nw.LazyFrame:
    """Weigh what would change by how likely it is; `against` is the log2 odds that nothing will."""
    likelihood = 1 / (1 + (against * _LN_2).exp())
    size = (nw.col("records") + nw.col("people") + nw.col("accounts")).cast(NUMBER)
    scored = asked.with_columns((likelihood * size).round(_DIGITS).alias("effect"))
    texts = {"rule", "evidence", "reason"}
    return scored.select(*(nw.when(nw.col(n) != "").then(nw.col(n)).alias(n) if n in texts else n for n in COLUMNS))


# ------------------------------------------------------------------------------------------------------------- profiles


def _profiles(
    frames: Mapping[str, nw.LazyFrame], placed: nw.LazyFrame, words: nw.LazyFrame, config: Config, engine: Engine
) -> nw.LazyFrame:
    """Rows that ask of a profile whether it is one person."""
    people = placed.filter(nw.col("level") == "person").drop("level")
    confirmed = words.filter((nw.col("verdict") == "same") & (nw.col("left_id") == nw.col("right_id")))
    people = people.join(confirmed.select(nw.col("left_id").alias("entity")), on="entity", how="anti")
    torn = nw.concat([_names(frames["records"], people, engine), _ids(frames, people, config)])
    ranked = _leaving(engine.checkpoint(torn)).with_columns((0 - nw.col("records")).alias("place"))
    worst = ranked.unique("entity", keep="first", order_by=["place", "reason", "about"])
    ids = people.filter(nw.col("record_id") == nw.col("entity")).select("entity", "entity_id")
    held = frames["profiles"].select(
        "entity_id", nw.col("weakest_rule").cast(TEXT).alias("rule"), nw.col("weakest_weight").alias("weight")
    )
    belongs = frames["members"].group_by("profile_id").agg(nw.len().cast(COUNT).alias("accounts"))
    known = worst.join(ids, on="entity").join(held, on="entity_id")
    known = known.join(belongs, left_on="entity_id", right_on="profile_id", how="left")
    none = nw.lit(None).cast(TEXT)
    asked = known.with_columns(
        nw.lit("one?").alias("question"),
        nw.lit("person").alias("level"),
        nw.col("entity").alias("left_id"),
        none.alias("right_id"),
        nw.col("entity_id").alias("left_entity"),
        none.alias("right_entity"),
        nw.lit(2).cast(COUNT).alias("people"),
        nw.col("accounts").fill_null(0),
    )
    return _with_effect(asked, nw.col("weight") - _doubt())


def _names(records: nw.LazyFrame, people: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Group the named records of profiles whose names do not hang together.

    Returns:
        entity, reason, about, record_id, group (the smallest record id of those whose names hang together), shown
        (the name).
    """
    named = names_of(records.rename({"record_id": "record"}), "person").join(
        people.select(nw.col("record_id").alias("record"), "entity"), on="record"
    )
    spread = named.group_by("entity").agg(nw.col("name").min().alias("least"), nw.col("name").max().alias("most"))
    several = spread.filter(nw.col("least") != nw.col("most"))
    asked = engine.number(named.join(several.select("entity"), on="entity", how="semi"), "holder")
    kernel = name_parts("person_name")
    parts = engine.map_batches(asked.select("record", "name"), kernel, {"record": TEXT, "part": nw.UInt64()})
    held = engine.checkpoint(asked.join(parts, on="record"))
    first = nw.col("holder").min().over("entity", "part")
    found = engine.components(held.select(nw.col("holder").alias("left"), first.alias("right")))
    grouped = held.unique("holder").join(found, left_on="holder", right_on="node")
    grouped = grouped.with_columns(nw.col("record").min().over("component").alias("group"))
    torn = grouped.filter(nw.col("group").min().over("entity") != nw.col("group").max().over("entity"))
    return torn.select(
        "entity",
        nw.lit("names_disagree").alias("reason"),
        nw.lit("").alias("about"),
        nw.col("record").alias("record_id"),
        "group",
        nw.col("name").alias("shown"),
    )


def _ids(frames: Mapping[str, nw.LazyFrame], people: nw.LazyFrame, config: Config) -> nw.LazyFrame:
    """Group the records of profiles that hold several ids of one type within one source, by id; see `_names`."""
    others = _types("person", ["contact", "device", "none"], config)
    used = frames["identifiers"].filter((nw.col("state") == "used") & ~nw.col("type").cast(TEXT).is_in(others))
    held = used.select("record_id", nw.col("type").cast(TEXT).alias("about"), nw.col("value").alias("group"))
    records = frames["records"].select("record_id", nw.col("source").cast(TEXT), "native_id")
    placed = held.join(people.select("record_id", "entity"), on="record_id").join(records, on="record_id")
    merged = frames["aliases"].select(nw.col("merged_record_id").alias("record_id"))
    own = placed.filter(nw.col("group") == nw.col("native_id")).join(merged, on="record_id", how="semi")
    placed = placed.join(own.select("about", "group"), on=["about", "group"], how="anti")
    spread = placed.group_by("entity", "about", "source").agg(
        nw.col("group").min().alias("least"), nw.col("group").max().alias("most")
    )
    several = spread.filter(nw.col("least") != nw.col("most"))
    torn = placed.join(several, on=["entity", "about"], how="semi").unique(["record_id", "about", "group"])
    reason = nw.lit("several_ids").alias("reason")
    return torn.select("entity", reason, "about", "record_id", "group", nw.col("group").alias("shown"))


def _leaving(torn: nw.LazyFrame) -> nw.LazyFrame:
    """Count who would leave a profile if it were that of its largest group alone.

    Args:
        torn: see `_names`.

    Returns:
        entity, reason, about, records, evidence: a name or id of the largest group, and one of the others.
    """
    sized = torn.with_columns((0 - nw.len().over(*_TORN, "group").cast(COUNT)).alias("place"))
    largest = sized.unique(_TORN, keep="first", order_by=["place", "group"])
    marked = torn.join(largest.select(*_TORN, nw.col("group").alias("largest")), on=_TORN)
    stays = nw.col("group") == nw.col("largest")
    by_record = marked.group_by(*_TORN, "record_id").agg(stays.cast(COUNT).max().alias("stays"))  # some hold two ids
    leaving = by_record.group_by(_TORN).agg((1 - nw.col("stays")).sum().cast(COUNT).alias("records"))
    kept, others = (nw.when(which).then(nw.col("shown")) for which in (stays, ~stays))
    examples = marked.group_by(_TORN).agg(kept.min().alias("kept"), others.min().alias("left"))
    shown = leaving.filter(nw.col("records") > 0).join(examples, on=_TORN)
    return shown.with_columns(nw.concat_str("kept", "left", separator=" / ").alias("evidence"))
