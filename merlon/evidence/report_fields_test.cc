// Reports as the sev crate of virtee writes them in JSON, made here from genuine ones, byte by
// byte.

#include "merlon/evidence/report_fields.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/evidence/evidence.h"

namespace merlon::evidence {
namespace {

using codec::testing::vector_file;

std::string number(const Bytes& report, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8U | report[at + i - 1];
  return base::concat(value);
}

std::string array(const Bytes& report, std::size_t at, std::size_t size) {
  std::string text = "[";
  for (std::size_t i = 0; i < size; ++i) {
    text += base::concat(i == 0 ? "" : ",", unsigned{report[at + i]});
  }
  return text + "]";
}

using Members = std::vector<std::pair<std::string, std::string>>;

std::string object(const Members& members) {
  std::string text;
  for (const auto& [name, value] : members) {
    text += base::concat(text.empty() ? "" : ",", "\"", name, "\":", value);
  }
  return base::concat("{", text, "}");
}

bool is_turin(const Bytes& report) { return report[0] >= 3 && report[0x188] == 0x1A; }

std::string tcb(const Bytes& report, std::size_t at, bool reserved) {
  const auto one = [&](std::size_t offset) { return number(report, at + offset, 1); };
  if (reserved) {
    return base::concat(R"({"bootloader":)", one(0), R"(,"tee":)", one(1), R"(,"_reserved":)",
                        array(report, at + 2, 4), R"(,"snp":)", one(6), R"(,"microcode":)", one(7),
                        "}");
  }
  if (is_turin(report)) {
    return base::concat(R"({"fmc":)", one(0), R"(,"bootloader":)", one(1), R"(,"tee":)", one(2),
                        R"(,"snp":)", one(3), R"(,"microcode":)", one(7), "}");
  }
  return base::concat(R"({"fmc":null,"bootloader":)", one(0), R"(,"tee":)", one(1), R"(,"snp":)",
                      one(6), R"(,"microcode":)", one(7), "}");
}

std::string firmware(const Bytes& report, std::size_t at) {
  return base::concat(R"({"major":)", number(report, at + 2, 1), R"(,"minor":)",
                      number(report, at + 1, 1), R"(,"build":)", number(report, at, 1), "}");
}

/// The fields that every version of the crate writes.
Members common_fields(const Bytes& r, bool reserved) {
  return {{"version", number(r, 0, 4)},
          {"guest_svn", number(r, 4, 4)},
          {"policy", number(r, 8, 8)},
          {"family_id", array(r, 0x10, 16)},
          {"image_id", array(r, 0x20, 16)},
          {"vmpl", number(r, 0x30, 4)},
          {"sig_algo", number(r, 0x34, 4)},
          {"current_tcb", tcb(r, 0x38, reserved)},
          {"plat_info", number(r, 0x40, 8)},
          {"report_data", array(r, 0x50, 64)},
          {"measurement", array(r, 0x90, 48)},
          {"host_data", array(r, 0xC0, 32)},
          {"id_key_digest", array(r, 0xE0, 48)},
          {"author_key_digest", array(r, 0x110, 48)},
          {"report_id", array(r, 0x140, 32)},
          {"report_id_ma", array(r, 0x160, 32)},
          {"reported_tcb", tcb(r, 0x180, reserved)},
          {"chip_id", array(r, 0x1A0, 64)},
          {"committed_tcb", tcb(r, 0x1E0, reserved)},
          {"launch_tcb", tcb(r, 0x1F0, reserved)}};
}

/// As up to version 5 of the crate.
Members members_with_reserved(const Bytes& r) {
  Members all = common_fields(r, true);
  const Members more{{"_author_key_en", number(r, 0x48, 4)},
                     {"_reserved_0", number(r, 0x4C, 4)},
                     {"_reserved_1", array(r, 0x188, 24)},
                     {"current_build", number(r, 0x1E8, 1)},
                     {"current_minor", number(r, 0x1E9, 1)},
                     {"current_major", number(r, 0x1EA, 1)},
                     {"_reserved_2", number(r, 0x1EB, 1)},
                     {"committed_build", number(r, 0x1EC, 1)},
                     {"committed_minor", number(r, 0x1ED, 1)},
                     {"committed_major", number(r, 0x1EE, 1)},
                     {"_reserved_3", number(r, 0x1EF, 1)},
                     {"_reserved_4", array(r, 0x1F8, 168)},
                     {"signature", object({{"r", array(r, 0x2A0, 72)},
                                           {"s", array(r, 0x2E8, 72)},
                                           {"_reserved", array(r, 0x330, 368)}})}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// As from version 6 of the crate on.
Members members_without_reserved(const Bytes& r) {
  const auto since = [&](unsigned version, std::size_t at, std::size_t size) {
    return r[0] >= version ? number(r, at, size) : std::string("null");
  };
  Members all = common_fields(r, false);
  const Members more{
      {"key_info", number(r, 0x48, 4)},
      {"cpuid_fam_id", since(3, 0x188, 1)},
      {"cpuid_mod_id", since(3, 0x189, 1)},
      {"cpuid_step", since(3, 0x18A, 1)},
      {"current", firmware(r, 0x1E8)},
      {"committed", firmware(r, 0x1EC)},
      {"launch_mit_vector", since(5, 0x1F8, 8)},
      {"current_mit_vector", since(5, 0x200, 8)},
      {"signature", object({{"r", array(r, 0x2A0, 72)}, {"s", array(r, 0x2E8, 72)}})}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string with_reserved(const Bytes& report) { return object(members_with_reserved(report)); }
std::string without_reserved(const Bytes& report) {
  return object(members_without_reserved(report));
}

core::Result<Bytes> made(const std::string& text) {
  const auto document = codec::JsonDocument::parse(text);
  EXPECT_TRUE(document.has_value()) << text.substr(0, 200);
  if (!document) return core::error(core::ErrorCode::Internal, "the test's JSON is none");
  EXPECT_TRUE(is_report_fields(document->root()));
  return report_of_fields(document->root());
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// Of versions 2, 3 and 5, and of each generation of processors.
class ReportFields : public ::testing::Test {
 protected:
  void SetUp() override {
    MERLON_NEEDS_VECTORS();
    for (const char* name : {"trustee/milan.report.bin", "trustee/milan-vlek.report.bin",
                             "ms-tav/genoa-v3.report.bin", "ms-tav/turin-v5.report.bin"}) {
      reports_.push_back(vector_file(name));
      ASSERT_EQ(reports_.back().size(), snp::Report::size) << name;
    }
  }
  std::vector<Bytes> reports_;
};

TEST_F(ReportFields, AreTheReportAgain) {
  for (const Bytes& report : reports_) {
    EXPECT_EQ(made(with_reserved(report)).value(), report);
    EXPECT_EQ(made(without_reserved(report)).value(), report);
  }
}

TEST_F(ReportFields, EveryByteCounts) {
  // Also those that no genuine report here has: numbers that are larger than 32 bits, mitigations.
  Bytes report = reports_[2];
  report[0] = 5;
  for (std::size_t at = 4; at < report.size(); ++at) {
    Bytes other = report;
    other[at] ^= 0x81;
    if (at != 0x188 && at != 0x189) {  // what says which processor it is
      const auto lost = made(without_reserved(other));
      ASSERT_TRUE(lost.has_value()) << at << ": " << lost.error().what;
      const bool reserved =
          (at >= 0x3A && at < 0x3E) || (at >= 0x4C && at < 0x50) || (at >= 0x182 && at < 0x186) ||
          (at >= 0x18B && at < 0x1A0) || (at >= 0x1E2 && at < 0x1E6) || at == 0x1EB ||
          at == 0x1EF || (at >= 0x1F2 && at < 0x1F6) || (at >= 0x208 && at < 0x2A0) || at >= 0x330;
      EXPECT_EQ(*lost == other, !reserved) << at;
      EXPECT_EQ(*lost == report, reserved) << at;
    }
    EXPECT_EQ(made(with_reserved(other)).value(), other) << at;
  }
}

TEST_F(ReportFields, AreReadAsEvidence) {
  for (const Bytes& report : reports_) {
    const Evidence bare = Evidence::parse(report).value();
    for (const std::string& fields : {with_reserved(report), without_reserved(report)}) {
      for (const std::string& text :
           {fields, base::concat(R"({"attestation_report":)", fields, R"(,"cert_chain":null})"),
            base::concat(R"({"evidence":{"attestation_report":)", fields, "}}")}) {
        const auto got = Evidence::parse(core::as_bytes(text));
        ASSERT_TRUE(got.has_value()) << got.error().what;
        EXPECT_EQ(std::get<SnpEvidence>(got->report).signed_bytes,
                  std::get<SnpEvidence>(bare.report).signed_bytes);
        EXPECT_EQ(std::get<SnpEvidence>(got->report).report.signature,
                  std::get<SnpEvidence>(bare.report).report.signature);
        EXPECT_EQ(got->described(), "JSON: SEV-SNP report");
        ASSERT_EQ(got->notes.size(), 1U);
        EXPECT_NE(got->notes[0].find("field by field"), std::string::npos);
      }
    }
  }
}

TEST_F(ReportFields, ATableBesideThemComesAlong) {
  const Bytes vlek = vector_file("trustee/milan-vlek.vlek.der");
  const std::string fields = without_reserved(reports_[1]);
  const auto with = [&](const std::string& entry) {
    return base::concat(R"({"attestation_report":)", fields, R"(,"cert_chain":[)", entry, "]}");
  };
  const std::string data = array(vlek, 0, vlek.size());
  const auto got = Evidence::parse(
      core::as_bytes(with(base::concat(R"({"cert_type":"VLEK","data":)", data, "}"))));
  ASSERT_TRUE(got.has_value()) << got.error().what;
  ASSERT_EQ(got->endorsements.certificates.size(), 1U);
  EXPECT_EQ(got->endorsements.certificates[0], vlek);
  // Another's entry may be anything, but a list must not be lost.
  EXPECT_TRUE(
      Evidence::parse(core::as_bytes(with(R"({"cert_type":{"OTHER":"12345678"},"data":[1,2,3]})")))
          .has_value());
  for (const char* lost :
       {R"({"cert_type":"CRL","data":[1,2,3]})", R"({"cert_type":"CRL","data":[256]})",
        R"({"cert_type":"CRL","data":""})"}) {
    EXPECT_EQ(Evidence::parse(core::as_bytes(with(lost))).error().code,
              core::ErrorCode::Unsupported)
        << lost;
  }
}

TEST_F(ReportFields, EachMustBeThereAndBeWhatItIs) {
  const Bytes& report = reports_[3];
  for (const Members& members : {members_with_reserved(report), members_without_reserved(report)}) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      Members fewer = members;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(Evidence::parse(core::as_bytes(object(fewer))).has_value()) << members[i].first;
      for (const char* wrong : {"null", "true", "\"1\"", "-1", "1.5", "[]", "[256]", "{}",
                                "18446744073709551616", "[1,2,3,4,5,6,7,8,9]"}) {
        Members other = members;
        other[i].second = wrong;
        const auto got = Evidence::parse(core::as_bytes(object(other)));
        EXPECT_FALSE(got.has_value()) << members[i].first << ": " << wrong;
      }
    }
  }
}

TEST_F(ReportFields, SayWhichIsWrong) {
  const auto said = [&](std::string_view name, std::string_view value, std::size_t of) {
    Members members = members_without_reserved(reports_[of]);
    for (auto& [each, text] : members) {
      if (each == name) text = value;
    }
    const auto got = made(object(members));
    EXPECT_FALSE(got.has_value()) << name;
    return got ? std::string() : std::string(got.error().what);
  };
  EXPECT_NE(said("host_data", "[1]", 0).find("host_data"), std::string::npos);
  EXPECT_NE(said("vmpl", "4294967296", 0).find("vmpl"), std::string::npos);
  EXPECT_NE(said("cpuid_step", "null", 2).find("cpuid_step"), std::string::npos);
  EXPECT_NE(said("cpuid_step", "1", 0).find("cpuid_step"), std::string::npos);
  EXPECT_NE(said("launch_mit_vector", "0", 2).find("launch_mit_vector"), std::string::npos);
  EXPECT_NE(said("current_mit_vector", "null", 3).find("current_mit_vector"), std::string::npos);
  EXPECT_NE(said("version", "6", 0).find("2, 3, 4 or 5"), std::string::npos);
  EXPECT_NE(said("version", "1", 0).find("2, 3, 4 or 5"), std::string::npos);
}

TEST_F(ReportFields, OneThatIsNotKnownRefuses) {
  for (const Bytes& report : reports_) {
    for (Members members : {members_with_reserved(report), members_without_reserved(report)}) {
      members.emplace_back("rtmr", "1");
      const auto got = made(object(members));
      EXPECT_EQ(got.error().code, core::ErrorCode::Unsupported);
      EXPECT_EQ(got.error().detail, members.size());
    }
    // In what is nested, too.
    for (const auto& [from, to] :
         {std::pair{R"("bootloader":)", R"("x":0,"bootloader":)"},
          std::pair{R"("minor":)", R"("x":0,"minor":)"}, std::pair{R"("r":)", R"("x":[],"r":)"}}) {
      EXPECT_FALSE(made(replaced(without_reserved(report), from, to)).has_value()) << to;
    }
  }
  // Another library's names for the rest.
  Members other = members_without_reserved(reports_[0]);
  std::erase_if(other, [](const auto& member) { return member.first == "key_info"; });
  EXPECT_EQ(made(object(other)).error().code, core::ErrorCode::Unsupported);
}

TEST_F(ReportFields, TcbVersionsAreOfOneLayoutAndOfTheProcessors) {
  const auto with_tcb = [&](std::size_t of, std::initializer_list<const char*> names,
                            const Bytes& like) {
    Members members = members_without_reserved(reports_[of]);
    for (auto& [name, value] : members) {
      for (const char* each : names) {
        if (name == each) value = tcb(like, 0x180, false);
      }
    }
    return made(object(members));
  };
  const Bytes& genoa = reports_[2];
  const Bytes& turin = reports_[3];
  EXPECT_FALSE(with_tcb(2, {"launch_tcb"}, turin).has_value());
  EXPECT_FALSE(with_tcb(3, {"launch_tcb"}, genoa).has_value());
  const auto all = {"current_tcb", "reported_tcb", "committed_tcb", "launch_tcb"};
  EXPECT_FALSE(with_tcb(2, all, turin).has_value());
  EXPECT_FALSE(with_tcb(3, all, genoa).has_value());
  EXPECT_TRUE(with_tcb(3, all, turin).has_value());
  // A report of version 2 does not tell its processor.
  const auto told_by_fmc = with_tcb(0, all, turin);
  ASSERT_TRUE(told_by_fmc.has_value()) << told_by_fmc.error().what;
  EXPECT_EQ(core::ByteView(*told_by_fmc).subspan(0x180, 8).front(), turin[0x180]);
  // Without an fmc, as older versions of the crate may leave it out.
  EXPECT_EQ(made(replaced(without_reserved(genoa), R"("fmc":null,)", "")).value(), genoa);
}

}  // namespace
}  // namespace merlon::evidence
