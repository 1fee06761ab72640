#include "sql/row_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/errors.h"
#include "engine/instance.h"
#include "engine/types.h"
#include "table/single_value.h"

namespace rhizo::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using TextRows = std::vector<std::vector<std::string>>;

// The rows of a query on the plain engine.
class QueryRows final : public table::RowSource {
 public:
  QueryRows(duckdb::Connection* connection, const std::string& sql)
      : result_(connection->Query(sql)) {
    if (result_->HasError()) throw std::runtime_error(result_->GetError());
    for (size_t i = 0; i < result_->types.size(); ++i) {
      model::Field field;
      field.name = result_->names[i];
      field.type = engine::FromLogicalType(result_->types[i]).value();
      schema_.fields.push_back(field);
    }
  }

  const model::Schema& schema() const override { return schema_; }
  model::Schema* mutable_schema() { return &schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override {
    chunk_ = result_->Fetch();
    if (!chunk_) return false;
    chunk->Reference(*chunk_);
    return true;
  }

 private:
  duckdb::unique_ptr<duckdb::QueryResult> result_;
  duckdb::unique_ptr<duckdb::DataChunk> chunk_;
  model::Schema schema_;
};

class RowAdapterTest : public testing::Test {
 protected:
  RowAdapterTest()
      : engine_(engine::Instance::Start({}).value()), connection_(engine_->Connect().value()) {}

  // A table's schema, as "name TYPE, name TYPE NOT NULL".
  model::Schema Table(const std::string& columns) {
    connection_->Query("CREATE OR REPLACE TABLE shape (" + columns + ")");
    auto described = connection_->Query("SELECT \"notnull\" FROM pragma_table_info('shape')");
    QueryRows empty(connection_.get(), "FROM shape LIMIT 0");
    auto schema = empty.schema();
    for (size_t i = 0; i < schema.fields.size(); ++i) {
      schema.fields[i].nullable = !described->GetValue(0, i).GetValue<bool>();
    }
    return schema;
  }

  std::unique_ptr<QueryRows> Rows(const std::string& sql) {
    return std::make_unique<QueryRows>(connection_.get(), sql);
  }

  Result<TextRows> Adapt(std::unique_ptr<QueryRows> rows, const model::Schema& table) {
    ASSIGN_OR_RETURN(auto adapted,
                     StreamRows::Match(*connection_->context, std::move(rows), table));
    TextRows texts;
    duckdb::DataChunk chunk;
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(table));
    while (true) {
      chunk.Reset();
      ASSIGN_OR_RETURN(bool more, adapted->Next(&chunk));
      if (!more) return texts;
      for (size_t row = 0; row < chunk.size(); ++row) {
        auto& text = texts.emplace_back();
        for (auto& column : chunk.data) text.push_back(column.GetValue(row).ToString());
      }
    }
  }
  Result<TextRows> Adapt(const std::string& sql, const std::string& table) {
    return Adapt(Rows(sql), Table(table));
  }
  Error Refused(const std::string& sql, const std::string& table) {
    auto adapted = Adapt(sql, table);
    EXPECT_FALSE(adapted.has_value()) << sql << " into " << table;
    return adapted ? Error(ErrorCode::kIo, "fitted") : adapted.error();
  }

  std::unique_ptr<engine::Instance> engine_;
  std::unique_ptr<duckdb::Connection> connection_;
};

TEST_F(RowAdapterTest, ColumnsAreMatchedByNameInAnyOrderAndCase) {
  EXPECT_THAT(*Adapt("SELECT 'x' AS B, 1 AS a", "a INTEGER, b VARCHAR"),
              ElementsAre(ElementsAre("1", "x")));
}

TEST_F(RowAdapterTest, MissingColumnsAreNullOrTheirDefault) {
  auto table = Table("a INTEGER, b VARCHAR, c INTEGER");
  table.fields[2].write_default = table::EncodeValue(table.fields[2].type, duckdb::Value(7));
  EXPECT_THAT(*Adapt(Rows("SELECT i AS a FROM range(2) r(i)"), table),
              ElementsAre(ElementsAre("0", "NULL", "7"), ElementsAre("1", "NULL", "7")));
}

