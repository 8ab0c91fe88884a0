"""The limit of an account of several tenants is what theirs add up to, as brute force adds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from idgraph.pql import Activity, Definition, count, share_of
from idgraph.pql.scope import limits_of, scope_of

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = {"t1": "a", "t2": "a", "t3": "b", "t4": "c"}
PARENTS = {"a": "p", "b": "p", "c": "q"}
TOLD = st.tuples(
    st.sampled_from([*ACCOUNTS, *PARENTS]),
    st.sampled_from([None, *range(1, 9)]),
    st.sampled_from(["1", "2.5", "10", "unlimited", None]),
)


def day(number: int | None) -> datetime | None:
    return None if number is None else START + timedelta(days=number)


def activity(told: list[tuple[str, int | None, str | None]]) -> Activity:
    """One event for each tenant, and what was told of tenants and accounts."""
    events = pl.DataFrame(
        {
            "at": [START + timedelta(days=20)] * len(ACCOUNTS),
            "event": ["made"] * len(ACCOUNTS),
            "tenant": list(ACCOUNTS),
            "account": list(ACCOUNTS.values()),
            "parent": [PARENTS[account] for account in ACCOUNTS.values()],
        }
    )
    facts = pl.DataFrame(
        [("tenant" if who in ACCOUNTS else "account", who, "seats", value, day(at)) for who, at, value in told],
        schema={
            **dict.fromkeys(("level", "entity_id", "name", "value"), pl.String),
            "at": pl.Datetime("us", "UTC"),
        },
        orient="row",
    )
    return Activity.from_frame(events, tenant="tenant", account="account", parent="parent", facts=facts)


def latest(told: list[tuple[str, int | None, str | None]], who: str, at: int) -> tuple[bool, str | None]:
    """Whether something is told of somebody by a day, and what."""
    known = [(-1 if day is None else day, value or "", value) for name, day, value in told if name == who]
    known = [one for one in known if one[0] <= at]
    return bool(known), max(known)[2] if known else None


def limit(told: list[tuple[str, int | None, str | None]], account: str, at: int) -> list[str | None]:
    """What is told of an account by a day: of its tenants, if ever anything is told of those, else of itself."""
    tenants = [tenant for tenant, of in ACCOUNTS.items() if of == account and any(who == tenant for who, _, _ in told)]
    found = [latest(told, who, at) for who in tenants or [account]]
    return [value for known, value in found if known]


def summed(values: list[str | None]) -> float | None:
    return None if any(value in {None, "unlimited"} for value in values) else sum(float(value or 0) for value in values)


@given(told=st.lists(TOLD, max_size=8, unique_by=lambda one: one[:2]))
@example(told=[("t1", 1, "10"), ("t2", 3, "2.5"), ("t1", 5, None), ("b", None, "1")])
def test_the_limits_of_tenants_add_up(told):
    for level, of in (("account", PARENTS), ("parent", PARENTS.values())):
        scope = scope_of(activity(told), level, [count("made") >= 1])
        steps = limits_of(scope, "seats").collect()
        for whole in set(of):
            accounts = [whole] if level == "account" else [one for one, parent in PARENTS.items() if parent == whole]
            for at in range(-1, 10):
                wanted = [value for account in accounts for value in limit(told, account, at)]
                by = max(START + timedelta(days=at), START - timedelta(hours=1))
                known = steps.filter(pl.col(f"{level}_id") == whole, pl.col("at") <= by).sort("at")
                assert bool(wanted) == bool(known.height)
                assert not wanted or known["limit"].last() == summed(wanted)


def test_an_account_is_near_the_limit_of_all_its_tenants_together():
    near = Definition(name="near", version="1", level="account", when=share_of(count("made"), "seats") >= 1)
    told = [("t1", None, "1"), ("t2", None, "4"), ("t3", None, "1")]
    assert near.standing_at(activity(told), None)["entity_id"].to_list() == ["b"]
