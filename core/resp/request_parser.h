// Cuts a client's byte stream into commands: RESP arrays of bulk strings, and inline commands as
// typed into telnet. Zero copy: arguments are views into the input. One parser per connection, on
// the connection's thread.
//
// Two ways through it. A whole well-formed command at the start of the input, which is nearly every
// call, is read in one forward pass with no state at all. Whatever that pass declines (cut short,
// inline, odd, wrong) goes to a state machine that remembers how far it got, so that a command
// arriving in pieces costs time linear in its bytes.
//
// Invariants: the outcome depends only on the bytes, never on how they were cut into calls; no byte
// is ever judged before Redis would judge it; memory taken for a command is bounded by the bytes of
// it that have arrived, not by its claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace basalt {

class RequestParser {
 public:
  static constexpr size_t kLineMax = 64 * 1024;          // inline command; header of array or bulk
  static constexpr int64_t kArgsMax = 2147483647;        // as Redis 7.0
  static constexpr size_t kDefaultBulkMax = 512u << 20;  // proto-max-bulk-len

  enum class Result {
    kCommand,   // *args has at least one word; the next command begins *consumed bytes further on
    kNeedMore,  // call again with the same bytes (but *consumed of them) and more behind them
    kError,  // error() says why; the stream cannot be read on, and every further call says the same
  };

  // `input` begins where the current command begins: after kNeedMore with the same bytes as before,
  // wherever they lie in memory now. Empty requests ("\r\n", "*0\r\n") are skipped; on kNeedMore
  // *consumed counts those skipped in front, and a caller may drop them or present them again.
  // *args: of a command only, until `input` moves or Next is called again (quoted inline words live
  // in the parser). Hand in the same vector each time; its room is reused.
  // *raw: the command as received, fit to be replayed from a log as it is; empty for an inline
  // command, and for one with terminators other than CRLF, which Redis (and so this parser) lets
  // pass but its log loader would not.
  Result Next(std::string_view input, size_t* consumed, std::vector<std::string_view>* args,
              std::string_view* raw);

  // After kError: the full text for Reply::Error ("ERR Protocol error: ...").
  std::string_view error() const { return error_; }

  // After kNeedMore: at least so many bytes are missing still. The client's claim, up to the bulk
  // limit: good for sizing a buffer by degrees, not for allocating it at once.
  size_t need_hint() const { return need_hint_; }

  void set_bulk_max(size_t bytes) { bulk_max_ = bytes; }

  // Forgets everything but the limits, for a new stream.
  void Reset();

 private:
  enum class Stage : uint8_t { kFresh, kBulkHeader, kBulkBody };
  enum class Step : uint8_t { kDone, kShort, kFailed };
  struct Span {
    size_t offset;
    size_t length;
  };

  size_t ParseWhole(std::string_view input, std::vector<std::string_view>* args) const;
  Result NextByStages(std::string_view input, size_t* consumed, std::vector<std::string_view>* args,
                      std::string_view* raw);
  Step ReadMultibulk(std::string_view text, std::vector<std::string_view>* args);
  Step ReadArrayHeader(std::string_view text);
  Step ReadBulkHeader(std::string_view text);
  Step ReadInline(std::string_view text, std::vector<std::string_view>* args);
  bool SplitInline(std::string_view line, std::vector<std::string_view>* args);
  Step FindLineEnd(std::string_view text, char terminator, std::string_view too_big, size_t* at);
  Step Fail(std::string_view what);
  Step Short(size_t missing);
  void Forget();

  size_t bulk_max_ = kDefaultBulkMax;
  bool failed_ = false;

  // Of a command that has not arrived whole. Offsets are from its first byte.
  bool resuming_ = false;
  bool canonical_ = true;  // so far every terminator was CRLF
  Stage stage_ = Stage::kFresh;
  size_t pos_ = 0;          // the next byte to interpret
  size_t scanned_ = 0;      // no terminator of the line at pos_ lies before this
  size_t bulk_length_ = 0;  // in kBulkBody
  int64_t args_left_ = 0;
  std::vector<Span> spans_;  // the arguments read so far

  size_t need_hint_ = 0;
  std::string words_;  // text of quoted inline words
  std::string error_;
};

}  // namespace basalt
