// verify-statement COMMITMENT LEAST BITS CONTEXT PROOF: says whether a committed number reaches a
// threshold, with Merlon as a library. COMMITMENT in hexadecimal digits, PROOF a file.

#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include <merlon/codec/hex.h>
#include <merlon/statement/claim.h>

namespace {

template <typename T>
bool read(const char* text, T& number) {
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, number).ptr == end && end != text;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace merlon;
  statement::AtLeast claim;
  if (argc != 6 || !read(argv[2], claim.threshold.least) || !read(argv[3], claim.threshold.bits)) {
    return 2;
  }
  const auto bytes = codec::decode_hex(argv[1]);
  auto commitment = bytes ? zk::P256Point::decode(*bytes) : bytes.error();
  if (!commitment) return std::printf("no commitment: %s\n", argv[1]), 2;
  claim.commitment = *std::move(commitment);

  std::ifstream file(argv[5], std::ios::binary);
  const statement::Bytes proof{std::istreambuf_iterator<char>(file), {}};
  // Whose number it is, evidence has to say: judge it with merlon::verify first.
  const auto holds = statement::verify(claim, core::as_bytes(std::string_view(argv[4])), proof);
  const std::string code(holds ? "holds" : statement::code_of(holds.error()));
  std::printf("%s\n", code.c_str());
  return holds ? 0 : 3;
}
