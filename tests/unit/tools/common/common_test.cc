// Options, moments, JSON, quoting, and finding a log or a server in a directory.
#include <gtest/gtest.h>

#include "core/base/strings.h"
#include "persistence/aof/log_format.h"
#include "persistence/aof/manifest_store.h"
#include "tests/support/redis_process.h"
#include "tools/common/data_directory.h"
#include "tools/common/json_text.h"
#include "tools/common/option_parser.h"
#include "tools/common/output.h"
#include "tools/common/progress.h"

namespace basalt::tools {
namespace {

class OptionParserTest : public testing::Test {
 protected:
  OptionParserTest() {
    parser_.Flag("--flag", &flag_);
    parser_.Text("--text", &text_);
    parser_.Number("--number", 1, 10, &number_);
  }
  std::string Parse(std::vector<const char*> words) {
    words.insert(words.begin(), "program");
    return parser_.Parse(static_cast<int>(words.size()), words.data(), &arguments_, &help_);
  }

  OptionParser parser_;
  bool flag_ = false, help_ = false;
  std::string text_;
  uint64_t number_ = 0;
  std::vector<std::string> arguments_;
};

TEST_F(OptionParserTest, TakesOptionsInEveryForm) {
  EXPECT_EQ(Parse({"first", "--flag", "--text=a=b", "--number", "7", "-", "--", "--flag"}), "");
  EXPECT_TRUE(flag_);
  EXPECT_EQ(text_, "a=b");
  EXPECT_EQ(number_, 7u);
  EXPECT_EQ(arguments_, (std::vector<std::string>{"first", "-", "--flag"}));
}

TEST_F(OptionParserTest, SaysWhatIsWrong) {
  EXPECT_EQ(Parse({"--flags"}), "no such option: --flags");
  EXPECT_EQ(Parse({"--flag=1"}), "--flag takes no value");
  EXPECT_EQ(Parse({"--number"}), "--number needs a value");
  for (const char* bad : {"0", "11", "x", "", "7x", "-1"}) {
    EXPECT_EQ(Parse({"--number", bad}), StrCat("bad value for --number: ", bad));
  }
  EXPECT_EQ(Parse({"--text="}), "bad value for --text: ");
  EXPECT_EQ(Parse({"--help", "--nonsense"}), "");
  EXPECT_TRUE(help_);
}

TEST(MomentTest, ReadsSecondsAndDates) {
  int64_t s = -1;
  EXPECT_TRUE(ParseMoment("1700000000", &s));
  EXPECT_EQ(s, 1'700'000'000);
  for (const char* text : {"2023-11-14 22:13:20", "2023-11-14T22:13:20Z", "2023-11-14 22:13:20Z"}) {
    EXPECT_TRUE(ParseMoment(text, &s)) << text;
    EXPECT_EQ(s, 1'700'000'000) << text;
  }
  EXPECT_EQ(MomentText(s), "2023-11-14 22:13:20 UTC");
  for (const char* text : {"", "-1", "yesterday", "2023-11-14", "2023-11-14 22:13:20 CET"}) {
    EXPECT_FALSE(ParseMoment(text, &s)) << text;
  }
}

TEST(JsonTextTest, NestsAndEscapes) {
  JsonText json;
  json.BeginObject();
  json.Member("text", "a\"\\\n\xff");
  json.BeginArray("list");
  json.Element("x");
  json.BeginObject();
  json.EndObject();
  json.BeginObject();
  json.Member("n", uint64_t{18446744073709551615u});
  json.Member("m", int64_t{-1});
  json.Member("yes", true);
  json.EndObject();
  json.EndArray();
  json.EndObject();
  EXPECT_EQ(json.Take(),
            "{\"text\":\"a\\\"\\\\\\u000a\\u00ff\",\"list\":[\"x\",{},{\"n\":18446744073709551615,"
            "\"m\":-1,\"yes\":true}]}\n");
}

TEST(QuotedTest, ShowsBytesWithinBounds) {
  EXPECT_EQ(Quoted(std::string_view("a\0\"\xc3", 4), 10), "\"a\\x00\\\"\\xc3\"");
  EXPECT_EQ(Quoted("abcdef", 3), "\"abc\"...");
}

TEST(SizeTextTest, PicksTheUnit) {
  EXPECT_EQ(SizeText(0), "0 bytes");
  EXPECT_EQ(SizeText(1023), "1023 bytes");
  EXPECT_EQ(SizeText(1536), "1.5 KB");
  EXPECT_EQ(SizeText(uint64_t{3} << 30), "3.0 GB");
}

class DataDirectoryTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) { return JoinPath(folder_.path(), name); }
  void Write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(fs_.WriteAtomically(Path(name), text).ok());
  }
  void MakeLog() {
    ManifestStore store(&fs_, Path("appendonlydir"), "appendonly.aof");
    ASSERT_TRUE(store.Create(2, 7, Epoch(1)).ok());
  }

