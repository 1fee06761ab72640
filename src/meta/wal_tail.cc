#include "meta/wal_tail.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <string>
#include <unordered_set>

#include "meta/sqlite_error.h"

namespace rhizo::meta {

namespace {

constexpr size_t kIndexHeaderWords = 12;
constexpr int kReadAttempts = 100;
constexpr int kIndexRegionBytes = 32768;
constexpr size_t kWalHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;

using IndexHeader = std::array<uint32_t, kIndexHeaderWords>;

IndexHeader CopyHeader(const volatile uint32_t* from) {
  IndexHeader copy;
  for (size_t i = 0; i < copy.size(); ++i) copy[i] = from[i];
  return copy;
}

// The header counts commits and holds the running checksum of all frames.
uint64_t Fingerprint(const IndexHeader& header) {
  uint64_t mixed = 0xcbf29ce484222325;
  for (uint32_t word : header) {
    mixed = (mixed ^ word) * 0x9e3779b97f4a7c15;
    mixed ^= mixed >> 29;
  }
  return mixed | 1;
}

uint32_t BigEndian(const char* bytes) {
  auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
}

uint32_t LittleEndian(const char* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// Reads exactly; false at the end of the file.
Result<bool> ReadExactly(sqlite3_file* file, char* out, int size, uint64_t offset) {
  int code = file->pMethods->xRead(file, out, size, static_cast<sqlite3_int64>(offset));
  if (code == SQLITE_IOERR_SHORT_READ) return false;
  if (code != SQLITE_OK) return SqliteError(code, "reading the write-ahead log");
  return true;
}

Result<uint64_t> FileSize(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  int code = file->pMethods->xFileSize(file, &size);
  if (code != SQLITE_OK) return SqliteError(code, "reading the write-ahead log");
  return static_cast<uint64_t>(size);
}

struct FrameHeader {
  uint32_t page = 0;
  uint32_t pages_after = 0;  // not zero: the last frame of a transaction
  std::array<char, 8> salts{};

  bool EndsTransaction() const { return pages_after != 0; }
  // One of two is enough: the other may be what is damaged.
  bool BelongsTo(const WalPosition& position) const {
    return std::memcmp(salts.data(), position.salts.data(), 4) == 0 ||
           std::memcmp(salts.data() + 4, position.salts.data() + 4, 4) == 0;
  }
};

Result<bool> ReadFrameHeader(sqlite3_file* file, uint64_t offset, FrameHeader& out) {
  char raw[kFrameHeaderBytes];
  ASSIGN_OR_RETURN(bool whole, ReadExactly(file, raw, sizeof(raw), offset));
  if (!whole) return false;
  out.page = BigEndian(raw);
  out.pages_after = BigEndian(raw + 4);
  std::memcpy(out.salts.data(), raw + 8, 8);
  return true;
}

bool HeaderIsWhole(const char (&raw)[kWalHeaderBytes]) {
  uint32_t magic = BigEndian(raw);
  if ((magic & ~uint32_t{1}) != 0x377f0682) return false;
  auto* word = (magic & 1) ? BigEndian : LittleEndian;
  uint32_t s1 = 0, s2 = 0;
  for (int i = 0; i < 24; i += 8) {
    s1 += word(raw + i) + s2;
    s2 += word(raw + i + 4) + s1;
  }
  return s1 == BigEndian(raw + 24) && s2 == BigEndian(raw + 28);
}

bool IsZero(const char (&raw)[kWalHeaderBytes]) {
  for (char c : raw) {
    if (c != 0) return false;
  }
  return true;
}

Error DamagedWal() { return Corruption("rhizo.db: the write-ahead log is damaged"); }

Status CheckHeader(sqlite3_file* file) {
  char raw[kWalHeaderBytes];
  ASSIGN_OR_RETURN(bool whole, ReadExactly(file, raw, sizeof(raw), 0));
  if (!whole || IsZero(raw) || HeaderIsWhole(raw)) return {};
  return DamagedWal();
}

}  // namespace

Result<WalIndexView> WalIndexView::Open(Connection& connection, uint32_t page_bytes) {
  sqlite3_file* file = connection.database_file();
  if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2 ||
      file->pMethods->xShmMap == nullptr) {
    return Unsupported("rhizo.db: this SQLite has no shared memory");
  }
  void volatile* region = nullptr;
  int code = file->pMethods->xShmMap(file, 0, kIndexRegionBytes, 0, &region);
  if (code != SQLITE_OK || region == nullptr) {
    return SqliteError(code == SQLITE_OK ? SQLITE_IOERR_SHMMAP : code, "reading the WAL index");
  }
  return WalIndexView(static_cast<volatile uint32_t*>(region), page_bytes);
}

std::optional<WalPosition> WalIndexView::Read() const {
  // SQLite keeps two copies and writes the second one first; equal copies are whole.
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    IndexHeader first = CopyHeader(header_);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (first != CopyHeader(header_ + kIndexHeaderWords)) continue;
    if ((first[3] & 0xff) == 0) return std::nullopt;  // not initialised
    WalPosition position;
    position.fingerprint = Fingerprint(first);
    position.frames = first[4];
    position.page_bytes = page_bytes_;
    std::memcpy(position.salts.data(), &first[8], 8);
    return position;
  }
  return std::nullopt;
}

Result<bool> HasLeftover(Connection& connection, const WalPosition& position) {
  sqlite3_file* file = connection.wal_file();
  if (file == nullptr || file->pMethods == nullptr) return false;
  FrameHeader header;
  ASSIGN_OR_RETURN(
      bool there,
      ReadFrameHeader(file, position.FrameOffset(position.frames + uint64_t{1}), header));
  return there && std::memcmp(header.salts.data(), position.salts.data(), 8) == 0;
}

Status DropLeftover(Connection& connection, const WalPosition& position) {
  sqlite3_file* file = connection.wal_file();
  uint64_t end = position.FrameOffset(position.frames + uint64_t{1});
  int code = file->pMethods->xTruncate(file, static_cast<sqlite3_int64>(end));
  if (code == SQLITE_OK) code = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
  if (code != SQLITE_OK) return SqliteError(code, "clearing what a failed commit left");
  return {};
}

Status CheckWal(Connection& connection, const WalPosition& position) {
  sqlite3_file* file = connection.wal_file();
  if (file == nullptr || file->pMethods == nullptr) return {};
  RETURN_IF_ERROR(CheckHeader(file));
  ASSIGN_OR_RETURN(uint64_t size, FileSize(file));
  std::unordered_set<uint32_t> pages;
  bool ended = false;
  uint64_t offset = position.FrameOffset(position.frames + uint64_t{1});
  for (; offset + kFrameHeaderBytes + position.page_bytes <= size;
       offset += kFrameHeaderBytes + position.page_bytes) {
    FrameHeader frame;
    ASSIGN_OR_RETURN(bool there, ReadFrameHeader(file, offset, frame));
    if (!there || !frame.BelongsTo(position)) continue;
    // Every transaction writes a page once at most, and ends once.
    if (ended || !pages.insert(frame.page).second) return DamagedWal();
    ended = frame.EndsTransaction();
  }
  return {};
}

}  // namespace rhizo::meta
