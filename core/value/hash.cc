// The hash type over its two encodings.
#include "core/value/hash.h"

#include "core/base/check.h"
#include "core/base/random.h"
#include "core/value/field_table.h"
#include "core/value/sampler.h"
#include "core/value/value_limits.h"

namespace basalt {
namespace {

// Up to so many fields, looking for twins in the listpack is quicker than building a table.
constexpr size_t kMaxComparedInPlace = 32;

}  // namespace

Hash::Hash() = default;
Hash::~Hash() = default;

size_t Hash::Size() const { return table_ ? table_->size() : packed_.size() / 2; }

Listpack::Pos Hash::FindPacked(std::string_view field) const {
  const Listpack::Pos pos = packed_.Find(field, packed_.First(), 1);
  return pos == Listpack::kNone ? pos : packed_.Next(pos);
}

bool Hash::Get(std::string_view field, Element* value) const {
  if (table_) {
    const FieldElement* element = table_->Find(field);
    if (!element) return false;
    *value = Element(element->value());
    return true;
  }
  const Listpack::Pos pos = FindPacked(field);
  if (pos == Listpack::kNone) return false;
  *value = packed_.Get(pos);
  return true;
}

bool Hash::Exists(std::string_view field) const {
  return table_ ? table_->Find(field) != nullptr : FindPacked(field) != Listpack::kNone;
}

bool Hash::Set(std::string_view field, std::string_view value) {
  if (!table_) {
    const size_t longest = ValueLimits::hash_max_listpack_value;
    constexpr size_t kMaxOverhead = 20;
    if (field.size() > longest || value.size() > longest ||
        !packed_.Fits(field.size() + value.size() + kMaxOverhead)) {
      ConvertToTable();
    }
  }
  if (table_) return table_->Set(field, value);
  const Listpack::Pos pos = FindPacked(field);
  if (pos != Listpack::kNone) {
    packed_.Replace(pos, value);
    return false;
  }
  packed_.Append(field);
  packed_.Append(value);
  if (Size() > ValueLimits::hash_max_listpack_entries) ConvertToTable();
  return true;
}

bool Hash::Delete(std::string_view field) {
  if (table_) {
    const HashedKey key(field);
    FieldElement* element = table_->Find(key);
    if (element) table_->Erase(key.hash, element);
    return element != nullptr;
  }
  const Listpack::Pos pos = packed_.Find(field, packed_.First(), 1);
  if (pos != Listpack::kNone) packed_.Erase(pos, 2);
  return pos != Listpack::kNone;
}

void Hash::ConvertToTable() {
  auto table = std::make_unique<FieldTable>();
  ForEach([&](std::string_view field, std::string_view value) {
    table->Set(field, value);
    return true;
  });
  table_ = std::move(table);
  packed_.Clear();
}

void Hash::Reserve(size_t fields) {
  if (!table_ && fields > ValueLimits::hash_max_listpack_entries) ConvertToTable();
}

void Hash::ForEach(absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  if (table_) {
    table_->Walk(
        [&](const FieldElement* element) { return visit(element->field(), element->value()); });
    return;
  }
  for (Listpack::Pos pos = packed_.First(); pos != Listpack::kNone;) {
    const Element field = packed_.Get(pos);
    pos = packed_.Next(pos);
    const Element value = packed_.Get(pos);
    if (!visit(field.text(), value.text())) return;
    pos = packed_.Next(pos);
  }
}

uint64_t Hash::Scan(uint64_t cursor, size_t count, Visitor visit) const {
  if (table_) {
    return table_->Scan(cursor, count, [&](const FieldElement* element) {
      visit(element->field(), element->value());
    });
  }
  ForEach([&](std::string_view field, std::string_view value) {
    visit(field, value);
    return true;
  });
  return 0;
}

bool Hash::RandomField(Random& random, Element* field, Element* value) const {
  const size_t size = Size();
  if (size == 0) return false;
  if (table_) {
    const FieldElement* element = table_->RandomElement(random);
    *field = Element(element->field());
    if (value) *value = Element(element->value());
    return true;
  }
  const Listpack::Pos pos = packed_.At(2 * random.Below(size));
  *field = packed_.Get(pos);
  if (value) *value = packed_.Get(packed_.Next(pos));
  return true;
}

void Hash::RandomDistinct(Random& random, size_t count, Visitor visit) const {
  if (table_) {
    table_->RandomDistinct(random, count, [&](const FieldElement* element) {
      visit(element->field(), element->value());
    });
    return;
  }
  Sampler sampler(random, count, Size());
  ForEach([&](std::string_view field, std::string_view value) {
    if (sampler.Take()) visit(field, value);
    return !sampler.done();
  });
}

void Hash::RandomRepeated(Random& random, size_t count, Visitor visit) const {
  Element field;
  Element value;
  for (; count > 0 && RandomField(random, &field, &value); --count)
    visit(field.text(), value.text());
}

size_t Hash::MemoryBytes(size_t samples) const {
  return sizeof(*this) +
         (table_ ? sizeof(*table_) + table_->MemoryBytes(samples) : packed_.MemoryBytes());
}

std::unique_ptr<Hash> Hash::Clone() const {
  auto copy = std::make_unique<Hash>();
  if (!table_) {
    copy->packed_ = Listpack::CopyOf(packed_.bytes());
    return copy;
  }
  copy->table_ = std::make_unique<FieldTable>();
  table_->Walk([&](const FieldElement* element) {
    copy->table_->Insert(FieldTraits::Hash(element),
                         FieldElement::Create(element->field(), element->value()));
    return true;
  });
  return copy;
}

size_t Hash::FreeSome(size_t max_elements) {
  if (table_) return table_->FreeSome(max_elements);
  const size_t freed = Size();
  packed_.Clear();
  return freed;
}

std::unique_ptr<Hash> Hash::FromListpack(std::string_view bytes) {
  if (!Listpack::Validate(bytes)) return nullptr;
  auto hash = std::make_unique<Hash>();
  hash->packed_ = Listpack::CopyOf(bytes);
  const Listpack& packed = hash->packed_;
  const size_t elements = packed.size();
  if (elements % 2 != 0) return nullptr;

  if (elements / 2 <= kMaxComparedInPlace) {
    if (packed.HasTwins(2)) return nullptr;
    hash->Reserve(elements / 2);
    return hash;
  }
  Hash large;
  large.ConvertToTable();
  bool twins = false;
  hash->ForEach([&](std::string_view field, std::string_view value) {
    twins = !large.table_->Set(field, value);
    return !twins;
  });
  if (twins) return nullptr;
  if (elements / 2 > ValueLimits::hash_max_listpack_entries) {
    hash->packed_.Clear();
    hash->table_ = std::move(large.table_);
  }
  return hash;
}

}  // namespace basalt
