// Every row of the table around genuine evidence, cut, with a tail, and two in one another.

#include "merlon/evidence/wrapping.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/evidence/evidence.h"
#include "merlon/evidence/foreign.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::evidence {
namespace {

using codec::testing::vector_file;

Bytes to_bytes(std::string_view text) {
  const core::ByteView view = core::as_bytes(text);
  return {view.begin(), view.end()};
}

std::string url_base64(core::ByteView bytes) {
  std::string text = codec::encode_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::string numbers(core::ByteView bytes, std::string_view prefix) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += base::concat(
        text.empty() ? "" : ", ", prefix,
        prefix.empty() ? base::concat(unsigned{byte}) : base::hex(core::ByteView(&byte, 1)));
  }
  return text;
}

std::string dump(core::ByteView bytes, bool xxd) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const core::ByteView line = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
    const std::array<std::uint8_t, 4> offset{0, static_cast<std::uint8_t>(at >> 16U),
                                             static_cast<std::uint8_t>(at >> 8U),
                                             static_cast<std::uint8_t>(at)};
    text += base::hex(offset) + (xxd ? ":" : " ");
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool gap = xxd ? i % 2 == 0 : true;
      text +=
          base::concat(gap ? " " : "", !xxd && i == 8 ? " " : "", base::hex(line.subspan(i, 1)));
    }
    text += xxd ? "  ................\n" : "  |................|\n";
  }
  if (!xxd) {
    const std::size_t size = bytes.size();
    text += base::hex(std::array<std::uint8_t, 4>{0, static_cast<std::uint8_t>(size >> 16U),
                                                  static_cast<std::uint8_t>(size >> 8U),
                                                  static_cast<std::uint8_t>(size)}) +
            "\n";
  }
  return text;
}

