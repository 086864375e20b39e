// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>

// Asio's objects for the one kind of loop that there is here. Those of its own names take any executor, for 16 KiB of code in
// each program.
namespace troupe::platform {

using LoopExecutor = boost::asio::io_context::executor_type;
using Descriptor = boost::asio::posix::basic_stream_descriptor<LoopExecutor>;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                                LoopExecutor>;
using SignalSet = boost::asio::basic_signal_set<LoopExecutor>;

}  // namespace troupe::platform
