// What a small commit costs in rhizo.db, beside a bare one-row insert into SQLite (WAL, synchronous
// FULL) in the same run, in alternating blocks so that both see the same machine. Also one grouped
// variant and how the file grows.
//   meta_commit_bench [commits=10000] [directory=.]
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/blake3.h"
#include "base/clock.h"
#include "meta/sqlite_meta_store.h"

namespace rhizo {
namespace {

using Micros = std::chrono::duration<double, std::micro>;

class Timings {
 public:
  template <class F>
  void Measure(F f) {
    auto begin = std::chrono::steady_clock::now();
    f();
    micros_.push_back(Micros(std::chrono::steady_clock::now() - begin).count());
  }
  double Percentile(double p) {
    std::sort(micros_.begin(), micros_.end());
    return micros_[std::min(micros_.size() - 1, static_cast<size_t>(p * micros_.size() / 100))];
  }
  double Mean() const {
    double sum = 0;
    for (double m : micros_) sum += m;
    return sum / static_cast<double>(micros_.size());
  }
  void Print(const char* name) {
    std::printf("%-28s p10 %7.1f us   p50 %7.1f   p90 %7.1f   p99 %7.1f   mean %7.1f\n", name,
                Percentile(10), Percentile(50), Percentile(90), Percentile(99), Mean());
  }

 private:
  std::vector<double> micros_;
};

// The rival: one row of 100 bytes per transaction.
class BareSqlite {
 public:
  explicit BareSqlite(const std::string& path) {
    CHECK(sqlite3_open(path.c_str(), &db_) == SQLITE_OK);
    for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                            "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)"}) {
      CHECK(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    CHECK(sqlite3_prepare_v2(db_, "INSERT INTO t(v) VALUES (?1)", -1, &insert_, nullptr) ==
          SQLITE_OK);
  }
  ~BareSqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void Insert() {
    sqlite3_bind_zeroblob(insert_, 1, 100);
    CHECK(sqlite3_step(insert_) == SQLITE_DONE);
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

// Publications of the shape of a one-row commit.
class SmallCommits {
 public:
  meta::Publication Next() {
    meta::Publication publication;
    bytes_.clear();
    bytes_.reserve(5);
    publication.txn = Draw<TxnId>();
    publication.commit = Draw<CommitId>();
    publication.time = SystemClock().Now();
    for (int i = 0; i < 5; ++i) {
      std::string bytes(150 + random_() % 551, '\0');
      for (char& c : bytes) c = static_cast<char>(random_());
      bytes_.push_back(std::move(bytes));
      payload_ += bytes_.back().size();
      publication.objects.push_back({ObjectIdOf(bytes_.back()), bytes_.back()});
    }
    publication.moves.push_back(
        {"main", meta::RefKind::kBranch, head_, publication.commit, "commit"});
    publication.versions.push_back({TableId{{1}}, Draw<ObjectId>()});
    head_ = publication.commit;
    return publication;
  }
  size_t payload() const { return payload_; }

 private:
  template <class IdType>
  IdType Draw() {
    IdType id;
    for (auto& byte : id.bytes) byte = static_cast<uint8_t>(random_());
    return id;
  }

  std::mt19937_64 random_{7};
  std::vector<std::string> bytes_;
  std::optional<CommitId> head_;
  size_t payload_ = 0;
};

void Commit(meta::MetaStore& store, const meta::Publication& publication) {
  auto session = store.BeginWrite(std::chrono::milliseconds(1000)).value();
  CHECK(session->Publish(publication).has_value());
  CHECK(session->Commit().has_value());
}

void Run(int commits, const std::string& parent, uint32_t page_bytes) {
  std::string directory = parent + "/meta_commit_bench.tmp";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  {
    BareSqlite rival(directory + "/bare.db");
    meta::SqliteMetaOptions options;
    options.page_bytes = page_bytes;
    auto store = meta::SqliteMetaStore::Create(directory, options).value();
    SmallCommits source;
    Timings bare, ours;
    constexpr int kBlock = 50;
    for (int done = 0; done < commits; done += kBlock) {
      for (int i = 0; i < kBlock; ++i) bare.Measure([&] { rival.Insert(); });
      for (int i = 0; i < kBlock; ++i) {
        meta::Publication publication = source.Next();
        ours.Measure([&] { Commit(*store, publication); });
      }
    }
    std::printf("page size %u, %d commits\n", page_bytes, commits);
    bare.Print("bare SQLite insert");
    ours.Print("rhizo.db, one-row commit");
    auto ratio = [&](double p) { return ours.Percentile(p) / bare.Percentile(p); };
    std::printf("%-28s p10 %7.2f x    p50 %7.2f   p90 %7.2f   p99 %7.2f   mean %7.2f\n", "ratio",
                ratio(10), ratio(50), ratio(90), ratio(99), ours.Mean() / bare.Mean());
    CHECK(store->Checkpoint().has_value());
    auto size = std::filesystem::file_size(directory + "/rhizo.db");
    std::printf("%-28s %.0f bytes per commit, of which objects %.0f\n\n", "rhizo.db grew by",
                static_cast<double>(size) / commits,
                static_cast<double>(source.payload()) / commits);
    Timings reads, polls, refs;
    for (int i = 0; i < 10'000; ++i) {
      polls.Measure([&] { CHECK(store->ChangeCounter().has_value()); });
      refs.Measure([&] { CHECK(store->ReadRef("main").has_value()); });
      reads.Measure([&] {
        CHECK(store->ReadVersions(TableId{{1}}, 1 + i % commits, 1 + i % commits).has_value());
      });
    }
    polls.Print("ChangeCounter");
    refs.Print("ReadRef");
    reads.Print("one of all versions");
    store.reset();
    Timings opens;
    for (int i = 0; i < 20; ++i) {
      opens.Measure([&] { meta::SqliteMetaStore::Open(directory, options).value(); });
    }
    opens.Print("open");
    std::printf("\n");
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace rhizo

int main(int argc, char** argv) {
  int commits = argc > 1 ? std::atoi(argv[1]) : 10'000;
  std::string directory = argc > 2 ? argv[2] : ".";
  std::vector<uint32_t> sizes = {8192};
  if (argc > 3) {
    sizes.clear();
    for (int i = 3; i < argc; ++i) sizes.push_back(static_cast<uint32_t>(std::atoi(argv[i])));
  }
  for (uint32_t page_bytes : sizes) rhizo::Run(commits, directory, page_bytes);
}
