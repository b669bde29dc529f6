# One call per folder; flags, alias, tests and labels are derived.
#
#   merlon_room(NAME [SOURCES x.cc…] [DEPS room…] [LIBS external…] [TESTS x_test.cc…] [TEST_DEPS room…])
#       the room merlon/NAME: target merlon_NAME, alias merlon::NAME. Without SOURCES: headers only.
#       A folder with a target of its own inside a room is named room_folder (host_kvm = merlon/host/kvm).
#   merlon_test(NAME SOURCES x_test.cc… [DEPS room…] [LIBS external…] [LABEL unit])
#       a GoogleTest program; each TEST becomes one ctest test.
#   merlon_testing(NAME SOURCES testing/x.cc… [DEPS room…])
#       merlon::NAME_testing, what tests and fuzzers make with the room NAME; no program links it.
#   merlon_program(NAME SOURCES main.cc [DEPS room…] [LIBS external…] [STATIC_PIE|STATIC_RUNTIME])
#       a program in build/<preset>/bin. STATIC_PIE: needs no file of the host. STATIC_RUNTIME: the
#       C++ library is linked in, which halves the time a program takes to start.
#   merlon_fuzzer(NAME SOURCE fuzz_x.cc [DEPS room…] [CORPUS dir] [DICT file])
#       libFuzzer target fuzz_NAME in preset fuzz; in all others the corpus is replayed as a test.
#
# External libraries are treated as SYSTEM: their headers give no warnings.

include(GoogleTest)

