// The same behaviour from the real file system and from the simulated one, then what only the
// simulator can show.
#include "core/io/file.h"

#include <cstdlib>
#include <filesystem>

#include "gtest/gtest.h"
#include "tests/support/sim_file_system.h"

namespace basalt {
namespace {

class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      char name[] = "/tmp/basalt-file-test-XXXXXX";
      directory_ = mkdtemp(name);
    } else {
      directory_ = "/disk";
      ASSERT_TRUE(sim_.MakeDirectory(directory_).ok());
    }
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(directory_);
  }

  FileSystem& fs() { return GetParam() ? PosixFileSystem() : sim_; }
  std::string Path(std::string_view name) const { return JoinPath(directory_, name); }
  std::unique_ptr<File> Make(std::string_view name) {
    auto file = fs().Open(Path(name), OpenMode::kCreate);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  SimFileSystem sim_;
  std::string directory_;
};

TEST_P(FileSystemTest, ReadsWhatWasWritten) {
  auto file = Make("a");
  ASSERT_TRUE(file->Append("hello ").ok());
  ASSERT_TRUE(file->Append("world").ok());
  ASSERT_TRUE(file->PWrite(0, "J").ok());
  EXPECT_EQ(*file->Size(), 11u);
  char out[32];
  EXPECT_EQ(*file->PRead(0, out, sizeof(out)), 11u);
  EXPECT_EQ(std::string(out, 11), "Jello world");
  EXPECT_EQ(*file->PRead(6, out, 2), 2u);
  EXPECT_EQ(*file->PRead(11, out, 2), 0u);
  EXPECT_EQ(*fs().ReadAll(Path("a")), "Jello world");
}

TEST_P(FileSystemTest, PreallocationDoesNotChangeTheSize) {
  auto file = Make("a");
  ASSERT_TRUE(file->Preallocate(1 << 20).ok());
  EXPECT_EQ(*file->Size(), 0u);
  ASSERT_TRUE(file->Append("x").ok());
  EXPECT_EQ(*file->Size(), 1u);
}

TEST_P(FileSystemTest, TruncateShortens) {
  auto file = Make("a");
  ASSERT_TRUE(file->Append("0123456789").ok());
  ASSERT_TRUE(file->Truncate(4).ok());
  ASSERT_TRUE(file->Append("x").ok());
  EXPECT_EQ(*fs().ReadAll(Path("a")), "0123x");
}

TEST_P(FileSystemTest, ModesOfOpening) {
  EXPECT_TRUE(absl::IsNotFound(fs().Open(Path("a"), OpenMode::kRead).status()));
  EXPECT_TRUE(absl::IsNotFound(fs().Open(Path("a"), OpenMode::kReadWrite).status()));
  ASSERT_TRUE(Make("a")->Append("text").ok());
  EXPECT_EQ(*(*fs().Open(Path("a"), OpenMode::kCreate))->Size(), 4u);
  EXPECT_EQ(*(*fs().Open(Path("a"), OpenMode::kCreateEmpty))->Size(), 0u);
}

TEST_P(FileSystemTest, NamesCanBeListedMovedAndRemoved) {
  Make("b");
  Make("a");
  EXPECT_EQ(*fs().List(directory_), (std::vector<std::string>{"a", "b"}));
  ASSERT_TRUE(fs().Rename(Path("a"), Path("c")).ok());
  ASSERT_TRUE(fs().Remove(Path("b")).ok());
  EXPECT_TRUE(absl::IsNotFound(fs().Remove(Path("b"))));
  EXPECT_EQ(*fs().List(directory_), std::vector<std::string>{"c"});
  EXPECT_TRUE(absl::IsNotFound(fs().Stat(Path("a")).status()));
  EXPECT_FALSE(fs().Stat(Path("c"))->is_directory);
  EXPECT_TRUE(fs().Stat(directory_)->is_directory);
  EXPECT_TRUE(fs().MakeDirectory(directory_).ok());
}

