#include "persistence/aof/file_keeper.h"

#include <pthread.h>

#include <utility>

namespace basalt {

FileKeeper::FileKeeper(ManifestStore* store, uint64_t preallocate)
    : store_(*store), preallocate_(preallocate), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "log-files");
}

FileKeeper::~FileKeeper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::shared_ptr<FileKeeper::Request> FileKeeper::AskForFile(ShardId shard) {
  auto request = std::make_shared<Request>();
  request->shard = shard;
  {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  wake_.notify_one();
  return request;
}

void FileKeeper::CloseLater(std::unique_ptr<File> file) {
  {
    std::lock_guard lock(mutex_);
    closing_.push_back(std::move(file));
  }
  wake_.notify_one();
}

void FileKeeper::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !requests_.empty() || !closing_.empty(); });
    if (requests_.empty() && closing_.empty()) return;
    std::deque<std::shared_ptr<Request>> requests = std::exchange(requests_, {});
    std::deque<std::unique_ptr<File>> closing = std::exchange(closing_, {});
    lock.unlock();
    for (auto& request : requests) {
      request->result = store_.AddIncremental(request->shard, preallocate_);
      request->done.store(true, std::memory_order_release);
    }
    for (auto& file : closing) {
      // Gives back what was reserved behind its end; a file that never took a byte was no use.
      if (auto size = file->Size(); size.ok()) file->Truncate(*size).IgnoreError();
    }
    closing.clear();
    lock.lock();
  }
}

}  // namespace basalt
