#include "table/row_matcher.h"

#include <algorithm>
#include <unordered_set>

namespace rhizo::table {
namespace {

// Gaps of up to this many pairs of rows are paired by how many fields agree.
constexpr uint64_t kMaxComparedPairs = 1024;
// Fields that are tried alone where whole rows do not agree, and rows that are looked at to choose.
constexpr size_t kTriedFields = 3;
constexpr uint64_t kSampledRows = 2048;
// Below one pair in this many rows two sequences have nothing to do with each other.
constexpr uint64_t kLostBelow = 16;
// So many old rows left over at the end, and so great a part, may still come.
constexpr uint64_t kLeftRows = 1024;
constexpr uint64_t kLeftPart = 8;

std::vector<RowPair> InPlace(uint64_t old_begin, uint64_t new_begin, uint64_t count) {
  std::vector<RowPair> pairs;
  for (uint64_t i = 0; i < count; ++i) {
    pairs.push_back({static_cast<uint32_t>(old_begin + i), static_cast<uint32_t>(new_begin + i)});
  }
  return pairs;
}

// How many pairs from `begin` on stand directly one behind the other on both sides.
size_t StretchLength(const std::vector<RowPair>& pairs, size_t begin) {
  size_t end = begin + 1;
  while (end < pairs.size() && pairs[end].old_row - pairs[begin].old_row == end - begin &&
         pairs[end].new_row - pairs[begin].new_row == end - begin) {
    ++end;
  }
  return end - begin;
}

}  // namespace

// Rows between two pairs, on both sides.
struct RowMatcher::Gap {
  uint64_t old_begin = 0;
  uint64_t old_rows = 0;
  uint64_t new_begin = 0;
  uint64_t new_rows = 0;
};

std::vector<size_t> RowMatcher::Identity() const {
  return key_.empty() ? AllFields(schema_.fields.size()) : key_;
}

bool RowMatcher::IsKey(size_t field) const {
  return std::find(key_.begin(), key_.end(), field) != key_.end();
}

bool RowMatcher::IsSameRow(uint32_t changes, bool key_changed) const {
  return key_.empty() ? changes * 2 <= schema_.fields.size() : !key_changed;
}

Result<MatchedRows> RowMatcher::Examine(OldRows* old, RowWindow* window,
                                        std::span<const size_t> compared,
                                        std::vector<RowPair> pairs) const {
  const size_t fields = schema_.fields.size();
  std::vector<std::vector<uint32_t>> changed(fields);
  std::vector<uint32_t> changes(pairs.size());
  std::vector<bool> key_changed(pairs.size());
  for (size_t begin = 0; begin < pairs.size();) {
    size_t count = StretchLength(pairs, begin);
    for (size_t field : compared) {
      bool is_key = IsKey(field);
      auto note = [&](uint64_t i) {
        changed[field].push_back(static_cast<uint32_t>(begin + i));
        ++changes[begin + i];
        if (is_key) key_changed[begin + i] = true;
      };
      RETURN_IF_ERROR(CompareRows(schema_.fields[field].type, field, *old, pairs[begin].old_row,
                                  *window, pairs[begin].new_row, count, note));
    }
    begin += count;
  }
  MatchedRows matched;
  std::vector<uint32_t> index(pairs.size());  // of each pair among those that stay
  for (size_t i = 0; i < pairs.size(); ++i) {
    index[i] = static_cast<uint32_t>(matched.pairs.size());
    if (IsSameRow(changes[i], key_changed[i])) matched.pairs.push_back(pairs[i]);
  }
  matched.changed.resize(fields);
  for (size_t field = 0; field < fields; ++field) {
    for (uint32_t pair : changed[field]) {
      if (!IsSameRow(changes[pair], key_changed[pair])) continue;
      matched.changed[field].push_back(index[pair]);
    }
  }
  return matched;
}

Result<MatchedRows> RowMatcher::MatchInPlace(OldRows* old, uint64_t own, RowWindow* window,
                                             std::span<const size_t> fields) const {
  ASSIGN_OR_RETURN(auto matched, Examine(old, window, fields, InPlace(0, 0, own)));
  matched.old_rows = matched.new_rows = own;
  return matched;
}

Result<std::optional<MatchedRows>> RowMatcher::Match(OldRows* old, uint64_t own, RowWindow* window,
                                                     bool final) const {
  const auto fields = AllFields(schema_.fields.size());
  const auto identity = Identity();
  ASSIGN_OR_RETURN(auto old_hashes, HashRows(*old, identity, 0, old->rows()));
  ASSIGN_OR_RETURN(auto new_hashes, HashRows(*window, identity, 0, window->rows()));
  auto found = Align(old_hashes, new_hashes, !final);
  auto behind = std::find_if(found.begin(), found.end(),
                             [&](const auto& pair) { return pair.old_row >= own; });
  bool end_is_known = final || behind != found.end();
  if (!end_is_known && found.size() * kLostBelow < std::min(own, window->rows())) {
    if (!key_.empty()) return std::optional<MatchedRows>();
    return MatchByOneField(old, own, window);
  }
  // What stands before each pair, then the pair.
  std::vector<RowPair> pairs;
  Gap gap;
  for (auto pair = found.begin(); pair != behind; ++pair) {
    gap.old_rows = pair->old_row - gap.old_begin;
    gap.new_rows = pair->new_row - gap.new_begin;
    RETURN_IF_ERROR(PairWithin(old, window, gap, &pairs));
    pairs.push_back(*pair);
    gap = {pair->old_row + uint64_t{1}, 0, pair->new_row + uint64_t{1}, 0};
  }
  // The last gap: up to the first row that is known to come behind our own, if there is one.
  gap.old_rows = own - gap.old_begin;
  uint64_t new_left = window->rows() - gap.new_begin;
  if (behind != found.end()) {
    gap.new_rows = behind->new_row - gap.new_begin;
    bool others_between = behind->old_row > own;
    if (others_between) gap.new_rows = std::min(gap.new_rows, gap.old_rows);
  } else {
    gap.new_rows = final ? new_left : std::min(new_left, gap.old_rows);
  }
  RETURN_IF_ERROR(PairWithin(old, window, gap, &pairs));
  ASSIGN_OR_RETURN(auto matched, Examine(old, window, fields, std::move(pairs)));
  matched.old_rows = own;
  matched.new_rows = gap.new_begin + gap.new_rows;
  if (end_is_known) return std::optional(std::move(matched));
  return UpToLastPair(std::move(matched), own, window->rows());
}

// Nobody knows where our rows end: they may be gone, or new rows may stand before the rest.
std::optional<MatchedRows> RowMatcher::UpToLastPair(MatchedRows matched, uint64_t own,
                                                    uint64_t new_rows) {
  if (matched.pairs.size() * kLostBelow < std::min(own, new_rows)) return std::nullopt;
  if (matched.pairs.empty()) return std::nullopt;
  uint64_t old_seen = matched.pairs.back().old_row + uint64_t{1};
  matched.new_rows = matched.pairs.back().new_row + uint64_t{1};
  uint64_t left = own - old_seen;
  bool may_come = left >= kLeftRows && left * kLeftPart >= own;
  matched.old_rows = may_come ? old_seen : own;
  return matched;
}

// Hardly a row is the same: perhaps one field changed in all of them.
Result<std::optional<MatchedRows>> RowMatcher::MatchByOneField(OldRows* old, uint64_t own,
                                                               RowWindow* window) const {
  Gap whole{0, own, 0, std::min(window->rows(), own)};
  std::vector<RowPair> pairs;
  RETURN_IF_ERROR(PairWithin(old, window, whole, &pairs));
  ASSIGN_OR_RETURN(auto matched,
                   Examine(old, window, AllFields(schema_.fields.size()), std::move(pairs)));
  return UpToLastPair(std::move(matched), own, window->rows());
}

Status RowMatcher::PairWithin(OldRows* old, RowWindow* window, const Gap& gap,
                              std::vector<RowPair>* pairs) const {
  if (gap.old_rows == 0 || gap.new_rows == 0) return {};
  if (!key_.empty()) return {};  // no two rows of a gap have the same key
  if (gap.old_rows <= kMaxComparedPairs / gap.new_rows) return PairFew(old, window, gap, pairs);
  size_t had = pairs->size();
  RETURN_IF_ERROR(PairByOneField(old, window, gap, pairs));
  bool few = (pairs->size() - had) * 2 < std::min(gap.old_rows, gap.new_rows);
  if (gap.old_rows == gap.new_rows && few) {
    auto in_place = InPlace(gap.old_begin, gap.new_begin, gap.old_rows);
    pairs->resize(had);
    pairs->insert(pairs->end(), in_place.begin(), in_place.end());
  }
  return {};
}

// The pairing in order with which most fields agree, over rows of which at least half do.
Status RowMatcher::PairFew(OldRows* old, RowWindow* window, const Gap& gap,
                           std::vector<RowPair>* pairs) const {
  const size_t width = gap.new_rows;
  std::vector<uint32_t> equal(gap.old_rows * width);
  for (size_t field = 0; field < schema_.fields.size(); ++field) {
    const size_t fields[] = {field};
    ASSIGN_OR_RETURN(auto olds, HashRows(*old, fields, gap.old_begin, gap.old_rows));
    ASSIGN_OR_RETURN(auto news, HashRows(*window, fields, gap.new_begin, gap.new_rows));
    for (size_t i = 0; i < olds.size(); ++i) {
      for (size_t j = 0; j < news.size(); ++j) equal[i * width + j] += olds[i] == news[j];
    }
  }
  for (auto& agreeing : equal) {
    if (agreeing * 2 < schema_.fields.size()) agreeing = 0;
  }
  // best[i][j]: most agreeing fields over old rows from i and new rows from j on.
  std::vector<uint32_t> best((gap.old_rows + 1) * (width + 1));
  auto at = [&](size_t i, size_t j) -> uint32_t& { return best[i * (width + 1) + j]; };
  for (size_t i = gap.old_rows; i-- > 0;) {
    for (size_t j = width; j-- > 0;) {
      uint32_t agreeing = equal[i * width + j];
      uint32_t with = agreeing == 0 ? 0 : agreeing + at(i + 1, j + 1);
      at(i, j) = std::max({at(i + 1, j), at(i, j + 1), with});
    }
  }
  for (size_t i = 0, j = 0; i < gap.old_rows && j < width;) {
    uint32_t agreeing = equal[i * width + j];
    if (agreeing > 0 && at(i, j) == agreeing + at(i + 1, j + 1)) {
      pairs->push_back(
          {static_cast<uint32_t>(gap.old_begin + i++), static_cast<uint32_t>(gap.new_begin + j++)});
    } else {
      at(i, j) == at(i + 1, j) ? ++i : ++j;
    }
  }
  return {};
}

// Aligned by the field, of those with most different values, by which most rows find each other.
Status RowMatcher::PairByOneField(OldRows* old, RowWindow* window, const Gap& gap,
                                  std::vector<RowPair>* pairs) const {
  std::vector<std::pair<size_t, size_t>> by_distinct;  // different values, field
  for (size_t field = 0; field < schema_.fields.size(); ++field) {
    const size_t fields[] = {field};
    ASSIGN_OR_RETURN(auto sample,
                     HashRows(*old, fields, gap.old_begin, std::min(gap.old_rows, kSampledRows)));
    by_distinct.emplace_back(std::unordered_set<uint64_t>(sample.begin(), sample.end()).size(),
                             field);
  }
  std::sort(by_distinct.begin(), by_distinct.end(), std::greater<>());
  by_distinct.resize(std::min(by_distinct.size(), kTriedFields));
  std::vector<RowPair> most;
  for (auto [distinct, field] : by_distinct) {
    const size_t fields[] = {field};
    ASSIGN_OR_RETURN(auto olds, HashRows(*old, fields, gap.old_begin, gap.old_rows));
    ASSIGN_OR_RETURN(auto news, HashRows(*window, fields, gap.new_begin, gap.new_rows));
    auto found = Align(olds, news, false);
    if (found.size() > most.size()) most = std::move(found);
  }
  for (const auto& pair : most) {
    pairs->push_back({static_cast<uint32_t>(gap.old_begin + pair.old_row),
                      static_cast<uint32_t>(gap.new_begin + pair.new_row)});
  }
  return {};
}

}  // namespace rhizo::table
