#include "core/shard/command_spec.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"

namespace basalt {
namespace {

constexpr size_t kNameMax = 16 + 16;

template <class Int>
uint64_t Load(const char* p) {
  Int value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// Up to 8 bytes as a number, by loads that may overlap: a copy of unknown length is a call.
uint64_t LoadUpTo8(const char* p, size_t n) {
  if (n == 8) return Load<uint64_t>(p);
  if (n >= 4) return Load<uint32_t>(p) | Load<uint32_t>(p + n - 4) << 8 * (n - 4);
  if (n == 0) return 0;
  return Load<uint8_t>(p) | Load<uint8_t>(p + n / 2) << 8 * (n / 2) |
         Load<uint8_t>(p + n - 1) << 8 * (n - 1);
}

// The first 16 bytes of a name, letters in lower case. OR-ing 0x20 also changes '@'..'_' and digits
// stay as they are (they have that bit), so equal words can only come from names that differ in
// case, or in characters that are no letters.
void Fold(std::string_view name, uint64_t word[2]) {
  const size_t first = std::min<size_t>(name.size(), 8);
  const size_t second = std::min<size_t>(name.size() - first, 8);
  word[0] = LoadUpTo8(name.data(), first) | 0x2020202020202020;
  word[1] = LoadUpTo8(name.data() + first, second) | 0x2020202020202020;
}

bool FitsInWords(std::string_view name) {
  return name.size() <= 16 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

uint64_t Mix(const uint64_t word[2], size_t size) {
  uint64_t h = (word[0] ^ (word[1] * 0x9e3779b97f4a7c15)) + size;
  h *= 0xff51afd7ed558ccd;
  return h ^ (h >> 32);
}

bool SameName(std::string_view lower, std::string_view any) {
  if (lower.size() != any.size()) return false;
  for (size_t i = 0; i < any.size(); ++i) {
    char c = any[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

CommandTable::CommandTable(std::span<const std::span<const CommandSpec>> groups) {
  size_t total = 0;
  for (auto group : groups) {
    for (const CommandSpec& spec : group) total += 1 + spec.subcommands.size();
  }
  all_.reserve(total);  // containers point into it
  for (auto group : groups) all_.insert(all_.end(), group.begin(), group.end());
  commands_ = all_.size();
  for (size_t n = 0; n < commands_; ++n) {
    std::span<const CommandSpec> rows = all_[n].subcommands;
    if (rows.empty()) continue;
    size_t first = all_.size();
    all_.insert(all_.end(), rows.begin(), rows.end());
    all_[n].subcommands = std::span(all_).subspan(first, rows.size());
  }
  for (size_t n = 0; n < all_.size(); ++n) all_[n].index = static_cast<uint16_t>(n);
  size_t size = 64;
  while (size < commands_ * 4) size *= 2;
  buckets_.resize(size);
  for (size_t n = 0; n < commands_; ++n) {
    std::string_view name = all_[n].name;
    BASALT_CHECK(name.size() <= kNameMax && Find(name) == nullptr);
    Bucket fresh{.spec = &all_[n], .exact_size = FitsInWords(name) ? name.size() : 0};
    Fold(name, fresh.word);
    size_t i = Mix(fresh.word, name.size()) & (size - 1);
    while (buckets_[i].spec != nullptr) i = (i + 1) & (size - 1);
    buckets_[i] = fresh;
  }
}

const CommandSpec* CommandTable::Find(std::string_view name) const {
  if (name.size() > kNameMax) return nullptr;
  uint64_t word[2];
  Fold(name, word);
  size_t mask = buckets_.size() - 1;
  for (size_t i = Mix(word, name.size()) & mask; buckets_[i].spec != nullptr; i = (i + 1) & mask) {
    const Bucket& b = buckets_[i];
    if (b.word[0] != word[0] || b.word[1] != word[1]) continue;
    if (b.exact_size == name.size() || SameName(b.spec->name, name)) return b.spec;
  }
  return nullptr;
}

const CommandSpec* CommandTable::FindIn(const CommandSpec& container, std::string_view name) {
  for (const CommandSpec& row : container.subcommands) {
    std::string_view full = row.name;
    if (SameName(full.substr(full.find('|') + 1), name)) return &row;
  }
  return nullptr;
}

bool FindKeys(const CommandSpec& spec, Args args, std::vector<uint32_t>* positions) {
  positions->clear();
  if (spec.keys.finder != nullptr) return spec.keys.finder(args, positions);
  if (spec.keys.first == 0) return true;
  int last = spec.keys.last < 0 ? static_cast<int>(args.size()) + spec.keys.last : spec.keys.last;
  for (int i = spec.keys.first; i <= last && i < static_cast<int>(args.size());
       i += spec.keys.step) {
    positions->push_back(static_cast<uint32_t>(i));
  }
  return true;
}

}  // namespace basalt
