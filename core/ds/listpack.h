// A listpack: a sequence of strings and integers in one block of bytes, readable from both ends.
// The layout is that of Redis's listpack, because RDB files of version 10 carry these blocks as
// they are:
//
//   | total bytes u32 LE | elements u16 LE | entry | entry | ... | 0xFF |
//   entry: | encoding | data | length of encoding and data, to be read from the right |
//
// An element count of 65535 means "count them". Strings that are canonical 64-bit integers are
// stored in binary. An empty Listpack owns no memory. A Listpack holds at most kMaxBytes: callers
// ask Fits().
//
// Owned by one shard; one thread. A Pos and an Element are valid until the listpack changes; no
// argument may be a view into the listpack it is given to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ds/packed_element.h"

namespace basalt {

namespace listpack_entry {
struct Encoded;
}

class Listpack {
 public:
  using Pos = uint32_t;            // byte offset of an entry
  static constexpr Pos kNone = 0;  // no entry: past either end
  static constexpr size_t kHeaderBytes = 6;
  static constexpr size_t kMaxBytes = size_t{1} << 30;

  Listpack() = default;
  ~Listpack() { Clear(); }
  Listpack(Listpack&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  Listpack& operator=(Listpack&& other) noexcept;
  Listpack(const Listpack&) = delete;
  Listpack& operator=(const Listpack&) = delete;

  // A copy of bytes that are known to be a valid listpack: validated before, or another's bytes().
  static Listpack CopyOf(std::string_view bytes);
  // Whether untrusted bytes are a listpack. `deep` checks every entry, not just the header; only
  // deeply validated bytes may be given to CopyOf.
  static bool Validate(std::string_view bytes, bool deep = true);

  size_t size() const;  // elements
  bool empty() const { return First() == kNone; }
  size_t total_bytes() const;
  std::string_view bytes() const;
  size_t MemoryBytes() const;
  bool Fits(size_t more_bytes) const { return total_bytes() + more_bytes <= kMaxBytes; }
  // Bytes that an entry for `value` takes.
  static size_t EntryBytes(std::string_view value);

  Pos First() const;
  Pos Last() const;
  Pos Next(Pos pos) const;
  Pos Prev(Pos pos) const;
  Pos At(size_t index) const;  // kNone when there are fewer
  Element Get(Pos pos) const;
  bool Equals(Pos pos, std::string_view value) const;
  // The first entry equal to `value` among `from`, the (skip+1)th after it, and so on.
  Pos Find(std::string_view value, Pos from, size_t skip = 0) const;

  // Whether two of the entries 0, stride, 2 * stride ... are equal. Quadratic: for short listpacks.
  bool HasTwins(size_t stride) const;

  void Append(std::string_view value) { Insert(kNone, value); }
  void Append(int64_t value) { Insert(kNone, value); }
  // Inserts in front of `before`, at the end for kNone. Returns the new entry.
  Pos Insert(Pos before, std::string_view value);
  Pos Insert(Pos before, int64_t value);
  void Replace(Pos pos, std::string_view value);
  void Replace(Pos pos, int64_t value);
  // Removes up to `count` entries from `pos` on. Returns what now follows, kNone at the end.
  Pos Erase(Pos pos, size_t count = 1);
  // Appends all entries of `other`.
  void AppendAll(const Listpack& other);
  // Moves the entries from `pos` on into a new listpack.
  Listpack SplitOff(Pos pos);
  void Clear();

 private:
  Pos InsertEncoded(Pos before, const listpack_entry::Encoded& entry);
  void ReplaceEncoded(Pos pos, const listpack_entry::Encoded& entry);
  size_t CountFrom(Pos pos) const;
  // Replaces `old_bytes` bytes at `at` by `new_bytes` undefined ones. Returns the place.
  unsigned char* Splice(Pos at, size_t old_bytes, size_t new_bytes);
  void AddCount(int64_t change);

  unsigned char* block_ = nullptr;
};

}  // namespace basalt
