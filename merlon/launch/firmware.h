#pragma once

// What the process around a keep says to a simulated security processor, which is a process of its
// own: the commands of a launch [SNP-ABI 1.58 §8.16 to §8.18], guest requests [§8.26] and a
// request for certificates. On a machine with SEV-SNP the kernel takes the same commands as ioctls.
//
// One stream, requests one way and answers the other. Both ends are programs of ours, but the guest
// behind one of them is not trusted, so both check every byte. Integers are little-endian.
//
//   request  offset  size                      answer  offset  size
//                 0     4  command                          0     4  status
//                 4     4  kind: page or VMPL               4     4  bytes that follow
//                 8     8  value                            8        payload
//                16     4  bytes that follow
//                20     4  zero
//                24        payload
//
// Update is answered only for a page that the firmware fills (Secrets, Cpuid), UpdateFrom, Expect,
// EnclaveAdd and EnclaveAddFrom never; every other request is. A failure of an unanswered one is
// told by the answer to Finish or EnclaveStart, or, of bytes that cannot be read, by the answers to
// the guest's messages.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

enum class FirmwareCommand : std::uint32_t {
  Start = 1,         ///< value: the guest's POLICY
  Update = 2,        ///< kind: PAGE_TYPE; value: address; payload: whole pages, in their order
  Finish = 3,        ///< payload: FinishedLaunch
  Guest = 4,         ///< payload: the guest's message page; answer: the page for it
  Certificates = 5,  ///< answer: the certificate table of an extended report
  UpdateFrom = 6,    ///< as Update, of Normal and Zero pages; payload: PageSource
  Expect = 7,        ///< the guest will send messages: its pages are measured meanwhile
  // Of an enclave, on a simulated processor with SGX.
  EnclaveAdd = 16,      ///< kind: SECINFO.FLAGS; value: offset; payload: whole pages
  EnclaveAddFrom = 17,  ///< the same; payload: PageSource
  EnclaveStart = 18,    ///< payload: the SIGSTRUCT, or nothing
  EnclaveReport = 19,   ///< payload: TARGETINFO, REPORTDATA; answer: the REPORT
  /// payload: KEYREQUEST; answer: the key, or PolicyFailure with the 2 bytes that EGETKEY leaves in
  /// RAX. To any other status it is a fault.
  EnclaveKey = 20,
};

/// STATUS as the firmware gives it [SNP-ABI 1.58 table 7], and Busy, which is a host's
/// (SNP_GUEST_VMM_ERR_BUSY): the same request may be made again.
enum class FirmwareStatus : std::uint32_t {
  Success = 0x00,
  InvalidPlatformState = 0x01,  ///< with a text for people: why there is no platform
  InvalidGuestState = 0x02,
  PolicyFailure = 0x07,
  BadSignature = 0x0A,
  BadMeasurement = 0x0B,
  InvalidParameter = 0x16,
  AeadOverflow = 0x1D,
  Busy = 0x100,
};

struct FirmwareRequest {
  FirmwareCommand command = FirmwareCommand::Start;
  std::uint32_t kind = 0;
  std::uint64_t value = 0;
  std::vector<std::uint8_t> payload;
};

struct FirmwareAnswer {
  FirmwareStatus status = FirmwareStatus::InvalidGuestState;
  std::vector<std::uint8_t> payload;
};

inline constexpr std::size_t firmware_page_size = 4096;
inline constexpr std::size_t max_firmware_payload = 64 * firmware_page_size;

/// Bytes that are not sent, since the processor can get at them: of one of the files that the
/// launcher has given it (merlon-simulator --sources), or zeros. They are read when they are
/// measured: after Expect, or when the guest sends its first message.
///
///   0   8  offset in the file
///   8   8  size; zeros follow up to the end of the last page
///  16   4  which file, from 0, or `zeros`
///  20   4  zero
struct PageSource {
  static constexpr std::uint32_t zeros = 0xffff'ffff;

  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t file = zeros;

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: another size, bytes that are not zero, zeros with an offset. The file's number and
  /// the range are not looked at.
  [[nodiscard]] static core::Result<PageSource> parse(core::ByteView bytes);
};

/// Where `bytes` lie in one of the files, as this process has mapped them; nothing if in none.
[[nodiscard]] std::optional<PageSource> find_source(std::span<const core::ByteView> files,
                                                    core::ByteView bytes) noexcept;

/// The payload of Finish: host data, whether there is an ID block and whether it has an author key,
/// the ID block and its authentication, as the kernel's struct kvm_sev_snp_launch_finish names
/// them.
///
///   0   32  host data
///   32   1  ID block and authentication follow, 0 or 1
///   33   1  the authentication has an author's key, 0 or 1
///   34   6  zero
///   40      96 bytes of ID_BLOCK, 4096 of ID_AUTH, or nothing
struct FinishedLaunch {
  static constexpr std::size_t host_data_size = 32;
  static constexpr std::size_t id_block_size = 96;
  static constexpr std::size_t id_auth_size = 4096;

  std::vector<std::uint8_t> host_data;  ///< host_data_size bytes
  std::vector<std::uint8_t> id_block;   ///< empty: none
  std::vector<std::uint8_t> id_auth;    ///< empty: none
  bool has_author_key = false;

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: another size, bytes that are neither.
  [[nodiscard]] static core::Result<FinishedLaunch> parse(core::ByteView bytes);
};

/// Whether there will be an answer.
[[nodiscard]] bool is_answered(const FirmwareRequest& request) noexcept;

/// Errors: Unavailable (nobody reads) · Exhausted (a payload of more than max_firmware_payload).
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const FirmwareRequest& request);
/// The same with `payload` in the place of the request's own, which is not copied: a keep has some
/// thousand pages.
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const FirmwareRequest& head,
                                      core::ByteView payload);
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const FirmwareAnswer& answer);

/// Waits for one. Input is not trusted; at most max_firmware_payload bytes are taken.
///
/// Errors: Unavailable (the other end closed without a word; detail 0) · Malformed (it closed in
/// the middle, an unknown command or status, bytes that are not zero) · Exhausted.
[[nodiscard]] core::Result<FirmwareRequest> receive_firmware_request(os::BorrowedFd channel);
[[nodiscard]] core::Result<FirmwareAnswer> receive_firmware_answer(os::BorrowedFd channel);

}  // namespace merlon::launch
