// SPDX-License-Identifier: BSL-1.0
// A program as a sequence of acts: actors are spawned, called, killed, crashed, stopped and dropped, zygotes and managers
// are killed, results are waited for or thrown away. Real processes, and the oracle and the ledger of the campaigns: every
// result ends, each call's verdict agrees with what its actor did, no process, handle or memory is left.
#include <unistd.h>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/campaigns/campaign.hpp"
#include "tests/campaigns/clerk.hpp"
#include "tests/campaigns/ledger.hpp"
#include "tests/campaigns/oracle.hpp"
#include "tests/campaigns/processes.hpp"
#include "tests/campaigns/watchdog.hpp"
#include "tests/fuzz/input.hpp"

namespace troupe::fuzz {
namespace {

using campaigns::Blame;
using campaigns::Clerk;
using campaigns::Ledger;
using campaigns::Step;
using campaigns::Verdict;

constexpr std::size_t kMostActors = 4;
constexpr int kMostActs = 40;
constexpr const char* kZygote = "troupe-zygote";

// All that one input brings into being.
class Program {
 public:
  explicit Program(std::optional<Runtime>& runtime) : runtime_(runtime) {}

  void act(Input& input) {
    if (!runtime_) runtime_.emplace();
    switch (input.below(16)) {
      case 0:
      case 1:
        return spawn(input);
      case 2:
      case 3:
        return call(input, 0);
      case 4:
        return call(input, 1 + input.byte());
      case 5:
        return echo(input);
      case 6:
        return tell(input);
      case 7:
        return crash(input);
      case 8:
        return with_actor(input, [](const Proxy<Clerk>& actor) { actor.kill(); });
      case 9:
        return with_actor(input, [&](const Proxy<Clerk>& actor) { actor.stop(std::chrono::milliseconds(input.byte())); });
      case 10:
        return drop(input);
      case 11:
        return settle();
      case 12:
        return throw_results_away(input);
      case 13:
        return kill_process(input);
      case 14:
        return kill_role(input);
      default:
        return std::this_thread::sleep_for(std::chrono::microseconds(input.byte() * 8));
    }
  }

  // Everything is given back.
  void end() {
    settle();
    actors_.clear();
    spawned_.clear();
    await_hosts();
    ledger_.expect_agreement(Blame::actor, true);  // whose results were thrown away, that call waits for ever
  }

 private:
  struct Sent {
    std::uint64_t number = 0;
    AsyncResult<std::uint64_t> count{};  // one of the two
    AsyncResult<std::string> echo{};
    std::size_t text_bytes = 0;
  };

  template <class Act>
  void with_actor(Input& input, Act act) {
    if (!actors_.empty()) act(actors_[input.below(static_cast<unsigned>(actors_.size()))]);
  }

  void spawn(Input& input) {
    if (actors_.size() + spawned_.size() >= kMostActors) return;
    SpawnOptions options;
    options.start = input.below(8) == 7 ? StartMethod::spawn : StartMethod::forkserver;
    options.mailbox = {.calls = 4u + input.below(8), .bytes = 4096};
    if (input.below(4) == 3) options.name = "the one";
    spawned_.push_back(runtime_->spawn_async<Clerk>(options, ledger_.path()));
    if (input.below(2) == 0) await_spawned();
  }
  void await_spawned() {
    const Step step("waiting for actors to be spawned");
    for (const auto& each : spawned_) {
      try {
        actors_.push_back(each.get());
      } catch (const Error&) {  // its name is taken, or a role was killed
      }
    }
    spawned_.clear();
  }

  void call(Input& input, unsigned deadline_us) {
    with_actor(input, [&](const Proxy<Clerk>& actor) {
      Sent sent{ledger_.open_reserved(0, Verdict::waiting)};
      const auto work_us = static_cast<std::uint32_t>(input.byte() * 4);
      const Timeout deadline = deadline_us == 0 ? Timeout() : Timeout(std::chrono::microseconds(deadline_us * 4));
      sent.count = actor.with({.deadline = deadline}).call<&Clerk::count>(sent.number, 0u, work_us);
      if (input.below(4) == 3) sent.count.on_done([] {});
      sent_.push_back(std::move(sent));
    });
  }
  void echo(Input& input) {
    with_actor(input, [&](const Proxy<Clerk>& actor) {
      Sent sent{ledger_.open_reserved(0, Verdict::waiting)};
      sent.text_bytes = input.byte() * 16u;
      sent.echo =
          actor.call<&Clerk::echo>(sent.number, 0u, Clerk::text_of(sent.number, static_cast<std::uint32_t>(sent.text_bytes)));
      sent_.push_back(std::move(sent));
    });
  }
  void tell(Input& input) {
    with_actor(input, [&](const Proxy<Clerk>& actor) {
      const auto number = ledger_.open_reserved(0, Verdict::told);
      try {
        actor.tell<&Clerk::note>(number, 0u);
      } catch (const ActorDied& error) {
        ledger_.close(number, campaigns::verdict_of(error.execution()), Blame::actor);
      } catch (const ManagerDied& error) {
        ledger_.close(number, campaigns::verdict_of(error.execution()), Blame::actor);
      } catch (const RuntimeStopped&) {
        ledger_.close(number, Verdict::not_started, Blame::actor);  // one that throws has not been sent
      }
    });
  }
  void crash(Input& input) {
    with_actor(input, [&](const Proxy<Clerk>& actor) {
      crashes_.push_back(input.below(2) == 0 ? actor.run([](Clerk&) { ::raise(SIGSEGV); })
                                             : actor.run([](Clerk&) { ::_exit(7); }));
    });
  }
  void drop(Input& input) {
    if (!actors_.empty()) actors_.erase(actors_.begin() + input.below(static_cast<unsigned>(actors_.size())));
  }
  void throw_results_away(Input& input) {
    sent_.erase(sent_.begin(), sent_.begin() + static_cast<std::ptrdiff_t>(input.byte() % (sent_.size() + 1)));
  }

