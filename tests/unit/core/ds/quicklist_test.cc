// Quicklist against std::deque, for several node sizes.
#include "core/ds/quicklist.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "tests/support/seeded.h"

namespace basalt {
namespace {

std::vector<std::string> Forward(const Quicklist& list) {
  std::vector<std::string> out;
  for (auto at = list.Front(); at; at = list.Next(at)) out.push_back(list.Get(at).ToString());
  return out;
}

std::vector<std::string> Backward(const Quicklist& list) {
  std::vector<std::string> out;
  for (auto at = list.Back(); at; at = list.Prev(at)) out.push_back(list.Get(at).ToString());
  std::reverse(out.begin(), out.end());
  return out;
}

class QuicklistTest : public SeededTest, public ::testing::WithParamInterface<Quicklist::Fill> {
 protected:
  std::string Value() { return OneIn(30) ? RandomBytes(Below(12000)) : RandomValue(200); }

  void Step() {
    const std::string value = Value();
    const size_t size = model_.size();
    const size_t at = Below(size + 1);
    const bool inside = at < size;
    switch (Below(11)) {
      case 0:
      case 1:
        list_.PushBack(value, fill_), model_.push_back(value);
        break;
      case 2:
      case 3:
        list_.PushFront(value, fill_), model_.push_front(value);
        break;
      case 4:
        Pop(OneIn(2));
        break;
      case 5:
        if (inside)
          list_.InsertBefore(list_.At(at), value, fill_), model_.insert(model_.begin() + at, value);
        break;
      case 6:
        if (inside)
          list_.InsertAfter(list_.At(at), value, fill_),
              model_.insert(model_.begin() + at + 1, value);
        break;
      case 7:
        if (inside) list_.Replace(list_.At(at), value, fill_), model_[at] = value;
        break;
      case 8:
        EraseRange(at, OneIn(10) ? Below(size + 5) : Below(4));
        break;
      case 9:
        RemoveMatches(value);
        break;
      default:
        ASSERT_EQ(static_cast<bool>(list_.At(at)), inside);
        if (inside) ASSERT_EQ(list_.Get(list_.At(at)).ToString(), model_[at]);
    }
    ASSERT_EQ(list_.size(), model_.size());
  }

  void Pop(bool front) {
    std::string out;
    ASSERT_EQ(front ? list_.PopFront(&out) : list_.PopBack(&out), !model_.empty());
    if (model_.empty()) return;
    ASSERT_EQ(out, front ? model_.front() : model_.back());
    front ? model_.pop_front() : model_.pop_back();
  }

  void EraseRange(size_t start, size_t count) {
    const size_t end = std::min(model_.size(), start + count);
    ASSERT_EQ(list_.EraseRange(start, count, fill_), end - start);
    model_.erase(model_.begin() + start, model_.begin() + end);
  }

  void RemoveMatches(const std::string& value) {
    const bool from_tail = OneIn(2);
    const size_t limit = OneIn(2) ? SIZE_MAX : Below(3);
    if (from_tail) std::reverse(model_.begin(), model_.end());
    size_t removed = 0;
    for (auto it = model_.begin(); it != model_.end() && removed < limit;) {
      if (*it == value) {
        it = model_.erase(it);
        ++removed;
      } else {
        ++it;
      }
    }
    if (from_tail) std::reverse(model_.begin(), model_.end());
    ASSERT_EQ(list_.RemoveMatches(value, limit, from_tail, fill_), removed);
  }

  void ExpectSame() {
    list_.CheckInvariants();
    const std::vector<std::string> expected(model_.begin(), model_.end());
    ASSERT_EQ(Forward(list_), expected);
    ASSERT_EQ(Backward(list_), expected);
  }

  const Quicklist::Fill fill_ = GetParam();
  Quicklist list_;
  std::deque<std::string> model_;
};

TEST_P(QuicklistTest, BehavesLikeADeque) {
  for (int step = 0; step < 8000; ++step) {
    Step();
    if (HasFatalFailure()) return;
    if (step % 64 == 0) ExpectSame();
  }
  ExpectSame();
}

TEST_P(QuicklistTest, FreesInPieces) {
  for (int i = 0; i < 5000; ++i) list_.PushBack(Value(), fill_);
  size_t freed = 0;
  while (const size_t n = list_.FreeSome(100)) {
    freed += n;
    EXPECT_EQ(list_.size(), 5000 - freed);
  }
  EXPECT_EQ(freed, 5000u);
  EXPECT_EQ(list_.node_count(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Fills, QuicklistTest, ::testing::Values(-2, -1, -5, 1, 4, 128, 0),
                         [](const auto& info) {
                           return info.param < 0 ? "Bytes" + std::to_string(-info.param)
                                                 : "Count" + std::to_string(info.param);
                         });

TEST(QuicklistNodesTest, FillNodesUpToTheirSize) {
  Quicklist list;
  for (int i = 0; i < 10000; ++i) list.PushBack("an element of twenty", -2);
  // 22 bytes each: 371 to a node of 8 KB.
  EXPECT_GE(list.node_count(), 26u);
  EXPECT_LE(list.node_count(), 28u);
  for (auto* node = list.first_node(); node; node = Quicklist::NextNode(node)) {
    EXPECT_LE(Quicklist::NodeBytes(node).size(), 8192u);
  }
}

TEST(QuicklistNodesTest, LargeElementsStandAlone) {
  Quicklist list;
  list.PushBack("small", -2);
  list.PushBack(std::string(9000, 'x'), -2);
  list.PushBack("small too", -2);
  const auto* node = Quicklist::NextNode(list.first_node());
  EXPECT_TRUE(Quicklist::IsPlain(node));
  EXPECT_EQ(Quicklist::NodeBytes(node), std::string(9000, 'x'));
  EXPECT_EQ(list.node_count(), 3u);
}

TEST(QuicklistNodesTest, ErasingJoinsSparseNodes) {
  Quicklist list;
  for (int i = 0; i < 100000; ++i) list.PushBack("some element text", -2);
  const size_t full = list.node_count();
  for (size_t at = 0; at < list.size(); at += 10) list.EraseRange(at, 99, -2);
  list.CheckInvariants();
  EXPECT_LT(list.node_count(), full / 3);
}

}  // namespace
}  // namespace basalt
