#include "txn/transaction.h"

#include <algorithm>

#include "base/name.h"
#include "merge/direction.h"
#include "merge/set_rows.h"
#include "model/attributes.h"
#include "table/each_entry.h"
#include "table/key_search.h"
#include "table/row_diff.h"
#include "txn/read_check.h"
#include "txn/staged_state.h"
#include "txn/state_merge.h"
#include "txn/table_key.h"

namespace rhizo::txn {
namespace {

void AddCounts(table::WriteCounts* sum, const table::WriteCounts& more) {
  sum->rows += more.rows;
  sum->rows_inserted += more.rows_inserted;
  sum->rows_updated += more.rows_updated;
  sum->rows_deleted += more.rows_deleted;
  sum->rows_unchanged += more.rows_unchanged;
  sum->segments_new += more.segments_new;
  sum->segments_reused += more.segments_reused;
  sum->new_bytes += more.new_bytes;
  sum->reused_bytes += more.reused_bytes;
}

void AddRows(RowChanges* sum, const table::WriteCounts& more) {
  sum->inserted += more.rows_inserted;
  sum->updated += more.rows_updated;
  sum->deleted += more.rows_deleted;
}

}  // namespace

Result<std::unique_ptr<Transaction>> Transaction::Begin(std::shared_ptr<Repository> repository,
                                                        const std::string& branch,
                                                        std::optional<TxnId> txn,
                                                        Isolation isolation) {
  RETURN_IF_ERROR(repository->CheckWritable());
  bool from_caller = txn.has_value();
  if (from_caller) {
    ASSIGN_OR_RETURN(auto landed, repository->meta().FindTransaction(*txn));
    if (landed) {
      return Error(ErrorCode::kAlreadyExists,
                   "transaction " + txn->ToString() + " landed already as commit " +
                       landed->commit.Short() + "; it is not applied twice")
          .With("txn_id", txn->ToString())
          .With("commit", landed->commit.ToString());
    }
  } else {
    txn = repository->random().DrawId<TxnId>();
  }
  ASSIGN_OR_RETURN(auto hold, repository->HoldObjects());
  ASSIGN_OR_RETURN(auto ref, repository->meta().ReadRef(branch));
  if (!ref || ref->kind == meta::RefKind::kTag) {
    return Error(ErrorCode::kBranchNotFound, "there is no branch \"" + branch + "\"")
        .With("branch", branch);
  }
  ASSIGN_OR_RETURN(auto commit, repository->ReadCommit(ref->commit));
  ASSIGN_OR_RETURN(auto view, repository->ViewOf(ref->commit));
  return std::unique_ptr<Transaction>(
      new Transaction(std::move(repository), branch, *txn, from_caller, std::move(hold), *ref,
                      Head{ref->commit, std::move(commit)}, std::move(view), isolation));
}

Transaction::Transaction(std::shared_ptr<Repository> repository, std::string branch, TxnId id,
                         bool id_from_caller, std::shared_ptr<const void> hold,
                         meta::Ref branch_then, Head snapshot,
                         std::shared_ptr<const View> snapshot_view, Isolation isolation)
    : repository_(std::move(repository)),
      branch_(std::move(branch)),
      id_(id),
      id_from_caller_(id_from_caller),
      hold_(std::move(hold)),
      branch_then_(std::move(branch_then)),
      snapshot_(std::move(snapshot)),
      reads_(isolation == Isolation::kSerializable ? std::make_shared<ReadSet>() : nullptr),
      snapshot_view_(reads_ ? std::make_shared<const View>(*snapshot_view, reads_)
                            : std::move(snapshot_view)),
      staging_(std::make_shared<object::Staging>(repository_->small())),
      tables_(snapshot_view_, staging_,
              std::make_shared<TableOpener>(StagedContext(*repository_, staging_.get()), 64), hold_,
              reads_) {}

// A transaction that wrote no rows has no means of its own to merge with others', or to look at
// what they did.
Status Transaction::GetLateMeans(const Head& head) {
  bool may_merge = std::ranges::any_of(tables_.changes(), [](const auto& change) {
    return change.second.before && change.second.name;
  });
  bool needs_none = head.id == snapshot_.id || (!may_merge && !reads_);
  if (needs_none || bind_checks_ || !late_means_) return {};
  ASSIGN_OR_RETURN(auto means, late_means_());
  Remember(means);
  return {};
}

// What a merge at commit needs.
void Transaction::Remember(const Means& means) {
  if (means.engine != nullptr) engine_ = means.engine;
  if (means.bind_checks) bind_checks_ = means.bind_checks;
}

table::WriteContext Transaction::ContextFor(const Means& means) {
  Remember(means);
  table::WriteContext context;
  context.engine = engine_;
  context.read = StagedContext(*repository_, staging_.get());
  context.staging = staging_.get();
  context.txn = id_;
  context.next_ordinal = &next_ordinal_;
  context.threads = std::max(1u, means.threads);
  context.progress = means.progress;
  context.check = means.check;
  return context;
}

Result<TableChange*> Transaction::AddNew(const model::QualifiedName& name, model::Schema schema,
                                         const ColumnNames& key, const merge::RuleSettings& rules) {
  RETURN_IF_ERROR(ValidateTableName(name.name));
  RETURN_IF_ERROR(ValidateTableName(name.schema));
  RETURN_IF_ERROR(model::ValidateSchema(schema));
  RETURN_IF_ERROR(tables_.CheckNameIsFree(name));
  TableChange change;
  change.id = DeriveTableId(id_, next_ordinal_++);
  change.state.id = change.id;
  change.state.schema = std::move(schema);
  model::AssignFieldIds(change.id, &change.state.schema, &change.state.used_field_ids);
  RETURN_IF_ERROR(TakeKey(&change.state, key));
  RETURN_IF_ERROR(merge::SetRules(&change.state, rules));
  return tables_.Add(std::move(change), name);
}

Result<Change> Transaction::CreateTable(const model::QualifiedName& name, model::Schema schema,
                                        const ColumnNames& key, const merge::RuleSettings& rules) {
  ASSIGN_OR_RETURN(auto* change, AddNew(name, std::move(schema), key, rules));
  return Change{change->id, {}, 0, true};
}

Status Transaction::DropTable(const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindOrFail(name));
  tables_.Drop(change);
  return {};
}

