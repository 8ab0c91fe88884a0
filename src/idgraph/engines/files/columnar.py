"""Read Parquet: a lazy scan of the file itself, dtypes as they are."""

from __future__ import annotations

import polars as pl

from idgraph.engines.files.address import schema_addresses
from idgraph.engines.files.parts import RESERVED, ROW, Part, Reading


def read_parquet(part: Part) -> Reading:
    """Open one Parquet file.

    Returns:
        Its columns in their own dtypes, and `__row` (UInt32, from 1); addresses include the fields of struct columns.

    Raises:
        FileError: truncated or damaged.
    """
    with part.path.open("rb") as file:
        size = file.seek(-4, 2) + 4
        if file.read() not in {b"PAR1", b"PARE"}:
            raise part.error("is truncated: it does not end as Parquet does", "Fetch or export it again.")
    frame = pl.scan_parquet(part.path, glob=False, hive_partitioning=False)
    try:
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise part.error("is damaged: its Parquet footer cannot be read", "Fetch or export it again.") from error
    if clash := set(RESERVED) & set(schema):
        raise part.error(f"has a column {min(clash)!r}, a name used here", "Rename that column.")
    frame = pl.scan_parquet(part.path, glob=False, hive_partitioning=False, row_index_name=ROW, row_index_offset=1)
    return Reading(frame, list(schema_addresses(schema)), size)
