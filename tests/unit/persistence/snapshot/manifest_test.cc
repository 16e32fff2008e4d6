// The snapshot manifest: its text form, and which snapshot of a folder is chosen, whatever is
// missing, rotten or left over.
#include "persistence/snapshot/manifest.h"

#include <gtest/gtest.h>

#include "core/base/strings.h"
#include "persistence/snapshot/manifest_files.h"
#include "tests/support/memory_files.h"
#include "tests/support/seeded.h"

namespace basalt {
namespace {

constexpr char kDir[] = "data";
constexpr char kName[] = "dump.rdb";

class SnapshotManifestTest : public SeededTest {
 protected:
  using Source = SnapshotChoice::Source;

  // A snapshot of `shards` files whose contents do not matter here.
  SnapshotManifest WriteFiles(uint64_t generation, uint16_t shards) {
    SnapshotManifest manifest{
        .generation = generation, .epoch = Epoch(generation * 10), .created_unix_s = 1700000000};
    for (uint16_t i = 0; i < shards; ++i) {
      const std::string name = SnapshotShardName(kName, ShardId(i), generation);
      files_[Path(name)] = std::string(100 + i, 'r');
      manifest.shards.push_back({.name = name, .bytes = 100u + i, .crc64 = generation << 40 | i});
    }
    return manifest;
  }
  void WriteSnapshot(uint64_t generation, uint16_t shards = 3) {
    const absl::Status status = StoreManifest(files_, kDir, kName, WriteFiles(generation, shards));
    ASSERT_TRUE(status.ok()) << status;
  }
  static std::string Path(const std::string& name) { return JoinPath(kDir, name); }
  static std::string ManifestPath(uint64_t generation) {
    return Path(SnapshotManifestName(kName, generation));
  }
  static std::string ShardPath(uint16_t shard, uint64_t generation) {
    return Path(SnapshotShardName(kName, ShardId(shard), generation));
  }
  SnapshotChoice Choose() {
    absl::StatusOr<SnapshotChoice> choice = ChooseSnapshot(files_, kDir, kName);
    EXPECT_TRUE(choice.ok()) << choice.status();
    return choice.value_or(SnapshotChoice{});
  }

