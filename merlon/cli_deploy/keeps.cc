// merlon keeps: what runs at a gatehouse.

#include "merlon/base/text.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/distant_relay.h"
#include "merlon/cli_deploy/kept_talk.h"
#include "merlon/codec/json.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

std::string row(const codec::JsonValue& keep) {
  const auto text = [&](std::string_view name) -> std::string {
    const auto value = keep.string_member(name);
    return value ? base::printable(*value) : std::string("-");
  };
  constexpr std::size_t backend_width = 9;
  constexpr std::size_t state_width = 9;
  std::string backend = text("backend");
  backend.resize(std::max(backend.size(), backend_width), ' ');
  std::string state = text("state");
  state.resize(std::max(state.size(), state_width), ' ');
  const std::string end = keep.find("end") != nullptr ? concat("  ", text("end")) : "";
  return concat(text("id"), "  ", backend, state, text("made"), end, "\n");
}

Result<int> list(const Arguments& arguments, const Terminal& terminal) {
  const auto client = TRY(client_for(arguments, terminal, ""));
  const std::string text = TRY(client.read("/v1/keeps"));
  if (arguments.has("--json")) return cli::print(terminal, text);
  const auto document = codec::JsonDocument::parse(text);
  if (!document) return Failure{"the gatehouse's answer is no JSON", Status::Unusable};
  std::string table;
  for (const codec::JsonValue& keep : document->root().items()) table += row(keep);
  return cli::print(terminal, table);
}

Result<int> listen(const Arguments& arguments, const Terminal& terminal, Part part) {
  const std::string id = arguments.positional(0);
  KeptTalk kept = TRY(find_talk(terminal, id));
  const auto client = TRY(client_for(arguments, terminal, id));
  Talk talk(crypto::HpkeExporter(std::move(kept.secret)), kept.module);
  TRY(carry(talk, client, id, terminal, part));
  if (talk.status() && part == Part::HearOnly) return static_cast<int>(*talk.status());
  if (talk.status() || part == Part::HearWhatThereIs) return 0;
  return Failure{"the talk with the keep was cut: how the workload ended is not known",
                 Status::Unusable};
}

Result<int> stop(const Arguments& arguments, const Terminal& terminal) {
  const std::string id = arguments.positional(0);
  TRY(TRY(client_for(arguments, terminal, id)).stop(id));
  return 0;
}

Result<int> forget(const Arguments& arguments, const Terminal& terminal) {
  const std::string id = arguments.positional(0);
  TRY(TRY(client_for(arguments, terminal, id)).forget(id));
  forget_talk(terminal, id);
  return 0;
}

}  // namespace

int keeps_list(const Arguments& arguments, const Terminal& terminal) {
  return ended(list(arguments, terminal), terminal);
}
int keeps_attach(const Arguments& arguments, const Terminal& terminal) {
  return ended(listen(arguments, terminal, Part::HearOnly), terminal);
}
int keeps_logs(const Arguments& arguments, const Terminal& terminal) {
  return ended(listen(arguments, terminal, Part::HearWhatThereIs), terminal);
}
int keeps_stop(const Arguments& arguments, const Terminal& terminal) {
  return ended(stop(arguments, terminal), terminal);
}
int keeps_forget(const Arguments& arguments, const Terminal& terminal) {
  return ended(forget(arguments, terminal), terminal);
}

}  // namespace merlon::cli_deploy
