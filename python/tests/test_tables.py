"""Creating, writing, appending, reading, importing and exporting tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import rhizo

ROWS = {"id": [1, 2], "name": ["Ada", "Bob"]}


def test_writing_makes_the_table_what_was_written(db: rhizo.Database) -> None:
    db.write("users", ROWS)
    db.write("users", {"id": [3], "name": ["Eve"]})
    assert db.read("users").to_dict() == {"id": [3], "name": ["Eve"]}


def test_a_write_tells_what_it_did(db: rhizo.Database) -> None:
    result = db.write("users", ROWS)
    assert (result.table, result.version, result.changed, result.rows) == ("users", 1, True, 2)
    assert result.commit == db.commit().id
    assert result.rows_inserted == 2 and result.rows_deleted == 0


def test_writing_the_same_again_is_no_commit(db: rhizo.Database) -> None:
    db.write("users", ROWS)
    before = db.commit().id
    again = db.write("users", ROWS)
    assert not again.changed
    assert db.commit().id == before
    assert "unchanged" in repr(again)


def test_appended_rows_stand_behind_the_others(db: rhizo.Database) -> None:
    db.write("users", ROWS)
    assert db.append("users", {"id": [3], "name": ["Eve"]}).rows_inserted == 1
    assert db.read("users").to_dict()["id"] == [1, 2, 3]


def test_appending_to_no_table_is_refused(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.TableNotFoundError) as caught:
        db.append("users", ROWS)
    assert caught.value.table == "users"


def test_columns_match_by_name_and_missing_ones_become_null(db: rhizo.Database) -> None:
    db.write("users", ROWS)
    db.append("users", {"name": ["Eve"]})
    db.append("users", {"name": ["Flo"], "id": [4]})
    assert db.read("users").to_dict() == {"id": [1, 2, None, 4], "name": ["Ada", "Bob", "Eve", "Flo"]}


def test_an_extra_column_is_refused_unless_the_schema_may_evolve(db: rhizo.Database) -> None:
    db.write("users", ROWS)
    more = {"id": [3], "name": ["Eve"], "age": [30]}
    with pytest.raises(rhizo.SchemaError, match="age"):
        db.append("users", more)
    db.append("users", more, schema="evolve")
    assert db.read("users").to_dict()["age"] == [None, None, 30]


def test_a_cast_that_is_not_exact_is_refused(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    with pytest.raises(rhizo.SchemaError, match="n"):
        db.append("t", {"n": [1.5]})
    db.append("t", {"n": [2.0]})
    assert db.read("t").to_dict() == {"n": [1, 2]}


def test_replace_takes_the_new_schema(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    db.write("t", {"text": ["a"]}, schema="replace")
    assert db.read("t").column_names == ["text"]
    assert db.read("t", version=1).to_dict() == {"n": [1]}


def test_a_table_can_be_declared_with_sql_python_and_arrow_types(db: rhizo.Database) -> None:
    db.create_table("t", {"a": "DECIMAL(10,2) NOT NULL", "b": str, "c": pa.list_(pa.int32())})
    columns = db.info("t").columns
    assert [column.type for column in columns] == ["DECIMAL(10,2)", "VARCHAR", "INTEGER[]"]
    assert [column.nullable for column in columns] == [False, True, True]


def test_a_table_can_be_declared_with_a_pyarrow_schema(db: rhizo.Database) -> None:
    db.create_table("t", pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("b", pa.string())]))
    assert [(column.name, column.nullable) for column in db.info("t").columns] == [("a", False), ("b", True)]
    assert len(db.read("t")) == 0


def test_an_unknown_type_is_a_schema_error_naming_the_column(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.SchemaError, match="'a'.*NUMBERR"):
        db.create_table("t", {"a": "NUMBERR"})
    assert db.tables() == []


@pytest.mark.parametrize(
    ("text", "clause"),
    [("INT DEFAULT 5", "DEFAULT"), ("INT NOT NULL default (1 + 1)", "DEFAULT"), ("INT PRIMARY KEY", "PRIMARY KEY"),
     ("VARCHAR CHECK (a > 'x')", "CHECK"), ("DECIMAL(10,2) UNIQUE", "UNIQUE"), ("VARCHAR COLLATE NOCASE", "COLLATE")],
)  # fmt: skip
def test_what_stands_behind_a_type_in_other_databases_is_not_supported_yet(
    db: rhizo.Database, text: str, clause: str
) -> None:
    with pytest.raises(rhizo.SchemaError, match=f"'a'.*{clause} is not supported yet") as caught:
        db.create_table("t", {"a": text})
    assert "CAST" not in str(caught.value)
    assert db.tables() == []


def test_a_wrong_type_shows_no_statement_that_nobody_wrote(db: rhizo.Database) -> None:
    for wrong in ("NUMBERR", "INT 5", "", "DECIMAL(100,2)", "INT)", "a b c"):
        with pytest.raises(rhizo.SchemaError, match="'a'") as caught:
            db.create_table("t", {"a": wrong})
        assert "CAST" not in str(caught.value) and "SELECT" not in str(caught.value)


def test_fields_may_be_called_like_clauses(db: rhizo.Database) -> None:
    db.create_table("t", {"a": 'STRUCT("default" INT, "unique" VARCHAR)'})
    assert db.info("t").columns[0].type == "STRUCT(default INTEGER, unique VARCHAR)"


def test_an_enum_cannot_be_declared_yet(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.UnsupportedError, match="'a'.*VARCHAR"):
        db.create_table("t", {"a": "ENUM('x', 'y')"})


def test_creating_a_table_twice(db: rhizo.Database) -> None:
    db.create_table("t", {"a": int})
    with pytest.raises(rhizo.AlreadyExistsError):
        db.create_table("t", {"a": int})
    assert not db.create_table("t", {"a": int}, if_not_exists=True).changed


def test_null_in_a_column_that_may_not_hold_it(db: rhizo.Database) -> None:
    db.create_table("t", {"a": "BIGINT NOT NULL"})
    with pytest.raises((rhizo.ConstraintError, rhizo.SchemaError), match="a"):
        db.append("t", {"a": [1, None]})
    assert len(db.read("t")) == 0


def test_dropping_and_renaming(db: rhizo.Database) -> None:
    db.write("a", ROWS)
    db.rename_table("a", "b")
    assert db.tables() == ["b"]
    db.drop_table("b")
    assert db.tables() == []
    db.drop_table("b", if_exists=True)
    with pytest.raises(rhizo.TableNotFoundError):
        db.drop_table("b")


def test_a_missing_table_suggests_the_nearest(db: rhizo.Database) -> None:
    db.write("flights", ROWS)
    with pytest.raises(rhizo.TableNotFoundError, match="flights"):
        db.read("fligths")


def test_scan_chooses_columns_rows_and_how_many(db: rhizo.Database) -> None:
    db.write("t", {"a": list(range(100)), "b": [str(n) for n in range(100)]})
    assert db.scan("t", columns=["b"], where="a >= $low", params={"low": 97}).fetchall() == [("97",), ("98",), ("99",)]
    assert db.scan("t", limit=2).fetchall() == [(0, "0"), (1, "1")]
    assert db.scan("t", where="a > ?", params=[1000]).fetchall() == []
    assert db.read("t", columns=["b", "a"]).fetchone() == ("0", 0)


def test_versions_are_counted_from_1(db: rhizo.Database) -> None:
    db.write("t", ROWS)
    for wrong in (-1, 0, True, "1"):
        for read in (db.read, db.scan, db.info, db.read_pandas):
            with pytest.raises(rhizo.InvalidArgumentError, match="version="):
                read("t", version=wrong)  # type: ignore[operator]
    with pytest.raises(rhizo.VersionNotFoundError):
        db.read("t", version=2)


def test_scan_refuses_what_it_cannot_mean(db: rhizo.Database) -> None:
    db.write("t", ROWS)
    for wrong in ({"limit": -1}, {"columns": "id"}, {"columns": []}, {"version": 1, "at": "main"}):
        with pytest.raises(rhizo.InvalidArgumentError):
            db.scan("t", **wrong)  # type: ignore[arg-type]
    with pytest.raises(rhizo.RhizoError, match="nam"):
        db.scan("t", columns=["nam"]).fetchall()


def test_import_and_export_of_every_format(db: rhizo.Database, tmp_path: Path) -> None:
    db.write("users", ROWS)
    for extension in ("csv", "parquet", "arrow"):
        file = tmp_path / f"users.{extension}"
        assert db.export_table("users", file) == 2
        assert db.import_files(f"from_{extension}", file).rows == 2
        assert db.read(f"from_{extension}").to_dict() == ROWS


def test_export_does_not_overwrite_unless_asked(db: rhizo.Database, tmp_path: Path) -> None:
    db.write("users", ROWS)
    file = tmp_path / "users.csv"
    file.write_text("precious")
    with pytest.raises(rhizo.AlreadyExistsError):
        db.export_table("users", file)
    assert file.read_text() == "precious"
    db.export_table("users", file, overwrite=True)
    assert "Ada" in file.read_text()


def test_import_appends_several_files_in_order(db: rhizo.Database, tmp_path: Path) -> None:
    for name, text in (("a.csv", "n\n1\n2\n"), ("b.csv", "n\n3\n")):
        (tmp_path / name).write_text(text)
    db.import_files("t", tmp_path / "a.csv")
    db.import_files("t", [tmp_path / "b.csv", tmp_path / "a.csv"], append=True)
    assert db.read("t").to_dict() == {"n": [1, 2, 3, 1, 2]}


def test_a_list_of_dicts_takes_every_key(db: rhizo.Database) -> None:
    db.write("t", [{"a": 1}, {"a": 2, "b": "x"}])
    assert db.read("t").to_dict() == {"a": [1, 2], "b": [None, "x"]}


@pytest.mark.parametrize("data", [3, "text", None, [1, 2], {"a": 5}, {"a": [1, 2], "b": [1]}, object()])
def test_what_is_no_table_is_refused(db: rhizo.Database, data: object) -> None:
    with pytest.raises(rhizo.InvalidArgumentError):
        db.write("t", data)
    assert db.tables() == []


@pytest.mark.parametrize("data", [{}, [], {"a": [1, "x"]}])
def test_what_has_no_schema_is_refused(db: rhizo.Database, data: object) -> None:
    with pytest.raises(rhizo.SchemaError):
        db.write("t", data)


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "-a", "x" * 256, "new\nline"])
def test_names_that_are_not_allowed(db: rhizo.Database, name: str) -> None:
    with pytest.raises(rhizo.InvalidNameError):
        db.write(name, ROWS)


def test_a_name_in_four_scripts(db: rhizo.Database) -> None:
    name = "Überblick таблица 表格 جدول".ljust(60, "x")
    db.write(name, ROWS)
    assert db.tables() == [name]
    assert len(db.read(name)) == 2


def test_progress_is_told_and_may_stop_the_work(db: rhizo.Database) -> None:
    schema = pa.schema([("n", pa.int64())])

    def batches():  # type: ignore[no-untyped-def]
        for start in range(0, 20_000_000, 100_000):
            yield pa.record_batch([pa.array(range(start, start + 100_000))], schema=schema)

    def stop(rows: int) -> None:
        raise LookupError(f"enough after {rows}")

    with pytest.raises(LookupError, match="enough"):
        db.write("t", pa.RecordBatchReader.from_batches(schema, batches()), progress=stop)
    assert db.tables() == []
