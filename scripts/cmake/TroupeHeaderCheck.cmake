# SPDX-License-Identifier: BSL-1.0
# The target check_headers: every header compiles alone, with what it includes itself; public ones with clang++ too, and
# without sight of the rooms. A header is looked at again only when it, or something that it includes, has changed.
file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/*.hpp)
file(GLOB_RECURSE room_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/runtime ${PROJECT_SOURCE_DIR}/runtime/*.hpp)
find_program(TROUPE_GXX g++)
find_program(TROUPE_CLANGXX clang++)

add_custom_target(check_headers)

function(troupe_check_headers_alone compiler compiler_name folder headers)
  set(flags -std=c++20 -fsyntax-only -pthread $<TARGET_PROPERTY:troupe_warnings,INTERFACE_COMPILE_OPTIONS> -Werror)
  foreach(folder_to_see ${ARGN})
    list(APPEND flags -I${PROJECT_SOURCE_DIR}/${folder_to_see})
  endforeach()
  foreach(header ${headers})
    set(includer ${PROJECT_BINARY_DIR}/headers/${folder}/${header}.cpp)
    file(CONFIGURE OUTPUT ${includer} CONTENT "#include \"${PROJECT_SOURCE_DIR}/${folder}/${header}\"\n")
    set(stamp ${PROJECT_BINARY_DIR}/headers/${compiler_name}/${folder}/${header}.stamp)
    get_filename_component(stamp_folder ${stamp} DIRECTORY)
    file(MAKE_DIRECTORY ${stamp_folder})
    add_custom_command(
      OUTPUT ${stamp}
      COMMAND ${compiler} ${flags} -MMD -MF ${stamp}.d -MT ${stamp} ${includer}
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${includer}
      DEPFILE ${stamp}.d
      COMMENT "${compiler_name}: ${folder}/${header} alone"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND stamps ${stamp})
  endforeach()
  add_custom_target(check_headers_${compiler_name}_${folder} DEPENDS ${stamps})
  add_dependencies(check_headers check_headers_${compiler_name}_${folder})
endfunction()

if(TROUPE_GXX)
  troupe_check_headers_alone(${TROUPE_GXX} g++ include "${public_headers}" include)
  troupe_check_headers_alone(${TROUPE_GXX} g++ runtime "${room_headers}" include runtime)
endif()
if(TROUPE_CLANGXX)
  troupe_check_headers_alone(${TROUPE_CLANGXX} clang++ include "${public_headers}" include)
endif()
