#include "merlon/verify/clock.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/x509/name.h"
#include "merlon/x509/path_builder.h"

namespace merlon::verify {

using base::concat;

namespace {

/// Something that was issued after the time it is judged for.
struct Future {
  codec::UnixTime issued;
  std::string what;
};

/// Looks for what is signed and from the future; of what is not, no signature is computed.
class Search {
 public:
  Search(const Judge& judge, std::span<const x509::Certificate> pool,
         const std::vector<x509::AnchorId>& anchors, const x509::SignatureMemo& memo)
      : now_(judge.now()), pool_(pool), memo_(memo), paths_(pool, anchors, now_, memo) {}

  void look_at(const x509::Crl& list) {
    const codec::UnixTime issued = list.validity().not_before;
    if (issued <= latest()) return;
    const bool genuine = std::ranges::any_of(pool_, [&](const x509::Certificate& issuer) {
      return std::ranges::equal(issuer.subject(), list.issuer()) &&
             issuer.may(x509::KeyUsage::CrlSign) && is_genuine(issuer, list.signature());
    });
    if (genuine) found_ = Future{issued, "a revocation list of " + x509::name_text(list.issuer())};
  }

  void look_at(const sgx::SignedJson& json, codec::UnixTime issued, std::string_view what) {
    if (issued <= latest()) return;
    const bool genuine = std::ranges::any_of(pool_, [&](const x509::Certificate& signer) {
      return signer.common_name() == tcb_signer_name && is_genuine(signer, signed_by(json));
    });
    if (genuine) found_ = Future{issued, std::string(what)};
  }

  /// The latest of all; nothing if nothing is from the future.
  [[nodiscard]] const std::optional<Future>& found() const noexcept { return found_; }

 private:
  [[nodiscard]] codec::UnixTime latest() const noexcept { return found_ ? found_->issued : now_; }
  [[nodiscard]] bool is_genuine(const x509::Certificate& issuer, const x509::Signed& what) {
    return memo_.holds(issuer.key(), what) && paths_.standing_of(issuer) != x509::Standing::None;
  }

  codec::UnixTime now_;
  std::span<const x509::Certificate> pool_;
  const x509::SignatureMemo& memo_;
  x509::PathBuilder paths_;
  std::optional<Future> found_;
};

std::optional<Future> latest_of_future(const Judge& judge, const Collateral& collateral,
                                       std::span<const x509::Certificate> carried,
                                       const std::vector<x509::AnchorId>& anchors) {
  std::vector<x509::Certificate> pool = collateral.certificates;
  pool.insert(pool.end(), carried.begin(), carried.end());
  Search search(judge, pool, anchors, collateral.memo);
  for (const x509::Crl& list : collateral.lists) search.look_at(list);
  for (const auto& each : collateral.tcb_infos) {
    search.look_at(*each.json, each.info->period.issued, "TCB info");
  }
  for (const auto& each : collateral.identities) {
    search.look_at(*each.json, each.identity->period.issued, "an enclave identity");
  }
  return search.found();
}

}  // namespace

void judge_clock(Judge& judge, const Collateral& collateral,
                 std::span<const x509::Certificate> carried,
                 const std::vector<x509::AnchorId>& anchors) {
  const codec::UnixTime now = judge.now();
  std::optional<Future> future = latest_of_future(judge, collateral, carried, anchors);
  const codec::UnixTime remembered = judge.moment().memory.newest_issue;
  if (now < remembered && (!future || future->issued < remembered)) {
    future = Future{remembered, "something that was seen before"};
  }
  const std::string wanted(row_of(Check::Clock).holds);
  if (!future) {
    judge.check(Check::Clock, true, wanted, codec::to_rfc3339(now));
    return;
  }
  const std::string got = concat(codec::to_rfc3339(now), ", but ", future->what, " was issued on ",
                                 codec::to_rfc3339(future->issued));
  switch (judge.moment().source) {
    case TimeSource::Clock:
      judge.check(Check::Clock, false, wanted, "the clock says " + got);
      return;
    case TimeSource::Asked:
      judge.warn("asked for " + got + ": what was found out since then does not count");
      judge.check(Check::Clock, true, "any, since a person asked for it", "asked for " + got);
      return;
  }
}

}  // namespace merlon::verify
