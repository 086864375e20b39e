// SPDX-License-Identifier: BSL-1.0
#include "platform/raw_terminal.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

struct RawTerminal::Settings {
  termios value{};
};

RawTerminal::RawTerminal() {
  auto settings = std::make_unique<Settings>();
  if (::tcgetattr(STDIN_FILENO, &settings->value) != 0) throw_os_error(errno, "standard input is no terminal");
  if (::isatty(STDOUT_FILENO) == 0) throw_os_error(errno, "standard output is no terminal");
  termios raw = settings->value;
  ::cfmakeraw(&raw);
  if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0) throw_os_error(errno, "setting the terminal up");
  former_ = std::move(settings);
}

RawTerminal::~RawTerminal() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &former_->value); }

RawTerminal::Size RawTerminal::size() const noexcept {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

void RawTerminal::write(std::string_view text) const noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

std::string RawTerminal::read() const {
  std::array<char, 64> bytes;
  ssize_t count = 0;
  do {
    count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace troupe::platform