Bytes joined(std::initializer_list<core::ByteView> parts) {
  Bytes all;
  for (const core::ByteView part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes little_endian(std::uint64_t value, std::size_t size) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return bytes;
}

Bytes cbor_bytes(core::ByteView bytes) {
  const std::array<std::uint8_t, 3> head{0x59, static_cast<std::uint8_t>(bytes.size() >> 8U),
                                         static_cast<std::uint8_t>(bytes.size())};
  return joined({head, bytes});
}

Bytes certificate_with(const codec::Oid& oid, core::ByteView value) {
  const x509::testing::SigningKey key(crypto::KeyKind::P256);
  x509::testing::CertificateTemplate shape;
  shape.extensions.push_back(
      x509::testing::extension(oid, false, Bytes(value.begin(), value.end())));
  return x509::testing::issue(shape, key.spki(), key);
}

constexpr std::array<std::uint8_t, 16> sgx_ecdsa{0xA3, 0xA2, 0x1E, 0x87, 0x1B, 0x4D, 0x40, 0x14,
                                                 0xB7, 0x0A, 0xA1, 0x25, 0xD2, 0xFB, 0xCD, 0x8C};

/// With what happened to be in memory in front of its size.
Bytes open_enclave_evidence(core::ByteView format, core::ByteView content,
                            std::uint64_t version = 3) {
  return joined({little_endian(version, 4), format, Bytes(4, 0xA7),
                 little_endian(content.size(), 8), content});
}

struct Way {
  std::string_view row;  ///< of the table
  std::function<Bytes(const Bytes&)> wrap;
  bool report_only = false;  ///< holds SEV-SNP reports alone
};

const std::vector<Way>& ways() {
  static const std::vector<Way> all{
      {"MSG_REPORT_RSP",
       [](const Bytes& b) {
         return joined({little_endian(0, 4), little_endian(b.size(), 4), Bytes(24), b, Bytes(64)});
       },
       true},
      {"HCL report",
       [](const Bytes& b) {
         return joined({to_bytes("HCLA"), little_endian(1, 4), Bytes(24), b, little_endian(100, 4),
                        little_endian(1, 4), little_endian(2, 4), Bytes(8), to_bytes("{}")});
       },
       true},
      {"Open Enclave header",
       [](const Bytes& b) {
         return joined({little_endian(1, 4), little_endian(2, 4), little_endian(b.size(), 8), b});
       }},
      {"Open Enclave evidence", [](const Bytes& b) { return open_enclave_evidence(sgx_ecdsa, b); }},
      {"certificate",
       [](const Bytes& b) { return certificate_with(codec::Oid{1, 2, 840, 113741, 1337, 6}, b); }},
      {"certificate",  // a wrapper as an UTF8String
       [](const Bytes& b) {
         const std::string text =
             base::concat(R"(["application/vnd.example",")", url_base64(b), "\"]");
         return certificate_with(codec::Oid{1, 3, 6, 1, 5, 5, 7, 1, 35},
                                 codec::testing::der(codec::DerTag::Utf8String, to_bytes(text)));
       }},
      {"PEM",
       [](const Bytes& b) {
         return to_bytes(base::concat("-----BEGIN QUOTE-----\n", codec::encode_base64(b),
                                      "\n-----END QUOTE-----\n"));
       }},
      {"CBOR",
       [](const Bytes& b) {
         const Bytes claims = cbor_bytes(Bytes(300, 1));
         return joined({Bytes{0xD9, 0xEA, 0x60, 0x82}, cbor_bytes(b), claims});
       }},
      {"CBOR", [](const Bytes& b) { return joined({Bytes{0x82, 0x18, 0x20}, cbor_bytes(b)}); }},
      {"CBOR",  // a tag that stands for a type of messages
       [](const Bytes& b) { return joined({Bytes{0xDA, 0x63, 0x74, 0x01, 0x01}, cbor_bytes(b)}); }},
      {"message collection in CBOR",
       [](const Bytes& b) {
         return joined({Bytes{0xA2, 0x61, 'a', 0x83, 0x18, 0x20}, cbor_bytes(b),
                        Bytes{0x04, 0x01, 0x82, 0x18, 0x21, 0x41, 0x00}});
       }},
      {"message collection in JSON",
       [](const Bytes& b) {
         return to_bytes(base::concat(R"({"__cmwc_t":"tag:example.com,2026:x","a":{"b":)",
                                      R"(["application/vnd.example",")", url_base64(b),
                                      R"(",4]},"c":["text/plain","AA"]})"));
       }},
      {"JSON",  // dstack
       [](const Bytes& b) {
         return to_bytes(base::concat(R"({"quote":")", base::hex(b),
                                      R"(","event_log":"[]","report_data":"00"})"));
       }},
      {"JSON",  // Trustee
       [](const Bytes& b) {
         return to_bytes(base::concat(R"({"tee":"tdx","evidence":{"quote":")",
                                      codec::encode_base64(b), R"(","cc_eventlog":null}})"));
       }},
      {"JSON",  // Microsoft Azure Attestation
       [](const Bytes& b) {
         const std::string inner =
             base::concat(R"({"SnpReport":")", url_base64(b), R"(","VcekCertChain":"AAAA"})");
         return to_bytes(base::concat(R"({"report":")", url_base64(core::as_bytes(inner)),
                                      R"(","runtimeData":{"data":"e30","dataType":"JSON"}})"));
       }},
      {"JSON",
       [](const Bytes& b) {
         return to_bytes(base::concat(R"({"attestation_report":[)", numbers(b, ""), "]}"));
       }},
      {"message wrapper in JSON",
       [](const Bytes& b) {
         return to_bytes(base::concat(R"(["application/vnd.example",")", url_base64(b), "\"]"));
       }},
      {"array of bytes", [](const Bytes& b) { return to_bytes("[" + numbers(b, "") + "]"); }},
      {"array of bytes",
       [](const Bytes& b) {
         return to_bytes("unsigned char quote[] = {\n  " + numbers(b, "0x") +
                         "\n};\nunsigned int quote_len = 1184;\n");
       }},
      {"array of bytes",
       [](const Bytes& b) { return to_bytes("[]byte{" + numbers(b, "0x") + ",}"); }},
      {"hexadecimal dump", [](const Bytes& b) { return to_bytes(dump(b, true)); }},
      {"hexadecimal dump", [](const Bytes& b) { return to_bytes(dump(b, false)); }},
      {"hexadecimal", [](const Bytes& b) { return to_bytes(base::hex(b) + "\n"); }},
      {"base 64", [](const Bytes& b) { return to_bytes(codec::encode_base64(b)); }},
      {"base 64", [](const Bytes& b) { return to_bytes(url_base64(b)); }},
  };
  return all;
}

Bytes signed_bytes_of(const Evidence& evidence) {
  if (const auto* snp = std::get_if<SnpEvidence>(&evidence.report)) return snp->signed_bytes;
  const auto* sgx = std::get_if<SgxEvidence>(&evidence.report);
  const auto* tdx = std::get_if<TdxEvidence>(&evidence.report);
  const sgx::Quote& quote = sgx != nullptr ? sgx->quote : tdx->quote;
  return {quote.signed_bytes.begin(), quote.signed_bytes.end()};
}

