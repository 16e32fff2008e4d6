// The sorted set type over its two encodings.
#include "core/value/zset.h"

#include <unordered_set>

#include "core/base/random.h"
#include "core/value/sampler.h"
#include "core/value/scored_table.h"
#include "core/value/value_limits.h"

namespace basalt {
namespace {

// Up to so many members, looking for twins in the listpack is quicker than building a table.
constexpr size_t kMaxComparedInPlace = 32;

}  // namespace

ZSet::ZSet() = default;
ZSet::~ZSet() = default;

size_t ZSet::Size() const { return table_ ? table_->size() : packed_.size(); }

bool ZSet::Score(std::string_view member, double* score) const {
  if (!table_) return packed_.Find(member, score) != Listpack::kNone;
  const ScoredElement* element = table_->Find(member);
  if (element) *score = element->score();
  return element != nullptr;
}

bool ZSet::Add(std::string_view member, double score, bool* changed) {
  if (table_) return table_->Set(member, score, changed);
  if (changed) *changed = true;
  double old_score;
  if (const auto pos = packed_.Find(member, &old_score); pos != Listpack::kNone) {
    if (changed) *changed = old_score != score;
    if (old_score != score) {
      packed_.Erase(pos);
      packed_.Insert(member, score);
    }
    return false;
  }
  constexpr size_t kMaxOverhead = 64;
  if (packed_.size() + 1 > ValueLimits::zset_max_listpack_entries ||
      member.size() > ValueLimits::zset_max_listpack_value ||
      !packed_.pack().Fits(member.size() + kMaxOverhead)) {
    ConvertToTable();
    return table_->Set(member, score);
  }
  packed_.Insert(member, score);
  return true;
}

bool ZSet::Remove(std::string_view member) {
  if (table_) {
    ScoredElement* element = table_->Find(member);
    if (element) table_->Erase(element);
    return element != nullptr;
  }
  const auto pos = packed_.Find(member, nullptr);
  if (pos != Listpack::kNone) packed_.Erase(pos);
  return pos != Listpack::kNone;
}

std::optional<size_t> ZSet::Rank(std::string_view member, bool reverse, double* score) const {
  size_t rank;
  if (table_) {
    const ScoredElement* element = table_->Find(member);
    if (!element) return std::nullopt;
    if (score) *score = element->score();
    rank = table_->by_score().RankOf(element);
  } else if (packed_.Find(member, score, &rank) == Listpack::kNone) {
    return std::nullopt;
  }
  return reverse ? Size() - 1 - rank : rank;
}

ZSet::Span ZSet::SpanOfScores(const ScoreRange& range) const {
  return table_ ? table_->SpanOf(range) : packed_.SpanOf(range);
}

ZSet::Span ZSet::SpanOfNames(const LexRange& range) const {
  return table_ ? table_->SpanOf(range) : packed_.SpanOf(range);
}

void ZSet::Range(Span span, bool reverse, Visitor visit) const {
  span = span.ClippedTo(Size());
  if (span.count == 0) return;
  const size_t start = reverse ? span.first + span.count - 1 : span.first;
  if (table_) {
    auto it = table_->by_score().At(start);
    for (; span.count > 0; --span.count) {
      visit(it.element()->name(), it.score());
      reverse ? it.Prev() : it.Next();
    }
    return;
  }
  auto pos = packed_.At(start);
  for (; span.count > 0; --span.count) {
    visit(packed_.Member(pos).text(), packed_.Score(pos));
    pos = reverse ? packed_.Prev(pos) : packed_.Next(pos);
  }
}

size_t ZSet::RemoveRange(Span span) {
  span = span.ClippedTo(Size());
  if (span.count == 0) return 0;
  if (table_) {
    table_->EraseRange(span);
  } else {
    packed_.Erase(packed_.At(span.first), span.count);
  }
  return span.count;
}

void ZSet::ForEach(absl::FunctionRef<bool(std::string_view, double)> visit) const {
  if (table_) {
    for (auto it = table_->by_score().At(0); it; it.Next()) {
      if (!visit(it.element()->name(), it.score())) return;
    }
    return;
  }
  if (packed_.size() == 0) return;
  for (auto pos = packed_.At(0); pos != Listpack::kNone; pos = packed_.Next(pos)) {
    if (!visit(packed_.Member(pos).text(), packed_.Score(pos))) return;
  }
}

bool ZSet::At(size_t rank, Element* member, double* score) const {
  if (rank >= Size()) return false;
  if (table_) {
    const auto it = table_->by_score().At(rank);
    *member = Element(it.element()->name());
    if (score) *score = it.score();
  } else {
    const auto pos = packed_.At(rank);
    *member = packed_.Member(pos);
    if (score) *score = packed_.Score(pos);
  }
  return true;
}

bool ZSet::PopMin(std::string* member, double* score) { return Pop(0, member, score); }
bool ZSet::PopMax(std::string* member, double* score) {
  return Size() > 0 && Pop(Size() - 1, member, score);
}

bool ZSet::Pop(size_t rank, std::string* member, double* score) {
  Element element;
  if (!At(rank, &element, score)) return false;
  if (member) member->assign(element.text());
  return RemoveRange({rank, 1}) == 1;
}

uint64_t ZSet::Scan(uint64_t cursor, size_t count, Visitor visit) const {
  if (table_) {
    return table_->by_name().Scan(cursor, count, [&](const ScoredElement* element) {
      visit(element->name(), element->score());
    });
  }
  Range({0, Size()}, false, visit);
  return 0;
}

bool ZSet::RandomMember(Random& random, Element* member, double* score) const {
  const size_t size = Size();
  return size > 0 && At(random.Below(size), member, score);
}

void ZSet::RandomDistinct(Random& random, size_t count, Visitor visit) const {
  if (table_ && count < Size() / 4) {
    std::unordered_set<size_t> seen;
    Element member;
    double score;
    while (seen.size() < count) {
      const size_t rank = random.Below(Size());
      if (seen.insert(rank).second && At(rank, &member, &score)) visit(member.text(), score);
    }
    return;
  }
  Sampler sampler(random, count, Size());
  ForEach([&](std::string_view member, double score) {
    if (sampler.Take()) visit(member, score);
    return !sampler.done();
  });
}

void ZSet::RandomRepeated(Random& random, size_t count, Visitor visit) const {
  Element member;
  double score;
  for (; count > 0 && RandomMember(random, &member, &score); --count) visit(member.text(), score);
}

void ZSet::ConvertToTable() {
  auto table = std::make_unique<ScoredTable>();
  ForEach([&](std::string_view member, double score) { return table->Set(member, score); });
  table_ = std::move(table);
  packed_.Clear();
}

void ZSet::Reserve(size_t members) {
  if (!table_ && members > ValueLimits::zset_max_listpack_entries) ConvertToTable();
}

size_t ZSet::MemoryBytes(size_t samples) const {
  return sizeof(*this) + (table_ ? table_->MemoryBytes(samples) : packed_.pack().MemoryBytes());
}

std::unique_ptr<ZSet> ZSet::Clone() const {
  auto copy = std::make_unique<ZSet>();
  if (!table_) {
    copy->packed_.Assign(packed_bytes());
    return copy;
  }
  copy->table_ = std::make_unique<ScoredTable>();
  for (auto it = table_->by_score().At(0); it; it.Next()) {
    const ScoredElement* element = it.element();
    copy->table_->Insert(ScoredTraits::Hash(element),
                         ScoredElement::Create(element->name(), element->score()));
  }
  return copy;
}

size_t ZSet::FreeSome(size_t max_elements) {
  if (table_) return table_->FreeSome(max_elements);
  const size_t freed = packed_.size();
  packed_.Clear();
  return freed;
}

std::unique_ptr<ZSet> ZSet::FromListpack(std::string_view bytes) {
  if (!Listpack::Validate(bytes)) return nullptr;
  auto zset = std::make_unique<ZSet>();
  zset->packed_.Assign(bytes);
  if (!PackedZSet::HoldsPairs(zset->packed_.pack())) return nullptr;
  if (zset->Size() <= kMaxComparedInPlace && zset->packed_.IsSorted()) {
    if (zset->packed_.pack().HasTwins(2)) return nullptr;
    zset->Reserve(zset->Size());
    return zset;
  }
  // A table finds twins, and sorts by the way.
  auto table = std::make_unique<ScoredTable>();
  bool twins = false;
  zset->ForEach([&](std::string_view member, double score) {
    twins = !table->Set(member, score);
    return !twins;
  });
  if (twins) return nullptr;
  if (zset->Size() > ValueLimits::zset_max_listpack_entries) {
    zset->packed_.Clear();
    zset->table_ = std::move(table);
  } else if (!zset->packed_.IsSorted()) {
    zset->packed_.Clear();
    for (auto it = table->by_score().At(0); it; it.Next())
      zset->packed_.Insert(it.element()->name(), it.score());
  }
  return zset;
}

}  // namespace basalt
