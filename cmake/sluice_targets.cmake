# SPDX-License-Identifier: Apache-2.0
# One function a kind of target, so that every room is built with the same flags.

set(SLUICE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  list(APPEND SLUICE_WARNINGS -Wno-sign-conversion)  # is no part of g++'s -Wconversion
endif()

# What most sources include, parsed once a target if SLUICE_PRECOMPILE is on.
set(SLUICE_PRECOMPILED
  <algorithm> <array> <cmath> <cstdint> <functional> <limits> <map> <optional> <set> <span> <string>
  <string_view> <utility> <variant> <vector> <fmt/format.h>)

# sluice_precompile(target arguments of target_precompile_headers)
function(sluice_precompile target)
  if(SLUICE_PRECOMPILE)
    target_precompile_headers(${target} ${ARGN})
    # For a compiler cache: the time at which CMake wrote the list of headers must not matter.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# Properties that every target of ours shares.
function(sluice_common target)
  target_compile_options(${target} PRIVATE ${SLUICE_WARNINGS})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  if(SLUICE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${SLUICE_SANITIZE})
  endif()
endfunction()

# sluice_knows_source(target): for programs that read files of the source tree. Libraries do not, so
# that a compiler cache serves them in every checkout.
function(sluice_knows_source target)
  target_compile_definitions(${target} PRIVATE SLUICE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

# sluice_allocator(target): a program that takes its memory from mimalloc; sanitizers bring their own.
function(sluice_allocator target)
  if(NOT SLUICE_SANITIZE)
    target_link_libraries(${target} PRIVATE mimalloc)
  endif()
endfunction()

# sluice_library(room SOURCES a.cpp ... [LINK targets]): one static library a room.
function(sluice_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  sluice_common(${name})
  # The same objects serve programs and the Python module, and so does a compiler cache.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  sluice_precompile(${name} PRIVATE ${SLUICE_PRECOMPILED})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()

# sluice_systemc(target): SystemC for a target. Debian's SystemC 2.3.4 is a C++17 build; a C++20
# program links with it only when SC_CPLUSPLUS says so in every unit that includes it.
function(sluice_systemc target)
  target_compile_definitions(${target} PRIVATE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)
  target_link_libraries(${target} PRIVATE systemc)
endfunction()

# sluice_test(name SOURCES a.cpp ... LINK targets): a doctest program and its fast and slow entries.
# Test cases in the suite "slow" run only in the entry <name>_slow.
function(sluice_test name)
  cmake_parse_arguments(ARG "SYSTEMC" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  sluice_common(${name})
  sluice_precompile(${name} REUSE_FROM sluice_test_main)
  target_link_libraries(${name} PRIVATE sluice_test_main ${ARG_LINK})
  if(ARG_SYSTEMC)
    sluice_systemc(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} --test-suite-exclude=slow --no-version)
  add_test(NAME ${name}_slow COMMAND ${name} --test-suite=slow --no-version)
  set_tests_properties(${name} PROPERTIES LABELS fast)
  if(SLUICE_SANITIZE)  # SystemC's processes have stacks of their own, which that check confuses
    set_tests_properties(${name} PROPERTIES ENVIRONMENT ASAN_OPTIONS=detect_stack_use_after_return=0)
  endif()
  set_tests_properties(${name}_slow PROPERTIES LABELS slow TIMEOUT 1800)
endfunction()

# sluice_registry(variable file macro folder): the sources `folder/name.cpp` of the entries
# macro(name) in a .def file, which is then read again whenever it changes.
function(sluice_registry variable file macro folder)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  file(STRINGS ${file} lines REGEX "^${macro}\\([a-z0-9_]+")
  set(sources)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^${macro}\\(([a-z0-9_]+).*$" "${folder}/\\1.cpp" source "${line}")
    list(APPEND sources ${source})
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# sluice_embed(target name file): the bytes of a file as `extern "C" const char NAME[]`, followed by
# a zero, and their number as `extern "C" const std::uint64_t NAME_size`.
function(sluice_embed target name file)
  get_filename_component(path ${file} ABSOLUTE)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.S)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
/* Made by sluice_embed() of @path@ */
    .section .rodata
    .balign 8
    .global @name@_size
@name@_size:
    .8byte @name@_end - @name@
    .global @name@
@name@:
    .incbin "@path@"
@name@_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${path})
  target_sources(${target} PRIVATE ${source})
endfunction()
