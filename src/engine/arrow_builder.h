// Gathers rows of vectors into the Arrow arrays of one batch. Values that have no exact Arrow form
// are thrown as kSchema (RhizoException).
#pragma once

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

// Bytes at an address that Arrow's consumers like (64), which only grow.
class ArrowBuffer {
 public:
  template <class T>
  void Put(T value) {
    std::memcpy(Grow(sizeof(value)), &value, sizeof(value));
  }
  void Append(const char* bytes, size_t size) {
    if (size > 0) std::memcpy(Grow(size), bytes, size);
  }
  // Room for `size` more bytes, which the caller fills; valid until the next call.
  char* Grow(size_t size) {
    if (size > capacity_ - size_) Reserve(size_ + size);
    char* room = bytes_.get() + size_;
    size_ += size;
    return room;
  }
  // Never null, also when empty.
  const void* data() const { return size_ == 0 ? kNothing : bytes_.get(); }
  size_t size() const { return size_; }
  // Bit `index` is the next one.
  void PutBit(uint64_t index, bool value) {
    if (index % 8 == 0) Put(char{0});
    char& last = bytes_.get()[size_ - 1];
    if (value) last = static_cast<char>(last | 1 << (index % 8));
  }
  // Bits `index` to `index + count` are the next ones, all set.
  void PutOnes(uint64_t index, uint64_t count);

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(char* memory) const { ::operator delete(memory, kAlignment); }
  };
  alignas(64) static constexpr char kNothing[64] = {};

  void Reserve(size_t size);

  std::unique_ptr<char, Free> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class ArrowBuilder {
 public:
  explicit ArrowBuilder(const model::Field& field);

  // `rows` of `vector`, which holds `size` rows.
  void Append(duckdb::Vector& vector, duckdb::idx_t size, const std::vector<duckdb::idx_t>& rows);
  // The array of all rows so far; the builder is spent.
  void Finish(ArrowArray* out);

 private:
  enum class Role { kValue, kEntries };
  ArrowBuilder(const model::Field& field, Role role);

  void AppendValues(duckdb::Vector& vector, duckdb::idx_t size,
                    const std::vector<duckdb::idx_t>& rows);
  template <class T, class Convert>
  void AppendEach(duckdb::Vector& vector, duckdb::idx_t size,
                  const std::vector<duckdb::idx_t>& rows, Convert convert);
  template <class T>
  void AppendFixed(duckdb::Vector& vector, duckdb::idx_t size,
                   const std::vector<duckdb::idx_t>& rows);
  void AppendBytes(duckdb::Vector& vector, duckdb::idx_t size,
                   const std::vector<duckdb::idx_t>& rows);
  void AppendDecimals(duckdb::Vector& vector, duckdb::idx_t size,
                      const std::vector<duckdb::idx_t>& rows);
  void AppendIntervals(duckdb::Vector& vector, duckdb::idx_t size,
                       const std::vector<duckdb::idx_t>& rows);
  void AppendZonedTimes(duckdb::Vector& vector, duckdb::idx_t size,
                        const std::vector<duckdb::idx_t>& rows);
  void AppendIndices(duckdb::Vector& vector, duckdb::idx_t size,
                     const std::vector<duckdb::idx_t>& rows);
  void AppendList(duckdb::Vector& flat, const std::vector<duckdb::idx_t>& rows);
  void AppendArray(duckdb::Vector& flat, duckdb::idx_t size,
                   const std::vector<duckdb::idx_t>& rows);
  void AppendUnion(duckdb::Vector& flat, duckdb::idx_t size,
                   const std::vector<duckdb::idx_t>& rows);
  int32_t IndexOf(std::string_view value);
  void PutValid(bool valid);
  void PutAllValid(uint64_t count);
  void PutOffset(uint64_t offset);
  void CheckOffset(uint64_t offset) const;
  void FinishDictionary(ArrowArray* out) const;

  const model::Field& field_;
  const Role role_;
  const bool is_dictionary_;
  int64_t length_ = 0;
  int64_t null_count_ = 0;
  ArrowBuffer validity_;  // filled from the first NULL on
  ArrowBuffer offsets_;
  ArrowBuffer data_;
  std::vector<ArrowBuilder> children_;
  std::unordered_map<std::string, int32_t> index_of_;
  std::vector<std::string> dictionary_;
};

}  // namespace rhizo::engine
