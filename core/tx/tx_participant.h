// A shard's part in transactions, its own and other shards': keys queue up, steps run, keys are let
// go. Owner: the shard's thread.
#pragma once

#include <deque>
#include <vector>

#include "core/shard/shard.h"
#include "core/tx/tx.h"

namespace basalt {

class TxParticipant {
 public:
  // Takes a part's answer back to its coordinator; may be called from within the calls below.
  class Answers {
   public:
    virtual ~Answers() = default;
    virtual void Answer(ShardPart* part, TxItem::What what) = 0;
  };

  TxParticipant(Shard* shard, Answers* answers) : shard_(*shard), answers_(*answers) {}

  // One item from a coordinator. New keys queue up only in Step: until then commands of this tick
  // still have their turn.
  void Take(TxItem::What what, ShardPart* part);
  // Once per tick: new requests, and those whose turn has come. True when there was work.
  bool Step();
  // Parts that run at once but wait for a key: looked at in every tick.
  bool waiting() const { return !waiting_.empty(); }

 private:
  bool Refuse(ShardPart* part);
  void Grant(ShardPart* part);
  void Run(ShardPart* part);
  bool RunHere(ShardPart* part);
  void RunSteps(ShardPart* part);
  void RunStep(ShardPart* part, const TxStep& step);
  void Watch(ShardPart* part);
  void CompareWatched(ShardPart* part);
  void Freeze(const ShardPart& part);
  void LetGo(ShardPart* part);
  bool KeysHeld(const ShardPart& part) const;

  Shard& shard_;
  Answers& answers_;
  std::vector<ShardPart*> asked_;  // to queue up in Step
  std::deque<ShardPart*> waiting_;
};

}  // namespace basalt
