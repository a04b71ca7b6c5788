// DNS messages (RFC 1035, EDNS of RFC 6891), as far as a resolver that answers from a table and
// forwards the rest needs them. Reading is strict: what is not exactly a query is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace croft::dns {

inline constexpr std::uint16_t kTypeA = 1;
inline constexpr std::uint16_t kTypeSoa = 6;
inline constexpr std::uint16_t kTypePtr = 12;
inline constexpr std::uint16_t kTypeAaaa = 28;
inline constexpr std::uint16_t kTypeOpt = 41;
inline constexpr std::uint16_t kTypeAny = 255;
inline constexpr std::uint16_t kClassIn = 1;

enum class Rcode : std::uint8_t {
  kNoError = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNameError = 3,  // NXDOMAIN
  kNotImplemented = 4,
  kRefused = 5,
};

inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kMinUdpBytes = 512;
inline constexpr std::size_t kMaxUdpBytes = 1232;  // what we send and ask for: never fragmented
inline constexpr std::size_t kMaxMessageBytes = 65535;

// Labels from the left, in lower case (ASCII); the root has none. A label may hold any byte.
using Name = std::vector<std::string>;

struct Query {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;
  Name name;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::string question;  // as on the wire, letter case kept: it is echoed
  bool edns = false;
  bool dnssec_ok = false;
  std::size_t udp_bytes = kMinUdpBytes;  // what the asker takes: 512..1232
};

// What to answer to bytes that are no query we serve; nullopt: nothing (not even a header, or an
// answer of somebody else).
struct Refusal {
  std::uint16_t id = 0;
  std::uint8_t opcode = 0;
  bool recursion_desired = false;
  Rcode rcode = Rcode::kFormatError;
};

struct ParsedQuery {
  std::optional<Query> query;
  std::optional<Refusal> refusal;
};
ParsedQuery parse_query(std::string_view message);

struct Record {
  std::uint16_t type = 0;
  std::uint32_t ttl_s = 0;
  std::string data;  // RDATA as on the wire
};

Record address_record(const IpAddress& address, std::uint32_t ttl_s);
Record pointer_record(const Name& target, std::uint32_t ttl_s);

struct Answer {
  Rcode rcode = Rcode::kNoError;
  bool recursion_available = false;
  std::vector<Record> records;  // all for the name that was asked
  // Owner of the SOA that says how long a negative answer may be kept; none: no SOA.
  std::optional<Name> negative_owner;
};

// At most `limit` bytes (12 or more): what does not fit is left out and the TC flag set.
std::string build_answer(const Query& query, const Answer& answer, std::size_t limit);
std::string build_refusal(const Refusal& refusal);

// The query that goes to an upstream server for `query`, under another id.
std::string build_forwarded(const Query& query, std::uint16_t id);
// Whether `message` answers exactly that question under that id (letter case aside).
bool is_answer_to(std::string_view message, const Query& query, std::uint16_t id);
// The upstream's answer with the asker's id and spelling put back. Only after is_answer_to().
std::string restore_answer(std::string message, const Query& query);

// "db.croft" for labels; bytes that are not printable as \DDD. For logs.
std::string to_text(const Name& name);
// From such text without escapes; nullopt when a label is empty or longer than 63 or the name is
// longer than 255 bytes.
std::optional<Name> name_from(std::string_view text);
// The address that a name under in-addr.arpa or ip6.arpa stands for.
std::optional<IpAddress> reverse_address(const Name& name);

}  // namespace croft::dns
