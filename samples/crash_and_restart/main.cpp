// SPDX-License-Identifier: BSL-1.0
// Three actors share the work; one of them crashes again and again, and one keeps its state all the same. Prints what happened,
// the report on the first crash, and the sums: nothing is lost.
#include <fmt/core.h>

#include <cstdint>
#include <troupe/troupe.hpp>

// Its state is saved after every call, and restored when it has crashed.
class Account {
 public:
  long deposit(long amount) { return balance_ += amount; }
  long balance() const { return balance_; }
  void crash() {
    volatile std::uintptr_t nowhere = 16;
    *reinterpret_cast<volatile int*>(nowhere) = 1;  // a real segfault
  }

  void checkpoint(troupe::OutputArchive& archive) const { archive(balance_); }
  void restore(troupe::InputArchive& archive) { archive(balance_); }

 private:
  long balance_ = 0;
};

// Crashes at every third number that it is given. It is captured: what it says is in the report on its crash.
class Shaky {
 public:
  long square(long number) {
    fmt::print(stderr, "squaring {}\n", number);
    if (++calls_ == 3) throw_away_the_process();
    return number * number;
  }

 private:
  [[noreturn]] void throw_away_the_process() { std::abort(); }
  int calls_ = 0;
};

class Solid {
 public:
  long square(long number) { return number * number; }
};

static const char* verdict(troupe::Execution execution) {
  return execution == troupe::Execution::not_started ? "had not started" : "had started";
}

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  const troupe::RestartPolicy policy{.max = 20, .backoff = {.first = std::chrono::milliseconds(1)}};
  auto account = runtime.spawn<Account>({.name = "account", .restart = policy});
  auto shaky = runtime.spawn<Shaky>({.name = "shaky", .restart = policy, .stdio = troupe::Stdio::capture});
  auto solid = runtime.spawn<Solid>({.name = "solid"});

  long expected = 0;
  int crashes = 0;
  for (long number = 1; number <= 20; ++number) {
    expected += number * number;
    const auto asked = shaky.call<&Shaky::square>(number);
    try {
      account.call<&Account::deposit>(asked.get()).get();
    } catch (const troupe::ActorDied& error) {  // this call made it crash; squaring may be done again
      if (++crashes == 1) fmt::print("the call {}: {}\n\n", verdict(error.execution()), error.cause().text());
      account.call<&Account::deposit>(solid.call<&Solid::square>(number).get()).get();
    }
    if (number == 10) account.call<&Account::crash>().wait();
  }

  const long balance = account.call<&Account::balance>().get();
  fmt::print("shaky crashed {} times, and is in its life number {}\n", crashes, shaky.incarnation());
  fmt::print("account crashed once, and is in its life number {}\n", account.incarnation());
  fmt::print("the balance is {}, as it should be {}\n", balance, expected);
  return balance == expected ? 0 : 1;
}
