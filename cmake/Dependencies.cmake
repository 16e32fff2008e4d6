# Everything comes from the distribution; tools/install-deps names the packages.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

# Debian ships liblzf without a pkg-config file.
find_library(BASALT_LZF lzf REQUIRED)

# Lua 5.1 for scripts, and cjson: linked statically where the archive is there, so that the server needs only liblua5.1 at
# run time.
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.1)
find_library(BASALT_LUA_CJSON NAMES liblua5.1-cjson.a lua5.1-cjson REQUIRED)

if(BASALT_SANITIZE)
  add_compile_options(-fsanitize=${BASALT_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${BASALT_SANITIZE})
endif()

# Frame pointers stay in release builds, so that `perf record --call-graph fp` works on a production binary.
add_compile_options(-fno-omit-frame-pointer -fno-exceptions -g1)
add_compile_options("$<$<CONFIG:Release>:-O2>")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-march=x86-64-v2)
endif()

# The allocator behind core/base/alloc.h: mimalloc, except under a sanitizer, which brings its own.
add_library(basalt_allocator INTERFACE)
if(NOT BASALT_SANITIZE)
  find_package(mimalloc REQUIRED)
  target_compile_definitions(basalt_allocator INTERFACE BASALT_MIMALLOC=1)
  target_link_libraries(basalt_allocator INTERFACE mimalloc)
endif()

if(BASALT_TESTS)
  find_package(GTest REQUIRED)
endif()
if(BASALT_BENCH)
  find_package(benchmark REQUIRED)
endif()
