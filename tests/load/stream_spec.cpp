#include "stream_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "net/url.h"

namespace croft::load {
namespace {

const std::map<std::string, Mode> kModes{
    {"keepalive", Mode::kKeepalive}, {"fresh", Mode::kFresh}, {"download", Mode::kDownload},
    {"ws", Mode::kWebSocket},        {"sse", Mode::kSse},     {"tcp", Mode::kTcp}};

constexpr int kFreshConnections = 1000;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

template <class T>
std::optional<T> number(const std::string& text, T low, T high) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < low || value > high) return std::nullopt;
  return value;
}

std::optional<std::pair<std::string, std::uint16_t>> host_and_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto port = number<std::uint16_t>(text.substr(colon + 1), 1, 65535);
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (!port || host.empty()) return std::nullopt;
  return std::pair(host, *port);
}

// "tcp://HOST:PORT" has no scheme that net/url.h knows.
Result<Target> parse_target(const std::string& url, const std::string& connect) {
  Target target;
  if (url.starts_with("tcp://")) {
    const auto place = host_and_port(url.substr(6));
    if (!place) return fail(ErrorCode::kInvalid, fmt::format("{}: not tcp://HOST:PORT", url));
    std::tie(target.connect_host, target.connect_port) = *place;
    target.host = target.connect_host;
  } else {
    auto parsed = Url::parse(url);
    if (!parsed) return fail(std::move(parsed).error());
    target.tls = parsed->scheme == "https" || parsed->scheme == "wss";
    target.host = parsed->host;
    target.connect_host = parsed->host;
    target.connect_port = parsed->port;
    const bool usual = parsed->port == (target.tls ? 443 : 80);
    const bool v6 = parsed->host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + parsed->host + "]" : parsed->host;
    target.authority = usual ? host : fmt::format("{}:{}", host, parsed->port);
    target.path = parsed->path.empty() ? "/" : parsed->path;
    if (!parsed->query.empty()) target.path += "?" + parsed->query;
  }
  if (connect.empty()) return target;
  const auto place = host_and_port(connect);
  if (!place) return fail(ErrorCode::kInvalid, fmt::format("{}: not HOST:PORT", connect));
  std::tie(target.connect_host, target.connect_port) = *place;
  return target;
}

