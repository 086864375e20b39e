// SPDX-License-Identifier: BSL-1.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>

#include <array>
#include <csignal>
#include <regex>
#include <vector>

#include "stage.hpp"

namespace troupe::test {

namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A client of HTTP, by hand: says what a test wants said.
class Visitor {
 public:
  explicit Visitor(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Visitor() { ::close(socket_); }
  Visitor(Visitor&& other) noexcept : socket_(std::exchange(other.socket_, -1)), is_connected_(other.is_connected_) {}
  Visitor& operator=(Visitor&&) = delete;

  bool is_connected() const { return is_connected_; }
  void say(const std::string& text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Blocks: until the other side has closed.
  std::string rest() const {
    std::string all;
    std::array<char, 4096> some{};
    for (ssize_t size = 0; (size = ::recv(socket_, some.data(), some.size(), 0)) > 0;)
      all.append(some.data(), static_cast<std::size_t>(size));
    return all;
  }

 private:
  int socket_;
  bool is_connected_ = false;
};

std::string answer_to(int port, const std::string& first_line) {
  const Visitor visitor(port);
  visitor.say(first_line + "\r\nHost: here\r\n\r\n");
  return visitor.rest();
}

class Metrics : public ActorHostTest {
 protected:
  // A manager with metrics; `port` is theirs.
  static Program serve_with_metrics(int& port) {
    Program lab("/bin/sh", {"-c", "exec " TROUPE_ACTOR_HOST " serve --name lab --metrics-port 0 2>&1"});
    const std::string said = lab.line();
    std::smatch match;
    EXPECT_TRUE(std::regex_search(said, match, std::regex("http://127.0.0.1:([0-9]+)/metrics"))) << said;
    port = match.empty() ? 0 : std::stoi(match[1]);
    return lab;
  }
};

}  // namespace

TEST_F(Metrics, AreWhatIsKnownOfActors) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 3}}, 1);
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  for (int i = 0; i < 5; ++i) counter.call<&Counter::add>(1).get();
  const Outcome outcome = run("metrics");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.text, HasSubstr("# HELP troupe_actors Actors of the manager, by state.\n# TYPE troupe_actors gauge\n"
                                      "troupe_actors{state=\"starting\"} 0\ntroupe_actors{state=\"running\"} 1\n"));
  const std::string labels = fmt::format("{{id=\"{}\",name=\"counter\",type=\"troupe::test::Counter\"}}", counter.id().value);
  EXPECT_THAT(outcome.text, HasSubstr("\n# TYPE troupe_actor_calls_total counter\ntroupe_actor_calls_total" + labels + " 5\n"));
  EXPECT_THAT(outcome.text, HasSubstr("\ntroupe_actor_restarts_total" + labels + " 1\n"));
  EXPECT_THAT(outcome.text, HasSubstr("\ntroupe_actor_mailbox_depth" + labels + " 0\n"));
  EXPECT_THAT(outcome.text, HasSubstr("\ntroupe_actor_memory_bytes" + labels + " "));
}

TEST_F(Metrics, HaveNamesAsTheFormatWantsThem) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "a\\b\"c\nd\xff"
                                                       "e ä"},
                                              1);
  EXPECT_THAT(run("metrics").text, HasSubstr("name=\"a\\\\b\\\"c\\nd\uFFFDe ä\""));
}

TEST_F(Metrics, OfNobodyAreThere) {
  const Program lab = serve("lab");
  EXPECT_THAT(run("metrics").text, HasSubstr("troupe_actors{state=\"running\"} 0\n"));
}

TEST_F(Metrics, AreServedBesideTheManager) {
  int port = 0;
  const Program lab = serve_with_metrics(port);
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  for (int round = 0; round < 3; ++round) {
    const std::string answer = answer_to(port, "GET /metrics HTTP/1.1");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr("troupe_actors{state=\"running\"} 1\n"));
  }
}

TEST_F(Metrics, AreAllThatIsServed) {
  int port = 0;
  const Program lab = serve_with_metrics(port);
  EXPECT_THAT(answer_to(port, "GET /metrics?name=x HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer_to(port, "GET / HTTP/1.1"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to(port, "GET /metrics/.. HTTP/1.1"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to(port, "POST /metrics HTTP/1.1"), StartsWith("HTTP/1.1 405 "));
  EXPECT_EQ(answer_to(port, "what is this"), "");
  EXPECT_EQ(answer_to(port, "GET /metrics HTTP/1.1\r\nCookie: " + std::string(9000, 'x')), "");
  EXPECT_THAT(answer_to(port, "GET /metrics HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
}

// They have five seconds each, and others wait for as long.
TEST_F(Metrics, AreServedAlsoAfterManyThatSayNothing) {
  int port = 0;
  const Program lab = serve_with_metrics(port);
  std::vector<Visitor> silent;
  for (int i = 0; i < 40; ++i) silent.emplace_back(port);
  silent.back().say("GET /metrics HT");
  EXPECT_EQ(silent.front().rest(), "");
  silent.clear();
  EXPECT_THAT(answer_to(port, "GET /metrics HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Metrics, EndWithTheirManager) {
  int port = 0;
  {
    Program lab = serve_with_metrics(port);
    lab.send(SIGTERM);
    EXPECT_EQ(lab.wait(), 0);
    EXPECT_FALSE(Visitor(port).is_connected());
  }
  Program lab = serve_with_metrics(port);
  lab.kill();
  while (Visitor(port).is_connected()) std::this_thread::yield();
}

TEST_F(Metrics, WhereAPortIsTakenSaySo) {
  int port = 0;
  const Program lab = serve_with_metrics(port);
  expect_refusal(run(fmt::format("serve --name other --metrics-port {}", port)), 1, std::to_string(port));
  expect_refusal(run("serve --name other --metrics-port 0 --metrics-address there"), 2, "--metrics-address");
  EXPECT_FALSE(has_file("other.sock"));
}

TEST_F(Metrics, AreServedByACommandOfTheirOwn) {
  Program lab = serve("lab");
  Program metrics("/bin/sh", {"-c", "exec " TROUPE_ACTOR_HOST " metrics --port 0 2>&1"});
  const std::string said = metrics.line();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(said, match, std::regex("http://127.0.0.1:([0-9]+)/metrics"))) << said;
  EXPECT_THAT(answer_to(std::stoi(match[1]), "GET /metrics HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
  lab.kill();
  EXPECT_EQ(metrics.rest(), "actor-host: the manager has ended\n");
  EXPECT_EQ(WEXITSTATUS(metrics.wait()), 1);
}

}  // namespace troupe::test
