#include "reconcile/core_wait.h"

namespace croft {

std::optional<std::string> CoreWait::look(const PlatformImage& image, Millis now) {
  std::string line = "waiting for the project's core";
  if (!image.ready && !image.error.empty()) {
    line = "the core image cannot be built, it is tried again: " + image.error;
  } else if (!image.ready && image.making) {
    deadline_ = now + limit_;
    line = "building the core image";
    if (!image.step.empty()) line += ", " + image.step;
  }
  if (line == said_) return std::nullopt;
  said_ = line;
  return line;
}

}  // namespace croft
