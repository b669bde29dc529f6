#include "merlon/sgx/tcb_status.h"

namespace merlon::sgx {

std::string_view to_string(TcbStatus status) noexcept {
  switch (status) {
    case TcbStatus::UpToDate: return "UpToDate";
    case TcbStatus::SWHardeningNeeded: return "SWHardeningNeeded";
    case TcbStatus::ConfigurationNeeded: return "ConfigurationNeeded";
    case TcbStatus::ConfigurationAndSWHardeningNeeded: return "ConfigurationAndSWHardeningNeeded";
    case TcbStatus::OutOfDate: return "OutOfDate";
    case TcbStatus::OutOfDateConfigurationNeeded: return "OutOfDateConfigurationNeeded";
    case TcbStatus::Revoked: return "Revoked";
  }
  return "unknown";
}

std::optional<TcbStatus> tcb_status(std::string_view name) noexcept {
  for (const TcbStatus status : all_tcb_statuses) {
    if (to_string(status) == name) return status;
  }
  return std::nullopt;
}

namespace {

TcbStatus outdated(TcbStatus platform) noexcept {
  switch (platform) {
    case TcbStatus::UpToDate:
    case TcbStatus::SWHardeningNeeded:
    case TcbStatus::OutOfDate: return TcbStatus::OutOfDate;
    case TcbStatus::ConfigurationNeeded:
    case TcbStatus::ConfigurationAndSWHardeningNeeded:
    case TcbStatus::OutOfDateConfigurationNeeded: return TcbStatus::OutOfDateConfigurationNeeded;
    case TcbStatus::Revoked: return TcbStatus::Revoked;
  }
  return TcbStatus::Revoked;
}

}  // namespace

TcbStatus converge(TcbStatus platform, TcbStatus part) noexcept {
  if (platform == TcbStatus::Revoked) return TcbStatus::Revoked;
  switch (part) {
    case TcbStatus::UpToDate: return platform;
    case TcbStatus::OutOfDate: return outdated(platform);
    // Intel gives parts no other status; whoever meets one must not be told that all is well.
    case TcbStatus::Revoked:
    case TcbStatus::SWHardeningNeeded:
    case TcbStatus::ConfigurationNeeded:
    case TcbStatus::ConfigurationAndSWHardeningNeeded:
    case TcbStatus::OutOfDateConfigurationNeeded: return TcbStatus::Revoked;
  }
  return TcbStatus::Revoked;
}

}  // namespace merlon::sgx
