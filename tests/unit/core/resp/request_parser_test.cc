#include "core/resp/request_parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/base/strings.h"

namespace basalt {
namespace {

using Result = RequestParser::Result;
using Words = std::vector<std::string>;

// A connection's view of the parser: bytes come in, commands and at most one error come out.
class Stream {
 public:
  // `drop`: are empty requests that were skipped dropped on kNeedMore, or presented again? The
  // unread bytes move to fresh memory each time, so that the sanitizer catches a view kept too
  // long.
  explicit Stream(bool drop = true) : drop_(drop) {}

  void Receive(std::string_view bytes) {
    auto joined = std::make_unique<std::string>(*unread_);
    joined->append(bytes);
    unread_ = std::move(joined);
    if (!error.empty()) return;
    std::string_view input = *unread_;
    size_t consumed = 0;
    for (;;) {
      std::string_view raw;
      const Result result = parser.Next(input, &consumed, &args_, &raw);
      if (result == Result::kCommand) {
        EXPECT_FALSE(args_.empty());
        EXPECT_GT(consumed, 0u);
        commands.emplace_back(args_.begin(), args_.end());
        raws.emplace_back(raw);
      } else if (result == Result::kError) {
        error = parser.error();
        break;
      } else if (!drop_) {
        consumed = 0;
      }
      input.remove_prefix(consumed);
      if (result == Result::kNeedMore) break;
    }
    unread_ = std::make_unique<std::string>(input);
  }

  size_t unread() const { return unread_->size(); }

  RequestParser parser;
  std::vector<Words> commands;
  std::vector<std::string> raws;
  std::string error;

