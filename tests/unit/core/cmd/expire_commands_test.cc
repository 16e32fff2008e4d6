#include "tests/support/command_fixture.h"

namespace basalt {
namespace {

class ExpireCommandsTest : public CommandFixture {
 protected:
  ExpireCommandsTest() { Run("SET k v"); }
};

TEST_F(ExpireCommandsTest, SetsReadsAndTakesAway) {
  EXPECT_EQ(Run("TTL k"), "-1");
  EXPECT_EQ(Run("TTL none"), "-2");
  EXPECT_EQ(Run("EXPIRE none 1"), "0");
  EXPECT_EQ(Run("EXPIRE k 10"), "1");
  EXPECT_EQ(Run("PTTL k"), "10000");
  EXPECT_EQ(Run("PEXPIRE k 1500"), "1");
  EXPECT_EQ(Run("TTL k"), "2");
  EXPECT_EQ(Run("PEXPIRETIME k"), std::to_string(kStartMs + 1500));
  EXPECT_EQ(Run("EXPIRETIME k"), std::to_string((kStartMs + 2000) / 1000));
  EXPECT_EQ(Run("PERSIST k"), "1");
  EXPECT_EQ(Run("PERSIST k"), "0");
  EXPECT_EQ(Run("PERSIST none"), "0");
  EXPECT_EQ(Run("EXPIREAT k " + std::to_string(kStartMs / 1000 + 3)), "1");
  EXPECT_EQ(Run("PTTL k"), "3000");
  EXPECT_EQ(Run("PEXPIREAT k " + std::to_string(kStartMs + 3)), "1");
  EXPECT_EQ(Run("PTTL k"), "3");
  AdvanceMillis(3);
  EXPECT_EQ(Run("GET k"), "v");  // in the very millisecond it still lives
  AdvanceMillis(1);
  EXPECT_EQ(Run("TTL k"), "-2");
}

TEST_F(ExpireCommandsTest, Conditions) {
  EXPECT_EQ(Run("EXPIRE k 10 XX"), "0");
  EXPECT_EQ(Run("EXPIRE k 10 GT"), "0");
  EXPECT_EQ(Run("EXPIRE k 10 LT"), "1");
  EXPECT_EQ(Run("EXPIRE k 20 nx"), "0");
  EXPECT_EQ(Run("EXPIRE k 10 GT"), "0");
  EXPECT_EQ(Run("EXPIRE k 20 XX GT"), "1");
  EXPECT_EQ(Run("EXPIRE k 20 LT"), "0");
  EXPECT_EQ(Run("EXPIRE k 5 LT XX"), "1");
  Run("PERSIST k");
  EXPECT_EQ(Run("EXPIRE k 5 LT XX"), "0");
  EXPECT_EQ(Run("EXPIRE k 5 NX"), "1");
}

TEST_F(ExpireCommandsTest, WrongWords) {
  EXPECT_EQ(Run("EXPIRE k 1 FOO"), "-ERR Unsupported option FOO");
  EXPECT_EQ(Run("EXPIRE k 1 NX XX"),
            "-ERR NX and XX, GT or LT options at the same time are not compatible");
  EXPECT_EQ(Run("EXPIRE k 1 GT LT"), "-ERR GT and LT options at the same time are not compatible");
  EXPECT_EQ(Run("EXPIRE k x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("EXPIRE k 9223372036854775807"), "-ERR invalid expire time in 'expire' command");
  EXPECT_EQ(Run("EXPIRE none -9223372036854775807"),
            "-ERR invalid expire time in 'expire' command");
  EXPECT_EQ(Run("PEXPIRE k 9223372036854775807"), "-ERR invalid expire time in 'pexpire' command");
  EXPECT_EQ(Run("PEXPIREAT k 9223372036854775807"), "1");
  EXPECT_EQ(Run("TTL k").substr(0, 4), "9223");
}

TEST_F(ExpireCommandsTest, ThePastDeletes) {
  TakeLog();
  EXPECT_EQ(Run("EXPIRE k -1"), "1");
  EXPECT_EQ(Run("EXISTS k"), "0");
  EXPECT_EQ(TakeLog(), "DEL k");
  Run("SET k v");
  EXPECT_EQ(Run("PEXPIREAT k -2"), "1");
  EXPECT_EQ(Run("EXISTS k"), "0");
}

TEST_F(ExpireCommandsTest, LogsMoments) {
  TakeLog();
  Run("EXPIRE k 10");
  EXPECT_EQ(TakeLog(), "PEXPIREAT k " + std::to_string(kStartMs + 10000));
  AdvanceMillis(10001);
  Run("GET k");
  EXPECT_EQ(TakeLog(), "DEL k");
}

}  // namespace
}  // namespace basalt
