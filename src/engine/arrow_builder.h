// Gathers rows of vectors into the Arrow arrays of one batch. Values that have no exact Arrow form
// are thrown as kSchema (RhizoException).
#pragma once

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

// Bytes at an address that Arrow's consumers like (64).
class ArrowBuffer {
 public:
  template <class T>
  void Put(T value) {
    Append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Append(const char* bytes, size_t size) { bytes_.insert(bytes_.end(), bytes, bytes + size); }
  // Never null, also when empty.
  const void* data() const { return bytes_.empty() ? kNothing : bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  // Bit `index` is the next one.
  void PutBit(uint64_t index, bool value) {
    if (index % 8 == 0) bytes_.push_back(0);
    if (value) bytes_.back() = static_cast<char>(bytes_.back() | 1 << (index % 8));
  }

 private:
  template <class T>
  struct Aligned {
    using value_type = T;
    Aligned() = default;
    template <class U>
    explicit Aligned(const Aligned<U>&) {}
    static constexpr std::align_val_t kAlignment{64};
    T* allocate(size_t count) {
      return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
    }
    void deallocate(T* memory, size_t) { ::operator delete(memory, kAlignment); }
    bool operator==(const Aligned&) const { return true; }
  };
  alignas(64) static constexpr char kNothing[64] = {};

  std::vector<char, Aligned<char>> bytes_;
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
  void PutOffset(uint64_t offset);
  void FinishDictionary(ArrowArray* out) const;

  const model::Field& field_;
  const Role role_;
  const bool is_dictionary_;
  int64_t length_ = 0;
  int64_t null_count_ = 0;
  ArrowBuffer validity_;
  ArrowBuffer offsets_;
  ArrowBuffer data_;
  std::vector<ArrowBuilder> children_;
  std::unordered_map<std::string, int32_t> index_of_;
  std::vector<std::string> dictionary_;
};

}  // namespace rhizo::engine
