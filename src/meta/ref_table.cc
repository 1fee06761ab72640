#include "meta/ref_table.h"

namespace rhizo::meta {

namespace {

constexpr std::string_view kTable = "refs";

struct HashedRef {
  RefRow row;
  Hash256 hash;
};

Result<HashedRef> OpenHashedRef(std::string_view name, std::string_view row) {
  ASSIGN_OR_RETURN(OpenedRow opened, OpenRow(kTable, name, row));
  Decoder in(opened.value);
  RefRow decoded = RefRow::DecodeFrom(in);
  RETURN_IF_ERROR(in.Finish("rhizo.db: a row of 'refs'"));
  return HashedRef{decoded, opened.hash};
}

Result<std::optional<HashedRef>> ReadRefRow(Connection& connection, std::string_view name) {
  Statement& read = connection.read_ref;
  ASSIGN_OR_RETURN(bool found, read.Bind(1, name).Step("reading a ref"));
  std::string row(found ? read.Blob(0) : std::string_view());
  read.Reset();
  if (!found) return std::optional<HashedRef>();
  ASSIGN_OR_RETURN(HashedRef ref, OpenHashedRef(name, row));
  return std::optional<HashedRef>(ref);
}

}  // namespace

SealedRow SealRef(std::string_view name, const RefRow& row) {
  Encoder value;
  row.EncodeTo(value);
  return SealRow(kTable, name, std::move(value).Take());
}

Result<RefRow> OpenRef(std::string_view name, std::string_view row) {
  ASSIGN_OR_RETURN(HashedRef ref, OpenHashedRef(name, row));
  return ref.row;
}

RefTable::Known RefTable::Look(std::string_view name, RefRow& out) const {
  std::lock_guard lock(mutex_);
  auto found = rows_.find(name);
  if (found == rows_.end()) return is_complete_ ? Known::kAbsent : Known::kUnknown;
  out = found->second;
  return Known::kPresent;
}

Result<std::optional<RefRow>> RefTable::Find(Connection& connection, const StoreState& state,
                                             std::string_view name) {
  RefRow row;
  Known known = Look(name, row);
  if (known == Known::kUnknown) {
    ASSIGN_OR_RETURN(auto stored, ReadRefRow(connection, name));
    std::lock_guard lock(mutex_);
    if (stored)
      return std::optional(rows_.try_emplace(std::string(name), stored->row).first->second);
    RETURN_IF_ERROR(LoadAll(connection, state));
    auto found = rows_.find(name);
    if (found == rows_.end()) return std::optional<RefRow>();
    return std::optional(found->second);
  }
  return known == Known::kPresent ? std::optional(row) : std::nullopt;
}

Result<std::map<std::string, RefRow, std::less<>>> RefTable::All(Connection& connection,
                                                                 const StoreState& state) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(LoadAll(connection, state));
  return rows_;
}

void RefTable::Set(const std::string& name, const RefRow& row) {
  std::lock_guard lock(mutex_);
  rows_[name] = row;
}

void RefTable::Clear() {
  std::lock_guard lock(mutex_);
  rows_.clear();
  is_complete_ = false;
}

Status RefTable::LoadAll(Connection& connection, const StoreState& state) {
  if (is_complete_) return {};
  TableSum sum;
  RETURN_IF_ERROR(VisitRefs(
      connection, [&](std::string_view name, const RefRow& row, const Hash256& hash) -> Status {
        sum.Add(hash);
        rows_.try_emplace(std::string(name), row);  // what the log said is newer
        return {};
      }));
  if (sum != state.refs) {
    return Corruption("rhizo.db: rows of 'refs' are missing or were put there")
        .With("table", "refs");
  }
  is_complete_ = true;
  return {};
}

Status WriteRef(Connection& connection, StoreState& state, std::string_view name,
                const RefRow& row) {
  ASSIGN_OR_RETURN(auto old, ReadRefRow(connection, name));
  if (old) state.refs.Remove(old->hash);
  SealedRow sealed = SealRef(name, row);
  state.refs.Add(sealed.hash);
  return connection.write_ref.Bind(1, name).Bind(2, sealed.bytes).Run("writing a ref");
}

Status VisitRefs(
    Connection& connection,
    const std::function<Status(std::string_view, const RefRow&, const Hash256&)>& visit) {
  Statement& read = connection.read_refs;
  Status outcome;
  while (outcome) {
    ASSIGN_OR_RETURN(bool found, read.Step("reading refs"));
    if (!found) break;
    auto ref = OpenHashedRef(read.Blob(0), read.Blob(1));
    outcome = ref ? visit(read.Blob(0), ref->row, ref->hash) : Status(std::move(ref).error());
  }
  read.Reset();
  return outcome;
}

}  // namespace rhizo::meta
