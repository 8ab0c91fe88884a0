"""Made-up product events: who did what, when, in which account. Seeded; written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benches.harness import prepared

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Events", "make"]

_HOME: Final = Path(__file__).parent / "data"
# How often of a hundred each event is; every person also signs up once.
_SHARES: Final = {
    "page_viewed": 52, "message_sent": 22, "file_opened": 12, "report_made": 6, "project_created": 4,
    "member_invited": 3, "ticket_opened": 1,
}  # fmt: skip
_SECONDS: Final = 365 * 24 * 60 * 60
_PART: Final = 5_000_000  # events of one file, so that writing them takes as little memory as it may


@dataclass(frozen=True)
class Events:
    """One size of it.

    Attributes:
        number: how many events; one person for twenty, one account for a hundred.
    """

    number: int

    @property
    def folder(self) -> Path:
        """Where it is written."""
        return _HOME / f"events-{self.number}"

    @property
    def table(self) -> str:
        """A glob of Parquet: at, event, person, account, properties (JSON); in order of time, as a log is."""
        return str(self.folder / "events-*.parquet")

    @property
    def files(self) -> list[Path]:
        """The files of the table."""
        return sorted(self.folder.glob("events-*.parquet"))

    def ensure(self) -> dict[str, Any]:
        """Make it unless it is there; say what it holds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        given = {"number": self.number, "out": str(self.folder)}
        return prepared(self.folder, Path(__file__), "benches.events:make", given)


def make(number: int, out: str) -> dict[str, Any]:
    """Write so many events; most are of few people, and accounts differ in size."""
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(20260301)
    people, accounts = number // 20, number // 100
    account_of = (accounts * draw.random(people) ** 2).astype(np.int64)
    signed_up = draw.integers(0, _SECONDS, people)
    who = np.concatenate([np.arange(people), (people * draw.random(number - people) ** 2).astype(np.int64)])
    kind = draw.choice(
        np.arange(1, 1 + len(_SHARES), dtype=np.int8), number - people, p=np.array(list(_SHARES.values())) / 100
    )
    later = (_SECONDS - signed_up[who[people:]]) * draw.random(number - people) ** 4  # most of it early
    second = np.concatenate([signed_up, signed_up[who[people:]] + later.astype(np.int64)])
    event, friend = np.concatenate([np.zeros(people, np.int8), kind]), draw.integers(0, 9, number, dtype=np.int8)
    in_time = np.argsort(second, kind="stable")
    names = pl.Series(["signed_up", *_SHARES])
    for part, begin in enumerate(range(0, number, _PART)):
        rows = in_time[begin : begin + _PART]
        one = {"second": second[rows], "who": who[rows], "org": account_of[who[rows]], "friend": friend[rows]}
        frame = pl.DataFrame(one, schema_overrides={"friend": pl.Int64}).with_columns(event=names.gather(event[rows]))
        _described(frame).write_parquet(Path(out) / f"events-{part:03}.parquet")
    return {"events": number, "people": people, "accounts": len(np.unique(account_of))}


def _described(frame: pl.DataFrame) -> pl.DataFrame:
    """Write numbers as texts, as logs have them."""
    import polars as pl

    friend = pl.format("friend {}", "friend")
    invitee = pl.concat_str(pl.lit('{"invitee": "'), friend, pl.lit('", "from": "web"}'))
    return frame.select(
        at=pl.datetime(2025, 1, 1, time_zone="UTC") + pl.duration(seconds="second", time_unit="us"),
        event="event",
        person=pl.format("person-{}", "who"),
        account=pl.format("account-{}", "org"),
        properties=pl.when(pl.col("event") == "member_invited").then(invitee).otherwise(pl.lit('{"from": "web"}')),
    )
