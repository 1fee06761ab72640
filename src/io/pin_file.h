// A pin says what a living process still needs: a file of its own in pins/, locked as long as the
// process lives, removed when the pin goes. When the process dies the lock ends and the file is
// left: whoever lists pins sees that its owner is gone.
//
// pins/<32 hex digits>: lines "<number> <content>\n", numbers rise; the last complete line counts.
// New content is appended. A file grown long is folded in place: the new line is written over the
// first ones, which no longer matter, then what follows is cut off, and that puts it in force. The
// file is never moved, so listing a directory cannot miss it; a reader that met a fold sees that
// what it read before changed, and reads again.
//
// The file has its content before it is locked, and both before Create() returns: a pin that is
// listed alive has content. A PinFile is used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "io/fork_guard.h"

namespace rhizo::io {

class PinFile final {
 public:
  static constexpr size_t kFoldAboveBytes = 64 * 1024;

  // `content` is one line without its end.
  static Result<std::unique_ptr<PinFile>> Create(const std::string& directory,
                                                 std::string_view content, RandomSource& random);
  ~PinFile();

  // From now on this counts. On failure the old content still does.
  Status Replace(std::string_view content);

 private:
  PinFile(GuardedDescriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  std::string NextLine(std::string_view content);
  Status Append(std::string_view line);
  Status Fold(std::string_view line);
  Status WriteAt(uint64_t offset, std::string_view bytes);
  Status CutTo(uint64_t size_bytes);
  Result<bool> Lock();

  GuardedDescriptor descriptor_;
  const std::string path_;
  uint64_t next_number_ = 1;
  uint64_t size_bytes_ = 0;       // up to the end of the line that counts
  uint64_t last_line_start_ = 0;  // where that begins
};

struct Pin {
  std::string name;
  bool alive = false;                  // its process holds it, or this process may not look
  std::optional<std::string> content;  // nothing: no complete line, or not ours to read
};

// All pins of the directory, in no order.
Result<std::vector<Pin>> ListPins(const std::string& directory);
// Removes a pin unless its owner is alive; no error if it is gone or alive.
Status RemoveDeadPin(const std::string& directory, const std::string& name);

}  // namespace rhizo::io