 private:
  bool drop_;
  std::vector<std::string_view> args_;
  std::unique_ptr<std::string> unread_ = std::make_unique<std::string>();
};

std::vector<Words> Commands(std::string_view bytes) {
  Stream stream;
  stream.Receive(bytes);
  EXPECT_EQ(stream.error, "") << bytes;
  return stream.commands;
}

std::string ErrorOf(std::string_view bytes) {
  Stream stream;
  stream.Receive(bytes);
  return stream.error;
}

std::string Request(const Words& words) {
  std::string out = StrCat("*", words.size(), "\r\n");
  for (const std::string& word : words) StrAppend(&out, "$", word.size(), "\r\n", word, "\r\n");
  return out;
}

TEST(RequestParser, ReadsPipelines) {
  const Words set = {"SET", "key:000001", std::string(100, 'v')}, get = {"GET", ""},
              ping = {"PING"};
  const auto commands = Commands(Request(set) + Request(get) + Request(ping) + Request(set));
  EXPECT_EQ(commands, (std::vector<Words>{set, get, ping, set}));
}

TEST(RequestParser, BulksMayHoldAnything) {
  const Words words = {"SET", "a\r\n$3\r\n", std::string("\0*1\r\n", 5)};
  EXPECT_EQ(Commands(Request(words)), std::vector<Words>{words});
}

TEST(RequestParser, LengthsOfEverySize) {
  for (size_t length : {0, 1, 9, 10, 11, 99, 100, 999, 1000, 65535, 65536, 65537, 1000000}) {
    const Words words = {"ECHO", std::string(length, 'x')};
    EXPECT_EQ(Commands(Request(words)), std::vector<Words>{words}) << length;
  }
  for (size_t count : {1, 2, 9, 10, 11, 100, 1000, 100000}) {
    const Words words(count, "ab");
    EXPECT_EQ(Commands(Request(words)), std::vector<Words>{words}) << count;
  }
}

TEST(RequestParser, RawIsTheCommandAsReceived) {
  Stream stream;
  stream.Receive(
      "\r\n*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nPINGxx*1\r\n$4\rxPING\r\n*1\r\n$4\r\nPING\r\n");
  // Not for inline commands, nor where the terminators would not survive a log loader.
  EXPECT_EQ(stream.raws, (Words{"*1\r\n$4\r\nPING\r\n", "", "", "", "*1\r\n$4\r\nPING\r\n"}));
  EXPECT_EQ(stream.commands, std::vector<Words>(5, Words{"PING"}));
}

TEST(RequestParser, EmptyRequestsAreSkipped) {
  EXPECT_EQ(Commands("\r\n\n  \r\n*0\r\n*-1\r\n*-9223372036854775808\r\nPING\r\n"),
            std::vector<Words>{{"PING"}});
  // ... and do not pile up in the connection's buffer.
  Stream stream;
  for (int i = 0; i < 1000; ++i) stream.Receive("\r\n\r\n*0\r\n\r");
  EXPECT_LE(stream.unread(), 1u);
}

TEST(RequestParser, InlineQuoting) {
  // Each pair was checked against redis-server 7.0.15.
  struct Case {
    const char* line;
    Words words;
  };
  for (const Case& c : std::vector<Case>{
           {"SET a b", {"SET", "a", "b"}},
           {"  SET\ta   b  ", {"SET", "a", "b"}},
           {"PING a\rb", {"PING", "a", "b"}},
           {"PING a\r", {"PING", "a"}},
           {"PING \v\fa", {"PING", "a"}},
           {"PING a\vb", {"PING", "a\vb"}},
           {"PING \"\"", {"PING", ""}},
           {"\"\"", {""}},
           {"PING 'a\\'b'", {"PING", "a'b"}},
           {"PING 'a\\nb'", {"PING", "a\\nb"}},
           {"PING \"\\x41\\n\\r\\t\\b\\a\\q\\x4\"", {"PING", "A\n\r\t\b\aqx4"}},
           {"PING \"a\\x4g\"", {"PING", "ax4g"}},
           {"PING a\\x41", {"PING", "a\\x41"}},
           {"PING a\"b c\"", {"PING", "ab c"}},
           {"PING \"a\" 'b' c", {"PING", "a", "b", "c"}},
           {"PING \"a\\\"b\"", {"PING", "a\"b"}},
       }) {
    EXPECT_EQ(Commands(std::string(c.line) + "\r\n"), std::vector<Words>{c.words}) << c.line;
    EXPECT_EQ(Commands(std::string(c.line) + "\n"), std::vector<Words>{c.words}) << c.line;
  }
}

TEST(RequestParser, UnbalancedQuotes) {
  for (const char* line : {"PING \"a", "PING 'a", "PING \"a\"b", "PING 'a'b", "PING a\"b\"c",
                           "PING a'b", "\"PI\"\"NG\"", "PING \"a\\", "PING '\\'", "PING \""}) {
    EXPECT_EQ(ErrorOf(std::string(line) + "\r\n"),
              "ERR Protocol error: unbalanced quotes in request")
        << line;
  }
}

TEST(RequestParser, MultibulkErrors) {
  // Each was checked against redis-server 7.0.15.
  const std::string count = "ERR Protocol error: invalid multibulk length";
  for (const char* header :
       {"*abc\r\n", "*\r\n", "*01\r\n", "*+1\r\n", "*-0\r\n", "* 1\r\n", "*1 \r\n", "*1\n$4\r",
        "*2147483648\r\n", "*-9223372036854775809\r\n", "*1x\r\n"}) {
    EXPECT_EQ(ErrorOf(header + std::string("x")), count) << header;
  }
  const std::string length = "ERR Protocol error: invalid bulk length";
  for (const char* header : {"$\r\n", "$-1\r\n", "$-0\r\n", "$abc\r\n", "$04\r\n", "$+4\r\n",
                             "$4 \r\n", "$536870913\r\n", "$18446744073709551616\r\n"}) {
    EXPECT_EQ(ErrorOf("*1\r\n" + std::string(header)), length) << header;
  }
  EXPECT_EQ(ErrorOf("*1\r\n!4\r\nPING\r\n"), "ERR Protocol error: expected '$', got '!'");
  EXPECT_EQ(ErrorOf("*1\r$4\r\nPING\r\n"), "ERR Protocol error: expected '$', got '4'");
  EXPECT_EQ(ErrorOf("*2\r\n$4\r\nPING\r\n:1\r\n"), "ERR Protocol error: expected '$', got ':'");
}

TEST(RequestParser, LongestHeadersAreStillRead) {
  EXPECT_EQ(ErrorOf("*2147483647\r\n$1\r\n"), "");
  EXPECT_EQ(ErrorOf("*1\r\n$536870912\r\n"), "");
}

TEST(RequestParser, BulkLimitIsConfigurable) {
  RequestParser parser;
  parser.set_bulk_max(10);
  size_t consumed;
  std::vector<std::string_view> args;
  std::string_view raw;
  EXPECT_EQ(parser.Next("*1\r\n$10\r\n0123456789\r\n", &consumed, &args, &raw), Result::kCommand);
  EXPECT_EQ(parser.Next("*1\r\n$11\r\n01234567890\r\n", &consumed, &args, &raw), Result::kError);
  EXPECT_EQ(parser.error(), "ERR Protocol error: invalid bulk length");
  EXPECT_EQ(parser.Next("PING\r\n", &consumed, &args, &raw), Result::kError) << "an error is final";
  parser.Reset();
  EXPECT_EQ(parser.Next("PING\r\n", &consumed, &args, &raw), Result::kCommand);
}

TEST(RequestParser, LinesHaveALimit) {
  const std::string digits(65536, '1');
  EXPECT_EQ(ErrorOf(std::string(65536, 'a')), "");
  EXPECT_EQ(ErrorOf(std::string(65537, 'a')), "ERR Protocol error: too big inline request");
  EXPECT_EQ(ErrorOf("*" + digits.substr(1)), "");
  EXPECT_EQ(ErrorOf("*" + digits), "ERR Protocol error: too big mbulk count string");
  EXPECT_EQ(ErrorOf("*1\r\n$" + digits.substr(1)), "");
  EXPECT_EQ(ErrorOf("*1\r\n$" + digits), "ERR Protocol error: too big bulk count string");
  // A bulk far longer than a line is no line.
  EXPECT_EQ(Commands(Request({"ECHO", std::string(200000, 'x')})).size(), 1u);
}

TEST(RequestParser, SaysHowMuchIsMissing) {
  RequestParser parser;
  size_t consumed;
  std::vector<std::string_view> args;
  std::string_view raw;
  ASSERT_EQ(parser.Next("*2\r\n$4\r\nECHO\r\n$1000000\r\nabc", &consumed, &args, &raw),
            Result::kNeedMore);
  EXPECT_EQ(parser.need_hint(), 1000000u + 2 - 3);
}

// Everything that can stand in a stream, well formed or not.
std::vector<std::string> Samples() {
  return {
      Request({"SET", "key", "value"}) + Request({"GET", "key"}) + Request({"PING"}),
      Request({"MSET", "a", "", "b", std::string(120, 'x'), "c\r\n", "\r"}) + "\r\nPING\r\n",
      Request(Words(12, "k")) + "*0\r\n*-1\r\n\r\n  \nECHO 'a b' \"c\\x0a\"\r\n" +
          Request({"QUIT"}),
      "PING\nSET a b\n\r\n" + Request({"GET", "a"}),
      "*1\r\n$4\r\nPINGxx*1\rx$4\rxPINGyyPING\r\n",
      Request({"PING"}) + "*1\r\n:1\r\n" + Request({"PING"}),
      Request({"PING"}) + "*1\r\n$x\r\n",
      Request({"PING"}) + "*x\r\nPING\r\n",
      "PING\r\nECHO \"open\r\nPING\r\n",
  };
}

TEST(RequestParser, EverySplitGivesTheSame) {
  for (const std::string& bytes : Samples()) {
    Stream whole;
    whole.Receive(bytes);
    for (size_t first = 0; first <= bytes.size(); ++first) {
      for (size_t second = first; second <= bytes.size(); ++second) {
        Stream parts(/*drop=*/second % 2 == 0);
        parts.Receive(bytes.substr(0, first));
        parts.Receive(bytes.substr(first, second - first));
        parts.Receive(bytes.substr(second));
        ASSERT_EQ(parts.commands, whole.commands) << bytes << " cut at " << first << "," << second;
        ASSERT_EQ(parts.raws, whole.raws) << bytes << " cut at " << first << "," << second;
        ASSERT_EQ(parts.error, whole.error) << bytes << " cut at " << first << "," << second;
      }
    }
  }
}

TEST(RequestParser, ByteByByteGivesTheSame) {
  for (const bool drop : {true, false}) {
    for (const std::string& bytes : Samples()) {
      Stream whole, parts(drop);
      whole.Receive(bytes);
      for (const char& c : bytes) parts.Receive({&c, 1});
      ASSERT_EQ(parts.commands, whole.commands) << bytes;
      ASSERT_EQ(parts.error, whole.error) << bytes;
    }
  }
}

TEST(RequestParser, GarbageIsJudgedAlikeHoweverItIsCut) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> samples = Samples();
  constexpr std::string_view kAlphabet = "*$0123456789-\r\n\r\n \"'\\xaP";
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = samples[random() % samples.size()];
    for (size_t edits = random() % 6; edits > 0; --edits) {
      const size_t at = random() % (bytes.size() + 1);
      const char c =
          random() % 8 == 0 ? static_cast<char>(random()) : kAlphabet[random() % kAlphabet.size()];
      if (random() % 2 == 0) {
        bytes.insert(at, 1, c);
      } else if (at < bytes.size()) {
        bytes[at] = c;
      }
    }
    Stream whole, parts(random() % 2 == 0);
    whole.Receive(bytes);
    for (size_t at = 0; at < bytes.size();) {
      const size_t n = 1 + random() % 20;
      parts.Receive(std::string_view(bytes).substr(at, n));
      at += n;
    }
    ASSERT_EQ(parts.commands, whole.commands) << bytes;
    ASSERT_EQ(parts.raws, whole.raws) << bytes;
    ASSERT_EQ(parts.error, whole.error) << bytes;
  }
}

