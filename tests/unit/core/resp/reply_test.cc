#include "core/resp/reply.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "core/resp/reply_parser.h"

namespace basalt {
namespace {

// What `write` appends, in each protocol version.
template <class Write>
std::string Sent(int resp, Write write) {
  std::string out;
  Reply reply(&out, resp);
  write(reply);
  return out;
}

template <class Write>
void ExpectSent(Write write, std::string_view resp2, std::string_view resp3) {
  EXPECT_EQ(Sent(2, write), resp2);
  EXPECT_EQ(Sent(3, write), resp3);
}

TEST(Reply, Scalars) {
  ExpectSent([](Reply& r) { r.Ok(); }, "+OK\r\n", "+OK\r\n");
  ExpectSent([](Reply& r) { r.Simple("PONG"); }, "+PONG\r\n", "+PONG\r\n");
  ExpectSent([](Reply& r) { r.Integer(7); }, ":7\r\n", ":7\r\n");
  ExpectSent([](Reply& r) { r.Integer(INT64_MIN); }, ":-9223372036854775808\r\n",
             ":-9223372036854775808\r\n");
  ExpectSent([](Reply& r) { r.Bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n");
  ExpectSent([](Reply& r) { r.Bulk({}); }, "$0\r\n\r\n", "$0\r\n\r\n");
  ExpectSent([](Reply& r) { r.BulkInteger(-12); }, "$3\r\n-12\r\n", "$3\r\n-12\r\n");
  ExpectSent([](Reply& r) { r.Null(); }, "$-1\r\n", "_\r\n");
  ExpectSent([](Reply& r) { r.NullArray(); }, "*-1\r\n", "_\r\n");
  ExpectSent([](Reply& r) { r.Bool(true); }, ":1\r\n", "#t\r\n");
  ExpectSent([](Reply& r) { r.Bool(false); }, ":0\r\n", "#f\r\n");
  ExpectSent([](Reply& r) { r.Double(0.1); }, "$19\r\n0.10000000000000001\r\n",
             ",0.10000000000000001\r\n");
  ExpectSent([](Reply& r) { r.Double(3); }, "$1\r\n3\r\n", ",3\r\n");
  ExpectSent([](Reply& r) { r.Double(-INFINITY); }, "$4\r\n-inf\r\n", ",-inf\r\n");
  ExpectSent([](Reply& r) { r.BigNumber("123"); }, "$3\r\n123\r\n", "(123\r\n");
  ExpectSent([](Reply& r) { r.Verbatim("hi"); }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n");
}

TEST(Reply, Aggregates) {
  ExpectSent([](Reply& r) { r.EmptyArray(); }, "*0\r\n", "*0\r\n");
  ExpectSent([](Reply& r) { r.Array(12); }, "*12\r\n", "*12\r\n");
  ExpectSent([](Reply& r) { r.Map(2); }, "*4\r\n", "%2\r\n");
  ExpectSent([](Reply& r) { r.Set(2); }, "*2\r\n", "~2\r\n");
  ExpectSent([](Reply& r) { r.Push(3); }, "*3\r\n", ">3\r\n");
}

TEST(Reply, LengthsKnownAfterwardsNest) {
  ExpectSent(
      [](Reply& r) {
        r.Ok();
        const size_t outer = r.BeginArray();
        const size_t map = r.BeginArray();
        r.Bulk("k"), r.Integer(1);
        r.EndMap(map, 1);
        const size_t set = r.BeginArray();
        r.EndSet(set, 0);
        const size_t array = r.BeginArray();
        for (int i = 0; i < 10; ++i) r.Integer(i);
        r.EndArray(array, 10);
        r.EndArray(outer, 3);
      },
      "+OK\r\n*3\r\n*2\r\n$1\r\nk\r\n:1\r\n*0\r\n*10\r\n:0\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:"
      "7\r\n:8\r\n:9\r\n",
      "+OK\r\n*3\r\n%1\r\n$1\r\nk\r\n:1\r\n~0\r\n*10\r\n:0\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:"
      "7\r\n:8\r\n:9\r\n");
}

TEST(Reply, ErrorsAreCountedAndHoldNoLineBreaks) {
  std::string out;
  Reply reply(&out, 2);
  const size_t mark = reply.BeginArray();
  reply.Ok();
  EXPECT_EQ(reply.errors(), 0u);
  reply.Error("ERR unknown command 'a\r\n+OK'");
  reply.EndArray(mark, 2);
  EXPECT_EQ(reply.errors(), 1u);
  EXPECT_EQ(out, "*2\r\n+OK\r\n-ERR unknown command 'a  +OK'\r\n");
  EXPECT_EQ(out.substr(reply.last_error_at(), 4), "-ERR");
}

TEST(Reply, BulksOfEverySizeReadBack) {
  std::string out, value;
  Reply reply(&out, 3);
  for (size_t size = 0; size < 1200; ++size) {
    reply.Bulk(value);
    value.push_back(static_cast<char>(size));
  }
  ReplyParser parser;
  parser.Feed(out);
  for (size_t size = 0; size < 1200; ++size) {
    ReplyValue read;
    ASSERT_EQ(parser.Next(&read), ReplyParser::Result::kReply);
    ASSERT_EQ(read.text, value.substr(0, size));
  }
  EXPECT_EQ(parser.pending(), 0u);
}

// A random tree written by Reply, then read by ReplyParser, byte by byte or at once.
ReplyValue WriteRandom(Reply& reply, std::mt19937& random, int depth) {
  using Type = ReplyValue::Type;
  ReplyValue value;
  const auto integer = static_cast<int64_t>(uint64_t{random()} << (random() % 33)) - random();
  std::string text(random() % 150, ' ');
  for (char& c : text) c = static_cast<char>(random());
  switch (random() % (depth > 0 ? 12 : 8)) {
    case 0:
      reply.Ok(), value.type = Type::kSimple, value.text = "OK";
      break;
    case 1:
      reply.Integer(integer), value.type = Type::kInteger, value.integer = integer;
      break;
    case 2:
      reply.Bulk(text), value.type = Type::kBulk, value.text = text;
      break;
    case 3:
      reply.Null();
      break;
    case 4:
      reply.Error("ERR no"), value.type = Type::kError, value.text = "ERR no";
      break;
    case 5:
      reply.Bool(true), value.type = Type::kBool, value.integer = 1;
      break;
    case 6:
      reply.Double(0.5), value.type = Type::kDouble, value.number = 0.5, value.text = "0.5";
      break;
    case 7:
      reply.Verbatim(text), value.type = Type::kVerbatim, value.text = text, value.format = "txt";
      break;
    default: {
      const size_t n = random() % 5, mark = reply.BeginArray();
      const bool map = random() % 2 == 0, late = random() % 2 == 0;
      value.type = map ? Type::kMap : Type::kArray;
      if (!late) map ? reply.Map(n) : reply.Array(n);
      for (size_t i = 0; i < n * (map ? 2 : 1); ++i) {
        value.elements.push_back(WriteRandom(reply, random, depth - 1));
      }
      if (late) map ? reply.EndMap(mark, n) : reply.EndArray(mark, n);
    }
  }
  return value;
}

TEST(Reply, RandomTreesReadBack) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string out;
    Reply reply(&out, 3);
    const ReplyValue expected = WriteRandom(reply, random, 4);
    ASSERT_EQ(ParseReply(out), expected) << expected.ToString();
    ReplyParser parser;
    ReplyValue read;
    for (size_t at = 0; at + 1 < out.size(); ++at) {
      parser.Feed({&out[at], 1});
      ASSERT_EQ(parser.Next(&read), ReplyParser::Result::kNeedMore);
    }
    parser.Feed({&out.back(), 1});
    ASSERT_EQ(parser.Next(&read), ReplyParser::Result::kReply);
    ASSERT_EQ(read, expected);
  }
}

}  // namespace
}  // namespace basalt
