#include "merlon/host/snp/certificates.h"

#include <optional>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/codec/der.h"
#include "merlon/codec/pem.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/sallyport/boot.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/snp/certificate_table.h"

namespace merlon::host::snp {

using base::concat;
using core::ErrorCode;
using ::merlon::snp::NewTableEntry;
using ::merlon::snp::TableEntryKind;
using Bytes = std::vector<std::uint8_t>;
template <typename T>
using Result = core::Result<T, HostError>;

namespace {

constexpr std::size_t max_file = 64UL << 10U;
constexpr std::string_view update = "; merlon platform snp update gets it anew";
constexpr std::string_view cache_crl = "; merlon platform snp cache-crl gets it anew";

bool is_one_value(core::ByteView der) noexcept {
  return codec::der_whole(der, codec::DerTag::Sequence).has_value();
}

HostError malformed(const std::string& path, std::string_view what, std::string_view remedy) {
  return {ErrorCode::Malformed, concat(base::printable(path), ": ", what, remedy)};
}

/// NotFound is that error alone.
Result<Bytes> read(const std::string& path) {
  const auto file = os::open_file(path);
  auto bytes =
      file ? os::read_all(*file, max_file) : os::Result<std::vector<std::uint8_t>>(file.error());
  if (bytes) return *std::move(bytes);
  const bool absent = bytes.error() == os::Errno::Noent;
  return HostError{absent ? ErrorCode::NotFound : ErrorCode::Malformed,
                   concat(base::printable(path), ": ", os::describe(bytes.error()))};
}

/// Nothing where there is no such file.
Result<std::optional<Bytes>> read_if_there(const std::string& path) {
  auto bytes = read(path);
  if (bytes) return std::optional(*std::move(bytes));
  if (bytes.error().code == ErrorCode::NotFound) return std::optional<Bytes>();
  return bytes.error();
}

/// ASK and ARK, or nothing.
Result<std::vector<Bytes>> read_chain(const std::string& path) {
  const auto text = TRY(read_if_there(path));
  if (!text) return std::vector<Bytes>();
  auto both = codec::pem_certificates(core::as_text(*text));
  if (!both || both->size() != 2 || !is_one_value((*both)[0]) || !is_one_value((*both)[1])) {
    return malformed(path, "not two certificates", update);
  }
  return *std::move(both);
}

/// Of the product's root; empty where there is none.
Result<Bytes> read_list(const std::string& path, std::string_view product) {
  const auto file = TRY(read_if_there(path));
  if (!file) return Bytes();
  const auto lists = sgx::parse_crl_list(*file);
  if (!lists) return malformed(path, "no revocation lists", cache_crl);
  for (const sgx::ListAt& each : *lists) {
    if (!each.url.ends_with(concat("/vcek/v1/", product, "/crl"))) continue;
    if (!is_one_value(each.der)) return malformed(path, "no revocation lists", cache_crl);
    return Bytes(each.der.begin(), each.der.end());
  }
  return Bytes();
}

}  // namespace

Result<Bytes> read_certificates(const ::merlon::snp::Chip& chip, const std::string& directory) {
  const std::string path = concat(directory, "/", chip.file());
  const auto vcek = read(path);
  if (!vcek) return HostError{vcek.error().code, concat(vcek.error().text, update)};
  if (!is_one_value(*vcek)) return malformed(path, "not a certificate", update);
  const std::string_view product = to_string(chip.product);
  const auto above = TRY(read_chain(concat(directory, "/vcek-", product, ".pem")));
  const Bytes list = TRY(read_list(concat(directory, "/crls.der"), product));
  std::vector<NewTableEntry> entries{{TableEntryKind::Vcek, *vcek}};
  if (!above.empty()) {
    entries.push_back({TableEntryKind::Ask, above[0]});
    entries.push_back({TableEntryKind::Ark, above[1]});
  }
  if (!list.empty()) entries.push_back({TableEntryKind::Crl, list});
  Bytes table = ::merlon::snp::certificate_table(entries);
  if (table.size() > sallyport::certificate_size) {
    return HostError{ErrorCode::Malformed, concat(base::printable(directory),
                                                  ": more certificates than a keep has room for")};
  }
  return table;
}

}  // namespace merlon::host::snp
