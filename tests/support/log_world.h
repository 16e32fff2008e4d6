// Several shards' logs on a simulated disk, driven by hand: what the recovery tests build their
// histories with. Owner: the test, one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "persistence/aof/log_reader.h"
#include "persistence/aof/log_writer.h"
#include "persistence/aof/manifest_store.h"
#include "persistence/aof/recovery.h"
#include "tests/support/sim_file_system.h"
#include "tests/support/sim_log_io.h"

namespace basalt {

inline std::string RespCommand(const std::vector<std::string>& args) {
  std::string text = StrCat("*", args.size(), "\r\n");
  for (const std::string& arg : args) StrAppend(&text, "$", arg.size(), "\r\n", arg, "\r\n");
  return text;
}

class LogWorld {
 public:
  static constexpr uint64_t kSalt = 0x5a17;

  explicit LogWorld(uint32_t shard_count, FsyncPolicy policy = FsyncPolicy::kEverySecond)
      : policy_(policy), shard_count_(shard_count) {
    BASALT_CHECK(fs.MakeDirectory("aof").ok());
    store_ = std::make_unique<ManifestStore>(&fs, "aof", "log");
    BASALT_CHECK(store_->Create(shard_count, kSalt, epoch).ok());
    for (uint32_t i = 0; i < shard_count; ++i) OpenShard(i, 0, Lsn(0));
  }

  LogWriter& writer(uint32_t shard) { return *shards_[shard].writer; }
  SimLogIo& io(uint32_t shard) { return *shards_[shard].io; }
  ManifestStore& store() { return *store_; }
  uint32_t shard_count() const { return shard_count_; }
  std::string PathOfFile(uint32_t shard, size_t i) const {
    return store_->PathOf(store_->current().shards[shard].incrementals[i]);
  }

  // One batch of "SET <id> x" records under the present epoch; everything before it is complete.
  Lsn Seal(uint32_t shard, const std::vector<std::string>& ids) {
    return Seal(shard, ids, epoch, Epoch(epoch.value - 1));
  }
  Lsn Seal(uint32_t shard, const std::vector<std::string>& ids, Epoch of, Epoch complete,
           std::optional<TxPart> tx = std::nullopt) {
    std::string records;
    for (const std::string& id : ids) records += RespCommand({"SET", id, "x"});
    return writer(shard).Seal(records, static_cast<uint32_t>(ids.size()), of, complete, tx);
  }
  // Pumps and completes until all of the shard's log is written (and durable, if wanted).
  void Drain(uint32_t shard, bool durable = true) {
    LogWriter& w = writer(shard);
    if (durable) w.RequestSync();
    for (int i = 0; i < 1000 && !w.failed(); ++i) {
      w.Pump(now_us);
      if (io(shard).idle()) break;
      io(shard).CompleteAll(w);
    }
  }
  void DrainAll() {
    for (uint32_t i = 0; i < shard_count_; ++i) Drain(i);
  }
  void Rotate(uint32_t shard) {
    auto opened = store_->AddIncremental(ShardId(static_cast<uint16_t>(shard)), 0);
    BASALT_CHECK(opened.ok());
    writer(shard).RotateTo(opened->log_file);
    shards_[shard].files.push_back(std::move(opened->file));
  }
  void SetPolicy(FsyncPolicy policy) {
    policy_ = policy;
    for (Shard& shard : shards_) shard.writer->SetPolicy(policy);
  }
  FsyncPolicy policy() const { return policy_; }

  void PowerCut(uint64_t seed) {
    shards_.clear();
    fs.PowerCut(seed);
    store_ = std::make_unique<ManifestStore>(&fs, "aof", "log");
  }
  absl::StatusOr<RecoveryPlan> Recover(const RecoveryOptions& options = {}) {
    shards_.clear();
    store_ = std::make_unique<ManifestStore>(&fs, "aof", "log");
    if (absl::Status s = store_->Load(); !s.ok()) return s;
    return RecoverLogs(fs, "aof", store_->current(), options);
  }
  // Goes on after a recovery whose plan was applied.
  void Reopen(const RecoveryPlan& plan) {
    epoch = plan.resume_epoch;
    for (uint32_t i = 0; i < shard_count_; ++i)
      OpenShard(i, plan.shards[i].append_offset, plan.shards[i].append_lsn);
  }
  // The ids that a shard would load, in order.
  std::vector<std::string> Load(const ShardPlan& plan) {
    std::vector<std::string> ids;
    LogReader reader(&fs, "aof", plan.ranges, 700);
    while (true) {
      auto done = reader.Step(1000, [&](std::span<const std::string_view> args) {
        ids.emplace_back(args[1]);
        return absl::OkStatus();
      });
      if (!done.ok()) ids.push_back(std::string("error: ") + done.status().ToString());
      if (!done.ok() || *done) return ids;
    }
  }

  SimFileSystem fs;
  Epoch epoch{1};
  int64_t now_us = 0;

 private:
  struct Shard {
    std::unique_ptr<SimLogIo> io;
    std::unique_ptr<LogWriter> writer;
    std::vector<std::unique_ptr<File>> files;
  };

  void OpenShard(uint32_t i, uint64_t size, Lsn end) {
    auto opened = store_->OpenLast(ShardId(static_cast<uint16_t>(i)), size);
    BASALT_CHECK(opened.ok());
    Shard shard;
    shard.io = std::make_unique<SimLogIo>(&fs);
    LogWriter::Options options;
    options.policy = policy_;
    shard.writer = std::make_unique<LogWriter>(shard.io.get(), options);
    shard.writer->Open(opened->log_file, end);
    shard.files.push_back(std::move(opened->file));
    shards_.push_back(std::move(shard));
  }

  FsyncPolicy policy_;
  uint32_t shard_count_;
  std::unique_ptr<ManifestStore> store_;
  std::vector<Shard> shards_;
};

}  // namespace basalt
