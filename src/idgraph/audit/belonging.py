"""Belonging: to which accounts a person belongs, through what, and why one of them is the primary and not another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.audit.between import links_between
from idgraph.audit.inside import entities_of, rows_of
from idgraph.audit.unplaced import UNPLACED_REASONS, unplaced
from idgraph.engines import Engine, engine_for
from idgraph.entities.members import DOUBTS, TENANTS_RANK, VIA_WEIGHTS
from idgraph.errors import mask_id
from idgraph.linkage.derived import address_domains
from idgraph.linkage.guards import STATE_REASONS

__all__ = ["Standing", "domains_shared", "maybe_one", "no_account", "standings_of"]

Frames = Mapping[str, nw.LazyFrame]
Collect = Callable[[nw.LazyFrame], pl.DataFrame]
_ENDS: Final = ["person_record_id", "company_record_id"]
# What speaks against an account as the primary one, the gravest first.
_DOUBTS: Final = {
    "sure": "waits for somebody to decide",
    "goes_on": "is over",
    "own": "is only a tenant that several companies use",
}


@dataclass(frozen=True)
class Standing:
    """An account that a person belongs to.

    Attributes:
        account_id: the account.
        person_record_id, company_record_id: the records of the strongest membership, of several the one known last.
        via: `crm`, `tenant`, `domain` or `company_name`.
        weight: the log2 odds that memberships of this kind are right.
        latest: when a membership in this account was observed last; None where no time is known.
        until: when it was last known, where it is over; None where it goes on.
        state, reason: as in the frame `members`: `review` where somebody has to decide whether it is one.
        memberships: how many there are.
        is_primary: whether it is the account to count the person under.
        why: what decided between it and the primary, or where it is that, between it and the next.
    """

    account_id: str
    person_record_id: str
    company_record_id: str
    via: str
    weight: float
    latest: datetime | None
    until: datetime | None
    state: str
    reason: str | None
    memberships: int
    is_primary: bool
    why: str

    def __str__(self) -> str:
        """One line; ids are masked."""
        at, what = (self.until, "ended") if self.until else (self.latest, "last seen")
        seen = f", {what} {at:%Y-%m-%d}" if at else ""
        told = f"{mask_id(self.company_record_id)} ({self.account_id}), by {self.via}, weight {self.weight:g}{seen}"
        return f"{told}{': primary' if self.is_primary else ''}{f'; {self.why}' if self.why else ''}"

    def as_dict(self) -> dict[str, Any]:
        """Give the same for machines; ids are masked here too."""
        return {**vars(self), **{end: mask_id(getattr(self, end)) for end in _ENDS}}


def standings_of(frames: Frames, profile_id: str, records: Collection[str], collect: Collect) -> list[Standing]:
    """List the accounts of a person, the primary first, then in the order in which they would be.

    Args:
        frames: memberships, assignments, members.
        profile_id: the person.
        records: the person's record ids.
        collect: brings a small frame to this process.
    """
    found = rows_of(frames, "memberships", "person_record_id", records, collect)
    placed = entities_of(frames, found["company_record_id"].unique().to_list(), collect)
    weight = pl.col("via").cast(pl.String).replace_strict(VIA_WEIGHTS, default=0.0, return_dtype=pl.Float64)
    account = pl.col("company_record_id").replace_strict(placed, return_dtype=pl.String)
    known = found.with_columns(pl.col("via").cast(pl.String), weight=weight, account_id=account)
    is_tenant = pl.col("via") == "tenant"
    elsewhere = is_tenant & (pl.col("account_id").filter(is_tenant).n_unique() > 1)
    known = known.with_columns(rank=pl.when(elsewhere).then(TENANTS_RANK).otherwise("weight"))
    goes_on = pl.col("until").is_null()
    order = {"weight": True, "goes_on": True, "observed_at": True, **dict.fromkeys(_ENDS, False)}
    sorted_rows = known.with_columns(goes_on=goes_on).sort(*order, descending=[*order.values()], nulls_last=True)
    best = sorted_rows.group_by("account_id", maintain_order=True).agg(
        pl.col(*_ENDS, "via", "weight").first(),
        pl.col("rank").max(),
        ranked_by=pl.col("via").sort_by("rank").last(),
        latest=pl.col("observed_at").max(),
        memberships=pl.len(),
        moved=(~pl.col("goes_on")).all(),
    )
    of_profile = rows_of(frames, "members", "profile_id", [profile_id], collect)
    told = of_profile.select("account_id", "until", "is_primary", pl.col("state", "reason").cast(pl.String))
    marks = {"sure": pl.col("state") == "used", "goes_on": goes_on, "own": pl.col("reason").ne_missing("two_companies")}
    ranked = best.join(told, on="account_id").with_columns(**marks)
    # The order of `idgraph.entities.members.members`.
    order = {"is_primary": True, **dict.fromkeys(marks, True), "rank": True, "latest": True, "account_id": False}
    rows = ranked.sort(*order, descending=[*order.values()], nulls_last=True).to_dicts()
    others = [rows[1] if len(rows) > 1 else None, *rows[:1] * (len(rows) - 1)]
    named = [field.name for field in fields(Standing) if field.name != "why"]
    return [
        Standing(**{name: row[name] for name in named}, why=_why(row, other))
        for row, other in zip(rows, others, strict=False)
    ]


def _why(row: Mapping[str, Any], other: Mapping[str, Any] | None) -> str:
    """What decides between an account and another: first what speaks against one of them."""
    if not row["sure"]:
        return f"it waits for somebody to decide: {DOUBTS[row['reason']]}"
    for mark, said in _DOUBTS.items():
        if not row[mark] and (other is None or other[mark]):
            return f"it {said}{_ended(row) if mark == 'goes_on' else ''}"
        if row[mark] and other is not None and not other[mark]:
            return f"the other {said}"
    return _stronger(row, other) if other is not None else ""


def _stronger(row: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What decides where nothing speaks against either."""
    if row["rank"] != other["rank"]:
        said = "more" if row["rank"] > other["rank"] else "less"
        several = ", of who is in tenants of several accounts" if TENANTS_RANK in {row["rank"], other["rank"]} else ""
        return f"{row['ranked_by']} counts {said} than {other['ranked_by']}{several}"
    if row["latest"] != other["latest"]:
        first = other["latest"] is None or (row["latest"] is not None and row["latest"] > other["latest"])
        return f"{row['ranked_by']} both, but seen {'later' if first else 'earlier'}"
    return f"{row['ranked_by']} both, seen at one time: the smaller account id is taken"


