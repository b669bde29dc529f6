# Programs without an operating system: merlon_shim(NAME SOURCES … DEPS freestanding rooms' sources).
#
# Their flags are their own: no sanitizer, no coverage, no vector registers, no C library. The
# sources of the rooms they use are compiled again with these flags.

function(merlon_shim name)
  cmake_parse_arguments(ARG "" "SCRIPT" "SOURCES" ${ARGN})
  merlon_refuse_unparsed(merlon_shim "${ARG_UNPARSED_ARGUMENTS}")
  add_executable(${name} ${ARG_SOURCES})
  merlon_freestanding(${name} ${ARG_SCRIPT})
  target_compile_options(${name} PRIVATE -fno-pic -fno-pie -mcmodel=small)
  target_link_options(${name} PRIVATE -static)
endfunction()

# merlon_enclave_shim(NAME …): a shim for an enclave. What a host can foresee of its jumps is as little as can be.
function(merlon_enclave_shim name)
  merlon_shim(${name} ${ARGN})
  target_compile_options(${name} PRIVATE -fno-jump-tables)
  target_compile_definitions(${name} PRIVATE MERLON_ENCLAVE)
endfunction()

# merlon_vdso(NAME SOURCES …): a shared object of one page that needs nothing, for keeps.
function(merlon_vdso name)
  cmake_parse_arguments(ARG "" "SCRIPT" "SOURCES" ${ARGN})
  merlon_refuse_unparsed(merlon_vdso "${ARG_UNPARSED_ARGUMENTS}")
  add_library(${name} MODULE ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY
                                                     ${CMAKE_CURRENT_BINARY_DIR})
  merlon_freestanding(${name} ${ARG_SCRIPT})
  target_compile_options(${name} PRIVATE -fpic -fvisibility=hidden)
  target_link_options(${name} PRIVATE -Wl,--hash-style=sysv -Wl,-s -Wl,--no-undefined)
endfunction()

function(merlon_freestanding name script)
  target_link_libraries(${name} PRIVATE merlon_warnings)
  set_target_properties(
    ${name}
    PROPERTIES COMPILE_OPTIONS "" LINK_OPTIONS "" INTERPROCEDURAL_OPTIMIZATION OFF
               LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${script})
  target_compile_options(
    ${name}
    PRIVATE ${MERLON_SHORT_NAMES} -O2 -ffreestanding -fno-exceptions -fno-rtti
            -fno-stack-protector -fno-threadsafe-statics -fno-asynchronous-unwind-tables
            -mno-red-zone -mno-sse -mno-mmx -fcf-protection=none -fno-omit-frame-pointer
            -U_FORTIFY_SOURCE -U_GLIBCXX_ASSERTIONS)
  target_link_options(
    ${name}
    PRIVATE -nostdlib -Wl,--build-id=none -Wl,-T,${CMAKE_CURRENT_SOURCE_DIR}/${script}
            -Wl,-z,noexecstack -Wl,--fatal-warnings)
endfunction()
