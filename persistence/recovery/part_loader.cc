#include "persistence/recovery/part_loader.h"

#include "core/base/log.h"
#include "core/base/strings.h"
#include "core/script/engine.h"

namespace basalt {

PartLoader::PartLoader(Loader* loader, const LoadPart* part, Keyspace* keyspace, Extension* scripts)
    : loader_(*loader), part_(*part), keyspace_(*keyspace), scripts_(scripts) {
  // Until the last record is replayed, an expired key is still what the log's later records refer
  // to.
  keyspace_.PauseExpiry(true);
  keyspace_.SetTime(loader_.world_.clock());
}

absl::Status PartLoader::Open() {
  opened_ = true;
  if (!part_.rdb_path.empty()) {
    rdb::ReadOptions options;
    options.place = [this](std::string_view) { return &keyspace_; };
    options.library = [this](std::string_view code) { LoadLibrary(code); };
    options.now_ms = loader_.plan_.drop_expired ? keyspace_.now_ms : 0;
    options.checksum = loader_.world_.config().rdbchecksum;
    auto reader = rdb::RdbReader::Open(loader_.fs_, part_.rdb_path, std::move(options));
    if (!reader.ok()) return reader.status();
    rdb_ = *std::move(reader);
    loader_.bytes_total_ += rdb_->bytes_total();
  }
  if (!part_.ranges.empty()) {
    log_ = std::make_unique<LogReader>(&loader_.fs_, part_.log_directory, part_.ranges);
    loader_.bytes_total_ += log_->bytes_total();
  }
  return absl::OkStatus();
}

void PartLoader::LoadLibrary(std::string_view code) {
  script::FunctionRegistry& functions =
      static_cast<script::ScriptEngine*>(scripts_)->store().functions();
  std::string error = functions.Load(code, script::FunctionRegistry::OnCollision::kReplaceAll);
  if (!error.empty())
    LogWarning("Recovery: a function library of ", part_.rdb_path, " does not load: ", error);
}

absl::StatusOr<bool> PartLoader::Step(uint64_t bytes) {
  if (!opened_) {
    if (absl::Status s = Open(); !s.ok()) return s;
  }
  if (rdb_ != nullptr) {
    absl::StatusOr<bool> done = StepRdb(bytes);
    if (!done.ok() || !*done) return done;
  } else if (log_ != nullptr) {
    absl::StatusOr<bool> done = StepLog(bytes);
    if (!done.ok() || !*done) return done;
  }
  if (rdb_ != nullptr || log_ != nullptr) return false;
  keyspace_.PauseExpiry(false);
  return true;
}

absl::StatusOr<bool> PartLoader::StepRdb(uint64_t bytes) {
  uint64_t before = rdb_->stats().keys_loaded;
  absl::StatusOr<bool> done = rdb_->Step(bytes);
  if (!done.ok()) return done;
  loader_.keys_ += rdb_->stats().keys_loaded - before;
  CountProgress(rdb_->bytes_read());
  if (!*done) return false;
  if (part_.rdb_crc64 != 0 && rdb_->footer_crc64() != part_.rdb_crc64) {
    return absl::DataLossError(
        StrCat(part_.rdb_path, ": not the file that the manifest names (its checksum differs)"));
  }
  // A log of Redis may go on with commands behind its RDB part.
  if (loader_.plan_.source == LoadPlan::Source::kForeignLog &&
      rdb_->bytes_read() < rdb_->bytes_total()) {
    RecoveryOptions options{.load_truncated = loader_.world_.config().aof_load_truncated};
    std::string name = part_.rdb_path.substr(part_.log_directory.size() + 1);
    absl::StatusOr<ForeignScan> scan = ScanForeignLog(
        loader_.fs_, part_.log_directory, name, rdb_->bytes_read(), part_.ranges.empty(), options);
    if (!scan.ok()) return scan.status();
    for (const Finding& finding : scan->findings) LogWarning("Recovery: ", finding.ToString());
    std::vector<LogRange> ranges = {scan->range};
    ranges.insert(ranges.end(), part_.ranges.begin(), part_.ranges.end());
    log_ = std::make_unique<LogReader>(&loader_.fs_, part_.log_directory, std::move(ranges));
  }
  rdb_.reset();
  counted_ = 0;
  return true;
}

absl::StatusOr<bool> PartLoader::StepLog(uint64_t bytes) {
  absl::StatusOr<bool> done =
      log_->Step(bytes, [this](std::span<const std::string_view> words) { return Replay(words); });
  if (!done.ok()) return done;
  CountProgress(log_->bytes_read());
  if (*done) {
    if (failed_commands_ > 0)
      LogWarning("Recovery: ", failed_commands_, " logged commands answered an error");
    log_.reset();
  }
  return done;
}

absl::Status PartLoader::Replay(std::span<const std::string_view> words) {
  if (words.empty()) return absl::OkStatus();
  std::string_view name = words[0];
  // Groups need no care here: what the plan keeps, it keeps whole.
  if (EqualsNoCase(name, "multi") || EqualsNoCase(name, "exec")) return absl::OkStatus();
  if (EqualsNoCase(name, "select")) {
    int64_t db = -1;
    if (words.size() != 2 || !ParseInt64(words[1], &db) || db < 0 || db >= keyspace_.databases()) {
      return absl::DataLossError("SELECT of a database that does not exist");
    }
    db_ = DbIndex(static_cast<uint8_t>(db));
    return absl::OkStatus();
  }
  Args args{words.data(), words.size()};
  const CommandSpec* spec = loader_.world_.commands().Find(args);
  // Scripts stand in the logs of old Redis servers only.
  if (spec == nullptr || !spec->ArityFits(args.size()) ||
      (spec->where != Where::kKeys && spec->where != Where::kAllShards &&
       spec->where != Where::kScript)) {
    return absl::DataLossError(StrCat("unknown command '", name.substr(0, 64), "' in the log"));
  }
  replies_.clear();
  CommandContext context({.local = &keyspace_,
                          .world = nullptr,
                          .replay = true,
                          .commands = &loader_.world_.commands(),
                          .scripts = scripts_},
                         &replies_, 2);
  context.set_db(db_);
  context.Begin(*spec, args, std::string_view());
  context.Run();
  failed_commands_ += context.reply.errors();
  return absl::OkStatus();
}

void PartLoader::CountProgress(uint64_t position) {
  loader_.bytes_done_ += position - counted_;
  counted_ = position;
}

}  // namespace basalt
