// Random transactions of threads of several processes on one branch, each told down as it happened;
// then the whole history is judged, from what was seen alone: no lost update, no dirty or
// intermediate read, no read that changes, no skew or fork between snapshots, many tables change at
// once, and nobody sees less than was acknowledged before they began. Write skew may happen: it is
// what snapshot isolation allows.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "base/testing/scale.h"
#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"
#include "support/tables.h"

namespace rhizo::tests {
namespace {

constexpr int kProcesses = 3, kThreads = 3;
constexpr int kRegisters = 3, kTwins = 3, kLists = 2;

// A register is a table of one row: number of its writer, and which value of the register it is
// (counted up by who read the one before). Twins are registers that are only written together.
// Lists are appended to, both in one transaction.
std::string RegisterName(int i) { return "register" + std::to_string(i); }
std::string TwinName(int i) { return "twin" + std::to_string(i); }
std::string ListName(int i) { return "list" + std::to_string(i); }

// What all processes share: how far each thing had surely come.
struct Acknowledged {
  std::atomic<int64_t> registers[kRegisters];
  std::atomic<int64_t> twins;
  std::atomic<int64_t> list_length;
};

void Raise(std::atomic<int64_t>* least, int64_t value) {
  int64_t seen = least->load();
  while (seen < value && !least->compare_exchange_weak(seen, value)) {
  }
}

struct Value {
  int64_t writer = 0, number = 0;
  friend bool operator==(const Value&, const Value&) = default;
};

// Everything that one snapshot shows.
struct Snapshot {
  std::vector<Value> registers, twins;
  std::vector<std::vector<int64_t>> lists;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

Result<Value> ReadValue(const txn::View& view, const std::string& table) {
  ASSIGN_OR_RETURN(auto rows, Read(view, table));
  CHECK(rows.size() == 1);
  return Value{rows[0].first, std::stoll(rows[0].second)};
}

Result<Snapshot> ReadSnapshot(const txn::View& view) {
  Snapshot snapshot;
  for (int i = 0; i < kRegisters; ++i) {
    ASSIGN_OR_RETURN(auto value, ReadValue(view, RegisterName(i)));
    snapshot.registers.push_back(value);
  }
  for (int i = 0; i < kTwins; ++i) {
    ASSIGN_OR_RETURN(auto value, ReadValue(view, TwinName(i)));
    snapshot.twins.push_back(value);
  }
  for (int i = 0; i < kLists; ++i) {
    ASSIGN_OR_RETURN(auto rows, Read(view, ListName(i)));
    std::vector<int64_t> list;
    for (const auto& row : rows) list.push_back(row.first);
    snapshot.lists.push_back(std::move(list));
  }
  return snapshot;
}

Rows OneRow(const Value& value) { return {{value.writer, std::to_string(value.number)}}; }

// One line per event:
//   register <i> <writer> <number>   committed
//   twin <writer> <number>           committed
//   list <writer>                    committed
//   seen <register values> <twin values> <lengths and lists>
//   fault <what>
class Teller {
 public:
  explicit Teller(const std::string& path) : out_(path) {}
  template <class... Words>
  void Tell(const Words&... words) {
    ((out_ << words << ' '), ...);
    out_ << '\n';
  }
  void Tell(const Snapshot& snapshot) {
    out_ << "seen ";
    for (const auto& value : snapshot.registers) out_ << value.writer << ' ' << value.number << ' ';
    for (const auto& value : snapshot.twins) out_ << value.writer << ' ' << value.number << ' ';
    for (const auto& list : snapshot.lists) {
      out_ << list.size() << ' ';
      for (int64_t writer : list) out_ << writer << ' ';
    }
    out_ << '\n';
  }

 private:
  std::ofstream out_;
};

// One thread: transactions drawn at random, one after the other.
class Client {
 public:
  Client(std::shared_ptr<txn::Repository> repository, Acknowledged* acknowledged,
         const std::string& path, int64_t first_writer)
      : repository_(std::move(repository)),
        acknowledged_(acknowledged),
        teller_(path),
        random_(static_cast<uint64_t>(first_writer)),
        next_writer_(first_writer) {}

  void Run(size_t transactions) {
    for (size_t i = 0; i < transactions; ++i) {
      Status status = One();
      if (!status) teller_.Tell("fault", status.error().message());
    }
  }

 private:
  struct Seen {
    int64_t registers[kRegisters], twins, list_length;
  };
  Seen LookBefore() const {
    Seen seen;
    for (int i = 0; i < kRegisters; ++i) seen.registers[i] = acknowledged_->registers[i];
    seen.twins = acknowledged_->twins;
    seen.list_length = acknowledged_->list_length;
    return seen;
  }

