// merlon platform simulate init, show, revoke, update: a simulated machine with SEV-SNP or SGX.

#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli/simulator_path.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/codec/json_writer.h"
#include "merlon/os/errno.h"
#include "merlon/simulate/sgx_store.h"
#include "merlon/simulate/store.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

/// By its name, or by what lies where the command line says.
bool is_sgx(const cli::Arguments& arguments) {
  if (arguments.has("--kind")) return arguments.value("--kind") == "sgx";
  return arguments.has("--dir") && simulate::is_sgx_platform(arguments.value("--dir"));
}

/// One that the command line names, or the user's own.
Result<std::string> place_of(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  std::string place = arguments.value("--dir", is_sgx(arguments) ? cli::sgx_simulator_path(terminal)
                                                                 : cli::simulator_path(terminal));
  if (!place.empty()) return place;
  return Failure{"--dir DIR: neither XDG_STATE_HOME nor HOME says where the simulator's files are",
                 Status::Unusable};
}

std::string reason_of(const core::Error& error) {
  if (error.detail == 0) return error.what;
  return concat(error.what, ": ", os::describe(static_cast<os::Errno>(error.detail)));
}

Failure unusable(const std::string& place, const core::Error& error) {
  const bool missing = error.code == core::ErrorCode::NotFound;
  return {concat(base::printable(place), ": ", reason_of(error),
                 missing ? "; merlon platform simulate init makes a simulated machine" : ""),
          Status::Unusable};
}

/// What a policy needs to accept it, and nothing else.
std::string policy_of(const simulate::Chain& chain) {
  return concat("roots = [\"", base::hex(chain.root().view()), "\"]\n\n[snp]\nproducts = [\"",
                to_string(snp::Product::Simulator), "\"]\nchip_id = [\"",
                base::hex(chain.endorsed().chip_id.view()), "\"]\nplatform_on = [\"",
                to_string(snp::PlatformBit::AliasCheckComplete), "\"]\n");
}

std::string tcb_text(const snp::TcbComponents& tcb) {
  return concat("bootloader ", tcb.bootloader, ", TEE ", tcb.tee, ", SNP ", tcb.snp, ", microcode ",
                tcb.microcode);
}

std::string line(std::string_view name, std::string_view value) {
  constexpr std::size_t column = 13;
  return concat(name, std::string(column - name.size(), ' '), value, "\n");
}

std::string to_text(const std::string& place, const simulate::Chain& chain) {
  const auto tcb = snp::components(chain.endorsed().tcb, snp::Product::Simulator);
  std::string text = line("Simulator", base::printable(place, place.size()));
  text += line("Protects", "nothing: whoever can read these files can sign any report");
  text += line("Root SHA-256", base::hex(chain.root().view()));
  text += line("Chip", base::hex(chain.endorsed().chip_id.view()));
  text += line("TCB", tcb_text(tcb));
  text += line("Valid until", codec::to_rfc3339(chain.vcek().validity().not_after));
  text += line("List until", codec::to_rfc3339(chain.list().validity().not_after));
  text += line("Revoked", chain.is_revoked() ? "yes: nothing accepts its evidence any more" : "no");
  text += "\nA policy that accepts its evidence, for tests:\n\n";
  return text + policy_of(chain);
}

std::string to_json(const std::string& place, const simulate::Chain& chain) {
  const auto tcb = snp::components(chain.endorsed().tcb, snp::Product::Simulator);
  codec::JsonWriter json;
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  member("directory", place);
  member("product", to_string(snp::Product::Simulator));
  json.key("confidential");
  json.boolean(false);
  member("root_sha256", base::hex(chain.root().view()));
  member("chip_id", base::hex(chain.endorsed().chip_id.view()));
  json.key("tcb");
  json.open_object();
  for (const auto& [name, level] :
       {std::pair{"bootloader", tcb.bootloader}, std::pair{"tee", tcb.tee},
        std::pair{"snp", tcb.snp}, std::pair{"microcode", tcb.microcode}}) {
    json.key(name);
    json.number(unsigned{level});
  }
  json.close_object();
  member("valid_until", codec::to_rfc3339(chain.vcek().validity().not_after));
  member("list_valid_until", codec::to_rfc3339(chain.list().validity().not_after));
  json.key("revoked");
  json.boolean(chain.is_revoked());
  member("policy", policy_of(chain));
  json.close_object();
  return json.result() + "\n";
}

/// What a policy needs to accept it, and nothing else.
std::string policy_of(const simulate::SgxChain& chain) {
  return concat("roots = [\"", base::hex(chain.root().view()), "\"]\n\n[dcap]\nppid = [\"",
                base::hex(chain.platform().ppid.view()), "\"]\n\n[sgx]\n");
}

