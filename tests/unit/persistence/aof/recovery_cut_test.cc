// Random histories over several shards, cut by power failures again and again. After each, what
// recovery would load is held against what was logged and what was acknowledged:
//   everysec, no   exactly the records of epochs up to the cut, in order; and no epoch is lost that
//   was durable everywhere always         everything acknowledged; per shard a prefix, but for
//   transactions, which are whole or not there at all
// The seed of a failing history is printed; BASALT_SEED=<n> runs that one alone.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

struct Record {
  std::string id;
  Epoch epoch;
  Lsn end;  // of its batch
  std::optional<TxPart> tx;
  bool always = false;
};

struct Transaction {
  TxPart part;
  Epoch epoch;
  std::set<uint32_t> waiting;  // shards that have not run their part
};

class History {
 public:
  History(uint64_t seed, uint32_t shards, FsyncPolicy policy)
      : random_(seed), world_(shards, policy), logged_(shards) {}

  // Some lives of the server, each ended by a power cut.
  void Run(int lives) {
    for (int life = 0; life < lives && !testing::Test::HasFatalFailure(); ++life) {
      const uint64_t steps = random_() % 150;
      for (uint64_t i = 0; i < steps; ++i) Step();
      NoteAcknowledged();
      world_.PowerCut(random_());
      Recover();
    }
  }

 private:
  uint32_t AnyShard() { return static_cast<uint32_t>(random_() % world_.shard_count()); }

  void Step() {
    world_.now_us += 50'000;
    const uint32_t shard = AnyShard();
    switch (random_() % 10) {
      case 0:
        ++world_.epoch;
        break;
      case 1:
        Tick(shard, 0);  // an idle shard marks
        break;
      case 2:
        StartTransaction();
        break;
      case 3:
      case 4:
        RunPart(shard);
        break;
      case 5:
        if (random_() % 4 == 0) world_.Rotate(shard);
        if (random_() % 8 == 0) ChangePolicy();
        break;
      case 6:
        Complete(shard);
        [[fallthrough]];
      default:
        Tick(shard, 1 + random_() % 3);
    }
    Complete(AnyShard());
  }

  // The largest epoch of which the shard will log nothing more.
  Epoch CompleteOn(uint32_t shard) const {
    Epoch complete(world_.epoch.value - 1);
    for (const Transaction& tx : transactions_) {
      if (tx.waiting.contains(shard)) complete = std::min(complete, Epoch(tx.epoch.value - 1));
    }
    return complete;
  }

  void Tick(uint32_t shard, uint64_t records) {
    std::vector<std::string> ids;
    for (uint64_t i = 0; i < records; ++i) ids.push_back(NewId(shard));
    Seal(shard, ids, world_.epoch, CompleteOn(shard), std::nullopt);
  }

  std::string NewId(uint32_t shard) {
    // Batches of all sizes, some over several sectors.
    return StrCat("s", shard, "-", next_id_++,
                  std::string(random_() % 5 == 0 ? random_() % 2000 : 0, '.'));
  }

  void Seal(uint32_t shard, const std::vector<std::string>& ids, Epoch epoch, Epoch complete,
            std::optional<TxPart> tx) {
    const Lsn end = world_.Seal(shard, ids, epoch, complete, tx);
    const bool always = world_.policy() == FsyncPolicy::kAlways;
    for (const std::string& id : ids) logged_[shard].push_back(Record{id, epoch, end, tx, always});
    completed_[shard].push_back({complete, end});
  }

  void StartTransaction() {
    Transaction tx{{TxId(++next_tx_), 0}, world_.epoch, {}};
    while (tx.waiting.size() < 2) tx.waiting.insert(AnyShard());
    if (random_() % 2) tx.waiting.insert(AnyShard());
    tx.part.participants = static_cast<uint16_t>(tx.waiting.size());
    transactions_.push_back(tx);
  }

