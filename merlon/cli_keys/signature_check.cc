// merlon signature check: what a file of signatures says, and whether its signatures hold.

#include <optional>

#include "merlon/cli_keys/commands.h"
#include "merlon/cli_keys/files.h"
#include "merlon/cli_keys/names.h"
#include "merlon/codec/json_writer.h"
#include "merlon/signing/signature_file.h"

namespace merlon::cli_keys {

using base::concat;
using signing::SignatureFile;

namespace {

constexpr int refused = 3;  // as merlon evidence verify has it

/// A signature and whether it holds.
struct Finding {
  std::string_view name;  ///< in JSON
  std::string_view text;  ///< for people
  bool holds = false;
};

enum class Form : std::uint8_t { Text, Number, None };

struct Fact {
  std::string_view name;  ///< in JSON; as a policy has it, where it has it
  std::string_view text;
  std::string value;
  Form form = Form::Text;  ///< in JSON
};

/// What there is to say of one technology.
struct Part {
  std::string_view name;   ///< in JSON
  std::string_view title;  ///< for people
  std::vector<Fact> facts;
  std::vector<Finding> findings;
  std::string_view warning{};  ///< what the signature leaves open
};

struct Report {
  std::string form;
  std::vector<Part> parts;

  [[nodiscard]] bool holds() const {
    for (const Part& part : parts) {
      for (const Finding& each : part.findings) {
        if (!each.holds) return false;
      }
    }
    return true;
  }
};

std::string bits(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value & 0xFU]);
    value >>= 4U;
  } while (value != 0);
  return "0x" + text;
}

void add_author(Part& part, const snp::AuthorSignature& author, const snp::PublicKey& id_key) {
  part.facts.push_back({"author_key_sha384", "Author key SHA-384", digest_text(author.author)});
  part.findings.push_back(
      {"id_key_signed", "the author has signed the ID key", signing::vouches_for(author, id_key)});
}

Part guest_part(const signing::GuestSignature& guest) {
  const snp::IdBlock& block = guest.block;
  Part part{"snp",
            "SEV-SNP",
            {{"measurement", "Launch digest", base::hex(block.digest.view())},
             {"guest_svn", "Guest SVN", concat(block.guest_svn), Form::Number},
             {"policy", "Policy", bits(block.policy.bits)},
             {"family_id", "Family ID", base::hex(block.family_id.view())},
             {"image_id", "Image ID", base::hex(block.image_id.view())},
             {"id_key_sha384", "ID key SHA-384", digest_text(guest.auth.id_key)}},
            {{"id_block_signed", "the ID key has signed the ID block",
              signing::is_signed(block, guest.auth)}}};
  if (block.policy.debug())
    part.warning = "the policy lets the host debug the guest, and so read it";
  if (guest.auth.author) {
    add_author(part, *guest.auth.author, guest.auth.id_key);
  } else {
    part.facts.push_back({"author_key_sha384", "Author key SHA-384", "none", Form::None});
  }
  return part;
}

Part enclave_part(const sgx::Sigstruct& enclave) {
  Part part{"sgx",
            "SGX",
            {{"mr_enclave", "MRENCLAVE", base::hex(enclave.mr_enclave.view())},
             {"mr_signer", "MRSIGNER", digest_text(enclave.modulus)},
             {"product_id", "Product ID", concat(enclave.product_id), Form::Number},
             {"svn", "SVN", concat(enclave.svn), Form::Number},
             {"attributes", "Attributes", bits(enclave.flags)},
             {"attributes_mask", "Attributes held", bits(enclave.flags_mask)},
             {"xfrm", "XFRM", bits(enclave.xfrm)},
             {"xfrm_mask", "XFRM held", bits(enclave.xfrm_mask)},
             {"misc_select", "MISCSELECT", bits(enclave.misc_select)},
             {"misc_mask", "MISCSELECT held", bits(enclave.misc_mask)}},
            {{"enclave_signed", "the signer has signed the enclave", signing::is_signed(enclave)}}};
  const bool may_debug = (enclave.flags & sgx::attribute_debug) != 0 ||
                         (enclave.flags_mask & sgx::attribute_debug) == 0;
  if (may_debug) part.warning = "whoever starts the enclave may debug it, and so read it";
  return part;
}