std::string to_text(const std::string& place, const simulate::SgxChain& chain) {
  const bool revoked = chain.is_revoked();
  std::string text = line("Simulator", base::printable(place, place.size()));
  text += line("Protects", "nothing: whoever can read these files can sign any quote");
  text += line("Root SHA-256", base::hex(chain.root().view()));
  text += line("PPID", base::hex(chain.platform().ppid.view()));
  text += line("FMSPC", base::hex(chain.platform().fmspc.view()));
  text += line("TCB", concat(chain.platform().components[0], " in each part, PCE ",
                             chain.platform().pce_svn, ": ", to_string(chain.status())));
  text += line("Valid until", codec::to_rfc3339(chain.pck().validity().not_after));
  text += line("List until", codec::to_rfc3339(chain.next_update()));
  text += line("Revoked", revoked ? "yes: nothing accepts its evidence any more" : "no");
  text += "\nA policy that accepts its evidence, for tests:\n\n";
  return text + policy_of(chain);
}

std::string to_json(const std::string& place, const simulate::SgxChain& chain) {
  codec::JsonWriter json;
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  member("directory", place);
  member("kind", "sgx");
  json.key("confidential");
  json.boolean(false);
  member("root_sha256", base::hex(chain.root().view()));
  member("ppid", base::hex(chain.platform().ppid.view()));
  member("fmspc", base::hex(chain.platform().fmspc.view()));
  json.key("tcb");
  json.number(unsigned{chain.platform().components[0]});
  member("tcb_status", to_string(chain.status()));
  member("valid_until", codec::to_rfc3339(chain.pck().validity().not_after));
  member("list_valid_until", codec::to_rfc3339(chain.next_update()));
  json.key("revoked");
  json.boolean(chain.is_revoked());
  member("policy", policy_of(chain));
  json.close_object();
  return json.result() + "\n";
}

/// Prints the machine that `get` gives for the directory that is meant.
template <typename Machine, typename Get>
int answer(const cli::Arguments& arguments, const cli::Terminal& terminal, Get&& get) {
  const auto place = place_of(arguments, terminal);
  if (!place) return cli::fail(terminal, place.error().text, number(place.error().status));
  const core::Result<Machine> chain = get(*place);
  if (!chain) {
    const Failure failure = unusable(*place, chain.error());
    return cli::fail(terminal, failure.text, number(failure.status));
  }
  return cli::print(terminal,
                    arguments.has("--json") ? to_json(*place, *chain) : to_text(*place, *chain));
}

/// The same of either kind.
template <typename GetSnp, typename GetSgx>
int answer_either(const cli::Arguments& arguments, const cli::Terminal& terminal, GetSnp&& snp,
                  GetSgx&& sgx) {
  return is_sgx(arguments) ? answer<simulate::SgxChain>(arguments, terminal, sgx)
                           : answer<simulate::Chain>(arguments, terminal, snp);
}

/// The folders of the place that is meant where none is named.
void make_folders(const std::string& place) {
  const std::filesystem::path folder = std::filesystem::path(place).parent_path();
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
}

/// "1.0.2.3": as many numbers of a byte each.
template <std::size_t Count>
std::optional<std::array<std::uint8_t, Count>> numbers_of(std::string_view text) {
  std::array<std::uint8_t, Count> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const bool is_last = i + 1 == numbers.size();
    if (is_last ? !text.empty() : !text.starts_with('.')) return std::nullopt;
    if (!is_last) text.remove_prefix(1);
  }
  return numbers;
}

}  // namespace

int platform_simulate_init(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto now = read_time("");
  if (!now) return cli::fail(terminal, now.error().text, number(now.error().status));
  const auto with = [&](auto&& create) {
    return [&](const std::string& place) {
      if (!arguments.has("--dir")) make_folders(place);
      return create(place, *now);
    };
  };
  return answer_either(arguments, terminal, with(&simulate::create_platform),
                       with(&simulate::create_sgx_platform));
}

int platform_simulate_show(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return answer_either(arguments, terminal, &simulate::load_chain, &simulate::load_sgx_chain);
}

int platform_simulate_revoke(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto now = read_time("");
  if (!now) return cli::fail(terminal, now.error().text, number(now.error().status));
  return answer_either(
      arguments, terminal,
      [&](const std::string& place) { return simulate::revoke_platform(place, *now); },
      [&](const std::string& place) { return simulate::revoke_sgx_platform(place, *now); });
}

int platform_simulate_update(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string versions = arguments.value("--tcb");
  const auto level = numbers_of<1>(versions);
  const auto tcb = numbers_of<4>(versions);
  if (is_sgx(arguments) ? !level : !tcb) {
    return cli::fail(terminal,
                     is_sgx(arguments)
                         ? "--tcb LEVEL: one number of 0 to 255, as 3"
                         : "--tcb BOOTLOADER.TEE.SNP.MICROCODE: four numbers of 0 to 255, as "
                           "2.0.1.5",
                     number(Status::Usage));
  }
  const auto now = read_time("");
  if (!now) return cli::fail(terminal, now.error().text, number(now.error().status));
  return answer_either(
      arguments, terminal,
      [&](const std::string& place) {
        const auto& part = *tcb;
        return simulate::update_platform(place, {0, part[0], part[1], part[2], part[3]}, *now);
      },
      [&](const std::string& place) {
        return simulate::update_sgx_platform(place, level->front(), *now);
      });
}

}  // namespace merlon::cli_evidence
