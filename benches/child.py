"""The process that a candidate runs in: `python -m benches.child module:function '{"keyword": …}' result.json`."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    call, given, result = sys.argv[1:]
    module, function = call.split(":")
    facts = getattr(import_module(module), function)(**json.loads(given))
    Path(result).write_text(json.dumps(facts))
