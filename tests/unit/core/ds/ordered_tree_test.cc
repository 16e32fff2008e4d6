// OrderedTree against std::set, with its invariants checked on the way.
#include "core/ds/ordered_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/seeded.h"

namespace basalt {
namespace {

struct Free {
  void operator()(ScoredElement* element) const { ScoredElement::Destroy(element); }
};

class OrderedTreeTest : public SeededTest {
 protected:
  using Model = std::set<std::pair<double, std::string>>;

  void Add(const std::string& name, double score) {
    auto& element = elements_[name];
    if (element) {
      model_.erase({element->score(), name});
      tree_.SetScore(element.get(), score);
    } else {
      element.reset(ScoredElement::Create(name, score));
      tree_.Insert(element.get());
    }
    model_.insert({score, name});
  }

  void Remove(const std::string& name) {
    const auto it = elements_.find(name);
    if (it == elements_.end()) return;
    model_.erase({it->second->score(), name});
    tree_.Erase(it->second.get());
    elements_.erase(it);
  }

  void ExpectSame() {
    tree_.CheckInvariants();
    ASSERT_EQ(tree_.size(), model_.size());
    auto it = tree_.At(0);
    for (const auto& [score, name] : model_) {
      ASSERT_TRUE(it);
      ASSERT_EQ(it.score(), score);
      ASSERT_EQ(it.element()->name(), name);
      it.Next();
    }
    ASSERT_FALSE(it);
    it = model_.empty() ? tree_.At(0) : tree_.At(model_.size() - 1);
    for (auto expected = model_.rbegin(); expected != model_.rend(); ++expected) {
      ASSERT_TRUE(it);
      ASSERT_EQ(it.element()->name(), expected->second);
      it.Prev();
    }
    ASSERT_FALSE(it);
    ASSERT_FALSE(tree_.At(model_.size()));
  }

  void ExpectRanks() {
    const std::vector<std::pair<double, std::string>> sorted(model_.begin(), model_.end());
    for (int i = 0; i < 50 && !sorted.empty(); ++i) {
      const size_t rank = Below(sorted.size());
      ASSERT_EQ(tree_.At(rank).element()->name(), sorted[rank].second);
      ASSERT_EQ(tree_.RankOf(elements_[sorted[rank].second].get()), rank);
      const double score = sorted[rank].first;
      const auto first =
          std::lower_bound(sorted.begin(), sorted.end(), std::pair{score, std::string()});
      ASSERT_EQ(tree_.CountBefore([&](double s, const ScoredElement*) { return s < score; }),
                static_cast<size_t>(first - sorted.begin()));
    }
  }

  std::map<std::string, std::unique_ptr<ScoredElement, Free>> elements_;
  Model model_;
  OrderedTree tree_;
};

TEST_F(OrderedTreeTest, BehavesLikeASet) {
  for (uint64_t scores : {1, 20, 1000000}) {
    for (int step = 0; step < 20000; ++step) {
      // Phases of growth and of shrinking, so that nodes split and join.
      const bool shrinking = step / 4000 % 2 == 1;
      const std::string name = "m" + std::to_string(Below(3000));
      if (Below(10) < (shrinking ? 8u : 2u)) {
        Remove(name);
      } else {
        Add(name, static_cast<double>(Below(scores)) / 4 - 3);
      }
      if (step % 500 == 0) {
        ExpectSame();
        ExpectRanks();
        if (HasFatalFailure()) return;
      }
    }
    ExpectSame();
  }
  while (!elements_.empty()) Remove(std::string(elements_.begin()->first));
  ExpectSame();
}

TEST_F(OrderedTreeTest, AscendingAndDescendingInsertsFillTheirLeaves) {
  for (int i = 0; i < 20000; ++i) Add("up" + std::to_string(i), i);
  EXPECT_LT(tree_.MemoryBytes(), 20000u * 18);
  for (int i = 0; i < 20000; ++i) Add("down" + std::to_string(i), -i);
  EXPECT_LT(tree_.MemoryBytes(), 40000u * 18);
  ExpectSame();
  ExpectRanks();
}

TEST_F(OrderedTreeTest, ErasingGivesMemoryBack) {
  for (int i = 0; i < 30000; ++i) Add("m" + std::to_string(i), static_cast<double>(Below(1 << 20)));
  const size_t full = tree_.MemoryBytes();
  for (int i = 0; i < 30000; ++i) {
    if (i % 10 != 0) Remove("m" + std::to_string(i));
  }
  ExpectSame();
  EXPECT_LT(tree_.MemoryBytes(), full / 3);
}

TEST_F(OrderedTreeTest, InfiniteScoresAreTheEnds) {
  Add("low", -std::numeric_limits<double>::infinity());
  Add("high", std::numeric_limits<double>::infinity());
  Add("zero", 0.0);
  Add("minus zero", -0.0);
  EXPECT_EQ(tree_.At(0).element()->name(), "low");
  EXPECT_EQ(tree_.At(1).element()->name(), "minus zero");  // equal to 0, so the name decides
  EXPECT_EQ(tree_.At(3).element()->name(), "high");
}

TEST_F(OrderedTreeTest, FreesInPieces) {
  for (int i = 0; i < 10000; ++i) Add("m" + std::to_string(i), static_cast<double>(Below(1000)));
  size_t dropped = 0;
  while (const size_t n = tree_.FreeSome(200)) {
    EXPECT_LT(n, 300u);
    dropped += n;
  }
  EXPECT_EQ(dropped, 10000u);
  EXPECT_EQ(tree_.MemoryBytes(), 0u);
}

}  // namespace
}  // namespace basalt
