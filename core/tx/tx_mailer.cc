#include "core/tx/tx_mailer.h"

#include <utility>

namespace basalt {

bool TxMailer::Flush() {
  size_t kept = 0;
  for (ShardId to : dirty_) {
    Message message{
        .kind = Message::Kind::kTransactions, .from = self_, .pointer = open_[to.value].get()};
    if (mail_.Send(to, message, Mailboxes::kControlReserve)) {
      open_[to.value].release();  // the receiver's now
    } else {
      dirty_[kept++] = to;
    }
  }
  const bool sent = kept < dirty_.size();
  dirty_.resize(kept);
  return sent;
}

std::unique_ptr<TxMail> TxMailer::Take() {
  std::unique_ptr<TxMail> mail;
  if (spares_.empty()) {
    mail = std::make_unique<TxMail>();
  } else {
    mail = std::move(spares_.back());
    spares_.pop_back();
  }
  mail->from = self_;
  return mail;
}

void TxMailer::Recycle(std::unique_ptr<TxMail> mail) {
  mail->items.clear();
  if (spares_.size() < kSparesMax) spares_.push_back(std::move(mail));
}

}  // namespace basalt
