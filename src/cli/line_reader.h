// Lines from the user: with readline, a history file and completion on a terminal, else plainly
// from standard input. One per process at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rhizo::cli {

class LineReader {
 public:
  // `words` gives what may be completed, asked for at each Tab.
  explicit LineReader(std::function<std::vector<std::string>()> words);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  bool interactive() const { return interactive_; }
  // Nothing at the end of the input. On a terminal Ctrl-C gives an empty line with `interrupted()`
  // set.
  std::optional<std::string> Read(const std::string& prompt);
  bool interrupted() const { return interrupted_; }
  // What the arrow keys bring back, also next time.
  void Remember(const std::string& statement);

 private:
  const bool interactive_;
  bool interrupted_ = false;
  std::string history_file_;  // "": none
};

// Where the history is kept: under XDG_STATE_HOME, else ~/.local/state. "" if there is no home.
std::string HistoryFile();

}  // namespace rhizo::cli
