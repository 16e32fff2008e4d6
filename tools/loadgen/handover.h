// Hand-over of items between pairs of connections, with one epoll per thread: the consumer waits in
// BLPOP when the producer's LPUSH arrives. Closed loop: a pair's next item goes when both have been
// answered.
//
// The consumer is one BLPOP ahead: its request for item n+1 stands behind that for item n, so the
// server lets it wait again the moment n is served, and no LPUSH ever comes before its BLPOP. The
// latency is that of the item: from the LPUSH to the consumer's reply.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/loadgen/load_thread.h"

namespace basalt::loadgen {

class Handover final : public LoadThread {
 public:
  Handover(const Options& options, uint32_t index);
  ~Handover() override;
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  bool Connect() override;
  void Run(uint64_t start_ns) override;

  // A pair's requests for its item `number`. Its lists, 16 in turn, are its own, so that nobody
  // else is served with the item.
  static void AppendPop(uint32_t thread, uint32_t pair, uint64_t number, std::string* out);
  static void AppendPush(uint32_t thread, uint32_t pair, uint64_t number, const std::string& value,
                         std::string* out);

 private:
  struct Pair;
  struct End {  // one connection
    Pair* pair = nullptr;
    int fd = -1;
    bool owes = false;  // the answer about the item under way
    ReplyScanner scanner;
  };
  struct Pair {
    uint32_t number = 0;
    End consumer, producer;
    uint64_t item = 0;  // that is under way, or was last
    uint64_t since_ns = 0;
    bool lost = false;
  };

  bool under_way(const Pair& pair) const { return pair.consumer.owes || pair.producer.owes; }
  bool SendAll(End& end, const std::string& bytes);
  void Ask(Pair& pair, uint64_t item);
  void HandOver(Pair& pair);
  void Receive(End& end);
  void Lose(Pair& pair);

  const Options& options_;
  const uint32_t index_;
  const std::string value_;
  int epoll_fd_ = -1;
  std::vector<std::unique_ptr<Pair>> pairs_;
  uint64_t quota_;  // items still to hand over when --count is given
  uint64_t stop_ns_ = UINT64_MAX;
  std::string request_;
  std::vector<char> receive_buffer_;
};

}  // namespace basalt::loadgen
