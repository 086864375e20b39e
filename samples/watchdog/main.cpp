// SPDX-License-Identifier: BSL-1.0
// A parser comes to a document that it never ends with. The runtime notices, shows where it hangs, kills it and starts it again;
// that document fails, and the others are parsed.
#include <fmt/core.h>

#include <string>
#include <troupe/troupe.hpp>
#include <vector>

class Parser {
 public:
  // How many lines there are.
  int count_lines(const std::string& document) const {
    int lines = 0;
    for (std::size_t at = 0; at < document.size(); at = end_of_line(document, at)) ++lines;
    return lines;
  }

 private:
  // What careless parsers do: without a line's end they stay where they are.
  std::size_t end_of_line(const std::string& document, std::size_t at) const {
    const std::size_t end = document.find('\n', at);
    return end == std::string::npos ? at : end + 1;
  }
};

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  runtime.on_event([](const troupe::RuntimeEvent& event) {
    const auto* hung = std::get_if<troupe::Unresponsive>(&event);
    if (hung != nullptr) fmt::print("{} does not come to an end\n", hung->method);
  });
  auto parser = runtime.spawn<Parser>({.restart = {.max = 10, .backoff = {.first = std::chrono::milliseconds(1)}},
                                       .hang = {.after = std::chrono::milliseconds(200), .kill = true}});

  std::vector<troupe::AsyncResult<int>> results;
  for (const char* document : {"one\ntwo\n", "one\ntwo", "one\ntwo\nthree\n"})
    results.push_back(parser.call<&Parser::count_lines>(document));

  int hangs = 0;
  for (const auto& result : results) {
    try {
      fmt::print("{} lines\n", result.get());
    } catch (const troupe::ActorDied& error) {
      const troupe::DeathCause cause = error.cause();
      fmt::print("failed: {}\n", cause.text());
      hangs += cause.kind == troupe::DeathKind::hung;
    }
  }
  fmt::print("{} parsed, {} hung\n", results.size() - static_cast<std::size_t>(hangs), hangs);
  return hangs == 1 ? 0 : 1;
}