Status Transaction::RenameTable(const model::QualifiedName& name,
                                const model::QualifiedName& new_name) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindOrFail(name));
  RETURN_IF_ERROR(ValidateTableName(new_name.name));
  RETURN_IF_ERROR(ValidateTableName(new_name.schema));
  return tables_.Rename(change, new_name);
}

Status Transaction::TakeSchema(TableChange* change, model::Schema schema) {
  RETURN_IF_ERROR(model::ValidateSchema(schema));
  RETURN_IF_ERROR(merge::CheckRules(schema));
  for (FieldId id : change->state.key) {
    auto kept = std::find_if(schema.fields.begin(), schema.fields.end(),
                             [&](const auto& field) { return field.id == id; });
    if (kept == schema.fields.end()) {
      const auto& name = change->state.schema.FindId(id)->name;
      return Error(ErrorCode::kSchema, "column \"" + name +
                                           "\" is part of the key: it can neither go nor become "
                                           "another type; set_key can change the key first")
          .With("column", name);
    }
    kept->nullable = false;
  }
  model::AssignFieldIds(change->id, &schema, &change->state.used_field_ids);
  if (schema == change->state.schema) return {};
  change->state.schema = std::move(schema);
  change->schema_changed = true;
  return {};
}

Result<std::shared_ptr<const table::OpenTable>> Transaction::OpenState(
    const model::TableState& state) {
  return table::OpenTable::Open(StagedContext(*repository_, staging_.get()), ObjectId(),
                                std::make_shared<const model::TableState>(state));
}

Status Transaction::CheckKeys(const model::TableState& state, const Means& means) {
  ASSIGN_OR_RETURN(auto table, OpenState(state));
  return table::CheckKeysAreUnique(ContextFor(means), *table, state.key);
}

// A row that was stored anew under its key neither went nor came.
Status Transaction::CountByKey(const model::TableState& before, const Means& means,
                               table::Written* written) {
  ASSIGN_OR_RETURN(auto old_table, OpenState(before));
  ASSIGN_OR_RETURN(auto new_table, OpenState(written->state));
  table::Link link;
  RETURN_IF_ERROR(link.Open(means.engine));
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(link.client(), old_table, new_table));
  ASSIGN_OR_RETURN(auto changes, diff.Count());
  auto& counts = written->counts;
  counts.rows_inserted = changes.inserted;
  counts.rows_updated = changes.updated;
  counts.rows_deleted = changes.deleted;
  counts.rows_unchanged = counts.rows - counts.rows_inserted - counts.rows_updated;
  return {};
}

