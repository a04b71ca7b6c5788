#include <string_view>

#include "base/check.h"
#include "core/dns_message.h"
#include "core/dns_zone.h"

// The bytes are a query from an instance, and what a resolver answers to it.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace croft;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const dns::ParsedQuery parsed = dns::parse_query(message);
  check(!(parsed.query && parsed.refusal), "a query or a refusal");
  if (parsed.refusal) {
    check(dns::build_refusal(*parsed.refusal).size() == dns::kHeaderBytes, "a refusal is a header");
  }
  if (!parsed.query) return 0;
  const dns::Query& query = *parsed.query;
  CoreDesired desired;
  desired.project_name = "shop";
  desired.services = {{.hostname = "db", .address4 = "100.64.0.1", .address6 = "fd00::1"}};
  const DnsZone zone(desired, [](const CoreService&, std::size_t) { return true; });
  dns::Answer answer = zone.answer_inside(query).value_or(zone.answer_uplink(query));
  for (int i = 0; i < 40; ++i) answer.records.push_back(dns::pointer_record(query.name, 1));
  for (const std::size_t limit : {query.udp_bytes, dns::kMaxMessageBytes}) {
    check(dns::build_answer(query, answer, limit).size() <= limit, "an answer fits");
  }
  const std::string forwarded = dns::build_forwarded(query, 7);
  check(dns::parse_query(forwarded).query.has_value(), "what is forwarded is a query");
  check(!dns::is_answer_to(forwarded, query, 7), "a query is no answer");
  if (dns::is_answer_to(message, query, query.id)) dns::restore_answer(std::string(message), query);
  return 0;
}
