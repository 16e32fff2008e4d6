#include "core/shard/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/check.h"

namespace basalt {

Mailboxes::Mailboxes(uint32_t shards)
    : shards_(shards),
      words_((shards + 63) / 64),
      queues_(new Queue[size_t{shards} * shards]),
      inboxes_(new Inbox[shards]) {
  for (uint32_t i = 0; i < shards; ++i) {
    inboxes_[i].wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    BASALT_CHECK(inboxes_[i].wake_fd >= 0);
  }
}

Mailboxes::~Mailboxes() {
  for (uint32_t i = 0; i < shards_; ++i) close(inboxes_[i].wake_fd);
}

bool Mailboxes::Send(ShardId to, const Message& message, uint32_t reserve) {
  if (!QueueOf(message.from.value, to.value).Push(message, reserve)) return false;
  std::atomic<uint64_t>& word = inboxes_[to.value].senders[message.from.value / 64];
  uint64_t bit = uint64_t{1} << (message.from.value % 64);
  // Sequentially consistent with PrepareToSleep: either the sleeper sees the bit or we see that it
  // sleeps.
  word.fetch_or(bit, std::memory_order_seq_cst);
  Wake(to);
  return true;
}

bool Mailboxes::AnyFor(ShardId to) const {
  for (uint32_t word = 0; word < words_; ++word) {
    if (inboxes_[to.value].senders[word].load(std::memory_order_seq_cst) != 0) return true;
  }
  return false;
}

bool Mailboxes::PrepareToSleep(ShardId shard) {
  inboxes_[shard.value].sleeping.store(true, std::memory_order_seq_cst);
  if (!AnyFor(shard)) return true;
  Awake(shard);
  return false;
}

void Mailboxes::Wake(ShardId shard) {
  Inbox& inbox = inboxes_[shard.value];
  if (!inbox.sleeping.load(std::memory_order_seq_cst)) return;
  // One waker is enough; the others find it awake.
  if (!inbox.sleeping.exchange(false, std::memory_order_seq_cst)) return;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(inbox.wake_fd, &one, sizeof(one));
}

}  // namespace basalt
