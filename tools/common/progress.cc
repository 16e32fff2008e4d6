#include "tools/common/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace basalt::tools {
namespace {

constexpr int kSecondsPerLine = 10;  // where each line stays, as in a log file

}  // namespace

Progress::Progress(std::string what, Count done, Count total, bool quiet)
    : what_(std::move(what)), done_(std::move(done)), total_(std::move(total)) {
  if (!quiet) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Progress::Run() {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  bool printed = false;
  std::unique_lock lock(mutex_);
  for (int second = 1;; ++second) {
    if (wake_.wait_for(lock, std::chrono::seconds(1), [this] { return over_; })) break;
    if (second < 2 || (!terminal && second % kSecondsPerLine != 2)) continue;
    Print(terminal);
    printed = true;
  }
  if (printed && terminal) std::fputs("\n", stderr);
}

void Progress::Print(bool terminal) const {
  const uint64_t done = done_();
  const uint64_t total = total_();
  std::string text = SizeText(done);
  if (total > 0) {
    const uint64_t percent = std::min<uint64_t>(
        100, static_cast<uint64_t>(100.0 * static_cast<double>(done) / static_cast<double>(total)));
    text = std::to_string(percent) + "%, " + text + " of " + SizeText(total);
  }
  std::fprintf(stderr, "%s%s: %s%s", terminal ? "\r" : "", what_.c_str(), text.c_str(),
               terminal ? "   " : "\n");
  std::fflush(stderr);
}

std::string SizeText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1024 && unit + 1 < std::size(kUnits); ++unit) size /= 1024;
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", size, kUnits[unit]);
  return text;
}

}  // namespace basalt::tools
