#include "core/value/entry.h"

#include <string>

#include "core/base/alloc.h"
#include "core/base/random.h"
#include "core/value/access.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace basalt {
namespace {

// One string entry that is freed at the end.
class EntryTest : public ::testing::Test {
 protected:
  ~EntryTest() override {
    if (e_ != nullptr) Entry::FreeString(e_);
    EXPECT_EQ(ThreadUsedMemory(), used_before_) << "leaked";
  }
  void Make(std::string_view key, std::string_view value, int64_t expire_at_ms = kNoExpiry) {
    if (e_ != nullptr) Entry::FreeString(e_);
    e_ = Entry::NewString(key, value, expire_at_ms);
  }
  void Assign(std::string_view value) { e_ = Entry::AssignString(e_, value); }
  void Append(std::string_view more) {
    size_t old = e_->StringLength();
    e_ = Entry::Resize(e_, old + more.size());
    std::memcpy(e_->StringData() + old, more.data(), more.size());
  }
  void ExpectHolds(std::string_view key, std::string_view value, int64_t expire_at_ms) {
    EXPECT_EQ(e_->key(), key);
    EXPECT_EQ(e_->StringLength(), value.size());
    char scratch[Entry::kIntTextBytes];
    EXPECT_EQ(e_->StringView(scratch), value);
    EXPECT_EQ(e_->expire_at_ms(), expire_at_ms);
  }

  const int64_t used_before_ = ThreadUsedMemory();
  Entry* e_ = nullptr;
};

TEST_F(EntryTest, EncodingsAsRedisNamesThem) {
  Make("k", "12345");
  EXPECT_STREQ(e_->StringEncodingName(), "int");
  EXPECT_EQ(e_->int_value(), 12345);
  for (const char* text : {"007", "+5", "1.0", "", "9223372036854775808", "-0", " 1"}) {
    Make("k", text);
    EXPECT_STREQ(e_->StringEncodingName(), "embstr") << text;
  }
  Make("k", "-9223372036854775808");
  EXPECT_STREQ(e_->StringEncodingName(), "int");
  Make("k", std::string(44, 'x'));
  EXPECT_STREQ(e_->StringEncodingName(), "embstr");
  Make("k", std::string(45, 'x'));
  EXPECT_STREQ(e_->StringEncodingName(), "raw");
  Make("k", "short");
  Append("er");
  EXPECT_STREQ(e_->StringEncodingName(), "raw");
  ExpectHolds("k", "shorter", kNoExpiry);
  Assign("short");
  EXPECT_STREQ(e_->StringEncodingName(), "embstr");
  Make("k", "10");
  Append("0");
  ExpectHolds("k", "100", kNoExpiry);
  EXPECT_STREQ(e_->StringEncodingName(), "raw");
}

TEST_F(EntryTest, CopyAndRenameKeepEncodingAndValue) {
  Make("k", "12");
  Append("3");
  Entry* copy = Entry::CopyString(e_, "other", 77);
  Entry::FreeString(std::exchange(e_, copy));
  ExpectHolds("other", "123", 77);
  EXPECT_STREQ(e_->StringEncodingName(), "raw");
  e_->set_access_bits(0xabcdef);
  e_ = Entry::Rename(e_, "third");
  ExpectHolds("third", "123", 77);
  EXPECT_EQ(e_->access_bits(), 0xabcdefu);
}

TEST_F(EntryTest, ExpiryComesAndGoes) {
  for (size_t value_size : {3, 300}) {
    std::string value(value_size, 'v');
    Make("key", value);
    EXPECT_FALSE(e_->ExpiredAt(INT64_MAX));
    e_ = Entry::WithExpiry(e_, 1000);
    ExpectHolds("key", value, 1000);
    e_ = Entry::WithExpiry(e_, 2000);
    ExpectHolds("key", value, 2000);
    EXPECT_FALSE(e_->ExpiredAt(2000));
    EXPECT_TRUE(e_->ExpiredAt(2001));
    e_ = Entry::WithExpiry(e_, kNoExpiry);
    ExpectHolds("key", value, kNoExpiry);
  }
}

TEST_F(EntryTest, GrowsFromNothingByteByByte) {
  Make("key", "", 5);
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    char c = static_cast<char>('a' + i % 26);
    Append({&c, 1});
    expected.push_back(c);
  }
  ExpectHolds("key", expected, 5);
}

