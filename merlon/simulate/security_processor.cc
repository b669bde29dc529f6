#include "merlon/simulate/security_processor.h"

#include <algorithm>
#include <limits>

#include "merlon/crypto/hash.h"
#include "merlon/simulate/launch_context.h"
#include "merlon/snp/guest_message.h"
#include "merlon/snp/id_block.h"
#include "merlon/snp/report_request.h"

namespace merlon::simulate {

using core::ByteView;
using core::Result;
using launch::FirmwareAnswer;
using launch::FirmwareStatus;

namespace {

constexpr std::uint32_t report_version = 5;
constexpr std::uint32_t ecdsa_p384_sha384 = 1;

/// MSG_VMPCK; which key a message is to be opened with stands in the message.
constexpr std::size_t vmpck_offset = 0x3C;

/// The versions, which are all the same: nothing was ever updated here.
void put_versions(snp::Report& report, const snp::TcbVersion& tcb) {
  report.current_tcb = tcb;
  report.reported_tcb = tcb;
  report.committed_tcb = tcb;
  report.launch_tcb = tcb;
  report.current = firmware_version;
  report.committed = firmware_version;
  report.cpuid = snp::Cpuid{};  // which no processor has; see snp::Product::Simulator
  report.launch_mitigations = 0;
  report.current_mitigations = 0;
}

void put_guest(snp::Report& report, const Guest& guest) {
  report.policy = guest.policy;
  report.measurement = guest.measurement;
  report.host_data = guest.host_data;
  report.report_id = guest.report_id;
  std::array<std::uint8_t, snp::ReportIdMa::size> no_migration_agent{};
  no_migration_agent.fill(0xFF);
  report.report_id_ma = snp::ReportIdMa::from(no_migration_agent).value();
  report.family_id = guest.identity.family_id;
  report.image_id = guest.identity.image_id;
  report.guest_svn = guest.identity.guest_svn;
  report.id_key_digest = guest.identity.id_key_digest;
  report.author_key_enabled = guest.identity.author_key_digest.has_value();
  report.author_key_digest = guest.identity.author_key_digest.value_or(snp::AuthorKeyDigest{});
}

bool is_committed(const snp::TcbVersion& asked, const snp::TcbVersion& committed) {
  constexpr auto product = snp::Product::Simulator;
  return snp::has_zero_reserved(asked, product) &&
         snp::components(committed, product).at_least(snp::components(asked, product));
}

/// What is not selected is left out as zeros; which fields are, is mixed in as well.
crypto::SecretBytes derived_key(const crypto::SecretBytes& chip, const snp::KeyRequest& request,
                                const Guest& guest) {
  snp::KeyRequest asked = request;
  asked.root = snp::RootKey::Vcek;  // there is no VLEK
  if (!request.selects(snp::KeyField::Svn)) asked.guest_svn = 0;
  if (!request.selects(snp::KeyField::Tcb)) asked.tcb = {};
  snp::IdBlock about;  // the other fields, one behind the other, as an ID block has them
  if (request.selects(snp::KeyField::Policy)) about.policy = guest.policy;
  if (request.selects(snp::KeyField::Image)) about.image_id = guest.identity.image_id;
  if (request.selects(snp::KeyField::Family)) about.family_id = guest.identity.family_id;
  if (request.selects(snp::KeyField::Measurement)) about.digest = guest.measurement;
  const auto key = crypto::sha256({core::as_bytes("merlon/simulator/derived-key/1"), chip.reveal(),
                                   asked.bytes(), about.to_bytes()});
  return crypto::SecretBytes({key.view().begin(), key.view().end()});
}

}  // namespace

Result<FirmwareAnswer> SecurityProcessor::answer(ByteView page) {
  const FirmwareAnswer refused{FirmwareStatus::InvalidParameter, {}};
  if (page.size() != launch::firmware_page_size) return refused;
  const std::uint8_t vmpck = page[vmpck_offset];
  if (vmpck >= guest_.keys.size()) return refused;
  const crypto::AesGcmKey& key = guest_.keys[vmpck];
  const auto message = snp::open(key, page);
  if (!message) {
    const bool altered = message.error().code == core::ErrorCode::Denied;
    return FirmwareAnswer{
        altered ? FirmwareStatus::BadMeasurement : FirmwareStatus::InvalidParameter, {}};
  }
  constexpr auto last_number = std::numeric_limits<std::uint64_t>::max();
  if (message->sequence == last_number) return FirmwareAnswer{FirmwareStatus::AeadOverflow, {}};
  const bool wants_key = message->type == snp::MessageType::KeyRequest;
  if (message->sequence != last_[vmpck] + 1 ||
      (!wants_key && message->type != snp::MessageType::ReportRequest)) {
    return refused;
  }
  snp::GuestMessage response;
  response.type = wants_key ? snp::MessageType::KeyResponse : snp::MessageType::ReportResponse;
  response.sequence = message->sequence + 1;
  response.vmpck = vmpck;
  response.payload =
      wants_key ? derive(message->payload, vmpck).bytes() : TRY(respond(message->payload, vmpck));
  // From here on neither number is used again, whatever becomes of the answer on its way.
  last_[vmpck] = response.sequence;
  FirmwareAnswer answer{FirmwareStatus::Success, snp::seal(key, response)};
  answer.payload.resize(launch::firmware_page_size, 0);
  crypto::wipe(response.payload);  // it may be a key
  return answer;
}

snp::KeyResponse SecurityProcessor::derive(ByteView payload, std::uint8_t vmpck) const {
  snp::KeyResponse response;
  const auto request = snp::KeyRequest::parse(payload);
  // A key of a level that is less trusted is everybody's above; one of versions that the guest or
  // the platform has not is of somebody who comes later.
  if (!request || request->vmpl < vmpck || request->guest_svn > guest_.identity.guest_svn ||
      !is_committed(request->tcb, platform_.endorsed.tcb)) {
    return response;
  }
  const bool has_root =
      request->root == snp::RootKey::Vcek || request->root == snp::RootKey::VlekIfThereIsOne;
  if (!has_root || platform_.chip_secret.reveal().empty()) {
    response.status = snp::KeyStatus::InvalidKeySelection;
    return response;
  }
  response.status = snp::KeyStatus::Success;
  response.key = derived_key(platform_.chip_secret, *request, guest_);
  return response;
}

Result<std::vector<std::uint8_t>> SecurityProcessor::respond(ByteView payload,
                                                             std::uint8_t vmpck) const {
  snp::ReportResponse response;
  const auto request = snp::ReportRequest::parse(payload);
  // A level that is less trusted than its key's cannot ask in the name of a more trusted one.
  if (!request || request->vmpl < vmpck) return response.bytes();
  if (request->key == snp::ReportKey::Vlek) {
    response.status = snp::ReportStatus::InvalidKeySelection;
    return response.bytes();
  }
  response.report = TRY(signed_report(request->report_data, request->vmpl));
  response.status = snp::ReportStatus::Success;
  return response.bytes();
}

Result<std::vector<std::uint8_t>> SecurityProcessor::signed_report(
    const snp::ReportData& report_data, std::uint32_t vmpl) const {
  snp::Report report;
  report.version = report_version;
  report.vmpl = vmpl;
  report.signature_algorithm = ecdsa_p384_sha384;
  report.platform_info = std::uint64_t{1}
                         << static_cast<unsigned>(snp::PlatformBit::AliasCheckComplete);
  report.signing_key = snp::SigningKey::Vcek;
  report.report_data = report_data;
  report.chip_id = platform_.endorsed.chip_id;
  put_versions(report, platform_.endorsed.tcb);
  put_guest(report, guest_);
  const auto unsigned_bytes = report.bytes();
  const auto digest = crypto::Digest::of(crypto::HashKind::Sha384,
                                         ByteView(unsigned_bytes).first(snp::Report::signed_size));
  report.signature = TRY(snp::ReportSignature::from(TRY(platform_.vcek_key.sign_ecdsa(digest))));
  const auto bytes = report.bytes();
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

}  // namespace merlon::simulate
