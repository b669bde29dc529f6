#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli_credential/commands.h"
#include "merlon/cli_credential/door.h"
#include "merlon/cli_credential/record_json.h"
#include "merlon/codec/hex.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/service/listeners.h"

namespace merlon::cli_credential {

using base::concat;

namespace {

constexpr int refused = 3;

/// The token, or the first line of standard input.
std::string token_of(const std::string& given) {
  if (given != "-") return given;
  const auto bytes = os::read_all(os::BorrowedFd(0), credential::Token::max_size + 2);
  const std::string_view text = bytes ? core::as_text(*bytes) : std::string_view();
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

std::string json_of(const core::Result<credential::Admitted, credential::Refusal>& judged) {
  codec::JsonWriter json;
  json.open_object();
  json.key("admitted");
  json.boolean(judged.has_value());
  if (judged) {
    write_members(json, *judged->key);
  } else {
    json.key("code");
    json.text(credential::code_of(judged.error()));
    json.key("reason");
    json.text(credential::text_of(judged.error()));
  }
  json.close_object();
  return json.result() + "\n";
}

}  // namespace

int verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto door = door_of(arguments);
  if (!door) return cli::fail(terminal, door.error().text, door.error().status);
  const auto bound_to = codec::decode_hex(arguments.value("--bound-to"));
  if (!bound_to) {
    return cli::fail(terminal, "--bound-to: no hexadecimal digits",
                     launch::number(launch::ExitStatus::Usage));
  }
  const auto judged =
      door->judge(token_of(arguments.positional(0)), *bound_to, service::clock_now());
  const int status = judged ? 0 : refused;
  if (arguments.has("--json")) {
    const int printed = command::print(terminal, json_of(judged));
    return printed == 0 ? status : printed;
  }
  if (!judged) {
    return cli::fail(terminal,
                     concat("refused: ", credential::text_of(judged.error()), " (",
                            credential::code_of(judged.error()), ")"),
                     refused);
  }
  const credential::KeyRecord& key = *judged->key;
  return command::print(
      terminal,
      concat("admitted: a keep that ", key.issuer, " has accepted by policy ",
             base::hex(key.policy.view()), ", epoch ", key.epoch, ", until ",
             codec::to_rfc3339(key.not_after),
             key.development ? "\nSIMULATORS have such credentials: it proves nothing" : "",
             door->shown ? "" : "\nnot remembered: without --store it counts again", "\n"));
}

}  // namespace merlon::cli_credential
