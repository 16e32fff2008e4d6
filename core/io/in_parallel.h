// Blocking work on files, a share for each shard, done by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/io/file.h"

namespace basalt {

// Calls work(0) ... work(n - 1), on as many threads as there are cores, but one after the other
// where the file system takes calls of one thread only. Returns when all have returned.
inline void InParallel(const FileSystem& fs, uint32_t n, absl::FunctionRef<void(uint32_t)> work) {
  std::atomic<uint32_t> next{0};
  auto take = [&] {
    for (uint32_t i = next++; i < n; i = next++) work(i);
  };
  const uint32_t cores = fs.one_thread() ? 1 : std::max(std::thread::hardware_concurrency(), 1u);
  std::vector<std::thread> threads;
  for (uint32_t i = 1; i < std::min(n, cores); ++i) threads.emplace_back(take);
  take();
  for (std::thread& t : threads) t.join();
}

}  // namespace basalt
