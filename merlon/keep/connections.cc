#include "merlon/keep/connections.h"

#include <array>
#include <charconv>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/keep/dialler.h"
#include "merlon/keep/statement_file.h"

namespace merlon::keep {

using core::ErrorCode;
using core::Result;
using wasi::ServedDirectory;
using wasi::ServedFile;
using wasi::ServedName;

namespace {

/// Behind those of /keep's own files; each connection's directory has room for its files.
constexpr std::uint64_t first_inode = 1024;
constexpr std::uint64_t inodes_each = 8;

class TextFile final : public ServedFile {
 public:
  explicit TextFile(std::string text) noexcept : text_(std::move(text)) {}
  wasi::Result<core::ByteView> content() override { return core::as_bytes(text_); }

 private:
  std::string text_;
};

enum File : std::size_t { Certificate, Claims, Exporter, Credential };
constexpr std::array<ServedName, 4> files_of_one{
    {{"certificate"}, {"claims"}, {"exporter"}, {credential_name, true}}};

/// Of the connection that had the descriptor when this was opened; it does not keep it open.
class OneConnection final : public ServedDirectory {
 public:
  OneConnection(std::weak_ptr<net::Stream> stream, wasi::FdNumber fd,
                std::shared_ptr<OwnCredential> credential) noexcept
      : stream_(std::move(stream)), fd_(fd), credential_(std::move(credential)) {}

  std::span<const ServedName> names() override { return files_of_one; }
  std::uint64_t inode() const noexcept override {
    return first_inode + (std::uint64_t{fd_} + 1) * inodes_each;
  }
  wasi::Result<std::unique_ptr<ServedFile>> open(std::size_t index) override {
    const std::shared_ptr<net::Stream> stream = stream_.lock();
    const tls::Session* const session = stream ? session_of(*stream) : nullptr;
    if (session == nullptr) return wasi::fail(wasi::Errno::Noent);
    if (index == Credential) {
      auto bound = session->exported(exporter_label, exporter_size);
      if (!bound) return failure_of(bound.error());
      return credential_file(credential_, *std::move(bound));
    }
    auto text = text_of(*session, static_cast<File>(index));
    if (!text) return failure_of(text.error());
    return std::unique_ptr<ServedFile>(std::make_unique<TextFile>(*std::move(text)));
  }

 private:
  static Result<std::string> text_of(const tls::Session& session, File file) {
    switch (file) {
      case Certificate: return peer_certificates(session);
      case Claims: return peer_claims(session.verified_chain());
      case Exporter: {
        const auto bytes = TRY(session.exported(exporter_label, exporter_size));
        return std::string(core::as_text(bytes));
      }
      case Credential: break;
    }
    return core::error(ErrorCode::NotFound, "no such file");
  }

  std::weak_ptr<net::Stream> stream_;
  wasi::FdNumber fd_;
  std::shared_ptr<OwnCredential> credential_;
};

class Connections final : public ServedDirectory {
 public:
  Connections(wasi::FdTable& files, std::shared_ptr<OwnCredential> credential) noexcept
      : files_(files), credential_(std::move(credential)) {}

  std::span<const ServedName> names() override {
    texts_.clear();
    names_.clear();
    for (wasi::FdNumber fd = 0; fd < files_.end(); ++fd) {
      const auto entry = files_.get(fd);
      if (!entry || !(*entry)->stream || session_of(*(*entry)->stream) == nullptr) continue;
      texts_.push_back(base::concat(fd));
    }
    for (const std::string& each : texts_) names_.push_back({each, false, true});
    return names_;
  }
  wasi::Result<std::unique_ptr<ServedFile>> open(std::size_t /*index*/) override {
    return wasi::fail(wasi::Errno::Isdir);
  }
  wasi::Result<std::shared_ptr<ServedDirectory>> enter(std::size_t index) override {
    const std::string& text = texts_[index];
    wasi::FdNumber fd = 0;
    std::from_chars(text.data(), text.data() + text.size(), fd);
    const wasi::FdEntry* const entry = TRY(files_.get(fd));
    return std::shared_ptr<ServedDirectory>(
        std::make_shared<OneConnection>(entry->stream, fd, credential_));
  }
  std::uint64_t inode() const noexcept override { return first_inode; }

 private:
  wasi::FdTable& files_;
  std::shared_ptr<OwnCredential> credential_;
  std::vector<std::string> texts_;
  std::vector<ServedName> names_;
};

class OnlyConnections final : public ServedDirectory {
 public:
  explicit OnlyConnections(wasi::FdTable& files) : connections_(connections_directory(files)) {}

  std::span<const ServedName> names() override {
    static constexpr std::array<ServedName, 2> all{
        {{connections_name, false, true}, {statement_name, true}}};
    return all;
  }
  wasi::Result<std::unique_ptr<ServedFile>> open(std::size_t index) override {
    if (index == 0) return wasi::fail(wasi::Errno::Isdir);
    return statement_file();
  }
  wasi::Result<std::shared_ptr<ServedDirectory>> enter(std::size_t index) override {
    if (index != 0) return ServedDirectory::enter(index);
    return connections_;
  }

 private:
  std::shared_ptr<ServedDirectory> connections_;
};

}  // namespace

const tls::Session* session_of(const net::Stream& stream) noexcept {
  const net::Stream* at = &stream;
  if (const auto* const opened = dynamic_cast<const Outgoing*>(at)) at = opened->connected();
  const auto* const session = dynamic_cast<const tls::Session*>(at);
  return session != nullptr && session->is_established() ? session : nullptr;
}

Result<std::string> peer_certificates(const tls::Session& session) {
  std::string text;
  for (const tls::Certificate& each : session.verified_chain()) {
    text += codec::to_pem("CERTIFICATE", each);
  }
  if (text.empty()) return core::error(ErrorCode::NotFound, "the peer has not shown who it is");
  return text;
}

Result<std::string> peer_claims(const std::vector<tls::Certificate>& chain) {
  // A certificate that is trusted by itself says of itself what it likes.
  if (chain.size() < 2) return core::error(ErrorCode::NotFound, "nobody vouches for the peer");
  const auto own = x509::Certificate::parse(chain.front());
  if (!own) return core::error(ErrorCode::NotFound, "not a certificate of an attested peer");
  const auto result = evidence::attestation_result_of(*own);
  if (!result) return core::error(ErrorCode::NotFound, "nobody says what the peer runs");
  return TRY(*result).to_json();
}

std::shared_ptr<ServedDirectory> connections_directory(wasi::FdTable& files,
                                                       std::shared_ptr<OwnCredential> credential) {
  return std::make_shared<Connections>(files, std::move(credential));
}

std::shared_ptr<ServedDirectory> directory_of_connections(wasi::FdTable& files) {
  return std::make_shared<OnlyConnections>(files);
}

wasi::Failure failure_of(const core::Error& error) noexcept {
  const bool later = error.code == ErrorCode::Unavailable;
  const bool missing = error.code == ErrorCode::NotFound;
  return wasi::fail(later ? wasi::Errno::Busy : missing ? wasi::Errno::Noent : wasi::Errno::Io);
}

}  // namespace merlon::keep
