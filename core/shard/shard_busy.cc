// What a shard still does while a script keeps it busy in the middle of a tick, or while it waits
// in a park for one that is: its clients, and other shards, are told so.
#include <string>
#include <utility>

#include "core/resp/reply.h"
#include "core/shard/client.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {

bool Shard::ServeWhileBusy(World::BusyKind kind) {
  if (!busy_) {
    busy_ = true;
    world_.SetBusy(id_, kind);
    world_.busy_shards.fetch_add(1, std::memory_order_acq_rel);
    world_.park().RaiseAlarm();
  }
  LookAround();
  return world_.stopping.load(std::memory_order_relaxed);
}

void Shard::EndBusy() {
  if (!busy_) return;
  busy_ = false;
  world_.SetBusy(id_, World::BusyKind::kNone);
  world_.park().EndAlarm();
  world_.busy_shards.fetch_sub(1, std::memory_order_acq_rel);
}

void Shard::LookAround() {
  serving_while_busy_ = true;
  RefuseQueued();
  ring_->SubmitAndReap(0);
  // What this tick has still to look at, and what has come since.
  std::vector<Message> messages(inbox_.begin() + static_cast<ptrdiff_t>(inbox_next_), inbox_.end());
  inbox_next_ = inbox_.size();
  world_.mail().Drain(id_, [&](const Message& m) { messages.push_back(m); });
  for (const Message& message : messages) HandleWhileBusy(message);
  frontend_->ReceiveWhileBusy();
  SendBatches();
  coordinator_->StepWhileBusy();
  frontend_->ReplyWhileBusy();
  serving_while_busy_ = false;
}

// Commands that came in the same tick as the script, but for those that its own connection sent
// behind it.
void Shard::RefuseQueued() {
  for (size_t i = queue_next_; i < queue_.size(); ++i) {
    QueuedCommand& c = queue_[i];
    if (c.client == nullptr || c.client == running_client_) continue;
    for (uint32_t m = 1; m <= c.members; ++m) queue_[i + m].client = nullptr;
    Client* client = std::exchange(c.client, nullptr);
    --client->queued_local;
    std::string text;
    Reply(&text, c.resp).Error(world_.BusyErrorOfAny());
    if (client->closed) {
    } else if (c.ticket == kDirect) {
      client->out += text;
    } else {
      client->replies.Answer(c.ticket, text, Gate{});
    }
    frontend_->Dirty(client);
  }
}

void Shard::HandleWhileBusy(const Message& message) {
  switch (message.kind) {
    case Message::Kind::kRequests: {
      auto* batch = static_cast<HopBatch*>(message.pointer);
      batch->results.resize(batch->commands.size());
      for (size_t i = 0; i < batch->commands.size(); i += 1 + batch->commands[i].members) {
        const size_t begin = batch->replies.size();
        Reply(&batch->replies, batch->commands[i].resp).Error(world_.BusyErrorOfAny());
        batch->results[i] = {begin, batch->replies.size(), 0, false};
      }
      return SendBack(batch);
    }
    case Message::Kind::kTransactions:
      return coordinator_->HandleWhileBusy(message);
    case Message::Kind::kPark:
      late_.push_back(message);
      return;
    case Message::Kind::kReplies:
    case Message::Kind::kConnection:
    case Message::Kind::kClient:
    case Message::Kind::kDurable:
    case Message::Kind::kCloseEpoch:
    case Message::Kind::kSyncEpoch:
      return Handle(message);
  }
}

}  // namespace basalt
