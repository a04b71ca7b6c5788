#include "spec/pre_functions.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <limits>
#include <span>

#include "spec/key_pair.h"
#include "spec/letter_case.h"
#include "spec/password_hash.h"
#include "spec/suggest.h"
#include "spec/time_format.h"

namespace croft::spec {
namespace {

constexpr std::int64_t kMaxRandomLength = 1024;

struct Signature {
  std::string_view name;
  std::size_t min;
  std::size_t max;
};

constexpr auto kFunctions =
    std::to_array<Signature>({{"generateRandomString", 1, 1},
                              {"generateRandomBytes", 1, 1},
                              {"generateRandomInt", 2, 2},
                              {"pickRandom", 1, std::numeric_limits<std::size_t>::max()},
                              {"setVar", 2, 2},
                              {"getVar", 1, 1},
                              {"generateRandomStringVar", 2, 2},
                              {"getDatetime", 1, 2},
                              {"getDateTime", 1, 2},  // as the documentation spells it
                              {"generateJWT", 2, 2},
                              {"generateED25519Key", 1, 1},
                              {"generateRSA2048Key", 1, 1},
                              {"generateRSA4096Key", 1, 1},
                              {"mercuryInRetrograde", 2, 2}});

constexpr auto kModifiers =
    std::to_array<std::string_view>({"sha256", "sha512", "bcrypt", "argon2id", "toHex", "toString",
                                     "upper", "lower", "title", "noop"});

tl::unexpected<Error> not_found(std::string_view kind, std::string_view name,
                                std::span<const std::string_view> known) {
  const std::string close = nearest(name, known);
  return fail(ErrorCode::kInvalid,
              fmt::format("{} [{}] not found{}", kind, name.substr(0, 80),
                          close.empty() ? "" : fmt::format("; did you mean {}?", close)));
}

std::optional<std::int64_t> to_int(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || stop != end || error != std::errc()) return std::nullopt;
  return value;
}

std::string_view as_view(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64url(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string result(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(result.data(), result.size(), as_bytes(bytes), bytes.size(), kVariant);
  result.pop_back();  // the terminating NUL
  return result;
}

// Keys in alphabetical order, as Go writes a map.
boost::json::value sorted(const boost::json::value& value) {
  if (const auto* array = value.if_array()) {
    boost::json::array result;
    for (const auto& item : *array) result.push_back(sorted(item));
    return result;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  std::map<std::string_view, const boost::json::value*> entries;
  for (const auto& entry : *object) entries.emplace(entry.key(), &entry.value());
  boost::json::object result;
  for (const auto& [key, entry] : entries) result.emplace(key, sorted(*entry));
  return result;
}

// When Mercury appears to move backwards, days inclusive of neither end (the reference's table).
struct Retrograde {
  std::chrono::year_month_day begin;
  std::chrono::year_month_day end;
};
constexpr auto day_of(int y, unsigned m, unsigned d) {
  return std::chrono::year(y) / std::chrono::month(m) / std::chrono::day(d);
}
constexpr auto kRetrogrades =
    std::to_array<Retrograde>({{day_of(2026, 2, 25), day_of(2026, 3, 20)},
                               {day_of(2026, 6, 29), day_of(2026, 7, 23)},
                               {day_of(2026, 10, 24), day_of(2026, 11, 13)},
                               {day_of(2027, 2, 9), day_of(2027, 3, 3)},
                               {day_of(2027, 6, 10), day_of(2027, 7, 4)},
                               {day_of(2027, 10, 7), day_of(2027, 10, 28)},
                               {day_of(2028, 1, 24), day_of(2028, 2, 14)},
                               {day_of(2028, 5, 21), day_of(2028, 6, 13)},
                               {day_of(2028, 9, 19), day_of(2028, 10, 11)},
                               {day_of(2029, 1, 7), day_of(2029, 1, 27)},
                               {day_of(2029, 5, 1), day_of(2029, 5, 25)},
                               {day_of(2029, 9, 2), day_of(2029, 9, 24)},
                               {day_of(2029, 12, 21), day_of(2030, 1, 10)},
                               {day_of(2030, 4, 12), day_of(2030, 5, 6)},
                               {day_of(2030, 8, 15), day_of(2030, 9, 8)},
                               {day_of(2030, 12, 5), day_of(2030, 12, 25)}});

}  // namespace

std::string bytes_to_string(std::string_view bytes) {
  constexpr std::string_view kTable =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  std::string result;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    result += kTable[b <= 64 ? b : b % 64];  // so '.' comes of one byte value only
  }
  return result;
}

std::string bytes_to_hex(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) result += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return result;
}

Result<std::string> PreFunctions::random_bytes(const std::string& length) {
  const auto count = to_int(length);
  if (!count || *count < 0) {
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a length", length.substr(0, 80)));
  }
  if (*count > kMaxRandomLength) {
    return fail(ErrorCode::kInvalid,
                fmt::format("provided length {} exceeds maximum length of {} characters", *count,
                            kMaxRandomLength));
  }
  std::string bytes(static_cast<std::size_t>(*count), '\0');
  random_.fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

Result<std::string> PreFunctions::random_int(const Params& params) {
  const auto min = to_int(params[0]);
  const auto max = to_int(params[1]);
  if (!min || !max) {
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a whole number",
                                                 (min ? params[1] : params[0]).substr(0, 80)));
  }
  if (*max <= *min) {
    return fail(ErrorCode::kInvalid,
                fmt::format("max [{}] must be bigger than min [{}]", *max, *min));
  }
  const auto distance = static_cast<std::uint64_t>(*max) - static_cast<std::uint64_t>(*min);
  std::uint64_t offset = 0;
  if (distance == std::numeric_limits<std::uint64_t>::max()) {
    random_.fill(std::as_writable_bytes(std::span(&offset, 1)));
  } else {
    offset = random_.below(distance + 1);
  }
  return fmt::format("{}", static_cast<std::int64_t>(static_cast<std::uint64_t>(*min) + offset));
}

