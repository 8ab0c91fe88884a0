"""Lead-to-account matching: to which account each lead and contact goes, which wait for a word, or why to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.audit.unplaced import unplaced
from idgraph.errors import ConfigError
from idgraph.schema import NUMBER, PERSON_KINDS, TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from idgraph.engines import Engine

__all__ = ["lead_to_account"]


def lead_to_account(frames: Mapping[str, nw.LazyFrame], kinds: Collection[str], engine: Engine) -> nw.LazyFrame:
    """Say of each record of some kinds to which account it goes, or why to none.

    Args:
        frames: all frames of a graph.
        kinds: kinds of people.
        engine: what runs it.

    Returns:
        A row for each record, stubs left out, and in review one for each account that it may go to; sorted:

        - record_id, kind, profile_id;
        - state: `matched`, `review` or `none`;
        - account_id, null where there is none: the profile's primary account, or one that waits for a word;
        - crm_account_record_id: the CRM's record of that account: the one to which the record itself refers, else one
          of the same system, else another; of several the first seen, without deleted and merged ones; null where no
          CRM has the account;
        - via, weight: how it is known, as in the frame `members`;
        - reason: why it is in review (`namesakes`, `companies_disagree`), or why there is none: see
          `idgraph.audit.unplaced.UNPLACED_REASONS`; else null;
        - value: the domain or the name that the reason for none is about.

    Raises:
        ConfigError: no kind, or one that is no kind of people.
    """
    wrong = [kind for kind in kinds if kind not in PERSON_KINDS]
    if wrong or not kinds:
        msg = f"{', '.join(map(repr, wrong)) or 'nothing'} is no kind of people; they are {', '.join(PERSON_KINDS)}"
        raise ConfigError(msg)
    asked = frames["records"].filter(~nw.col("stub") & nw.col("kind").is_in(list(kinds)))
    placed = frames["assignments"].select("record_id", nw.col("level").cast(TEXT), "entity_id")
    profiles = placed.filter(nw.col("level") == "person").select("record_id", profile_id="entity_id")
    asked = engine.checkpoint(asked.select("record_id", nw.col("kind").cast(TEXT)).join(profiles, on="record_id"))
    belongs = frames["members"].with_columns(nw.col("via", "state", "reason").cast(TEXT))
    primary = belongs.filter("is_primary").with_columns(nw.lit("matched").alias("state"), _null(TEXT, "reason"))
    waiting = belongs.filter(nw.col("state") == "review").join(
        primary.select("profile_id"), on="profile_id", how="anti"
    )
    known = nw.concat([primary, waiting]).select("profile_id", "account_id", "via", "weight", "state", "reason")
    found = engine.checkpoint(asked.join(known, on="profile_id").with_columns(_null(TEXT, "value")))
    lost = engine.checkpoint(asked.join(unplaced(frames, engine), on="profile_id"))
    none = [_null(TEXT, "account_id"), _null(TEXT, "via"), _null(NUMBER, "weight"), nw.lit("none").alias("state")]
    columns = ["record_id", "kind", "profile_id", "state", "account_id", "via", "weight", "reason", "value"]
    every = nw.concat([found.select(columns), lost.with_columns(*none).select(columns)])
    accounts = placed.filter(nw.col("level") == "account").select("record_id", account_id="entity_id")
    named = _with_crm_records(engine.checkpoint(every), frames, accounts, engine)
    columns.insert(columns.index("via"), "crm_account_record_id")
    return engine.checkpoint(named.select(columns).sort("record_id", "account_id"))


def _null(dtype: nw.dtypes.DType, name: str) -> nw.Expr:
    return nw.lit(None).cast(dtype).alias(name)


def _with_crm_records(
    found: nw.LazyFrame, frames: Mapping[str, nw.LazyFrame], accounts: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """Add the CRM's record of each account: the one referred to, one of the same system, or another; the first seen."""
    merged = frames["aliases"].select(record_id="merged_record_id").unique("record_id")
    live = frames["records"].filter((nw.col("kind") == "crm_account") & ~nw.col("deleted"))
    live = live.select("record_id", "stub", "first_seen").join(merged, on="record_id", how="anti")
    live = live.with_columns(_system("record_id"), nw.col("first_seen").is_null().alias("undated"))
    live = engine.checkpoint(live.join(accounts, on="record_id"))
    order = ["stub", "undated", "first_seen", "record_id"]
    first = live.unique("account_id", keep="first", order_by=order).select("account_id", first="record_id")
    alike = live.unique(["account_id", "system"], keep="first", order_by=order)
    alike = alike.select("account_id", "system", alike="record_id")
    refers = frames["memberships"].filter(nw.col("via") == "crm")
    refers = refers.select(record_id="person_record_id", crm="company_record_id")
    own = refers.join(live.select("account_id", crm="record_id"), on="crm")
    own = own.group_by("record_id", "account_id").agg(nw.col("crm").min().alias("own"))
    named = found.with_columns(_system("record_id")).join(first, on="account_id", how="left")
    for known, on in ((alike, ["account_id", "system"]), (own, ["record_id", "account_id"])):
        named = named.join(known, on=on, how="left")
    return named.with_columns(nw.coalesce("own", "alike", "first").alias("crm_account_record_id"))


def _system(record_id: str) -> nw.Expr:
    """The system that a record is of: the first word of its source's name."""
    source = nw.col(record_id).str.split(":").list.get(0)
    return source.str.split("_").list.get(0).alias("system")