TEST_F(EntryTest, ResizeFillsWithZeros) {
  Make("key", "ab");
  e_ = Entry::Resize(e_, 5);
  ExpectHolds("key", std::string("ab\0\0\0", 5), kNoExpiry);
  e_ = Entry::Resize(e_, 1);
  e_ = Entry::Resize(e_, 400);
  ExpectHolds("key", "a" + std::string(399, '\0'), kNoExpiry);
  e_ = Entry::Resize(e_, 2);
  e_ = Entry::Resize(e_, 400);
  ExpectHolds("key", "a" + std::string(399, '\0'), kNoExpiry);
}

TEST_F(EntryTest, AssignTakesPartOfTheOldValue) {
  for (size_t size : {40, 400, 4000}) {
    std::string value;
    for (size_t i = 0; i < size; ++i) value.push_back(static_cast<char>('a' + i % 26));
    for (size_t from : {size_t{1}, size / 2, size - 3}) {
      Make("key", value);
      Assign(std::string_view(e_->StringData(), size).substr(from));
      ExpectHolds("key", value.substr(from), kNoExpiry);
    }
  }
}

#ifdef BASALT_MIMALLOC
TEST_F(EntryTest, SmallKeysAndValuesAreOneSmallBlock) {
  std::string key(16, 'k');
  Make(key, std::string(16, 'v'));
  EXPECT_LE(e_->MemoryBytes(), 48u);  // 40 are needed; mimalloc's blocks are multiples of 16
  Make(key, std::string(64, 'v'));
  EXPECT_LE(e_->MemoryBytes(), 96u);
  Make(key, "1");
  EXPECT_LE(e_->MemoryBytes(), 32u);
}
#endif

TEST_F(EntryTest, RandomChangesAgreeWithString) {
  Random random(TestSeed());
  constexpr size_t kSizes[] = {0, 1, 5, 30, 44, 45, 100, 255, 256, 257, 300, 5000, 70000};
  auto size = [&] { return kSizes[random.Below(std::size(kSizes))]; };
  for (int round = 0; round < 200; ++round) {
    std::string key(size(), 'k');
    std::string value(size(), 'v');
    int64_t expiry = random.Below(2) ? kNoExpiry : 123;
    Make(key, value, expiry);
    for (int i = 0; i < 30; ++i) {
      switch (random.Below(6)) {
        case 0:
          value.assign(size(), 'w');
          Assign(value);
          break;
        case 1: {
          size_t n = size();
          value.resize(n, '\0');
          e_ = Entry::Resize(e_, n);
          break;
        }
        case 2:
          value += std::string(random.Below(40), 'y');
          Append(std::string(value.size() - e_->StringLength(), 'y'));
          break;
        case 3:
          expiry = random.Below(2) ? kNoExpiry : static_cast<int64_t>(random.Below(1000));
          e_ = Entry::WithExpiry(e_, expiry);
          break;
        case 4:
          key.assign(size(), 'n');
          e_ = Entry::Rename(e_, key);
          break;
        case 5: {
          int64_t number = static_cast<int64_t>(random.Next());
          value = std::to_string(number);
          e_ = Entry::AssignInteger(e_, number);
          break;
        }
      }
      ExpectHolds(key, value, expiry);
    }
  }
}

TEST(AccessBits, LruIdleTimeSurvivesTheClockWrapping) {
  int64_t wrap_ms = int64_t{1} << 24;
  wrap_ms *= 1000;
  EXPECT_EQ(LruIdleSeconds(LruClock(wrap_ms - 5'000), wrap_ms + 7'000), 12u);
}

TEST(AccessBits, LfuCountsLogarithmicallyAndDecays) {
  Random random(1);
  LfuParams params;
  uint32_t bits = LfuNew(0);
  EXPECT_EQ(LfuCounter(bits, 0, params), 5);
  for (int i = 0; i < 1000; ++i) bits = LfuTouch(bits, 0, params, random);
  uint8_t counter = LfuCounter(bits, 0, params);
  EXPECT_GT(counter, 10);
  EXPECT_LT(counter, 40);
  EXPECT_EQ(LfuCounter(bits, 3 * 60'000, params), counter - 3);
  EXPECT_EQ(LfuCounter(bits, 1000 * 60'000, params), 0);
  params.decay_minutes = 0;
  EXPECT_EQ(LfuCounter(bits, 1000 * 60'000, params), counter);
}

}  // namespace
}  // namespace basalt