Result<std::string> PreFunctions::date_time(const Params& params) const {
  LocalTime time{clock_.now(), 0, "UTC"};
  if (params.size() == 2) {
    auto zone = local_time(clock_.now(), params[1], zoneinfo_);
    if (!zone) return fail(std::move(zone).error());
    time = std::move(*zone);
  }
  return format_time(time, params[0]);
}

Result<std::string> PreFunctions::jwt(const Params& params) const {
  boost::system::error_code ec;
  const boost::json::value payload = boost::json::parse(params[1], ec);
  if (ec || !payload.is_object()) {
    return fail(ErrorCode::kInvalid, "the payload of a JWT must be a JSON object");
  }
  boost::json::object claims{{"iss", "zerops"}, {"iat", clock_.now().ms / 1000}};
  for (const auto& entry : payload.as_object()) claims[entry.key()] = entry.value();
  const std::string signed_part =
      base64url(R"({"alg":"HS256","typ":"JWT"})") + "." +
      base64url(boost::json::serialize(sorted(boost::json::value(claims))));
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, as_bytes(params[0]), params[0].size());
  crypto_auth_hmacsha256_update(&state, as_bytes(signed_part), signed_part.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  return signed_part + "." + base64url(as_view(mac));
}

Result<std::string> PreFunctions::key_pair(std::string_view function, const std::string& name) {
  const bool ed25519 = function == "generateED25519Key";
  const int bits = throwaway_ ? 1024 : function == "generateRSA2048Key" ? 2048 : 4096;
  auto pair = ed25519 ? generate_ed25519(random_) : generate_rsa(bits);
  if (!pair) return fail(std::move(pair).error());
  variables_[name + "Public"] = pair->public_pem;
  variables_[name + "Private"] = pair->private_pem;
  variables_[name + "PublicSsh"] = pair->public_ssh;
  if (ed25519) variables_[name + "PrivateSsh"] = pair->private_ssh;
  return pair->public_pem;
}

bool PreFunctions::mercury_in_retrograde() const {
  const std::chrono::sys_time<Millis> now{Millis(clock_.now().ms)};
  for (const Retrograde& range : kRetrogrades) {
    if (now > std::chrono::sys_days(range.begin) && now < std::chrono::sys_days(range.end)) {
      return true;
    }
  }
  return false;
}

Result<std::string> PreFunctions::call(std::string_view name, const Params& params) {
  const auto* const signature =
      std::find_if(kFunctions.begin(), kFunctions.end(),
                   [&](const Signature& function) { return function.name == name; });
  if (signature == kFunctions.end()) {
    std::vector<std::string_view> names;
    for (const Signature& function : kFunctions) names.push_back(function.name);
    return not_found("function", name, names);
  }
  if (params.size() < signature->min || params.size() > signature->max) {
    return fail(ErrorCode::kInvalid,
                fmt::format("invalid parameter count, {} expected {} provided",
                            signature->min == signature->max
                                ? fmt::format("{}", signature->min)
                                : fmt::format("{} or {}", signature->min, signature->max),
                            params.size()));
  }
  if (name == "generateRandomBytes") return random_bytes(params[0]);
  if (name == "generateRandomString" || name == "generateRandomStringVar") {
    return random_bytes(params.back()).map([&](const std::string& bytes) {
      std::string text = bytes_to_string(bytes);
      if (params.size() == 2) variables_[params[0]] = text;
      return text;
    });
  }
  if (name == "generateRandomInt") return random_int(params);
  if (name == "pickRandom") return params[random_.below(params.size())];
  if (name == "setVar") return variables_[params[0]] = params[1];
  if (name == "getVar") return params[0];
  if (name == "generateJWT") return jwt(params);
  if (name == "mercuryInRetrograde") return params[mercury_in_retrograde() ? 0 : 1];
  if (name.ends_with("Key")) return key_pair(name, params[0]);
  return date_time(params);
}

Result<std::string> PreFunctions::modify(std::string_view name, const std::string& value) {
  if (name == "noop") return value;
  if (name == "upper") return to_upper(value);
  if (name == "lower") return to_lower(value);
  if (name == "title") return to_title(value);
  if (name == "toHex") return bytes_to_hex(value);
  if (name == "toString") return bytes_to_string(value);
  if (name == "sha256") {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), as_bytes(value), value.size());
    return bytes_to_hex(as_view(hash));
  }
  if (name == "sha512") {
    std::array<unsigned char, crypto_hash_sha512_BYTES> hash{};
    crypto_hash_sha512(hash.data(), as_bytes(value), value.size());
    return bytes_to_hex(as_view(hash));
  }
  const HashCost cost = throwaway_ ? HashCost::kThrowaway : HashCost::kReal;
  if (name == "bcrypt") return hash_bcrypt(value, random_, cost);
  if (name == "argon2id") return hash_argon2id(value, random_, cost);
  return not_found("modifier", name, kModifiers);
}

}  // namespace croft::spec
