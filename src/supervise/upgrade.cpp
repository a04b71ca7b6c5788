#include "supervise/upgrade.h"

#include "base/file.h"
#include "base/log.h"

namespace croft::supervise {
namespace {

template <class T>
std::optional<T> read_as(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  auto value = from_json_text<T>(*text);
  if (value) return std::move(*value);
  log_warning("a file is not understood",
              {{"file", file.string()}, {"error", value.error().describe()}});
  return std::nullopt;
}

template <class T>
Status write_as(const std::filesystem::path& file, const T& value) {
  return write_file_atomically(file, to_json_text(value), 0600);
}

void take_away(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

}  // namespace

UpgradeFiles::UpgradeFiles(std::filesystem::path home)
    : request_(home / "run" / "upgrade-request.json"),
      trial_(home / "state" / "upgrade-trial.json"),
      answer_(home / "state" / "upgrade-answer.json") {}

Status UpgradeFiles::ask(const UpgradeRequest& request) const {
  return write_as(request_, request);
}

std::optional<UpgradeRequest> UpgradeFiles::asked() const {
  return read_as<UpgradeRequest>(request_);
}

Status UpgradeFiles::note(const UpgradeTrial& trial) const {
  CROFT_TRY(write_as(trial_, trial));
  take_away(request_);
  return {};
}

std::optional<UpgradeTrial> UpgradeFiles::noted() const {
  return read_as<UpgradeTrial>(trial_);
}

Status UpgradeFiles::answer(const UpgradeAnswer& answer) const {
  CROFT_TRY(write_as(answer_, answer));
  take_away(trial_);
  take_away(request_);
  return {};
}

std::optional<UpgradeAnswer> UpgradeFiles::answered() const {
  return read_as<UpgradeAnswer>(answer_);
}

Verdict judge(const TrialSigns& signs, const TrialLimits& limits) {
  if (signs.ready && signs.running >= limits.settled) return Verdict::kGood;
  if (signs.ends > limits.most_ends || signs.since_start >= limits.whole) return Verdict::kBad;
  return Verdict::kWait;
}

}  // namespace croft::supervise
