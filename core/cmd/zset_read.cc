// Sorted set commands that answer scores, ranks, counts and members at random.

#include <algorithm>
#include <cmath>

#include "core/cmd/collection_scan.h"
#include "core/cmd/zset_handlers.h"
#include "core/cmd/zset_ops.h"

namespace basalt {
namespace {

// Replies the number that `count` makes of the set, or 0 when there is none.
template <class F>
void ReplyCount(CommandContext& ctx, F&& count) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  ctx.reply.Integer(e == nullptr ? 0 : static_cast<int64_t>(count(*e->zset())));
}

void ReplyRank(CommandContext& ctx, bool reverse) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  const std::optional<size_t> rank = e->zset()->Rank(ctx.args[2], reverse);
  rank ? ctx.reply.Integer(static_cast<int64_t>(*rank)) : ctx.reply.Null();
}

void ReplyScore(CommandContext& ctx, const Entry* e, std::string_view member) {
  double score;
  e != nullptr && e->zset()->Score(member, &score) ? ctx.reply.Double(score) : ctx.reply.Null();
}

void ReplyOneAtRandom(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  if (e == nullptr) return ctx.reply.Null();
  Element member;
  e->zset()->RandomMember(ctx.local().rng, &member, nullptr);
  ctx.reply.Bulk(member.text());
}

// ZSCAN shows what a listpack stores, which is an integer where the score is one, but "1e+17" of a
// large set.
size_t FormatScanned(double score, bool packed, char out[kDoubleTextMax]) {
  constexpr double kIntegersEnd = 0x1p62;
  if (packed && std::fabs(score) <= kIntegersEnd && std::trunc(score) == score) {
    return FormatInt64(static_cast<int64_t>(score), out);
  }
  return FormatDouble(score, out);
}

}  // namespace

void ZcardCommand(CommandContext& ctx) {
  ReplyCount(ctx, [](const ZSet& zset) { return zset.Size(); });
}

void ZcountCommand(CommandContext& ctx) {
  ScoreRange range;
  if (!ScoreRangeArgs(ctx, 2, 3, &range)) return;
  ReplyCount(ctx, [&](const ZSet& zset) { return zset.CountByScore(range); });
}

void ZlexcountCommand(CommandContext& ctx) {
  LexRange range;
  if (!LexRangeArgs(ctx, 2, 3, &range)) return;
  ReplyCount(ctx, [&](const ZSet& zset) { return zset.CountByName(range); });
}

void ZscoreCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  ReplyScore(ctx, e, ctx.args[2]);
}

void ZmscoreCommand(CommandContext& ctx) {
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  ctx.reply.Array(ctx.args.size() - 2);
  for (std::string_view member : ctx.args.From(2)) ReplyScore(ctx, e, member);
}

void ZrankCommand(CommandContext& ctx) { ReplyRank(ctx, /*reverse=*/false); }
void ZrevrankCommand(CommandContext& ctx) { ReplyRank(ctx, /*reverse=*/true); }

void ZrandmemberCommand(CommandContext& ctx) {
  const size_t words = ctx.args.size();
  if (words == 2) return ReplyOneAtRandom(ctx);
  int64_t count;
  if (!IntegerArgIn(ctx, 2, -INT64_MAX, INT64_MAX, &count)) return;
  const bool with_scores = words > 3;
  if (words > 4 || (with_scores && !Is(ctx.args[3], "withscores"))) return ReplySyntaxError(ctx);
  if (with_scores && (count < -INT64_MAX / 2 || count > INT64_MAX / 2)) {
    return ctx.reply.Error(errors::kValueOutOfRange);
  }
  Entry* e;
  if (!ReadOfType(ctx, ctx.args[1], ValueType::kZSet, &e)) return;
  if (e == nullptr || count == 0) return ctx.reply.EmptyArray();
  if (count < -kRandomRepeatsMax) return ctx.reply.Error(errors::kValueOutOfRange);

  const ZSet& zset = *e->zset();
  Random& random = ctx.local().rng;
  const ScoredForm form = ScoredFormOf(ctx.reply, with_scores);
  if (count < 0) {
    const auto n = static_cast<size_t>(-count);
    zset.RandomRepeated(random, n, ScoredReplies(ctx.reply, n, form));
  } else {
    const size_t n = std::min(static_cast<size_t>(count), zset.Size());
    zset.RandomDistinct(random, n, ScoredReplies(ctx.reply, n, form));
  }
}

void ZscanCommand(CommandContext& ctx) {
  ScanCollection(ctx, ValueType::kZSet,
                 [](const Entry& e, uint64_t cursor, size_t count, auto&& found) {
                   const bool packed = e.zset()->is_packed();
                   return e.zset()->Scan(cursor, count, [&](std::string_view member, double score) {
                     char text[kDoubleTextMax];
                     found(member, std::string_view(text, FormatScanned(score, packed, text)));
                   });
                 });
}

}  // namespace basalt
