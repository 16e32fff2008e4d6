#include "core/shard/command_context.h"

#include <algorithm>

#include "core/base/mutant.h"
#include "core/base/numbers.h"
#include "core/shard/hop.h"
#include "core/shard/log_sink.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"
#include "core/value/rdb_codec.h"

namespace basalt {
namespace {

// Records the key's present state: its deletion, or a command that makes it what it is now.
void RecordState(Keyspace& keyspace, DbIndex db, std::string_view key) {
  Journal& journal = keyspace.journal();
  const Entry* e = keyspace.db(db).FindNoTouch(key);
  if (e == nullptr) return journal.Record(db, {"DEL", key});
  char time[24];
  std::string_view at(time, e->has_expiry() ? FormatInt64(e->expire_at_ms(), time) : 0);
  if (e->is(ValueType::kString)) {
    char scratch[Entry::kIntTextBytes];
    std::string_view value = e->StringView(scratch);
    if (at.empty()) return journal.Record(db, {"SET", key, value});
    return journal.Record(db, {"SET", key, value, "PXAT", at});
  }
  std::string payload = rdb::DumpValue(*e);
  if (at.empty()) return journal.Record(db, {"RESTORE", key, "0", payload, "REPLACE"});
  journal.Record(db, {"RESTORE", key, at, payload, "REPLACE", "ABSTTL"});
}

// Libraries are no keys. What FUNCTION LOAD has done is durable when its park ends, unless a log
// fails: then a function's reply would show what may not last.
bool RevealsLibraries(const CommandSpec& spec, const World& world, const DirtyKeys& dirty) {
  if (__builtin_expect(!dirty.any_frozen() && !world.log_trouble().any(), 1)) return false;
  const std::string_view name = spec.name;
  return name.starts_with("fcall") || name.starts_with("function");
}

}  // namespace

Keyspace& CommandContext::ParkedKeyspaceOf(std::string_view key) {
  World& world = *setting_.world;
  return world.shard(world.OwnerOf(key)).keyspace();
}

Keyspace& CommandContext::ParkedKeyspace(size_t i) {
  return setting_.world->shard(static_cast<uint32_t>(i)).keyspace();
}

size_t CommandContext::ParkedKeyspaces() const { return setting_.world->shard_count(); }

bool CommandContext::CanReach(std::string_view key) const {
  return setting_.parked_world || setting_.world == nullptr || setting_.shard == nullptr ||
         setting_.world->OwnerOf(key) == setting_.shard->id();
}

const CommandTable& CommandContext::commands() const {
  return setting_.world != nullptr ? setting_.world->commands() : *setting_.commands;
}

Extension* CommandContext::scripts() const {
  return setting_.shard != nullptr ? setting_.shard->scripts() : setting_.scripts;
}

CommandContext CommandContext::Nested(std::string* out, int resp) const {
  Setting setting = setting_;
  setting.in_script = true;
  setting.may_block = false;
  setting.only_key = nullptr;
  CommandContext nested(setting, out, resp);
  nested.db_ = db_;
  return nested;
}

void CommandContext::Begin(const CommandSpec& command, Args words, std::string_view raw_text) {
  spec = &command;
  args = words;
  raw = raw_text;
  log_mode_ = LogMode::kVerbatim;
  changed_ = false;
  changed_everything_ = false;
  escalated_ = false;
  unless_durable_ = {};
  block_.reset();
}

void CommandContext::Changed(std::string_view key, DbIndex db, int n) {
  Keyspace& keyspace = KeyspaceOf(key);
  changed_ = true;
  if (setting_.replay) return;
  keyspace.dirty += n;
  keyspace.TouchWatchers(db, key);
  if (setting_.parked_world && keyspace.journal().enabled()) parked_effects_.emplace_back(db, key);
  if (keyspace.dirty_keys().enabled()) {
    Shard& owner = setting_.parked_world ? setting_.world->shard(setting_.world->OwnerOf(key))
                                         : *setting_.shard;
    keyspace.dirty_keys().MarkWritten(HashKey(key), Lsn(owner.log().open_batch()));
  }
}

void CommandContext::ChangedEverything(int64_t n) {
  changed_ = changed_everything_ = true;
  if (setting_.replay) return;
  local().dirty += n;
  // Each shard counts the batches of its own log: one marked with another's number might wait for a
  // batch that never comes.
  auto mark = [](Keyspace& keyspace, Shard* shard) {
    if (keyspace.dirty_keys().enabled())
      keyspace.dirty_keys().MarkAllWritten(Lsn(shard->log().open_batch()));
  };
  if (!setting_.parked_world) return mark(local(), setting_.shard);
  for (size_t i = 0, shards = ParkedKeyspaces(); i < shards; ++i) {
    mark(ParkedKeyspace(i), &setting_.world->shard(static_cast<uint32_t>(i)));
  }
}

void CommandContext::LogInstead(Args words) {
  log_mode_ = LogMode::kInstead;
  if (setting_.replay || setting_.parked_world) return;  // world mode logs final states
  setting_.local->journal().Record(db_, std::span(words.v, words.n));
}

void CommandContext::Run() {
  spec->handler(*this);
  if (changed_) FinishLog();
  if (setting_.world != nullptr && setting_.world->always() && !setting_.parked_world) NoteReads();
}

// The reply reveals what the command wrote, and the keys it read.
void CommandContext::NoteReads() {
  LogSink& log = setting_.shard->log();
  uint64_t newest = log.open_batch() - (setting_.local->journal().empty() ? 1 : 0);
  const bool reveals_all = spec->where == Where::kCursor ||
                           RevealsLibraries(*spec, *setting_.world, setting_.local->dirty_keys());
  if (changed_ || reveals_all) {
    gate_ = std::max(gate_, newest);
    if (__builtin_expect(!setting_.local->dirty_keys().any_frozen(), 1)) return;
    if (reveals_all) gate_ = kNeverDurable;
  }
  DirtyKeys& dirty = setting_.local->dirty_keys();
  if (!dirty.enabled() || (spec->keys.first == 0 && spec->keys.finder == nullptr)) return;
  std::vector<uint32_t> keys;
  if (!FindKeys(*spec, args, &keys) || MutantIs("read-ungated")) return;
  for (uint32_t i : keys) gate_ = std::max(gate_, dirty.DependsOn(HashKey(args[i])).value);
  if (gate_ <= log.durable_batch()) gate_ = 0;
}

void CommandContext::FinishLog() {
  if (setting_.replay) return;
  if (changed_everything_) {
    if (MutantIs("everything-unlogged")) return;
    ForEachKeyspace(
        [&](Keyspace& keyspace) { keyspace.journal().Record(db_, std::span(args.v, args.n)); });
    return;
  }
  if (setting_.parked_world) return LogParkedEffects();
  if (log_mode_ == LogMode::kInstead) return;
  Journal& journal = setting_.local->journal();
  if (raw.empty()) {
    journal.Record(db_, std::span(args.v, args.n));
  } else {
    journal.RecordRaw(db_, raw);
  }
}

void CommandContext::LogParkedEffects() {
  std::sort(parked_effects_.begin(), parked_effects_.end());
  parked_effects_.erase(std::unique(parked_effects_.begin(), parked_effects_.end()),
                        parked_effects_.end());
  for (const auto& [db, key] : parked_effects_) RecordState(KeyspaceOf(key), db, key);
  parked_effects_.clear();
}

}  // namespace basalt
