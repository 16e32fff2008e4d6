// libFuzzer: bytes that pass for a listpack or an intset can be read, edited and walked both ways
// without harm, and make values that agree with themselves.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/ds/intset.h"
#include "core/ds/listpack.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace {

using basalt::Listpack;

void EditListpack(std::string_view bytes) {
  if (!Listpack::Validate(bytes)) return;
  Listpack pack = Listpack::CopyOf(bytes);
  size_t count = 0;
  for (auto pos = pack.First(); pos != Listpack::kNone; pos = pack.Next(pos)) ++count;
  BASALT_CHECK(count == pack.size());
  size_t back = 0;
  for (auto pos = pack.Last(); pos != Listpack::kNone; pos = pack.Prev(pos)) {
    BASALT_CHECK(pack.Find(pack.Get(pos).text(), pack.First()) != Listpack::kNone);
    ++back;
  }
  BASALT_CHECK(count == back);
  pack.Insert(pack.First(), "front");
  pack.Append(int64_t{-70000});
  pack.Replace(pack.At(pack.size() / 2), std::string(100, 'r'));
  Listpack tail = pack.SplitOff(pack.At(pack.size() / 2));
  tail.AppendAll(pack);
  BASALT_CHECK(Listpack::Validate(tail.bytes()));
}

template <class T>
void UseValue(std::unique_ptr<T> value) {
  if (!value) return;
  size_t seen = 0;
  value->ForEach([&](auto&&...) {
    ++seen;
    return true;
  });
  BASALT_CHECK(seen == value->Size());
  BASALT_CHECK(value->Clone()->Size() == seen);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  // Half of the inputs state their true size, so that damage further inside is reached.
  if (size > Listpack::kHeaderBytes && size % 2 == 0) {
    const auto total = static_cast<uint32_t>(size);
    input.replace(0, sizeof(total), reinterpret_cast<const char*>(&total), sizeof(total));
  }
  const std::unique_ptr<char[]> exact(new char[size]);  // no slack behind the end
  input.copy(exact.get(), size);
  const std::string_view bytes(exact.get(), size);
  EditListpack(bytes);
  UseValue(basalt::Hash::FromListpack(bytes));
  UseValue(basalt::ZSet::FromListpack(bytes));
  UseValue(basalt::Set::FromIntset({reinterpret_cast<const char*>(data), size}));
  basalt::List list;
  if (list.AppendNode(false, bytes)) {
    std::string out;
    while (list.PopBack(&out)) {
    }
  }
  return 0;
}
