"""The examples run: the script as a program, the notebook in a kernel; and the notebook is kept without its outputs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_runs(script, tmp_path):
    command = [sys.executable, "-W", "error", str(script), str(tmp_path / "written")]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "are one person" in run.stdout
    assert (tmp_path / "written" / "graph" / "run.json").is_file()


@each_notebook
def test_notebook_runs(notebook, tmp_path):
    pytest.importorskip("nbclient", reason="the extra 'notebook' is not installed")
    # In a process of its own, so that what Jupyter leaves open is not held against this one.
    command = [sys.executable, "-c", _EXECUTE, str(notebook), str(tmp_path / notebook.name)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert re.search("are one (person|account)", (tmp_path / notebook.name).read_text(encoding="utf-8"))


# The kernel is this Python, whatever kernels the machine has.
_EXECUTE = """
import sys
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

source, target = sys.argv[1:]
book = nbformat.read(source, as_version=4)
manager = AsyncKernelManager()
manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
NotebookClient(book, km=manager, timeout=120).execute()
nbformat.write(book, target)
"""


@each_notebook
def test_notebook_is_kept_without_outputs(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert [cell["source"] for cell in code if cell["outputs"] or cell["execution_count"]] == []
