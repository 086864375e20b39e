// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/detail/pool_function.hpp>
#include <troupe/detail/registry.hpp>

#include <type_traits>

namespace troupe::detail {

// A function that each worker of a pool runs first; default-constructed: none.
class WorkerInitializer {
 public:
  WorkerInitializer() = default;
  template <class F>
  requires std::is_invocable_v<F&> WorkerInitializer(F) : node_(&Registration<RunKey<PoolWorker, Initialization<F>>>::node()) {
    assert_is_function_value<F>();
  }

  const RegistrationNode* node() const noexcept { return node_; }

 private:
  template <class F>
  struct Initialization {
    void operator()(PoolWorker&) const { F()(); }
  };

  const RegistrationNode* node_ = nullptr;
};

}  // namespace troupe::detail
