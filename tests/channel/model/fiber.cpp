// SPDX-License-Identifier: BSL-1.0
#include "fiber.hpp"

namespace troupe::model {
namespace {

Fiber* active = nullptr;
jmp_buf resumer;

}  // namespace

Fiber::Fiber() : stack_(std::make_unique<std::byte[]>(kStackBytes)) {
  ::getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = nullptr;
  ::makecontext(&context_, &Fiber::begin, 0);
}

void Fiber::restart(const std::function<void()>& body) {
  body_ = &body;
  is_at_base_ = true;
  has_ended_ = false;
}

void Fiber::resume() {
  active = this;
  if (_setjmp(resumer) != 0) return;
  if (!is_made_) {
    is_made_ = true;
    is_at_base_ = false;
    ::setcontext(&context_);
  }
  if (is_at_base_) {
    is_at_base_ = false;
    _longjmp(base_, 1);
  }
  _longjmp(point_, 1);
}

void Fiber::suspend() {
  if (_setjmp(active->point_) == 0) _longjmp(resumer, 1);
}

void Fiber::begin() {
  (void)_setjmp(active->base_);
  (*active->body_)();
  active->has_ended_ = true;
  suspend();
}

}  // namespace troupe::model
