"""What tests of one server each share: the server, a connection for the test's own questions, INFO persistence."""

from basalt_harness import ServerTest

SHARDS = 3


class OneServerTest(ServerTest):
    def begin(self, args, shards=SHARDS):
        self.server = self.start(shards=shards, args=args)
        self.admin = self.client()

    def client(self):
        client = self.server.client()
        self.addCleanup(client.close)
        return client

    def persistence(self):
        return self.server.info("persistence")
