#pragma once

// Deposits, and what was answered of them, in a database that may be stolen: deposits and keys lie
// sealed under keys of their tenants (keyring.h). Of each row, with all that was answered of it,
// there is an HMAC, and over the sorted set of those and a number that goes up another one: the
// state, which only a broker with the same key can write. So whoever writes the database has no row
// changed, exchanged, put in twice or taken out, and no challenge answered twice, without being
// noticed: all rows at the start, those of a write before it, so that nothing leaves.
//
// A database that was put back as a whole is as sound as it was then. While a store is open, and as
// long as the mark beside it stays, one that is behind its number is refused by name. Whoever puts
// back both, or takes the mark away, gets the counts and answers of then: bounded by the time for
// which a challenge may be answered (challenge.h), the end of each deposit, and its policy.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/crypto/private_key.h"
#include "merlon/database/database.h"
#include "merlon/delivery/challenge.h"
#include "merlon/release/deposit.h"
#include "merlon/release/keyring.h"
#include "merlon/release/ledger.h"
#include "merlon/release/mark.h"
#include "merlon/release/refusal.h"

namespace merlon::release {

struct Quota {
  std::size_t deposits = 4096;           ///< that are not over, of all tenants
  std::size_t deposits_of_tenant = 256;  ///< the same of one
};

/// A deposit as it lies in the store; nothing of it is secret but what is sealed.
struct Row {
  DepositId id;
  TenantId tenant;
  std::uint64_t version = 0;                     ///< 1, and one more with each change
  std::uint64_t released = 0;                    ///< since it was made
  std::uint64_t before = 0;                      ///< of these, before its last change
  codec::UnixTime created{}, changed{}, last{};  ///< last: of a release; 1970: never
  codec::UnixTime until{};
  bool removed = false;
  std::vector<std::uint8_t> sealed{};  ///< empty: removed
};

/// What a row and its deposit come to.
struct Stored {
  Row row;
  Deposit deposit;
};

/// Any thread.
class Store {
 public:
  /// Makes the tables where there are none. All that is given outlives it. A line for who starts
  /// the service otherwise: another key, a store that was changed or put back.
  [[nodiscard]] static core::Result<std::unique_ptr<Store>, std::string> open(
      database::Database& database, const Keyring& keyring, Mark mark, Quota quota);

  /// The tenant's key, by which keeps and registries know him; made with his first deposit.
  [[nodiscard]] Outcome<std::optional<crypto::PrivateKey>> tenant_key(const TenantId& tenant);

  /// `document` is the deposit's encoding.
  [[nodiscard]] Outcome<Row> add(const TenantId& tenant, const Deposit& deposit,
                                 core::ByteView document, codec::UnixTime now);
  [[nodiscard]] Outcome<Row> change(const TenantId& tenant, const DepositId& id,
                                    const Deposit& deposit, core::ByteView document,
                                    codec::UnixTime now);
  /// Its contents are overwritten by nothing; its row stays, to say so, until it would have ended.
  [[nodiscard]] Outcome<Row> remove(const TenantId& tenant, const DepositId& id,
                                    codec::UnixTime now);
  /// All of a tenant's, the newest first, one at a time in memory; ends with what `take` refuses.
  [[nodiscard]] Outcome<void> each(const TenantId& tenant,
                                   const std::function<Outcome<void>(const Stored&)>& take);
  /// Whoever asks; Unknown, Removed.
  [[nodiscard]] Outcome<Stored> find(const DepositId& id);
  [[nodiscard]] Outcome<bool> was_answered(const delivery::Nonce& nonce);

  /// Counts one release of `row` and notes its nonce, if it is still as it was found. Once it
  /// returns well all of it is on the disk, and the answer may leave. Answered, Changed, Removed,
  /// Exhausted.
  [[nodiscard]] Outcome<void> count(const Row& row, std::uint32_t releases,
                                    const delivery::Nonce& nonce, codec::UnixTime now);

 private:
  Store(database::Database& database, const Keyring& keyring, Mark mark, Quota quota) noexcept
      : database_(database), keyring_(keyring), mark_(std::move(mark)), quota_(quota) {
    reached_.store(mark_.value());
  }

  using Refused = std::optional<Refusal>;
  /// What a piece of work that writes is given: its connection, the rows that there will be, and
  /// where to say why it is not done.
  struct Writing {
    database::Connection& in;
    Ledger::Draft& draft;
    Refused& refused;
  };
  template <typename T, typename Work>
  Outcome<T> write(const Work& work);
  template <typename T, typename Work>
  Outcome<T> read(const Work& work);
  [[nodiscard]] core::Result<void, std::string> prepare();
  [[nodiscard]] Outcome<void> check();
  [[nodiscard]] static database::Result<std::uint64_t> sequence_of(database::Connection& in,
                                                                   std::uint64_t least,
                                                                   Refused& refused);
  /// Of a store that is as it was left. What reads alone needs no more than the number: nothing
  /// comes of it that a writer does not compare again.
  [[nodiscard]] database::Result<std::uint64_t> checked_sequence(database::Connection& in,
                                                                 Refused& refused);
  [[nodiscard]] std::string state_of(std::uint64_t sequence,
                                     const crypto::Sha256Digest& rows) const;
  [[nodiscard]] database::Result<Ledger> rows_there(database::Connection& in,
                                                    Refused& refused) const;
  /// Whether the tenant has his key, which must be the one of before.
  [[nodiscard]] database::Result<bool> has_key(const Writing& writing,
                                               const TenantId& tenant) const;
  [[nodiscard]] database::Result<void> make_key(const Writing& writing,
                                                const TenantId& tenant) const;
  [[nodiscard]] database::Result<void> sweep(const Writing& writing, codec::UnixTime now) const;
  [[nodiscard]] database::Result<void> check_room(const Writing& writing,
                                                  const TenantId& tenant) const;
  /// A row that is as it was left, and the nonces that were answered of it, in order.
  struct Own {
    Row row;
    std::vector<std::string> answers;
  };
  [[nodiscard]] database::Result<void> put(const Writing& writing, const Own& own) const;
  /// Nothing: there is to be none.
  [[nodiscard]] database::Result<std::optional<Own>> sound_row(const Writing& writing,
                                                               const DepositId& id) const;
  [[nodiscard]] database::Result<Own> own_row(const Writing& writing, const TenantId& tenant,
                                              const DepositId& id) const;
  [[nodiscard]] Outcome<Deposit> opened(const Row& row) const;

  database::Database& database_;
  const Keyring& keyring_;
  std::mutex mutex_;  ///< of writers, and what stands below it
  Mark mark_;
  Ledger ledger_;
  std::optional<std::uint64_t> known_;     ///< the number that the ledger is of
  std::atomic<std::uint64_t> reached_{0};  ///< what the mark says
  Quota quota_;
};

}  // namespace merlon::release
