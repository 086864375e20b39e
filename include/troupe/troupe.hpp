// SPDX-License-Identifier: BSL-1.0
#pragma once

// All of troupe but asio.hpp, testing.hpp and cluster.hpp.
#include <troupe/actor_pool.hpp>
#include <troupe/async_result.hpp>
#include <troupe/checkpoint.hpp>
#include <troupe/detail/exception_registry.hpp>
#include <troupe/error.hpp>
#include <troupe/executor.hpp>
#include <troupe/fail_point.hpp>
#include <troupe/fn.hpp>
#include <troupe/future.hpp>
#include <troupe/gather.hpp>
#include <troupe/generator.hpp>
#include <troupe/group.hpp>
#include <troupe/guard.hpp>
#include <troupe/options.hpp>
#include <troupe/pool.hpp>
#include <troupe/proxy.hpp>
#include <troupe/remote_function.hpp>
#include <troupe/runtime.hpp>
#include <troupe/settled.hpp>
#include <troupe/stream.hpp>
#include <troupe/supervise.hpp>
#include <troupe/then.hpp>
#include <troupe/this_call.hpp>
#include <troupe/timeout.hpp>
#include <troupe/wait.hpp>
