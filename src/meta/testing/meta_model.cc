#include "meta/testing/meta_model.h"

#include <algorithm>

#include "base/blake3.h"

namespace rhizo::meta {

Result<Published> MetaModel::Publish(const Publication& publication) {
  MetaModel next = *this;
  if (transactions.contains(publication.txn)) {
    return Error(ErrorCode::kAlreadyExists, "used");
  }
  for (const RefMove& move : publication.moves) {
    auto ref = next.refs.find(move.ref);
    bool exists = ref != next.refs.end();
    if (exists != move.expected.has_value() || (exists && ref->second.commit != *move.expected)) {
      return Error(ErrorCode::kConflict, "moved");
    }
    auto& log = next.logs[move.ref];
    Timestamp time = publication.time;
    if (!log.empty() && time <= log.back().time) time.micros = log.back().time.micros + 1;
    log.push_back({move.ref, log.size() + 1, move.expected, move.target, time, move.operation,
                   publication.txn});
    if (!move.target) {
      next.refs.erase(ref);
    } else if (exists) {
      ref->second.commit = *move.target;
      ref->second.moves = log.size();
    } else {
      next.refs[move.ref] = {.name = move.ref,
                             .kind = move.kind,
                             .commit = *move.target,
                             .moves = log.size(),
                             .expires = {},
                             .is_protected = false};
    }
  }
  Published published;
  for (const NewVersion& version : publication.versions) {
    auto& all = next.versions[version.table];
    all.push_back({version.table, all.size() + 1, publication.commit, version.state});
    published.version_numbers.push_back(all.size());
  }
  for (const NewObject& object : publication.objects) next.objects[object.id] = object.bytes;
  next.transactions[publication.txn] = publication.commit;
  *this = std::move(next);
  return published;
}

namespace {

class Comparison {
 public:
  Comparison(MetaStore& store, bool errors_are_fine)
      : store_(store), errors_are_fine_(errors_are_fine) {}

  std::string Run(const MetaModel& model) {
    std::vector<Ref> refs;
    for (const auto& [name, ref] : model.refs) refs.push_back(ref);
    Expect("refs", store_.ListRefs(), refs);
    for (const auto& [name, log] : model.logs) CompareRef(model, name, log);
    Expect("absent ref", store_.ReadRef("never"), std::optional<Ref>());
    for (const auto& [table, versions] : model.versions) CompareTable(table, versions);
    CompareAbsentTables(model);
    for (const auto& [txn, commit] : model.transactions) CompareTransaction(txn, commit);
    Expect("absent transaction", IsLanded(TxnId{}), false);
    for (const auto& [id, bytes] : model.objects) {
      Expect("object " + id.Short(), store_.GetObject(id), bytes);
    }
    Expect("number of objects", CountObjects(), model.objects.size());
    return difference_;
  }

 private:
  template <class T>
  void Expect(const std::string& what, const Result<T>& got, const T& expected) {
    if (!difference_.empty()) return;
    if (!got) {
      bool is_fine = errors_are_fine_ && (got.error().code() == ErrorCode::kCorruption ||
                                          got.error().code() == ErrorCode::kObjectNotFound);
      if (!is_fine) difference_ = what + ": " + got.error().message();
    } else if (*got != expected) {
      difference_ = what + " differs";
    }
  }

  void CompareRef(const MetaModel& model, const std::string& name,
                  const std::vector<RefLogEntry>& log) {
    auto ref = model.refs.find(name);
    Expect("ref " + name, store_.ReadRef(name),
           ref == model.refs.end() ? std::nullopt : std::optional(ref->second));
    Expect("log of " + name, store_.ReadRefLog(name, 0, UINT64_MAX), log);
    uint64_t middle = (log.size() + 1) / 2;
    Expect("part of the log of " + name, store_.ReadRefLog(name, middle, middle),
           std::vector<RefLogEntry>{log[middle - 1]});
  }

  void CompareTable(const TableId& table, const std::vector<TableVersion>& versions) {
    Expect("versions of " + table.ToString(), store_.ReadVersions(table, 1, UINT64_MAX), versions);
    Expect("last version", store_.LastVersion(table), uint64_t{versions.size()});
    Expect("newest version", store_.ReadVersions(table, versions.size(), versions.size() + 5),
           std::vector<TableVersion>{versions.back()});
  }

