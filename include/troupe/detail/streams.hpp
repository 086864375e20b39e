// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

// The host half of a stream: a call that opens it, calls that answer with one value each, and a one-way message that lets go of
// it. Every value is an answer of its own; so what holds for calls (order, verdicts, deadlines, cancelling, room) holds for each
// of them, and a value that nobody has asked for is not made.
namespace troupe::detail {

// Where the values of one stream come from. Thread-safety: the actor's thread.
class StreamSource {
 public:
  StreamSource() = default;
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;
  virtual ~StreamSource() = default;

  // Answers with the next value; false: there is none, and nothing has been answered. Then, and when it has thrown, it is not
  // asked again.
  virtual bool answer_next(Invocation& invocation) = 0;
};

// Thrown to whoever asks for the next value of a stream that was never opened in this life of the actor.
struct UnknownStream {};

// One caller's streams with one actor, by the numbers that the caller has given them. One that has ended is remembered until its
// caller lets go of it, so that who has asked for more than there is gets the end, too. Thread-safety: the actor's thread.
class Streams {
 public:
  // Errors: std::logic_error for a number that is open.
  void open(std::uint64_t number);
  // Of one that is open.
  void set_source(std::uint64_t number, std::unique_ptr<StreamSource> source);
  // Likewise, inside a catch block: what is being handled is what who asks for the first value is answered.
  void fail(std::uint64_t number);
  // Errors: UnknownStream; what the source throws.
  void answer_next(std::uint64_t number, Invocation& invocation);
  void close(std::uint64_t number) noexcept;
  void close_all() noexcept;

 private:
  struct Stream {
    std::uint64_t number;
    std::unique_ptr<StreamSource> source;  // null: it has ended, or is about to have one
  };
  std::vector<Stream>::iterator place_of(std::uint64_t number) noexcept;
  std::vector<Stream>::iterator find(std::uint64_t number) noexcept;

  std::vector<Stream> streams_;  // by their numbers
};

// The number that the arguments of a stream's messages begin with; takes it off them. Errors: SerializationError.
std::uint64_t take_stream_number(std::span<const std::byte>& arguments);
// Answers that there is no value.
void answer_with_no_value(Invocation& invocation);
// Serves a call for the next value, or the one-way message that lets go of the stream. Errors: likewise; Streams::answer_next.
void go_on_with_stream(Invocation& invocation);

}  // namespace troupe::detail
