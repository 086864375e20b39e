// SPDX-License-Identifier: BSL-1.0
#include "platform/named_socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "platform/control_directory.hpp"
#include "platform/control_socket_linux.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {

namespace {

std::string socket_file(std::string_view name) { return std::string(name) + ".sock"; }
std::string lock_file(std::string_view name) { return std::string(name) + ".lock"; }
std::string new_socket_file(std::string_view name) { return "." + socket_file(name) + ".new"; }  // no manager's, with that dot

// By the directory's handle: so the path is short enough for any directory, and leads into the one that was looked at.
sockaddr_un address_of(const Handle& directory, const std::string& file) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), file);
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));  // at most 64 bytes of name: it fits
  return address;
}

Handle new_socket() {
  const int descriptor = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw_os_error(errno, "creating a control socket");
  return Handle(descriptor);
}

std::optional<ucred> credentials_of(const Handle& socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

// Whether `file` is what its name leads to: a holder that ended has removed the one that it had locked.
bool is_file_of_name(const Handle& file, const Handle& directory, const std::string& name) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file.get(), &opened) == 0 && ::fstatat(directory.get(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

std::string text_in(const Handle& file) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

[[noreturn]] void refuse_taken(const std::string& name, const Handle& lock) {
  const std::string pid = text_in(lock);  // empty: it has only just come
  throw DuplicateName(
      fmt::format("the name \"{}\" belongs to a manager that runs already (process {}); stop it, or use another name", name,
                  pid.empty() ? "unknown" : pid));
}

}  // namespace

NamedListener::NamedListener(std::string name) : name_(std::move(name)) {
  check_manager_name(name_);
  directory_ = open_control_directory(true);
  spare_ = directory_.duplicate();
  take_name();
  listen();
}

void NamedListener::take_name() {
  const std::string file = lock_file(name_);
  for (;;) {
    const int descriptor = ::openat(directory_.get(), file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) throw_os_error(errno, "opening " + control_directory_path() + "/" + file);
    Handle lock(descriptor);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) throw_os_error(errno, "locking " + control_directory_path() + "/" + file);
      refuse_taken(name_, lock);
    }
    if (!is_file_of_name(lock, directory_, file)) continue;  // it was removed between
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0)
      throw_os_error(errno, "writing " + control_directory_path() + "/" + file);
    lock_ = std::move(lock);
    return;
  }
}

// Whatever lies there belongs to nobody: the lock is ours. It gets its name when somebody listens: who finds it can connect.
void NamedListener::listen() {
  Handle socket = new_socket();
  const std::string file = new_socket_file(name_);
  const sockaddr_un address = address_of(directory_, file);
  const std::string what = "listening at " + control_directory_path() + "/" + socket_file(name_);
  ::unlinkat(directory_.get(), file.c_str(), 0);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) throw_os_error(errno, what);
  if (::listen(socket.get(), SOMAXCONN) != 0) throw_os_error(errno, what);
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) throw_os_error(errno, what);
  if (::renameat(directory_.get(), file.c_str(), directory_.get(), socket_file(name_).c_str()) != 0) throw_os_error(errno, what);
  socket_ = std::move(socket);
}

// The lock's file goes last: until then nobody else can have the name.
NamedListener::~NamedListener() {
  stop_listening();
  if (lock_) ::unlinkat(directory_.get(), lock_file(name_).c_str(), 0);
}

void NamedListener::stop_listening() noexcept {
  if (!socket_) return;
  ::unlinkat(directory_.get(), socket_file(name_).c_str(), 0);
  socket_.reset();
}

namespace {

// A process has the lowest numbers first: past this one there is no room for what a client needs in the course of its life.
bool is_in_reserve(const Handle& handle) {
  constexpr rlim_t kReserve = 16;
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && static_cast<rlim_t>(handle.get()) + kReserve >= limit.rlim_cur;
}

}  // namespace

