#include "model/user.h"

#include <algorithm>

namespace croft {
namespace {

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool valid_user_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return letter_or_digit(c) || std::string_view("._@+-").find(c) != std::string_view::npos;
         });
}

}  // namespace croft
