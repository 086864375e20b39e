// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <string>

// What every crew says.
namespace troupe::pool {

// Errors: std::logic_error in a forked child, where no worker is.
void check_process();
[[noreturn]] void refuse_more();
[[noreturn]] void refuse_to_join();

std::exception_ptr cancelled_before_begun();
std::exception_ptr cancelled_by_shutdown();
std::exception_ptr terminated(Execution execution);

std::string text_of(const std::exception_ptr& error);

}  // namespace troupe::pool
