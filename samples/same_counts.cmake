# SPDX-License-Identifier: BSL-1.0
# With and without actors, and with one that crashes in the middle: the totals must be equal, the crash explained.
foreach(arguments "--in-process" "" "--crash;100")
  execute_process(COMMAND ${WORD_COUNT} ${DIRECTORY} ${arguments} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "total: [^\n]+" total "${output}")
  if(NOT total OR (DEFINED expected AND NOT total STREQUAL expected))
    message(FATAL_ERROR "with '${arguments}', expected ${expected}:\n${output}")
  endif()
  set(expected "${total}")
endforeach()
if(NOT output MATCHES "cause: [^\n]*signal 11")
  message(FATAL_ERROR "the crash is not explained:\n${output}")
endif()
