#include "merlon/host/sgx/kernel_driver.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <sys/mman.h>

#include "merlon/base/text.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx {

using base::concat;
using core::ErrorCode;
using sallyport::Access;

namespace {

constexpr std::size_t page_size = 4096;
constexpr std::uint64_t lowest_address = 0x1'0000;  // below, no process may map anything
constexpr std::uint32_t leaf_exit = 4;
/// A kernel that gets no further, however often it is asked, is not asked for ever.
constexpr int most_tries = 1000;

/// SECS as the driver reads it [SDM vol. 3D SECS]: size, base, frame, MISCSELECT, ATTRIBUTES.
struct alignas(page_size) ControlPage {
  std::uint64_t size;
  std::uint64_t base;
  std::uint32_t frame_pages;
  std::uint32_t misc_select;
  std::uint8_t reserved0[24];
  std::uint64_t flags;
  std::uint64_t extended_state;
  std::uint8_t reserved1[page_size - 64];
};
static_assert(sizeof(ControlPage) == page_size && offsetof(ControlPage, flags) == 48);

struct alignas(64) SecInfo {
  std::uint64_t flags;
  std::uint64_t reserved[7];
};

constexpr std::uint64_t flag_64_bits = 4;
constexpr std::uint32_t tells_faults = 1;  // EXINFO
constexpr std::uint64_t trimmed = 4;       // PT_TRIM
constexpr std::size_t sigstruct_size = 1808;

/// The address of memory that the kernel reads while it is asked.
template <typename T>
std::uint64_t address_of(const T* memory) noexcept {
  // SAFETY: only a number.
  return reinterpret_cast<std::uint64_t>(memory);
}

int protection_of(Access access) noexcept {
  switch (access) {
    case Access::None: return PROT_NONE;
    case Access::Read: return PROT_READ;
    case Access::ReadWrite: return PROT_READ | PROT_WRITE;
    case Access::ReadExecute: return PROT_READ | PROT_EXEC;
  }
  return PROT_NONE;
}

bool is_worth_a_try(os::Errno number) noexcept {
  return number == os::Errno::Intr || number == os::Errno::Again;
}

}  // namespace

KernelDriver::~KernelDriver() {
  if (file_ >= 0) device_.close(file_);
}

template <typename T>
os::Result<int> KernelDriver::ask(unsigned long request, T& structure) {
  // SAFETY: any object may be looked at as bytes; T is a plain structure of the kernel's.
  return device_.control(file_, request, {reinterpret_cast<std::uint8_t*>(&structure), sizeof(T)});
}

template <typename T>
os::Result<void> KernelDriver::ask_for_all(unsigned long request, T structure) {
  for (int tries = 0; structure.length != 0; ++tries) {
    structure.count = 0;
    const auto answer = ask(request, structure);
    // What the processor itself refuses is never right later.
    if (answer && *answer != 0) return os::Errno::Io;
    const std::uint64_t done = structure.count;
    if (done > structure.length || done % page_size != 0) return os::Errno::Io;
    if (answer && done != structure.length) return os::Errno::Io;
    if (!answer && (!is_worth_a_try(answer.error()) || tries == most_tries)) return answer.error();
    structure.offset += done;
    structure.length -= done;
    if constexpr (requires { structure.src; }) structure.src += done;
  }
  return {};
}

os::Result<void> KernelDriver::create() {
  file_ = TRY(device_.open());
  ControlPage control{};
  control.size = sallyport::enclave_size;
  control.base = sallyport::enclave_base;
  control.frame_pages = sallyport::saved_state_frame_pages;
  control.misc_select = tells_faults;
  control.flags = flag_64_bits;
  control.extended_state = sallyport::enclave_extended_state;
  ::sgx_enclave_create request{address_of(&control)};
  if (TRY(ask(SGX_IOC_ENCLAVE_CREATE, request)) != 0) return os::Errno::Io;
  return device_.map(file_, lowest_address, sallyport::enclave_size - lowest_address);
}

os::Result<void> KernelDriver::add_some(image::EnclavePage page, std::uint64_t offset,
                                        core::ByteView whole) {
  const SecInfo info{image::secinfo_flags(page), {}};
  return ask_for_all(SGX_IOC_ENCLAVE_ADD_PAGES,
                     ::sgx_enclave_add_pages{address_of(whole.data()), offset, whole.size(),
                                             address_of(&info), SGX_PAGE_MEASURE, 0});
}

