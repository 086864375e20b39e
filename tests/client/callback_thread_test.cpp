// SPDX-License-Identifier: BSL-1.0
#include "client/callback_thread.hpp"

#include <troupe/async_result.hpp>
#include <troupe/then.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "client/cell_status.hpp"
#include "tests/platform/stderr_on.hpp"

namespace troupe::client {
namespace {

using std::chrono::milliseconds;

using IntCell = detail::TypedCell<int>;

// As a session does with what it completes.
void complete(IntCell& cell, int value, CallbackThread& callbacks) {
  cell.make_value(value);
  ASSERT_TRUE(cell.claim());
  CellAccess::publish(cell, true, &callbacks);
}

// A callback that waits in `waits` for what `promise` is to lead to: the result of a cell whose callbacks are queued in `queues`,
// behind a callback, before anybody knows that the one waits for the other.
void pass_wish_on(CallbackThread& waits, CallbackThread& queues) {
  IntCell* const cell = IntCell::completed_by_hand();
  const auto result = detail::ResultAccess::adopt<int>(cell);
  bool is_told = false;
  result.on_done([&] { is_told = true; });
  Promise<int> promise;
  const auto after = promise.result().then([result](int) { return result; });
  const auto seen = std::make_shared<std::promise<int>>();
  std::promise<void> begun;
  waits.post([&begun, after, seen] {
    begun.set_value();
    seen->set_value(after.get());
  });
  begun.get_future().wait();
  if (&queues != &waits) queues.post([after] { after.wait(); });
  complete(*cell, 5, queues);
  std::this_thread::sleep_for(milliseconds(5));  // by now they sleep, mostly
  promise.set_value(1);
  EXPECT_EQ(seen->get_future().get(), 5);
  EXPECT_TRUE(is_told);
}

TEST(CallbackThread, LearnsOfAWishThatIsPassedOnWhileACallbackSleeps) {
  CallbackThread callbacks;
  pass_wish_on(callbacks, callbacks);
}

TEST(CallbackThread, LearnsOfAWishOfAnotherOne) {
  CallbackThread waits;
  CallbackThread queues;
  pass_wish_on(waits, queues);
}

TEST(RunReporting, EndsNobodyWhereStderrTakesNothing) {
  const platform::testing::StderrOn full("/dev/full");
  run_reporting("callback", [] { throw std::runtime_error("nobody reads this"); });
  run_reporting("callback", [] { throw 42; });
}

}  // namespace
}  // namespace troupe::client
