// COMMAND as clients see it, and that the rows of the table agree with the key specifications shown
// for them.
#include <algorithm>
#include <set>

#include "core/cmd/command_key_specs.h"
#include "core/cmd/command_shapes.h"
#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class CommandCommandsTest : public CommandFixture {};

TEST_F(CommandCommandsTest, InfoHasRedisShape) {
  EXPECT_EQ(Run("COMMAND INFO get"),
            "[[get 2 [readonly fast] 1 1 1 [@read @string @fast] [] [[flags [RO access] "
            "begin_search [type index spec [index 1]] "
            "find_keys [type range spec [lastkey 0 keystep 1 limit 0]]]] []]]");
  EXPECT_EQ(Run("COMMAND INFO nosuch"), "[nil]");
  EXPECT_EQ(
      Run("COMMAND INFO config|get"),
      "[[config|get -3 [admin noscript loading stale] 0 0 0 [@admin @slow @dangerous] [] [] []]]");
}

TEST_F(CommandCommandsTest, ResP3HasSetsAndMaps) {
  UseResp(3);
  std::string text = RunRaw("COMMAND INFO get");
  EXPECT_NE(text.find("~2\r\n+readonly\r\n+fast"), std::string::npos) << text;
  EXPECT_NE(text.find("%3\r\n$5\r\nflags"), std::string::npos) << text;
}

TEST_F(CommandCommandsTest, CountDoesNotCountSubcommands) {
  EXPECT_EQ(Run("COMMAND COUNT"), std::to_string(AllCommands().commands().size()));
  EXPECT_LT(AllCommands().commands().size(), AllCommands().all().size());
}

TEST_F(CommandCommandsTest, GetKeysFindsThem) {
  EXPECT_EQ(Run("COMMAND GETKEYS mset a 1 b 2"), "[a b]");
  EXPECT_EQ(Run("COMMAND GETKEYS memory usage foo"), "[foo]");
  EXPECT_EQ(Run("COMMAND GETKEYS ping a"), "-ERR The command has no key arguments");
  EXPECT_EQ(Run("COMMAND GETKEYS nosuch a"), "-ERR Invalid command specified");
  EXPECT_EQ(Run("COMMAND GETKEYS get a b"),
            "-ERR Invalid number of arguments specified for command");
}

TEST_F(CommandCommandsTest, KeyFlagsDependOnTheWords) {
  EXPECT_EQ(Run("COMMAND GETKEYSANDFLAGS set a b"), "[[a [OW update]]]");
  EXPECT_EQ(Run("COMMAND GETKEYSANDFLAGS set a b get"), "[[a [RW access update]]]");
  EXPECT_EQ(Run("COMMAND GETKEYSANDFLAGS mget a b"), "[[a [RO access]] [b [RO access]]]");
}

TEST_F(CommandCommandsTest, ListFilters) {
  EXPECT_EQ(Run("COMMAND LIST FILTERBY PATTERN CONFIG|G*"), "[config|get]");
  EXPECT_EQ(Run("COMMAND LIST FILTERBY MODULE x"), "[]");
  EXPECT_EQ(Run("COMMAND LIST FILTERBY ACLCAT nosuch"), "[]");
  EXPECT_EQ(Run("COMMAND LIST FOO"), "-ERR syntax error");
}

TEST_F(CommandCommandsTest, KeySpecificationsAgreeWithRouting) {
  for (const CommandSpec& spec : AllCommands().commands()) {
    std::span<const KeySpecRow> rows = KeySpecRowsOf(spec.name);
    if (spec.keys.first == 0 || rows.size() != 1 || rows[0].find != KeySpecRow::Find::kRange)
      continue;
    EXPECT_EQ(rows[0].index, spec.keys.first) << spec.name;
    EXPECT_EQ(rows[0].b, spec.keys.step) << spec.name;
  }
}

TEST_F(CommandCommandsTest, NamesAreUniqueAndSubcommandsBelongToTheirContainer) {
  std::set<std::string_view> names;
  for (const CommandSpec& spec : AllCommands().all())
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
  for (const CommandSpec& spec : AllCommands().commands()) {
    for (const CommandSpec& sub : spec.subcommands) {
      EXPECT_TRUE(std::string_view(sub.name).starts_with(std::string(spec.name) + "|")) << sub.name;
      EXPECT_EQ(&AllCommands().all()[sub.index], &sub);
    }
  }
}

}  // namespace
}  // namespace basalt
