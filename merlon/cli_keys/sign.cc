// merlon sign: who answers for a keep, in Enarx' file of signatures.

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "merlon/cli_keys/commands.h"
#include "merlon/cli_keys/files.h"
#include "merlon/cli_keys/names.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json_writer.h"
#include "merlon/host/programs.h"
#include "merlon/image/world.h"
#include "merlon/measure/keep_digest.h"
#include "merlon/sallyport/enclave.h"
#include "merlon/signing/signature_file.h"

namespace merlon::cli_keys {

using base::concat;
using signing::SignatureFile;

namespace {

/// As Enarx launches a guest: ABI 1.51 or newer, simultaneous threads allowed, no debugging.
constexpr std::uint64_t default_policy = 0x30133;
/// As Enarx starts an enclave: x87, SSE, AVX, AVX-512.
constexpr std::uint64_t xfrm_of_enarx = 0xE7;
/// More than the 1540 bytes, so that another file is told by its size.
constexpr std::size_t max_signature_bytes = 64UL * 1024;

/// An option that Enarx calls otherwise; both names mean the same.
struct TwoNames {
  std::string_view ours;
  std::string_view of_enarx;
  std::string_view maker;
};
constexpr TwoNames id_key_option{"--snp-id-key", "--sev-id-key", "merlon key snp create"};
constexpr TwoNames author_option{"--snp-id-key-signature", "--sev-id-key-signature",
                                 "merlon key snp sign"};

Result<std::string> value_of(const cli::Arguments& arguments, TwoNames names) {
  if (arguments.has(names.of_enarx) && arguments.has(names.ours)) {
    return usage(concat(names.of_enarx, " is another name of ", names.ours, "; give one"));
  }
  if (arguments.has(names.of_enarx)) return arguments.value(names.of_enarx);
  if (arguments.has(names.ours)) return arguments.value(names.ours);
  return usage(concat(names.ours, " FILE is missing; ", names.maker, " makes it"));
}

/// Bytes of a fixed size in hexadecimal; zeros where the option is not given.
template <typename T>
Result<T> bytes_of(const cli::Arguments& arguments, std::string_view option) {
  if (!arguments.has(option)) return T();
  const auto bytes = codec::decode_hex(arguments.value(option));
  if (!bytes || bytes->size() != T::size) {
    return usage(concat(option, " wants ", 2 * T::size, " hexadecimal digits"));
  }
  return T::from(*bytes).value();
}

/// A decimal number, or a hexadecimal one behind 0x.
Result<std::uint64_t> number_of(const cli::Arguments& arguments, std::string_view option,
                                std::uint64_t fallback, std::uint64_t most) {
  if (!arguments.has(option)) return fallback;
  const std::string text = arguments.value(option);
  const bool is_hex = text.starts_with("0x");
  std::uint64_t number = 0;
  const char* first = text.data() + (is_hex ? 2 : 0);
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, number, is_hex ? 16 : 10);
  if (error != std::errc{} || end != last || number > most) {
    return usage(concat(option, ": ", base::quoted(text, 40), " is no number up to ", most,
                        ", in decimal or behind 0x"));
  }
  return number;
}

/// Of the keep that this installation launches, as `merlon keep measure --backend snp` prints it.
Result<snp::LaunchDigest> digest_of_own_keep(const std::string& world_name) {
  const auto world = image::find_world(world_name);
  if (!world)
    return usage(concat("--world ", base::quoted(world_name), ": there is no such world"));
  const auto programs = host::machine_programs();
  if (!programs) return Failure{programs.error().text};
  const auto keep = measure::launch_digest(programs->shim.bytes, programs->keep.bytes, *world);
  if (keep) return keep->digest;
  return Failure{concat("this installation's keep cannot be measured: ",
                        keep.error().error.message(), "; give --snp-digest HEX")};
}

Result<snp::IdBlock> read_block(const cli::Arguments& arguments) {
  if (arguments.has("--world") && arguments.has("--snp-digest")) {
    return usage("--world is for a keep that is measured here; --snp-digest names another");
  }
  snp::IdBlock block;
  block.digest = arguments.has("--snp-digest")
                     ? TRY(bytes_of<snp::LaunchDigest>(arguments, "--snp-digest"))
                     : TRY(digest_of_own_keep(arguments.value("--world", "ring0")));
  block.family_id = TRY(bytes_of<snp::FamilyId>(arguments, "--snp-family-id"));
  block.image_id = TRY(bytes_of<snp::ImageId>(arguments, "--snp-image-id"));
  constexpr std::uint64_t most_svn = std::numeric_limits<std::uint32_t>::max();
  block.guest_svn = static_cast<std::uint32_t>(TRY(number_of(arguments, "--snp-svn", 1, most_svn)));
  block.policy.bits = TRY(number_of(arguments, "--snp-policy", default_policy,
                                    std::numeric_limits<std::uint64_t>::max()));
  if (!block.policy.has_reserved_bits_right()) {
    return usage("--snp-policy: bit 17 must be set and none above 25, as in 0x30133");
  }
  return block;
}

Result<std::optional<signing::GuestSignature>> sign_guest(const cli::Arguments& arguments) {
  bool wanted = false;
  for (const std::string_view option :
       {id_key_option.ours, id_key_option.of_enarx, author_option.ours, author_option.of_enarx,
        std::string_view("--snp-digest"), std::string_view("--snp-policy"),
        std::string_view("--snp-svn"), std::string_view("--snp-family-id"),
        std::string_view("--snp-image-id"), std::string_view("--world")}) {
    wanted = wanted || arguments.has(option);
  }
  if (!wanted) return std::optional<signing::GuestSignature>();
  const std::string key_path = TRY(value_of(arguments, id_key_option));
  const std::string author_path = TRY(value_of(arguments, author_option));
  const snp::IdBlock block = TRY(read_block(arguments));
  TRY(expect_one_standard_input({key_path, author_path, arguments.value("--sgx-key")}));
  const auto key = TRY(read_private_key(key_path, Purpose::Snp));
  const auto author =
      snp::AuthorSignature::parse(TRY(read_bytes(author_path, max_signature_bytes)));
  if (!author) return broken(base::printable(author_path), author.error());
  const auto auth = signing::sign_id_block(block, key, *author);
  if (!auth && auth.error().code == core::ErrorCode::Denied) {
    return Failure{concat(base::printable(author_path), ": is no author's signature of ",
                          base::printable(key_path), "; merlon key snp sign makes it")};
  }
  if (!auth) return broken(base::printable(key_path), auth.error());
  return std::optional(signing::GuestSignature{block, *auth});
}

/// Of the keep that this installation launches, as `merlon keep measure --backend sgx` prints it.
Result<sgx::MrEnclave> digest_of_own_enclave() {
  const auto programs = host::enclave_programs();
  if (!programs) return Failure{programs.error().text};
  const auto keep = measure::enclave_digest(programs->shim.bytes, programs->keep.bytes);
  if (keep) return keep->mr_enclave;
  return Failure{concat("this installation's keep cannot be measured: ",
                        keep.error().error.message(), "; give --sgx-digest HEX")};
}

Result<std::optional<sgx::Sigstruct>> sign_enclave(const cli::Arguments& arguments) {
  bool wanted = false;
  for (const std::string_view option :
       {"--sgx-key", "--sgx-digest", "--sgx-product-id", "--sgx-svn", "--sgx-xfrm"}) {
    wanted = wanted || arguments.has(option);
  }
  if (!wanted) return std::optional<sgx::Sigstruct>();
  const std::string path = TRY(required(arguments, "--sgx-key", "FILE"));
  const bool is_own = !arguments.has("--sgx-digest");
  constexpr std::uint64_t most = std::numeric_limits<std::uint16_t>::max();
  sgx::Sigstruct enclave;
  enclave.mr_enclave = is_own ? TRY(digest_of_own_enclave())
                              : TRY(bytes_of<sgx::MrEnclave>(arguments, "--sgx-digest"));
  enclave.product_id =
      static_cast<std::uint16_t>(TRY(number_of(arguments, "--sgx-product-id", 0, most)));
  enclave.svn = static_cast<std::uint16_t>(TRY(number_of(arguments, "--sgx-svn", 0, most)));
  enclave.xfrm = TRY(number_of(arguments, "--sgx-xfrm",
                               is_own ? sallyport::enclave_extended_state : xfrm_of_enarx,
                               std::numeric_limits<std::uint64_t>::max()));
  if ((enclave.xfrm & 3U) != 3) return usage("--sgx-xfrm: bits 0 and 1 must be set, as in 0xe7");
  enclave.flags = sgx::attribute_mode64bit;
  enclave.misc_select = sgx::misc_exinfo;
  // Whoever starts the enclave chooses none of these, above all not that it can be debugged.
  enclave.flags_mask = std::numeric_limits<std::uint64_t>::max();
  enclave.xfrm_mask = std::numeric_limits<std::uint64_t>::max();
  enclave.misc_mask = std::numeric_limits<std::uint32_t>::max();
  const auto key = TRY(read_private_key(path, Purpose::Sgx));
  const auto made = signing::sign_enclave(enclave, key);
  if (!made) return broken(base::printable(path), made.error());
  return std::optional(*made);
}

/// A fault of the machine while it signs can give a key away: nothing of it leaves the program.
Result<void> expect_signed(const SignatureFile& file) {
  const bool guest = !file.guest || signing::is_signed(file.guest->block, file.guest->auth);
  const bool enclave = !file.enclave || signing::is_signed(*file.enclave);
  if (guest && enclave) return {};
  return Failure{"the signature that was made does not hold; nothing was written",
                 launch::ExitStatus::KeepFailed};
}

Result<SignatureFile> try_sign(const cli::Arguments& arguments) {
  if (const std::string binary = arguments.positional(0); !binary.empty()) {
    return usage(concat(base::quoted(binary),
                        ": a program for keeps cannot be measured here; give its digests by "
                        "--snp-digest and --sgx-digest"));
  }
  if (arguments.has("--json") && is_standard_output(arguments.value("--out"))) {
    return usage("--json needs --out FILE: standard output cannot have both");
  }
  SignatureFile file;
  file.version = arguments.value("--enarx-version", SignatureFile::enarx_version);
  if (!signing::is_version(file.version)) {
    return usage("--enarx-version wants a version such as 0.7.1");
  }
  file.guest = TRY(sign_guest(arguments));
  file.enclave = TRY(sign_enclave(arguments));
  if (!file.guest && !file.enclave) {
    return usage(
        "nothing to sign with: give --snp-id-key and --snp-id-key-signature, --sgx-key, or all "
        "three");
  }
  TRY(expect_signed(file));
  TRY(write_result(arguments.value("--out"), core::as_bytes(file.to_json())));
  return file;
}

std::string to_json(const std::string& path, const SignatureFile& file) {
  codec::JsonWriter json;
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  member("file", path);
  if (file.guest) {
    json.key("snp");
    json.open_object();
    member("measurement", base::hex(file.guest->block.digest.view()));
    member("id_key_sha384", digest_text(file.guest->auth.id_key));
    if (const auto& author = file.guest->auth.author) {
      member("author_key_sha384", digest_text(author->author));
    }
    json.close_object();
  }
  if (file.enclave) {
    json.key("sgx");
    json.open_object();
    member("mr_enclave", base::hex(file.enclave->mr_enclave.view()));
    member("mr_signer", digest_text(file.enclave->modulus));
    json.close_object();
  }
  json.close_object();
  return json.result() + "\n";
}

}  // namespace

int sign(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto file = try_sign(arguments);
  if (!file) return fail(terminal, file.error());
  if (file->guest && file->guest->block.policy.debug()) {
    cli::fail(terminal, "note: this policy lets the host debug the guest, and so read it", 0);
  }
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal, to_json(arguments.value("--out"), *file));
}

}  // namespace merlon::cli_keys
