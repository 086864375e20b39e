// SPDX-License-Identifier: BSL-1.0
// A program that is short of something, and says in its report what troupe said when it ran out. Whatever happens, what is
// there goes on, and when all has been given back, everything works again.
#include <fcntl.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Open from the start: when there is something to report, there may be no handle left to open it with.
std::ofstream& report_file() {
  static std::ofstream file(std::getenv("TROUPE_TEST_REPORT"), std::ios::app);
  return file;
}
void report(const std::string& text) { report_file() << text << std::endl; }

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("a promise does not hold: ") + what);
}

class Counter {
 public:
  int add(int number) { return sum_ += number; }

 private:
  int sum_ = 0;
};

// Takes all handles that its process may have, and gives them back.
class Hoarder {
 public:
  int answer() const { return 42; }
  void hoard() {
    for (int handle = ::open("/dev/null", O_RDONLY); handle >= 0; handle = ::open("/dev/null", O_RDONLY))
      handles_.push_back(handle);
  }
  void give_back() {
    for (const int handle : handles_) ::close(handle);
    handles_.clear();
  }

 private:
  std::vector<int> handles_;
};

// Another client of the hoarder.
class Visitor {
 public:
  int visit(const troupe::Proxy<Hoarder>& hoarder) { return hoarder.call<&Hoarder::answer>().get(); }
};

using Counters = std::vector<troupe::Proxy<Counter>>;

// Until that fails, or there are `most`.
Counters spawn_all(troupe::Runtime& runtime, const troupe::SpawnOptions& options, std::size_t most) {
  Counters counters;
  try {
    while (counters.size() < most) counters.push_back(runtime.spawn<Counter>(options));
  } catch (const troupe::StartError& error) {
    report(error.what());
  }
  return counters;
}

void expect_service(const Counters& counters) {
  for (const auto& counter : counters) expect(counter.call<&Counter::add>(1).get() == 1, "those that are there answer");
}

// Those that were given up are gone when the last of them has been reaped.
void expect_recovery(troupe::Runtime& runtime, const troupe::SpawnOptions& options) {
  while (!runtime.actors().empty()) continue;
  expect(runtime.spawn<Counter>(options).call<&Counter::add>(1).get() == 1, "an actor starts again");
}

void spawn_until_refused(troupe::StartMethod start, std::size_t most) {
  troupe::Runtime runtime;
  const troupe::SpawnOptions options{.start = start};
  Counters counters = spawn_all(runtime, options, most);
  expect_service(counters);
  if (counters.empty()) return;  // it never could
  counters.clear();
  expect_recovery(runtime, options);
}

void visit_a_hoarder() {
  troupe::Runtime runtime;
  auto hoarder = runtime.spawn<Hoarder>();
  auto visitor = runtime.spawn<Visitor>();
  hoarder.call<&Hoarder::hoard>().get();
  try {
    visitor.call<&Visitor::visit>(hoarder).get();
  } catch (const troupe::Error& error) {
    report(error.what());
  }
  expect(hoarder.call<&Hoarder::answer>().get() == 42, "its first client is served");
  hoarder.call<&Hoarder::give_back>().get();
  expect(visitor.call<&Visitor::visit>(hoarder).get() == 42, "it has other clients again");
}

void ask_for_a_large_mailbox() {
  troupe::Runtime runtime;
  try {
    (void)runtime.spawn<Counter>({.mailbox = {.calls = 16, .bytes = std::size_t{1} << 30}});
  } catch (const troupe::StartError& error) {
    report(error.what());
  }
  expect(runtime.spawn<Counter>().call<&Counter::add>(1).get() == 1, "a small one is no problem");
}

void perform(std::string_view what) {
  if (what == "fork") return spawn_until_refused(troupe::StartMethod::forkserver, 1000);
  if (what == "exec") return spawn_until_refused(troupe::StartMethod::spawn, 1000);
  if (what == "few") return spawn_until_refused(troupe::StartMethod::forkserver, 2);
  if (what == "visit") return visit_a_hoarder();
  if (what == "large") return ask_for_a_large_mailbox();
  throw std::invalid_argument("what?");
}

}  // namespace

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  report_file();
  try {
    perform(argc > 1 ? argv[1] : "");
    return 0;
  } catch (const troupe::StartError& error) {
    report(std::string("it did not start: ") + error.what());
    return 0;
  } catch (const std::exception& error) {
    report(error.what());
    return 1;
  }
}
