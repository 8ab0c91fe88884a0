"""Engines: the ways to run the same pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from idgraph.engines.base import Engine, Kernel, PairKernel, Readable, Table
from idgraph.engines.polars_engine import PolarsEngine
from idgraph.errors import EngineError

__all__ = ["Engine", "Kernel", "PairKernel", "Readable", "Table", "engine_for"]


def engine_for(*data: Any, names: Sequence[str] = (), session: Any = None) -> Engine:  # noqa: ANN401
    """Choose the engine that data belongs to: Spark if a frame is Spark's, classic or Connect, else Polars.

    Args:
        data: paths, or frames of any library.
        names: what each is called, for messages.
        session: a Spark session to run on, whatever the data is; frames of Spark have to be its own.

    Raises:
        EngineError: Spark cannot be used as it is, or frames are of several of its sessions.

    >>> engine_for("users.csv").name
    'polars'
    """
    native = [nw.to_native(given, pass_through=True) for given in data]
    called = names or [f"frame {place}" for place in range(1, len(native) + 1)]
    frames = {name: one for name, one in zip(called, native, strict=True) if _is_spark(one)}
    if session is None and not frames:
        return PolarsEngine()
    if session is not None and not hasattr(session, "createDataFrame"):
        msg = f"{session!r} is no Spark session. Give one: session=SparkSession.builder.….getOrCreate()."
        raise EngineError(msg)
    from idgraph.engines.spark import SparkEngine, same_session

    first = next(iter(frames), "")
    wanted = frames[first].sparkSession if session is None else session
    strange = next((name for name, one in frames.items() if not same_session(one.sparkSession, wanted)), None)
    if strange is not None:
        other = f"of another Spark session than {first!r}" if session is None else "not of the Spark session given"
        msg = f"{strange!r} is a frame {other}. Read all of them with one session."
        raise EngineError(msg)
    return SparkEngine(wanted)


def _is_spark(native: object) -> bool:
    return type(native).__module__.startswith("pyspark.")