TEST_F(RowAdapterTest, ExtraColumnsAreRefusedAllAtOnceWithTheNearestNames) {
  auto error = Refused("SELECT 1 AS dealy, 2 AS other", "delay INTEGER");
  EXPECT_EQ(error.code(), ErrorCode::kSchema);
  EXPECT_THAT(error.message(), HasSubstr("\"dealy\" (did you mean \"delay\"?)"));
  EXPECT_THAT(error.message(), HasSubstr("\"other\""));
}

TEST_F(RowAdapterTest, TwoColumnsForOneAreRefused) {
  EXPECT_EQ(Refused("SELECT 1 AS a, 2 AS \"A\"", "a INTEGER").code(), ErrorCode::kSchema);
}

struct Fit {
  const char* from;
  const char* to;
  const char* value;  // after the cast
};

TEST_F(RowAdapterTest, ValuesThatFitExactlyAreTaken) {
  for (const Fit& fit : std::initializer_list<Fit>{
           {"1::TINYINT", "BIGINT", "1"},
           {"9223372036854775807::BIGINT", "HUGEINT", "9223372036854775807"},
           {"127::BIGINT", "TINYINT", "127"},
           {"3.0::DOUBLE", "INTEGER", "3"},
           {"-9007199254740992::DOUBLE", "BIGINT", "-9007199254740992"},
           {"'nan'::DOUBLE", "INTEGER", "NULL"},
           {"'nan'::DOUBLE", "FLOAT", "nan"},
           {"0.5::DOUBLE", "FLOAT", "0.5"},
           {"16777216", "FLOAT", "16777216.0"},
           {"12", "DECIMAL(10,2)", "12.00"},
           {"12.50::DECIMAL(10,2)", "DECIMAL(4,1)", "12.5"},
           {"12.00::DECIMAL(10,2)", "INTEGER", "12"},
           {"TIMESTAMP '2020-01-01 12:00:00'", "TIMESTAMP_NS", "2020-01-01 12:00:00"},
           {"TIMESTAMP_NS '2020-01-01 12:00:00.000001'", "TIMESTAMP", "2020-01-01 12:00:00.000001"},
           {"DATE '2020-01-01'", "TIMESTAMP", "2020-01-01 00:00:00"},
           {"TIMESTAMP '2020-01-01'", "DATE", "2020-01-01"},
           {"'b'", "ENUM('a', 'b')", "b"},
           {"'b'::ENUM('b')", "VARCHAR", "b"},
           {"'b'::ENUM('b')", "ENUM('a', 'b')", "b"},
           {"'{\"a\": 1}'", "JSON", "{\"a\": 1}"},
           {"[1, NULL]", "BIGINT[]", "[1, NULL]"},
           {"{'a': 1, 'b': [2.0::DOUBLE]}", "STRUCT(b INTEGER[], a BIGINT)", "{'b': [2], 'a': 1}"},
           {"MAP {1: 2}", "MAP(BIGINT, TINYINT)", "{1=2}"},
           {"NULL::INTEGER", "TINYINT", "NULL"}}) {
    auto adapted = Adapt(std::string("SELECT ") + fit.from + " AS v", std::string("v ") + fit.to);
    ASSERT_TRUE(adapted.has_value()) << fit.from << " into " << fit.to << "\n"
                                     << adapted.error().message();
    EXPECT_THAT(*adapted, ElementsAre(ElementsAre(fit.value))) << fit.from << " into " << fit.to;
  }
}

