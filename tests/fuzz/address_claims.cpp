#include "fuzz.h"
#include "network/linux/announcement.h"

using namespace croft;

namespace {

void expect_claim(const std::string& frame, const IpAddress& address, const MacAddress& mac) {
  const auto claim = read_claim(frame);
  check(claim && claim->address == address && claim->mac == mac,
        "what a core announces is understood by its partner");
}

}  // namespace

// A frame that some machine of a project's segment sent, and the same bytes as addresses that are
// announced, with padding behind.
FUZZ_TARGET(address_claims) {
  constexpr std::size_t kSmallest = 42;  // ARP over Ethernet
  if (const auto claim = read_claim(input)) {
    check(input.size() >= kSmallest, "no claim comes from nowhere");
    check(claim->address != IpAddress::v4(0), "a probe claims nothing");
    check(to_string(claim->mac).size() == 17, "a MAC is written in full");
  }
  fuzz::Choices choices(input);
  MacAddress mac{};
  for (std::uint8_t& byte : mac) byte = choices.byte();
  std::array<std::uint8_t, 16> v6{};
  for (std::uint8_t& byte : v6) byte = choices.byte();
  const std::string padding(choices.rest());
  expect_claim(unsolicited_advertisement(mac, IpAddress::v6(v6)) + padding, IpAddress::v6(v6), mac);
  const IpAddress v4 = IpAddress::v4(0x0a000000u + v6[0] * 256u + v6[1] + 1);
  for (const bool reply : {false, true}) {
    expect_claim(gratuitous_arp(mac, v4, reply) + padding, v4, mac);
  }
}
