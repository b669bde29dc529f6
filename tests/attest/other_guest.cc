// A guest that is no keep, on a simulated platform: gets a report as whoever launches guests can.
// For tests of what a verifier refuses.
//
//   merlon-other-guest PLATFORM POLICY VMPL REPORT_DATA OUT
//
// POLICY and VMPL are numbers, REPORT_DATA 128 hexadecimal digits, OUT the file for the report.

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "merlon/codec/hex.h"
#include "merlon/image/vmsa.h"
#include "merlon/os/open.h"
#include "merlon/simulate/launch_context.h"
#include "merlon/simulate/security_processor.h"
#include "merlon/snp/guest_message.h"
#include "merlon/snp/page_info.h"
#include "merlon/snp/report_request.h"

namespace {

using namespace merlon;
using Bytes = std::vector<std::uint8_t>;
using launch::FirmwareStatus;

constexpr std::size_t page_size = 4096;

/// Launches two pages and registers; the page of secrets, empty if it was refused.
Bytes launch_guest(simulate::LaunchContext& context, std::uint64_t policy) {
  const auto update = [&](snp::PageType type, std::uint64_t address) {
    return context.update(static_cast<std::uint32_t>(type), address, Bytes(page_size, 0));
  };
  if (context.start(policy) != FirmwareStatus::Success) return {};
  update(snp::PageType::Normal, 0x1000);
  auto secrets = update(snp::PageType::Secrets, 0x2000);
  update(snp::PageType::Vmsa, image::vmsa_address);
  const launch::FinishedLaunch finished{Bytes(32, 0), {}, {}, false};
  if (context.finish(finished.bytes()) != FirmwareStatus::Success) return {};
  return std::move(secrets.payload);
}

/// The report, empty if there is none.
Bytes report_of(simulate::SecurityProcessor& processor, core::ByteView secrets, std::uint32_t vmpl,
                const snp::ReportData& data) {
  constexpr std::size_t first_key = 0x20;
  const crypto::AesGcmKey key(secrets.subspan(first_key, crypto::AesGcmKey::size));
  snp::ReportRequest request;
  request.report_data = data;
  request.vmpl = vmpl;
  Bytes page = snp::seal(key, {snp::MessageType::ReportRequest, 1, 0, request.bytes()});
  page.resize(page_size, 0);
  const auto answer = processor.answer(page);
  if (!answer || answer->status != FirmwareStatus::Success) return {};
  const auto opened = snp::open(key, answer->payload);
  const auto response = opened ? snp::ReportResponse::parse(opened->payload)
                               : core::Result<snp::ReportResponse>(opened.error());
  return response ? response->report : Bytes{};
}

int run(char** words) {
  const auto platform = simulate::load_platform(words[1]);
  const auto bytes = codec::decode_hex(words[4]);
  const auto data = snp::ReportData::from(bytes ? core::ByteView(*bytes) : core::ByteView());
  auto context = simulate::LaunchContext::create();
  if (!platform || !data || !context) return 1;
  const Bytes secrets = launch_guest(*context, std::strtoull(words[2], nullptr, 0));
  if (secrets.empty()) return 2;
  simulate::SecurityProcessor processor(*platform, context->take_guest().value());
  const auto vmpl = static_cast<std::uint32_t>(std::strtoul(words[3], nullptr, 0));
  const Bytes report = report_of(processor, secrets, vmpl, *data);
  if (report.empty()) return 3;
  const auto file = os::create_file(words[5]);
  return file && os::write_all(*file, report) ? 0 : 4;
}

}  // namespace

int main(int count, char** words) {
  if (count == 6) return run(words);
  std::fputs("usage: merlon-other-guest PLATFORM POLICY VMPL REPORT_DATA OUT\n", stderr);
  return 2;
}
