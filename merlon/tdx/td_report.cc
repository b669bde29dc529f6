#include "merlon/tdx/td_report.h"

namespace merlon::tdx {

core::Result<TdReport> TdReport::parse(core::ByteView bytes) noexcept {
  if (bytes.size() != size_10 && bytes.size() != size_15) {
    return core::error(core::ErrorCode::Malformed, "a TD report has 584 or 648 bytes",
                       bytes.size());
  }
  core::Reader reader(bytes);
  TdReport report;
  report.tee_tcb_svn = TRY(TeeTcbSvn::read(reader));
  report.mr_seam = TRY(MrSeam::read(reader));
  report.mr_signer_seam = TRY(MrSignerSeam::read(reader));
  report.seam_attributes = TRY(SeamAttributes::read(reader));
  report.attributes = TRY(reader.u64());
  report.xfam = TRY(reader.u64());
  report.mr_td = TRY(MrTd::read(reader));
  report.mr_config_id = TRY(MrConfigId::read(reader));
  report.mr_owner = TRY(MrOwner::read(reader));
  report.mr_owner_config = TRY(MrOwnerConfig::read(reader));
  for (RtMr& value : report.rt_mr) value = TRY(RtMr::read(reader));
  report.report_data = TRY(ReportData::read(reader));
  if (bytes.size() == size_15) {
    report.tee_tcb_svn2 = TRY(TeeTcbSvn::read(reader));
    report.mr_service_td = TRY(MrServiceTd::read(reader));
  }
  return report;
}

}  // namespace merlon::tdx
