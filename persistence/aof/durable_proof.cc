#include "persistence/aof/durable_proof.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <queue>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/crc.h"
#include "core/base/crc32c_zeros.h"
#include "persistence/aof/log_format.h"
#include "persistence/aof/log_scan.h"

namespace basalt {
namespace {

constexpr std::string_view kBatchMark = "#BB1 ";

uint32_t State(uint32_t before, std::string_view data) { return ~Crc32c(~before, data); }

// A checksum covers salt, LSN and bytes. Of a batch that was moved the bytes are known, but not the
// LSN. All steps of a CRC can be taken back, and four bytes reach every state from every other,
// each exactly one: so for each upper half there is one lower half of an LSN that makes the
// checksum right. This finds it.
class LsnSolver {
 public:
  LsnSolver(Lsn least, uint64_t salt) : least_(least) {
    char bytes[sizeof(salt)];
    std::memcpy(bytes, &salt, sizeof(salt));
    after_salt_ = State(~uint32_t{0}, {bytes, sizeof(bytes)});
  }

  // Those that are possible for a batch not far behind `least`; absent ones are kNone. `crc` is the
  // batch's, and `state` what a checksum that began at 0 is after its `n` bytes.
  static constexpr uint64_t kNone = UINT64_MAX;
  using Lsns = std::array<uint64_t, 2>;
  Lsns Solve(uint32_t crc, uint32_t state, uint64_t n) const {
    const uint32_t after_lsn = Crc32cBeforeZeros(~crc ^ state, n);
    Lsns lsns{kNone, kNone};
    for (size_t i = 0; i < lsns.size(); ++i) {
      const uint64_t upper = (least_.value >> 32) + i;
      const uint32_t after_lower = Crc32cBeforeZeros(after_lsn, 4) ^ static_cast<uint32_t>(upper);
      const uint32_t lower = Crc32cBeforeZeros(after_lower, 4) ^ after_salt_;
      const uint64_t lsn = upper << 32 | lower;
      if (lsn >= least_.value) lsns[i] = lsn;
    }
    return lsns;
  }

 private:
  const Lsn least_;
  uint32_t after_salt_;
};

// One pass over the rest of the file with a running checksum. Whatever looks like a batch is noted
// when its header comes by, and judged where it would end.
class Search {
 public:
  Search(FileWindow& window, uint64_t offset, Lsn damaged, Lsn start, uint64_t salt)
      : window_(window), damaged_(damaged), start_(start), solver_(damaged, salt), at_(offset) {}

  absl::StatusOr<std::optional<DurableProof>> Run() {
    while (at_ < window_.file_size()) {
      const uint64_t n = std::min<uint64_t>(window_.window_size(), window_.file_size() - at_);
      absl::StatusOr<std::string_view> text = window_.Read(at_, static_cast<size_t>(n));
      if (!text.ok()) return text.status();
      if (text->size() < n) return std::nullopt;  // the file shrank while it was read
      const bool last = at_ + n == window_.file_size();
      // A header at the end of the piece is looked at whole, in the next one.
      const uint64_t to = at_ + n - (last ? 0 : kBatchHeaderSize - 1);
      NoteHeaders(*text, to);
      if (std::optional<DurableProof> proof = AdvanceTo(to, *text)) return proof;
    }
    return std::nullopt;
  }

 private:
  struct Seen {
    uint64_t at = 0;
    BatchHeader header;
    uint32_t line_state = 0;  // of the checksum, begun at 0, after the line
    uint32_t body_state = 0;  // of the running one, before the body

    uint64_t body() const { return at + kBatchHeaderSize; }
    uint64_t end() const { return body() + header.length; }
  };
  // A place where the running checksum is wanted: before a body, and at its end.
  struct Stop {
    Seen seen;
    bool at_end = false;

    uint64_t place() const { return at_end ? seen.end() : seen.body(); }
    bool operator>(const Stop& o) const { return place() > o.place(); }
  };

  // Of all that begin in `text`, which starts at at_, before the place `to`.
  void NoteHeaders(std::string_view text, uint64_t to) {
    for (size_t from = 0;;) {
      const size_t found = text.find(kBatchMark, from);
      if (found == std::string_view::npos || at_ + found >= to) return;
      from = found + 1;
      const std::string_view line = text.substr(found, kBatchHeaderSize);
      const std::optional<BatchHeader> header = ParseBatchHeader(line);
      Seen seen{.at = at_ + found};
      if (!header || header->length > window_.file_size() - seen.body()) continue;
      seen.header = *header;
      seen.line_state = State(0, line.substr(0, kBatchHeaderSealed));
      stops_.push({seen});
    }
  }

  std::optional<DurableProof> AdvanceTo(uint64_t to, std::string_view text) {
    while (!stops_.empty() && stops_.top().place() <= to) {
      Stop stop = stops_.top();
      stops_.pop();
      Add(stop.place(), &text);
      if (stop.at_end) {
        if (std::optional<DurableProof> proof = Judge(stop.seen)) return proof;
      } else {
        stop.seen.body_state = state_;
        stop.at_end = true;
        stops_.push(stop);
      }
    }
    Add(to, &text);
    return std::nullopt;
  }

  void Add(uint64_t to, std::string_view* text) {
    const auto n = static_cast<size_t>(to - at_);
    state_ = State(state_, text->substr(0, n));
    text->remove_prefix(n);
    at_ = to;
  }

  // The running checksum has come to its end.
  std::optional<DurableProof> Judge(const Seen& seen) {
    const uint64_t n = seen.header.length;
    const uint32_t body = state_ ^ Crc32cAfterZeros(seen.body_state, n);
    const uint32_t state = Crc32cAfterZeros(seen.line_state, n) ^ body;
    const LsnSolver::Lsns lsns = solver_.Solve(seen.header.crc, state, kBatchHeaderSealed + n);
    lsns_[seen.at] = lsns;
    const uint64_t durable = seen.header.durable.value;
    if (durable <= damaged_.value) return std::nullopt;
    for (uint64_t lsn : lsns) {
      if (lsn == LsnSolver::kNone || lsn < durable) continue;
      const int64_t moved = static_cast<int64_t>(LsnAt(start_, seen.at).value - lsn);
      if (moved == 0 || Confirmed(seen, lsn)) return DurableProof{seen.at, moved};
    }
    return std::nullopt;
  }

  // Any bytes that look like a batch have an LSN that fits, so this one needs a witness. Its
  // `durable` is the LSN where a batch begins, it or one before it: by what it says of itself, that
  // one must stand where it leads, and be right for that very LSN.
  bool Confirmed(const Seen& seen, uint64_t lsn) const {
    const uint64_t back = lsn - seen.header.durable.value;
    if (back > seen.at) return false;
    const auto witness = lsns_.find(seen.at - back);
    if (witness == lsns_.end()) return false;
    return std::find(witness->second.begin(), witness->second.end(), seen.header.durable.value) !=
           witness->second.end();
  }

  FileWindow& window_;
  const Lsn damaged_, start_;
  const LsnSolver solver_;
  uint64_t at_;  // how far the running checksum has come
  uint32_t state_ = 0;
  std::priority_queue<Stop, std::vector<Stop>, std::greater<>> stops_;
  absl::flat_hash_map<uint64_t, LsnSolver::Lsns> lsns_;  // by offset, of those judged
};

}  // namespace

absl::StatusOr<std::optional<DurableProof>> FindDurableProof(FileWindow& window, uint64_t offset,
                                                             Lsn damaged, Lsn start,
                                                             uint64_t salt) {
  return Search(window, offset, damaged, start, salt).Run();
}

}  // namespace basalt
