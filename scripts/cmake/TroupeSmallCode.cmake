# SPDX-License-Identifier: BSL-1.0
# The library is linked into every user's program. What no call passes through is compiled for size in optimised builds:
# starting, stopping, the control plane, error texts.
set(paths
    runtime/base/
    runtime/wire/
    runtime/supervision/
    runtime/manager/
    runtime/roles/
    runtime/channel/extents
    runtime/channel/geometry
    runtime/client/actor_wait
    runtime/client/arrivals
    runtime/client/callback_thread
    runtime/client/call_channel\\.cpp
    runtime/client/call_channel_cancel
    runtime/client/call_channel_fall
    runtime/client/call_channel_legacy
    runtime/client/call_channel_lives
    runtime/client/cell_callbacks
    runtime/client/death_cause
    runtime/client/derivation
    runtime/client/future_thread
    runtime/client/group
    runtime/client/lease
    runtime/client/limits
    runtime/client/link
    runtime/client/moved_call
    runtime/client/refusal
    runtime/client/remote_function
    runtime/client/runtime
    runtime/client/session
    runtime/client/several
    runtime/client/spawn_check
    runtime/host/actor
    runtime/host/checkpoints
    runtime/host/control
    runtime/host/deferrals
    runtime/host/host
    runtime/host/inbox
    runtime/host/limits
    runtime/host/method_table
    runtime/host/served_channel
    runtime/host/stop_requests
    runtime/host/this_call
    runtime/host/thrown
    runtime/pool/actor_pool_breaker
    runtime/pool/actor_pool_keeper
    runtime/pool/actor_pool_options
    runtime/pool/actor_pool_replacement
    runtime/pool/crew_errors
    runtime/pool/crew_options
    runtime/pool/executor
    runtime/pool/pool\\.cpp
    runtime/pool/verbs
    runtime/platform/)
list(JOIN paths "|" pattern)
get_target_property(sources troupe SOURCES)
list(FILTER sources INCLUDE REGEX "${pattern}")
list(FILTER sources EXCLUDE REGEX "platform/(coarse_clock|futex|processor)")
set(options -Oz)
# Where functions of headers are specialised for one file (ipa-sra), each file has a copy of its own that the linker cannot
# merge: 8 KiB. What gcse saves in code it takes three times over in unwinding tables: 3 KiB. Without inline functions of
# std::string and others among the symbols that the program exports: 3 KiB.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  list(APPEND options -fno-ipa-sra -fno-gcse)
endif()
list(APPEND options -fvisibility-inlines-hidden)
set_property(SOURCE ${sources} TARGET_DIRECTORY troupe APPEND PROPERTY COMPILE_OPTIONS "$<$<NOT:$<CONFIG:Debug>>:${options}>")
