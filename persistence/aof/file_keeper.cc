#include "persistence/aof/file_keeper.h"

#include <pthread.h>

#include <utility>

namespace basalt {
namespace {

// What was reserved behind the end of a file that is to be closed; one that never took a byte was
// no use.
void GiveBack(File& file) {
  if (auto size = file.Size(); size.ok()) file.Truncate(*size).IgnoreError();
}

}  // namespace

FileKeeper::FileKeeper(ManifestStore* store)
    : store_(*store), threadless_(store->fs().one_thread()) {
  if (threadless_) return;
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "log-files");
}

FileKeeper::~FileKeeper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<FileKeeper::Request> FileKeeper::AskForFile(ShardId shard, uint64_t file_size) {
  auto request = std::make_shared<Request>();
  request->shard = shard;
  request->file_size = file_size;
  if (threadless_) {
    Do(*request);
    return request;
  }
  {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  wake_.notify_one();
  return request;
}

void FileKeeper::CloseLater(std::unique_ptr<File> file) {
  if (threadless_) return GiveBack(*file);  // and closed here and now
  {
    std::lock_guard lock(mutex_);
    closing_.push_back(std::move(file));
  }
  wake_.notify_one();
}

void FileKeeper::Do(Request& request) {
  request.result = store_.AddIncremental(request.shard, request.file_size);
  request.done.store(true, std::memory_order_release);
}

void FileKeeper::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !requests_.empty() || !closing_.empty(); });
    if (requests_.empty() && closing_.empty()) return;
    std::deque<std::shared_ptr<Request>> requests = std::exchange(requests_, {});
    std::deque<std::unique_ptr<File>> closing = std::exchange(closing_, {});
    lock.unlock();
    for (auto& request : requests) Do(*request);
    for (auto& file : closing) GiveBack(*file);
    closing.clear();
    lock.lock();
  }
}

}  // namespace basalt