def _ended(row: Mapping[str, Any]) -> str:
    """Why a membership is over."""
    if row["moved"]:
        return ": newer rows name other companies in its place"
    return ": it was last seen before another account was first known in the same way"


def domains_shared(frames: Frames, people: Collection[str], companies: Collection[str], collect: Collect) -> list[str]:
    """Say which domains people write from that companies hold, and why that makes nobody a member."""
    held = rows_of(frames, "identifiers", "record_id", people, collect)
    emails = held.filter(pl.col("type").cast(pl.String) == "email")
    if emails.is_empty():
        return []
    engine = engine_for()
    coded = emails.select("value", "observed_at", record=pl.int_range(pl.len()))
    domains = engine.collect(address_domains(engine.lazy(coded), engine))["domain"].drop_nulls().unique()
    owned = rows_of(frames, "identifiers", "record_id", companies, collect)
    owned = owned.with_columns(pl.col("type", "state", "reason").cast(pl.String))
    shared = owned.filter((pl.col("type") == "domain") & pl.col("value").is_in(domains.implode()))
    told = shared.select("value", "state", "reason").unique().sort("value", "state", "reason", nulls_last=True)
    return [
        f"they write from {value}, which the account holds too: {_state(state, reason)}"
        for value, state, reason in told.iter_rows()
    ]


def _state(state: str, reason: str | None) -> str:
    if state == "used":
        return "but the domain is taken for that of another record that holds it"
    return f"{state}, {reason}: {STATE_REASONS.get(reason, reason)}" if reason else state


def no_account(frames: Frames, profile_id: str, engine: Engine) -> list[str]:
    """Say why a person has no account at all, if that is so."""
    told = []
    for reason, value in engine.collect(unplaced(frames, engine, [profile_id])).select("reason", "value").iter_rows():
        said = UNPLACED_REASONS.get(reason) or f"their domain is barred: {STATE_REASONS[reason]}"
        told.append(f"nor to any other account: {said}{f' ({mask_id(value)})' if value else ''}")
    return told


def maybe_one(frames: Frames, wholes: Sequence[Collection[str]], called: Sequence[str], collect: Collect) -> list[str]:
    """Say which links between two accounts wait for a person: decided, the two would be one."""
    placed = pl.DataFrame(
        [(record, entity) for entity, whole in enumerate(wholes) for record in whole],
        schema={"record_id": pl.String, "entity": pl.Int64},
        orient="row",
    )
    two = pl.DataFrame({"pair": [0], "left": [0], "right": [1]})
    links = rows_of(frames, "links", "left_id", placed["record_id"].to_list(), collect)
    waiting = links_between(links, placed, two).filter(state="review")
    ends = waiting.select("left_id", "right_id", "rule").unique().sort("left_id", "right_id", "rule")
    return [
        f"{called[0]} and {called[1]} may be one: {mask_id(left)} and {mask_id(right)} wait in review, by {rule}"
        for left, right, rule in ends.iter_rows()
    ]
