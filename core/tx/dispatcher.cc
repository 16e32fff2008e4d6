#include "core/tx/dispatcher.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/base/numbers.h"
#include "core/base/status.h"
#include "core/base/strings.h"
#include "core/resp/errors.h"
#include "core/shard/host.h"
#include "core/shard/shard.h"
#include "core/shard/world.h"

namespace basalt {
namespace {

enum Verb : size_t { kMulti, kExec, kDiscard, kWatch, kUnwatch, kReset, kQuit };

// Never called: Dispatcher::RunTransactionVerb does their work, which is not about keys but about
// the client.
void NoHandler(CommandContext&) {}

// Inside a transaction UNWATCH comes too late to do anything: EXEC has already let go of the keys.
void UnwatchInExec(CommandContext& context) { context.reply.Ok(); }

constexpr CommandSpec kVerbs[] = {
    {"multi",
     1,
     kNoScript | kLoading | kStale | kFast | kAllowBusy,
     {},
     Where::kTransaction,
     NoHandler,
     "transactions",
     ""},
    {"exec",
     1,
     kNoScript | kLoading | kStale | kSkipSlowlog,
     {},
     Where::kTransaction,
     NoHandler,
     "transactions",
     ""},
    {"discard",
     1,
     kNoScript | kLoading | kStale | kFast | kAllowBusy,
     {},
     Where::kTransaction,
     NoHandler,
     "transactions",
     ""},
    {"watch",
     -2,
     kNoScript | kLoading | kStale | kFast | kAllowBusy,
     {1, -1, 1},
     Where::kTransaction,
     NoHandler,
     "transactions",
     ""},
    {"unwatch",
     1,
     kNoScript | kLoading | kStale | kFast | kAllowBusy,
     {},
     Where::kTransaction,
     UnwatchInExec,
     "transactions",
     ""},
    {"reset",
     1,
     kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     {},
     Where::kTransaction,
     NoHandler,
     "connection",
     ""},
    {"quit",
     -1,
     kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     {},
     Where::kTransaction,
     NoHandler,
     "connection",
     ""},
};

Verb VerbOf(const CommandSpec& spec) {
  std::string_view name = spec.name;
  for (size_t i = 0; i < std::size(kVerbs); ++i) {
    if (name == kVerbs[i].name) return static_cast<Verb>(i);
  }
  return kMulti;
}

}  // namespace

std::span<const CommandSpec> TransactionCommands() { return kVerbs; }

Dispatcher::Dispatcher(Shard* shard)
    : shard_(*shard),
      world_(shard->world()),
      coordinator_(static_cast<TxCoordinator&>(shard->coordinator())) {}

// Writes a reply now, in its place: behind those of commands that are still to run.
template <class F>
void Dispatcher::AnswerNow(Client* client, F&& write) {
  if (client->replies.empty() && client->queued_local == 0) {
    write(&client->out);
  } else {
    std::string text;
    ReplyQueue::Ticket ticket = client->replies.Reserve();
    write(&text);
    client->replies.Answer(ticket, text, Gate{});
  }
  shard_.frontend().Dirty(client);
}

void Dispatcher::Refuse(Client* client, const CommandSpec* spec, std::string_view error) {
  if (spec != nullptr) ++shard_.stats().rejected[spec->index];
  shard_.CountError(error);
  // An EXEC that may not even begin is the end of its transaction.
  std::string aborted;
  if (spec != nullptr && spec->where == Where::kTransaction && VerbOf(*spec) == kExec) {
    aborted = StrCat("EXECABORT Transaction discarded because of: ",
                     error.starts_with("ERR ") ? error.substr(4) : error);
    error = aborted;
    Forget(client);
  }
  if (Transaction* tx = Transaction::Find(*client); tx != nullptr && tx->open) tx->aborted = true;
  AnswerNow(client, [&](std::string* out) { Reply(out, client->resp).Error(error); });
}

// The checks that come before any command runs, in Redis's order. The error to answer instead, or
// nothing.
std::string Dispatcher::RefusalOf(const Client& client, const CommandSpec& spec, Args args) {
  if (!spec.ArityFits(args.size())) return errors::WrongArity(spec.name);
  const Config& config = world_.config();
  if (!config.requirepass.empty() && !client.authenticated && !spec.Has(kNoAuth))
    return std::string(errors::kNoAuth);
  if (spec.Has(kNoMulti) && Transaction::IsOpen(client)) return std::string(errors::kNotInMulti);
  if (__builtin_expect(world_.loading.load(std::memory_order_relaxed), 0) && !spec.Has(kLoading)) {
    return std::string(errors::kLoading);
  }
  if (spec.Has(kDenyOom) && world_.over_memory.load(std::memory_order_relaxed))
    return std::string(errors::kOom);
  if (spec.Has(kWrite)) return world_.WriteRefusal();
  if (spec.where == Where::kTransaction && VerbOf(spec) == kExec) {
    // What was queued while writes were still taken.
    const Transaction* tx = Transaction::Find(client);
    if (tx != nullptr && tx->Has(kWrite)) return world_.WriteRefusal();
  }
  return {};
}

void Dispatcher::RefuseUnknown(Client* client, Args args) {
  if (EqualsNoCase(args[0], "post") || EqualsNoCase(args[0], "host:")) {
    // A web page that makes a browser talk to us: what it smuggled in front has been answered, but
    // it gets no word of that.
    LogWarning("Possible attack on client ", client->peer,
               ": it sends HTTP. The connection is closed.");
    return shard_.frontend().Drop(client);
  }
  if (const CommandSpec* container = world_.commands().Find(args[0])) {
    return Refuse(client, container, errors::UnknownSubcommand(container->name, args[1]));
  }
  Refuse(client, nullptr, errors::UnknownCommand(args[0], args.v + 1, args.size() - 1));
}

// CLIENT PAUSE holds this command back. What EXEC or a script would write counts as a write.
bool Dispatcher::Paused(const CommandSpec& spec, const Client& client) {
  int64_t until = world_.pause_until_ms.load(std::memory_order_relaxed);
  if (until <= shard_.keyspace().now_ms) return false;
  if (world_.pause_all.load(std::memory_order_relaxed)) return true;
  if (spec.flags & (kWrite | kMayReplicate)) return true;
  const Transaction* tx = Transaction::Find(client);
  if (tx == nullptr || !tx->open || spec.where != Where::kTransaction) return false;
  return tx->Has(kWrite | kMayReplicate);
}

Dispatcher::Outcome Dispatcher::RouteSkipping(Client* client, Args args, std::string_view raw) {
  if (client->reply_mode == Client::ReplyMode::kSkipping) {
    if (!client->Idle()) return Outcome::kRetry;
    client->DropMuted();
    client->reply_mode = Client::ReplyMode::kOn;
    return Route(client, args, raw);
  }
  // Before the command, which may be CLIENT REPLY again.
  client->reply_mode = Client::ReplyMode::kSkipping;
  Outcome outcome = Route(client, args, raw);
  if (outcome == Outcome::kRetry) client->reply_mode = Client::ReplyMode::kSkipNext;
  return outcome;
}

Dispatcher::Outcome Dispatcher::Route(Client* client, Args args, std::string_view raw) {
  const CommandSpec* spec = world_.commands().Find(args);
  if (__builtin_expect(spec == nullptr, 0)) {
    if (client->gathering != nullptr) {  // that is to be answered first
      coordinator_.EndGathering(client->gathering);
      return Outcome::kRetry;
    }
    RefuseUnknown(client, args);
    return Outcome::kGoOn;
  }
  if (client->replies.size() >= kPendingMax) return Outcome::kRetry;
  if (__builtin_expect(shard_.serving_while_busy(), 0))
    return RouteWhileBusy(client, spec, args, raw);
  if (spec->where == Where::kHomeInTurn && !client->Idle()) return Outcome::kRetry;
  if (__builtin_expect(client->gathering != nullptr, 0))
    return RouteGathering(client, spec, args, raw);
  if (__builtin_expect(world_.pause_until_ms.load(std::memory_order_relaxed) != 0, 0) &&
      Paused(*spec, *client)) {
    return Outcome::kRetry;
  }
  ++client->commands;
  client->last_command = spec->name;
  if (const std::string refusal = RefusalOf(*client, *spec, args);
      __builtin_expect(!refusal.empty(), 0)) {
    Refuse(client, spec, refusal);
    return Outcome::kGoOn;
  }
  if (spec->where == Where::kTransaction) return RunTransactionVerb(client, spec, args);
  if (__builtin_expect(Transaction::IsOpen(*client), 0)) return Queue(client, spec, args, raw);
  switch (spec->where) {
    case Where::kKeys:
      return RouteByKeys(client, spec, args, raw);
    case Where::kBlocking:
      coordinator_.AddCommand(client, spec, args, raw);
      return Outcome::kPause;
    case Where::kScript:
      return RouteScript(client, spec, args, raw);
    case Where::kHome:
    case Where::kHomeInTurn:
      return RunHome(client, spec, args, raw);
    case Where::kAllShards:
      if (ShutsDownAtOnce(*spec, args)) return Outcome::kPause;
      if (spec->at_home != nullptr && spec->at_home(args)) return RunHome(client, spec, args, raw);
      coordinator_.AddCommand(client, spec, args, raw);
      return Outcome::kPause;
    case Where::kCursor: {
      // A cursor that makes no sense goes to this shard, whose handler says so.
      uint64_t cursor = 0;
      bool valid = ParseUint64(args[1], &cursor);
      ShardId shard = valid ? ScanCursor::Unpack(cursor).shard : shard_.id();
      return RunOn(shard.value < world_.shard_count() ? shard : shard_.id(), client, spec, args,
                   raw);
    }
    case Where::kTransaction:
      break;
  }
  return Outcome::kGoOn;
}

// SHUTDOWN NOSAVE does not wait for a script that is busy, on whatever shard.
bool Dispatcher::ShutsDownAtOnce(const CommandSpec& spec, Args args) {
  if (world_.busy_shards.load(std::memory_order_relaxed) == 0 ||
      std::string_view(spec.name) != "shutdown")
    return false;
  const auto nosave = [](std::string_view word) { return EqualsNoCase(word, "nosave"); };
  return std::any_of(args.begin() + 1, args.end(), nosave) &&
         world_.host().Shutdown(/*save=*/0, /*now=*/true, /*force=*/true).ok();
}

// A script keeps this shard busy, or the park that it stands in: what does not need its keys goes
// on, the rest is told so.
Dispatcher::Outcome Dispatcher::RouteWhileBusy(Client* client, const CommandSpec* spec, Args args,
                                               std::string_view raw) {
  if (client->gathering != nullptr) {
    coordinator_.EndGathering(client->gathering);
    return Outcome::kRetry;
  }
  ++client->commands;
  client->last_command = spec->name;
  const bool allowed = spec->Has(kAllowBusy);
  std::string refusal = RefusalOf(*client, *spec, args);
  if (refusal.empty() && ShutsDownAtOnce(*spec, args)) return Outcome::kPause;
  if (refusal.empty() && allowed) {
    if (spec->where == Where::kTransaction) return RunTransactionVerb(client, spec, args);
    if (spec->where == Where::kHome) return RunHome(client, spec, args, raw);
  }
  if (refusal.empty() && spec->where == Where::kKeys && !Transaction::IsOpen(*client) &&
      spec->keys.single()) {
    const ShardId owner = world_.OwnerOf(args[static_cast<size_t>(spec->keys.first)]);
    if (owner != shard_.id()) return RunOn(owner, client, spec, args, raw);
  }
  Refuse(client, spec, refusal.empty() ? world_.BusyErrorOfAny() : std::string_view(refusal));
  return Outcome::kGoOn;
}

// Behind a multi-shard command that has not started: this one comes along, or waits until that is
// done. What is to be refused, what is not about keys, and MULTI wait.
Dispatcher::Outcome Dispatcher::RouteGathering(Client* client, const CommandSpec* spec, Args args,
                                               std::string_view raw) {
  if (spec->where == Where::kKeys && world_.pause_until_ms.load(std::memory_order_relaxed) == 0 &&
      RefusalOf(*client, *spec, args).empty() && coordinator_.Gather(client, spec, args, raw)) {
    ++client->commands;
    client->last_command = spec->name;
    return Outcome::kGoOn;
  }
  coordinator_.EndGathering(client->gathering);
  return Outcome::kRetry;
}

Dispatcher::Outcome Dispatcher::Queue(Client* client, const CommandSpec* spec, Args args,
                                      std::string_view raw) {
  Transaction::Find(*client)->commands.emplace_back(spec, args, raw);
  AnswerNow(client, [&](std::string* out) { Reply(out, client->resp).Simple("QUEUED"); });
  return Outcome::kGoOn;
}

Dispatcher::Outcome Dispatcher::RunHome(Client* client, const CommandSpec* spec, Args args,
                                        std::string_view raw) {
  AnswerNow(client, [&](std::string* out) {
    CommandContext context({.local = &shard_.keyspace(),
                            .world = &world_,
                            .shard = &shard_,
                            .client = client,
                            .may_block = true},
                           out, client->resp);
    context.set_db(client->db);
    context.Begin(*spec, args, raw);
    shard_.StartCalls();
    context.Run();
    shard_.CountCall(context, client);
  });
  return client->close_after_reply || client->paused ? Outcome::kPause : Outcome::kGoOn;
}

std::optional<ShardId> Dispatcher::HomeOf(const CommandSpec& spec, Args args) {
  if (world_.shard_count() == 1) return shard_.id();
  if (spec.keys.single()) return world_.OwnerOf(args[static_cast<size_t>(spec.keys.first)]);
  if (!FindKeys(spec, args, &key_positions_) || key_positions_.empty())
    return shard_.id();  // the handler answers what is wrong
  return world_.SoleOwnerOf(args, key_positions_);
}

Dispatcher::Outcome Dispatcher::RouteByKeys(Client* client, const CommandSpec* spec, Args args,
                                            std::string_view raw, bool alone) {
  if (spec->keys.single()) {  // nearly always: without detour
    const ShardId owner = world_.OwnerOf(args[static_cast<size_t>(spec->keys.first)]);
    return RunOn(owner, client, spec, args, raw, alone);
  }
  if (const std::optional<ShardId> home = HomeOf(*spec, args))
    return RunOn(*home, client, spec, args, raw, alone);
  coordinator_.AddCommand(client, spec, args, raw);
  return client->paused ? Outcome::kPause : Outcome::kGoOn;
}

// A script may turn out to need other shards and begin anew; so nothing of its connection may
// overtake it, unless it is known not to.
Dispatcher::Outcome Dispatcher::RouteScript(Client* client, const CommandSpec* spec, Args args,
                                            std::string_view raw) {
  const bool alone = world_.shard_count() > 1 && !shard_.scripts()->KeepsToItsKeys(*spec, args);
  const Outcome outcome = RouteByKeys(client, spec, args, raw, alone);
  if (outcome != Outcome::kGoOn || !alone) return outcome;
  client->paused = true;
  return Outcome::kPause;
}

Dispatcher::Outcome Dispatcher::RunOn(ShardId shard, Client* client, const CommandSpec* spec,
                                      Args args, std::string_view raw, bool alone) {
  client->NoteDrift(shard);
  if (shard != shard_.id()) {
    if (!shard_.CanSendTo(shard)) return Outcome::kRetry;
    shard_.SendTo(shard, spec, client, args, raw, alone);
    return Outcome::kGoOn;
  }
  if (raw.empty()) {
    // Words of an inline command are gone with the next one; this one runs only at the end of the
    // route stage.
    const StoredCommand& kept = kept_.emplace_back(spec, args, raw);
    args = kept.args();
    raw = kept.raw();
  }
  shard_.RunHere(spec, client, args, raw, alone);
  return Outcome::kGoOn;
}

std::optional<ShardId> Dispatcher::HomeOf(const std::vector<StoredCommand>& commands) {
  std::optional<ShardId> home;
  for (const StoredCommand& c : commands) {
    if (c.spec->where != Where::kKeys) return std::nullopt;
    const std::optional<ShardId> own = HomeOf(*c.spec, c.args());
    if (!own.has_value() || own != home.value_or(*own)) return std::nullopt;
    home = own;
  }
  return home;
}

// A transaction whose keys all live on one shard is one command there, and the next one of the
// connection may follow. What watches keys, or holds commands of another kind, takes the longer
// way.
Dispatcher::Outcome Dispatcher::RunExec(Client* client, const CommandSpec* spec, Transaction* tx) {
  const std::optional<ShardId> home =
      tx->aborted || !tx->watched.empty() ? std::nullopt : HomeOf(tx->commands);
  if (!home.has_value()) {
    ++shard_.stats().calls[spec->index];
    coordinator_.AddExec(client);
    return Outcome::kPause;
  }
  if (*home != shard_.id()) {
    if (!shard_.CanSendTo(*home)) return Outcome::kRetry;
    shard_.SendExecTo(*home, spec, client, tx->commands);
  } else {
    shard_.RunExecHere(spec, client, kept_transactions_.emplace_back(std::move(tx->commands)));
  }
  ++shard_.stats().calls[spec->index];
  client->transaction.reset();
  return Outcome::kGoOn;
}

Dispatcher::Outcome Dispatcher::RunTransactionVerb(Client* client, const CommandSpec* spec,
                                                   Args args) {
  Transaction* tx = Transaction::Find(*client);
  bool open = tx != nullptr && tx->open;
  auto ok = [&] { AnswerNow(client, [&](std::string* out) { Reply(out, client->resp).Ok(); }); };
  auto error = [&](std::string_view text) {
    AnswerNow(client, [&](std::string* out) { Reply(out, client->resp).Error(text); });
  };
  Verb verb = VerbOf(*spec);
  if (verb == kReset && !client->Idle()) return Outcome::kRetry;
  if (verb == kExec && open) return RunExec(client, spec, tx);
  ++shard_.stats().calls[spec->index];
  switch (verb) {
    case kMulti:
      if (open) {
        error(errors::kNestedMulti);
        return Outcome::kGoOn;
      }
      Transaction::Of(*client).open = true;
      ok();
      return Outcome::kGoOn;
    case kExec:
      error(errors::kExecWithoutMulti);
      return Outcome::kGoOn;
    case kDiscard:
      if (!open) {
        error(errors::kDiscardWithoutMulti);
        return Outcome::kGoOn;
      }
      Forget(client);
      ok();
      return Outcome::kGoOn;
    case kWatch:
      if (open) {
        error(errors::kWatchInMulti);
        return Outcome::kGoOn;
      }
      coordinator_.AddWatch(client, args);
      return Outcome::kPause;
    case kUnwatch:
      if (open) return Queue(client, spec, args, std::string_view());
      Forget(client);
      ok();
      return Outcome::kGoOn;
    case kReset:
      if (client->reply_mode != Client::ReplyMode::kOn) client->DropMuted();
      Forget(client);
      client->ResetSession(!world_.config().requirepass.empty());
      AnswerNow(client, [&](std::string* out) { Reply(out, client->resp).Simple("RESET"); });
      return Outcome::kGoOn;
    case kQuit:
      ok();
      client->close_after_reply = true;
      return Outcome::kPause;
  }
  return Outcome::kGoOn;
}

void Dispatcher::Forget(Client* client) {
  coordinator_.Forget(client);
  Transaction* tx = Transaction::Find(*client);
  if (tx == nullptr) return;
  if (!tx->watched.empty()) coordinator_.AddUnwatch(nullptr, std::move(tx->watched), "");
  client->transaction.reset();
}

}  // namespace basalt
