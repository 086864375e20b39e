// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "command.hpp"

namespace troupe::command {

namespace {

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* each : app.get_options()) {
    for (const std::string& name : each->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// What is there to complete is what the command line itself knows.
std::string bash_script(const CLI::App& app) {
  std::vector<std::string> commands;
  std::string cases;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(each->get_name());
    cases += fmt::format("    {}) words=\"{}\" ;;\n", each->get_name(), fmt::join(names_of_options(*each), " "));
  }
  return fmt::format(
      "_actor_host() {{\n"
      "  local words\n"
      "  case ${{COMP_WORDS[1]}} in\n"
      "{}"
      "    *) words=\"{} {}\" ;;\n"
      "  esac\n"
      "  [[ $COMP_CWORD -gt 1 ]] || words=\"{} {}\"\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${{COMP_WORDS[COMP_CWORD]}}\")\n"
      "}}\n"
      "complete -F _actor_host actor-host\n",
      cases, fmt::join(commands, " "), fmt::join(names_of_options(app), " "), fmt::join(commands, " "),
      fmt::join(names_of_options(app), " "));
}

std::string zsh_script(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands += fmt::format("    '{}:{}'\n", each->get_name(), each->get_description());
    cases += fmt::format("    {}) compadd -- {} ;;\n", each->get_name(), fmt::join(names_of_options(*each), " "));
  }
  return fmt::format(
      "#compdef actor-host\n"
      "_actor_host() {{\n"
      "  local -a commands=(\n"
      "{}"
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n"
      "    compadd -- {}\n"
      "    return\n"
      "  fi\n"
      "  case $words[2] in\n"
      "{}"
      "  esac\n"
      "}}\n"
      "compdef _actor_host actor-host\n",
      commands, fmt::join(names_of_options(app), " "), cases);
}

}  // namespace

void add_completion(const CommandLine& line) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* const command = add_command(line, "completion", "Prints what makes a shell complete these commands.",
                                        "source <(actor-host completion bash)", [&app = line.app, shell] {
                                          fmt::print("{}", *shell == "zsh" ? zsh_script(app) : bash_script(app));
                                          return ExitCode::done;
                                        });
  command->add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
}

}  // namespace troupe::command
