// While keys are frozen - what was written to them may still be taken back, as a log has failed -
// no script writes on that shard, as no other command does.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/admin/config.h"
#include "core/base/clock.h"
#include "core/cmd/all_commands.h"
#include "core/script/engine.h"
#include "core/script/script_store.h"
#include "core/shard/log_sink.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

// A log in which nothing is in trouble and nothing is durable yet.
class HealthyLog final : public LogSink {
 public:
  uint64_t open_batch() const override { return 2; }
  uint64_t durable_batch() const override { return 0; }
  Epoch durable_epoch() const override { return Epoch(); }
  void RequestSync() override {}
  void Seal(Epoch, Epoch, TxStamp) override {}
  void Commit(Epoch, Epoch) override {}
  absl::Status FlushNow() override { return absl::OkStatus(); }
  void CloseEpoch(Epoch) override {}
  uint64_t bytes_since_rewrite() const override { return 0; }
  LogTrouble trouble() const override { return {}; }
  void InjectFault(const LogFault&) override {}
};

class FrozenKeysTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kShards = 2;

  FrozenKeysTest() {
    config_.shards = kShards;
    world_ = std::make_unique<World>(&config_, &AllCommands(), &clock_, kShards);
    for (uint16_t i = 0; i < kShards; ++i) {
      auto shard = std::make_unique<Shard>(world_.get(), ShardId(i));
      shard->set_log(std::make_unique<HealthyLog>());
      shard->set_scripts(std::make_unique<script::ScriptEngine>(&scripts_));
      world_->Adopt(std::move(shard));
    }
    world_->SetAlways(true);
  }

  // A key of that shard.
  std::string KeyOf(uint16_t shard) {
    for (int i = 0;; ++i) {
      std::string key = "key" + std::to_string(i);
      if (world_->OwnerOf(key) == ShardId(shard)) return key;
    }
  }
  // As after a park whose effects on the other shard are not durable. No log is in trouble (any
  // more), or that would be why writes are refused.
  void Freeze(uint16_t shard, const std::string& key) {
    until_ = std::make_shared<std::vector<Gate>>(1, Gate{ShardId(0), 1});
    world_->shard(shard).Freeze({DirtyKeys::CellOf(HashKey(key))}, until_);
    ASSERT_EQ(world_->WriteRefusal(), "");
  }
  void Thaw(uint16_t shard, const std::string& key) {
    world_->shard(shard).keyspace().dirty_keys().Thaw(DirtyKeys::CellOf(HashKey(key)));
  }

  enum class Way { kOnShard0, kParked };
  std::string Eval(Way way, const std::string& code, const std::string& key) {
    Shard& shard = world_->shard(0);
    std::string out;
    CommandContext context({.local = &shard.keyspace(),
                            .world = world_.get(),
                            .parked_world = way == Way::kParked,
                            .shard = &shard},
                           &out, 2);
    const std::string_view words[] = {"EVAL", code, "1", key};
    context.Begin(*AllCommands().Find("eval"), Args{words, 4}, {});
    context.Run();
    EXPECT_FALSE(context.escalated());
    return out;
  }
  bool IsThere(uint16_t shard, const std::string& key) {
    return world_->shard(shard).keyspace().db(DbIndex(0)).Find(key) != nullptr;
  }

  static constexpr const char* kSet = "return redis.call('SET', KEYS[1], 'v')";

  Config config_;
  ManualClock clock_{1'700'000'000'000'000};
  script::ScriptStore scripts_{&AllCommands()};
  std::unique_ptr<World> world_;
  std::shared_ptr<std::vector<Gate>> until_;
};

TEST_F(FrozenKeysTest, AScriptDoesNotWriteOnTheirShard) {
  const std::string frozen = KeyOf(0), other = frozen + "{" + frozen + "}";
  Freeze(0, frozen);
  const std::string reply = Eval(Way::kOnShard0, kSet, other);
  EXPECT_TRUE(reply.starts_with("-MISCONF ")) << reply;
  EXPECT_FALSE(IsThere(0, other));
  Thaw(0, frozen);
  EXPECT_EQ(Eval(Way::kOnShard0, kSet, other), "+OK\r\n");
  EXPECT_TRUE(IsThere(0, other));
}

TEST_F(FrozenKeysTest, ItReadsAndMayCatchTheRefusal) {
  const std::string frozen = KeyOf(0), other = frozen + "{" + frozen + "}";
  EXPECT_EQ(Eval(Way::kOnShard0, kSet, other), "+OK\r\n");
  Freeze(0, frozen);
  EXPECT_EQ(Eval(Way::kOnShard0, "return redis.call('GET', KEYS[1])", other), "$1\r\nv\r\n");
  EXPECT_EQ(Eval(Way::kOnShard0,
                 "local e = redis.pcall('DEL', KEYS[1])\n"
                 "return {string.sub(e.err, 1, 8), redis.call('EXISTS', KEYS[1])}",
                 other),
            "*2\r\n$8\r\nMISCONF \r\n:1\r\n");
}

TEST_F(FrozenKeysTest, InAParkItDoesNotWriteWhereverTheyAre) {
  const std::string frozen = KeyOf(1), own = KeyOf(0);
  Freeze(1, frozen);
  const std::string reply = Eval(Way::kParked, kSet, own);
  EXPECT_TRUE(reply.starts_with("-MISCONF ")) << reply;
  EXPECT_FALSE(IsThere(0, own));
  // Shard 0 by itself has none.
  EXPECT_EQ(Eval(Way::kOnShard0, kSet, own), "+OK\r\n");
}

}  // namespace
}  // namespace basalt
