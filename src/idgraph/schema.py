"""The frames that flow between the steps, with their columns and dtypes: one table of facts for every engine.

Each step casts what it returns with `cast`, so that engines that count in other integer types still agree.
`Categorical` columns hold few distinct words; on an engine without that dtype they are plain strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import narwhals.stable.v2 as nw

__all__ = [
    "ACCOUNT_KINDS",
    "COUNT",
    "FLAG",
    "FRAMES",
    "KINDS",
    "LEVELS",
    "NUMBER",
    "PERSON_KINDS",
    "TEXT",
    "TEXTS",
    "TIME",
    "WORD",
    "Frame",
    "Kind",
    "Level",
    "cast",
    "empty",
    "level_of",
    "microseconds",
]

_DType = nw.dtypes.DType
Kind = Literal["visitor", "user", "clickstream", "contact", "lead", "tenant", "crm_account", "company"]
Level = Literal["person", "tenant", "account"]

KINDS: Final[tuple[str, ...]] = get_args(Kind)
PERSON_KINDS: Final = KINDS[:5]
ACCOUNT_KINDS: Final = KINDS[5:]
LEVELS: Final[dict[str, tuple[str, ...]]] = {"person": PERSON_KINDS, "tenant": ("tenant",), "account": ACCOUNT_KINDS}

TEXT: Final = nw.String()
WORD: Final = nw.Categorical()
TIME: Final = nw.Datetime("us", "UTC")
COUNT: Final = nw.Int64()
NUMBER: Final = nw.Float64()
FLAG: Final = nw.Boolean()
TEXTS: Final = nw.List(nw.String())

_SECOND: Final = 1_000_000  # microseconds


def level_of(kind: str) -> Level:
    """Return the level on which records of a kind are people or companies: `person` or `account`.

    >>> level_of("lead"), level_of("tenant")
    ('person', 'account')
    """
    return "person" if kind in PERSON_KINDS else "account"


@dataclass(frozen=True)
class Frame:
    """One frame's columns.

    Attributes:
        columns: column name to dtype, in order.
        attributes: whether declared attributes follow as further String columns.
    """

    columns: Mapping[str, _DType]
    attributes: bool = False


_ENTITY: Final[dict[str, _DType]] = {"entity_id": TEXT}
_ENTITY_FACTS: Final[dict[str, _DType]] = {
    "records": COUNT,
    "stub": FLAG,
    "first_seen": TIME,
    "last_seen": TIME,
    "weakest_rule": WORD,
    "weakest_weight": NUMBER,
}

FRAMES: Final[dict[str, Frame]] = {
    "records": Frame(
        {
            "record_id": TEXT,
            "source": WORD,
            "kind": WORD,
            "native_id": TEXT,
            "first_seen": TIME,
            "last_seen": TIME,
            "stub": FLAG,
            "deleted": FLAG,
        },
        attributes=True,
    ),
    "identifiers": Frame(
        {
            "record_id": TEXT,
            "type": WORD,
            "value": TEXT,
            "raw": TEXT,
            "observed_at": TIME,
            "observed_basis": WORD,
            "origin": WORD,
            "support": COUNT,
            "rules": WORD,
            "state": WORD,
            "weight": NUMBER,
            "reason": WORD,
        }
    ),
    "memberships": Frame(
        {
            "person_record_id": TEXT,
            "company_record_id": TEXT,
            "via": WORD,
            "observed_at": TIME,
            "until": TIME,
            "weight": NUMBER,
            "state": WORD,
            "reason": WORD,
        }
    ),
    "hierarchy": Frame({"child_record_id": TEXT, "parent_record_id": TEXT, "via": WORD, "observed_at": TIME}),
    "aliases": Frame({"survivor_record_id": TEXT, "merged_record_id": TEXT, "via": WORD, "at": TIME}),
    "events": Frame(
        {
            "event_id": TEXT,
            "source": WORD,
            "record_id": TEXT,
            "event": WORD,
            "at": TIME,
            "session_id": TEXT,
            "company_record_id": TEXT,
            "count": COUNT,
            "properties": TEXT,
            "record_known_at": TIME,
            "company_known_at": TIME,
        }
    ),
    "facts": Frame(
        {"source": WORD, "record_id": TEXT, "company_record_id": TEXT, "name": WORD, "value": TEXT, "at": TIME}
    ),
    "links": Frame(
        {
            "level": WORD,
            "left_id": TEXT,
            "right_id": TEXT,
            "rule": WORD,
            "weight": NUMBER,
            "probability": NUMBER,
            "strict": FLAG,
            "evidence": TEXT,
            "observed_at": TIME,
            "state": WORD,
            "reason": WORD,
        }
    ),
    "judgements": Frame(
        {
            "left_id": TEXT,
            "right_id": TEXT,
            "verdict": WORD,
            "by": TEXT,
            "at": TIME,
            "why": TEXT,
            "revoked_at": TIME,
        }
    ),
    "suppressed": Frame(
        {"type": WORD, "value": TEXT, "reason": WORD, "records": COUNT, "entities": COUNT, "examples": TEXTS}
    ),
    "rejects": Frame(
        {"source": WORD, "file": TEXT, "row": COUNT, "grain": WORD, "column": TEXT, "value": TEXT, "reason": TEXT}
    ),
    "assignments": Frame({"record_id": TEXT, "level": WORD, "entity_id": TEXT, "strict_id": TEXT}),
    "profiles": Frame(
        {**_ENTITY, **_ENTITY_FACTS, **{f"{kind}_records": COUNT for kind in PERSON_KINDS}}, attributes=True
    ),
    "tenants": Frame({**_ENTITY, "account_id": TEXT, **_ENTITY_FACTS, "tenant_records": COUNT}, attributes=True),
    "accounts": Frame(
        {
            **_ENTITY,
            "ultimate_parent_id": TEXT,
            **_ENTITY_FACTS,
            **{f"{kind}_records": COUNT for kind in ACCOUNT_KINDS},
        },
        attributes=True,
    ),
    "members": Frame(
        {
            "profile_id": TEXT,
            "account_id": TEXT,
            "tenant_ids": TEXTS,
            "via": WORD,
            "weight": NUMBER,
            "since": TIME,
            "until": TIME,
            "is_primary": FLAG,
            "state": WORD,
            "reason": WORD,
        }
    ),
    "changes": Frame(
        {
            "entity_id": TEXT,
            "level": WORD,
            "change": WORD,
            "from_ids": TEXTS,
            "cause": TEXT,
            "run_id": TEXT,
            "at": TIME,
        }
    ),
}


def cast(frame: nw.LazyFrame, name: str) -> nw.LazyFrame:
    """Put a frame's columns in their declared order and dtypes; columns it lacks become null.

    Args:
        frame: any of the frames of `FRAMES`, on any engine.
        name: which one.

    Returns:
        The same rows; where the frame has attributes, its further columns follow unchanged.
    """
    present = frame.collect_schema()
    native_words = frame.implementation.is_polars()
    declared = []
    for column, dtype in FRAMES[name].columns.items():
        target = TEXT if dtype == nw.Categorical and not native_words else dtype
        value = nw.col(column) if column in present else nw.lit(None).alias(column)
        declared.append(value if present.get(column) == target else value.cast(target))
    extra = [c for c in present.names() if c not in FRAMES[name].columns] if FRAMES[name].attributes else []
    return frame.select(*declared, *extra)


def microseconds(frame: nw.LazyFrame, time: str) -> nw.Expr:
    """Count the microseconds from 1970 to a time, which a cast gives on Polars; on Spark it gives whole seconds.

    Args:
        frame: the frame that is asked, for its engine.
        time: a column in UTC.

    Returns:
        Int64, negative before 1970; null where the time is.
    """
    counted = nw.col(time).cast(COUNT)
    if frame.implementation.is_polars():
        return counted
    rest = (nw.col(time).dt.microsecond().cast(COUNT) + _SECOND) % _SECOND  # Spark's are negative before 1970
    return counted * _SECOND + rest


def empty(name: str) -> nw.DataFrame[Any]:
    """Make a frame of no rows, in its declared columns, for any engine to take over."""
    return nw.from_dict({column: [] for column in FRAMES[name].columns}, FRAMES[name].columns, backend="polars")
