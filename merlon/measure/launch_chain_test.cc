#include "merlon/measure/launch_chain.h"

#include <set>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/crypto/hash.h"
#include "merlon/measure/testing/firmware.h"

namespace merlon::measure {
namespace {

using codec::JsonValue;
using snp::PageType;
using testing::Firmware;

std::string text_of(const JsonValue& arguments, std::string_view name) {
  const JsonValue* value = arguments.find(name);
  return value == nullptr ? "" : std::string(value->text());
}

std::uint64_t number_of(const JsonValue& arguments, std::string_view name) {
  const JsonValue* value = arguments.find(name);
  return value == nullptr ? 0 : value->number().value_or(0);
}

/// What three monitors make of a processor at its reset.
image::Vmsa reset_state(std::uint32_t entry, std::uint64_t signature, std::uint64_t features,
                        const std::string& monitor) {
  const bool ec2 = monitor == "VMMType.ec2";
  const bool gce = monitor == "VMMType.gce";
  image::Vmsa made;
  made.es = made.ds = made.fs = made.gs = {0, 0x93, 0xffff, 0};
  made.cs = {0xf000, 0x9b, 0xffff, entry & 0xffff0000U};
  if (ec2 && entry == 0xfffffff0U) made.cs.attributes = 0x9a;
  made.ss = {0, static_cast<std::uint16_t>(ec2 ? 0x92 : 0x93), 0xffff, 0};
  made.gdtr = made.idtr = {0, 0, 0xffff, 0};
  made.ldtr = {0, 0x82, 0xffff, 0};
  made.tr = {0, static_cast<std::uint16_t>(ec2 ? 0x83 : 0x8b), 0xffff, 0};
  made.efer = 0x1000;
  made.cr4 = 0x40;
  made.cr0 = 0x10;
  made.dr7 = 0x400;
  made.dr6 = 0xffff0ff0;
  made.rflags = 2;
  made.rip = entry & 0xffffU;
  made.page_attributes = gce ? 0x00070106 : 0x0007040600070406;
  made.rdx = ec2 || gce ? 0x600 : signature;
  made.sev_features = features;
  made.xcr0 = 1;
  made.mxcsr = ec2 || gce ? 0 : 0x1f80;
  made.x87_control = ec2 || gce ? 0 : 0x37f;
  return made;
}

/// The page of SHA-256 hashes that OVMF compares a kernel, its initrd and its command line with.
std::vector<std::uint8_t> hashes_page(const Firmware& firmware, const std::string& command_line) {
  std::vector<std::uint8_t> page(4096, 0);
  std::size_t at = firmware.number_of(testing::hash_table_guid) & 0xfffU;
  const auto put = [&](core::ByteView bytes) {
    std::ranges::copy(bytes, page.begin() + static_cast<std::ptrdiff_t>(at));
    at += bytes.size();
  };
  const auto put_guid = [&](std::string_view hex, std::uint8_t size) {
    put(codec::decode_hex(hex).value());
    const std::array<std::uint8_t, 2> length{size, 0};
    put(length);
  };
  put_guid("06d63894224fc94cb479a793d411fd21", 168);
  put_guid("d82dd09720bd944caa78e7714d36ab2a", 50);
  const std::array<std::uint8_t, 1> nul{};
  put(crypto::sha256({core::as_bytes(command_line), nul}).view());
  put_guid("31f7ba442f3ad74b9af141e29169781d", 50);
  put(crypto::sha256({}).view());
  put_guid("3794e74dd2ab7f42b835d5b172d2045b", 50);
  put(crypto::sha256({}).view());
  return page;
}

void add_pages(LaunchChain& chain, std::uint64_t address, core::ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 4096) {
    chain.add_normal(address + at,
                     bytes.subspan(at, std::min<std::size_t>(4096, bytes.size() - at)));
  }
}

void add_empty_pages(LaunchChain& chain, PageType type, const testing::FirmwareSection& section) {
  for (std::uint64_t at = 0; at < section.size; at += 4096) {
    chain.add_empty(type, section.address + at);
  }
}

/// False if the firmware asks for what this cannot give.
bool add_sections(LaunchChain& chain, const Firmware& firmware, const JsonValue& arguments) {
  const std::string monitor = text_of(arguments, "vmm_type");
  const bool has_kernel = !text_of(arguments, "kernel").empty();
  bool has_place = false;
  for (const auto& section : firmware.sections()) {
    const bool gce = monitor == "VMMType.gce" && section.type == 1;
    if (section.type == 2) chain.add_empty(PageType::Secrets, section.address);
    if (section.type == 3 && monitor != "VMMType.ec2") {
      chain.add_empty(PageType::Cpuid, section.address);
    }
    has_place = has_place || section.type == 0x10;
    if (section.type == 0x10 && has_kernel) {
      add_pages(chain, section.address, hashes_page(firmware, text_of(arguments, "append")));
    } else if (section.type == 1 || section.type == 4 || section.type == 0x10) {
      add_empty_pages(chain, gce ? PageType::Unmeasured : PageType::Zero, section);
    }
  }
  for (const auto& section : firmware.sections()) {
    if (section.type == 3 && monitor == "VMMType.ec2") {
      chain.add_empty(PageType::Cpuid, section.address);
    }
  }
  return has_place || !has_kernel;
}

std::optional<snp::LaunchDigest> digest_of(const Firmware& firmware, const JsonValue& arguments) {
  LaunchChain chain;
  const std::string seed = text_of(arguments, "snp_ovmf_hash_str");
  if (seed.empty()) {
    add_pages(chain, 0x1'0000'0000 - firmware.bytes().size(), firmware.bytes());
  } else {
    chain = LaunchChain(snp::LaunchDigest::from(codec::decode_hex(seed).value()).value());
  }
  if (!add_sections(chain, firmware, arguments)) return std::nullopt;
  for (std::uint64_t i = 0; i < number_of(arguments, "vcpus"); ++i) {
    const std::uint32_t entry =
        i == 0 ? 0xfffffff0U : firmware.number_of(testing::reset_block_guid);
    const image::Vmsa first =
        reset_state(entry, number_of(arguments, "vcpu_sig"), number_of(arguments, "guest_features"),
                    text_of(arguments, "vmm_type"));
    chain.add_vmsa(first.page());
  }
  return chain.digest();
}

std::string file_name(const JsonValue& arguments) {
  const std::string path = text_of(arguments, "ovmf_file");
  return "measurement/" + path.substr(path.rfind('/') + 1);
}

TEST(LaunchChain, RecordedDigestsAreMet) {
  MERLON_NEEDS_VECTORS();
  const auto file = codec::testing::vector_file("measurement/snp_launch_digests.json");
  const auto document = codec::JsonDocument::parse(core::as_text(file));
  ASSERT_TRUE(document.has_value());
  int met = 0;
  int refused = 0;
  for (const JsonValue& test : document->root().items()) {
    const JsonValue& arguments = *test.find("args");
    SCOPED_TRACE(text_of(test, "test"));
    const Firmware firmware(codec::testing::vector_file(file_name(arguments)));
    if (text_of(test, "fn") == "calc_snp_ovmf_hash") {
      LaunchChain chain;
      add_pages(chain, 0x1'0000'0000 - firmware.bytes().size(), firmware.bytes());
      EXPECT_EQ(base::hex(chain.digest().view()), text_of(test, "out"));
      ++met;
      continue;
    }
    if (text_of(arguments, "mode") != "SevMode.SEV_SNP") continue;
    const auto digest = digest_of(firmware, arguments);
    EXPECT_EQ(digest ? base::hex(digest->view()) : "", text_of(test, "out"));
    digest ? ++met : ++refused;
  }
  EXPECT_EQ(met, 15);
  EXPECT_EQ(refused, 1);
}

TEST(LaunchChain, APageIsAsLongAsItsZeros) {
  const std::array<std::uint8_t, 4096> page{1, 2};
  LaunchChain a;
  LaunchChain b;
  a.add_normal(0x1000, page);
  b.add_normal(0x1000, core::ByteView(page).first(2));
  EXPECT_EQ(a.digest(), b.digest());
}

TEST(LaunchChain, TypeAddressAndOrderCount) {
  const auto of = [](std::initializer_list<std::pair<PageType, std::uint64_t>> pages) {
    LaunchChain chain;
    for (const auto& [type, address] : pages) chain.add_empty(type, address);
    return chain.digest();
  };
  const auto one = of({{PageType::Zero, 0x1000}, {PageType::Cpuid, 0x2000}});
  EXPECT_NE(one, of({{PageType::Zero, 0x3000}, {PageType::Cpuid, 0x2000}}));
  EXPECT_NE(one, of({{PageType::Secrets, 0x1000}, {PageType::Cpuid, 0x2000}}));
  EXPECT_NE(one, of({{PageType::Cpuid, 0x2000}, {PageType::Zero, 0x1000}}));
}

TEST(LaunchChain, KindsOfPagesDiffer) {
  const std::vector<std::uint8_t> page(image::page_size);
  std::set<snp::LaunchDigest> digests;
  for (const auto kind : {image::PageKind::Normal, image::PageKind::Zero, image::PageKind::Secrets,
                          image::PageKind::Cpuid}) {
    LaunchChain chain;
    ASSERT_TRUE(chain.put(kind, 0x1000, page));
    digests.insert(chain.digest());
  }
  LaunchChain chain;
  ASSERT_TRUE(chain.put(image::PageKind::Vmsa, image::vmsa_address, page));
  digests.insert(chain.digest());
  EXPECT_EQ(digests.size(), 5U);
}

TEST(LaunchChain, RefusesWhatIsNoPage) {
  LaunchChain chain;
  const std::vector<std::uint8_t> page(image::page_size);
  EXPECT_FALSE(chain.put(image::PageKind::Normal, 0x1001, page));
  EXPECT_FALSE(chain.put(image::PageKind::Vmsa, 0x1000, page));
  EXPECT_FALSE(
      chain.put(image::PageKind::Vmsa, image::vmsa_address, core::ByteView(page).first(9)));
  EXPECT_EQ(chain.pages(), 0U);
}

}  // namespace
}  // namespace merlon::measure
