// Docker's config.json and what credential helpers answer.

#include <cstdlib>

#include "merlon/login/docker_config.h"

using namespace merlon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = core::as_text({data, size});
  if (const auto config = login::parse_docker_config(text)) {
    for (const auto& [name, program] : config->helpers) {
      if (program.find('/') != std::string::npos) std::abort();
    }
    static_cast<void>(login::find_login(*config, "registry.example:5000", "a/b"));
    static_cast<void>(login::find_login(*config, "docker.io", ""));
  }
  static_cast<void>(login::parse_helper_answer(text));
  return 0;
}
