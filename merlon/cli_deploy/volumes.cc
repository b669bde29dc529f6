// merlon volumes: sealed volumes of this user, here or at a gatehouse.

#include "merlon/base/text.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/gatehouse_client.h"
#include "merlon/codec/json.h"
#include "merlon/command/state_path.h"
#include "merlon/gatehouse/volume_list.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

Result<std::string> local_folder(const Terminal& terminal) {
  std::string folder = command::state_path(terminal, "volumes");
  if (!folder.empty()) return folder;
  return Failure{"neither XDG_STATE_HOME nor HOME says where volumes are", Status::Unusable};
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string row(const codec::JsonValue& volume) {
  const auto text = [&](std::string_view name) -> std::string {
    const auto value = volume.string_member(name);
    return value ? base::printable(*value) : std::string("-");
  };
  const auto number = [&](std::string_view name) -> std::string {
    const auto value = volume.number_member(name, UINT64_MAX);
    return value ? std::to_string(*value) : std::string("-");
  };
  constexpr std::size_t name_width = 16;
  constexpr std::size_t bytes_width = 12;
  constexpr std::size_t objects_width = 8;
  constexpr std::size_t changed_width = 20;
  const codec::JsonValue* const in_use = volume.find("in_use");
  const bool used = in_use != nullptr && in_use->is_true();
  return concat(padded(text("name"), name_width), "  ", padded(number("bytes"), bytes_width), "  ",
                padded(number("objects"), objects_width), "  ",
                padded(text("changed"), changed_width), "  ", used ? "in use" : "-", "\n");
}

Result<std::string> volumes_as_json(const Arguments& arguments, const Terminal& terminal) {
  const GatehouseAddress address = TRY(gatehouse_address(arguments, terminal));
  if (address.url.empty()) {
    const std::string folder = TRY(local_folder(terminal));
    return gatehouse::to_json(host::list_volumes(folder)) + "\n";
  }
  return TRY(GatehouseClient::create(address)).read("/v1/volumes");
}

Result<int> list(const Arguments& arguments, const Terminal& terminal) {
  const std::string text = TRY(volumes_as_json(arguments, terminal));
  if (arguments.has("--json")) return cli::print(terminal, text);
  const auto document = codec::JsonDocument::parse(text);
  if (!document) return Failure{"the gatehouse's answer is no JSON", Status::Unusable};
  std::string table;
  for (const codec::JsonValue& volume : document->root().items()) table += row(volume);
  return cli::print(terminal, table);
}

Result<int> remove(const Arguments& arguments, const Terminal& terminal) {
  const std::string name = arguments.positional(0);
  if (!base::is_label(name)) {
    return Failure{concat(base::quoted(name), ": no name of a volume"), Status::Usage};
  }
  const GatehouseAddress address = TRY(gatehouse_address(arguments, terminal));
  if (!address.url.empty()) {
    TRY(TRY(GatehouseClient::create(address)).remove_volume(name));
    return 0;
  }
  const std::string folder = TRY(local_folder(terminal));
  const auto removed = host::remove_volume(folder, name);
  if (!removed)
    return Failure{concat("volume ", name, ": ", removed.error().text), Status::Unusable};
  return 0;
}

}  // namespace

int volumes_list(const Arguments& arguments, const Terminal& terminal) {
  return ended(list(arguments, terminal), terminal);
}
int volumes_remove(const Arguments& arguments, const Terminal& terminal) {
  return ended(remove(arguments, terminal), terminal);
}

}  // namespace merlon::cli_deploy