bool same(const Evidence& a, const Evidence& b) {
  return a.technology() == b.technology() && signed_bytes_of(a) == signed_bytes_of(b);
}

class Wrappings : public ::testing::Test {
 protected:
  void SetUp() override {
    MERLON_NEEDS_VECTORS();
    for (const char* name :
         {"ms-tav/milan-v3.report.bin", "phala/sgx_quote.dat", "phala/tdx_quote.dat"}) {
      evidence_.push_back(vector_file(name));
    }
  }
  bool fits(const Way& way, const Bytes& bytes) const {
    return !way.report_only || bytes.size() == snp::Report::size;
  }
  std::vector<Bytes> evidence_;
};

TEST_F(Wrappings, EveryRowHasAWay) {
  for (const Wrapping& row : wrappings()) {
    EXPECT_TRUE(std::ranges::any_of(ways(), [&](const Way& way) { return way.row == row.name; }))
        << row.name;
    EXPECT_FALSE(row.source.empty());
  }
}

TEST_F(Wrappings, AroundGenuineEvidence) {
  for (const Bytes& bare : evidence_) {
    const Evidence wanted = Evidence::parse(bare).value();
    EXPECT_TRUE(wanted.wrappings.empty());
    for (const Way& way : ways()) {
      if (!fits(way, bare)) continue;
      const auto got = Evidence::parse(way.wrap(bare));
      ASSERT_TRUE(got.has_value()) << way.row << ": " << got.error().what;
      ASSERT_FALSE(got->wrappings.empty());
      EXPECT_EQ(got->wrappings[0], way.row);
      EXPECT_TRUE(same(*got, wanted)) << way.row;
    }
  }
}

TEST_F(Wrappings, TwoInOneAnother) {
  for (const Bytes& bare : evidence_) {
    const Evidence wanted = Evidence::parse(bare).value();
    for (const Way& inner : ways()) {
      if (!fits(inner, bare)) continue;
      const Bytes once = inner.wrap(bare);
      for (const Way& outer : ways()) {
        // A certificate is bounded, and a CBOR string here has two bytes for its size.
        constexpr std::size_t most = 45'000;
        if (outer.report_only || once.size() > most) continue;
        const auto got = Evidence::parse(outer.wrap(once));
        ASSERT_TRUE(got.has_value())
            << inner.row << " in " << outer.row << ": " << got.error().what;
        EXPECT_TRUE(same(*got, wanted)) << inner.row << " in " << outer.row;
        EXPECT_GE(got->wrappings.size(), 2U);
      }
    }
  }
}

TEST_F(Wrappings, CutOffTheyNeverHoldOtherEvidence) {
  for (const Bytes& bare : evidence_) {
    const Evidence wanted = Evidence::parse(bare).value();
    for (const Way& way : ways()) {
      if (!fits(way, bare)) continue;
      const Bytes whole = way.wrap(bare);
      for (std::size_t size = 0; size < whole.size(); size += 1 + size / 24) {
        const auto got = Evidence::parse(core::ByteView(whole).first(size));
        if (got) {
          EXPECT_TRUE(same(*got, wanted)) << way.row << " of " << size;
        }
      }
    }
  }
}

TEST_F(Wrappings, WithSomethingBehindThemTheyNeverHoldOtherEvidence) {
  for (const Bytes& bare : evidence_) {
    const Evidence wanted = Evidence::parse(bare).value();
    for (const Way& way : ways()) {
      if (!fits(way, bare)) continue;
      for (const std::string_view tail : {"\n", "x", "0", "{}", "[1]", "==", "\x01\x02"}) {
        const auto got = Evidence::parse(joined({way.wrap(bare), core::as_bytes(tail)}));
        if (got) {
          EXPECT_TRUE(same(*got, wanted)) << way.row << " and " << tail;
        }
      }
    }
  }
}

