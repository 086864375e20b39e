// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "harm.hpp"
#include "ledger.hpp"

namespace troupe::campaigns {

// An argument whose decoding does harm.
struct HarmfulArgument {
  Harm harm = Harm::none;

  template <class Archive>
  void save(Archive& archive) const {
    archive(harm);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(harm);
    suffer(harm);
  }
};

// A result whose encoding does harm.
struct HarmfulResult {
  Harm harm = Harm::none;

  template <class Archive>
  void save(Archive& archive) const {
    suffer(harm);
    archive(harm);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(harm);
  }
};

// An actor that comes to harm where it is told to: a method for each place. Writes its calls into the ledger, as a Clerk does.
class Victim {
 public:
  explicit Victim(const std::string& ledger_path, Harm in_constructor = Harm::none);
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  std::uint64_t count(std::uint64_t number);                  // no harm; gives what Clerk::count does
  void ping() {}                                              // likewise, and not in the ledger
  void order_in_destructor(std::uint64_t number, Harm harm);  // what is in the ledger is the destructor

  void suffer_here(std::uint64_t number, Harm harm);
  void take(std::uint64_t number, const HarmfulArgument& argument);
  HarmfulResult give(std::uint64_t number, Harm harm);
  // In a thread of the method's own. It waits for it, unless the thread never ends: then that is left to itself.
  void suffer_in_thread(std::uint64_t number, Harm harm);
  // In the callback of a call to `other`; waits for it.
  void suffer_in_callback(std::uint64_t number, Harm harm, const Proxy<Victim>& other);

 private:
  class Entry;

  Ledger ledger_;
  std::optional<std::uint64_t> destructor_number_;
  Harm in_destructor_ = Harm::none;
};

// Runs `f` as the callback of a call to `other`, in the thread that callbacks run in. Blocks: until it has run.
template <class F>
void run_in_callback(const Proxy<Victim>& other, const F& f) {
  const auto asker = std::this_thread::get_id();
  const auto runs_elsewhere = [&] {  // false: here and now, since the call was answered already
    bool is_elsewhere = false;
    const auto ran = std::make_shared<std::promise<void>>();
    const auto answer = other.call<&Victim::ping>();
    answer.on_done([&] {
      is_elsewhere = std::this_thread::get_id() != asker;
      if (is_elsewhere) f();
    });
    answer.on_done([ran] { ran->set_value(); });
    ran->get_future().wait();
    return is_elsewhere;
  };
  while (!runs_elsewhere()) continue;
}

}  // namespace troupe::campaigns
