#include "io/pin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/id.h"
#include "io/lock_file.h"
#include "io/path.h"
#include "io/posix_error.h"
#include "io/posix_file_system.h"

namespace rhizo::io {
namespace {

// The content of the last complete line.
std::optional<std::string> LastContent(std::string_view text) {
  size_t end = text.rfind('\n');
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(0, end);
  text.remove_prefix(text.rfind('\n') + 1);
  size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return std::string(text.substr(space + 1));
}

std::optional<std::string> ReadOnce(int descriptor) {
  std::string text;
  char chunk[16 * 1024];
  while (true) {
    ssize_t got = pread(descriptor, chunk, sizeof(chunk), static_cast<off_t>(text.size()));
    if (got == -1 && errno == EINTR) continue;
    if (got == -1) return std::nullopt;
    if (got == 0) return text;
    text.append(chunk, static_cast<size_t>(got));
  }
}

// Reads until a second look finds everything the first one saw in its place: appends only add, and
// after a fold the numbers of the lines differ.
std::optional<std::string> ReadContent(int descriptor) {
  auto before = ReadOnce(descriptor);
  while (before) {
    auto after = ReadOnce(descriptor);
    if (after && after->starts_with(*before)) return LastContent(*before);
    before = std::move(after);
  }
  return std::nullopt;
}

bool HasName(int descriptor) {
  struct stat info;
  return fstat(descriptor, &info) == 0 && info.st_nlink > 0;
}

// Nothing if the pin went away meanwhile.
Result<std::optional<Pin>> LookAt(const std::string& directory, const std::string& name) {
  const std::string path = JoinPath(directory, name);
  Pin pin{.name = name, .alive = true, .content = {}};
  auto file = GuardedDescriptor::Open(path, O_RDONLY);
  if (!file.is_open() && errno == ENOENT) return std::optional<Pin>();
  if (!file.is_open() && errno == EACCES) return std::optional(std::move(pin));
  if (!file.is_open()) return PosixError(errno, Intent::kRead, "opening pin", path);
  ASSIGN_OR_RETURN(pin.alive, IsLockedByAnother(file.get(), path));
  pin.content = ReadContent(file.get());
  return std::optional(std::move(pin));
}

}  // namespace

// Until it is locked, a file looks dead and whoever cleans up may remove it: then another is made.
Result<std::unique_ptr<PinFile>> PinFile::Create(const std::string& directory,
                                                 std::string_view content, RandomSource& random) {
  while (true) {
    std::string path = JoinPath(directory, random.DrawId<DatabaseId>().ToString());
    auto file = GuardedDescriptor::Open(path, O_RDWR | O_CREAT | O_EXCL);
    if (!file.is_open()) return PosixError(errno, Intent::kWrite, "creating pin", path);
    std::unique_ptr<PinFile> pin(new PinFile(std::move(file), std::move(path)));
    RETURN_IF_ERROR(pin->Append(pin->NextLine(content)));
    ASSIGN_OR_RETURN(bool locked, pin->Lock());
    if (locked) return pin;
  }
}

PinFile::~PinFile() {
  if (!descriptor_.inherited()) unlink(path_.c_str());
}

Result<bool> PinFile::Lock() {
  ASSIGN_OR_RETURN(bool locked, TryLockDescriptor(descriptor_.get(), LockKind::kExclusive, path_));
  return locked && HasName(descriptor_.get());
}

Status PinFile::Replace(std::string_view content) {
  RETURN_IF_ERROR(descriptor_.CheckNotInherited("the snapshot"));
  const std::string line = NextLine(content);
  const bool fold = size_bytes_ > kFoldAboveBytes && line.size() <= last_line_start_;
  return fold ? Fold(line) : Append(line);
}

std::string PinFile::NextLine(std::string_view content) {
  CHECK(content.find('\n') == std::string_view::npos);
  return std::to_string(next_number_++).append(" ").append(content).append("\n");
}

// What an append leaves that fails half-way has no end of line, so it never counts, and the next
// one writes over it.
Status PinFile::Append(std::string_view line) {
  RETURN_IF_ERROR(WriteAt(size_bytes_, line));
  last_line_start_ = size_bytes_;
  size_bytes_ += line.size();
  return {};
}

Status PinFile::Fold(std::string_view line) {
  RETURN_IF_ERROR(WriteAt(0, line));
  RETURN_IF_ERROR(CutTo(line.size()));
  last_line_start_ = 0;
  size_bytes_ = line.size();
  return {};
}

Status PinFile::WriteAt(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written =
        pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written == -1 && errno == EINTR) continue;
    if (written == -1) return PosixError(errno, Intent::kWrite, "writing pin", path_);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return {};
}

Status PinFile::CutTo(uint64_t size_bytes) {
  int result;
  do {
    result = ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes));
  } while (result == -1 && errno == EINTR);
  if (result == -1) return PosixError(errno, Intent::kWrite, "cutting pin", path_);
  return {};
}

Result<std::vector<Pin>> ListPins(const std::string& directory) {
  ASSIGN_OR_RETURN(auto names, PosixFileSystem().List(directory));
  std::vector<Pin> pins;
  for (const auto& name : names) {
    ASSIGN_OR_RETURN(auto pin, LookAt(directory, name));
    if (pin) pins.push_back(std::move(*pin));
  }
  return pins;
}

Status RemoveDeadPin(const std::string& directory, const std::string& name) {
  const std::string path = JoinPath(directory, name);
  auto file = GuardedDescriptor::Open(path, O_RDWR);
  if (!file.is_open() && errno == ENOENT) return {};
  if (!file.is_open()) return PosixError(errno, Intent::kWrite, "opening pin", path);
  ASSIGN_OR_RETURN(bool dead, TryLockDescriptor(file.get(), LockKind::kExclusive, path));
  if (!dead || unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return PosixError(errno, Intent::kWrite, "removing pin", path);
}

}  // namespace rhizo::io
