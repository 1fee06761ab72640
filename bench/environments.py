"""Virtual environments of the rivals, and what else is made once: the rows of TPC-H, the counter of syncs."""

from __future__ import annotations

import json
import os
import pathlib
import platform
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
DATA = ROOT / "bench-data"
RIVALS = tomllib.loads((BENCH / "rivals.toml").read_text(encoding="utf-8"))
SHARED = {"parquet": "duckdb"}


def python_of(system: str) -> str:
    """The Python of a system's virtual environment, made if it is missing or of other versions."""
    if system == "rhizo":
        return str(ROOT / ".venv/bin/python")
    system = SHARED.get(system, system)
    folder = DATA / "venv" / system
    python = folder / "bin/python"
    wanted = json.dumps(RIVALS[system]["packages"])
    stamp = folder / "installed.json"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"  (installing {', '.join(RIVALS[system]['packages'])})", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*install, *RIVALS[system]["packages"]], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return str(python)


def tpch(scale: float) -> str:
    """The folder with the eight tables as Parquet files and queries.json."""
    folder = DATA / f"tpch-{scale:g}"
    if not (folder / "queries.json").exists():
        print(f"  (making TPC-H, scale {scale:g})", flush=True)
        subprocess.run([python_of("data"), str(BENCH / "tpch_data.py"), str(folder), str(scale)], check=True)
    return str(folder)


def sync_counter() -> dict[str, str]:
    """Environment variables under which a process counts its syncs; none if there is no compiler."""
    library = DATA / "sync_count.so"
    if not library.exists():
        source = str(BENCH / "sync_count.c")
        build = ["cc", "-O2", "-shared", "-fPIC", "-o", str(library), source, "-ldl"]
        try:
            subprocess.run(build, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return {}
    return {"LD_PRELOAD": str(library)}


def machine() -> str:
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores of {(models or ['?'])[0]}, {memory:.0f} GB, {system}"


def revision() -> str:
    """Rhizo's commit; "+" when the sources differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def versions() -> str:
    """What was compared, without what only makes data."""
    named = {package for system in RIVALS if system != "data" for package in RIVALS[system]["packages"]}
    return ", ".join(sorted(package.replace("==", " ") for package in named))
