// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <vector>

// The process tree as /proc shows it. Nothing here signals a process by its number.
namespace troupe::testing {

struct SeenProcess {
  int pid = 0;
  int parent = 0;
  std::string name;  // as in ps; the roles have names, a host its actor's class
  char state = '?';  // 'Z': it has ended and waits to be reaped

  std::string text() const;
};

int own_pid();
// Of a process or a thread; `parent` is for the result. nullopt: it is gone.
std::optional<SeenProcess> look_at(int pid, int parent);
// In the order of their birth, those included that wait to be reaped. By the kernel's lists, which are quick, and may leave out
// some while others end (proc(5)).
std::vector<SeenProcess> children_of(int pid);
// All below it, parents before their children.
std::vector<SeenProcess> descendants_of(int pid);
// Likewise, by what each process of the machine says of its parent: nobody is left out, and no list is needed.
std::vector<SeenProcess> all_descendants_of(int pid);
// Below this process.
std::vector<SeenProcess> descendants();
// Each of its threads has: SIGSTOP reaches one, and another may run on until that one does. Errors: it is gone.
bool has_stopped(int pid);
std::string text_of(const std::vector<SeenProcess>& processes);

}  // namespace troupe::testing