  void CheckFresh(const Seen& before, const Snapshot& snapshot) {
    for (size_t i = 0; i < kRegisters; ++i) {
      if (snapshot.registers[i].number < before.registers[i])
        teller_.Tell("fault", "stale register");
    }
    if (snapshot.twins[0].number < before.twins) teller_.Tell("fault", "stale twins");
    if (std::ssize(snapshot.lists[0]) < before.list_length) teller_.Tell("fault", "stale list");
  }

  Status One() {
    Seen before = LookBefore();
    ASSIGN_OR_RETURN(auto transaction, txn::Transaction::Begin(repository_, txn::kMainBranch));
    ASSIGN_OR_RETURN(auto view, transaction->CurrentView());
    ASSIGN_OR_RETURN(auto snapshot, ReadSnapshot(*view));
    CheckFresh(before, snapshot);
    teller_.Tell(snapshot);
    size_t draw = random_() % 10;
    Status done = draw < 1   ? Status()
                  : draw < 5 ? WriteRegister(*transaction, snapshot)
                  : draw < 7 ? WriteTwins(*transaction, snapshot)
                             : AppendToLists(*transaction);
    // The same snapshot shows the same, whatever others committed meanwhile.
    ASSIGN_OR_RETURN(auto again, ReadSnapshot(*view));
    if (again != snapshot) teller_.Tell("fault", "a snapshot changed");
    return done;
  }

  // True if it landed; false if somebody else was first, or we changed our mind.
  Result<bool> Finish(txn::Transaction& transaction) {
    if (random_() % 8 == 0) return false;
    auto committed = repository_->committer().Commit(transaction, {});
    if (committed) return true;
    if (committed.error().code() == ErrorCode::kConflict) return false;
    return std::move(committed).error();
  }

  Status WriteRegister(txn::Transaction& transaction, const Snapshot& snapshot) {
    size_t i = random_() % kRegisters;
    Value value{next_writer_++, snapshot.registers[i].number + 1};
    auto name = RegisterName(static_cast<int>(i));
    // What is overwritten before the commit is nobody's business.
    if (random_() % 3 == 0) RETURN_IF_ERROR(Write(transaction, name, OneRow({-1, -1})));
    RETURN_IF_ERROR(Write(transaction, name, OneRow(value)));
    ASSIGN_OR_RETURN(bool landed, Finish(transaction));
    if (!landed) return {};
    Raise(&acknowledged_->registers[i], value.number);
    teller_.Tell("register", i, value.writer, value.number);
    return {};
  }

  Status WriteTwins(txn::Transaction& transaction, const Snapshot& snapshot) {
    Value value{next_writer_++, snapshot.twins[0].number + 1};
    for (int i = 0; i < kTwins; ++i) {
      RETURN_IF_ERROR(Write(transaction, TwinName(i), OneRow(value)));
    }
    ASSIGN_OR_RETURN(bool landed, Finish(transaction));
    if (!landed) return {};
    Raise(&acknowledged_->twins, value.number);
    teller_.Tell("twin", value.writer, value.number);
    return {};
  }

  Status AppendToLists(txn::Transaction& transaction) {
    int64_t writer = next_writer_++;
    for (int i = 0; i < kLists; ++i) {
      RETURN_IF_ERROR(Append(transaction, ListName(i), {{writer, "x"}}));
    }
    auto committed = repository_->committer().Commit(transaction, {});
    if (!committed) return std::move(committed).error();  // appends never conflict
    acknowledged_->list_length.fetch_add(1);
    teller_.Tell("list", writer);
    return {};
  }

  const std::shared_ptr<txn::Repository> repository_;
  Acknowledged* const acknowledged_;
  Teller teller_;
  std::mt19937_64 random_;
  int64_t next_writer_;
};

// Judges what was told.
class Judge {
 public:
  void Hear(const std::string& path) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string kind;
      words >> kind;
      if (kind == "fault") faults_.push_back(line);
      if (kind == "register") HearRegister(words);
      if (kind == "twin") HearWrite(words, &twins_, "twins");
      if (kind == "list") HearList(words);
      if (kind == "seen") HearSnapshot(words);
    }
  }

  std::vector<std::string> Faults() {
    for (int i = 0; i < kRegisters; ++i) CheckCounted(registers_[i], "register");
    CheckCounted(twins_, "twins");
    for (const auto& snapshot : snapshots_) CheckWrittenBySomebody(snapshot);
    CheckOneOrder();
    CheckLists();
    return faults_;
  }

  size_t transactions() const { return snapshots_.size(); }
  size_t commits() const { return commits_; }