/// The 1540 bytes do not say which ID key they are of.
Result<Report> report_of_author(const cli::Arguments& arguments, core::ByteView bytes) {
  const std::string path = arguments.positional(0);
  const auto author = snp::AuthorSignature::parse(bytes);
  if (!author) return broken(base::printable(path), author.error());
  if (!arguments.has("--id-key")) {
    return usage(
        "--id-key FILE is missing: an author's signature does not say which ID key it is of");
  }
  const std::string key_path = arguments.value("--id-key");
  TRY(expect_one_standard_input({path, key_path}));
  const auto id_key = signing::snp_key(TRY(read_public_half(key_path, Purpose::Snp)));
  if (!id_key) return broken(base::printable(key_path), id_key.error());
  Part part{"snp", "SEV-SNP", {{"id_key_sha384", "ID key SHA-384", digest_text(*id_key)}}, {}};
  add_author(part, *author, *id_key);
  return Report{"an author's signature of an ID key", {part}};
}

Result<Report> read_report(const cli::Arguments& arguments) {
  const std::string path = arguments.positional(0);
  const auto bytes = TRY(read_bytes(path, SignatureFile::max_size));
  // The structures are told by their sizes: JSON with a signature in it is longer than either.
  if (bytes.size() == snp::AuthorSignature::size) {
    return report_of_author(arguments, bytes);
  }
  if (arguments.has("--id-key")) {
    return usage("--id-key is for an author's signature, and this is none of 1540 bytes");
  }
  if (bytes.size() == sgx::Sigstruct::size) {
    const auto enclave = sgx::Sigstruct::parse(bytes);
    if (!enclave) return broken(base::printable(path), enclave.error());
    return Report{"a SIGSTRUCT", {enclave_part(*enclave)}};
  }
  const auto file = SignatureFile::parse(core::as_text(bytes));
  if (!file) return broken(base::printable(path), file.error());
  Report report{concat("signatures of a keep, for Enarx ", file->version), {}};
  if (file->guest) report.parts.push_back(guest_part(*file->guest));
  if (file->enclave) report.parts.push_back(enclave_part(*file->enclave));
  return report;
}

std::string to_text(const std::string& path, const Report& report) {
  std::string text = concat(base::printable(path), ": ", report.form, "\n");
  for (const Part& part : report.parts) {
    text += concat("\n", part.title, "\n");
    for (const Fact& fact : part.facts) {
      const std::size_t column = 20;
      text +=
          concat("  ", fact.text, std::string(column - fact.text.size(), ' '), fact.value, "\n");
    }
    for (const Finding& each : part.findings) {
      text += concat(each.holds ? "  ✔ " : "  ✘ ", each.text, "\n");
    }
    if (!part.warning.empty()) text += concat("  ! ", part.warning, "\n");
  }
  return text + (report.holds() ? "\nVerdict: all signatures hold\n"
                                : "\nVerdict: a signature does not hold\n");
}

void write(codec::JsonWriter& json, const Part& part) {
  json.open_object();
  for (const Fact& fact : part.facts) {
    json.key(fact.name);
    switch (fact.form) {
      case Form::Text: json.text(fact.value); break;
      case Form::Number: json.number(base::parse_decimal(fact.value).value()); break;
      case Form::None: json.null(); break;
    }
  }
  for (const Finding& each : part.findings) {
    json.key(each.name);
    json.boolean(each.holds);
  }
  json.key("warning");
  if (part.warning.empty()) {
    json.null();
  } else {
    json.text(part.warning);
  }
  json.close_object();
}

std::string to_json(const std::string& path, const Report& report) {
  codec::JsonWriter json;
  json.open_object();
  json.key("file");
  json.text(path);
  json.key("form");
  json.text(report.form);
  json.key("holds");
  json.boolean(report.holds());
  for (const Part& part : report.parts) {
    json.key(part.name);
    write(json, part);
  }
  json.close_object();
  return json.result() + "\n";
}

}  // namespace

int signature_check(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto report = read_report(arguments);
  if (!report) return fail(terminal, report.error());
  const std::string text =
      arguments.has("--json") ? to_json(path, *report) : to_text(path, *report);
  if (const int status = cli::print(terminal, text); status != 0) return status;
  return report->holds() ? 0 : refused;
}

}  // namespace merlon::cli_keys