TEST_F(RowAdapterTest, ValuesThatDoNotFitAreRefused) {
  for (const Fit& fit : std::initializer_list<Fit>{
           {"128", "TINYINT", "128"},
           {"-1", "UINTEGER", "-1"},
           {"1.5::DOUBLE", "INTEGER", "1.5"},
           {"1e300::DOUBLE", "BIGINT", ""},
           {"'inf'::DOUBLE", "BIGINT", "inf"},
           {"9223372036854775808::DOUBLE", "BIGINT", ""},
           {"16777217", "FLOAT", "16777217"},
           {"9007199254740993::BIGINT", "DOUBLE", "9007199254740993"},
           {"9223372036854775807::BIGINT", "DOUBLE", "9223372036854775807"},
           {"0.1::DOUBLE", "FLOAT", "0.1"},
           {"12.55::DECIMAL(10,2)", "DECIMAL(4,1)", "12.55"},
           {"1000", "DECIMAL(4,2)", "1000"},
           {"TIMESTAMP_NS '2020-01-01 12:00:00.000000001'", "TIMESTAMP", "000000001"},
           {"TIMESTAMP '9999-01-01'", "TIMESTAMP_NS", "9999"},
           {"TIMESTAMP '2020-01-01 00:00:01'", "DATE", "00:00:01"},
           {"'c'", "ENUM('a', 'b')", "c"},
           {"'{\"a\"'", "JSON", "a"},
           {"[1, 300]", "TINYINT[]", "300"},
           {"{'a': 1.5::DOUBLE}", "STRUCT(a INTEGER)", "1.5"}}) {
    auto error = Refused(std::string("SELECT * FROM (VALUES (NULL), (") + fit.from + ")) x(v)",
                         std::string("v ") + fit.to);
    EXPECT_EQ(error.code(), ErrorCode::kSchema) << fit.from << " into " << fit.to;
    EXPECT_EQ(error.field("column"), "v");
    EXPECT_EQ(error.field("row"), "2") << fit.from << " into " << fit.to;
    EXPECT_THAT(error.message(), HasSubstr(fit.value));
  }
}

TEST_F(RowAdapterTest, TypesThatHaveNothingInCommonAreRefusedBeforeAnyRow) {
  for (const Fit& fit : std::initializer_list<Fit>{{"'1'", "INTEGER", ""},
                                                   {"1", "VARCHAR", ""},
                                                   {"true", "INTEGER", ""},
                                                   {"1", "BOOLEAN", ""},
                                                   {"1.5::DOUBLE", "DECIMAL(4,2)", ""},
                                                   {"1.5::DECIMAL(4,2)", "DOUBLE", ""},
                                                   {"TIMESTAMP '2020-01-01'", "TIMESTAMPTZ", ""},
                                                   {"'a'", "BLOB", ""},
                                                   {"'2020-01-01'", "DATE", ""},
                                                   {"[1]", "INTEGER", ""},
                                                   {"{'a': 1}", "STRUCT(b INTEGER)", ""},
                                                   {"[1, 2]::INTEGER[2]", "INTEGER[3]", ""}}) {
    auto error = Refused(std::string("SELECT ") + fit.from + " AS v", std::string("v ") + fit.to);
    EXPECT_EQ(error.code(), ErrorCode::kSchema) << fit.from << " into " << fit.to;
    EXPECT_FALSE(error.field("expected").empty());
    EXPECT_FALSE(error.field("actual").empty());
    EXPECT_TRUE(error.field("row").empty());
  }
}

TEST_F(RowAdapterTest, AColumnOfTypeNullFitsEveryType) {
  auto rows = Rows("SELECT NULL::INTEGER AS v FROM range(3)");
  rows->mutable_schema()->fields[0].attributes[engine::kArrowNull] = "";
  EXPECT_THAT(*Adapt(std::move(rows), Table("v STRUCT(a VARCHAR)")),
              ElementsAre(ElementsAre("NULL"), ElementsAre("NULL"), ElementsAre("NULL")));
}

TEST_F(RowAdapterTest, ANullInANotNullColumnIsAConstraintError) {
  auto error = Refused("SELECT CASE WHEN i = 2500 THEN NULL ELSE i END AS v FROM range(3000) r(i)",
                       "v BIGINT NOT NULL");
  EXPECT_EQ(error.code(), ErrorCode::kConstraint);
  EXPECT_EQ(error.field("row"), "2501");
  EXPECT_EQ(Refused("SELECT 'nan'::DOUBLE AS v", "v BIGINT NOT NULL").code(),
            ErrorCode::kConstraint);
  EXPECT_EQ(Refused("SELECT 1 AS a", "a INTEGER, v BIGINT NOT NULL").code(),
            ErrorCode::kConstraint);
}

TEST_F(RowAdapterTest, RowsAreCountedOverChunks) {
  EXPECT_EQ(Refused("SELECT CASE WHEN i = 5000 THEN 1000 ELSE 1 END AS v FROM range(9000) r(i)",
                    "v TINYINT")
                .field("row"),
            "5001");
  EXPECT_EQ(Adapt("SELECT i AS v FROM range(9000) r(i)", "v INTEGER")->size(), 9000u);
}

