// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/method.hpp>
#include <troupe/detail/streams.hpp>

#include <cereal/types/optional.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

// The host half of a stream in templates: from a method that returns a range to a source of its values.
namespace troupe::detail {

// What a range-based for takes.
template <class R>
concept Streamable = requires(R& range) {
  std::begin(range) == std::end(range);
  ++std::declval<decltype(std::begin(range))&>();
  *std::begin(range);
};

// Of a method's return type as it is written.
template <class R>
using StreamedBy = std::iter_value_t<decltype(std::begin(std::declval<std::remove_cvref_t<R>&>()))>;

// What a method has returned, and the arguments that it may look at.
template <class Range, class... P>
class RangeSource final : public StreamSource {
 public:
  std::tuple<Argument<P>...> arguments;

  template <class Function>
  void start(Function&& function) {
    range_.emplace(std::apply(function, arguments));
  }

  bool answer_next(Invocation& invocation) override {
    if (at_) {
      ++*at_;
    } else {
      at_.emplace(std::begin(*range_));
    }
    if (*at_ == std::end(*range_)) return false;
    send_reply(invocation, std::optional<StreamedBy<Range>>(**at_));
    return true;
  }

 private:
  std::optional<Range> range_;
  std::optional<decltype(std::begin(std::declval<Range&>()))> at_;
};

template <class Actor, auto kMember>
struct StreamKey {
  using Traits = MethodTraits<decltype(kMember)>;
  using Return = typename Traits::Return;

  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(void* actor, Invocation& invocation) {
    open(*static_cast<Actor*>(actor), invocation, typename Traits::ParameterTypes());
  }

  template <class... P>
  static void open(Actor& actor, Invocation& invocation, Parameters<P...>) {
    auto bytes = invocation.arguments();
    const std::uint64_t number = take_stream_number(bytes);
    invocation.streams().open(number);
    try {
      auto source = std::make_unique<RangeSource<std::remove_cvref_t<Return>, P...>>();
      // Not looking at them where they lie, since they stay longer than this call.
      std::apply([&](auto&... each) { decode_as(Direction::argument, false, bytes, each...); }, source->arguments);
      invocation.entered();
      source->start([&](Argument<P>&... argument) -> Return { return (Traits::object(actor).*kMember)(pass<P>(argument)...); });
      invocation.streams().set_source(number, std::move(source));
    } catch (...) {
      invocation.streams().fail(number);
    }
    invocation.entered();
    answer_with_no_value(invocation);
  }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

// A call: the next value. A one-way message: the caller wants no more.
template <class Actor, auto kMember>
struct StreamNextKey {
  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(void*, Invocation& invocation) { go_on_with_stream(invocation); }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

}  // namespace troupe::detail
