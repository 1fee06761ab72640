#include "table/align.h"

#include <algorithm>

#include "table/row_chain.h"

namespace rhizo::table {
namespace {

constexpr int kMaxDepth = 24;
// An edit script this long, or of this part of all rows, is cut off and begun anew where it got
// furthest.
constexpr int64_t kMaxEdits = 384;
constexpr int64_t kFewEdits = 16;
constexpr int64_t kEditedPart = 8;
constexpr uint32_t kOpenEndSlack = 64;

struct Range {
  uint32_t old_begin = 0;
  uint32_t old_end = 0;
  uint32_t new_begin = 0;
  uint32_t new_end = 0;
  bool open_end = false;

  bool empty() const { return old_begin == old_end || new_begin == new_end; }
};

struct Located {
  uint64_t hash = 0;
  uint32_t row = 0;
};

std::vector<Located> SortedRows(std::span<const uint64_t> hashes, uint32_t begin, uint32_t end) {
  std::vector<Located> rows;
  rows.reserve(end - begin);
  for (uint32_t row = begin; row < end; ++row) rows.push_back({hashes[row], row});
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.hash < b.hash; });
  return rows;
}

class Aligner {
 public:
  Aligner(std::span<const uint64_t> old_rows, std::span<const uint64_t> new_rows)
      : old_(old_rows), new_(new_rows) {}

  std::vector<RowPair> Run(bool open_end) {
    Pair({0, static_cast<uint32_t>(old_.size()), 0, static_cast<uint32_t>(new_.size()), open_end},
         0);
    return std::move(pairs_);
  }

 private:
  void Pair(Range range, int depth) {
    while (!range.empty() && old_[range.old_begin] == new_[range.new_begin]) {
      pairs_.push_back({range.old_begin++, range.new_begin++});
    }
    uint32_t tail = range.open_end ? 0 : CutEqualEnds(&range);
    if (!range.empty()) {
      auto anchors = depth < kMaxDepth ? Anchors(range) : std::vector<RowPair>();
      anchors.empty() ? Edit(range) : AroundAnchors(range, anchors, depth);
    }
    for (uint32_t i = 0; i < tail; ++i) pairs_.push_back({range.old_end + i, range.new_end + i});
  }

  uint32_t CutEqualEnds(Range* range) {
    uint32_t tail = 0;
    while (!range->empty() && old_[range->old_end - 1] == new_[range->new_end - 1]) {
      --range->old_end;
      --range->new_end;
      ++tail;
    }
    return tail;
  }

  std::vector<RowPair> Anchors(const Range& range) const {
    auto olds = OnlyUnique(SortedRows(old_, range.old_begin, range.old_end));
    auto news = OnlyUnique(SortedRows(new_, range.new_begin, range.new_end));
    std::vector<RowPair> pairs;
    for (size_t i = 0, j = 0; i < olds.size() && j < news.size();) {
      if (olds[i].hash == news[j].hash) {
        pairs.push_back({olds[i++].row, news[j++].row});
      } else {
        olds[i].hash < news[j].hash ? ++i : ++j;
      }
    }
    std::sort(pairs.begin(), pairs.end(),
              [](const auto& a, const auto& b) { return a.new_row < b.new_row; });
    return LongestChain(pairs, &RowPair::old_row);
  }

  void AroundAnchors(const Range& range, const std::vector<RowPair>& anchors, int depth) {
    Range left = range;
    left.open_end = false;
    for (const auto& anchor : anchors) {
      left.old_end = anchor.old_row;
      left.new_end = anchor.new_row;
      // Equal rows before the anchor were taken with what lies between.
      Pair(left, depth + 1);
      pairs_.push_back(anchor);
      left.old_begin = anchor.old_row + 1;
      left.new_begin = anchor.new_row + 1;
    }
    left.old_end = range.old_end;
    left.new_end = range.new_end;
    left.open_end = range.open_end;
    Pair(left, depth + 1);
  }

  // The shortest edit script, piece by piece while pieces have something in common.
  void Edit(Range range) {
    if (range.open_end) {
      uint64_t most = 2 * uint64_t{range.old_end - range.old_begin} + kOpenEndSlack;
      range.new_end =
          static_cast<uint32_t>(std::min<uint64_t>(range.new_end, range.new_begin + most));
    }
    while (!range.empty()) {
      size_t had = pairs_.size();
      int64_t rows = (range.old_end - range.old_begin) + int64_t{range.new_end - range.new_begin};
      int64_t most = std::min(kMaxEdits, kFewEdits + rows / kEditedPart);
      bool ended = EditOnce(&range, most);
      if (ended || (pairs_.size() - had) * 4 < static_cast<size_t>(most)) return;
    }
  }

