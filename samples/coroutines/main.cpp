// SPDX-License-Identifier: BSL-1.0
// A price is asked for at four shops at once, from one thread: each shop is a process of its own, and each question a coroutine.
// A shop that dies, one that is too slow and one that says no are three exceptions, where the coroutine waits.
#include <fmt/core.h>
#include <troupe/asio.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace async = troupe::async;
using async::awaitable;

enum class Habit { cheap, slow, closed, careless };

class Shop {
 public:
  Shop(std::string name, Habit habit) : name_(std::move(name)), habit_(habit) {}

  int price(const std::string& article) {
    if (habit_ == Habit::slow) std::this_thread::sleep_for(1h);
    if (habit_ == Habit::closed) throw std::runtime_error(name_ + " is closed");
    if (habit_ == Habit::careless) std::abort();
    return static_cast<int>(article.size()) * 3;
  }

 private:
  const std::string name_;
  const Habit habit_;
};

using Shops = std::vector<troupe::Proxy<Shop>>;

// Errors: what the shop answers with; TimeoutError.
awaitable<int> ask(troupe::Proxy<Shop> shop, std::string article) {
  co_return co_await async::wait_for(shop.call<&Shop::price>(article), 3s);
}

// All at the same time, and whatever they answer.
awaitable<void> compare(Shops shops, std::string article) {
  std::vector<awaitable<int>> questions;
  for (const auto& shop : shops) questions.push_back(ask(shop, article));
  for (const auto& answer : co_await async::gather_settled(std::move(questions))) {
    try {
      fmt::print("{} costs {}\n", article, answer.get());
    } catch (const troupe::ActorDied& death) {
      fmt::print("a shop has gone: {}\n", death.cause().kind == troupe::DeathKind::signal ? "by a signal" : "by itself");
    } catch (const troupe::TimeoutError&) {
      fmt::print("a shop does not answer\n");
    } catch (const std::runtime_error& error) {
      fmt::print("{}\n", error.what());
    }
  }
}

awaitable<void> add_price(troupe::Proxy<Shop> shop, std::string article, async::Semaphore& turns, int& total) {
  const auto turn = co_await turns.held();
  total += co_await shop.call<&Shop::price>(article);
}

// Three questions at a time at most.
awaitable<int> sum(troupe::Proxy<Shop> shop, std::vector<std::string> articles) {
  async::Semaphore three(3);
  int total = 0;
  co_await async::TaskGroup::run([&](async::TaskGroup& group) -> awaitable<void> {
    for (const auto& article : articles) group.create_task(add_price(shop, article, three, total));
    co_return;
  });
  co_return total;
}

awaitable<void> go_shopping(troupe::Runtime& runtime) {
  const std::vector<std::pair<std::string, Habit>> names{
      {"Meyer", Habit::cheap}, {"Huber", Habit::closed}, {"Lang", Habit::slow}, {"Eilig", Habit::careless}};
  Shops shops;
  for (const auto& [name, habit] : names) shops.push_back(co_await runtime.spawn_async<Shop>(name, habit));
  co_await compare(shops, "bread");
  const std::vector<std::string> articles{"milk", "eggs", "butter", "flour", "apples"};
  fmt::print("all else costs {}\n", co_await sum(shops.front(), articles));
  shops[2].kill();  // it would sleep on
}

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  boost::asio::io_context context(1);
  const auto shopping = async::create_task(context.get_executor(), go_shopping(runtime));
  context.run();
  shopping.result().get();
}
