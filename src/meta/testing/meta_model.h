// What a MetaStore should hold, done naively, and random publications to try it with.
#pragma once

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "meta/meta_store.h"

namespace rhizo::meta {

// A regular value: copy it to remember a state.
struct MetaModel {
  std::map<std::string, Ref> refs;
  std::map<std::string, std::vector<RefLogEntry>> logs;
  std::map<TableId, std::vector<TableVersion>> versions;
  std::map<TxnId, CommitId> transactions;
  std::map<ObjectId, std::string> objects;
  friend bool operator==(const MetaModel&, const MetaModel&) = default;

  // Applies all or nothing; the error code as MetaStore promises it.
  Result<Published> Publish(const Publication& publication);
};

// Empty if the store holds exactly what the model says, else the first difference. With
// `errors_are_fine` a kCorruption counts as no difference: only wrong answers do.
std::string DifferenceFrom(const MetaModel& model, MetaStore& store, bool errors_are_fine = false);

// Draws publications over a few refs and tables, now and then ones that must be refused. Keeps the
// bytes that they point to.
class PublicationMaker {
 public:
  explicit PublicationMaker(uint64_t seed) : random_(seed) {}

  Publication Draw(const MetaModel& now);
  // The shape of a commit of one row: five objects of 150 to 700 bytes, one ref, one version.
  Publication DrawSmallCommit(const MetaModel& now, const std::string& ref);
  size_t Below(size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random_);
  }

  template <class IdType>
  IdType DrawId() {
    IdType id;
    for (auto& byte : id.bytes) byte = static_cast<uint8_t>(Below(256));
    return id;
  }
  NewObject DrawObject(size_t size);

 private:
  RefMove DrawMove(const MetaModel& now, const CommitId& commit);
  TableId DrawTable();

  std::mt19937_64 random_;
  std::deque<std::string> bytes_;
  std::vector<TxnId> used_;
};

}  // namespace rhizo::meta
