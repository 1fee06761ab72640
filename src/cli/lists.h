// What the database tells about itself, as text for people.
#pragma once

#include <string>
#include <vector>

#include "rhizo/types.h"

namespace rhizo::cli {

// The first 12 digits of an id; "-" for none.
std::string ShortId(const std::string& id);

void PrintTables(const std::vector<TableInfo>& tables);
void PrintTable(const TableInfo& table);
void PrintVersions(const std::vector<VersionInfo>& versions);
void PrintCommit(const CommitInfo& commit);
void PrintOneLine(const CommitInfo& commit);
void PrintMerged(const std::vector<MergedTable>& tables);
void PrintRefLog(const std::vector<RefLogInfo>& entries);
void PrintBranches(const std::vector<BranchInfo>& branches, const std::string& current);
void PrintTags(const std::vector<TagInfo>& tags);

}  // namespace rhizo::cli