  // Advances `range` past what was paired. True: its end was reached.
  bool EditOnce(Range* range, int64_t most) {
    const int64_t rows_old = range->old_end - range->old_begin;
    const int64_t rows_new = range->new_end - range->new_begin;
    // reach[d][k + d]: how many old rows the furthest path with d edits on diagonal k has passed.
    std::vector<std::vector<int64_t>> reach;
    int64_t diagonal = 0;
    bool ended = false;
    for (int64_t d = 0; d <= most && !ended; ++d) {
      reach.emplace_back(2 * d + 1, -1);
      for (int64_t k = -d; k <= d && !ended; k += 2) {
        int64_t x = Come(reach, d, k, rows_old, rows_new).x;
        if (x < 0) continue;
        x = Slide(*range, x, k);
        reach[d][k + d] = x;
        ended = x == rows_old && (range->open_end || x - k == rows_new);
        if (ended) diagonal = k;
      }
    }
    if (!ended) diagonal = FurthestDiagonal(reach.back());
    auto d = static_cast<int64_t>(reach.size()) - 1;
    int64_t x = reach[d][diagonal + d];
    Trace(*range, reach, diagonal);
    range->old_begin += static_cast<uint32_t>(x);
    range->new_begin += static_cast<uint32_t>(x - diagonal);
    return ended;
  }

  // How a path with d edits comes to diagonal k, before equal rows: by an old row that is gone or a
  // new one that came. `x`: old rows passed; -1: none comes there.
  struct Step {
    int64_t x = -1;
    bool removed = false;
  };
  static Step Come(const std::vector<std::vector<int64_t>>& reach, int64_t d, int64_t k,
                   int64_t rows_old, int64_t rows_new) {
    if (d == 0) return {0, false};
    const auto& last = reach[d - 1];
    auto at = [&](int64_t diagonal) {
      int64_t index = diagonal + d - 1;
      return index < 0 || index >= static_cast<int64_t>(last.size()) ? int64_t{-1} : last[index];
    };
    int64_t removed = at(k - 1) < 0 || at(k - 1) == rows_old ? -1 : at(k - 1) + 1;
    int64_t added = at(k + 1) >= 0 && at(k + 1) - k > rows_new ? -1 : at(k + 1);
    return {std::max(removed, added), removed > added};
  }

  int64_t Slide(const Range& range, int64_t x, int64_t k) const {
    int64_t y = x - k;
    while (range.old_begin + x < range.old_end && range.new_begin + y < range.new_end &&
           old_[range.old_begin + x] == new_[range.new_begin + y]) {
      ++x;
      ++y;
    }
    return x;
  }

  static int64_t FurthestDiagonal(const std::vector<int64_t>& reach) {
    auto d = static_cast<int64_t>(reach.size() / 2);
    int64_t best = -1;
    int64_t diagonal = 0;
    for (int64_t k = -d; k <= d; k += 2) {
      int64_t x = reach[k + d];
      if (x >= 0 && 2 * x - k > best) {
        best = 2 * x - k;
        diagonal = k;
      }
    }
    return diagonal;
  }

  // Appends the pairs of the path that ends furthest on `k`.
  void Trace(const Range& range, const std::vector<std::vector<int64_t>>& reach, int64_t k) {
    const int64_t rows_old = range.old_end - range.old_begin;
    const int64_t rows_new = range.new_end - range.new_begin;
    size_t had = pairs_.size();
    for (auto d = static_cast<int64_t>(reach.size()) - 1; d >= 0; --d) {
      auto step = Come(reach, d, k, rows_old, rows_new);
      for (int64_t x = reach[d][k + d]; x > step.x; --x) {
        pairs_.push_back({range.old_begin + static_cast<uint32_t>(x - 1),
                          range.new_begin + static_cast<uint32_t>(x - 1 - k)});
      }
      k += step.removed ? -1 : 1;
    }
    std::reverse(pairs_.begin() + static_cast<ptrdiff_t>(had), pairs_.end());
  }

  const std::span<const uint64_t> old_;
  const std::span<const uint64_t> new_;
  std::vector<RowPair> pairs_;
};

}  // namespace

std::vector<RowPair> Align(std::span<const uint64_t> old_rows, std::span<const uint64_t> new_rows,
                           bool open_end) {
  return Aligner(old_rows, new_rows).Run(open_end);
}

}  // namespace rhizo::table
