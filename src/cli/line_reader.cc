#include "cli/line_reader.h"

#include <errno.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

namespace rhizo::cli {
namespace {

constexpr int kHistoryLength = 10'000;

// Readline's callbacks carry no state of ours.
std::function<std::vector<std::string>()>* words_source = nullptr;
volatile sig_atomic_t signalled = 0;

void OnInterrupt(int) { signalled = 1; }

// Called by readline while it waits; ends the line after Ctrl-C.
int EndLineIfSignalled() {
  if (signalled != 0) {
    rl_replace_line("", 0);
    rl_done = 1;
  }
  return 0;
}

bool StartsWith(const std::string& word, const std::string& start) {
  return word.size() >= start.size() && strncasecmp(word.c_str(), start.c_str(), start.size()) == 0;
}

char* NextMatch(const char* text, int state) {
  static std::vector<std::string> matches;
  static size_t next = 0;
  if (state == 0) {
    matches.clear();
    next = 0;
    for (auto& word : (*words_source)()) {
      if (StartsWith(word, text)) matches.push_back(std::move(word));
    }
  }
  return next < matches.size() ? strdup(matches[next++].c_str()) : nullptr;
}

char** Complete(const char* text, int, int) {
  rl_attempted_completion_over = 1;
  return rl_completion_matches(text, NextMatch);
}

void MakeDirectories(const std::string& file) {
  for (size_t slash = file.find('/', 1); slash != file.npos; slash = file.find('/', slash + 1)) {
    mkdir(file.substr(0, slash).c_str(), 0700);
  }
}

void WatchInterrupts(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace

std::string HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/rhizo/history";
  if (home != nullptr && *home == '/') return std::string(home) + "/.local/state/rhizo/history";
  return "";
}

LineReader::LineReader(std::function<std::vector<std::string>()> words)
    : interactive_(isatty(STDIN_FILENO) == 1) {
  if (!interactive_) return;
  words_source = new std::function<std::vector<std::string>()>(std::move(words));
  rl_readline_name = "rhizo";
  rl_attempted_completion_function = Complete;
  rl_completer_word_break_characters = " \t\n\"'(),;=<>@";
  rl_catch_signals = 0;
  rl_event_hook = EndLineIfSignalled;
  history_file_ = HistoryFile();
  if (history_file_.empty()) return;
  MakeDirectories(history_file_);
  read_history(history_file_.c_str());
  stifle_history(kHistoryLength);
}

LineReader::~LineReader() {
  if (!interactive_) return;
  if (!history_file_.empty() && write_history(history_file_.c_str()) == 0)
    chmod(history_file_.c_str(), 0600);
  delete words_source;
  words_source = nullptr;
}

std::optional<std::string> LineReader::Read(const std::string& prompt) {
  interrupted_ = false;
  if (!interactive_) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  std::cout.flush();
  signalled = 0;
  WatchInterrupts(OnInterrupt);
  char* read = readline(prompt.c_str());
  WatchInterrupts(SIG_DFL);
  interrupted_ = signalled != 0;
  if (interrupted_) std::cout << "^C\n";
  if (read == nullptr) {
    std::cout << '\n';
    return std::nullopt;
  }
  std::string line = read;
  std::free(read);
  return line;
}

void LineReader::Remember(const std::string& statement) {
  if (interactive_) add_history(statement.c_str());
}

}  // namespace rhizo::cli
