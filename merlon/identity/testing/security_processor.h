#pragma once

// For tests: just as much of a security processor as a guest sees, and a host between the two that
// does what the test wants.

#include <functional>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "merlon/crypto/hash.h"
#include "merlon/identity/guest_channel.h"
#include "merlon/snp/key_request.h"
#include "merlon/snp/report_request.h"

namespace merlon::identity::testing {

using Bytes = std::vector<std::uint8_t>;

inline crypto::AesGcmKey test_key() {
  const Bytes secret(crypto::AesGcmKey::size, 0x5a);
  return crypto::AesGcmKey(secret);
}

/// A report that is signed by nobody.
inline Bytes unsigned_report(const snp::ReportData& data, std::uint32_t vmpl = 0) {
  Bytes report(snp::Report::size, 0);
  report[0] = 2;
  report[0x0A] = 2;  // POLICY bit 17
  report[0x30] = static_cast<std::uint8_t>(vmpl);
  report[0x34] = 1;
  std::copy(data.view().begin(), data.view().end(), report.begin() + 0x50);
  return report;
}

/// The firmware's side: answers each number once.
class Processor {
 public:
  explicit Processor(crypto::AesGcmKey key = test_key()) : key_(std::move(key)) {}

  /// Nothing if the firmware refuses the message.
  std::optional<Bytes> answer(core::ByteView sealed) {
    const auto message = snp::open(key_, sealed);
    if (!message || message->sequence != last_ + 1) return std::nullopt;
    last_ += 2;
    if (message->type == snp::MessageType::KeyRequest) {
      return snp::seal(key_, {snp::MessageType::KeyResponse, last_, 0, derive(message->payload)});
    }
    const auto request = snp::ReportRequest::parse(message->payload);
    snp::ReportResponse response;
    if (request) {
      response.status = snp::ReportStatus::Success;
      response.report = unsigned_report(request->report_data);
    }
    return snp::seal(key_, {snp::MessageType::ReportResponse, last_, 0, response.bytes()});
  }

  std::uint32_t guest_svn = 0;  ///< the highest that it gives a key of

 private:
  [[nodiscard]] Bytes derive(core::ByteView payload) const {
    const auto request = snp::KeyRequest::parse(payload);
    snp::KeyResponse response;
    if (request && request->guest_svn <= guest_svn) {
      const auto key = crypto::sha256({payload});
      response.status = snp::KeyStatus::Success;
      response.key = crypto::SecretBytes({key.view().begin(), key.view().end()});
    }
    return response.bytes();
  }

  crypto::AesGcmKey key_;
  std::uint64_t last_ = 0;
};

/// A host that carries; `act` says what becomes of each message.
class Host final : public Carrier {
 public:
  using Act = std::function<core::Result<Bytes>(Processor&, core::ByteView)>;
  explicit Host(Act act, crypto::AesGcmKey key = test_key())
      : act_(std::move(act)), processor_(std::move(key)) {}

  core::Result<Bytes> carry(core::ByteView sealed) override {
    note(sealed);
    return act_(processor_, sealed);
  }
  Bytes certificates() override { return table; }
  bool pause(unsigned tries) override {
    ++pauses;
    return tries < patience;
  }

  /// Messages that were sealed with one number and were not the same: the key is given away.
  [[nodiscard]] std::size_t repeated_nonces() const { return repeated_; }

  Bytes table;
  unsigned patience = 3;
  unsigned pauses = 0;

 private:
  void note(core::ByteView sealed) {
    constexpr std::size_t sequence_offset = 0x20;
    const Bytes number(sealed.begin() + sequence_offset, sealed.begin() + sequence_offset + 8);
    const Bytes whole(sealed.begin(), sealed.end());
    if (!seen_.emplace(number, whole).second && seen_[number] != whole) ++repeated_;
  }

  Act act_;
  Processor processor_;
  std::map<Bytes, Bytes> seen_;
  std::size_t repeated_ = 0;
};

inline core::Result<Bytes> honest(Processor& processor, core::ByteView sealed) {
  auto answer = processor.answer(sealed);
  if (!answer) return core::error(core::ErrorCode::Denied, "the firmware refused");
  return *std::move(answer);
}

inline core::Error busy() { return core::error(core::ErrorCode::Unavailable, "busy"); }

/// A host that does anything with messages and answers: spoils, drops, keeps for later, repeats.
class Hostile {
 public:
  explicit Hostile(std::uint64_t seed) : random_(seed) {}

  core::Result<Bytes> operator()(Processor& processor, core::ByteView sealed) {
    Bytes message(sealed.begin(), sealed.end());
    messages_.push_back(message);
    if (below(8) == 0) message = messages_[below(messages_.size())];
    if (below(16) == 0) spoil(message);
    const auto action = below(8);
    if (action == 0) return busy();
    auto answer = processor.answer(message);
    if (answer) answers_.push_back(*answer);
    if (action == 1) return busy();  // though it was carried
    if (action == 2 && !answers_.empty()) answer = answers_[below(answers_.size())];
    if (!answer) return core::error(core::ErrorCode::Denied, "nothing came");
    if (below(16) == 0) spoil(*answer);
    return *std::move(answer);
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  void spoil(Bytes& bytes) {
    if (below(4) == 0) bytes.resize(below(bytes.size()));
    if (!bytes.empty()) bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1 + below(255));
  }

  std::mt19937_64 random_;
  std::vector<Bytes> messages_;
  std::vector<Bytes> answers_;
};

}  // namespace merlon::identity::testing
