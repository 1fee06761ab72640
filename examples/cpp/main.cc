// A small stock list: two tables in one commit, a branch, and one query over both states of it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <rhizo/rhizo.h>

namespace {

// Rows (item, count) as an Arrow stream: what Arrow libraries hand out; here built by hand to stay
// without one.
struct Stock {
  std::vector<int32_t> item_ends{0};
  std::string items;
  std::vector<int64_t> counts;
  bool taken = false;

  void Add(const std::string& item, int64_t count) {
    items += item;
    item_ends.push_back(static_cast<int32_t>(items.size()));
    counts.push_back(count);
  }
};

void DropSchema(ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) delete schema->children[i];
  delete[] schema->children;
  schema->release = nullptr;
}

ArrowSchema Column(const char* name, const char* format) {
  ArrowSchema schema{};
  schema.format = format;
  schema.name = name;
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.release = [](ArrowSchema* self) { self->release = nullptr; };
  return schema;
}

ArrowArray Values(int64_t length, std::vector<const void*> buffers) {
  ArrowArray array{};
  array.length = length;
  array.n_buffers = static_cast<int64_t>(buffers.size());
  auto* kept = new const void*[buffers.size()];
  std::copy(buffers.begin(), buffers.end(), kept);
  array.buffers = kept;
  array.release = [](ArrowArray* self) {
    delete[] self->buffers;
    self->release = nullptr;
  };
  return array;
}

int GiveSchema(ArrowArrayStream*, ArrowSchema* out) {
  *out = Column("", "+s");
  out->n_children = 2;
  out->children = new ArrowSchema* [2] {
    new ArrowSchema(Column("item", "u")), new ArrowSchema(Column("count", "l"))
  };
  out->release = DropSchema;
  return 0;
}

int GiveRows(ArrowArrayStream* stream, ArrowArray* out) {
  auto* stock = static_cast<Stock*>(stream->private_data);
  *out = ArrowArray{};
  if (stock->taken) return 0;
  stock->taken = true;
  auto rows = static_cast<int64_t>(stock->counts.size());
  *out = Values(rows, {nullptr});
  out->n_children = 2;
  out->children = new ArrowArray* [2] {
    new ArrowArray(Values(rows, {nullptr, stock->item_ends.data(), stock->items.data()})),
        new ArrowArray(Values(rows, {nullptr, stock->counts.data()}))
  };
  out->release = [](ArrowArray* self) {
    for (int64_t i = 0; i < self->n_children; ++i) {
      if (self->children[i]->release != nullptr) self->children[i]->release(self->children[i]);
      delete self->children[i];
    }
    delete[] self->children;
    delete[] self->buffers;
    self->release = nullptr;
  };
  return 0;
}

// The rows must outlive the stream.
ArrowArrayStream StreamOf(Stock* stock) {
  ArrowArrayStream stream{};
  stream.get_schema = GiveSchema;
  stream.get_next = GiveRows;
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  stream.private_data = stock;
  return stream;
}

rhizo::Status Print(rhizo::QueryResult result) {
  ArrowArrayStream stream{};
  RETURN_IF_ERROR(result.ExportText(&stream));
  for (ArrowArray batch{}; stream.get_next(&stream, &batch) == 0 && batch.release != nullptr;
       batch.release(&batch)) {
    for (int64_t row = 0; row < batch.length; ++row) {
      for (int64_t column = 0; column < batch.n_children; ++column) {
        const auto* ends = static_cast<const int32_t*>(batch.children[column]->buffers[1]);
        const auto* text = static_cast<const char*>(batch.children[column]->buffers[2]);
        std::printf("%s%.*s", column == 0 ? "" : " ", ends[row + 1] - ends[row], text + ends[row]);
      }
      std::printf("\n");
    }
  }
  stream.release(&stream);
  return {};
}

rhizo::Status Run(const std::string& path) {
  ASSIGN_OR_RETURN(auto db, rhizo::Database::Open(path));

  Stock fruit;
  fruit.Add("apple", 10);
  fruit.Add("pear", 7);
  Stock tools;
  tools.Add("saw", 2);
  rhizo::CommitOptions first;
  first.message = "first count";
  ASSIGN_OR_RETURN(auto transaction, db.Begin(first));
  auto fruit_rows = StreamOf(&fruit);
  auto tool_rows = StreamOf(&tools);
  ASSIGN_OR_RETURN(auto fruit_written, db.Write("fruit", &fruit_rows));
  ASSIGN_OR_RETURN(auto tools_written, db.Write("tools", &tool_rows));
  ASSIGN_OR_RETURN(auto commit, transaction.Commit());
  std::printf("committed %zu tables, %llu and %llu rows\n", commit.tables.size(),
              static_cast<unsigned long long>(fruit_written.rows),
              static_cast<unsigned long long>(tools_written.rows));

  ASSIGN_OR_RETURN(auto branch, db.CreateBranch("autumn"));
  ASSIGN_OR_RETURN(auto autumn, db.On(branch.name));
  Stock more;
  more.Add("apple", 25);
  more.Add("pear", 7);
  auto more_rows = StreamOf(&more);
  ASSIGN_OR_RETURN(auto written, autumn.Write("fruit", &more_rows));
  std::printf("on autumn, fruit is version %llu\n",
              static_cast<unsigned long long>(written.version));

  ASSIGN_OR_RETURN(
      auto compared,
      db.Sql("SELECT a.item, a.count, b.count FROM fruit a JOIN fruit@autumn b USING (item) "
             "WHERE a.count <> b.count ORDER BY item"));
  return Print(std::move(compared));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: stock DATABASE\n");
    return 2;
  }
  if (auto status = Run(argv[1]); !status) {
    std::fprintf(stderr, "%s: %s\n",
                 std::string(rhizo::ErrorCodeName(status.error().code())).c_str(),
                 status.error().message().c_str());
    return 1;
  }
  return 0;
}
