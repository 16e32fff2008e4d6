// What the store does with a collection without caring which: size it, copy it, free it. `object`
// is a List*, Set*, ZSet* or Hash* by `type`, never a string. One thread.
#pragma once

#include <cstddef>

#include "core/value/type.h"

namespace basalt {

size_t ObjectSize(ValueType type, const void* object);
void* CloneObject(ValueType type, const void* object);
void DestroyObject(ValueType type, void* object);
// Frees up to about `max_elements` of its elements and returns how many; 0 when none is left
// (DestroyObject is cheap then). Nothing but these two may follow.
size_t FreeSomeOfObject(ValueType type, void* object, size_t max_elements);

}  // namespace basalt
