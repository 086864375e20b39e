# SPDX-License-Identifier: BSL-1.0
# One case of the compile_fail tests: cmake -D source= -D compiler= -D include_directories= -P compile_case.cmake
file(STRINGS ${source} expectations REGEX "^// expect: ")
list(TRANSFORM include_directories PREPEND -I)

execute_process(COMMAND ${compiler} -std=c++20 -fsyntax-only -pthread ${include_directories} ${source}
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(NOT expectations)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${source} must compile, but:\n${output}")
  endif()
  return()
endif()
if(result EQUAL 0)
  message(FATAL_ERROR "${source} compiles, and must not")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^// expect: +" "" text "${expectation}")
  string(FIND "${output}" "${text}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "${source} does not compile, as it should, but the compiler does not say\n  ${text}\nIt says:\n${output}")
  endif()
endforeach()
