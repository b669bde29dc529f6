// merlon keep measure: the digest of the keep that this installation launches.

#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/codec/json_writer.h"
#include "merlon/host/programs.h"
#include "merlon/image/world.h"
#include "merlon/launch/exit_status.h"
#include "merlon/measure/keep_digest.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

struct Program {
  std::string_view name;
  std::string_view role;  ///< in texts for people
  const host::ProgramFile& file;
};

/// What of a report a backend decides.
struct BackendDigest {
  std::string_view backend;
  std::string_view explained;  ///< behind its name, for people
  std::string_view member;     ///< in JSON
  std::string_view title;      ///< for people
  bool is_signed = false;      ///< by the processor, in the evidence of such a keep
};
constexpr BackendDigest kvm{"kvm", "kvm, for comparison only: nothing signs this digest", "sha384",
                            "Keep SHA-384", false};
constexpr BackendDigest snp{"snp", "snp: MEASUREMENT of the reports of such a keep",
                            "launch_digest", "Launch digest", true};
constexpr BackendDigest sgx{"sgx", "sgx: MRENCLAVE of the reports of such a keep", "mr_enclave",
                            "MRENCLAVE", true};

struct Report {
  BackendDigest backend;
  std::string world;   ///< empty where there is none
  std::string digest;  ///< hexadecimal
  std::uint64_t pages;
  std::array<Program, 2> programs;
};

std::string digest_of(const Program& program) {
  return base::hex(crypto::sha384({program.file.bytes}).view());
}

std::string line(std::string_view name, std::string_view value) {
  constexpr std::size_t column = 17;
  return concat(name, std::string(column - std::min(name.size(), column), ' '), value, "\n");
}

std::string to_text(const Report& report) {
  std::string text = line("Backend", report.backend.explained);
  if (!report.world.empty()) text += line("World", report.world);
  text += line(report.backend.title, report.digest);
  text += line("Keep pages", concat(report.pages));
  for (const Program& each : report.programs) {
    text += line(each.role, base::printable(each.file.path, each.file.path.size()));
    text += line(concat(each.role, " size"), concat(each.file.bytes.size(), " bytes"));
    text += line(concat(each.role, " SHA-384"), digest_of(each));
  }
  return text;
}

std::string to_json(const Report& report) {
  codec::JsonWriter json;
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  const auto number = [&](std::string_view name, std::uint64_t value) {
    json.key(name);
    json.number(value);
  };
  json.open_object();
  member("backend", report.backend.backend);
  json.key("signed");
  json.boolean(report.backend.is_signed);
  if (!report.world.empty()) member("world", report.world);
  member(report.backend.member, report.digest);
  number("pages", report.pages);
  json.key("programs");
  json.open_array();
  for (const Program& each : report.programs) {
    json.open_object();
    member("name", each.name);
    member("path", base::printable(each.file.path, each.file.path.size()));
    number("size", each.file.bytes.size());
    member("sha384", digest_of(each));
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return json.result() + "\n";
}

/// Whose fault it is, by name.
std::string text_of(const measure::Refusal& refusal, const host::MachinePrograms& programs) {
  const auto blame = [&](std::string_view what) {
    return concat(what, ": ", refusal.error.message());
  };
  switch (refusal.subject) {
    case measure::Refusal::Subject::Shim: return blame(programs.shim.path);
    case measure::Refusal::Subject::Keep: return blame(programs.keep.path);
    case measure::Refusal::Subject::Both: break;
  }
  return blame("the keep cannot be laid out");
}

/// Fills in what is measured.
core::Result<void, measure::Refusal> measure_keep(Report& report,
                                                  const host::MachinePrograms& programs,
                                                  sallyport::World world) {
  if (report.backend.backend == sgx.backend) {
    const auto keep = TRY(measure::enclave_digest(programs.shim.bytes, programs.keep.bytes));
    report.digest = base::hex(keep.mr_enclave.view());
    report.pages = keep.pages;
    return {};
  }
  if (report.backend.is_signed) {
    const auto keep = TRY(measure::launch_digest(programs.shim.bytes, programs.keep.bytes, world));
    report.digest = base::hex(keep.digest.view());
    report.pages = keep.pages;
    return {};
  }
  const auto keep = TRY(measure::keep_digest(programs.shim.bytes, programs.keep.bytes, world));
  report.digest = base::hex(keep.digest.view());
  report.pages = keep.pages;
  return {};
}

}  // namespace

int keep_measure(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const int failed = launch::number(launch::ExitStatus::KeepFailed);
  const std::string name = arguments.value("--world", "ring0");
  const auto world = image::find_world(name);
  if (!world) {
    return cli::fail(terminal, concat("--world ", base::quoted(name), ": there is no such world"),
                     launch::number(launch::ExitStatus::Usage));
  }
  const std::string backend = arguments.value("--backend", "kvm");
  const bool is_enclave = backend == sgx.backend;
  if (is_enclave && arguments.has("--world")) {
    return cli::fail(terminal, "--world: an enclave is in none",
                     launch::number(launch::ExitStatus::Usage));
  }
  const auto programs = is_enclave ? host::enclave_programs() : host::machine_programs();
  if (!programs) return cli::fail(terminal, programs.error().text, failed);
  Report report{is_enclave ? sgx : (backend == snp.backend ? snp : kvm),
                is_enclave ? std::string() : name,
                "",
                0,
                {{{is_enclave ? "merlon-shim-sgx" : "merlon-shim-kvm", "Shim", programs->shim},
                  {"merlon-keep", "Program", programs->keep}}}};
  if (const auto measured = measure_keep(report, *programs, *world); !measured) {
    return cli::fail(terminal, text_of(measured.error(), *programs), failed);
  }
  return cli::print(terminal, arguments.has("--json") ? to_json(report) : to_text(report));
}

}  // namespace merlon::cli_evidence
