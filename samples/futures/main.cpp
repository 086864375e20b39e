// SPDX-License-Identifier: BSL-1.0
// What one does with Python's futures, line by line beside what one does with troupe's results. Two actors work at once; the
// calls to one of them run one after the other.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/troupe.hpp>
#include <vector>

using namespace std::chrono_literals;

class Greeter {
 public:
  std::string say_hello(const std::string& name) {
    if (name.empty()) throw std::invalid_argument("hello to whom?");
    return "hello, " + name;
  }
  std::string delayed_hello(const std::string& name, int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return say_hello(name);
  }
  int length(const std::string& text) { return static_cast<int>(text.size()); }
};

namespace {

using Hello = troupe::AsyncResult<std::string>;

void one_future(const troupe::Proxy<Greeter>& greeter) {
  const Hello future = greeter.call<&Greeter::say_hello>("Ada");  // future = executor.submit(say_hello, "Ada")
  // ... do other things ...
  fmt::print("{}\n", future.get());  // print(future.result())
  fmt::print("{} {} {}\n", future.ready(), future.cancelled(),
             future.exception() == nullptr);  // future.done(), future.cancelled(), future.exception() is None

  try {
    greeter.call<&Greeter::say_hello>("").get();
  } catch (const std::invalid_argument& error) {  // except ValueError as error:
    fmt::print("{}\n", error.what());
  }

  std::promise<void> called;
  future.on_done([&](const Hello& done) {  // future.add_done_callback(lambda done: print(done.result()))
    fmt::print("callback: {}\n", done.get());
    called.set_value();
  });
  called.get_future().wait();
}

void cancelling(const troupe::Proxy<Greeter>& greeter) {
  const Hello first = greeter.call<&Greeter::delayed_hello>("Bob", 20);
  const Hello second = greeter.call<&Greeter::say_hello>("nobody");
  const bool is_cancelled = second.cancel();  // second.cancel(): it had not begun
  fmt::print("cancelled: {}; {}\n", is_cancelled, first.get());
}

void several_futures(const troupe::Proxy<Greeter>& slow, const troupe::Proxy<Greeter>& quick) {
  const std::vector<Hello> futures{slow.call<&Greeter::delayed_hello>("Cleo", 50), quick.call<&Greeter::say_hello>("Dan")};

  // done, not_done = concurrent.futures.wait(futures, return_when=FIRST_COMPLETED)
  const auto [done, not_done] = troupe::wait(futures, {}, troupe::ReturnWhen::first_completed);
  fmt::print("done: {}, not done: {}\n", done.size(), not_done.size());

  // for future in concurrent.futures.as_completed(futures, timeout=5): print(future.result())
  for (const auto& future : troupe::as_completed(futures, 5s)) fmt::print("{}\n", future.get());

  // [*await asyncio.gather(*futures)]: in the order of the futures, whichever came first
  fmt::print("{}\n", troupe::gather(futures).get());

  try {  // as_completed(..., timeout=0.001)
    for (const auto& future : troupe::as_completed({slow.call<&Greeter::delayed_hello>("Eve", 50)}, 1ms)) future.get();
  } catch (const troupe::TimeoutError& error) {
    fmt::print("{}\n", error.what());
  }
}

void outcomes_as_values(const troupe::Proxy<Greeter>& greeter) {
  // await asyncio.gather(hello, nobody, return_exceptions=True)
  const auto outcomes =
      troupe::gather_settled(greeter.call<&Greeter::say_hello>("Fay"), greeter.call<&Greeter::say_hello>("")).get();
  fmt::print("{}; the other failed: {}\n", std::get<0>(outcomes).value(), !std::get<1>(outcomes).has_value());
}

// What Python needs a coroutine for.
void one_after_the_other(const troupe::Proxy<Greeter>& greeter, const troupe::Proxy<Greeter>& other) {
  const troupe::AsyncResult<int> length =
      greeter.call<&Greeter::say_hello>("Gus").then([&](const std::string& text) { return other.call<&Greeter::length>(text); });
  fmt::print("length: {}\n", length.get());

  const auto slow = greeter.call<&Greeter::delayed_hello>("Hal", 50);
  fmt::print("the first is number {}\n", troupe::when_any(slow, other.call<&Greeter::say_hello>("Ida")).get());
}

// asyncio.wrap_future, both ways: for code that knows the standard library only.
void standard_futures(const troupe::Proxy<Greeter>& greeter) {
  std::future<std::string> future = troupe::to_future(greeter.call<&Greeter::say_hello>("Jo"));
  const Hello result = troupe::from_future(std::move(future));
  fmt::print("{}\n", result.get());
}

}  // namespace

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);  // with ProcessPoolExecutor() as executor:
  const auto one = runtime.spawn<Greeter>();
  const auto other = runtime.spawn<Greeter>();
  one_future(one);
  cancelling(one);
  several_futures(one, other);
  outcomes_as_values(one);
  one_after_the_other(one, other);
  standard_futures(one);
}
