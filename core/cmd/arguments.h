// How command handlers read their words and look up their keys, with Redis's rules and errors; one
// copy for all verb groups. A function that returns false has already replied with the error. The
// thread that runs the command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/numbers.h"
#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/shard/command_context.h"

namespace basalt {

// --- words

// Option names in any case: Is(word, "withscores").
[[nodiscard]] inline bool Is(std::string_view word, std::string_view option) {
  return EqualsNoCase(word, option);
}

// args[i] as an integer, or `error`.
[[nodiscard]] inline bool IntegerArg(CommandContext& ctx, size_t i, int64_t* out,
                                     std::string_view error = errors::kNotInteger) {
  if (ParseInt64(ctx.args[i], out)) return true;
  ctx.reply.Error(error);
  return false;
}

// As above, within [min, max]. `error` answers all else; when it is empty, Redis's own texts for no
// integer and for the bounds.
[[nodiscard]] bool IntegerArgIn(CommandContext& ctx, size_t i, int64_t min, int64_t max,
                                int64_t* out, std::string_view error = {});
// As above, within the range of a C int: Redis reads small numbers so.
[[nodiscard]] inline bool IntArg(CommandContext& ctx, size_t i, int64_t* out,
                                 std::string_view error = {}) {
  return IntegerArgIn(ctx, i, INT32_MIN, INT32_MAX, out, error);
}
[[nodiscard]] bool DoubleArg(CommandContext& ctx, size_t i, double* out,
                             std::string_view error = errors::kNotFloat);
// A database index; `error` when it is no integer (of the range of a C int).
[[nodiscard]] bool DbArg(CommandContext& ctx, size_t i, DbIndex* out, std::string_view error = {});

// The most repeated elements that HRANDFIELD, SRANDMEMBER and ZRANDMEMBER answer: Redis has no
// bound and dies of the reply.
inline constexpr int64_t kRandomRepeatsMax = int64_t{1} << 26;

inline void ReplySyntaxError(CommandContext& ctx) { ctx.reply.Error(errors::kSyntax); }
void ReplyWrongArity(CommandContext& ctx);
// The wrong number of words for a subcommand, named "object|freq".
void ReplyWrongArity(CommandContext& ctx, std::string_view full_name);

// The longest string that a command may make (proto-max-bulk-len).
size_t MaxStringBytes(const CommandContext& ctx);

// Inclusive indexes, negative ones counting from the end, cut to a sequence of `size` elements as
// LRANGE, ZRANGE and GETRANGE do. False when nothing is left.
[[nodiscard]] bool ClipRange(int64_t size, int64_t* first, int64_t* last);

// --- keys

// The key's entry in *e, null when there is none. False when it holds another type (kWrongType was
// replied).
[[nodiscard]] inline bool FindOfType(CommandContext& ctx, std::string_view key, ValueType type,
                                     Entry** e) {
  *e = ctx.Find(key);
  if (*e == nullptr || (*e)->is(type)) return true;
  ctx.reply.Error(errors::kWrongType);
  return false;
}

// The key's collection, a new one when there is none: the command is sure to put something into it.
// Null when the key holds another type (kWrongType was replied).
template <class Collection>
[[nodiscard]] Collection* FindOrAdd(CommandContext& ctx, std::string_view key, ValueType type) {
  HashedKey hashed(key);
  Db& db = ctx.DbOf(key);
  Entry* e = db.Find(hashed);
  if (e == nullptr) {
    auto* fresh = new Collection;
    db.AddValue(hashed, type, fresh);
    return fresh;
  }
  if (e->is(type)) return static_cast<Collection*>(e->object());
  ctx.reply.Error(errors::kWrongType);
  return nullptr;
}

// A KeyFinder: args[1] says how many keys follow it (LMPOP, ZUNION, SINTERCARD and others).
bool FindCountedKeys(Args args, std::vector<uint32_t>* positions);

// Counts the look-up of a reading command as a hit or a miss.
inline void CountLookup(CommandContext& ctx, const Entry* e) {
  KeyspaceStats& stats = ctx.local().stats;
  e != nullptr ? ++stats.hits : ++stats.misses;
}

// As FindOfType, for reading commands: counts hits and misses.
[[nodiscard]] inline bool ReadOfType(CommandContext& ctx, std::string_view key, ValueType type,
                                     Entry** e) {
  bool fits = FindOfType(ctx, key, type, e);
  CountLookup(ctx, *e);
  return fits;
}

// --- values

inline void ReplyString(CommandContext& ctx, const Entry* e) {
  if (e->is_int()) return ctx.reply.BulkInteger(e->int_value());
  char scratch[Entry::kIntTextBytes];
  ctx.reply.Bulk(e->StringView(scratch));
}

inline void ReplyStringOrNull(CommandContext& ctx, const Entry* e) {
  e == nullptr ? ctx.reply.Null() : ReplyString(ctx, e);
}

}  // namespace basalt
