#include "model/unknown_column.h"

#include <utility>
#include <vector>

#include "base/name.h"

namespace rhizo::model {

Error UnknownColumn(const Schema& schema, const std::string& name, const std::string& what) {
  std::vector<std::string> names;
  for (const auto& field : schema.fields) names.push_back(field.name);
  std::string message = what + "there is no column \"" + name + "\"";
  std::string nearest = NearestName(name, names);
  if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
  return Error(ErrorCode::kSchema, std::move(message)).With("column", name);
}

}  // namespace rhizo::model
