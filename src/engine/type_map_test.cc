// docs/format/types.md against the code.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "engine/arrow_form.h"
#include "engine/storage.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using model::Type;
using model::TypeKind;

model::Field Member(std::string name, TypeKind kind) {
  model::Field field;
  field.name = std::move(name);
  field.type = OfKind(kind);
  return field;
}

// In the order of the table.
std::vector<Type> SampleTypes() {
  std::vector<Type> types;
  for (int kind = 1; kind <= static_cast<int>(TypeKind::kJson); ++kind) {
    Type type = OfKind(static_cast<TypeKind>(kind));
    switch (type.kind) {
      case TypeKind::kDecimal:
        types.push_back(DecimalOf(9, 2));
        types.push_back(DecimalOf(18, 2));
        type = DecimalOf(38, 2);
        break;
      case TypeKind::kEnum: type.enum_values = {"a", "b"}; break;
      case TypeKind::kList:
      case TypeKind::kArray:
        type.array_size = type.kind == TypeKind::kArray ? 3 : 0;
        type.children = {Member("element", TypeKind::kInt32)};
        break;
      case TypeKind::kStruct: type.children = {Member("a", TypeKind::kInt32)}; break;
      case TypeKind::kMap:
        type.children = {Member("key", TypeKind::kString), Member("value", TypeKind::kInt32)};
        break;
      case TypeKind::kUnion:
        type.children = {Member("a", TypeKind::kInt32), Member("b", TypeKind::kString)};
        break;
      default: break;
    }
    types.push_back(type);
  }
  return types;
}

// Cells without blanks and backquotes.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream rest(line.substr(1));
  for (std::string cell; std::getline(rest, cell, '|');) {
    auto start = cell.find_first_not_of(" `");
    auto end = cell.find_last_not_of(" `");
    cells.push_back(start == std::string::npos ? "" : cell.substr(start, end - start + 1));
  }
  return cells;
}

std::vector<std::vector<std::string>> TableRows() {
  auto path = std::filesystem::path(RHIZO_SOURCE_DIR) / "docs/format/types.md";
  std::ifstream file(path);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.size() > 2 && line[0] == '|' && std::isdigit(line[2])) rows.push_back(Cells(line));
  }
  return rows;
}

// The physical type that DuckDB's writer chooses, or what it calls a nested one.
std::string Physical(const duckdb::LogicalType& type) {
  switch (type.id()) {
    case duckdb::LogicalTypeId::LIST: return "LIST";
    case duckdb::LogicalTypeId::MAP: return "MAP";
    case duckdb::LogicalTypeId::STRUCT: return "group";
    default: break;
  }
  static const std::map<int, std::string> kNames = {
      {duckdb_parquet::Type::BOOLEAN, "BOOLEAN"},
      {duckdb_parquet::Type::INT32, "INT32"},
      {duckdb_parquet::Type::INT64, "INT64"},
      {duckdb_parquet::Type::FLOAT, "FLOAT"},
      {duckdb_parquet::Type::DOUBLE, "DOUBLE"},
      {duckdb_parquet::Type::BYTE_ARRAY, "BYTE_ARRAY"},
      {duckdb_parquet::Type::FIXED_LEN_BYTE_ARRAY, "FIXED_LEN_BYTE_ARRAY"}};
  return kNames.at(duckdb::ParquetWriter::DuckDBTypeToParquetType(type));
}

TEST(TypeMap, IsWhatTheDocumentSays) {
  auto rows = TableRows();
  auto types = SampleTypes();
  ASSERT_EQ(rows.size(), types.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const Type& type = types[i];
    SCOPED_TRACE(type.ToString());
    ASSERT_EQ(row.size(), 8u);
    model::Field field;
    field.type = type;
    EXPECT_EQ(row[0], std::to_string(static_cast<int>(type.kind)));
    EXPECT_EQ(row[1], ToLogicalType(type).ToString());
    EXPECT_EQ(row[1], type.ToString());
    EXPECT_EQ(row[2], ArrowFormat(field));
    EXPECT_EQ(row[3], StorageType(type).ToString());
    EXPECT_EQ(row[4].substr(0, row[4].find(',')), Physical(StorageType(type)));
    EXPECT_EQ(row[7], IsNative(type) ? "native" : "carried");
  }
}

}  // namespace
}  // namespace rhizo::engine
