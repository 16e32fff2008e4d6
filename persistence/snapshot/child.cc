#include "persistence/snapshot/child.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>

#include "core/base/check.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/probe.h"
#include "core/base/status.h"
#include "core/base/strings.h"

namespace basalt {
namespace {

// Pages that this process had to copy because one side wrote to them: what a snapshot costs in
// memory.
uint64_t PrivateDirtyBytes() {
  FILE* f = fopen("/proc/self/smaps_rollup", "r");
  if (f == nullptr) return 0;
  char line[256];
  unsigned long long kb = 0;
  while (fgets(line, sizeof(line), f) != nullptr) {
    if (sscanf(line, "Private_Dirty: %llu kB", &kb) == 1) break;
  }
  fclose(f);
  return kb * 1024;
}

// All but the standard ones and the log's. A connection that the parent closes is closed for its
// client only when no other process holds it.
void CloseInheritedDescriptors() {
  const unsigned log = static_cast<unsigned>(std::max(LogDescriptor(), STDERR_FILENO));
  close_range(STDERR_FILENO + 1, log - 1, 0);  // fails if that is none, and does nothing
  close_range(log + 1, ~0u, 0);
}

// The thread that forks is a shard's and may be tied to its core. The child's threads, one for each
// shard, go wherever the process may, or they would all share that core, with the shard.
void RunOnEveryCoreOf(pid_t process) {
  cpu_set_t cores;
  if (sched_getaffinity(process, sizeof(cores), &cores) == 0)
    sched_setaffinity(0, sizeof(cores), &cores);
}

}  // namespace

void SnapshotChild::Report::NoteWritten(uint64_t bytes, int64_t bytes_per_second) {
  constexpr int64_t kLookMicros = 1'000'000;
  const uint64_t total = bytes_written.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  const Clock& clock = SystemClock();
  int64_t now_us = clock.MonotonicMicros();
  // Looking through the pages takes a while in a large process: one thread does it now and then.
  int64_t due = next_look_us.load(std::memory_order_relaxed);
  if (now_us >= due && next_look_us.compare_exchange_strong(due, INT64_MAX)) {
    copy_on_write_bytes = PrivateDirtyBytes();
    const int64_t after_us = clock.MonotonicMicros();
    next_look_us = after_us + kLookMicros + 10 * (after_us - now_us);
    now_us = after_us;
  }
  if (bytes_per_second <= 0) return;
  const double target_us = static_cast<double>(total) * 1e6 / static_cast<double>(bytes_per_second);
  const int64_t ahead_us =
      started_us.load(std::memory_order_relaxed) + static_cast<int64_t>(target_us) - now_us;
  if (ahead_us > 0) usleep(static_cast<useconds_t>(std::min<int64_t>(ahead_us, 10'000'000)));
}

SnapshotChild::SnapshotChild() {
  void* p =
      mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  BASALT_CHECK(p != MAP_FAILED);
  report_ = new (p) Report();
}

SnapshotChild::~SnapshotChild() {
  SnapshotChild::Kill();
  munmap(report_, sizeof(Report));
}

absl::Status SnapshotChild::Start(const char* purpose, std::function<absl::Status(Report&)> work) {
  std::lock_guard lock(mutex_);
  BASALT_CHECK(pid_ < 0);
  new (report_) Report();
  const Clock& clock = SystemClock();
  pid_t parent = getpid();
  int64_t from = clock.MonotonicMicros();
  report_->started_us = from;
  bytes_seen_ = 0;
  progress_us_ = from;
  stuck_for_s_ = 0;
  pid_t pid = fork();
  if (pid == 0) {
    // The child dies with its parent, leaves alone the parent's ring and handlers, and is the first
    // to go when memory runs out.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    prctl(PR_SET_NAME, purpose);
    CloseInheritedDescriptors();
    RunOnEveryCoreOf(parent);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    absl::Status status = work(*report_);
    report_->copy_on_write_bytes = PrivateDirtyBytes();
    if (!status.ok())
      snprintf(report_->error, sizeof(report_->error), "%s",
               std::string(MessageOf(status)).c_str());
    _exit(status.ok() ? 0 : 1);
  }
  last_fork_us_ = clock.MonotonicMicros() - from;
  BASALT_PROBE2(snapshot__fork, pid, last_fork_us_.load());
  if (pid < 0)
    return absl::ResourceExhaustedError(
        StrCat("Can't save in background: fork: ", std::string_view(strerror(errno))));
  pid_ = pid;
  LogNotice(std::string_view(purpose), " started by pid ", pid, "; fork took ",
            last_fork_us_.load(), " us");
  return absl::OkStatus();
}

bool SnapshotChild::running() const { return pid() >= 0; }

pid_t SnapshotChild::pid() const {
  std::lock_guard lock(mutex_);
  return pid_;
}

std::optional<absl::Status> SnapshotChild::Poll() {
  std::lock_guard lock(mutex_);
  if (pid_ < 0) return std::nullopt;
  int status = 0;
  pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  pid_ = -1;
  if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  if (stuck_for_s_ > 0) {
    return absl::DeadlineExceededError(StrCat("the child made no progress for ", stuck_for_s_,
                                              " seconds (rdb-save-timeout) and was ended"));
  }
  if (ended > 0 && WIFSIGNALED(status)) {
    return absl::InternalError(StrCat("the child was ended by signal ", WTERMSIG(status)));
  }
  return absl::InternalError(report_->error[0] != 0 ? report_->error : "the child failed");
}

void SnapshotChild::EndIfStuck(int64_t timeout_s) {
  std::lock_guard lock(mutex_);
  if (pid_ < 0 || stuck_for_s_ > 0) return;
  const int64_t now_us = SystemClock().MonotonicMicros();
  if (const uint64_t bytes = report_->bytes_written; bytes != bytes_seen_) {
    bytes_seen_ = bytes;
    progress_us_ = now_us;
  }
  if (timeout_s <= 0 || now_us - progress_us_ < timeout_s * 1'000'000) return;
  stuck_for_s_ = timeout_s;
  kill(pid_, SIGKILL);
}

void SnapshotChild::End() {
  std::lock_guard lock(mutex_);
  if (pid_ > 0) kill(pid_, SIGKILL);
}

bool SnapshotChild::Kill() {
  std::lock_guard lock(mutex_);
  if (pid_ < 0) return false;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return true;
}

}  // namespace basalt
