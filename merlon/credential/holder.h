#pragma once

// A keep's credential: asked for, obtained, shown. Pure but for random numbers; one thread at a
// time.

#include <map>
#include <optional>

#include "merlon/credential/request.h"
#include "merlon/credential/token.h"

namespace merlon::credential {

/// A request on its way: from its making until the issuer's answer.
class Asking {
 public:
  /// Under the key of `entry`. Internal: no random numbers.
  [[nodiscard]] static core::Result<Asking> begin(const KeyLog::Entry& entry);

  [[nodiscard]] const KeyLog::Entry& entry() const noexcept { return entry_; }
  [[nodiscard]] const zk::ArcRequest& request() const noexcept { return requested_.request; }

 private:
  friend class Holder;
  Asking(KeyLog::Entry entry, zk::ArcRequested requested)
      : entry_(std::move(entry)), requested_(std::move(requested)) {}

  KeyLog::Entry entry_;
  zk::ArcRequested requested_;
};

class Holder {
 public:
  /// Contexts that one credential is shown in at most: each is remembered, so that no showing is
  /// ever repeated.
  static constexpr std::size_t max_audiences = 1024;
  static constexpr std::size_t max_audience_size = 255;

  /// Malformed: no answer; Denied: one under another key than everybody's.
  [[nodiscard]] static core::Result<Holder> finish(const Asking& asking, core::ByteView response);

  [[nodiscard]] const KeyLog::Entry& entry() const noexcept { return entry_; }

  /// For that audience, bound to bytes that it knows as well; none: to nothing.
  /// Malformed: no audience · Denied: shown to it as often as it may be · Exhausted: too many
  /// audiences · Internal.
  [[nodiscard]] core::Result<std::string> present(std::string_view audience,
                                                  core::ByteView bound_to);

 private:
  Holder(KeyLog::Entry entry, zk::ArcCredential credential)
      : entry_(std::move(entry)), credential_(std::move(credential)) {}

  KeyLog::Entry entry_;
  zk::ArcCredential credential_;
  std::map<std::string, zk::ArcPresenter, std::less<>> presenters_;
};

}  // namespace merlon::credential
