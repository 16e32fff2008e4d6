// SINTER, SUNION, SDIFF, their STORE forms and SINTERCARD. A missing key is an empty set.

#include <algorithm>
#include <vector>

#include "core/cmd/arguments.h"
#include "core/cmd/collection_store.h"
#include "core/cmd/set_handlers.h"
#include "core/value/set.h"

namespace basalt {
namespace {

using Sets = std::vector<const Set*>;  // null: no such key

size_t SizeOf(const Set* set) { return set == nullptr ? 0 : set->Size(); }

// False when a key holds another type (kWrongType was replied).
bool ReadSets(CommandContext& ctx, Args keys, Sets* sets) {
  sets->reserve(keys.size());
  for (std::string_view key : keys) {
    Entry* e;
    if (!ReadOfType(ctx, key, ValueType::kSet, &e)) return false;
    sets->push_back(e == nullptr ? nullptr : e->set());
  }
  return true;
}

bool AllContain(std::span<const Set* const> sets, std::string_view member) {
  return std::all_of(sets.begin(), sets.end(),
                     [&](const Set* set) { return set->Contains(member); });
}

bool AnyContains(std::span<const Set* const> sets, std::string_view member) {
  return std::any_of(sets.begin(), sets.end(),
                     [&](const Set* set) { return set != nullptr && set->Contains(member); });
}

// Visits what all sets have in common, until `visit` returns false. Costs the smallest set's size
// times their number.
template <class Visit>
void ForEachCommon(Sets sets, Visit&& visit) {
  std::stable_sort(sets.begin(), sets.end(),
                   [](const Set* a, const Set* b) { return SizeOf(a) < SizeOf(b); });
  if (SizeOf(sets[0]) == 0) return;
  const std::span<const Set* const> others = std::span(sets).subspan(1);
  sets[0]->ForEach(
      [&](std::string_view member) { return !AllContain(others, member) || visit(member); });
}

std::unique_ptr<Set> Union(const Sets& sets) {
  auto result = std::make_unique<Set>();
  for (const Set* set : sets) {
    if (set == nullptr) continue;
    set->ForEach([&](std::string_view member) {
      result->Add(member);
      return true;
    });
  }
  return result;
}

// Either asks the other sets about each member of the first, or copies the first and takes the
// others' members off: whatever looks at fewer members. The first way is worth half as much again,
// since it stops at the first set that has the member. The border is Redis's, because it shows: a
// copy that once held words is no intset when only numbers are left.
std::unique_ptr<Set> Difference(const Sets& sets) {
  auto result = std::make_unique<Set>();
  const Set* first = sets[0];
  if (first == nullptr || std::find(sets.begin() + 1, sets.end(), first) != sets.end())
    return result;
  size_t asked = 0, walked = 0;
  for (const Set* set : sets) {
    if (set == nullptr) continue;
    asked += first->Size();
    walked += set->Size();
  }
  Sets others(sets.begin() + 1, sets.end());
  if (asked / 2 <= walked) {
    std::sort(others.begin(), others.end(),
              [](const Set* a, const Set* b) { return SizeOf(a) > SizeOf(b); });
    first->ForEach([&](std::string_view member) {
      if (!AnyContains(others, member)) result->Add(member);
      return true;
    });
    return result;
  }
  result = Union({first});
  for (const Set* set : others) {
    if (set == nullptr) continue;
    set->ForEach([&](std::string_view member) {
      result->Remove(member);
      return result->Size() > 0;
    });
  }
  return result;
}

std::unique_ptr<Set> Intersection(const Sets& sets) {
  auto result = std::make_unique<Set>();
  ForEachCommon(sets, [&](std::string_view member) {
    result->Add(member);
    return true;
  });
  return result;
}

using Combine = std::unique_ptr<Set> (*)(const Sets& sets);

void ReplyCombined(CommandContext& ctx, Combine combine) {
  Sets sets;
  if (!ReadSets(ctx, ctx.args.From(1), &sets)) return;
  const std::unique_ptr<Set> result = combine(sets);
  ctx.reply.Set(result->Size());
  result->ForEach([&](std::string_view member) {
    ctx.reply.Bulk(member);
    return true;
  });
}

void StoreCombined(CommandContext& ctx, Combine combine) {
  Sets sets;
  if (!ReadSets(ctx, ctx.args.From(2), &sets)) return;
  StoreResult(ctx, ctx.args[1], ValueType::kSet, combine(sets));
}

}  // namespace

// Straight from the sets to the reply, without a result in between.
void SinterCommand(CommandContext& ctx) {
  Sets sets;
  if (!ReadSets(ctx, ctx.args.From(1), &sets)) return;
  const size_t mark = ctx.reply.BeginArray();
  size_t found = 0;
  ForEachCommon(std::move(sets), [&](std::string_view member) {
    ctx.reply.Bulk(member);
    return ++found > 0;
  });
  ctx.reply.EndSet(mark, found);
}

void SintercardCommand(CommandContext& ctx) {
  int64_t numkeys, limit = 0;
  if (!IntegerArgIn(ctx, 1, 1, INT64_MAX, &numkeys, errors::kNumkeysPositive)) return;
  if (static_cast<uint64_t>(numkeys) > ctx.args.size() - 2)
    return ctx.reply.Error(errors::kNumkeysTooMany);
  const size_t keys = static_cast<size_t>(numkeys);
  for (size_t i = 2 + keys; i < ctx.args.size(); i += 2) {
    if (!Is(ctx.args[i], "limit") || i + 1 == ctx.args.size()) return ReplySyntaxError(ctx);
    if (!IntegerArgIn(ctx, i + 1, 0, INT64_MAX, &limit, errors::kLimitNegative)) return;
  }
  Sets sets;
  if (!ReadSets(ctx, {ctx.args.v + 2, keys}, &sets)) return;
  int64_t found = 0;
  ForEachCommon(std::move(sets), [&](std::string_view) { return ++found != limit; });
  ctx.reply.Integer(found);
}

void SinterstoreCommand(CommandContext& ctx) { StoreCombined(ctx, Intersection); }
void SunionCommand(CommandContext& ctx) { ReplyCombined(ctx, Union); }
void SunionstoreCommand(CommandContext& ctx) { StoreCombined(ctx, Union); }
void SdiffCommand(CommandContext& ctx) { ReplyCombined(ctx, Difference); }
void SdiffstoreCommand(CommandContext& ctx) { StoreCombined(ctx, Difference); }

}  // namespace basalt
