#pragma once

// For tests: genuine evidence that is not part of the repository, in $MERLON_SHARED or ../shared.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace merlon::codec::testing {

inline std::filesystem::path vectors_folder() {
  const char* shared = std::getenv("MERLON_SHARED");
  return std::filesystem::path(shared == nullptr ? "../shared" : shared) / "vectors";
}

inline bool have_vectors() { return std::filesystem::is_directory(vectors_folder()); }

/// All of a file; empty if it cannot be read.
inline std::vector<std::uint8_t> vector_file(const std::string& name) {
  std::ifstream file(vectors_folder() / name, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return {bytes.begin(), bytes.end()};
}

}  // namespace merlon::codec::testing

/// First line of a test that reads vectors.
#define MERLON_NEEDS_VECTORS()                                                    \
  if (!merlon::codec::testing::have_vectors())                                    \
  GTEST_SKIP() << "genuine evidence is not here; MERLON_SHARED names the folder " \
                  "with vectors/"
