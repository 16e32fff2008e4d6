// UndoLog: takes back what a script wrote, when it turns out to need keys of other shards and must
// be begun again with every shard parked. Only servers with several shards have one per shard; a
// parked run needs none.
//
// Before each writing command the script calls, Capture sees to it that the keys it names can be
// restored:
//   - a key that is not there, or whose value is small, once: what it was is kept whole, in a
//   keyspace of its own;
//   - a large collection by what the common verbs touch: the fields and members they name, the
//   elements they push or pop, its expiry;
//   - for any other write to something large it gives up: the script is begun again before the
//   command runs.
// What it keeps is bounded; beyond that it gives up as well. Owner: the shard's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/shard/command_spec.h"
#include "core/store/keyspace.h"

namespace basalt::script {

class UndoLog {
 public:
  // Everything from here on can be taken back.
  void Begin(Keyspace& keyspace);
  // Before a writing command; `keys` are the positions of its keys. False: it could not be taken
  // back.
  [[nodiscard]] bool Capture(DbIndex db, const CommandSpec& spec, Args args,
                             const std::vector<uint32_t>& keys);
  // After it has run.
  void AfterCommand();
  // Restores every key. True when anything had been captured.
  bool Rollback();
  // The script is done: what it wrote stays.
  void Commit();

  // A key that was captured, for the log; only while anything is.
  std::pair<DbIndex, std::string> AnyKey() const {
    return {DbIndex(touched_.begin()->first.first), touched_.begin()->first.second};
  }

 private:
  static constexpr size_t kSmallBytes = 16 << 10;
  static constexpr size_t kSmallElements = 512;
  static constexpr size_t kBytesMax = 16 << 20;
  static constexpr size_t kStepsMax = 1 << 16;

  enum class Verb : uint8_t {
    kOther,
    kHashField,
    kHashFields,
    kHashPairs,
    kSetMembers,
    kScoredMembers,
    kScoredMember,
    kPushFront,
    kPushBack,
    kPopFront,
    kPopBack,
    kExpiry
  };
  enum class Kept : uint8_t { kAbsent, kWhole, kPart };
  // How to take back one change to a large collection. Steps are taken in reverse order.
  struct Step {
    enum class Kind : uint8_t {
      kField,
      kMember,
      kScore,
      kUnpushFront,
      kUnpushBack,
      kUnpopFront,
      kUnpopBack
    } kind;
    bool existed = false;  // kField, kMember, kScore: restore it, otherwise remove it
    uint32_t key;          // into parts_
    double score = 0;
    std::string member;  // field, member or popped element
    std::string value;   // of a field
    uint64_t count = 0;  // of pushed elements
  };
  struct Part {
    DbIndex db;
    std::string key;
    int64_t expire_at_ms;
    ValueType type;
  };
  using Key = std::pair<uint8_t, std::string>;  // of database .first

  static Verb VerbOf(const CommandSpec& spec);
  static ValueType TypeOf(Verb verb);
  bool CaptureKey(DbIndex db, std::string_view key, Verb verb, Args args);
  bool CapturePart(uint32_t part, Entry* e, Verb verb, Args args);
  bool CaptureEnds(uint32_t part, Entry* e, Verb verb, Args args);
  void CaptureMember(uint32_t part, Entry* e, Step::Kind kind, std::string_view member);
  bool StaysAlive(std::string_view name, Args args) const;
  bool Add(Step step);
  void Undo(const Step& step);
  Entry* Collection(const Part& part, ValueType type);
  Keyspace& Shadow();

  Keyspace* keyspace_ = nullptr;
  uint64_t dirty_ = 0;
  std::unique_ptr<Keyspace> shadow_;  // what is kept whole
  std::map<Key, std::pair<Kept, uint32_t>> touched_;
  std::vector<Part> parts_;
  std::vector<Step> steps_;
  size_t bytes_ = 0;
  // The push or pop that is being run.
  struct {
    bool open = false;
    uint32_t part = 0;
    Verb verb = Verb::kOther;
    size_t size = 0;
    std::vector<std::string> elements;  // from the end that is popped
  } ends_;
};

}  // namespace basalt::script
