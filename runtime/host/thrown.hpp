// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

#include "wire/control.hpp"

namespace troupe::host {

// What was thrown, for people: "std::out_of_range: vector::_M_range_check". Of any type.
std::string describe(const std::exception_ptr& thrown);

bool is_want_of_memory(const std::exception_ptr& thrown);
bool is_cancellation(const std::exception_ptr& thrown);
bool is_unknown_stream(const std::exception_ptr& thrown);

// `thrown` for the wire (wire/exceptions), in at most `limit_bytes`: one that is longer keeps a part of its text only.
// Empty: there is no way to send it.
std::vector<std::byte> encode_within(const std::exception_ptr& thrown, std::size_t limit_bytes);

// Why a channel or an actor could not be made: what was thrown on the way there, by troupe.
wire::Failure failure_of(const std::exception_ptr& thrown);

}  // namespace troupe::host
