// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/method.hpp>
#include <troupe/detail/spawn.hpp>
#include <troupe/fail_point.hpp>
#include <troupe/proxy.hpp>

#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace troupe::testing {

// What a fail point does when it is reached, and at which hits: Fail::throw_("disk full").at_hit(3). A value. In the words of
// fail(9) and of Rust's crate fail: off, panic (crash), return, sleep, pause.
class Fail {
 public:
  // Adding one: at the end; what it does is in runtime/testing/fail_points.cpp.
  enum class Action : std::uint8_t { off, crash, signal, exit, exception, way_out, sleep, pause };

  Fail() = default;                                                    // off
  static Fail off() { return {}; }                                     // nothing; hits are counted all the same
  static Fail crash() { return Fail(Action::crash); }                  // std::abort()
  static Fail signal(int number) { return {Action::signal, number}; }  // 1 to 64, to the thread that is there, as a fault would
  static Fail exit(int code) { return {Action::exit, code}; }          // std::exit(code)
  static Fail throw_(std::string text = {}) {  // std::runtime_error; without a text: one that names the fail point
    Fail fail(Action::exception);
    fail.text_ = std::move(text);
    return fail;
  }
  static Fail return_() { return Fail(Action::way_out); }  // TROUPE_FAIL_POINT is true
  static Fail sleep(std::chrono::milliseconds span) { return {Action::sleep, span.count()}; }
  static Fail pause() { return Fail(Action::pause); }  // for ever: until the process is killed

  // From the hit of this number on (1 and up), counted from the arming; the default is 1.
  Fail at_hit(std::uint64_t hit) const {
    Fail changed = *this;
    changed.first_hit_ = hit;
    return changed;
  }
  // At so many hits (1 and up), and no more; the default is all.
  Fail times(std::uint64_t count) const {
    Fail changed = *this;
    changed.times_ = count;
    return changed;
  }

  Action action() const { return action_; }
  std::int64_t number() const { return number_; }  // signal, exit code, milliseconds
  const std::string& text() const { return text_; }
  std::uint64_t first_hit() const { return first_hit_; }
  // `hit`: counted from 1.
  bool is_due(std::uint64_t hit) const { return hit >= first_hit_ && hit - first_hit_ < times_; }

  template <class Archive>
  void serialize(Archive& archive) {
    auto action = static_cast<std::uint8_t>(action_);
    archive(action, number_, text_, first_hit_, times_);
    action_ = static_cast<Action>(action);
  }

 private:
  explicit Fail(Action action) : action_(action) {}
  Fail(Action action, std::int64_t number) : action_(action), number_(number) {}

  Action action_ = Action::off;
  std::int64_t number_ = 0;
  std::string text_{};
  std::uint64_t first_hit_ = 1;
  std::uint64_t times_ = UINT64_MAX;
};

// Fail points that are armed in an actor's process before its constructor runs, in each of its lives. It goes before the
// constructor's arguments: runtime.spawn<Parser>(Armed{{"parser.open", Fail::exit(7)}}, path).
class Armed {
 public:
  using Point = std::pair<std::string, Fail>;

  Armed() = default;
  Armed(std::initializer_list<Point> points) : points_(points) {}

  const std::vector<Point>& points() const { return points_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(points_);
  }

 private:
  std::vector<Point> points_{};
};

namespace detail {

// In this process. Errors: std::invalid_argument.
void arm_here(const std::string& name, const Fail& fail);
void arm_here(const Armed& armed);
std::uint64_t hits_here(const std::string& name);
// In an actor's method.
void kill_at_message_here(std::uint64_t count);
void check_count(std::uint64_t count);

struct Arm {
  template <class A>
  void operator()(A&, const std::string& name, const Fail& fail) const {
    arm_here(name, fail);
  }
};
struct CountHits {
  template <class A>
  std::uint64_t operator()(A&, const std::string& name) const {
    return hits_here(name);
  }
};
struct KillAtMessage {
  template <class A>
  void operator()(A&, std::uint64_t count) const {
    kill_at_message_here(count);
  }
};

}  // namespace detail

// Arms the fail points of this name in the actor's process, as it lives now; a later life has none armed. It is a message like
// any other: what was sent to the actor before runs before it, what is sent later finds the fail point armed. Again: replaces.
// Blocks: until the actor has done it. Errors: std::invalid_argument when the actor's program has no such fail point (the text
// names those that it has), and for what nobody can do: hit 0, no times, a signal that does not exist, a negative sleep; else as
// a call's: ActorDied and the like.
template <class A>
void arm(const Proxy<A>& actor, std::string_view name, const Fail& fail) {
  actor.run(detail::Arm(), std::string(name), fail).get();
}

// How often fail points of this name have been reached in the actor's process since one was first armed there; 0: none was.
// Blocks, Errors: as arm.
template <class A>
std::uint64_t hits(const Proxy<A>& actor, std::string_view name) {
  return actor.run(detail::CountHits(), std::string(name)).get();
}

// The actor's process dies (SIGKILL, by itself) at the n-th message that it takes from now on, whoever sends it: a call, tell,
// run, get or set; not one that was cancelled or whose deadline had passed. It has taken that one and runs none of it, its
// arguments' decoding included: that call's verdict is Execution::maybe. The n - 1 before it have run, and been answered; those
// behind it are not_started, and wait for the next life, if there is one. This life only. Again: replaces.
// Blocks: until the actor has noted it. Errors: std::invalid_argument for n = 0; else as a call's.
template <class A>
void kill_at_message(const Proxy<A>& actor, std::uint64_t n) {
  detail::check_count(n);
  actor.run(detail::KillAtMessage(), n).get();
}

}  // namespace troupe::testing

namespace troupe::detail {

template <class A, class... Args>
inline constexpr bool is_made_from<A, testing::Armed, Args...> = std::is_constructible_v<A, Args&&...>;

template <class Actor, class... Args>
struct ConstructorKey<Actor, testing::Armed, Args...> {
  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static ActorInstance thunk(std::span<const std::byte> bytes) {
    std::tuple<testing::Armed, Args...> arguments;
    std::apply([&](auto&... each) { decode(bytes, each...); }, arguments);
    return std::apply(
        [](const testing::Armed& armed, auto&... each) {
          testing::detail::arm_here(armed);
          return instance_of(new Actor(std::move(each)...));
        },
        arguments);
  }

  static constexpr MethodThunk kMethod = nullptr;
  static constexpr ConstructorThunk kConstruct = &thunk;
};

}  // namespace troupe::detail
