"""What must hold before Spark runs anything: its packages, a Java, a session in UTC."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.errors import EngineError
from idgraph.schema import TIME

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["check_java", "check_packages", "check_zone", "own_session"]

ZONE: Final = "spark.sql.session.timeZone"
_OLDEST_SPARK: Final = 4
_OLDEST_JAVA: Final = 17


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
