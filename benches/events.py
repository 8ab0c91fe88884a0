"""Made-up product events: who did what, when, in which account. Seeded; written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benches.harness import prepared

__all__ = ["Events", "make"]

_HOME: Final = Path(__file__).parent / "data"
# How often of a hundred each event is; every person also signs up once.
_SHARES: Final = {
    "page_viewed": 52, "message_sent": 22, "file_opened": 12, "report_made": 6, "project_created": 4,
    "member_invited": 3, "ticket_opened": 1,
}  # fmt: skip
_SECONDS: Final = 365 * 24 * 60 * 60


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
    def table(self) -> Path:
        """Columns at, event, person, account, properties (JSON); in order of time, as a log is."""
        return self.folder / "events.parquet"

    def ensure(self) -> dict[str, Any]:
        """Make it unless it is there; say what it holds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        given = {"number": self.number, "out": str(self.table)}
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
    names = draw.choice(list(_SHARES), number - people, p=np.array(list(_SHARES.values())) / 100)
    later = (_SECONDS - signed_up[who[people:]]) * draw.random(number - people) ** 4  # most of it early
    at = np.concatenate([signed_up, signed_up[who[people:]] + later.astype(np.int64)])
    frame = pl.DataFrame(
        {
            "second": at,
            "event": np.concatenate([np.full(people, "signed_up"), names]),
            "who": who,
            "org": account_of[who],
        }
    )
    friend = pl.format("friend {}", pl.lit(pl.Series(draw.integers(0, 9, number))))
    invitee = pl.concat_str(pl.lit('{"invitee": "'), friend, pl.lit('", "from": "web"}'))
    events = frame.select(
        at=pl.datetime(2025, 1, 1, time_zone="UTC") + pl.duration(seconds="second", time_unit="us"),
        event="event",
        person=pl.format("person-{}", "who"),
        account=pl.format("account-{}", "org"),
        properties=pl.when(pl.col("event") == "member_invited").then(invitee).otherwise(pl.lit('{"from": "web"}')),
    )
    events.sort("at").write_parquet(out)
    return {"events": number, "people": people, "accounts": events["account"].n_unique()}
