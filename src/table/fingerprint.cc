#include "table/fingerprint.h"

#include <xxhash.h>

#include "base/coding.h"
#include "engine/errors.h"
#include "model/schema_coding.h"
#include "table/column_encoder.h"
#include "table/each_entry.h"
#include "table/row_batch.h"
#include "table/row_key.h"

namespace rhizo::table {
namespace {

using duckdb::idx_t;

Sum128 Of(const XXH128_hash_t& hash) { return {hash.low64, hash.high64}; }

Sum128 HashOf(const void* data, size_t size, uint64_t seed) {
  return Of(XXH3_128bits_withSeed(data, size, seed));
}

uint64_t SeedOf(const std::string& name) { return XXH3_64bits(name.data(), name.size()); }

// Names and types in order.
Sum128 SchemaHash(const model::Schema& schema) {
  Encoder bytes;
  for (const auto& field : schema.fields) {
    bytes.String(field.name);
    bytes.String(field.type.ToString());
  }
  return HashOf(bytes.bytes().data(), bytes.bytes().size(), 0);
}

// Adds the hash of each value that is not NULL to its row's sum.
class FieldHashes {
 public:
  explicit FieldHashes(const model::Field& field)
      : type_(field.type), seed_(SeedOf(field.name)), encoder_(field.type) {}

  void Add(duckdb::Vector& values, const std::vector<idx_t>& rows, std::vector<Sum128>* sums) {
    duckdb::UnifiedVectorFormat format;
    values.ToUnifiedFormat(rows.empty() ? 0 : rows.back() + 1, format);
    const size_t width = type_.kind == model::TypeKind::kUuid ? 0 : FixedWidth(type_);
    for (size_t i = 0; i < rows.size(); ++i) {
      idx_t at = format.sel->get_index(rows[i]);
      if (!format.validity.RowIsValid(at)) continue;
      if (width != 0) {
        (*sums)[i].Add(HashOf(format.data + at * width, width, seed_));
      } else if (IsStringKind(type_.kind)) {
        const auto& text = reinterpret_cast<const duckdb::string_t*>(format.data)[at];
        (*sums)[i].Add(HashOf(text.GetData(), text.GetSize(), seed_));
      } else {
        encoder_.Append(values, {.offset = rows[i], .count = 1});
        bytes_.clear();
        encoder_.Flush(&bytes_);
        (*sums)[i].Add(HashOf(bytes_.data() + 1, bytes_.size() - 1, seed_));
      }
    }
  }

 private:
  const model::Type type_;
  const uint64_t seed_;
  ColumnEncoder encoder_;
  std::string bytes_;
};

// What a row's hash depends on beside its values as stored.
std::string ColumnsOf(const model::Schema& schema) {
  Encoder bytes;
  for (const auto& field : schema.fields) {
    bytes.U32(static_cast<uint32_t>(field.id));
    bytes.String(field.name);
    bytes.String(model::Encode(field.type));  // with the ids of nested fields
    bytes.String(field.first_default.value_or(std::string()));
    bytes.U8(field.first_default.has_value());
  }
  return std::move(bytes).Take();
}

Result<Sum128> SumOf(duckdb::ClientContext* client, const OpenTable& table,
                     const OpenEntry& entry) {
  const size_t fields = table.schema().fields.size();
  EntryReader reader(client, table, AllFields(fields));
  RETURN_IF_ERROR(reader.Start(entry));
  std::vector<FieldHashes> hashes(table.schema().fields.begin(), table.schema().fields.end());
  Sum128 total;
  for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
    duckdb::SelectionVector visible;
    bool all = true;
    ASSIGN_OR_RETURN(idx_t count, reader.Visible(vector, &visible, &all));
    std::vector<idx_t> rows(count);
    for (idx_t i = 0; i < count; ++i) rows[i] = all ? i : visible.get_index(i);
    std::vector<Sum128> sums(count);
    for (size_t field = 0; count > 0 && field < fields; ++field) {
      duckdb::Vector values(table.types()[field]);
      RETURN_IF_ERROR(reader.Read(vector, field, &values));
      RETURN_IF_ERROR(engine::Guarded([&] { hashes[field].Add(values, rows, &sums); }));
    }
    // Mixed, so that values that change places between rows do not cancel out.
    for (const auto& sum : sums) {
      uint64_t words[] = {sum.low, sum.high};
      total.Add(HashOf(words, sizeof(words), 0));
    }
  }
  return total;
}

}  // namespace

std::string Sum128::ToString() const {
  std::string bytes;
  for (int i = 0; i < 16; ++i) {
    uint64_t word = i < 8 ? high : low;
    bytes.push_back(static_cast<char>(word >> (56 - 8 * (i % 8))));
  }
  return ToHex(bytes);
}

Result<Sum128> Fingerprint(const WriteContext& context, const OpenTable& table) {
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  const auto columns = ColumnsOf(table.schema());
  std::vector<Sum128> sums(entries.size());
  auto add = [&](duckdb::ClientContext* client, size_t i) -> Status {
    auto& cache = *table.context().cache;
    auto key = RowKey(entries[i].entry, "row hashes", std::nullopt, columns);
    auto known = cache.FindSum(key);
    if (!known) {
      ASSIGN_OR_RETURN(auto sum, SumOf(client, table, entries[i]));
      known = std::make_shared<const Sum128>(sum);
      cache.KeepSum(key, known);
    }
    sums[i] = *known;
    return {};
  };
  RETURN_IF_ERROR(ForEachIndex(context, entries.size(), add));
  Sum128 fingerprint = SchemaHash(table.schema());
  for (const auto& sum : sums) fingerprint.Add(sum);
  return fingerprint;
}

}  // namespace rhizo::table
