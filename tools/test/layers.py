"""Keeps the ladder of folders and the fences round foreign headers (docs/architecture.md)."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LADDER = ["base", "io", "object", "meta", "tree", "model", "engine", "table", "merge", "txn", "sql", "db", "cli"]
DUCKDB = {"engine", "table", "merge", "txn", "sql", "db"}
FENCES = {
    r"sqlite3\.h": {"meta"},
    r"blake3\.h|utf8proc\.h": {"base"},
    r"xxhash\.h": {"table"},
    r"zstd\.h": {"table"},
    r"duckdb(\.hpp|/.*)|parquet_.*\.hpp": DUCKDB,
    r"CLI/.*": {"cli"},
    r"nanobind/.*": {"python"},
    r"nlohmann/.*": {"cli", "db"},
    r"(sys/.*|fcntl|unistd|dirent|pthread)\.h": {"base", "io", "meta", "db", "cli", "table"},
}
INCLUDE = re.compile(r'^\s*#include\s+([<"])([^">]+)[">]', re.M)


def faults_of(path: pathlib.Path, folder: str) -> list[str]:
    faults = []
    for quote, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        where = f"{path.relative_to(ROOT)}: {name}"
        top = name.split("/")[0]
        if quote == '"' and top in LADDER and LADDER.index(top) > LADDER.index(folder):
            faults.append(f"{where}: {folder} lies below {top}")
        own = quote == '"' and (top in LADDER or top == "rhizo")
        for pattern, allowed in FENCES.items():
            if not own and re.fullmatch(pattern, name) and folder not in allowed and "testing" not in path.parts:
                if not path.name.endswith("_test.cc"):
                    faults.append(f"{where}: only {', '.join(sorted(allowed))} may include it")
    return faults


def readme_faults() -> list[str]:
    faults = []
    for folder in LADDER:
        readme = ROOT / "src" / folder / "README.md"
        if not readme.exists():
            faults.append(f"src/{folder} has no README.md")
        elif len(readme.read_text(encoding="utf-8").splitlines()) > 20:
            faults.append(f"src/{folder}/README.md has more than 20 lines")
    return faults


def main() -> int:
    faults = readme_faults()
    for folder in LADDER:
        for path in sorted((ROOT / "src" / folder).rglob("*.[hc]*")):
            if path.suffix in {".h", ".cc"}:
                faults += faults_of(path, folder)
    for path in sorted((ROOT / "include").rglob("*.h")):
        for _, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if re.match(r"duckdb|sqlite3|arrow/|nlohmann", name):
                faults.append(f"{path.relative_to(ROOT)}: public headers do not include {name}")
    print("\n".join(faults) or "layers: the ladder and the fences hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
