#include "core/store/watch_set.h"

#include "core/base/check.h"

namespace basalt {

WatchSet::Name WatchSet::NameOf(DbIndex db, std::string_view key) {
  Name name;
  name.reserve(key.size() + 1);
  name.push_back(static_cast<char>(db.value));
  name.append(key);
  return name;
}

uint64_t WatchSet::Watch(DbIndex db, std::string_view key) {
  Watched& watched = keys_[NameOf(db, key)];
  // A version never comes back, so that who watched, unwatched and watched again is not fooled.
  if (watched.watchers++ == 0) watched.version = next_version_++;
  return watched.version;
}

void WatchSet::Unwatch(DbIndex db, std::string_view key) {
  auto it = keys_.find(NameOf(db, key));
  BASALT_CHECK(it != keys_.end());
  if (--it->second.watchers == 0) keys_.erase(it);
}

uint64_t WatchSet::Version(DbIndex db, std::string_view key) const {
  auto it = keys_.find(NameOf(db, key));
  BASALT_CHECK(it != keys_.end());
  return it->second.version;
}

void WatchSet::TouchSlow(DbIndex db, std::string_view key) {
  auto it = keys_.find(NameOf(db, key));
  if (it != keys_.end()) it->second.version = next_version_++;
}

void WatchSet::TouchDb(DbIndex db, absl::FunctionRef<bool(std::string_view key)> changed) {
  for (auto& [name, watched] : keys_) {
    if (static_cast<uint8_t>(name[0]) != db.value) continue;
    if (changed(std::string_view(name).substr(1))) watched.version = next_version_++;
  }
}

}  // namespace basalt
