// The set type over its two encodings.
#include "core/value/set.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/value/member_table.h"
#include "core/value/sampler.h"
#include "core/value/value_limits.h"

namespace basalt {
namespace {

// An intset is searched quickly but changed slowly, so however high the setting, it ends somewhere.
size_t MaxIntsetEntries() {
  return std::min<size_t>(ValueLimits::set_max_intset_entries, size_t{1} << 26);
}

}  // namespace

Set::Set() = default;
Set::~Set() = default;

size_t Set::Size() const { return table_ ? table_->size() : ints_.size(); }

bool Set::Add(std::string_view member) {
  if (table_) return table_->Add(member);
  int64_t number;
  if (!ParseInt64(member, &number)) {
    ConvertToTable();
    return table_->Add(member);
  }
  if (!ints_.Add(number)) return false;
  if (ints_.size() > MaxIntsetEntries()) ConvertToTable();
  return true;
}

bool Set::Remove(std::string_view member) {
  if (table_) {
    const HashedKey key(member);
    MemberElement* element = table_->Find(key);
    if (element) table_->Erase(key.hash, element);
    return element != nullptr;
  }
  int64_t number;
  return ParseInt64(member, &number) && ints_.Remove(number);
}

bool Set::Contains(std::string_view member) const {
  if (table_) return table_->Find(member) != nullptr;
  int64_t number;
  return ParseInt64(member, &number) && ints_.Contains(number);
}

void Set::ConvertToTable() {
  auto table = std::make_unique<MemberTable>();
  ForEach([&](std::string_view member) { return table->Add(member); });
  table_ = std::move(table);
  ints_.Clear();
}

void Set::Reserve(size_t members) {
  if (!table_ && members > MaxIntsetEntries()) ConvertToTable();
}

void Set::ForEach(absl::FunctionRef<bool(std::string_view)> visit) const {
  if (table_) {
    table_->Walk([&](const MemberElement* element) { return visit(element->member()); });
    return;
  }
  for (size_t i = 0; i < ints_.size(); ++i) {
    if (!visit(Element(ints_.At(i)).text())) return;
  }
}

uint64_t Set::Scan(uint64_t cursor, size_t count, Visitor visit) const {
  if (table_) {
    return table_->Scan(cursor, count,
                        [&](const MemberElement* element) { visit(element->member()); });
  }
  ForEach([&](std::string_view member) {
    visit(member);
    return true;
  });
  return 0;
}

bool Set::RandomMember(Random& random, Element* member) const {
  const size_t size = Size();
  if (size == 0) return false;
  *member = table_ ? Element(table_->RandomElement(random)->member())
                   : Element(ints_.At(random.Below(size)));
  return true;
}

bool Set::PopRandom(Random& random, std::string* member) {
  Element chosen;
  if (!RandomMember(random, &chosen)) return false;
  member->assign(chosen.text());
  return Remove(*member);
}

void Set::RandomDistinct(Random& random, size_t count, Visitor visit) const {
  if (table_) {
    table_->RandomDistinct(random, count,
                           [&](const MemberElement* element) { visit(element->member()); });
    return;
  }
  Sampler sampler(random, count, Size());
  ForEach([&](std::string_view member) {
    if (sampler.Take()) visit(member);
    return !sampler.done();
  });
}

void Set::RandomRepeated(Random& random, size_t count, Visitor visit) const {
  Element member;
  for (; count > 0 && RandomMember(random, &member); --count) visit(member.text());
}

size_t Set::MemoryBytes(size_t samples) const {
  return sizeof(*this) +
         (table_ ? sizeof(*table_) + table_->MemoryBytes(samples) : ints_.MemoryBytes());
}

std::unique_ptr<Set> Set::Clone() const {
  auto copy = std::make_unique<Set>();
  if (!table_) {
    copy->ints_ = Intset::CopyOf(ints_.bytes());
    return copy;
  }
  copy->table_ = std::make_unique<MemberTable>();
  table_->Walk([&](const MemberElement* element) {
    copy->table_->Insert(MemberTraits::Hash(element), MemberElement::Create(element->member()));
    return true;
  });
  return copy;
}

size_t Set::FreeSome(size_t max_elements) {
  if (table_) return table_->FreeSome(max_elements);
  const size_t freed = Size();
  ints_.Clear();
  return freed;
}

std::unique_ptr<Set> Set::FromIntset(std::string_view bytes) {
  if (!Intset::Validate(bytes)) return nullptr;
  auto set = std::make_unique<Set>();
  set->ints_ = Intset::CopyOf(bytes);
  set->Reserve(set->ints_.size());
  return set;
}

}  // namespace basalt
