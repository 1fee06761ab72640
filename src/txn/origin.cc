#include "txn/origin.h"

#include "base/coding.h"

namespace rhizo::txn {
namespace {

constexpr char kPickedFrom[] = "picked-from";

constexpr char kPickedParent[] = "picked-parent";

// Of a pick of a merge: against which of its parents; else 0.
uint64_t PickedParent(const model::Commit& commit) {
  auto found = commit.extensions.find(kPickedParent);
  if (found == commit.extensions.end()) return 0;
  Decoder decoder(found->second.value);
  return decoder.Varint();
}

}  // namespace

std::optional<CommitId> PickedFrom(const model::Commit& commit) {
  auto found = commit.extensions.find(kPickedFrom);
  if (found == commit.extensions.end() || found->second.value.size() != CommitId().view().size())
    return std::nullopt;
  return CommitId::FromBytes(found->second.value);
}

std::vector<Origin> OriginsOf(const Head& commit) {
  if (auto picked = PickedFrom(*commit.commit)) return {{*picked, PickedParent(*commit.commit)}};
  size_t parents = commit.commit->parents.size();
  if (parents < 2) return {{commit.id, 0}};
  std::vector<Origin> origins;
  for (size_t parent = 1; parent <= parents; ++parent) origins.push_back({commit.id, parent});
  return origins;
}

void SetPickedFrom(model::Commit* pick, const Head& picked, const std::optional<uint32_t>& parent) {
  if (PickedFrom(*picked.commit)) {
    for (const char* name : {kPickedFrom, kPickedParent}) {
      auto found = picked.commit->extensions.find(name);
      if (found != picked.commit->extensions.end()) pick->extensions.insert(*found);
    }
    return;
  }
  pick->extensions[kPickedFrom] = {false, std::string(picked.id.view())};
  if (picked.commit->parents.size() < 2 || !parent) return;
  Encoder encoder;
  encoder.Varint(*parent);
  pick->extensions[kPickedParent] = {false, std::move(encoder).Take()};
}

}  // namespace rhizo::txn
