#include "core/tx/tx_plan.h"

#include <algorithm>
#include <string_view>

#include "core/base/hash.h"
#include "core/resp/reply.h"

namespace basalt {
namespace {

// The first key's place in the words of a command that may be spread: its keys, each with what
// belongs to it, are the rest.
size_t FirstKey(const CommandSpec& spec) { return static_cast<size_t>(spec.keys.first); }
size_t KeyStep(const CommandSpec& spec) { return static_cast<size_t>(spec.keys.step); }

bool CanSpread(const CommandSpec& spec, Args args) {
  return spec.spread != Spread::kNone && (args.size() - FirstKey(spec)) % KeyStep(spec) == 0;
}

class Planner {
 public:
  Planner(Tx& tx, World& world) : tx_(tx), world_(world), home_(tx.home) {}

  void Run() {
    for (const Transaction::Watched& w : tx_.watched) {
      ShardPart& part = PartOf(world_.OwnerOf(w.key));
      part.watched.push_back(w);
      part.wishes.push_back({HashKey(w.key), false});
    }
    if (tx_.kind == Tx::Kind::kCommand || tx_.kind == Tx::Kind::kExec ||
        tx_.kind == Tx::Kind::kBlocking) {
      for (uint32_t i = 0; i < tx_.commands.size(); ++i) AddCommand(i);
    }
    if (tx_.parts.empty()) PartOf(home_);
    for (auto& part : tx_.parts) part->Normalize();
    if (tx_.one_shard()) {
      // A script that turns out to need other shards must be able to begin anew, so nothing may
      // have run before it.
      tx_.park |= needs_all_ || (script_ && world_.shard_count() > 1) ||
                  (selects_ && tx_.parts[0]->shard != home_);
    } else {
      tx_.park |= needs_all_ || script_ || selects_ || tx_.kind == Tx::Kind::kBlocking;
      tx_.park |=
          tx_.kind == Tx::Kind::kExec && world_.wide_waiters.load(std::memory_order_relaxed) > 0;
    }
    if (needs_all_ || (script_ && tx_.park)) tx_.shards = ShardSet::FirstN(world_.shard_count());
  }

 private:
  ShardPart& PartOf(ShardId shard) {
    for (auto& part : tx_.parts) {
      if (part->shard == shard) return *part;
    }
    tx_.shards.Add(shard);
    tx_.parts.push_back(std::make_unique<ShardPart>());
    ShardPart& part = *tx_.parts.back();
    part.tx = &tx_;
    part.shard = shard;
    return part;
  }

  void AddCommand(uint32_t index) {
    const StoredCommand& command = tx_.commands[index];
    const CommandSpec& spec = *command.spec;
    const Args args = command.args();
    switch (spec.where) {
      case Where::kHome:
      case Where::kHomeInTurn:
      case Where::kTransaction:
        selects_ |= std::string_view(spec.name) == "select";
        PartOf(home_).steps.push_back({index, 0, 0, tx_.db});
        return;
      case Where::kAllShards:
        if (spec.at_home != nullptr && spec.at_home(args)) {
          PartOf(home_).steps.push_back({index, 0, 0, tx_.db});
        } else {
          needs_all_ = true;
        }
        return;
      case Where::kCursor:
        needs_all_ = true;
        return;
      case Where::kScript:
        script_ = true;
        break;
      case Where::kKeys:
      case Where::kBlocking:
        break;
    }
    if (!FindKeys(spec, args, &keys_) || keys_.empty()) {
      PartOf(home_).steps.push_back({index, 0, 0, tx_.db});  // the handler answers what is wrong
      return;
    }
    ShardSet owners;
    owners_.clear();
    for (uint32_t i : keys_) {
      owners_.push_back(world_.OwnerOf(args[i]));
      owners.Add(owners_.back());
    }
    if (owners.Count() == 1) {
      ShardPart& part = PartOf(owners_[0]);
      part.steps.push_back({index, 0, 0, tx_.db});
      for (uint32_t i : keys_) AddKey(part, spec, args[i]);
    } else if (CanSpread(spec, args)) {
      AddShares(index, spec, args);
    } else {
      tx_.park = true;
      tx_.shards.Add(owners);
    }
  }

  void AddShares(uint32_t index, const CommandSpec& spec, Args args) {
    for (size_t key = 0, i = FirstKey(spec); i < args.size(); ++key, i += KeyStep(spec)) {
      ShardPart& part = PartOf(owners_[key]);
      if (part.steps.empty() || part.steps.back().command != index) {
        part.steps.push_back({index, static_cast<uint32_t>(part.words.size()), 0, tx_.db});
        part.words.insert(part.words.end(), args.v, args.v + FirstKey(spec));
      }
      part.words.insert(part.words.end(), args.v + i, args.v + i + KeyStep(spec));
      part.steps.back().word_count =
          static_cast<uint32_t>(part.words.size()) - part.steps.back().first_word;
      AddKey(part, spec, args[i]);
    }
  }

