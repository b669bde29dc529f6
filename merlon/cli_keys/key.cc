// merlon key snp create, digest and sign; merlon key sgx create and digest.

#include "merlon/cli_keys/commands.h"
#include "merlon/cli_keys/files.h"
#include "merlon/cli_keys/names.h"
#include "merlon/codec/json_writer.h"
#include "merlon/os/file.h"

namespace merlon::cli_keys {

namespace {

/// Of a public half that fits the purpose, in hexadecimal.
Result<std::string> digest_of(const crypto::PublicHalf& half, Purpose purpose) {
  if (purpose == Purpose::Snp) {
    const auto key = signing::snp_key(half);
    if (!key) return broken("the key", key.error());
    return digest_text(*key);
  }
  const auto modulus = signing::signer_modulus(half);
  if (!modulus) return broken("the key", modulus.error());
  return digest_text(*modulus);
}

/// The name of a policy's key that takes the digest, of JSON too.
std::string_view digest_name(Purpose purpose) noexcept {
  return purpose == Purpose::Snp ? "key_sha384" : "mr_signer";
}

void member(codec::JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name);
  json.text(value);
}

std::string key_json(const std::string& path, Purpose purpose, std::string_view digest) {
  codec::JsonWriter json;
  json.open_object();
  member(json, "file", path);
  member(json, "technology", purpose == Purpose::Snp ? "snp" : "sgx");
  member(json, digest_name(purpose), digest);
  json.close_object();
  return json.result() + "\n";
}

/// --json speaks of a file, and to standard output.
Result<void> expect_file_with_json(const cli::Arguments& arguments) {
  if (!arguments.has("--json") || !is_standard_output(arguments.value("--out"))) return {};
  return usage("--json needs --out FILE: standard output cannot have both");
}

Result<std::string> try_create(const cli::Arguments& arguments, Purpose purpose) {
  const std::string path = arguments.value("--out");
  TRY(expect_file_with_json(arguments));
  if (arguments.has("--force") && is_standard_output(path)) {
    return usage("--force is for --out FILE");
  }
  const auto key = crypto::PrivateKey::generate(purpose == Purpose::Snp ? crypto::KeyKind::P384
                                                                        : crypto::KeyKind::Rsa);
  if (!key) return broken("no key could be made", key.error());
  const auto text = key->to_pem();
  if (!text) return broken("no key could be made", text.error());
  const auto half = crypto::public_half_of(*key);
  if (!half) return broken("no key could be made", half.error());
  const std::string digest = TRY(digest_of(*half, purpose));
  TRY(write_secret(path, *text, arguments.has("--force")));
  return arguments.has("--json") ? key_json(path, purpose, digest) : "";
}

Result<void> try_digest(const cli::Arguments& arguments, Purpose purpose) {
  const std::string key = arguments.positional(0);
  const std::string path = arguments.value("--out");
  std::string text = TRY(digest_of(TRY(read_public_half(key, purpose)), purpose));
  if (arguments.has("--json")) {
    text = key_json(key, purpose, text);
  } else if (is_standard_output(path) && os::is_terminal(os::BorrowedFd(1))) {
    text += "\n";  // else there is none, as scripts around Enarx expect it
  }
  return write_result(path, core::as_bytes(text));
}

struct Signed {
  snp::PublicKey id_key;
  snp::AuthorSignature author;
};

Result<Signed> sign_id_key(const std::string& author_path, const std::string& id_path) {
  TRY(expect_one_standard_input({author_path, id_path}));
  const auto author = TRY(read_private_key(author_path, Purpose::Snp));
  const auto id_key = signing::snp_key(TRY(read_public_half(id_path, Purpose::Snp)));
  if (!id_key) return broken(base::printable(id_path), id_key.error());
  const auto made = signing::sign_id_key(author, *id_key);
  if (!made) return broken(base::printable(author_path), made.error());
  if (!signing::vouches_for(*made, *id_key)) {
    return Failure{"the signature that was made does not hold; nothing was written",
                   launch::ExitStatus::KeepFailed};
  }
  return Signed{*id_key, *made};
}

Result<std::string> try_sign(const cli::Arguments& arguments) {
  const std::string author = TRY(required(arguments, "--author-key", "FILE"));
  const std::string id_key = TRY(required(arguments, "--id-key", "FILE"));
  const std::string path = TRY(required(arguments, "--out", "FILE"));
  TRY(expect_file_with_json(arguments));
  if (is_standard_output(path) && os::is_terminal(os::BorrowedFd(1))) {
    return usage("--out -: a terminal cannot show the 1540 bytes of a signature");
  }
  const auto made = TRY(sign_id_key(author, id_key));
  TRY(write_result(path, made.author.to_bytes()));
  if (!arguments.has("--json")) return std::string();
  codec::JsonWriter json;
  json.open_object();
  member(json, "file", path);
  member(json, "id_key_sha384", digest_text(made.id_key));
  member(json, "author_key_sha384", digest_text(made.author.author));
  json.close_object();
  return json.result() + "\n";
}

/// What is left to say, or why there is nothing.
int finish(const cli::Terminal& terminal, const Result<std::string>& said) {
  if (!said) return fail(terminal, said.error());
  return said->empty() ? 0 : cli::print(terminal, *said);
}

int create(const cli::Arguments& arguments, const cli::Terminal& terminal, Purpose purpose) {
  return finish(terminal, try_create(arguments, purpose));
}

int digest(const cli::Arguments& arguments, const cli::Terminal& terminal, Purpose purpose) {
  const auto done = try_digest(arguments, purpose);
  return done ? 0 : fail(terminal, done.error());
}

}  // namespace

int key_snp_create(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return create(arguments, terminal, Purpose::Snp);
}
int key_snp_digest(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return digest(arguments, terminal, Purpose::Snp);
}
int key_snp_sign(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return finish(terminal, try_sign(arguments));
}
int key_sgx_create(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return create(arguments, terminal, Purpose::Sgx);
}
int key_sgx_digest(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return digest(arguments, terminal, Purpose::Sgx);
}

}  // namespace merlon::cli_keys
