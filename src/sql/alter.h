// What a table's schema becomes: columns added, dropped, renamed, moved, widened; defaults, NOT
// NULL, checks. Columns are found by name, nested ones by path ("address.zip", "tags.element");
// they keep their ids, so nothing stored is touched. Stateless.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/table_state.h"

namespace rhizo::sql {

// Done in this order.
struct Alteration {
  std::vector<std::pair<std::string, std::string>> rename;  // path -> name
  std::vector<std::string> drop;
  model::Schema add;    // called by their paths, behind what is there
  model::Schema types;  // wider types, by path
  // Column -> SQL constant; "": none any more. Of an added column also what older rows hold.
  std::vector<std::pair<std::string, std::string>> defaults;
  std::vector<std::string> not_null;
  std::vector<std::string> nullable;
  std::vector<std::string> drop_checks;
  std::vector<std::string> add_checks;
  std::vector<std::string> order;  // columns that come first
};

struct Altered {
  model::Schema schema;  // ids 0 for what is new
  std::vector<std::string> checks;
  std::vector<std::string> newly_not_null;  // columns whose rows are to be looked at
  std::vector<std::string> new_checks;
};

// kSchema naming what is unknown (and the nearest name), there already, no wider type, part of the
// key, or used by a check; kSql for a check that is none.
Result<Altered> Alter(duckdb::ClientContext& client, const model::TableState& table,
                      const Alteration& alteration);

}  // namespace rhizo::sql