function(merlon_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS;TESTS;TEST_DEPS" ${ARGN})
  merlon_refuse_unparsed(merlon_room "${ARG_UNPARSED_ARGUMENTS}")
  list(TRANSFORM ARG_DEPS PREPEND merlon::)
  if(ARG_SOURCES)
    add_library(merlon_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(merlon_${name} PUBLIC ${ARG_DEPS} PRIVATE merlon_warnings)
    target_link_libraries(merlon_${name} PUBLIC ${ARG_LIBS})
    merlon_build_fast(merlon_${name} rooms)
  else()
    add_library(merlon_${name} INTERFACE)
    target_link_libraries(merlon_${name} INTERFACE ${ARG_DEPS} ${ARG_LIBS})
  endif()
  add_library(merlon::${name} ALIAS merlon_${name})
  if(ARG_TESTS AND MERLON_TESTS)
    merlon_test(${name} SOURCES ${ARG_TESTS} DEPS ${name} ${ARG_TEST_DEPS})
  endif()
endfunction()

function(merlon_test name)
  if(NOT MERLON_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS;LIBS" ${ARGN})
  merlon_refuse_unparsed(merlon_test "${ARG_UNPARSED_ARGUMENTS}")
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  list(TRANSFORM ARG_DEPS PREPEND merlon::)
  add_executable(merlon_${name}_test ${ARG_SOURCES})
  target_link_libraries(merlon_${name}_test PRIVATE merlon_warnings ${ARG_DEPS} ${ARG_LIBS}
                                                    GTest::gtest GTest::gtest_main)
  merlon_build_fast(merlon_${name}_test tests)
  set_target_properties(merlon_${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                                       ${CMAKE_BINARY_DIR}/tests)
  set_property(GLOBAL APPEND PROPERTY MERLON_UNIT_TESTS merlon_${name}_test)
  gtest_discover_tests(
    merlon_${name}_test
    TEST_PREFIX ${name}.
    DISCOVERY_MODE PRE_TEST
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120 SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()

function(merlon_testing name)
  if(NOT MERLON_TESTS AND NOT MERLON_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  merlon_refuse_unparsed(merlon_testing "${ARG_UNPARSED_ARGUMENTS}")
  list(TRANSFORM ARG_DEPS PREPEND merlon::)
  add_library(merlon_${name}_testing STATIC ${ARG_SOURCES})
  target_link_libraries(merlon_${name}_testing PUBLIC merlon::${name} ${ARG_DEPS}
                                               PRIVATE merlon_warnings)
  merlon_build_fast(merlon_${name}_testing rooms)
  add_library(merlon::${name}_testing ALIAS merlon_${name}_testing)
endfunction()

include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,-z,pack-relative-relocs MERLON_PACKED_RELOCATIONS)
# A static program relocates itself, by code of the C library; glibc can do this from 2.36 on.
include(CheckCXXSourceRuns)
set(CMAKE_REQUIRED_FLAGS -fPIE)
set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie -Wl,-z,pack-relative-relocs)
check_cxx_source_runs(
  "int value; int* volatile pointer = &value; int main() { return pointer != &value; }"
  MERLON_PACKED_STATIC_RELOCATIONS)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

function(merlon_program name)
  cmake_parse_arguments(ARG "STATIC_PIE;STATIC_RUNTIME" "" "SOURCES;DEPS;LIBS" ${ARGN})
  merlon_refuse_unparsed(merlon_program "${ARG_UNPARSED_ARGUMENTS}")
  list(TRANSFORM ARG_DEPS PREPEND merlon::)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE merlon_warnings ${ARG_DEPS} ${ARG_LIBS})
  # A sanitizer's runtime cannot be linked into a static program.
  if(ARG_STATIC_PIE AND NOT MERLON_SANITIZE)
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/merlon/os/start.S)
    target_link_options(${name} PRIVATE -static-pie -Wl,--entry=merlon_start)
    if(MERLON_PACKED_STATIC_RELOCATIONS)
      target_link_options(${name} PRIVATE -Wl,-z,pack-relative-relocs)
    endif()
  else()
    target_link_options(${name} PRIVATE -pie)
    # The tables of OpenSSL alone are 20,000 relocations, at 24 bytes each without this.
    if(MERLON_PACKED_RELOCATIONS AND NOT MERLON_SANITIZE)
      target_link_options(${name} PRIVATE -Wl,-z,pack-relative-relocs)
    endif()
  endif()
  if(ARG_STATIC_RUNTIME AND NOT MERLON_SANITIZE)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

function(merlon_fuzzer name)
  cmake_parse_arguments(ARG "" "SOURCE;CORPUS;DICT" "DEPS" ${ARGN})
  merlon_refuse_unparsed(merlon_fuzzer "${ARG_UNPARSED_ARGUMENTS}")
  if(NOT MERLON_FUZZ AND NOT MERLON_TESTS)
    return()
  endif()
  list(TRANSFORM ARG_DEPS PREPEND merlon::)
  add_executable(fuzz_${name} ${ARG_SOURCE})
  target_link_libraries(fuzz_${name} PRIVATE merlon_warnings ${ARG_DEPS})
  set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  if(MERLON_FUZZ)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(fuzz_${name} PRIVATE merlon_replay)
    set_property(GLOBAL APPEND PROPERTY MERLON_UNIT_TESTS fuzz_${name})
    if(ARG_CORPUS)
      add_test(NAME fuzz.${name}.corpus
               COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_CORPUS})
      set_tests_properties(fuzz.${name}.corpus PROPERTIES LABELS unit TIMEOUT 120)
    endif()
  endif()
endfunction()

# `programs` builds all but the unit tests, for who wants to try whole programs only, and `unit_tests` those.
function(merlon_programs_target)
  get_property(unit_tests GLOBAL PROPERTY MERLON_UNIT_TESTS)
  merlon_targets_below(${CMAKE_SOURCE_DIR} targets)
  list(REMOVE_ITEM targets ${unit_tests})
  add_custom_target(programs DEPENDS ${targets})
  add_custom_target(unit_tests DEPENDS ${unit_tests})
endfunction()

function(merlon_targets_below folder result)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  set(found)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "EXECUTABLE|MODULE_LIBRARY|UTILITY")
      list(APPEND found ${target})
    endif()
  endforeach()
  foreach(each IN LISTS folders)
    merlon_targets_below(${each} below)
    list(APPEND found ${below})
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(merlon_refuse_unparsed where arguments)
  if(arguments)
    message(FATAL_ERROR "${where}: unknown arguments: ${arguments}")
  endif()
endfunction()
