"""Tables from files and into files: CSV, Parquet, Arrow."""

import gzip
import os

import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest


def table():
    return pyarrow.table({
        "id": pyarrow.array([1, 2, 3], pyarrow.int64()),
        "name": ["Ada", None, ""],
        "born": pyarrow.array([0, None, 86400], pyarrow.timestamp("us", tz="UTC")),
        "score": [0.1, None, -2.5],
        "tags": [["x", "y"], [], None],
        "place": [{"city": "London", "n": 1}, None, {"city": None, "n": 3}],
    })


def write(path, rows):
    kind = path.suffix
    if kind == ".parquet":
        pyarrow.parquet.write_table(rows, path)
    elif kind == ".arrows":
        with pyarrow.ipc.new_stream(path, rows.schema) as writer:
            writer.write_table(rows)
    elif kind == ".feather":
        pyarrow.feather.write_feather(rows, path)
    else:
        with pyarrow.ipc.new_file(path, rows.schema) as writer:
            writer.write_table(rows)


def read(path):
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path)
    if path.suffix == ".arrows":
        with pyarrow.ipc.open_stream(path) as reader:
            return reader.read_all()
    return pyarrow.ipc.open_file(path).read_all()


BINARY = [".parquet", ".arrow", ".arrows", ".feather"]


@pytest.mark.parametrize("kind", BINARY)
def test_binary_files_round_trip(rhizo, kind):
    source, target = rhizo.directory / f"in{kind}", rhizo.directory / f"out{kind}"
    write(source, table())
    rhizo("import", "db", "t", source)
    assert "3 rows" in rhizo("export", "db", "t", target)
    assert read(target).to_pylist() == table().to_pylist()
    assert "unchanged" in rhizo("import", "db", "t", target)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".csv.zst"])
def test_csv_round_trips_also_compressed(rhizo, suffix):
    rows = pyarrow.table({"id": [1, 2, 3], "text": ["a,b", None, ""], "x": [0.1, None, -2.5]})
    write(rhizo.directory / "in.parquet", rows)
    rhizo("import", "db", "t", "in.parquet")
    rhizo("export", "db", "t", f"out{suffix}")
    assert "unchanged" in rhizo("import", "db", "t", f"out{suffix}")
    content = (rhizo.directory / f"out{suffix}").read_bytes()
    if suffix == ".csv.gz":
        content = gzip.decompress(content)
    if suffix != ".csv.zst":
        assert content.splitlines()[0] in (b"id,text,x", b"id\ttext\tx")


@pytest.mark.parametrize("kind", BINARY)
def test_several_files_become_one_table(rhizo, kind):
    for i in range(3):
        write(rhizo.directory / f"{i}{kind}", pyarrow.table({"n": [i * 10, i * 10 + 1]}))
    rhizo("import", "db", "t", f"0{kind}", f"1{kind}", f"2{kind}")
    assert [row["n"] for row in rhizo.rows("db", "FROM t")] == [0, 1, 10, 11, 20, 21]
    assert rhizo.json("show", "db")["commit"]["message"] == f"import 0{kind} and 2 more"


def test_several_csv_files_become_one_table(rhizo):
    for i in range(3):
        (rhizo.directory / f"{i}.csv").write_text(f"n\n{i}\n")
    rhizo("import", "db", "t", "2.csv", "0.csv", "1.csv")
    assert [row["n"] for row in rhizo.rows("db", "FROM t")] == [2, 0, 1]


def test_files_of_different_formats_or_columns_are_refused(rhizo):
    write(rhizo.directory / "a.parquet", pyarrow.table({"n": [1]}))
    write(rhizo.directory / "b.arrow", pyarrow.table({"n": [1]}))
    write(rhizo.directory / "c.arrow", pyarrow.table({"m": [1]}))
    assert rhizo.error("import", "db", "t", "a.parquet", "b.arrow")["code"] == "invalid_argument"
    assert "different columns" in rhizo.error("import", "db", "t", "b.arrow", "c.arrow")["message"]
    assert rhizo("tables", "db").count("\n") == 1


