// Loads a LoadPlan without a server, by the same code as a start: each part into a keyspace of its
// own, exactly as it was. For the offline tools. Load is called once; the counts may be read from
// any thread meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/admin/config.h"
#include "core/base/clock.h"
#include "core/io/file.h"
#include "core/script/engine.h"
#include "core/shard/world.h"
#include "core/store/keyspace.h"
#include "persistence/recovery/loader.h"
#include "persistence/snapshot/saver.h"

namespace basalt {

class OfflineLoad {
 public:
  // `config` must outlive this.
  OfflineLoad(FileSystem* fs, Config* config, const Clock* clock, LoadPlan plan);

  // The keyspaces by part. They share no key. On up to `threads` threads.
  absl::StatusOr<std::vector<std::unique_ptr<Keyspace>>> Load(uint32_t threads);

  // After Load: the code of the function libraries, each once.
  std::vector<std::string> Libraries() { return LibrariesOf(world_); }
  uint64_t bytes_total() const { return loader_.bytes_total(); }
  uint64_t bytes_done() const { return loader_.bytes_done(); }

 private:
  absl::Status LoadPartInto(size_t part, Keyspace* keyspace, script::ScriptEngine* scripts);

  World world_;
  Loader loader_;
  script::ScriptStore* scripts_;  // the world's
};

}  // namespace basalt
