// SPDX-License-Identifier: BSL-1.0
#include "platform/process_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "platform/handle.hpp"

namespace troupe::platform {
namespace {

// What follows `name` in the file's text. A line of its own: the process may call itself what it likes, but for new lines.
char first_of(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at != std::string_view::npos && at + name.size() < text.size() ? text[at + name.size()] : '0';
}

}  // namespace

// By its number, which is its own until it is reaped.
ProcessState state_of(const Process& child) {
  std::array<char, 4096> buffer;  // not initialised: only what is read counts
  const Handle file(::open(("/proc/" + std::to_string(child.pid()) + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  const auto count = ::read(file.get(), buffer.data(), buffer.size());
  return state_in({buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0});
}

// See proc(5).
ProcessState state_in(std::string_view status) {
  const char state = first_of(status, "\nState:\t");
  return {.is_stopped = state == 'T' || state == 't',
          .is_traced = first_of(status, "\nTracerPid:\t") != '0',
          .is_dumping = first_of(status, "\nCoreDumping:\t") != '0'};
}

}  // namespace troupe::platform