TEST_F(Wrappings, OfTwoPiecesNoneIsChosen) {
  const std::string first = base::hex(evidence_[0]);
  const std::string second = base::hex(evidence_[1]);
  for (const std::string& text :
       {base::concat(R"({"quote":")", first, R"(","report":")", second, "\"}"),
        base::concat(R"({"a":{"quote":")", first, R"("},"b":[{"quote":")", second, "\"}]}"),
        base::concat("{", numbers(evidence_[0], ""), "}; {", numbers(evidence_[1], ""), "}")}) {
    EXPECT_FALSE(Evidence::parse(core::as_bytes(text)).has_value()) << text.substr(0, 40);
  }
  const std::string twice = base::concat(R"({"quote":")", first, R"(","report":")", first, "\"}");
  EXPECT_TRUE(Evidence::parse(core::as_bytes(twice)).has_value());
}

TEST_F(Wrappings, EndWhereTheyAreTooMany) {
  Bytes bytes = evidence_[0];
  for (std::size_t i = 0; i < max_wrappings; ++i) bytes = to_bytes(codec::encode_base64(bytes));
  EXPECT_TRUE(Evidence::parse(bytes).has_value());
  bytes = to_bytes(codec::encode_base64(bytes));
  EXPECT_EQ(Evidence::parse(bytes).error().code, core::ErrorCode::Exhausted);
}

TEST_F(Wrappings, WhatVouchesBesideItComesAlong) {
  const auto vcek = vector_file("ms-tav/milan.vcek.pem");
  std::string pem(vcek.begin(), vcek.end());
  std::string address;
  for (const char c : pem) {
    address += c == '\n' ? "%0A" : c == ' ' ? "%20" : std::string(1, c);
  }
  std::string escaped;
  for (const char c : pem) escaped += c == '\n' ? "\\n" : std::string(1, c);
  const std::string report = base::concat(R"("report":")", base::hex(evidence_[0]), "\"");
  const std::string thim = base::concat(R"({"vcekCert":")", escaped, R"(","tcbm":"DB"})");
  for (const std::string& beside :
       {base::concat(R"("vcekCert":")", escaped, "\""), base::concat(R"("chain":")", address, "\""),
        base::concat(R"("endorsements":")", codec::encode_base64(core::as_bytes(pem)), "\""),
        base::concat(R"("endorsements":")", codec::encode_base64(core::as_bytes(thim)), "\""),
        base::concat(R"("nested":{"certificates":")", escaped, "\"}")}) {
    const std::string text = base::concat("{", report, ",", beside, "}");
    const auto got = Evidence::parse(core::as_bytes(text));
    ASSERT_TRUE(got.has_value()) << got.error().what;
    EXPECT_GE(got->endorsements.certificates.size(), 1U) << beside.substr(0, 30);
  }
  const auto lost =
      Evidence::parse(core::as_bytes(base::concat("{", report, R"(,"crl":"30030201")", "}")));
  EXPECT_FALSE(lost.has_value());
}

TEST_F(Wrappings, TheTableOfAnExtendedReport) {
  const Bytes report = vector_file("trustee/milan-vlek.report.bin");
  const Bytes vlek = vector_file("trustee/milan-vlek.vlek.der");
  const Bytes guid{0xA8, 0x07, 0x4B, 0xC2, 0xA2, 0x5A, 0x48, 0x3E,
                   0xAA, 0xE6, 0x39, 0xC0, 0x45, 0xA0, 0xB8, 0xA1};
  const Bytes unknown(16, 0x11);
  const Bytes table = joined({guid, little_endian(72, 4), little_endian(vlek.size(), 4), unknown,
                              little_endian(72, 4), little_endian(1, 4), Bytes(24), vlek});
  const auto got = Evidence::parse(joined({report, table}));
  ASSERT_TRUE(got.has_value()) << got.error().what;
  ASSERT_EQ(got->endorsements.certificates.size(), 1U);
  EXPECT_EQ(got->endorsements.certificates[0], vlek);
  ASSERT_EQ(got->notes.size(), 1U);
  EXPECT_NE(got->notes[0].find("11111111-1111-1111-1111-111111111111"), std::string::npos);
  // By itself, as the kernel's auxblob has it.
  Endorsements all;
  EXPECT_EQ(all.add(table).value(), 1U);
  EXPECT_EQ(all.certificates.at(0), vlek);
}

/// The first bytes of a file up to the end of the quote, whose signature's size stands at `at`.
Bytes quote_of(const char* name, std::size_t at) {
  Bytes bytes = vector_file(name);
  std::size_t size = 0;
  for (std::size_t i = 4; i > 0; --i) size = size << 8U | bytes.at(at + i - 1);
  bytes.resize(at + 4 + size);
  return bytes;
}

