#include "core/script/script_store.h"

namespace basalt::script {

std::shared_ptr<Script> ScriptStore::Find(std::string_view sha) {
  std::lock_guard lock(mutex_);
  auto it = scripts_.find(sha);
  return it == scripts_.end() ? nullptr : it->second;
}

std::shared_ptr<Script> ScriptStore::Add(std::shared_ptr<Script> script) {
  std::lock_guard lock(mutex_);
  auto [it, fresh] = scripts_.try_emplace(script->sha, script);
  if (fresh) bytes_ += sizeof(Script) + script->sha.size() + script->body.size();
  return it->second;
}

void ScriptStore::Flush() {
  std::lock_guard lock(mutex_);
  scripts_.clear();
  bytes_ = 0;
  generation_.fetch_add(1, std::memory_order_release);
}

ScriptStore::Usage ScriptStore::usage() {
  std::lock_guard lock(mutex_);
  return {scripts_.size(), bytes_};
}

}  // namespace basalt::script
