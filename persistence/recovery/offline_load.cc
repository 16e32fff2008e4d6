#include "persistence/recovery/offline_load.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/cmd/all_commands.h"
#include "persistence/recovery/part_loader.h"

namespace basalt {
namespace {

constexpr uint64_t kStepBytes = uint64_t{4} << 20;

}  // namespace

OfflineLoad::OfflineLoad(FileSystem* fs, Config* config, const Clock* clock, LoadPlan plan)
    : world_(config, &AllCommands(), clock, 1), loader_(&world_, fs, std::move(plan), nullptr) {
  auto scripts = std::make_unique<script::ScriptStore>(&AllCommands());
  scripts_ = scripts.get();
  world_.set_scripts(std::move(scripts));
}

absl::StatusOr<std::vector<std::unique_ptr<Keyspace>>> OfflineLoad::Load(uint32_t threads) {
  const size_t parts = loader_.plan().parts.size();
  std::vector<std::unique_ptr<Keyspace>> keyspaces(parts);
  for (auto& keyspace : keyspaces) keyspace = std::make_unique<Keyspace>();
  std::vector<absl::Status> results(parts);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    script::ScriptEngine scripts(scripts_);  // one per thread, as every shard has one
    for (size_t part = next++; part < parts && !failed; part = next++) {
      results[part] = LoadPartInto(part, keyspaces[part].get(), &scripts);
      if (!results[part].ok()) failed = true;
    }
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min<size_t>(threads, parts); ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return keyspaces;
}

absl::Status OfflineLoad::LoadPartInto(size_t part, Keyspace* keyspace,
                                       script::ScriptEngine* scripts) {
  PartLoader loader(&loader_, &loader_.plan().parts[part], keyspace, scripts);
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = loader.Step(kStepBytes);
  return done.status();
}

}  // namespace basalt