TEST_F(Wrappings, ClaimsBehindOpenEnclavesQuoteAreToldOf) {
  const Bytes quote = quote_of("phala/sgx_quote.dat", 432);
  const Evidence wanted = Evidence::parse(quote).value();
  const Bytes claims = joined({Bytes{1, 0, 0, 0}, Bytes(40, 7)});
  const auto got = Evidence::parse(open_enclave_evidence(sgx_ecdsa, joined({quote, claims})));
  ASSERT_TRUE(got.has_value()) << got.error().what;
  EXPECT_EQ(got->described(), "Open Enclave evidence: DCAP quote version 3 for SGX");
  EXPECT_TRUE(same(*got, wanted));
  ASSERT_EQ(got->notes.size(), 1U);
  EXPECT_NE(got->notes[0].find("claims"), std::string::npos);
  EXPECT_TRUE(Evidence::parse(open_enclave_evidence(sgx_ecdsa, quote))->notes.empty());
  const Bytes zeros(8);
  EXPECT_TRUE(
      Evidence::parse(open_enclave_evidence(sgx_ecdsa, joined({quote, zeros})))->notes.empty());
  // Of each version of quotes the end is where its own sizes say.
  for (const auto& [name, at] :
       {std::pair{"phala/tdx_quote.dat", 632}, std::pair{"trustee/tdx_quote_5.dat", 702}}) {
    const Bytes other = quote_of(name, static_cast<std::size_t>(at));
    const Evidence bare = Evidence::parse(other).value();
    const auto with = Evidence::parse(open_enclave_evidence(sgx_ecdsa, joined({other, claims})));
    ASSERT_TRUE(with.has_value()) << name << ": " << with.error().what;
    EXPECT_TRUE(same(*with, bare)) << name;
    EXPECT_EQ(with->notes.size(), 1U) << name;
  }
}

TEST_F(Wrappings, OpenEnclavesOtherEvidenceIsNamed) {
  const auto said = [&](const Bytes& bytes) {
    const auto got = Evidence::parse(bytes);
    return got ? std::string() : std::string(got.error().what);
  };
  const Bytes local{0x09, 0x26, 0x8C, 0x33, 0x6E, 0x0B, 0x45, 0xE5,
                    0x8A, 0x27, 0x15, 0x64, 0x4D, 0x0E, 0xF8, 0x9A};
  const Bytes linkable{0xF2, 0x28, 0xAA, 0x3F, 0xDE, 0x4D, 0x49, 0xD3,
                       0x88, 0x4C, 0xB2, 0xAA, 0x87, 0xA5, 0x0D, 0xA6};
  const Bytes& quote = evidence_[1];
  EXPECT_NE(said(open_enclave_evidence(local, Bytes(432))).find("local"), std::string::npos);
  EXPECT_NE(said(open_enclave_evidence(linkable, quote)).find("EPID"), std::string::npos);
  EXPECT_NE(said(open_enclave_evidence(sgx_ecdsa, quote, 2)).find("0.11"), std::string::npos);
  EXPECT_FALSE(Evidence::parse(open_enclave_evidence(Bytes(16, 0x55), quote)).has_value());
  EXPECT_FALSE(Evidence::parse(open_enclave_evidence(sgx_ecdsa, quote, 4)).has_value());
  Bytes cut = open_enclave_evidence(sgx_ecdsa, quote);
  cut.pop_back();
  EXPECT_NE(said(cut).find("cut off"), std::string::npos);
}

