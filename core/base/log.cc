#include "core/base/log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>

namespace basalt {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kNotice};
std::atomic<int> g_fd{STDOUT_FILENO};

}  // namespace

bool ConfigureLog(LogLevel level, std::string_view path) {
  g_level.store(level, std::memory_order_relaxed);
  int fd = STDOUT_FILENO;
  if (!path.empty()) {
    fd = open(std::string(path).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return false;
  }
  int old = g_fd.exchange(fd);
  if (old != STDOUT_FILENO && old != fd) close(old);
  return true;
}

LogLevel CurrentLogLevel() { return g_level.load(std::memory_order_relaxed); }

int LogDescriptor() { return g_fd.load(std::memory_order_relaxed); }

void LogLine(LogLevel level, std::string_view text) {
  constexpr char kMarks[] = {'.', '-', '*', '#'};
  timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  tm parts;
  localtime_r(&ts.tv_sec, &parts);
  char date[64];
  size_t n = strftime(date, sizeof(date), "%d %b %Y %H:%M:%S", &parts);
  snprintf(date + n, sizeof(date) - n, ".%03d", static_cast<int>(ts.tv_nsec / 1'000'000));
  std::string line = StrCat(getpid(), ":M ", date, " ",
                            std::string_view(&kMarks[static_cast<int>(level)], 1), " ", text, "\n");
  // A log line that cannot be written has nowhere else to go.
  [[maybe_unused]] ssize_t written = write(LogDescriptor(), line.data(), line.size());
}

}  // namespace basalt
