// Which clients CLIENT LIST and CLIENT KILL choose, how a client is shown, and what CLIENT REPLY
// drops.
#include "core/cmd/client_list.h"

#include <gtest/gtest.h>

namespace basalt {
namespace {

struct KnownClient : Client {
  explicit KnownClient(uint64_t number) {
    id = ClientId(number);
    peer = "127.0.0.1:5000";
    local = "127.0.0.1:6379";
  }
};

TEST(ClientFilterTest, EveryGivenPartHasToFit) {
  KnownClient client(7);
  EXPECT_TRUE(ClientFilter{}.Fits(client));
  EXPECT_TRUE((ClientFilter{.id = 7, .addr = "127.0.0.1:5000"}).Fits(client));
  EXPECT_FALSE((ClientFilter{.id = 8, .addr = "127.0.0.1:5000"}).Fits(client));
  EXPECT_FALSE((ClientFilter{.id = 7, .laddr = "127.0.0.1:1"}).Fits(client));
  EXPECT_FALSE((ClientFilter{.by_kind = true, .kind = ClientKind::kReplica}).Fits(client));
}

TEST(ClientFilterTest, KindsHaveTheirOldNamesToo) {
  ClientKind kind;
  ASSERT_TRUE(ParseClientKind("SLAVE", &kind));
  EXPECT_EQ(kind, ClientKind::kReplica);
  EXPECT_FALSE(ParseClientKind("foo", &kind));
}

TEST(ClientLineTest, HasRedisFields) {
  KnownClient client(7);
  client.name = "me";
  client.connected_at_ms = 1000;
  std::string line;
  AppendClientLine(client, 4500, &line);
  EXPECT_TRUE(
      line.starts_with("id=7 addr=127.0.0.1:5000 laddr=127.0.0.1:6379 fd=-1 name=me age=3 "))
      << line;
  EXPECT_NE(line.find(" flags=N db=0 "), std::string::npos) << line;
  EXPECT_NE(line.find(" user=default redir=-1 resp=2"), std::string::npos) << line;
}

TEST(ClientReplyTest, DropsOnlyWhatWasWrittenWhileMuted) {
  KnownClient client(1);
  client.out = "+OK\r\n";
  client.Mute(Client::ReplyMode::kOff);
  client.out += "+dropped\r\n";
  client.holds.push_back({client.out.size() - 3, 9});
  client.DropMuted();
  EXPECT_EQ(client.out, "+OK\r\n");
  EXPECT_EQ(client.holds.back().offset, client.out.size());
}

}  // namespace
}  // namespace basalt
