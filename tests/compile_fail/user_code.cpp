// SPDX-License-Identifier: BSL-1.0
// A control: all of this is meant to compile.
#include <cereal/types/memory.hpp>
#include <memory>
#include <troupe/troupe.hpp>

namespace {

struct Actor {
  explicit Actor(std::string name);
  int add(int a, long b) noexcept;
  void take(std::string&& text, const std::vector<std::string>& more);
  std::unique_ptr<int> make() const&;
  int length(std::string_view text) noexcept;
  int length(std::span<const char> bytes);
  int value = 0;
  std::string name;
};

int value_of(const Actor& actor);

}  // namespace

void use(troupe::Runtime& runtime) {
  auto actor = runtime.spawn<Actor>("name");
  troupe::AsyncResult<int> sum = actor.call<&Actor::add>(short{1}, 2);
  actor.tell<&Actor::take>("text", std::vector<std::string>());
  troupe::AsyncResult<std::unique_ptr<int>> made = actor.call<&Actor::make>();
  troupe::AsyncResult<int> run = actor.run([](Actor& a, int n) { return a.value + n; }, 5);
  troupe::AsyncResult<int> read = actor.get<&Actor::value>();
  troupe::AsyncResult<void> written = actor.with({.deadline = std::chrono::seconds(1)}).set<&Actor::value>(3);
  actor.call<troupe::overload<int(std::string_view)>(&Actor::length)>(std::string_view("text"));
  actor.call<troupe::overload<int(std::span<const char>)>(&Actor::length)>(std::vector<char>(4));
  actor.set<&Actor::name>("name");
  troupe::AsyncResult<int> function = actor.run(troupe::fn<&value_of>);
  auto named = runtime.spawn<Actor>({.name = "b"}, std::string("b"));
  troupe::RemoteFunction<int(int, long)> add = troupe::bind<&Actor::add>(actor);
  troupe::AsyncResult<int> added = add(short{1}, 2);
  troupe::RemoteFunction<void(std::string, const std::vector<std::string>&)> take = troupe::bind<&Actor::take>(actor);
  take.tell("text", std::vector<std::string>());
  troupe::AsyncResult<troupe::Proxy<Actor>> later = runtime.spawn_async<Actor>("c");
}
