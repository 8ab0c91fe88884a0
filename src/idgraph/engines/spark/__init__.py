"""The engine on Spark; the only folder that imports pyspark."""

from idgraph.engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
