// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/method.hpp>
#include <troupe/detail/registry.hpp>

#include <typeinfo>

namespace troupe::manager::testing {

// What the tests spawn: each behaves in one way. None takes arguments.
struct Quiet {};
struct Other {};
struct Stubborn {
  ~Stubborn();  // never ends
};
struct Deaf : Stubborn {
  Deaf();  // ignores SIGTERM
};
struct Tidy : Stubborn {
  Tidy();  // at SIGTERM: _exit(7)
};
struct Thrower {
  Thrower();  // throws
};
struct Crasher {
  Crasher();  // segmentation fault
};
struct Leaver {
  Leaver();  // exit(7)
};
struct Loiterer {
  Loiterer();  // leaves an exit handler behind that never ends
};
struct ThrowingLoiterer {
  ThrowingLoiterer();  // likewise, and throws
};
struct Spinner {
  Spinner();  // computes without end
};
struct Sleeper {
  Sleeper();  // never ends
};

// What a client says of an actor that it wants.
struct Kind {
  const detail::RegistrationNode& constructor;
  const char* type;
};

template <class Actor>
Kind kind() {
  return {detail::Registration<detail::ConstructorKey<Actor>>::node(), typeid(Actor).name()};
}

}  // namespace troupe::manager::testing
