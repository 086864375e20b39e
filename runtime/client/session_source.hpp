// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "base/function.hpp"
#include "platform/control_socket.hpp"

namespace troupe::client {

// Where a process that has no Runtime of its own (a host) gets its connection to the manager from, when it first meets a
// proxy. Set once by the role, before user code runs; the function is called at most once, in the thread that meets the
// proxy, and gives a socket whose other end the manager holds.
void set_session_source(Function<platform::ControlSocket()> source);

}  // namespace troupe::client
