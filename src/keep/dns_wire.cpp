#include "keep/dns_wire.h"

#include <algorithm>

namespace croft::relay {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kTypeOpt = 41;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kOpcode = 0x78;
constexpr std::uint8_t kAuthoritative = 0x04;
constexpr std::uint8_t kRecursionDesired = 0x01;
constexpr std::uint8_t kNameError = 3;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Reads on from `at`; a read beyond the end fails, as all that follow do.
class Reader {
 public:
  explicit Reader(std::string_view data, std::size_t at = 0) : data_(data), at_(at) {}

  std::uint8_t u8() {
    good_ = good_ && at_ < data_.size();
    return good_ ? static_cast<std::uint8_t>(data_[at_++]) : std::uint8_t{0};
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::string_view bytes(std::size_t count) {
    good_ = good_ && count <= data_.size() - at_;
    if (!good_) return {};
    at_ += count;
    return data_.substr(at_ - count, count);
  }
  // The labels of a question's name, which has nothing to point to.
  std::vector<std::string_view> labels() {
    std::vector<std::string_view> found;
    const std::size_t start = at_;
    for (std::uint8_t length = u8(); good_ && length != 0; length = u8()) {
      good_ = good_ && length <= 63;
      found.push_back(bytes(length));
    }
    good_ = good_ && at_ - start <= kMaxNameBytes;
    return found;
  }
  // Over a record's name, which may end in a pointer.
  void skip_name() {
    for (std::uint8_t length = u8(); good_ && length != 0; length = u8()) {
      if (length >= 0xc0) {
        u8();
        return;
      }
      good_ = good_ && length <= 63;
      bytes(length);
    }
  }
  bool good() const { return good_; }
  std::size_t at() const { return at_; }

 private:
  std::string_view data_;
  std::size_t at_;
  bool good_ = true;
};

void put16(std::string& out, std::size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}

std::string header(std::uint16_t id, int flags1, int flags2, std::size_t answers,
                   std::size_t additionals) {
  std::string out;
  put16(out, id);
  out.push_back(static_cast<char>(flags1));
  out.push_back(static_cast<char>(flags2));
  put16(out, 1);
  put16(out, answers);
  put16(out, 0);
  put16(out, additionals);
  return out;
}

std::optional<Address> address_from(std::string_view digits) {
  Address address{};
  if (digits.size() != address.size() * 2) return {};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = lower(digits[i]);
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && (c < 'a' || c > 'f')) return {};
    const int value = decimal ? c - '0' : c - 'a' + 10;
    address[i / 2] = static_cast<std::uint8_t>(address[i / 2] << 4 | value);
  }
  return address;
}

}  // namespace

std::optional<Question> read_question(std::string_view message) {
  Reader reader(message);
  Question question;
  question.id = reader.u16();
  const std::uint8_t flags = reader.u8();
  reader.u8();
  const bool one = reader.u16() == 1 && reader.u16() == 0 && reader.u16() == 0;
  reader.u16();  // an OPT record may follow; it says nothing that we need
  if (!reader.good() || !one || (flags & (kResponse | kOpcode)) != 0) return {};
  const std::vector<std::string_view> labels = reader.labels();
  const std::uint16_t type = reader.u16();
  const std::uint16_t klass = reader.u16();
  if (!reader.good()) return {};
  question.recursion_desired = (flags & kRecursionDesired) != 0;
  question.asked = message.substr(kHeaderBytes, reader.at() - kHeaderBytes);
  if (labels.size() < 2 || type != kTypeAaaa || klass != kClassIn) return question;
  question.core = address_from(labels.back());
  for (auto label = labels.begin(); label + 1 != labels.end(); ++label) {
    question.forwarded.push_back(static_cast<char>(label->size()));
    question.forwarded += *label;
  }
  question.forwarded.push_back('\0');
  put16(question.forwarded, type);
  put16(question.forwarded, klass);
  return question;
}

std::string build_query(const Question& question, std::uint16_t id) {
  std::string out = header(id, 0, 0, 0, 1) + question.forwarded;
  out.push_back('\0');
  put16(out, kTypeOpt);
  put16(out, kMaxMessageBytes);
  out.append(6, '\0');
  return out;
}

std::optional<std::vector<Address>> read_answer(std::string_view message, const Question& question,
                                                std::uint16_t id) {
  Reader reader(message);
  const bool same_id = reader.u16() == id;
  const bool answer = (reader.u8() & (kResponse | kOpcode)) == kResponse;
  const int code = reader.u8() & 0xf;
  const bool one = reader.u16() == 1;
  const std::size_t count = reader.u16();
  reader.bytes(4);
  const std::string_view echoed = reader.bytes(question.forwarded.size());
  if (!reader.good() || !same_id || !answer || !one) return {};
  if (!std::equal(echoed.begin(), echoed.end(), question.forwarded.begin(),
                  [](char a, char b) { return lower(a) == lower(b); })) {
    return {};
  }
  std::vector<Address> addresses;
  for (std::size_t i = 0; i < count && code == 0; ++i) {
    reader.skip_name();
    const std::uint16_t type = reader.u16();
    const std::uint16_t klass = reader.u16();
    reader.bytes(4);
    const std::string_view data = reader.bytes(reader.u16());
    if (!reader.good()) break;  // it was cut off: what came is good
    Address address{};
    if (type != kTypeAaaa || klass != kClassIn || data.size() != address.size()) continue;
    std::copy(data.begin(), data.end(), address.begin());
    addresses.push_back(address);
  }
  return addresses;
}

std::string build_answer(const Question& question, const std::vector<Address>& addresses) {
  constexpr std::size_t kRecordBytes = 12 + sizeof(Address);
  const std::size_t room = (kMaxMessageBytes - kHeaderBytes - question.asked.size()) / kRecordBytes;
  const std::size_t count = std::min(addresses.size(), room);
  const int flags =
      kResponse | kAuthoritative | (question.recursion_desired ? kRecursionDesired : 0);
  std::string out = header(question.id, flags, count == 0 ? kNameError : 0, count, 0);
  out += question.asked;
  for (std::size_t i = 0; i < count; ++i) {
    put16(out, 0xc000 | kHeaderBytes);  // the name of the question
    put16(out, kTypeAaaa);
    put16(out, kClassIn);
    out.append(4, '\0');
    put16(out, sizeof(Address));
    out.append(addresses[i].begin(), addresses[i].end());
  }
  return out;
}

}  // namespace croft::relay
