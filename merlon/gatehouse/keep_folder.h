#pragma once

// A keep as a folder: what is known of it lies in files, so that a gatehouse which starts anew
// finds its keeps again. The warden writes proof, output and end, each whole or not at all but for
// the output, which grows.

#include <optional>
#include <string>
#include <vector>

#include "merlon/door/keep_request.h"
#include "merlon/launch/proof.h"
#include "merlon/os/errno.h"

namespace merlon::gatehouse {

using door::KeepRequest;

enum class KeepState : std::uint8_t {
  Waiting,  ///< for its delivery
  Running,
  Ended,
  Lost,      ///< its warden is gone, and the keep with it
  Starting,  ///< its warden does not listen yet; only who started it knows that
};
[[nodiscard]] std::string_view name_of(KeepState state) noexcept;

/// What the gatehouse noted when it was asked for the keep.
struct KeepRecord {
  std::string id;      ///< 32 hexadecimal digits
  std::string tenant;  ///< who asked
  std::string made;    ///< RFC 3339
  host::Backend backend = host::Backend::SnpSim;
};

class KeepFolder {
 public:
  explicit KeepFolder(std::string path) noexcept : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const;
  /// The keep's.
  [[nodiscard]] std::string id() const;

  static constexpr std::string_view record = "record.json";
  static constexpr std::string_view request = "request.json";
  static constexpr std::string_view proof = "proof";
  static constexpr std::string_view output = "output";
  static constexpr std::string_view delivered = "delivered";  ///< or being handed over
  static constexpr std::string_view stopped = "stopped";      ///< the tenant asked for its end
  static constexpr std::string_view end = "end";
  static constexpr std::string_view groups = "groups";  ///< control groups of the keep's
  static constexpr std::string_view log = "log";
  static constexpr std::string_view control = "control";

  [[nodiscard]] core::Result<void, std::string> write(std::string_view name,
                                                      std::string_view text) const;
  void remove(std::string_view name) const;
  /// Noent if it is not there. Any other error says nothing of the keep, but of this machine: who
  /// takes it for a keep that is not there has its workload delivered a second time.
  [[nodiscard]] os::Result<std::vector<std::uint8_t>> read(std::string_view name,
                                                           std::size_t most) const;

  /// As read(); Badmsg: it is no record.
  [[nodiscard]] os::Result<KeepRecord> read_record() const;
  [[nodiscard]] std::optional<launch::Proof> read_proof() const;
  /// Waits for nobody, and knows of none that it is starting. An error: it cannot be told now.
  [[nodiscard]] os::Result<KeepState> state() const;
  /// Its warden's process, which can be read from once that has ended. An error: there is none, or
  /// it cannot be told now.
  [[nodiscard]] os::Result<os::Fd> warden() const;
  /// How the keep's process ended, by its host's word: "exited 0", "killed 9".
  [[nodiscard]] std::string read_end() const;

 private:
  std::string path_;
};

[[nodiscard]] std::string to_json(const KeepRecord& record);
/// 32 hexadecimal digits, and nothing that could be a path.
[[nodiscard]] bool is_keep_id(std::string_view text) noexcept;

}  // namespace merlon::gatehouse
