// Connections: what arrives - reading, parsing and routing it.
#include <errno.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/shard/world.h"
#include "net/conn/connections.h"

namespace basalt {

// --- receive and route

bool Connections::Receive() {
  dispatcher_->BeginTick();
  bool worked = !arrived_.empty() || !active_.empty();
  for (Connection* c : starved_) {
    if (!c->closed && !c->receiving && !c->moving) Arm(c);
  }
  starved_.clear();
  for (const Completion& completion : arrived_) OnReceive(completion);
  arrived_.clear();
  // Parsing may make a connection active again only from the reply stage on, so the list does not
  // grow under us.
  for (size_t i = 0; i < active_.size(); ++i) {
    active_[i]->active = false;
    Parse(active_[i]);
  }
  active_.clear();
  return worked;
}

void Connections::OnReceive(const Completion& completion) {
  if (completion.has_buffer()) used_buffers_.push_back(completion.buffer_id());
  Connection* c = Find(completion.token);
  if (c == nullptr) return;
  if (!completion.more()) {
    c->receiving = false;
    c->cancelling = false;
    if (c->moving) Dirty(c);
  }
  if (c->closed) return Dirty(c);  // perhaps the last reference
  if (completion.result == -ENOBUFS) {
    ++shard_->stats().buffers_exhausted;
  } else if (completion.result == -ECANCELED || completion.result == -EINTR ||
             completion.result == -EAGAIN) {
    // Reading was stopped; it starts again when there is room (Parse).
    if (completion.result == -ECANCELED) return Activate(c);
  } else if (completion.result == 0) {
    // The peer has said all it will: what came before the end still runs and is answered (Parse).
    c->end_of_input = true;
    return Activate(c);
  } else if (completion.result < 0) {
    return Close(c);
  }
  if (!c->receiving) starved_.push_back(c);
  if (completion.result < 0) return;
  std::string_view data(shard_->ring().buffer(completion.buffer_id()),
                        static_cast<size_t>(completion.result));
  shard_->stats().bytes_in += data.size();
  ++shard_->stats().reads;
  c->last_input_ms = shard_->keyspace().now_ms;
  c->incomplete = false;
  if (c->chunk.empty() && c->query.empty()) {
    c->chunk = data;
  } else {
    if (!c->chunk.empty()) KeepInput(c, std::exchange(c->chunk, {}));
    KeepInput(c, data);
  }
  Activate(c);
}

// A long argument gets its room at once, as far as what has arrived of it vouches for the rest.
void Connections::KeepInput(Connection* c, std::string_view data) {
  std::string& query = c->query;
  if (c->query_pos > 0) {
    query.erase(0, c->query_pos);
    c->query_pos = 0;
  }
  const size_t size = query.size() + data.size();
  if (size > query.capacity()) {
    const size_t claimed = query.size() + c->parser.need_hint();
    query.reserve(std::max(size, std::min(claimed, size + std::max(size, kInputAhead))));
  }
  query.append(data);
}

bool Connections::MayParse(const Connection& c) const {
  if (c.closed || c.paused || c.close_after_reply || !c.protocol_error.empty()) return false;
  size_t under_way = c.queued_local + c.replies.size();
  return c.UnsentBytes() + under_way * c.reply_estimate < kOutputHighWater;
}

// What the commands of this tick answered on average, falling slowly where replies get smaller.
void Connections::LearnReplySize(Connection* c) {
  uint64_t commands = c->commands - c->commands_before;
  if (commands == 0 || c->out.size() < c->out_before) return;
  c->reply_estimate = std::max((c->out.size() - c->out_before) / commands, c->reply_estimate / 2);
  c->commands_before = c->commands;
}

void Connections::Parse(Connection* c) {
  if (c->closed) {
    c->chunk = {};
    return Dirty(c);
  }
  if (!c->chunk.empty()) {
    std::string_view input = c->chunk;
    c->chunk = {};
    size_t consumed = ParseInput(c, input);
    if (consumed < input.size()) KeepInput(c, input.substr(consumed));
  } else if (c->query_pos < c->query.size()) {
    c->query_pos += ParseInput(c, std::string_view(c->query).substr(c->query_pos));
    // The bytes stay where they are until the tick is over: commands point into them. The reply
    // stage drops them.
    Dirty(c);
  }
  if (c->end_of_input) {
    if (c->blocked) return Close(c);  // nobody is there to be served
    if (MayParse(*c)) Kill(c, /*now=*/false);
    return;
  }
  size_t limit = static_cast<size_t>(shard_->world().config().client_query_buffer_limit);
  if (c->UnparsedBytes() > limit) {
    LogWarning("Closing client ", c->id.value, " at ", c->peer,
               ": its query buffer reached the limit of ", limit, " bytes");
    return Close(c);
  }
  bool full = !MayParse(*c) && c->UnparsedBytes() > kInputHighWater;
  if (full) {
    StopReading(c);
  } else if (!c->receiving && !c->closed && !c->moving) {
    starved_.push_back(c);  // reading was stopped, and now there is room
  }
}

// Runs the whole commands at the front of `input`; returns how many bytes they took.
size_t Connections::ParseInput(Connection* c, std::string_view input) {
  size_t at = 0;
  while (at < input.size() && MayParse(*c)) {
    size_t consumed = 0;
    std::string_view raw;
    RequestParser::Result result = c->parser.Next(input.substr(at), &consumed, &words_, &raw);
    if (result == RequestParser::Result::kNeedMore) {
      c->incomplete = true;
      return at + consumed;
    }
    if (result == RequestParser::Result::kError) {
      basalt::Reply(&c->protocol_error, c->resp).Error(c->parser.error());
      Dirty(c);
      return input.size();
    }
    Dispatcher::Outcome outcome = dispatcher_->Submit(c, {words_.data(), words_.size()}, raw);
    if (outcome == Dispatcher::Outcome::kRetry) {
      Dirty(c);
      return at;
    }
    at += consumed;
    if (outcome == Dispatcher::Outcome::kPause) break;
  }
  return at;
}

// --- while a script keeps the shard busy in the middle of a tick

// A connection with commands that the tick has still to run stays as it is: they point into its
// input.
void Connections::ReceiveWhileBusy() {
  buffers_in_use_ = std::exchange(used_buffers_, {});
  std::vector<Completion> arrived = std::exchange(arrived_, {});
  for (const Completion& completion : arrived) {
    const Connection* c = Find(completion.token);
    if (c != nullptr && c->queued_local > 0) {
      arrived_.push_back(completion);
    } else {
      OnReceive(completion);
    }
  }
  std::vector<Connection*> active = std::exchange(active_, {});
  for (Connection* c : active) {
    if (c->queued_local > 0) {
      active_.push_back(c);
      continue;
    }
    c->active = false;
    Parse(c);
  }
}

}  // namespace basalt
