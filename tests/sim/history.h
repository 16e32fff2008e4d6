// What clients asked for and were told, and the rules that what is left after a cut must keep. The
// same as in tests/crash/history.py, with two things more: the contents at the moment of the cut
// are known, and every moment has a number of its own, so nothing is "about at the same time".
//
// Every operation has a number, and its effect shows it: a push leaves it in a list, an append in a
// string, an MSET has keys of its own, a SET carries a growing number, an INCR knows its place by
// its reply. So of each one it is known whether it survived (kinds below). The rules:
//   whole      an operation survived with all of its effects or with none
//   explained  each key holds what it held at some moment: a list a first part of what it was, a
//              counter no more; what a former cut took away stays away
//   carried    what a copy of a list holds is in the list it was made from
//   kept       what survived one recovery survives the next
//   prefix     if X survived, and Y was acknowledged or its effect was seen before X was requested,
//              then Y survived
//   durable    what was acknowledged or seen while `appendfsync always` held survived
//   saved      without a log, what is there is what one snapshot saw, and that is the last one
//   which
//              was reported done, or a later one
//   recent     under `everysec`, without faults of the disk, so did what was known two seconds
//   earlier
//   clean      after SHUTDOWN, with a log or a snapshot as its last act, all is there that was
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace basalt::sim {

constexpr uint64_t kNever = UINT64_MAX;
constexpr int64_t kNotGone = INT64_MAX;

// A key's value: an element, or several for a list. In front of them, the time at which it expires
// if it does, in milliseconds since 1970: a key that expires is another one when it has another
// time.
using Contents = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Operation {
  enum class Kind {
    kPush,    // in each of its keys, which are lists (l:), strings (a:) or both, in one transaction
    kMset,    // keys of its own (m:<number>:...), one MSET
    kSet,     // s:<client>:..., whose values only grow
    kIncr,    // c:..., `level` is the reply
    kCas,     // w:... raised to `level` in a transaction that also pushes to keys[1]
    kCreate,  // r:<number>:s
    kRename,  // of `target`'s key, to r:<target>:d
    kQueue,   // push to q: or p:
    kMove,    // from keys[0] (q:) to keys[1] (d:), of `item`
    kPop,     // from one of its keys (p:), of `item`
    kDelete,  // the keys of `target`, an MSET; with a push to keys[0] in one transaction
    kDrop,    // the same, without
    kCopy,    // of keys[1] (l:), to k:<number>:<keys[1]>
    kLease,  // push to keys[0] (x:), a list that expires, or SET of it (e:<number>); with a push to
             // keys[1] in one transaction
  };
  Kind kind;
  uint64_t number = 0;
  std::vector<std::string> keys;
  uint64_t target = 0;
  int64_t level = -1;  // unknown
  uint64_t item = 0;   // unknown
  uint64_t called = kNever;
  uint64_t known = kNever;  // when it was acknowledged, or its effect first seen by anyone
  int64_t known_us = INT64_MAX;
  uint64_t deleted_by = 0;     // of an MSET: the number of the kDelete or kDrop that was asked for
  bool done_nothing = false;   // it was answered so
  int64_t expires_ms = -1;     // of a kLease, Unix time; unknown
  int64_t gone_us = kNotGone;  // of a kLease: since when somebody knows that it has expired

  std::string ToString() const;
};

class History {
 public:
  // --- clients
  uint64_t Tick() { return ++moment_; }
  Operation& Add(Operation::Kind kind);
  Operation* Find(uint64_t number);
  template <class F>
  void ForEachLease(const std::string& key, F&& f) {
    for (auto& [number, op] : operations_) {
      if (op.kind == Operation::Kind::kLease && op.keys[0] == key) f(op);
    }
  }
  void Ask(Operation& operation) { operation.called = Tick(); }
  void Know(uint64_t number, int64_t now_us);
  // Somebody saw that the counter had reached `level`.
  void Saw(const std::string& key, int64_t level, int64_t now_us);

  // --- changes of the policy, one at a time
  void BeginLife(bool always, bool everysec);
  void AskForPolicy(bool always) {
    only_everysec_ = false;
    if (!always && durable_before_ == kNever) durable_before_ = Tick();
  }
  void PolicyHolds(bool always) {
    if (always && log_on_) durable_before_ = kNever;
  }
  // --- snapshots, where there is no log; all begin from what the last recovery brought back
  void BeginLifeWithoutLog() {
    BeginLife(false, false);
    log_on_ = false;
    saved_ = begun_ = 0;
    snapshots_ = {at_cut_};
  }
  void BeginSnapshot(Contents contents) {
    if (snapshots_.empty()) return;
    snapshots_.push_back(std::move(contents));
    begun_ = snapshots_.size() - 1;
  }
  // A log is about to begin with this as its base: what is there may be that, too.
  void BeginBase(Contents contents) {
    if (!snapshots_.empty()) snapshots_.push_back(std::move(contents));
  }
  bool AnySaved() const { return saved_ > 0; }
  // The last one to begin is reported done.
  void Saved() {
    if (!snapshots_.empty()) saved_ = begun_;
  }

  // The life has a log from now on, and all of memory is durable.
  void LogBegins(bool always, bool everysec) {
    BeginLife(always, everysec);
    if (!always) durable_before_ = Tick();
  }

  // The log ends, at what memory holds (AskForPolicy(false) came first). From now on snapshots
  // count, if the next life begins from one.
  void LogEnds(Contents contents) {
    log_on_ = false;
    saved_ = begun_ = 0;
    snapshots_ = {std::move(contents)};
  }
  bool log_on() const { return log_on_; }
  // The next life begins from the log that was ended, not from a snapshot.
  void BeginsFromLog() {
    snapshots_.clear();
    clean_ = false;
  }

  void DiskFailed() { only_everysec_ = false; }

  // The power went at `now_us`, when memory held `contents`. Without: nothing had been asked for in
  // this life.
  void Cut(int64_t now_us, Contents contents);
  // It was no cut, but a clean end: nothing is lost.
  void EndedClean() { clean_ = true; }
  // What a recovery has brought back, of which nothing has expired `now_ms` milliseconds after
  // 1970. Says which rule is broken, or nothing; then the next life begins.
  std::string Check(const Contents& found, int64_t now_ms);

  struct Counts {
    uint64_t operations = 0, survived = 0, known_lost = 0, checks = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  enum class Fate { kThere, kGone, kUnknown };
  struct Sight {
    int64_t level;
    uint64_t when;
    int64_t when_us;
  };

  bool Holds(const Contents& found, const std::string& key, uint64_t number) const;
  Fate FateOf(const Operation& operation, const Contents& found, std::string* torn) const;
  std::string CheckExplained(const Contents& found) const;
  std::string CheckQueues(const Contents& found) const;
  std::string CheckSaved(const Contents& found, int64_t now_ms) const;
  std::string CheckKnown(const Contents& found, uint64_t last_called);

  uint64_t moment_ = 0;
  uint64_t next_number_ = 1;
  std::map<uint64_t, Operation> operations_;  // whose fate is still to be looked at
  std::map<std::string, std::vector<Sight>> sights_;
  uint64_t durable_before_ = 0;
  bool only_everysec_ = false;  // in this life, or `always`
  bool log_on_ = false;
  bool clean_ = false;
  int64_t cut_us_ = 0;
  Contents at_cut_;
  std::vector<Contents> snapshots_;  // of this life; empty: it has a log
  size_t saved_ = 0;                 // the newest that must be there
  size_t begun_ = 0;                 // the last that was begun
  Counts counts_;
};

}  // namespace basalt::sim
