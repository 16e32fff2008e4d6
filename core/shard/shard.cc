#include "core/shard/shard.h"

#include <algorithm>

#include "core/base/alloc.h"
#include "core/base/mutant.h"
#include "core/base/slab.h"
#include "core/shard/host.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

constexpr int64_t kHousekeepMillis = 100;
constexpr int64_t kMaxSleepMicros = 100'000;
constexpr int64_t kEpochWaitMicros = 3000;  // while an epoch is to be closed (shard_commit.cc)
constexpr int64_t kSpinMicros = 20;  // how long to look for another shard's answer before sleeping
constexpr size_t kIdleBudget = 256;  // entries expired or elements freed per tick

bool Stopping(const World& world) { return world.stopping.load(std::memory_order_relaxed); }

}  // namespace

Shard::Shard(World* world, ShardId id)
    : world_(*world), id_(id), stages_(id), outgoing_(world->shard_count()) {
  size_t commands = world->commands().all().size();
  stats_.calls.resize(commands);
  stats_.cycles.resize(commands);
  stats_.failed.resize(commands);
  stats_.rejected.resize(commands);
  keyspace_.SetGuard(&locks_);
}

Shard::~Shard() = default;

absl::Status Shard::Start() {
  load_.Start(world_.clock().MonotonicMicros());
  stages_.Reset();
  if (ring_ == nullptr) {
    absl::StatusOr<std::unique_ptr<Ring>> ring = Ring::Create(RingOptions{});
    if (!ring.ok()) return ring.status();
    ring_ = *std::move(ring);
  }
  ring_->SetSink(Op::kWake, this);
  ring_->PollMultishot(world_.mail().wake_fd(id_), Token{.op = Op::kWake});
  keyspace_.SetTime(world_.clock());
  return frontend_->Start(*this);
}

void Shard::Run() {
  int64_t wait_us = 0;
  while (!Stopping(world_)) wait_us = WaitTime(Tick(wait_us));
  Leave();
}

bool Shard::Tick(int64_t wait_us) {
  const Epoch early = MutantIs("epoch-read-early") ? world_.CurrentEpoch() : Epoch();
  bool asleep = wait_us > 0 && world_.mail().PrepareToSleep(id_);
  BASALT_PROBE2(tick__begin, id_.value, asleep);
  bool worked = ring_->SubmitAndReap(asleep ? wait_us : 0) > 0;
  if (asleep) {
    stages_.Slept();
    world_.mail().Awake(id_);
    ++stats_.sleeps;
  } else {
    stages_.Passed(Stage::kReap);
  }
  ++stats_.ticks;
  worked |= DrainMailbox();
  MayPause();
  // All input of this tick has arrived, none of its output has left: the moment that dates
  // everything the tick does. (A clock read before the messages were taken could show one of them a
  // key that its sender has seen expire.)
  keyspace_.SetTime(world_.clock());
  mono_us_ = world_.clock().MonotonicMicros();
  tick_epoch_ = MutantIs("epoch-read-early") ? early : world_.CurrentEpoch();
  MayPause();
  PublishDurable();
  if (__builtin_expect(!frozen_.empty(), 0)) Thaw();
  stages_.Passed(Stage::kDrain);
  const bool received = frontend_->Receive();
  worked |= Metered(Stage::kReceive, SendBatches() || received);
  worked |= ServeStage();
  // The park that it has stood in was SHUTDOWN's: what ran now would be missing in its snapshot.
  if (__builtin_expect(Stopping(world_), 0)) return true;
  worked |= Metered(Stage::kExecute, Execute());
  worked |= Metered(Stage::kCoordinate, coordinator_->Step());
  MayPause();
  CommitStage();
  stages_.Passed(Stage::kCommit);
  CloseOwnReplies();
  worked |= frontend_->Reply();
  stages_.Passed(Stage::kReply);
  worked |= IdleWork();
  stages_.Passed(Stage::kIdle);
  stages_.EndTick(world_.clock());
  return worked;
}

