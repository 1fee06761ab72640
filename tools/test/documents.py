"""Runs what the documents show: the demo, and every `python` and `sh` block of README.md and docs/*.md.

A document's Python blocks run one after the other in one process, in an empty folder. Its `sh` blocks run with
`rhizo` on the PATH in a folder that holds the demo's database as demo-data. `./run ...` commands are not run again.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.M | re.S)
# These have tests of their own that run their blocks.
SKIPPED = {"docs/python.md"}


def blocks(document: pathlib.Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"python": [], "sh": []}
    for language, text in BLOCK.findall(document.read_text(encoding="utf-8")):
        found[language].append(text)
    return found


def run(name: str, command: list[str], folder: pathlib.Path, text: str | None = None) -> bool:
    environment = dict(os.environ, PATH=f"{ROOT / 'build/release/bin'}:{os.environ['PATH']}")
    done = subprocess.run(command, cwd=folder, env=environment, input=text, capture_output=True, text=True)
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name}")
    if done.returncode != 0:
        print(done.stdout[-2000:], done.stderr[-2000:], sep="\n")
    return done.returncode == 0


def main() -> int:
    results = []
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for example, data in (("nyc_flights.py", "demo-data"), ("two_analysts.py", "two-analysts")):
            command = [sys.executable, str(ROOT / "examples" / example), data]
            results.append(run(f"examples/{example}", command, folder))
        for document in documents:
            name = str(document.relative_to(ROOT))
            if name in SKIPPED:
                continue
            found = blocks(document)
            if found["python"]:
                with tempfile.TemporaryDirectory() as own:
                    code = "\n".join(found["python"])
                    results.append(run(f"{name}: python", [sys.executable, "-c", code], pathlib.Path(own)))
            for number, block in enumerate(found["sh"], 1):
                script = block.replace("build/release/bin/rhizo", "rhizo")
                results.append(run(f"{name}: sh {number}", ["bash", "-euo", "pipefail"], folder, script))
    failed = results.count(False)
    print(f"documents: {len(results) - failed} ran, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
