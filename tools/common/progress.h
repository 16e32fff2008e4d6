// How far a long piece of work is, on standard error, once a second from the second second on: in
// place on a terminal, else as lines ten times rarer. A thread of its own reads the counters, so
// the work itself only counts.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace basalt::tools {

class Progress {
 public:
  using Count = std::function<uint64_t()>;  // bytes; called from the thread

  // `total` may answer 0 while it is unknown. With `quiet` nothing is ever printed.
  Progress(std::string what, Count done, Count total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Run();
  void Print(bool terminal) const;

  const std::string what_;
  const Count done_, total_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;
};

// "1.2 MB" and the like.
std::string SizeText(uint64_t bytes);

}  // namespace basalt::tools
