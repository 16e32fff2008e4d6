// List: what the list commands need of it.
#include "core/value/list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/seeded.h"

namespace basalt {
namespace {

using Strings = std::vector<std::string>;

Strings Values(const List& list) {
  Strings out;
  list.ForEach([&](std::string_view value) {
    out.emplace_back(value);
    return true;
  });
  return out;
}

void Fill(List& list, const Strings& values) {
  for (const std::string& value : values) list.PushBack(value);
}

Strings Between(const List& list, size_t start, size_t count, bool reverse = false) {
  Strings out;
  auto add = [&](std::string_view value) { out.emplace_back(value); };
  reverse ? list.RangeReverse(start, count, add) : list.Range(start, count, add);
  return out;
}

std::vector<size_t> Positions(const List& list, std::string_view value, int64_t rank, size_t count,
                              size_t max_compare) {
  std::vector<size_t> out;
  list.Find(value, rank, max_compare, [&](size_t position) {
    out.push_back(position);
    return out.size() != count;
  });
  return out;
}

TEST(ListTest, PushesAndPopsBothEnds) {
  List list;
  list.PushBack("b");
  list.PushFront("a");
  list.PushBack("3");
  EXPECT_EQ(Values(list), (Strings{"a", "b", "3"}));
  EXPECT_STREQ(list.EncodingName(), "quicklist");
  std::string out;
  EXPECT_TRUE(list.PopBack(&out));
  EXPECT_EQ(out, "3");
  EXPECT_TRUE(list.PopFront(&out));
  EXPECT_EQ(out, "a");
  EXPECT_TRUE(list.PopFront(nullptr));
  EXPECT_FALSE(list.PopFront(&out));
  EXPECT_EQ(list.Size(), 0u);
}

TEST(ListTest, IndexesFromBothEnds) {
  List list;
  Fill(list, {"a", "b", "c"});
  Element out;
  EXPECT_TRUE(list.Index(-3, &out));
  EXPECT_EQ(out.text(), "a");
  EXPECT_FALSE(list.Index(-4, &out));
  EXPECT_FALSE(list.Index(3, &out));
  EXPECT_FALSE(list.Index(INT64_MIN, &out));
  EXPECT_TRUE(list.Set(-1, "z"));
  EXPECT_FALSE(list.Set(3, "z"));
  EXPECT_EQ(Values(list), (Strings{"a", "b", "z"}));
}

TEST(ListTest, InsertsBesideThePivot) {
  List list;
  Fill(list, {"a", "p", "p", "z"});
  EXPECT_TRUE(list.InsertBefore("p", "before"));
  EXPECT_TRUE(list.InsertAfter("p", "after"));
  EXPECT_TRUE(list.InsertAfter("z", "end"));
  EXPECT_TRUE(list.InsertBefore("a", "start"));
  EXPECT_FALSE(list.InsertBefore("none", "x"));
  EXPECT_EQ(Values(list), (Strings{"start", "a", "before", "p", "after", "p", "z", "end"}));
}

TEST(ListTest, RemovesFromEitherEnd) {
  List list;
  Fill(list, {"x", "1", "x", "2", "x", "3", "x"});
  EXPECT_EQ(list.Remove(1, "x"), 1u);
  EXPECT_EQ(list.Remove(-1, "x"), 1u);
  EXPECT_EQ(Values(list), (Strings{"1", "x", "2", "x", "3"}));
  EXPECT_EQ(list.Remove(0, "x"), 2u);
  EXPECT_EQ(list.Remove(0, "x"), 0u);
  EXPECT_EQ(Values(list), (Strings{"1", "2", "3"}));
}

TEST(ListTest, TrimsToARange) {
  const Strings values = {"a", "b", "c", "d", "e"};
  for (size_t start = 0; start < 7; ++start) {
    for (size_t count = 0; count < 7; ++count) {
      List list;
      Fill(list, values);
      list.Trim(start, count);
      const size_t first = std::min(start, values.size());
      const size_t end = std::min(values.size(), start + count);
      EXPECT_EQ(Values(list),
                Strings(values.begin() + first, values.begin() + std::max(first, end)))
          << start << " " << count;
    }
  }
}

TEST(ListTest, RangesClip) {
  List list;
  Fill(list, {"a", "b", "c"});
  EXPECT_EQ(Between(list, 1, 10), (Strings{"b", "c"}));
  EXPECT_EQ(Between(list, 3, 1), Strings{});
  EXPECT_EQ(Between(list, 1, 10, true), (Strings{"b", "a"}));
  EXPECT_EQ(Between(list, 2, 2, true), (Strings{"c", "b"}));
}

TEST(ListTest, FindsPositionsAsLposDoes) {
  List list;
  Fill(list, {"a", "b", "c", "1", "2", "3", "c", "c"});
  EXPECT_EQ(Positions(list, "c", 1, 1, 0), (std::vector<size_t>{2}));
  EXPECT_EQ(Positions(list, "c", 2, 1, 0), (std::vector<size_t>{6}));
  EXPECT_EQ(Positions(list, "c", 1, 0, 0), (std::vector<size_t>{2, 6, 7}));
  EXPECT_EQ(Positions(list, "c", -1, 2, 0), (std::vector<size_t>{7, 6}));
  EXPECT_EQ(Positions(list, "c", -2, 0, 0), (std::vector<size_t>{6, 2}));
  EXPECT_EQ(Positions(list, "c", 1, 0, 7), (std::vector<size_t>{2, 6}));
  EXPECT_EQ(Positions(list, "c", -1, 0, 1), (std::vector<size_t>{7}));
  EXPECT_EQ(Positions(list, "3", 1, 0, 0), (std::vector<size_t>{5}));
  EXPECT_EQ(Positions(list, "none", 1, 0, 0), (std::vector<size_t>{}));
}

using ListRandomTest = SeededTest;

TEST_F(ListRandomTest, NodesRebuildTheList) {
  List list;
  for (int i = 0; i < 3000; ++i)
    list.PushBack(OneIn(20) ? RandomBytes(Below(20000)) : RandomValue());
  List loaded;
  ASSERT_TRUE(loaded.AppendNode(false, Listpack().bytes()));
  list.ForEachNode(
      [&](bool plain, std::string_view bytes) { ASSERT_TRUE(loaded.AppendNode(plain, bytes)); });
  EXPECT_EQ(loaded.NodeCount(), list.NodeCount());
  EXPECT_EQ(Values(loaded), Values(list));
  EXPECT_EQ(Values(*list.Clone()), Values(list));
  EXPECT_FALSE(loaded.AppendNode(false, "no listpack at all"));
  EXPECT_EQ(loaded.Size(), list.Size());

  size_t freed = 0;
  while (const size_t n = list.FreeSome(64)) freed += n;
  EXPECT_EQ(freed, 3000u);
}

// What redis-server 7.0.15 dumped for RPUSH list a 1 bb (node size and container taken off).
TEST(ListTest, WritesTheNodesOfRedis) {
  List list;
  Fill(list, {"a", "1", "bb"});
  list.ForEachNode([](bool plain, std::string_view bytes) {
    EXPECT_FALSE(plain);
    EXPECT_EQ(bytes, std::string_view("\x10\0\0\0\x03\0\x81"
                                      "a\x02\x01\x01\x82"
                                      "bb\x03\xff",
                                      16));
  });
}

}  // namespace
}  // namespace basalt
