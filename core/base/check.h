// CHECK for what only a bug can break: it stays on in release builds, prints the condition and
// aborts. Bytes from a user, a socket or a file never reach a CHECK; they get an error. DCHECK is
// for measured hot loops only.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace basalt {
[[noreturn, gnu::cold]] inline void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
  std::abort();
}
}  // namespace basalt

#define BASALT_CHECK(condition)                              \
  do {                                                       \
    if (__builtin_expect(!(condition), 0)) {                 \
      ::basalt::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                        \
  } while (0)

#ifdef NDEBUG
#define BASALT_DCHECK(condition) \
  do {                           \
  } while (0)
#else
#define BASALT_DCHECK(condition) BASALT_CHECK(condition)
#endif
