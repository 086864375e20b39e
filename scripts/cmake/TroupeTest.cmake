# SPDX-License-Identifier: BSL-1.0
# How tests are declared. Every test has a watchdog, whoever starts ctest and however it was declared.
set(TROUPE_TEST_TIMEOUT 60 CACHE STRING "Seconds after which a test counts as hung")
option(TROUPE_FUZZ "Build the fuzz targets (clang, preset fuzz)" OFF)

set(DART_TESTING_TIMEOUT ${TROUPE_TEST_TIMEOUT})
set_property(GLOBAL PROPERTY CTEST_TARGETS_ADDED 1)  # without the dashboard targets
include(CTest)

find_package(GTest REQUIRED)
include(GoogleTest)
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)  # ctest asks for the names, so building never runs a test program

# What tests see beyond the public headers: the rooms.
add_library(troupe_rooms INTERFACE)
target_include_directories(troupe_rooms INTERFACE ${PROJECT_SOURCE_DIR}/runtime ${PROJECT_SOURCE_DIR})
target_link_libraries(troupe_rooms INTERFACE troupe::testing troupe_warnings fmt::fmt Boost::filesystem)

# troupe_test(NAME [SOURCES file...] [LIBRARIES target...] [TIMEOUT seconds] [PROPERTIES name value...])
# A GoogleTest program, NAME.cpp unless SOURCES say otherwise; each TEST in it is a test of ctest. A main of its own
# among the sources (main_guard first) takes precedence over GoogleTest's.
function(troupe_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LIBRARIES;PROPERTIES")
  if(NOT arg_SOURCES)
    set(arg_SOURCES ${name}.cpp)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${TROUPE_TEST_TIMEOUT})
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE troupe_rooms ${arg_LIBRARIES} GTest::gmock_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${arg_TIMEOUT} ${arg_PROPERTIES})
endfunction()

# troupe_fuzzer(NAME [SOURCES file...] [TIMEOUT seconds])
# NAME.cpp and SOURCES. In the preset fuzz a libFuzzer program, built by the target `fuzzers` and run by `scripts/campaign
# fuzz`; in the others the test fuzz.NAME, which gives each file of corpus/NAME to the same function once.
function(troupe_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES")
  set(program troupe-fuzz-${name})
  if(TROUPE_FUZZ)
    add_executable(${program} EXCLUDE_FROM_ALL ${name}.cpp ${arg_SOURCES})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${program} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers ${program})
  else()
    if(NOT arg_TIMEOUT)
      set(arg_TIMEOUT ${TROUPE_TEST_TIMEOUT})
    endif()
    add_executable(${program} ${name}.cpp ${arg_SOURCES} replay.cpp)
    add_test(NAME fuzz.${name} COMMAND ${program} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  endif()
  target_link_libraries(${program} PRIVATE troupe_rooms)
endfunction()
