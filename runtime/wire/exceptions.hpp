// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <vector>

namespace troupe::wire {

// Who sent an exception. The method is empty where it is not known, and for a constructor.
struct ThrownBy {
  std::string actor;  // as texts name it, with its process
  int pid = 0;
  std::string method{};
};

// The bytes of an exception that left user code. One that has crossed before goes on as what it was when it was thrown
// first, with the origin it had then. Errors: none of the exception's making, only std::bad_alloc.
std::vector<std::byte> encode_exception(const std::exception_ptr& thrown, const std::string& backtrace = {});

// The exception to throw on this side: a type that both know (std's, or TROUPE_EXCEPTION) arrives as itself and as
// RemoteError, any other as RemoteException, or as InitError when it left a constructor. Bytes that hold none become
// ProtocolError.
std::exception_ptr decode_exception(std::span<const std::byte> bytes, ThrownBy sender, bool is_from_constructor);

}  // namespace troupe::wire
