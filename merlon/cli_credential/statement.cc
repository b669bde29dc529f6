#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/cli/output_file.h"
#include "merlon/cli_credential/commands.h"
#include "merlon/cli_credential/statement_options.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json_writer.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"

namespace merlon::cli_credential {

using base::concat;
using core::Result;
using crypto::SecretBytes;

namespace {

constexpr int refused = 3;
constexpr int usage = launch::number(launch::ExitStatus::Usage);
constexpr int unusable = launch::number(launch::ExitStatus::Unusable);
constexpr std::size_t opening_size = 8 + zk::P256Scalar::size;
constexpr std::size_t most_proof = 16384;

Trouble refusal(statement::Refusal why) {
  return {concat("refused: ", statement::text_of(why), " (", statement::code_of(why), ")"),
          refused};
}

/// Standard input as well; a line that names what cannot be read.
Result<std::vector<std::uint8_t>, Trouble> input_of(const std::string& path, std::size_t most) {
  if (path != "-") return file_of(path, most);
  auto bytes = os::read_all(os::BorrowedFd(0), most);
  if (bytes) return *std::move(bytes);
  return Trouble{concat("standard input: ", os::describe(bytes.error())), unusable};
}

Result<zk::P256Point, Trouble> commitment_of(const std::string& text) {
  const auto bytes = codec::decode_hex(text);
  if (bytes) {
    auto point = zk::P256Point::decode(*bytes);
    if (point) return *std::move(point);
  }
  return Trouble{concat("--commitment: no commitment: ", base::printable(text)), usage};
}

Result<statement::Claim, Trouble> claim_of(const cli::Arguments& arguments, const Asked& asked) {
  std::vector<statement::Part> parts;
  for (const Times& each : TRY(named_by(arguments, "--commitment", asked))) {
    zk::P256Point commitment = TRY(commitment_of(each.what));
    parts.push_back({each.times, std::move(commitment)});
  }
  if (const auto* threshold = std::get_if<zk::Threshold>(&asked.claim)) {
    return statement::Claim(statement::AtLeast{*threshold, parts[0].commitment});
  }
  if (const auto* total = std::get_if<Total>(&asked.claim)) {
    return statement::Claim(statement::Sum{std::move(parts), total->total});
  }
  return statement::Claim(statement::Equal{parts[0].commitment, parts[1].commitment});
}

Result<void, Trouble> verified(const cli::Arguments& arguments, statement::Refusal& why) {
  const Asked asked = TRY(asked_of(arguments));
  const statement::Claim claim = TRY(claim_of(arguments, asked));
  const auto proof = TRY(input_of(arguments.positional(0), most_proof));
  const auto holds = statement::verify(claim, asked.context, proof);
  if (holds) return {};
  why = holds.error();
  return refusal(why);
}

Result<statement::Opening, Trouble> opening_of(const std::string& path) {
  const SecretBytes bytes(TRY(file_of(path, opening_size + 1)));
  core::Reader reader(bytes.reveal());
  statement::Opening opening;
  const auto number = reader.u64();
  const auto scalar = reader.bytes(zk::P256Scalar::size);
  if (number && scalar && reader.at_end()) {
    const auto blinding = zk::P256Scalar::decode(*scalar);
    if (blinding && !blinding->is_zero()) {
      opening.number = *number;
      opening.blinding = *blinding;
      return opening;
    }
  }
  return Trouble{concat(base::printable(path), ": nothing that opens a commitment"), unusable};
}

Result<statement::Request, Trouble> request_of(const cli::Arguments& arguments) {
  const Asked asked = TRY(asked_of(arguments));
  std::vector<statement::OwnPart> parts;
  for (const Times& each : TRY(named_by(arguments, "--opening", asked))) {
    statement::Opening opening = TRY(opening_of(each.what));
    parts.push_back({each.times, std::move(opening)});
  }
  statement::Request request{asked.context, statement::Commit()};
  if (const auto* threshold = std::get_if<zk::Threshold>(&asked.claim)) {
    request.what = statement::ProveAtLeast{*threshold, parts[0].opening};
  } else if (const auto* total = std::get_if<Total>(&asked.claim)) {
    request.what = statement::ProveSum{std::move(parts), total->total};
  } else {
    request.what = statement::ProveEqual{parts[0].opening, parts[1].opening};
  }
  return request;
}

Result<SecretBytes, Trouble> answered(const statement::Request& request) {
  zk::RandomScalars random;
  statement::Answer answer = statement::answer(request, random);
  if (answer.refusal) return refusal(*answer.refusal);
  return std::move(answer.content);
}

Result<void, Trouble> put(const std::string& path, core::ByteView bytes, cli::OutputRules rules) {
  auto written = cli::write_output(path, bytes, rules);
  if (!written) return Trouble{std::move(written).error(), unusable};
  return {};
}

/// The number that standard input has, in its first line.
Result<std::uint64_t, Trouble> number_given() {
  const SecretBytes given(TRY(input_of("-", 64)));
  const std::string_view text = core::as_text(given.reveal());
  const auto number = base::parse_decimal(text.substr(0, text.find_first_of("\r\n")));
  if (!number) return Trouble{"standard input: no number of 64 bits", usage};
  return *number;
}

/// The commitment; what opens it is in the file then.
Result<std::string, Trouble> committed(const cli::Arguments& arguments) {
  statement::Commit commit;
  commit.number = TRY(number_given());
  base::ByteWriter opening;
  opening.reserve(opening_size);
  opening.u64(commit.number);
  const SecretBytes made = TRY(answered({{}, std::move(commit)}));
  opening.bytes(made.reveal().subspan(zk::P256Point::size));
  const SecretBytes file(opening.take());
  const auto existing = arguments.has("--force") ? cli::Existing::Replaced : cli::Existing::Kept;
  TRY(put(arguments.positional(0), file.reveal(), {existing, cli::Readers::Owner}));
  return base::hex(made.reveal().first(zk::P256Point::size));
}

Result<void, Trouble> proven(const cli::Arguments& arguments) {
  const SecretBytes proof = TRY(answered(TRY(request_of(arguments))));
  return put(arguments.positional(0), proof.reveal(), {});
}

std::string verdict(const Result<void, Trouble>& done, statement::Refusal why) {
  codec::JsonWriter json;
  json.open_object();
  json.key("holds");
  json.boolean(done.has_value());
  if (!done) {
    json.key("code");
    json.text(statement::code_of(why));
    json.key("reason");
    json.text(statement::text_of(why));
  }
  json.close_object();
  return json.result() + "\n";
}

}  // namespace

int statement_verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  statement::Refusal why = statement::Refusal::Proof;
  const auto done = verified(arguments, why);
  const bool is_judged = done || done.error().status == refused;
  if (arguments.has("--json") && is_judged) {
    const int printed = command::print(terminal, verdict(done, why));
    return printed != 0 ? printed : done ? 0 : refused;
  }
  if (!done) return cli::fail(terminal, done.error().text, done.error().status);
  return command::print(terminal,
                        "the claim holds; whose numbers these are, evidence has to say\n");
}

int statement_commit(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto commitment = committed(arguments);
  if (!commitment) return cli::fail(terminal, commitment.error().text, commitment.error().status);
  if (!arguments.has("--json")) return command::print(terminal, *commitment + "\n");
  codec::JsonWriter json;
  json.open_object();
  json.key("commitment");
  json.text(*commitment);
  json.close_object();
  return command::print(terminal, json.result() + "\n");
}

int statement_prove(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto done = proven(arguments);
  return done ? 0 : cli::fail(terminal, done.error().text, done.error().status);
}

}  // namespace merlon::cli_credential
