// ZRANGE and its older relatives, which fix some of its options by their names, and ZRANGESTORE.

#include <algorithm>
#include <optional>

#include "core/cmd/collection_store.h"
#include "core/cmd/zset_handlers.h"
#include "core/cmd/zset_ops.h"

namespace basalt {
namespace {

enum class RangeBy : uint8_t { kRank, kScore, kName };

// What the command's name says; the rest is up to options.
struct RangeForm {
  std::optional<RangeBy> by;
  std::optional<bool> reverse;
  bool store = false;
};

struct RangeQuery {
  RangeBy by = RangeBy::kRank;
  bool reverse = false;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;  // none
  int64_t first = 0, last = 0;
  ScoreRange scores;
  LexRange names;
};

// The options from args[i] on.
bool ParseOptions(CommandContext& ctx, size_t i, RangeForm form, RangeQuery* q) {
  for (; i < ctx.args.size(); ++i) {
    const std::string_view word = ctx.args[i];
    if (!form.store && Is(word, "withscores")) {
      q->with_scores = true;
    } else if (Is(word, "limit") && i + 2 < ctx.args.size()) {
      if (!IntegerArg(ctx, i + 1, &q->offset) || !IntegerArg(ctx, i + 2, &q->limit)) return false;
      i += 2;
    } else if (!form.reverse && Is(word, "rev")) {
      form.reverse = true;
    } else if (!form.by && Is(word, "bylex")) {
      form.by = RangeBy::kName;
    } else if (!form.by && Is(word, "byscore")) {
      form.by = RangeBy::kScore;
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  q->by = form.by.value_or(RangeBy::kRank);
  q->reverse = form.reverse.value_or(false);
  return true;
}

bool CheckOptions(CommandContext& ctx, const RangeQuery& q) {
  if (q.limit != -1 && q.by == RangeBy::kRank) {
    ctx.reply.Error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return false;
  }
  if (q.with_scores && q.by == RangeBy::kName) {
    ctx.reply.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return false;
  }
  return true;
}

// Key, bounds and options from args[key_at] on.
bool ParseQuery(CommandContext& ctx, size_t key_at, RangeForm form, RangeQuery* q) {
  if (!ParseOptions(ctx, key_at + 3, form, q) || !CheckOptions(ctx, *q)) return false;
  size_t min_at = key_at + 1, max_at = key_at + 2;
  if (q->by == RangeBy::kRank)
    return IntegerArg(ctx, min_at, &q->first) && IntegerArg(ctx, max_at, &q->last);
  if (q->reverse) std::swap(min_at, max_at);
  return q->by == RangeBy::kScore ? ScoreRangeArgs(ctx, min_at, max_at, &q->scores)
                                  : LexRangeArgs(ctx, min_at, max_at, &q->names);
}

RankSpan SpanOfRanks(const ZSet& zset, const RangeQuery& q) {
  const auto size = static_cast<int64_t>(zset.Size());
  int64_t first = q.first, last = q.last;
  if (!ClipRange(size, &first, &last)) return {};
  const int64_t lowest = q.reverse ? size - 1 - last : first;
  return {static_cast<size_t>(lowest), static_cast<size_t>(last - first + 1)};
}

// What LIMIT leaves of the span, which is walked from its high end when reversed.
RankSpan Limited(RankSpan span, const RangeQuery& q) {
  if (q.offset < 0 || static_cast<size_t>(q.offset) >= span.count) return {};
  const size_t offset = static_cast<size_t>(q.offset), left = span.count - offset;
  const size_t count = q.limit < 0 ? left : std::min(left, static_cast<size_t>(q.limit));
  return {q.reverse ? span.first + left - count : span.first + offset, count};
}

RankSpan SpanOf(const ZSet& zset, const RangeQuery& q) {
  switch (q.by) {
    case RangeBy::kRank:
      return SpanOfRanks(zset, q);
    case RangeBy::kScore:
      return Limited(zset.SpanOfScores(q.scores), q);
    default:
      return Limited(zset.SpanOfNames(q.names), q);
  }
}

void ReplyRange(CommandContext& ctx, RangeForm form) {
  RangeQuery q;
  if (!ParseQuery(ctx, 1, form, &q)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  if (e == nullptr) return ctx.reply.EmptyArray();
  const RankSpan span = SpanOf(*e->zset(), q);
  e->zset()->Range(span, q.reverse,
                   ScoredReplies(ctx.reply, span.count, ScoredFormOf(ctx.reply, q.with_scores)));
}

}  // namespace

void ZrangeCommand(CommandContext& ctx) { ReplyRange(ctx, {}); }
void ZrevrangeCommand(CommandContext& ctx) { ReplyRange(ctx, {RangeBy::kRank, true}); }
void ZrangebyscoreCommand(CommandContext& ctx) { ReplyRange(ctx, {RangeBy::kScore, false}); }
void ZrevrangebyscoreCommand(CommandContext& ctx) { ReplyRange(ctx, {RangeBy::kScore, true}); }
void ZrangebylexCommand(CommandContext& ctx) { ReplyRange(ctx, {RangeBy::kName, false}); }
void ZrevrangebylexCommand(CommandContext& ctx) { ReplyRange(ctx, {RangeBy::kName, true}); }

void ZrangestoreCommand(CommandContext& ctx) {
  RangeQuery q;
  if (!ParseQuery(ctx, 2, {.store = true}, &q)) return;
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[2], ValueType::kZSet, &e)) return;
  auto result = std::make_unique<ZSet>();
  if (e != nullptr) {
    const RankSpan span = SpanOf(*e->zset(), q);
    if (q.by == RangeBy::kRank) result->Reserve(span.count);
    e->zset()->Range(span, q.reverse,
                     [&](std::string_view member, double score) { result->Add(member, score); });
  }
  StoreResult(ctx, ctx.args[1], ValueType::kZSet, std::move(result));
}

}  // namespace basalt
