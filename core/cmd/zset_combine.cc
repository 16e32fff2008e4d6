// ZUNION, ZINTER, ZDIFF, their STORE forms and ZINTERCARD. Sources are sorted sets, and sets, whose
// members all score 1; a missing key is an empty one.

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/cmd/collection_store.h"
#include "core/cmd/zset_handlers.h"
#include "core/cmd/zset_ops.h"
#include "core/value/set.h"
#include "core/value/value_limits.h"

namespace basalt {
namespace {

enum class Operation : uint8_t { kUnion, kInter, kDiff };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

double NanToZero(double score) { return std::isnan(score) ? 0 : score; }  // inf - inf, 0 * inf

double Aggregated(Aggregate how, double a, double b) {
  switch (how) {
    case Aggregate::kMin:
      return b < a ? b : a;
    case Aggregate::kMax:
      return b > a ? b : a;
    default:
      return NanToZero(a + b);
  }
}

struct Source {
  const Entry* e = nullptr;  // null: no such key
  double weight = 1;

  bool is_set() const { return e->is(ValueType::kSet); }
  size_t Size() const {
    if (e == nullptr) return 0;
    return is_set() ? e->set()->Size() : e->zset()->Size();
  }
  bool Find(std::string_view member, double* score) const {
    if (e == nullptr) return false;
    if (!is_set()) return e->zset()->Score(member, score);
    *score = 1;
    return e->set()->Contains(member);
  }
  // Every member, until `visit` returns false.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    if (e == nullptr) return;
    if (!is_set()) return e->zset()->ForEach(visit);
    e->set()->ForEach([&](std::string_view member) { return visit(member, 1.0); });
  }
};

struct Combination {
  Operation operation = Operation::kUnion;
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  size_t limit = 0;  // ZINTERCARD's; 0: none
};

enum class Form : uint8_t { kReply, kStore, kCount };

// numkeys at args[at] and the keys behind it.
bool ReadSources(CommandContext& ctx, size_t at, std::vector<Source>* sources) {
  int64_t numkeys;
  if (!IntegerArg(ctx, at, &numkeys)) return false;
  if (numkeys < 1) {
    ctx.reply.Error(
        StrCat("ERR at least 1 input key is needed for '", ctx.spec->name, "' command"));
    return false;
  }
  if (static_cast<uint64_t>(numkeys) > ctx.args.size() - at - 1) {
    ReplySyntaxError(ctx);
    return false;
  }
  sources->resize(static_cast<size_t>(numkeys));
  for (size_t i = 0; i < sources->size(); ++i) {
    const Entry* e = ctx.Find(ctx.args[at + 1 + i]);
    CountLookup(ctx, e);
    if (e != nullptr && !e->is(ValueType::kZSet) && !e->is(ValueType::kSet)) {
      ctx.reply.Error(errors::kWrongType);
      return false;
    }
    (*sources)[i].e = e;
  }
  return true;
}

bool ParseAggregate(CommandContext& ctx, size_t i, Aggregate* out) {
  const std::string_view word = ctx.args[i];
  const bool sum = Is(word, "sum"), min = Is(word, "min");
  if (!sum && !min && !Is(word, "max")) {
    ReplySyntaxError(ctx);
    return false;
  }
  *out = sum ? Aggregate::kSum : min ? Aggregate::kMin : Aggregate::kMax;
  return true;
}

// The options from args[i] on.
bool ParseOptions(CommandContext& ctx, size_t i, Form form, Combination* c) {
  const bool weighs = c->operation != Operation::kDiff && form != Form::kCount;
  while (i < ctx.args.size()) {
    const std::string_view word = ctx.args[i];
    const size_t behind = ctx.args.size() - ++i;
    if (weighs && behind >= c->sources.size() && Is(word, "weights")) {
      for (Source& source : c->sources) {
        if (!DoubleArg(ctx, i++, &source.weight, errors::kWeightNotFloat)) return false;
      }
    } else if (weighs && behind > 0 && Is(word, "aggregate")) {
      if (!ParseAggregate(ctx, i++, &c->aggregate)) return false;
    } else if (form == Form::kReply && Is(word, "withscores")) {
      c->with_scores = true;
    } else if (form == Form::kCount && behind > 0 && Is(word, "limit")) {
      int64_t limit;
      if (!IntegerArgIn(ctx, i++, 0, INT64_MAX, &limit, errors::kLimitNegative)) return false;
      c->limit = static_cast<size_t>(limit);
    } else {
      ReplySyntaxError(ctx);
      return false;
    }
  }
  return true;
}

// All words of the command; numkeys is at args[at].
bool ParseCombination(CommandContext& ctx, size_t at, Form form, Combination* c) {
  if (!ReadSources(ctx, at, &c->sources)) return false;
  if (!ParseOptions(ctx, at + 1 + c->sources.size(), form, c)) return false;
  if (c->operation != Operation::kDiff) {
    // Small ones first, which saves look-ups; and sums round in the order that Redis adds them up.
    std::stable_sort(c->sources.begin(), c->sources.end(),
                     [](const Source& a, const Source& b) { return a.Size() < b.Size(); });
  }
  return true;
}

// Visits what all sources have, with its aggregated score, until `visit` returns false.
template <class Visit>
void ForEachCommon(const Combination& c, Visit&& visit) {
  const Source& first = c.sources[0];
  const std::span<const Source> others = std::span(c.sources).subspan(1);
  first.ForEach([&](std::string_view member, double score) {
    score = NanToZero(first.weight * score);
    for (const Source& other : others) {
      double value;
      if (!other.Find(member, &value)) return true;
      score = Aggregated(c.aggregate, score, value * other.weight);
    }
    return visit(member, score);
  });
}

// Redis gathers results in the large encoding, where -0 stays apart from 0; the small one knows no
// -0.
void AddResult(ZSet* result, std::string_view member, double score) {
  if (score == 0 && std::signbit(score)) result->Reserve(SIZE_MAX);
  result->Add(member, score);
}

void Unite(const Combination& c, ZSet* result) {
  for (const Source& source : c.sources) {
    source.ForEach([&](std::string_view member, double score) {
      score = NanToZero(source.weight * score);
      double old;
      if (result->Score(member, &old)) {
        score = Aggregated(c.aggregate, old, score);
        if (score == 0 && old == 0) result->Remove(member);  // to Add, 0 and -0 are the same score
      }
      AddResult(result, member, score);
      return true;
    });
  }
}

void Subtract(const Combination& c, ZSet* result) {
  const std::span<const Source> others = std::span(c.sources).subspan(1);
  c.sources[0].ForEach([&](std::string_view member, double score) {
    double ignored;
    const bool elsewhere = std::any_of(others.begin(), others.end(), [&](const Source& other) {
      return other.Find(member, &ignored);
    });
    if (!elsewhere) AddResult(result, member, score);
    return true;
  });
}

std::unique_ptr<ZSet> Combined(const Combination& c) {
  auto result = std::make_unique<ZSet>();
  switch (c.operation) {
    case Operation::kUnion:
      Unite(c, result.get());
      break;
    case Operation::kInter:
      ForEachCommon(c, [&](std::string_view member, double score) {
        AddResult(result.get(), member, score);
        return true;
      });
      break;
    case Operation::kDiff:
      Subtract(c, result.get());
  }
  return result;
}

// The result in the encoding that its size asks for.
std::unique_ptr<ZSet> Compact(std::unique_ptr<ZSet> result) {
  if (result->is_packed() || result->Size() > ValueLimits::zset_max_listpack_entries) return result;
  auto compact = std::make_unique<ZSet>();
  result->ForEach([&](std::string_view member, double score) {
    compact->Add(member, score);
    return compact->is_packed();
  });
  return compact->is_packed() ? std::move(compact) : std::move(result);
}

void ReplyCombined(CommandContext& ctx, Operation operation) {
  Combination c{operation};
  if (!ParseCombination(ctx, 1, Form::kReply, &c)) return;
  const std::unique_ptr<ZSet> result = Combined(c);
  result->Range({0, result->Size()}, /*reverse=*/false,
                ScoredReplies(ctx.reply, result->Size(), ScoredFormOf(ctx.reply, c.with_scores)));
}

void StoreCombined(CommandContext& ctx, Operation operation) {
  Combination c{operation};
  if (!ParseCombination(ctx, 2, Form::kStore, &c)) return;
  StoreResult(ctx, ctx.args[1], ValueType::kZSet, Compact(Combined(c)));
}

}  // namespace

void ZunionCommand(CommandContext& ctx) { ReplyCombined(ctx, Operation::kUnion); }
void ZinterCommand(CommandContext& ctx) { ReplyCombined(ctx, Operation::kInter); }
void ZdiffCommand(CommandContext& ctx) { ReplyCombined(ctx, Operation::kDiff); }
void ZunionstoreCommand(CommandContext& ctx) { StoreCombined(ctx, Operation::kUnion); }
void ZinterstoreCommand(CommandContext& ctx) { StoreCombined(ctx, Operation::kInter); }
void ZdiffstoreCommand(CommandContext& ctx) { StoreCombined(ctx, Operation::kDiff); }

void ZintercardCommand(CommandContext& ctx) {
  Combination c{Operation::kInter};
  if (!ParseCombination(ctx, 1, Form::kCount, &c)) return;
  size_t found = 0;
  ForEachCommon(c, [&](std::string_view, double) { return ++found != c.limit; });
  ctx.reply.Integer(static_cast<int64_t>(found));
}

}  // namespace basalt
