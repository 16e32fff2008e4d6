#include "persistence/aof/manifest.h"

#include "gtest/gtest.h"
#include "persistence/aof/manifest_store.h"
#include "tests/support/sim_file_system.h"

namespace basalt {
namespace {

Manifest SomeManifest() {
  Manifest manifest;
  manifest.generation = 4;
  manifest.shard_count = 2;
  manifest.salt = 0xfeedface12345678;
  manifest.base_epoch = Epoch(100);
  manifest.next_tx = TxId(55);
  manifest.settled =
      Settled{Epoch(120), {{Epoch(101), Epoch(105)}, {Epoch(110), Epoch(119)}}, {TxId(7), TxId(9)}};
  manifest.shards.resize(2);
  manifest.shards[0] = ShardFiles{BaseFile{"a.4.shard-0.base.rdb", 1234, 0xabc},
                                  Lsn(5000),
                                  {"a.5.shard-0.incr.aof"},
                                  Lsn(5100)};
  manifest.shards[1] =
      ShardFiles{std::nullopt, Lsn(0), {"a.5.shard-1.incr.aof", "a.6.shard-1.incr.aof"}};
  manifest.history = {"a.3.shard-0.incr.aof"};
  return manifest;
}

TEST(ManifestTest, RoundTrips) {
  auto parsed = Manifest::FromText(SomeManifest().ToText());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, SomeManifest());
}

TEST(ManifestTest, EveryCutAndEveryFlippedByteIsRefused) {
  const std::string text = SomeManifest().ToText();
  for (size_t n = 0; n < text.size(); ++n) {
    EXPECT_FALSE(Manifest::FromText(text.substr(0, n)).ok()) << n;
    std::string bad = text;
    bad[n] = static_cast<char>(bad[n] ^ 1);
    EXPECT_FALSE(Manifest::FromText(bad).ok()) << n;
  }
}

TEST(ManifestTest, NamesThatLeaveTheFolderAreRefused) {
  for (const char* name : {"../x", "a/b", "..", "."}) {
    Manifest manifest = SomeManifest();
    manifest.history = {name};
    EXPECT_FALSE(Manifest::FromText(manifest.ToText()).ok()) << name;
  }
}

TEST(ManifestTest, ReadsTheManifestOfRedis) {
  const std::string_view text =
      "file appendonly.aof.2.base.rdb seq 2 type b\n"
      "file appendonly.aof.1.incr.aof seq 1 type h\n"
      "file appendonly.aof.2.incr.aof seq 2 type i\n"
      "file appendonly.aof.3.incr.aof seq 3 type i\n";
  EXPECT_TRUE(LooksLikeRedisManifest(text));
  EXPECT_FALSE(LooksLikeRedisManifest(SomeManifest().ToText()));
  auto files = ParseRedisManifest(text);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(*files,
            (std::vector<std::string>{"appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof",
                                      "appendonly.aof.3.incr.aof"}));
  EXPECT_FALSE(ParseRedisManifest("file a seq 1 type z\n").ok());
  EXPECT_FALSE(ParseRedisManifest("file ../a seq 1 type b\n").ok());
  EXPECT_FALSE(ParseRedisManifest("file a seq\n").ok());
}

class ManifestStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.Create(2, 42, Epoch(1)).ok()); }

  std::vector<std::string> Incrementals(uint32_t shard) {
    return store_.current().shards[shard].incrementals;
  }
  Manifest OnDisk() {
    ManifestStore other(&fs_, "aof", "log");
    EXPECT_TRUE(other.Load().ok());
    return other.current();
  }
  std::vector<ManifestStore::NewBase> Bases(const std::vector<ManifestStore::OpenedFile>& files) {
    const uint64_t generation = store_.TakeGeneration();
    std::vector<ManifestStore::NewBase> bases;
    for (uint32_t i = 0; i < files.size(); ++i) {
      const std::string name = BaseFileName("log", generation, ShardId(static_cast<uint16_t>(i)));
      fs_.SetBytes("aof/" + name, "rdb");
      bases.push_back({BaseFile{name, 3, 0}, files[i].name, Lsn(10 + i)});
    }
    return bases;
  }

  SimFileSystem fs_;
  ManifestStore store_{&fs_, "aof", "log"};
};

