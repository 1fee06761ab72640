#include "meta/wal_tail.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <map>
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

// The running checksum of a WAL.
struct WalSum {
  uint32_t s1 = 0, s2 = 0;
  friend bool operator==(const WalSum&, const WalSum&) = default;

  void Add(const char* bytes, size_t size, bool is_big_endian) {
    auto* word = is_big_endian ? BigEndian : LittleEndian;
    for (size_t i = 0; i < size; i += 8) {
      s1 += word(bytes + i) + s2;
      s2 += word(bytes + i + 4) + s1;
    }
  }
};

struct WalHeader {
  std::array<char, kWalHeaderBytes> raw{};

  WalSum stored() const { return {BigEndian(&raw[24]), BigEndian(&raw[28])}; }
  bool is_big_endian() const { return (BigEndian(raw.data()) & 1) != 0; }
  bool IsZero() const { return raw == std::array<char, kWalHeaderBytes>{}; }
  bool IsWhole() const {
    WalSum sum;
    sum.Add(raw.data(), 24, is_big_endian());
    return (BigEndian(raw.data()) & ~uint32_t{1}) == 0x377f0682 && sum == stored();
  }
};

struct Frame {
  std::string raw;

  uint32_t page() const { return BigEndian(raw.data()); }
  bool EndsTransaction() const { return BigEndian(raw.data() + 4) != 0; }
  WalSum stored() const { return {BigEndian(raw.data() + 16), BigEndian(raw.data() + 20)}; }
  bool IsOf(const WalPosition& position) const {
    return raw.compare(8, 8, position.salts.data(), 8) == 0;
  }
  WalSum SumAfter(WalSum before, bool is_big_endian) const {
    before.Add(raw.data(), 8, is_big_endian);
    before.Add(raw.data() + kFrameHeaderBytes, raw.size() - kFrameHeaderBytes, is_big_endian);
    return before;
  }
};

// False if the file ends before.
Result<bool> ReadFrame(sqlite3_file* file, const WalPosition& position, uint64_t number,
                       size_t size, Frame& out) {
  out.raw.resize(size);
  return ReadExactly(file, out.raw.data(), static_cast<int>(size), position.FrameOffset(number));
}

Error DamagedWal() { return Corruption("rhizo.db: the write-ahead log is damaged"); }

// Whether the database file holds what the frames of a WAL say whose header is torn. So it is when
// a crash came while a new WAL was begun: that happens only after everything was moved to the file.
Result<bool> IsInDatabase(Connection& connection, sqlite3_file* wal, uint32_t page_bytes) {
  WalPosition position;
  position.page_bytes = page_bytes;
  std::map<uint32_t, std::string> pages;  // as the last whole transaction leaves them
  std::map<uint32_t, std::string> open_pages;
  Frame frame;
  for (uint64_t number = 1;; ++number) {
    ASSIGN_OR_RETURN(bool there,
                     ReadFrame(wal, position, number, kFrameHeaderBytes + page_bytes, frame));
    if (!there) break;
    if (number == 1) std::memcpy(position.salts.data(), frame.raw.data() + 8, 8);
    if (!frame.IsOf(position)) break;
    open_pages[frame.page()] = frame.raw.substr(kFrameHeaderBytes);
    if (!frame.EndsTransaction()) continue;
    for (auto& [page, bytes] : open_pages) pages[page] = std::move(bytes);
    open_pages.clear();
  }
  sqlite3_file* database = connection.database_file();
  std::string stored(page_bytes, '\0');
  for (const auto& [page, bytes] : pages) {
    ASSIGN_OR_RETURN(bool there, ReadExactly(database, stored.data(), static_cast<int>(page_bytes),
                                             (page - uint64_t{1}) * page_bytes));
    if (!there || stored != bytes) return false;
  }
  return true;
}