// The buffer grows in place here, as a connection's does, so that the test's own copying is not
// what is measured. A parser that scans from the start each time would take minutes on these.
TEST(RequestParser, HugeBulkInPiecesIsLinear) {
  constexpr size_t kBulk = 128u << 20, kPiece = 4 << 10;
  const std::string header = StrCat("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$", kBulk, "\r\n");
  std::string bytes;
  bytes.reserve(header.size() + kBulk + 2);
  bytes = header;
  bytes.append(kBulk, '\r');
  bytes += "\r\n";
  RequestParser parser;
  size_t consumed;
  std::vector<std::string_view> args;
  std::string_view raw;
  for (size_t arrived = 1; arrived < bytes.size(); arrived += kPiece) {
    ASSERT_EQ(parser.Next({bytes.data(), arrived}, &consumed, &args, &raw), Result::kNeedMore);
  }
  ASSERT_EQ(parser.Next(bytes, &consumed, &args, &raw), Result::kCommand);
  EXPECT_EQ(consumed, bytes.size());
  EXPECT_EQ(raw.size(), bytes.size());
  ASSERT_EQ(args.size(), 3u);
  EXPECT_EQ(args[2].size(), kBulk);
}

TEST(RequestParser, AMillionWordsInPiecesAreLinear) {
  const Words words(1'000'000, "k");
  const std::string bytes = Request(words);
  RequestParser parser;
  size_t consumed;
  std::vector<std::string_view> args;
  std::string_view raw;
  for (size_t arrived = 0; arrived < bytes.size(); arrived += 7) {
    ASSERT_EQ(parser.Next({bytes.data(), arrived}, &consumed, &args, &raw), Result::kNeedMore);
  }
  ASSERT_EQ(parser.Next(bytes, &consumed, &args, &raw), Result::kCommand);
  ASSERT_EQ(args.size(), words.size());
  EXPECT_EQ(args.back(), "k");
}

TEST(RequestParser, ALineInPiecesIsLinear) {
  RequestParser parser;
  size_t consumed;
  std::vector<std::string_view> args;
  std::string_view raw;
  const std::string line = "ECHO " + std::string(65000, 'a') + "\r\n";
  for (int round = 0; round < 20; ++round) {
    for (size_t arrived = 0; arrived < line.size(); ++arrived) {
      ASSERT_EQ(parser.Next({line.data(), arrived}, &consumed, &args, &raw), Result::kNeedMore);
    }
    ASSERT_EQ(parser.Next(line, &consumed, &args, &raw), Result::kCommand);
    ASSERT_EQ(args[1].size(), 65000u);
  }
}

}  // namespace
}  // namespace basalt
