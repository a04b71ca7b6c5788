#include "net/http_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "fuzz.h"
#include "task/group.h"

using namespace croft;

namespace {

constexpr std::size_t kMaxBody = 4096;
constexpr Millis kLimit{2000};

// A listening unix socket that lives as long as the program.
class Listener {
 public:
  Listener() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-fuzz-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "a folder for the socket");
    folder_ = pattern;
    path_ = folder_ / "s";
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path_.string().copy(at.sun_path, sizeof at.sun_path - 1);
    fd_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
              ::listen(fd_.get(), 16) == 0,
          "a listening socket");
  }
  ~Listener() { std::filesystem::remove_all(folder_); }
  Listener(const Listener&) = delete;

  std::string path() const { return path_.string(); }
  // Answers every connection with `bytes` and closes, until cancelled.
  Task<void> answer(std::string bytes) {
    while (true) {
      const Fd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer) {
        static_cast<void>(
            ::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
        ::shutdown(peer.get(), SHUT_WR);
      }
      co_await sleep_for(Millis(0));
      if (stop) co_return;
    }
  }
  bool stop = false;

 private:
  std::filesystem::path folder_, path_;
  Fd fd_;
};

Listener& listener() {
  static Listener one;
  return one;
}

Task<void> ask(HttpClient& client, std::uint64_t how) {
  HttpRequest request;
  request.limit = kLimit;
  request.max_body_bytes = kMaxBody;
  if (how == 0) {
    const auto answer = co_await client.send(request);
    if (answer) check(answer->body.size() <= kMaxBody && answer->status >= 100, "a bounded answer");
  } else if (how == 1) {
    request.method = "HEAD";
    const auto answer = co_await client.send(request);
    if (answer) check(answer->body.empty(), "an answer to HEAD has no body");
  } else if (how == 2) {
    auto answer = co_await client.upgrade(request, "tcp");
    while (answer && answer->stream) {
      const auto data = co_await answer->stream->read_some(100, kLimit);
      if (!data || data->empty()) break;
    }
  } else {
    auto socket = co_await client.web_socket(request, {.max_message_bytes = 512});
    while (socket) {
      const auto message = co_await (*socket)->read();
      if (!message || !*message) break;
      check((**message).data.size() <= 512, "a message is not longer than the limit");
    }
  }
}

Task<void> both(Runtime& runtime, std::string bytes, std::uint64_t how) {
  Group group(runtime);
  Listener& server = listener();
  server.stop = false;
  group.spawn("server", server.answer(std::move(bytes)));
  {
    HttpClient client(runtime, HttpEndpoint::unix_socket(server.path()));
    co_await ask(client, how);
  }
  server.stop = true;
  co_await group.join();
}

}  // namespace

// What a server answers to our client. First byte: GET, HEAD, a raw stream, or a WebSocket.
FUZZ_TARGET(http_client) {
  fuzz::Choices choices(input);
  const auto how = choices.below(4);
  const std::string bytes(choices.rest().substr(0, 64u << 10));
  Runtime runtime;
  runtime.run_until_done(both(runtime, bytes, how));
}
