// merlon-steward: a service that judges the evidence of keeps and gives them certificates.

#include <cstdio>

#include "merlon/base/printable.h"
#include "merlon/command/serve.h"
#include "merlon/os/open.h"
#include "merlon/steward_service/files.h"
#include "merlon/steward_service/options.h"
#include "merlon/steward_service/table.h"

namespace {

using namespace merlon;

steward_service::Outcome<std::string> read_arguments(const std::string& path) {
  constexpr std::size_t max_size = 1U << 20U;
  const auto bytes = TRY(steward_service::read_file(path, max_size));
  return std::string(core::as_text(bytes));
}

}  // namespace

int main(int argc, char** argv) {
  const auto words =
      steward_service::expanded({argv + (argc > 0 ? 1 : 0), argv + argc}, &read_arguments);
  if (!words) {
    const auto line = base::Printable::line("merlon-steward: " + words.error());
    std::fprintf(stderr, "%s\n", line.text().c_str());
    return 2;
  }
  std::vector<std::string> all{"merlon-steward"};
  all.insert(all.end(), words->begin(), words->end());
  std::vector<char*> pointers;
  for (std::string& each : all) pointers.push_back(each.data());
  return command::serve(static_cast<int>(pointers.size()), pointers.data(),
                        steward_service::program(), steward_service::handlers());
}
