#include "persistence/rdb/rdb_census.h"

#include <algorithm>

#include "core/base/crc.h"
#include "core/base/strings.h"

namespace basalt::rdb {
namespace {

constexpr uint64_t kStepBytes = uint64_t{1} << 20;
constexpr size_t kFunctionsMax = 1024;  // names kept
constexpr size_t kNameBytesMax = 128;

class Counter {
 public:
  Counter(const CensusOptions& options, Census* census) : options_(options), census_(*census) {}

  void SetAux(const FileAux* aux) { aux_ = aux; }

  void Add(const KeySeen& seen) {
    TypeCensus& type = census_.types[static_cast<size_t>(seen.type)];
    ++type.keys;
    type.bytes += seen.bytes;
    type.elements += seen.elements;
    if (seen.expire_at_ms != kNoExpiry) {
      ++type.expires;
      if (seen.expire_at_ms <= options_.now_ms) ++type.expired;
    }
    ++census_.db_keys[seen.db.value];
    Remember(seen, &type.biggest);
    if (!BelongsHere(seen.key)) ++misplaced_;
  }

  uint64_t misplaced() const { return misplaced_; }

 private:
  void Remember(const KeySeen& seen, std::vector<BigKey>* biggest) const {
    if (options_.biggest == 0) return;
    if (biggest->size() == options_.biggest) {
      if (seen.bytes <= biggest->back().bytes) return;
      biggest->pop_back();
    }
    const auto at = std::find_if(biggest->begin(), biggest->end(),
                                 [&seen](const BigKey& other) { return other.bytes < seen.bytes; });
    biggest->insert(at, BigKey{std::string(seen.key.substr(0, BigKey::kKeyBytesMax)),
                               seen.key.size(), seen.db, seen.bytes, seen.elements});
  }

  // A shard's file says which shard of how many; its keys must be of that shard's slots.
  bool BelongsHere(std::string_view key) const {
    if (aux_ == nullptr || aux_->shards <= 0 || aux_->shards > kMaxShards || aux_->shard < 0) {
      return true;
    }
    return ShardOfSlot(SlotOf(key), static_cast<uint32_t>(aux_->shards)).value == aux_->shard;
  }

  const CensusOptions& options_;
  Census& census_;
  const FileAux* aux_ = nullptr;
  uint64_t misplaced_ = 0;
};

uint64_t Sum(const Census& census, uint64_t TypeCensus::*count) {
  uint64_t sum = 0;
  for (const TypeCensus& type : census.types) sum += type.*count;
  return sum;
}

absl::Status ReadThrough(RdbReader& reader, const CensusOptions& options) {
  while (true) {
    const uint64_t before = reader.bytes_read();
    absl::StatusOr<bool> done = reader.Step(kStepBytes);
    if (options.progress != nullptr) *options.progress += reader.bytes_read() - before;
    if (!done.ok() || *done) return done.status();
  }
}

}  // namespace

uint64_t Census::keys() const { return Sum(*this, &TypeCensus::keys); }
uint64_t Census::expires() const { return Sum(*this, &TypeCensus::expires); }
uint64_t Census::expired() const { return Sum(*this, &TypeCensus::expired); }

std::string LibraryName(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  constexpr std::string_view kName = " name=";
  const size_t at = line.find(kName);
  if (!line.starts_with("#!") || at == std::string_view::npos) return "?";
  const std::string_view rest = line.substr(at + kName.size());
  return std::string(rest.substr(0, std::min(rest.find_first_of(" \r"), kNameBytesMax)));
}

Census TakeCensus(FileSystem& fs, const std::string& path, const CensusOptions& options) {
  Census census;
  census.path = path;
  Counter counter(options, &census);
  ReadOptions read;
  read.place = [](std::string_view) { return nullptr; };
  read.decode_all = options.deep;
  read.on_key = [&counter](const KeySeen& seen) { counter.Add(seen); };
  read.library = [&census](std::string_view text) {
    census.functions_bytes += text.size();
    if (census.functions.size() < kFunctionsMax) census.functions.push_back(LibraryName(text));
  };
  absl::StatusOr<std::unique_ptr<RdbReader>> reader = RdbReader::Open(fs, path, std::move(read));
  if (!reader.ok()) {
    census.error = reader.status();
    return census;
  }
  counter.SetAux(&(*reader)->aux());
  census.error = ReadThrough(**reader, options);
  census.size = (*reader)->bytes_total();
  census.rdb_size = (*reader)->bytes_read();
  census.version = (*reader)->version();
  census.crc64 = (*reader)->footer_crc64();
  census.aux = (*reader)->aux();
  census.stats = (*reader)->stats();
  if (counter.misplaced() > 0) {
    census.problems.push_back(
        StrCat(counter.misplaced(), " keys are not of the slots of shard ", census.aux.shard));
  }
  if (census.error.ok() && census.rdb_size < census.size && !options.preamble) {
    census.problems.push_back(
        StrCat(census.size - census.rdb_size, " bytes behind the end of the RDB data"));
  }
  return census;
}

}  // namespace basalt::rdb
