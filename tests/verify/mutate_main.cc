// merlon-verify-mutate CASES VECTORS EXCEPTIONS [SAMPLE SEED]
//
// Alters evidence and endorsements of every accepted case: each bit flipped, each truncation,
// sixteen extensions; and offers the endorsements of each case to the evidence of each other. None
// may be accepted, but what EXCEPTIONS lists with its reason. With SAMPLE, that many bits of each
// artefact, chosen by SEED; without, all.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "merlon/base/text.h"

#include "tests/verify/case.h"

namespace {

using namespace merlon;
using verify_test::Bytes;
using verify_test::Case;
using verify_test::Material;

/// Lines "CASE ARTEFACT FIRST LAST reason": offsets of bytes that may be altered.
class Exceptions {
 public:
  explicit Exceptions(const char* path) {
    std::ifstream file(path);
    if (!file) verify_test::die(base::concat("cannot read ", path));
    for (std::string all; std::getline(file, all);) {
      std::istringstream line(all);
      Entry entry;
      std::string name;
      std::string artefact;
      if (!(line >> name) || name.starts_with('#')) continue;
      if (!(line >> artefact >> entry.first >> entry.last)) {
        verify_test::die("exceptions: not understood: " + all);
      }
      std::getline(line, entry.reason);
      if (entry.reason.empty()) verify_test::die("exceptions: without a reason: " + all);
      entries_[name + " " + artefact].push_back(entry);
    }
  }
  bool allow(const std::string& name, const std::string& artefact, std::size_t offset) {
    for (const std::string& key : {name + " " + artefact, "* " + artefact}) {
      for (const Entry& entry : entries_[key]) {
        if (offset >= entry.first && offset <= entry.last) return true;
      }
    }
    return false;
  }

 private:
  struct Entry {
    std::size_t first = 0;
    std::size_t last = 0;
    std::string reason;
  };
  std::map<std::string, std::vector<Entry>> entries_;
};

/// An accepted case with every endorsement that it needs, and no other.
struct Accepted {
  Case test;
  Material material;
  evidence::Endorsements needed;
  Bytes evidence;
  x509::SignatureMemo memo;
};

struct Counts {
  std::size_t tried = 0;
  std::size_t allowed = 0;
  std::size_t accepted = 0;
};

/// Signatures that hold are remembered: what is altered has others, and each is computed.
bool accepts(core::ByteView bytes, const evidence::Endorsements& given, const Accepted& base) {
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) return false;
  verify::Collateral collateral = verify::Collateral::parse(given, evidence->endorsements);
  collateral.memo = base.memo;
  return verify::appraise(*evidence, collateral, base.material.policy,
                          verify::Moment::asked_for(base.test.time))
      .accepted();
}

/// Leaves out every endorsement without which the answer stays yes.
void reduce(Accepted& base) {
  const auto try_without = [&](auto& list) {
    for (std::size_t i = list.size(); i-- > 0;) {
      auto item = std::move(list[i]);
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      if (!accepts(base.evidence, base.needed, base)) {
        list.insert(list.begin() + static_cast<std::ptrdiff_t>(i), std::move(item));
      }
    }
  };
  try_without(base.needed.certificates);
  try_without(base.needed.revocation_lists);
  try_without(base.needed.documents);
}

class Mutator {
 public:
  Mutator(Exceptions& exceptions, std::size_t sample, unsigned seed)
      : exceptions_(exceptions), sample_(sample), random_(seed) {}

  template <typename Accepts>
  void artefact(const std::string& name, const std::string& kind, Bytes bytes,
                const Accepts& accepts) {
    const std::size_t bits = bytes.size() * 8;
    for (const std::size_t bit : chosen(bits)) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << bit % 8);
      judge(name, kind, bit / 8, accepts(bytes), "bit");
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << bit % 8);
    }
    for (const std::size_t size : chosen(bytes.size())) {
      judge(name, kind, size,
            accepts(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))),
            "truncation");
    }
    for (std::size_t count = 1; count <= 16; ++count) {
      const bool zeros = count % 2 == 0;
      Bytes longer = bytes;
      longer.resize(longer.size() + count, static_cast<std::uint8_t>(zeros ? 0 : count * 17));
      judge(name, zeros ? kind + "-zeros" : kind, bytes.size(), accepts(longer), "extension");
    }
  }
  void judge(const std::string& name, const std::string& kind, std::size_t offset, bool accepted,
             std::string_view how) {
    ++counts.tried;
    if (!accepted) return;
    if (exceptions_.allow(name, kind, offset)) {
      ++counts.allowed;
      return;
    }
    ++counts.accepted;
    std::printf("ACCEPTED %s %s: %s at %zu\n", name.c_str(), kind.c_str(), std::string(how).c_str(),
                offset);
  }

  Counts counts;

 private:
  std::vector<std::size_t> chosen(std::size_t count) {
    std::vector<std::size_t> all;
    if (sample_ == 0 || count <= sample_) {
      for (std::size_t i = 0; i < count; ++i) all.push_back(i);
      return all;
    }
    std::uniform_int_distribution<std::size_t> any(0, count - 1);
    for (std::size_t i = 0; i < sample_; ++i) all.push_back(any(random_));
    return all;
  }

  Exceptions& exceptions_;
  std::size_t sample_;
  std::mt19937 random_;
};