template <class Work>
auto Transaction::OrRestore(TableChange* change, Work&& work) -> decltype(work()) {
  TableChange backup = *change;
  auto done = work();
  if (done) return done;
  *change = std::move(backup);
  tables_.NoteChange(*change);  // a view made on the way may show what was not to be
  return done;
}

Result<Change> Transaction::Write(const model::QualifiedName& name, model::Schema schema,
                                  table::RowSource* rows, const Means& means,
                                  const ColumnNames& key) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindSpelled(name));
  bool created = change == nullptr;
  if (created) {
    ASSIGN_OR_RETURN(change, AddNew(name, schema, key));
  } else if (!key.empty()) {
    RETURN_IF_ERROR(CheckSameKey(change->state, key));
  }
  uint64_t rows_before = change->state.rows;
  auto written = OrRestore(change, [&]() -> Result<table::Written> {
    auto old_schema = change->state.schema;
    if (!created) RETURN_IF_ERROR(TakeSchema(change, std::move(schema)));
    return Rewrite(change->state, old_schema, rows, means);
  });
  if (!written) {
    if (created) tables_.Drop(change);
    return std::move(written).error();
  }
  change->state = std::move(written->state);
  change->rows_replaced = true;
  change->based = false;
  change->appended.clear();
  change->counts = written->counts;
  AddRows(&change->rows, written->counts);
  tables_.NoteChange(*change);
  return Change{change->id, written->counts, rows_before, created};
}

// `from` with these rows; `old_schema`: what its rows were checked in.
Result<table::Written> Transaction::Rewrite(const model::TableState& from,
                                            const model::Schema& old_schema, table::RowSource* rows,
                                            const Means& means) {
  merge::SetRows sets(rows, from.schema);
  ASSIGN_OR_RETURN(auto done, table::WriteRows(ContextFor(means), from, &sets));
  bool may_be_twice = done.counts.rows_inserted > 0 || !SameKeyTypes(old_schema, from);
  if (!from.key.empty() && may_be_twice) RETURN_IF_ERROR(CheckKeys(done.state, means));
  bool may_have_moved = done.counts.rows_inserted > 0 && done.counts.rows_deleted > 0;
  if (!from.key.empty() && may_have_moved) RETURN_IF_ERROR(CountByKey(from, means, &done));
  RETURN_IF_ERROR(CheckDirections(from, done.state, means));
  return done;
}

Status Transaction::CheckDirections(const model::TableState& before, const model::TableState& after,
                                    const Means& means) {
  if (means.reset || !merge::HasDirections(after.schema)) return {};
  ASSIGN_OR_RETURN(auto old_table, OpenState(before));
  ASSIGN_OR_RETURN(auto new_table, OpenState(after));
  table::Link link;
  RETURN_IF_ERROR(link.Open(means.engine));
  return merge::CheckDirections(link.client(), old_table, new_table);
}

Result<Change> Transaction::WriteOnBase(const model::QualifiedName& name,
                                        const model::TableState& base, model::Schema schema,
                                        table::RowSource* rows, const Means& means) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindSpelledOrFail(name));
  CHECK(base.id == change->id);
  uint64_t rows_before = change->state.rows;
  TableChange on_base;
  on_base.id = change->id;
  on_base.state = base;
  RETURN_IF_ERROR(TakeSchema(&on_base, std::move(schema)));
  ASSIGN_OR_RETURN(auto written, Rewrite(on_base.state, base.schema, rows, means));
  bool changes_nothing = written.state == base;
  bool others_did = base != change->state;
  uint64_t kept = base.rows - std::min(base.rows, written.counts.rows_deleted);
  bool replaces =
      base.tree_root != written.state.tree_root && kept * 2 < std::max<uint64_t>(base.rows, 1);
  if (!changes_nothing && others_did) {
    // As of two branches, a replacement contradicts whatever others did.
    StateOnState placed{{}, "the rows were replaced as a whole"};
    bool only_described = base.tree_root == change->state.tree_root &&
                          model::SameButRowsAndAttributes(base, change->state);
    if (!replaces || only_described) {
      ASSIGN_OR_RETURN(placed, PlaceOnState(ContextFor(means), bind_checks_, base, written.state,
                                            change->state));
    }
    if (!placed.contradiction.empty()) {
      return Error(ErrorCode::kConflict, "write: table \"" + name.ToString() +
                                             "\" was changed in the same place since its base (" +
                                             placed.contradiction + "); read it again and retry")
          .With("table", name.ToString());
    }
    written.state = std::move(placed.state);
  }
  if (!changes_nothing) {
    bool replaced_before = change->rows_replaced && !change->based;
    change->schema_changed = change->schema_changed || written.state.schema != change->state.schema;
    change->state = std::move(written.state);
    change->rows_replaced = true;
    change->based = !replaced_before && !replaces;
    change->appended.clear();
    AddRows(&change->rows, written.counts);
    tables_.NoteChange(*change);
  }
  change->counts = written.counts;
  change->counts.rows = change->state.rows;
  return Change{change->id, change->counts, rows_before, false};
}

