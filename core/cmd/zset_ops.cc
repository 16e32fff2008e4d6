#include "core/cmd/zset_ops.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/cmd/blocking_ops.h"

namespace basalt {
namespace {

// More lenient than other numbers in commands: an empty word is 0, spaces may lead, and what is too
// large is infinite.
bool ParseScoreBound(std::string_view word, double* score, bool* exclusive) {
  *exclusive = word.starts_with('(');
  if (*exclusive) word.remove_prefix(1);
  if (int64_t integer; ParseInt64(word, &integer)) {
    *score = static_cast<double>(integer);
    return true;
  }
  const std::string text(word);
  char* end;
  *score = std::strtod(text.c_str(), &end);
  return *end == '\0' && !std::isnan(*score);
}

bool ParseLexBound(std::string_view word, LexBound* bound) {
  if (word.empty()) return false;
  const char first = word[0];
  const bool alone = word.size() == 1 || word[1] == '\0';
  switch (first) {
    case '-':
    case '+':
      bound->kind = first == '-' ? LexBound::kLowest : LexBound::kHighest;
      return alone;
    case '[':
    case '(':
      bound->kind = first == '[' ? LexBound::kInclusive : LexBound::kExclusive;
      bound->name = word.substr(1);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool ScoreRangeArgs(CommandContext& ctx, size_t min_at, size_t max_at, ScoreRange* out) {
  if (ParseScoreBound(ctx.args[min_at], &out->min, &out->min_exclusive) &&
      ParseScoreBound(ctx.args[max_at], &out->max, &out->max_exclusive)) {
    return true;
  }
  ctx.reply.Error(errors::kMinMaxNotFloat);
  return false;
}

bool LexRangeArgs(CommandContext& ctx, size_t min_at, size_t max_at, LexRange* out) {
  if (ParseLexBound(ctx.args[min_at], &out->min) && ParseLexBound(ctx.args[max_at], &out->max))
    return true;
  ctx.reply.Error(errors::kMinMaxNotString);
  return false;
}

void PopScored(CommandContext& ctx, std::string_view key, Entry* e, ScoreEnd end, size_t count,
               ZSet::Visitor visit) {
  ZSet& zset = *e->zset();
  const size_t size = zset.Size(), taken = std::min(count, size);
  const RankSpan span{end == ScoreEnd::kMin ? 0 : size - taken, taken};
  zset.Range(span, /*reverse=*/end == ScoreEnd::kMax, visit);
  if (taken == size) {
    ctx.DbOf(key).DeleteEntry(e);
  } else {
    zset.RemoveRange(span);
  }
  ctx.Changed(key, static_cast<int>(taken));
}

bool ParseScoredMultiPop(CommandContext& ctx, size_t numkeys_at, ScoredMultiPop* out) {
  const Args& args = ctx.args;
  int64_t keys;
  if (!IntegerArgIn(ctx, numkeys_at, 1, INT64_MAX, &keys, errors::kNumkeysPositive)) return false;
  if (static_cast<uint64_t>(keys) >= args.size() - numkeys_at - 1) {
    ReplySyntaxError(ctx);
    return false;
  }
  out->keys = {args.v + numkeys_at + 1, static_cast<size_t>(keys)};
  size_t i = numkeys_at + 1 + out->keys.size();
  const bool max = Is(args[i], "max");
  out->end = max ? ScoreEnd::kMax : ScoreEnd::kMin;
  bool fits = max || Is(args[i], "min");
  if (fits && ++i < args.size()) {
    fits = Is(args[i], "count") && i + 1 < args.size();
    int64_t count;
    if (fits && !IntegerArgIn(ctx, i + 1, 1, INT64_MAX, &count, errors::kCountPositive))
      return false;
    if (fits) out->count = static_cast<size_t>(count);
    fits = fits && i + 2 == args.size();
  }
  if (!fits) ReplySyntaxError(ctx);
  return fits;
}

bool PopScoredFromFirst(CommandContext& ctx, const ScoredMultiPop& pop) {
  for (std::string_view key : pop.keys) {
    Entry* e;
    if (!FindToTake(ctx, key, ValueType::kZSet, &e)) return true;
    if (e == nullptr) continue;
    const size_t taken = std::min(pop.count, e->zset()->Size());
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    PopScored(ctx, key, e, pop.end, taken, ScoredReplies(ctx.reply, taken, ScoredForm::kPairs));
    char text[24];
    const size_t n = FormatUint64(taken, text);
    ctx.LogInstead({pop.end == ScoreEnd::kMin ? "ZPOPMIN" : "ZPOPMAX", key, {text, n}});
    return true;
  }
  return false;
}

}  // namespace basalt
