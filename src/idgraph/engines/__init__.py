"""Engines: the ways to run the same pipeline."""

from __future__ import annotations

from typing import Any

from idgraph.engines.base import Engine, Kernel, Readable, Table
from idgraph.engines.polars_engine import PolarsEngine

__all__ = ["Engine", "Kernel", "Readable", "Table", "engine_for"]


def engine_for(frame: Any) -> Engine:  # noqa: ANN401 - a frame of any library
    """Choose the engine that a frame belongs to: Spark for a Spark frame, else Polars.

    >>> engine_for(None).name
    'polars'
    """
    if type(frame).__module__.startswith("pyspark."):
        from idgraph.engines.spark_engine import SparkEngine

        return SparkEngine(frame.sparkSession)
    return PolarsEngine()
