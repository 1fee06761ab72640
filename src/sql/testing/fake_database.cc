#include "sql/testing/fake_database.h"

#include <algorithm>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/patch.h"
#include "table/row_block.h"
#include "table/segment_encoder.h"
#include "tree/apply.h"
#include "tree/builder.h"

namespace rhizo::sql {
namespace {

// Only what is staged is there.
class NothingStored final : public object::ObjectReader {
 public:
  Result<object::ObjectBytes> Read(const ObjectId& id) override {
    return Corruption("object " + id.ToString() + " is missing");
  }
};

template <class T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(result).value();
}

duckdb::unique_ptr<duckdb::MaterializedQueryResult> MustQuery(duckdb::Connection* connection,
                                                              const std::string& sql) {
  auto result = connection->Query(sql);
  if (result->HasError()) {
    throw std::runtime_error(sql + ": " +
                             engine::TranslateError(result->GetErrorObject(), sql).message());
  }
  return result;
}

model::Schema SchemaOf(const duckdb::MaterializedQueryResult& result) {
  model::Schema schema;
  for (size_t i = 0; i < result.types.size(); ++i) {
    model::Field field;
    field.name = result.names[i];
    field.type = Must(engine::FromLogicalType(result.types[i]));
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

void AppendRow(const std::vector<duckdb::Value>& row, duckdb::DataChunk* chunk) {
  auto at = chunk->size();
  for (size_t column = 0; column < row.size(); ++column) chunk->SetValue(column, at, row[column]);
  chunk->SetCardinality(at + 1);
}

template <class Visit>
void ForEachChunk(const model::Schema& schema, const std::vector<std::vector<duckdb::Value>>& rows,
                  Visit visit) {
  for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
    duckdb::DataChunk chunk;
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(schema));
    size_t end = std::min<size_t>(rows.size(), begin + STANDARD_VECTOR_SIZE);
    for (size_t i = begin; i < end; ++i) AppendRow(rows[i], &chunk);
    visit(chunk);
  }
}

}  // namespace

FakeDatabase::FakeDatabase(uint64_t seed, int threads)
    : random_(seed),
      store_(std::make_shared<FakeStore>()),
      plain_(Must(engine::Instance::Start({}))),
      connection_(Must(plain_->Connect())) {
  engine::InstanceOptions options;
  options.threads = threads;
  store_->engine = std::make_shared<SharedEngine>(options);
  store_->small = std::make_shared<object::Staging>(std::make_shared<NothingStored>());
  tree::Builder builder(store_->small.get());
  current_ = MakeView(Must(builder.Finish()).id);
}

FakeDatabase::~FakeDatabase() = default;

std::vector<std::vector<std::string>> FakeDatabase::Plain(const std::string& sql) {
  auto result = MustQuery(connection_.get(), sql);
  std::vector<std::vector<std::string>> rows;
  for (auto& row : *result) {
    auto& texts = rows.emplace_back();
    for (size_t i = 0; i < result->ColumnCount(); ++i) {
      texts.push_back(row.GetValue<duckdb::Value>(i).ToString());
    }
  }
  return rows;
}

void FakeDatabase::Publish(const std::string& name, const Layout& layout) {
  auto qualified = Must(model::QualifiedName::Parse(name));
  auto result = MustQuery(connection_.get(), "FROM " + name);
  Rows rows(result->RowCount());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < result->ColumnCount(); ++j) rows[i].push_back(result->GetValue(j, i));
  }
  auto state = MakeState(SchemaOf(*result), rows, layout);
  auto id = store_->small->Add(model::Encode(state));
  versions_[qualified.ToString()].push_back(id);
  SetTable(qualified, id);
}

void FakeDatabase::Drop(const std::string& name) {
  SetTable(Must(model::QualifiedName::Parse(name)), std::nullopt);
}

std::shared_ptr<const table::OpenTable> FakeDatabase::Open(const std::string& name) {
  return Must(current_->FindTable(Must(model::QualifiedName::Parse(name))));
}

model::TableState FakeDatabase::MakeState(model::Schema schema, const Rows& rows,
                                          const Layout& layout) {
  model::TableState state;
  state.id = TableId::FromBytes(std::string(16, 'T'));
  state.schema = std::move(schema);
  model::AssignFieldIds(state.id, &state.schema, &state.used_field_ids);
  tree::Builder builder(store_->small.get());
  for (size_t begin = 0; begin < rows.size(); begin += layout.segment_rows) {
    size_t end = std::min(rows.size(), begin + layout.segment_rows);
    auto entry = MakeEntry(state.schema, Rows(rows.begin() + begin, rows.begin() + end), layout);
    auto key = model::EncodePlace(entry.runs.inline_runs.empty()
                                      ? Must(model::Load(*store_->small, entry.runs))[0].first
                                      : entry.runs.inline_runs[0].first);
    auto added = builder.Add(key, model::Encode(entry), entry.visible_rows);
    if (!added) throw std::runtime_error(added.error().message());
    state.entries += 1;
    state.rows += entry.visible_rows;
    state.bytes += entry.length_bytes;
  }
  state.tree_root = Must(builder.Finish()).id;
  return state;
}

