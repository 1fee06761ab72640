#include "db/incoming_rows.h"

#include <cerrno>

#include "engine/arrow_in.h"
#include "sql/row_adapter.h"
#include "sql/schema_match.h"

namespace rhizo::db {
namespace {

// A stream that has a schema and no rows, so that a schema is read by the same code as rows.
struct EmptyStream {
  ArrowSchema schema{};
};

ArrowArrayStream MakeEmptyStream(ArrowSchema* schema) {
  auto* state = new EmptyStream{*schema};
  schema->release = nullptr;
  ArrowArrayStream stream{};
  stream.private_data = state;
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    auto* held = static_cast<EmptyStream*>(self->private_data);
    if (held->schema.release == nullptr) return EINVAL;
    *out = held->schema;
    held->schema.release = nullptr;
    return 0;
  };
  stream.get_next = [](ArrowArrayStream*, ArrowArray* out) {
    *out = ArrowArray{};
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* {
    return "the schema was taken already";
  };
  stream.release = [](ArrowArrayStream* self) {
    auto* held = static_cast<EmptyStream*>(self->private_data);
    if (held->schema.release != nullptr) held->schema.release(&held->schema);
    delete held;
    self->release = nullptr;
  };
  return stream;
}

void ForgetIds(std::vector<model::Field>* fields) {
  for (auto& field : *fields) {
    field.id = 0;
    ForgetIds(&field.type.children);
  }
}

// Types are equal whatever the ids of their nested fields.
bool SameType(const model::Field& a, const model::Field& b) {
  std::vector<model::Field> left{a};
  std::vector<model::Field> right{b};
  ForgetIds(&left);
  ForgetIds(&right);
  return left[0].type == right[0].type;
}

// The incoming schema; columns the table has under the same name and type stay the same fields.
model::Schema ReplacedSchema(const model::Schema& old, model::Schema incoming) {
  ForgetIds(&incoming.fields);
  for (auto& field : incoming.fields) {
    int index = old.Find(field.name);
    if (index < 0 || !SameType(old.fields[static_cast<size_t>(index)], field)) continue;
    field.id = old.fields[static_cast<size_t>(index)].id;
    field.type = old.fields[static_cast<size_t>(index)].type;
  }
  return incoming;
}

// A written table is what was written, also in what only its owner reads out of it (pandas index,
// dictionaries).
void TakeAttributes(const model::Schema& incoming, model::Schema* target) {
  target->attributes = incoming.attributes;
  for (const auto& field : incoming.fields) {
    int index = target->Find(field.name);
    if (index < 0 || sql::IsNullColumn(field)) continue;
    auto& kept = target->fields[static_cast<size_t>(index)];
    if (SameType(kept, field)) kept.attributes = field.attributes;
  }
}

void ForgetNullMarks(model::Schema* schema) {
  for (auto& field : schema->fields) field.attributes.erase(engine::kArrowNull);
}

Result<model::Schema> TargetSchema(const model::Schema& incoming, const table::OpenTable* existing,
                                   SchemaMode mode, bool append) {
  if (existing == nullptr) {
    model::Schema fresh = incoming;
    ForgetIds(&fresh.fields);
    ForgetNullMarks(&fresh);
    return fresh;
  }
  model::Schema target = existing->schema();
  if (mode == SchemaMode::kReplace) {
    target = ReplacedSchema(existing->schema(), incoming);
  } else if (mode == SchemaMode::kEvolve) {
    ASSIGN_OR_RETURN(target, sql::EvolveSchema(existing->schema(), incoming));
  }
  if (!append) TakeAttributes(incoming, &target);
  ForgetNullMarks(&target);
  return target;
}

}  // namespace

Result<IncomingRows> IncomingRows::Open(duckdb::ClientContext& client, ArrowArrayStream* stream,
                                        const table::OpenTable* existing,
                                        const IncomingOptions& options) {
  ASSIGN_OR_RETURN(auto reader, engine::ArrowReader::Open(client.shared_from_this(), stream));
  RETURN_IF_ERROR(model::ValidateSchema(reader->schema()));
  IncomingRows incoming;
  ASSIGN_OR_RETURN(incoming.target,
                   TargetSchema(reader->schema(), existing, options.mode, options.append));
  ASSIGN_OR_RETURN(auto match, sql::MatchColumns(reader->schema(), incoming.target));
  for (size_t i = 0; i < match.size(); ++i) {
    if (match[i]) incoming.given.push_back(i);
  }
  auto adapted = incoming.target;
  for (size_t i = 0; options.may_lack_columns && i < match.size(); ++i) {
    if (!match[i]) adapted.fields[i].nullable = true;
  }
  ASSIGN_OR_RETURN(incoming.rows,
                   sql::StreamRows::Match(client, sql::ArrowRows(std::move(reader)), adapted));
  return incoming;
}

Result<model::Schema> ReadSchema(duckdb::ClientContext& client, ArrowSchema* schema) {
  if (schema == nullptr || schema->release == nullptr)
    return InvalidArgument("the Arrow schema was released already");
  auto stream = MakeEmptyStream(schema);
  ASSIGN_OR_RETURN(auto reader, engine::ArrowReader::Open(client.shared_from_this(), &stream));
  return TargetSchema(reader->schema(), nullptr, SchemaMode::kKeep, false);
}

}  // namespace rhizo::db
