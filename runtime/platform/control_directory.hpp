// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

#include "platform/handle.hpp"

namespace troupe::platform {

// Where this user's named managers can be met: $XDG_RUNTIME_DIR/troupe (of an absolute path), else /run/user/UID/troupe, else
// /tmp/troupe-UID. Only this user may look into it, so that nobody else can stand in for a manager, or be served by one.
std::string control_directory_path();

// The directory, open; made (0700) where `may_create`. Without that, and when it is not there: empty.
// Errors: StartError with its path, when it is no directory (a symbolic link is none), another user's, or open to others.
Handle open_control_directory(bool may_create);

// What a manager may be called: 1 to 64 letters, digits, '.', '_' or '-', and no '.' first: it is part of a file's name.
bool is_manager_name(std::string_view name) noexcept;
// Errors: std::invalid_argument that says so.
void check_manager_name(std::string_view name);

}  // namespace troupe::platform
