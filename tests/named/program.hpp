// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace troupe::test {

// A program that runs, with pipes at its standard input and output. It is killed and reaped with this object.
class Program {
 public:
  Program(const std::string& path, std::vector<std::string> arguments);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  ~Program();

  // This very program: as a manager that is there when this returns; as a client, see be_client.
  static Program serve(const std::string& name);
  static Program client(const std::string& manager, std::vector<std::string> task);

  int pid() const { return pid_; }
  // Blocks: for a line; empty at the end.
  std::string line();
  // All that is left to be said. Blocks: until the end.
  std::string rest();
  void close_input();
  void send(int signal) const;
  void kill();  // SIGKILL; returns when it is reaped
  // Blocks: until it has ended; the status as waitpid has it.
  int wait();

 private:
  pid_t pid_ = -1;
  int process_ = -1;
  int status_ = 0;
  int input_ = -1;
  std::FILE* output_ = nullptr;
};

}  // namespace troupe::test
