// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/life_page.hpp"
#include "platform/process.hpp"

namespace troupe::platform {

// In the process that may be asked, in its main thread: from here on the stack of that thread is written to `page` when
// somebody asks for it (LifeView::stack_after), whatever the thread does at that moment, and it goes on. By a signal, SIGURG:
// what handles it later, or blocks it in the main thread, makes that there is no answer. A handler that was there before gets
// what is not from here. System calls go on by themselves, but for those that no handler lets do so (poll, epoll_wait, select,
// nanosleep and others of signal(7)): they return EINTR. `page` must live until the process ends. Once per process.
void answer_stack_requests(LifePage& page);

// In the other one. One that has ended is not asked, and one that answers nothing is not harmed: by itself the kernel ignores
// that signal. Who asks again before there was an answer gets one for both.
void ask_for_stack(const Process& process) noexcept;

}  // namespace troupe::platform
