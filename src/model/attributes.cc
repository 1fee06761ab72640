#include "model/attributes.h"

namespace rhizo::model {
namespace {

void DropAttributes(std::vector<Field>* fields) {
  for (auto& field : *fields) {
    field.attributes.clear();
    DropAttributes(&field.type.children);
  }
}

void DropAttributes(Schema* schema) {
  schema->attributes.clear();
  DropAttributes(&schema->fields);
}

}  // namespace

bool SameButRowsAndAttributes(TableState a, TableState b) {
  DropAttributes(&a.schema);
  DropAttributes(&b.schema);
  return SameButRows(a, b);
}

}  // namespace rhizo::model
