#include "merlon/host/snp/own_chip.h"

#include <array>
#include <cstring>

#include "merlon/base/text.h"

namespace merlon::host::snp {

using ::merlon::snp::Chip;
using ::merlon::snp::ChipId;
using ::merlon::snp::Product;
using ::merlon::snp::TcbVersion;

namespace {

struct Facts {
  std::array<std::uint8_t, ChipId::size> id{};
  std::array<std::uint8_t, TcbVersion::size> reported_tcb{};
};

template <typename T>
os::Result<int> ask(const File& file, std::uint32_t id, T& structure) {
  kernel::PlatformCommand command;
  command.id = id;
  // SAFETY: the kernel takes the address as a number; the structure lives until it has answered.
  command.data = reinterpret_cast<std::uint64_t>(&structure);
  return file.ask(request::platform, command);
}

os::Result<Facts> read_facts(Device& device) {
  const File file(device, TRY(device.open(Node::Sev)));
  kernel::PlatformStatus status;
  TRY(ask(file, kernel::platform_status, status));
  // Of each socket one, and how long they are may change: the kernel says how much there was.
  std::array<std::uint8_t, 256> ids{};
  kernel::GetId wanted;
  // SAFETY: as above.
  wanted.address = reinterpret_cast<std::uint64_t>(ids.data());
  wanted.size = ids.size();
  TRY(ask(file, kernel::get_id, wanted));
  Facts facts;
  if (wanted.size < facts.id.size() || wanted.size > ids.size()) return os::Errno::Range;
  std::memcpy(facts.id.data(), ids.data(), facts.id.size());
  static_assert(sizeof(status.reported_tcb) == sizeof(facts.reported_tcb));
  std::memcpy(facts.reported_tcb.data(), &status.reported_tcb, sizeof(status.reported_tcb));
  return facts;
}

}  // namespace

std::optional<Product> product_of(std::uint32_t signature) noexcept {
  const std::uint32_t family = ((signature >> 8U) & 0xf) + ((signature >> 20U) & 0xff);
  const std::uint32_t model = ((signature >> 4U) & 0xf) | ((signature >> 12U) & 0xf0);
  const auto product = ::merlon::snp::product_of_cpuid(static_cast<std::uint8_t>(family),
                                                       static_cast<std::uint8_t>(model));
  return product == Product::Simulator ? std::nullopt : product;
}

core::Result<Chip, HostError> own_chip(Device& device, std::uint32_t signature) {
  const auto product = product_of(signature);
  if (!product) {
    return HostError{core::ErrorCode::Unavailable, "this processor is no AMD EPYC with SEV-SNP"};
  }
  const auto facts = read_facts(device);
  if (!facts) {
    const bool forbidden = facts.error() == os::Errno::Acces || facts.error() == os::Errno::Perm;
    return HostError{
        core::ErrorCode::Unavailable,
        base::concat("/dev/sev: ", os::describe(facts.error()),
                     forbidden ? "; the security processor tells root alone who it is"
                               : "; merlon platform info --backend snp says what is missing")};
  }
  const TcbVersion tcb = TcbVersion::from(facts->reported_tcb).value();
  return Chip{*product, ChipId::from(facts->id).value(), ::merlon::snp::components(tcb, *product)};
}

}  // namespace merlon::host::snp
