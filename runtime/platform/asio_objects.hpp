// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>

#include "base/function.hpp"

// Asio's objects for the one kind of loop that there is here. Those of its own names take any executor, for 16 KiB of code in
// each program.
namespace troupe::platform {

using LoopExecutor = boost::asio::io_context::executor_type;
using Descriptor = boost::asio::posix::basic_stream_descriptor<LoopExecutor>;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                                LoopExecutor>;

// How to wait for them: with one kind of handler, so that Asio's code for it is there once. `then` runs in the loop; a wait
// that is cancelled or fails drops it. Thread-safety: as that of what is waited for; post: full.
void when_readable(Descriptor& descriptor, Function<void()> then);
void when_writable(Descriptor& descriptor, Function<void()> then);
void when_due(Timer& timer, Function<void()> then);
void post(boost::asio::io_context& loop, Function<void()> then);

}  // namespace troupe::platform
