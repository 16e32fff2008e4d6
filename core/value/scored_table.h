// A large sorted set: a hash table by name that owns the elements, and the order-statistic tree
// over the same elements. Invariant: both hold the same elements. Owned by one shard; one thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/hash.h"
#include "core/ds/ordered_tree.h"
#include "core/value/owning_table.h"
#include "core/value/zset_ranges.h"

namespace basalt {

struct ScoredTraits {
  using Element = ScoredElement;
  using Key = std::string_view;
  static uint64_t Hash(const ScoredElement* element) { return HashKey(element->name()); }
  static bool Equal(const ScoredElement* element, std::string_view name) {
    return element->name() == name;
  }
  static void Destroy(ScoredElement* element) { ScoredElement::Destroy(element); }
};

class ScoredTable {
 public:
  size_t size() const { return by_name_.size(); }
  const OwningTable<ScoredTraits>& by_name() const { return by_name_; }
  const OrderedTree& by_score() const { return by_score_; }

  ScoredElement* Find(std::string_view name) const { return by_name_.Find(name); }

  // Adds the name or changes its score; true when it is new. `changed` as in ZSet::Add.
  bool Set(std::string_view name, double score, bool* changed = nullptr) {
    const HashedKey key(name);
    if (changed) *changed = true;
    if (ScoredElement* element = by_name_.Find(key)) {
      if (changed) *changed = element->score() != score;
      if (element->score() != score) by_score_.SetScore(element, score);
      return false;
    }
    Insert(key.hash, ScoredElement::Create(name, score));
    return true;
  }
  void Insert(uint64_t hash, ScoredElement* element) {
    by_name_.Insert(hash, element);
    by_score_.Insert(element);
  }
  void Erase(ScoredElement* element) {
    by_score_.Erase(element);
    by_name_.Erase(ScoredTraits::Hash(element), element);
  }
  void EraseRange(RankSpan span) {
    for (; span.count > 0; --span.count) Erase(by_score_.At(span.first).element());
  }

  RankSpan SpanOf(const ScoreRange& range) const {
    return Between(by_score_.CountBefore(
                       [&](double score, const ScoredElement*) { return !range.MeetsMin(score); }),
                   by_score_.CountBefore(
                       [&](double score, const ScoredElement*) { return range.MeetsMax(score); }));
  }
  RankSpan SpanOf(const LexRange& range) const {
    return Between(by_score_.CountBefore([&](double, const ScoredElement* element) {
      return !range.MeetsMin(element->name());
    }),
                   by_score_.CountBefore([&](double, const ScoredElement* element) {
                     return range.MeetsMax(element->name());
                   }));
  }

  size_t MemoryBytes(size_t samples) const {
    return sizeof(*this) + by_name_.MemoryBytes(samples) + by_score_.MemoryBytes();
  }
  // First the nodes, then the elements; either counts as work done.
  size_t FreeSome(size_t max) {
    const size_t dropped = by_score_.FreeSome(max);
    return dropped > 0 ? dropped : by_name_.FreeSome(max);
  }

 private:
  static RankSpan Between(size_t first, size_t end) {
    return {first, end > first ? end - first : 0};
  }

  OwningTable<ScoredTraits> by_name_;
  OrderedTree by_score_;
};

}  // namespace basalt
