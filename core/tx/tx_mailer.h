// Gathers what a shard has to tell each other shard about transactions, and sends it as one message
// per tick. A full mailbox keeps the mail here, where it grows, until a later tick. Owner: the
// shard's thread.
#pragma once

#include <memory>
#include <vector>

#include "core/shard/mailbox.h"
#include "core/tx/tx.h"

namespace basalt {

class TxMailer {
 public:
  TxMailer(Mailboxes* mail, ShardId self, uint32_t shards)
      : mail_(*mail), self_(self), open_(shards) {}

  void Add(ShardId to, TxItem item) {
    std::unique_ptr<TxMail>& mail = open_[to.value];
    if (mail == nullptr) mail = Take();
    if (mail->items.empty()) dirty_.push_back(to);
    mail->items.push_back(std::move(item));
  }
  // Sends what there is; true when something was sent.
  bool Flush();
  bool empty() const { return dirty_.empty(); }
  // A mail from another shard that has been read: its memory serves again.
  void Recycle(std::unique_ptr<TxMail> mail);

 private:
  static constexpr size_t kSparesMax = 64;

  std::unique_ptr<TxMail> Take();

  Mailboxes& mail_;
  const ShardId self_;
  std::vector<std::unique_ptr<TxMail>> open_;  // by destination
  std::vector<ShardId> dirty_;
  std::vector<std::unique_ptr<TxMail>> spares_;
};

}  // namespace basalt