Result<Change> Transaction::Append(const model::QualifiedName& name, model::Schema schema,
                                   table::RowSource* rows, const Means& means) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindSpelledOrFail(name));
  uint64_t rows_before = change->state.rows;
  auto counts = OrRestore(change, [&]() -> Result<table::WriteCounts> {
    auto old_schema = change->state.schema;
    RETURN_IF_ERROR(TakeSchema(change, std::move(schema)));
    if (!SameKeyTypes(old_schema, change->state)) RETURN_IF_ERROR(CheckKeys(change->state, means));
    auto context = ContextFor(means);
    merge::SetRows sets(rows, change->state.schema);
    ASSIGN_OR_RETURN(auto encoded, EncodeNew(change->state, &sets, context));
    if (encoded.counts.rows == 0) return encoded.counts;
    ASSIGN_OR_RETURN(change->state, table::PlaceAtEnd(context, change->state, encoded));
    auto counts = encoded.counts;
    change->appended.push_back(std::move(encoded));
    return counts;
  });
  if (!counts) return std::move(counts).error();
  AddCounts(&change->counts, *counts);
  AddRows(&change->rows, *counts);
  tables_.NoteChange(*change);
  return Change{change->id, *counts, rows_before, false};
}

// Rows for the end of a table; of one with a key, whose keys it does not have.
Result<table::EncodedRows> Transaction::EncodeNew(const model::TableState& state,
                                                  table::RowSource* rows,
                                                  const table::WriteContext& context) {
  if (state.key.empty()) return table::EncodeRows(context, state.schema, rows);
  ASSIGN_OR_RETURN(auto table, OpenState(state));
  auto keys = std::make_shared<table::KeySet>(state.schema, state.key);
  table::KeyedRows keyed(rows, keys.get());
  ASSIGN_OR_RETURN(auto encoded, table::EncodeRows(context, state.schema, &keyed));
  keys->Sort();
  RETURN_IF_ERROR(table::CheckKeysAreNew(context, *table, *keys));
  encoded.keys = std::move(keys);
  return encoded;
}

Result<Change> Transaction::ChangeRows(const model::QualifiedName& name, const ChangeTable& change,
                                       const Means& means) {
  ASSIGN_OR_RETURN(auto* own, tables_.FindSpelledOrFail(name));
  uint64_t rows_before = own->state.rows;
  ASSIGN_OR_RETURN(auto table, tables_.Open(*own));
  ASSIGN_OR_RETURN(auto written, change(ContextFor(means), std::move(table)));
  RETURN_IF_ERROR(CheckDirections(own->state, written.state, means));
  if (written.state != own->state) {
    own->state = std::move(written.state);
    own->rows_changed = true;
    own->appended.clear();
  }
  AddCounts(&own->counts, written.counts);
  own->counts.rows = own->state.rows;
  AddRows(&own->rows, written.counts);
  tables_.NoteChange(*own);
  return Change{own->id, written.counts, rows_before, false};
}

bool Transaction::KeepsColumns(const TableId& table) const {
  const auto* change = tables_.Find(table);
  if (change == nullptr || !change->old_state) return true;
  return std::ranges::equal(
      change->old_state->schema.fields, change->state.schema.fields,
      [](const auto& a, const auto& b) { return a.id == b.id && a.type == b.type; });
}

Result<Change> Transaction::SetKey(const model::QualifiedName& name, const ColumnNames& key,
                                   const Means& means) {
  auto take = [&](model::TableState* state) -> Status {
    auto before = *state;
    RETURN_IF_ERROR(TakeKey(state, key));
    RETURN_IF_ERROR(merge::CheckKeyRules(*state));
    if (*state == before || state->key.empty()) return {};
    return CheckKeys(*state, means);
  };
  return ChangeState(name, take, means);
}

Result<Change> Transaction::SetMergeRules(const model::QualifiedName& name,
                                          const merge::RuleSettings& rules, const Means& means) {
  return ChangeState(
      name, [&](model::TableState* state) { return merge::SetRules(state, rules); }, means);
}

