#include "core/vital_signs.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>

#include "base/file.h"
#include "base/oom.h"

namespace croft {
namespace {

constexpr Millis kBeat{200};
// Of fewer packets, a share says nothing.
constexpr std::int64_t kManyPackets = 1000;
constexpr std::int64_t kManyPeriods = 5;

std::string content(const std::filesystem::path& file) {
  return read_file(file, 65536).value_or("");
}

// The first of these files that is there: those of cgroup v2 come before those of v1.
std::string content(const std::filesystem::path& root, std::initializer_list<const char*> files) {
  for (const char* file : files) {
    if (auto text = read_file(root / file, 65536)) return std::move(*text);
  }
  return {};
}

std::int64_t value_of(const std::string& text, std::string_view key) {
  return static_cast<std::int64_t>(parse_keyed_number(text, key));
}

int percent(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<int>(std::clamp<std::int64_t>(part * 100 / whole, 0, 100)) : 0;
}

}  // namespace

VitalSigns::VitalSigns(Clock& clock, std::filesystem::path root)
    : clock_(clock), root_(std::move(root)), last_(read_counters()) {}

Task<void> VitalSigns::watch_lateness() {
  while (true) {
    const Millis due = clock_.steady() + kBeat;
    co_await sleep_for(kBeat);
    latest_ = std::max(latest_, clock_.steady() - due);
  }
}

CoreVitals VitalSigns::take() {
  const Counters now = read_counters();
  CoreVitals vitals{.late_ms = static_cast<int>(std::min(latest_.count(), Millis::rep{1'000'000})),
                    .connections_percent = connections_percent(),
                    .memory_percent = memory_percent()};
  const std::int64_t packets = now.packets - last_.packets;
  const std::int64_t dropped = now.dropped - last_.dropped;
  if (packets + dropped >= kManyPackets) {
    vitals.dropped_percent = percent(dropped, packets + dropped);
  }
  const std::int64_t periods = now.periods - last_.periods;
  if (periods >= kManyPeriods) {
    vitals.throttled_percent = percent(now.throttled - last_.throttled, periods);
  }
  last_ = now;
  latest_ = Millis{0};
  return vitals;
}

// /proc/net/dev: two lines of heading; then "name: bytes packets errors dropped …".
VitalSigns::Counters VitalSigns::read_counters() const {
  Counters counters;
  std::istringstream lines(content(root_ / "proc/net/dev"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.find("lo:") != std::string::npos) continue;
    std::istringstream columns(line.substr(colon + 1));
    std::int64_t bytes = 0;
    std::int64_t packets = 0;
    std::int64_t errors = 0;
    std::int64_t dropped = 0;
    if (columns >> bytes >> packets >> errors >> dropped) {
      counters.packets += packets;
      counters.dropped += errors + dropped;
    }
  }
  const std::string cpu = content(root_, {"sys/fs/cgroup/cpu.stat", "sys/fs/cgroup/cpu/cpu.stat"});
  counters.periods = value_of(cpu, "nr_periods");
  counters.throttled = value_of(cpu, "nr_throttled");
  return counters;
}

// Without what the kernel would give up at once: pages of files that were not used lately.
int VitalSigns::memory_percent() const {
  const std::string used = content(
      root_, {"sys/fs/cgroup/memory.current", "sys/fs/cgroup/memory/memory.usage_in_bytes"});
  const std::string limit =
      content(root_, {"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"});
  const std::string stat =
      content(root_, {"sys/fs/cgroup/memory.stat", "sys/fs/cgroup/memory/memory.stat"});
  return percent(std::atoll(used.c_str()) - value_of(stat, "inactive_file"),
                 std::atoll(limit.c_str()));  // "max" is no number: no limit
}

int VitalSigns::connections_percent() const {
  const auto netfilter = root_ / "proc/sys/net/netfilter";
  return percent(std::atoll(content(netfilter / "nf_conntrack_count").c_str()),
                 std::atoll(content(netfilter / "nf_conntrack_max").c_str()));
}

}  // namespace croft
