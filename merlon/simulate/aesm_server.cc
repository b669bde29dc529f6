#include "merlon/simulate/aesm_server.h"

#include <algorithm>

#include "merlon/crypto/hash.h"
#include "merlon/launch/stream.h"
#include "merlon/sgx/quote.h"
#include "merlon/simulate/chain.h"

namespace merlon::simulate {

using core::Result;
using launch::AesmAnswer;
using launch::AesmCommand;
using launch::AesmRequest;
using Bytes = std::vector<std::uint8_t>;

namespace {

constexpr std::uint32_t service_unavailable = 30;
constexpr std::size_t key_id_size = 32;

/// The one attestation key's name: its algorithm, and else that it is a simulator's.
Bytes key_name() {
  Bytes name(launch::aesm_key_size, 0);
  std::ranges::copy(remark, name.begin() + 6);  // where another's signer stands
  name[launch::aesm_algorithm_offset] = static_cast<std::uint8_t>(launch::aesm_ecdsa_p256);
  return name;
}

}  // namespace

std::uint32_t AesmServer::answer_to(const AesmRequest& request, AesmAnswer& answer) {
  const auto found = platform_.get();
  if (!found) return service_unavailable;
  const SgxPlatform& platform = **found;
  const QuotingEnclave quoting(platform);
  const bool names_key = request.key == key_name();
  switch (request.command) {
    case AesmCommand::KeyCount: answer.number = 1; return 0;
    case AesmCommand::Keys:
      if (request.room < launch::aesm_key_size) return launch::aesm_parameter_error;
      answer.content = key_name();
      return 0;
    case AesmCommand::InitQuote: {
      if (!names_key) return launch::aesm_parameter_error;
      answer.number = key_id_size;
      if (!request.wants_key_id) return 0;
      if (request.room < key_id_size) return launch::aesm_parameter_error;
      const auto target = quoting.target().to_bytes();
      answer.content.assign(target.begin(), target.end());
      return 0;
    }
    case AesmCommand::QuoteSize:
      if (!names_key) return launch::aesm_parameter_error;
      answer.number = quoting.quote_size();
      return 0;
    case AesmCommand::Quote: {
      if (!names_key || request.room < quoting.quote_size()) return launch::aesm_parameter_error;
      auto quote = quoting.quote(request.report);
      if (!quote) {
        const bool internal = quote.error().code == core::ErrorCode::Internal;
        return internal ? launch::aesm_unexpected_error : launch::aesm_parameter_error;
      }
      answer.content = *std::move(quote);
      return 0;
    }
  }
  return launch::aesm_unexpected_error;
}

Result<AesmAnswer> AesmServer::answer(core::ByteView message) {
  const auto request = TRY(AesmRequest::parse(message));
  AesmAnswer answer{.command = request.command};
  answer.error = answer_to(request, answer);
  return answer;
}

Result<void> AesmServer::serve(os::BorrowedFd channel) {
  for (;;) {
    const auto message = launch::receive_aesm_message(channel);
    if (!message) {
      const bool over = message.error().code == core::ErrorCode::Unavailable;
      return over ? Result<void>() : message.error();
    }
    const auto made = TRY(answer(*message));
    TRY(launch::write_stream(channel, launch::aesm_frame(made.bytes())));
  }
}

}  // namespace merlon::simulate
