"""Points in time, as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from idgraph.errors import ConfigError

__all__ = ["instant"]


def instant(at: datetime | date | str) -> datetime:
    """Read a point in time; one without a zone is UTC, and a day is its first moment.

    Args:
        at: a datetime, a date, or either as ISO 8601 text.

    Returns:
        The same in UTC.

    Raises:
        ConfigError: it is none of these.

    >>> instant("2026-01-05T10:00:00+02:00").isoformat(), instant(date(2026, 1, 5)).isoformat()
    ('2026-01-05T08:00:00+00:00', '2026-01-05T00:00:00+00:00')
    """
    try:
        read = datetime.fromisoformat(at) if isinstance(at, str) else at
        if not isinstance(read, datetime):
            read = datetime.combine(read, time())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (OverflowError, TypeError, ValueError):
        msg = (
            f"{at!r} is no point in time. Give a datetime, a date, or ISO 8601 text such as '2026-01-31' or "
            "'2026-01-31T12:00:00+01:00'."
        )
        raise ConfigError(msg) from None
