// SPDX-License-Identifier: BSL-1.0
#include <troupe/testing/fail.hpp>

#include <fmt/core.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "platform/process.hpp"

namespace troupe::testing::detail {

namespace {

using troupe::detail::FailPointAction;

// What is armed at the fail points of one name, and how often they have been reached. It is never destroyed: a thread may be in
// it.
class ArmedName final : public FailPointAction {
 public:
  explicit ArmedName(std::string name) : name_(std::move(name)) {}

  void arm(const Fail& fail) {
    const std::lock_guard lock(mutex_);
    fail_ = fail;
    hits_before_ = hits_;
  }
  bool reached() override {
    const Fail fail = next();
    return act(fail);
  }
  std::uint64_t hits() const {
    const std::lock_guard lock(mutex_);
    return hits_;
  }

 private:
  Fail next() {
    const std::lock_guard lock(mutex_);
    ++hits_;
    return fail_.is_due(hits_ - hits_before_) ? fail_ : Fail::off();
  }
  bool act(const Fail& fail) const;

  const std::string name_;
  mutable std::mutex mutex_;
  Fail fail_;                      // guarded by mutex_
  std::uint64_t hits_ = 0;         // guarded by mutex_
  std::uint64_t hits_before_ = 0;  // guarded by mutex_; when it was armed
};

[[noreturn]] void pause_for_ever() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(24));
}

bool ArmedName::act(const Fail& fail) const {
  switch (fail.action()) {
    case Fail::Action::off:
      return false;
    case Fail::Action::crash:
      std::abort();
    case Fail::Action::signal:
      platform::signal_this_thread(static_cast<int>(fail.number()));
      return false;
    case Fail::Action::exit:
      std::exit(static_cast<int>(fail.number()));
    case Fail::Action::exception:
      throw std::runtime_error(fail.text().empty() ? fmt::format("fail point \"{}\"", name_) : fail.text());
    case Fail::Action::way_out:
      return true;
    case Fail::Action::sleep:
      std::this_thread::sleep_for(std::chrono::milliseconds(fail.number()));
      return false;
    case Fail::Action::pause:
      pause_for_ever();
  }
  return false;
}

// This process's names that have been armed. Thread-safety: full.
class ArmedNames {
 public:
  static ArmedNames& own() {
    static auto& names = *new ArmedNames;  // exit handlers may reach fail points
    return names;
  }

  void arm(const std::string& name, const Fail& fail) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = names_.try_emplace(name);
    if (is_new) place->second = std::make_unique<ArmedName>(name);
    place->second->arm(fail);
    for (auto* site = troupe::detail::fail_point_sites.load(std::memory_order_acquire); site != nullptr; site = site->next) {
      if (name == site->name) site->action.store(place->second.get(), std::memory_order_release);
    }
  }
  std::uint64_t hits(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto place = names_.find(name);
    return place == names_.end() ? 0 : place->second->hits();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ArmedName>> names_;  // guarded by mutex_; never shrinks
};

// A name that is misspelt would let a test pass in which nothing fails.
void check_name(const std::string& name) {
  std::set<std::string> known;
  for (auto* site = troupe::detail::fail_point_sites.load(std::memory_order_acquire); site != nullptr; site = site->next)
    known.insert(site->name);
  if (known.contains(name)) return;
  std::string text;
  for (const std::string& each : known) text += fmt::format("{}\"{}\"", text.empty() ? "; it has: " : ", ", each);
  throw std::invalid_argument(
      fmt::format("there is no TROUPE_FAIL_POINT(\"{}\") in this program{}", name, text.empty() ? "; it has none" : text));
}

// What would let a test pass in which nothing fails.
void check_fail(const Fail& fail) {
  constexpr std::int64_t kLastSignal = 64;
  const auto require = [](bool holds, const std::string& text) {
    if (!holds) throw std::invalid_argument("Fail::" + text);
  };
  const bool is_signal = fail.action() == Fail::Action::signal;
  require(!is_signal || (fail.number() >= 1 && fail.number() <= kLastSignal),
          fmt::format("signal takes a signal, 1 to {}; {} is none", kLastSignal, fail.number()));
  require(fail.action() != Fail::Action::sleep || fail.number() >= 0, "sleep takes no negative span");
  require(fail.first_hit() != 0, "at_hit counts hits from 1; 0 is none of them");
  require(fail.is_due(fail.first_hit()), "times takes 1 and up; at no hit at all is Fail::off()");
}

}  // namespace

void arm_here(const std::string& name, const Fail& fail) {
  check_name(name);
  check_fail(fail);
  ArmedNames::own().arm(name, fail);
}

void arm_here(const Armed& armed) {
  for (const auto& [name, fail] : armed.points()) arm_here(name, fail);
}

std::uint64_t hits_here(const std::string& name) {
  check_name(name);
  return ArmedNames::own().hits(name);
}

}  // namespace troupe::testing::detail