// Puts hidden rows between and around the visible ones.
FakeDatabase::Slots FakeDatabase::Scatter(const Rows& rows, double hidden_share) {
  std::bernoulli_distribution hide(hidden_share);
  Slots slots;
  auto hide_some = [&] {
    while (hide(random_)) {
      slots.hidden.push_back(static_cast<uint32_t>(slots.stored.size()));
      slots.stored.push_back(rows[random_() % rows.size()]);
    }
  };
  for (const auto& row : rows) {
    hide_some();
    slots.stored.push_back(row);
  }
  hide_some();
  return slots;
}

// Moves cells of visible rows into patches and leaves other values in their place.
std::vector<model::PatchRef> FakeDatabase::MovePatches(const model::Schema& schema, double share,
                                                       Slots* slots) {
  std::bernoulli_distribution patch(share);
  const Rows shown = slots->stored;
  auto hidden = model::PositionSet::FromSorted(slots->hidden);
  std::vector<model::PatchRef> patches;
  for (size_t field = 0; field < schema.fields.size(); ++field) {
    std::vector<uint32_t> patched;
    for (uint32_t slot = 0; slot < shown.size(); ++slot) {
      if (hidden.Contains(slot) || !patch(random_)) continue;
      slots->stored[slot][field] = shown[random_() % shown.size()][field];
      patched.push_back(slot);
    }
    if (!patched.empty()) patches.push_back(MakePatch(schema, field, patched, shown));
  }
  std::sort(patches.begin(), patches.end(), [](const auto& a, const auto& b) {
    return std::tie(a.field, a.patch) < std::tie(b.field, b.patch);
  });
  return patches;
}

void FakeDatabase::StoreParquet(const model::Schema& schema, const Rows& rows,
                                model::SegmentEntry* entry) {
  duckdb::ColumnDataCollection collection(*connection_->context, engine::ToLogicalTypes(schema));
  ForEachChunk(schema, rows, [&](duckdb::DataChunk& chunk) { collection.Append(chunk); });
  auto segment = Must(table::EncodeSegment(*connection_->context, schema, &collection));
  PutObject(segment.info.segment, segment.bytes);
  entry->kind = model::SegmentKind::kParquet;
  entry->length_bytes = segment.bytes.size();
  entry->id = store_->small->Add(model::Encode(segment.info));
}

void FakeDatabase::StoreRowBlock(const model::Schema& schema, const Rows& rows,
                                 model::SegmentEntry* entry) {
  table::RowBlockEncoder encoder(schema);
  ForEachChunk(schema, rows,
               [&](duckdb::DataChunk& chunk) { encoder.Append(chunk, 0, chunk.size()); });
  auto bytes = encoder.Finish();
  entry->kind = model::SegmentKind::kRowBlock;
  entry->length_bytes = bytes.size();
  entry->id = store_->small->Add(std::move(bytes));
}

model::SegmentEntry FakeDatabase::MakeEntry(const model::Schema& schema, const Rows& rows,
                                            const Layout& layout) {
  model::SegmentEntry entry;
  auto slots = Scatter(rows, layout.hidden_share);
  entry.patches = MovePatches(schema, layout.patched_share, &slots);
  if (layout.use_parquet) {
    StoreParquet(schema, slots.stored, &entry);
  } else {
    StoreRowBlock(schema, slots.stored, &entry);
  }
  auto hidden = model::PositionSet::FromSorted(slots.hidden);
  entry.segment_rows = static_cast<uint32_t>(slots.stored.size());
  auto visible = hidden.Complement(0, entry.segment_rows);
  entry.slice_begin = visible.first();
  entry.slice_end = visible.last() + 1;
  entry.hidden = model::Store(*store_->small, hidden.Slice(entry.slice_begin, entry.slice_end));
  entry.visible_rows = visible.size();
  entry.runs = model::Store(*store_->small, {RunAtEnd(entry.slice_begin, entry.slice_end)});
  return entry;
}

