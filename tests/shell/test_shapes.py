"""What --json prints has exactly the shapes that docs/shell.md shows: its commands are run in the order they stand there."""

import json
import re
import shlex

from conftest import ROOT

EXAMPLE = re.compile(r"^`rhizo ([^`]+)`[^\n]*\n(?:(?!```|`rhizo)[^\n]*\n)*```json\n(.*?)\n```", re.M | re.S)


def examples():
    text = (ROOT / "docs/shell.md").read_text()
    return [(shlex.split(command), json.loads(shape)) for command, shape in EXAMPLE.findall(text)]


def shape(value):
    """Names and types, not values; nulls fit any type."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else type(value).__name__


def fits(got, shown):
    if isinstance(shown, dict):
        return isinstance(got, dict) and list(got) == list(shown) and all(fits(got[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return isinstance(got, list) and (not got or not shown or fits(got[0], shown[0]))
    return got is None or shown is None or got == shown


def test_every_verb_prints_the_shape_that_is_documented(rhizo):
    (rhizo.directory / "users.csv").write_text("id,name,score\n1,Ada,3.5\n2,Grace,4.25\n")
    rhizo("init", "db")
    shown = examples()
    assert len(shown) == 28
    moved = [pair for pair in shown if pair[0][0] == "info" and "nobody" in pair[0]]
    for arguments, document in moved + [pair for pair in shown if pair not in moved]:
        failed = "error" in document
        done = rhizo.run(*arguments, code=1 if failed else 0)
        got = json.loads(done.stderr if failed else done.stdout)
        assert fits(shape(got), shape(document)), f"{arguments}: {got}"


def test_every_verb_is_documented(rhizo):
    text = (ROOT / "docs/shell.md").read_text()
    listed = re.findall(r"^  ([a-z]+)  ", rhizo("--help"), re.M)
    assert len(listed) >= 18
    for verb in listed:
        assert re.search(rf"`{verb}[ \\]", text), verb
