"""What Spark says when it fails, of the pages that it writes."""

from __future__ import annotations

import re
from typing import Final

from idgraph.errors import mask_text

__all__ = ["cause"]

# How a line begins that names an error: of Java and of Python, one of a condition of Spark's own, and that of gRPC.
_NAMED: Final = re.compile(
    r"^\s*(?:Caused by: |: )?(\[[A-Z_.]+\] .+|[\w.]+(?:Error|Exception): .+|details = .+)$", re.MULTILINE
)


def cause(error: Exception) -> str:
    r"""The root of an error, of py4j, gRPC or pyspark, in one line without personal values.

    >>> cause(RuntimeError("calling o70.save\n: SparkException: Job aborted\n\tat java\nCaused by: IOError: full"))
    'IOError: full'
    """
    said = str(error).strip()
    named: list[str] = _NAMED.findall(said)
    line = named[-1] if named else said.partition("\n")[0]  # the last is the root of the others
    return mask_text(line.strip() or type(error).__name__).rstrip(".")
