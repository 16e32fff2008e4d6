#include "core/resp/reply_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace basalt {
namespace {

std::string Read(std::string_view bytes) { return ParseReply(bytes).ToString(); }

TEST(ReplyParser, ReadsEveryType) {
  EXPECT_EQ(Read("+OK\r\n"), "OK");
  EXPECT_EQ(Read("-ERR x\r\n"), "(error) ERR x");
  EXPECT_EQ(Read(":-12\r\n"), "(integer) -12");
  EXPECT_EQ(Read("$3\r\na\r\n\r\n"), "\"a\\r\\n\"");
  EXPECT_EQ(Read("$0\r\n\r\n"), "\"\"");
  EXPECT_EQ(Read("$-1\r\n"), "nil");
  EXPECT_EQ(Read("*-1\r\n"), "nil");
  EXPECT_EQ(Read("_\r\n"), "nil");
  EXPECT_EQ(Read("#t\r\n"), "true");
  EXPECT_EQ(Read(",1.5\r\n"), "(double) 1.5");
  EXPECT_EQ(Read(",inf\r\n"), "(double) inf");
  EXPECT_EQ(Read(",nan\r\n"), "(double) nan");
  EXPECT_EQ(Read("(123456789012345678901234567890\r\n"), "(big) 123456789012345678901234567890");
  EXPECT_EQ(Read("!5\r\nERR x\r\n"), "(error) ERR x");
  EXPECT_EQ(Read("=6\r\nmkd:hi\r\n"), "mkd:\"hi\"");
  EXPECT_EQ(Read("*0\r\n"), "[]");
  EXPECT_EQ(Read("*2\r\n*1\r\n:1\r\n$1\r\na\r\n"), "[[(integer) 1], \"a\"]");
  EXPECT_EQ(Read("%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n"), "{k: set[(integer) 1, (integer) 2]}");
  EXPECT_EQ(Read(">2\r\n+message\r\n_\r\n"), "push[message, nil]");
}

TEST(ReplyParser, AttributesBelongToTheValueBehindThem) {
  const ReplyValue value = ParseReply("|1\r\n+ttl\r\n:5\r\n*2\r\n:1\r\n|1\r\n+a\r\n+b\r\n:2\r\n");
  ASSERT_EQ(value.elements.size(), 2u) << value.ToString();
  ASSERT_EQ(value.attributes.size(), 2u);
  EXPECT_EQ(value.attributes[1].integer, 5);
  EXPECT_TRUE(value.elements[0].attributes.empty());
  ASSERT_EQ(value.elements[1].attributes.size(), 2u);
  EXPECT_EQ(value.elements[1].integer, 2);
}

TEST(ReplyParser, FindsValuesByKey) {
  const ReplyValue value = ParseReply("*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n");
  ASSERT_NE(value.Get("b"), nullptr);
  EXPECT_EQ(value.Get("b")->integer, 2);
  EXPECT_EQ(value.Get("c"), nullptr);
}

TEST(ReplyParser, RefusesWhatIsNotAReply) {
  for (const char* bytes : {"\r\n", "PING\r\n", ":x\r\n", ":\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n",
                            "%-1\r\n", "#x\r\n", ",\r\n", ",1x\r\n", "_x\r\n", "$1\r\nabc\r\n",
                            "=2\r\nab\r\n", "*9223372036854775807\r\n"}) {
    ReplyParser parser;
    parser.Feed(bytes);
    ReplyValue value;
    EXPECT_EQ(parser.Next(&value), ReplyParser::Result::kError) << bytes;
    EXPECT_FALSE(parser.error().empty());
    parser.Feed("+OK\r\n");
    EXPECT_EQ(parser.Next(&value), ReplyParser::Result::kError) << "an error is final";
  }
}

TEST(ReplyParser, NestingIsBounded) {
  std::string bytes;
  for (size_t i = 0; i < ReplyParser::kDepthMax + 1; ++i) bytes += "*1\r\n";
  ReplyParser parser;
  parser.Feed(bytes);
  ReplyValue value;
  EXPECT_EQ(parser.Next(&value), ReplyParser::Result::kError);
}

TEST(ReplyParser, ReadsAStreamInOrder) {
  ReplyParser parser;
  ReplyValue value;
  for (int round = 0; round < 1000; ++round) {
    parser.Feed(":1\r\n$2\r\nab\r");
    ASSERT_EQ(parser.Next(&value), ReplyParser::Result::kReply);
    EXPECT_EQ(value.integer, 1);
    ASSERT_EQ(parser.Next(&value), ReplyParser::Result::kNeedMore);
    parser.Feed("\n");
    ASSERT_EQ(parser.Next(&value), ReplyParser::Result::kReply);
    EXPECT_EQ(value.text, "ab");
  }
  EXPECT_EQ(parser.pending(), 0u);
}

TEST(ReplyParser, LargeRepliesInPiecesAreLinear) {
  ReplyParser parser;
  ReplyValue value;
  const std::string piece(4096, 'x');
  constexpr size_t kPieces = 16384;  // 64 MB
  parser.Feed("*1000001\r\n$67108864\r\n");
  for (size_t i = 0; i < kPieces; ++i) {
    parser.Feed(piece);
    ASSERT_EQ(parser.Next(&value), ReplyParser::Result::kNeedMore);
  }
  parser.Feed("\r\n");
  for (size_t i = 0; i < 1000000; ++i) {
    ASSERT_EQ(parser.Next(&value), ReplyParser::Result::kNeedMore);
    parser.Feed(":1\r\n");
  }
  ASSERT_EQ(parser.Next(&value), ReplyParser::Result::kReply);
  EXPECT_EQ(value.elements.size(), 1000001u);
  EXPECT_EQ(value.elements[0].text.size(), kPieces * piece.size());
}

TEST(ReplyParser, GarbageNeverConfusesIt) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr std::string_view kAlphabet = "+-:$*_,#(!=%~>|\r\n\r\n\r\n0123txt:abnif.";
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 60, ' ');
    for (char& c : bytes) c = kAlphabet[random() % kAlphabet.size()];
    // Fed whole or in pieces, the same replies and the same end come out.
    ReplyParser whole, pieces;
    whole.Feed(bytes);
    std::string seen_whole, seen_pieces;
    ReplyValue value;
    ReplyParser::Result last_whole, last_pieces = ReplyParser::Result::kNeedMore;
    while ((last_whole = whole.Next(&value)) == ReplyParser::Result::kReply) {
      seen_whole += value.ToString();
    }
    for (const char& c : bytes) {
      pieces.Feed({&c, 1});
      while ((last_pieces = pieces.Next(&value)) == ReplyParser::Result::kReply) {
        seen_pieces += value.ToString();
      }
    }
    ASSERT_EQ(seen_whole, seen_pieces) << bytes;
    ASSERT_EQ(last_whole, last_pieces) << bytes;
  }
}

}  // namespace
}  // namespace basalt
