"""Columns as Spark has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from polars._typing import PolarsDataType
    from pyspark.sql.types import StructType

__all__ = ["schemas", "spark_dtype", "spark_dtypes"]


def schemas(schema: Mapping[str, PolarsDataType]) -> tuple[StructType, pa.Schema]:
    """The columns that Spark gives to a Polars frame, and the Arrow form that it takes them in."""
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    native = from_arrow_schema(pl.DataFrame(schema=spark_dtypes(schema)).to_arrow().schema)
    return native, to_arrow_schema(native, timezone="UTC")


def spark_dtypes(schema: Mapping[str, PolarsDataType]) -> pl.Schema:
    """The nearest dtypes that Spark has too."""
    return pl.Schema({name: spark_dtype(dtype) for name, dtype in schema.items()})


def spark_dtype(dtype: PolarsDataType) -> PolarsDataType:
    """The nearest dtype that Spark has too.

    >>> spark_dtype(pl.List(pl.UInt32())), spark_dtype(pl.Categorical())
    (List(Int64), String)
    """
    if isinstance(dtype, pl.List):
        return pl.List(spark_dtype(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return pl.Struct([pl.Field(field.name, spark_dtype(field.dtype)) for field in dtype.fields])
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return pl.String()
    # What Int64 and UInt64 have in common is to Polars an Int128.
    return pl.Int64() if dtype.is_unsigned_integer() or dtype == pl.Int128 else dtype
