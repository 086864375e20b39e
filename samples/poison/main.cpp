// SPDX-License-Identifier: BSL-1.0
// A folder of documents goes through a parser that one of them kills, each time. The parser is started again, the document is
// set aside with the reports on what it did, and the others are parsed.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <troupe/troupe.hpp>
#include <vector>

class Parser {
 public:
  // How many brackets are open at the deepest place.
  int depth(const std::string& document) const {
    int open = 0, deepest = 0;
    for (const char each : document) {
      open += each == '(' ? 1 : each == ')' ? -1 : 0;
      if (open < 0) overrun(open);
      deepest = std::max(deepest, open);
    }
    return deepest;
  }

 private:
  // What careless parsers do: they go on reading before the beginning.
  void overrun(int index) const {
    volatile std::uintptr_t table = 16;  // no table of ours
    (void)reinterpret_cast<volatile const int*>(table)[index];
  }
};

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  const std::map<std::string, std::string> documents = {
      {"a.txt", "(())"}, {"b.txt", "((()))()"}, {"evil.txt", "())("}, {"y.txt", "()"}, {"z.txt", "((((()))))"}};

  auto parser = runtime.spawn<Parser>({.restart = {.max = 10, .backoff = {.first = std::chrono::milliseconds(1)}}});
  std::vector<std::pair<std::string, troupe::AsyncResult<int>>> results;
  for (const auto& [name, document] : documents)
    results.emplace_back(name, parser.with({.idempotent = true}).call<&Parser::depth>(document));

  int set_aside = 0;
  for (const auto& [name, result] : results) {
    try {
      fmt::print("{}: {}\n", name, result.get());
    } catch (const troupe::PoisonMessage& poison) {
      ++set_aside;
      fmt::print("{}: set aside, it killed the parser {} times\n", name, poison.causes().size());
      fmt::print("  {}\n", poison.causes().front().text());
    }
  }
  fmt::print("{} parsed, {} set aside\n", results.size() - static_cast<std::size_t>(set_aside), set_aside);
  return set_aside == 1 ? 0 : 1;
}
