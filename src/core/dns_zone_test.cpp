#include "core/dns_zone.h"

#include <gtest/gtest.h>

#include "plan/address_plan.h"

namespace croft {
namespace {

CoreDesired make_desired() {
  CoreDesired d = core_addresses(*AddressPlan::create("fd12:3456:789a::/48"), 1, 1);
  d.project_name = "shop";
  CoreService db{.hostname = "db", .address4 = "100.64.0.1", .address6 = "fd12:3456:789a:3::1"};
  for (const char* last : {"5", "6"}) {
    db.instances.push_back({.address4 = std::string("10.64.17.") + last,
                            .address6 = std::string("fd12:3456:789a:2:1::") + last});
  }
  d.services = {db, {.hostname = "empty", .address4 = "100.64.0.2", .address6 = "fd12::2"}};
  return d;
}

class DnsZoneTest : public testing::Test {
 protected:
  static dns::Query query(const char* name, std::uint16_t type) {
    dns::Query q;
    q.name = *dns::name_from(name);
    q.type = type;
    return q;
  }
  // "rcode:address,…" or "forward"
  std::string inside(const char* name, std::uint16_t type) const {
    const auto answer = zone_.answer_inside(query(name, type));
    return answer ? text(*answer) : "forward";
  }
  std::string uplink(const char* name, std::uint16_t type) const {
    return text(zone_.answer_uplink(query(name, type)));
  }
  static std::string text(const dns::Answer& answer) {
    std::string out = std::to_string(static_cast<int>(answer.rcode)) + ":";
    for (const dns::Record& r : answer.records) {
      std::array<std::uint8_t, 16> bytes{};
      std::copy_n(r.data.begin(), std::min<std::size_t>(16, r.data.size()), bytes.begin());
      const std::uint32_t v4 = static_cast<std::uint32_t>(bytes[0] << 24 | bytes[1] << 16) |
                               static_cast<std::uint32_t>(bytes[2] << 8 | bytes[3]);
      out += (r.type == dns::kTypeA      ? IpAddress::v4(v4).str()
              : r.type == dns::kTypeAaaa ? IpAddress::v6(bytes).str()
                                         : r.data.substr(1, static_cast<std::size_t>(r.data[0]))) +
             " ";
    }
    return out;
  }

  DnsZone zone_{make_desired(), [](const CoreService&, std::size_t i) { return i == 1; }};
};

TEST_F(DnsZoneTest, HostsInsideInEverySpelling) {
  for (const char* name : {"db", "DB", "db.croft", "db.zerops"}) {
    EXPECT_EQ(inside(name, dns::kTypeA), "0:100.64.0.1 ") << name;
    EXPECT_EQ(inside(name, dns::kTypeAaaa), "0:fd12:3456:789a:3::1 ") << name;
  }
  EXPECT_EQ(inside("db", 16), "0:") << "TXT: the name exists without such a record";
  EXPECT_EQ(inside("empty", dns::kTypeA), "0:100.64.0.2 ") << "known also without instances";
}

TEST_F(DnsZoneTest, UnknownNamesOfOursDoNotLeakOutside) {
  for (const char* name : {"nothere", "nothere.croft", "a.db.croft", "db.shop.croft", "x.zerops"}) {
    EXPECT_EQ(inside(name, dns::kTypeA), "3:") << name;
  }
  EXPECT_EQ(inside("example.com", dns::kTypeA), "forward");
  EXPECT_EQ(inside("db.example.com", dns::kTypeA), "forward");
  EXPECT_EQ(inside("localhost", dns::kTypeA), "0:127.0.0.1 ");
}

TEST_F(DnsZoneTest, ReverseNames) {
  EXPECT_EQ(inside("1.0.64.100.in-addr.arpa", dns::kTypePtr), "0:db ");
  EXPECT_EQ(inside("5.17.64.10.in-addr.arpa", dns::kTypePtr), "0:db ");
  EXPECT_EQ(inside("9.9.64.10.in-addr.arpa", dns::kTypePtr), "3:") << "another project's";
  EXPECT_EQ(inside("254.169.254.169.in-addr.arpa", dns::kTypePtr), "3:") << "nobody else's business";
  EXPECT_EQ(inside("1.2.0.192.in-addr.arpa", dns::kTypePtr), "forward");
}

TEST_F(DnsZoneTest, TheEdgeSeesInstancesInRotationOnly) {
  EXPECT_EQ(uplink("db.shop.croft", dns::kTypeAaaa), "0:fd12:3456:789a:2:1::6 ");
  EXPECT_EQ(uplink("db.shop.croft", dns::kTypeA), "0:");
  EXPECT_EQ(uplink("empty.shop.croft", dns::kTypeAaaa), "0:");
  EXPECT_EQ(uplink("nothere.shop.croft", dns::kTypeAaaa), "3:");
  for (const char* name : {"db.other.croft", "db", "db.croft", "example.com"}) {
    EXPECT_EQ(uplink(name, dns::kTypeAaaa), "5:") << name;
  }
}

}  // namespace
}  // namespace croft
