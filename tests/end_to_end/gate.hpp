// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <troupe/troupe.hpp>
#include <vector>

namespace troupe::test {

// A folder that goes with its object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder could be made");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Where an actor waits until its test lets it go: a FIFO, which each side opens only when the other one does, too.
class Gate {
 public:
  Gate() : path_((folder_.path() / "gate").string()) {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("no FIFO could be made");
  }
  ~Gate() { let_go(); }

  const std::string& path() const { return path_; }
  // Blocks: until an actor is at the gate.
  void wait_reached() { writer_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC); }
  void let_go() {
    if (writer_ >= 0) ::close(writer_);
    writer_ = -1;
  }
  void open() {
    wait_reached();
    let_go();
  }

 private:
  const TemporaryFolder folder_;
  const std::string path_;
  int writer_ = -1;
};

// In an actor. Blocks: until the test has opened the gate.
inline void wait_at(const std::string& gate) {
  const int reader = ::open(gate.c_str(), O_RDONLY | O_CLOEXEC);
  char nothing = 0;
  while (::read(reader, &nothing, 1) > 0) continue;
  ::close(reader);
}

// Notes the numbers that it is called with, and waits where it is told to.
class Recorder {
 public:
  Recorder() = default;
  explicit Recorder(const std::string& gate) { wait_at(gate); }

  void hold(const std::string& gate) { wait_at(gate); }
  int note(int number) {
    seen_.push_back(number);
    return number;
  }
  int note_with(int number, const std::string&) { return note(number); }
  std::vector<int> seen() const { return seen_; }

 private:
  std::vector<int> seen_;
};

// The verdict of an error E that the result must hold.
template <class E, class T>
Execution verdict(const AsyncResult<T>& result) {
  try {
    result.get();
  } catch (const E& error) {
    return error.execution();
  }
  throw std::logic_error("the call did not fail");
}

// Why the actor died that the call was sent to. Blocks: until the whole report is there, however busy the machine is.
template <class T>
DeathCause cause_of(const AsyncResult<T>& result) {
  try {
    result.get();
  } catch (const ActorDied& error) {
    DeathCause cause = error.cause();
    while (cause.kind == DeathKind::unknown) cause = error.cause();
    return cause;
  }
  throw std::logic_error("the call did not fail");
}

// Whether the outcome is an E; waits for it.
template <class E, class T>
bool has_failed_with(const AsyncResult<T>& result) {
  const std::exception_ptr error = result.exception();
  if (error == nullptr) return false;
  try {
    std::rethrow_exception(error);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace troupe::test
