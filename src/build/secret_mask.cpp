#include "build/secret_mask.h"

#include <sodium.h>

#include <algorithm>

namespace croft::build {
namespace {

constexpr std::string_view kHidden = "***";

// Without the end that depends on what follows: `echo $SECRET | base64` adds a line end.
std::string base64_start(std::string_view text) {
  const std::size_t bytes = text.size() / 3 * 3;
  std::string out(sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_ORIGINAL), '\0');
  ::sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()),
                      bytes, sodium_base64_VARIANT_ORIGINAL);
  out.resize(out.find('\0'));
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-_.~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

SecretMask::SecretMask(const std::vector<Secret>& values) {
  for (const Secret& value : values) {
    const std::string_view whole = value.reveal();
    add(base64_start(whole));
    // Output comes line by line.
    for (std::size_t at = 0; at <= whole.size();) {
      const std::size_t end = std::min(whole.find('\n', at), whole.size());
      const std::string_view line = whole.substr(at, end - at);
      add(std::string(line));
      add(percent_encoded(line));
      if (line.size() < whole.size()) add(base64_start(line));
      at = end + 1;
    }
  }
  std::stable_sort(forms_.begin(), forms_.end(), [](const Secret& a, const Secret& b) {
    return a.reveal().size() > b.reveal().size();
  });
}

void SecretMask::add(std::string form) {
  if (form.size() >= kShortestHidden) forms_.emplace_back(std::move(form));
}

std::string SecretMask::hide(std::string_view line) const {
  std::string text(line);
  for (const Secret& form : forms_) {
    const std::string& wanted = form.reveal();
    for (auto at = text.find(wanted); at != std::string::npos;
         at = text.find(wanted, at + kHidden.size())) {
      text.replace(at, wanted.size(), kHidden);
    }
  }
  return text;
}

}  // namespace croft::build
