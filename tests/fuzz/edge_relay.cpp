#include "core/dns_message.h"
#include "fuzz.h"
#include "keep/dns_wire.h"

using namespace croft;

namespace {

// What the core would say to the relay's query.
std::string core_says(const relay::Question& question, const std::vector<IpAddress>& addresses) {
  const auto asked = dns::parse_query(relay::build_query(question, 7));
  check(asked.query.has_value(), "the core understands what the relay asks");
  check(asked.query->type == dns::kTypeAaaa && asked.query->edns, "it asks for addresses");
  dns::Answer answer;
  for (const IpAddress& address : addresses) {
    answer.records.push_back(dns::address_record(address, 0));
  }
  if (addresses.empty()) answer.rcode = dns::Rcode::kNameError;
  return dns::build_answer(*asked.query, answer, dns::kMaxUdpBytes);
}

}  // namespace

// The bytes as Caddy's question, and as what a core answers to one.
FUZZ_TARGET(edge_relay) {
  relay::Question question;
  if (auto read = relay::read_question(input)) {
    question = std::move(*read);
    check(relay::build_answer(question, std::vector<relay::Address>(100)).size() <=
              relay::kMaxMessageBytes,
          "an answer fits");
  }
  if (!question.core) {
    const std::string text("\0\7\0\0\0\1\0\0\0\0\0\0\3web", 16);
    const std::string end("\0\0\x1c\0\1", 5);
    question = *relay::read_question(text + ' ' + std::string(32, '0') + end);
  }
  std::vector<IpAddress> addresses;
  for (std::size_t i = 0; i < input.size() % 5; ++i) {
    std::array<std::uint8_t, 16> bytes{0xfd};
    bytes.back() = static_cast<std::uint8_t>(input[i]);
    addresses.push_back(IpAddress::v6(bytes));
  }
  const auto found = relay::read_answer(core_says(question, addresses), question, 7);
  check(found && found->size() == addresses.size(), "what a core says arrives");
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    check((*found)[i] == addresses[i].bytes(), "with the same addresses");
  }
  std::string reply = core_says(question, {}).substr(0, 12 + question.forwarded.size());
  reply += input;
  reply[7] = static_cast<char>(input.size());
  if (const auto any = relay::read_answer(reply, question, 7)) {
    check(any->size() <= input.size() / 16, "no address comes from nowhere");
  }
}
