// What the database tells about itself, as Python dicts; rhizo/facts.py makes dataclasses of them.
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

#include "rhizo/types.h"

namespace rhizo::python {

nanobind::dict ToPython(const ColumnInfo& info);
nanobind::dict ToPython(const TableInfo& info);
nanobind::dict ToPython(const TableChange& change);
nanobind::dict ToPython(const TableDiff& diff);
nanobind::dict ToPython(const Finding& finding);
nanobind::dict ToPython(const VersionInfo& info);
nanobind::dict ToPython(const CommitInfo& info);
nanobind::dict ToPython(const BranchInfo& info);
nanobind::dict ToPython(const TagInfo& info);
nanobind::dict ToPython(const RefLogInfo& info);
nanobind::dict ToPython(const WriteResult& result);
nanobind::dict ToPython(const CommitResult& result);
nanobind::dict ToPython(const Resolution& resolution);
nanobind::dict ToPython(const HeadMove& move);
nanobind::dict ToPython(const MergedTable& table);
nanobind::dict ToPython(const MergeResult& result);
nanobind::dict ToPython(const DatabaseStats& stats);
nanobind::dict ToPython(const VerifyReport& report);

template <class T>
nanobind::list ToPython(const std::vector<T>& values) {
  nanobind::list out;
  for (const T& value : values) out.append(ToPython(value));
  return out;
}

}  // namespace rhizo::python