// Sets one key=value of a stream; false when the value does not fit.
bool set_key(StreamSpec& spec, const std::string& key, const std::string& value) {
  if (key == "rate") {
    const auto rate = number<double>(value, 0.01, 100'000);
    spec.rate_per_s = rate.value_or(0);
    return rate.has_value();
  }
  if (key == "conns") {
    const auto count = number<int>(value, 1, 20'000);
    spec.connections = count.value_or(0);
    return count.has_value();
  }
  if (key == "count") {
    const auto count = number<std::int64_t>(value, 1, 1'000'000'000);
    spec.max_count = count.value_or(0);
    return count.has_value();
  }
  if (key == "timeout") {
    const auto limit = parse_duration(value);
    spec.timeout = limit.value_or(Millis(0));
    return limit.has_value() && limit->count() > 0;
  }
  if (key == "body") {
    const auto bytes = number<std::size_t>(value, 1, 1u << 20);
    spec.body_bytes = bytes.value_or(0);
    return bytes.has_value();
  }
  if (key == "accept") {
    for (const std::string& part : split(value, '+')) {
      if (part == "end") {
        spec.accept_end = true;
        continue;
      }
      const auto code = number<int>(part, 1000, 4999);
      if (!code) return false;
      spec.accept_codes.insert(*code);
    }
    return true;
  }
  return false;
}

Status check_stream(const StreamSpec& spec, const std::string& text) {
  const bool h2 = spec.protocol == Protocol::kHttp2;
  const bool session =
      spec.mode == Mode::kWebSocket || spec.mode == Mode::kSse || spec.mode == Mode::kTcp;
  if (h2 && session) {
    return fail(ErrorCode::kInvalid, fmt::format("stream {}: sessions speak HTTP/1.1", text));
  }
  if (spec.mode == Mode::kTcp && !spec.target.authority.empty()) {
    return fail(ErrorCode::kInvalid, fmt::format("stream {}: needs url=tcp://HOST:PORT", text));
  }
  return {};
}

// Options with a value go into `values`, which holds the known ones.
Status sort_words(const std::vector<std::string>& words, LoadOptions& options,
                  std::map<std::string, std::string>& values, std::vector<std::string>& streams) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--series" || word == "--help") {
      (word == "--help" ? options.help : options.series) = true;
      continue;
    }
    if (word != "--stream" && !values.contains(word)) {
      return fail(ErrorCode::kInvalid, fmt::format("{} is not known; see --help", word));
    }
    if (++i == words.size()) {
      return fail(ErrorCode::kInvalid, fmt::format("{} needs a value", word));
    }
    if (word == "--stream") {
      streams.push_back(words[i]);
    } else {
      values[word] = words[i];
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(Mode mode) {
  for (const auto& [name, value] : kModes) {
    if (value == mode) return name;
  }
  return "";
}

std::string_view to_string(Protocol protocol) {
  return protocol == Protocol::kHttp1 ? "h1" : "h2";
}

Result<StreamSpec> parse_stream(const std::string& text, const std::string& url,
                                const std::string& connect) {
  StreamSpec spec;
  std::string own_url = url;
  std::string own_connect = connect;
  std::string path;
  bool mode_named = false;
  for (const std::string& word : split(text, ',')) {
    const std::size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    bool good = true;
    if (kModes.contains(word)) {
      spec.mode = kModes.at(word);
      mode_named = true;
    } else if (word == "h1" || word == "h2") {
      spec.protocol = word == "h1" ? Protocol::kHttp1 : Protocol::kHttp2;
    } else if (word == "GET" || word == "POST") {
      spec.method = word;
    } else if (key == "name" || key == "url" || key == "connect" || key == "path") {
      (key == "name"   ? spec.name
       : key == "url"  ? own_url
       : key == "path" ? path
                       : own_connect) = value;
      good = !value.empty();
    } else {
      good = set_key(spec, key, value);
    }
    if (!good) {
      return fail(ErrorCode::kInvalid, fmt::format("stream {}: cannot use '{}'", text, word));
    }
  }
  if (!mode_named) {
    return fail(ErrorCode::kInvalid, fmt::format("stream {}: names no mode", text));
  }
  auto target = parse_target(own_url, own_connect);
  if (!target) return fail(std::move(target).error().in(fmt::format("stream {}", text)));
  spec.target = std::move(*target);
  if (!path.empty()) spec.target.path = path;
  if (spec.name.empty()) spec.name = text;
  if (spec.connections == 0) {
    const bool ends_each = spec.mode == Mode::kFresh || spec.mode == Mode::kDownload;
    spec.connections = ends_each ? kFreshConnections : 1;
  }
  CROFT_TRY(check_stream(spec, text));
  return spec;
}

Result<LoadOptions> parse_options(const std::vector<std::string>& words) {
  LoadOptions options;
  std::map<std::string, std::string> values{{"--url", ""},
                                            {"--connect", ""},
                                            {"--duration", "10s"},
                                            {"--ca", ""},
                                            {"--version-header", options.version_header},
                                            {"--instance-header", options.instance_header}};
  std::vector<std::string> streams;
  CROFT_TRY(sort_words(words, options, values, streams));
  if (options.help) return options;
  const auto duration = parse_duration(values["--duration"]);
  if (!duration || duration->count() <= 0 || *duration > std::chrono::hours(24)) {
    return fail(ErrorCode::kInvalid, "--duration takes 1ms to 24h");
  }
  options.duration = *duration;
  options.ca_file = values["--ca"];
  options.version_header = values["--version-header"];
  options.instance_header = values["--instance-header"];
  for (const std::string& text : streams) {
    auto spec = parse_stream(text, values["--url"], values["--connect"]);
    if (!spec) return fail(std::move(spec).error());
    options.streams.push_back(std::move(*spec));
  }
  if (options.streams.empty()) {
    return fail(ErrorCode::kInvalid, "at least one --stream is needed; see --help");
  }
  return options;
}

std::string usage() {
  return R"(croft-load: requests and sessions at a given rate; every attempt ends as ok, failed or unknown

usage: croft-load --url URL --stream WORDS [--stream WORDS…] [options]

  --url URL           http, https or tcp URL of the streams that name none
  --connect HOST:PORT connect there; the URL still says Host and SNI
  --duration TIME     no attempt starts later (default 10s); SIGINT or SIGTERM end it earlier
  --ca FILE           check certificates against this CA; default: they are not checked
  --series            also a list of what happened in every second
  --version-header N, --instance-header N    default x-app-version, x-instance

WORDS of a stream, with commas between:
  keepalive fresh download ws sse tcp   the mode; one is needed
  h1 h2  GET POST                       default h1, GET; a POST must be answered with its own body
  rate=N     attempts per second; ws and tcp: beats per second of each session (default 1)
  conns=N    connections at once (default 1; fresh, download 1000); sessions: that many
  count=N    at most so many attempts       timeout=TIME  of one attempt or beat (default 10s)
  body=N     bytes of a POST or a beat      path=P url=U connect=H:P name=T
  accept=C   ws: close codes, sse and tcp: `end`, by which the server may end a session (1001+1012)

The result is JSON on standard output. Exit 0: every attempt was ok; 1: some was not; 2: usage.
)";
}

}  // namespace croft::load