void mutate(const Accepted& base, Mutator& mutator) {
  mutator.artefact(base.test.name, "evidence", base.evidence,
                   [&](const Bytes& altered) { return accepts(altered, base.needed, base); });
  const auto each = [&](auto list, const std::string& kind) {
    const auto& all = base.needed.*list;
    for (std::size_t i = 0; i < all.size(); ++i) {
      mutator.artefact(base.test.name, base::concat(kind, i), Bytes(all[i].begin(), all[i].end()),
                       [&](const Bytes& altered) {
                         evidence::Endorsements changed = base.needed;
                         (changed.*list)[i].assign(altered.begin(), altered.end());
                         return accepts(base.evidence, changed, base);
                       });
    }
  };
  each(&evidence::Endorsements::certificates, "certificate");
  each(&evidence::Endorsements::revocation_lists, "list");
  each(&evidence::Endorsements::documents, "document");
}

/// Every artefact of `other` in the place of those of its kind that `base` has.
template <typename List>
void swap_list(const Accepted& base, const Accepted& other, List list, const std::string& kind,
               Mutator& mutator) {
  for (const auto& offered : other.needed.*list) {
    for (std::size_t i = 0; i < (base.needed.*list).size(); ++i) {
      if ((base.needed.*list)[i] == offered) continue;
      evidence::Endorsements changed = base.needed;
      (changed.*list)[i] = offered;
      // Another genuine artefact of the same platform may do as well: then it is no forgery.
      evidence::Endorsements both = other.needed;
      const bool genuine = both.merge(base.needed).has_value();
      const bool accepted = accepts(base.evidence, changed, base);
      mutator.judge(base.test.name, base::concat(kind, i, "-of-", other.test.name), 0,
                    accepted && genuine, "swap");
    }
  }
}

std::vector<Accepted> accepted_cases(const char* table, const char* vectors) {
  std::vector<Accepted> all;
  std::set<std::string> seen;
  for (const Case& test : verify_test::read_cases(table)) {
    if (test.expected != Case::Expected::Accept || !seen.insert(test.evidence).second) continue;
    Accepted base{test, verify_test::material_of(test, vectors), {}, {}, {}};
    base.evidence = base.material.evidence_bytes;
    base.needed = base.material.given;  // what came along in a request is altered with it
    base.memo = verify::Collateral::prepare(base.needed).memo;
    if (!accepts(base.evidence, base.needed, base)) {
      verify_test::die(test.name + " is not accepted");
    }
    reduce(base);
    all.push_back(std::move(base));
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) {
    verify_test::die("usage: merlon-verify-mutate CASES VECTORS EXCEPTIONS [SAMPLE SEED]");
  }
  Exceptions exceptions(argv[3]);
  Mutator mutator(exceptions, argc == 6 ? std::strtoul(argv[4], nullptr, 10) : 0,
                  argc == 6 ? static_cast<unsigned>(std::strtoul(argv[5], nullptr, 10)) : 0);
  const std::vector<Accepted> all = accepted_cases(argv[1], argv[2]);
  for (const Accepted& base : all) mutate(base, mutator);
  const std::size_t mutated = mutator.counts.tried;
  for (const Accepted& base : all) {
    for (const Accepted& other : all) {
      if (&base == &other) continue;
      swap_list(base, other, &evidence::Endorsements::certificates, "certificate", mutator);
      swap_list(base, other, &evidence::Endorsements::revocation_lists, "list", mutator);
      swap_list(base, other, &evidence::Endorsements::documents, "document", mutator);
    }
  }
  std::printf("%zu cases, %zu alterations, %zu swaps; %zu allowed by exceptions\n", all.size(),
              mutated, mutator.counts.tried - mutated, mutator.counts.allowed);
  std::printf("%zu passed, %zu failed\n", mutator.counts.tried - mutator.counts.accepted,
              mutator.counts.accepted);
  return mutator.counts.accepted == 0 ? 0 : 1;
}
