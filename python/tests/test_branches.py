"""Branches, tags, snapshots, history, time travel."""

from __future__ import annotations

import datetime as dt

import pytest

import rhizo


@pytest.fixture
def grown(db: rhizo.Database) -> rhizo.Database:
    db.write("t", {"n": [1]}, message="one")
    db.write("t", {"n": [1, 2]}, message="two")
    db.append("t", {"n": [3]}, message="three")
    return db


def test_every_version_stays_readable(grown: rhizo.Database) -> None:
    assert [len(grown.read("t", version=version)) for version in (1, 2, 3)] == [1, 2, 3]
    assert grown.sql("SELECT count(*) FROM t VERSION 1").fetchone() == (1,)
    assert grown.sql("SELECT a.c, b.c FROM (SELECT count(*) c FROM t VERSION 2) a, (SELECT count(*) c FROM t) b").fetchone() == (2, 3)


def test_versions_are_listed_newest_first(grown: rhizo.Database) -> None:
    versions = grown.versions("t")
    assert [(version.version, version.rows, version.message) for version in versions] == [
        (3, 3, "three"),
        (2, 2, "two"),
        (1, 1, "one"),
    ]
    assert versions[0].operation == "append" and versions[0].author == "tester"
    assert versions[0].time.tzinfo is not None and versions[0].time >= versions[1].time


def test_the_log_can_be_limited_and_asked_per_table(grown: rhizo.Database) -> None:
    grown.write("u", {"n": [1]}, message="other")
    assert [commit.message for commit in grown.log(limit=2)] == ["other", "three"]
    assert grown.log(limit=0) == []
    assert [commit.message for commit in grown.history("t")] == ["three", "two", "one"]
    assert grown.log()[0].parents[0] == grown.log()[1].id


def test_a_table_can_be_read_as_of_anything(grown: rhizo.Database) -> None:
    grown.tag("v1", "main~1")
    second = grown.versions("t")[1]
    for ref in ("v1", "main~1", second.commit, second.commit[:12], second.version, grown.commit("v1"), grown.tags()[0]):
        assert len(grown.read("t", at=ref)) == 2, ref
    assert len(grown.read("t", at=second.time)) >= 2


def test_what_is_not_there_has_its_own_error(grown: rhizo.Database) -> None:
    with pytest.raises(rhizo.VersionNotFoundError):
        grown.read("t", version=99)
    with pytest.raises(rhizo.BranchNotFoundError):
        grown.on("mian")
    with pytest.raises(rhizo.RhizoError):
        grown.at("nowhere")
    with pytest.raises(rhizo.TableNotFoundError):
        grown.versions("x")


def test_a_branch_is_independent(grown: rhizo.Database) -> None:
    grown.create_branch("try")
    with grown.on("try") as session:
        session.write("t", {"n": [9]})
        assert session.current_branch() == "try"
        assert session.read("t").fetchall() == [(9,)]
    assert len(grown.read("t")) == 3
    assert grown.sql('SELECT n FROM t@"try"').fetchall() == [(9,)]
    assert len(grown.read("t", at="try")) == 1


def test_a_branch_from_an_older_commit(grown: rhizo.Database) -> None:
    branch = grown.create_branch("old", "main~2")
    assert branch.commit == grown.log()[2].id
    assert len(grown.on("old").read("t")) == 1


def test_branches_can_be_listed_renamed_deleted_and_brought_back(db: rhizo.Database) -> None:
    db.create_branch("a")
    db.rename_branch("a", "b")
    assert [branch.name for branch in db.branches()] == ["b", "main"]
    db.delete_branch("b")
    assert [branch.name for branch in db.branches()] == ["main"]
    assert db.undelete_branch("b").name == "b"
    with pytest.raises(rhizo.AlreadyExistsError):
        db.create_branch("b")


