// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "actors.hpp"
#include "command.hpp"
#include "platform/control_directory.hpp"
#include "platform/futex.hpp"
#include "platform/memory_headroom.hpp"
#include "platform/named_socket.hpp"
#include "platform/system_limits.hpp"
#include "table.hpp"
#include "wire/library.hpp"

namespace troupe::command {

namespace {

constexpr std::uint64_t kFewOpenFiles = 4096;  // an actor takes some ten of its manager
constexpr std::uint64_t kFewProcesses = 256;
constexpr std::size_t kLittleMemory = std::size_t{256} << 20;

enum class Health { good, worse, bad };  // as it should be; it works, but; it does not work

struct Finding {
  Health health = Health::good;
  std::string subject;
  std::string text;
  std::string advice{};  // what to do, unless it is good
};

const char* word_for(Health health) {
  switch (health) {
    case Health::good:
      return "ok";
    case Health::worse:
      return "warning";
    case Health::bad:
      return "error";
  }
  return "unknown";
}

Finding needed(bool is_there, const char* subject, const char* advice) {
  if (is_there) return {Health::good, subject, "there"};
  return {Health::bad, subject, "missing", advice};
}

Finding look_at_open_files(const platform::SystemLimits& limits) {
  const std::string text = fmt::format("{} (hard limit {})", limits.open_files, limits.most_open_files);
  if (limits.most_open_files >= kFewOpenFiles) return {Health::good, "open files", text};
  return {Health::worse, "open files", text,
          fmt::format("a manager takes some ten for each actor; raise the hard limit to {}, as with ulimit -Hn", kFewOpenFiles)};
}

Finding look_at_processes(const platform::SystemLimits& limits) {
  const std::string text = limits.processes == UINT64_MAX ? "no limit" : fmt::to_string(limits.processes);
  if (limits.processes >= kFewProcesses) return {Health::good, "processes", text};
  return {Health::worse, "processes", text, "each actor is a process of some threads; raise the limit, as with ulimit -u"};
}

Finding look_at_cores(const platform::SystemLimits& limits) {
  return {Health::good, "core files",
          limits.core_bytes == 0 ? "none are written; ulimit -c unlimited has them written" : "written"};
}

Finding look_at_waits() {
  if (platform::has_futex_wait_any()) return {Health::good, "futex_waitv", "there"};
  return {Health::worse, "futex_waitv", "missing",
          "deaths are noticed later, by handles alone; it needs Linux 5.16, and a seccomp profile that allows it"};
}

Finding look_at_memory() {
  const std::size_t bytes = platform::memory_headroom_bytes();
  if (bytes >= kLittleMemory) return {Health::good, "memory", bytes_text(bytes) + " can be had"};
  return {Health::worse, "memory", bytes_text(bytes) + " can be had",
          "large payloads will be refused; free some, or raise the cgroup's"};
}

void look_at_managers(std::vector<Finding>& findings) try {
  const platform::NamedManagers managers = platform::named_managers();
  const std::string path = platform::control_directory_path();
  findings.push_back(
      {Health::good, "named managers",
       managers.running.empty() ? "none is running" : fmt::format("running: {}", fmt::join(managers.running, ", "))});
  if (managers.forgotten.empty()) return;
  findings.push_back({Health::worse, "leftovers",
                      fmt::format("sockets of killed managers: {}", fmt::join(managers.forgotten, ", ")),
                      fmt::format("serve that name again, or remove NAME.sock and NAME.lock in {}", path)});
} catch (const StartError& error) {
  findings.push_back({Health::bad, "named managers", error.what(), "as it says"});
}

std::vector<Finding> look() {
  const platform::SystemLimits limits = platform::system_limits();
  std::vector<Finding> findings;
  findings.push_back({Health::good, "version", fmt::format("{}, protocol {}", wire::kLibraryVersion, wire::kProtocolVersion)});
  findings.push_back({Health::good, "system", fmt::format("{}, {} processors", limits.system, limits.processors)});
  findings.push_back(
      needed(platform::has_process_handles(), "pidfd", "it needs Linux 5.4, and a seccomp profile that allows pidfd_open"));
  findings.push_back(
      needed(platform::has_sealed_memory(), "memfd", "it needs a kernel with memfd_create, and a profile that allows it"));
  findings.push_back(look_at_waits());
  findings.push_back(look_at_open_files(limits));
  findings.push_back(look_at_processes(limits));
  findings.push_back(look_at_memory());
  findings.push_back(look_at_cores(limits));
  look_at_managers(findings);
  return findings;
}

void print_json(const std::vector<Finding>& findings) {
  auto list = nlohmann::ordered_json::array();
  for (const Finding& each : findings)
    list.push_back({{"health", word_for(each.health)}, {"subject", each.subject}, {"text", each.text}, {"advice", each.advice}});
  print(list);
}

ExitCode doctor(bool as_json) {
  const std::vector<Finding> findings = look();
  if (as_json) {
    print_json(findings);
  } else {
    for (const Finding& each : findings) {
      fmt::print("{:<8} {}: {}\n", word_for(each.health), each.subject, each.text);
      if (!each.advice.empty()) fmt::print("         {}\n", each.advice);
    }
  }
  const bool is_bad = std::ranges::any_of(findings, [](const Finding& each) { return each.health == Health::bad; });
  return is_bad ? ExitCode::failed : ExitCode::done;
}

}  // namespace

void add_doctor(const CommandLine& line) {
  const auto as_json = std::make_shared<bool>(false);
  CLI::App* const command =
      add_command(line, "doctor", "Checks what this machine gives to actors, and says what to do about what is missing.",
                  "actor-host doctor", [as_json] { return doctor(*as_json); });
  command->add_flag("--json", *as_json, "Prints an array of objects");
}

}  // namespace troupe::command