// Behind every run made before.
model::Run FakeDatabase::RunAtEnd(uint32_t begin, uint32_t end) {
  last_digit_ = last_digit_.empty() ? model::FirstDigit() : model::DigitAfter(last_digit_);
  auto birth = DeriveBirthId(TxnId(), next_birth_++);
  model::Run run;
  run.first_slot = begin;
  run.slots = end - begin;
  run.first.levels = {model::Level{last_digit_, birth, begin}};
  return run;
}

void FakeDatabase::PutObject(const ObjectId& id, const std::string& bytes) {
  if (bytes.size() <= object::kSmallObjectBytes) {
    store_->small->Add(bytes);
    return;
  }
  auto put = store_->large.Put(id, bytes);
  if (!put) throw std::runtime_error(put.error().message());
}

model::PatchRef FakeDatabase::MakePatch(const model::Schema& schema, size_t field,
                                        const std::vector<uint32_t>& slots, const Rows& rows) {
  const auto& wanted = schema.fields[field];
  duckdb::Vector values(engine::ToLogicalType(wanted.type), slots.size());
  for (size_t i = 0; i < slots.size(); ++i) values.SetValue(i, rows[slots[i]][field]);
  auto bytes =
      table::EncodePatch(wanted.id, wanted.type, model::PositionSet::FromSorted(slots), values);
  model::PatchRef patch;
  patch.patch = store_->small->Add(std::move(bytes));
  patch.field = wanted.id;
  return patch;
}

void FakeDatabase::SetTable(const model::QualifiedName& name, std::optional<ObjectId> state) {
  tree::Edit edit;
  edit.key = model::Encode(model::StateKey::OfTable(name));
  if (state) {
    model::StateEntry entry{TableId::FromBytes(std::string(16, 'T')), *state};
    edit.value = model::Encode(entry);
  }
  auto root = Must(tree::Apply(store_->small.get(), current_->state_root(), {edit}));
  current_ = MakeView(root.id);
  history_.push_back(current_);
}

std::shared_ptr<const txn::View> FakeDatabase::MakeView(const ObjectId& root) {
  auto opener = std::make_shared<txn::TableOpener>(store_->Context(), 100);
  return std::make_shared<txn::View>(CommitId(), Timestamp{}, root, std::move(opener),
                                     std::make_shared<txn::NameIndex>(), store_);
}

Result<std::shared_ptr<const txn::View>> FakeDatabase::CurrentView() {
  ++views_asked_;
  return current_;
}

Result<std::shared_ptr<const table::OpenTable>> FakeDatabase::TableAt(
    const txn::View& current, const model::QualifiedName& name, const AtPoint& point) {
  const txn::View* view = &current;
  if (!point.ref.empty()) {
    auto ref = refs_.find(point.ref);
    if (ref == refs_.end()) {
      return Error(ErrorCode::kBranchNotFound, "there is no ref \"" + point.ref + "\"");
    }
    view = ref->second.get();
  }
  if (point.time) {
    if (point.time->micros < 1 || point.time->micros > int64_t(history_.size())) {
      return Error(ErrorCode::kVersionNotFound, "nothing was there at that time");
    }
    view = history_[point.time->micros - 1].get();
  }
  if (point.version) {
    const auto& versions = versions_[name.ToString()];
    if (*point.version < 1 || *point.version > versions.size()) {
      return Error(ErrorCode::kVersionNotFound,
                   name.ToString() + " has no version " + std::to_string(*point.version));
    }
    return view->Open(versions[*point.version - 1]);
  }
  ASSIGN_OR_RETURN(auto table, view->FindTable(name));
  if (!table) {
    return Error(ErrorCode::kTableNotFound, "there is no table \"" + name.ToString() + "\" there");
  }
  return table;
}

Result<MetadataTable> FakeDatabase::Metadata(const txn::View&, const std::string& function,
                                             const std::vector<std::string>& arguments) {
  std::string key = function;
  for (const auto& argument : arguments) key += "/" + argument;
  auto found = metadata.find(key);
  if (found == metadata.end()) return InvalidArgument("rhizo_" + key + " is not known");
  return found->second;
}

Result<TablePair> FakeDatabase::TablesBetween(std::shared_ptr<const txn::View> current,
                                              const model::QualifiedName& name,
                                              const std::string& from, const std::string& to) {
  TablePair pair;
  AtPoint point;
  point.ref = from;
  ASSIGN_OR_RETURN(pair.before, TableAt(*current, name, point));
  point.ref = to;
  if (to.empty()) {
    pair.after = Open(name.name);
  } else {
    ASSIGN_OR_RETURN(pair.after, TableAt(*current, name, point));
  }
  return pair;
}

}  // namespace rhizo::sql
