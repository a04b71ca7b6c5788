#include "reconcile/leftover_reconciler.h"

#include "base/log.h"
#include "store/versions.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};

}  // namespace

Task<Status> LeftoverReconciler::reconcile() {
  // The engine first: the row of a version is there before its image, so that an image which is
  // made meanwhile is not taken for a leftover.
  auto images = co_await engine_.list_images({.labels = names_.labels("image")}, kEngineLimit);
  if (!images) co_return fail(std::move(images).error());
  for (const engine::ImageInfo& image : *images) {
    const auto label = image.labels.find(kVersionLabel);
    const auto version =
        label == image.labels.end() ? std::nullopt : VersionId::parse(label->second);
    if (!version) continue;
    const auto row = co_await store_.read(
        [&](const Tx& tx) { return get_version(tx, Scope::platform(), *version); });
    if (row) continue;
    if (row.error().code() != ErrorCode::kNotFound) co_return fail(row.error());
    for (const std::string& tag : image.tags) {
      Status removed = co_await engine_.remove_image(tag, false, kEngineLimit);
      if (removed) {
        log_info("removed the image of a version that is gone", {{"image", tag}});
      } else if (removed.error().code() != ErrorCode::kNotFound &&
                 removed.error().code() != ErrorCode::kConflict) {
        co_return removed;  // kConflict: a container has it still; the next run takes it
      }
    }
  }
  co_return co_await discard_gone_from_disk();
}

// The same order and reason as with images: the row of a version is there before its files.
Task<Status> LeftoverReconciler::discard_gone_from_disk() {
  const std::vector<VersionOnDisk> found = co_await artifacts_.on_disk();
  for (const VersionOnDisk& one : found) {
    const auto row = co_await store_.read(
        [&](const Tx& tx) { return get_version(tx, Scope::platform(), one.version); });
    if (row) continue;
    if (row.error().code() != ErrorCode::kNotFound) co_return fail(row.error());
    const Version gone{.id = one.version, .service_id = one.service};
    co_await artifacts_.discard(gone);
    log_info("removed the files of a version that is gone", {{"version", one.version.str()}});
  }
  co_return Status{};
}

}  // namespace croft
