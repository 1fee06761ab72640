"""rhizo shell, piped and on a terminal."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

from conftest import BIN, environment


def test_statements_end_with_a_semicolon_wherever_the_line_does(people):
    text = people("shell", "db", stdin="SELECT\n  41 + 1\nAS n;\n-- nothing\nSELECT ';' AS s;\n")
    assert "42" in text and "(1 row)" in text and ";" in text


def test_a_last_statement_needs_no_semicolon(people):
    assert "42" in people("shell", "db", stdin="SELECT 42 AS n")


def test_the_prompt_has_commands_of_its_own(people):
    people("branch", "create", "db", "other")
    people("import", "db", "people", "more.csv", "--append", "--branch", "other")
    text = people("shell", "db", stdin=".help\n.tables\n.branch\n.checkout other\n.mode csv\nSELECT count(*) AS n FROM people;\n.quit\nSELECT 99;\n")
    assert ".checkout BRANCH" in text and "people" in text and "* " in text
    assert text.endswith("n\r\n4\r\n") or text.endswith("n\n4\n")


def test_the_first_error_ends_a_shell_that_reads_no_terminal(people):
    done = people.run("shell", "db", stdin="SELECT nothing;\nSELECT 42;\n", code=1)
    assert "42" not in done.stdout and "nothing" in done.stderr
    people.run("shell", "db", stdin=".frob\n", code=1)
    people.run("shell", "db", stdin=".mode blue\n", code=1)


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, directory, *arguments):
        self.main, child = pty.openpty()
        self.process = subprocess.Popen(
            [str(BIN), *arguments], stdin=child, stdout=child, stderr=child, cwd=directory,
            env=environment(directory, INPUTRC="/dev/null"), start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
        os.close(child)
        self.seen = ""

    def expect(self, pattern, seconds=30):
        """Reads until `pattern` was written since the last call."""
        end = time.monotonic() + seconds
        while not (match := re.search(pattern, self.seen)):
            assert time.monotonic() < end, self.seen
            if select.select([self.main], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.main, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(self.seen) from None
        self.seen = self.seen[match.end():]

    def type(self, text):
        os.write(self.main, text.encode())

    def close(self):
        """Leaves with Ctrl-D, at a prompt that was awaited."""
        self.type("\x04")
        assert self.process.wait(timeout=30) == 0
        os.close(self.main)


@pytest.fixture
def terminal(people):
    terminal = Terminal(people.directory, "shell", "db")
    terminal.expect("main> ")
    yield terminal
    if terminal.process.poll() is None:
        terminal.process.kill()


def test_tab_completes_tables_keywords_and_branches(people, terminal):
    terminal.type("SEL\tcount(*) FROM peo\t;\n")
    terminal.expect("SELECT count")
    terminal.expect(r"people")
    terminal.expect(r"3\s")
    terminal.expect("main> ")
    terminal.close()


def test_errors_do_not_end_a_prompt_on_a_terminal(terminal):
    terminal.type("SELECT nothing;\n")
    terminal.expect("error:")
    terminal.expect("main> ")
    terminal.close()


def test_history_is_kept_for_the_next_time(people, terminal):
    terminal.type("SELECT 12345 AS n;\n")
    terminal.expect(r"\(1 row\)")
    terminal.expect("main> ")
    terminal.close()
    history = people.directory / ".local/state/rhizo/history"
    assert "SELECT 12345 AS n;" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0
    again = Terminal(people.directory, "shell", "db")
    again.expect("main> ")
    again.type("\x1b[A\n")
    again.expect(r"\(1 row\)")
    again.expect("main> ")
    again.close()


def test_ctrl_c_drops_what_was_typed_and_stops_a_query(terminal):
    terminal.type("SELECT 'half\n")
    terminal.expect("> ")
    terminal.type("\x03")
    terminal.expect("main> ")
    terminal.type("SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = 17;\n")
    time.sleep(0.5)
    terminal.type("\x03")
    terminal.expect("cancelled")
    terminal.expect("main> ")
    terminal.type("SELECT 42 AS n;\n")
    terminal.expect("42")
    terminal.expect(r"\(1 row\)")
    terminal.expect("main> ")
    terminal.close()


def test_progress_is_shown_on_a_terminal_only(people, big_csv):
    terminal = Terminal(people.directory, "import", "db", "big", "big.csv")
    terminal.expect(r"importing big: [0-9,]+ rows")
    terminal.expect(r"big: version 1, 1,500,000 rows in")
    terminal.process.wait(timeout=30)
    assert "importing" not in people.run("import", "db", "big2", "big.csv").stderr
