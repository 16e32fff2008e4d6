// The intset: binary search over integers of one width.
#include "core/ds/intset.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/base/alloc.h"
#include "core/base/check.h"

namespace basalt {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the blob is little-endian and is used in place");

uint32_t LoadU32(const unsigned char* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <class T>
int64_t LoadAs(const unsigned char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

int64_t Load(const unsigned char* items, size_t width, size_t index) {
  const unsigned char* from = items + index * width;
  if (width == 2) return LoadAs<int16_t>(from);
  return width == 4 ? LoadAs<int32_t>(from) : LoadAs<int64_t>(from);
}

// Little-endian: the low bytes of the wide integer are the narrow one.
void Store(unsigned char* items, size_t width, size_t index, int64_t value) {
  std::memcpy(items + index * width, &value, width);
}

size_t WidthFor(int64_t value) {
  if (value == static_cast<int16_t>(value)) return 2;
  return value == static_cast<int32_t>(value) ? 4 : 8;
}

const unsigned char kEmptyIntset[Intset::kHeaderBytes] = {2};

}  // namespace

Intset& Intset::operator=(Intset&& other) noexcept {
  std::swap(block_, other.block_);
  if (this != &other) other.Clear();
  return *this;
}

void Intset::Clear() {
  if (block_) Free(block_);
  block_ = nullptr;
}

Intset Intset::CopyOf(std::string_view bytes) {
  Intset copy;
  if (bytes.size() > kHeaderBytes) {
    copy.block_ = static_cast<unsigned char*>(Allocate(bytes.size()));
    std::memcpy(copy.block_, bytes.data(), bytes.size());
  }
  return copy;
}

bool Intset::Validate(std::string_view bytes) {
  if (bytes.size() <= kHeaderBytes) return false;
  const auto* block = reinterpret_cast<const unsigned char*>(bytes.data());
  const size_t width = LoadU32(block);
  const size_t count = LoadU32(block + 4);
  if (width != 2 && width != 4 && width != 8) return false;
  if (count == 0 || bytes.size() - kHeaderBytes != count * width) return false;
  const unsigned char* items = block + kHeaderBytes;
  for (size_t i = 1; i < count; ++i) {
    if (Load(items, width, i - 1) >= Load(items, width, i)) return false;
  }
  return true;
}

size_t Intset::width() const { return block_ ? LoadU32(block_) : 2; }

size_t Intset::size() const { return block_ ? LoadU32(block_ + 4) : 0; }

std::string_view Intset::bytes() const {
  const unsigned char* block = block_ ? block_ : kEmptyIntset;
  return {reinterpret_cast<const char*>(block), kHeaderBytes + size() * width()};
}

size_t Intset::MemoryBytes() const { return block_ ? UsableSize(block_) : 0; }

int64_t Intset::At(size_t index) const { return Load(block_ + kHeaderBytes, width(), index); }

size_t Intset::LowerBound(int64_t value) const {
  size_t first = 0;
  size_t count = size();
  const size_t item_width = width();
  while (count > 0) {
    const size_t half = count / 2;
    if (Load(block_ + kHeaderBytes, item_width, first + half) < value) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

bool Intset::Contains(int64_t value) const {
  const size_t index = LowerBound(value);
  return index < size() && At(index) == value;
}

bool Intset::Add(int64_t value) {
  const size_t count = size();
  size_t index = count;
  if (WidthFor(value) > width()) {
    // Too wide to be there yet, and so beyond one of the ends.
    Widen(WidthFor(value));
    if (value < 0) index = 0;
  } else {
    index = count > 0 && At(count - 1) < value ? count : LowerBound(value);
    if (index < count && At(index) == value) return false;
  }
  BASALT_CHECK(count < (size_t{1} << 28));
  Allot(width(), count + 1);
  const size_t item_width = width();
  unsigned char* place = block_ + kHeaderBytes + index * item_width;
  std::memmove(place + item_width, place, (count - index) * item_width);
  Store(block_ + kHeaderBytes, item_width, index, value);
  return true;
}

bool Intset::Remove(int64_t value) {
  const size_t count = size();
  const size_t index = LowerBound(value);
  if (index == count || At(index) != value) return false;
  const size_t item_width = width();
  unsigned char* place = block_ + kHeaderBytes + index * item_width;
  std::memmove(place, place + item_width, (count - index - 1) * item_width);
  Allot(item_width, count - 1);
  return true;
}

// Makes the block hold `count` integers of `width`, and says so in the header.
void Intset::Allot(size_t width, size_t count) {
  const size_t wanted = kHeaderBytes + width * count;
  const size_t usable = block_ ? UsableSize(block_) : 0;
  if (!block_) {
    block_ = static_cast<unsigned char*>(Allocate(wanted));
  } else if (wanted > usable || wanted + wanted / 4 + 32 < usable) {
    block_ = static_cast<unsigned char*>(Reallocate(block_, wanted));
  }
  const uint32_t header[2] = {static_cast<uint32_t>(width), static_cast<uint32_t>(count)};
  std::memcpy(block_, header, sizeof(header));
}

void Intset::Widen(size_t to) {
  const size_t from = width();
  const size_t count = size();
  Allot(to, count);
  unsigned char* items = block_ + kHeaderBytes;
  // From the back, so that no integer is overwritten before it has moved.
  for (size_t i = count; i-- > 0;) Store(items, to, i, Load(items, from, i));
}

}  // namespace basalt
