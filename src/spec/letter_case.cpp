#include "spec/letter_case.h"

#include <locale.h>
#include <wctype.h>

#include <vector>

#include "base/check.h"

namespace croft::spec {
namespace {

// Values above U+10FFFF stand for single bytes that are not UTF-8.
constexpr char32_t kRawByte = 0x110000;

locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  check(locale != nullptr, "the C library lacks the locale C.UTF-8");
  return locale;
}

std::vector<char32_t> decode(std::string_view text) {
  std::vector<char32_t> result;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    char32_t value = length <= 1 ? lead : lead & (0x7Fu >> length);
    bool valid = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      valid = (byte & 0xC0) == 0x80;
      value = value << 6 | (byte & 0x3Fu);
    }
    result.push_back(valid ? value : kRawByte + lead);
    i += valid ? length : 1;
  }
  return result;
}

void encode(char32_t value, std::string& out) {
  const auto byte = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (value >= kRawByte) {
    byte(value - kRawByte);
  } else if (value < 0x80) {
    byte(value);
  } else if (value < 0x800) {
    byte(0xC0 | value >> 6);
    byte(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    byte(0xE0 | value >> 12);
    byte(0x80 | (value >> 6 & 0x3F));
    byte(0x80 | (value & 0x3F));
  } else {
    byte(0xF0 | value >> 18);
    byte(0x80 | (value >> 12 & 0x3F));
    byte(0x80 | (value >> 6 & 0x3F));
    byte(0x80 | (value & 0x3F));
  }
}

char32_t upper(char32_t c) {
  return c >= kRawByte ? c : static_cast<char32_t>(towupper_l(c, unicode_locale()));
}
char32_t lower(char32_t c) {
  return c >= kRawByte ? c : static_cast<char32_t>(towlower_l(c, unicode_locale()));
}
bool is_letter(char32_t c) {
  return c < kRawByte && iswalpha_l(c, unicode_locale()) != 0;
}
bool is_cased(char32_t c) {
  return upper(c) != c || lower(c) != c;
}

template <class Mapping>
std::string mapped(std::string_view text, Mapping mapping) {
  std::string result;
  for (const char32_t c : decode(text)) encode(mapping(c), result);
  return result;
}

}  // namespace

std::string to_upper(std::string_view text) {
  return mapped(text, upper);
}
std::string to_lower(std::string_view text) {
  return mapped(text, lower);
}

std::string to_title(std::string_view text) {
  const std::vector<char32_t> chars = decode(text);
  std::string result;
  bool in_word = false;
  for (std::size_t i = 0; i < chars.size(); ++i) {
    const char32_t c = chars[i];
    const bool digit_or_line = (c >= '0' && c <= '9') || c == '_';
    const bool joins = (c == '\'' || c == U'\u2019' || c == '.' || c == ':') && i > 0 &&
                       is_letter(chars[i - 1]) && i + 1 < chars.size() && is_letter(chars[i + 1]);
    if (is_cased(c) && !in_word) {
      encode(upper(c), result);
      in_word = true;
      continue;
    }
    encode(c, result);
    if (!is_letter(c) && !digit_or_line && !joins) in_word = false;
  }
  return result;
}

}  // namespace croft::spec
