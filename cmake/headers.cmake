# Headers that are compiled beforehand, and how the compiler's cache knows them again.
#
#   merlon_build_fast(TARGET tests|rooms)
#       Where it is built for debugging: three quarters of what a file costs are headers that most
#       files include, and GoogleTest's templates. Rooms keep their flags, tests are not optimised.
#       Each file is built somewhere without: all in preset clang22, rooms in release as well. There
#       whoever forgets an include is told.

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang finds X.pch for X by itself, and ccache makes this path a relative one: not so the paths of
  # -include-pch, with which nothing that was compiled in one checkout would serve in another.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include <PCH_HEADER>)
endif()

function(merlon_build_fast target kind)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    return()
  endif()
  if(kind STREQUAL "tests")
    target_compile_options(${target} PRIVATE -O0 -g1)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT MERLON_SANITIZE)
    return()
  endif()
  if(kind STREQUAL "tests")
    merlon_compile_headers(test_headers GTest::gtest -O0 -g1)
    target_precompile_headers(${target} REUSE_FROM merlon_test_headers)
  else()
    merlon_compile_headers(room_headers)
    target_precompile_headers(${target} REUSE_FROM merlon_room_headers)
  endif()
endfunction()

# Target merlon_NAME, of cmake/NAME.h. What comes behind are a library and options that its users have.
function(merlon_compile_headers name)
  set(target merlon_${name})
  if(TARGET ${target})
    return()
  endif()
  set(header ${CMAKE_SOURCE_DIR}/cmake/${name}.h)
  add_library(${target} OBJECT ${CMAKE_SOURCE_DIR}/cmake/headers.cc)
  target_link_libraries(${target} PRIVATE merlon_warnings)
  set(library)
  set(options ${ARGN})
  if(options)
    list(POP_FRONT options library)
    target_link_libraries(${target} PRIVATE ${library})
    target_compile_options(${target} PRIVATE ${options})
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Headers are older in one checkout and younger in another; what is in them is the same.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    set(suffix pch)
  else()
    set(suffix gch)
  endif()
  # By a name that is the same in each checkout: clang counts the file that has it among what it read.
  target_precompile_headers(${target} PRIVATE "\"cmake/${name}.h\"")
  merlon_digest_headers(${header} ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.${suffix}.sum ${library})
endfunction()

# g++ compiles these headers into 100 MiB, and ccache reads all of them for each file, which costs as
# much as a small one does. CCACHE_PCH_EXTSUM has it read FILE instead: a digest of what went in.
function(merlon_digest_headers header file)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_DEBUG} -std=c++20")
  set(read_from ${header})
  foreach(library IN LISTS ARGN)
    get_target_property(include ${library} INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT include IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
      list(APPEND flags -isystem ${include})
    endif()
    file(GLOB headers_of_library ${include}/gtest/*.h)
    list(APPEND read_from ${headers_of_library})
  endforeach()
  execute_process(
    COMMAND ${CMAKE_CXX_COMPILER} ${flags} -E -P -x c++ -include ${header} /dev/null
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(SHA256 digest "${CMAKE_CXX_COMPILER_VERSION} ${flags} ${MERLON_SANITIZE} ${text}")
  file(CONFIGURE OUTPUT ${file} CONTENT "${digest}\n")
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${read_from})
endfunction()
