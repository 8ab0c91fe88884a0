"""A graph's own frames as evidence once more: as they were decided, judged anew, or without some of them.

All give frames that `idgraph.entities.evidence.evidence_of` takes. Nothing is matched: what was decided stays decided,
except by constraints, which looked at whole entities. What they cut may join again, and is theirs to judge anew.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.entities.nearest import no_record
from idgraph.errors import ConfigError, mask, mask_id, mask_text
from idgraph.linkage.alike import COMPARED_APART
from idgraph.linkage.guards import UNCLEAR
from idgraph.linkage.rules import ALIAS_RULE, DEVICE_RULE, JUDGEMENT_RULE
from idgraph.schema import FRAMES, TEXT, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from idgraph.engines import Engine

__all__ = ["EVIDENCE", "LEFT_OUT", "TOLD", "decided", "judged_again", "leave_out"]

LEFT_OUT: Final = "left_out"  # the reason of what `leave_out` took away

# Each frame of evidence: when it became known, and the records that must be known with it. Judgements wait for theirs.
EVIDENCE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "identifiers": ("observed_at", ("record_id",)),
    "links": ("observed_at", ("left_id", "right_id")),
    "memberships": ("observed_at", ("person_record_id", "company_record_id")),
    "hierarchy": ("observed_at", ("child_record_id", "parent_record_id")),
    "aliases": ("at", ("survivor_record_id", "merged_record_id")),
    "judgements": ("at", ()),
}
TOLD: Final[tuple[str, ...]] = ("events", "facts")  # what happened, and what was said: no evidence
_OPEN: Final = ["used", "cut"]
_ASKED: Final = 20_000  # values to look for near ones among: more would take longer than an error may


def decided(frames: Mapping[str, nw.LazyFrame], engine: Engine) -> dict[str, nw.LazyFrame]:
    """Take away what a collapse makes anew, so that it cannot outlive what it is made of; open again what it cut.

    Args:
        frames: see `idgraph.entities.as_of.known_at`.
        engine: what runs it.
    """
    own = _evidence(frames)
    links = own["links"].filter(~_is_remade())
    if "judgements" in own and engine.count(own["judgements"]):
        links = links.filter(~_is("rule", JUDGEMENT_RULE) | _is("reason", LEFT_OUT))
    else:  # links by judgement, if there are any, are all that is known of it
        own.pop("judgements", None)
    merged = own["aliases"].select(*_ordered_pair("survivor_record_id", "merged_record_id"))
    merge = _is("rule", ALIAS_RULE) & nw.col("state").cast(TEXT).is_in(_OPEN)
    foreign = links.filter(merge).join(merged, on=["left_id", "right_id"], how="anti")
    links = nw.concat([links.filter(~merge), foreign])
    by_constraint = _is("state", "cut") & ~_is("rule", JUDGEMENT_RULE) & ~_is("reason", COMPARED_APART)
    return own | {
        "links": _restated(links, "links", by_constraint, "used", None),
        "identifiers": _restated(own["identifiers"], "identifiers", _is("state", "cut"), "used", None),
        "memberships": own["memberships"].filter(~_is("via", "domain")),
    }


def leave_out(
    frames: Mapping[str, nw.LazyFrame],
    rule: str | None,
    value: str | tuple[str, str] | None,
    link: tuple[str, str] | None,
    engine: Engine,
) -> dict[str, nw.LazyFrame]:
    """Take a rule, a value or a link out of the evidence; at least one of them.

    Args:
        frames: see `idgraph.entities.as_of.known_at`.
        rule: an identifier type, or one of the rules in `identifiers.rules` or `links.rule`, such as `source_merge`.
        value: an identifier as it stands in `identifiers.value`, with its type before it or of any type.
        link: two record ids.
        engine: what runs it.

    Returns:
        The frames. Identifiers lose the rule, and those that linked by no other are `unused`; a value is `suppressed`
        for the reason `left_out`; links are `rejected` for it, those that devices told by time with their device. The
        aliases and judgements behind such links are gone.

    Raises:
        ConfigError: nothing is to be left out, or what is to be is not there; the message names what is near.
    """
    if rule is None and value is None and link is None:
        msg = "there is nothing to leave out. Give a rule ('email'), a value (('email', …)) or a link (two record ids)."
        raise ConfigError(msg)
    left = _evidence(frames)
    if rule is not None:
        left |= _without_rule(left, rule, engine)
    if value is not None:
        left |= _without_value(left, value, engine)
    if link is not None:
        left |= _without_link(left, link, engine)
    return decided(left, engine)


def judged_again(
    frames: Mapping[str, nw.LazyFrame], judgements: nw.LazyFrame, engine: Engine
) -> dict[str, nw.LazyFrame]:
    """Add judgements to the evidence; one that is there already may come again, revoked.

    Args:
        frames: see `idgraph.entities.as_of.known_at`.
        judgements: in the columns of the frame `judgements`.
        engine: what runs it.

    Returns:
        The frames.
    """
    said = [name for name in FRAMES["judgements"].columns if name != "revoked_at"]
    given = engine.collect(cast(judgements, "judgements"))
    held = engine.collect(cast(frames["judgements"], "judgements"))
    others = held.join(given, on=said, how="anti", nulls_equal=True)
    return decided({**frames, "judgements": engine.lazy(pl.concat([others, given]))}, engine)


# What a graph's frames say of themselves


def _evidence(frames: Mapping[str, nw.LazyFrame]) -> dict[str, nw.LazyFrame]:
    return {name: frames[name] for name in ("records", *EVIDENCE, "rejects", *TOLD) if name in frames}


def _is(column: str, word: str) -> nw.Expr:
    """Whether a cell is a word; null is none."""
    return nw.coalesce(nw.col(column).cast(TEXT), nw.lit("")) == word


def _is_remade() -> nw.Expr:
    """Whether a link is a pair in review that a collapse reads off domains."""
    unclear = nw.coalesce(nw.col("reason").cast(TEXT), nw.lit("")).is_in(list(UNCLEAR))
    return _is("state", "review") & _is("rule", "domain") & unclear


def _ordered_pair(one: str, other: str) -> tuple[nw.Expr, nw.Expr]:
    first, second = nw.col(one), nw.col(other)
    ordered = first < second
    left, right = nw.when(ordered).then(first).otherwise(second), nw.when(ordered).then(second).otherwise(first)
    return left.alias("left_id"), right.alias("right_id")


def _restated(frame: nw.LazyFrame, name: str, chosen: nw.Expr, state: str, reason: str | None) -> nw.LazyFrame:
    """Give some rows another state, and the reason for it."""
    why = nw.lit(reason).cast(TEXT)
    stated = frame.with_columns(
        nw.when(chosen).then(nw.lit(state)).otherwise(nw.col("state").cast(TEXT)).alias("state"),
        nw.when(chosen).then(why).otherwise(nw.col("reason").cast(TEXT)).alias("reason"),
    )
    return cast(stated, name)


# Without some of it


def _without_rule(frames: Mapping[str, nw.LazyFrame], rule: str, engine: Engine) -> dict[str, nw.LazyFrame]:
    listed = _words(frames["identifiers"], "rules", engine)
    rules = {name for text in listed for name in text.split(",")}
    rules.update(_words(frames["links"].filter(~_is_remade()), "rule", engine))
    gone = {name for name in rules if name == rule or name.startswith(f"{rule}:")}
    if not gone:
        near = _near(rule, sorted(rules), str)
        listing = f"Its rules are {', '.join(sorted(rules)) or 'none'}."
        msg = f"no evidence of this graph is of a rule {mask_text(rule)!r}. {near}{listing}"
        raise ConfigError(msg)
    chosen = _any_of("rule", gone) & ~_is_remade()
    links = _restated(frames["links"], "links", chosen, "rejected", LEFT_OUT)
    remade = {"aliases": ALIAS_RULE, "judgements": JUDGEMENT_RULE}
    return {
        "identifiers": _unruled(frames["identifiers"], listed, gone),
        "links": _without_devices(links, frames["identifiers"].filter(_is("type", rule))),
        **{name: frames[name].head(0) for name, made in remade.items() if made in gone and name in frames},
    }


def _unruled(identifiers: nw.LazyFrame, listed: list[str], gone: set[str]) -> nw.LazyFrame:
    """Take rules off identifiers; those left without any are unused, unless a guard bars them anyway."""
    rules = nw.col("rules").cast(TEXT)
    kept = {text: ",".join(name for name in text.split(",") if name not in gone) for text in listed}
    left = rules
    for text, rest in kept.items():
        left = nw.when(rules == text).then(nw.lit(rest or None).cast(TEXT)).otherwise(left)
    unruled = identifiers.with_columns(left.alias("rules"))
    unused = nw.col("rules").is_null() & nw.col("state").cast(TEXT).is_in(_OPEN)
    return _restated(unruled, "identifiers", unused, "unused", None)


def _without_value(
    frames: Mapping[str, nw.LazyFrame], value: str | tuple[str, str], engine: Engine
) -> dict[str, nw.LazyFrame]:
    kind, text = (None, value) if isinstance(value, str) else value
    identifiers = frames["identifiers"]
    if kind is not None:
        types = _words(identifiers, "type", engine)
        if kind not in types:
            listing = f"Its types are {', '.join(types) or 'none'}."
            msg = f"no identifier of this graph is of type {mask_text(kind)!r}. {_near(kind, types, str)}{listing}"
            raise ConfigError(msg)
    of_type = identifiers if kind is None else identifiers.filter(_is("type", kind))
    if not engine.count(of_type.filter(nw.col("value") == text)):
        near = _near(text, _candidates(of_type, text, engine), mask)
        held = f"no record holds the {kind or 'identifier'} {mask(text)!r}"
        msg = f"{held}. {near}Write it as it stands in identifiers.value, normalised."
        raise ConfigError(msg)
    chosen = nw.col("value") == text
    chosen = chosen if kind is None else chosen & _is("type", kind)
    return {
        "identifiers": _restated(identifiers, "identifiers", chosen, "suppressed", LEFT_OUT),
        "links": _without_devices(frames["links"], identifiers.filter(chosen)),
    }


def _without_devices(links: nw.LazyFrame, identifiers: nw.LazyFrame) -> nw.LazyFrame:
    """Reject the links that shared devices told by time, where those devices are left out."""
    devices = identifiers.select(nw.col("record_id").alias("left_id"), nw.col("value").alias("evidence"))
    told = devices.unique(["left_id", "evidence"]).with_columns(nw.lit(value=True).alias("told"))
    found = links.join(told, on=["left_id", "evidence"], how="left")
    chosen = _is("rule", DEVICE_RULE) & nw.col("told").fill_null(value=False)
    return _restated(found, "links", chosen, "rejected", LEFT_OUT)


def _without_link(frames: Mapping[str, nw.LazyFrame], link: tuple[str, str], engine: Engine) -> dict[str, nw.LazyFrame]:
    left, right = sorted(link)
    chosen = (nw.col("left_id") == left) & (nw.col("right_id") == right)
    if not engine.count(frames["links"].filter(chosen & ~_is_remade())):
        raise ConfigError(_no_link(frames, left, right, engine))
    merges = frames["aliases"].with_columns(*_ordered_pair("survivor_record_id", "merged_record_id"))
    others = {"aliases": merges.filter(~chosen).drop("left_id", "right_id")}
    if "judgements" in frames:
        others["judgements"] = frames["judgements"].filter(~chosen)
    return {"links": _restated(frames["links"], "links", chosen & ~_is_remade(), "rejected", LEFT_OUT), **others}


def _no_link(frames: Mapping[str, nw.LazyFrame], left: str, right: str, engine: Engine) -> str:
    """Say why there is no link to leave out: an id is wrong, or what joins the two is no link."""
    for record_id in (left, right):
        if not engine.count(frames["records"].filter(nw.col("record_id") == record_id)):
            return no_record(frames["records"], record_id, engine.collect)
    pair = f"{mask_id(left)!r} and {mask_id(right)!r}"
    return f"no link joins {pair}. If they share a value, leave that out: graph.explain says what joins them."


# Words and near ones


def _words(frame: nw.LazyFrame, column: str, engine: Engine) -> list[str]:
    """The distinct words of a column that has few."""
    named = frame.select(nw.col(column).cast(TEXT)).unique(column).filter(~nw.col(column).is_null())
    return engine.collect(named).to_series().sort().to_list()


def _any_of(column: str, words: set[str]) -> nw.Expr:
    return nw.coalesce(nw.col(column).cast(TEXT), nw.lit("")).is_in(sorted(words))


def _candidates(identifiers: nw.LazyFrame, given: str, engine: Engine) -> list[str]:
    """What may be near a value, of those that may be millions: it begins alike and is about as long."""
    value = nw.col("value")
    length, alike = value.str.len_chars(), value.str.starts_with(given[:1].lower()) | value.str.starts_with(given[:1])
    about = identifiers.filter(alike & (length >= len(given) - 2) & (length <= len(given) + 2))
    return engine.collect(about.select("value").unique("value").sort("value").head(_ASKED)).to_series().to_list()


def _near(given: str, known: list[str], shown: Callable[[str], str]) -> str:
    """Name what is near."""
    close = difflib.get_close_matches(given.strip().lower(), known)
    return f"Near it: {', '.join(repr(shown(name)) for name in close)}. " if close else ""
