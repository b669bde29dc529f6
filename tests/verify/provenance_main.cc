// merlon-verify-provenance CASES VECTORS: every file that PROVENANCE.tsv lists is what it says.
//
// Evidence must have a case; certificates, lists and documents must have the validity that stands
// there and a signature that holds, or not where the table says REJECT. Files of other issues
// (measurement/, zk/) are passed over.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "merlon/base/text.h"

#include "tests/verify/case.h"

namespace {

using namespace merlon;
using base::concat;

struct Row {
  std::string file;
  std::string what;
  std::string verdict;
  std::string validity;
};

std::vector<Row> read_table(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
    if (cells.size() >= 8 && cells[0] != "file")
      rows.push_back({cells[0], cells[4], cells[5], cells[7]});
  }
  if (rows.empty()) verify_test::die("PROVENANCE.tsv has no rows");
  return rows;
}

/// Intel and others publish these as well, or nobody has signed them; they endorse nothing.
constexpr std::array<std::string_view, 5> other_documents{
    "fortanix/pcs/eval-num-select-best/00606a000000-8.tcb", "automata/0825/sgxtcbeval.json",
    "teepot-pcs/fmspcs.json", "teepot-pcs/fmspcs_no_filter.json",
    "mobilecoin-pkits/crls/BadCRLSignatureCACRL.crl"};

std::string day(codec::UnixTime time) { return codec::to_rfc3339(time).substr(0, 10); }

class Provenance {
 public:
  Provenance(std::vector<Row> rows, std::filesystem::path vectors, std::set<std::string> cases)
      : rows_(std::move(rows)), vectors_(std::move(vectors)), cases_(std::move(cases)) {
    for (const Row& row : rows_) {
      if (is_ours(row)) (void)verify_test::add_endorsement(bag_for(row), vectors_ / row.file);
    }
    for (const auto& [file, bag] : bags_) {
      const auto collateral = verify::Collateral::parse(bag);
      issuers_.insert(issuers_.end(), collateral.certificates.begin(),
                      collateral.certificates.end());
    }
  }

  void judge() {
    for (const Row& row : rows_) {
      if (is_ours(row)) judge(row);
    }
  }
  int passed = 0;
  int failed = 0;
  std::map<std::string, int> counts;

 private:
  static bool is_ours(const Row& row) {
    return !row.file.starts_with("measurement/") && !row.file.starts_with("zk/");
  }
  evidence::Endorsements& bag_for(const Row& row) { return bags_[row.file]; }

  void say(const Row& row, const std::string& kind, const std::string& wrong) {
    wrong.empty() ? ++passed : ++failed;
    ++counts[kind];
    if (!wrong.empty()) std::printf("FAIL %s: %s\n", row.file.c_str(), wrong.c_str());
  }

  void judge(const Row& row) {
    if (std::ranges::find(other_documents, row.file) != other_documents.end()) {
      say(row, "no endorsement", bag_for(row).size() == 0 ? "" : "is an endorsement after all");
      return;
    }
    if (cases_.contains(row.file)) {
      say(row, "evidence, judged by a case", "");
      return;
    }
    // "REJECT: ASK revoked" and "REJECT with …" speak of their use, not of their signatures; but
    // the VCEK in the older form was never signed by AMD.
    const bool reject =
        (row.verdict.starts_with("REJECT") && row.verdict.find("with ") == std::string::npos &&
         !row.verdict.starts_with("REJECT: ASK revoked")) ||
        row.what.find("legacy ext") != std::string::npos;
    const auto collateral = verify::Collateral::parse(bag_for(row));
    if (bag_for(row).size() == 0) {
      say(row, "unknown", "is neither evidence with a case nor an endorsement");
      return;
    }
    std::string wrong = judge_validity(row, collateral);
    const bool holds = all_signed(collateral);
    if (holds == reject) wrong += reject ? " its signature holds" : " its signature does not hold";
    if (collateral.unreadable > 0) wrong += concat(" ", collateral.unreadable, " cannot be read");
    say(row, reject ? "endorsements, forged" : "endorsements, genuine", wrong);
  }

  /// Every date of the table must be found.
  static std::string judge_validity(const Row& row, const verify::Collateral& all) {
    std::string found;
    for (const auto& each : all.certificates) {
      found += concat("cert ", day(each.validity().not_before), "..",
                      day(each.validity().not_after), ";");
    }
    for (const auto& each : all.lists) {
      found += concat("crl ", day(each.validity().not_before), "..", day(each.validity().not_after),
                      " n=", each.size(), ";");
    }
    for (const auto& each : all.tcb_infos)
      found += codec::to_rfc3339(each.info->period.issued) + ";";
    for (const auto& each : all.identities)
      found += codec::to_rfc3339(each.identity->period.issued) + ";";
    std::istringstream wanted(row.validity);
    for (std::string part; std::getline(wanted, part, ';');) {
      part.erase(0, part.find_first_not_of(' '));
      if (part.starts_with("issueDate=")) part = part.substr(10, 20);
      const bool date = part.starts_with("c") || part.starts_with("2");
      if (date && found.find(part) == std::string::npos)
        return concat("not found: ", part, " in ", found);
    }
    return "";
  }

  bool is_signed(const x509::Signed& subject, core::ByteView issuer_name) const {
    return std::ranges::any_of(issuers_, [&](const x509::Certificate& issuer) {
      return std::ranges::equal(issuer.subject(), issuer_name) &&
             x509::verify(issuer.key(), subject);
    });
  }
  bool is_signed(const sgx::SignedJson& json) const {
    return std::ranges::any_of(issuers_, [&](const x509::Certificate& issuer) {
      return issuer.common_name().find("TCB Signing") != std::string::npos &&
             x509::verify(issuer.key(), verify::signed_by(json));
    });
  }
  bool all_signed(const verify::Collateral& all) const {
    for (const auto& each : all.certificates) {
      if (!is_signed(each.signature(), each.issuer())) return false;
    }
    for (const auto& each : all.lists) {
      if (!is_signed(each.signature(), each.issuer())) return false;
    }
    return std::ranges::all_of(all.tcb_infos,
                               [&](const auto& each) { return is_signed(*each.json); }) &&
           std::ranges::all_of(all.identities,
                               [&](const auto& each) { return is_signed(*each.json); });
  }

  std::vector<Row> rows_;
  std::filesystem::path vectors_;
  std::set<std::string> cases_;
  std::map<std::string, evidence::Endorsements> bags_;
  std::vector<x509::Certificate> issuers_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) verify_test::die("usage: merlon-verify-provenance CASES VECTORS");
  const std::filesystem::path vectors = argv[2];
  std::set<std::string> evidence;
  for (const auto& test : verify_test::read_cases(argv[1])) evidence.insert(test.evidence);
  Provenance provenance(read_table(vectors / "PROVENANCE.tsv"), vectors, std::move(evidence));
  provenance.judge();
  for (const auto& [kind, count] : provenance.counts) std::printf("%s: %d\n", kind.c_str(), count);
  std::printf("%d passed, %d failed\n", provenance.passed, provenance.failed);
  return provenance.failed == 0 ? 0 : 1;
}
