"""Engines: the ways to run the same pipeline."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from idgraph.engines.base import Engine, Kernel, Readable, Table
from idgraph.engines.polars_engine import PolarsEngine

__all__ = ["Engine", "Kernel", "Readable", "Table", "engine_for"]


def engine_for(*data: Any) -> Engine:  # noqa: ANN401 - paths, or frames of any library
    """Choose the engine that data belongs to: Spark if a frame is Spark's, classic or Connect, else Polars.

    Raises:
        EngineError: Spark cannot be used as it is.

    >>> engine_for("users.csv").name
    'polars'
    """
    for given in data:
        native = nw.to_native(given, pass_through=True)
        if type(native).__module__.startswith("pyspark."):
            from idgraph.engines.spark import SparkEngine

            return SparkEngine(native.sparkSession)
    return PolarsEngine()
