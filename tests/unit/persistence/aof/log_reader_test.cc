#include "persistence/aof/log_reader.h"

#include "gtest/gtest.h"
#include "tests/support/log_world.h"

namespace basalt {
namespace {

using Commands = std::vector<std::vector<std::string>>;

class LogReaderTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(fs_.MakeDirectory("d").ok()); }
  void Write(const std::string& text) { fs_.SetBytes("d/f", text); }

  absl::StatusOr<Commands> ReadAll(std::vector<LogRange> ranges, size_t step, size_t read_size) {
    Commands commands;
    LogReader reader(&fs_, "d", std::move(ranges), read_size);
    while (true) {
      auto done = reader.Step(step, [&](std::span<const std::string_view> args) {
        commands.emplace_back(args.begin(), args.end());
        return absl::OkStatus();
      });
      if (!done.ok()) return done.status();
      if (*done) {
        EXPECT_EQ(reader.bytes_read(), reader.bytes_total());
        EXPECT_EQ(reader.commands(), commands.size());
        return commands;
      }
    }
  }
  absl::StatusOr<ForeignScan> Scan(bool load_truncated = true, bool last_file = true) {
    RecoveryOptions options;
    options.load_truncated = load_truncated;
    options.read_size = 7;
    return ScanForeignLog(fs_, "d", "f", 0, last_file, options);
  }

  SimFileSystem fs_;
};

TEST_F(LogReaderTest, ReadsCommandsAndSkipsAnnotationsInStepsOfAnySize) {
  const Commands commands = {
      {"SELECT", "1"}, {"SET", "key", std::string("a\r\n\0#b", 7)}, {"SET", "k", ""}, {"PING"}};
  std::string text = "#TS:1700000000\r\n";
  for (const auto& command : commands) text += RespCommand(command) + "#mark\r\n";
  Write(text);
  for (size_t step : {1, 10, 1000}) {
    for (size_t read_size : {1, 3, 64, 4096}) {
      auto read = ReadAll({{"f", 0, text.size()}}, step, read_size);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(*read, commands);
    }
  }
}

TEST_F(LogReaderTest, StepStopsNearItsBound) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += RespCommand({"SET", "k", "v"});
  Write(text);
  LogReader reader(&fs_, "d", {{"f", 0, text.size()}});
  int calls = 0;
  auto done = reader.Step(10 * RespCommand({"SET", "k", "v"}).size(), [&](auto) {
    ++calls;
    return absl::OkStatus();
  });
  ASSERT_TRUE(done.ok());
  EXPECT_FALSE(*done);
  EXPECT_EQ(calls, 10);
}

TEST_F(LogReaderTest, ReadsOnlyTheRanges) {
  const std::string one = RespCommand({"A"});
  Write(one + RespCommand({"B"}) + RespCommand({"C"}) + RespCommand({"D"}));
  const size_t n = one.size();
  auto read = ReadAll({{"f", 0, n}, {"f", 2 * n, 3 * n}}, 1, 4);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, (Commands{{"A"}, {"C"}}));
  EXPECT_TRUE(ReadAll({}, 1, 4)->empty());
}

TEST_F(LogReaderTest, SinkErrorsStopTheReader) {
  Write(RespCommand({"A"}) + RespCommand({"B"}));
  LogReader reader(&fs_, "d", {{"f", 0, 2 * RespCommand({"A"}).size()}});
  auto done = reader.Step(1000, [](auto) { return absl::InternalError("no"); });
  EXPECT_EQ(done.status(), absl::InternalError("no"));
}

TEST_F(LogReaderTest, DamageIsReportedWithFileAndOffset) {
  const std::string good = RespCommand({"SET", "k", "v"});
  for (std::string bad : {"hello\r\n", "*x\r\n", "*0\r\n", "*1\r\n+OK\r\n", "*1\r\n$-1\r\n",
                          "*1\r\n$1\r\nab\r\n", "*1\r\n$99999999999999999999\r\n", "*-1\r\n"}) {
    Write(good + bad);
    auto read = ReadAll({{"f", 0, good.size() + bad.size()}}, 100, 5);
    ASSERT_TRUE(absl::IsDataLoss(read.status())) << bad;
    const std::string message(read.status().message());
    EXPECT_NE(message.find(StrCat("f at byte ", good.size())), std::string::npos) << message;
    EXPECT_TRUE(absl::IsDataLoss(Scan().status())) << bad;
  }
}

TEST_F(LogReaderTest, ForeignFileEndsAtTheLastWholeCommandWhereverItIsCut) {
  std::vector<std::string> commands = {RespCommand({"SET", "a", "1"}), "#TS:1\r\n",
                                       RespCommand({"SET", "b", "22"})};
  std::string text;
  std::vector<size_t> ends = {0};
  for (const std::string& command : commands) ends.push_back((text += command).size());
  for (size_t n = 0; n <= text.size(); ++n) {
    Write(text.substr(0, n));
    auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << scan.status() << " at " << n;
    const size_t end = *std::prev(std::upper_bound(ends.begin(), ends.end(), n));
    EXPECT_EQ(scan->range.to, end) << n;
    EXPECT_EQ(scan->findings.empty(), end == n);
    EXPECT_EQ(Scan(false).ok(), end == n);
    EXPECT_EQ(Scan(true, false).ok(), end == n) << "only the last part of several may be torn";
  }
}

TEST_F(LogReaderTest, ForeignOpenMultiIsLeftOut) {
  const std::string before = RespCommand({"SET", "a", "1"});
  const std::string multi = RespCommand({"multi"}) + RespCommand({"SET", "b", "1"});
  Write(before + multi);
  auto scan = Scan();
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(scan->range.to, before.size());
  ASSERT_EQ(scan->findings.size(), 1u);
  EXPECT_EQ(scan->findings[0].found, RecoveryCase::kForeignMultiOpen);
  Write(before + multi + RespCommand({"EXEC"}));
  EXPECT_EQ(Scan()->range.to, (before + multi + RespCommand({"EXEC"})).size());
}

TEST_F(LogReaderTest, RdbPreambleIsSeen) {
  Write("REDIS0010...");
  EXPECT_TRUE(*HasRdbPreamble(fs_, "d/f"));
  Write("*1\r\n");
  EXPECT_FALSE(*HasRdbPreamble(fs_, "d/f"));
  Write("");
  EXPECT_FALSE(*HasRdbPreamble(fs_, "d/f"));
}

}  // namespace
}  // namespace basalt
