// SPDX-License-Identifier: BSL-1.0
#include "bench.hpp"
#include "built_with.hpp"
#include "child.hpp"

#include <fmt/core.h>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace troupe::bench {

namespace {

Seconds span_of(const timeval& time) { return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec); }

// Runs a program to its end. The processor time that it and what it ran took. Errors: std::runtime_error when it fails.
Seconds run(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const auto& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = ::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ)) {
    throw std::system_error(error, std::generic_category(), command.front());
  }
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  if (status != 0) throw std::runtime_error(fmt::format("{} failed", command.front()));
  return span_of(usage.ru_utime) + span_of(usage.ru_stime);
}

double seconds_to_compile(const char* source) {
  const auto object = fmt::format("{}/{}.o", built_with::kScratch, std::filesystem::path(source).filename().string());
  return run({built_with::kCompiler, std::string("@") + built_with::kFlags, "-c", source, "-o", object}).count();
}

double stripped_bytes() {
  const auto stripped = std::string(built_with::kScratch) + "/hello.stripped";
  run({built_with::kStrip, "-o", stripped, built_with::kHello});
  return static_cast<double>(std::filesystem::file_size(stripped));
}

}  // namespace

std::vector<Row> building_rows(const Bench& bench) {
  ::setenv("CCACHE_DISABLE", "1", 1);  // should the compiler's name be ccache's
  return {
      {.name = "compile.hello",
       .unit = "s",
       .figure = [] { return seconds_to_compile(built_with::kHelloSource); },
       .reference_name = "cereal_and_fmt",
       .reference = [] { return seconds_to_compile(built_with::kFloorSource); },
       .bar = at_most(1.6),
       .rounds = bench.is_quick ? 3 : 12,
       .summary = Summary::least},
      {.name = "size.hello",
       .unit = "KiB",
       .figure = [] { return kilobytes(stripped_bytes()); },
       .bar = at_most(600),
       .rounds = 1},
  };
}

}  // namespace troupe::bench
