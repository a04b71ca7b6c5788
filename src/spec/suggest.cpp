#include "spec/suggest.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace croft::spec {
namespace {

// Words longer than this are not compared: nobody mistypes them, and the table is quadratic.
constexpr std::size_t kMaxWord = 64;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return result;
}

// Optimal string alignment distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string typed = lower(word);
  if (typed.empty() || typed.size() > kMaxWord) return {};
  std::string best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string_view candidate : candidates) {
    const std::string known = lower(candidate);
    if (known.size() > kMaxWord) continue;
    std::size_t score = distance(typed, known);
    const std::size_t allowed = std::max<std::size_t>(1, std::max(typed.size(), known.size()) / 3);
    const bool begins = typed.size() >= 3 && known.size() >= 3 &&
                        (known.starts_with(typed) || typed.starts_with(known));
    if (score > allowed && !begins) continue;
    if (score > allowed) score += kMaxWord;  // a real slip is likelier than an abbreviation
    if (score < best_distance) {
      best_distance = score;
      best = candidate;
    }
  }
  return best;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::vector<std::string_view> views(candidates.begin(), candidates.end());
  return nearest(word, std::span<const std::string_view>(views));
}

}  // namespace croft::spec
