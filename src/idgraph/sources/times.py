"""Timestamps as exports write them, to UTC microseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import narwhals.stable.v2 as nw
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine

__all__ = ["MIXED_DATES", "SLASHED", "DateOrder", "date_orders", "parse_column", "parse_times"]

DateOrder = Literal["month_first", "day_first", "mixed"]
"""What the first part of dates with slashes is, in a whole column; `mixed` are those that no one order reads."""

_UTC: Final = pl.Datetime("us", "UTC")
_PLAIN: Final = "%Y-%m-%d %H:%M:%S%.f"
_CLOCKS: Final = (" %H:%M:%S", "", " %H:%M", " %I:%M %p", " %I:%M:%S %p")  # after a date in numbers, 24 hours or 12
_DOTTED: Final = tuple(f"%d.%m.%Y{clock}" for clock in _CLOCKS[:3])  # whoever writes dots has the day first
_NAIVE: Final = (_PLAIN, "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d", *_DOTTED)
_SLASHED: Final[dict[DateOrder, tuple[str, ...]]] = {
    "month_first": tuple(f"%m/%d/%Y{clock}" for clock in _CLOCKS),
    "day_first": tuple(f"%d/%m/%Y{clock}" for clock in _CLOCKS),
    "mixed": (),
}
MIXED_DATES: Final = "mixed_dates"  # why a date with slashes is refused that could be read alone
_MONTH, _DAY, _REST = "(0?[1-9]|1[0-2])", "(1[3-9]|2[0-9]|3[01])", "/[0-9]{4}(,? |$)"  # no month is above 12
SLASHED: Final = rf"^[0-9]{{1,2}}/[0-9]{{1,2}}{_REST}"
# What speaks against an order, and the one to try then.
_AGAINST: Final[dict[DateOrder, str]] = {
    "month_first": rf"^{_DAY}/{_MONTH}{_REST}",
    "day_first": rf"^{_MONTH}/{_DAY}{_REST}",
}
_NEXT: Final[dict[DateOrder, DateOrder]] = {"month_first": "day_first", "day_first": "mixed"}
_ZONED: Final = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z", "%Y-%m-%d %H:%M%#z")
# An epoch number tells its unit by its length: ten digits are seconds from 2001 to 2286.
_EPOCH_FACTORS: Final = {10: 1_000_000, 13: 1_000, 16: 1}
_EARLIEST, _LATEST = pl.datetime(1900, 1, 1, time_zone="UTC"), pl.datetime(2200, 1, 1, time_zone="UTC")


def date_orders(refused: nw.LazyFrame, orders: Mapping[str, DateOrder], engine: Engine) -> dict[str, DateOrder] | None:
    """Tell from what could not be read in which order its column has the parts of dates with slashes.

    A column is read with the month first; where one of its dates cannot be read so, all with the day first; and where
    another of them cannot be read so either, none.

    Args:
        refused: column, value: what was refused as no time.
        orders: in which order each column was read; one that is not among them with the month first.
        engine: what runs it.

    Returns:
        The orders to read in next; None where nothing speaks against those.
    """
    against = [nw.col("value").str.contains(pattern).alias(order) for order, pattern in _AGAINST.items()]
    told = refused.select("column", *against).group_by("column").agg(nw.col(*_AGAINST).max())
    following = {
        row["column"]: _NEXT[order]
        for row in engine.collect(told).to_dicts()
        if row.get(order := orders.get(row["column"], "month_first"))
    }
    return {**orders, **following} if following else None


def parse_column(raw: pl.Series, timezone: str) -> pl.Series:
    """Read a whole column of timestamps; see `parse_times` and `date_orders`.

    >>> texts = pl.Series(["03/04/2026", "13/04/2026"])
    >>> parse_column(texts, "UTC").dt.to_string("%Y-%m-%d").to_list()
    ['2026-04-03', '2026-04-13']
    >>> parse_column(pl.Series(["03/04/2026", "13/04/2026", "04/13/2026"]), "UTC").to_list()
    [None, None, None]
    """
    order: DateOrder = "month_first"
    while True:
        parsed = parse_times(raw, timezone, order)
        unread = raw.filter(parsed.is_null())
        if order == "mixed" or raw.dtype != pl.String or not unread.str.contains(_AGAINST[order]).any():
            return parsed
        order = _NEXT[order]


def parse_times(raw: pl.Series, timezone: str, order: DateOrder = "month_first") -> pl.Series:
    """Read timestamps; what cannot be one, or lies outside the years 1900 to 2199, becomes null.

    Args:
        raw: String (ISO 8601 with a space or T, with or without zone; dates, also with slashes or dots; epoch
            seconds, milliseconds, microseconds or nanoseconds), any integer or float of an epoch, Date or Datetime.
        timezone: IANA zone that times without one are in.
        order: that of dates with slashes; mixed ones are not read.

    Returns:
        Datetime in microseconds, UTC; same length.

    >>> texts = pl.Series(["2026-01-05T10:00:00+02:00", "2026-01-05 3:15:52", "1767607200", "soon"])
    >>> parse_times(texts, "UTC").dt.to_string("%Y-%m-%d %H:%M:%S").to_list()
    ['2026-01-05 08:00:00', '2026-01-05 03:15:52', '2026-01-05 10:00:00', None]
    """
    dtype = raw.dtype
    if isinstance(dtype, pl.Datetime):
        parsed = raw.dt.convert_time_zone("UTC").cast(_UTC) if dtype.time_zone else _from_zone(raw, timezone)
    elif dtype == pl.Date:
        parsed = _from_zone(raw.cast(pl.Datetime("us")), timezone)
    else:
        parsed = _parse_text(raw.cast(pl.String), timezone, order)
    frame = parsed.alias("t").to_frame()
    return frame.select(pl.when(pl.col("t").is_between(_EARLIEST, _LATEST)).then("t")).to_series().alias(raw.name)


def _from_zone(naive: pl.Series, timezone: str) -> pl.Series:
    zoned = naive.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC").cast(_UTC)


def _parse_text(raw: pl.Series, timezone: str, order: DateOrder) -> pl.Series:
    """Try the commonest form on all, then one form after another, each only on what the earlier ones left."""
    parsed = _from_zone(raw.str.to_datetime(_PLAIN, time_unit="us", strict=False), timezone)
    text = raw
    for number, form in enumerate([*_ZONED, *_NAIVE, *_SLASHED[order], None]):
        left = (parsed.is_null() & text.is_not_null()).arg_true()
        if not len(left):
            break
        if number == 0:
            text = raw.str.strip_chars().str.replace(r"^(.{10})T", "${1} ").str.replace(r"(Z| ?UTC)$", "+00:00")
            text = text.str.replace(r"^([0-9/.]{8,10}), ", "${1} ").str.replace("\u202f", " ", literal=True)
        parsed = parsed.scatter(left, _parse_form(text.gather(left), form, timezone))
    return parsed


def _parse_form(text: pl.Series, form: str | None, timezone: str) -> pl.Series:
    if form is None:
        return _parse_epochs(text)
    if "%#z" in form:
        return text.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False).cast(_UTC)
    return _from_zone(text.str.to_datetime(form, time_unit="us", strict=False), timezone)


def _parse_epochs(text: pl.Series) -> pl.Series:
    whole = text.str.extract(r"^(\d{10,19})(\.\d+)?$", 1)
    frame = pl.DataFrame({"n": whole.cast(pl.Int64, strict=False), "digits": whole.str.len_bytes()})
    scaled = [pl.when(pl.col("digits") == digits).then(pl.col("n") * f) for digits, f in _EPOCH_FACTORS.items()]
    nanoseconds = pl.when(pl.col("digits") == 19).then(pl.col("n") // 1_000)
    return frame.select(pl.coalesce(nanoseconds, *scaled).cast(_UTC)).to_series()
