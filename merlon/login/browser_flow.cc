#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/random.h"
#include "merlon/login/issuer.h"
#include "merlon/login/redirect.h"
#include "merlon/net/wait.h"
#include "merlon/os/clock.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::login {

using base::concat;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t patience = 300 * second;
constexpr std::uint64_t patience_with_one = 5 * second;

/// 256 bits that nobody can guess.
Result<std::string> new_secret() {
  std::array<std::uint8_t, 32> bytes{};
  if (!crypto::fill_random(bytes)) return failure("no randomness");
  return codec::encode_base64url(bytes);
}

/// Until there is something to read; false when `deadline` is over.
bool wait_for(os::BorrowedFd fd, std::uint64_t deadline) {
  for (;;) {
    const auto now = os::now(os::Clock::Monotonic);
    if (!now || *now >= deadline) return false;
    std::array items{os::PollItem{fd.number(), POLLIN, 0}};
    const auto ready =
        os::poll(items, std::chrono::nanoseconds(static_cast<std::int64_t>(deadline - *now)));
    if (ready && *ready > 0) return true;
    if (!ready && ready.error() != os::Errno::Intr) return false;
  }
}

/// All of a request's head, or as much as came in time.
std::string read_head(os::BorrowedFd connection, std::uint64_t deadline) {
  std::string head;
  std::array<char, 4096> room{};
  const std::array into{::iovec{room.data(), room.size()}};
  while (head.size() <= max_redirect_head && head.find("\r\n\r\n") == std::string::npos &&
         wait_for(connection, deadline)) {
    const auto got = os::receive(connection, into);
    if (got && got->size == 0) break;
    if (got) head.append(room.data(), got->size);
    if (!got && got.error() != os::Errno::Again && got.error() != os::Errno::Intr) break;
  }
  return head;
}

void answer(os::BorrowedFd connection, std::string_view status, std::string_view text) {
  std::string page =
      concat("HTTP/1.1 ", status,
             "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ", text.size(),
             "\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n", text);
  const std::array from{::iovec{page.data(), page.size()}};
  static_cast<void>(os::send(connection, from));
  static_cast<void>(os::shut_down(connection, false, true));
}

/// Hears whoever comes until the one comes who knows `state`.
Result<oidc::Redirection> hear(os::BorrowedFd listener, const std::string& state) {
  const std::uint64_t deadline = net::deadline_after(patience);
  while (wait_for(listener, deadline)) {
    const auto connection = os::accept(listener);
    if (!connection) continue;
    const std::string head = read_head(*connection, net::deadline_after(patience_with_one));
    auto came = parse_redirect(head);
    if (!came) {
      answer(*connection, "400 Bad Request", "This is no answer of an issuer.\n");
    } else if (!*came) {
      answer(*connection, "404 Not Found", "There is nothing here.\n");
    } else if (!equal_secrets((*came)->state, state)) {
      answer(*connection, "400 Bad Request", "This is the answer to another login.\n");
    } else {
      answer(*connection, "200 OK",
             (*came)->error.empty() ? "Logged in: go back to the terminal.\n"
                                    : "The login was refused.\n");
      return **std::move(came);
    }
  }
  return std::string("nobody came back from the issuer in time");
}

}  // namespace

Result<oidc::TokenAnswer> log_in_by_browser(const Post& post, const oidc::Endpoints& endpoints,
                                            const std::string& issuer, const Wishes& wishes,
                                            const Say& say) {
  if (endpoints.authorization.empty()) {
    return std::string("the issuer has no logins by browser; --oidc-flow device is another way");
  }
  const auto listener = os::listen_tcp("127.0.0.1", 0);
  const auto port =
      listener ? os::local_port(*listener) : os::Result<std::uint16_t>(os::Errno::Inval);
  if (!port) return std::string("no port of this machine to come back to");
  const std::string state = TRY(new_secret());
  const std::string verifier = TRY(new_secret());
  const auto digest = crypto::sha256({core::as_bytes(std::string_view(verifier))});
  const std::string back = concat("http://127.0.0.1:", *port, redirect_path);
  const Form question{{"response_type", "code"},
                      {"client_id", wishes.client_id},
                      {"redirect_uri", back},
                      {"scope", wishes.scope},
                      {"audience", wishes.audience},
                      {"resource", wishes.audience},
                      {"state", state},
                      {"code_challenge", codec::encode_base64url(digest.view())},
                      {"code_challenge_method", "S256"}};
  const bool has_query = endpoints.authorization.find('?') != std::string::npos;
  say(concat("Open ", endpoints.authorization, has_query ? "&" : "?", to_text(question)));
  const auto came = TRY(hear(*listener, state));
  // Another issuer's answer would send the code to the wrong one [RFC9207 §2.4].
  const auto bare = [](std::string_view url) {
    return url.ends_with('/') ? url.substr(0, url.size() - 1) : url;
  };
  if (!came.issuer.empty() && bare(came.issuer) != bare(issuer)) {
    return std::string("another issuer answered than the one that was asked");
  }
  if (!came.error.empty()) return concat("the issuer refuses: ", base::printable(came.error));
  auto tokens = ask_for_tokens(post, endpoints.token, wishes,
                               {{"grant_type", "authorization_code"},
                                {"code", came.code},
                                {"redirect_uri", back},
                                {"code_verifier", verifier},
                                {"resource", wishes.audience}});
  if (!tokens) return concat("the issuer gives no token: ", tokens.error());
  return *std::move(tokens);
}

}  // namespace merlon::login
