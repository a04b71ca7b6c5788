#include "keep/relay.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <set>
#include <utility>
#include <vector>

#include "keep/dns_wire.h"

namespace croft::relay {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kSlowestAsker{5000};  // from its connection to its question
constexpr std::size_t kMostSilent = 4096;

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Connected, and has not asked yet.
struct Asker {
  Socket socket;
  SteadyClock::time_point since;
  short events = 0;
};

// A question that a core was asked. `asker` is closed once it has been answered: then this only
// waits to see whether the core is back.
struct Pending {
  Socket asker;
  Socket udp;
  Question question;
  std::uint16_t id = 0;
  SteadyClock::time_point since;
  SteadyClock::time_point asked;  // the last time
  short events = 0;
};

// False: it cannot be sent.
bool send_question(const Pending& pending) {
  const std::string query = build_query(pending.question, pending.id);
  return ::send(pending.udp.get(), query.data(), query.size(), 0) >= 0;
}

void answer(Socket& asker, const Question& question, const std::vector<Address>& addresses) {
  if (!asker.open()) return;
  const std::string text = build_answer(question, addresses);
  // A whole message fits into the socket's buffer, or the asker is gone.
  static_cast<void>(::send(asker.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  asker.close();
}

class Relay {
 public:
  Relay(int listener, const RelayLimits& limits) : listener_(listener), limits_(limits) {}

  void turn() {
    wait();
    const auto now = SteadyClock::now();
    for (Asker& asker : askers_) {
      if (asker.events != 0) take_question(asker, now);
    }
    for (Pending& pending : pending_) {
      if (pending.events != 0) take_answer(pending);
    }
    expire(now);
    if (listener_events_ != 0) accept_askers(now);
  }

 private:
  void wait() {
    std::vector<pollfd> fds;
    // Full: what comes now waits in the socket.
    const bool room = askers_.size() < limits_.most;
    fds.push_back({.fd = room ? listener_ : -1, .events = POLLIN, .revents = 0});
    for (const Asker& a : askers_) fds.push_back({a.socket.get(), POLLIN, 0});
    for (const Pending& p : pending_) fds.push_back({p.udp.get(), POLLIN, 0});
    const bool idle = askers_.empty() && pending_.empty();
    const int found = ::poll(fds.data(), fds.size(), idle ? -1 : 25);
    if (found <= 0) {
      for (pollfd& fd : fds) fd.revents = 0;
    }
    std::size_t at = 0;
    listener_events_ = fds[at++].revents;
    for (Asker& a : askers_) a.events = fds[at++].revents;
    for (Pending& p : pending_) p.events = fds[at++].revents;
  }

  void accept_askers(SteadyClock::time_point now) {
    while (askers_.size() < limits_.most) {
      Socket socket(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.open()) return;
      askers_.push_back({.socket = std::move(socket), .since = now});
    }
  }

  void take_question(Asker& asker, SteadyClock::time_point now) {
    char buffer[2048];
    const ssize_t count = ::recv(asker.socket.get(), buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    auto question =
        count > 0 ? read_question({buffer, static_cast<std::size_t>(count)}) : std::nullopt;
    if (question) {
      ask(std::move(asker.socket), std::move(*question), now);
    }
    asker.socket.close();
  }

  void ask(Socket asker, Question question, SteadyClock::time_point now) {
    const bool silent = question.core && silent_.contains(*question.core);
    if (!question.core || silent) answer(asker, question, {});
    if (!question.core || (silent && is_asked(*question.core))) return;
    if (pending_.size() >= limits_.most) return answer(asker, question, {});
    Pending pending{.asker = std::move(asker),
                    .udp = Socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
                    .question = std::move(question),
                    .since = now,
                    .asked = now};
    // Connected: the kernel gives a random port, and takes answers of that core only.
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(limits_.port);
    std::copy(pending.question.core->begin(), pending.question.core->end(), to.sin6_addr.s6_addr);
    static_cast<void>(::getrandom(&pending.id, sizeof pending.id, 0));
    const bool sent =
        ::connect(pending.udp.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
        send_question(pending);
    if (!sent) return answer(pending.asker, pending.question, {});
    pending_.push_back(std::move(pending));
  }

  bool is_asked(const Address& core) const {
    return std::any_of(pending_.begin(), pending_.end(),
                       [&](const Pending& p) { return p.question.core == core; });
  }

  void take_answer(Pending& pending) {
    char buffer[4096];
    const ssize_t count = ::recv(pending.udp.get(), buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) {  // refused: nobody is there, which is an answer, too
      answer(pending.asker, pending.question, {});
      pending.udp.close();
      return;
    }
    const auto addresses =
        read_answer({buffer, static_cast<std::size_t>(count)}, pending.question, pending.id);
    if (!addresses) return;
    silent_.erase(*pending.question.core);
    answer(pending.asker, pending.question, *addresses);
    pending.udp.close();
  }

  void expire(SteadyClock::time_point now) {
    for (Pending& pending : pending_) {
      if (!pending.udp.open()) continue;
      if (now - pending.asked >= limits_.repeat) {
        // What the core that died was asked, the one that took over does not know.
        static_cast<void>(send_question(pending));
        pending.asked = now;
      }
      if (now - pending.since < limits_.patience) continue;
      if (silent_.size() >= kMostSilent) silent_.clear();
      if (pending.asker.open()) silent_.insert(*pending.question.core);
      answer(pending.asker, pending.question, {});
      if (now - pending.since >= limits_.give_up) pending.udp.close();
    }
    pending_.remove_if([](const Pending& p) { return !p.udp.open(); });
    askers_.remove_if(
        [&](const Asker& a) { return !a.socket.open() || now - a.since > kSlowestAsker; });
  }

  int listener_;
  RelayLimits limits_;
  short listener_events_ = 0;
  std::list<Asker> askers_;
  std::list<Pending> pending_;
  std::set<Address> silent_;  // cores that did not answer the last time
};

}  // namespace

int listen_at(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(at.sun_path, path.data(), path.size());
  Socket socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return -1;
  ::unlink(path.c_str());
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
  ::umask(mask);
  if (bound != 0 || ::listen(socket.get(), 512) != 0) return -1;
  return socket.release();
}

[[noreturn]] void serve(int listener, const RelayLimits& limits) {
  Relay relay(listener, limits);
  for (;;) relay.turn();
}

}  // namespace croft::relay