  FileSystem& fs_ = PosixFileSystem();
  TemporaryFolder folder_;
};

TEST_F(DataDirectoryTest, FindsALogFromEveryPath) {
  MakeLog();
  Write("dump.1.manifest", "basalt-snapshot 1\n");
  for (const char* path :
       {"", "appendonlydir", "appendonlydir/", "appendonlydir/appendonly.aof.manifest"}) {
    const auto place = FindLog(fs_, Path(path));
    ASSERT_TRUE(place.ok()) << path << place.status();
    EXPECT_EQ(place->kind, LogPlace::Kind::kOwn);
    EXPECT_EQ(place->stem, "appendonly.aof");
    EXPECT_TRUE(place->file.empty());
  }
  // Without the manifest it is still a log, which lost it.
  ASSERT_TRUE(fs_.Remove(Path("appendonlydir/appendonly.aof.manifest")).ok());
  EXPECT_EQ(FindLog(fs_, Path("appendonlydir"))->stem, "appendonly.aof");
}

TEST_F(DataDirectoryTest, TellsKindsApart) {
  std::string line;
  AppendFileHeader(&line, LogFileHeader{});
  Write("some.incr.aof", line);
  EXPECT_EQ(FindLog(fs_, Path("some.incr.aof"))->kind, LogPlace::Kind::kOwnFile);
  Write("old.aof", "*1\r\n$4\r\nPING\r\n");
  const auto old = FindLog(fs_, Path("old.aof"));
  EXPECT_EQ(old->kind, LogPlace::Kind::kRedisFile);
  EXPECT_EQ(old->file, "old.aof");
  EXPECT_TRUE(absl::IsNotFound(FindLog(fs_, folder_.path()).status()));
  Write("log.manifest", "file log.1.incr.aof seq 1 type i\n");
  EXPECT_EQ(FindLog(fs_, folder_.path())->kind, LogPlace::Kind::kRedisFolder);
  Write("other.manifest", "file other.1.incr.aof seq 1 type i\n");
  EXPECT_TRUE(absl::IsInvalidArgument(FindLog(fs_, folder_.path()).status()));
  EXPECT_TRUE(absl::IsNotFound(FindLog(fs_, Path("missing")).status()));
}

TEST_F(DataDirectoryTest, SeesAServerFromTheFolderTheLogAndItsFiles) {
  MakeLog();
  const std::vector<std::string> paths = {folder_.path(), Path("appendonlydir"),
                                          Path("appendonlydir/appendonly.aof.manifest")};
  for (const std::string& path : paths) EXPECT_FALSE(ServerRunsAt(fs_, path));
  EXPECT_FALSE(fs_.Stat(Path("basalt.lock")).ok()) << "looking must not create it";
  {
    auto lock = fs_.Lock(Path("basalt.lock"));
    ASSERT_TRUE(lock.ok());
    for (const std::string& path : paths) {
      EXPECT_TRUE(ServerRunsAt(fs_, path)) << path;
      EXPECT_TRUE(absl::IsFailedPrecondition(LockAgainstServers(fs_, path).status()));
    }
  }
  auto held = LockAgainstServers(fs_, Path("appendonlydir"));
  ASSERT_TRUE(held.ok());
  EXPECT_FALSE(fs_.Lock(Path("basalt.lock")).ok()) << "no server may start meanwhile";
}

TEST_F(DataDirectoryTest, ExchangeSwapsFolders) {
  ASSERT_TRUE(fs_.MakeDirectory(Path("a")).ok());
  ASSERT_TRUE(fs_.MakeDirectory(Path("b")).ok());
  Write("a/x", "of a");
  Write("b/x", "of b");
  const absl::Status swapped = fs_.Exchange(Path("a"), Path("b"));
  if (absl::IsUnimplemented(swapped)) GTEST_SKIP() << swapped;
  ASSERT_TRUE(swapped.ok()) << swapped;
  EXPECT_EQ(*fs_.ReadAll(Path("a/x")), "of b");
  EXPECT_EQ(*fs_.ReadAll(Path("b/x")), "of a");
}

}  // namespace
}  // namespace basalt::tools
