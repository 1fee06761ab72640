// The JSON of --json. Version 1; every document is one object that starts with {"rhizo": 1, ...}.
// The shapes are promised in docs/shell.md: fields may be added, never changed or removed without a
// new number.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rhizo/error.h"
#include "rhizo/types.h"

namespace rhizo::cli {

using Json = nlohmann::ordered_json;

// {"rhizo": 1, name: value}
Json Document(const std::string& name, Json value);
Json ErrorShape(const Error& error, const std::string& hint);

Json Shape(const ColumnInfo& column);
Json Shape(const TableInfo& table);
Json Shape(const VersionInfo& version);
Json Shape(const TableChange& change);
Json Shape(const TableDiff& diff);
Json Shape(const CommitInfo& commit);
Json Shape(const BranchInfo& branch);
Json Shape(const TagInfo& tag);
Json Shape(const RefLogInfo& entry);
Json Shape(const WriteResult& result);
Json Shape(const Resolution& resolution);
Json Shape(const MergedTable& table);
Json Shape(const MergeResult& result);
Json Shape(const HeadMove& move);
Json Shape(const DatabaseStats& stats);
Json Shape(const VerifyReport& report);

template <class T>
Json Shape(const std::vector<T>& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(Shape(item));
  return array;
}

void PrintJson(const Json& document);
// Without an end of line, for documents that are written piece by piece.
void PrintJsonPart(const Json& part);

}  // namespace rhizo::cli
