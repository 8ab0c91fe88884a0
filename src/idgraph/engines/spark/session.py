"""What must hold before Spark runs anything: its packages, a Java, a session in UTC."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import narwhals.stable.v2 as nw

from idgraph.engines.spark.failure import cause
from idgraph.errors import EngineError
from idgraph.schema import TIME

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import SparkSession

__all__ = [
    "check_java",
    "check_packages",
    "check_workers",
    "check_zone",
    "own_session",
    "same_session",
    "spark_session",
]

ZONE: Final = "spark.sql.session.timeZone"
_OLDEST_SPARK: Final = 4
_OLDEST_JAVA: Final = 17
# Kernels and expressions go to the workers as Python's own bytes, which another version may read otherwise.
_SAME_ON_WORKERS: Final = ("idgraph-b2b", "polars")
_CONNECT: Final = "sc://"
_PATIENCE: Final = 20  # seconds
_THIS_MACHINE: Final = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
_QUIET: Final = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}


def check_packages() -> None:
    """Refuse to go on without pyspark and what it needs, by name."""
    for package in ("pyspark", "pyarrow", "pandas", "cloudpickle"):
        if find_spec(package) is None:
            msg = f"the Spark engine needs {package}. Install it: pip install 'idgraph-b2b[spark]'"
            raise EngineError(msg)
    from pyspark import __version__ as found

    if int(found.split(".")[0]) < _OLDEST_SPARK:
        msg = (
            f"the Spark engine needs pyspark {_OLDEST_SPARK}, not {found}. Install it: pip install 'idgraph-b2b[spark]'"
        )
        raise EngineError(msg)


def own_session() -> SparkSession:
    """The active session, or a new one in UTC, as Spark is configured."""
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is None and "SPARK_REMOTE" not in os.environ:
        check_java()
    return active or SparkSession.builder.config(ZONE, "UTC").getOrCreate()


@contextmanager
def spark_session(master: str) -> Iterator[SparkSession]:
    """Give a session in UTC for one command; on this machine it listens to this machine only.

    A classic session ends with the process. One of Connect is ended here: with checkpoints that nobody released, its
    client would wait for ever when the process ends.

    Args:
        master: `local[2]`, a cluster's address, or that of a Connect server (`sc://…`).

    Raises:
        EngineError: something that Spark needs is missing or too old, or nothing answers at the address.
    """
    check_packages()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.config(ZONE, "UTC")
    if master.startswith(_CONNECT):
        _check_connect(master)
        builder = builder.remote(master)
    else:
        check_java()
        builder = builder.master(master)
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers', by default the first on the path
        builder = builder.config(map={**_THIS_MACHINE, **_QUIET})
    try:
        session = builder.getOrCreate()
    except Exception as error:  # of py4j, gRPC or pyspark, as the case may be
        msg = f"Spark does not start at {master!r}: {cause(error)}. Name its address: --master local[2]"
        raise EngineError(msg) from error
    try:
        yield session
    finally:
        if master.startswith(_CONNECT):
            session.stop()


def _check_connect(address: str) -> None:
    """Spark itself would go on trying for ten minutes."""
    for package in ("grpc", "grpc_status", "zstandard"):
        if find_spec(package) is None:
            msg = f"Spark Connect needs {package}. Install it: pip install 'idgraph-b2b[spark]'"
            raise EngineError(msg)
    from pyspark.sql.connect.client import DefaultChannelBuilder

    grpc: Any = import_module("grpc")  # of which not everyone has the types
    channel = DefaultChannelBuilder(address).toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=_PATIENCE)
    except grpc.FutureTimeoutError as error:
        msg = f"no Spark Connect server answers at {address}. Check the address, and that the server runs."
        raise EngineError(msg) from error
    finally:
        channel.close()


def check_java() -> None:
    """Spark would only say that its gateway exited before sending its port number."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    mend = f"Install Java {_OLDEST_JAVA} or newer and set JAVA_HOME to it."
    if java is None:
        msg = f"Spark needs Java, and there is none in {f'JAVA_HOME={home}' if home else 'PATH'}. {mend}"
        raise EngineError(msg)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - no input
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        found = version[1] if version else "of an unknown version"
        msg = f"Spark needs Java {_OLDEST_JAVA}, and {java} is {found}. {mend}"
        raise EngineError(msg)


def check_zone(session: SparkSession) -> None:
    """In another zone the same day, and a time without zone, would be another instant than on Polars."""
    zone = session.conf.get(ZONE)
    if zone != "UTC":
        msg = f"Spark's session counts in {zone}. Before reading, set spark.conf.set({ZONE!r}, 'UTC')"
        raise EngineError(msg)
    # narwhals asks a session for its zone once, and remembers.
    seen = nw.from_native(session.range(1).selectExpr("timestamp_seconds(id) AS t")).collect_schema()["t"]
    if seen != TIME:
        msg = "Spark's session was changed to UTC after narwhals had seen it in another zone. Start a new one in UTC."
        raise EngineError(msg)


def same_session(one: Any, other: Any) -> bool:  # noqa: ANN401 - sessions, classic or Connect
    """Whether two objects stand for one session; Spark may make a second one for it."""
    if one is other or type(one) is not type(other):
        return one is other
    if hasattr(one, "session_id"):
        return bool(one.session_id == other.session_id)
    return bool(one._jsparkSession.equals(other._jsparkSession))  # noqa: SLF001 - a classic session says it nowhere else


# Sessions whose workers were asked; what runs there does not change while they live.
_asked: WeakSet[SparkSession] = WeakSet()


def check_workers(session: SparkSession) -> None:
    """Refuse workers that cannot run what is sent to them; asked once a session, of one worker, which stands for all.

    Raises:
        EngineError: they cannot run Python functions, lack idgraph, or have another version of it or of Polars.
    """
    if session in _asked:
        return
    here = {name: version(name) for name in _SAME_ON_WORKERS}
    there = _worker_versions(session)
    wrong = {name: there.get(name) for name in here if there.get(name) != here[name]}
    if wrong:
        found = ", ".join(f"{name} {version}" if version else f"no {name}" for name, version in wrong.items())
        wanted = " ".join(f"{name}=={here[name]}" for name in here)
        msg = f"Spark's workers have {found}. Install there what is here: pip install {wanted}"
        raise EngineError(msg)
    _asked.add(session)


def _worker_versions(session: SparkSession) -> dict[str, str]:
    """What is installed where Spark runs Python functions."""
    names = _SAME_ON_WORKERS

    def installed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:  # sent whole: idgraph may be missing
        from importlib.metadata import PackageNotFoundError, version

        import pyarrow as pa

        found = {}
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
        for batch in batches:
            if batch.num_rows:
                yield pa.RecordBatch.from_pydict({"name": list(found), "version": list(found.values())})

    try:
        rows = session.range(0, 1, 1, 1).mapInArrow(installed, "name string, version string").collect()
    except Exception as error:  # of py4j, gRPC or pyspark, as the case may be
        msg = (
            f"Spark's workers cannot run Python functions: {cause(error)}. Install on them the Python that is "
            "here, with idgraph-b2b[spark], and let PYSPARK_PYTHON or spark.pyspark.python name it."
        )
        raise EngineError(msg) from error
    return {row["name"]: row["version"] for row in rows}
