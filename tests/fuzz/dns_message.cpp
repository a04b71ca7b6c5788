#include "core/dns_message.h"

#include "core/dns_zone.h"
#include "fuzz.h"

using namespace croft;

namespace {

const DnsZone& zone() {
  static const DnsZone kept = [] {
    CoreDesired desired;
    desired.project_name = "shop";
    desired.services = {{.hostname = "db", .address4 = "100.64.0.1", .address6 = "fd00::1"}};
    return DnsZone(desired, [](const CoreService&, std::size_t) { return true; });
  }();
  return kept;
}

void expect_names_read_back(const dns::Query& query) {
  const std::string text = dns::to_text(query.name);
  check(text.size() <= 4 * 256, "a name in a log is short");
  if (text.find('\\') != std::string::npos || text == ".") return;
  check(dns::name_from(text) == query.name, "a name that is written reads back the same");
}

}  // namespace

// A query from an instance, and the same bytes as what a resolver answers to it.
FUZZ_TARGET(dns_message) {
  const dns::ParsedQuery parsed = dns::parse_query(input);
  check(!(parsed.query && parsed.refusal), "a query or a refusal");
  if (parsed.refusal) {
    check(dns::build_refusal(*parsed.refusal).size() == dns::kHeaderBytes, "a refusal is a header");
  }
  if (!parsed.query) return;
  const dns::Query& query = *parsed.query;
  check(query.udp_bytes >= dns::kMinUdpBytes && query.udp_bytes <= dns::kMaxUdpBytes,
        "what the asker takes is bounded");
  expect_names_read_back(query);
  dns::reverse_address(query.name);
  dns::Answer answer = zone().answer_inside(query).value_or(zone().answer_uplink(query));
  for (int i = 0; i < 40; ++i) answer.records.push_back(dns::pointer_record(query.name, 1));
  for (const std::size_t limit : {query.udp_bytes, dns::kMaxMessageBytes}) {
    check(dns::build_answer(query, answer, limit).size() <= limit, "an answer fits");
  }
  const std::string forwarded = dns::build_forwarded(query, 7);
  const auto asked = dns::parse_query(forwarded);
  check(asked.query && asked.query->name == query.name && asked.query->type == query.type,
        "what is forwarded asks the same");
  check(!dns::is_answer_to(forwarded, query, 7), "a query is no answer");
  // With the bit of an answer set.
  std::string reply(input);
  reply[2] = static_cast<char>(reply[2] | '\x80');
  if (!dns::is_answer_to(reply, query, query.id)) return;
  check(dns::restore_answer(reply, query).size() == reply.size(), "an answer keeps its size");
}
