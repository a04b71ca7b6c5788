#include "supervise/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "net/http_client.h"
#include "task/pool.h"

namespace croft::supervise {
namespace {

constexpr Millis kTick{100};
constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{5'000};
constexpr Millis kRanWell{10'000};  // after that the next start is at once again
constexpr Millis kLookPeriod{500};
constexpr Millis kReadyLimit{5'000};
constexpr Millis kStopNode{20'000};
constexpr Millis kStopCroftd{30'000};
constexpr std::chrono::minutes kCommandLimit{10};

std::string line_of(const std::filesystem::path& file) {
  const auto text = read_file(file, 4096);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t before = text.rfind('\n');
  return before == std::string::npos ? text : text.substr(before + 1);
}

}  // namespace

Task<Result<bool>> is_ready(Runtime& runtime, std::filesystem::path home, Millis limit) {
  auto endpoint = HttpEndpoint::from_url(line_of(home / "run" / "api-url"));
  if (!endpoint) co_return fail(std::move(endpoint).error());
  HttpClient client(runtime, *endpoint);
  auto answer = co_await client.send({.target = "/readyz", .limit = limit});
  if (!answer) co_return fail(std::move(answer).error());
  co_return answer->status == 200;
}

Status run_croftd(const Release& release, const std::filesystem::path& home,
                  const std::vector<std::string>& words) {
  SpawnOptions options;
  options.argv = {(release.programs / "croftd").string(), "--home", home.string()};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.timeout = kCommandLimit;
  const auto run = run_program(options);
  if (!run) return fail(run.error());
  if (run->exit_code == 0) return {};
  return fail(ErrorCode::kFailed, last_line(run->errors));
}

Supervisor::Supervisor(Runtime& runtime, Clock& clock, SupervisorOptions options)
    : runtime_(runtime),
      clock_(clock),
      options_(std::move(options)),
      releases_(options_.home, options_.given),
      files_(options_.home),
      stop_(runtime),
      croftd_{.child = {"croftd", options_.home / "logs" / "croftd.log"}},
      node_{.child = {"croft-node", options_.home / "logs" / "croft-node.log"}} {}

void Supervisor::request_stop() {
  stopping_ = true;
  stop_.notify();
}

Task<int> Supervisor::run() {
  auto current = releases_.current();
  if (!current) {
    log_error("cannot tell which release to run", {{"error", current.error().describe()}});
    co_return 1;
  }
  release_ = std::move(*current);
  take_up_trial();
  log_info("croft is supervised", {{"programs", release_->programs.string()}});
  while (!stopping_) {
    if (trial_ && trial_->going_back) {
      co_await go_back(trial_->problem);
    } else if (trial_) {
      co_await look_at_trial();
    } else if (auto request = files_.asked()) {
      co_await begin_trial(std::move(*request));
    }
    keep_both();
    co_await stop_.wait_for(kTick);
  }
  co_await stop_both();
  co_return 0;
}

// Programs

std::vector<std::string> Supervisor::croftd_command(const Release& release) const {
  std::vector<std::string> argv{(release.programs / "croftd").string(),
                                "--home",
                                options_.home.string(),
                                "--engine",
                                options_.engine_socket,
                                "--programs",
                                release.programs.string(),
                                "--data",
                                release.data.string()};
  argv.insert(argv.end(), options_.croftd_words.begin(), options_.croftd_words.end());
  return argv;
}

std::vector<std::string> Supervisor::node_command(const Release& release) const {
  const std::string node = line_of(options_.home / "run" / "node-id");
  const std::string install = line_of(options_.home / "state" / "install_id");
  if (node.empty() || install.empty()) return {};
  return {(release.programs / "croft-node").string(),
          "--home",
          options_.home.string(),
          "--engine",
          options_.engine_socket,
          "--node-id",
          node,
          "--install-id",
          install};
}

void Supervisor::keep(Kept& kept, const std::vector<std::string>& argv) {
  const Millis now = clock_.steady();
  if (const auto code = kept.child.take_end()) {
    const bool ran_well = now - kept.started >= kRanWell;
    kept.pause = ran_well ? kFirstPause : std::min(kept.pause * 2 + kFirstPause, kLongestPause);
    kept.next_start = now + kept.pause;
    if (trial_) ++ends_in_trial_;
    log_warning("a program ended and is started again",
                {{"program", kept.child.name()}, {"exit_code", *code}});
  }
  if (kept.child.runs() || argv.empty() || now < kept.next_start) return;
  const Status started = kept.child.start(argv);
  kept.started = now;
  if (started) return;
  kept.next_start = now + kLongestPause;
  log_error("a program cannot be started", {{"error", started.error().describe()}});
}

void Supervisor::keep_both() {
  keep(croftd_, croftd_command(*release_));
  keep(node_, node_command(*release_));
}

Task<void> Supervisor::stop_one(Kept* kept, Millis limit) {
  kept->child.signal(SIGTERM);
  const Millis end = clock_.steady() + limit;
  while (kept->child.runs() && !kept->child.take_end()) {
    if (clock_.steady() >= end) kept->child.signal(SIGKILL);
    co_await sleep_for(Millis(20));
  }
  kept->pause = kept->next_start = Millis(0);
}

// The agent first: it would only wait for a control plane that is gone.
Task<void> Supervisor::stop_both() {
  co_await stop_one(&node_, kStopNode);
  co_await stop_one(&croftd_, kStopCroftd);
}

// Trials

void Supervisor::take_up_trial() {
  trial_ = files_.noted();
  if (!trial_) return;
  trial_began_ = clock_.steady();
  log_info("the trial of a release goes on", {{"release", release_->name}});
}

Status Supervisor::use(const std::string& release) {
  auto found = releases_.find(release);
  if (!found) return fail(std::move(found).error());
  CROFT_TRY(releases_.set_current(release));
  release_ = std::move(*found);
  return {};
}

Task<void> Supervisor::begin_trial(UpgradeRequest request) {
  trial_ = UpgradeTrial{.request = request, .from = release_->name};
  trial_began_ = clock_.steady();
  ends_in_trial_ = 0;
  const auto target = releases_.find(request.release);
  Status possible = target ? Status() : fail(target.error());
  if (possible && !request.restore) possible = co_await ask_croftd(*target, {"--check-store"});
  if (possible) possible = files_.note(*trial_);
  if (!possible) {
    conclude({.id = request.id, .release = release_->name, .problem = possible.error().message()});
    co_return;
  }
  log_info("a release is tried", {{"release", request.release}, {"instead_of", trial_->from}});
  co_await stop_both();
  Status begun;
  if (request.restore) {
    begun = co_await ask_croftd(*target,
                                {"--restore-snapshot", releases_.snapshot(trial_->from).string()});
  }
  if (begun) begun = use(request.release);
  if (!begun) co_await go_back(begun.error().message());
}

Task<bool> Supervisor::ready() const {
  co_return (co_await is_ready(runtime_, options_.home, kReadyLimit)).value_or(false);
}

Task<void> Supervisor::look_at_trial() {
  const Millis now = clock_.steady();
  if (now < next_look_) co_return;
  next_look_ = now + kLookPeriod;
  const bool runs = croftd_.child.runs() && node_.child.runs();
  TrialSigns signs{.since_start = now - trial_began_, .ends = ends_in_trial_};
  if (runs) {
    signs.running = now - std::max(croftd_.started, node_.started);
    signs.ready = co_await ready();
  }
  const Verdict verdict = judge(signs, options_.trial);
  if (verdict == Verdict::kGood) {
    if (const Status set = releases_.set(release_->name, trial_->from); !set) {
      log_error("cannot note which release ran before", {{"error", set.error().describe()}});
    }
    conclude({.id = trial_->request.id, .done = true, .release = release_->name});
  } else if (verdict == Verdict::kBad) {
    std::string problem =
        signs.ends > options_.trial.most_ends
            ? fmt::format("its programs ended {} times; see {}", signs.ends,
                          (options_.home / "logs" / "croftd.log").string())
            : fmt::format("it was not ready within {} s", options_.trial.whole.count() / 1000);
    co_await go_back(std::move(problem));
  }
}

Task<void> Supervisor::go_back(std::string problem) {
  log_error("a release does not work, the one before it is started",
            {{"release", trial_->request.release}, {"problem", problem}});
  trial_->going_back = true;
  trial_->problem = problem;
  if (const Status noted = files_.note(*trial_); !noted) {
    log_error("cannot note it", {{"error", noted.error().describe()}});
  }
  co_await stop_both();
  UpgradeAnswer answer{
      .id = trial_->request.id, .release = trial_->from, .problem = std::move(problem)};
  const auto before = releases_.find(trial_->from);
  if (before && !co_await ask_croftd(*before, {"--check-store"})) {
    const Status put_back = co_await ask_croftd(
        *before, {"--restore-snapshot", releases_.snapshot(trial_->request.release).string()});
    answer.restored = put_back.has_value();
    if (!put_back) answer.problem += "; " + put_back.error().message();
  }
  const Status used = use(trial_->from);
  if (!used) answer.problem += "; " + used.error().message();
  if (!co_await back_again()) answer.problem += "; the one before it is not ready yet either";
  conclude(std::move(answer));
}

// Whoever asked is told when the platform answers again.
Task<bool> Supervisor::back_again() {
  const Millis end = clock_.steady() + options_.trial.back;
  while (!stopping_ && clock_.steady() < end) {
    keep_both();
    if (croftd_.child.runs() && node_.child.runs() && co_await ready()) co_return true;
    co_await stop_.wait_for(kTick);
  }
  co_return false;
}

void Supervisor::conclude(UpgradeAnswer answer) {
  log_info("the trial of a release is over",
           {{"done", answer.done}, {"release", answer.release}, {"problem", answer.problem}});
  if (const Status told = files_.answer(answer); !told) {
    log_error("cannot tell how it ended", {{"error", told.error().describe()}});
  }
  trial_.reset();
  releases_.prune();
}

Task<Status> Supervisor::ask_croftd(Release release, std::vector<std::string> words) {
  Pool pool(1);
  co_return co_await run_blocking(
      pool, [&release, &words, this] { return run_croftd(release, options_.home, words); });
}

}  // namespace croft::supervise
