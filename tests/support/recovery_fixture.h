// A log of some shards to damage and recover, with the words that the tests of recovery share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "persistence/aof/recovery.h"
#include "tests/support/log_world.h"

namespace basalt {

class RecoveryTest : public testing::Test {
 protected:
  using Ids = std::vector<std::string>;

  void Start(uint32_t shards, FsyncPolicy policy = FsyncPolicy::kAlways) {
    world_ = std::make_unique<LogWorld>(shards, policy);
  }
  void Write(uint32_t shard, const std::string& id) {
    world_->Seal(shard, {id});
    world_->Drain(shard);
  }
  std::string FileOf(uint32_t shard, size_t i = 0) { return world_->PathOfFile(shard, i); }
  std::string NameOf(uint32_t shard, size_t i = 0) {
    return world_->store().current().shards[shard].incrementals[i];
  }
  void Cut(const std::string& path, size_t size) {
    world_->fs.SetBytes(path, world_->fs.Bytes(path).substr(0, size));
  }
  void Flip(const std::string& path, size_t at) {
    std::string bytes = world_->fs.Bytes(path);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    world_->fs.SetBytes(path, bytes);
  }
  // Recovery refuses, and says which case it is, in which file and where.
  void ExpectRefused(RecoveryCase found, const std::string& file, uint64_t offset,
                     bool load_truncated = true) {
    RecoveryOptions options;
    options.load_truncated = load_truncated;
    auto plan = world_->Recover(options);
    ASSERT_FALSE(plan.ok());
    EXPECT_TRUE(absl::IsDataLoss(plan.status()));
    EXPECT_EQ(Text(plan.status()).rfind(Describe(found, file, offset), 0), 0u) << plan.status();
    EXPECT_EQ(RowFor(found).decision, RecoveryDecision::kRefuse);
  }
  RecoveryPlan ExpectPlan() {
    auto plan = world_->Recover();
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? *plan : RecoveryPlan{};
  }
  static std::string Text(const absl::Status& status) { return std::string(status.message()); }
  static bool Has(const RecoveryPlan& plan, RecoveryCase found) {
    return std::any_of(plan.findings.begin(), plan.findings.end(),
                       [&](const Finding& f) { return f.found == found; });
  }

  std::unique_ptr<LogWorld> world_;
};

}  // namespace basalt
