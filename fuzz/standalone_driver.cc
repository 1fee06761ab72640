// Runs a fuzz target without libFuzzer, so that ordinary builds keep it alive: every file of the
// folders given, then seeded mutations of them. Arguments: [--runs=N] [--seed=N] folder or file ...
// The last input is printed when the target dies or does not come back.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxInputBytes = 4096;
constexpr unsigned kMaxSecondsPerInput = 60;

std::string current_input;  // for the signal handler

void PrintInput(int signal) {
  std::string hex = "\ninput: ";
  for (unsigned char byte : current_input) {
    hex.push_back("0123456789abcdef"[byte >> 4]);
    hex.push_back("0123456789abcdef"[byte & 15]);
  }
  hex.push_back('\n');
  if (write(STDERR_FILENO, hex.data(), hex.size()) < 0) std::_Exit(2);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void Run(std::string input) {
  current_input = std::move(input);
  alarm(kMaxSecondsPerInput);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current_input.data()),
                         current_input.size());
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// In order of their names, so that a seed means the same everywhere.
std::vector<std::string> ReadCorpus(const std::vector<fs::path>& roots) {
  std::vector<fs::path> files;
  for (const auto& root : roots) {
    if (fs::is_regular_file(root)) files.push_back(root);
    if (!fs::is_directory(root)) continue;
    for (const auto& file : fs::recursive_directory_iterator(root)) {
      if (file.is_regular_file()) files.push_back(file.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) inputs.push_back(ReadFile(file));
  return inputs;
}

class Mutator {
 public:
  Mutator(uint64_t seed, const std::vector<std::string>& corpus) : engine_(seed), corpus_(corpus) {}

  std::string Next() {
    std::string input = Pick();
    for (size_t i = 0, changes = 1 + Below(4); i < changes; ++i) Change(&input);
    input.resize(std::min(input.size(), kMaxInputBytes));
    return input;
  }

 private:
  size_t Below(size_t bound) { return engine_() % bound; }
  char Byte() {
    constexpr unsigned char kEdges[] = {0, 1, 0x7f, 0x80, 0xff};
    return static_cast<char>(Below(2) == 0 ? kEdges[Below(5)] : Below(256));
  }
  const std::string& Pick() { return corpus_[Below(corpus_.size())]; }

  void Change(std::string* input) {
    size_t at = Below(input->size() + 1);
    size_t length = Below(std::min<size_t>(16, input->size() - at + 1));
    switch (Below(6)) {
      case 0: input->insert(at, 1 + Below(4), Byte()); break;
      case 1: input->erase(at, 1 + length); break;
      case 2: input->insert(at, input->substr(Below(input->size() + 1), length)); break;
      case 3: input->replace(at, std::string::npos, Tail(Pick())); break;
      default:
        if (at < input->size()) (*input)[at] = Below(2) == 0 ? Byte() : Flipped((*input)[at]);
    }
  }
  std::string Tail(const std::string& other) { return other.substr(Below(other.size() + 1)); }
  char Flipped(char byte) { return static_cast<char>(byte ^ 1 << Below(8)); }

  std::mt19937_64 engine_;
  const std::vector<std::string>& corpus_;
};

bool TakeNumber(std::string_view argument, std::string_view name, uint64_t* number) {
  if (!argument.starts_with(name)) return false;
  *number = std::strtoull(argument.data() + name.size(), nullptr, 10);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t runs = 50'000;
  uint64_t seed = 1;
  std::vector<fs::path> roots;
  for (int i = 1; i < argc; ++i) {
    if (TakeNumber(argv[i], "--runs=", &runs) || TakeNumber(argv[i], "--seed=", &seed)) continue;
    roots.emplace_back(argv[i]);
  }
  for (int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGALRM}) std::signal(signal, PrintInput);
  auto corpus = ReadCorpus(roots);
  for (const auto& input : corpus) Run(input);
  std::printf("%zu files replayed, then %llu mutations of seed %llu\n", corpus.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
  corpus.emplace_back();
  Mutator mutator(seed, corpus);
  for (uint64_t i = 0; i < runs; ++i) Run(mutator.Next());
  return 0;
}
