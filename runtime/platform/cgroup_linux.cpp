// SPDX-License-Identifier: BSL-1.0
#include "platform/cgroup_linux.hpp"

#include <fstream>

namespace troupe::platform {
namespace {

void add_with_surroundings(std::vector<std::string>& groups, const std::string& root, std::string name) {
  groups.push_back(root + name);
  while (!name.empty()) {
    name.resize(name.find_last_of('/'));
    groups.push_back(root + name);
  }
}

// One line of /proc/self/cgroup: "number:controllers:/name"; version 2 lists no controllers.
void add_groups_of(std::vector<std::string>& groups, const std::string& line, const std::string& controller) {
  const std::size_t controllers = line.find(':') + 1;
  const std::size_t colon = line.find(":/", controllers);
  if (controllers == 0 || colon == std::string::npos) return;
  const std::string listed = "," + line.substr(controllers, colon - controllers) + ",";
  const std::string name = line.substr(colon + 1);
  if (listed == ",,") {
    add_with_surroundings(groups, "/sys/fs/cgroup", name);
    add_with_surroundings(groups, "/sys/fs/cgroup/unified", name);
  } else if (listed.find("," + controller + ",") != std::string::npos) {
    add_with_surroundings(groups, "/sys/fs/cgroup/" + controller, name);
  }
}

}  // namespace

std::vector<std::string> control_groups(const std::string& controller, const std::string& list) {
  std::vector<std::string> groups;
  std::ifstream file(list);
  for (std::string line; std::getline(file, line);) add_groups_of(groups, line, controller);
  return groups;
}

double number_in(const std::string& path, double otherwise) {
  double number = 0;
  return std::ifstream(path) >> number ? number : otherwise;
}

}  // namespace troupe::platform