  MemoryFiles files_;
};

TEST_F(SnapshotManifestTest, NamesComeFromDbfilename) {
  EXPECT_EQ(SnapshotShardName("dump.rdb", ShardId(2), 17), "dump.shard-2.17.rdb");
  EXPECT_EQ(SnapshotManifestName("dump.rdb", 17), "dump.17.manifest");
  EXPECT_EQ(SnapshotShardName("data", ShardId(0), 1), "data.shard-0.1.rdb");
}

TEST_F(SnapshotManifestTest, TellsItsOwnNamesFromOthers) {
  using Kind = SnapshotName::Kind;
  EXPECT_EQ(ParseSnapshotName(kName, "dump.shard-2.17.rdb").kind, Kind::kShard);
  EXPECT_EQ(ParseSnapshotName(kName, "dump.shard-2.17.rdb").generation, 17u);
  EXPECT_TRUE(ParseSnapshotName(kName, "dump.shard-2.17.rdb.tmp").temporary);
  EXPECT_EQ(ParseSnapshotName(kName, "dump.9.manifest").kind, Kind::kManifest);
  for (const char* foreign :
       {"dump.rdb", "dump.rdb.tmp", "dump.manifest", "dump.x.manifest", "dump.shard-2.rdb",
        "dump.shard-999.1.rdb", "dump.shard-02.1.rdb", "other.shard-2.17.rdb", "dump.-1.manifest",
        "dump.1.manifest.bak", "xdump.1.manifest", ""}) {
    EXPECT_EQ(ParseSnapshotName(kName, foreign).kind, Kind::kForeign) << foreign;
  }
}

TEST_F(SnapshotManifestTest, TextComesBack) {
  SnapshotManifest manifest = WriteFiles(12, 5);
  manifest.shards[3].name = "a name with spaces.rdb";
  manifest.shards[4].crc64 = ~uint64_t{0};
  absl::StatusOr<SnapshotManifest> parsed = ParseManifest(FormatManifest(manifest));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, manifest);
}

TEST_F(SnapshotManifestTest, AnyWrongByteIsRefused) {
  const std::string good = FormatManifest(WriteFiles(12, 3));
  for (size_t at = 0; at < good.size(); ++at) {
    EXPECT_FALSE(ParseManifest(good.substr(0, at)).ok());
    std::string bad = good;
    bad[at] ^= static_cast<char>(1 + Below(255));
    EXPECT_FALSE(ParseManifest(bad).ok()) << "byte " << at;
  }
  EXPECT_FALSE(ParseManifest(good + "\n").ok());
}

TEST_F(SnapshotManifestTest, NeverNamesAFileElsewhere) {
  for (const char* name : {"../dump.rdb", "/etc/passwd", "..", "", "a/b"}) {
    SnapshotManifest manifest = WriteFiles(1, 1);
    manifest.shards[0].name = name;
    EXPECT_FALSE(ParseManifest(FormatManifest(manifest)).ok()) << name;
  }
}

TEST_F(SnapshotManifestTest, IsStoredOnlyOverWholeFiles) {
  const SnapshotManifest manifest = WriteFiles(1, 2);
  files_[ShardPath(1, 1)] += "x";
  EXPECT_FALSE(StoreManifest(files_, kDir, kName, manifest).ok());
  EXPECT_FALSE(files_.Has(ManifestPath(1)));
}

TEST_F(SnapshotManifestTest, EmptyFolderOffersNothing) {
  EXPECT_EQ(Choose().source, Source::kNone);
  EXPECT_EQ(NextSnapshotGeneration(files_, kDir, kName).value_or(0), 1u);
}

TEST_F(SnapshotManifestTest, PlainRdbIsTakenOver) {
  files_[Path(kName)] = "REDIS0010";
  EXPECT_EQ(Choose().source, Source::kPlainRdb);
  EXPECT_TRUE(Choose().notes.empty());
}

TEST_F(SnapshotManifestTest, NewestWholeSnapshotIsChosen) {
  files_[Path(kName)] = "REDIS0010";
  WriteSnapshot(9);
  WriteSnapshot(10);
  WriteFiles(11, 3);  // a save that was cut off before its manifest
  files_[ManifestPath(12) + ".tmp"] = "half";
  SnapshotChoice choice = Choose();
  EXPECT_EQ(choice.source, Source::kSnapshot);
  EXPECT_EQ(choice.manifest.generation, 10u);
  EXPECT_FALSE(choice.damaged);
  ASSERT_EQ(choice.notes.size(), 1u);
  EXPECT_EQ(choice.notes[0], "data/dump.rdb is not loaded: there is a snapshot of generation 10");
  EXPECT_EQ(NextSnapshotGeneration(files_, kDir, kName).value_or(0), 13u);
}

TEST_F(SnapshotManifestTest, DamageIsReportedAndTheOlderOneOffered) {
  WriteSnapshot(1);
  WriteSnapshot(2);
  files_[ShardPath(1, 2)].pop_back();
  SnapshotChoice choice = Choose();
  EXPECT_TRUE(choice.damaged);
  EXPECT_EQ(choice.manifest.generation, 1u);
  ASSERT_EQ(choice.notes.size(), 1u);
  EXPECT_EQ(
      choice.notes[0],
      "snapshot 2 is not whole: data/dump.shard-1.2.rdb has 100 bytes, its manifest says 101");

  ASSERT_TRUE(files_.Remove(ShardPath(0, 1)).ok());
  files_[ManifestPath(2)][20] ^= 1;
  choice = Choose();
  EXPECT_TRUE(choice.damaged);
  EXPECT_EQ(choice.source, Source::kNone);
  EXPECT_EQ(choice.notes.size(), 2u);
}

TEST_F(SnapshotManifestTest, ManifestUnderAnothersNameIsDamage) {
  WriteSnapshot(1);
  files_[ManifestPath(2)] = files_[ManifestPath(1)];
  EXPECT_TRUE(Choose().damaged);
  EXPECT_EQ(Choose().manifest.generation, 1u);
}

TEST_F(SnapshotManifestTest, OlderSnapshotsGoOnlyAfterTheNewOneIsWhole) {
  WriteSnapshot(1);
  const SnapshotManifest second = WriteFiles(2, 3);
  EXPECT_EQ(RemoveOlderSnapshots(files_, kDir, kName, 2).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Choose().manifest.generation, 1u);

  ASSERT_TRUE(StoreManifest(files_, kDir, kName, second).ok());
  files_[ShardPath(7, 1) + ".tmp"] = "left over";
  files_[Path(kName)] = "plain";
  files_[Path("unrelated.1.manifest")] = "foreign";
  ASSERT_TRUE(RemoveOlderSnapshots(files_, kDir, kName, 2).ok());
  EXPECT_EQ(Choose().manifest, second);
  EXPECT_FALSE(files_.Has(ManifestPath(1)));
  EXPECT_FALSE(files_.Has(ShardPath(0, 1)));
  EXPECT_FALSE(files_.Has(ShardPath(7, 1) + ".tmp"));
  EXPECT_TRUE(files_.Has(Path(kName)));
  EXPECT_TRUE(files_.Has(Path("unrelated.1.manifest")));
}

// A save that fails at any operation leaves the snapshot before it, or the new one.
TEST_F(SnapshotManifestTest, FailureAtAnyPointLeavesAWholeSnapshot) {
  for (int operations = 0; operations < 12; ++operations) {
    files_ = MemoryFiles();
    WriteSnapshot(1);
    const SnapshotManifest second = WriteFiles(2, 3);
    files_.FailAfter(operations);
    absl::Status status = StoreManifest(files_, kDir, kName, second);
    if (status.ok()) status = RemoveOlderSnapshots(files_, kDir, kName, 2);
    files_.FailAfter(-1);
    const SnapshotChoice choice = Choose();
    EXPECT_EQ(choice.source, Source::kSnapshot);
    EXPECT_FALSE(choice.damaged);
    if (status.ok()) EXPECT_EQ(choice.manifest, second);
  }
}

}  // namespace
}  // namespace basalt
