// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>

// Fail points: places in a program, by name, where a test can make it fail (<troupe/testing.hpp>), after FreeBSD's fail(9) and
// Rust's crate fail. They stay in the program that is shipped; there nothing can arm them.
namespace troupe::detail {

// What is armed at a fail point. Thread-safety: full.
class FailPointAction {
 public:
  // Whether the place shall take its way out. It may also throw, end the process, or take its time.
  virtual bool reached() = 0;

 protected:
  ~FailPointAction() = default;
};

// One place. Several may have one name.
struct FailPointSite {
  const char* name;
  FailPointSite* next = nullptr;
  std::atomic<FailPointAction*> action{nullptr};  // null: off; else it lives as long as the process
};

// All sites of this process. It grows before main, and when a library is loaded later.
inline constinit std::atomic<FailPointSite*> fail_point_sites{nullptr};

struct FailPointRegistrar {
  explicit FailPointRegistrar(FailPointSite& site) noexcept {
    site.next = fail_point_sites.load(std::memory_order_relaxed);
    while (!fail_point_sites.compare_exchange_weak(site.next, &site, std::memory_order_release, std::memory_order_relaxed))
      continue;
  }
};

// `Place`: a type of its own for each place, with a static name().
template <class Place>
class FailPoint {
 public:
  static bool reach() {
    (void)&registrar_;  // instantiates it: the registrar runs before main
    if (site_.action.load(std::memory_order_relaxed) == nullptr) [[likely]]
      return false;
    return site_.action.load(std::memory_order_acquire)->reached();  // with whoever armed it
  }

 private:
  static inline constinit FailPointSite site_{Place::name()};
  static inline const FailPointRegistrar registrar_{site_};
};

}  // namespace troupe::detail

// TROUPE_FAIL_POINT("parser.before_commit"); in any function. Off, as it is unless a test has armed it, it costs one relaxed
// load. It is an expression: true when it is armed with Fail::return_(), for the ways out of functions that do not throw: `if
// (TROUPE_FAIL_POINT("store.full")) return Status::no_space;`. Defined away with TROUPE_NO_FAIL_POINTS.
#ifdef TROUPE_NO_FAIL_POINTS
#define TROUPE_FAIL_POINT(NAME) false
#else
#define TROUPE_FAIL_POINT(NAME)                            \
  ([] {                                                    \
    struct Place {                                         \
      static constexpr const char* name() { return NAME; } \
    };                                                     \
    return ::troupe::detail::FailPoint<Place>::reach();    \
  }())
#endif
