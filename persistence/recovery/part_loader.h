// Loads one part (an RDB file, then log ranges) into one keyspace, a slice at a time. Owner: the
// thread of that keyspace.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/shard/command_context.h"
#include "persistence/recovery/loader.h"

namespace basalt {

class PartLoader {
 public:
  // `scripts` is the script engine of the running thread.
  PartLoader(Loader* loader, const LoadPart* part, Keyspace* keyspace, Extension* scripts);

  // Loads about `bytes` more; true when the part is loaded.
  absl::StatusOr<bool> Step(uint64_t bytes);

 private:
  absl::Status Open();
  void LoadLibrary(std::string_view code);
  absl::StatusOr<bool> StepRdb(uint64_t bytes);
  absl::StatusOr<bool> StepLog(uint64_t bytes);
  absl::Status Replay(std::span<const std::string_view> words);
  void CountProgress(uint64_t position);

  Loader& loader_;
  const LoadPart& part_;
  Keyspace& keyspace_;
  Extension* const scripts_;
  bool opened_ = false;
  std::unique_ptr<rdb::RdbReader> rdb_;
  std::unique_ptr<LogReader> log_;
  std::string replies_;
  DbIndex db_{0};
  uint64_t counted_ = 0;  // of the reader's position already added to the loader's progress
  uint64_t failed_commands_ = 0;
};

}  // namespace basalt