  // Those that PublicationMaker draws.
  void CompareAbsentTables(const MetaModel& model) {
    for (uint8_t i = 0; i < 6; ++i) {
      TableId table{{i}};
      if (model.versions.contains(table)) continue;
      Expect("absent table " + table.Short(), store_.LastVersion(table), uint64_t{0});
    }
  }

  Result<size_t> CountObjects() {
    size_t count = 0;
    RETURN_IF_ERROR(store_.ListObjects([&](const ObjectId&, uint64_t) { return ++count > 0; }));
    return count;
  }

  Result<bool> IsLanded(const TxnId& txn) {
    ASSIGN_OR_RETURN(auto landed, store_.FindTransaction(txn));
    return landed.has_value();
  }

  void CompareTransaction(const TxnId& txn, const CommitId& commit) {
    auto landed = store_.FindTransaction(txn);
    Expect<std::optional<CommitId>>(
        "transaction " + txn.Short(),
        landed ? Result<std::optional<CommitId>>(*landed ? std::optional((*landed)->commit)
                                                         : std::nullopt)
               : Result<std::optional<CommitId>>(landed.error()),
        commit);
  }

  MetaStore& store_;
  const bool errors_are_fine_;
  std::string difference_;
};

}  // namespace

std::string DifferenceFrom(const MetaModel& model, MetaStore& store, bool errors_are_fine) {
  return Comparison(store, errors_are_fine).Run(model);
}

NewObject PublicationMaker::DrawObject(size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random_());
  bytes_.push_back(std::move(bytes));
  return {ObjectIdOf(bytes_.back()), bytes_.back()};
}

TableId PublicationMaker::DrawTable() {
  TableId table;
  table.bytes[0] = static_cast<uint8_t>(1 + Below(5));
  return table;
}

RefMove PublicationMaker::DrawMove(const MetaModel& now, const CommitId& commit) {
  RefMove move{.ref = "b" + std::to_string(Below(6)),
               .kind = RefKind::kBranch,
               .expected = {},
               .target = commit,
               .operation = "commit"};
  if (Below(5) == 0) move.kind = RefKind::kTag;
  auto ref = now.refs.find(move.ref);
  if (ref != now.refs.end()) {
    move.expected = ref->second.commit;
    if (Below(5) == 0) move.target.reset();
  }
  if (Below(20) == 0) move.expected = DrawId<CommitId>();  // refused
  return move;
}

Publication PublicationMaker::Draw(const MetaModel& now) {
  Publication publication;
  publication.txn = DrawId<TxnId>();
  publication.txn_from_caller = Below(2) == 0;
  if (!used_.empty() && Below(15) == 0) {  // refused if it landed
    publication.txn = used_[Below(used_.size())];
    publication.txn_from_caller = true;
  }
  used_.push_back(publication.txn);
  if (Below(8) != 0) publication.commit = DrawId<CommitId>();
  publication.time.micros = static_cast<int64_t>(Below(1000));
  std::set<std::string> moved;
  for (size_t i = Below(3); i > 0; --i) {
    RefMove move = DrawMove(now, publication.commit);
    if (moved.insert(move.ref).second) publication.moves.push_back(std::move(move));
  }
  for (size_t i = Below(4); i > 0; --i) {
    publication.versions.push_back({DrawTable(), DrawId<ObjectId>()});
  }
  for (size_t i = Below(6); i > 0; --i) publication.objects.push_back(DrawObject(Below(700)));
  if (Below(25) == 0) publication.objects.push_back(DrawObject(64 * 1024));
  if (Below(10) == 0 && !bytes_.empty()) {  // one that may be there already
    const std::string& bytes = bytes_[Below(bytes_.size())];
    publication.objects.push_back({ObjectIdOf(bytes), bytes});
  }
  return publication;
}

Publication PublicationMaker::DrawSmallCommit(const MetaModel& now, const std::string& ref) {
  Publication publication;
  publication.txn = DrawId<TxnId>();
  publication.commit = DrawId<CommitId>();
  auto head = now.refs.find(ref);
  publication.moves.push_back(
      {ref, RefKind::kBranch,
       head == now.refs.end() ? std::nullopt : std::optional(head->second.commit),
       publication.commit, "commit"});
  publication.versions.push_back({TableId{{1}}, DrawId<ObjectId>()});
  for (int i = 0; i < 5; ++i) publication.objects.push_back(DrawObject(150 + Below(550)));
  return publication;
}

}  // namespace rhizo::meta
