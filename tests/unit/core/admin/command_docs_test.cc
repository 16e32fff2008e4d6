#include "core/admin/command_docs.h"

#include <gtest/gtest.h>

#include <set>

#include "core/admin/command_syntax.h"
#include "core/base/strings.h"
#include "tests/support/redis_process.h"

namespace basalt {
namespace {

ReplyValue Rendered(const CommandDoc& doc, int resp = 2, bool (*has)(std::string_view) = nullptr) {
  std::string bytes;
  Reply reply(&bytes, resp);
  WriteCommandDoc(doc, reply, has);
  ReplyParser parser;
  parser.Feed(bytes);
  ReplyValue value;
  EXPECT_EQ(parser.Next(&value), ReplyParser::Result::kReply) << doc.name;
  EXPECT_EQ(parser.pending(), 0u) << doc.name;
  return value;
}

// A doc without what is told in each server's own words or that we do not tell: texts, histories,
// versions of arguments.
ReplyValue FactsOnly(const ReplyValue& map, bool is_argument) {
  static const std::set<std::string> kWords = {"summary", "complexity", "history", "replaced_by"};
  static const std::set<std::string> kVersions = {"since", "deprecated_since"};
  ReplyValue facts = map;
  facts.elements.clear();
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    const std::string& field = map.elements[i].text;
    if (kWords.contains(field) || field == "subcommands") continue;
    if (is_argument && kVersions.contains(field)) continue;
    ReplyValue value = map.elements[i + 1];
    if (field == "arguments") {
      for (ReplyValue& argument : value.elements) argument = FactsOnly(argument, true);
    }
    facts.elements.push_back(map.elements[i]);
    facts.elements.push_back(value);
  }
  return facts;
}

TEST(CommandSyntax, EmptyMeansNoArguments) { EXPECT_TRUE(ParseCommandSyntax("").empty()); }

TEST(CommandSyntax, ValuesTokensAndGroups) {
  auto arguments = ParseCommandSyntax(
      "key:k value [condition(NX|XX)] [change@CH] [LIMIT=offset_count{offset:i count:i}] ip:port* "
      "[GET=pattern:p**] [STORE=destination:k2]");
  ASSERT_EQ(arguments.size(), 8u);
  EXPECT_EQ(arguments[0].type, ArgumentType::kKey);
  EXPECT_EQ(arguments[0].key_spec_index, 0);
  EXPECT_EQ(arguments[1].type, ArgumentType::kString);
  EXPECT_TRUE(arguments[2].optional);
  EXPECT_EQ(arguments[2].type, ArgumentType::kOneOf);
  EXPECT_EQ(arguments[2].arguments[1].token, "XX");
  EXPECT_EQ(arguments[2].arguments[1].name, "xx");
  EXPECT_EQ(arguments[3].name, "change");
  EXPECT_EQ(arguments[3].token, "CH");
  EXPECT_EQ(arguments[3].type, ArgumentType::kPureToken);
  EXPECT_EQ(arguments[4].token, "LIMIT");
  EXPECT_EQ(arguments[4].type, ArgumentType::kBlock);
  EXPECT_EQ(arguments[4].arguments[1].type, ArgumentType::kInteger);
  EXPECT_EQ(arguments[5].name, "ip:port");
  EXPECT_TRUE(arguments[5].multiple);
  EXPECT_FALSE(arguments[5].multiple_token);
  EXPECT_TRUE(arguments[6].multiple_token);
  EXPECT_EQ(arguments[6].type, ArgumentType::kPattern);
  EXPECT_EQ(arguments[7].key_spec_index, 2);
}

TEST(CommandDocs, NamesAreUniqueAndEveryRowIsComplete) {
  std::set<std::string_view> names;
  for (std::span<const CommandDoc> table : CommandDocTables()) {
    for (const CommandDoc& doc : table) {
      EXPECT_TRUE(names.insert(doc.name).second) << doc.name;
      EXPECT_FALSE(doc.summary.empty() || doc.complexity.empty() || doc.since.empty()) << doc.name;
      EXPECT_EQ(doc.deprecated_since.empty(), doc.replaced_by.empty()) << doc.name;
      size_t bar = doc.name.find('|');
      if (bar != std::string_view::npos) {
        EXPECT_TRUE(names.contains(doc.name.substr(0, bar))) << doc.name;
      }
    }
  }
  EXPECT_GT(names.size(), 250u);
}

TEST(CommandDocs, LookupIgnoresCase) {
  ASSERT_NE(FindCommandDoc("SET"), nullptr);
  EXPECT_EQ(FindCommandDoc("SET")->name, "set");
  EXPECT_EQ(FindCommandDoc("Config|Get")->group, "server");
  EXPECT_EQ(FindCommandDoc("nosuch"), nullptr);
}

TEST(CommandDocs, OnlySubcommandsThatExistAreListed) {
  auto only_get = [](std::string_view name) { return name == "config|get"; };
  ReplyValue doc = Rendered(*FindCommandDoc("config"), 3, only_get);
  ASSERT_NE(doc.Get("subcommands"), nullptr);
  ASSERT_EQ(doc.Get("subcommands")->elements.size(), 2u);
  EXPECT_EQ(doc.Get("subcommands")->elements[0].text, "config|get");
  EXPECT_EQ(Rendered(*FindCommandDoc("config"), 3, [](std::string_view) { return false; })
                .Get("subcommands"),
            nullptr);
}

class RedisCommandDocs : public ::testing::TestWithParam<int> {};

TEST_P(RedisCommandDocs, EveryRowAgreesWithRedis) {
  if (!RedisProcess::IsInstalled()) GTEST_SKIP() << "no redis-server on this machine";
  TemporaryFolder folder;
  auto redis = RedisProcess::Start(folder.path());
  ASSERT_NE(redis, nullptr);
  if (GetParam() == 3) redis->Command({"HELLO", "3"});
  for (std::span<const CommandDoc> table : CommandDocTables()) {
    for (const CommandDoc& doc : table) {
      ReplyValue theirs = redis->Command({"COMMAND", "DOCS", std::string(doc.name)});
      if (doc.since > "7.0.15") {  // newer than the reference
        EXPECT_EQ(theirs.elements.size(), 0u) << doc.name;
        continue;
      }
      ASSERT_EQ(theirs.elements.size(), 2u) << doc.name;
      EXPECT_EQ(FactsOnly(Rendered(doc, GetParam()), false).ToString(),
                FactsOnly(theirs.elements[1], false).ToString())
          << doc.name;
      const ReplyValue* summary = theirs.elements[1].Get("summary");
      ASSERT_NE(summary, nullptr);
      EXPECT_NE(summary->text, doc.summary) << doc.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Resp, RedisCommandDocs, ::testing::Values(2, 3));

}  // namespace
}  // namespace basalt