 private:
  using Writes = std::map<int64_t, int64_t>;  // number -> writer

  void HearRegister(std::istringstream& words) {
    size_t i = 0;
    words >> i;
    HearWrite(words, &registers_[i], "register " + std::to_string(i));
  }

  void HearWrite(std::istringstream& words, Writes* writes, const std::string& what) {
    Value value;
    words >> value.writer >> value.number;
    ++commits_;
    if (!writes->emplace(value.number, value.writer).second) {
      faults_.push_back("lost update of " + what + ": two values number " +
                        std::to_string(value.number));
    }
  }

  void HearList(std::istringstream& words) {
    int64_t writer = 0;
    words >> writer;
    ++commits_;
    appended_.insert(writer);
  }

  void HearSnapshot(std::istringstream& words) {
    Snapshot snapshot;
    auto read = [&](std::vector<Value>* values, int count) {
      for (int i = 0; i < count; ++i) {
        Value value;
        words >> value.writer >> value.number;
        values->push_back(value);
      }
    };
    read(&snapshot.registers, kRegisters);
    read(&snapshot.twins, kTwins);
    for (int i = 0; i < kLists; ++i) {
      size_t length = 0;
      words >> length;
      std::vector<int64_t> list(length);
      for (auto& writer : list) words >> writer;
      snapshot.lists.push_back(std::move(list));
    }
    snapshots_.push_back(std::move(snapshot));
  }

  // Values of one register are numbered without gaps: each was made from the one before.
  void CheckCounted(const Writes& writes, const std::string& what) {
    int64_t expected = 1;
    for (const auto& [number, writer] : writes) {
      if (number != expected++) faults_.push_back("a value of " + what + " is missing");
    }
  }

  void CheckValue(const Value& value, const Writes& writes, const std::string& what) {
    if (value.number == 0) return;  // as it was in the beginning
    auto found = writes.find(value.number);
    if (found == writes.end() || found->second != value.writer) {
      faults_.push_back("dirty read of " + what + " number " + std::to_string(value.number));
    }
  }

  void CheckWrittenBySomebody(const Snapshot& snapshot) {
    for (size_t i = 0; i < kRegisters; ++i) {
      CheckValue(snapshot.registers[i], registers_[i], "register");
    }
    CheckValue(snapshot.twins[0], twins_, "twins");
    for (const auto& twin : snapshot.twins) {
      if (twin != snapshot.twins[0]) faults_.push_back("half of a commit was seen");
    }
    if (snapshot.lists[0] != snapshot.lists[1]) faults_.push_back("half of an append was seen");
    for (int64_t writer : snapshot.lists[0]) {
      if (!appended_.contains(writer)) faults_.push_back("dirty read of a list");
    }
  }

  static std::vector<int64_t> Position(const Snapshot& snapshot) {
    std::vector<int64_t> position;
    for (const auto& value : snapshot.registers) position.push_back(value.number);
    position.push_back(snapshot.twins[0].number);
    position.push_back(std::ssize(snapshot.lists[0]));
    return position;
  }

  // Of two snapshots one is the earlier one in everything: no skew, no fork.
  void CheckOneOrder() {
    std::set<std::pair<int64_t, std::vector<int64_t>>> sorted;
    for (const auto& snapshot : snapshots_) {
      auto position = Position(snapshot);
      int64_t sum = 0;
      for (int64_t part : position) sum += part;
      sorted.emplace(sum, std::move(position));
    }
    const std::vector<int64_t>* last = nullptr;
    for (const auto& [sum, position] : sorted) {
      for (size_t i = 0; last != nullptr && i < position.size(); ++i) {
        if (position[i] < (*last)[i]) faults_.push_back("two snapshots contradict each other");
      }
      last = &position;
    }
  }

  void CheckLists() {
    const std::vector<int64_t>* longest = nullptr;
    for (const auto& snapshot : snapshots_) {
      const auto& list = snapshot.lists[0];
      if (longest == nullptr || list.size() > longest->size()) longest = &list;
    }
    for (const auto& snapshot : snapshots_) {
      const auto& list = snapshot.lists[0];
      if (!std::equal(list.begin(), list.end(), longest->begin())) {
        faults_.push_back("a list changed its past");
      }
    }
    std::set<int64_t> unique(longest->begin(), longest->end());
    if (unique.size() != longest->size()) faults_.push_back("an append is there twice");
    if (unique != appended_) faults_.push_back("an append was lost");
  }

