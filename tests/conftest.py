"""What every test may ask for: the folder of real exports, a local Spark, and the engines side by side."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from idgraph.engines import Engine, engine_for

ROOT = Path(__file__).resolve().parents[1]

# Spark's workers are to be this Python, not the first one on the path, and to talk to this machine only.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

# No deadline: a property is right or wrong, not fast or slow. Continuous integration (which sets CI) repeats the same
# examples in each run, so fewer do; a developer's runs explore, and remember what failed.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "ci", parent=hypothesis.settings.get_profile("default"), max_examples=20, derandomize=True, database=None
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real exports and labelled sets: $IDGRAPH_DATA, or ../shared/data beside the repository.

    Where nobody set the variable the tests that need the folder are skipped; where somebody did, it has to be there.
    """
    named = os.environ.get("IDGRAPH_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    if named:
        pytest.fail(f"IDGRAPH_DATA names a folder that does not exist: {folder}")
    pytest.skip("the real exports are not here: set IDGRAPH_DATA to their folder")


@cache
def java_version() -> int | None:
    """The major version of the Java that Spark would start, or None where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        return None
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', answer)
    return int(found[1]) if found else None


# Files of tests on Spark that take as long as all others.
LONG = {"test_collected.py", "test_parity.py", "test_parity_graph.py"}


@pytest.hookimpl(tryfirst=True)  # before xdist, which looks for groups here too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs Spark in two processes, each of which starts it once; skip it where no Java can."""
    marked = [item for item in items if item.get_closest_marker("spark")]
    for item in marked:
        item.add_marker(pytest.mark.xdist_group("spark, long" if item.path.name in LONG else "spark"))
    if marked and (java_version() or 0) < 17:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="Spark needs Java 17 or newer"))


@pytest.fixture(scope="session")
def spark_settings() -> dict[str, str | int]:
    """How tests set up Spark: what it does here is small, so it compiles and shuffles little."""
    java = [
        "-XX:TieredStopAtLevel=1",
        "-XX:ReservedCodeCacheSize=256m",  # the 48 MB that one level gets fill up, and most is compiled again
        "-XX:+UseSerialGC",
        "-Xmn600m",  # nearly all that planning leaves behind is garbage at once
    ]
    return {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": 1,
        "spark.default.parallelism": 1,
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.python.sql.dataFrameDebugging.enabled": "false",  # it asks Java a dozen questions for each column
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": " ".join(java),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


@pytest.fixture(scope="session")
def spark(spark_settings):
    """A Spark session on this machine, started once."""
    sql = pytest.importorskip("pyspark.sql")
    session = sql.SparkSession.builder.master("local[2]").config(map=spark_settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    java = session.sparkContext._jvm
    for name in ("functions", "PythonUtils"):  # which each column asks for, and Java seeks in all archives each time
        setattr(java, name, getattr(java, name))
    yield session
    session.stop()


@pytest.fixture(scope="session", params=["polars", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request) -> Engine:
    """Each engine in turn."""
    return engine_for(request.getfixturevalue("spark").range(1) if request.param == "spark" else None)