  void RunPart(uint32_t shard) {
    for (Transaction& tx : transactions_) {
      if (tx.waiting.erase(shard) == 0) continue;
      Seal(shard, {NewId(shard)}, tx.epoch, std::min(CompleteOn(shard), tx.epoch), tx.part);
      break;
    }
    std::erase_if(transactions_, [](const Transaction& tx) { return tx.waiting.empty(); });
  }

  void Complete(uint32_t shard) {
    LogWriter& writer = world_.writer(shard);
    SimLogIo& io = world_.io(shard);
    writer.Pump(world_.now_us);
    if (io.write_waits() && random_() % 2) {
      io.CompleteWrite(writer, random_() % 3 == 0 ? 1 + random_() % 400 : SIZE_MAX);
    } else if (!io.write_waits() && io.sync_waits()) {
      io.CompleteSync(writer);
    }
  }

  // As the server does it: all shards parked, nothing in flight, everything synced, a mark in each
  // log, synced again.
  void ChangePolicy() {
    const bool to_always = world_.policy() != FsyncPolicy::kAlways;
    while (!transactions_.empty()) RunPart(*transactions_.front().waiting.begin());
    world_.DrainAll();
    NoteAcknowledged();
    ++world_.epoch;
    world_.SetPolicy(to_always ? FsyncPolicy::kAlways : FsyncPolicy::kEverySecond);
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      Seal(i, {}, world_.epoch, Epoch(world_.epoch.value - 1), std::nullopt);
      world_.Drain(i);
    }
  }

  // What clients were told, at the moment when the power goes.
  void NoteAcknowledged() {
    std::map<TxId, uint16_t> parts;
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      std::set<TxId> here;
      for (const Record& record : logged_[i]) {
        if (record.end > world_.writer(i).durable_lsn()) continue;
        if (record.tx) {
          if (here.insert(record.tx->id).second) ++parts[record.tx->id];
        } else if (record.always) {
          acknowledged_.insert(record.id);
        }
      }
      for (const auto& [complete, end] : completed_[i]) {
        if (end <= world_.writer(i).durable_lsn())
          durable_complete_[i] = std::max(durable_complete_[i], complete);
      }
    }
    for (const auto& records : logged_) {
      for (const Record& record : records) {
        if (record.tx && record.always && parts[record.tx->id] == record.tx->participants) {
          acknowledged_.insert(record.id);
        }
      }
    }
  }

  void Recover() {
    auto plan = world_.Recover();
    ASSERT_TRUE(plan.ok()) << plan.status();
    Check(*plan);
    // The power may go again during the recovery itself, which changes nothing.
    while (random_() % 2) {
      uint64_t left = random_() % 30;
      world_.fs.fault = [&](std::string_view, const std::string&) {
        return left == 0 ? EIO : (--left, 0);
      };
      (void)ApplyPlan(world_.fs, world_.store(), *plan);
      world_.fs.fault = nullptr;
      world_.PowerCut(random_());
      const Epoch settled_cut = plan->cut;
      plan = world_.Recover();
      ASSERT_TRUE(plan.ok()) << plan.status();
      EXPECT_GE(plan->cut, settled_cut);
    }
    std::vector<std::vector<std::string>> loaded;
    for (const ShardPlan& shard : plan->shards) loaded.push_back(world_.Load(shard));
    ASSERT_TRUE(ApplyPlan(world_.fs, world_.store(), *plan).ok());
    world_.Reopen(*plan);
    BeginLife(loaded, plan->next_tx);
  }

  // From here on the history is what was recovered; all of it stays for good.
  void BeginLife(const std::vector<std::vector<std::string>>& loaded, TxId next_tx) {
    EXPECT_GE(next_tx.value, 1u);
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      kept_[i] = loaded[i];
      logged_[i].clear();
      completed_[i].clear();
      durable_complete_[i] = Epoch(world_.epoch.value - 1);
    }
    acknowledged_.clear();
    transactions_.clear();
    next_tx_ = std::max(next_tx_, next_tx.value);
  }

  void Check(const RecoveryPlan& plan) {
    Epoch durable_cut = durable_complete_[0];
    for (uint32_t i = 0; i < world_.shard_count(); ++i)
      durable_cut = std::min(durable_cut, durable_complete_[i]);
    EXPECT_GE(plan.cut, durable_cut) << "an epoch was lost that was durable on every shard";

    std::map<TxId, std::pair<uint16_t, uint16_t>> seen_parts;  // found, participants
    std::set<std::string> everything;
    for (uint32_t i = 0; i < world_.shard_count(); ++i) {
      const std::vector<std::string> loaded = world_.Load(plan.shards[i]);
      everything.insert(loaded.begin(), loaded.end());
      ASSERT_GE(loaded.size(), kept_[i].size());
      ASSERT_TRUE(std::equal(kept_[i].begin(), kept_[i].end(), loaded.begin()))
          << "what was recovered before changed";
      CheckShard(i, plan.cut,
                 {loaded.begin() + static_cast<ptrdiff_t>(kept_[i].size()), loaded.end()},
                 &seen_parts);
    }
    for (const auto& [tx, parts] : seen_parts) {
      EXPECT_EQ(parts.first, parts.second) << "transaction " << tx.value << " came back torn";
    }
    for (const std::string& id : acknowledged_)
      EXPECT_TRUE(everything.contains(id)) << id << " was acknowledged";
  }

  void CheckShard(uint32_t shard, Epoch cut, const std::vector<std::string>& loaded,
                  std::map<TxId, std::pair<uint16_t, uint16_t>>* seen_parts) {
    std::vector<std::string> expected;
    bool ended = false;  // under always a prefix survives; where it ends is for the disk to say
    size_t at = 0;
    for (const Record& record : logged_[shard]) {
      const bool is_there = at < loaded.size() && loaded[at] == record.id;
      if (is_there) ++at;
      if (is_there && record.tx) {
        auto& parts = (*seen_parts)[record.tx->id];
        ++parts.first;
        parts.second = record.tx->participants;
      }
      if (!record.always || record.epoch <= cut) {
        EXPECT_EQ(is_there, record.epoch <= cut)
            << record.id << " of epoch " << record.epoch.value << ", cut " << cut.value;
      } else if (!record.tx) {
        EXPECT_FALSE(is_there && ended)
            << record.id << " survived, but not all before it on its shard";
        ended |= !is_there;
      }
    }
    EXPECT_EQ(at, loaded.size()) << "something was loaded that was not logged, or in another order";
  }

  std::mt19937_64 random_;
  LogWorld world_;
  std::vector<std::vector<Record>> logged_;  // in this life, by shard
  std::map<uint32_t, std::vector<std::string>> kept_;
  std::map<uint32_t, std::vector<std::pair<Epoch, Lsn>>> completed_;
  std::map<uint32_t, Epoch> durable_complete_;
  std::set<std::string> acknowledged_;
  std::vector<Transaction> transactions_;
  uint64_t next_id_ = 0;
  uint64_t next_tx_ = 0;
};

class RecoveryCutTest : public testing::TestWithParam<FsyncPolicy> {};

TEST_P(RecoveryCutTest, WhatComesBackIsOnePrefixOfWhatHappened) {
  uint64_t first = 1, count = 200;
  if (const char* seed = std::getenv("BASALT_SEED"))
    first = std::strtoull(seed, nullptr, 10), count = 1;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE(StrCat("BASALT_SEED=", seed));
    History history(seed, 2 + static_cast<uint32_t>(seed % 3), GetParam());
    history.Run(4);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, RecoveryCutTest,
                         testing::Values(FsyncPolicy::kAlways, FsyncPolicy::kEverySecond,
                                         FsyncPolicy::kNo),
                         [](const auto& param) {
                           switch (param.param) {
                             case FsyncPolicy::kAlways:
                               return "Always";
                             case FsyncPolicy::kEverySecond:
                               return "EverySecond";
                             default:
                               return "No";
                           }
                         });

}  // namespace
}  // namespace basalt
