#include "merlon/keep/own_credential.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/keep/connections.h"
#include "merlon/x509/certificate.h"

namespace merlon::keep {

using core::ErrorCode;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// By which policy the Steward has judged this keep, as its certificate says.
Result<crypto::Sha256Digest> policy_of(const Shown& shown) {
  if (shown.vouching.chain.size() < 2) {
    return core::error(ErrorCode::NotFound, "no Steward vouches for this keep");
  }
  const auto own = TRY(x509::Certificate::parse(shown.vouching.chain.front()));
  const auto result = evidence::attestation_result_of(own);
  if (!result) return core::error(ErrorCode::NotFound, "the Steward does not name its policy");
  return TRY(*result).policy;
}

class CredentialFile final : public wasi::ServedFile {
 public:
  CredentialFile(std::shared_ptr<OwnCredential> credential, Bytes bound_to) noexcept
      : credential_(std::move(credential)), bound_to_(std::move(bound_to)) {}

  wasi::Result<core::ByteView> content() override { return core::as_bytes(token_); }
  wasi::Result<void> take(core::ByteView said) override {
    std::string_view text = core::as_text(said);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.empty()) return {};
    Bytes bound_to = bound_to_;
    if (const auto end = text.find('\n'); end != std::string_view::npos) {
      auto bytes = codec::decode_hex(text.substr(end + 1));
      if (!bytes || !bound_to_.empty()) return wasi::fail(wasi::Errno::Inval);
      bound_to = *std::move(bytes);
      text = text.substr(0, end);
    }
    token_.clear();
    auto token = credential_->present(text, bound_to);
    if (!token) return failure(token.error());
    token_ = *std::move(token);
    return {};
  }

 private:
  static wasi::Failure failure(const core::Error& error) {
    const bool is_used_up = error.code == ErrorCode::Denied || error.code == ErrorCode::Exhausted;
    if (is_used_up) return wasi::fail(wasi::Errno::Dquot);
    if (error.code == ErrorCode::Malformed) return wasi::fail(wasi::Errno::Inval);
    return failure_of(error);
  }

  std::shared_ptr<OwnCredential> credential_;
  Bytes bound_to_;
  std::string token_;
};

}  // namespace

OwnCredential::OwnCredential(Self& self, const launch::Steward& steward,
                             std::shared_ptr<StewardLine> line, std::shared_ptr<const Shown> shown,
                             Now now)
    : self_(self),
      steward_(steward),
      line_(std::move(line)),
      shown_(std::move(shown)),
      now_(std::move(now)) {}

Result<Bytes> OwnCredential::ask(StewardTalk::Question question) {
  if (line_->is_busy) {
    return core::error(ErrorCode::Unavailable, "the certificate is being renewed");
  }
  StewardTalk talk(steward_, line_->dialer, std::move(question), now_());
  auto answer = finish(talk);
  if (!answer) return core::error(ErrorCode::Unavailable, "the Steward gives no credential");
  return *std::move(answer);
}

Result<void> OwnCredential::obtain() {
  if (holder_ && holder_->entry().record.is_valid_at({now_()})) return {};
  if (!self_.is_attested()) {
    return core::error(ErrorCode::Unsupported, "nothing attests this keep");
  }
  const crypto::Sha256Digest policy = TRY(policy_of(*shown_));
  const std::string path =
      base::concat(steward_.path, steward_.path.ends_with('/') ? "" : "/", "credential");
  Bytes log = TRY(ask({"GET",
                       base::concat(path, "/keys"),
                       "",
                       base::concat(credential::key_log_type, ", application/problem+json"),
                       {}}));
  const auto keys = TRY(credential::KeyLog::parse(log));
  const credential::KeyLog::Entry* const entry = keys.find(policy, {now_()});
  if (entry == nullptr) {
    return core::error(ErrorCode::NotFound, "the Steward has no key for this keep's policy");
  }
  // The same request as long as it may be that the Steward has answered it and that got lost: it
  // gives each keep one credential, and the same again to who asks for it in the same words.
  if (!asking_ || asking_->entry().id != entry->id) {
    asking_ = TRY(credential::Asking::begin(*entry));
  }
  const zk::ArcRequest& asked = asking_->request();
  const identity::SessionKeys* const own = TRY(self_.keys());
  const auto data = TRY(credential::report_data(own->tls_spki(), entry->id, asked));
  const credential::Request request{TRY(self_.request_holding(data)), entry->id, asked};
  const Bytes answer =
      TRY(ask({"POST", path, std::string(credential::request_type),
               base::concat(credential::response_type, ", application/problem+json"),
               TRY(request.encode())}));
  holder_ = TRY(credential::Holder::finish(*asking_, answer));
  asking_.reset();
  log_ = std::move(log);
  return {};
}

Result<std::string> OwnCredential::present(std::string_view audience, core::ByteView bound_to) {
  TRY(obtain());
  return holder_->present(audience, bound_to);
}

Result<Bytes> OwnCredential::keys() {
  TRY(obtain());
  return log_;
}

wasi::Result<std::unique_ptr<wasi::ServedFile>> credential_file(
    std::shared_ptr<OwnCredential> credential, Bytes bound_to) {
  if (!credential) return wasi::fail(wasi::Errno::Noent);
  return std::unique_ptr<wasi::ServedFile>(
      std::make_unique<CredentialFile>(std::move(credential), std::move(bound_to)));
}

}  // namespace merlon::keep
