// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/detail/streams.hpp>
#include <troupe/error.hpp>

#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace troupe::detail {
namespace {

using ::testing::ElementsAre;

// A call, or a one-way message, of which only the arguments and the answer are looked at.
class Call final : public Invocation {
 public:
  Call(Streams& streams, std::vector<std::byte> arguments, bool wants_reply)
      : streams_(streams), arguments_(std::move(arguments)), wants_reply_(wants_reply) {}

  std::span<const std::byte> arguments() const override { return arguments_; }
  bool may_view() const override { return false; }
  void entered() override { has_entered = true; }
  void returned() override {}
  bool wants_reply() const override { return wants_reply_; }
  std::byte* reply(std::size_t payload_bytes) override {
    answer.resize(payload_bytes);
    return answer.data();
  }
  void reply_with(const GrowingBuffer&) override { throw std::logic_error("no stream here encodes elsewhere"); }
  bool await(ResultCell&, SendLater) override { throw std::logic_error("no stream here waits"); }
  Streams& streams() override { return streams_; }

  std::vector<std::byte> answer;
  bool has_entered = false;

 private:
  Streams& streams_;
  const std::vector<std::byte> arguments_;
  const bool wants_reply_;
};

// Answers with one byte for each value, counting down.
class Countdown final : public StreamSource {
 public:
  Countdown(int from, int& alive) : left_(from), alive_(alive) { ++alive_; }
  ~Countdown() override { --alive_; }
  bool answer_next(Invocation& invocation) override {
    if (left_ < 0) throw std::out_of_range("below zero");
    if (left_ == 0) return false;
    *invocation.reply(1) = static_cast<std::byte>(left_-- + 10);
    return true;
  }

 private:
  int left_;
  int& alive_;
};

std::vector<std::byte> bytes_of(std::uint64_t number) {
  std::vector<std::byte> bytes(sizeof number);
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

class StreamsTest : public ::testing::Test {
 protected:
  void open(std::uint64_t number, int from) {
    streams_.open(number);
    streams_.set_source(number, std::make_unique<Countdown>(from, alive_));
  }
  int next(std::uint64_t number) {
    Call call(streams_, bytes_of(number), true);
    go_on_with_stream(call);
    EXPECT_TRUE(call.has_entered);
    EXPECT_EQ(call.answer.size(), 1u);
    return static_cast<int>(call.answer.at(0));
  }
  void close(std::uint64_t number) {
    Call message(streams_, bytes_of(number), false);
    go_on_with_stream(message);
  }

  static constexpr int kEnd = 1;  // a std::optional that is null
  Streams streams_;
  int alive_ = 0;
};

TEST_F(StreamsTest, GoOnEachByItsNumber) {
  open(7, 2);
  open(3, 1);
  open(9, 1);
  EXPECT_EQ(next(7), 12);
  EXPECT_EQ(next(3), 11);
  EXPECT_EQ(next(7), 11);
  EXPECT_EQ(next(9), 11);
  EXPECT_EQ(next(3), kEnd);
}

TEST_F(StreamsTest, ThatHaveEndedGiveTheEndUntilTheyAreClosed) {
  open(1, 0);
  EXPECT_EQ(next(1), kEnd);
  EXPECT_EQ(alive_, 0) << "its source is not needed any more";
  EXPECT_EQ(next(1), kEnd);
  close(1);
  EXPECT_THROW(next(1), UnknownStream);
}

TEST_F(StreamsTest, ThatHaveFailedHaveEnded) {
  open(1, -1);
  EXPECT_THROW(next(1), std::out_of_range);
  EXPECT_EQ(alive_, 0);
  EXPECT_EQ(next(1), kEnd);
  streams_.open(2);
  EXPECT_EQ(next(2), kEnd) << "its method has thrown before there was a source";
}

TEST_F(StreamsTest, ThatAreClosedAreDestroyed) {
  open(1, 5);
  open(2, 5);
  EXPECT_EQ(next(1), 15);
  close(1);
  EXPECT_EQ(alive_, 1);
  close(1);
  close(4);
  EXPECT_EQ(next(2), 15);
  streams_.close_all();
  EXPECT_EQ(alive_, 0);
  EXPECT_THROW(next(2), UnknownStream);
}

TEST_F(StreamsTest, RefuseWhatNoCallerSends) {
  open(1, 5);
  EXPECT_THROW(streams_.open(1), std::logic_error);
  EXPECT_EQ(next(1), 15) << "and it goes on";
  Call unknown(streams_, bytes_of(2), true);
  EXPECT_THROW(go_on_with_stream(unknown), UnknownStream);
  EXPECT_FALSE(unknown.has_entered) << "it did not run";
  Call garbage(streams_, {std::byte{1}, std::byte{2}}, true);
  EXPECT_THROW(go_on_with_stream(garbage), SerializationError);
}

TEST(StreamNumber, IsTakenOffTheArguments) {
  auto bytes = bytes_of(77);
  bytes.push_back(std::byte{5});
  std::span<const std::byte> arguments(bytes);
  EXPECT_EQ(take_stream_number(arguments), 77u);
  EXPECT_THAT(std::vector<std::byte>(arguments.begin(), arguments.end()), ElementsAre(std::byte{5}));
}

}  // namespace
}  // namespace troupe::detail
