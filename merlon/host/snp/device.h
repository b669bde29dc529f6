#pragma once

// Devices of Linux as an interface, so that a launch can be tried where there is none: open, ioctl
// and mmap of /dev/kvm and /dev/sev. Whoever launches asks by typed requests only.

#include <cstdint>
#include <utility>

#include "merlon/core/bytes.h"
#include "merlon/host/snp/kernel.h"
#include "merlon/os/errno.h"

namespace merlon::host::snp {

/// A device that can be opened by its name.
enum class Node : std::uint8_t { Kvm, Sev };

class Device {
 public:
  virtual ~Device() = default;
  /// A descriptor, which whoever asked closes by close().
  [[nodiscard]] virtual os::Result<int> open(Node node) = 0;
  virtual void close(int file) noexcept = 0;
  /// An ioctl with a number, or with a structure that is read, written or both.
  [[nodiscard]] virtual os::Result<int> control(int file, unsigned long request,
                                                unsigned long number) = 0;
  [[nodiscard]] virtual os::Result<int> control_with(int file, unsigned long request,
                                                     core::ByteSpan structure) = 0;
  /// The first `size` bytes of the file, shared; until unmap().
  [[nodiscard]] virtual os::Result<core::ByteSpan> map(int file, std::size_t size) = 0;
  virtual void unmap(core::ByteSpan mapping) noexcept = 0;
};

/// That of this machine.
class KernelDevice final : public Device {
 public:
  [[nodiscard]] os::Result<int> open(Node node) override;
  void close(int file) noexcept override;
  [[nodiscard]] os::Result<int> control(int file, unsigned long request,
                                        unsigned long number) override;
  [[nodiscard]] os::Result<int> control_with(int file, unsigned long request,
                                             core::ByteSpan structure) override;
  [[nodiscard]] os::Result<core::ByteSpan> map(int file, std::size_t size) override;
  void unmap(core::ByteSpan mapping) noexcept override;
};

/// A request that takes a number, or nothing.
struct NumberRequest {
  unsigned long number;
};
/// One that takes a T.
template <typename T>
struct Request {
  unsigned long number;
};

namespace request {
inline constexpr NumberRequest api_version{_IO(KVMIO, 0x00)};
inline constexpr NumberRequest create_machine{_IO(KVMIO, 0x01)};  ///< takes the machine's type
inline constexpr NumberRequest check_extension{_IO(KVMIO, 0x03)};
inline constexpr NumberRequest run_area_size{_IO(KVMIO, 0x04)};
inline constexpr NumberRequest create_processor{_IO(KVMIO, 0x41)};
inline constexpr NumberRequest run{_IO(KVMIO, 0x80)};
inline constexpr Request<kernel::LeafList> supported_cpuid{_IOWR(KVMIO, 0x05, kernel::ListHead)};
inline constexpr Request<kernel::LeafList> set_cpuid{_IOW(KVMIO, 0x90, kernel::ListHead)};
inline constexpr Request<kernel::MemoryRegion> set_memory_region{
    _IOW(KVMIO, 0x49, kernel::MemoryRegion)};
inline constexpr Request<::kvm_regs> set_registers{_IOW(KVMIO, 0x82, ::kvm_regs)};
inline constexpr Request<::kvm_sregs> get_special_registers{_IOR(KVMIO, 0x83, ::kvm_sregs)};
inline constexpr Request<::kvm_sregs> set_special_registers{_IOW(KVMIO, 0x84, ::kvm_sregs)};
inline constexpr Request<::kvm_enable_cap> enable_capability{_IOW(KVMIO, 0xa3, ::kvm_enable_cap)};
inline constexpr Request<kernel::SevCommand> memory_encryption{_IOWR(KVMIO, 0xba, unsigned long)};
inline constexpr Request<kernel::MemoryAttributes> set_memory_attributes{
    _IOW(KVMIO, 0xd2, kernel::MemoryAttributes)};
inline constexpr Request<kernel::GuestMemory> create_guest_memory{
    _IOWR(KVMIO, 0xd4, kernel::GuestMemory)};
inline constexpr Request<::kvm_device_attr> has_attribute{_IOW(KVMIO, 0xe3, ::kvm_device_attr)};
inline constexpr Request<kernel::PlatformCommand> platform{
    _IOWR(SEV_IOC_TYPE, 0x0, kernel::PlatformCommand)};
}  // namespace request

/// One open file of a Device, which must outlive it; closed when dropped.
class File {
 public:
  File() noexcept = default;
  File(Device& device, int number) noexcept : device_(&device), number_(number) {}
  File(File&& other) noexcept
      : device_(std::exchange(other.device_, nullptr)), number_(other.number_) {}
  File& operator=(File&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(number_, other.number_);
    return *this;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (device_ != nullptr) device_->close(number_);
  }

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] os::Result<int> ask(NumberRequest request, unsigned long number = 0) const {
    return device_->control(number_, request.number, number);
  }
  template <typename T>
  [[nodiscard]] os::Result<int> ask(Request<T> request, T& structure) const {
    // SAFETY: any object may be looked at as bytes; T is a plain structure of the kernel's.
    return device_->control_with(
        number_, request.number,
        core::ByteSpan(reinterpret_cast<std::uint8_t*>(&structure), sizeof(T)));
  }

 private:
  Device* device_ = nullptr;
  int number_ = -1;
};

/// A mapping of a File, which must outlive it; unmapped when dropped.
class Area {
 public:
  Area() noexcept = default;
  Area(Device& device, core::ByteSpan bytes) noexcept : device_(&device), bytes_(bytes) {}
  Area(Area&& other) noexcept
      : device_(std::exchange(other.device_, nullptr)), bytes_(other.bytes_) {}
  Area& operator=(Area&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Area(const Area&) = delete;
  Area& operator=(const Area&) = delete;
  ~Area() {
    if (device_ != nullptr) device_->unmap(bytes_);
  }

  [[nodiscard]] core::ByteSpan bytes() const noexcept { return bytes_; }

 private:
  Device* device_ = nullptr;
  core::ByteSpan bytes_;
};

}  // namespace merlon::host::snp