@pytest.mark.parametrize("codec", ["lz4", "zstd", "uncompressed"])
def test_compressed_arrow_files_are_read(rhizo, codec):
    rows = pyarrow.table({"n": list(range(10_000)), "s": [f"name {i % 7}" for i in range(10_000)]})
    pyarrow.feather.write_feather(rows, rhizo.directory / "in.feather", compression=codec)
    rhizo("import", "db", "t", "in.feather")
    assert rhizo.rows("db", "SELECT sum(n) AS s, count(DISTINCT s) AS c FROM t") == [{"s": "49995000", "c": 7}]


def test_dictionaries_are_read_and_written_as_values(rhizo):
    rows = pyarrow.table({"c": pyarrow.array(["x", "y", None, "x"]).dictionary_encode()})
    for kind in (".arrow", ".arrows", ".parquet"):
        write(rhizo.directory / f"in{kind}", rows)
        rhizo("import", "db", f"t{kind[1:]}", f"in{kind}")
        rhizo("export", "db", f"t{kind[1:]}", f"out{kind}")
        assert read(rhizo.directory / f"out{kind}").column("c").to_pylist() == ["x", "y", None, "x"]


def test_every_type_goes_through_arrow(rhizo):
    import datetime
    import decimal
    rows = pyarrow.table({
        "i8": pyarrow.array([1, None], pyarrow.int8()), "u64": pyarrow.array([2**64 - 1, None], pyarrow.uint64()),
        "f32": pyarrow.array([1.5, None], pyarrow.float32()), "bool": [True, None],
        "dec": pyarrow.array([decimal.Decimal("1.23"), None], pyarrow.decimal128(20, 2)),
        "date": [datetime.date(2026, 1, 31), None], "time": pyarrow.array([datetime.time(1, 2, 3, 4), None]),
        "ts": pyarrow.array([datetime.datetime(2026, 1, 31, 1, 2, 3), None], pyarrow.timestamp("ns")),
        "blob": [b"\x00\xff", None], "fixed": pyarrow.array([[1, 2], None], pyarrow.list_(pyarrow.int32(), 2)),
        "map": pyarrow.array([[("a", 1)], None], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        "deep": pyarrow.array([[{"a": [1, None]}], None]),
        "interval": pyarrow.array([pyarrow.MonthDayNano([1, 2, 3000]), None]),
    })
    write(rhizo.directory / "in.arrow", rows)
    rhizo("import", "db", "t", "in.arrow")
    rhizo("export", "db", "t", "out.arrow")
    assert read(rhizo.directory / "out.arrow").to_pylist() == rows.to_pylist()


def test_a_table_without_rows_round_trips(rhizo):
    for kind in BINARY:
        write(rhizo.directory / f"in{kind}", table().slice(0, 0))
        rhizo("import", "db", f"t{kind[1:]}", f"in{kind}")
        rhizo("export", "db", f"t{kind[1:]}", f"out{kind}")
        assert read(rhizo.directory / f"out{kind}").num_rows == 0


def test_a_csv_without_rows_is_a_table_without_rows(rhizo):
    (rhizo.directory / "in.csv").write_text("a,b\n")
    rhizo("import", "db", "t", "in.csv")
    assert rhizo.json("sql", "db", "FROM t")["rows"] == []


def test_a_csv_of_one_hard_value_round_trips(rhizo):
    write(rhizo.directory / "in.arrow", pyarrow.table({"c": ["a'\"\n,é", None, "", ";", "\t", "''"]}))
    rhizo("import", "db", "t", "in.arrow")
    rhizo("export", "db", "t", "out.csv")
    assert "unchanged" in rhizo("import", "db", "t", "out.csv")


def test_types_that_parquet_would_change_are_refused_by_name(people):
    rows = pyarrow.table({"span": pyarrow.array([pyarrow.MonthDayNano([1, 2, 3000])])})
    write(people.directory / "span.arrow", rows)
    people("import", "db", "spans", "span.arrow")
    error = people.error("export", "db", "spans", "out.parquet")
    assert error["code"] == "unsupported" and error["fields"]["column"] == "span"
    assert not (people.directory / "out.parquet").exists()


def test_what_the_table_has_as_text_stays_text(rhizo):
    (rhizo.directory / "words.csv").write_text("code\nx1\n")
    (rhizo.directory / "digits.csv").write_text("code\n007\n")
    rhizo("import", "db", "t", "words.csv")
    rhizo("import", "db", "t", "digits.csv", "--append")
    assert [row["code"] for row in rhizo.rows("db", "FROM t")] == ["x1", "007"]


def test_a_type_guessed_from_the_first_rows_is_guessed_again(rhizo):
    (rhizo.directory / "late.csv").write_text("v\n" + "1\n" * 200_000 + "late\n")
    rhizo("import", "db", "t", "late.csv")
    assert rhizo.json("info", "db", "t")["table"]["columns"][0]["type"] == "VARCHAR"
    assert rhizo.rows("db", "SELECT count(*) AS n FROM t WHERE v = 'late'") == [{"n": 1}]


def test_rows_that_do_not_fit_leave_the_table_as_it_was(people):
    (people.directory / "bad.csv").write_text("id,name,score\nfour,Barbara,1\n")
    error = people.error("import", "db", "people", "bad.csv", "--append")
    assert error["code"] == "invalid_argument" and "four" in error["message"] and "bad.csv" in error["message"]
    assert "rhizofile" not in error["message"]
    assert len(people.rows("db", "FROM people")) == 3


def test_wrong_files_are_typed_errors_and_change_nothing(people):
    (people.directory / "folder.csv").mkdir()
    (people.directory / "garbage.parquet").write_bytes(os.urandom(1000))
    (people.directory / "garbage.arrow").write_bytes(os.urandom(1000))
    (people.directory / "empty.parquet").write_bytes(b"")
    (people.directory / "empty.arrow").write_bytes(b"")
    (people.directory / "fea1.feather").write_bytes(b"FEA1" + b"x" * 100)
    write(people.directory / "cut.arrow", pyarrow.table({"n": list(range(100_000))}))
    whole = (people.directory / "cut.arrow").read_bytes()
    (people.directory / "cut.arrow").write_bytes(whole[:-100])
    write(people.directory / "cut.arrows", pyarrow.table({"n": list(range(100_000))}))
    whole = (people.directory / "cut.arrows").read_bytes()
    (people.directory / "cut.arrows").write_bytes(whole[:-1000])
    for name, code in {
        "missing.csv": "invalid_argument", "folder.csv": "invalid_argument", "garbage.parquet": "invalid_argument",
        "garbage.arrow": "invalid_argument", "empty.parquet": "invalid_argument", "empty.arrow": "invalid_argument",
        "fea1.feather": "unsupported", "cut.arrow": "invalid_argument", "cut.arrows": "invalid_argument",
        "people.xlsx": "invalid_argument", "people": "invalid_argument",
    }.items():
        error = people.error("import", "db", "people", name)
        assert error["code"] == code, (name, error)
        assert name in error["message"], error
    assert len(people.json("log", "db")["commits"]) == 2
    assert len(people.rows("db", "FROM people")) == 3


def test_hostile_arrow_files_are_refused_without_a_crash(rhizo):
    import random
    seed = int(os.environ.get("RHIZO_TEST_SEED", "20260131"))
    generator = random.Random(seed)
    write(rhizo.directory / "good.arrow", table())
    good = (rhizo.directory / "good.arrow").read_bytes()
    for _ in range(30):
        bad = bytearray(good)
        for _ in range(generator.randint(1, 8)):
            bad[generator.randrange(8, len(bad) - 8)] = generator.randrange(256)
        (rhizo.directory / "bad.arrow").write_bytes(bad)
        process = rhizo.start("import", "db", "t", "bad.arrow")
        process.communicate(timeout=60)
        assert process.returncode in (0, 1), seed


def test_names_of_files_never_mean_anything_else(rhizo):
    for name in ["a'; DROP TABLE t; --.csv", "*.csv", "[x].csv", "{a,b}.csv", "a=1?.csv", "$1.csv", 'quo"te.csv', "日本 Ελλάδα.csv"]:
        (rhizo.directory / name).write_text("n\n42\n")
        rhizo("import", "db", "t", name)
        assert rhizo.rows("db", "SELECT n FROM t") == [{"n": 42}]
        rhizo("export", "db", "t", "out " + name)
        assert (rhizo.directory / ("out " + name)).read_text() == "n\n42\n"
        os.remove(rhizo.directory / name)
        assert rhizo.error("import", "db", "t", name)["code"] == "invalid_argument"
    assert rhizo.error("import", "db", "t", "http://localhost/x.csv")["code"] == "invalid_argument"


def test_folders_named_like_partitions_add_no_columns(rhizo):
    (rhizo.directory / "year=2026").mkdir()
    (rhizo.directory / "year=2026" / "a.csv").write_text("n\n1\n")
    rhizo("import", "db", "t", "year=2026/a.csv")
    assert rhizo.rows("db", "FROM t") == [{"n": 1}]


def test_export_refuses_what_is_there_and_what_is_the_database(people):
    (people.directory / "out.csv").write_text("precious")
    (people.directory / "folder.csv").mkdir()
    assert people.error("export", "db", "people", "out.csv")["code"] == "already_exists"
    assert (people.directory / "out.csv").read_text() == "precious"
    assert people.error("export", "db", "people", "folder.csv", "--overwrite")["code"] == "invalid_argument"
    assert people.error("export", "db", "people", "db/out.csv")["code"] == "invalid_argument"
    assert people.error("export", "db", "people", "nowhere/out.csv")["code"] == "invalid_argument"
    assert people.error("export", "db", "nobody", "new.csv")["code"] == "table_not_found"
    people("export", "db", "people", "out.csv", "--overwrite")
    assert (people.directory / "out.csv").read_text().startswith("id,name,score")
    assert not [name for name in os.listdir(people.directory) if name.endswith(".tmp")]


def test_older_versions_are_exported_with_at(people):
    people("import", "db", "people", "more.csv")
    people("export", "db", "people", "old.csv", "--at", "1")
    assert (people.directory / "old.csv").read_text() == "id,name,score\n1,Ada,3.5\n2,Grace,\n3,Emmy,4.25\n"


def test_the_schema_option_decides_what_other_columns_mean(people):
    (people.directory / "wider.csv").write_text("id,name,score,city\n9,Mary,1.5,Bath\n")
    assert people.error("import", "db", "people", "wider.csv", "--append")["code"] == "schema"
    people("import", "db", "people", "wider.csv", "--append", "--schema", "evolve")
    assert people.rows("db", "SELECT id, city FROM people WHERE id IN (1, 9) ORDER BY id") == [
        {"id": 1, "city": None}, {"id": 9, "city": "Bath"}]
    people("import", "db", "people", "people.csv", "--schema", "replace")
    assert [c["name"] for c in people.json("info", "db", "people")["table"]["columns"]] == ["id", "name", "score"]


def test_a_file_that_cannot_be_read_makes_no_database(rhizo):
    error = rhizo.error("import", "db", "t", "missing.csv")
    assert error["code"] == "invalid_argument" and "missing.csv" in error["message"]
    rhizo.run("import", "db", "t", "missing.csv/x.csv", code=1)
    assert os.listdir(rhizo.directory) == []


def test_a_file_without_a_byte_is_no_table(people):
    for name in ("empty.csv", "empty.tsv", "empty.parquet", "empty.arrow"):
        (people.directory / name).write_bytes(b"")
        for table in ("new", "people"):
            assert f'"{name}" is empty' in people.error("import", "db", table, name)["message"]
    assert people.json("info", "db")["database"]["tables"] == ["people"]


@pytest.mark.parametrize("content", [b"PAR1 is not all there is to it PAR1", b"x" * 1000, b"PAR1"])
def test_a_broken_parquet_file_is_named_and_no_statement_shown(rhizo, content):
    (rhizo.directory / "broken.parquet").write_bytes(content)
    rhizo("init", "db")
    message = rhizo.error("import", "db", "t", "broken.parquet")["message"]
    assert "broken.parquet" in message
    assert "read_parquet" not in message and "LINE 1" not in message and "hive" not in message
