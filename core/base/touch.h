// A load whose value nobody waits for, so that what is at `p` is in the cache when it is needed;
// null: none. A prefetch instruction would be dropped where the address is not in the TLB, which
// among a million keys it seldom is. Such loads overlap when they follow one another closely
// (core/store/read_ahead.h).
#pragma once

namespace basalt {

inline void Touch(const void* p) {
  if (p != nullptr) (void)*static_cast<const volatile char*>(p);
}

}  // namespace basalt
