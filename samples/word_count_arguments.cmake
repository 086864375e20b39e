# SPDX-License-Identifier: BSL-1.0
# What is no order is refused with the usage, and nothing is counted.
foreach(arguments "--crash;5x" "--crash;0" "--crash;-1" "--crash" "${DIRECTORY};${DIRECTORY}" "--in-process;--crash;1" "--nonsense")
  execute_process(COMMAND ${WORD_COUNT} ${arguments} OUTPUT_VARIABLE output ERROR_VARIABLE complaint RESULT_VARIABLE result)
  if(NOT result EQUAL 2 OR NOT output STREQUAL "" OR NOT complaint MATCHES "usage: word_count")
    message(FATAL_ERROR "'${arguments}' gives ${result}:\n${output}${complaint}")
  endif()
endforeach()
execute_process(COMMAND ${WORD_COUNT} --help OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT output MATCHES "^usage: word_count")
  message(FATAL_ERROR "--help gives ${result}:\n${output}")
endif()
