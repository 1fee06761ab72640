#include "store_image.h"

#include "base/check.h"

namespace rhizo::fuzz {
namespace {

constexpr int kCommits = 14;
constexpr size_t kMaxObjectBytes = 200;

void ReadAll(meta::SqliteMetaStore& store) {
  static_cast<void>(store.ChangeCounter());
  static_cast<void>(store.HasUnsynced());
  static_cast<void>(store.ListRefs());
  static_cast<void>(store.ListObjects([](const ObjectId&, uint64_t) { return true; }));
  static_cast<void>(store.Verify([](auto, auto) {}));
  static_cast<void>(store.SizeBytes());
}

void PublishOne(meta::SqliteMetaStore& store, const meta::MetaModel& model) {
  auto session = store.BeginWrite(std::chrono::milliseconds(0));
  if (!session) return;
  meta::PublicationMaker maker(7);
  if (!(*session)->Publish(maker.DrawSmallCommit(model, "main"))) return;
  static_cast<void>((*session)->Commit());
}

}  // namespace

const StoreImage& StoreImage::Of(bool in_wal) {
  static const StoreImage whole(false), logged(true);
  return in_wal ? logged : whole;
}

meta::SqliteMetaOptions StoreImage::Options(const meta::RecordingVfs& vfs) const {
  meta::SqliteMetaOptions options;
  options.vfs = vfs.name();
  options.lock_path = locks_.Path("write");
  options.page_bytes = 512;
  options.fold_rows = 4;
  options.checkpoint_bytes = uint64_t{1} << 40;
  return options;
}

StoreImage::StoreImage(bool in_wal) {
  auto disk = std::make_shared<io::CrashDisk>();
  CHECK(disk->CreateDirectory("/db").has_value());
  meta::RecordingVfs vfs(disk);
  auto store = meta::SqliteMetaStore::Create("/db", Options(vfs)).value();
  meta::PublicationMaker maker(5);
  for (int i = 0; i < kCommits; ++i) Commit(*store, maker);
  if (!in_wal) CHECK(store->Checkpoint().has_value());
  store.reset();
  image_ = disk->Image();
  if (!in_wal) image_.files.erase(kWal);
}

void StoreImage::Commit(meta::SqliteMetaStore& store, meta::PublicationMaker& maker) {
  auto session = store.BeginWrite(std::chrono::milliseconds(0)).value();
  auto publication = maker.Draw(model());
  publication.objects.resize(std::min<size_t>(publication.objects.size(), 2));
  for (auto& object : publication.objects) {
    if (object.bytes.size() > kMaxObjectBytes) object = maker.DrawObject(kMaxObjectBytes);
  }
  auto next = model();
  CHECK(session->Publish(publication).has_value() == next.Publish(publication).has_value());
  CHECK(session->Commit().has_value());
  states_.push_back(std::move(next));
}

void UseStore(meta::SqliteMetaStore& store, const meta::MetaModel& model) {
  ReadAll(store);
  for (const auto& [id, bytes] : model.objects) {
    static_cast<void>(store.FindObjects(id.ToString().substr(0, 7), 3));
  }
  for (const auto& [table, versions] : model.versions) {
    static_cast<void>(store.LastVersion(table));
  }
  static_cast<void>(meta::DifferenceFrom(model, store, /*errors_are_fine=*/true));
  PublishOne(store, model);
}

}  // namespace rhizo::fuzz
