"""The engine on Spark; the only folder that imports pyspark."""

from idgraph.engines.spark.engine import SparkEngine
from idgraph.engines.spark.session import same_session, spark_session

__all__ = ["SparkEngine", "same_session", "spark_session"]
