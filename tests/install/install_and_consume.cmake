# SPDX-License-Identifier: BSL-1.0
# Installs the library below ${work}, builds ${consumer} against it, runs it, and expects 15; and a test that uses troupe::testing.
function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${work})
run("installing" ${CMAKE_COMMAND} --install ${library_build} --prefix ${work}/prefix)
run("configuring the consumer" ${CMAKE_COMMAND} -G Ninja -S ${consumer} -B ${work}/build -D CMAKE_PREFIX_PATH=${work}/prefix
    -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=${build_type} "-DCMAKE_CXX_FLAGS=${flags}")
run("building the consumer" ${CMAKE_COMMAND} --build ${work}/build)

run("reading the consumer's notes" ${readelf} --notes ${work}/build/first_example)
if(NOT output MATCHES "Build ID: [0-9a-f]+")
  message(FATAL_ERROR "the consumer's executable has no build id:\n${output}")
endif()

run("the first example" ${launcher} ${work}/build/first_example)
if(NOT output STREQUAL "15\n")
  message(FATAL_ERROR "the first example should print 15; it printed:\n${output}")
endif()

run("the consumer's test" ${launcher} ${work}/build/first_test)
if(NOT output MATCHES "PASSED  \\] 2 tests")
  message(FATAL_ERROR "the consumer's test should run two tests; it printed:\n${output}")
endif()

# Where it was built, the command line is there, too, and is the library's.
if(EXISTS ${work}/prefix/bin/actor-host)
  run("the command line" ${launcher} ${work}/prefix/bin/actor-host --version)
  if(NOT output MATCHES "^troupe [0-9.]+\n$")
    message(FATAL_ERROR "actor-host --version should name the library's version; it printed:\n${output}")
  endif()
  # A module that was built out there is run and called by it.
  run("a module" sh ${consumer}/run_module.sh ${work}/run ${work}/build/libcounter.so ${launcher} ${work}/prefix/bin/actor-host)
  if(NOT output STREQUAL "15\n")
    message(FATAL_ERROR "the module's actor should answer 15; it printed:\n${output}")
  endif()
endif()
