// A sorted set of integers in one block, all of the same width, which grows to fit the widest. The
// layout is that of RDB's intset:
//
//   | width u32 LE: 2, 4 or 8 | count u32 LE | integers, little-endian, ascending |
//
// Owned by one shard; one thread. An empty Intset owns no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace basalt {

class Intset {
 public:
  static constexpr size_t kHeaderBytes = 8;

  Intset() = default;
  ~Intset() { Clear(); }
  Intset(Intset&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  Intset& operator=(Intset&& other) noexcept;
  Intset(const Intset&) = delete;
  Intset& operator=(const Intset&) = delete;

  // A copy of bytes that are known to be a valid intset.
  static Intset CopyOf(std::string_view bytes);
  // Whether untrusted bytes are an intset with at least one member.
  static bool Validate(std::string_view bytes);

  size_t size() const;
  std::string_view bytes() const;
  size_t MemoryBytes() const;

  bool Add(int64_t value);     // false: was there already
  bool Remove(int64_t value);  // false: was not there
  bool Contains(int64_t value) const;
  int64_t At(size_t index) const;  // the index-th smallest; index < size()
  void Clear();

 private:
  size_t width() const;
  size_t LowerBound(int64_t value) const;  // how many are smaller
  void Allot(size_t width, size_t count);
  void Widen(size_t width);

  unsigned char* block_ = nullptr;
};

}  // namespace basalt
