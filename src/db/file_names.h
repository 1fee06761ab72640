// The user's files as DuckDB files, by number: "rhizofile://3.file.gz" is the fourth of the list.
// Nothing else can be opened, listed or created through it.
#pragma once

#include <string>
#include <vector>

#include "engine/duckdb_headers.h"

namespace rhizo::db {

inline constexpr char kFileScheme[] = "rhizofile://";

struct NamedFile {
  std::string path;   // what is opened
  std::string shown;  // what the user calls it: for messages, and for what its extension says
};

std::string VirtualName(size_t number, const NamedFile& file);
duckdb::unique_ptr<duckdb::FileSystem> MakeNamedFileSystem(std::vector<NamedFile> files);

}  // namespace rhizo::db
