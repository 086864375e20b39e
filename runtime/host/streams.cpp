// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <troupe/detail/plain_codec.hpp>
#include <troupe/detail/streams.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace troupe::detail {

namespace {

class Failure final : public StreamSource {
 public:
  // NOLINTNEXTLINE(bugprone-throw-keyword-missing): it is kept
  explicit Failure(std::exception_ptr error) : error_(std::move(error)) {}
  bool answer_next(Invocation&) override { std::rethrow_exception(error_); }

 private:
  const std::exception_ptr error_;
};

}  // namespace

// Numbers rise, so a new one belongs to the end, mostly.
std::vector<Streams::Stream>::iterator Streams::place_of(std::uint64_t number) noexcept {
  if (streams_.empty() || streams_.back().number < number) return streams_.end();
  return std::lower_bound(streams_.begin(), streams_.end(), number,
                          [](const Stream& stream, std::uint64_t wanted) { return stream.number < wanted; });
}

std::vector<Streams::Stream>::iterator Streams::find(std::uint64_t number) noexcept {
  const auto place = place_of(number);
  return place != streams_.end() && place->number == number ? place : streams_.end();
}

void Streams::open(std::uint64_t number) {
  if (find(number) != streams_.end()) throw std::logic_error("troupe: this stream is open already");
  streams_.insert(place_of(number), {number, nullptr});
}

void Streams::set_source(std::uint64_t number, std::unique_ptr<StreamSource> source) { find(number)->source = std::move(source); }

void Streams::fail(std::uint64_t number) {
  try {
    throw;
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (...) {
    set_source(number, std::make_unique<Failure>(std::current_exception()));
  }
}

// While it runs the source is nobody's, so that it ends when it throws.
void Streams::answer_next(std::uint64_t number, Invocation& invocation) {
  const auto stream = find(number);
  if (stream == streams_.end()) throw UnknownStream();
  invocation.entered();
  if (auto source = std::exchange(stream->source, nullptr); source != nullptr && source->answer_next(invocation)) {
    stream->source = std::move(source);
    return;
  }
  answer_with_no_value(invocation);
}

void Streams::close(std::uint64_t number) noexcept {
  if (const auto stream = find(number); stream != streams_.end()) streams_.erase(stream);
}

void Streams::close_all() noexcept { streams_.clear(); }

// The std::optional that it would be in is null.
void answer_with_no_value(Invocation& invocation) {
  if (invocation.wants_reply()) encode_plain(invocation.reply(1), true);
}

std::uint64_t take_stream_number(std::span<const std::byte>& arguments) {
  PlainReader reader(arguments);
  std::uint64_t number = 0;
  PlainCodec<std::uint64_t>::get(reader, number);
  arguments = arguments.subspan(sizeof number);
  return number;
}

void go_on_with_stream(Invocation& invocation) {
  auto arguments = invocation.arguments();
  const std::uint64_t number = take_stream_number(arguments);
  if (invocation.wants_reply()) return invocation.streams().answer_next(number, invocation);
  invocation.entered();
  invocation.streams().close(number);
}

}  // namespace troupe::detail