  static void AddKey(ShardPart& part, const CommandSpec& spec, std::string_view key) {
    const bool write = !spec.Has(kReadonly);
    part.writes |= write;
    part.wishes.push_back({HashKey(key), write});
  }

  Tx& tx_;
  World& world_;
  const ShardId home_;
  std::vector<uint32_t> keys_;
  std::vector<ShardId> owners_;  // of keys_
  bool needs_all_ = false;
  bool script_ = false;
  bool selects_ = false;
};

// The reply that begins at `at` in an answer of MGET: no aggregate stands in it. Returns where it
// ends.
size_t EndOfElement(std::string_view text, size_t at) {
  const size_t line_end = text.find('\n', at) + 1;
  if (text[at] != '$' || text[at + 1] == '-') return line_end;
  size_t length = 0;
  for (size_t i = at + 1; text[i] != '\r'; ++i)
    length = length * 10 + static_cast<size_t>(text[i] - '0');
  return line_end + length + 2;
}

class Merger {
 public:
  Merger(const Tx& tx, World& world) : tx_(tx), world_(world), cursors_(tx.parts.size()) {}

  std::string Run() {
    std::string out;
    Reply reply(&out, tx_.resp);
    if (tx_.kind == Tx::Kind::kExec) reply.Array(tx_.commands.size());
    for (uint32_t i = 0; i < tx_.commands.size(); ++i) AddCommand(i, reply);
    return out;
  }

 private:
  struct Cursor {
    size_t step = 0;
    size_t byte = 0;
  };

  // The part's reply to the command, or nothing when it has no step of it.
  std::string_view Take(size_t part, uint32_t command) {
    const ShardPart& p = *tx_.parts[part];
    Cursor& c = cursors_[part];
    if (c.step == p.steps.size() || p.steps[c.step].command != command) return {};
    const size_t begin = c.step == 0 ? 0 : p.ends[c.step - 1];
    return std::string_view(p.replies).substr(begin, p.ends[c.step++] - begin);
  }

  void AddCommand(uint32_t index, Reply& reply) {
    pieces_.assign(tx_.parts.size(), {});
    size_t found = 0, last = 0;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      pieces_[i] = Take(i, index);
      if (pieces_[i].empty()) continue;
      ++found;
      last = i;
      // A share that failed is the whole command's failure.
      if (pieces_[i][0] == '-') return reply.Raw(pieces_[i]);
    }
    if (found == 1) return reply.Raw(pieces_[last]);
    const StoredCommand& command = tx_.commands[index];
    switch (command.spec->spread) {
      case Spread::kArray:
        return MergeArray(command, reply);
      case Spread::kSum:
        return MergeSum(reply);
      case Spread::kOk:
      case Spread::kNone:
        return reply.Ok();
    }
  }

  void MergeSum(Reply& reply) {
    int64_t sum = 0;
    for (std::string_view piece : pieces_) {
      int64_t n = 0;
      for (size_t i = 1; i < piece.size() && piece[i] != '\r'; ++i) n = n * 10 + (piece[i] - '0');
      sum += n;
    }
    reply.Integer(sum);
  }

  // Each piece has its shard's elements in the order of the keys.
  void MergeArray(const StoredCommand& command, Reply& reply) {
    const Args keys = command.args().From(FirstKey(*command.spec));
    std::vector<size_t> at(pieces_.size());
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (!pieces_[i].empty()) at[i] = pieces_[i].find('\n') + 1;
    }
    reply.Array(keys.size());
    for (std::string_view key : keys) {
      const ShardId owner = world_.OwnerOf(key);
      size_t part = 0;
      while (tx_.parts[part]->shard != owner) ++part;
      const size_t end = EndOfElement(pieces_[part], at[part]);
      reply.Raw(pieces_[part].substr(at[part], end - at[part]));
      at[part] = end;
    }
  }

  const Tx& tx_;
  World& world_;
  std::vector<Cursor> cursors_;
  std::vector<std::string_view> pieces_;  // by part
};

}  // namespace

void PlanTx(Tx& tx, World& world) {
  Planner(tx, world).Run();
  tx.planned = true;
}

bool FitsFanOut(const CommandSpec& spec, Args args, const World& world) {
  if (spec.where != Where::kKeys) return false;
  std::vector<uint32_t> keys;
  if (!FindKeys(spec, args, &keys) || keys.empty()) return false;
  return CanSpread(spec, args) || world.SoleOwnerOf(args, keys).has_value();
}

std::string MergeReplies(const Tx& tx, World& world) { return Merger(tx, world).Run(); }

}  // namespace basalt