// Whole frames behind the committed ones, seen one after the other. A frame is whole if its
// checksum goes on from that of the frame before it, as stored there or as it should be: a wrong
// bit in one frame, or a frame torn by a crash, does not hide the next.
class LeftoverWalk {
 public:
  LeftoverWalk(WalSum before, bool is_big_endian)
      : stored_(before), computed_(before), is_big_endian_(is_big_endian) {}

  // A frame of another generation: only what it says to the next one counts.
  void Pass(const Frame& frame) { stored_ = computed_ = frame.stored(); }

  void See(const Frame& frame) {
    WalSum from_stored = frame.SumAfter(stored_, is_big_endian_);
    bool is_whole = frame.stored() == from_stored ||
                    frame.stored() == frame.SumAfter(computed_, is_big_endian_);
    stored_ = frame.stored();
    computed_ = from_stored;
    if (!is_whole) return;
    // Every transaction writes a page once at most, and ends once.
    is_damaged_ = is_damaged_ || ended_ || !pages_.insert(frame.page()).second;
    ended_ = frame.EndsTransaction();
  }
  bool is_damaged() const { return is_damaged_; }

 private:
  WalSum stored_, computed_;
  const bool is_big_endian_;
  std::unordered_set<uint32_t> pages_;
  bool ended_ = false;
  bool is_damaged_ = false;
};

Result<WalSum> SumAtEnd(sqlite3_file* file, const WalPosition& position, const WalHeader& header) {
  if (position.frames == 0) return header.stored();
  Frame last;
  ASSIGN_OR_RETURN(bool there, ReadFrame(file, position, position.frames, kFrameHeaderBytes, last));
  if (!there) return DamagedWal();
  return last.stored();
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
  Frame next;
  ASSIGN_OR_RETURN(bool there, ReadFrame(file, position, position.frames + uint64_t{1},
                                         kFrameHeaderBytes, next));
  return there && next.IsOf(position);
}

Status DropLeftover(Connection& connection, const WalPosition& position) {
  sqlite3_file* file = connection.wal_file();
  uint64_t end = position.FrameOffset(position.frames + uint64_t{1});
  int code = file->pMethods->xTruncate(file, static_cast<sqlite3_int64>(end));
  if (code == SQLITE_OK) code = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
  if (code != SQLITE_OK) return SqliteError(code, "clearing what a failed commit left");
  return {};
}

Result<WalScan> ScanWal(Connection& connection, const WalPosition& position) {
  WalScan scan;
  sqlite3_file* file = connection.wal_file();
  if (file == nullptr || file->pMethods == nullptr) return scan;
  WalHeader header;
  ASSIGN_OR_RETURN(bool has_header, ReadExactly(file, header.raw.data(), kWalHeaderBytes, 0));
  if (!has_header || header.IsZero()) return scan;
  if (!header.IsWhole()) {
    ASSIGN_OR_RETURN(bool is_moved, IsInDatabase(connection, file, position.page_bytes));
    return is_moved ? Result<WalScan>(scan) : Result<WalScan>(DamagedWal());
  }
  ASSIGN_OR_RETURN(WalSum before, SumAtEnd(file, position, header));
  ASSIGN_OR_RETURN(uint64_t size, FileSize(file));
  const size_t frame_bytes = kFrameHeaderBytes + position.page_bytes;
  LeftoverWalk walk(before, header.is_big_endian());
  Frame frame;
  for (uint64_t number = position.frames + uint64_t{1};
       position.FrameOffset(number) + kFrameHeaderBytes <= size; ++number) {
    ASSIGN_OR_RETURN(bool there, ReadFrame(file, position, number, kFrameHeaderBytes, frame));
    if (!there || !frame.IsOf(position)) {
      walk.Pass(frame);
      continue;
    }
    scan.has_leftover = true;
    ASSIGN_OR_RETURN(there, ReadFrame(file, position, number, frame_bytes, frame));
    if (there) walk.See(frame);
  }
  scan.is_damaged = walk.is_damaged();
  return scan;
}

}  // namespace rhizo::meta