TEST_F(Wrappings, CertificatesOfRealSizesAreRead) {
  // A quote with its chain, as text, beside endorsements of its own.
  const codec::Oid tagged{2, 23, 133, 5, 4, 9};
  for (const std::size_t claims : {std::size_t{10'000}, std::size_t{50'000}}) {
    const Bytes der =
        certificate_with(tagged, joined({Bytes{0xD9, 0xEA, 0x60, 0x82}, cbor_bytes(evidence_[1]),
                                         cbor_bytes(Bytes(claims, 1))}));
    ASSERT_GT(der.size(), std::size_t{14'000});
    const auto got = Evidence::parse(der);
    ASSERT_TRUE(got.has_value()) << der.size() << ": " << got.error().what;
    EXPECT_EQ(got->described(), "certificate, CBOR: DCAP quote version 3 for SGX");
  }
  const auto larger = Evidence::parse(certificate_with(tagged, Bytes(x509::max_certificate_size)));
  EXPECT_EQ(larger.error().code, core::ErrorCode::Exhausted);
  EXPECT_NE(std::string_view(larger.error().what).find("64 KiB"), std::string::npos);
}

TEST_F(Wrappings, AzuresVtpmEvidence) {
  const auto got = Evidence::parse(vector_file("trustee/az-evidence-v2.json"));
  ASSERT_TRUE(got.has_value()) << got.error().what;
  EXPECT_EQ(got->described(), "JSON, HCL report: SEV-SNP report");
  EXPECT_EQ(got->endorsements.certificates.size(), 1U);
}

TEST(CertificateTable, AnEntryThatIsTheTableIsNotFollowed) {
  const Bytes guid{0xA8, 0x07, 0x4B, 0xC2, 0xA2, 0x5A, 0x48, 0x3E,
                   0xAA, 0xE6, 0x39, 0xC0, 0x45, 0xA0, 0xB8, 0xA1};
  const Bytes table = joined({guid, little_endian(0, 4), little_endian(48, 4), Bytes(24)});
  Endorsements all;
  const auto notes = all.add_table(table);
  ASSERT_TRUE(notes.has_value());
  EXPECT_EQ(notes->size(), 1U);
  EXPECT_EQ(all.size(), 0U);
  (void)all.add(table);
  EXPECT_EQ(all.size(), 0U);
}

TEST(Dump, LinesThatRepeatAreThereAgain) {
  std::string text =
      "00000000  02 00 00 00 00 00 00 00  00 00 02 00 00 00 00 00  |................|\n"
      "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
      "*\n"
      "000004a0\n";
  const auto got = Evidence::parse(core::as_bytes(text));
  ASSERT_TRUE(got.has_value()) << got.error().what;
  EXPECT_EQ(got->described(), "hexadecimal dump: SEV-SNP report");
  for (const std::string_view wrong : {"000004a1\n", "00ffffff\n", "*\n", "words\n"}) {
    EXPECT_FALSE(
        Evidence::parse(core::as_bytes(text.substr(0, text.size() - 9) + std::string(wrong)))
            .has_value())
        << wrong;
  }
  // A line that is missing in the middle.
  EXPECT_FALSE(Evidence::parse(core::as_bytes(text.erase(text.find("00000010"), 80))).has_value());
}

TEST(Foreign, IsNamed) {
  const auto said = [](const Bytes& bytes) {
    const auto parsed = Evidence::parse(bytes);
    EXPECT_FALSE(parsed.has_value());
    return parsed ? std::string() : std::string(parsed.error().what);
  };
  Bytes epid(436 + 680);
  epid[0] = 2;
  epid[432] = 680 & 0xFF;
  epid[433] = 680 >> 8;
  Bytes sigstruct(1808);
  const Bytes header{6, 0, 0, 0, 0xE1, 0, 0, 0, 0, 0, 1, 0};
  std::ranges::copy(header, sigstruct.begin());
  Bytes td(1024);
  td[0] = 0x81;
  const Bytes log = joined({Bytes(28), Bytes(4, 1), to_bytes("Spec ID Event03"), Bytes(64)});
  const std::vector<std::pair<Bytes, std::string>> all{
      {epid, "EPID"},
      {sigstruct, "SIGSTRUCT"},
      {td, "TDREPORT"},
      {log, "event log"},
      {joined({to_bytes("CCEL"), Bytes(60)}), "event log"},
      {joined({Bytes{0x84, 0x44, 0xA1, 0x01, 0x38, 0x22}, Bytes(100)}), "Nitro"},
      {joined({Bytes{0xD9, 0x01, 0x8F}, Bytes(100)}), "CCA"},
      {joined({Bytes{0x11, 0xE0}, Bytes(100, 0xA7)}), "NVIDIA"},
      {Bytes(432, 0xA7), "SGX REPORT"},
      {Bytes(208, 0xA7), "SEV"},
  };
  for (const auto& [bytes, name] : all) {
    EXPECT_NE(said(bytes).find(name), std::string::npos) << name << ": " << said(bytes);
    EXPECT_NE(said(to_bytes(codec::encode_base64(bytes))).find(name), std::string::npos) << name;
  }
  EXPECT_EQ(foreign_kind(Bytes(10)), nullptr);
  EXPECT_EQ(foreign_kind({}), nullptr);
}

}  // namespace
}  // namespace merlon::evidence
