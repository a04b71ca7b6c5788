// What croft-load is asked to do: streams of attempts, from the command line.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace croft::load {

// How a stream uses connections. The first three send requests at a rate; the others hold sessions
// for as long as the run lasts.
enum class Mode { kKeepalive, kFresh, kDownload, kWebSocket, kSse, kTcp };
enum class Protocol { kHttp1, kHttp2 };

std::string_view to_string(Mode mode);
std::string_view to_string(Protocol protocol);

// Where a stream's connections go, and what they ask for there.
struct Target {
  bool tls = false;
  std::string host;       // of the URL: SNI
  std::string authority;  // of the URL: Host or :authority
  std::string path = "/";
  std::string connect_host;  // where the connection really goes
  std::uint16_t connect_port = 0;
};

struct StreamSpec {
  std::string name;
  Mode mode = Mode::kKeepalive;
  Protocol protocol = Protocol::kHttp1;
  std::string method = "GET";
  double rate_per_s = 1;       // attempts started per second; of sessions: beats per second of each
  int connections = 0;         // at most so many at once; of sessions: so many
  std::int64_t max_count = 0;  // 0: no bound but the time
  // To get a connection, from the intended time; then again for the answer. Of a session: of a
  // beat.
  Millis timeout{10'000};
  std::size_t body_bytes = 64;  // of a POST or a beat
  std::set<int> accept_codes;   // WebSocket close codes by which the server may end a session
  bool accept_end = false;      // the server may end an SSE or TCP session in order
  Target target;
};

struct LoadOptions {
  std::vector<StreamSpec> streams;
  Millis duration{10'000};
  std::string ca_file;  // empty: certificates are not checked
  bool series = false;
  std::string version_header = "x-app-version";  // lower case
  std::string instance_header = "x-instance";
  bool help = false;
};

// `words` without the program's name. kInvalid names the word.
Result<LoadOptions> parse_options(const std::vector<std::string>& words);
// "keepalive,h1,GET,rate=300,conns=20" with what `url` and `connect` (may be empty) say.
Result<StreamSpec> parse_stream(const std::string& text, const std::string& url,
                                const std::string& connect);
std::string usage();

}  // namespace croft::load