  Writes registers_[kRegisters], twins_;
  std::set<int64_t> appended_;
  std::vector<Snapshot> snapshots_;
  std::vector<std::string> faults_;
  size_t commits_ = 0;
};

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest()
      : acknowledged_(
            static_cast<Acknowledged*>(::mmap(nullptr, sizeof(Acknowledged), PROT_READ | PROT_WRITE,
                                              MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~HistoryTest() override { ::munmap(acknowledged_, sizeof(Acknowledged)); }

  void Prepare() {
    ASSERT_TRUE(io::TrueInChild([&] {
      auto repository = txn::Repository::Open(path_, {}).value();
      auto transaction = txn::Transaction::Begin(repository, txn::kMainBranch).value();
      for (int i = 0; i < kRegisters; ++i) CHECK(Write(*transaction, RegisterName(i), OneRow({})));
      for (int i = 0; i < kTwins; ++i) CHECK(Write(*transaction, TwinName(i), OneRow({})));
      for (int i = 0; i < kLists; ++i) CHECK(Write(*transaction, ListName(i), {}));
      return repository->committer().Commit(*transaction, {}).has_value();
    }));
  }

  std::string Tale(int process, int thread) const {
    return directory_.Path("tale-" + std::to_string(process) + "-" + std::to_string(thread));
  }

  [[noreturn]] void RunProcess(int process, uint64_t seed, size_t transactions) {
    auto repository = txn::Repository::Open(path_, {}).value();
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
          auto first_writer = static_cast<int64_t>(seed % 1000) * 1'000'000'000 +
                              (process * kThreads + thread + 1) * 1'000'000;
          Client client(repository, acknowledged_, Tale(process, thread), first_writer);
          client.Run(transactions);
        });
      }
    }
    ::_exit(0);
  }

  io::TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("db");
  Acknowledged* const acknowledged_;
};

TEST_F(HistoryTest, NothingHappensThatSnapshotIsolationForbids) {
  const uint64_t seed = DrawSeed();
  Prepare();
  std::vector<pid_t> processes;
  for (int process = 0; process < kProcesses; ++process) {
    processes.push_back(::fork());
    if (processes.back() == 0) RunProcess(process, seed, Scaled(150));
  }
  for (pid_t process : processes) {
    int result = 0;
    ::waitpid(process, &result, 0);
    EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  }
  ASSERT_TRUE(io::TrueInChild([&] {  // how it ended is one more snapshot
    auto repository = txn::Repository::Open(path_, {}).value();
    Teller(Tale(kProcesses, 0)).Tell(ReadSnapshot(**ViewOfBranch(*repository)).value());
    return true;
  }));
  Judge judge;
  for (int process = 0; process < kProcesses; ++process) {
    for (int thread = 0; thread < kThreads; ++thread) judge.Hear(Tale(process, thread));
  }
  judge.Hear(Tale(kProcesses, 0));
  auto faults = judge.Faults();
  for (size_t i = 0; i < std::min<size_t>(faults.size(), 10); ++i) ADD_FAILURE() << faults[i];
  EXPECT_GT(judge.transactions(), kProcesses * kThreads * Scaled(150) / 2);
  EXPECT_GT(judge.commits(), judge.transactions() / 4);
  std::printf("%zu transactions, %zu commits, anomalies %zu\n", judge.transactions(),
              judge.commits(), faults.size());
}

TEST_F(HistoryTest, AppendsOfEightProcessesToOneTableAllSucceed) {
  constexpr int kAppenders = 8;
  const auto appends = static_cast<int64_t>(Scaled(25));
  Prepare();
  std::vector<pid_t> processes;
  for (int process = 0; process < kAppenders; ++process) {
    processes.push_back(::fork());
    if (processes.back() != 0) continue;
    auto repository = txn::Repository::Open(path_, {}).value();
    for (int64_t i = 0; i < appends; ++i) {
      auto committed = txn::testing::CommitRows(repository, ListName(0),
                                                Numbered(process * 100'000 + i, 1), true);
      if (!committed) std::fprintf(stderr, "%s\n", committed.error().message().c_str());
      if (!committed) ::_exit(1);
    }
    ::_exit(0);
  }
  for (pid_t process : processes) {
    int result = 0;
    ::waitpid(process, &result, 0);
    EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  }
  EXPECT_TRUE(io::TrueInChild([&] {
    auto repository = txn::Repository::Open(path_, {}).value();
    std::map<int64_t, int64_t> next;  // per process, its rows stand in the order it appended them
    auto rows = ReadHead(*repository, ListName(0)).value();
    for (const auto& [n, text] : rows) {
      if (n % 100'000 != next[n / 100'000]++) return false;
    }
    return std::ssize(rows) == kAppenders * appends;
  }));
}

}  // namespace
}  // namespace rhizo::tests
