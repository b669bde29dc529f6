// Any bytes as a program of a guest's requests to a simulated security processor, made by a guest
// and a host that do as they like: no number is ever sealed twice, and only the one message that
// may come next is answered.

#include <array>
#include <cstdlib>

#include "merlon/simulate/security_processor.h"
#include "merlon/snp/guest_message.h"
#include "merlon/snp/key_request.h"
#include "merlon/snp/report_request.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using namespace merlon;
using launch::FirmwareStatus;
using Bytes = std::vector<std::uint8_t>;

crypto::AesGcmKey key_of(std::uint8_t vmpck) {
  return crypto::AesGcmKey(Bytes(32, static_cast<std::uint8_t>(vmpck + 1)));
}

const simulate::Platform& platform() {
  static const simulate::Platform made = [] {
    auto machine = simulate::make_machine({1'780'000'000}).value();
    return simulate::Platform{
        machine.chain.endorsed(), std::move(machine.vcek_key), {}, std::move(machine.chip_secret)};
  }();
  return made;
}

class Play {
 public:
  Play() : processor_(platform(), guest()) {}

  /// Eight bytes: number relative to the right one, key, size of the payload, VMPL, key selection,
  /// what is altered where, whether the last message comes once more.
  void step(core::ByteView op) {
    const auto vmpck = static_cast<std::uint8_t>(op[1] % 4);
    if (op[7] % 4 == 0 && !kept_.empty()) {
      deliver(kept_, kept_vmpck_, false);
      return;
    }
    const auto delta = static_cast<std::int8_t>(op[0]);
    const std::uint64_t sequence = last_[vmpck] + 1 + static_cast<std::uint64_t>(delta);
    Bytes payload(64, op[2]);
    payload.resize(op[2] % 8 == 0 ? op[2] : 96, 0);
    if (payload.size() == 96) {
      payload[64] = op[3] % 8;
      payload[68] = op[4] % 8;
    }
    const bool for_key = op[2] % 16 == 15;
    const auto type = for_key ? snp::MessageType::KeyRequest : snp::MessageType::ReportRequest;
    if (for_key) payload = key_request(op);
    Bytes page = snp::seal(key_of(vmpck), {type, sequence, vmpck, payload});
    const std::size_t sealed = page.size();
    page.resize(4096, 0);
    const bool altered = op[5] != 0;
    if (altered) page[op[6] % sealed] ^= op[5];
    kept_ = page;
    kept_vmpck_ = vmpck;
    deliver(page, vmpck, delta == 0 && !altered);
  }

 private:
  static Bytes key_request(core::ByteView op) {
    snp::KeyRequest request;
    request.vmpl = op[3] % 8;
    request.guest_svn = op[4] % 4;
    request.fields = op[4];
    Bytes tcb(8, 0);
    tcb[op[2] / 32] = op[3] / 64;
    request.tcb = snp::TcbVersion::from(tcb).value();
    return request.bytes();
  }

  static simulate::Guest guest() {
    simulate::Guest made;
    made.policy.bits = 0x30000;
    for (std::uint8_t i = 0; i < 4; ++i) made.keys.push_back(key_of(i));
    return made;
  }

  /// `wanted`: an answer must come; otherwise it may only if this is a message that was held back.
  void deliver(const Bytes& page, std::uint8_t vmpck, bool wanted) {
    const auto answer = processor_.answer(page).value();
    const bool answered = answer.status == FirmwareStatus::Success;
    if (wanted && !answered) std::abort();
    if (!answered) {
      if (!answer.payload.empty()) std::abort();
      return;
    }
    const auto response = snp::open(key_of(vmpck), answer.payload);
    // The one number behind the last: so none is sealed twice.
    if (!response || response->sequence != last_[vmpck] + 2) std::abort();
    last_[vmpck] = response->sequence;
    if (response->type == snp::MessageType::KeyResponse) {
      const auto key = snp::KeyResponse::parse(response->payload);
      if (!key || key->status == snp::KeyStatus::InvalidKeySelection) std::abort();
      return;
    }
    if (response->type != snp::MessageType::ReportResponse) std::abort();
    const auto inside = snp::ReportResponse::parse(response->payload);
    if (!inside) std::abort();
    if (inside->status == snp::ReportStatus::Success) {
      const auto report = snp::Report::parse(inside->report);
      if (!report || report->vmpl < vmpck || report->vmpl > 3) std::abort();
    }
  }

  simulate::SecurityProcessor processor_;
  std::array<std::uint64_t, 4> last_{};
  Bytes kept_;
  std::uint8_t kept_vmpck_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Play play;
  for (std::size_t at = 0; at + 8 <= size && at < 8 * 64UL; at += 8) play.step({data + at, 8});
  return 0;
}
