#include "core/resp/errors.h"

#include <gtest/gtest.h>

#include <string>

namespace basalt {
namespace {

// The expected texts were taken from a running redis-server 7.0.15.

TEST(Errors, NameTheCommand) {
  EXPECT_EQ(errors::WrongArity("config|get"),
            "ERR wrong number of arguments for 'config|get' command");
  EXPECT_EQ(errors::InvalidExpire("set"), "ERR invalid expire time in 'set' command");
  EXPECT_EQ(errors::UnknownSubcommand("config", "foo"),
            "ERR unknown subcommand 'foo'. Try CONFIG HELP.");
}

TEST(Errors, UnknownCommandShowsTheFirstWords) {
  EXPECT_EQ(errors::UnknownCommand("nosuch", nullptr, 0),
            "ERR unknown command 'nosuch', with args beginning with: ");
  const std::string_view words[] = {"one", std::string_view("t\0wo", 4), "three"};
  EXPECT_EQ(errors::UnknownCommand("nosuch", words, 3),
            "ERR unknown command 'nosuch', with args beginning with: 'one' 't' 'three' ");
}

TEST(Errors, UnknownCommandIsShortened) {
  const std::string name(300, 'x'), word(200, 'y');
  const std::string_view words[] = {"a\r\nb", word, "never shown"};
  EXPECT_EQ(errors::UnknownCommand(name, words, 3),
            "ERR unknown command '" + std::string(128, 'x') +
                "', with args beginning with: 'a\r\nb' '" + std::string(121, 'y') + "' ");
}

}  // namespace
}  // namespace basalt
