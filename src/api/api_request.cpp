#include "api/api_request.h"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>

#include "base/check.h"
#include "base/json_codec.h"

namespace croft {
namespace {

constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::size_t kMaxCursor = 512;

// Anything else that happens to decode is not one of ours.
constexpr std::string_view kCursorMark = "c1:";

std::optional<std::string> decode_cursor(std::string_view cursor) {
  if (cursor.size() > kMaxCursor) return std::nullopt;
  std::string text(cursor.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (::sodium_base642bin(reinterpret_cast<unsigned char*>(text.data()), text.size(), cursor.data(),
                          cursor.size(), nullptr, &size, &end, kBase64) != 0 ||
      end != cursor.data() + cursor.size()) {
    return std::nullopt;
  }
  text.resize(size);
  if (!text.starts_with(kCursorMark)) return std::nullopt;
  return text.substr(kCursorMark.size());
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

tl::unexpected<Error> bad_parameter(std::string_view name, std::string_view wanted) {
  return fail(ErrorCode::kInvalid, fmt::format("query parameter `{}`: {}", name, wanted));
}

}  // namespace

ApiResponse json_response(int status, const boost::json::value& body) {
  return {.status = status, .body = boost::json::serialize(body)};
}

ApiResponse empty_response(int status) {
  return {.status = status, .content_type = ""};
}

ApiResponse streamed_response() {
  return {.streamed = true};
}

std::string ApiRequest::peer() const {
  const std::string& address = exchange_.peer().address;
  return address.empty() ? "local" : address;
}

const Actor& ApiRequest::actor() const {
  check(actor_.has_value(), "a public route asked who calls");
  return *actor_;
}

const std::string& ApiRequest::param(std::string_view name) const {
  const auto found = params_.find(name);
  check(found != params_.end(), "a route asked for a parameter that its path lacks");
  return found->second;
}

std::optional<std::string> ApiRequest::query(std::string_view name) const {
  return exchange_.query().find(name);
}

std::vector<std::string> ApiRequest::query_all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : exchange_.query().all()) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Result<bool> ApiRequest::query_flag(std::string_view name) const {
  const auto value = query(name);
  if (!value || *value == "false") return false;
  if (*value == "true") return true;
  return bad_parameter(name, "true or false");
}

Result<Page> ApiRequest::page() const {
  Page page;
  if (const auto limit = query("limit")) {
    const auto number = whole_number(*limit);
    if (!number || *number < 1 || *number > 200) return bad_parameter("limit", "1 to 200");
    page.limit = static_cast<int>(*number);
  }
  if (const auto cursor = query("cursor")) {
    auto after = decode_cursor(*cursor);
    if (!after) return bad_parameter("cursor", "give `next` of the page before, or leave it out");
    page.after = std::move(*after);
  }
  return page;
}

Result<boost::json::object> ApiRequest::json_body() const {
  if (body_.empty()) return boost::json::object();
  auto json = parse_json(body_);
  if (!json) return fail(std::move(json).error());
  if (!json->is_object()) {
    return fail(ErrorCode::kInvalid, "the request body must be a JSON object");
  }
  return std::move(json->get_object());
}

Result<std::optional<std::int64_t>> ApiRequest::if_match() const {
  const auto header = exchange_.headers().find("If-Match");
  if (!header || *header == "*") return std::optional<std::int64_t>();
  // "<generation>-<hash>": what happens to an object by itself does not make a change fail.
  const std::string_view text = *header;
  const std::size_t dash = text.find('-');
  if (text.size() > 2 && text.front() == '"' && text.back() == '"' &&
      dash != std::string_view::npos) {
    if (const auto generation = whole_number(text.substr(1, dash - 1))) return generation;
  }
  return fail(ErrorCode::kPrecondition, "If-Match is not an ETag of this object; read it again");
}

ApiResponse ApiRequest::with_etag(ApiResponse response, std::int64_t generation) const {
  const std::string etag =
      fmt::format("\"{}-{}\"", generation, sha256_hex(response.body).substr(0, 16));
  const bool reads = exchange_.method() == "GET" || exchange_.method() == "HEAD";
  const auto known = exchange_.headers().find("If-None-Match");
  if (reads && known && (*known == etag || *known == "*")) response = empty_response(304);
  response.headers.set("ETag", etag);
  return response;
}

Task<Status> ApiRequest::start_stream(std::string content_type) {
  HttpHeaders headers{{"Content-Type", std::move(content_type)}};
  // A proxy that buffers would turn a live stream into a dead one.
  headers.set("X-Accel-Buffering", "no");
  add_common_headers(headers, request_id_);
  CROFT_CO_TRY(co_await exchange_.start(200, std::move(headers)));
  if (exchange_.method() != "HEAD") co_return Status();
  CROFT_CO_TRY(co_await exchange_.finish());
  co_return fail(ErrorCode::kCancelled, "the head was all that was asked for");
}

void add_common_headers(HttpHeaders& headers, const std::string& request_id) {
  headers.set("X-Request-Id", request_id);
  headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  headers.set("Referrer-Policy", "no-referrer");
}

std::string encode_cursor(std::string_view after) {
  if (after.empty()) return {};
  const std::string text = std::string(kCursorMark) + std::string(after);
  std::string cursor(sodium_base64_encoded_len(text.size(), kBase64), '\0');
  ::sodium_bin2base64(cursor.data(), cursor.size(),
                      reinterpret_cast<const unsigned char*>(text.data()), text.size(), kBase64);
  cursor.resize(cursor.find('\0'));
  return cursor;
}

boost::json::object page_json(boost::json::array items, std::string_view next) {
  boost::json::object page;
  page["items"] = std::move(items);
  page["next"] = next.empty() ? boost::json::value(nullptr)
                              : boost::json::value(boost::json::string(encode_cursor(next)));
  return page;
}

}  // namespace croft
