# How every file of Merlon is compiled. Rooms add nothing to it but their own external libraries.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(MERLON_CCACHE ccache)
if(MERLON_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MERLON_CCACHE})
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    # What was compiled in one checkout serves in another: the compiler is given paths from where it
    # is called. The two leniences and the digests are what precompiled headers need (headers.cmake).
    find_program(MERLON_ENV env REQUIRED)  # a tenth of what `cmake -E env` takes, before each file
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${MERLON_ENV} CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
        CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1 CCACHE_DEPEND=1 ${MERLON_CCACHE})
  endif()
endif()

# Messages and stored call sites name files from the root of the tree, wherever that is.
file(RELATIVE_PATH MERLON_ROOT_FROM_BUILD ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
set(MERLON_SHORT_NAMES -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/= -fmacro-prefix-map=${MERLON_ROOT_FROM_BUILD}=)
add_compile_options(${MERLON_SHORT_NAMES})
add_compile_options(-fPIE -fno-omit-frame-pointer)
include_directories(${CMAKE_SOURCE_DIR})  # the one include root: include path = folder path

add_library(merlon_warnings INTERFACE)
target_compile_options(
  merlon_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wswitch-enum
            -Wtype-limits -Werror)

if(MERLON_SANITIZE)
  add_compile_options(-fsanitize=${MERLON_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MERLON_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ loses track of a Result's tag between sanitizer calls and warns where nothing is wrong.
    target_compile_options(merlon_warnings INTERFACE -Wno-maybe-uninitialized)
    # So it does of what lives around a vfork.
    target_compile_options(merlon_warnings INTERFACE -Wno-clobbered)
  endif()
endif()
if(MERLON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(MERLON_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# Release: hardened, optimised over the whole program, and the same bytes from the same sources.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fstack-protector-strong
                      -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fcf-protection
                      -ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--build-id=sha1)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
