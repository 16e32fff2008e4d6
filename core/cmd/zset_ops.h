// What the sorted set commands share: bounds of ranges, replies of members with scores, and
// popping, which the blocking forms do, too. A function that returns false has already replied with
// the error. The thread that runs the command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/cmd/arguments.h"
#include "core/value/zset.h"

namespace basalt {

// The words at `min_at` and `max_at` as an interval of scores: "5", "(5", "-inf".
[[nodiscard]] bool ScoreRangeArgs(CommandContext& ctx, size_t min_at, size_t max_at,
                                  ScoreRange* out);
// As an interval of names: "[a", "(a", "-", "+". The bounds are views of the words.
[[nodiscard]] bool LexRangeArgs(CommandContext& ctx, size_t min_at, size_t max_at, LexRange* out);

// How members are replied: names only, names and scores in one flat array, or an array for each
// pair.
enum class ScoredForm : uint8_t { kNames, kFlat, kPairs };

// WITHSCORES: flat in RESP2, pairs in RESP3.
inline ScoredForm ScoredFormOf(const Reply& reply, bool with_scores) {
  if (!with_scores) return ScoredForm::kNames;
  return reply.resp() == 3 ? ScoredForm::kPairs : ScoredForm::kFlat;
}

// Replies with an array of `n` members, which are then to be called in.
class ScoredReplies {
 public:
  ScoredReplies(Reply& reply, size_t n, ScoredForm form) : reply_(reply), form_(form) {
    reply.Array(form == ScoredForm::kFlat ? n * 2 : n);
  }
  void operator()(std::string_view member, double score) const {
    if (form_ == ScoredForm::kPairs) reply_.Array(2);
    reply_.Bulk(member);
    if (form_ != ScoredForm::kNames) reply_.Double(score);
  }

 private:
  Reply& reply_;
  const ScoredForm form_;
};

enum class ScoreEnd : uint8_t { kMin, kMax };

// Takes the `count` (at most the set's size) lowest or highest members off, outermost first, each
// shown to `visit`; deletes the key when it gets empty.
void PopScored(CommandContext& ctx, std::string_view key, Entry* e, ScoreEnd end, size_t count,
               ZSet::Visitor visit);

// The words of ZMPOP and BZMPOP from numkeys on.
struct ScoredMultiPop {
  Args keys;
  ScoreEnd end = ScoreEnd::kMin;
  size_t count = 1;
};
[[nodiscard]] bool ParseScoredMultiPop(CommandContext& ctx, size_t numkeys_at, ScoredMultiPop* out);
// Pops from the first key that has members, and replies. False, and no reply, when none has.
[[nodiscard]] bool PopScoredFromFirst(CommandContext& ctx, const ScoredMultiPop& pop);

}  // namespace basalt
