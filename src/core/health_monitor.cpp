#include "core/health_monitor.h"

#include <fmt/format.h>

#include "base/json_codec.h"
#include "core/text_line.h"
#include "net/deadline.h"
#include "net/socket_stream.h"

namespace croft {
namespace {

constexpr Millis kConnectLimit{1000};
// croft-init says something every second. With the connection that is tried then, an instance whose
// machine is gone leaves rotation after 3 s at most.
constexpr Millis kLineLimit{2000};
constexpr Millis kReconnectPause{250};
// Bounds what an instance that floods us with lines can cost.
constexpr Millis kReadPause{20};
constexpr std::size_t kMaxLineBytes = 8192;
constexpr std::size_t kMaxDetailBytes = 500;

}  // namespace

struct HealthMonitor::Entry {
  HealthTarget target;
  HealthState now;
  std::shared_ptr<ByteStream> stream;  // while connected
  std::size_t attempts = 0;            // to connect
  bool stopped = false;
  bool leader = false;
  bool told_leader = false;  // what the instance was told on this connection
  bool telling = false;
};

// How a connection to an instance ended.
struct HealthMonitor::Ending {
  bool closed = false;       // by the other side
  bool fell_silent = false;  // after it had spoken
};

HealthMonitor::HealthMonitor(Runtime& runtime, Signal& changed, std::uint16_t port)
    : runtime_(runtime), changed_(changed), port_(port), group_(runtime) {}

void HealthMonitor::end(Entry& entry) {
  entry.stopped = true;
  if (entry.stream) entry.stream->close();
}

void HealthMonitor::set_targets(const std::vector<HealthTarget>& targets) {
  std::map<std::string, std::shared_ptr<Entry>> next;
  for (const HealthTarget& target : targets) {
    if (target.addresses.empty()) continue;
    const auto known = entries_.find(target.id);
    if (known != entries_.end() && known->second->target == target) {
      next[target.id] = known->second;
      continue;
    }
    auto entry = std::make_shared<Entry>();
    entry->target = target;
    next[target.id] = entry;
    group_.spawn("health", watch(entry));
  }
  for (const auto& [id, entry] : entries_) {
    const auto kept = next.find(id);
    if (kept == next.end() || kept->second != entry) end(*entry);
  }
  entries_ = std::move(next);
}

HealthState HealthMonitor::health(const std::string& id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? HealthState{} : it->second->now;
}

void HealthMonitor::set_leader(const std::string& id, bool leader) {
  const auto it = entries_.find(id);
  if (it == entries_.end() || it->second->leader == leader) return;
  it->second->leader = leader;
  begin_telling(it->second);
}

void HealthMonitor::begin_telling(const std::shared_ptr<Entry>& entry) {
  if (entry->telling || !entry->stream || entry->told_leader == entry->leader) return;
  entry->telling = true;
  group_.spawn("leader", tell_leader(entry));
}

// One write at a time: a change meanwhile is written after it.
Task<void> HealthMonitor::tell_leader(std::shared_ptr<Entry> entry) {
  while (entry->stream && !entry->stopped && entry->told_leader != entry->leader) {
    const auto stream = entry->stream;
    const bool leader = entry->leader;
    const Status sent =
        co_await stream->write_all(to_json_text(CoreLine{.leader = leader}) + "\n", kLineLimit);
    if (stream != entry->stream) continue;
    if (!sent) break;  // the reading side notices the same and reconnects
    entry->told_leader = leader;
  }
  entry->telling = false;
  // The connection may have been replaced while the last write failed.
  if (entry->stream && !entry->stopped) begin_telling(entry);
}

void HealthMonitor::set_state(Entry& entry, InstanceState state, std::string detail, bool ended) {
  const bool differs = !entry.now.tried || entry.now.state != state || entry.now.detail != detail ||
                       entry.now.ended != ended;
  const bool answered = state != InstanceState::kUnknown;
  const bool tried = entry.now.tried || answered || entry.attempts >= entry.target.addresses.size();
  entry.now = {state, std::move(detail), tried, ended};
  if (differs && !entry.stopped) changed_.notify();
}

Task<void> HealthMonitor::watch(std::shared_ptr<Entry> entry) {
  for (std::size_t attempt = 0; !entry->stopped; ++attempt) {
    const auto& addresses = entry->target.addresses;
    auto connected =
        co_await connect_tcp(runtime_, addresses[attempt % addresses.size()], port_, kConnectLimit);
    ++entry->attempts;
    std::string problem;
    bool ended = entry->now.ended;  // as long as nobody answers
    if (connected) {
      attempt = addresses.size() - 1;  // after a break, the preferred address first
      entry->stream = std::move(*connected);
      entry->told_leader = false;
      begin_telling(entry);
      const Ending ending = co_await talk(entry);
      entry->stream.reset();
      // A connection can be lost without its instance. What it said last holds while a new one is
      // tried; should that be silent from the beginning, it is the instance.
      if (ending.fell_silent) continue;
      ended = ending.closed;
      problem = "the health channel broke off";
    } else {
      // The same words for every address and attempt: a change would be reported each time.
      problem = fmt::format("croft-init does not answer on port {}", port_);
    }
    set_state(*entry, InstanceState::kUnknown, std::move(problem), ended);
    if (!entry->stopped) co_await sleep_for(kReconnectPause);
  }
}

Task<HealthMonitor::Ending> HealthMonitor::talk(std::shared_ptr<Entry> entry) {
  const auto stream = entry->stream;
  Ending ending;
  bool spoken = false;
  LineBuffer lines(kMaxLineBytes);
  Deadline deadline(kLineLimit);
  while (!entry->stopped) {
    auto piece = co_await stream->read_some(1024, deadline.remaining());
    if (!piece || piece->empty()) {
      // Silence is no end: it may be a busy machine.
      ending.closed = piece || piece.error().code() != ErrorCode::kTimeout;
      ending.fell_silent = spoken && !ending.closed;
      break;
    }
    lines.add(*piece);
    bool bad = false;
    while (const auto text = lines.next()) {
      auto line = from_json_text<HealthLine>(*text);
      bad = bad || !line;
      if (bad) break;
      spoken = true;
      deadline = Deadline(kLineLimit);
      set_state(*entry, line->state, shorten(line->detail, kMaxDetailBytes), false);
    }
    if (bad || lines.overfull()) break;
    co_await sleep_for(kReadPause);
  }
  stream->close();
  co_return ending;
}

Task<void> HealthMonitor::stop() {
  for (const auto& [id, entry] : entries_) end(*entry);
  entries_.clear();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft
