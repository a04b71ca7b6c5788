// croftd --images: what `./dev images` shows. Works beside a running croftd: each image is made by
// one process only.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "daemon/settings.h"
#include "task/task.h"

namespace croft {

// As a running croftd has written it down. kNotFound while the first one is still starting.
Result<std::string> running_install_id(const std::filesystem::path& home);

// Lists the images of the service types on standard output; `build_all` makes every one first.
// The exit code: 1 when one could not be made.
Task<int> list_images(Runtime& runtime, DaemonOptions options, std::string install_id,
                      bool build_all);

}  // namespace croft
