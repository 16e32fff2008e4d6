#include "core/store/blocked_keys.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/hash.h"

namespace basalt {

size_t BlockedKeys::NameHash::operator()(const NameView& name) const {
  return HashKey(name.key) +
         (size_t{name.db.value} << 8 | static_cast<size_t>(name.type)) * 0x9e3779b97f4a7c15;
}

bool BlockedKeys::Add(DbIndex db, std::string_view key, WaiterRef ref) {
  BASALT_DCHECK(ref.number > 0);
  const ValueType type = ref.type;
  Queue& queue = queues_[ReadyKey{db, type, std::string(key)}];
  if (!queue.waiters.insert(std::move(ref)).second) return false;
  ++waiters_of_[static_cast<size_t>(type)];
  ++waiters_;
  return true;
}

bool BlockedKeys::Remove(DbIndex db, std::string_view key, ValueType type, uint64_t number) {
  auto it = queues_.find(NameView{db, type, key});
  if (it == queues_.end()) return false;
  auto& waiters = it->second.waiters;
  auto at = waiters.find(number);
  if (at == waiters.end()) return false;
  waiters.erase(at);
  --waiters_of_[static_cast<size_t>(type)];
  --waiters_;
  if (waiters.empty() && !it->second.noted) queues_.erase(it);
  return true;
}

const WaiterRef* BlockedKeys::Next(DbIndex db, std::string_view key, ValueType type,
                                   uint64_t after) const {
  auto it = queues_.find(NameView{db, type, key});
  if (it == queues_.end()) return nullptr;
  auto at = it->second.waiters.upper_bound(after);
  return at == it->second.waiters.end() ? nullptr : &*at;
}

void BlockedKeys::Note(const ReadyKey& name, Queue& queue) {
  if (queue.noted || queue.waiters.empty()) return;
  queue.noted = true;
  ready_.push_back(name);
}

void BlockedKeys::NoteSlow(DbIndex db, std::string_view key, ValueType type) {
  auto it = queues_.find(NameView{db, type, key});
  if (it != queues_.end()) Note(it->first, it->second);
}

void BlockedKeys::NoteDatabase(
    DbIndex db, absl::FunctionRef<std::optional<ValueType>(std::string_view key)> type_of) {
  if (empty()) return;
  // In an order that the table's own does not decide, so that every run of the same commands serves
  // alike.
  std::vector<std::pair<uint64_t, decltype(queues_)::value_type*>> found;
  for (auto& named : queues_) {
    const auto& [name, queue] = named;
    if (name.db != db || queue.noted || queue.waiters.empty() || type_of(name.key) != name.type)
      continue;
    found.emplace_back(queue.waiters.begin()->number, &named);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->first.key < b.second->first.key;
  });
  for (auto& [number, named] : found) Note(named->first, named->second);
}

std::optional<ReadyKey> BlockedKeys::TakeReady() {
  while (!ready_.empty()) {
    ReadyKey name = std::move(ready_.front());
    ready_.pop_front();
    auto it = queues_.find(View(name));
    it->second.noted = false;
    if (!it->second.waiters.empty()) return name;
    queues_.erase(it);
  }
  return std::nullopt;
}

}  // namespace basalt
