#include <algorithm>
#include <cctype>
#include <string>

#include "core/cmd/all_commands.h"
#include "core/shard/command_spec.h"
#include "gtest/gtest.h"

namespace basalt {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

// What a search through all names, one by one, finds.
const CommandSpec* Slowly(const CommandTable& table, const std::string& name) {
  const std::string lower = Lower(name);
  for (const CommandSpec& spec : table.commands()) {
    if (lower == spec.name) return &spec;
  }
  return nullptr;
}

TEST(CommandTableTest, FindsEveryNameInAnyCase) {
  const CommandTable& table = AllCommands();
  for (const CommandSpec& spec : table.commands()) {
    std::string name = spec.name;
    for (size_t i = 0; i <= name.size(); ++i) {
      EXPECT_EQ(table.Find(name), &spec) << name;
      if (i < name.size()) name[i] = static_cast<char>(std::toupper(name[i]));
    }
  }
}

TEST(CommandTableTest, FindsNothingElse) {
  const CommandTable& table = AllCommands();
  for (const CommandSpec& spec : table.commands()) {
    const std::string name = spec.name;
    for (size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      for (int byte = 0; byte < 256; ++byte) {
        other[i] = static_cast<char>(byte);
        ASSERT_EQ(table.Find(other), Slowly(table, other)) << name << " " << i << " " << byte;
      }
    }
    for (const std::string& other :
         {name + " ", name + std::string(1, '\0'), name + "x", " " + name, name.substr(1),
          name.substr(0, name.size() - 1), name + name + name}) {
      ASSERT_EQ(table.Find(other), Slowly(table, other)) << other;
    }
  }
  EXPECT_EQ(table.Find(""), nullptr);
  EXPECT_EQ(table.Find(std::string(16, ' ')), nullptr);
  EXPECT_EQ(table.Find(std::string(1000, 'a')), nullptr);
}

}  // namespace
}  // namespace basalt