Result<Change> Transaction::ChangeState(const model::QualifiedName& name, const EditState& edit,
                                        const Means& means) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindSpelledOrFail(name));
  Remember(means);
  auto state = change->state;
  RETURN_IF_ERROR(edit(&state));
  if (state != change->state) {
    change->state = std::move(state);
    change->schema_changed = true;
    tables_.NoteChange(*change);
  }
  change->counts.rows = change->state.rows;
  return Change{change->id, {}, change->state.rows, false};
}

Result<Change> Transaction::Alter(const model::QualifiedName& name, model::Schema schema,
                                  std::vector<std::string> checks, const VerifyTable& verify,
                                  const Means& means) {
  ASSIGN_OR_RETURN(auto* change, tables_.FindSpelledOrFail(name));
  Remember(means);
  auto altered = OrRestore(change, [&]() -> Status {
    auto before = change->state;
    RETURN_IF_ERROR(TakeSchema(change, std::move(schema)));
    change->state.checks = std::move(checks);
    if (change->state == before) return {};
    change->schema_changed = true;
    ASSIGN_OR_RETURN(auto table, tables_.Open(*change));
    RETURN_IF_ERROR(verify(std::move(table)));
    if (SameKeyTypes(before.schema, change->state)) return {};
    return CheckKeys(change->state, means);
  });
  if (!altered) return std::move(altered).error();
  change->counts.rows = change->state.rows;
  tables_.NoteChange(*change);
  return Change{change->id, {}, change->state.rows, false};
}

const table::WriteCounts& Transaction::CountsOf(const TableId& table) const {
  static const table::WriteCounts kNone;
  const auto* change = tables_.Find(table);
  return change == nullptr ? kNone : change->counts;
}

Result<std::vector<PlacedTable>> Transaction::PlaceAll(const Head& head) {
  std::vector<PlacedTable> tables;
  auto context = ContextFor({});
  LeavingTables leaving;
  auto& changes = tables_.changes();
  for (const auto& [id, change] : changes) {
    if (change.before && (!change.name || change.IsRename())) leaving.insert(id);
  }
  for (auto& [id, change] : changes) {
    change.is_statement = is_statement_ && changes.size() == 1;
    change.is_serial = reads_ != nullptr;
    ASSIGN_OR_RETURN(auto placed, PlaceChange(*repository_, context, bind_checks_, change, leaving,
                                              snapshot_, head));
    if (placed) tables.push_back(std::move(*placed));
  }
  return tables;
}

Result<PreparedCommit> Transaction::Prepare(const Head& head, const CommitText& text) {
  PreparedCommit prepared;
  prepared.head = head;
  RETURN_IF_ERROR(GetLateMeans(head));
  ASSIGN_OR_RETURN(prepared.tables, PlaceAll(head));
  bool changes_anything = std::ranges::any_of(
      tables_.changes(), [](const auto& change) { return change.second.ChangesAnything(); });
  if (reads_ && changes_anything) {
    RETURN_IF_ERROR(CheckReads(*repository_, engine_, *reads_, snapshot_, head));
  }
  if (prepared.tables.empty()) return prepared;
  auto commit = std::make_shared<model::Commit>();
  commit->database = head.commit->database;
  commit->parents = {head.id};
  commit->generation = head.commit->generation + 1;
  ASSIGN_OR_RETURN(commit->state_root,
                   ApplyTables(staging_.get(), head.commit->state_root, prepared.tables));
  commit->txn = id_;
  commit->time = {std::max(repository_->clock().Now().micros, head.commit->time.micros + 1)};
  commit->author = text.author;
  commit->message = text.message;
  commit->metadata = text.metadata;
  for (const auto& table : prepared.tables) commit->tables.push_back(table.summary);
  std::sort(commit->tables.begin(), commit->tables.end(),
            [](const auto& a, const auto& b) { return a.table < b.table; });
  auto bytes = model::Encode(*commit);
  prepared.id = model::CommitIdOf(bytes);
  staging_->Add(std::move(bytes));
  prepared.commit = std::move(commit);
  ASSIGN_OR_RETURN(prepared.small_objects,
                   CollectStaged(*repository_, staging_.get(), prepared.commit->state_root,
                                 model::AsObjectId(prepared.id)));
  RETURN_IF_ERROR(StoreLarge(*repository_, &prepared.small_objects));
  return prepared;
}

}  // namespace rhizo::txn
