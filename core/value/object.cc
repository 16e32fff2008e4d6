#include "core/value/object.h"

#include "core/base/check.h"
#include "core/value/hash.h"
#include "core/value/list.h"
#include "core/value/set.h"
#include "core/value/zset.h"

namespace basalt {
namespace {

// Calls f with `object` as the class that it is.
template <class F>
auto Visit(ValueType type, const void* object, F&& f) {
  void* p = const_cast<void*>(object);
  switch (type) {
    case ValueType::kList:
      return f(static_cast<List*>(p));
    case ValueType::kSet:
      return f(static_cast<Set*>(p));
    case ValueType::kZSet:
      return f(static_cast<ZSet*>(p));
    default:
      BASALT_DCHECK(type == ValueType::kHash);
      return f(static_cast<Hash*>(p));
  }
}

}  // namespace

size_t ObjectSize(ValueType type, const void* object) {
  return Visit(type, object, [](auto* o) { return o->Size(); });
}

void* CloneObject(ValueType type, const void* object) {
  return Visit(type, object, [](auto* o) { return static_cast<void*>(o->Clone().release()); });
}

void DestroyObject(ValueType type, void* object) {
  Visit(type, object, [](auto* o) { delete o; });
}

size_t FreeSomeOfObject(ValueType type, void* object, size_t max_elements) {
  return Visit(type, object, [&](auto* o) { return o->FreeSome(max_elements); });
}

}  // namespace basalt