std::optional<NamedPeer> NamedListener::try_accept() {
  is_starved_ = false;
  for (;;) {
    if (!spare_) spare_ = Handle(::fcntl(directory_.get(), F_DUPFD_CLOEXEC, 3));
    int descriptor = ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    const int error = errno;
    if (descriptor < 0 && (error == EINTR || error == ECONNABORTED)) continue;
    if (descriptor < 0 && (error == EMFILE || error == ENFILE)) descriptor = accept_with_spare();
    if (descriptor < 0) {
      is_starved_ = errno == EMFILE || errno == ENFILE;
      return std::nullopt;
    }
    Handle handle(descriptor);
    const auto peer = credentials_of(handle);
    if (!peer || peer->uid != ::geteuid()) continue;
    const bool is_one_too_many = !spare_ || is_in_reserve(handle);
    widen_control_socket(handle.get());
    return NamedPeer{ControlSocket(std::move(handle)), peer->pid, is_one_too_many};
  }
}

// Left in the queue it would wake the loop for ever, and wait for ever itself.
int NamedListener::accept_with_spare() noexcept {
  spare_.reset();
  const int descriptor = ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  const int error = errno;
  if (descriptor < 0) spare_ = Handle(::fcntl(directory_.get(), F_DUPFD_CLOEXEC, 3));  // nobody waits: it stays for the next one
  errno = error;
  return descriptor;
}

namespace {

// Of what waits in the kernel for room in the listener's queue.
void limit_wait(const Handle& socket, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::microseconds;
  constexpr microseconds kShortest(1000);
  constexpr microseconds kLongest = std::chrono::hours(24 * 365);
  const auto left = std::chrono::duration_cast<microseconds>(deadline - std::chrono::steady_clock::now());
  const auto span = std::clamp(left, kShortest, kLongest).count();
  const timeval time{static_cast<time_t>(span / 1'000'000), static_cast<suseconds_t>(span % 1'000'000)};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

// Whether there is somebody.
bool connect(const Handle& socket, const sockaddr_un& address, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    limit_wait(socket, deadline);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return true;
    const int error = errno;
    if (error == ENOENT || error == ECONNREFUSED || error == EAGAIN) return false;
    if (error != EINTR) throw_os_error(error, "connecting to a named manager");
  }
}

}  // namespace

std::optional<NamedPeer> connect_to_named(std::string_view name, std::chrono::steady_clock::time_point deadline) {
  check_manager_name(name);
  const Handle directory = open_control_directory(false);
  if (!directory) return std::nullopt;
  Handle socket = new_socket();
  if (!connect(socket, address_of(directory, socket_file(name)), deadline)) return std::nullopt;
  const auto peer = credentials_of(socket);
  if (!peer || peer->uid != ::geteuid())
    throw AuthenticationError(fmt::format("the manager \"{}\" belongs to another user", name));
  widen_control_socket(socket.get());
  return NamedPeer{ControlSocket(std::move(socket)), peer->pid, false};
}

namespace {

// Those that managers can have; others' files are none of ours.
std::vector<std::string> names_in(const Handle& directory) {
  std::vector<std::string> names;
  std::error_code error;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.get());
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    std::string name = entry.path().stem();
    if (entry.path().extension() == ".sock" && is_manager_name(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

NamedManagers named_managers() {
  constexpr std::chrono::seconds kPatience(1);
  NamedManagers found;
  const Handle directory = open_control_directory(false);
  if (!directory) return found;
  for (std::string& each : names_in(directory)) {
    const Handle socket = new_socket();
    try {
      const auto deadline = std::chrono::steady_clock::now() + kPatience;
      const bool is_running = connect(socket, address_of(directory, socket_file(each)), deadline);
      (is_running ? found.running : found.forgotten).push_back(std::move(each));
    } catch (const std::system_error&) {  // no manager's: a socket of another kind
    }
  }
  return found;
}

int pid_of(const Handle& pidfd) {
  std::ifstream lines("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  if (const int error = errno; !lines && (error == EMFILE || error == ENFILE)) throw_os_error(error, "looking at a process");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Pid:")) return std::max(std::atoi(line.c_str() + 4), 0);
  }
  return 0;
}

}  // namespace troupe::platform
