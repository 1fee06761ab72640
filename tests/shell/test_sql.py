"""rhizo sql: three forms of rows."""

import csv
import io
import json


def test_a_table_is_aligned(people):
    text = people("sql", "db", "SELECT id, name, score FROM people ORDER BY id")
    assert text.splitlines() == [
        "id  name   score",
        "--  -----  -----",
        " 1  Ada      3.5",
        " 2  Grace   NULL",
        " 3  Emmy    4.25",
        "(3 rows)",
    ]


def test_csv_can_be_read_back(people):
    text = people("sql", "db", "SELECT 1 AS a, 'x,\"y\"\nz' AS b, NULL AS c, '' AS d, ' e' AS e", "--csv")
    assert text == 'a,b,c,d,e\n1,"x,""y""\nz",,""," e"\n' or text == 'a,b,c,d,e\r\n1,"x,""y""\nz",,""," e"\r\n'
    assert list(csv.reader(io.StringIO(text)))[1] == ["1", 'x,"y"\nz', "", "", " e"]


def test_json_has_columns_and_rows(people):
    document = people.json("sql", "db", "SELECT id, name, score FROM people ORDER BY id")
    assert [column["name"] for column in document["columns"]] == ["id", "name", "score"]
    assert [column["type"] for column in document["columns"]] == ["BIGINT", "VARCHAR", "DOUBLE"]
    assert document["rows"][1] == {"id": 2, "name": "Grace", "score": None}
    assert document["row_count"] == 3


def test_json_values_have_their_json_type(people):
    statement = """SELECT 1::TINYINT a, true b, 1.5::DOUBLE c, 'nan'::DOUBLE d, '-inf'::FLOAT e, 12.30::DECIMAL(9,2) f,
        170141183460469231731687303715884105727::HUGEINT g, 'é"\n' h, [1, 2] i, {'x': 1, 'y': NULL} j, DATE '2026-01-31' k,
        '\\xAB'::BLOB l, '{"m": [1]}'::JSON m, 9007199254740993::BIGINT n, NULL o"""
    assert people.rows("db", statement) == [{
        "a": 1, "b": True, "c": 1.5, "d": "nan", "e": "-inf", "f": "12.30", "g": "170141183460469231731687303715884105727",
        "h": 'é"\n', "i": [1, 2], "j": {"x": 1, "y": None}, "k": "2026-01-31", "l": "\\xAB", "m": {"m": [1]},
        "n": 9007199254740993, "o": None,
    }]


def test_json_keeps_columns_of_one_name_apart(people):
    assert people.rows("db", "SELECT 1 AS a, 2 AS a, 3 AS a_1") == [{"a": 1, "a_2": 2, "a_1": 3}] or \
        people.rows("db", "SELECT 1 AS a, 2 AS a, 3 AS a_1") == [{"a": 1, "a_1": 2, "a_1_1": 3}]


def test_no_rows_are_no_error(people):
    assert people.json("sql", "db", "FROM people WHERE id > 9")["rows"] == []
    assert people("sql", "db", "FROM people WHERE id > 9").endswith("(0 rows)\n")
    assert people("sql", "db", "FROM people WHERE id > 9", "--csv").strip() == "id,name,score"


def test_many_rows_are_streamed(people):
    document = people.json("sql", "db", "SELECT range AS i FROM range(100000)")
    assert [row["i"] for row in document["rows"]] == list(range(100_000))


def test_a_statement_may_come_from_standard_input(people):
    assert people.json("sql", "db", "-", stdin="SELECT 41 +\n1 AS n")["rows"] == [{"n": 42}]


def test_sql_sees_all_versions_and_branches(people):
    people("import", "db", "people", "more.csv")
    rows = people.rows("db", "SELECT (SELECT count(*) FROM people) a, (SELECT count(*) FROM people VERSION 1) b, "
                             "(SELECT count(*) FROM people AT (VERSION => 'main~1')) c")
    assert rows == [{"a": 1, "b": 3, "c": 3}]


def test_sql_reaches_no_file_and_writes_nothing(people):
    (people.directory / "secret.csv").write_text("a\n1\n")
    for statement in ("FROM 'secret.csv'", "FROM read_csv('secret.csv')", "COPY people TO 'out.csv'", "DROP TABLE people",
                      "INSTALL httpfs", "SET memory_limit = '1GB'", "ATTACH 'x.db'", "DELETE FROM people"):
        people.run("sql", "db", statement, code=1)
    assert not (people.directory / "out.csv").exists()
    assert len(people.rows("db", "FROM people")) == 3


def test_an_error_in_the_middle_of_rows_is_reported(people):
    done = people.run("sql", "db", "SELECT CASE WHEN range = 99999 THEN error('at the end') ELSE range END FROM range(100000)",
                      "--json", code=1)
    assert "at the end" in json.loads(done.stderr)["error"]["message"]