class EvolveSchemaTest : public RowAdapterTest {
 protected:
  // The type of column v after `incoming` came to `old`; "refused" if it cannot.
  std::string Evolved(const std::string& old, const std::string& incoming) {
    auto evolved = EvolveSchema(Table("v " + old), Table("v " + incoming));
    return evolved ? evolved->fields[0].type.ToString() : "refused";
  }
};

TEST_F(EvolveSchemaTest, NewColumnsStandBehindTheOldOnes) {
  auto old = Table("a INTEGER, b VARCHAR NOT NULL");
  old.fields[0].id = 5;
  auto evolved = EvolveSchema(old, Table("c DATE NOT NULL, B VARCHAR"));
  ASSERT_TRUE(evolved.has_value()) << evolved.error().message();
  ASSERT_EQ(evolved->fields.size(), 3u);
  EXPECT_EQ(evolved->fields[0], old.fields[0]);
  EXPECT_EQ(evolved->fields[1], old.fields[1]);
  EXPECT_EQ(evolved->fields[2].name, "c");
  EXPECT_EQ(evolved->fields[2].id, 0);
  EXPECT_TRUE(evolved->fields[2].nullable);
}

TEST_F(EvolveSchemaTest, TypesWidenToTheNarrowestThatHoldsBoth) {
  EXPECT_EQ(Evolved("INTEGER", "TINYINT"), "INTEGER");
  EXPECT_EQ(Evolved("TINYINT", "INTEGER"), "INTEGER");
  EXPECT_EQ(Evolved("INTEGER", "UINTEGER"), "BIGINT");
  EXPECT_EQ(Evolved("BIGINT", "UBIGINT"), "HUGEINT");
  EXPECT_EQ(Evolved("FLOAT", "DOUBLE"), "DOUBLE");
  EXPECT_EQ(Evolved("DOUBLE", "INTEGER"), "DOUBLE");
  EXPECT_EQ(Evolved("FLOAT", "INTEGER"), "DOUBLE");
  EXPECT_EQ(Evolved("BIGINT", "DOUBLE"), "BIGINT");
  EXPECT_EQ(Evolved("DECIMAL(4,2)", "DECIMAL(6,1)"), "DECIMAL(7,2)");
  EXPECT_EQ(Evolved("DECIMAL(4,2)", "INTEGER"), "DECIMAL(12,2)");
  EXPECT_EQ(Evolved("INTEGER", "DECIMAL(4,2)"), "DECIMAL(12,2)");
  EXPECT_EQ(Evolved("TIMESTAMP", "TIMESTAMP_NS"), "TIMESTAMP_NS");
  EXPECT_EQ(Evolved("TIMESTAMP", "TIMESTAMP_S"), "TIMESTAMP");
  EXPECT_EQ(Evolved("DATE", "TIMESTAMP"), "TIMESTAMP");
  EXPECT_EQ(Evolved("ENUM('a')", "VARCHAR"), "VARCHAR");
  EXPECT_EQ(Evolved("VARCHAR", "ENUM('a')"), "VARCHAR");
  EXPECT_EQ(Evolved("ENUM('a', 'b')", "ENUM('c', 'a')"), "ENUM('a', 'b', 'c')");
  EXPECT_EQ(Evolved("INTEGER[]", "BIGINT[]"), "BIGINT[]");
  EXPECT_EQ(Evolved("STRUCT(a INTEGER, b VARCHAR)", "STRUCT(b VARCHAR, a BIGINT)"),
            "STRUCT(a BIGINT, b VARCHAR)");
}

TEST_F(EvolveSchemaTest, TypesWithoutACommonOneAreRefused) {
  EXPECT_EQ(Evolved("INTEGER", "VARCHAR"), "refused");
  EXPECT_EQ(Evolved("VARCHAR", "INTEGER"), "refused");
  EXPECT_EQ(Evolved("HUGEINT", "UHUGEINT"), "refused");
  EXPECT_EQ(Evolved("DECIMAL(38,0)", "DECIMAL(38,30)"), "refused");
  EXPECT_EQ(Evolved("TIMESTAMP", "TIMESTAMPTZ"), "refused");
  EXPECT_EQ(Evolved("INTEGER", "INTEGER[]"), "refused");
}

}  // namespace
}  // namespace rhizo::sql
