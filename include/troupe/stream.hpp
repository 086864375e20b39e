// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/stream_calls.hpp>
#include <troupe/detail/stream_key.hpp>
#include <troupe/proxy.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

// That of a call for one value, or the end; knows what it took to send it.
template <class T>
class StreamCell final : public TypedCell<std::optional<T>> {
 public:
  using Base = TypedCell<std::optional<T>>;

  static ResultCell* make() { return new StreamCell; }
  std::size_t bytes() const { return bytes_; }

 private:
  StreamCell() : Base(kType, 1) {}

  static void decode_value(ResultCell& cell, std::span<const std::byte> bytes) {
    static_cast<StreamCell&>(cell).bytes_ = bytes.size();
    Base::kType.decode(cell, bytes);
  }
  static void destroy_cell(ResultCell* cell) noexcept { delete static_cast<StreamCell*>(cell); }
  static constexpr CellType kType{&decode_value, &destroy_cell, is_plain<std::optional<T>>};

  std::size_t bytes_ = 0;
};

template <class T>
constexpr void assert_stream_value_crosses() {
  static_assert(
      std::is_default_constructible_v<T>,
      "troupe: a stream's values must be default-constructible, because they are loaded into objects of their type; give "
      "their class a default constructor, or yield the values that it is made from");
  assert_result_crosses<T>();
}

}  // namespace detail

// The values that a method of an actor gives one by one (Proxy::stream): a range, to be gone through once,
//
//   for (const Page& page : crawler.stream<&Crawler::pages>(url)) show(page);
//
// or asked with next(), or with async_next(), whose result can be awaited like any other. The method runs only to make values
// that have been asked for, at most CallOptions::window ahead of those that have been received, and at most a mebibyte of them
// (but two values); in between its actor handles other messages. An error is thrown in its place, after all values before it, and
// ends the stream; also ActorDied, when the actor died meanwhile, even if it lives again: a stream is of one life of its actor.
// CallOptions::deadline is for the whole of it. Destroyed, or cancelled, before its end, it makes the actor destroy the
// generator, which is asked to stop (this_call().stop_token()) if it runs. Ownership: as long as it goes on, it keeps the actor
// as a proxy does. Thread-safety: one thread at a time.
template <class T>
class [[nodiscard]] Stream {
 public:
  using value_type = T;
  class Iterator;

  Stream() = default;
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  // The next value; nullopt: there are no more. Blocks: until it is there. Errors: what the method failed with; TimeoutError when
  // `timeout` passes first: the stream goes on, and the value is not lost.
  std::optional<T> next(Timeout timeout = {}) {
    if (calls_ == nullptr || calls_->has_ended()) return std::nullopt;
    const AsyncResult<std::optional<T>> asked = adopt(calls_->await_and_take(timeout));
    auto& cell = static_cast<detail::StreamCell<T>&>(detail::ResultAccess::cell(asked));
    try {
      cell.await_value(Timeout());
    } catch (...) {
      calls_->note_error(cell);
      throw;
    }
    if (!cell.value()) {
      calls_->end();
      return std::nullopt;
    }
    calls_->note_value(cell.bytes());
    return std::move(cell.value());
  }

  // The same as a result; several may be waited for at a time, and have the values in their order. When it is cancelled before
  // the value is made, the next result has that value. Blocks: as a call does.
  AsyncResult<std::optional<T>> async_next() {
    if (calls_ != nullptr && !calls_->has_ended()) return adopt(calls_->take());
    Promise<std::optional<T>> end;
    end.set_value(std::nullopt);
    return end.result();
  }

  // Waits for the first value. Once. Errors: as those of next().
  Iterator begin() {
    current_ = next();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  // What is destroyed with it is given up now.
  void cancel() noexcept {
    if (calls_ != nullptr) calls_->end();
  }

  // For Proxy::stream.
  explicit Stream(std::unique_ptr<detail::StreamCalls> calls) noexcept : calls_(std::move(calls)) {}

 private:
  static AsyncResult<std::optional<T>> adopt(detail::ResultCell* cell) noexcept {
    return detail::ResultAccess::adopt(static_cast<detail::TypedCell<std::optional<T>>*>(cell));
  }

  std::unique_ptr<detail::StreamCalls> calls_;
  std::optional<T> current_;
};

// An input iterator; the values may be moved from.
template <class T>
class Stream<T>::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using pointer = T*;

  T& operator*() const { return *stream_->current_; }
  T* operator->() const { return &*stream_->current_; }
  // Waits for the next value. Errors: as those of next().
  Iterator& operator++() {
    stream_->current_ = stream_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return !stream_->current_; }

 private:
  friend class Stream;
  explicit Iterator(Stream& stream) noexcept : stream_(&stream) {}

  Stream* stream_;
};

namespace detail {

template <class A, auto kMethod, class... P, class... Args>
auto open_stream(const LinkHandle& link, const CallOptions* options, Parameters<P...>, Args&&... args) {
  using Return = typename MethodTraits<decltype(kMethod)>::Return;
  static_assert(Streamable<std::remove_cvref_t<Return>>,
                "troupe: stream takes a method that returns values one by one: a troupe::Generator, or another range; for one "
                "that returns a single value use call");
  CallAssertions<Parameters<P...>, Args...>::hold();
  if constexpr (Streamable<std::remove_cvref_t<Return>>) {
    using T = StreamedBy<Return>;
    assert_stream_value_crosses<T>();
    const auto& next = Registration<StreamNextKey<A, kMethod>>::node();
    auto calls = std::make_unique<StreamCalls>(link, next, options, &StreamCell<T>::make);
    ResultCell* opening = StreamCell<T>::make();
    send_envelope(calls->link(), Registration<StreamKey<A, kMethod>>::node(), options, opening, calls->number(),
                  as_wire<std::remove_cvref_t<P>>(std::forward<Args>(args))...);
    calls->begin(opening);
    return Stream<T>(std::move(calls));
  }
}

}  // namespace detail
}  // namespace troupe
