#pragma once

// /keep/connections: for each connection of the workload that speaks TLS a directory, named by the
// workload's descriptor of it, that tells who is at the other end (docs/keep-interface.md).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/keep/own_credential.h"
#include "merlon/tls/session.h"
#include "merlon/wasi/fd_table.h"
#include "merlon/wasi/served.h"

namespace merlon::keep {

inline constexpr std::string_view connections_name = "connections";

/// What both ends of a connection can compute of it, and nobody else: the binding that is
/// registered for TLS 1.3 [RFC9266 §2].
inline constexpr std::string_view exporter_label = "EXPORTER-Channel-Binding";
inline constexpr std::size_t exporter_size = 32;

/// The connection as one that speaks TLS and whose handshake is over; null if it is none.
[[nodiscard]] const tls::Session* session_of(const net::Stream& stream) noexcept;

/// The chain by which the peer was verified, as text; NotFound if there is none.
[[nodiscard]] core::Result<std::string> peer_certificates(const tls::Session& session);
/// What the issuer of the peer's certificate says of it, in JSON. NotFound: nothing, or nobody but
/// the peer itself says it. Malformed: it cannot be read.
[[nodiscard]] core::Result<std::string> peer_claims(const std::vector<tls::Certificate>& chain);

/// `files` are the workload's, and outlive it. `credential` null: the keep has none.
[[nodiscard]] std::shared_ptr<wasi::ServedDirectory> connections_directory(
    wasi::FdTable& files, std::shared_ptr<OwnCredential> credential = nullptr);

/// /keep of a keep that nothing attests: it has /keep/connections and /keep/statement.
[[nodiscard]] std::shared_ptr<wasi::ServedDirectory> directory_of_connections(wasi::FdTable& files);

/// What a failure to make a served file is for the workload.
[[nodiscard]] wasi::Failure failure_of(const core::Error& error) noexcept;

}  // namespace merlon::keep
