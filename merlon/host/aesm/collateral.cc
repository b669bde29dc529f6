#include "merlon/host/aesm/collateral.h"

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/sgx/platform_collateral.h"

namespace merlon::host::aesm {

using base::concat;
using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;
template <typename T>
using Result = core::Result<T, HostError>;

namespace {

Result<Bytes> read(const std::string& path) {
  const auto failed = [&](os::Errno reason) {
    const core::Error error = os::to_error(reason, "");
    return HostError{error.code, concat(base::printable(path), ": ", os::describe(reason),
                                        "; merlon platform sgx makes these files")};
  };
  const auto file = os::open_file(path);
  if (!file) return failed(file.error());
  auto bytes = os::read_all(*file, sgx::max_collateral_size);
  if (!bytes) return failed(bytes.error());
  return *std::move(bytes);
}

HostError not_one(const std::string& path, const core::Error& error) {
  return {ErrorCode::Malformed, concat(base::printable(path), ": ", error.what)};
}

}  // namespace

Result<Bytes> read_collateral(const std::string& directory) {
  const std::string lists_path = concat(directory, "/crls.der");
  const std::string package_path = concat(directory, "/tcb.der");
  const Bytes lists = TRY(read(lists_path));
  const Bytes package = TRY(read(package_path));
  const auto parsed_lists = sgx::parse_crl_list(lists);
  if (!parsed_lists) return not_one(lists_path, parsed_lists.error());
  const auto parsed_package = sgx::TcbPackage::parse(package);
  if (!parsed_package) return not_one(package_path, parsed_package.error());
  // Enarx's caches have none, and its Steward asks for none.
  const std::string identity_path = concat(directory, "/qe-identity.json");
  auto identity = read(identity_path);
  if (!identity && identity.error().code != ErrorCode::NotFound) return identity.error();
  const Bytes text = std::move(identity).value_or(Bytes());
  Bytes all = sgx::platform_collateral(lists, package, core::as_text(text));
  const auto whole = sgx::PlatformCollateral::parse(all);
  if (!whole) return not_one(directory, whole.error());
  return all;
}

}  // namespace merlon::host::aesm