os::Result<void> KernelDriver::add(image::EnclavePage page, Pages pages, core::ByteView bytes) {
  constexpr std::size_t at_once = 64 * page_size;
  struct alignas(page_size) Buffer {
    std::array<std::uint8_t, at_once> bytes;
  };
  const auto buffer = std::make_unique<Buffer>();
  for (std::uint64_t at = 0; at < pages.size; at += at_once) {
    const std::size_t size = std::min<std::uint64_t>(at_once, pages.size - at);
    buffer->bytes.fill(0);
    const std::size_t there = at < bytes.size() ? std::min(size, bytes.size() - at) : 0;
    if (there != 0) std::ranges::copy(bytes.subspan(at, there), buffer->bytes.begin());
    TRY(add_some(page, pages.address - sallyport::enclave_base + at,
                 core::ByteView(buffer->bytes).first(size)));
  }
  const bool is_reached = page != image::EnclavePage::ThreadControl;
  const auto rights = image::secinfo_flags(page) & 7U;
  return device_.protect(
      pages.address, pages.size,
      protection_of(is_reached ? static_cast<Access>(rights) : Access::ReadWrite));
}

core::Result<void, HostError> KernelDriver::start(core::ByteView sigstruct) {
  if (sigstruct.size() != sigstruct_size) {
    return HostError{
        ErrorCode::Denied,
        "an enclave wants the signature of its owner: merlon sign --sgx-key makes one, "
        "and --signatures names it"};
  }
  struct alignas(page_size) Signature {
    std::array<std::uint8_t, page_size> bytes;
  };
  const auto signature = std::make_unique<Signature>();
  signature->bytes.fill(0);
  std::ranges::copy(sigstruct, signature->bytes.begin());
  ::sgx_enclave_init request{address_of(signature.get())};
  const auto answer = ask(SGX_IOC_ENCLAVE_INIT, request);
  if (!answer) {
    // EPERM is the processor's no to the signature, as the driver tells it.
    const bool refused = answer.error() == os::Errno::Perm;
    return HostError{refused ? ErrorCode::Denied : ErrorCode::Internal,
                     concat(refused ? "the processor refuses the signature: it is of another keep, "
                                      "or of other attributes"
                                    : "cannot start the enclave",
                            ": ", os::describe(answer.error()))};
  }
  if (*answer != 0) {
    return HostError{ErrorCode::Denied,
                     concat("the processor refuses the enclave (EINIT: ", *answer,
                            "): the signatures are of another keep, or this "
                            "machine starts no enclaves of this signer")};
  }
  run_.tcs = sallyport::thread_control_page;
  return {};
}

os::Result<void> KernelDriver::reach(Pages pages, Access access) {
  return device_.protect(pages.address, pages.size, protection_of(access));
}

os::Result<void> KernelDriver::restrict_rights(Pages pages, Access access) {
  return ask_for_all(
      SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS,
      ::sgx_enclave_restrict_permissions{pages.address - sallyport::enclave_base, pages.size,
                                         static_cast<std::uint64_t>(access) & 7U, 0, 0});
}

os::Result<void> KernelDriver::trim(Pages pages) {
  return ask_for_all(SGX_IOC_ENCLAVE_MODIFY_TYPES,
                     ::sgx_enclave_modify_types{pages.address - sallyport::enclave_base, pages.size,
                                                trimmed, 0, 0});
}

os::Result<void> KernelDriver::remove(Pages pages) {
  return ask_for_all(
      SGX_IOC_ENCLAVE_REMOVE_PAGES,
      ::sgx_enclave_remove_pages{pages.address - sallyport::enclave_base, pages.size, 0});
}

Left KernelDriver::enter(Leaf leaf) {
  const int entered = device_.enter(static_cast<std::uint32_t>(leaf), run_);
  if (entered < 0) return {.way = Left::Way::Exit, .reason = 0};  // for no reason that there is
  if (run_.function == leaf_exit) return {.reason = run_.user_data};
  return {Left::Way::Exception, 0, run_.exception_vector, run_.exception_error_code,
          run_.exception_addr};
}

}  // namespace merlon::host::sgx