TEST_F(ManifestStoreTest, CreatesOneFileForEachShard) {
  EXPECT_EQ(OnDisk(), store_.current());
  EXPECT_EQ(Incrementals(0), std::vector<std::string>{"log.1.shard-0.incr.aof"});
  EXPECT_EQ(Incrementals(1), std::vector<std::string>{"log.1.shard-1.incr.aof"});
  EXPECT_TRUE(fs_.Exists("aof/log.1.shard-1.incr.aof"));
}

TEST_F(ManifestStoreTest, AddedFilesAreListedBeforeTheyAreHandedOut) {
  auto added = store_.AddIncremental(ShardId(1), 0);
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(added->name, "log.2.shard-1.incr.aof");
  EXPECT_EQ(added->log_file.header.salt, 42u);
  EXPECT_EQ(added->log_file.header.first_slot, 8192);
  EXPECT_EQ(added->log_file.header.last_slot, 16383);
  fs_.PowerCut(3);
  EXPECT_EQ(OnDisk().shards[1].incrementals.back(), added->name);
  EXPECT_TRUE(fs_.Exists("aof/" + added->name));
}

TEST_F(ManifestStoreTest, FilesKnowTheSizeAtWhichTheyAreFull) {
  auto added = store_.AddIncremental(ShardId(1), 65536);
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(added->log_file.size_max, 65536u);
  auto files = store_.AddIncrementals(1 << 20);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)[0].log_file.size_max, 1u << 20);
  auto reopened = store_.OpenLast(ShardId(1), 0, 4096);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(reopened->log_file.size_max, 4096u);
}

TEST_F(ManifestStoreTest, RewriteMovesOlderFilesToHistoryAndThenRemovesThem) {
  ASSERT_TRUE(store_.AddIncremental(ShardId(0), 0).ok());
  auto files = store_.AddIncrementals(0);
  ASSERT_TRUE(files.ok());
  ASSERT_TRUE(
      store_.AddIncremental(ShardId(0), 0).ok());  // rotated once more while the rewrite ran
  ASSERT_TRUE(store_.CompleteRewrite(Bases(*files), Epoch(50), TxId(9)).ok());
  const Manifest manifest = OnDisk();
  EXPECT_EQ(manifest.generation, 2u);
  EXPECT_EQ(manifest.base_epoch, Epoch(50));
  EXPECT_EQ(manifest.shards[0].incrementals,
            (std::vector<std::string>{"log.3.shard-0.incr.aof", "log.4.shard-0.incr.aof"}));
  EXPECT_EQ(manifest.shards[1].start, Lsn(11));
  EXPECT_EQ(manifest.history,
            (std::vector<std::string>{"log.1.shard-0.incr.aof", "log.2.shard-0.incr.aof",
                                      "log.1.shard-1.incr.aof"}));
  ASSERT_TRUE(store_.RemoveHistory().ok());
  EXPECT_TRUE(OnDisk().history.empty());
  EXPECT_FALSE(fs_.Exists("aof/log.1.shard-0.incr.aof"));
  EXPECT_TRUE(fs_.Exists("aof/log.3.shard-0.incr.aof"));
}

TEST_F(ManifestStoreTest, PowerCutsDuringARewriteLeaveOneWholeManifestWithAllItsFiles) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem fs;
    ManifestStore store(&fs, "aof", "log");
    ASSERT_TRUE(store.Create(2, 42, Epoch(1)).ok());
    uint64_t left = seed % 40;
    fs.fault = [&](std::string_view, const std::string&) { return left == 0 ? EIO : (--left, 0); };
    if (auto files = store.AddIncrementals(0); files.ok()) {
      std::vector<ManifestStore::NewBase> bases;
      for (uint16_t i = 0; i < 2; ++i) {
        bases.push_back(
            {BaseFile{BaseFileName("log", 2, ShardId(i)), 0, 0}, (*files)[i].name, Lsn(0)});
      }
      if (store.CompleteRewrite(bases, Epoch(2), TxId(0)).ok()) (void)store.RemoveHistory();
    }
    fs.fault = nullptr;
    fs.PowerCut(seed);
    ManifestStore after(&fs, "aof", "log");
    ASSERT_TRUE(after.Load().ok()) << "seed " << seed;
    const Manifest manifest = after.current();
    for (const ShardFiles& shard : manifest.shards) {
      for (const std::string& name : shard.incrementals)
        EXPECT_TRUE(fs.Exists("aof/" + name)) << name << " seed " << seed;
    }
  }
}

