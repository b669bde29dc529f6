#pragma once

// The private talk with the tenant who delivered the workload (delivery/records.h): his workload's
// standard streams, and what the keep says. The host carries it and sees nothing of it. One thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "merlon/crypto/hash.h"
#include "merlon/delivery/records.h"
#include "merlon/delivery/volume_mark.h"
#include "merlon/keep/voice.h"
#include "merlon/net/socket.h"

namespace merlon::keep {

class PrivateTalk final : public Voice, public std::enable_shared_from_this<PrivateTalk> {
 public:
  /// For how long one waits for a host that carries nothing.
  static constexpr std::chrono::nanoseconds usual_patience = std::chrono::seconds(10);

  /// On a socket whose other end the host carries; says first that the workload has been taken.
  [[nodiscard]] static std::shared_ptr<PrivateTalk> begin(
      os::Fd socket, const crypto::HpkeExporter& exporter, const crypto::Sha256Digest& module,
      std::chrono::nanoseconds patience = usual_patience);

  using Voice::remark;
  void remark(const base::Printable& text) override;
  /// Waits until all of it is on its way. Pipe: nobody carries it any more.
  [[nodiscard]] os::Result<void> output(core::ByteView bytes) override;

  /// The workload's streams. Reading one that was cut is Connreset: only the tenant can end it.
  [[nodiscard]] std::shared_ptr<net::Stream> standard_input();
  [[nodiscard]] std::shared_ptr<net::Stream> standard_output();
  [[nodiscard]] std::shared_ptr<net::Stream> standard_error();

  /// The last word. Waits until it is on its way, as long as its patience lasts.
  void end(int status);

  /// How far the workload's volume has come, for the tenant to remember. Waits where as much as may
  /// waits already. Pipe: nobody carries it, so he does not hear of it; nothing else is said any
  /// more then.
  [[nodiscard]] os::Result<void> tell_mark(const delivery::VolumeMark& mark);

  // For the streams.

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept { return socket_.descriptor(); }
  /// As much as there is room for; Again where there is none.
  [[nodiscard]] os::Result<std::size_t> say(delivery::RecordKind kind, os::IoVectors from);
  [[nodiscard]] bool has_unsent() const noexcept { return sent_ < unsent_.size(); }
  void flush();
  [[nodiscard]] os::Result<std::size_t> hear(os::IoVectors into, bool peek);
  /// Whether hear() has something to say at once; reads what has come.
  [[nodiscard]] bool has_input();

 private:
  /// What may wait for a host that does not carry it.
  static constexpr std::size_t most_unsent = std::size_t{64} << 10U;
  /// Beyond it remarks are dropped, and marks wait: a host that carries nothing must not fill the
  /// keep.
  static constexpr std::size_t most_remarks = std::size_t{1} << 20U;

  PrivateTalk(os::Fd socket, const crypto::HpkeExporter& exporter,
              std::chrono::nanoseconds patience);

  void add(delivery::RecordKind kind, core::ByteView content);
  void wait_until_sent();
  /// One read of the socket; false if nothing more can be known now.
  bool read_on();
  void take_records();

  net::SocketStream socket_;
  delivery::RecordSealer sealer_;
  delivery::RecordOpener opener_;
  std::vector<std::uint8_t> unsent_;
  std::size_t sent_ = 0;    ///< of unsent_
  std::uint64_t patience_;  ///< nanoseconds
  bool is_deaf_ = false;    ///< nobody carries what is said
  std::vector<std::uint8_t> input_;
  std::size_t heard_ = 0;  ///< of input_
  bool input_is_over_ = false;
  std::optional<os::Errno> input_trouble_;
};

}  // namespace merlon::keep
