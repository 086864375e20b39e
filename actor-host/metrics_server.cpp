// SPDX-License-Identifier: BSL-1.0
#include "metrics_server.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "metrics_text.hpp"
#include "platform/asio_objects.hpp"

namespace troupe::command {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Failed = boost::system::error_code;

constexpr std::size_t kMostConnections = 16;
constexpr std::uint32_t kMostHeaderBytes = 8 * 1024;
constexpr std::chrono::seconds kPatience(5);  // with a client that reads or writes, and with the source
constexpr std::chrono::milliseconds kPause(100);

// What a request has come to.
struct Answer {
  http::status status = http::status::ok;
  std::string text{};
};

// Asks the source in a thread of its own, that holds a reference on this. Thread-safety: full.
class Asker {
 public:
  // Told of each answer, in the asker's thread.
  using OnAnswer = std::function<void(const Answer& answer)>;

  Asker(MetricsServer::Source source, OnAnswer on_answer) : source_(std::move(source)), on_answer_(std::move(on_answer)) {}

  // One answer at least is begun after this.
  void ask() {
    const std::lock_guard lock(mutex_);
    is_asked_ = true;
    has_news_.notify_all();
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      has_news_.wait(lock, [this] { return is_asked_ || is_to_end_; });
      if (is_to_end_) break;
      is_asked_ = false;
      lock.unlock();
      on_answer_(answer());
      lock.lock();
    }
    is_over_ = true;
    has_news_.notify_all();
  }
  // False: it does not come back. Blocks: for a second at the most.
  bool end() {
    std::unique_lock lock(mutex_);
    is_to_end_ = true;
    has_news_.notify_all();
    return has_news_.wait_for(lock, std::chrono::seconds(1), [this] { return is_over_; });
  }

 private:
  Answer answer() noexcept try { return {http::status::ok, source_()}; } catch (const std::exception& error) {
    return {http::status::service_unavailable, fmt::format("{}\n", error.what())};
  }

  const MetricsServer::Source source_;
  const OnAnswer on_answer_;
  std::mutex mutex_;
  std::condition_variable has_news_;
  bool is_asked_ = false;
  bool is_to_end_ = false;
  bool is_over_ = false;
};

// One request and its answer. Ownership: by what it waits for. `on_end` is called once, in the loop, unless that is stopped.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using OnAsk = std::function<void(const std::shared_ptr<Connection>& connection)>;

  Connection(tcp::socket socket, OnAsk on_ask, std::function<void()> on_end)
      : stream_(std::move(socket)), timer_(stream_.get_executor()), on_ask_(std::move(on_ask)), on_end_(std::move(on_end)) {
    parser_.header_limit(kMostHeaderBytes);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, parser_, [self = shared_from_this()](const Failed& failed, std::size_t) {
      failed ? self->on_end_() : self->look_at_request();
    });
  }
  // Once counts: the first.
  void answer(const Answer& answer) {
    if (std::exchange(is_answered_, true)) return;
    timer_.cancel();
    response_.result(answer.status);
    response_.set(http::field::content_type, answer.status == http::status::ok ? kMetricsType : "text/plain; charset=utf-8");
    if (answer.status == http::status::method_not_allowed) response_.set(http::field::allow, "GET");
    response_.keep_alive(false);
    response_.body() = answer.text;
    response_.prepare_payload();
    stream_.expires_after(kPatience);
    http::async_write(stream_, response_, [self = shared_from_this()](const Failed&, std::size_t) {
      Failed ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      self->on_end_();
    });
  }

 private:
  void look_at_request() {
    const auto& request = parser_.get();
    const std::string_view target(request.target().data(), request.target().size());
    if (target.substr(0, target.find('?')) != "/metrics") return answer({http::status::not_found, "there is /metrics alone\n"});
    if (request.method() != http::verb::get) return answer({http::status::method_not_allowed, "there is GET alone\n"});
    timer_.expires_after(kPatience);
    timer_.async_wait([self = shared_from_this()](const Failed& failed) {
      if (!failed) self->answer({http::status::service_unavailable, "the manager does not answer\n"});
    });
    on_ask_(shared_from_this());
  }

  boost::beast::tcp_stream stream_;
  asio::steady_timer timer_;
  const OnAsk on_ask_;
  const std::function<void()> on_end_;
  boost::beast::flat_buffer buffer_{kMostHeaderBytes};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
  bool is_answered_ = false;
};

