"""Timestamps as exports write them, to UTC microseconds."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["parse_times"]

_UTC: Final = pl.Datetime("us", "UTC")
_PLAIN: Final = "%Y-%m-%d %H:%M:%S%.f"
_NAIVE: Final = (_PLAIN, "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y")
_ZONED: Final = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z", "%Y-%m-%d %H:%M%#z")
# An epoch number tells its unit by its length: ten digits are seconds from 2001 to 2286.
_EPOCH_FACTORS: Final = {10: 1_000_000, 13: 1_000, 16: 1}
_EARLIEST, _LATEST = pl.datetime(1900, 1, 1, time_zone="UTC"), pl.datetime(2200, 1, 1, time_zone="UTC")


def parse_times(raw: pl.Series, timezone: str) -> pl.Series:
    """Read timestamps; what cannot be one, or lies outside the years 1900 to 2199, becomes null.

    Args:
        raw: String (ISO 8601 with a space or T, with or without zone; dates; American dates; epoch seconds,
            milliseconds, microseconds or nanoseconds), any integer or float of an epoch, Date or Datetime.
        timezone: IANA zone that times without one are in.

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
        parsed = _parse_text(raw.cast(pl.String), timezone)
    frame = parsed.alias("t").to_frame()
    return frame.select(pl.when(pl.col("t").is_between(_EARLIEST, _LATEST)).then("t")).to_series().alias(raw.name)


def _from_zone(naive: pl.Series, timezone: str) -> pl.Series:
    zoned = naive.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC").cast(_UTC)


def _parse_text(raw: pl.Series, timezone: str) -> pl.Series:
    """Try the commonest form on all, then one form after another, each only on what the earlier ones left."""
    parsed = _from_zone(raw.str.to_datetime(_PLAIN, time_unit="us", strict=False), timezone)
    text = raw
    for number, form in enumerate([*_ZONED, *_NAIVE, None]):
        left = (parsed.is_null() & text.is_not_null()).arg_true()
        if not len(left):
            break
        if number == 0:
            text = raw.str.strip_chars().str.replace(r"^(.{10})T", "${1} ").str.replace(r"(Z| ?UTC)$", "+00:00")
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
