#include "persistence/snapshot/manifest.h"

#include <optional>

#include "core/base/crc.h"
#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "persistence/rdb/hex64.h"

namespace basalt {
namespace {

constexpr std::string_view kFirstLine = "basalt-snapshot 1";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kRdb = ".rdb";
constexpr std::string_view kManifest = ".manifest";
constexpr std::string_view kShardPart = "shard-";

std::string_view StemOf(std::string_view dbfilename) {
  if (dbfilename.ends_with(kRdb)) dbfilename.remove_suffix(kRdb.size());
  return dbfilename;
}

// Takes text off the front of what is left to parse. Every step fails once one has.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}

  bool good() const { return good_; }
  bool empty() const { return left_.empty(); }

  void Expect(std::string_view text) {
    if (!good_ || !left_.starts_with(text)) return Fail();
    left_.remove_prefix(text.size());
  }
  // Up to `end`, which is taken too.
  std::string_view Until(char end) {
    const size_t at = left_.find(end);
    if (!good_ || at == std::string_view::npos) return Fail(), std::string_view();
    const std::string_view part = left_.substr(0, at);
    left_.remove_prefix(at + 1);
    return part;
  }
  uint64_t Number(char end) {
    uint64_t value = 0;
    const std::string_view text = Until(end);
    if (!ParseUint64(text, &value) || StrCat(value) != text) Fail();
    return value;
  }
  uint64_t Hex(char end) {
    uint64_t value = 0;
    if (!rdb::ParseHex64(Until(end), &value)) Fail();
    return value;
  }
  uint64_t Line(std::string_view name) {
    Expect(name);
    Expect(" ");
    return Number('\n');
  }

 private:
  void Fail() { good_ = false; }

  std::string_view left_;
  bool good_ = true;
};

bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

absl::Status Bad(std::string_view what) {
  return absl::DataLossError(StrCat("snapshot manifest: ", what));
}

}  // namespace

std::string FormatManifest(const SnapshotManifest& manifest) {
  std::string text =
      StrCat(kFirstLine, "\ngeneration ", manifest.generation, "\nepoch ", manifest.epoch.value,
             "\ncreated ", manifest.created_unix_s, "\nshards ", manifest.shards.size(), "\n");
  for (size_t i = 0; i < manifest.shards.size(); ++i) {
    const SnapshotFile& file = manifest.shards[i];
    StrAppend(&text, "shard ", i, " ", file.bytes, " ", rdb::FormatHex64(file.crc64), " ",
              file.name, "\n");
  }
  const uint64_t crc = Crc64(0, text);
  StrAppend(&text, "crc64 ", rdb::FormatHex64(crc), "\n");
  return text;
}

absl::StatusOr<SnapshotManifest> ParseManifest(std::string_view text) {
  constexpr size_t kLastLine = sizeof("crc64 0123456789abcdef\n") - 1;
  if (text.size() < kLastLine) return Bad("too short");
  const std::string_view body = text.substr(0, text.size() - kLastLine);
  Scanner last(text.substr(body.size()));
  last.Expect("crc64 ");
  if (last.Hex('\n') != Crc64(0, body) || !last.good()) return Bad("wrong checksum");

  Scanner in(body);
  SnapshotManifest manifest;
  in.Expect(kFirstLine);
  in.Expect("\n");
  if (!in.good()) return Bad("not of a known version");
  manifest.generation = in.Line("generation");
  manifest.epoch = Epoch(in.Line("epoch"));
  manifest.created_unix_s = static_cast<int64_t>(in.Line("created"));
  const uint64_t shards = in.Line("shards");
  if (!in.good() || shards == 0 || shards > kMaxShards) return Bad("bad head");
  for (uint64_t i = 0; i < shards && in.good(); ++i) {
    in.Expect("shard ");
    if (in.Number(' ') != i) return Bad("shards out of order");
    SnapshotFile file;
    file.bytes = in.Number(' ');
    file.crc64 = in.Hex(' ');
    file.name = in.Until('\n');
    if (!IsPlainName(file.name)) return Bad("bad file name");
    manifest.shards.push_back(std::move(file));
  }
  if (!in.good() || !in.empty()) return Bad("bad shard line");
  return manifest;
}

std::string SnapshotShardName(std::string_view dbfilename, ShardId shard, uint64_t generation) {
  return StrCat(StemOf(dbfilename), ".", kShardPart, shard.value, ".", generation, kRdb);
}

std::string SnapshotManifestName(std::string_view dbfilename, uint64_t generation) {
  return StrCat(StemOf(dbfilename), ".", generation, kManifest);
}

SnapshotName ParseSnapshotName(std::string_view dbfilename, std::string_view name) {
  SnapshotName parsed;
  if (name.ends_with(kTemporary)) {
    parsed.temporary = true;
    name.remove_suffix(kTemporary.size());
  }
  const bool is_shard = name.ends_with(kRdb);
  Scanner in(name);
  in.Expect(StemOf(dbfilename));
  in.Expect(".");
  uint64_t shard = 0;
  if (is_shard) {
    in.Expect(kShardPart);
    shard = in.Number('.');
  }
  parsed.generation = in.Number('.');
  in.Expect(is_shard ? kRdb.substr(1) : kManifest.substr(1));
  if (!in.good() || !in.empty() || shard >= kMaxShards) return {};
  parsed.kind = is_shard ? SnapshotName::Kind::kShard : SnapshotName::Kind::kManifest;
  return parsed;
}

}  // namespace basalt
