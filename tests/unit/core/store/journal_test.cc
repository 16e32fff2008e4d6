#include "core/store/journal.h"

#include <string>

#include "gtest/gtest.h"

namespace basalt {
namespace {

// The commands of RESP text, joined: "SET k v; DEL k; ".
std::string Words(std::string_view resp) {
  std::string out;
  while (!resp.empty()) {
    auto line = [&] {
      size_t end = resp.find("\r\n");
      std::string text(resp.substr(1, end - 1));
      resp.remove_prefix(end + 2);
      return std::stoul(text);
    };
    size_t n = line();
    for (size_t i = 0; i < n; ++i) {
      size_t length = line();
      out.append(resp.substr(0, length)).append(i + 1 < n ? " " : "; ");
      resp.remove_prefix(length + 2);
    }
  }
  return out;
}

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { journal.set_enabled(true); }
  void Record(int db, std::string_view key) {
    journal.Record(DbIndex(static_cast<uint8_t>(db)), {"DEL", key});
  }
  std::string Take() { return Words(journal.TakeRecords()); }

  Journal journal;
};

TEST_F(JournalTest, DropsAllWhileDisabled) {
  journal.set_enabled(false);
  Record(3, "k");
  journal.BeginGroup();
  journal.RecordRaw(DbIndex(0), "*1\r\n$1\r\nX\r\n");
  journal.EndGroup();
  EXPECT_TRUE(journal.empty());
  EXPECT_EQ(Take(), "");
}

TEST_F(JournalTest, KeepsRawBytesAsTheyCame) {
  journal.RecordRaw(DbIndex(0), "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$2\r\n\r\n\r\n");
  EXPECT_EQ(journal.record_count(), 1u);
  EXPECT_EQ(journal.TakeRecords(), "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$2\r\n\r\n\r\n");
  EXPECT_EQ(journal.bytes(), 0u);
  EXPECT_EQ(journal.record_count(), 0u);
}

TEST_F(JournalTest, EveryBatchBeginsAndEndsInDatabaseZero) {
  Record(0, "a");
  Record(2, "b");
  Record(2, "c");
  Record(11, "d");
  EXPECT_EQ(journal.record_count(), 4u);
  EXPECT_EQ(Take(), "DEL a; SELECT 2; DEL b; DEL c; SELECT 11; DEL d; SELECT 0; ");
  Record(0, "e");
  EXPECT_EQ(Take(), "DEL e; ");
}

TEST_F(JournalTest, GroupsAreWrappedWhenTheyHoldMoreThanOneRecord) {
  journal.BeginGroup();
  journal.EndGroup();
  journal.BeginGroup();
  Record(0, "alone");
  journal.EndGroup();
  journal.BeginGroup();
  Record(1, "a");
  journal.BeginGroup();
  Record(1, "b");
  journal.EndGroup();
  Record(0, "c");
  journal.EndGroup();
  EXPECT_EQ(Take(), "DEL alone; SELECT 1; MULTI; DEL a; DEL b; SELECT 0; DEL c; EXEC; ");
}

TEST_F(JournalTest, AnAbortedGroupLeavesNothing) {
  Record(0, "before");
  const Journal::Mark mark = journal.BeginUndoableGroup();
  Record(3, "a");
  Record(0, "b");
  journal.AbortGroup(mark);
  Record(0, "after");
  EXPECT_EQ(journal.record_count(), 2u);
  EXPECT_EQ(Take(), "DEL before; DEL after; ");
}

TEST_F(JournalTest, AnAbortedGroupLeavesTheGroupAroundItWhole) {
  journal.BeginGroup();
  Record(0, "a");
  const Journal::Mark mark = journal.BeginUndoableGroup();
  Record(5, "b");
  journal.AbortGroup(mark);
  Record(0, "c");
  journal.EndGroup();
  EXPECT_EQ(Take(), "MULTI; DEL a; DEL c; EXEC; ");
}

TEST_F(JournalTest, AnAbortedGroupAtTheStartOfAnother) {
  journal.BeginGroup();
  const Journal::Mark mark = journal.BeginUndoableGroup();
  Record(5, "b");
  Record(5, "c");
  journal.AbortGroup(mark);
  Record(5, "d");
  journal.EndGroup();
  EXPECT_EQ(Take(), "SELECT 5; DEL d; SELECT 0; ");
}

TEST_F(JournalTest, WhatExpiredInAnAbortedGroupStaysDeleted) {
  const Journal::Mark mark = journal.BeginUndoableGroup();
  Record(0, "a");
  journal.RecordGone(DbIndex(2), "expired");
  Record(0, "b");
  journal.AbortGroup(mark);
  EXPECT_EQ(Take(), "SELECT 2; DEL expired; SELECT 0; ");
}

TEST_F(JournalTest, AnUndoableGroupThatIsKeptIsAGroup) {
  journal.BeginUndoableGroup();
  Record(0, "a");
  journal.RecordGone(DbIndex(0), "b");
  journal.EndUndoableGroup();
  EXPECT_EQ(Take(), "MULTI; DEL a; DEL b; EXEC; ");
}

TEST_F(JournalTest, TakeAppendsToWhatTheCallerHas) {
  Record(0, "a");
  std::string out = "*1\r\n$5\r\nFIRST\r\n";
  journal.TakeRecords(&out);
  EXPECT_EQ(Words(out), "FIRST; DEL a; ");
}

}  // namespace
}  // namespace basalt
