#include "persistence/aof/manifest_store.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "persistence/aof/recovery_cases.h"

namespace basalt {
namespace {

// The number in "<stem>.<number>.shard-...", 0 when there is none.
uint64_t NumberInName(std::string_view stem, std::string_view name) {
  if (name.size() <= stem.size() + 1 || name.substr(0, stem.size()) != stem) return 0;
  uint64_t number = 0;
  const char* from = name.data() + stem.size() + 1;
  std::from_chars(from, name.data() + name.size(), number);
  return number;
}

bool IsOurs(std::string_view stem, std::string_view name) {
  if (name == StrCat(ManifestName(stem), ".tmp")) return true;
  return NumberInName(stem, name) != 0 &&
         name.find(".shard-", stem.size()) != std::string_view::npos;
}

}  // namespace

ManifestStore::ManifestStore(FileSystem* fs, std::string directory, std::string stem)
    : fs_(fs), directory_(std::move(directory)), stem_(std::move(stem)) {}

std::string ManifestStore::PathOf(std::string_view name) const {
  return JoinPath(directory_, name);
}

Manifest ManifestStore::current() const {
  const std::lock_guard lock(mutex_);
  return manifest_;
}

uint64_t ManifestStore::TakeGeneration() {
  const std::lock_guard lock(mutex_);
  return taken_generation_ = std::max(manifest_.generation, taken_generation_) + 1;
}

absl::Status ManifestStore::WriteLocked(Manifest manifest) {
  const std::string path = PathOf(ManifestName(stem_));
  const std::string text = manifest.ToText();
  absl::Status status = fs_->WriteAtomically(path, text);
  bool stands = status.ok();
  if (!stands) {
    // Its last step may be what failed. Then it stands there, and nobody knows whether a power cut
    // takes it back: files that either of the two names have to stay, and no name may be used
    // again.
    const absl::StatusOr<std::string> now = fs_->ReadAll(path);
    stands = now.ok() && *now == text;
  }
  if (stands) manifest_ = std::move(manifest);
  return status;
}

absl::Status ManifestStore::Create(uint32_t shard_count, uint64_t salt, Epoch first_epoch) {
  const std::lock_guard lock(mutex_);
  if (absl::Status s = fs_->MakeDirectory(directory_); !s.ok()) return s;
  if (absl::Status s = fs_->SyncDirectory(DirectoryOf(directory_)); !s.ok()) return s;
  Manifest manifest;
  manifest.generation = 1;
  manifest.shard_count = shard_count;
  manifest.salt = salt;
  manifest.base_epoch = manifest.settled.epoch = first_epoch;
  manifest.shards.resize(shard_count);
  return AddToAllLocked(std::move(manifest), 0).status();
}

absl::Status ManifestStore::Load() {
  const std::lock_guard lock(mutex_);
  absl::StatusOr<std::string> text = fs_->ReadAll(PathOf(ManifestName(stem_)));
  if (!text.ok()) return text.status();
  if (LooksLikeRedisManifest(*text)) {
    return absl::FailedPreconditionError(
        Describe(RecoveryCase::kManifestOfRedis, ManifestName(stem_), 0));
  }
  absl::StatusOr<Manifest> manifest = Manifest::FromText(*text);
  if (!manifest.ok()) {
    const absl::string_view why = manifest.status().message();
    return absl::Status(manifest.status().code(),
                        Describe(RecoveryCase::kManifestDamaged, ManifestName(stem_), 0,
                                 std::string_view(why.data(), why.size())));
  }
  manifest_ = *std::move(manifest);
  return absl::OkStatus();
}

absl::Status ManifestStore::Install(Manifest manifest) {
  const std::lock_guard lock(mutex_);
  return WriteLocked(std::move(manifest));
}

uint64_t ManifestStore::NextNumberLocked(const Manifest& manifest, ShardId shard) const {
  uint64_t last = 0;
  for (const std::string& name : manifest.shards[shard.value].incrementals) {
    last = std::max(last, NumberInName(stem_, name));
  }
  for (const std::string& name : manifest.history) last = std::max(last, NumberInName(stem_, name));
  return last + 1;
}

absl::StatusOr<ManifestStore::OpenedFile> ManifestStore::MakeFileLocked(const Manifest& manifest,
                                                                        ShardId shard,
                                                                        uint64_t file_size) {
  OpenedFile made;
  made.name = IncrementalFileName(stem_, NextNumberLocked(manifest, shard), shard);
  absl::StatusOr<std::unique_ptr<File>> file = fs_->Open(PathOf(made.name), OpenMode::kCreateEmpty);
  if (!file.ok()) return file.status();
  made.file = *std::move(file);
  if (file_size > 0) {
    if (absl::Status s = made.file->Preallocate(file_size); !s.ok()) return s;
    made.log_file.size_max = file_size;
  }
  if (absl::Status s = made.file->Sync(); !s.ok()) return s;
  LogFileHeader& header = made.log_file.header;
  header.shard = shard;
  header.shard_count = static_cast<uint16_t>(manifest.shard_count);
  header.first_slot = static_cast<uint16_t>(FirstSlotOf(shard.value, manifest.shard_count));
  header.last_slot = static_cast<uint16_t>(FirstSlotOf(shard.value + 1u, manifest.shard_count) - 1);
  header.generation = manifest.generation;
  header.salt = manifest.salt;
  made.log_file.fd = made.file->fd();
  return made;
}

absl::StatusOr<ManifestStore::OpenedFile> ManifestStore::AddIncremental(ShardId shard,
                                                                        uint64_t file_size) {
  const std::lock_guard lock(mutex_);
  Manifest next = manifest_;
  absl::StatusOr<OpenedFile> made = MakeFileLocked(next, shard, file_size);
  if (!made.ok()) return made;
  if (absl::Status s = fs_->SyncDirectory(directory_); !s.ok()) return s;
  next.shards[shard.value].incrementals.push_back(made->name);
  if (absl::Status s = WriteLocked(std::move(next)); !s.ok()) return s;
  return made;
}

absl::StatusOr<std::vector<ManifestStore::OpenedFile>> ManifestStore::AddToAllLocked(
    Manifest next, uint64_t file_size) {
  std::vector<OpenedFile> files;
  for (uint32_t i = 0; i < next.shard_count; ++i) {
    absl::StatusOr<OpenedFile> made =
        MakeFileLocked(next, ShardId(static_cast<uint16_t>(i)), file_size);
    if (!made.ok()) return made.status();
    next.shards[i].incrementals.push_back(made->name);
    files.push_back(*std::move(made));
  }
  if (absl::Status s = fs_->SyncDirectory(directory_); !s.ok()) return s;
  if (absl::Status s = WriteLocked(std::move(next)); !s.ok()) return s;
  return files;
}

absl::StatusOr<std::vector<ManifestStore::OpenedFile>> ManifestStore::AddIncrementals(
    uint64_t file_size) {
  const std::lock_guard lock(mutex_);
  return AddToAllLocked(manifest_, file_size);
}

absl::StatusOr<std::vector<ManifestStore::OpenedFile>> ManifestStore::InstallWithFiles(
    Manifest manifest, uint64_t file_size) {
  const std::lock_guard lock(mutex_);
  return AddToAllLocked(std::move(manifest), file_size);
}

absl::StatusOr<ManifestStore::OpenedFile> ManifestStore::OpenLast(ShardId shard, uint64_t size,
                                                                  uint64_t file_size) {
  const std::lock_guard lock(mutex_);
  OpenedFile opened;
  opened.name = manifest_.shards[shard.value].incrementals.back();
  absl::StatusOr<std::unique_ptr<File>> file = fs_->Open(PathOf(opened.name), OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  opened.file = *std::move(file);
  absl::StatusOr<uint64_t> found = opened.file->Size();
  if (!found.ok()) return found.status();
  if (*found != size) {
    return absl::DataLossError(StrCat(opened.name, " has ", *found, " bytes, not ", size));
  }
  LogFileHeader& header = opened.log_file.header;
  header.shard = shard;
  header.shard_count = static_cast<uint16_t>(manifest_.shard_count);
  header.first_slot = static_cast<uint16_t>(FirstSlotOf(shard.value, manifest_.shard_count));
  header.last_slot =
      static_cast<uint16_t>(FirstSlotOf(shard.value + 1u, manifest_.shard_count) - 1);
  header.generation = manifest_.generation;
  header.salt = manifest_.salt;
  opened.log_file.fd = opened.file->fd();
  opened.log_file.size = size;
  opened.log_file.size_max = file_size;
  return opened;
}

absl::Status ManifestStore::CompleteRewrite(const std::vector<NewBase>& bases, Epoch base_epoch,
                                            TxId next_tx) {
  const std::lock_guard lock(mutex_);
  Manifest next = manifest_;
  if (bases.size() != next.shards.size())
    return absl::InvalidArgumentError("one base per shard is needed");
  next.generation = std::max(next.generation + 1, taken_generation_);
  next.base_epoch = base_epoch;
  next.next_tx = std::max(next.next_tx, next_tx);
  // What was void stood in the files that now go.
  next.settled = Settled{base_epoch, {}, {}};
  for (size_t i = 0; i < bases.size(); ++i) {
    ShardFiles& files = next.shards[i];
    if (files.base && files.base->name != bases[i].base.name)
      next.history.push_back(files.base->name);
    const auto first =
        std::find(files.incrementals.begin(), files.incrementals.end(), bases[i].first_incremental);
    if (first == files.incrementals.end()) {
      return absl::InvalidArgumentError(
          StrCat(bases[i].first_incremental, " is not part of the log"));
    }
    next.history.insert(next.history.end(), files.incrementals.begin(), first);
    files.incrementals.erase(files.incrementals.begin(), first);
    files.base = bases[i].base;
    files.start = bases[i].start;
  }
  return WriteLocked(std::move(next));
}

absl::Status ManifestStore::RemoveHistory() {
  const std::lock_guard lock(mutex_);
  if (manifest_.history.empty()) return absl::OkStatus();
  for (const std::string& name : manifest_.history) {
    const absl::Status status = fs_->Remove(PathOf(name));
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  if (absl::Status s = fs_->SyncDirectory(directory_); !s.ok()) return s;
  Manifest next = manifest_;
  next.history.clear();
  return WriteLocked(std::move(next));
}

absl::StatusOr<std::vector<std::string>> ManifestStore::OrphanedFiles() {
  absl::StatusOr<std::vector<std::string>> names = fs_->List(directory_);
  if (absl::IsNotFound(names.status())) return std::vector<std::string>();
  if (!names.ok()) return names;
  std::vector<std::string> orphans;
  for (const std::string& name : *names) {
    if (!IsOurs(stem_, name) || name.ends_with(".tmp")) continue;
    absl::StatusOr<FileInfo> info = fs_->Stat(PathOf(name));
    if (!info.ok()) return info.status();
    if (info->size > 0) orphans.push_back(name);
  }
  return orphans;
}

absl::StatusOr<std::vector<std::string>> ManifestStore::RemoveStrays() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> listed(manifest_.history.begin(), manifest_.history.end());
  for (const ShardFiles& files : manifest_.shards) {
    if (files.base) listed.insert(files.base->name);
    listed.insert(files.incrementals.begin(), files.incrementals.end());
  }
  absl::StatusOr<std::vector<std::string>> names = fs_->List(directory_);
  if (!names.ok()) return names.status();
  std::vector<std::string> removed;
  for (const std::string& name : *names) {
    if (!IsOurs(stem_, name) || listed.contains(name)) continue;
    if (absl::Status s = fs_->Remove(PathOf(name)); !s.ok()) return s;
    removed.push_back(name);
  }
  return removed;
}

}  // namespace basalt
