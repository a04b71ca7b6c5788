#include "core/dns_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace croft::dns {
namespace {

constexpr std::uint8_t kFlagResponse = 0x80;
constexpr std::uint8_t kFlagTruncated = 0x02;
constexpr std::uint8_t kFlagRecursionDesired = 0x01;
constexpr std::uint8_t kFlagAuthoritative = 0x04;
constexpr std::uint8_t kFlagRecursionAvailable = 0x80;
constexpr std::uint8_t kFlagCheckingDisabled = 0x10;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kOptBytes = 11;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Reads on from `at`; every read checks the end and fails from then on.
class Reader {
 public:
  Reader(std::string_view data, std::size_t at) : data_(data), at_(at) {}

  std::uint8_t u8() {
    if (at_ >= data_.size()) {
      good_ = false;
      return 0;
    }
    return static_cast<std::uint8_t>(data_[at_++]);
  }
  std::uint16_t u16() {
    const std::uint16_t high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::string_view bytes(std::size_t count) {
    if (!good_ || count > data_.size() - at_) {
      good_ = false;
      return {};
    }
    at_ += count;
    return data_.substr(at_ - count, count);
  }
  // Without compression: a question is the first name of a message, it has nothing to point to.
  Name name() {
    Name labels;
    const std::size_t start = at_;
    for (std::uint8_t length = u8(); good_ && length != 0; length = u8()) {
      if (length > 63) good_ = false;
      std::string label(bytes(length));
      std::transform(label.begin(), label.end(), label.begin(), lower);
      labels.push_back(std::move(label));
    }
    if (at_ - start > kMaxNameBytes) good_ = false;
    return labels;
  }

  bool good() const { return good_; }
  bool at_end() const { return at_ == data_.size(); }
  std::size_t position() const { return at_; }

 private:
  std::string_view data_;
  std::size_t at_;
  bool good_ = true;
};

void put16(std::string& out, std::size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void put_name(std::string& out, const Name& name) {
  for (const std::string& label : name) {
    out.push_back(static_cast<char>(label.size()));
    out += label;
  }
  out.push_back('\0');
}
void set16(std::string& message, std::size_t at, std::size_t value) {
  message[at] = static_cast<char>(value >> 8 & 0xff);
  message[at + 1] = static_cast<char>(value & 0xff);
}

// The OPT record that may follow the question. False when something else does.
bool read_additional(Reader& reader, std::uint16_t count, Query& query, Rcode& rcode) {
  if (count == 0) return reader.at_end();
  if (count > 1 || reader.u8() != 0 || reader.u16() != kTypeOpt) return false;
  const std::size_t size = reader.u16();
  reader.u8();  // upper bits of the result code
  const std::uint8_t version = reader.u8();
  const std::uint16_t flags = reader.u16();
  reader.bytes(reader.u16());  // options: none that we know
  if (!reader.good() || !reader.at_end()) return false;
  query.edns = true;
  query.dnssec_ok = (flags & 0x8000) != 0;
  query.udp_bytes = std::clamp(size, kMinUdpBytes, kMaxUdpBytes);
  // RFC 6891, 6.1.3 wants BADVERS (16), whose upper bits sit in an OPT; nobody sends versions.
  if (version != 0) rcode = Rcode::kNotImplemented;
  return true;
}

std::string header(std::uint16_t id, std::uint8_t flags1, std::uint8_t flags2,
                   std::size_t questions, std::size_t answers, std::size_t authorities,
                   std::size_t additionals) {
  std::string out;
  put16(out, id);
  out.push_back(static_cast<char>(flags1));
  out.push_back(static_cast<char>(flags2));
  for (const std::size_t count : {questions, answers, authorities, additionals}) put16(out, count);
  return out;
}

void put_opt(std::string& out, bool dnssec_ok) {
  out.push_back('\0');
  put16(out, kTypeOpt);
  put16(out, kMaxUdpBytes);
  put16(out, 0);
  put16(out, dnssec_ok ? 0x8000 : 0);
  put16(out, 0);
}

void put_record(std::string& out, const Record& record) {
  put16(out, record.type);
  put16(out, kClassIn);
  put32(out, record.ttl_s);
  put16(out, record.data.size());
  out += record.data;
}

// Negative answers may be kept for one second (RFC 2308): a service may appear at any time.
std::string soa_record(const Name& owner) {
  Record soa{.type = kTypeSoa, .ttl_s = 1};
  put_name(soa.data, {"core", "croft"});
  put_name(soa.data, {"nobody", "croft"});
  for (const std::uint32_t value : {1u, 60u, 60u, 60u, 1u}) put32(soa.data, value);
  std::string out;
  put_name(out, owner);
  put_record(out, soa);
  return out;
}

}  // namespace

ParsedQuery parse_query(std::string_view message) {
  if (message.size() < kHeaderBytes) return {};
  Reader reader(message, 0);
  Query query{.id = reader.u16()};
  const std::uint8_t flags1 = reader.u8();
  const std::uint8_t flags2 = reader.u8();
  if ((flags1 & kFlagResponse) != 0) return {};  // answering answers makes loops
  query.recursion_desired = (flags1 & kFlagRecursionDesired) != 0;
  query.checking_disabled = (flags2 & kFlagCheckingDisabled) != 0;
  const auto opcode = static_cast<std::uint8_t>(flags1 >> 3 & 0xf);
  Refusal refusal{query.id, opcode, query.recursion_desired, Rcode::kFormatError};
  if (opcode != 0) {
    refusal.rcode = Rcode::kNotImplemented;
    return {.refusal = refusal};
  }
  const std::uint16_t questions = reader.u16();
  const std::uint16_t answers = reader.u16();
  const std::uint16_t authorities = reader.u16();
  const std::uint16_t additionals = reader.u16();
  if (questions != 1 || answers != 0 || authorities != 0) return {.refusal = refusal};
  query.name = reader.name();
  query.type = reader.u16();
  query.klass = reader.u16();
  if (!reader.good()) return {.refusal = refusal};
  query.question = message.substr(kHeaderBytes, reader.position() - kHeaderBytes);
  Rcode rcode = Rcode::kNoError;
  if (!read_additional(reader, additionals, query, rcode)) return {.refusal = refusal};
  if (rcode == Rcode::kNoError && query.klass != kClassIn) rcode = Rcode::kRefused;
  if (rcode == Rcode::kNoError) return {.query = std::move(query)};
  refusal.rcode = rcode;
  return {.refusal = refusal};
}

Record address_record(const IpAddress& address, std::uint32_t ttl_s) {
  return {.type = address.is_v6() ? kTypeAaaa : kTypeA,
          .ttl_s = ttl_s,
          .data = std::string(reinterpret_cast<const char*>(address.bytes().data()),
                              static_cast<std::size_t>(address.bits() / 8))};
}

Record pointer_record(const Name& target, std::uint32_t ttl_s) {
  Record record{.type = kTypePtr, .ttl_s = ttl_s};
  put_name(record.data, target);
  return record;
}

std::string build_answer(const Query& query, const Answer& answer, std::size_t limit) {
  const std::size_t reserved = query.edns ? kOptBytes : 0;
  std::string body = query.question;
  std::size_t count = 0;
  std::size_t authorities = 0;
  bool truncated = false;
  for (const Record& record : answer.records) {
    std::string text;
    put16(text, 0xc000 | kHeaderBytes);  // the name of the question
    put_record(text, record);
    truncated = kHeaderBytes + body.size() + text.size() + reserved > limit;
    if (truncated) break;
    body += text;
    ++count;
  }
  if (answer.negative_owner && answer.records.empty()) {
    const std::string soa = soa_record(*answer.negative_owner);
    if (kHeaderBytes + body.size() + soa.size() + reserved <= limit) {
      body += soa;
      authorities = 1;
    }
  }
  if (query.edns) put_opt(body, query.dnssec_ok);
  const int flags1 = kFlagResponse | kFlagAuthoritative |
                     (query.recursion_desired ? kFlagRecursionDesired : 0) |
                     (truncated ? kFlagTruncated : 0);
  const int flags2 = static_cast<int>(answer.rcode) |
                     (answer.recursion_available ? kFlagRecursionAvailable : 0) |
                     (query.checking_disabled ? kFlagCheckingDisabled : 0);
  return header(query.id, static_cast<std::uint8_t>(flags1), static_cast<std::uint8_t>(flags2), 1,
                count, authorities, query.edns ? 1 : 0) +
         body;
}

std::string build_refusal(const Refusal& refusal) {
  const int flags1 =
      kFlagResponse | refusal.opcode << 3 | (refusal.recursion_desired ? kFlagRecursionDesired : 0);
  return header(refusal.id, static_cast<std::uint8_t>(flags1),
                static_cast<std::uint8_t>(refusal.rcode), 0, 0, 0, 0);
}

std::string build_forwarded(const Query& query, std::uint16_t id) {
  std::string out = header(id, kFlagRecursionDesired,
                           query.checking_disabled ? kFlagCheckingDisabled : std::uint8_t{0}, 1, 0,
                           0, query.edns ? 1 : 0) +
                    query.question;
  if (query.edns) put_opt(out, query.dnssec_ok);
  return out;
}

bool is_answer_to(std::string_view message, const Query& query, std::uint16_t id) {
  if (message.size() < kHeaderBytes + query.question.size()) return false;
  Reader reader(message, 0);
  if (reader.u16() != id) return false;
  const std::uint8_t flags1 = reader.u8();
  reader.u8();
  if ((flags1 & kFlagResponse) == 0 || (flags1 >> 3 & 0xf) != 0 || reader.u16() != 1) return false;
  const std::string_view echoed = message.substr(kHeaderBytes, query.question.size());
  return std::equal(echoed.begin(), echoed.end(), query.question.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string restore_answer(std::string message, const Query& query) {
  set16(message, 0, query.id);
  message.replace(kHeaderBytes, query.question.size(), query.question);
  return message;
}

std::string to_text(const Name& name) {
  std::string out;
  for (const std::string& label : name) {
    if (!out.empty()) out += '.';
    for (const char c : label) {
      const bool plain = c > ' ' && c < 0x7f && c != '.' && c != '\\';
      out += plain ? std::string(1, c) : fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::optional<Name> name_from(std::string_view text) {
  Name name;
  std::size_t wire_bytes = 1;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    std::string label(text.substr(0, dot));
    if (label.empty() || label.size() > 63) return {};
    wire_bytes += label.size() + 1;
    std::transform(label.begin(), label.end(), label.begin(), lower);
    name.push_back(std::move(label));
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  if (wire_bytes > kMaxNameBytes) return {};
  return name;
}

std::optional<IpAddress> reverse_address(const Name& name) {
  const auto under = [&](const char* zone, std::size_t labels) {
    return name.size() == labels + 2 && name[labels] == zone && name[labels + 1] == "arpa";
  };
  std::string text;
  if (under("in-addr", 4)) {
    for (std::size_t i = 4; i-- > 0;) text += name[i] + (i == 0 ? "" : ".");
    return IpAddress::parse(text);
  }
  if (under("ip6", 32)) {
    for (std::size_t i = 32; i-- > 0;) {
      if (name[i].size() != 1) return {};
      text += name[i] + (i % 4 == 0 && i != 0 ? ":" : "");
    }
    return IpAddress::parse(text);
  }
  return {};
}

}  // namespace croft::dns
