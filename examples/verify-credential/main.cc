// verify-credential KEY AUDIENCE TOKEN…: admits holders of credentials with Merlon as a library.

#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <merlon/credential/admission.h>

int main(int argc, char** argv) {
  using namespace merlon;
  if (argc < 4) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  // Overwritten when it goes: whoever has the key can make credentials.
  const crypto::SecretBytes content(
      std::vector<std::uint8_t>{std::istreambuf_iterator<char>(file), {}});
  auto key = credential::IssuingKey::parse(content.reveal());
  if (!key) return std::printf("no key: %s\n", argv[1]), 1;

  credential::Admission admission(argv[2]);
  admission.add(*std::move(key));

  // A service would have a database here, or a token counts again after its next start.
  std::set<std::pair<credential::KeyId, credential::Tag>> seen;
  const auto remember = [&seen](const credential::KeyId& id, const credential::Tag& tag) {
    return std::optional<bool>(seen.emplace(id, tag).second);
  };
  int refused = 0;
  for (int i = 3; i < argc; ++i) {
    const auto judged = admission.judge(argv[i], {}, {std::time(nullptr)}, remember);
    const std::string code(judged ? "admitted" : credential::code_of(judged.error()));
    std::printf("%s\n", code.c_str());
    refused += judged ? 0 : 1;
  }
  return refused == 0 ? 0 : 3;
}