TEST_P(FileSystemTest, AtomicWriteLeavesNoTemporaryFile) {
  ASSERT_TRUE(fs().WriteAtomically(Path("m"), "one").ok());
  ASSERT_TRUE(fs().WriteAtomically(Path("m"), "two").ok());
  EXPECT_EQ(*fs().ReadAll(Path("m")), "two");
  EXPECT_EQ(*fs().List(directory_), std::vector<std::string>{"m"});
}

TEST_P(FileSystemTest, LockIsExclusiveUntilReleased) {
  auto lock = fs().Lock(Path("lock"));
  ASSERT_TRUE(lock.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(fs().Lock(Path("lock")).status()));
  lock->reset();
  EXPECT_TRUE(fs().Lock(Path("lock")).ok());
}

INSTANTIATE_TEST_SUITE_P(Systems, FileSystemTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "Posix" : "Sim"; });

TEST(PathTest, JoinsAndSplits) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(DirectoryOf("a/b"), "a");
  EXPECT_EQ(DirectoryOf("/b"), "/");
  EXPECT_EQ(DirectoryOf("b"), ".");
}

TEST(SimFileSystemTest, PowerCutKeepsWhatWasSyncedAndMayTearTheRest) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SimFileSystem fs;
    auto file = *fs.Open("f", OpenMode::kCreate);
    ASSERT_TRUE(fs.SyncDirectory(".").ok());
    ASSERT_TRUE(file->Append("synced").ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Append(std::string(2000, 'x')).ok());
    fs.PowerCut(seed);
    const std::string bytes = *fs.ReadAll("f");
    ASSERT_EQ(bytes.substr(0, 6), "synced");
    EXPECT_FALSE(file->Append("y").ok());
    outcomes.insert(bytes);
  }
  EXPECT_TRUE(outcomes.contains("synced"));
  EXPECT_TRUE(outcomes.contains("synced" + std::string(2000, 'x')));
  EXPECT_GT(outcomes.size(), 4u);
}

TEST(SimFileSystemTest, NamesNeedASyncOfTheirFolder) {
  bool lost = false, kept = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimFileSystem fs;
    auto file = *fs.Open("f", OpenMode::kCreate);
    ASSERT_TRUE(file->Append("x").ok());
    ASSERT_TRUE(file->Sync().ok());
    fs.PowerCut(seed);
    (fs.Exists("f") ? kept : lost) = true;
  }
  EXPECT_TRUE(lost);
  EXPECT_TRUE(kept);
}

TEST(SimFileSystemTest, AtomicWriteGivesOldOrNewWhereverThePowerGoes) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SimFileSystem fs;
    ASSERT_TRUE(fs.WriteAtomically("m", "old").ok());
    uint64_t left = seed % 6;
    fs.fault = [&](std::string_view, const std::string&) { return left-- == 0 ? EIO : 0; };
    const bool done = fs.WriteAtomically("m", "new").ok();
    fs.fault = nullptr;
    fs.PowerCut(seed);
    const std::string text = *fs.ReadAll("m");
    EXPECT_TRUE(text == "new" || (!done && text == "old")) << text << " seed " << seed;
  }
}

TEST(SimFileSystemTest, FailedSyncLosesWhatItShouldHaveSavedEvenIfALaterOneSucceeds) {
  SimFileSystem fs;
  auto file = *fs.Open("f", OpenMode::kCreate);
  ASSERT_TRUE(fs.SyncDirectory(".").ok());
  ASSERT_TRUE(file->Append("lost").ok());
  fs.fault = [](std::string_view operation, const std::string&) {
    return operation == "sync" ? EIO : 0;
  };
  EXPECT_FALSE(file->Sync().ok());
  fs.fault = nullptr;
  EXPECT_TRUE(file->Sync().ok());
  fs.PowerCut(1);
  EXPECT_EQ(*fs.ReadAll("f"), "");
}

TEST(SimFileSystemTest, FullDiskRefusesWrites) {
  SimFileSystem fs;
  fs.capacity = 10;
  auto file = *fs.Open("f", OpenMode::kCreate);
  ASSERT_TRUE(file->Append("0123456789").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(file->Append("x")));
}

}  // namespace
}  // namespace basalt
