#include "core/shard/key_locks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/support/seeded.h"

namespace basalt {
namespace {

using Outcome = KeyLocks::Outcome;

class KeyLocksTest : public SeededTest {
 protected:
  LockRequest* New(uint64_t number, std::vector<LockWish> wishes) {
    requests_.push_back(std::make_unique<LockRequest>());
    LockRequest* request = requests_.back().get();
    request->number = TxId(number);
    request->wishes = std::move(wishes);
    request->Normalize();
    return request;
  }
  static LockWish Shared(uint64_t key) { return {key, false}; }
  static LockWish Exclusive(uint64_t key) { return {key, true}; }
  std::vector<uint64_t> Promote() {
    std::vector<uint64_t> granted;
    locks_.Promote([&](LockRequest* r) { granted.push_back(r->number.value); });
    return granted;
  }

  KeyLocks locks_;
  std::vector<std::unique_ptr<LockRequest>> requests_;
};

TEST_F(KeyLocksTest, HeldKeysBlockOthersUntilTheyAreReleased) {
  LockRequest* a = New(1, {Exclusive(10), Shared(20)});
  EXPECT_FALSE(locks_.any_held());
  EXPECT_EQ(locks_.Request(a), Outcome::kGranted);
  EXPECT_TRUE(locks_.any_held());
  EXPECT_TRUE(locks_.Blocks(10, /*write=*/false));
  EXPECT_TRUE(locks_.Blocks(20, /*write=*/true));
  EXPECT_FALSE(locks_.Blocks(20, /*write=*/false));
  EXPECT_FALSE(locks_.Blocks(30, /*write=*/true));
  locks_.Release(a);
  EXPECT_FALSE(locks_.any_held());
  EXPECT_FALSE(locks_.Blocks(10, true));
}

TEST_F(KeyLocksTest, AKeyWantedTwiceIsHeldInTheStrongerWay) {
  LockRequest* a = New(1, {Shared(10), Exclusive(10), Shared(10)});
  ASSERT_EQ(a->wishes.size(), 1u);
  EXPECT_TRUE(a->wishes[0].exclusive);
  EXPECT_EQ(locks_.Request(a), Outcome::kGranted);
  locks_.Release(a);
  EXPECT_EQ(locks_.size(), 0u);
}

TEST_F(KeyLocksTest, ReadersShareAWriterWaits) {
  LockRequest* r1 = New(1, {Shared(10)});
  LockRequest* r2 = New(2, {Shared(10)});
  LockRequest* w = New(3, {Exclusive(10)});
  LockRequest* r3 = New(4, {Shared(10)});
  EXPECT_EQ(locks_.Request(r1), Outcome::kGranted);
  EXPECT_EQ(locks_.Request(r2), Outcome::kGranted);
  EXPECT_EQ(locks_.Request(w), Outcome::kWaiting);
  EXPECT_EQ(locks_.Request(r3), Outcome::kWaiting);  // it does not overtake the writer
  locks_.Release(r1);
  EXPECT_TRUE(Promote().empty());
  locks_.Release(r2);
  EXPECT_EQ(Promote(), std::vector<uint64_t>{3});
  locks_.Release(w);
  EXPECT_EQ(Promote(), std::vector<uint64_t>{4});
}

TEST_F(KeyLocksTest, OutOfOrderIsRefusedOnlyWhereItConflicts) {
  EXPECT_EQ(locks_.Request(New(5, {Shared(10), Exclusive(20)})), Outcome::kGranted);
  EXPECT_EQ(locks_.Request(New(4, {Shared(10)})), Outcome::kGranted);
  EXPECT_EQ(locks_.Request(New(3, {Exclusive(10)})), Outcome::kRefused);
  EXPECT_EQ(locks_.Request(New(2, {Shared(20)})), Outcome::kRefused);
  EXPECT_EQ(locks_.Request(New(1, {Exclusive(30)})), Outcome::kGranted);
  EXPECT_EQ(locks_.size(), 3u);  // who was refused stands nowhere
}

TEST_F(KeyLocksTest, WhoHasNotBeenGrantedLetsSmallerNumbersPass) {
  LockRequest* a = New(1, {Exclusive(10)});
  LockRequest* c = New(3, {Exclusive(10), Exclusive(20)});
  LockRequest* b = New(2, {Exclusive(10), Exclusive(20)});
  EXPECT_EQ(locks_.Request(a), Outcome::kGranted);
  EXPECT_EQ(locks_.Request(c), Outcome::kWaiting);
  EXPECT_EQ(locks_.Request(b), Outcome::kWaiting);
  locks_.Release(a);
  EXPECT_EQ(Promote(), std::vector<uint64_t>{2});
  locks_.Release(b);
  EXPECT_EQ(Promote(), std::vector<uint64_t>{3});
  locks_.Release(c);
  // Also one that had nobody before it any more, but had not had its turn.
  LockRequest* d = New(5, {Exclusive(10)});
  LockRequest* f = New(7, {Exclusive(10)});
  LockRequest* e = New(6, {Exclusive(10)});
  locks_.Request(d);
  locks_.Request(f);
  locks_.Release(d);
  EXPECT_EQ(locks_.Request(e), Outcome::kGranted);
  EXPECT_TRUE(Promote().empty());
  locks_.Release(e);
  EXPECT_EQ(Promote(), std::vector<uint64_t>{7});
  locks_.Release(f);
  EXPECT_EQ(locks_.size(), 0u);
}

TEST_F(KeyLocksTest, NobodyIsGrantedBeforePromote) {
  LockRequest* a = New(1, {Exclusive(10)});
  LockRequest* b = New(2, {Exclusive(10)});
  locks_.Request(a);
  locks_.Request(b);
  locks_.Release(a);
  EXPECT_FALSE(locks_.Blocks(10, true));  // commands of the shard have their turn
  EXPECT_FALSE(b->granted());
  EXPECT_EQ(Promote(), std::vector<uint64_t>{2});
  EXPECT_TRUE(locks_.Blocks(10, true));
}

TEST_F(KeyLocksTest, OneThatWaitsCanLeave) {
  LockRequest* a = New(1, {Exclusive(10)});
  LockRequest* b = New(2, {Exclusive(10), Exclusive(20)});
  LockRequest* c = New(3, {Exclusive(20)});
  locks_.Request(a);
  EXPECT_EQ(locks_.Request(b), Outcome::kWaiting);
  EXPECT_EQ(locks_.Request(c), Outcome::kWaiting);
  locks_.Release(b);
  EXPECT_EQ(Promote(), std::vector<uint64_t>{3});
  // Also between the moment when nothing stands before it any more and Promote.
  LockRequest* d = New(4, {Exclusive(10)});
  EXPECT_EQ(locks_.Request(d), Outcome::kWaiting);
  locks_.Release(a);
  locks_.Release(d);
  EXPECT_TRUE(Promote().empty());
  locks_.Release(c);
  EXPECT_EQ(locks_.size(), 0u);
}

// Shards with locks of their own and transactions over several of them, whose messages arrive in
// any order: no two that conflict ever hold a key at once, and all come to their end.
TEST_F(KeyLocksTest, RandomTransactionsOverShardsExcludeEachOtherAndEnd) {
  constexpr size_t kShards = 3, kKeys = 4, kTransactions = 400, kAtOnce = 12;
  struct Part {
    LockRequest request;
    bool asked = false, granted = false;
  };
  struct Transaction {
    std::vector<std::unique_ptr<Part>> parts;  // by shard
    size_t refusals = 0;
  };
  KeyLocks shards[kShards];
  int held[kShards][kKeys] = {};  // -1: by a writer; else how many readers
  std::vector<std::unique_ptr<Transaction>> open;
  uint64_t next_number = 1;
  size_t started = 0, ended = 0, steps = 0, refusals = 0;
  auto hold = [&](size_t shard, Part& part) {
    part.granted = true;
    for (const LockWish& wish : part.request.wishes) {
      int& h = held[shard][wish.hash];
      ASSERT_TRUE(wish.exclusive ? h == 0 : h >= 0);
      wish.exclusive ? h = -1 : ++h;
    }
  };
  auto leave = [&](size_t shard, Part& part) {
    if (part.granted) {
      for (const LockWish& wish : part.request.wishes)
        wish.exclusive ? held[shard][wish.hash] = 0 : --held[shard][wish.hash];
    }
    if (part.asked) shards[shard].Release(&part.request);
    part.asked = part.granted = false;
    shards[shard].Promote([&](LockRequest* r) {
      for (auto& tx : open) {
        if (&tx->parts[shard]->request == r) hold(shard, *tx->parts[shard]);
      }
    });
  };
  auto renumber = [&](Transaction& tx) {
    for (auto& part : tx.parts) part->request.number = TxId(next_number);
    ++next_number;
  };
  while (ended < kTransactions) {
    ASSERT_LT(++steps, 1'000'000u) << "no progress";
    if (open.size() < kAtOnce && started < kTransactions) {
      auto tx = std::make_unique<Transaction>();
      for (size_t s = 0; s < kShards; ++s) {
        tx->parts.push_back(std::make_unique<Part>());
        for (size_t n = 1 + Below(2); n > 0; --n) {
          tx->parts[s]->request.wishes.push_back({Below(kKeys), Below(2) == 0});
        }
        tx->parts[s]->request.Normalize();
      }
      renumber(*tx);
      open.push_back(std::move(tx));
      ++started;
    }
    const size_t i = Below(open.size());
    Transaction& tx = *open[i];
    const size_t s = Below(kShards);
    if (!tx.parts[s]->asked) {
      const Outcome outcome = shards[s].Request(&tx.parts[s]->request);
      tx.parts[s]->asked = outcome != Outcome::kRefused;
      if (outcome == Outcome::kGranted) hold(s, *tx.parts[s]);
      if (outcome != Outcome::kRefused) continue;
      ++refusals;
      for (size_t other = 0; other < kShards; ++other) leave(other, *tx.parts[other]);
      renumber(tx);
    } else if (std::all_of(tx.parts.begin(), tx.parts.end(), [](auto& p) { return p->granted; })) {
      for (size_t other = 0; other < kShards; ++other) leave(other, *tx.parts[other]);
      open.erase(open.begin() + static_cast<ptrdiff_t>(i));
      ++ended;
    }
  }
  EXPECT_GT(refusals, 0u);
  for (KeyLocks& locks : shards) EXPECT_EQ(locks.size(), 0u);
}

}  // namespace
}  // namespace basalt
