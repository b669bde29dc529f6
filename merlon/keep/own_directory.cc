#include "merlon/keep/own_directory.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/keep/connections.h"
#include "merlon/keep/launch_facts.h"
#include "merlon/keep/statement_file.h"

namespace merlon::keep {

using core::Result;
using wasi::ServedName;

namespace {

using Bytes = std::vector<std::uint8_t>;

enum File : std::size_t {
  LaunchJson,
  Measurement,
  Report,
  Certificates,
  Certificate,
  Request,
  Fresh,
  Connections,
  Credential,
  CredentialKeys,
  Statement
};
constexpr std::array<ServedName, 11> all{{{"launch.json", false},
                                          {"measurement", false},
                                          {"report", false},
                                          {"certificates", false},
                                          {"certificate", false},
                                          {"request", false},
                                          {"fresh", true},
                                          {connections_name, false, true},
                                          {credential_name, true},
                                          {"credential_keys", false},
                                          {statement_name, true}}};

Bytes bytes_of(std::string_view text) {
  const core::ByteView view = core::as_bytes(text);
  return {view.begin(), view.end()};
}

class FixedFile final : public wasi::ServedFile {
 public:
  explicit FixedFile(std::shared_ptr<const Bytes> bytes) noexcept : bytes_(std::move(bytes)) {}
  wasi::Result<core::ByteView> content() override { return core::ByteView(*bytes_); }

 private:
  std::shared_ptr<const Bytes> bytes_;
};

/// Answers what it is told by evidence that holds it.
class FreshFile final : public wasi::ServedFile {
 public:
  explicit FreshFile(OwnDirectory& directory) noexcept : directory_(directory) {}

  wasi::Result<core::ByteView> content() override { return core::ByteView(evidence_); }
  wasi::Result<void> take(core::ByteView said) override {
    if (said.empty()) return {};
    auto evidence = directory_.evidence_of(said);
    if (!evidence) return failure_of(evidence.error());
    evidence_ = *std::move(evidence);
    return {};
  }

 private:
  OwnDirectory& directory_;
  Bytes evidence_;
};

}  // namespace

bool hides_own_directory(std::string_view guest_name) noexcept {
  const std::string_view own = own_directory_name.substr(1);
  while (guest_name.starts_with('/') || guest_name.starts_with("./")) {
    guest_name.remove_prefix(guest_name.starts_with('/') ? 1 : 2);
  }
  return guest_name == own || (guest_name.starts_with(own) && guest_name[own.size()] == '/');
}

std::span<const ServedName> OwnDirectory::names() { return all; }

Result<std::string_view> OwnDirectory::facts() {
  if (!self_.is_attested()) {
    return core::error(core::ErrorCode::Unsupported, "nobody would answer for the facts");
  }
  if (facts_.empty()) {
    const identity::SessionKeys* const keys = TRY(self_.keys());
    const OwnDigests digests{.module = crypto::sha256({module_->bytes()}),
                             .tls_key = crypto::sha256({keys->tls_spki()}),
                             .hpke_key = crypto::sha256({keys->hpke().public_key().view()})};
    facts_ = launch_facts(message_, source_, digests);
  }
  return std::string_view(facts_);
}

Result<Bytes> OwnDirectory::evidence_of(core::ByteView said) {
  const std::string_view facts = TRY(this->facts());
  return self_.evidence_for(
      evidence::work_report_data(crypto::sha256({core::as_bytes(facts)}), crypto::sha256({said})));
}

Result<Bytes> OwnDirectory::own_certificate() const {
  if (!shown_) return core::error(core::ErrorCode::NotFound, "nobody asked for one");
  std::string text;
  for (const auto& each : shown_->vouching.chain) text += codec::to_pem("CERTIFICATE", each);
  return bytes_of(text);
}

Result<Bytes> OwnDirectory::content_of(std::size_t index) {
  switch (static_cast<File>(index)) {
    case LaunchJson: return bytes_of(TRY(facts()));
    case Measurement: return bytes_of(base::hex(TRY(self_.measurement())) + "\n");
    case Report: {
      const core::ByteView report = TRY(self_.evidence());
      return Bytes(report.begin(), report.end());
    }
    case Certificates: return self_.certificates();
    case Certificate: return own_certificate();
    case Request: return self_.request();
    case CredentialKeys: {
      if (!credential_) return core::error(core::ErrorCode::NotFound, "nobody gives credentials");
      return credential_->keys();
    }
    case Fresh:
    case Credential:
    case Statement:
    case Connections: break;
  }
  return core::error(core::ErrorCode::NotFound, "no such file");
}

Result<std::shared_ptr<const Bytes>> OwnDirectory::kept(std::size_t index) {
  if (index == Certificate) {  // another one after each renewal
    return std::make_shared<const Bytes>(TRY(own_certificate()));
  }
  kept_.resize(all.size());
  if (!kept_[index]) kept_[index] = std::make_shared<const Bytes>(TRY(content_of(index)));
  return kept_[index];
}

wasi::Result<std::unique_ptr<wasi::ServedFile>> OwnDirectory::open(std::size_t index) {
  if (index == Connections) return wasi::fail(wasi::Errno::Isdir);
  if (index == Fresh) return std::unique_ptr<wasi::ServedFile>(std::make_unique<FreshFile>(*this));
  if (index == Credential) return credential_file(credential_, {});
  if (index == Statement) return statement_file();
  auto content = kept(index);
  if (!content) return failure_of(content.error());
  return std::unique_ptr<wasi::ServedFile>(std::make_unique<FixedFile>(*std::move(content)));
}

wasi::Result<std::shared_ptr<wasi::ServedDirectory>> OwnDirectory::enter(std::size_t index) {
  if (index != Connections || !connections_) return ServedDirectory::enter(index);
  return connections_;
}

}  // namespace merlon::keep