// Stops the loop when a handle, that is borrowed, is readable.
class HandleWait {
 public:
  HandleWait(asio::io_context& loop, int handle) : descriptor_(loop, handle) {
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [&loop](const Failed& failed) {
      if (!failed) loop.stop();
    });
  }
  ~HandleWait() { descriptor_.release(); }
  HandleWait(const HandleWait&) = delete;
  HandleWait& operator=(const HandleWait&) = delete;

 private:
  platform::Descriptor descriptor_;
};

tcp::endpoint endpoint_of(const std::string& address, std::uint16_t port) {
  if (const std::string problem = problem_of_address(address); !problem.empty()) throw std::invalid_argument(problem);
  return {asio::ip::make_address(address), port};
}

}  // namespace

std::string problem_of_address(const std::string& address) {
  Failed failed;
  asio::ip::make_address(address, failed);
  return failed ? fmt::format("{} is no numeric address, as 127.0.0.1 or ::1 are", address) : "";
}

struct MetricsServer::State {
  explicit State(const tcp::endpoint& endpoint) try : acceptor(loop, endpoint) {
  } catch (const boost::system::system_error& error) {
    throw std::system_error(error.code().value(), std::generic_category(),
                            fmt::format("listening at {} port {}", endpoint.address().to_string(), endpoint.port()));
  }

  void accept() {
    if (is_accepting || connections == kMostConnections) return;
    is_accepting = true;
    acceptor.async_accept([this](const Failed& failed, tcp::socket socket) {
      is_accepting = false;
      if (failed) return accept_later();
      ++connections;
      const auto on_ask = [this](const std::shared_ptr<Connection>& connection) {
        asking.push_back(connection);
        asker->ask();
      };
      const auto on_end = [this] {
        --connections;
        accept();
      };
      std::make_shared<Connection>(std::move(socket), on_ask, on_end)->start();
      accept();
    });
  }
  // There are no handles, or the client has gone already.
  void accept_later() {
    pause.expires_after(kPause);
    pause.async_wait([this](const Failed& failed) {
      if (!failed) accept();
    });
  }
  // Of those that asked while it was made, some are told what is a moment old.
  void answer_all(const Answer& answer) {
    for (const auto& each : std::exchange(asking, {})) each->answer(answer);
  }

  asio::io_context loop{1};
  tcp::acceptor acceptor;
  asio::steady_timer pause{loop};
  std::size_t connections = 0;
  bool is_accepting = false;
  std::vector<std::shared_ptr<Connection>> asking{};
  std::shared_ptr<Asker> asker{};
};

MetricsServer::MetricsServer(const std::string& address, std::uint16_t port)
    : state_(std::make_unique<State>(endpoint_of(address, port))) {}

MetricsServer::~MetricsServer() = default;

std::string MetricsServer::url() const {
  const tcp::endpoint at = state_->acceptor.local_endpoint();
  const std::string host = at.address().is_v6() ? fmt::format("[{}]", at.address().to_string()) : at.address().to_string();
  return fmt::format("http://{}:{}/metrics", host, at.port());
}

bool MetricsServer::run(Source source, const std::vector<int>& ends) {
  State& state = *state_;
  state.asker = std::make_shared<Asker>(std::move(source), [&state](const Answer& answer) {
    asio::post(state.loop, [&state, answer] { state.answer_all(answer); });
  });
  std::vector<std::unique_ptr<HandleWait>> waits;
  for (const int each : ends) waits.push_back(std::make_unique<HandleWait>(state.loop, each));
  std::thread thread([asker = state.asker] { asker->run(); });
  std::exception_ptr error;
  try {
    state.accept();
    state.loop.run();
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  const bool has_ended = state.asker->end();
  has_ended ? thread.join() : thread.detach();
  if (!has_ended) (void)state_.release();  // it is the thread's now
  if (error != nullptr) std::rethrow_exception(error);
  return has_ended;
}

}  // namespace troupe::command
