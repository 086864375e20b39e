// SPDX-License-Identifier: BSL-1.0
#include "platform/asio_objects.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace troupe::platform {

namespace {

using boost::system::error_code;

struct UnlessFailed {
  Function<void()> then;

  void operator()(error_code error) const {
    if (!error) then();
  }
};

}  // namespace

void when_readable(Descriptor& descriptor, Function<void()> then) {
  descriptor.async_wait(Descriptor::wait_read, UnlessFailed{std::move(then)});
}

void when_writable(Descriptor& descriptor, Function<void()> then) {
  descriptor.async_wait(Descriptor::wait_write, UnlessFailed{std::move(then)});
}

void when_due(Timer& timer, Function<void()> then) { timer.async_wait(UnlessFailed{std::move(then)}); }

void post(boost::asio::io_context& loop, Function<void()> then) { boost::asio::post(loop, std::move(then)); }

}  // namespace troupe::platform