// The rename has happened, the fsync of the folder failed: a power cut leaves either manifest. So
// the bases stay, and the next rewrite gives its own other names.
TEST_F(ManifestStoreTest, AManifestThatMayNotLastCountsAsTheOneThatStands) {
  auto files = store_.AddIncrementals(0);
  ASSERT_TRUE(files.ok());
  fs_.fault = [](std::string_view operation, const std::string&) {
    return operation == "syncdir" ? EIO : 0;
  };
  EXPECT_FALSE(store_.CompleteRewrite(Bases(*files), Epoch(50), TxId(9)).ok());
  fs_.fault = nullptr;
  EXPECT_EQ(store_.current(), OnDisk());
  EXPECT_EQ(store_.current().base_epoch, Epoch(50));
  EXPECT_EQ(store_.TakeGeneration(), 3u);
}

// The rename itself fails with an error, which leaves open what is on the disk: the bases of that
// rewrite keep their names for themselves.
TEST_F(ManifestStoreTest, AManifestThatMayStandKeepsItsNames) {
  auto files = store_.AddIncrementals(0);
  ASSERT_TRUE(files.ok());
  const auto lost = Bases(*files);
  fs_.fault = [](std::string_view operation, const std::string&) {
    return operation == "rename" ? EIO : 0;
  };
  EXPECT_FALSE(store_.CompleteRewrite(lost, Epoch(50), TxId(9)).ok());
  fs_.fault = nullptr;
  files = store_.AddIncrementals(0);
  ASSERT_TRUE(files.ok());
  const auto bases = Bases(*files);
  for (size_t i = 0; i < bases.size(); ++i) EXPECT_NE(bases[i].base.name, lost[i].base.name);
  ASSERT_TRUE(store_.CompleteRewrite(bases, Epoch(60), TxId(9)).ok());
  EXPECT_EQ(OnDisk().generation, 3u);
  EXPECT_EQ(store_.TakeGeneration(), 4u);
}

TEST_F(ManifestStoreTest, ReplacingTheWholeLogLeavesTheOldOrTheNewOneWhereverThePowerGoes) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SimFileSystem fs;
    ManifestStore store(&fs, "aof", "log");
    ASSERT_TRUE(store.Create(2, 42, Epoch(1)).ok());
    Manifest manifest;
    manifest.generation = 2;
    manifest.shard_count = 3;
    manifest.shards.resize(3);
    for (const ShardFiles& files : store.current().shards) {
      manifest.history.insert(manifest.history.end(), files.incrementals.begin(),
                              files.incrementals.end());
    }
    uint64_t left = seed % 20;
    fs.fault = [&](std::string_view, const std::string&) { return left == 0 ? EIO : (--left, 0); };
    const bool done = store.InstallWithFiles(manifest, 0).ok();
    fs.fault = nullptr;
    fs.PowerCut(seed);
    ManifestStore after(&fs, "aof", "log");
    ASSERT_TRUE(after.Load().ok()) << "seed " << seed;
    const Manifest found = after.current();
    EXPECT_TRUE(found.generation == 2 || !done) << "seed " << seed;
    for (const ShardFiles& files : found.shards) {
      ASSERT_EQ(files.incrementals.size(), 1u);
      EXPECT_TRUE(fs.Exists("aof/" + files.incrementals[0])) << "seed " << seed;
    }
  }
}

TEST_F(ManifestStoreTest, StraysAreOnlyFilesOfOurKind) {
  for (const char* name : {"log.9.shard-0.incr.aof", "log.9.shard-1.base.rdb", "log.manifest.tmp",
                           "notes.txt", "log.bak", "log.aof.shard-1"}) {
    fs_.SetBytes(std::string("aof/") + name, "x");
  }
  auto removed = store_.RemoveStrays();
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, (std::vector<std::string>{"log.9.shard-0.incr.aof", "log.9.shard-1.base.rdb",
                                                "log.manifest.tmp"}));
  EXPECT_TRUE(fs_.Exists("aof/notes.txt"));
}

TEST_F(ManifestStoreTest, LoadTellsMissingForeignAndDamagedApart) {
  ManifestStore other(&fs_, "aof", "log");
  fs_.Erase("aof/log.manifest");
  EXPECT_TRUE(absl::IsNotFound(other.Load()));
  fs_.SetBytes("aof/log.manifest", "file a.1.base.rdb seq 1 type b\n");
  EXPECT_TRUE(absl::IsFailedPrecondition(other.Load()));
  fs_.SetBytes("aof/log.manifest", "nonsense");
  EXPECT_TRUE(absl::IsDataLoss(other.Load()));
}

}  // namespace
}  // namespace basalt
