#include "runner.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <new>

#include "base/check.h"

namespace croft::sim {

// Atomics of this kind work between processes, as they take no locks.
struct Runner::Shared {
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  std::atomic<int> failed{0};
  std::atomic<std::int64_t> virtual_ms{0};
  std::atomic<std::uint64_t> traces{0};
};

namespace {

// Of this process and those it starts; until its end.
void* shared_memory(std::size_t bytes) {
  void* memory = ::mmap(nullptr, std::max<std::size_t>(1, bytes), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "memory can be shared");
  return memory;
}

std::string joined(const std::set<std::size_t>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ","));
}

}  // namespace

Runner::Runner(const catalog::Catalog& catalog, const RunnerOptions& options,
               const std::vector<Job>& jobs)
    : catalog_(catalog), options_(options), jobs_(jobs), failures_(std::tmpfile()) {
  check(failures_ != nullptr, "a temporary file can be made");
  shared_ = new (shared_memory(sizeof(Shared))) Shared;
  hashes_ = static_cast<Hash*>(shared_memory(jobs.size() * sizeof(Hash)));
  std::uninitialized_value_construct_n(hashes_, jobs.size());
}

Runner::~Runner() {
  std::fclose(failures_);
}

std::size_t Runner::done() const {
  return shared_->done;
}
double Runner::virtual_hours() const {
  return static_cast<double>(shared_->virtual_ms) / 3'600'000;
}
std::uint64_t Runner::all_traces() const {
  return shared_->traces;
}

int Runner::run(unsigned processes) {
  if (processes == 1) {
    work();
    return shared_->failed;
  }
  std::fflush(nullptr);
  for (unsigned i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    check(child >= 0, "a process can be started");
    if (child > 0) continue;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    std::fflush(nullptr);
    std::exit(0);
  }
  for (unsigned i = 0; i < processes; ++i) {
    int status = 0;
    if (::wait(&status) < 0) break;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      ++shared_->failed;  // it has said which seed
    }
  }
  return shared_->failed;
}

void Runner::work() {
  const std::size_t all = options_.twice ? 2 * jobs_.size() : jobs_.size();
  for (std::size_t at = shared_->next++; at < all; at = shared_->next++) {
    if (shared_->failed > 0 && !options_.keep_going) return;
    // Backwards the second time, so that memory looks different then.
    run_one(at < jobs_.size() ? at : all - 1 - at);
  }
}

void Runner::run_one(std::size_t index) {
  const Job& job = jobs_[index];
  running_seed = job.seed;
  const Verdict verdict =
      simulate(without(make_plan(job.seed), job.left_out), catalog_, options_.trace);
  ++shared_->done;
  shared_->virtual_ms += verdict.took.count();
  std::string told;
  const std::uint64_t before = hashes_[index].exchange(verdict.trace_hash);
  if (before == 0) shared_->traces ^= verdict.trace_hash * (2 * index + 1);
  if (before != 0 && before != verdict.trace_hash) {
    told = fmt::format("seed {} went another way when it was run again\n", job.seed);
  }
  if (!verdict.good()) {
    told += fmt::format("seed {} failed after {:.3f} s: {}: {}\n", job.seed,
                        static_cast<double>(verdict.took.count()) / 1000, verdict.invariant,
                        verdict.what);
    fmt::print(failures_, "{}\n", verdict.invariant);
    std::fflush(failures_);
  }
  if (told.empty()) return;
  ++shared_->failed;
  fmt::print("{}", told);
  if (!verdict.good() && options_.shrinks && !options_.trace) {
    fmt::print("{}", shrunk(job, verdict));
  }
  std::fflush(stdout);
}

std::string Runner::shrunk(const Job& job, const Verdict& verdict) const {
  const Plan plan = make_plan(job.seed);
  std::set<std::size_t> left_out = job.left_out;
  if (left_out.empty()) left_out = shrink(plan, catalog_, verdict);
  std::string text;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (!left_out.contains(i)) text += fmt::format("  {}\n", plan.describe(i));
  }
  return text + fmt::format("  ./dev sim --seeds 1 --from {} --without {} --trace\n", job.seed,
                            joined(left_out));
}

void Runner::report() {
  std::map<std::string, int> count;
  std::rewind(failures_);
  std::array<char, 256> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), failures_) != nullptr) {
    std::string what(line.data());
    if (what.ends_with('\n')) what.pop_back();
    ++count[what];
  }
  for (const auto& [what, times] : count) fmt::print("{:6}  {}\n", times, what);
}

}  // namespace croft::sim
