// What a shard still does while a script keeps it busy in the middle of a tick, or while it waits in a park for one that is: its clients,
// and other shards, are told so.
#include "core/base/check.h"
#include "core/resp/errors.h"
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
  ring_->SubmitAndReap(0);
  std::vector<Message> messages;
  world_.mail().Drain(id_, [&](const Message& m) { messages.push_back(m); });
  for (const Message& message : messages) HandleWhileBusy(message);
  frontend_->ReceiveWhileBusy();
  SendBatches();
  coordinator_->StepWhileBusy();
  frontend_->ReplyWhileBusy();
  serving_while_busy_ = false;
}

void Shard::HandleWhileBusy(const Message& message) {
  switch (message.kind) {
    case Message::Kind::kRequests: {
      auto* batch = static_cast<HopBatch*>(message.pointer);
      ShardSet all = ShardSet::FirstN(world_.shard_count());
      for (size_t i = 0; i < batch->commands.size(); ++i) {
        const uint32_t begin = static_cast<uint32_t>(batch->replies.size());
        // The script may have ended in this very moment.
        std::string_view error = world_.BusyError(all);
        Reply(&batch->replies, batch->commands[i].resp).Error(error.empty() ? errors::kBusyScript : error);
        batch->results.push_back({begin, static_cast<uint32_t>(batch->replies.size()), 0, false});
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
    case Message::Kind::kDurable:
    case Message::Kind::kCloseEpoch:
      return Handle(message);
  }
}

}  // namespace basalt
