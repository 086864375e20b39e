// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// ThreadSanitizer makes fork out of vfork, and keeps a thread of its own.
#if defined(__SANITIZE_THREAD__)
#define TROUPE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TROUPE_THREAD_SANITIZER 1
#endif
#endif

#if defined(TROUPE_THREAD_SANITIZER)
constexpr bool kUnderThreadSanitizer = true;
#undef TROUPE_THREAD_SANITIZER
#else
constexpr bool kUnderThreadSanitizer = false;
#endif

}  // namespace troupe::platform
