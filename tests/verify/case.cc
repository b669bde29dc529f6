#include "tests/verify/case.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "merlon/codec/json.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/x509/signature.h"

namespace merlon::verify_test {

void die(const std::string& why) {
  std::fprintf(stderr, "verify: %s\n", why.c_str());
  std::exit(2);
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) die("cannot read " + path.string());
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return {bytes.begin(), bytes.end()};
}

namespace {

using Names = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> words_of(std::istringstream& line) {
  return {std::istream_iterator<std::string>(line), {}};
}

/// With what "let" has given a name put in its place.
std::vector<std::string> checks_of(std::istringstream& line, const Names& names) {
  std::vector<std::string> all;
  for (const std::string& word : words_of(line)) {
    if (!word.starts_with('@')) {
      all.push_back(word);
      continue;
    }
    const auto found = names.find(word.substr(1));
    if (found == names.end()) die("cases.txt: unknown name " + word);
    all.insert(all.end(), found->second.begin(), found->second.end());
  }
  return all;
}

/// "@NAME" stands for what "let" gave that name.
std::string policy_line(const std::string& line, const Names& names) {
  if (!line.starts_with('@')) return line;
  const auto found = names.find(line.substr(1));
  if (found == names.end()) die("cases.txt: no such name: " + line);
  std::string text;
  for (const std::string& word : found->second) text += word + " ";
  return text;
}

void read_line(Case& test, const std::string& key, std::istringstream& line, const std::string& all,
               const Names& names) {
  if (key == "evidence") {
    line >> test.evidence;
  } else if (key == "with") {
    for (const std::string& word : words_of(line)) test.endorsements.push_back(word);
  } else if (key == "at") {
    std::string time;
    line >> time;
    test.time = codec::parse_rfc3339(time).value();
  } else if (key == "policy") {
    test.policy_text += policy_line(all.substr(all.find("policy") + 7), names) + "\n";
  } else if (key == "refuse") {
    test.expected = Case::Expected::Refuse;
    test.refusals = checks_of(line, names);
  } else if (key == "unsupported") {
    test.expected = Case::Expected::Unsupported;
  } else if (key == "malformed") {
    test.expected = Case::Expected::Malformed;
  } else if (key != "accept") {
    die("cases.txt: not understood: " + all);
  }
}

/// A store of Fortanix' keeps a document, its signature as a list of DER bytes, and a chain.
bool add_fortanix(evidence::Endorsements& to, const Bytes& bytes) {
  const auto document = codec::JsonDocument::parse(core::as_text(bytes));
  if (!document || document->root().kind() != codec::JsonKind::Object) return false;
  const codec::JsonValue& root = document->root();
  const auto* chain = root.find("ca_chain");
  const auto* signature = root.find("signature");
  if (chain == nullptr || signature == nullptr || signature->items().empty()) return false;
  for (const auto& item : chain->items()) (void)to.add(core::as_bytes(item.text()));
  Bytes der;
  for (const auto& item : signature->items()) {
    der.push_back(static_cast<std::uint8_t>(item.number().value_or(0)));
  }
  const auto numbers = x509::parse_ecdsa_signature(der, 32);
  if (!numbers) die("a signature that is none");
  for (const auto& [name, member] : {std::pair{"raw_tcb_info", "tcbInfo"},
                                     std::pair{"raw_enclave_identity", "enclaveIdentity"}}) {
    const auto* body = root.find(name);
    if (body == nullptr) continue;
    sgx::SignedJson json;
    json.member = member;
    json.body = body->text();
    json.signature = sgx::JsonSignature::from(core::ByteView(numbers->bytes).first(64)).value();
    (void)to.add_document(json.text());
  }
  return true;
}

}  // namespace

bool add_endorsement(evidence::Endorsements& to, const std::filesystem::path& path) {
  const Bytes bytes = read_file(path);
  // Fortanix' stores hold what others know as well, and more.
  return add_fortanix(to, bytes) || to.add(bytes, path.string()).has_value();
}

std::vector<Case> read_cases(const std::filesystem::path& table) {
  std::ifstream file(table);
  if (!file) die("cannot read " + table.string());
  std::vector<Case> cases;
  Names names;
  for (std::string all; std::getline(file, all);) {
    std::istringstream line(all);
    std::string key;
    if (!(line >> key) || key.starts_with('#')) continue;
    if (key == "let") {
      line >> key;
      names[key] = words_of(line);
    } else if (key == "case") {
      cases.emplace_back();
      line >> cases.back().name;
    } else if (cases.empty()) {
      die("cases.txt: a line before the first case");
    } else {
      read_line(cases.back(), key, line, all, names);
    }
  }
  if (cases.empty()) die("cases.txt: there are no cases");
  return cases;
}

Material material_of(const Case& test, const std::filesystem::path& vectors) {
  Material made;
  made.evidence_bytes = read_file(vectors / test.evidence);
  for (const std::string& name : test.endorsements) {
    if (!name.ends_with("/*")) {
      if (!add_endorsement(made.given, vectors / name)) die(name + " is no endorsement");
      continue;
    }
    const auto folder = vectors / name.substr(0, name.size() - 2);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().filename() == "quote.dat") continue;
      if (!add_endorsement(made.given, entry.path())) die(entry.path().string() + " is none");
    }
  }
  auto policy = verify::Policy::parse(test.policy_text, test.name);
  if (!policy) die(policy.error().text());
  made.policy = *std::move(policy);
  return made;
}

core::Result<verify::Appraisal> judge(core::ByteView bytes, const evidence::Endorsements& given,
                                      const verify::Policy& policy, codec::UnixTime now) {
  const auto evidence = TRY(evidence::Evidence::parse(bytes));
  return verify::appraise(evidence, verify::Collateral::parse(given, evidence.endorsements), policy,
                          verify::Moment::asked_for(now));
}

}  // namespace merlon::verify_test
