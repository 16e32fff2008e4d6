// Sorted set commands that add and remove members.

#include <cmath>

#include "absl/container/inlined_vector.h"
#include "core/cmd/zset_handlers.h"
#include "core/cmd/zset_ops.h"

namespace basalt {
namespace {

struct AddOptions {
  bool nx = false;  // only new members
  bool xx = false;  // only those that are there
  bool gt = false;  // only to a higher score (new members, too)
  bool lt = false;
  bool ch = false;    // reply the number of changed members, too
  bool incr = false;  // add to the score, and reply it

  bool plain() const { return !(nx || xx || gt || lt || incr); }
};

enum class AddResult : uint8_t { kSkipped, kSame, kAdded, kUpdated, kNan };

// Reads options from args[2] on; returns where the pairs begin.
size_t ParseAddOptions(const Args& args, AddOptions* o) {
  size_t i = 2;
  for (; i < args.size(); ++i) {
    const std::string_view word = args[i];
    if (word.size() < 2 || word.size() > 4 || word[0] <= '9') break;
    if (Is(word, "nx")) {
      o->nx = true;
    } else if (Is(word, "xx")) {
      o->xx = true;
    } else if (Is(word, "gt")) {
      o->gt = true;
    } else if (Is(word, "lt")) {
      o->lt = true;
    } else if (Is(word, "ch")) {
      o->ch = true;
    } else if (Is(word, "incr")) {
      o->incr = true;
    } else {
      break;
    }
  }
  return i;
}

bool CheckAddOptions(CommandContext& ctx, const AddOptions& o, size_t words) {
  if (words == 0 || words % 2 != 0) {
    ReplySyntaxError(ctx);
  } else if (o.nx && o.xx) {
    ctx.reply.Error(errors::kXxAndNx);
  } else if ((o.gt && o.nx) || (o.lt && o.nx) || (o.gt && o.lt)) {
    ctx.reply.Error(errors::kGtLtNx);
  } else if (o.incr && words > 2) {
    ctx.reply.Error(errors::kIncrPair);
  } else {
    return true;
  }
  return false;
}

AddResult AddMember(ZSet& zset, std::string_view member, double* score, const AddOptions& o) {
  if (o.plain()) {
    bool changed;
    if (zset.Add(member, *score, &changed)) return AddResult::kAdded;
    return changed ? AddResult::kUpdated : AddResult::kSame;
  }
  double old;
  if (!zset.Score(member, &old)) {
    if (o.xx) return AddResult::kSkipped;
    zset.Add(member, *score);
    return AddResult::kAdded;
  }
  if (o.nx) return AddResult::kSkipped;
  if (o.incr) *score += old;
  if (std::isnan(*score)) return AddResult::kNan;
  if ((o.lt && *score >= old) || (o.gt && *score <= old)) return AddResult::kSkipped;
  if (*score == old) return AddResult::kSame;
  zset.Add(member, *score);
  return AddResult::kUpdated;
}

// The set to add to, a new one if need be. False: an error was replied. Null when there is none and
// XX makes none.
bool FindToAdd(CommandContext& ctx, bool xx, ZSet** zset) {
  if (!xx) {
    *zset = FindOrAdd<ZSet>(ctx, ctx.args[1], ValueType::kZSet);
    return *zset != nullptr;
  }
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return false;
  *zset = e == nullptr ? nullptr : e->zset();
  return true;
}

void Add(CommandContext& ctx, AddOptions o) {
  const size_t from = ParseAddOptions(ctx.args, &o);
  const size_t words = ctx.args.size() - from;
  if (!CheckAddOptions(ctx, o, words)) return;
  absl::InlinedVector<double, 16> scores(words / 2);
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!DoubleArg(ctx, from + 2 * i, &scores[i])) return;
  }
  ZSet* zset;
  if (!FindToAdd(ctx, o.xx, &zset)) return;

  int added = 0, updated = 0;
  AddResult result = AddResult::kSkipped;
  for (size_t i = 0; zset != nullptr && i < scores.size(); ++i) {
    result = AddMember(*zset, ctx.args[from + 2 * i + 1], &scores[i], o);
    if (result == AddResult::kNan) return ctx.reply.Error(errors::kScoreNan);
    added += result == AddResult::kAdded;
    updated += result == AddResult::kUpdated;
  }
  if (added + updated > 0) ctx.Changed(ctx.args[1], added + updated);
  if (!o.incr) return ctx.reply.Integer(o.ch ? added + updated : added);
  result == AddResult::kSkipped ? ctx.reply.Null() : ctx.reply.Double(scores[0]);
}

void FinishRemoval(CommandContext& ctx, Entry* e, size_t removed) {
  if (removed > 0) {
    if (e->zset()->Size() == 0) ctx.DbOf(ctx.args[1]).DeleteEntry(e);
    ctx.Changed(ctx.args[1], static_cast<int>(removed));
  }
  ctx.reply.Integer(static_cast<int64_t>(removed));
}

// Removes the members of the span that `find` makes out in the set.
template <class F>
void RemoveSpan(CommandContext& ctx, F&& find) {
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  ZSet& zset = *e->zset();
  const RankSpan span = RankSpan(find(zset)).ClippedTo(zset.Size());
  if (span.count < zset.Size()) return FinishRemoval(ctx, e, zset.RemoveRange(span));
  ctx.DbOf(ctx.args[1]).DeleteEntry(e);  // in bounded time
  ctx.Changed(ctx.args[1], static_cast<int>(span.count));
  ctx.reply.Integer(static_cast<int64_t>(span.count));
}

}  // namespace

void ZaddCommand(CommandContext& ctx) { Add(ctx, {}); }
void ZincrbyCommand(CommandContext& ctx) { Add(ctx, {.incr = true}); }

void ZremCommand(CommandContext& ctx) {
  Entry* e;
  if (!FindOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  if (e == nullptr) return ctx.reply.Integer(0);
  size_t removed = 0;
  for (std::string_view member : ctx.args.From(2)) removed += e->zset()->Remove(member);
  FinishRemoval(ctx, e, removed);
}

void ZremrangebyrankCommand(CommandContext& ctx) {
  int64_t first, last;
  if (!IntegerArg(ctx, 2, &first) || !IntegerArg(ctx, 3, &last)) return;
  RemoveSpan(ctx, [&](const ZSet& zset) -> RankSpan {
    if (!ClipRange(static_cast<int64_t>(zset.Size()), &first, &last)) return {};
    return {static_cast<size_t>(first), static_cast<size_t>(last - first + 1)};
  });
}

void ZremrangebyscoreCommand(CommandContext& ctx) {
  ScoreRange range;
  if (!ScoreRangeArgs(ctx, 2, 3, &range)) return;
  RemoveSpan(ctx, [&](const ZSet& zset) { return zset.SpanOfScores(range); });
}

void ZremrangebylexCommand(CommandContext& ctx) {
  LexRange range;
  if (!LexRangeArgs(ctx, 2, 3, &range)) return;
  RemoveSpan(ctx, [&](const ZSet& zset) { return zset.SpanOfNames(range); });
}

}  // namespace basalt