  void kill_process(Input& input) {
    with_actor(input, [](const Proxy<Clerk>& actor) {
      if (const auto host = campaigns::open_process(actor.pid())) host->kill();
    });
  }
  // As a rule the zygote, sometimes the manager, or the runtime ends as it should.
  void kill_role(Input& input) {
    const unsigned which = input.below(8);
    const auto manager = campaigns::find_child(::getpid(), "troupe-manager");
    if (which < 5) {
      const auto zygote = manager ? campaigns::find_child(manager->pid(), kZygote) : std::nullopt;
      if (zygote) zygote->kill();
    } else {
      if (which == 5 && manager) manager->kill();
      if (which != 7) settle();
      runtime_.reset();
    }
  }

  void settle() {
    await_spawned();
    const Step step("waiting for results");
    for (const Sent& each : sent_) record(each);
    sent_.clear();
    for (const auto& each : crashes_) expect(each.exception() != nullptr, "what ends the process has no result");
    crashes_.clear();
  }
  void record(const Sent& sent) {
    try {
      const bool is_right = sent.echo.valid()
                                ? sent.echo.get() == Clerk::text_of(sent.number, static_cast<std::uint32_t>(sent.text_bytes))
                                : sent.count.get() == Clerk::counted(sent.number);
      expect(is_right, "a call gives its value");
      ledger_.close(sent.number, Verdict::value, Blame::nobody);
    } catch (const ActorDied& error) {
      fail(sent, error);
    } catch (const ManagerDied& error) {
      fail(sent, error);
    } catch (const TimeoutError& error) {
      fail(sent, error);
    } catch (const RuntimeStopped&) {
      // Nobody knows what became of it; so does the ledger.
    } catch (const SerializationError&) {
      expect(sent.text_bytes > 1024, "a text of {} bytes is sent", sent.text_bytes);
      ledger_.close(sent.number, Verdict::not_started, Blame::actor);
    }
  }
  template <class Failed>
  void fail(const Sent& sent, const Failed& error) {
    ledger_.close(sent.number, campaigns::verdict_of(error.execution()), Blame::actor);
  }

  // Blocks: until nothing is below the manager but a zygote.
  void await_hosts() const {
    const Step step("waiting for all hosts to end");
    const auto is_host = [](const campaigns::SeenProcess& each) { return each.name != kZygote; };
    while (const auto manager = runtime_ ? campaigns::find_child(::getpid(), "troupe-manager") : std::nullopt) {
      const auto children = campaigns::children_of(manager->pid());
      if (std::none_of(children.begin(), children.end(), is_host)) return;
      std::this_thread::yield();
    }
  }

  std::optional<Runtime>& runtime_;
  Ledger ledger_;
  std::vector<AsyncResult<Proxy<Clerk>>> spawned_;
  std::vector<Proxy<Clerk>> actors_;
  std::vector<Sent> sent_;
  std::vector<AsyncResult<void>> crashes_;
};

// What this process holds without a runtime; what is made once in a process is there by then.
const campaigns::Oracle& oracle() {
  static const auto made = [] {
    campaigns::expect_fresh_call();
    return campaigns::Oracle();
  }();
  return made;
}

// Some programs share a runtime: starting one takes longer than they do.
void play(Input& input) {
  static std::optional<Runtime> runtime;
  static int count = 0;
  constexpr int kPrograms = 20;
  if (!runtime) (void)oracle();
  {
    Program program(runtime);
    for (int acts = 0; acts < kMostActs && !input.is_empty(); ++acts) program.act(input);
    program.end();
  }
  if (runtime && ++count % kPrograms != 0) return;
  runtime.reset();
  oracle().expect_nothing_left();
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  troupe::main_guard(*argc, *argv);
  troupe::campaigns::become_subreaper();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  troupe::fuzz::Input input(bytes, count);
  troupe::fuzz::play(input);
  return 0;
}
