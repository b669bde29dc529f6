#include "merlon/steward_service/commands.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/steward/issuance_log.h"
#include "merlon/steward_service/records.h"
#include "merlon/steward_service/table.h"

namespace merlon::steward_service {

int log_verify(const command::Arguments& arguments, const command::Terminal& terminal) {
  const std::string path = log_path(arguments.positional(0));
  const auto found = steward::verify_log(path);
  if (!found) return command::fail(terminal, found.error().text(base::printable(path)), 1);
  std::string text = base::concat(base::printable(path), ": ", found->records,
                                  " records hold together, the last has the hash ",
                                  base::hex(found->last.view()), "\n");
  if (found->torn > 0) {
    text += base::concat("and ", found->torn,
                         " bytes of a record that was not finished; no certificate left for it\n");
  }
  return command::print(terminal, text);
}

std::span<const command::Handler> handlers() noexcept {
  static constexpr auto all = std::array{
      command::Handler{"serve", &serve},           command::Handler{"check", &check},
      command::Handler{"log verify", &log_verify}, command::Handler{"ca init", &ca_init},
      command::Handler{"ca show", &ca_show},       command::Handler{"ca rotate", &ca_rotate}};
  return all;
}

}  // namespace merlon::steward_service
