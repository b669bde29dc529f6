# The verifiers of evidence, of credentials and of statements as a library of other projects:
# find_package(Merlon) gives merlon::verify, merlon::credential and merlon::statement.
#
#   cmake -B build/package -DCMAKE_BUILD_TYPE=Release -DMERLON_PACKAGE=ON -DMERLON_TESTS=OFF
#   cmake --build build/package --target merlon_verify merlon_credential merlon_statement
#   cmake --install build/package --component verify --prefix PREFIX
#
# Preset library lays it out as Debian's package libmerlon-dev has it.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(MERLON_PACKAGE_ROOMS core base codec crypto zk snp sgx tdx x509 evidence credential statement verify)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Merlon)

target_include_directories(merlon_core INTERFACE $<INSTALL_INTERFACE:include>)
target_compile_features(merlon_core INTERFACE cxx_std_20)

foreach(room IN LISTS MERLON_PACKAGE_ROOMS)
  set_target_properties(merlon_${room} PROPERTIES EXPORT_NAME ${room})
  install(
    TARGETS merlon_${room}
    EXPORT Merlon
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT verify)
  install(
    DIRECTORY ${CMAKE_SOURCE_DIR}/merlon/${room}/
    DESTINATION include/merlon/${room}
    COMPONENT verify
    FILES_MATCHING
    PATTERN "*.h"
    PATTERN "*.def"
    PATTERN "testing" EXCLUDE)
endforeach()
# Not for who links these, but for who writes workloads: in a folder of its own, since compilers for
# WebAssembly must not look into that of this system's headers.
install(
  DIRECTORY ${CMAKE_SOURCE_DIR}/guest/merlon
  DESTINATION include/merlon-guest
  COMPONENT verify
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.hpp")
install(TARGETS merlon_warnings EXPORT Merlon COMPONENT verify)
install(
  EXPORT Merlon
  NAMESPACE merlon::
  FILE MerlonTargets.cmake
  DESTINATION ${package_dir}
  COMPONENT verify)

file(WRITE ${CMAKE_BINARY_DIR}/MerlonConfig.cmake [[
include(${CMAKE_CURRENT_LIST_DIR}/MerlonTargets.cmake)
# The static libcrypto of Debian 13 stands on these, wherever this package was made.
foreach(name IN ITEMS zstd z)
  find_library(MERLON_STATIC_${name} NAMES lib${name}.a)
  if(MERLON_STATIC_${name})
    target_link_libraries(merlon::crypto INTERFACE ${MERLON_STATIC_${name}})
  endif()
endforeach()
]])
write_basic_package_version_file(${CMAKE_BINARY_DIR}/MerlonConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(
  FILES ${CMAKE_BINARY_DIR}/MerlonConfig.cmake ${CMAKE_BINARY_DIR}/MerlonConfigVersion.cmake
  DESTINATION ${package_dir}
  COMPONENT verify)