def test_a_protected_branch_stays(db: rhizo.Database) -> None:
    expires = dt.datetime(2100, 1, 1, tzinfo=dt.timezone.utc)
    branch = db.create_branch("release", expires=expires, protected=True)
    assert branch.protected and branch.expires == expires
    with pytest.raises(rhizo.RhizoError):
        db.delete_branch("release")
    assert not db.set_branch("release", protected=False).protected
    db.delete_branch("release")


def test_merge_moves_forward_or_brings_both_together(grown: rhizo.Database) -> None:
    grown.create_branch("try")
    session = grown.on("try")
    session.append("t", {"n": [4]})
    merged = grown.merge("try")
    assert merged.fast_forward and merged.changed and merged.commit == session.commit().id
    assert not grown.merge("try").changed
    session.append("t", {"n": [5]})
    grown.append("t", {"n": [6]})
    merged = grown.merge("try")
    assert merged.changed and not merged.fast_forward and merged.commit == grown.commit().id
    assert sorted(grown.commit().parents) == list(grown.commit().parents) and len(grown.commit().parents) == 2
    assert sorted(row[0] for row in grown.read("t").fetchall())[-3:] == [4, 5, 6]


def test_tags_stay(grown: rhizo.Database) -> None:
    tag = grown.tag("v1")
    grown.append("t", {"n": [4]})
    assert len(grown.read("t", at="v1")) == 3
    assert grown.tags() == [tag]
    with pytest.raises(rhizo.AlreadyExistsError):
        grown.tag("v1")
    grown.delete_tag("v1")
    assert grown.tags() == []


def test_a_snapshot_stays_and_cannot_be_written(grown: rhizo.Database) -> None:
    with grown.at("main") as snapshot:
        grown.append("t", {"n": [4]})
        assert len(snapshot.read("t")) == 3
        assert snapshot.current_branch() == ""
        with pytest.raises(rhizo.ReadOnlyError):
            snapshot.write("t", {"n": [1]})


def test_a_snapshot_does_not_move_to_a_branch(grown: rhizo.Database) -> None:
    with grown.at("main") as snapshot:
        for create in (False, True):
            with pytest.raises(rhizo.ReadOnlyError, match="stays at one commit"):
                snapshot.checkout("try" if create else "main", create=create)
        assert snapshot.current_branch() == ""
    assert [branch.name for branch in grown.branches()] == ["main"]


def test_checkout_moves_only_its_own_session(db: rhizo.Database) -> None:
    other = db.on("main")
    db.checkout("try", create=True)
    assert (db.current_branch(), other.current_branch()) == ("try", "main")


def test_a_scratch_session_is_gone_unless_kept(db: rhizo.Database) -> None:
    with db.scratch() as scratch:
        scratch.write("t", {"n": [1]})
    assert db.tables() == [] and [branch.name for branch in db.branches()] == ["main"]
    with db.scratch() as scratch:
        scratch.write("t", {"n": [1]})
        scratch.keep("kept")
    assert db.on("kept").tables() == ["t"]


def test_the_reflog_remembers_every_move(grown: rhizo.Database) -> None:
    entries = grown.reflog("main", limit=2)
    assert entries[0].new_commit == grown.commit().id and entries[0].old_commit == entries[1].new_commit


def test_facts_print_readably(grown: rhizo.Database) -> None:
    assert repr(grown.commit()).startswith(f"Commit({grown.commit().id[:10]}")
    assert "append t" in repr(grown.commit())
    assert repr(grown.branches()[0]).startswith("Branch('main', ")
    assert "rows=3" in repr(grown.info("t"))
    assert "branch main" in repr(grown) and repr(grown).startswith("Database(")
    assert "snapshot" in repr(grown.at("main"))


def test_care(grown: rhizo.Database) -> None:
    report = grown.verify()
    assert report and report.ok and report.commits >= 3
    stats = grown.stats()
    assert (stats.tables, stats.rows, stats.branches) == (1, 3, 1)
    grown.flush()