bool Shard::ServeStage() {
  if (inbox_.empty() && deferred_.empty() && held_replies_.empty()) return false;
  bool worked = false;
  while (inbox_next_ < inbox_.size()) {
    Handle(Message(inbox_[inbox_next_++]));
    if (__builtin_expect(Stopping(world_), 0)) break;
  }
  inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<ptrdiff_t>(inbox_next_));
  inbox_next_ = 0;
  if (__builtin_expect(Stopping(world_), 0)) return true;  // what is left is for Leave
  if (!deferred_.empty()) worked |= RetryDeferred();
  if (!held_replies_.empty()) worked |= ReleaseHeldReplies();
  stages_.Passed(Stage::kServe);
  return worked;
}

int64_t Shard::WaitTime(bool worked) {
  if (worked) {
    busy_until_us_ = mono_us_ + kSpinMicros;
    return 0;
  }
  if (job_ != nullptr) return 0;
  if ((hops_in_flight_ > 0 || coordinator_->awaits_answers()) && mono_us_ < busy_until_us_)
    return 0;
  if (coordinator_->busy()) return 1;
  int64_t wait =
      std::min({kMaxSleepMicros, coordinator_->MicrosToDeadline(), frontend_->MicrosToDeadline()});
  if (close_epoch_.value != 0) wait = std::min(wait, kEpochWaitMicros);
  return wait;
}

void Shard::MayPause() {
  if (WaitHook* hook = world_.wait_hook(); __builtin_expect(hook != nullptr, 0)) hook->MayPause();
}

bool Shard::DrainMailbox() {
  inbox_.insert(inbox_.end(), late_.begin(), late_.end());
  late_.clear();
  return world_.mail().Drain(id_, [this](const Message& m) { inbox_.push_back(m); }) > 0;
}

void Shard::Handle(const Message& message) {
  switch (message.kind) {
    case Message::Kind::kRequests:
      return Serve(static_cast<HopBatch*>(message.pointer));
    case Message::Kind::kReplies:
      return Collect(static_cast<HopBatch*>(message.pointer));
    case Message::Kind::kPark:
      return Stand(message.value);
    case Message::Kind::kTransactions:
      return coordinator_->Handle(message);
    case Message::Kind::kConnection:
      return frontend_->Adopt(static_cast<int>(message.value));
    case Message::Kind::kClient:
      return frontend_->TakeOver(static_cast<Client*>(message.pointer));
    case Message::Kind::kDurable:
      return;  // the reply stage looks at every held reply anyway
    case Message::Kind::kCloseEpoch:
      close_epoch_ = std::max(close_epoch_, Epoch(message.value));
      return;
    case Message::Kind::kSyncEpoch:
      close_epoch_ = std::max(close_epoch_, Epoch(message.value));
      sync_epoch_ = std::max(sync_epoch_, Epoch(message.value));
      return;
  }
}

bool Shard::IdleWork() {
  bool more = false;
  if (job_ != nullptr && !job_->Step()) job_.reset();
  if (!world_.loading.load(std::memory_order_relaxed)) more = keyspace_.IdleStep(kIdleBudget);
  if (keyspace_.now_ms >= next_housekeep_ms_) {
    next_housekeep_ms_ = keyspace_.now_ms + kHousekeepMillis;
    world_.PublishLoad(id_, load_meter_.Sample(world_.clock(), mono_us_));
    frontend_->Housekeep(keyspace_.now_ms);
    SlabTend();
    stats_.memory_bytes = ThreadUsedMemory();
    world_.Publish(id_, keyspace_.dirty, stats_.memory_bytes, log_->bytes_since_rewrite());
    stats_.commands_rate.Sample(stats_.commands, mono_us_);
    stats_.bytes_in_rate.Sample(stats_.bytes_in, mono_us_);
    stats_.bytes_out_rate.Sample(stats_.bytes_out, mono_us_);
    ApplySlowLimits();
    stages_.SetCyclesPerMicro(world_.CyclesPerMicro());
    if (id_.value == 0) {
      if (int64_t used = TotalUsedMemory(); used > world_.peak_memory.load())
        world_.peak_memory = used;
      world_.host().Cron(*this);
    }
  }
  return more;
}

}  // namespace basalt
