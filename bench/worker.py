"""One measure of one system in a process of its own: prints a JSON object of figures.

usage: worker.py SYSTEM MEASURE FOLDER JSON-ARGUMENTS
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import sys
from typing import Any, Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

MODULES = ["prepare", "commits", "concurrent", "opening", "queries", "write_back", "row_changes", "merging"]


def find(measure: str) -> Callable[..., Any]:
    modules = [importlib.import_module(f"measures.{name}") for name in MODULES]
    found: Callable[..., Any] = next(vars(module)[measure] for module in modules if measure in vars(module))
    return found


def main() -> None:
    name, measure, folder, text = sys.argv[1:5]
    arguments = json.loads(text)
    durable = arguments.pop("durable", True)
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    system = importlib.import_module(f"systems.{name}").System(pathlib.Path(folder), durable)
    system.name = name
    print(json.dumps(find(measure)(system, **arguments)), flush=True)
    if name != "rhizo":
        os._exit(0)  # some rivals' threads abort the process now and then while it ends


if __name__ == "__main__":
    main()
